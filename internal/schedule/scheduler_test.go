package schedule

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOrderOfEqualKeys(t *testing.T) {
	t.Parallel()
	t.Run("rows never sent are superseded by the last", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a", "a", "b", "a")
		h.respond(h.next(3, 2), nil)
		h.want("superseded by 3", "superseded by 3", "written", "written")
	})
	t.Run("a later row waits for the response to the one in flight", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a")
		first := h.next(0)
		h.add("a")
		h.wait()
		h.respond(first, nil)
		h.respond(h.next(1), nil)
		h.want("written", "written")
	})
	t.Run("an unprocessed row is superseded when a later one came", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a")
		first := h.next(0)
		h.add("a")
		h.respond(first, nil, 0)
		h.later()
		h.respond(h.next(1), nil)
		h.want("superseded by 1", "written")
	})
	t.Run("an older row goes when the later one is rejected", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a", "a", "a")
		h.respond(h.next(2), rejected)
		require.Equal(t, Describe, h.ask().Kind, "the only row was rejected")
		h.Described(nil)
		h.respond(h.next(1), nil)
		h.want("superseded by 1", "written", "not written: refused")
	})
	t.Run("no older row goes where the later one may have been applied", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a", "a")
		h.respond(h.next(1), lost)
		h.later()
		h.respond(h.next(1), rejected)
		h.want("not written: refused", "unknown: refused")
	})
	t.Run("older rows share the fate of one given up", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a")
		h.respond(h.next(0), lost)
		h.add("a", "a")
		for range 3 {
			h.later()
			h.respond(h.next(2), throttled)
		}
		h.want("unknown: throttled", "not written: throttled", "not written: throttled")
	})
	t.Run("keys that are not known are equal to none", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("", "")
		h.respond(h.next(0, 1), nil)
		h.want("written", "written")
	})
}

func TestUnknownIsNotDowngraded(t *testing.T) {
	t.Parallel()
	t.Run("by a later request that was not applied", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a")
		h.respond(h.next(0), lost)
		h.later()
		h.respond(h.next(0), throttled)
		h.later()
		h.respond(h.next(0), nil, 0)
		h.want("unknown: unprocessed")
	})
	t.Run("but written when a later request is", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a")
		h.respond(h.next(0), lost)
		h.later()
		h.respond(h.next(0), nil)
		h.want("written")
		assert.NoError(t, h.rows[0].Err)
		assert.Equal(t, 2, h.rows[0].Attempts)
		assert.Equal(t, Stats{Requests: 2, Resent: 1}, h.Stats())
	})
}

func TestConditionalPutsGoOneAfterAnother(t *testing.T) {
	t.Parallel()
	mode := func(e OnExisting) func(*Config) {
		return func(c *Config) { c.OnExisting = e }
	}
	t.Run("skip", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, mode(Skip))
		h.add("a", "a", "a", "b")
		first := h.next(0)
		other := h.next(3)
		h.wait()
		h.respond(other, keyTaken)
		h.respond(first, nil)
		h.want("written", "skipped", "skipped", "skipped")
	})
	t.Run("fail", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, mode(Fail))
		h.add("a", "a", "a")
		first := h.next(0)
		h.add("a", "a")
		h.respond(first, keyTaken)
		h.respond(h.next(3), nil)
		exists := "not written: item_exists"
		h.want(exists, exists, exists, "written", exists)
		assert.Equal(t, []error{errCause, errKeyFound, errKeyFound, nil, errKeyJustWritten}, errorsOf(h.rows))
	})
	t.Run("rows of a key that was found need no request, also after a lost response", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, mode(Skip))
		h.add("a", "a")
		h.respond(h.next(0), lost)
		h.later()
		h.respondWith(Response{Batch: h.next(0), Failure: keyTaken, Existing: NotShown})
		h.want("unknown: item_exists", "skipped")
	})
	for name, n := range map[string]int{"one": 1, "many": 10_000} {
		t.Run(name+" of an existing key make one request", func(t *testing.T) {
			t.Parallel()
			h := newClosedHarness(t, mode(Skip))
			h.add(slices.Repeat([]string{"a"}, n)...)
			h.respond(h.next(0), keyTaken)
			assert.Equal(t, Next{Kind: Done}, h.ask())
			assert.Equal(t, 1, h.Stats().Requests)
			assert.Len(t, h.settled, n)
			assert.Equal(t, "skipped", h.outcome(n-1))
		})
	}
	t.Run("the next after one given up", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, func(c *Config) { c.OnExisting, c.MaxAttempts = Fail, 1 })
		h.add("a", "a")
		h.respond(h.next(0), throttled)
		h.later()
		h.respond(h.next(1), nil)
		h.want("not written: throttled", "written")
	})
	for name, tt := range map[string]struct {
		existing Existing
		want     string
	}{
		"an equal item after a lost response is ours":     {EqualItem, "written"},
		"another item after a lost response is not":       {OtherItem, "not written: item_exists"},
		"none shown after a lost response leaves it open": {NotShown, "unknown: item_exists"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newClosedHarness(t, mode(Fail))
			h.add("a")
			h.respond(h.next(0), lost)
			h.later()
			h.respondWith(Response{Batch: h.next(0), Failure: keyTaken, Existing: tt.existing})
			h.want(tt.want)
		})
	}
	t.Run("an equal item without a lost response is somebody else's", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, mode(Skip))
		h.add("a")
		h.respondWith(Response{Batch: h.next(0), Failure: keyTaken, Existing: EqualItem})
		h.want("skipped")
	})
}

