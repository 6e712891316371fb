package schedule

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBatchesAreFullWhileRowsAllowIt(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	for i := range 24 {
		h.add(strconv.Itoa(i))
	}
	assert.Equal(t, h.now.Add(linger), h.wait(), "one short, and more may come")
	h.add("0", "24")
	b := h.request()
	require.Len(t, b.Rows, 25)
	assert.Equal(t, 24, b.Rows[0].Index, "instead of row 0, whose key it has")
	h.add("25")
	h.now = h.now.Add(linger)
	h.next(26)
}

func TestBatchesKeepToTheBudget(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, nil)
	h.add("a", "b", "c", "d", "e", "f")
	for i, units := range []int{2, 3, 1, 400, 1, 1} {
		h.rows[i].Units = units
	}
	next := func(b Budget, units int, want ...int) {
		t.Helper()
		got := h.Next(h.now, b).Batch
		assert.Equal(t, want, indexes(got.Rows))
		assert.Equal(t, units, got.Units)
		assert.Equal(t, 100*len(want), got.Bytes)
		assert.Equal(t, h.now, got.SentAt)
	}
	next(BudgetOf(5), 5, 0, 1)
	next(BudgetOf(400), 1, 2)
	next(BudgetOf(0.5), 400, 3) // one row may always go
	next(Budget{Rows: 1, Units: 1e9}, 1, 4)
	next(Budget{Units: 1}, 1, 5)
}

func TestBudgetOf(t *testing.T) {
	t.Parallel()
	assert.Equal(t, Budget{Rows: 1}, BudgetOf(0))
	assert.Equal(t, Budget{Rows: 1, Units: -3}, BudgetOf(-3))
	assert.Equal(t, Budget{Rows: 7, Units: 7.9}, BudgetOf(7.9))
	assert.Positive(t, BudgetOf(1e300).Rows)
}

func TestBatchesKeepToTheByteLimit(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, nil)
	h.add("a", "b", "c", "d")
	h.fillRequest(0, 0, 1, 2)
	h.next(0, 1, 2)
	h.next(3)
	h = newClosedHarness(t, nil)
	h.add("a", "b", "c", "d")
	h.fillRequest(1, 0, 1, 2)
	h.next(0, 1)
	h.next(2, 3)
}

// fillRequest sizes rows so that one request of all of them exceeds the limit by over bytes.
func (h *harness) fillRequest(over int, rows ...int) {
	left := 16<<20 - h.cfg.EnvelopeSize - (len(rows) - 1) + over // commas between
	for i, row := range rows {
		h.rows[row].EncodedSize = left / (len(rows) - i)
		left -= h.rows[row].EncodedSize
	}
}

func TestSubBatchesKeepToTheByteLimit(t *testing.T) {
	t.Parallel()
	for over, want := range [][][]int{
		{{4, 5}, {2, 3}},   // exactly the limit
		{{4}, {2, 3}, {5}}, // one byte more
	} {
		t.Run(strconv.Itoa(over), func(t *testing.T) {
			t.Parallel()
			h := newClosedHarness(t, nil)
			h.add("a", "b", "c", "d")
			h.respond(h.next(0, 1, 2, 3), rejected)
			h.add("a", "b") // newer and larger ones supersede those set apart
			h.fillRequest(over, 4, 5)
			for _, rows := range want {
				h.respond(h.next(rows...), nil)
			}
			h.want("superseded by 4", "superseded by 5", "written", "written", "written", "written")
		})
	}
}

func TestRetriesGoInOrderOfTheirKeysOldestRow(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	h.WindowFull(true)
	h.add("a", "b")
	first := h.next(0, 1)
	h.add("a")
	h.respond(first, throttled)
	h.later()
	h.respond(h.next(2), nil) // of key a, whose oldest row is row 0
	h.respond(h.next(1), nil)
	h.want("superseded by 2", "written", "written")
}

// Every other request is reserved for new rows, if they fill it.
func TestRetriesTakeTurnsWithNewRows(t *testing.T) {
	t.Parallel()
	for newRows, want := range map[int][]int{25: {25, 0, 25}, 24: {25, 25, 0}} {
		t.Run(strconv.Itoa(newRows), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, nil)
			h.WindowFull(true)
			h.addNew(50)
			first, second := h.request(), h.request()
			h.respond(first, lost) // for which all retries may go together later
			h.respond(second, lost)
			h.addNew(newRows)
			h.later()
			var retries []int
			for range want {
				b := h.request()
				retries = append(retries, b.retries)
				h.respond(b, nil)
			}
			assert.Equal(t, want, retries)
			assert.True(t, h.Idle())
		})
	}
}

// throttleFirst adds row 0 and has it throttled. It returns when the retry queue opens.
func (h *harness) throttleFirst() (opens time.Time) {
	h.t.Helper()
	h.add("a")
	h.now = h.now.Add(linger)
	h.respond(h.next(0), throttled)
	return h.now.Add(h.cfg.MinDelay)
}

