package schedule

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newBackoff(b backoff) *backoff {
	b.minDelay, b.maxDelay, b.maxRows, b.jitter = 50*time.Millisecond, 5*time.Second, 25, fullJitter
	return &b
}

func TestBackoffFollowsTheRetries(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		before    backoff
		response  throttledResponse
		fruitless int
		limit     int
		began     bool
	}{
		{"first time, all rows", backoff{}, throttledResponse{}, 1, 1, true},
		{"retries throttled again", backoff{fruitless: 3, limit: 8}, throttledResponse{retries: 8}, 4, 1, true},
		{"after others of the same opening were accepted", backoff{fruitless: 3, limit: 8, progress: time.Unix(1_699_999_999, 0)}, throttledResponse{retries: 4}, 3, 1, true},
		{"less than half of them accepted", backoff{fruitless: 3, limit: 8}, throttledResponse{retries: 8, accepted: 3}, 2, 3, true},
		{"less than half of them accepted after one response", backoff{fruitless: 1, limit: 3}, throttledResponse{retries: 3, accepted: 1}, 1, 1, true},
		{"half of them accepted", backoff{fruitless: 3, limit: 8}, throttledResponse{retries: 8, accepted: 4}, 2, 8, false},
		{"half of them accepted with others in flight", backoff{fruitless: 3, limit: 8, inFlight: 7}, throttledResponse{retries: 8, accepted: 4}, 2, 15, false},
		{"the only one of them accepted, but not a new row", backoff{fruitless: 0, limit: 1}, throttledResponse{retries: 1, accepted: 1}, 0, 2, false},
		{"new rows all throttled", backoff{fruitless: 3, limit: 8}, throttledResponse{}, 4, 1, true},
		{"some new rows accepted", backoff{fruitless: 3, limit: 8}, throttledResponse{accepted: 1}, 3, 8, false},
		{"unavailable", backoff{fruitless: 3, limit: 8}, throttledResponse{retries: 8, unavailable: true}, 4, 25, true},
		{"short of the longest delay", backoff{fruitless: 6, limit: 8}, throttledResponse{retries: 8}, 7, 1, true},
		{"at the longest delay", backoff{fruitless: 7, limit: 8}, throttledResponse{retries: 8}, 8, 25, true},
		{"new rows at the longest delay", backoff{fruitless: 7, limit: 8}, throttledResponse{}, 8, 25, true},
		{"some of them accepted at the longest delay", backoff{fruitless: 9, limit: 8}, throttledResponse{retries: 8, accepted: 3}, 8, 3, true},
		{"some rows of a small call accepted", backoff{}, throttledResponse{accepted: 3, fitsOneRequest: true}, 1, 25, true},
		{"most retries of a small call accepted", backoff{fruitless: 2}, throttledResponse{retries: 4, accepted: 3, fitsOneRequest: true}, 1, 25, true},
		{"new rows while a retry is in flight", backoff{fruitless: 3, limit: 8, inFlight: 1}, throttledResponse{accepted: 20}, 3, 8, false},
		{"new rows all throttled while retries are in flight", backoff{fruitless: 3, limit: 8, inFlight: 8}, throttledResponse{}, 3, 8, false},
		{"the second time in a row while new rows are accepted", backoff{fruitless: 1, streak: 1, newRows: newRowCount{9, 9}}, throttledResponse{retries: 1}, 2, 1, true},
		{"the third", backoff{fruitless: 2, streak: 2, newRows: newRowCount{9, 9}}, throttledResponse{retries: 1}, 3, 2, true},
		{"the sixth", backoff{fruitless: 5, streak: 5, newRows: newRowCount{9, 9}}, throttledResponse{retries: 8}, 6, 16, true},
		{"the ninth", backoff{fruitless: 9, streak: 8, newRows: newRowCount{9, 9}}, throttledResponse{retries: 25}, 9, 100, true},
		{"the sixth, and many wait", backoff{fruitless: 5, streak: 5, newRows: newRowCount{9, 9}}, throttledResponse{retries: 1, mass: true}, 6, 1, true},
		{"the seventh, and many wait", backoff{fruitless: 5, streak: 6, newRows: newRowCount{9, 9}}, throttledResponse{retries: 1, mass: true}, 6, 2, true},
		{"the third while new rows are not accepted", backoff{fruitless: 2, streak: 2, newRows: newRowCount{9, 10}}, throttledResponse{retries: 1}, 3, 1, true},
		{"the third for another reason than capacity", backoff{fruitless: 2, streak: 2, newRows: newRowCount{9, 9}}, throttledResponse{retries: 1, unavailable: true}, 3, 25, true},
		{"and rows of it are set apart", backoff{fruitless: 5, streak: 5, newRows: newRowCount{9, 9}}, throttledResponse{retries: 8, setApart: true, resent: 2}, 2, 16, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1_700_000_000, 0)
			b := newBackoff(tt.before)
			tt.response.sent, tt.response.now = now.Add(-10*time.Millisecond), now
			delay, began := b.throttled(tt.response)
			assert.Equal(t, tt.fruitless, b.fruitless)
			assert.Equal(t, tt.limit, b.limit)
			assert.Equal(t, tt.began, began)
			if began {
				assert.Equal(t, now.Add(delay), b.until)
				assert.LessOrEqual(t, delay, b.bound(tt.fruitless))
				return
			}
			assert.Zero(t, delay)
			assert.Zero(t, b.until)
			if tt.response.accepted > 0 && tt.response.retries > 0 {
				assert.Zero(t, b.streak)
			}
		})
	}
}