func errorsOf(rows []*Row) (all []error) {
	for _, r := range rows {
		all = append(all, r.Err)
	}
	return all
}

// Taking a row out moves none of the older or newer ones, so that a key with many rows costs no more for
// each of them.
func TestRowsOfAKeyAreNotMoved(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]OnExisting{"oldest": Skip, "newest": Overwrite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n = 200
			h := newClosedHarness(t, func(c *Config) { c.OnExisting = mode })
			h.add(slices.Repeat([]string{"a"}, n)...)
			storage := h.rows[0].queue.rows
			for i := range n {
				row := i
				if mode == Overwrite {
					row = n - 1 - i
				}
				h.respond(h.next(row), tooLarge)
				for j := range n { // each row has kept its place until it was taken out
					want := h.rows[j]
					if mode == Skip && j <= row || mode == Overwrite && j >= row {
						want = nil
					}
					require.Same(t, want, storage[j])
				}
			}
			assert.True(t, h.Idle())
		})
	}
}

func BenchmarkRowsOfOneKey(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for range b.N {
				s, now := New(Config{OnExisting: Fail, MaxAttempts: 1}), time.Unix(1_700_000_000, 0)
				for i := range n {
					s.Add(&Row{Index: i, Key: "a"}, now)
				}
				s.Close()
				for next := s.Next(now, BudgetOf(1)); next.Kind == Send; next = s.Next(now, BudgetOf(1)) {
					s.Settle(Response{Batch: next.Batch, Sent: true, Done: now, Failure: tooLarge})
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/row")
		})
	}
}

func TestDescribeOnlyWhereKeysMayHaveChanged(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, func(c *Config) { c.OnExisting = Skip })
	h.add("a", "b", "c", "d", "e", "f")
	bad, good := h.next(0), h.next(1)
	h.respond(good, nil)
	h.respond(bad, rejected)
	bad = h.next(2) // and not a description: a row was written in the meantime
	h.respond(bad, rejected)
	require.Equal(t, Describe, h.ask().Kind)
	h.Described(nil)
	h.respond(h.next(3), rejected)
	h.respond(h.next(4), nil) // and not a description: there was one, and no row written since
	h.respond(h.next(5), rejected)
	require.Equal(t, Describe, h.ask().Kind, "a row was written since")
}

