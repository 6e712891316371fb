package dynamodest_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// eventLog is an Observer that keeps all events.
type eventLog struct {
	mu        sync.Mutex
	calls     []dynamodest.Call
	results   []dynamodest.CallResult
	requests  []dynamodest.Request
	responses []dynamodest.Response
	waits     []dynamodest.Wait
}

func (l *eventLog) observer() dynamodest.Observer {
	return dynamodest.Observer{
		CallStart: func(_ context.Context, c dynamodest.Call) context.Context {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.calls = append(l.calls, c)
			return nil
		},
		CallDone: func(_ context.Context, r dynamodest.CallResult) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.results = append(l.results, r)
		},
		RequestStart: func(_ context.Context, r dynamodest.Request) context.Context {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.requests = append(l.requests, r)
			return nil
		},
		RequestDone: func(_ context.Context, r dynamodest.Response) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.responses = append(l.responses, r)
		},
		Wait: func(_ context.Context, w dynamodest.Wait) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.waits = append(l.waits, w)
		},
	}
}

// last returns the events of the last call, which must be a pair.
func (l *eventLog) last(t *testing.T) (dynamodest.Call, dynamodest.CallResult) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.NotEmpty(t, l.calls)
	require.Len(t, l.results, len(l.calls))
	start, done := l.calls[len(l.calls)-1], l.results[len(l.results)-1]
	require.Equal(t, start, done.Call)
	require.Equal(t, int64(len(l.calls)), start.ID)
	return start, done
}

// values is the sequence of the ids of rows.
func values(rows []dynamodest.Row) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, row := range rows {
			if !yield([]any{row["id"]}, nil) {
				return
			}
		}
	}
}

// queued is a closed channel that holds rows.
func queued(rows []dynamodest.Row) chan dynamodest.Row {
	c := make(chan dynamodest.Row, len(rows))
	for _, row := range rows {
		c <- row
	}
	close(c)
	return c
}

// callsOf are the calls that take rows, by their Op.
func callsOf(dest *dynamodest.Destination) map[string]func(context.Context, []dynamodest.Row) (dynamodest.Summary, error) {
	return map[string]func(context.Context, []dynamodest.Row) (dynamodest.Summary, error){
		dynamodest.OpWrite: func(ctx context.Context, rows []dynamodest.Row) (dynamodest.Summary, error) {
			result, err := dest.Write(ctx, rows)
			return result.Summary, err
		},
		dynamodest.OpWriteSeq: func(ctx context.Context, rows []dynamodest.Row) (dynamodest.Summary, error) {
			return dest.WriteSeq(ctx, seq(rows), nil)
		},
		dynamodest.OpWriteChan: func(ctx context.Context, rows []dynamodest.Row) (dynamodest.Summary, error) {
			return dest.WriteChan(ctx, queued(rows), nil)
		},
		dynamodest.OpWriteColumns: func(ctx context.Context, rows []dynamodest.Row) (dynamodest.Summary, error) {
			return dest.WriteColumns(ctx, []string{"id"}, values(rows), nil)
		},
	}
}

// Each call has one CallStart and one CallDone, with what the call returns: with rows and without, with an error,
// and with a context that has ended before.
func TestCallEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(time.Second, time.Second, 1)
		log := &eventLog{}
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Observer: log.observer()})
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		bad := numbered(30)
		bad[7]["id"] = 7.5i
		for op, call := range callsOf(dest) {
			for name, tt := range map[string]struct {
				ctx  context.Context
				rows []dynamodest.Row
			}{
				"rows": {t.Context(), numbered(60)}, "no rows": {t.Context(), nil}, "a bad row": {t.Context(), bad},
				"ended": {ended, numbered(60)}, "ended, no rows": {ended, nil},
			} {
				began := time.Now()
				sum, err := call(tt.ctx, tt.rows)
				start, done := log.last(t)
				assert.Equal(t, op, start.Op)
				assert.Equal(t, table, start.Table)
				want := 0
				if op == dynamodest.OpWrite {
					want = len(tt.rows)
				}
				assert.Equal(t, want, start.Rows)
				assert.Equal(t, dynamodest.CallResult{Call: start, Elapsed: time.Since(began), Summary: sum, Err: err}, done, "%s of %s", op, name)
			}
		}
		_, err := dest.WriteChan(t.Context(), nil, nil)
		_, done := log.last(t)
		require.Error(t, err)
		assert.Equal(t, err, done.Err)
	})
}

