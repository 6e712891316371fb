package dynamodest

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRetriedRowsGoInOrderOfTheirKeysOldestRow(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.starved = true })
	b.rowsOf("a", "b")
	first := b.next(0, 1)
	b.rowsOf("a")
	b.answer(first, throttled)
	b.later()
	b.answer(b.next(2), nil) // of key a, whose oldest row is row 0
	b.answer(b.next(1), nil)
	b.want("superseded by 2", "written", "written")
}

// Of two requests in a row one leaves the retried rows alone, if new rows fill it.
func TestRetriedRowsTakeTurnsWithNewOnes(t *testing.T) {
	t.Parallel()
	for newRows, want := range map[int][]int{25: {25, 0, 25}, 24: {25, 25, 0}} {
		t.Run(strconv.Itoa(newRows), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(l *ledger) { l.starved = true })
			b.newRows(50)
			first, second := b.request(), b.request()
			b.answer(first, lost) // for which all retried rows may go together later
			b.answer(second, lost)
			b.newRows(newRows)
			b.later()
			var retried []int
			for range want {
				got := b.request()
				retried = append(retried, got.again)
				b.answer(got, nil)
			}
			assert.Equal(t, want, retried)
			assert.True(t, b.idle())
		})
	}
}

// linger is how long rows that fill no request wait, as newBench sets it.
const linger = 200 * time.Millisecond

// refuseFirst takes row 0 and has it refused: it waits for 50 ms from now on.
func (b *bench) refuseFirst() (opens time.Time) {
	b.t.Helper()
	b.rowsOf("a")
	b.now = b.now.Add(linger)
	b.answer(b.next(0), throttled)
	b.retry.until = b.now.Add(50 * time.Millisecond)
	return b.retry.until
}

func TestLingerAfterTheBackoff(t *testing.T) {
	t.Parallel()
	t.Run("of retried rows from its end", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, nil)
		opens := b.refuseFirst()
		b.now = opens.Add(linger - 1)
		b.none()
		assert.Equal(t, opens.Add(linger), b.wakeAt(b.now))
		b.now = opens.Add(linger)
		b.next(0)
	})
	t.Run("with a later row from its end too", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, nil)
		opens := b.refuseFirst()
		b.now = opens.Add(linger / 2)
		b.rowsOf("b")
		b.now = opens.Add(linger)
		b.next(0, 1)
	})
	t.Run("with an earlier row from when that came", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, nil)
		b.refuseFirst()
		b.rowsOf("b")
		b.now = b.now.Add(linger - 1)
		b.none()
		b.now = b.now.Add(1)
		b.next(0, 1)
	})
}

func TestLingerOfAReleasedRowBeginsWithItsRelease(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.rowsOf("a")
	b.now = b.now.Add(linger)
	first := b.next(0)
	b.rowsOf("a")
	b.later()
	b.answer(first, nil)
	b.none()
	b.now = b.now.Add(linger)
	b.next(1)
}

func TestWakeUpOnlyForRowsThatWait(t *testing.T) {
	t.Parallel()
	t.Run("none without rows", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, nil)
		assert.Zero(t, b.wakeAt(b.now))
	})
	t.Run("none for a row in flight", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.closed = true })
		b.rowsOf("a")
		b.next(0)
		assert.Zero(t, b.wakeAt(b.now))
	})
	t.Run("none at the end of a backoff that holds nothing back", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.maxAttempts = 1 })
		b.refuseFirst()
		b.want("not written: throttled")
		assert.Zero(t, b.wakeAt(b.now))
		b.rowsOf("b")
		assert.Equal(t, b.now.Add(linger), b.wakeAt(b.now))
	})
	t.Run("none for retried rows that wait for others of them", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.starved = true })
		b.rowsOf("a", "b")
		b.answer(b.next(0, 1), throttled)
		b.later()
		b.next(0)
		assert.Zero(t, b.wakeAt(b.now))
	})
	t.Run("at the end of the backoff", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, nil)
		opens := b.refuseFirst()
		assert.Equal(t, opens, b.wakeAt(b.now))
		b.rowsOf("b")
		assert.Equal(t, opens, b.wakeAt(b.now), "before the linger of row 1 is over")
		b.retry.until = b.now.Add(time.Second)
		assert.Equal(t, b.now.Add(linger), b.wakeAt(b.now), "the linger of row 1 is over first")
	})
	t.Run("at the end of the backoff for rows set apart", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.closed = true })
		b.rowsOf("a")
		b.answer(b.next(0), &verdict{action: actResend, reason: ErrCredentials, err: errCause})
		b.answer(b.next(0), throttled)
		b.retry.until = b.now.Add(time.Second)
		assert.Equal(t, b.retry.until, b.wakeAt(b.now))
	})
	t.Run("none once halted or paused", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, nil)
		b.rowsOf("a")
		b.paused = true
		assert.Zero(t, b.wakeAt(b.now))
		b.paused = false
		b.halt(errCause)
		assert.Zero(t, b.wakeAt(b.now))
	})
}
