package dynamodest_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/testsize"
)

// The tests of this file run in virtual time, in which nothing but waits takes
// any: durations are exact.

// sentAt is when each request that writes came to db, from the moment given.
func sentAt(db *dynamodesttest.DB, from time.Time) []time.Duration {
	var at []time.Duration
	for _, c := range db.Calls() {
		if c.Op != "DescribeTable" {
			at = append(at, c.At.Sub(from))
		}
	}
	return at
}

// A part-filled batch of a source that has stalled goes when its first row has
// waited for MaxWait.
func TestMaxWait(t *testing.T) {
	t.Parallel()
	for _, configured := range []time.Duration{0, 35 * time.Millisecond} {
		testInBubble(t, configured.String(), func(t *testing.T) {
			maxWait := configured
			if maxWait == 0 {
				maxWait = 200 * time.Millisecond // as documented
			}
			db := dynamodesttest.NewTable(table, "id:S")
			dest := newDest(t, dynamodest.Config{Table: table, Client: db, MaxWait: configured})
			rows := numbered(63)
			began := time.Now()
			source := func(yield func(dynamodest.Row, error) bool) {
				for i, row := range rows {
					switch i {
					case 3:
						time.Sleep(10 * time.Millisecond) // the batch's first row waits on
					case 7:
						time.Sleep(time.Second) // 7 rows wait: they go
					case 7 + 25 + 1:
						time.Sleep(time.Second) // 25 went at once, and one is left
					}
					if !yield(row, nil) {
						return
					}
				}
				time.Sleep(time.Second) // 25 went at once, and 5 are left
			}
			_, err := dest.WriteSeq(t.Context(), source, nil)
			require.NoError(t, err)
			const ms = time.Millisecond
			assert.Equal(t, []time.Duration{
				maxWait,
				1010 * ms, 1010*ms + maxWait,
				2010 * ms, 2010*ms + maxWait,
			}, sentAt(db, began))
			assert.Equal(t, 3010*ms, time.Since(began))
		})
	}
}

// MaxWait begins when a row comes, also if the call cannot look at it then, since its only slot is taken.
func TestMaxWaitBeginsWhenTheRowComes(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		var sent []time.Duration
		began := time.Now()
		answer := func() {
			if sent = append(sent, time.Since(began)); len(sent) == 1 {
				time.Sleep(800 * ms)
			}
		}
		dest := newDest(t, dynamodest.Config{Table: table, Concurrency: 1, MaxWait: 300 * ms, Client: fake{
			describe: described,
			batch: func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
				answer()
				return &dynamodb.BatchWriteItemOutput{}, nil
			},
			put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
				answer()
				return &dynamodb.PutItemOutput{}, nil
			},
		}})
		began = time.Now()
		_, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
			for i, row := range numbered(25) {
				if i == 1 { // the first goes at 300 ms, and has the slot until 1,100 ms
					time.Sleep(500 * ms)
				}
				assert.True(t, yield(row, nil))
			}
			time.Sleep(time.Hour)
		}, nil)
		require.NoError(t, err)
		assert.Equal(t, []time.Duration{300 * ms, 1100 * ms}, sent, "the others have waited long enough by then")
	})
}

// A source that ends lets nothing wait, nor does Write.
func TestNoLingerAtTheEndOfRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// This client describes no capacity, so no rate is kept at first.
		dest := newDest(t, dynamodest.Config{Table: table, Client: fake{describe: described}, MaxWait: time.Hour})
		began := time.Now()
		for _, n := range []int{1, 24, 25, 26, 1000} {
			_, err := dest.Write(t.Context(), numbered(n))
			require.NoError(t, err)
			_, err = dest.WriteSeq(t.Context(), seq(numbered(n)), nil)
			require.NoError(t, err)
		}
		assert.Zero(t, time.Since(began))
	})
}

