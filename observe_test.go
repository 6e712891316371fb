package dynamodest_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// What the Observer hears of a request is of the request alone, with its reason.
func TestObserverRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		type named struct{}
		var mu sync.Mutex
		var responses []dynamodest.Response
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Observer: dynamodest.Observer{
			RequestStart: func(ctx context.Context, r dynamodest.Request) context.Context {
				time.Sleep(time.Minute)
				return context.WithValue(ctx, named{}, r.Op)
			},
			RequestDone: func(ctx context.Context, r dynamodest.Response) {
				assert.Equal(t, r.Request.Op, ctx.Value(named{}))
				assert.Equal(t, r.Err != nil, r.Reason != "")
				mu.Lock()
				defer mu.Unlock()
				responses = append(responses, r)
			},
		}})
		db.SetLatency(time.Second, time.Second, 1)
		db.FailWrites(dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)), dynamodesttest.Unprocessed(dynamodesttest.First(1)))
		_, err := dest.Write(t.Context(), numbered(2))
		require.NoError(t, err)
		require.Len(t, responses, 4)
		for i, want := range []dynamodest.Response{
			{Request: dynamodest.Request{Op: "DescribeTable"}},
			{Request: dynamodest.Request{Op: "BatchWriteItem", Call: 1, Rows: 2, Bytes: 27}, Elapsed: time.Second, Reason: dynamodest.ErrThrottled, Err: responses[1].Err},
			{Request: dynamodest.Request{Op: "BatchWriteItem", Call: 1, Rows: 2, Bytes: 27}, Elapsed: time.Second, Unprocessed: 1, WriteUnits: 1},
			{Request: dynamodest.Request{Op: "PutItem", Call: 1, Rows: 1, Bytes: 13}, Elapsed: time.Second, WriteUnits: 1},
		} {
			want.Request.Table, want.Request.Region, want.RequestID = table, responses[i].Request.Region, db.Calls()[i].RequestID
			assert.Equal(t, want, responses[i])
		}
	})
}

// A Wait hook that takes its time, or writes by the same Destination, holds up
// no other call.
func TestSlowWaitHookBlocksOnlyItsCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		var dest *dynamodest.Destination
		var waits atomic.Int32
		dest = newDest(t, dynamodest.Config{Table: table, Client: db, WriteUnitsPerSecond: 200, Observer: dynamodest.Observer{
			Wait: func(ctx context.Context, _ dynamodest.Wait) {
				if waits.Add(1) == 1 {
					began := time.Now()
					_, err := dest.Write(ctx, numbered(1))
					assert.NoError(t, err)
					assert.Less(t, time.Since(began), time.Second)
					time.Sleep(time.Hour)
				}
			},
		}})
		writeBeside(t, dest)
		assert.Equal(t, 500, db.Len(table))
	})
}

// writeBeside writes 500 rows, during which a hook takes its time, and one row
// beside them, which that must not hold up.
func writeBeside(t *testing.T, dest *dynamodest.Destination) {
	t.Helper()
	var calls sync.WaitGroup
	calls.Go(func() {
		_, err := dest.Write(t.Context(), numbered(500))
		assert.NoError(t, err)
	})
	time.Sleep(time.Minute)
	began := time.Now()
	_, err := dest.Write(t.Context(), numbered(1))
	require.NoError(t, err)
	assert.Less(t, time.Since(began), time.Second)
	calls.Wait()
}

// So with the other hooks that are called when a request is over, or before a
// retry: what was in flight is then in flight no more.
func TestSlowDoneHookFreesItsSlot(t *testing.T) {
	t.Parallel()
	for name, hooks := range map[string]func(slow func()) dynamodest.Observer{
		"RequestDone": func(slow func()) dynamodest.Observer {
			return dynamodest.Observer{RequestDone: func(_ context.Context, r dynamodest.Response) {
				if r.Request.Rows > 1 {
					slow()
				}
			}}
		},
		"Wait for a retry": func(slow func()) dynamodest.Observer {
			return dynamodest.Observer{Wait: func(_ context.Context, w dynamodest.Wait) {
				if w.For == "retry" {
					slow()
				}
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := dynamodesttest.NewTable(table, "id:S")
				db.SetLatency(10*time.Millisecond, 10*time.Millisecond, 1)
				var dest *dynamodest.Destination
				var slowed atomic.Bool
				took := time.Duration(-1)
				dest = newDest(t, dynamodest.Config{Table: table, Client: db, Concurrency: 1, Observer: hooks(func() {
					if !slowed.CompareAndSwap(false, true) {
						return
					}
					began := time.Now()
					_, err := dest.Write(t.Context(), numbered(1))
					assert.NoError(t, err)
					took = time.Since(began)
					time.Sleep(time.Hour)
				})})
				db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.All))
				writeBeside(t, dest)
				assert.GreaterOrEqual(t, took, time.Duration(0))
				assert.Less(t, took, time.Second)
				assert.Equal(t, 1, db.MostInFlight())
			})
		})
	}
}

