package dynamodest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// versioned is a Config whose attribute "v" is the version of a row.
func versioned(client dynamodest.Client) dynamodest.Config {
	return dynamodest.Config{Table: table, Client: client, Version: "v"}
}

// versions makes a row of the key "a" for each version. The attribute "row" is the row's index.
func versions(all ...any) []dynamodest.Row {
	rows := make([]dynamodest.Row, len(all))
	for i, v := range all {
		rows[i] = dynamodest.Row{"id": "a", "v": v, "row": i}
	}
	return rows
}

// short writes the outcomes of results, such as "superseded by 1".
func short(results []dynamodest.RowResult) []string {
	texts := make([]string, len(results))
	for i, r := range results {
		texts[i] = r.Outcome.String()
		if r.Outcome == dynamodest.Superseded {
			texts[i] += fmt.Sprint(" by ", r.By)
		}
	}
	return texts
}

// putVersion puts the item of the key "a" with a version, or without one if v is nil, whose row is -1.
func putVersion(t *testing.T, db *dynamodesttest.DB, v types.AttributeValue, text string) {
	t.Helper()
	item := map[string]types.AttributeValue{
		"id": &types.AttributeValueMemberS{Value: "a"}, "row": &types.AttributeValueMemberN{Value: "-1"},
		"text": &types.AttributeValueMemberS{Value: text},
	}
	if v != nil {
		item["v"] = v
	}
	_, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: item})
	require.NoError(t, err)
}

func number(text string) types.AttributeValue { return &types.AttributeValueMemberN{Value: text} }

// The newest version of a key is written, of equal ones the last, and the table keeps a newer one.
func TestNewerWins(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		there types.AttributeValue // the version in the table; nil: no item
		rows  []any
		want  []string
		holds int // the row that the table holds in the end; -1: the item that was there
	}{
		"new key":                  {nil, []any{1, 3, 2}, []string{"superseded by 1", "written", "superseded by 1"}, 1},
		"older there":              {number("0"), []any{1, 3, 2}, []string{"superseded by 1", "written", "superseded by 1"}, 1},
		"newer there":              {number("4"), []any{1, 3, 2}, []string{"skipped", "skipped", "skipped"}, -1},
		"newer than some":          {number("2"), []any{1, 3, 2}, []string{"superseded by 1", "written", "superseded by 1"}, 1},
		"equal there":              {number("3"), []any{3}, []string{"written"}, 0},
		"equal, spelled otherwise": {number("3.0e0"), []any{3}, []string{"written"}, 0},
		"newer by the last digit":  {number("12345678901234567890123456789012345678"), []any{uint64(1) << 63}, []string{"skipped"}, -1},
		"negative":                 {number("-1"), []any{-2, -1.5}, []string{"skipped", "skipped"}, -1},
		"fractions":                {number("0.25"), []any{0.5, 0.3}, []string{"written", "superseded by 0"}, 0},
		"equal ones":               {nil, []any{7, json.Number("7.0"), 7}, []string{"superseded by 2", "superseded by 2", "written"}, 2},
		"the highest early":        {nil, []any{7, 9, 7, 8}, []string{"superseded by 1", "written", "superseded by 1", "superseded by 1"}, 1},
		"texts":                    {&types.AttributeValueMemberS{Value: "10"}, []any{"9", "11"}, []string{"written", "superseded by 0"}, 0},
		"texts by their bytes":     {&types.AttributeValueMemberS{Value: "\U00010000"}, []any{"\uffff", "z"}, []string{"skipped", "skipped"}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.NewTable(table, "id:S")
			cfg := wireConfig(t, db)
			cfg.Version = "v"
			if tt.there != nil {
				putVersion(t, db, tt.there, "")
			}
			res, err := newDest(t, cfg).Write(t.Context(), versions(tt.rows...))
			require.NoError(t, err)
			assert.Equal(t, tt.want, short(res.Rows))
			assert.Equal(t, tt.holds, rowOf(db.Item(table, "a")))
			assert.Equal(t, 1, res.Summary.Requests, "a key takes one request")
			assert.NotContains(t, db.Actions(), "GetItem")
		})
	}
}

func TestTimesAsVersions(t *testing.T) {
	t.Parallel()
	early := time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("east", 5*3600))
	for _, typ := range []dynamodest.Type{dynamodest.SortableTime, dynamodest.EpochMillis, dynamodest.Number} {
		db := dynamodesttest.NewTable(table, "id:S")
		cfg := versioned(db)
		cfg.Mapping.Fields = []dynamodest.Field{{Column: "id"}, {Column: "row"}, {Column: "when", Attribute: "v", Type: typ}}
		dest := newDest(t, cfg)
		row := func(i int, when any) []dynamodest.Row { return []dynamodest.Row{{"id": "a", "row": i, "when": when}} }
		for i, when := range []any{early, early.Add(500 * time.Millisecond), early.Add(10 * time.Millisecond).UTC(), early.UTC(), early.Add(-time.Second)} {
			res, err := dest.Write(t.Context(), row(i, when))
			require.NoError(t, err)
			assert.Equal(t, i < 2, res.Rows[0].Outcome == dynamodest.Written, "%s: %v", typ, res.Rows[0].Outcome)
		}
		assert.Equal(t, 1, rowOf(db.Item(table, "a")))
	}
	res, err := newDest(t, versioned(dynamodesttest.NewTable(table, "id:S"))).Write(t.Context(), versions(early, &early, 7))
	require.ErrorIs(t, err, dynamodest.ErrMapping)
	assert.Equal(t, []string{"not written", "not written", "written"}, short(res.Rows), "the text of a bare time does not sort")
}

