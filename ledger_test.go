package dynamodest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bench is a ledger under test, with a clock of its own.
type bench struct {
	*ledger
	t    *testing.T
	now  time.Time
	rows []*job
}

var errCause = errors.New("cause")

func newBench(t *testing.T, change func(*ledger)) *bench {
	l := &ledger{
		maxAttempts: 3, maxWait: 200 * time.Millisecond, envelope: 100, onExisting: Overwrite,
		chains: map[string]*chain{}, retry: backoff{Retry: Retry{MinDelay: 50 * time.Millisecond, MaxDelay: 5 * time.Second}},
	}
	if change != nil {
		change(l)
	}
	return &bench{ledger: l, t: t, now: time.Unix(1_700_000_000, 0)}
}

// rowsOf takes a row for each key.
func (b *bench) rowsOf(keys ...string) {
	for _, k := range keys {
		j := &job{item: &item{key: k, size: 100, wire: 150}, result: RowResult{Index: len(b.rows)}}
		b.rows = append(b.rows, j)
		b.take(j, b.now)
	}
}

// next packs the next request and checks which rows it carries.
func (b *bench) next(want ...int) *batch {
	b.t.Helper()
	got := b.pack(b.now, allowance{rows: 25, units: 1e9})
	require.NotNil(b.t, got, "nothing to send")
	var rows []int
	keys := map[string]bool{}
	for _, j := range got.jobs {
		rows = append(rows, j.result.Index)
		require.False(b.t, keys[j.item.key], "a key twice in one request")
		keys[j.item.key] = true
	}
	require.Equal(b.t, want, rows)
	return got
}

func (b *bench) none() {
	b.t.Helper()
	require.Nil(b.t, b.pack(b.now, allowance{rows: 25, units: 1e9}))
}

func (b *bench) answer(got *batch, v *verdict, unprocessed ...int) {
	a := answer{batch: got, attempted: true, done: b.now, verdict: v, same: otherItem}
	if len(unprocessed) > 0 {
		a.unprocessed = map[*job]bool{}
		for _, i := range unprocessed {
			a.unprocessed[b.rows[i]] = true
		}
	}
	if v != nil && (v.action == actStop || v.action == actResend) {
		a.stop = errCause
	}
	b.settle(a)
}

// outcome is a row's result in short.
func (b *bench) outcome(i int) string {
	r := b.rows[i].result
	if b.rows[i].item != nil {
		return "unsettled"
	}
	s := r.Outcome.String()
	var e *RowError
	if errors.As(r.Err, &e) {
		s += ": " + string(e.Reason)
	}
	if r.Outcome == Superseded {
		s += fmt.Sprintf(" by %d", r.By)
	}
	return s
}

func (b *bench) want(outcomes ...string) {
	b.t.Helper()
	for i, want := range outcomes {
		assert.Equal(b.t, want, b.outcome(i), "row %d", i)
	}
	assert.Equal(b.t, b.idle(), len(b.out) == len(b.rows))
}

var (
	throttled  = &verdict{action: actRetry, reason: ErrThrottled, throttle: true, err: errCause}
	lost       = &verdict{action: actRetry, reason: ErrUnavailable, maybe: true, err: errCause}
	refusedOne = &verdict{action: actSplit, reason: ErrRefused, err: errCause}
	taken      = &verdict{action: actExists, reason: ErrExists, err: errCause}
	denied     = &verdict{action: actStop, reason: ErrAccess, err: errCause}
)

// later moves the clock past any wait of the refused rows.
func (b *bench) later() { b.now = b.now.Add(time.Minute) }