// Every event of a call names the call, those of other requests none, and all name the table and the region.
func TestEventsNameTheirCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const arn = "arn:aws:dynamodb:us-east-1:123456789012:table/" + table
		db := dynamodesttest.NewTable(table, "id:S")
		log := &eventLog{}
		dest := newDest(t, dynamodest.Config{Table: dynamodesttest.ARN(table), Region: "us-east-1", Client: db, Observer: log.observer(), WriteUnitsPerSecond: 20})
		require.NoError(t, dest.Check(t.Context()))
		require.NoError(t, dest.CheckWrites(t.Context()))
		outside := len(log.requests)
		require.Equal(t, 4, outside, "of New, Check and CheckWrites")
		var calls sync.WaitGroup
		db.SetFault(dynamodesttest.Poison(func(it map[string]types.AttributeValue) bool { return it["row"] != nil }))
		for _, call := range callsOf(dest) {
			calls.Go(func() { _, _ = call(t.Context(), numbered(3)) })
		}
		calls.Wait()
		db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault {
			return dynamodesttest.Unprocessed(dynamodesttest.First(1))
		})
		_, _ = dest.Write(t.Context(), numbered(30))

		ids, described := map[int64]int{}, 0
		for i, r := range log.requests {
			assert.Equal(t, arn, r.Table)
			assert.Equal(t, "us-east-1", r.Region)
			assert.Equal(t, i < outside, r.Call == 0, "request %d, %+v", i, r)
			ids[r.Call]++
			if r.Call > 0 && r.Op == dynamodest.OpDescribeTable {
				described++
			}
		}
		assert.Len(t, ids, 6, "five calls, and none")
		assert.Positive(t, described, "after a batch all of whose rows were refused")
		assert.Len(t, log.responses, len(log.requests))
		for _, r := range log.responses {
			ids[r.Request.Call]--
		}
		for id, open := range ids {
			assert.Zero(t, open, "requests of call %d without a response", id)
		}
		words := map[string]bool{}
		for _, w := range log.waits {
			words[w.For] = true
			assert.Equal(t, arn, w.Table)
			assert.Equal(t, "us-east-1", w.Region)
			assert.Contains(t, ids, w.Call)
		}
		assert.Equal(t, map[string]bool{dynamodest.WaitPace: true, dynamodest.WaitRetry: true}, words)
	})
}

// callKey is a key of contexts.
type callKey struct{}

// The context of CallStart is that of the whole call: its end ends the call, and its values reach all other hooks,
// and a client.
func TestCallStartContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(time.Second, time.Second, 1)
		began, events := 0, map[string]int{}
		var mu sync.Mutex
		met := func(ctx context.Context, event string, call int64) {
			if call == 0 {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			events[event]++
			assert.Equal(t, call, ctx.Value(callKey{}), event)
		}
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, WriteUnitsPerSecond: 20, Limiter: newTokenBucket(1000, 400), Observer: dynamodest.Observer{
			CallStart: func(ctx context.Context, c dynamodest.Call) context.Context {
				began++
				ctx, cancel := context.WithTimeoutCause(context.WithValue(ctx, callKey{}, c.ID), 10*time.Second, errors.New("the call's own deadline"))
				t.Cleanup(cancel)
				return ctx
			},
			CallDone: func(ctx context.Context, r dynamodest.CallResult) { met(ctx, "CallDone", r.Call.ID) },
			RequestStart: func(ctx context.Context, r dynamodest.Request) context.Context {
				met(ctx, "RequestStart", r.Call)
				return nil
			},
			RequestDone: func(ctx context.Context, r dynamodest.Response) { met(ctx, "RequestDone", r.Request.Call) },
			Wait:        func(ctx context.Context, w dynamodest.Wait) { met(ctx, w.For, w.Call) },
		}})
		for op, call := range callsOf(dest) {
			start := time.Now()
			_, err := call(t.Context(), numbered(1000))
			require.ErrorIs(t, err, context.DeadlineExceeded, op)
			assert.ErrorContains(t, err, "stopped by")
			assert.Equal(t, 10*time.Second, time.Since(start), op)
		}
		assert.Equal(t, 4, began)
		for _, event := range []string{"CallDone", "RequestStart", "RequestDone", "limit", "pace"} {
			assert.Positive(t, events[event], event)
		}
	})
}

