package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// refusingDuplicates is a Config that refuses duplicates.
func refusingDuplicates(client dynamodest.Client) dynamodest.Config {
	return dynamodest.Config{Table: table, Client: client, Duplicates: dynamodest.RefuseDuplicates}
}

// assertDuplicate asserts that r is of a row that was refused for its key, which the row named in words has too.
func assertDuplicate(t *testing.T, r dynamodest.RowResult, index int, other string) {
	t.Helper()
	assert.Equal(t, index, r.Index)
	assert.Equal(t, dynamodest.NotWritten, r.Outcome)
	assert.Zero(t, r.Attempts)
	var rowErr *dynamodest.RowError
	require.ErrorAs(t, r.Err, &rowErr)
	assert.Equal(t, index, rowErr.Index)
	assert.Equal(t, dynamodest.ErrKey, rowErr.Reason)
	assert.Equal(t, "id", rowErr.Column)
	assert.Equal(t, "id", rowErr.Attribute)
	assert.Equal(t, fmt.Sprintf(`row %d: bad key: column "id": %s of this call has the same key, which Duplicates "fail" refuses; `+
		`remedy: remove the duplicates at the source, or set Duplicates to "last"`, index, other), rowErr.Error())
}

// reports collects the results of a stream by index.
func reports(results map[int]dynamodest.RowResult) func(dynamodest.Row, dynamodest.RowResult) error {
	return func(_ dynamodest.Row, r dynamodest.RowResult) error {
		results[r.Index] = r
		return nil
	}
}

// Write refuses every row of a key that occurs twice, before it sends anything, and writes the others.
func TestWriteRefusesDuplicates(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	dest := newDest(t, refusingDuplicates(db))
	rows := numbered(10_000)
	for i, twin := range map[int]int{9: 2, 5000: 2, 9999: 2, 4097: 4095} {
		rows[i] = dynamodest.Row{"id": rows[twin]["id"], "row": i}
	}
	res, err := dest.Write(t.Context(), rows)
	var call *dynamodest.WriteError
	require.ErrorAs(t, err, &call)
	require.NoError(t, call.Stop)
	assert.Equal(t, map[dynamodest.Reason]int{dynamodest.ErrKey: 6}, call.Reasons)
	assert.Equal(t, 10_000, res.Summary.Rows)
	assert.Equal(t, 9994, res.Summary.Written)
	assert.Equal(t, 6, res.Summary.NotWritten)
	assert.Equal(t, 9994, db.Len(table))
	assertTrue(t, db, res)
	for i, other := range map[int]string{2: "row 9", 9: "row 2", 5000: "row 2", 9999: "row 2", 4095: "row 4097", 4097: "row 4095"} {
		assertDuplicate(t, res.Rows[i], i, other)
	}
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 9994, dynamodest.NotWritten: 6}, outcomes(res.Rows))
}

func TestWriteRefusesRowsThatAreAllEqual(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	dest := newDest(t, refusingDuplicates(db))
	rows := make([]dynamodest.Row, 5000)
	for i := range rows {
		rows[i] = dynamodest.Row{"id": "a", "row": i}
	}
	res, err := dest.Write(t.Context(), rows)
	require.ErrorIs(t, err, dynamodest.ErrKey)
	assert.Equal(t, dynamodest.Summary{Rows: 5000, NotWritten: 5000}, res.Summary)
	assertDuplicate(t, res.Rows[0], 0, "row 1")
	for i := 1; i < len(rows); i++ {
		assertDuplicate(t, res.Rows[i], i, "row 0")
	}
	assert.Empty(t, db.Writes())
	var call *dynamodest.WriteError
	require.ErrorAs(t, err, &call)
	assert.Len(t, call.First, 10)

	for _, few := range [][]dynamodest.Row{nil, rows[:1]} {
		_, err = dest.Write(t.Context(), few)
		require.NoError(t, err)
	}
}

// The default, and "last" in words, writes the last row of a key.
func TestLastWins(t *testing.T) {
	t.Parallel()
	for _, duplicates := range []dynamodest.Duplicates{"", dynamodest.LastWins} {
		db := dynamodesttest.NewTable(table, "id:S")
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Duplicates: duplicates})
		rows := []dynamodest.Row{{"id": "a", "row": 0}, {"id": "a", "row": 1}}
		res, err := dest.Write(t.Context(), rows)
		require.NoError(t, err)
		assert.Equal(t, dynamodest.Written, res.Rows[1].Outcome)
		_, err = dest.WriteSeq(t.Context(), seq(rows), nil)
		require.NoError(t, err)
		assert.Equal(t, 1, rowOf(db.Items(table)[0]))
	}
}