func TestNothingIsSentWhileTheTableIsDescribed(t *testing.T) {
	t.Parallel()
	suspicious := func(t *testing.T) *harness {
		h := newClosedHarness(t, func(c *Config) { c.OnExisting = Skip })
		h.add("a")
		h.respond(h.next(0), rejected)
		h.add("b")
		return h
	}
	t.Run("and the rows go on when its keys are as they were", func(t *testing.T) {
		t.Parallel()
		h := suspicious(t)
		require.Equal(t, Next{Kind: Describe}, h.ask())
		assert.Zero(t, h.wait())
		h.Described(nil)
		h.respond(h.next(1), nil)
		assert.Equal(t, Done, h.ask().Kind)
	})
	t.Run("and nothing goes on when they have changed", func(t *testing.T) {
		t.Parallel()
		h := suspicious(t)
		require.Equal(t, Next{Kind: Describe}, h.ask())
		h.Described(errCause)
		assert.Equal(t, Done, h.ask().Kind)
		h.abandon()
		h.want("not written: refused", "not written: stopped")
		assert.Equal(t, errCause, h.rows[1].Err)
	})
	t.Run("and the end of the call waits for it", func(t *testing.T) {
		t.Parallel()
		h := suspicious(t)
		require.Equal(t, Next{Kind: Describe}, h.ask())
		h.Stop(errCause)
		assert.Zero(t, h.wait())
		h.Described(nil)
		assert.Equal(t, Done, h.ask().Kind)
	})
	t.Run("but a stop comes before a description that was not begun", func(t *testing.T) {
		t.Parallel()
		h := suspicious(t)
		require.Equal(t, Describe, h.Next(h.now, Budget{}).Kind)
		h.Stop(errCause)
		assert.Equal(t, Done, h.ask().Kind)
	})
}

func TestZeroBudgetOnlyAsks(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(c *Config) { c.OnExisting = Skip })
	ask := func(want Next) {
		t.Helper()
		for range 2 {
			require.Equal(t, want, h.Next(h.now, Budget{}))
		}
		require.Equal(t, h.inFlight, h.InFlight())
	}
	ask(Next{Kind: Wait, Rows: 1})
	h.add("a")
	ask(Next{Kind: Send})
	b := h.next(0)
	ask(Next{Kind: Wait, Rows: 1})
	assert.Equal(t, 1, h.InFlight())
	h.respond(b, rejected)
	ask(Next{Kind: Describe})
	assert.Zero(t, h.InFlight())
	require.Equal(t, Next{Kind: Describe}, h.Next(h.now, BudgetOf(0)))
	h.Described(nil)
	ask(Next{Kind: Wait, Rows: 1})
	h.Close()
	ask(Next{Kind: Done})
}

func TestOneRowOfAnyBudgetIsARequestToAskFor(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	h.add("a", "b")
	assert.Equal(t, Send, h.Next(h.now, Budget{}).Kind, "two rows would fill a request of two")
	assert.Equal(t, Next{Kind: Wait, Until: h.now.Add(linger), Rows: 1}, h.Next(h.now, BudgetOf(3)))
	assert.Equal(t, []int{0, 1}, indexes(h.Next(h.now, BudgetOf(2.9)).Batch.Rows))
}

// A Wait says how many rows more are worth asking again: fewer change nothing before Until.
func TestWaitSaysHowManyRowsAreMissing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		mode    OnExisting
		waiting int
		budget  float64
		want    int
	}{
		"no row waits":    {Overwrite, 0, 1e9, 1},
		"one waits":       {Overwrite, 1, 1e9, 24},
		"most wait":       {Overwrite, 24, 1e9, 1},
		"small budget":    {Overwrite, 3, 10.5, 7},
		"conditional put": {Skip, 0, 1e9, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, func(c *Config) { c.OnExisting = tt.mode })
			h.addNew(tt.waiting)
			budget := BudgetOf(tt.budget)
			for missing := tt.want; missing > 0; missing-- {
				next := h.Next(h.now, budget)
				require.Equal(t, Wait, next.Kind)
				require.Equal(t, missing, next.Rows)
				h.addNew(1)
				if tt.waiting == 0 && tt.mode == Overwrite { // it begins to linger
					require.Equal(t, 24, h.Next(h.now, budget).Rows)
					return
				}
			}
			assert.Equal(t, Send, h.Next(h.now, budget).Kind)
		})
	}
	h := newHarness(t, nil)
	h.Stop(errCause)
	h.addNew(1)
	h.inFlight++
	assert.Equal(t, Next{Kind: Wait}, h.ask(), "no row goes after a stop")
}

func TestDone(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	h.add("a", "b")
	h.WindowFull(true)
	b := h.next(0, 1)
	h.Close()
	assert.Zero(t, h.wait(), "a request is in flight")
	h.respond(b, nil, 0)
	assert.Equal(t, h.now.Add(50*time.Millisecond), h.wait(), "a row is left")
	h.later()
	h.respond(h.next(0), nil)
	assert.Equal(t, Next{Kind: Done}, h.ask())
	assert.Empty(t, h.Abandon())
}