// CallDone comes also if the goroutine of the caller ends, and a call made by a hook has events of its own.
func TestCallDoneComesInAnyCase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		log := &eventLog{}
		var dest *dynamodest.Destination
		inner := dynamodest.Observer{
			CallStart: func(ctx context.Context, c dynamodest.Call) context.Context {
				if c.Rows == 2 {
					_, err := dest.Write(ctx, numbered(1))
					assert.NoError(t, err)
				}
				return nil
			},
			CallDone: func(ctx context.Context, r dynamodest.CallResult) {
				if r.Call.Rows == 2 {
					_, err := dest.Write(ctx, numbered(1))
					assert.NoError(t, err)
				}
			},
		}
		dest = newDest(t, dynamodest.Config{Table: table, Client: db, Observer: dynamodest.Observers(log.observer(), inner)})
		var caller sync.WaitGroup
		caller.Go(func() {
			_, _ = dest.WriteSeq(t.Context(), seq(numbered(30)), func(dynamodest.Row, dynamodest.RowResult) error {
				runtime.Goexit()
				return nil
			})
		})
		caller.Wait()
		_, done := log.last(t)
		require.ErrorContains(t, done.Err, "runtime.Goexit")
		assert.Equal(t, 30, done.Summary.Rows)
		assert.Equal(t, done.Summary, dest.Stats().Summary)

		_, err := dest.Write(t.Context(), numbered(2))
		require.NoError(t, err)
		ids := make([]int64, 0, len(log.results))
		for _, r := range log.results {
			ids = append(ids, r.Call.ID)
		}
		assert.Equal(t, []int64{1, 3, 2, 4}, ids)
	})
}

// A panic of CallStart is the caller's, and leaves no call behind.
func TestPanicOfCallStart(t *testing.T) {
	t.Parallel()
	done := 0
	dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S"), Observer: dynamodest.Observer{
		CallStart: func(context.Context, dynamodest.Call) context.Context { panic("boom") },
		CallDone:  func(context.Context, dynamodest.CallResult) { done++ },
	}})
	assert.PanicsWithValue(t, "boom", func() { _, _ = dest.Write(t.Context(), numbered(1)) })
	assert.Zero(t, done)
	assert.Zero(t, dest.Stats().Calls)
}

// Each response has the ID that the table gave it, on whichever way the requests go: see make ways.
func TestResponsesHaveTheRequestID(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]func(*testing.T, *dynamodesttest.DB) dynamodest.Config{
		"in process": func(_ *testing.T, db *dynamodesttest.DB) dynamodest.Config {
			return dynamodest.Config{Table: table, Client: db}
		},
		"over HTTP": func(t *testing.T, db *dynamodesttest.DB) dynamodest.Config {
			t.Helper()
			return overPipes(t, dynamodest.Config{Table: table}, db, db)
		},
	} {
		testInBubble(t, name, func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			log := &eventLog{}
			cfg := client(t, db)
			cfg.Observer = log.observer()
			dest := newDest(t, cfg)
			require.NoError(t, dest.Check(t.Context()))
			require.NoError(t, dest.CheckWrites(t.Context()))
			db.FailWrites(dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)), dynamodesttest.Unprocessed(dynamodesttest.First(1)), dynamodesttest.Answer(502, "text/html", "<html>"))
			_, err := dest.Write(t.Context(), numbered(30))
			require.NoError(t, err)
			want, got := []string{}, []string{}
			for _, c := range db.Calls() {
				want = append(want, c.Op+" "+c.RequestID)
			}
			for _, r := range log.responses {
				got = append(got, r.Request.Op+" "+r.RequestID)
			}
			slices.Sort(want)
			slices.Sort(got)
			assert.Equal(t, want, got)
			assert.Len(t, slices.Compact(got), len(want), "each has its own")
		})
	}
}

// A client that is written by hand gives no ID, and a request that gets no response has none.
func TestResponsesWithoutARequestID(t *testing.T) {
	t.Parallel()
	log := &eventLog{}
	dest := newDest(t, dynamodest.Config{Table: table, Client: fake{describe: described}, Observer: log.observer()})
	_, err := dest.Write(t.Context(), numbered(3))
	require.NoError(t, err)

	db := dynamodesttest.NewTable(table, "id:S")
	dest = newDest(t, dynamodest.Config{Table: table, Client: db, Observer: log.observer(), Retry: dynamodest.Retry{MaxAttempts: 1}})
	log.responses = slices.DeleteFunc(log.responses, func(r dynamodest.Response) bool { return r.RequestID != "" }) // of New
	db.FailWrites(dynamodesttest.Reset())
	_, err = dest.Write(t.Context(), numbered(1))
	require.ErrorIs(t, err, dynamodest.ErrUnavailable)
	require.Len(t, log.responses, 3)
	for _, r := range log.responses {
		assert.Empty(t, r.RequestID)
	}
}
