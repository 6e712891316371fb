package dynamodest_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestNoRows(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	dest := newDest(t, dynamodest.Config{Table: table, Client: db})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ctx := range []context.Context{t.Context(), ended} {
		res, err := dest.Write(ctx, nil)
		require.NoError(t, err)
		assert.Empty(t, res.Rows)
		assert.Zero(t, res.Summary)
	}
	sum, err := dest.WriteSeq(t.Context(), seq(nil), nil)
	require.NoError(t, err)
	assert.Zero(t, sum)
	assert.Equal(t, map[string]int{"DescribeTable": 1}, db.Actions())
}

func TestDoneContextSendsNothing(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	dest := newDest(t, dynamodest.Config{Table: table, Client: db})
	const value = "a-value-of-a-row"
	why := fmt.Errorf("another worker failed: invalid value %s: %w", value, context.Canceled)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)

	res, err := dest.Write(ctx, numbered(1000))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, why)
	require.ErrorIs(t, err, dynamodest.ErrStopped)
	require.Len(t, res.Rows, 1000)
	for i, r := range res.Rows {
		require.Equal(t, i, r.Index)
		require.Equal(t, dynamodest.NotWritten, r.Outcome)
		require.ErrorIs(t, r.Err, dynamodest.ErrStopped)
		require.Zero(t, r.Attempts)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", r, r, r), value)
	}
	assert.Equal(t, dynamodest.Summary{Rows: 1000, NotWritten: 1000}, res.Summary)
	var call *dynamodest.WriteError
	require.ErrorAs(t, err, &call)
	for _, shown := range []error{err, call.Stop} {
		assert.Contains(t, shown.Error(), "context canceled (cause of type *fmt.wrapError; text hidden")
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", shown, shown, shown), value)
	}

	sum, err := dest.WriteSeq(ctx, seq(numbered(1000)), nil)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, dynamodest.Summary{Rows: sum.Rows, NotWritten: sum.Rows}, sum)

	err = dest.Check(ctx)
	require.ErrorIs(t, err, why)
	assert.NotContains(t, err.Error(), value)

	// A source that saw the end itself gave no row: there may have been some.
	sum, err = dest.WriteSeq(ctx, seq(nil), nil)
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, sum)
	assert.Equal(t, map[string]int{"DescribeTable": 1}, db.Actions())
}

// Cancelling is clean: the call comes back when the client does, and the
// bubble of synctest fails if a goroutine is left.
func TestCancelDuringWrite(t *testing.T) {
	t.Parallel()
	for _, slow := range []time.Duration{0, 3 * time.Second} { // that the client takes to give a request up
		testInBubble(t, slow.String(), func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
			db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
				if c.N%3 == 0 {
					return dynamodesttest.Unprocessed(dynamodesttest.First(5))
				}
				return dynamodesttest.Fault{}
			})
			dest := newDest(t, dynamodest.Config{Table: table, Client: lingering{db, slow}, Concurrency: 8})
			ctx, cancel := context.WithCancel(t.Context())
			var ended time.Time
			time.AfterFunc(55*time.Millisecond, func() { ended = time.Now(); cancel() })
			res, err := dest.Write(ctx, numbered(20_000))
			assert.Equal(t, slow, time.Since(ended))
			require.ErrorIs(t, err, context.Canceled)
			got := outcomes(res.Rows)
			assert.Positive(t, got[dynamodest.Written])
			assert.Positive(t, got[dynamodest.NotWritten])
			assert.GreaterOrEqual(t, db.Len(table), got[dynamodest.Written])
			assert.LessOrEqual(t, db.Len(table), got[dynamodest.Written]+got[dynamodest.Unknown])
			assert.LessOrEqual(t, got[dynamodest.Unknown], 8*25)
			for _, c := range db.Calls() {
				require.False(t, c.At.After(ended), "a request began after the end")
			}
		})
	}
}

// lingering is a client that takes its time to give up.
type lingering struct {
	*dynamodesttest.DB
	extra time.Duration
}

func (c lingering) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	out, err := c.DB.BatchWriteItem(ctx, in, o...)
	if ctx.Err() != nil {
		time.Sleep(c.extra)
	}
	return out, err
}

// A request that hangs is cut off by a deadline of its own, which does not read
// as the end of the caller's context.
func TestRequestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Retry: dynamodest.Retry{MaxAttempts: 1}})
		for _, n := range []int{1, 10} {
			for name, fault := range map[string]dynamodesttest.Fault{
				"no answer": dynamodesttest.Stall(nil), "half an answer": dynamodesttest.StallInBody(),
			} {
				db.FailWrites(fault)
				began := time.Now()
				res, err := dest.Write(t.Context(), numbered(n))
				assert.Equal(t, 30*time.Second, time.Since(began), name)
				require.ErrorIs(t, err, dynamodest.ErrUnavailable)
				require.NotErrorIs(t, err, context.DeadlineExceeded)
				require.NotErrorIs(t, err, context.Canceled)
				assert.ErrorContains(t, err, "30s")
				assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Unknown: n}, outcomes(res.Rows))
			}
		}
	})
}