// The table's description that a call asks for again keeps no place either.
func TestRecheckHookMayWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		var dest *dynamodest.Destination
		described := 0
		dest = newDest(t, dynamodest.Config{Table: table, Client: db, Concurrency: 1, Observer: dynamodest.Observer{
			RequestDone: func(ctx context.Context, r dynamodest.Response) {
				if r.Request.Op != "DescribeTable" {
					return
				}
				if described++; described == 2 { // the first is New's
					_, err := dest.Write(ctx, numbered(1))
					assert.NoError(t, err)
				}
			},
		}})
		db.SetFault(dynamodesttest.Poison(func(it map[string]types.AttributeValue) bool { return it["bad"] != nil }))
		rows := numbered(3)
		for _, row := range rows {
			row["bad"] = true
		}
		_, err := dest.Write(t.Context(), rows)
		require.ErrorIs(t, err, dynamodest.ErrRefused)
		assert.Equal(t, 2, described)
		assert.Equal(t, 1, db.Len(table))
		assert.Equal(t, 1, db.MostInFlight())
	})
}

// The error of a response has DynamoDB's code; it has none if the request was not sent, whatever code its cause has.
func TestCodeOfResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		var codes []string
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Observer: dynamodest.Observer{
			RequestDone: func(_ context.Context, r dynamodest.Response) {
				if coded, ok := r.Err.(interface{ ErrorCode() string }); ok {
					codes = append(codes, coded.ErrorCode())
				}
			},
		}})
		db.FailWrites(dynamodesttest.Error(400, "ThrottlingException", ""), dynamodesttest.Reset())
		_, err := dest.Write(t.Context(), numbered(1))
		require.NoError(t, err)
		db.SetLatency(time.Minute, time.Minute, 1)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(&smithy.GenericAPIError{Code: "ExpiredToken"}) })
		_, err = dest.Write(ctx, numbered(1))
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, []string{"ThrottlingException", "", ""}, codes)
	})
}

// A deadline that RequestStart gives a request ends that request, not the call.
func TestRequestStartDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Observer: dynamodest.Observer{
			RequestStart: func(ctx context.Context, _ dynamodest.Request) context.Context {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				t.Cleanup(cancel)
				return ctx
			},
		}})
		db.FailWrites(dynamodesttest.Stall(nil))
		res, err := dest.Write(t.Context(), numbered(100))
		require.NoError(t, err)
		assert.Equal(t, 2, res.Rows[0].Attempts)

		db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault { return dynamodesttest.Stall(nil) })
		res, err = dest.Write(t.Context(), numbered(1))
		require.ErrorIs(t, err, dynamodest.ErrUnavailable)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorContains(t, err, "RequestStart")
		assert.Equal(t, 10, res.Rows[0].Attempts)
	})
}

// A pace hook that takes as long as the wait does not keep the call from seeing
// that it has to stop, nor from reporting.
func TestSlowPaceHookSeesStop(t *testing.T) {
	t.Parallel()
	for name, reportFails := range map[string]bool{"denied": false, "report": true} {
		testInBubble(t, name, func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			dest := newDest(t, dynamodest.Config{Table: table, Client: db, WriteUnitsPerSecond: 250, Observer: dynamodest.Observer{
				Wait: func(context.Context, dynamodest.Wait) { time.Sleep(100 * time.Millisecond) },
			}})
			began := time.Now()
			var late atomic.Int32
			db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault {
				if time.Since(began) <= 3*time.Second {
					return dynamodesttest.Fault{}
				}
				late.Add(1)
				if reportFails {
					return dynamodesttest.Fault{}
				}
				return dynamodesttest.Error(400, "AccessDeniedException", "")
			})
			_, err := dest.WriteSeq(t.Context(), seq(numbered(16_000)), func(dynamodest.Row, dynamodest.RowResult) error {
				if reportFails && time.Since(began) > 3*time.Second {
					return errReport
				}
				return nil
			})
			require.Error(t, err)
			assert.Less(t, late.Load(), int32(4))
		})
	}
}

// Hooks that take longer than the requests do not pile up.
func TestSlowDoneHooksAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		var now, most atomic.Int32
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Concurrency: 4, Observer: dynamodest.Observer{
			RequestDone: func(context.Context, dynamodest.Response) {
				if n := now.Add(1); n > most.Load() {
					most.Store(n)
				}
				time.Sleep(time.Minute)
				now.Add(-1)
			},
		}})
		_, err := dest.Write(t.Context(), numbered(5000))
		require.NoError(t, err)
		assert.LessOrEqual(t, most.Load(), int32(8))
		assert.Equal(t, 5000, db.Len(table))
	})
}
