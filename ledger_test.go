package dynamodest

import (
	"errors"
	"fmt"
	"math"
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

// newRows takes n rows whose keys are their own.
func (b *bench) newRows(n int) {
	for range n {
		b.rowsOf(fmt.Sprint("row ", len(b.rows)))
	}
}

// request packs the next request.
func (b *bench) request() *batch {
	b.t.Helper()
	got := b.pack(b.now, allowance{rows: 25, units: 1e9})
	require.NotNil(b.t, got, "nothing to send")
	return got
}

// next packs the next request and checks which rows it carries.
func (b *bench) next(want ...int) *batch {
	b.t.Helper()
	got := b.request()
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
	b.rowsOf("a", "b", "c", "d")
	b.fillRequest(0, 0, 1, 2)
	b.next(0, 1, 2)
	b.next(3)
	b = newBench(t, func(l *ledger) { l.closed = true })
	b.rowsOf("a", "b", "c", "d")
	b.fillRequest(1, 0, 1, 2)
	b.next(0, 1)
	b.next(2, 3)
}

// fillRequest sizes rows so that one request of all of them exceeds the limit by
// over bytes.
func (b *bench) fillRequest(over int, rows ...int) {
	left := maxRequestBytes - b.envelope - (len(rows) - 1) + over // commas between
	for i, row := range rows {
		b.rows[row].item.wire = left / (len(rows) - i)
		left -= b.rows[row].item.wire
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
	for over, want := range [][][]int{
		{{4, 5}, {2, 3}},   // exactly the limit
		{{4}, {2, 3}, {5}}, // one byte more
	} {
		b := newBench(t, func(l *ledger) { l.closed = true })
		b.rowsOf("a", "b", "c", "d")
		b.answer(b.next(0, 1, 2, 3), refusedOne)
		b.rowsOf("a", "b") // newer and larger ones take the places of those set apart
		b.fillRequest(over, 4, 5)
		for _, rows := range want {
			b.answer(b.next(rows...), nil)
		}
		b.want("superseded by 4", "superseded by 5", "written", "written", "written", "written")
	}
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

func TestRefusedRowsKeepTheirReasonInAnOutage(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.closed = true })
	b.rowsOf("a", "b", "b", "c")
	slow := b.pack(b.now, allowance{rows: 1, units: 1}) // of row 0
	b.answer(b.next(2, 3), throttled)
	b.rowsOf("d")
	b.giveOut(errCause)
	b.answer(slow, nil) // a late success takes nothing back
	b.abandon()
	b.want("written", "not written: throttled", "not written: throttled", "not written: throttled", "not written: stopped")
}