// sluggish is a value that takes its time to say what it is.
type sluggish time.Duration

func (s sluggish) Value() (driver.Value, error) {
	time.Sleep(time.Duration(s))
	return "done", nil
}

// A call does not convert the rest of its rows after the context's end.
func TestCancelDuringConversion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		dest := newDest(t, dynamodest.Config{Table: table, Client: db})
		rows := numbered(1000)
		for _, row := range rows {
			row["slow"] = sluggish(10 * time.Millisecond)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var ended time.Time
		time.AfterFunc(55*time.Millisecond, func() { ended = time.Now(); cancel() })
		res, err := dest.Write(ctx, rows)
		assert.LessOrEqual(t, time.Since(ended), 10*time.Millisecond)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.NotWritten: 1000}, outcomes(res.Rows))
		for i, r := range res.Rows {
			require.Equal(t, i, r.Index)
			require.ErrorIs(t, r.Err, dynamodest.ErrStopped)
			require.ErrorIs(t, r.Err, context.Canceled)
		}
		assert.Empty(t, db.Items(table))
	})
}

// leaving is a value whose method ends the goroutine, as a test's FailNow does.
type leaving struct{}

func (leaving) Value() (driver.Value, error) {
	runtime.Goexit()
	return nil, nil
}

func TestValueMethodCallsGoexit(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	dest := newDest(t, dynamodest.Config{Table: table, Client: db})
	rows := numbered(128)
	rows[3]["x"], rows[5]["x"] = leaving{}, leaving{}
	var res dynamodest.Result
	var err error
	returned := false
	done := make(chan struct{})
	go func() { // with one processor it is this one that ends
		defer close(done)
		res, err = dest.Write(t.Context(), rows)
		returned = true
	}()
	<-done
	require.Equal(t, runtime.GOMAXPROCS(0) > 1, returned)
	if returned {
		require.ErrorIs(t, err, dynamodest.ErrMapping)
		assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 126, dynamodest.NotWritten: 2}, outcomes(res.Rows))
		assertTrue(t, db, res)
		assert.ErrorContains(t, res.Rows[5].Err, "called runtime.Goexit")
	}
}

// From the error of the call one gets to the row, its reason and the SDK's own
// error.
func TestErrorsUnwrapToSDKError(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	dest := newDest(t, dynamodest.Config{Table: table, Client: db, Retry: dynamodest.Retry{MaxAttempts: 1}})
	db.FailWrites(dynamodesttest.Throttled("ProvisionedThroughputExceededException", dynamodesttest.ARN(table), "TableWriteKeyRangeThroughputExceeded"))
	_, err := dest.Write(t.Context(), numbered(3))
	var call *dynamodest.WriteError
	require.ErrorAs(t, err, &call)
	assert.NoError(t, call.Stop)
	assert.Equal(t, map[dynamodest.Reason]int{dynamodest.ErrThrottled: 3}, call.Reasons)
	var row *dynamodest.RowError
	require.ErrorAs(t, err, &row)
	assert.Zero(t, row.Index)
	assert.Equal(t, 1, row.Attempts)
	assert.Contains(t, row.Remedy(), "hot")
	require.ErrorIs(t, err, dynamodest.ErrThrottled)
	require.NotErrorIs(t, err, dynamodest.ErrUnprocessed)
	var throttled *types.ProvisionedThroughputExceededException
	require.ErrorAs(t, err, &throttled)
	assert.Len(t, throttled.ThrottlingReasons, 1)

	db.FailWrites(dynamodesttest.Error(400, "AccessDeniedException", "User: x is not authorized"))
	_, err = dest.Write(t.Context(), numbered(3))
	var stop *dynamodest.TableError
	require.ErrorAs(t, err, &stop)
	assert.Equal(t, dynamodest.ErrAccess, stop.Reason)
	assert.Equal(t, "BatchWriteItem", stop.Op)
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, "AccessDeniedException", api.ErrorCode())
}

// The text of a WriteError does not grow with its rows, nor does it quote one.
func TestWriteErrorTextIsBounded(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	dest := newDest(t, dynamodest.Config{Table: table, Client: db})
	const value = "a-value-of-a-row"
	rows := make([]dynamodest.Row, 10_000)
	long, large := strings.Repeat("column", 1000), strings.Repeat(value, 30_000)
	for i := range rows {
		switch {
		case i%500 == 0:
			rows[i] = dynamodest.Row{"id": value, long: large}
		case i%2 == 0:
			rows[i] = dynamodest.Row{"id": value, long: math.NaN()}
		default:
			rows[i] = dynamodest.Row{"id": 1, long: value}
		}
	}
	res, err := dest.Write(t.Context(), rows)
	require.Error(t, err)
	assert.Equal(t, 10_000, res.Summary.NotWritten)
	assert.Less(t, len(err.Error()), 5*700+900+100)
	var call *dynamodest.WriteError
	require.ErrorAs(t, err, &call)
	assert.Len(t, call.First, 10)
	assert.Equal(t, map[dynamodest.Reason]int{dynamodest.ErrMapping: 4980, dynamodest.ErrKey: 5000, dynamodest.ErrTooLarge: 20}, call.Reasons)
	for _, text := range []string{err.Error(), fmt.Sprintf("%v %+v %#v", err, err, call)} {
		assert.NotContains(t, text, value)
	}
	for _, r := range res.Rows {
		require.LessOrEqual(t, len(r.Err.Error()), 600)
		require.NotContains(t, r.Err.Error(), value)
	}
}

