package dynamodest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// statsOf returns the Stats of dest, whose figures must fit one another.
func statsOf(t assert.TestingT, dest *dynamodest.Destination) dynamodest.Stats {
	s := dest.Stats()
	sum := s.Summary
	assert.Equal(t, sum.Rows, sum.Written+sum.Deleted+sum.Skipped+sum.Superseded+sum.NotWritten+sum.Unknown)
	assert.LessOrEqual(t, sum.Rows, s.Taken)
	if s.Calls == 0 {
		assert.Equal(t, s.Taken, sum.Rows)
		assert.Empty(t, s.WaitFor)
	}
	return s
}

// While DynamoDB throttles, Stats shows the requests in flight, the retry that is waited for, and the learned rate.
func TestStatsWhileThrottled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(time.Second, time.Second, 1)
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Retry: dynamodest.Retry{MaxAttempts: 3}})
		assert.Equal(t, dynamodest.Stats{Pace: 4000 / 8}, statsOf(t, dest), "an eighth of what the description reports")

		db.FailWrites(dynamodesttest.Throttled("ProvisionedThroughputExceededException", dynamodesttest.ARN(table)))
		release := make(chan struct{})
		backoff := make(chan struct{})
		observed := newDest(t, dynamodest.Config{Table: table, Client: db, Retry: dynamodest.Retry{MaxAttempts: 3}, Observer: dynamodest.Observer{
			Wait: func(_ context.Context, w dynamodest.Wait) {
				if w.For == dynamodest.WaitRetry {
					close(backoff)
					<-release
				}
			},
		}})
		var calls sync.WaitGroup
		calls.Go(func() {
			_, err := observed.Write(t.Context(), numbered(50))
			assert.NoError(t, err)
		})
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		s := statsOf(t, observed)
		assert.Greater(t, s.Pace, 500.0, "it rises")
		assert.Equal(t, dynamodest.Stats{Calls: 1, Taken: 50, InFlight: 2, Pace: s.Pace}, s)
		<-backoff
		synctest.Wait()
		s = statsOf(t, observed)
		assert.Equal(t, dynamodest.WaitRetry, s.WaitFor)
		assert.Equal(t, 50, s.Taken)
		assert.LessOrEqual(t, s.Summary.Rows, 25, "of the request that was not throttled")
		close(release)
		calls.Wait()
		s = statsOf(t, observed)
		assert.Equal(t, 50, s.Summary.Written)
		assert.Positive(t, s.Pace)
		assert.Zero(t, s.InFlight)
	})
}

// waitCase is a call that waits for something.
type waitCase struct {
	cfg   dynamodest.Config
	write func(context.Context, *dynamodest.Destination) error
	begin func(*dynamodesttest.DB)
	words []string // that Stats gives, the one that the case is about first; WaitPace is always possible
}

func writeNumbered(n int) func(context.Context, *dynamodest.Destination) error {
	return func(ctx context.Context, dest *dynamodest.Destination) error {
		_, err := dest.Write(ctx, numbered(n))
		return err
	}
}

// slowly is a source that takes its time before each row and after the last.
func slowly(rows []dynamodest.Row) func(yield func(dynamodest.Row, error) bool) {
	return func(yield func(dynamodest.Row, error) bool) {
		for _, row := range rows {
			time.Sleep(10 * time.Second)
			if !yield(row, nil) {
				return
			}
		}
		time.Sleep(10 * time.Second)
	}
}