// An item that cannot be compared is left alone, and no row is skipped by guess.
func TestVersionsThatCannotBeCompared(t *testing.T) {
	t.Parallel()
	const otherType = "whose version is null or of another type"
	const notShown = "the response shows no newer item"
	for name, tt := range map[string]struct {
		there types.AttributeValue
		fault dynamodesttest.Fault
		text  string
	}{
		"text":      {&types.AttributeValueMemberS{Value: "1"}, dynamodesttest.Fault{}, otherType},
		"null":      {&types.AttributeValueMemberNULL{Value: true}, dynamodesttest.Fault{}, otherType},
		"list":      {&types.AttributeValueMemberL{}, dynamodesttest.Fault{}, otherType},
		"not shown": {number("9"), dynamodesttest.HideItem(), notShown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.NewTable(table, "id:S")
			putVersion(t, db, tt.there, "")
			cfg := wireConfig(t, db)
			cfg.Version = "v"
			dest := newDest(t, cfg)
			db.FailWrites(tt.fault)
			res, err := dest.Write(t.Context(), versions(7, 8))
			require.ErrorIs(t, err, dynamodest.ErrExists)
			for _, r := range res.Rows {
				var rowErr *dynamodest.RowError
				require.ErrorAs(t, r.Err, &rowErr)
				assert.Equal(t, dynamodest.NotWritten, r.Outcome)
				assert.Equal(t, "v", rowErr.Attribute)
				assert.Equal(t, "v", rowErr.Column)
				assert.Contains(t, rowErr.Error(), tt.text)
				assert.NotEmpty(t, rowErr.Remedy())
			}
			assert.Equal(t, -1, rowOf(db.Item(table, "a")))
		})
	}
}

// Rows of one key whose versions have different types cannot be ordered: the later one fails, and no other
// row does.
func TestVersionsOfDifferentTypes(t *testing.T) {
	t.Parallel()
	rows := append(versions(1, "2", 3), dynamodest.Row{"id": "b", "v": "2"})
	res, err := newDest(t, versioned(dynamodesttest.NewTable(table, "id:S"))).Write(t.Context(), rows)
	require.ErrorIs(t, err, dynamodest.ErrMapping)
	assert.Equal(t, []string{"superseded by 2", "not written", "written", "written"}, short(res.Rows))
	require.ErrorContains(t, res.Rows[1].Err, `row 1: unmappable value: column "v": the version has another type than that of an earlier row with the same key`)
}

func TestRowsWithoutVersion(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	dest := newDest(t, versioned(db))
	res, err := dest.Write(t.Context(), append(versions(nil, 1, "", true, []byte("7")), dynamodest.Row{"id": "b", "V": 1}))
	require.ErrorIs(t, err, dynamodest.ErrMapping)
	assert.Equal(t, []string{"not written", "written", "not written", "not written", "not written", "not written"}, short(res.Rows))
	assert.ErrorContains(t, res.Rows[5].Err, `the row has "V"`)
}

// An item without the attribute is older than any row.
func TestItemsWithoutVersion(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	putVersion(t, db, nil, "")
	res, err := newDest(t, versioned(db)).Write(t.Context(), versions(-5))
	require.NoError(t, err)
	assert.Equal(t, []string{"written"}, short(res.Rows))
}

// The retry of an old row after a newer sync, the call that overlaps, the worker that wakes up: whatever the
// order of calls, the newest version is what the table holds.
func TestNewerWinsOverCalls(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	cfg := wireConfig(t, db)
	cfg.Version = "v"
	dest, other := newDest(t, cfg), newDest(t, cfg)
	for _, v := range []int{1, 4, 2, 4, 3} {
		_, err := dest.Write(t.Context(), versions(v))
		require.NoError(t, err)
	}
	assert.Equal(t, number("4"), db.Item(table, "a")["v"])

	var calls sync.WaitGroup
	for i := range 64 {
		calls.Go(func() {
			d := dest
			if i%2 == 0 {
				d = other
			}
			rows := make([]dynamodest.Row, 40)
			for j := range rows {
				rows[j] = dynamodest.Row{"id": fmt.Sprint("k", j), "v": (i*7 + j*3) % 64, "row": i}
			}
			_, err := d.Write(t.Context(), rows)
			assert.NoError(t, err)
		})
	}
	calls.Wait()
	for j := range 40 {
		assert.Equal(t, number("63"), db.Item(table, fmt.Sprint("k", j))["v"])
	}
}