// Whatever the mode and whatever goes wrong, three actions are all that a
// policy must allow.
func TestOnlyThreeActions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		for _, mode := range []dynamodest.Config{
			{}, {Mode: dynamodest.Insert}, {Mode: dynamodest.Insert, OnExisting: dynamodest.Skip}, {Mode: dynamodest.Insert, OnExisting: dynamodest.Fail},
		} {
			mode.Table, mode.Client, mode.Retry.MaxDelay = table, db, time.Millisecond
			dest := newDest(t, mode)
			db.FailWrites(
				dynamodesttest.Unprocessed(dynamodesttest.First(2)), dynamodesttest.Error(500, "InternalServerError", "").AfterWrite(),
				dynamodesttest.Error(400, "ValidationException", ""), dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)),
			)
			rows := append(numbered(60), numbered(60)...)
			_, _ = dest.Write(t.Context(), rows)
			_, _ = dest.Write(t.Context(), rows[:1])
			_, _ = dest.WriteSeq(t.Context(), seq(rows), nil)
			require.NoError(t, dest.Check(t.Context()))
			require.NoError(t, dest.CheckWrites(t.Context()))
			db.SetFault(dynamodesttest.Poison(func(map[string]types.AttributeValue) bool { return true }))
			_, err := dest.Write(t.Context(), rows)
			require.ErrorIs(t, err, dynamodest.ErrRefused)
			db.SetFault(nil)
		}
		assert.ElementsMatch(t, []string{"BatchWriteItem", "DescribeTable", "PutItem"}, slices.Collect(maps.Keys(db.Actions())))
	})
}

// A panic in the caller's own code comes out of the call, with nothing left
// running: else the bubble would fail.
func TestPanicsPropagate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(time.Second, time.Second, 1)
		var inFlight atomic.Int32
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Observer: dynamodest.Observer{
			RequestStart: func(ctx context.Context, _ dynamodest.Request) context.Context { inFlight.Add(1); return ctx },
			RequestDone:  func(context.Context, dynamodest.Response) { inFlight.Add(-1) },
		}})
		source := func(yield func(dynamodest.Row, error) bool) {
			for _, row := range numbered(100) {
				if !yield(row, nil) {
					return
				}
			}
			time.Sleep(500 * time.Millisecond)
			panic("the source")
		}
		report := func(dynamodest.Row, dynamodest.RowResult) error { panic("the report") }
		for want, call := range map[string]func(){
			"the source": func() { _, _ = dest.WriteSeq(t.Context(), source, nil) },
			"the report": func() { _, _ = dest.WriteSeq(t.Context(), seq(numbered(2000)), report) },
		} {
			before := len(db.Calls())
			assert.PanicsWithValue(t, want, call)
			assert.Zero(t, inFlight.Load(), "%s left a request in flight", want)
			synctest.Wait() // a server learns that its client is gone a moment later
			calls := db.Calls()
			require.Greater(t, len(calls), before)
			for _, c := range calls {
				assert.NotEmpty(t, c.Outcome, "%s left a request in flight", want)
			}
			time.Sleep(time.Minute)
			assert.Len(t, db.Calls(), len(calls), "%s: a request began afterwards", want)
		}
	})
}

// One Destination serves many goroutines, within its bounds and each with its
// own results.
func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	db.SetLatency(time.Millisecond, 5*time.Millisecond, 1)
	db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.N%7 == 0 {
			return dynamodesttest.Unprocessed(dynamodesttest.First(3))
		}
		return dynamodesttest.Fault{}
	})
	dest := newDest(t, dynamodest.Config{Table: table, Client: db, Concurrency: 10, Retry: dynamodest.Retry{MaxAttempts: 50, MinDelay: 1, MaxDelay: time.Millisecond}})
	var calls sync.WaitGroup
	for g := range 64 {
		calls.Go(func() {
			rows := numbered(100)
			for _, row := range rows[1:] { // the first is everybody's
				row["id"] = fmt.Sprint(g, "/", row["id"])
			}
			var sum dynamodest.Summary
			var err error
			if g%2 == 0 {
				var res dynamodest.Result
				res, err = dest.Write(t.Context(), rows)
				sum = res.Summary
			} else {
				sum, err = dest.WriteSeq(t.Context(), seq(rows), nil)
			}
			assert.NoError(t, err)
			assert.Equal(t, 100, sum.Written)
		})
	}
	calls.Wait()
	assert.Equal(t, 64*99+1, db.Len(table))
	assert.LessOrEqual(t, db.MostInFlight(), 10)
}
