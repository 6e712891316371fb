package dynamodest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var allReasons = []Reason{
	ErrMapping, ErrKey, ErrTooLarge, ErrRefused, ErrExists,
	ErrUnprocessed, ErrThrottled, ErrUnavailable, ErrStopped,
	ErrNoTable, ErrTableStatus, ErrAccess, ErrCredentials, ErrConfig,
}

func TestReasons(t *testing.T) {
	t.Parallel()
	permanent := map[Reason]bool{ErrMapping: true, ErrKey: true, ErrTooLarge: true, ErrRefused: true, ErrExists: true}
	remedies := map[string]Reason{}
	for _, r := range allReasons {
		assert.Equal(t, permanent[r], r.Permanent(), r)
		assert.Equal(t, string(r), r.Error())
		assert.Greater(t, len(r.Remedy()), 40, r)
		assert.Less(t, len(r.Remedy()), maxDetailText, r)
		remedies[r.Remedy()] = r
	}
	assert.Len(t, remedies, len(allReasons), "two reasons have the same remedy")
	assert.Empty(t, Reason("other").Remedy())
	assert.ErrorIs(t, ErrUnprocessed, ErrThrottled)
	assert.NotErrorIs(t, ErrThrottled, ErrUnprocessed)
}

func TestRowErrorText(t *testing.T) {
	t.Parallel()
	mend := &fault{"it is a BOOL, the table wants S", "set Field.Type to S"}
	tests := []struct {
		err  *RowError
		want string
	}{
		{&RowError{Index: 12, Reason: ErrKey, Column: "x", Attribute: "y", Err: mend}, `row 12: bad key: column "x" (attribute "y"): it is a BOOL, the table wants S; remedy: set Field.Type to S`},
		{&RowError{Reason: ErrKey, Column: "x", Attribute: "x", Err: mend}, `row 0: bad key: column "x": it is a BOOL, the table wants S; remedy: set Field.Type to S`},
		{&RowError{Reason: ErrKey, Attribute: "y", Err: mend}, `row 0: bad key: attribute "y": it is a BOOL, the table wants S; remedy: set Field.Type to S`},
		{&RowError{Index: 1, Reason: ErrExists}, `row 1: item exists; remedy: ` + ErrExists.Remedy()},
		{nil, "<nil>"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, tt.err.Error())
	}

	long := strings.Repeat("ä", 10_000)
	text := (&RowError{Reason: ErrMapping, Column: long, Attribute: long + "b", Err: errors.New(long)}).Error()
	assert.LessOrEqual(t, len(text), 600)
	assert.True(t, strings.HasPrefix(text, `row 0: value does not map: column "ä`))
}

// TestRemediesAreWhole gives errors the longest names and causes there are.
func TestRemediesAreWhole(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\x00ä", 10_000)
	hot := &types.ThrottlingException{Message: aws.String(long), ThrottlingReasons: []types.ThrottlingReason{{Reason: aws.String("IndexWriteKeyRangeThroughputExceeded"), Resource: aws.String(long)}}}
	causes := []error{
		nil, errors.New(long), &misfit{text: long},
		classify(hot, answered(400), 25, "BatchWriteItem").err,
		classify(apiError("ValidationException", long), answered(400), 25, "BatchWriteItem").err,
		classify(&types.ItemCollectionSizeLimitExceededException{Message: &long}, answered(400), 1, "PutItem").err,
	}
	arn := "arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/" + strings.Repeat("t", 255)
	for _, reason := range allReasons {
		for _, cause := range causes {
			row := &RowError{Index: math.MaxInt, Reason: reason, Column: long, Attribute: long + "b", Err: cause}
			assert.LessOrEqual(t, len(row.Error()), maxRowText)
			assert.True(t, strings.HasSuffix(row.Error(), "; remedy: "+row.Remedy()), row.Error())

			for _, table := range []*TableError{{Table: arn}, {Table: strings.Repeat("t", 255), arn: arn}} {
				table.Reason, table.Op, table.Region, table.Err = reason, "BatchWriteItem", long, cause
				assert.LessOrEqual(t, len(table.Error()), maxTableText)
				assert.True(t, strings.HasSuffix(table.Error(), "; remedy: "+table.Remedy()), table.Error())
				if cause == nil && (reason == ErrAccess || reason == ErrNoTable) {
					assert.Contains(t, table.Error(), arn)
				}
			}
			// None that AWS gives is so long, but a fake may.
			foreign := &TableError{Reason: reason, Op: "BatchWriteItem", Table: long, Region: long, Err: cause, arn: long}
			assert.LessOrEqual(t, len(foreign.Error()), maxTableText)
			foreign.arn = ""
			assert.LessOrEqual(t, len(foreign.Error()), maxTableText)
		}
	}
}