// equalKeys are rows of four keys of a table with the key id:N and part:S, of which two occur more than once.
func equalKeys() []dynamodest.Row {
	var rows []dynamodest.Row
	for _, id := range []any{1, 1.0, &types.AttributeValueMemberN{Value: "1.00e0"}, uint8(1), -1, 0.1, "0.10"} {
		rows = append(rows, dynamodest.Row{"number": id, "part": "a"})
	}
	return append(rows, dynamodest.Row{"number": 1, "part": "b"})
}

// Keys are equal where DynamoDB holds them equal, and the error names the column of the partition key.
func TestDuplicatesAreEqualAsDynamoDBSeesThem(t *testing.T) {
	t.Parallel()
	cfg := refusingDuplicates(dynamodesttest.NewTable(table, "id:N", "part:S"))
	cfg.Mapping.Fields = []dynamodest.Field{{Column: "part"}, {Column: "number", Attribute: "id", Type: dynamodest.Number}}
	dest := newDest(t, cfg)
	res, err := dest.Write(t.Context(), equalKeys())
	require.ErrorIs(t, err, dynamodest.ErrKey)
	for i, other := range []string{"row 1 ", "row 0 ", "row 0 ", "row 0 ", "", "row 6 ", "row 5 ", ""} {
		if other == "" {
			require.NoError(t, res.Rows[i].Err, i)
			continue
		}
		var rowErr *dynamodest.RowError
		require.ErrorAs(t, res.Rows[i].Err, &rowErr, i)
		assert.Contains(t, rowErr.Error(), `column "number" (attribute "id"): `+other)
		assert.Equal(t, "number", rowErr.Column)
		assert.Equal(t, "id", rowErr.Attribute)
	}

	results := map[int]dynamodest.RowResult{}
	sum, err := newDest(t, cfg).WriteSeq(t.Context(), seq(equalKeys()), reports(results))
	require.ErrorIs(t, err, dynamodest.ErrKey)
	assert.Equal(t, 4, sum.Written)
	for i := range equalKeys() {
		isNew := slices.Contains([]int{0, 4, 5, 7}, i)
		assert.Equal(t, isNew, results[i].Err == nil, i)
		if !isNew {
			assert.ErrorContains(t, results[i].Err, "an earlier row of this call has the same key")
		}
	}
}

// A row without a usable key has its own error and is no duplicate. A row that fails for another reason has a
// key, so a row with the same one is refused, and so is the row itself.
func TestDuplicatesOfRowsThatFail(t *testing.T) {
	t.Parallel()
	rows := []dynamodest.Row{
		{"id": "a", "bad": make(chan int)}, nil, {"id": ""}, {"id": "b"}, {"id": nil}, nil, {"id": 5}, {"id": 5}, {"other": 1},
		{"id": "a"}, {"id": ""}, {"id": "a", "bad": make(chan int)}, {"id": "c", "bad": make(chan int)},
	}
	own := map[int]dynamodest.Reason{
		1: dynamodest.ErrMapping, 2: dynamodest.ErrKey, 4: dynamodest.ErrKey, 5: dynamodest.ErrMapping, 6: dynamodest.ErrKey,
		7: dynamodest.ErrKey, 8: dynamodest.ErrKey, 10: dynamodest.ErrKey, 12: dynamodest.ErrMapping,
	}
	check := func(t *testing.T, result func(int) dynamodest.RowResult) {
		t.Helper()
		assert.Equal(t, dynamodest.Written, result(3).Outcome)
		for i, reason := range own {
			require.ErrorIs(t, result(i).Err, reason, i)
			assert.NotContains(t, result(i).Err.Error(), "the same key")
		}
	}
	dest := newDest(t, refusingDuplicates(dynamodesttest.NewTable(table, "id:S")))
	res, err := dest.Write(t.Context(), rows)
	require.Error(t, err)
	assert.Equal(t, 12, res.Summary.NotWritten)
	check(t, func(i int) dynamodest.RowResult { return res.Rows[i] })
	assertDuplicate(t, res.Rows[0], 0, "row 9")
	assertDuplicate(t, res.Rows[9], 9, "row 0")
	assertDuplicate(t, res.Rows[11], 11, "row 0")

	for _, asSettled := range []bool{false, true} {
		cfg := refusingDuplicates(dynamodesttest.NewTable(table, "id:S"))
		cfg.ReportAsSettled = asSettled
		results := map[int]dynamodest.RowResult{}
		sum, err := newDest(t, cfg).WriteSeq(t.Context(), seq(rows), reports(results))
		require.Error(t, err)
		assert.Equal(t, 12, sum.NotWritten)
		check(t, func(i int) dynamodest.RowResult { return results[i] })
		require.ErrorIs(t, results[0].Err, dynamodest.ErrMapping, "no earlier row has its key")
		assertDuplicate(t, results[9], 9, "an earlier row")
		assertDuplicate(t, results[11], 11, "an earlier row")
	}
}

