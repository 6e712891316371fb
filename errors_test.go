package dynamodest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/transport"
)

var allReasons = []Reason{
	ErrMapping, ErrKey, ErrTooLarge, ErrRefused, ErrExists,
	ErrUnprocessed, ErrThrottled, ErrUnavailable, ErrStopped,
	ErrNoTable, ErrTableStatus, ErrAccess, ErrCredentials, ErrConfig,
}

// TestLabels fixes the strings of the reasons: metrics and stored results depend on them.
func TestLabels(t *testing.T) {
	t.Parallel()
	labels := make([]string, len(allReasons))
	for i, r := range allReasons {
		labels[i] = string(r)
	}
	assert.Equal(t, []string{
		"unmappable_value", "bad_key", "item_too_large", "refused", "item_exists",
		"unprocessed", "throttled", "unavailable", "stopped",
		"no_table", "table_not_ready", "access_denied", "bad_credentials", "bad_configuration",
	}, labels)
	for label, reason := range map[fault.Reason]Reason{
		fault.Mapping: ErrMapping, fault.Key: ErrKey, fault.TooLarge: ErrTooLarge, fault.Refused: ErrRefused, fault.Exists: ErrExists,
		fault.Unprocessed: ErrUnprocessed, fault.Throttled: ErrThrottled, fault.Unavailable: ErrUnavailable, fault.Stopped: ErrStopped,
		fault.NoTable: ErrNoTable, fault.TableStatus: ErrTableStatus, fault.Access: ErrAccess, fault.Credentials: ErrCredentials, fault.Config: ErrConfig,
	} {
		assert.Equal(t, string(label), string(reason), "the inner packages call it otherwise")
	}
	encoded, err := json.Marshal(map[Reason]Reason{ErrKey: ErrThrottled})
	require.NoError(t, err)
	assert.JSONEq(t, `{"bad_key":"throttled"}`, string(encoded))
}

// failing is a Client all of whose requests fail with err.
type failing struct{ err error }

func (f failing) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return nil, f.err
}

func (f failing) BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	return nil, f.err
}

func (f failing) PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return nil, f.err
}

// failed returns what a PutItem request reports that failed with err.
func failed(err error) error {
	_, failure := transport.New(failing{err}, "users").Put(context.Background(), func() error { return nil }, new(item.Item), transport.Condition{})
	return failure.Err
}

func TestReasons(t *testing.T) {
	t.Parallel()
	for _, r := range allReasons {
		assert.Equal(t, fault.Reason(r).Phrase(), r.Error())
		assert.Equal(t, r.Error(), fmt.Sprint(r))
		assert.Equal(t, fault.Reason(r).Remedy(), r.Remedy())
	}
	assert.Empty(t, Reason("other").Remedy())
	assert.ErrorIs(t, ErrUnprocessed, ErrThrottled)
	assert.NotErrorIs(t, ErrThrottled, ErrUnprocessed)
}

// Every reason has a scope, which says what to do with a row.
func TestScopes(t *testing.T) {
	t.Parallel()
	scopes := map[Scope][]Reason{
		ScopeRow:     {ErrMapping, ErrKey, ErrTooLarge, ErrRefused, ErrExists},
		ScopePassing: {ErrUnprocessed, ErrThrottled, ErrUnavailable, ErrStopped},
		ScopeCall:    {ErrNoTable, ErrTableStatus, ErrAccess, ErrCredentials, ErrConfig},
	}
	n := 0
	for scope, reasons := range scopes {
		for _, r := range reasons {
			n++
			assert.Equal(t, scope, r.Scope(), r)
			assert.Equal(t, scope == ScopeRow, r.Permanent(), r)
			assert.Equal(t, scope, (&RowError{Reason: r}).Scope(), r)
			if r != ErrStopped {
				assert.Equal(t, scope, (&RowError{Reason: r, Err: &TableError{Reason: ErrAccess}}).Scope(), r)
			}
		}
	}
	assert.Len(t, allReasons, n)
	assert.Empty(t, Reason("other").Scope())
	assert.False(t, Reason("other").Permanent())
	assert.Equal(t, ScopePassing, (&RowError{Reason: ErrStopped, Err: context.Canceled}).Scope())
	assert.Equal(t, ScopeCall, (&RowError{Reason: ErrStopped, Err: fmt.Errorf("deep: %w", &TableError{Reason: ErrAccess})}).Scope())
	assert.Equal(t, ScopeCall, (&RowError{Reason: ErrStopped, Err: &ConfigError{Field: "MaxKeys"}}).Scope())
	assert.Empty(t, (*RowError)(nil).Scope())
}