func TestRemediesOfRefusals(t *testing.T) {
	t.Parallel()
	remedy := func(err error) string {
		return (&RowError{Reason: ErrRefused, Err: classify(err, answered(400), 1, "PutItem").err}).Remedy()
	}
	collection := remedy(apiError("ItemCollectionSizeLimitExceededException", "Collection size exceeded."))
	for _, want := range []string{"10 GB", "local secondary indexes", "delete items"} {
		assert.Contains(t, collection, want)
	}
	withheld := remedy(apiError("ValidationException", "The parameter cannot be converted to a numeric value: 12 x"))
	assert.True(t, strings.HasPrefix(withheld, ErrRefused.Remedy()))
	assert.Contains(t, withheld, "errors.As with a smithy.APIError reads it")
	for _, message := range []string{"", "The provided key element does not match the schema"} {
		assert.Equal(t, ErrRefused.Remedy(), remedy(apiError("ValidationException", message)))
	}
}

func TestRowErrorChain(t *testing.T) {
	t.Parallel()
	api := &types.ProvisionedThroughputExceededException{}
	err := fmt.Errorf("sync: %w", &RowError{Index: 4, Reason: ErrUnprocessed, Err: newServiceError("PutItem", "", ErrThrottled, api, sighting{})})
	assert.ErrorIs(t, err, ErrUnprocessed)
	assert.ErrorIs(t, err, ErrThrottled)
	assert.NotErrorIs(t, err, ErrUnavailable)

	var row *RowError
	require.ErrorAs(t, err, &row)
	assert.Equal(t, 4, row.Index)
	var reason Reason
	require.ErrorAs(t, err, &reason)
	assert.Equal(t, ErrUnprocessed, reason)
	var found smithy.APIError
	require.ErrorAs(t, err, &found)
	assert.Same(t, api, found)
	assert.Empty(t, (*RowError)(nil).Unwrap())
	assert.Equal(t, []error{ErrStopped}, (&RowError{Reason: ErrStopped}).Unwrap())
}

func TestThrottlingReasonsReachTheRemedy(t *testing.T) {
	t.Parallel()
	arn := "arn:aws:dynamodb:eu-west-1:123456789012:table/users"
	reason := func(name, resource string) []types.ThrottlingReason {
		return []types.ThrottlingReason{{Reason: aws.String("Unheard"), Resource: nil}, {Reason: aws.String(name), Resource: aws.String(resource)}}
	}
	tests := []struct {
		err  error
		want []string
	}{
		{&types.ProvisionedThroughputExceededException{ThrottlingReasons: reason("TableWriteKeyRangeThroughputExceeded", arn)}, []string{"hot", arn, "more partition keys"}},
		{&types.ThrottlingException{ThrottlingReasons: reason("IndexWriteKeyRangeThroughputExceeded", "")}, []string{"hot", "an index of the table"}},
		{&types.ProvisionedThroughputExceededException{ThrottlingReasons: reason("TableWriteProvisionedThroughputExceeded", arn)}, []string{"WCU", "on-demand", arn}},
		{&types.ProvisionedThroughputExceededException{ThrottlingReasons: reason("IndexWriteProvisionedThroughputExceeded", arn+"/index/i")}, []string{"WCU", "/index/i"}},
		{&types.RequestLimitExceeded{ThrottlingReasons: reason("TableWriteAccountLimitExceeded", arn)}, []string{"quota", arn}},
		{&types.ThrottlingException{ThrottlingReasons: reason("TableWriteMaxOnDemandThroughputExceeded", "")}, []string{"maximum on-demand throughput", "the table"}},
		{&types.ThrottlingException{}, []string{"on-demand", "1,000 write units"}},
		{nil, []string{"on-demand", "1,000 write units"}},
	}
	for _, tt := range tests {
		var cause error
		if tt.err != nil {
			cause = classify(tt.err, sighting{}, 25, "BatchWriteItem").err
		}
		row := &RowError{Reason: ErrThrottled, Err: cause}
		for _, want := range tt.want {
			assert.Contains(t, row.Remedy(), want)
		}
		assert.Contains(t, row.Error(), row.Remedy())
	}
	assert.Empty(t, (*RowError)(nil).Remedy())
}

