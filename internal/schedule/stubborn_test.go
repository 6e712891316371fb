package schedule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newFlow returns a harness in whose call new rows flow.
func newFlow(t *testing.T) *harness {
	h := newHarness(t, func(c *Config) { c.MaxAttempts = 10 })
	h.WindowFull(true)
	return h
}

// resend moves the clock to when row 0 goes next, has a request with it and a new row return row 0 but
// not the new one, and returns how long the row waited and whether the new row was in the request.
func (h *harness) resend() (waited time.Duration, mixed bool) {
	h.t.Helper()
	began := h.now
	if next := h.Next(h.now, Budget{}); next.Kind == Wait {
		h.now = next.Until
	}
	h.addNew(1)
	b := h.request()
	require.Zero(h.t, b.Rows[0].Index)
	h.respond(b, nil, 0)
	if len(b.Rows) == 1 {
		other := h.request()
		require.Equal(h.t, []int{len(h.rows) - 1}, indexes(other.Rows))
		h.respond(other, nil)
	}
	return h.now.Sub(began), len(b.Rows) > 1
}

// stick adds row 0 and has it refused until it is set apart.
func (h *harness) stick() {
	h.t.Helper()
	h.add("stuck", "other")
	h.respond(h.next(0, 1), nil, 0)
	for _, want := range []int64{0, 50, 100, 200} {
		waited, mixed := h.resend()
		require.Equal(h.t, want, waited.Milliseconds())
		require.True(h.t, mixed)
	}
}

// A row that stays refused rides with new rows at first, and then alone: only then has each of its
// requests no row accepted.
func TestStubbornRowIsGivenUpAlone(t *testing.T) {
	t.Parallel()
	h := newFlow(t)
	h.stick()
	assert.Equal(t, 400*time.Millisecond, h.Stats().Backoff)
	for _, want := range []int64{400, 400, 400, 400, 400, 800, 1600, 3200, 5000, 5000} {
		require.Equal(t, 1, h.Stats().Delayed)
		require.Equal(t, 1, h.Stats().Waiting)
		waited, mixed := h.resend()
		require.Equal(t, want, waited.Milliseconds())
		require.False(t, mixed)
	}
	assert.Equal(t, "not written: unprocessed", h.outcome(0))
	assert.Equal(t, 15, h.rows[0].Attempts)
	assert.True(t, h.Idle())
	assert.Zero(t, h.Stats().Delayed)
	assert.Zero(t, h.outage.noProgress)
}

func TestNoRowWaitsForAStubbornOne(t *testing.T) {
	t.Parallel()
	h := newFlow(t)
	h.stick()
	h.add("refused", "new")
	h.respond(h.next(6, 7), nil, 6)
	h.respond(h.next(6), throttled)
	assert.Equal(t, h.now.Add(50*time.Millisecond), h.wait(), "a queue that was never shut")
	h.later()
	h.respond(h.next(0), throttled) // alone
	h.respond(h.next(6), nil)
	assert.Equal(t, h.now.Add(400*time.Millisecond), h.wait())
}

// Stubborn rows whose delays end together go together, and only those that come back are set apart
// again.
func TestStubbornRowsGoTogether(t *testing.T) {
	t.Parallel()
	h := newFlow(t)
	h.add("a", "b", "c", "d")
	for _, r := range h.rows[:3] {
		r.charged = stubbornAfter - 1
	}
	h.backoff.limit, h.backoff.newRows = 3, newRowCount{accepted: 9}
	h.respond(h.next(0, 1, 2, 3), nil, 0, 1, 2)
	h.respond(h.next(0, 1, 2), throttled)
	assert.Equal(t, h.now.Add(400*time.Millisecond), h.wait())
	assert.Zero(t, h.backoff.fruitless)
	h.later()
	h.respond(h.next(0, 1, 2), nil, 1, 2)
	assert.Equal(t, 2, h.Stats().Delayed)
}

// While stubborn rows are accepted now and then, they are of a hot range and ride with new rows.
func TestRowsOfAHotRangeAreNotStubborn(t *testing.T) {
	t.Parallel()
	h := newFlow(t)
	h.stick()
	h.stubbornAccepted = h.now
	var waits []int64
	for mixed := true; mixed; {
		var waited time.Duration
		waited, mixed = h.resend()
		waits = append(waits, waited.Milliseconds())
	}
	assert.Equal(t, []int64{400, 50, 100, 200, 400, 800, 1600, 3200, 400}, waits, "MaxDelay is over")
	assert.Equal(t, 1, h.rows[0].fruitlessAttempts)

	h.now = h.now.Add(400 * time.Millisecond)
	h.respond(h.next(0), nil)
	assert.Equal(t, h.now, h.stubbornAccepted)
}

func TestNoRowIsSetApart(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*harness){
		"if new rows are refused too":      func(h *harness) { h.backoff.newRows = newRowCount{50, 100} },
		"if more retries wait than may go": func(h *harness) { h.backoff.limit = 1; h.retries.put(h.newRows.first()); h.newRows.take() },
		"in a call that fits one request":  func(h *harness) { h.Close() },
		"for another reason than capacity": nil,
		"before it was refused five times": func(h *harness) { h.rows[0].charged-- },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFlow(t)
			h.add("stuck", "other")
			h.rows[0].charged = stubbornAfter - 2
			h.respond(h.next(0, 1), nil, 0)
			b := h.next(0)
			h.addNew(1)
			f := throttled
			if change != nil {
				change(h)
			} else {
				f = lost
			}
			h.respond(b, f)
			assert.Empty(t, h.stubborn)
			assert.NotEmpty(t, h.retries)
		})
	}
}

func TestStubbornRowsOfAStoppedCall(t *testing.T) {
	t.Parallel()
	h := newFlow(t)
	h.stick()
	h.Stop(errCause)
	h.abandon()
	assert.Equal(t, "not written: stopped", h.outcome(0))
	assert.Zero(t, h.Stats().Waiting)
	assert.Zero(t, h.wakeAt(h.now))
}
