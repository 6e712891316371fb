package dynamodest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
	for name, tt := range map[string]struct {
		verdict *verdict
		want    string
	}{
		"after MaxAttempts requests in vain": {throttled, "not written: throttled"},
		"together where no answer comes":     {lost, "unknown: unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(l *ledger) { l.closed = true })
			b.rowsOf("a", "b")
			for range 3 {
				b.answer(b.next(0, 1), tt.verdict)
				b.later()
			}
			b.want(tt.want, tt.want)
		})
	}
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
		b.want("written", "not written: unprocessed", "written", "unknown: unavailable")
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
