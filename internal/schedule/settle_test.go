package schedule

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// The most requests that one bad row costs its batch of 25.
const mostForOneBadRow = 11 // 2 * log2(25) + 2, rounded down

func TestSplitIsolatesTheBadRow(t *testing.T) {
	t.Parallel()
	for bad := range 25 {
		t.Run(strconv.Itoa(bad), func(t *testing.T) {
			t.Parallel()
			h := newClosedHarness(t, nil)
			h.addNew(25)
			requests := 0
			for !h.Idle() {
				b := h.request()
				requests++
				var f *fault.Failure
				for _, r := range b.Rows {
					if r.Index == bad {
						f = rejected
					}
				}
				h.respond(b, f)
			}
			assert.LessOrEqual(t, requests, mostForOneBadRow)
			for i := range 25 {
				want := "written"
				if i == bad {
					want = "not written: refused"
				}
				assert.Equal(t, want, h.outcome(i))
			}
			assert.Equal(t, Done, h.ask().Kind, "one bad row says nothing of the table")
		})
	}
}

func TestSplitEndsWhereAllAreBad(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, nil)
	h.addNew(25)
	requests := 0
	for !h.Idle() {
		h.respond(h.request(), rejected)
		requests++
	}
	assert.Equal(t, 49, requests) // a binary tree with 25 leaves
	assert.Equal(t, Describe, h.ask().Kind, "every row rejected on its own: the table's keys may have changed")
}

func TestOnlyRefusedRowsMakeTheKeysSuspicious(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, nil)
	h.add("a")
	h.respond(h.next(0), tooLarge)
	h.want("not written: item_too_large")
	assert.Equal(t, Done, h.ask().Kind)
}

func TestHalvesStayTogetherWhenThrottled(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, nil)
	h.add("a", "b", "c", "d")
	h.respond(h.next(0, 1, 2, 3), rejected)
	h.respond(h.next(0, 1), throttled)
	h.respond(h.next(2, 3), nil)
	h.wait()
	h.later()
	h.respond(h.next(0, 1), rejected)
	h.respond(h.next(0), nil)
	h.respond(h.next(1), rejected)
	h.want("written", "not written: refused", "written", "written")
}

// Half a batch that is sent again is still a part of that batch: a written row of the other half shows
// that the keys of the table are right.
func TestHalvesRememberTheirBatch(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]*fault.Failure{"throttled": throttled, "expired token": expired} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newClosedHarness(t, nil)
			h.add("a", "b")
			h.respond(h.next(0, 1), rejected)
			h.respond(h.next(0), f)
			h.respond(h.next(1), nil)
			h.later()
			h.respond(h.next(0), rejected)
			h.want("not written: refused", "written")
			assert.Equal(t, Done, h.ask().Kind)
		})
	}
}

// Rows set apart that wait for the backoff are retries like others.
func TestDelayedSubBatchesAreRetries(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	h.WindowFull(true)
	h.add("a", "b", "c")
	h.respond(h.next(0, 1, 2), rejected)
	first, second := h.next(0, 1), h.next(2)
	h.respond(first, throttled)
	h.respond(second, throttled)
	assert.Equal(t, 3, h.Stats().Delayed)
	h.later()
	b := h.next(0, 1)
	assert.Equal(t, 2, b.retries)
	h.wait() // for the response to the retries
	h.respond(b, throttled)
	assert.Equal(t, 1, h.outage.noProgress)
	h.later()
	h.respond(h.next(2), nil)
	h.respond(h.next(0, 1), nil)
	h.want("written", "written", "written")
}

func TestExhaustedRowsAreGivenUp(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		failure *fault.Failure
		want    string
	}{
		"after MaxAttempts requests without progress": {throttled, "not written: throttled"},
		"together where no response comes":            {lost, "unknown: unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newClosedHarness(t, nil)
			h.add("a", "b")
			for range 3 {
				h.respond(h.next(0, 1), tt.failure)
				h.later()
			}
			h.want(tt.want, tt.want)
		})
	}
	t.Run("one by one where more rows may come", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t, nil)
		h.WindowFull(true)
		h.add("a", "b")
		h.respond(h.next(0, 1), throttled)
		for _, first := range []int{0, 0, 1, 1} {
			h.later()
			h.respond(h.next(first), throttled)
		}
		h.want("not written: throttled", "not written: throttled")
	})
	t.Run("after MaxAttemptsFactor times as many in any case", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, func(c *Config) { c.MaxAttempts, c.MaxAttemptsFactor = 2, 3 })
		h.add("a")
		for i := range 6 {
			h.addNew(1)
			h.later()
			h.respond(h.next(0, i+1), nil, 0)
		}
		assert.Equal(t, "not written: unprocessed", h.outcome(0))
		assert.Equal(t, 6, h.rows[0].Attempts)
		assert.Equal(t, errUnprocessed, h.rows[0].Err)
	})
	t.Run("with MaxAttempts 1 at once, progress or not", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, func(c *Config) { c.MaxAttempts = 1 })
		h.add("a", "b", "c")
		h.respond(h.next(0, 1, 2), nil, 1)
		h.add("d")
		h.respond(h.next(3), lost)
		h.want("written", "not written: unprocessed", "written", "unknown: unavailable")
	})
	t.Run("not for a split, nor for the one resend", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, func(c *Config) { c.MaxAttempts = 1 })
		h.add("a", "b", "c")
		h.respond(h.next(0, 1, 2), rejected)
		h.respond(h.next(0, 1), expired)
		h.respond(h.next(2), nil)
		h.respond(h.next(0, 1), nil)
		h.want("written", "written", "written")
		assert.Equal(t, 3, h.rows[0].Attempts)
	})
	t.Run("never with as many attempts as an int holds", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, func(c *Config) { c.MaxAttempts = math.MaxInt })
		h.add("a")
		for range 20 {
			h.respond(h.next(0), throttled)
			h.later()
		}
		h.respond(h.next(0), nil)
		h.want("written")
	})
}