// A request that follows a wait goes when the wait reported to the Observer is
// over, to the nanosecond.
func TestReportedWaitsAreExact(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault dynamodesttest.Fault
		rows  int
	}{
		"throttled": {dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)), 1},
		"no answer": {dynamodesttest.Error(500, "InternalServerError", ""), 10},
	} {
		testInBubble(t, name, func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			var retries []time.Duration
			var over time.Duration // of the wait reported last
			began := time.Now()
			dest := newDest(t, dynamodest.Config{
				Table: table, Client: db, Retry: dynamodest.Retry{MaxAttempts: 12, MinDelay: time.Second, MaxDelay: time.Minute},
				Observer: dynamodest.Observer{
					Wait: func(_ context.Context, w dynamodest.Wait) {
						over = time.Since(began) + w.Delay
						assert.Equal(t, tt.rows, w.Rows)
						if w.For == "retry" {
							retries = append(retries, w.Delay)
						} else {
							assert.Equal(t, "pace", w.For)
						}
					},
					RequestStart: func(ctx context.Context, _ dynamodest.Request) context.Context {
						assert.Equal(t, over, time.Since(began))
						return ctx
					},
				},
			})
			db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault { return tt.fault })
			res, err := dest.Write(t.Context(), numbered(tt.rows))
			require.Error(t, err)
			assert.Equal(t, 12, res.Rows[0].Attempts)
			assert.Len(t, sentAt(db, began), 12)
			require.GreaterOrEqual(t, len(retries), 11)
			for i, delay := range retries {
				require.LessOrEqual(t, delay, min(time.Minute, time.Second<<i))
			}
		})
	}
}

// Bounds of the waits double from MinDelay to MaxDelay: over many calls each
// wait comes near its bound, and none goes beyond.
func TestBackoffBoundsDouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		longest := make([]time.Duration, 6)
		for range testsize.Pick(150, 300) {
			db := dynamodesttest.NewTable(table, "id:S")
			db.FailWrites(slices.Repeat([]dynamodesttest.Fault{dynamodesttest.Error(500, "InternalServerError", "")}, 6)...)
			n := 0
			dest := newDest(t, dynamodest.Config{
				Table: table, Client: db, Retry: dynamodest.Retry{MinDelay: time.Second, MaxDelay: 8 * time.Second},
				Observer: dynamodest.Observer{Wait: func(_ context.Context, w dynamodest.Wait) {
					if w.For == "retry" {
						longest[n] = max(longest[n], w.Delay)
						n++
					}
				}},
			})
			_, err := dest.Write(t.Context(), numbered(2))
			require.NoError(t, err)
			require.Equal(t, 6, n)
		}
		for i, bound := range []float64{1, 2, 4, 8, 8, 8} {
			assert.LessOrEqual(t, longest[i].Seconds(), bound)
			assert.Greater(t, longest[i].Seconds(), 0.9*bound)
		}
	})
}

// WriteUnitsPerSecond caps the whole Destination: over any span of t seconds
// at most cap × (t + 3/20 s) units go, and a long run goes at the cap.
func TestWriteUnitsPerSecond(t *testing.T) {
	t.Parallel()
	for _, limit := range []float64{10, 100, 1000} {
		testInBubble(t, fmt.Sprint(limit), func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			var mu sync.Mutex
			type sending struct {
				at   time.Duration
				rows int
			}
			var sent []sending
			began := time.Now()
			dest := newDest(t, dynamodest.Config{
				Table: table, Client: db, WriteUnitsPerSecond: limit,
				Observer: dynamodest.Observer{RequestStart: func(ctx context.Context, r dynamodest.Request) context.Context {
					mu.Lock()
					defer mu.Unlock()
					if r.Rows > 0 {
						sent = append(sent, sending{time.Since(began), r.Rows})
					}
					return ctx
				}},
			})
			n := int(10 * limit)
			var calls sync.WaitGroup
			for part := range slices.Chunk(numbered(n), n/2) { // two calls at once
				calls.Go(func() {
					_, err := dest.Write(t.Context(), part)
					assert.NoError(t, err)
				})
			}
			calls.Wait()
			for i := range sent {
				units := 0.0
				for _, s := range sent[i:] {
					units += float64(s.rows)
					span := (s.at - sent[i].at).Seconds()
					require.LessOrEqual(t, units, limit*(span+0.15)+1e-6)
				}
			}
			assert.InDelta(t, 10, time.Since(began).Seconds(), 0.2)
		})
	}
}
