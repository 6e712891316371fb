package dynamodest

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBackoffFollowsTheRefusedRows(t *testing.T) {
	t.Parallel()
	retry := Retry{MinDelay: 50 * time.Millisecond, MaxDelay: 5 * time.Second}
	tests := []struct {
		name   string
		before backoff
		got    setback
		vain   int
		most   int
		waits  bool
	}{
		{"first refusal of all rows", backoff{}, setback{}, 1, 1, true},
		{"first refusal of some rows", backoff{}, setback{taken: 20}, 1, 1, true},
		{"refused rows refused again", backoff{vain: 3, most: 8}, setback{again: 8}, 4, 1, true},
		{"some of them taken", backoff{vain: 3, most: 8}, setback{again: 8, taken: 3}, 2, 4, true},
		{"some of them taken after one refusal", backoff{vain: 1, most: 1}, setback{again: 1, taken: 1}, 1, 1, true},
		{"fresh rows all refused", backoff{vain: 3, most: 8}, setback{}, 4, 1, true},
		{"some fresh rows taken", backoff{vain: 3, most: 8}, setback{taken: 20}, 3, 1, true},
		{"no answer", backoff{vain: 3, most: 8}, setback{again: 8, down: true}, 4, maxBatchItems, true},
		{"short of the longest wait", backoff{vain: 6, most: 8}, setback{again: 8}, 7, 1, true},
		{"at the longest wait", backoff{vain: 7, most: 8}, setback{again: 8}, 8, maxBatchItems, true},
		{"fresh rows at the longest wait", backoff{vain: 7, most: 8}, setback{}, 8, maxBatchItems, true},
		{"some of them taken at the longest wait", backoff{vain: 9, most: 8}, setback{again: 8, taken: 3}, 8, 4, true},
		{"some of a few rows taken", backoff{}, setback{taken: 3, few: true}, 1, maxBatchItems, true},
		{"fresh rows while refused ones ask", backoff{vain: 3, most: 8, flying: 8}, setback{taken: 20}, 3, 8, false},
		{"fresh rows all refused while refused ones ask", backoff{vain: 3, most: 8, flying: 8}, setback{}, 3, 8, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1_700_000_000, 0)
			b := tt.before
			b.Retry = retry
			tt.got.sent, tt.got.now = now.Add(-10*time.Millisecond), now
			b.refused(tt.got)
			assert.Equal(t, tt.vain, b.vain)
			assert.Equal(t, tt.most, b.most)
			assert.Equal(t, tt.waits, !b.until.Before(now))
			assert.LessOrEqual(t, b.until.Sub(now), b.bound(tt.vain))
		})
	}
}

func TestBackoffLetsMoreGoAsRowsAreTaken(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	b := backoff{vain: 2, most: 1, until: now}
	assert.Zero(t, b.room(now.Add(-1)), "shut")
	for _, want := range []int{1, 2, 4, 8} {
		require.Equal(t, want, b.room(now))
		b.started(want)
		require.Zero(t, b.room(now), "all that may are in flight")
		b.ended(want)
		b.taken(want)
	}
	assert.Zero(t, b.vain)
	b.taken(0)
	b.started(1)
	b.ended(1)
	b.taken(1)
	assert.Equal(t, 16, b.room(now), "what is not used is not doubled")
}

func TestOneMomentShutsTheQueueOnce(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	b := backoff{Retry: Retry{MinDelay: time.Second, MaxDelay: 5 * time.Second}, vain: 2, until: now.Add(time.Second)}
	_, began := b.refused(setback{sent: now.Add(-time.Second), now: now, again: 1})
	assert.False(t, began, "the wait is running")
	now = now.Add(2 * time.Second)
	_, began = b.refused(setback{sent: now.Add(-3 * time.Second), now: now, again: 1})
	assert.False(t, began, "sent before the wait was over")
	assert.Equal(t, 2, b.vain)
}

func TestBackoffStaysWhileRetriedRowsAreLeft(t *testing.T) {
	t.Parallel()
	t.Run("in flight", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.closed = true })
		b.rowsOf("a")
		b.answer(b.next(0), throttled)
		b.later()
		retried := b.next(0)
		b.rowsOf("b")
		b.answer(b.next(1), nil)
		b.answer(retried, throttled)
		assert.Equal(t, 2, b.retry.vain)
	})
	t.Run("held back", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.starved = true })
		b.rowsOf("a", "b")
		b.answer(b.next(0, 1), throttled)
		b.later()
		b.answer(b.next(0), throttled)
		b.later()
		b.answer(b.next(0), nil)
		assert.Equal(t, 1, b.retry.vain)
		b.answer(b.next(1), nil)
		assert.Zero(t, b.retry.vain)
	})
}

func TestBackoffEndsWithTheLastRetriedRow(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.closed, l.maxAttempts = true, 10 })
	b.rowsOf("a")
	for range 4 {
		b.answer(b.next(0), throttled)
		b.later()
	}
	assert.Equal(t, 4, b.retry.vain)
	b.answer(b.next(0), nil)
	assert.Zero(t, b.retry.vain)
	assert.Equal(t, 1, b.retry.room(b.now), "retried rows that may go")
}

// A call of no more rows than one request takes sends them together again.
func TestFewRetriedRowsGoTogether(t *testing.T) {
	t.Parallel()
	for rows, together := range map[int]int{25: 25, 26: 1} {
		t.Run(strconv.Itoa(rows), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(l *ledger) { l.closed = true })
			b.newRows(rows)
			b.answer(b.request(), throttled)
			b.later()
			assert.Equal(t, together, b.request().again)
		})
	}
}

func TestRetriedRowsGoTogetherAtTheLongestWait(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.starved, l.maxAttempts, l.retry.MaxDelay = true, 10, 100*time.Millisecond })
	b.rowsOf("a", "b", "c")
	b.answer(b.next(0, 1, 2), throttled)
	b.later()
	b.answer(b.next(0), throttled) // the second wait is at most MaxDelay
	b.later()
	b.next(0, 1, 2)
}

func TestEachWaitIsReportedOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.closed, l.conditional = true, true })
	b.rowsOf("a", "b", "c")
	first, second, third := b.next(0), b.next(1), b.next(2)
	b.answer(first, throttled)
	assert.Equal(t, b.retry.until.Sub(b.now), b.wait)
	b.answer(second, nil)
	assert.Zero(t, b.wait, "a success begins no wait")
	b.answer(third, throttled)
	assert.Zero(t, b.wait, "the first wait is still running")
}