func TestBackoffBoundDoubles(t *testing.T) {
	t.Parallel()
	b := newBackoff(backoff{})
	var got []time.Duration
	for n := range 9 {
		got = append(got, b.bound(n+1)/time.Millisecond)
	}
	assert.Equal(t, []time.Duration{50, 100, 200, 400, 800, 1600, 3200, 5000, 5000}, got)
	b.minDelay = 10 * time.Second
	assert.Equal(t, b.maxDelay, b.bound(1))
	b.minDelay, b.maxDelay = 1<<62, 1<<63-1
	assert.Equal(t, b.maxDelay, b.bound(1000), "no overflow")
}

func TestBackoffAdmitsMoreAsRowsAreAccepted(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	b := newBackoff(backoff{fruitless: 2, limit: 1, until: now})
	assert.Zero(t, b.room(now.Add(-1)), "closed")
	for _, want := range []int{1, 2, 4, 8} {
		require.Equal(t, want, b.room(now))
		b.sent(want)
		require.Zero(t, b.room(now), "all that may are in flight")
		b.returned(want)
		b.accepted(want, now)
	}
	assert.Zero(t, b.fruitless)
	b.accepted(0, now)
	b.sent(1)
	b.returned(1)
	b.accepted(1, now)
	assert.Equal(t, 16, b.room(now), "what is not used is not doubled")
}

func TestOnlyRecentNewRowsCount(t *testing.T) {
	t.Parallel()
	var n newRowCount
	assert.False(t, n.mostAccepted(), "none was sent")
	for range 100 {
		n.add(25, 0)
	}
	assert.True(t, n.mostAccepted())
	requests := 0
	for ; n.mostAccepted(); requests++ {
		n.add(0, 25)
	}
	assert.Equal(t, 6, requests)
}

func TestOneMomentBeginsOneBackoff(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	b := newBackoff(backoff{fruitless: 2, until: now.Add(time.Second)})
	_, began := b.throttled(throttledResponse{sent: now.Add(-time.Second), now: now, retries: 1})
	assert.False(t, began, "the delay is running")
	now = now.Add(2 * time.Second)
	_, began = b.throttled(throttledResponse{sent: now.Add(-3 * time.Second), now: now, retries: 1})
	assert.False(t, began, "sent before the delay was over")
	assert.Equal(t, 2, b.fruitless)
}

func TestBackoffEndsWithItsQueue(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, nil)
	h.add("a")
	for range 3 {
		h.respond(h.next(0), throttled)
		h.later()
	}
	h.want("not written: throttled")
	assert.Zero(t, h.backoff.fruitless)
	assert.Equal(t, 1, h.backoff.room(h.now), "retries that may go")
}

func TestBackoffEndsWithTheLastRetry(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, func(c *Config) { c.MaxAttempts = 10 })
	h.add("a")
	for range 4 {
		h.respond(h.next(0), throttled)
		h.later()
	}
	assert.Equal(t, 4, h.backoff.fruitless)
	h.respond(h.next(0), nil)
	assert.Zero(t, h.backoff.fruitless)
	assert.Equal(t, 1, h.backoff.room(h.now), "retries that may go")
}

func TestBackoffStaysWhileRetriesAreLeft(t *testing.T) {
	t.Parallel()
	t.Run("in flight", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a")
		h.respond(h.next(0), throttled)
		h.later()
		retried := h.next(0)
		h.add("b")
		h.respond(h.next(1), nil)
		h.respond(retried, throttled)
		assert.Equal(t, 2, h.backoff.fruitless)
	})
	t.Run("delayed", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t, nil)
		h.WindowFull(true)
		h.add("a", "b")
		h.respond(h.next(0, 1), throttled)
		h.later()
		h.respond(h.next(0), throttled)
		h.later()
		h.respond(h.next(0), nil)
		assert.Equal(t, 1, h.backoff.fruitless)
		h.respond(h.next(1), nil)
		assert.Zero(t, h.backoff.fruitless)
	})
}