func TestStop(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	h.WindowFull(true)
	h.Stop(nil)
	require.NoError(t, h.Stopped())
	h.add("a", "b")
	slow := h.next(0, 1)
	h.add("a", "c")
	h.Stop(errCause)
	h.Stop(assert.AnError)
	assert.Equal(t, errCause, h.Stopped())
	assert.Zero(t, h.wait(), "a request is in flight")
	h.respond(slow, throttled)
	assert.Equal(t, Done, h.ask().Kind)
	h.abandon()
	h.want("not written: stopped", "not written: stopped", "not written: stopped", "not written: stopped")
	assert.Equal(t, []int{0, 1, 2, 3}, indexes(h.settled), "in the order of the rows")
	assert.Equal(t, errCause, h.rows[1].Err)
	assert.Equal(t, 1, h.rows[1].Attempts)
}

func TestSentRowsKeepTheirReasonInAnOutage(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, nil)
	h.add("a", "b", "b", "c")
	slow := h.Next(h.now, BudgetOf(1)).Batch // of row 0
	h.respond(h.next(2, 3), throttled)
	h.add("d")
	h.stopForOutage(Outage{Err: errCause})
	h.respond(slow, nil) // a late success takes nothing back
	h.abandon()
	h.want("written", "not written: throttled", "not written: throttled", "not written: throttled", "not written: stopped")
	assert.ErrorIs(t, h.rows[4].Err, errCause)
}

// Settled rows hold no more than their outcome, and the queue of their key does not hold them.
func TestSettledRowsAreReleased(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	h.WindowFull(true)
	h.add("a", "a", "a")
	waiting := h.newRows.list
	b := h.next(2)
	assert.Nil(t, waiting[0], "the queue of new rows")
	h.add("a") // in the storage of the others
	queue := h.rows[3].queue
	storage := queue.rows
	h.respond(b, nil)
	for _, r := range h.rows[:3] {
		assert.Equal(t, "a", r.Payload, "what the caller finds its own row by")
		assert.Nil(t, r.queue)
	}
	assert.Equal(t, "a", h.rows[3].Payload)
	assert.Equal(t, []*Row{nil, nil, nil, h.rows[3]}, storage)
	assert.Equal(t, []*Row{h.rows[3]}, queue.rows)
}

// What Settle returned is not kept either.
func TestSettleReusesItsSlice(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, func(c *Config) { c.OnExisting = Skip })
	h.add("a", "b")
	first, second := h.next(0), h.next(1)
	got := h.Settle(Response{Batch: first, Sent: true, Done: h.now})
	require.Equal(t, []*Row{h.rows[0]}, got)
	assert.Empty(t, h.Settle(Response{Batch: second, Sent: true, Done: h.now, Failure: throttled}))
	assert.Nil(t, got[0])
}

func TestRowsOfTheirOwnKeysAreCheap(t *testing.T) {
	const n = 1000
	rows := make([]Row, n)
	keys := make([]string, n)
	for i := range rows {
		keys[i] = string(rune('a'+i%26)) + time.Duration(i).String()
	}
	now := time.Unix(1_700_000_000, 0)
	allocs := testing.AllocsPerRun(10, func() {
		s := New(Config{MaxAttempts: 3})
		for i := range rows {
			rows[i] = Row{Index: i, Key: keys[i]}
			s.Add(&rows[i], now)
		}
	})
	assert.Less(t, allocs, 1.1*n, "a row needs its keyQueue and a share of growing maps and queues")
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := Config{}.withDefaults()
	assert.Equal(t, []int{25, 16 << 20, 10, 3, 10}, []int{c.MaxBatchRows, c.MaxBatchBytes, c.MaxAttemptsFactor, c.OutageFactor, c.MinOutageAttempts})
	for range 100 {
		assert.LessOrEqual(t, c.Jitter(3), time.Duration(3))
		assert.GreaterOrEqual(t, c.Jitter(3), time.Duration(0))
	}
	assert.Zero(t, c.Jitter(0))
	small := Config{MaxBatchRows: 2, MaxBatchBytes: 3, MaxAttemptsFactor: 4, OutageFactor: 5, MinOutageAttempts: 6}.withDefaults()
	assert.Equal(t, []int{2, 3, 4, 5, 6}, []int{small.MaxBatchRows, small.MaxBatchBytes, small.MaxAttemptsFactor, small.OutageFactor, small.MinOutageAttempts})
}