func TestLingerAfterTheBackoff(t *testing.T) {
	t.Parallel()
	t.Run("of retries from its end", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t, nil)
		opens := h.throttleFirst()
		h.now = opens.Add(linger - 1)
		assert.Equal(t, opens.Add(linger), h.wait())
		h.now = opens.Add(linger)
		h.next(0)
	})
	t.Run("with a later row from its end too", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t, nil)
		opens := h.throttleFirst()
		h.now = opens.Add(linger / 2)
		h.add("b")
		h.now = opens.Add(linger)
		h.next(0, 1)
	})
	t.Run("with an earlier row from when that came", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t, nil)
		h.throttleFirst()
		h.add("b")
		h.now = h.now.Add(linger - 1)
		h.wait()
		h.now = h.now.Add(1)
		h.next(0, 1)
	})
}

func TestLingerOfAReleasedRowBeginsWithItsRelease(t *testing.T) {
	t.Parallel()
	h := newHarness(t, nil)
	h.add("a")
	h.now = h.now.Add(linger)
	first := h.next(0)
	h.add("a")
	h.later()
	h.respond(first, nil)
	h.wait()
	h.now = h.now.Add(linger)
	h.next(1)
}

func TestWakeUpOnlyForRowsThatWait(t *testing.T) {
	t.Parallel()
	t.Run("none without rows", func(t *testing.T) {
		t.Parallel()
		assert.Zero(t, newHarness(t, nil).wait())
	})
	t.Run("none for a row in flight", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a")
		h.next(0)
		assert.Zero(t, h.wait())
	})
	t.Run("none at the end of a backoff that delays nothing", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t, func(c *Config) { c.MaxAttempts = 1 })
		h.throttleFirst()
		h.want("not written: throttled")
		assert.Zero(t, h.wait())
		h.add("b")
		assert.Equal(t, h.now.Add(linger), h.wait())
	})
	t.Run("none for retries that wait for others of them", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t, nil)
		h.WindowFull(true)
		h.add("a", "b")
		h.respond(h.next(0, 1), throttled)
		h.later()
		h.next(0)
		assert.Zero(t, h.wait())
	})
	t.Run("at the end of the backoff", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t, nil)
		opens := h.throttleFirst()
		assert.Equal(t, opens, h.wait())
		h.add("b")
		assert.Equal(t, opens, h.wait(), "before the linger of row 1 is over")
	})
	t.Run("at the end of a linger that comes first", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t, func(c *Config) { c.MinDelay = time.Second })
		h.throttleFirst()
		h.add("b")
		assert.Equal(t, h.now.Add(linger), h.wait())
	})
	t.Run("at the end of the backoff for rows set apart", func(t *testing.T) {
		t.Parallel()
		h := newClosedHarness(t, nil)
		h.add("a")
		h.respond(h.next(0), expired)
		h.respond(h.next(0), throttled)
		assert.Equal(t, h.now.Add(h.cfg.MinDelay), h.wait())
	})
	t.Run("none once stopped", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t, nil)
		h.add("a", "b")
		h.Next(h.now.Add(linger), BudgetOf(1))
		h.Stop(errCause)
		assert.Zero(t, h.wait())
	})
}

// What a pace learns from a response depends on which rows an earlier request carried.
func TestRejectedUnits(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, nil)
	h.add("a", "b", "c")
	h.rows[0].Units, h.rows[1].Units, h.rows[2].Units = 2, 30, 500
	check := func(r Response, wantUnits, wantRetryUnits int) {
		t.Helper()
		units, retryUnits := r.Rejected()
		assert.Equal(t, []int{wantUnits, wantRetryUnits}, []int{units, retryUnits})
	}
	b := h.next(0, 1, 2)
	assert.Zero(t, b.RetryUnits)
	check(Response{Batch: b}, 0, 0)
	check(Response{Batch: b, Failure: throttled}, 532, 0)
	check(Response{Batch: b, Unprocessed: []bool{true, true, false}}, 32, 0)
	h.respond(b, nil, 0, 1)
	check(Response{Batch: b, Unprocessed: []bool{true, true, false}}, 32, 0) // what was settled changes nothing

	h.later()
	h.add("d")
	h.rows[3].Units = 7000
	b = h.next(0, 1, 3)
	assert.Equal(t, 32, b.RetryUnits)
	check(Response{Batch: b}, 0, 0)
	check(Response{Batch: b, Failure: throttled}, 7032, 32)
	check(Response{Batch: b, Failure: lost}, 0, 0)
	check(Response{Batch: b, Unprocessed: []bool{false, true, true}}, 7030, 30)
	h.respond(b, nil)

	// A row that comes back when a newer one is rejected goes as a new one, but an earlier request
	// carried it.
	h.add("e")
	h.rows[4].Units = 9
	first := h.next(4)
	h.add("e")
	h.respond(first, nil, 4)
	h.later()
	h.respond(h.next(5), tooLarge)
	b = h.next(4)
	assert.Zero(t, b.retries)
	assert.Equal(t, 9, b.RetryUnits)
}