// Of a refused row nothing but the key is converted.
func TestRefusedDuplicatesAreNotConverted(t *testing.T) {
	t.Parallel()
	var converted atomic.Int32
	cfg := refusingDuplicates(dynamodesttest.NewTable(table, "id:S"))
	cfg.Mapping.Convert = func(column string, _ any) (any, bool, error) {
		if column == "row" {
			converted.Add(1)
		}
		return nil, false, nil
	}
	dest := newDest(t, cfg)
	type unknown struct{ N int }
	rows := []dynamodest.Row{{"id": "a", "row": unknown{}}, {"id": "b", "row": unknown{}}, {"id": "a", "row": unknown{}}}
	_, err := dest.Write(t.Context(), rows[1:2])
	require.NoError(t, err)
	once := converted.Swap(0)
	require.Positive(t, once)
	_, err = dest.Write(t.Context(), rows)
	require.ErrorIs(t, err, dynamodest.ErrKey)
	assert.Equal(t, once, converted.Load())
}

// Each stream refuses the later rows of a key, in order, also with reports as rows settle.
func TestStreamsRefuseLaterDuplicates(t *testing.T) {
	t.Parallel()
	rows := numbered(300)
	for i := 1; i < len(rows); i += 3 {
		rows[i] = dynamodest.Row{"id": rows[0]["id"], "row": i}
	}
	for _, asSettled := range []bool{false, true} {
		for _, byChan := range []bool{false, true} {
			testInBubble(t, fmt.Sprintf("as settled %v, channel %v", asSettled, byChan), func(t *testing.T) {
				db := dynamodesttest.NewTable(table, "id:S")
				db.SetLatency(5*time.Millisecond, 5*time.Millisecond, 1)
				cfg := refusingDuplicates(db)
				cfg.ReportAsSettled = asSettled
				dest := newDest(t, cfg)
				for range 2 { // each call begins without keys
					results, order := map[int]dynamodest.RowResult{}, []int{}
					report := func(row dynamodest.Row, r dynamodest.RowResult) error {
						require.Equal(t, r.Index, row["row"])
						results[r.Index] = r
						order = append(order, r.Index)
						for i := range r.SettledBefore {
							require.Contains(t, results, i, "settled before %d, and not reported", r.SettledBefore)
						}
						return nil
					}
					var sum dynamodest.Summary
					var err error
					if byChan {
						ch := make(chan dynamodest.Row)
						go func() {
							defer close(ch)
							for _, row := range rows {
								ch <- row
							}
						}()
						sum, err = dest.WriteChan(t.Context(), ch, report)
					} else {
						sum, err = dest.WriteSeq(t.Context(), seq(rows), report)
					}
					require.ErrorIs(t, err, dynamodest.ErrKey)
					assert.Equal(t, 200, sum.Written)
					assert.Equal(t, 100, sum.NotWritten)
					assert.Equal(t, 300, sum.Rows)
					require.Len(t, order, 300)
					assert.Equal(t, !asSettled, slices.IsSorted(order))
					for i := 1; i < len(rows); i += 3 {
						results[i] = dynamodest.RowResult{Index: i, Outcome: results[i].Outcome, Err: results[i].Err}
						assertDuplicate(t, results[i], i, "an earlier row")
					}
				}
			})
		}
	}
}