func waitCases() map[string]waitCase {
	seldom := func(ctx context.Context, dest *dynamodest.Destination) error {
		_, err := dest.WriteSeq(ctx, slowly(numbered(5)), nil)
		return err
	}
	slowReports := func(ctx context.Context, dest *dynamodest.Destination) error {
		_, err := dest.WriteSeq(ctx, seq(numbered(100)), func(dynamodest.Row, dynamodest.RowResult) error {
			time.Sleep(time.Second)
			return nil
		})
		return err
	}
	rows := numbered(3000)
	for _, row := range rows {
		row["text"] = fmt.Sprintf("%01000d", 0)
	}
	stuck := func(ctx context.Context, dest *dynamodest.Destination) error {
		_, err := dest.WriteSeq(ctx, seq(rows), func(dynamodest.Row, dynamodest.RowResult) error { return nil })
		return err
	}
	return map[string]waitCase{
		"retry": {
			write: writeNumbered(25), words: []string{dynamodest.WaitRetry, ""},
			begin: func(db *dynamodesttest.DB) {
				throttled := dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table))
				db.FailWrites(throttled, throttled, throttled, throttled, throttled, throttled)
			},
		},
		"pace":           {write: writeNumbered(500), words: []string{dynamodest.WaitPace, ""}, cfg: dynamodest.Config{WriteUnitsPerSecond: 50}},
		"limit":          {write: writeNumbered(1000), words: []string{dynamodest.WaitLimit, ""}, cfg: dynamodest.Config{Limiter: newTokenBucket(100, 400)}},
		"source":         {write: seldom, words: []string{dynamodest.WaitSource, ""}, cfg: dynamodest.Config{MaxWait: time.Second}},
		"report":         {write: slowReports, words: []string{""}},
		"window":         {write: stuck, words: []string{dynamodest.WaitWindow, dynamodest.WaitRetry, ""}, cfg: dynamodest.Config{WindowBytes: 1 << 20, Retry: dynamodest.Retry{MaxAttempts: 200}}, begin: refuseFirst},
		"window, report": {write: stuck, words: []string{"", dynamodest.WaitRetry}, cfg: dynamodest.Config{WindowBytes: 1 << 20, ReportAsSettled: true, Retry: dynamodest.Retry{MaxAttempts: 200}}, begin: refuseFirst},
	}
}

// refuseFirst has db throttle the first of numbered rows for a minute.
func refuseFirst(db *dynamodesttest.DB) {
	began := time.Now()
	db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		first := slices.IndexFunc(c.Keys, func(key string) bool { return key == dynamodesttest.Key("r-00000") })
		if first < 0 || time.Since(began) > time.Minute {
			return dynamodesttest.Fault{}
		}
		return dynamodesttest.Unprocessed(func(i, _ int) bool { return i == first })
	})
}

// Stats says what a call waits for, in and outside of the hook that hears of the wait, and nothing that it does not wait
// for.
func TestStatsWaitFor(t *testing.T) {
	t.Parallel()
	for name := range waitCases() {
		for _, hooked := range []bool{false, true} {
			testInBubble(t, fmt.Sprintf("%s, with a hook %t", name, hooked), func(t *testing.T) {
				db := dynamodesttest.NewTable(table, "id:S")
				db.SetLatency(time.Second, time.Second, 1)
				var dest *dynamodest.Destination
				tt := waitCases()[name] // with what belongs to this bubble
				cfg := tt.cfg
				cfg.Table, cfg.Client = table, db
				if hooked {
					cfg.Observer.Wait = func(_ context.Context, w dynamodest.Wait) {
						s := statsOf(t, dest)
						if w.For != dynamodest.WaitRetry || !slices.Contains(tt.words, dynamodest.WaitWindow) {
							assert.Equal(t, w.For, s.WaitFor)
						}
					}
				}
				dest = newDest(t, cfg)
				if tt.begin != nil {
					tt.begin(db)
				}
				seen := waitsDuring(t, dest, func() { assert.NoError(t, tt.write(t.Context(), dest)) })
				assert.Contains(t, seen, tt.words[0])
				assert.Subset(t, append(tt.words, dynamodest.WaitPace), seen)
			})
		}
	}
}

// sampled looks at the Stats during call, from time to time.
func sampled(t *testing.T, dest *dynamodest.Destination, call func(), look func(dynamodest.Stats)) {
	t.Helper()
	ended := make(chan struct{})
	var sampler sync.WaitGroup
	sampler.Go(func() {
		for {
			select {
			case <-ended:
				return
			case <-time.After(37 * time.Millisecond):
				look(statsOf(t, dest))
			}
		}
	})
	call()
	close(ended)
	sampler.Wait()
}

// waitsDuring returns what Stats said was waited for during call.
func waitsDuring(t *testing.T, dest *dynamodest.Destination, call func()) (words []string) {
	t.Helper()
	sampled(t, dest, call, func(s dynamodest.Stats) {
		if s.Calls > 0 && !slices.Contains(words, s.WaitFor) {
			words = append(words, s.WaitFor)
		}
	})
	return words
}