func TestOrderOfEqualKeys(t *testing.T) {
	t.Parallel()
	closed := func(l *ledger) { l.closed = true }
	t.Run("rows never sent are superseded by the last", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, closed)
		b.rowsOf("a", "a", "b", "a")
		b.answer(b.next(3, 2), nil)
		b.want("superseded by 3", "superseded by 3", "written", "written")
	})
	t.Run("a later row waits for the answer of the one in flight", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, closed)
		b.rowsOf("a")
		first := b.next(0)
		b.rowsOf("a")
		b.none()
		b.answer(first, nil)
		b.answer(b.next(1), nil)
		b.want("written", "written")
	})
	t.Run("a refused row is held when a later one came", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, closed)
		b.rowsOf("a")
		first := b.next(0)
		b.rowsOf("a")
		b.answer(first, nil, 0)
		b.later()
		b.answer(b.next(1), nil)
		b.want("superseded by 1", "written")
	})
	t.Run("the held row goes when the later one is refused for its own fault", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, closed)
		b.rowsOf("a", "a", "a")
		b.answer(b.next(2), refusedOne)
		b.answer(b.next(1), nil)
		b.want("superseded by 1", "written", "not written: refused by DynamoDB")
	})
	t.Run("no held row goes where the later one may have been applied", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, closed)
		b.rowsOf("a", "a")
		b.answer(b.next(1), lost)
		b.later()
		b.answer(b.next(1), refusedOne)
		b.want("not written: refused by DynamoDB", "unknown: refused by DynamoDB")
		b.none()
	})
	t.Run("held rows share the fate of one given up", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, closed)
		b.rowsOf("a")
		b.answer(b.next(0), lost)
		b.rowsOf("a", "a")
		for range 3 {
			b.later()
			b.answer(b.next(2), throttled)
		}
		b.want("unknown: throttled", "not written: throttled", "not written: throttled")
	})
	t.Run("unknown stays so when a later attempt is refused", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, closed)
		b.rowsOf("a")
		b.answer(b.next(0), lost)
		b.later()
		b.answer(b.next(0), throttled)
		b.later()
		b.answer(b.next(0), nil, 0)
		b.want("unknown: unprocessed")
	})
	t.Run("and is written when a later attempt is", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, closed)
		b.rowsOf("a")
		b.answer(b.next(0), lost)
		b.later()
		b.answer(b.next(0), nil)
		b.want("written")
		assert.Equal(t, 2, b.rows[0].result.Attempts)
		assert.Equal(t, Summary{Requests: 2, Resent: 1}, b.summary)
	})
}

func TestConditionalPutsGoOneAfterAnother(t *testing.T) {
	t.Parallel()
	mode := func(e OnExisting) func(*ledger) {
		return func(l *ledger) { l.closed, l.conditional, l.onExisting = true, true, e }
	}
	t.Run("skip", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, mode(Skip))
		b.rowsOf("a", "a", "a", "b")
		first := b.next(0)
		other := b.next(3)
		b.none()
		b.answer(other, taken)
		b.answer(first, nil)
		b.want("written", "skipped", "skipped", "skipped")
	})
	t.Run("fail", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, mode(Fail))
		b.rowsOf("a", "a", "a")
		b.answer(b.next(0), taken)
		b.answer(b.next(1), nil)
		b.want("not written: item exists", "written", "not written: item exists")
	})
	for name, test := range map[string]struct {
		same existing
		want string
	}{
		"an equal item after a lost answer is ours":     {equalItem, "written"},
		"another item after a lost answer is not":       {otherItem, "not written: item exists"},
		"none shown after a lost answer leaves it open": {notShown, "unknown: item exists"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, mode(Fail))
			b.rowsOf("a")
			b.answer(b.next(0), lost)
			b.later()
			b.settle(answer{batch: b.next(0), attempted: true, done: b.now, verdict: taken, same: test.same})
			b.want(test.want)
		})
	}
	t.Run("an equal item without a lost answer is somebody else's", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, mode(Skip))
		b.rowsOf("a")
		b.settle(answer{batch: b.next(0), attempted: true, done: b.now, verdict: taken, same: equalItem})
		b.want("skipped")
	})
}

func TestBatchesAreFullWhileRowsAllowIt(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	for i := range 24 {
		b.rowsOf(fmt.Sprint(i))
	}
	b.none() // one short, and more may come
	assert.Equal(t, b.now.Add(200*time.Millisecond), b.wakeAt(b.now))
	b.rowsOf("0", "24")
	got := b.pack(b.now, allowance{rows: 25, units: 1e9})
	require.Len(t, got.jobs, 25)
	assert.Equal(t, 24, got.jobs[0].result.Index, "row 0 is held under row 24")
	b.rowsOf("25")
	b.now = b.now.Add(200 * time.Millisecond)
	require.Len(t, b.pack(b.now, allowance{rows: 25, units: 1e9}).jobs, 1)
}

func TestBatchesKeepToTheByteLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.closed = true })
	third := (maxRequestBytes - 100 - 2) / 3
	for i := range 4 {
		b.rowsOf(fmt.Sprint(i))
		b.rows[i].item.wire = third
	}
	b.next(0, 1, 2) // exactly the limit, with two commas
	b.next(3)
	b = newBench(t, func(l *ledger) { l.closed = true })
	for i := range 3 {
		b.rowsOf(fmt.Sprint(i))
		b.rows[i].item.wire = third + 1
	}
	b.next(0, 1)
}

// The most requests that one bad row costs its batch of 25.
const mostForOneBadRow = 11 // 2 * log2(25) + 2, rounded down