// A request shows what became of its retries, or if it carried none, of its new rows.
func TestBackoffCountsTheRetriesOfARequest(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	h.WindowFull(true)
	h.add("a")
	h.respond(h.next(0), throttled)
	h.later()
	h.add("b")
	h.respond(h.next(0, 1), nil, 0)
	assert.Equal(t, 2, h.backoff.fruitless, "no retry was accepted")
	h.later()
	h.addNew(25)
	b := h.request()
	require.Zero(t, b.retries)
	h.respond(b, nil, b.Rows[0].Index)
	assert.Equal(t, 2, h.backoff.fruitless, "some new rows were accepted")
}

// A rejected retry used no capacity that others could have had.
func TestRejectedRetriesAdmitMore(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	h.WindowFull(true)
	h.add("a", "b", "c", "d")
	h.respond(h.next(0, 1, 2, 3), throttled)
	h.later()
	h.respond(h.next(0), tooLarge)
	h.next(1, 2)
}

// A call of no more rows than one request takes sends them together again.
func TestRetriesOfASmallCallGoTogether(t *testing.T) {
	t.Parallel()
	for rows, together := range map[int]int{25: 25, 26: 1} {
		t.Run(strconv.Itoa(rows), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, nil)
			h.addNew(rows)
			assert.False(t, h.FitsOneRequest(), "more rows may come")
			h.Close()
			assert.Equal(t, rows == 25, h.FitsOneRequest())
			h.respond(h.request(), throttled)
			h.later()
			assert.Equal(t, together, h.request().retries)
		})
	}
}

func TestRetriesGoTogetherAtTheLongestDelay(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(c *Config) { c.MaxAttempts, c.MaxDelay = 10, 100*time.Millisecond })
	h.WindowFull(true)
	h.add("a", "b", "c")
	h.respond(h.next(0, 1, 2), throttled)
	h.later()
	h.respond(h.next(0), throttled) // the second delay is at most MaxDelay
	h.later()
	h.next(0, 1, 2)
}

func TestEachBackoffIsReportedOnce(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, func(c *Config) { c.OnExisting = Skip })
	h.add("a", "b", "c")
	first, second, third := h.next(0), h.next(1), h.next(2)
	h.respond(first, throttled)
	assert.Equal(t, Stats{Requests: 1, Delayed: 1, Waiting: 1, Backoff: 50 * time.Millisecond}, h.Stats())
	h.respond(second, nil)
	assert.Zero(t, h.Stats().Backoff, "a success begins no backoff")
	h.respond(third, throttled)
	assert.Zero(t, h.Stats().Backoff, "the first backoff is still running")
	assert.Equal(t, 2, h.Stats().Delayed)
}

func TestDelayIsAPartOfADoublingBound(t *testing.T) {
	t.Parallel()
	for n, bound := range map[int]time.Duration{1: 50 * time.Millisecond, 2: 100 * time.Millisecond, 7: 3200 * time.Millisecond, 8: 5 * time.Second, 90: 5 * time.Second} {
		longest := time.Duration(0)
		for range 200 {
			delay := Delay(50*time.Millisecond, 5*time.Second, n)
			require.GreaterOrEqual(t, delay, time.Duration(0))
			longest = max(longest, delay)
		}
		assert.LessOrEqual(t, longest, bound, n)
		assert.Greater(t, longest, bound/2, n)
	}
}

func TestOpenRetries(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(c *Config) { c.MaxAttempts = 100 })
	h.WindowFull(true)
	h.add("a", "b")
	h.respond(h.next(0, 1), throttled)
	for range 7 {
		h.later()
		h.respond(h.next(0), throttled)
	}
	require.Equal(t, h.now.Add(5*time.Second), h.wait())
	require.Equal(t, 7, h.outage.noProgress)
	h.OpenRetries()
	assert.Zero(t, h.outage.noProgress)
	h.respond(h.next(0, 1), throttled)
	assert.Equal(t, h.now.Add(50*time.Millisecond), h.wait(), "the first delay again")
}

// Rows of a request of which others were accepted are resent at once.
func TestQueueStaysOpenWhileRowsAreAccepted(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	h.WindowFull(true)
	h.add("a", "b", "c", "d", "e", "f")
	h.respond(h.next(0, 1, 2, 3, 4, 5), nil, 0, 1, 2, 3, 4)
	assert.Zero(t, h.Stats().Backoff)
	h.respond(h.next(0), nil) // which admits two more
	h.respond(h.next(1, 2), nil, 2)
	assert.Zero(t, h.Stats().Backoff, "half of them were accepted")
	h.respond(h.next(2, 3), nil)
	h.respond(h.next(4), nil, 4)
	h.wait()
}