// Puts and deletes of one key are duplicates of each other.
func TestDuplicatesWithDeletes(t *testing.T) {
	t.Parallel()
	cfg := refusingDuplicates(dynamodesttest.NewTable(table, "id:S"))
	cfg.Delete = "gone"
	dest := newDest(t, cfg)
	rows := []dynamodest.Row{
		{"id": "a", "gone": true}, {"id": "b", "gone": true}, {"id": "a"}, {"id": "c"},
		{"id": "d", "gone": true}, {"id": "d", "gone": true}, {"id": "c", "gone": "perhaps"},
	}
	res, err := dest.Write(t.Context(), rows)
	require.ErrorIs(t, err, dynamodest.ErrKey)
	for i, other := range map[int]string{0: "row 2", 2: "row 0", 3: "row 6", 4: "row 5", 5: "row 4", 6: "row 3"} {
		assertDuplicate(t, res.Rows[i], i, other)
	}
	assert.Equal(t, dynamodest.Summary{Rows: 7, Deleted: 1, NotWritten: 6, Requests: 1, WriteUnits: 1}, res.Summary)

	results := map[int]dynamodest.RowResult{}
	sum, err := dest.WriteSeq(t.Context(), seq(rows), reports(results))
	require.ErrorIs(t, err, dynamodest.ErrKey)
	assert.Equal(t, 3, sum.Deleted)
	assert.Equal(t, 1, sum.Written)
	for _, i := range []int{2, 5, 6} {
		assertDuplicate(t, results[i], i, "an earlier row")
	}
}

// A row that the source cannot read has no key, whatever it gives along with it.
func TestBadRowIsNoDuplicate(t *testing.T) {
	t.Parallel()
	dest := newDest(t, refusingDuplicates(dynamodesttest.NewTable(table, "id:S")))
	results := map[int]dynamodest.RowResult{}
	_, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
		_ = yield(dynamodest.Row{"id": "a"}, dynamodest.BadRow(errSource)) &&
			yield(dynamodest.Row{"id": "a"}, nil) &&
			yield(dynamodest.Row{"id": "a"}, dynamodest.BadRow(errSource)) &&
			yield(dynamodest.Row{"id": "a"}, nil)
	}, reports(results))
	require.ErrorIs(t, err, dynamodest.ErrKey)
	require.ErrorIs(t, results[0].Err, errSource)
	assert.Equal(t, dynamodest.Written, results[1].Outcome)
	require.ErrorIs(t, results[2].Err, errSource)
	assertDuplicate(t, results[3], 3, "an earlier row")
}

// With a key more than MaxKeys the call stops, says so, and writes what it has taken. WriteSeq does not take
// the row with that key; WriteChan has received it, so it reports it.
func TestMaxKeys(t *testing.T) {
	t.Parallel()
	rows := numbered(103)
	rows = slices.Insert(rows, 100, dynamodest.Row{"id": rows[0]["id"]}, dynamodest.Row{"other": 1}, nil, dynamodest.Row{"id": rows[7]["id"], "bad": make(chan int)})
	rows[50]["bad"] = make(chan int) // its key counts
	const stopped = 104              // the row with the 101st key
	checkErr := func(t *testing.T, err error) {
		t.Helper()
		require.ErrorIs(t, err, dynamodest.ErrConfig)
		var call *dynamodest.WriteError
		require.ErrorAs(t, err, &call)
		fault, ok := call.Stop.(*dynamodest.ConfigError) //nolint:errorlint // it is not wrapped
		require.True(t, ok, "%T", call.Stop)
		assert.Equal(t, "MaxKeys", fault.Field)
		assert.ErrorContains(t, err, "the call has met 100 distinct keys")
		assert.NotContains(t, err.Error(), "r-001")
	}
	for _, asSettled := range []bool{false, true} {
		cfg := refusingDuplicates(nil)
		cfg.MaxKeys, cfg.ReportAsSettled = 100, asSettled

		cfg.Client = dynamodesttest.NewTable(table, "id:S")
		results, yielded := map[int]dynamodest.RowResult{}, 0
		sum, err := newDest(t, cfg).WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
			for _, row := range rows {
				yielded++
				if !yield(row, nil) {
					return
				}
			}
		}, reports(results))
		checkErr(t, err)
		assert.Equal(t, stopped+1, yielded)
		assert.Equal(t, stopped, sum.Rows)
		assert.Equal(t, 99, sum.Written)
		assert.Len(t, results, stopped)

		cfg.Client = dynamodesttest.NewTable(table, "id:S")
		results = map[int]dynamodest.RowResult{}
		ch := make(chan dynamodest.Row, len(rows))
		for _, row := range rows {
			ch <- row
		}
		sum, err = newDest(t, cfg).WriteChan(t.Context(), ch, reports(results))
		checkErr(t, err)
		assert.Equal(t, stopped+1, sum.Rows)
		assert.Equal(t, 99, sum.Written)
		assert.Len(t, ch, len(rows)-stopped-1, "rows not received")
		require.Len(t, results, stopped+1)
		assert.Equal(t, dynamodest.NotWritten, results[stopped].Outcome)
		require.ErrorIs(t, results[stopped].Err, dynamodest.ErrStopped)
		require.ErrorIs(t, results[stopped].Err, dynamodest.ErrConfig)
	}

	cfg := refusingDuplicates(dynamodesttest.NewTable(table, "id:S"))
	cfg.MaxKeys = 100
	sum, err := newDest(t, cfg).WriteSeq(t.Context(), seq(numbered(100)), nil)
	require.NoError(t, err, "as many keys as allowed")
	assert.Equal(t, 100, sum.Written)
	res, err := newDest(t, cfg).Write(t.Context(), numbered(200))
	require.NoError(t, err, "Write keeps no keys")
	assert.Equal(t, 200, res.Summary.Written)
}