func TestRowErrorText(t *testing.T) {
	t.Parallel()
	cause := fault.New(fault.Key, "it is a BOOL, the table wants S").WithRemedy("set Field.Type to S")
	tests := []struct {
		err  *RowError
		want string
	}{
		{&RowError{Index: 12, Reason: ErrKey, Column: "x", Attribute: "y", Err: cause}, `row 12: bad key: column "x" (attribute "y"): it is a BOOL, the table wants S; remedy: set Field.Type to S`},
		{&RowError{Reason: ErrKey, Column: "x", Attribute: "x", Err: cause}, `row 0: bad key: column "x": it is a BOOL, the table wants S; remedy: set Field.Type to S`},
		{&RowError{Reason: ErrKey, Attribute: "y", Err: cause}, `row 0: bad key: attribute "y": it is a BOOL, the table wants S; remedy: set Field.Type to S`},
		{&RowError{Index: 1, Reason: ErrExists, Attempts: 1}, `row 1: item exists; remedy: ` + ErrExists.Remedy()},
		{&RowError{Index: 1, Reason: ErrThrottled, Attempts: 10}, `row 1: throttled after 10 requests; remedy: ` + ErrThrottled.Remedy()},
		{nil, "<nil>"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, tt.err.Error())
	}

	long := strings.Repeat("ä", 10_000)
	text := (&RowError{Reason: ErrMapping, Column: long, Attribute: long + "b", Err: errors.New(long)}).Error()
	assert.LessOrEqual(t, len(text), 600)
	assert.True(t, strings.HasPrefix(text, `row 0: unmappable value: column "ä`))
}

// TestRemediesAreWhole gives errors the longest names and causes there are.
func TestRemediesAreWhole(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\x00ä", 10_000)
	hot := &types.ThrottlingException{Message: aws.String(long), ThrottlingReasons: []types.ThrottlingReason{{Reason: aws.String("IndexWriteKeyRangeThroughputExceeded"), Resource: aws.String(long)}}}
	causes := []error{
		nil, errors.New(long), fault.NewMapping("%s", long),
		failed(hot),
		failed(&smithy.GenericAPIError{Code: "ValidationException", Message: long}),
		failed(&types.ItemCollectionSizeLimitExceededException{Message: &long}),
	}
	arn := "arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/" + strings.Repeat("t", 255)
	probe := transport.New(failing{&smithy.GenericAPIError{Code: "AccessDeniedException", Message: long}}, "users")
	_, denied := probe.ProbeBatch(t.Context(), t.Context().Err)
	causes = append(causes, denied.Err)
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

func TestRowErrorChain(t *testing.T) {
	t.Parallel()
	api := &types.ProvisionedThroughputExceededException{}
	err := fmt.Errorf("sync: %w", &RowError{Index: 4, Reason: ErrUnprocessed, Err: failed(api)})
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

func TestTableErrorRemedies(t *testing.T) {
	t.Parallel()
	denied := &TableError{Reason: ErrAccess, Op: "PutItem", Table: "users", Region: "eu-west-1"}
	for _, want := range []string{"dynamodb:BatchWriteItem", "dynamodb:PutItem", "dynamodb:DescribeTable", "arn:aws:dynamodb:eu-west-1:ACCOUNT:table/users", "(eu-west-1)"} {
		assert.Contains(t, denied.Remedy(), want)
	}
	assert.True(t, strings.HasPrefix(denied.Error(), `table "users" in eu-west-1: access denied: PutItem; remedy: allow dynamodb:`))
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
	assert.Equal(t, `9 of 100 rows not written, 3 have an unknown outcome; unprocessed: 7 (`+err.First[2].Error()+`); unavailable: 3; bad key: 2 (`+
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
	assert.Equal(t, "stopped early: 0 rows processed, none failed; the call was stopped by: context canceled", err.Error())
	assert.Equal(t, "<nil>", (*WriteError)(nil).Error())
	assert.Empty(t, (*WriteError)(nil).Unwrap())
	assert.False(t, (*WriteError)(nil).Is(ErrKey))
}

func TestWriteErrorSaysWhatThrottledRowsShare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		throttling Throttling
		reason     Reason
		want       string
	}{
		{Throttling{Refusals: 600, Keys: 40, Share: 1}, ErrUnprocessed, "; rows were throttled 600 times, 100 % of that on 40 partition keys"},
		{Throttling{Refusals: 10_000, Keys: 1, Share: 0.609}, ErrThrottled, "; rows were throttled 10000 times, 60 % of that on 1 partition key"},
		{Throttling{Refusals: 1, Keys: 1, Share: 1}, ErrThrottled, "; rows were throttled 1 time, 100 % of that on 1 partition key"},
		{Throttling{Refusals: 99_999}, ErrThrottled, "; rows were throttled 99999 times, on too many partition keys to count"},
		{Throttling{}, ErrThrottled, ""},
		{Throttling{Refusals: 600, Keys: 40, Share: 1}, ErrUnavailable, ""}, // the throttled rows were written in the end
	} {
		err := &WriteError{Summary: Summary{Rows: 2, NotWritten: 2}, Reasons: map[Reason]int{tt.reason: 2}, Throttling: tt.throttling}
		assert.Equal(t, "2 of 2 rows not written; "+tt.reason.Error()+": 2"+tt.want, err.Error())
	}
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