func TestTableErrorRemedies(t *testing.T) {
	t.Parallel()
	denied := &TableError{Reason: ErrAccess, Op: "PutItem", Table: "users", Region: "eu-west-1"}
	for _, want := range []string{"dynamodb:BatchWriteItem", "dynamodb:PutItem", "dynamodb:DescribeTable", "arn:aws:dynamodb:eu-west-1:ACCOUNT:table/users", "(eu-west-1)"} {
		assert.Contains(t, denied.Remedy(), want)
	}
	assert.True(t, strings.HasPrefix(denied.Error(), `PutItem: table "users" in eu-west-1: access denied; remedy: allow dynamodb:`))
	assert.ErrorIs(t, denied, ErrAccess)

	missing := (&TableError{Reason: ErrNoTable, Table: "users", Region: "eu-west-1"}).Remedy()
	for _, want := range []string{"spelling", "upper and lower case", "eu-west-1"} {
		assert.Contains(t, missing, want)
	}
	for region, want := range map[string]string{
		"cn-north-1":    "arn:aws-cn:dynamodb:cn-north-1:ACCOUNT:table/users",
		"us-gov-west-1": "arn:aws-us-gov:dynamodb:us-gov-west-1:ACCOUNT:table/users",
		"":              "arn:aws:dynamodb:REGION:ACCOUNT:table/users",
	} {
		assert.Contains(t, (&TableError{Reason: ErrAccess, Table: "users", Region: region}).Remedy(), want)
	}
	throttled := &TableError{Reason: ErrThrottled, Op: "DescribeTable", Err: &types.ThrottlingException{}}
	assert.Contains(t, throttled.Remedy(), "DescribeTable requests")
	assert.NotContains(t, throttled.Remedy(), "WCU")
	throttled.Op = "PutItem"
	assert.Equal(t, ErrThrottled.Remedy(), throttled.Remedy())

	arn := "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/users"
	assert.Contains(t, (&TableError{Reason: ErrAccess, Table: arn}).Remedy(), " "+arn+",")

	for _, reason := range allReasons {
		err := &TableError{Reason: reason, Op: "DescribeTable", Table: strings.Repeat("t", 300), Region: "eu-west-1", Err: errors.New(strings.Repeat("x", 5000))}
		assert.Greater(t, len(err.Remedy()), 40, reason)
		assert.LessOrEqual(t, len(err.Error()), 900, reason)
	}
	assert.Equal(t, "<nil>", (*TableError)(nil).Error())
	assert.Empty(t, (*TableError)(nil).Remedy())
	assert.Empty(t, (*TableError)(nil).Unwrap())
}

func TestWriteError(t *testing.T) {
	t.Parallel()
	cause := &types.ThrottlingException{}
	stop := &TableError{Reason: ErrNoTable, Op: "PutItem", Table: "users"}
	err := &WriteError{
		Summary: Summary{Rows: 100, Written: 88, NotWritten: 9, Unknown: 3},
		Reasons: map[Reason]int{ErrKey: 2, ErrUnprocessed: 7, ErrUnavailable: 3, ErrMapping: 0},
		First:   []*RowError{nil, {Index: 4, Reason: ErrKey, Column: "id"}, {Index: 9, Reason: ErrUnprocessed, Err: cause}},
		Stop:    stop,
	}
	assert.Equal(t, `9 of 100 rows not written, 3 in doubt; unprocessed: 7 (`+err.First[2].Error()+`); unavailable: 3; bad key: 2 (`+
		err.First[1].Error()+`); the call was stopped by: `+stop.Error(), err.Error())

	wrapped := fmt.Errorf("sync: %w", err)
	for _, reason := range []Reason{ErrKey, ErrUnprocessed, ErrThrottled, ErrUnavailable, ErrNoTable} {
		assert.ErrorIs(t, wrapped, reason)
	}
	for _, reason := range []Reason{ErrMapping, ErrAccess, ErrStopped} {
		assert.NotErrorIs(t, wrapped, reason)
	}
	var row *RowError
	require.ErrorAs(t, wrapped, &row)
	assert.Equal(t, 4, row.Index)
	var api smithy.APIError
	require.ErrorAs(t, wrapped, &api)
	var table *TableError
	require.ErrorAs(t, wrapped, &table)

	err = &WriteError{Stop: context.Canceled}
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, "stopped after 0 rows, none of which failed; the call was stopped by: context canceled", err.Error())
	assert.Equal(t, "<nil>", (*WriteError)(nil).Error())
	assert.Empty(t, (*WriteError)(nil).Unwrap())
	assert.False(t, (*WriteError)(nil).Is(ErrKey))
}

func TestWriteErrorTextDoesNotGrow(t *testing.T) {
	t.Parallel()
	err := &WriteError{Summary: Summary{Rows: math.MaxInt, NotWritten: math.MaxInt}, Reasons: map[Reason]int{}, Stop: errors.New(strings.Repeat("x", 1<<16))}
	for i, reason := range allReasons {
		err.Reasons[reason] = 1<<26 + i
		err.First = append(err.First, &RowError{Index: i, Reason: reason, Err: errors.New(strings.Repeat("y", 1<<16))})
	}
	text := err.Error()
	assert.Less(t, len(text), 5000)
	rest := 0
	for i := range len(allReasons) - maxReasonsShown {
		rest += 1<<26 + i
	}
	assert.Contains(t, text, fmt.Sprintf("; and %d more; the call was stopped by: ", rest))
}