// Calls that run at the same time do not see each other's keys.
func TestDuplicatesOfManyCalls(t *testing.T) {
	t.Parallel()
	dest := newDest(t, refusingDuplicates(dynamodesttest.NewTable(table, "id:S")))
	rows := append(numbered(50), numbered(10)...)
	var calls sync.WaitGroup
	for n := range 64 {
		calls.Go(func() {
			if n%2 == 0 {
				res, err := dest.Write(t.Context(), rows)
				assert.ErrorIs(t, err, dynamodest.ErrKey)
				assert.Equal(t, 40, res.Summary.Written)
				assert.Equal(t, 20, res.Summary.NotWritten)
				return
			}
			sum, err := dest.WriteSeq(t.Context(), seq(rows), nil)
			assert.ErrorIs(t, err, dynamodest.ErrKey)
			assert.Equal(t, 50, sum.Written)
			assert.Equal(t, 10, sum.NotWritten)
		})
	}
	calls.Wait()
}

// valuing is a value of a key whose method calls a function.
type valuing struct {
	id   string
	call func()
}

func (v valuing) MarshalText() ([]byte, error) {
	v.call()
	return []byte(v.id), nil
}

// If ctx has ended, or ends while the keys are compared, nothing is sent and every row is stopped: which rows
// are duplicates is not known.
func TestDuplicatesAfterTheContext(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	dest := newDest(t, refusingDuplicates(db))
	cause := errors.New("secret")
	for _, already := range []bool{true, false} {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		rows := numbered(20_000)
		rows[1] = dynamodest.Row{"id": rows[0]["id"]}
		if already {
			cancel(cause)
		} else {
			rows[15_000]["id"] = valuing{"x", func() { cancel(cause) }}
		}
		res, err := dest.Write(ctx, rows)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, cause)
		var call *dynamodest.WriteError
		require.ErrorAs(t, err, &call)
		assert.Equal(t, map[dynamodest.Reason]int{dynamodest.ErrStopped: len(rows)}, call.Reasons)
		assert.Equal(t, dynamodest.Summary{Rows: len(rows), NotWritten: len(rows)}, res.Summary)
		for i, r := range res.Rows {
			require.Equal(t, i, r.Index)
			require.ErrorIs(t, r.Err, dynamodest.ErrStopped)
		}
	}
	assert.Empty(t, db.Writes())
}

// Duplicates are refused by their keys, which the simplest of fakes does not describe.
func TestDuplicatesNeedTheTablesKey(t *testing.T) {
	t.Parallel()
	_, err := dynamodest.New(t.Context(), refusingDuplicates(fake{}))
	var fault *dynamodest.ConfigError
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, `Duplicates: "fail" needs the table's key, and DescribeTable has not described it: have the fake client describe it`, fault.Error())

	dest := newDest(t, refusingDuplicates(fake{describe: described}))
	res, err := dest.Write(t.Context(), append(numbered(3), numbered(1)...))
	require.ErrorIs(t, err, dynamodest.ErrKey)
	assert.Equal(t, 2, res.Summary.Written)
}

// No text of a refused row shows its key.
func TestRefusedDuplicatesShowNoValue(t *testing.T) {
	t.Parallel()
	dest := newDest(t, refusingDuplicates(dynamodesttest.NewTable(table, "id:S")))
	res, err := dest.Write(t.Context(), []dynamodest.Row{{"id": "person@example.com"}, {"id": "person@example.com"}})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{err, res, res.Rows[0].Err, dynamodest.Cause(res.Rows[0].Err)} {
			text := strings.ToLower(fmt.Sprintf(verb, value))
			assert.NotContains(t, text, "person")
			assert.NotContains(t, text, fmt.Sprintf("%x", "person"))
		}
	}
}