func TestFaultsThatEveryRowMeetsStop(t *testing.T) {
	t.Parallel()
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.addNew(50)
		first := h.request()
		second := h.Next(h.now, Budget{Rows: 20, Units: 1e9}).Batch
		h.respond(first, denied)
		h.wait()
		h.respond(second, nil) // what was in flight keeps its outcome
		assert.Equal(t, Done, h.ask().Kind)
		h.abandon()
		assert.Equal(t, "not written: access_denied", h.outcome(0))
		assert.Equal(t, "written", h.outcome(25))
		assert.Equal(t, "not written: stopped", h.outcome(49))
		assert.Equal(t, errCause, h.rows[49].Err)
	})
	t.Run("an expired token is sent again once", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a", "b")
		h.respond(h.next(0, 1), expired)
		h.respond(h.next(0, 1), expired)
		h.want("not written: bad_credentials", "not written: bad_credentials")
		assert.Equal(t, errCause, h.Stopped())
	})
	t.Run("a lost response to the resend proves nothing", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a")
		h.respond(h.next(0), expired)
		h.respond(h.next(0), lost)
		h.later()
		h.respond(h.next(0), expired)
		h.want("unknown: bad_credentials")
		assert.Equal(t, errCause, h.Stopped())
	})
	t.Run("the end of the caller's context leaves the rows to Abandon", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a", "b")
		h.respond(h.next(0, 1), cancelled)
		h.want("unsettled", "unsettled")
		assert.Equal(t, Done, h.ask().Kind)
		h.abandon()
		h.want("unknown: stopped", "unknown: stopped")
		assert.Equal(t, errCause, h.rows[0].Err)
	})
	t.Run("a request that was not sent counts for nothing", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a")
		h.settle(Response{Batch: h.next(0), Done: h.now, Stop: errCause})
		h.want("unsettled")
		assert.Zero(t, h.Stats().Requests)
		assert.Equal(t, Done, h.ask().Kind)
		h.abandon()
		h.want("not written: stopped")
		assert.Zero(t, h.rows[0].Attempts)
	})
}

// A token that has expired, was renewed and worked may expire again: the second expiry is sent again as
// the first was.
func TestTokenExpiresAgainAfterItWorked(t *testing.T) {
	t.Parallel()
	t.Run("a batch that was throttled in between", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a", "b")
		for range 2 {
			h.respond(h.next(0, 1), expired)
			h.respond(h.next(0, 1), throttled)
			h.later()
		}
		h.respond(h.next(0, 1), expired)
		h.respond(h.next(0, 1), nil)
		h.want("written", "written")
		assert.NoError(t, h.Stopped())
	})
	t.Run("but not a third time in a row", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a")
		h.respond(h.next(0), expired)
		h.respond(h.next(0), throttled)
		h.later()
		h.respond(h.next(0), expired)
		h.respond(h.next(0), expired)
		h.want("not written: bad_credentials")
	})
	t.Run("half of a batch", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a", "b", "c", "d")
		h.respond(h.next(0, 1, 2, 3), rejected)
		h.respond(h.next(0, 1), expired)
		h.respond(h.next(2, 3), nil)
		h.respond(h.next(0, 1), throttled)
		h.later()
		h.respond(h.next(0, 1), expired)
		h.respond(h.next(0, 1), rejected)
		h.respond(h.next(0), expired)
		h.respond(h.next(1), nil)
		h.respond(h.next(0), rejected)
		h.want("not written: refused", "written", "written", "written")
	})
	t.Run("the rest of a batch that no longer fits", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a", "b", "c")
		h.respond(h.next(0, 1, 2), expired)
		first := h.Next(h.now, Budget{Rows: 1, Units: 1}).Batch
		h.respond(first, nil)
		h.respond(h.next(1, 2), expired)
		h.respond(h.next(1, 2), nil)
		h.want("written", "written", "written")
	})
	t.Run("conditional puts", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, func(c *Config) { c.OnExisting = Fail })
		h.add("a", "b")
		for row := range 2 {
			h.respond(h.next(row), expired)
			h.respond(h.next(row), throttled)
			h.later()
			h.respond(h.next(row), expired)
			h.respond(h.next(row), nil)
		}
		h.want("written", "written")
	})
	t.Run("a stubborn row", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, func(c *Config) { c.MaxAttempts = 20 })
		h.add("a")
		for range stubbornAfter {
			h.respond(h.next(0), throttled)
			h.later()
		}
		for range 2 {
			h.respond(h.next(0), expired)
			h.respond(h.next(0), throttled)
			h.later()
		}
		h.respond(h.next(0), nil)
		h.want("written")
	})
	t.Run("it costs the attempts that the throttled requests cost", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a")
		for range 3 { // MaxAttempts
			h.respond(h.next(0), expired)
			h.respond(h.next(0), throttled)
			h.later()
		}
		h.want("not written: throttled")
	})
}

func TestWriteUnitsAddUp(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, func(c *Config) { c.OnExisting = Skip })
	h.add("a", "b")
	h.respondWith(Response{Batch: h.next(0), WriteUnits: 1.5})
	h.respondWith(Response{Batch: h.next(1), Failure: keyTaken, WriteUnits: 2})
	require.Equal(t, Stats{Requests: 2, WriteUnits: 3.5}, h.Stats())
}