// Of several calls, one that waits for its source says nothing of the others, and the pace, which holds back all,
// comes before a retry of one.
func TestStatsWaitForOfSeveralCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(time.Second, time.Second, 1)
		dest := newDest(t, dynamodest.Config{Table: table, Client: db})
		rows := make([]chan dynamodest.Row, 2)
		var calls sync.WaitGroup
		for i := range rows {
			rows[i] = make(chan dynamodest.Row)
			calls.Go(func() {
				_, err := dest.WriteChan(t.Context(), rows[i], nil)
				assert.NoError(t, err)
			})
		}
		synctest.Wait()
		assert.Equal(t, dynamodest.WaitSource, statsOf(t, dest).WaitFor)
		rows[0] <- numbered(1)[0]
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		assert.Empty(t, statsOf(t, dest).WaitFor, "a row is on its way")
		time.Sleep(time.Minute)
		assert.Equal(t, dynamodest.WaitSource, statsOf(t, dest).WaitFor)
		for _, c := range rows {
			close(c)
		}
		calls.Wait()

		dest = newDest(t, dynamodest.Config{Table: table, Client: db, WriteUnitsPerSecond: 50})
		paced := make(chan dynamodest.Row)
		calls.Go(func() {
			_, err := dest.WriteChan(t.Context(), paced, nil)
			assert.NoError(t, err)
		})
		words := waitsDuring(t, dest, func() { assert.NoError(t, writeNumbered(200)(t.Context(), dest)) })
		assert.Contains(t, words, dynamodest.WaitPace)
		close(paced)
		calls.Wait()
		assert.InDelta(t, 50, statsOf(t, dest).Pace, 0, "the cap")
	})
}

// A row counts as soon as its outcome is known, although the source takes its time and nothing can be reported, and at
// the latest when it is reported.
func TestStatsAreFresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(time.Second, time.Second, 1)
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Mapping: dynamodest.Mapping{Fields: []dynamodest.Field{{Column: "id"}, {Column: "ghost"}}}})
		rows := numbered(100)
		for i := range rows {
			if i%10 == 9 {
				rows[i] = dynamodest.Row{"id": 7.5i} // cannot be converted
			}
		}
		reported := 0
		result, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			time.Sleep(5 * time.Second)
			synctest.Wait()
			s := statsOf(t, dest)
			assert.Equal(t, 100, s.Taken)
			assert.Equal(t, 90, s.Summary.Written)
			assert.Equal(t, 10, s.Summary.NotWritten)
			assert.Equal(t, 4, s.Summary.Requests)
			assert.InDelta(t, 90, s.Summary.WriteUnits, 0)
			assert.Empty(t, s.Summary.MissingColumns, "of a call in progress")
			assert.Zero(t, reported, "nothing but the source has run")
		}, func(dynamodest.Row, dynamodest.RowResult) error {
			reported++
			assert.GreaterOrEqual(t, statsOf(t, dest).Summary.Rows, reported)
			return nil
		})
		require.ErrorIs(t, err, dynamodest.ErrMapping)
		assert.Equal(t, []string{"ghost"}, result.MissingColumns)
		assert.Equal(t, dynamodest.Stats{Taken: 100, Summary: result, Pace: dest.Stats().Pace}, statsOf(t, dest))
	})
}

// Rows that a stopped Write never took, and rows that came after a stop, count too, once.
func TestStatsOfStoppedCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(time.Second, time.Second, 1)
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Concurrency: 1})
		var want dynamodest.Summary
		for _, after := range []time.Duration{0, time.Millisecond, 1500 * time.Millisecond, 2500 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			result, err := dest.Write(ctx, numbered(5000))
			cancel()
			require.ErrorIs(t, err, dynamodest.ErrStopped)
			assert.Equal(t, 5000, result.Summary.Rows)
			want.Add(result.Summary)
			assert.Equal(t, want, statsOf(t, dest).Summary)

			ctx, cancel = context.WithTimeout(t.Context(), after)
			stream, err := dest.WriteSeq(ctx, seq(numbered(5000)), nil)
			cancel()
			require.Error(t, err)
			want.Add(stream)
			assert.Equal(t, want, statsOf(t, dest).Summary)
		}
	})
}

// looking is an Observer all of whose funcs look at the Stats.
func looking(look func()) dynamodest.Observer {
	return dynamodest.Observer{
		CallStart:    func(context.Context, dynamodest.Call) context.Context { look(); return nil },
		CallDone:     func(context.Context, dynamodest.CallResult) { look() },
		RequestStart: func(context.Context, dynamodest.Request) context.Context { look(); return nil },
		RequestDone:  func(context.Context, dynamodest.Response) { look() },
		Wait:         func(context.Context, dynamodest.Wait) { look() },
	}
}

