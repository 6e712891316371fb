package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// blocking is a Limiter that blocks the first call until its context ends.
type blocking struct{ asked atomic.Int32 }

func (b *blocking) WaitN(ctx context.Context, _ int) error {
	if b.asked.Add(1) == 1 {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// A call leaves the line for a Limiter as soon as its context ends, whether it is the one that asks or
// waits behind it, and the others go on.
func TestLimiterLineEndsWithTheContext(t *testing.T) {
	t.Parallel()
	for name, endsFirst := range map[string]bool{"the call that asks": true, "the call that waits": false} {
		testInBubble(t, name, func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			limiter := new(blocking)
			dest := newDest(t, dynamodest.Config{Table: table, Client: db, Limiter: limiter})
			began := time.Now()
			write := func(took, timeout time.Duration, written bool) {
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				res, err := dest.Write(ctx, numbered(10))
				assert.Equal(t, took, time.Since(began))
				assert.Equal(t, written, err == nil)
				if !written {
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.NotWritten: 10}, outcomes(res.Rows))
				}
			}
			var calls sync.WaitGroup
			if endsFirst {
				calls.Go(func() { write(time.Second, time.Second, false) })
				synctest.Wait()
				calls.Go(func() { write(time.Second, time.Hour, true) })
				calls.Wait()
				assert.Equal(t, int32(2), limiter.asked.Load())
				return
			}
			calls.Go(func() { write(time.Hour, time.Hour, false) })
			synctest.Wait()
			calls.Go(func() { write(time.Second, time.Second, false) })
			calls.Wait()
			assert.Equal(t, int32(1), limiter.asked.Load(), "the call that left has asked for nothing")
		})
	}
}

// Rows that wait for a Limiter are not bound to a request yet: a later row of a key still replaces an
// earlier one.
func TestRowsThatWaitForALimiterAreSuperseded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		first := true
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Limiter: waitFunc(func(context.Context, int) error {
			if first {
				time.Sleep(time.Minute)
			}
			first = false
			return nil
		})})
		sum, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
			for range 2 {
				for _, row := range numbered(400) {
					if !yield(row, nil) {
						return
					}
				}
				time.Sleep(time.Second)
			}
		}, nil)
		require.NoError(t, err)
		assert.Equal(t, 400-25, sum.Superseded, "all but those of the first request")
	})
}

// A Limiter or a hook that ends its goroutine, as a test's FailNow does, leaves the turn to the next.
func TestLimiterTurnEndsWithTheGoroutine(t *testing.T) {
	t.Parallel()
	for name, inHook := range map[string]bool{"Limiter": false, "RequestStart": true} {
		db := dynamodesttest.NewTable(table, "id:S")
		var ends atomic.Bool
		end := func(here bool) {
			if here && ends.Load() {
				runtime.Goexit()
			}
		}
		dest := newDest(t, dynamodest.Config{
			Table: table, Client: db,
			Limiter: waitFunc(func(context.Context, int) error { end(!inHook); return nil }),
			Observer: dynamodest.Observer{RequestStart: func(ctx context.Context, _ dynamodest.Request) context.Context {
				end(inHook)
				return ctx
			}},
		})
		ends.Store(true)
		_, err := dest.Write(t.Context(), numbered(100))
		require.ErrorContains(t, err, "goroutine", name)
		ends.Store(false)
		_, err = dest.Write(t.Context(), numbered(100))
		require.NoError(t, err, name)
	}
}

// waitFunc is a func as a Limiter.
type waitFunc func(context.Context, int) error

func (f waitFunc) WaitN(ctx context.Context, n int) error { return f(ctx, n) }

// failingAfter is a Limiter that fails when so many units were asked for.
type failingAfter struct {
	units int
	err   error
}

func (f *failingAfter) WaitN(_ context.Context, n int) error {
	if f.units -= n; f.units < 0 { // no lock: one request asks at a time
		return f.err
	}
	return nil
}

func TestLimiterStopsTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		spent := errors.New("the day's budget is spent")
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Limiter: &failingAfter{50, spent}})
		res, err := dest.Write(t.Context(), numbered(200))
		var w *dynamodest.WriteError
		require.ErrorAs(t, err, &w)
		require.ErrorIs(t, w.Stop, spent)
		assert.NotContains(t, err.Error(), spent.Error(), "what a callback says is not quoted")
		assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 50, dynamodest.NotWritten: 150}, outcomes(res.Rows))
		for _, r := range res.Rows[50:] {
			require.Zero(t, r.Attempts)
			require.ErrorIs(t, r.Err, dynamodest.ErrStopped)
		}

		// A context that ends in the Limiter is not its fault.
		slow := newDest(t, dynamodest.Config{Table: table, Client: db, Limiter: newTokenBucket(10, 400)})
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err = slow.Write(ctx, numbered(1000))
		assert.Equal(t, 1500*time.Millisecond, time.Since(began))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// Each request's wait is reported once, with the rows of the request.
func TestLimiterWaitsAreReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		var waits []dynamodest.Wait
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Limiter: newTokenBucket(100, 400), Observer: dynamodest.Observer{
			Wait: func(_ context.Context, w dynamodest.Wait) {
				if w.For == "limit" { // no lock: a call has one at a time
					waits = append(waits, w)
				}
			},
		}})
		_, err := dest.Write(t.Context(), numbered(60))
		require.NoError(t, err)
		require.Len(t, waits, 3)
		for i, rows := range []int{25, 25, 10} {
			assert.Equal(t, dynamodest.Wait{For: "limit", Table: table, Region: waits[i].Region, Call: 1, Rows: rows}, waits[i])
		}
	})
}

// The time in which a Limiter allows less than the table takes teaches the pace nothing wrong: when the
// Limiter allows more, the table's capacity is used, and hardly exceeded.
func TestPaceAfterALimiter(t *testing.T) {
	t.Parallel()
	for _, described := range []bool{true, false} {
		testInBubble(t, fmt.Sprint("described ", described), func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			db.KeepHistory(0)
			db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
			limit := db.Limit(table, dynamodesttest.Capacity{UnitsPerSecond: 500, Full: true})
			var client dynamodest.Client = db
			if !described {
				client = untold{db}
			}
			limiter := newTokenBucket(75, 400)
			dest := newDest(t, dynamodest.Config{Table: table, Client: client, Limiter: limiter})
			time.AfterFunc(20*time.Second, func() { limiter.setRate(1e6) })
			began := time.Now()
			_, err := dest.Write(t.Context(), numbered(20*75+20*500))
			require.NoError(t, err)
			_, refused := limit.Usage()
			assert.InDelta(t, 40, time.Since(began).Seconds(), 4)
			assert.Less(t, refused, 0.05*20*500)
		})
	}
}