func TestHalving(t *testing.T) {
	t.Parallel()
	for bad := range 25 {
		b := newBench(t, func(l *ledger) { l.closed = true })
		for i := range 25 {
			b.rowsOf(fmt.Sprint(i))
		}
		requests := 0
		for !b.idle() {
			got := b.pack(b.now, allowance{rows: 25, units: 1e9})
			require.NotNil(t, got)
			requests++
			var v *verdict
			for _, j := range got.jobs {
				if j.result.Index == bad {
					v = refusedOne
				}
			}
			b.answer(got, v)
		}
		assert.LessOrEqual(t, requests, mostForOneBadRow)
		for i := range 25 {
			want := "written"
			if i == bad {
				want = "not written: refused by DynamoDB"
			}
			assert.Equal(t, want, b.outcome(i))
		}
		assert.False(t, b.describe, "one bad row says nothing of the table")
	}
}

func TestHalvingEndsWhereAllAreBad(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.closed = true })
	for i := range 25 {
		b.rowsOf(fmt.Sprint(i))
	}
	requests := 0
	for !b.idle() {
		b.answer(b.pack(b.now, allowance{rows: 25, units: 1e9}), refusedOne)
		requests++
	}
	assert.Equal(t, 49, requests) // a binary tree with 25 leaves
	assert.True(t, b.describe, "every row refused alone: the table's keys may have changed")
}

func TestHalvesStayTogetherWhenThrottled(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.closed = true })
	b.rowsOf("a", "b", "c", "d")
	b.answer(b.next(0, 1, 2, 3), refusedOne)
	b.answer(b.next(0, 1), throttled)
	b.answer(b.next(2, 3), nil)
	b.none()
	b.later()
	b.answer(b.next(0, 1), refusedOne)
	b.answer(b.next(0), nil)
	b.answer(b.next(1), refusedOne)
	b.want("written", "not written: refused by DynamoDB", "written", "written")
}

func TestRowsAreGivenUp(t *testing.T) {
	t.Parallel()
	t.Run("after MaxAttempts requests in vain", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.closed = true })
		b.rowsOf("a", "b")
		for range 3 {
			b.answer(b.next(0, 1), throttled)
			b.later()
		}
		b.want("not written: throttled", "not written: throttled")
	})
	t.Run("one by one where more rows may come", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.starved = true })
		b.rowsOf("a", "b")
		b.answer(b.next(0, 1), throttled)
		for _, first := range []int{0, 0, 1, 1} {
			b.later()
			b.answer(b.next(first), throttled)
		}
		b.want("not written: throttled", "not written: throttled")
	})
	t.Run("together where no answer comes", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.closed = true })
		b.rowsOf("a", "b")
		for range 3 {
			b.answer(b.next(0, 1), lost)
			b.later()
		}
		b.want("unknown: no answer", "unknown: no answer")
	})
	t.Run("after ten times as many in any case", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.closed = true })
		b.rowsOf("a")
		for i := range 30 {
			b.rowsOf(fmt.Sprint(i))
			b.later()
			b.answer(b.next(0, i+1), nil, 0)
		}
		assert.Equal(t, "not written: unprocessed", b.outcome(0))
		assert.Equal(t, 30, b.rows[0].result.Attempts)
	})
	t.Run("with MaxAttempts 1 at once, progress or not", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.closed, l.maxAttempts = true, 1 })
		b.rowsOf("a", "b", "c")
		b.answer(b.next(0, 1, 2), nil, 1)
		b.rowsOf("d")
		b.answer(b.next(3), lost)
		b.want("written", "not written: unprocessed", "written", "unknown: no answer")
	})
	t.Run("not for halving, nor for the one resend", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.closed, l.maxAttempts = true, 1 })
		b.rowsOf("a", "b", "c")
		b.answer(b.next(0, 1, 2), refusedOne)
		b.answer(b.next(0, 1), &verdict{action: actResend, reason: ErrCredentials, err: errCause})
		b.answer(b.next(2), nil)
		b.answer(b.next(0, 1), nil)
		b.want("written", "written", "written")
		assert.Equal(t, 3, b.rows[0].result.Attempts)
	})
}

func TestFaultsThatEveryRowMeetsStop(t *testing.T) {
	t.Parallel()
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.closed = true })
		for i := range 50 {
			b.rowsOf(fmt.Sprint(i))
		}
		first := b.pack(b.now, allowance{rows: 25, units: 1e9})
		second := b.pack(b.now, allowance{rows: 20, units: 1e9})
		b.answer(first, denied)
		b.none()
		b.answer(second, nil) // what was in flight keeps its outcome
		b.abandon()
		assert.Equal(t, "not written: access denied", b.outcome(0))
		assert.Equal(t, "written", b.outcome(25))
		assert.Equal(t, "not written: stopped", b.outcome(49))
		assert.ErrorIs(t, b.rows[49].result.Err, errCause)
	})
	t.Run("an expired token is sent again once", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.closed = true })
		b.rowsOf("a", "b")
		expired := &verdict{action: actResend, reason: ErrCredentials, err: errCause}
		b.answer(b.next(0, 1), expired)
		b.answer(b.next(0, 1), expired)
		b.want("not written: bad credentials", "not written: bad credentials")
		assert.ErrorIs(t, b.stop, errCause)
	})
}