// Calls of many goroutines are counted exactly, whatever becomes of them, while other goroutines and every hook look
// on.
func TestStatsOfManyCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(time.Millisecond, time.Millisecond, 1)
		db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			if c.N%5 == 0 {
				return dynamodesttest.Unprocessed(dynamodesttest.First(3))
			}
			return dynamodesttest.Fault{}
		})
		var dest *dynamodest.Destination
		dest = newDest(t, dynamodest.Config{
			Table: table, Client: db, Concurrency: 8, Retry: dynamodest.Retry{MaxAttempts: 50, MinDelay: 1, MaxDelay: time.Millisecond},
			Observer: looking(func() {
				if dest != nil { // not in New
					statsOf(t, dest)
				}
			}),
		})
		var calls sync.WaitGroup
		var mu sync.Mutex
		var want dynamodest.Summary
		for g := range 64 {
			calls.Go(func() {
				for _, s := range writeInManyWays(t, dest, g) {
					mu.Lock()
					want.Add(s)
					mu.Unlock()
				}
			})
		}
		last := 0
		sampled(t, dest, func() {
			calls.Wait()
		}, func(s dynamodest.Stats) {
			assert.GreaterOrEqual(t, s.Summary.Rows, last)
			assert.LessOrEqual(t, s.InFlight, 8)
			assert.LessOrEqual(t, s.Calls, 64)
			last = s.Summary.Rows
		})
		s := statsOf(t, dest)
		assert.Equal(t, want, s.Summary)
		assert.Zero(t, s.Calls)
		assert.Zero(t, s.InFlight)
		assert.Equal(t, 64*3*60, s.Taken)
	})
}

// writeInManyWays makes three calls of 60 rows, one of which cannot be converted, and in one of which the
// context ends or report fails.
func writeInManyWays(t *testing.T, dest *dynamodest.Destination, g int) []dynamodest.Summary {
	t.Helper()
	rows := numbered(60)
	for i := range rows {
		rows[i]["id"] = fmt.Sprintf("%d-%d", g, i)
	}
	rows[30]["id"] = 7.5i
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result, err := dest.Write(ctx, rows)
	assert.ErrorIs(t, err, dynamodest.ErrMapping)

	stream, err := dest.WriteSeq(ctx, seq(rows), func(_ dynamodest.Row, r dynamodest.RowResult) error {
		if g%3 == 1 && r.Index == 59 {
			return errReport
		}
		return nil
	})
	assert.Error(t, err)

	if g%3 == 2 {
		cancel()
	}
	through := make(chan dynamodest.Row)
	go func() {
		defer close(through)
		for _, row := range rows {
			select {
			case through <- row:
			case <-ctx.Done():
				return
			}
		}
	}()
	cut, err := dest.WriteChan(ctx, through, nil)
	assert.Error(t, err)
	rest, err := dest.Write(ctx, rows[cut.Rows:])
	if cut.Rows < 60 {
		assert.ErrorIs(t, err, context.Canceled)
	}
	return []dynamodest.Summary{result.Summary, stream, cut, rest.Summary}
}

// A call that a panic ends counts the rows that it had taken, with what became of them.
func TestStatsAfterAPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(time.Second, time.Second, 1)
		var results []dynamodest.CallResult
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Observer: dynamodest.Observer{
			CallDone: func(_ context.Context, r dynamodest.CallResult) { results = append(results, r) },
		}})
		reported := 0
		for name, call := range map[string]func(){
			"source": func() {
				_, _ = dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
					for _, row := range numbered(60) {
						yield(row, nil)
					}
					time.Sleep(1500 * time.Millisecond)
					panic("source")
				}, nil)
			},
			"report": func() {
				_, _ = dest.WriteSeq(t.Context(), seq(numbered(60)), func(dynamodest.Row, dynamodest.RowResult) error {
					if reported++; reported == 30 {
						panic("report")
					}
					return nil
				})
			},
		} {
			results = nil
			before := statsOf(t, dest)
			assert.PanicsWithValue(t, name, call)
			after := statsOf(t, dest)
			assert.Equal(t, before.Taken+60, after.Taken)
			assert.Zero(t, after.Calls)
			require.Len(t, results, 1)
			got := results[0]
			require.ErrorContains(t, got.Err, "did not return")
			assert.Equal(t, 60, got.Summary.Rows)
			want := before.Summary
			want.Add(got.Summary)
			assert.Equal(t, want, after.Summary)
			assert.GreaterOrEqual(t, got.Summary.Written, 30)
		}
	})
}

func TestStatsAsJSON(t *testing.T) {
	t.Parallel()
	dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S"), WriteUnitsPerSecond: 50})
	text, err := json.Marshal(dest.Stats())
	require.NoError(t, err)
	var members map[string]any
	require.NoError(t, json.Unmarshal(text, &members))
	delete(members, "summary") // it has a form of its own
	assert.Equal(t, map[string]any{"calls": 0.0, "taken": 0.0, "in_flight": 0.0, "pace": 50.0, "wait_for": ""}, members)
}
