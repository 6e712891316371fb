package schedule

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// retryInVain sends n requests with retries and has each throttled. A new row joins whenever the
// last one was given up.
func (h *harness) retryInVain(n int) {
	h.t.Helper()
	for n > 0 {
		h.later()
		if h.Stats().Delayed == 0 {
			h.addNew(1)
		}
		b := h.request()
		if b.retries > 0 {
			n--
		}
		h.respond(b, throttled)
	}
}

func TestOutageAfterThreeTimesMaxAttempts(t *testing.T) {
	t.Parallel()
	for maxAttempts, backoffs := range map[int]int{2: 30, 9: 30, 10: 30, 11: 33, 20: 60} { // 30 at least
		t.Run(strconv.Itoa(maxAttempts), func(t *testing.T) {
			t.Parallel()
			h := newClosedHarness(t, func(c *Config) { c.MaxAttempts = maxAttempts })
			h.retryInVain(backoffs - 1)
			h.assertOutage(false)
			h.retryInVain(1)
			h.assertOutage(true)
		})
	}
	t.Run("no overflow", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, func(c *Config) { c.MaxAttempts = math.MaxInt / 2 })
		h.retryInVain(100)
		h.assertOutage(false)
	})
	t.Run("limits of a small scope", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, func(c *Config) { c.MaxAttempts, c.OutageFactor, c.MinOutageAttempts = 1000, 2, 1 })
		h.retryInVain(1999)
		h.assertOutage(false)
		h = newClosedHarness(t, func(c *Config) { c.MaxAttempts, c.OutageFactor, c.MinOutageAttempts = 2, 1, 1 })
		h.retryInVain(1)
		h.assertOutage(false)
		h.retryInVain(1)
		h.assertOutage(true)
	})
}

func TestOutageNamesTheLastRequest(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, func(c *Config) { c.MaxAttempts, c.OutageFactor, c.MinOutageAttempts = 2, 1, 2 })
	h.add("a", "b")
	h.respond(h.next(0, 1), throttled)
	h.retryInVain(1) // of both rows, which gives them up
	h.add("c", "d", "e")
	h.later()
	h.respond(h.next(2, 3, 4), throttled)
	h.later()
	h.respond(h.next(2, 3, 4), nil, 2, 3, 4)
	o := &Outage{}
	require.ErrorAs(t, h.Stopped(), &o)
	assert.Equal(t, Outage{Waits: 2, Reason: fault.Unprocessed, Err: errUnprocessed}, *o)
	assert.EqualError(t, o, "nothing was accepted in 2 consecutive waits; the last error: "+errUnprocessed.Error())
	require.ErrorIs(t, o, errUnprocessed)
	assert.Contains(t, o.Error(), errUnprocessed.Error())
}

func TestOutageComesAfterNoOtherStop(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, func(c *Config) { c.OutageFactor, c.MinOutageAttempts, c.MaxAttempts = 1, 1, 2 })
	h.add("a")
	h.retryInVain(1)
	h.add("b")
	h.respond(h.request(), throttled)
	h.later()
	b := h.request()
	require.Equal(t, 1, b.retries)
	h.Stop(errCause)
	h.respond(b, throttled)
	h.assertOutage(false)
}

func TestOutageCountsNoRequestOfNewRowsAlone(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, func(c *Config) { c.MaxAttempts = 1 })
	for range 100 {
		h.addNew(1)
		h.later()
		h.respond(h.request(), throttled)
	}
	h.assertOutage(false)
}

func TestOutageCountsEachBackoffOnce(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, func(c *Config) { c.OnExisting, c.MaxAttempts = Skip, 10 })
	h.add("a", "b")
	h.respond(h.next(0), throttled)
	h.respond(h.next(1), throttled)
	h.later()
	first, second := h.next(0), h.next(1)
	h.respond(first, throttled)
	h.respond(second, throttled)
	assert.Equal(t, 1, h.outage.noProgress, "both were throttled in one moment")
}

// Anything that DynamoDB accepts or decides begins the count again.
func TestOutageCountsFromTheLastProgress(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		onExisting  OnExisting
		failure     *fault.Failure
		unprocessed []int // of the retried row 14 and the new row 15
	}{
		"all rows written":                       {},
		"one row written and a retried one not":  {unprocessed: []int{14}},
		"a request split for the fault of a row": {failure: rejected},
		"a conditional put written":              {onExisting: Skip},
		"an existing key":                        {onExisting: Skip, failure: keyTaken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newClosedHarness(t, func(c *Config) { c.OnExisting = tt.onExisting })
			h.retryInVain(29)
			h.addNew(1)
			h.later()
			h.respond(h.request(), tt.failure, tt.unprocessed...)
			h.retryInVain(29)
			h.assertOutage(false)
			h.retryInVain(1)
			h.assertOutage(true)
		})
	}
}