// Whatever comes back, every row gets one outcome, no key is twice in flight,
// and the work ends.
func TestLedgerSettlesEverything(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		b := newBench(t, func(l *ledger) { l.conditional = seed%5 == 0; l.onExisting = Skip })
		var flying []*batch
		keys := map[string]bool{}
		for step := 0; len(b.rows) < 200 || !b.idle(); step++ {
			require.Less(t, step, 100_000, "seed %d does not end", seed)
			b.now = b.now.Add(time.Duration(rnd.IntN(100)) * time.Millisecond)
			if len(b.rows) < 200 && rnd.IntN(2) == 0 {
				b.rowsOf(fmt.Sprint(rnd.IntN(1 + rnd.IntN(100))))
			}
			b.closed = len(b.rows) == 200
			if got := b.pack(b.now, allowance{rows: 1 + rnd.IntN(25), units: 1 + 30*rnd.Float64()}); got != nil {
				require.NotEmpty(t, got.jobs)
				for _, j := range got.jobs {
					require.False(t, keys[j.item.key], "seed %d: key twice in flight", seed)
					keys[j.item.key] = true
				}
				flying = append(flying, got)
			}
			if len(flying) == 0 || rnd.IntN(3) == 0 {
				continue
			}
			i := rnd.IntN(len(flying))
			got := flying[i]
			flying = append(flying[:i], flying[i+1:]...)
			for _, j := range got.jobs {
				delete(keys, j.item.key)
			}
			v := []*verdict{nil, nil, throttled, lost, refusedOne, taken}[rnd.IntN(6)]
			if v == taken && !b.conditional {
				v = nil
			}
			var back []int
			if v == nil && rnd.IntN(2) == 0 {
				for _, j := range got.jobs {
					if rnd.IntN(3) == 0 {
						back = append(back, j.result.Index)
					}
				}
			}
			b.answer(got, v, back...)
		}
		require.Len(t, b.out, 200, "seed %d", seed)
		seen := map[int]bool{}
		for _, j := range b.out {
			require.False(t, seen[j.result.Index], "seed %d: row %d settled twice", seed, j.result.Index)
			seen[j.result.Index] = true
		}
		require.Zero(t, b.retry.flying)
	}
}

func TestManyAttemptsDoNotOverflow(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.closed, l.maxAttempts = true, math.MaxInt })
	b.rowsOf("a")
	for range 20 {
		b.answer(b.next(0), throttled)
		b.later()
	}
	b.answer(b.next(0), nil)
	b.want("written")
}

func TestGroupsKeepToTheByteLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.closed = true })
	b.rowsOf("a", "b", "c", "d")
	b.answer(b.next(0, 1, 2, 3), refusedOne)
	b.rowsOf("a", "b") // newer and larger ones take the places of those set apart
	b.rows[4].item.wire, b.rows[5].item.wire = maxRequestBytes-200, maxRequestBytes-200
	b.answer(b.next(4), nil)
	b.answer(b.next(2, 3), nil)
	b.answer(b.next(5), nil)
	b.want("superseded by 4", "superseded by 5", "written", "written", "written", "written")
}

func TestDescribeOnlyWhereKeysMayHaveChanged(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.closed, l.conditional, l.onExisting = true, true, Skip })
	b.rowsOf("a", "b", "c", "d")
	bad, good := b.next(0), b.next(1)
	b.answer(good, nil)
	b.answer(bad, refusedOne)
	assert.False(t, b.describe, "a row was written in the meantime")
	b.answer(b.next(2), refusedOne)
	assert.True(t, b.describe)
	b.describe = false
	b.answer(b.next(3), refusedOne)
	assert.False(t, b.describe, "asked already, and no row written since")
}

func TestBackoffEndsWithItsQueue(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.closed, l.maxAttempts = true, 3 })
	b.rowsOf("a")
	for range 3 {
		b.answer(b.next(0), throttled)
		b.later()
	}
	b.want("not written: throttled")
	assert.Zero(t, b.retry.vain)
	assert.Equal(t, 1, b.retry.room(b.now), "refused rows that may go")
}