// A request that was given up may be applied later: its condition is judged then.
func TestAnswerAppliedLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		cfg := versioned(db)
		cfg.Retry.MaxAttempts = 1
		dest := newDest(t, cfg)
		db.FailWrites(dynamodesttest.Reset().AppliedLateBy(time.Minute))
		res, err := dest.Write(t.Context(), versions(1))
		require.ErrorIs(t, err, dynamodest.ErrUnavailable)
		assert.Equal(t, dynamodest.Unknown, res.Rows[0].Outcome)
		res, err = dest.Write(t.Context(), versions(2))
		require.NoError(t, err)
		assert.Equal(t, dynamodest.Written, res.Rows[0].Outcome)
		time.Sleep(2 * time.Minute)
		db.ApplyLate()
		assert.Equal(t, number("2"), db.Item(table, "a")["v"])
	})
}

// The row whose answer was lost is sent again, and finds its own item: equal versions pass the condition.
func TestLostAnswerWithVersion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		dest := newDest(t, versioned(db))
		db.FailWrites(dynamodesttest.Reset().AfterWrite())
		res, err := dest.Write(t.Context(), versions(1))
		require.NoError(t, err)
		assert.Equal(t, 2, res.Rows[0].Attempts)
		assert.Equal(t, dynamodest.Written, res.Rows[0].Outcome)
	})
}

// DynamoDB charges for a condition that fails, and does not report it: the larger of the two items is counted.
func TestFailedConditionsAreCounted(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	putVersion(t, db, number("9"), strings.Repeat("x", 4000)) // 4 units
	dest := newDest(t, versioned(db))
	rows := append(versions(1), dynamodest.Row{"id": "b", "v": 1})
	res, err := dest.Write(t.Context(), rows)
	require.NoError(t, err)
	assert.InDelta(t, 5, res.Summary.WriteUnits, 0)

	rows[0]["text"] = strings.Repeat("y", 6000)
	res, err = dest.Write(t.Context(), rows[:1])
	require.NoError(t, err)
	assert.InDelta(t, 6, res.Summary.WriteUnits, 0)
	skip := dynamodest.Config{Table: table, Client: db, Mode: dynamodest.Insert, OnExisting: dynamodest.Skip}
	res, err = newDest(t, skip).Write(t.Context(), []dynamodest.Row{{"id": "a"}})
	require.NoError(t, err)
	assert.InDelta(t, 4, res.Summary.WriteUnits, 0)
}

// The cap counts failed conditions too.
func TestFailedConditionsAreInTheCap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		putVersion(t, db, number("9"), strings.Repeat("x", 9*1024)) // 10 units
		cfg := versioned(db)
		cfg.WriteUnitsPerSecond = 10
		dest := newDest(t, cfg)
		began := time.Now()
		for range 20 {
			res, err := dest.Write(t.Context(), versions(1))
			require.NoError(t, err)
			require.Equal(t, dynamodest.Skipped, res.Rows[0].Outcome)
		}
		assert.Greater(t, time.Since(began), 17*time.Second, "20 rows of 10 units each")
	})
}

func TestNewRefusesVersions(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		keys   []string
		change func(*dynamodest.Config)
		field  string
	}{
		"sort key":       {[]string{"id:S", "v:N"}, func(*dynamodest.Config) {}, "Version"},
		"partition key":  {[]string{"v:S"}, func(*dynamodest.Config) {}, "Version"},
		"not in mapping": {[]string{"id:S"}, func(c *dynamodest.Config) { c.Mapping.Fields = []dynamodest.Field{{Column: "id"}} }, "Version"},
		"with insert":    {[]string{"id:S"}, func(c *dynamodest.Config) { c.Mode = dynamodest.Insert }, "Version"},
	} {
		cfg := versioned(dynamodesttest.NewTable(table, tt.keys...))
		tt.change(&cfg)
		_, err := dynamodest.New(t.Context(), cfg)
		var fault *dynamodest.ConfigError
		require.ErrorAs(t, err, &fault, name)
		assert.Equal(t, tt.field, fault.Field, name)
	}
}

// A bare fake knows no conditions: everything is written, as it says.
func TestVersionsWithAFake(t *testing.T) {
	t.Parallel()
	var sent []*dynamodb.PutItemInput
	dest := newDest(t, versioned(fake{put: func(_ context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
		sent = append(sent, in)
		if len(sent) > 1 {
			return nil, &types.ConditionalCheckFailedException{}
		}
		return &dynamodb.PutItemOutput{}, nil
	}}))
	res, err := dest.Write(t.Context(), versions(1))
	require.NoError(t, err)
	assert.Equal(t, dynamodest.Written, res.Rows[0].Outcome)
	require.Len(t, sent, 1)
	assert.Equal(t, "attribute_not_exists(#version) OR #version <= :version", *sent[0].ConditionExpression)
	res, err = dest.Write(t.Context(), versions(1))
	require.ErrorIs(t, err, dynamodest.ErrExists)
	assert.Equal(t, dynamodest.NotWritten, res.Rows[0].Outcome)
}
