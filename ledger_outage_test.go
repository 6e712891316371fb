package dynamodest

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

// inVain sends retried rows n times and has each request refused. A new row
// joins whenever the last one was given up.
func (b *bench) inVain(n int) {
	b.t.Helper()
	for n > 0 {
		b.later()
		if b.heldBack() == 0 {
			b.newRows(1)
		}
		got := b.request()
		if got.again > 0 {
			n--
		}
		b.answer(got, throttled)
	}
}

func TestOutageAfterThreeTimesMaxAttempts(t *testing.T) {
	t.Parallel()
	for maxAttempts, waits := range map[int]int{2: 30, 9: 30, 10: 30, 11: 33, 20: 60} { // 30 at least
		t.Run(strconv.Itoa(maxAttempts), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(l *ledger) { l.closed, l.maxAttempts = true, maxAttempts })
			b.inVain(waits - 1)
			assert.False(t, b.outage())
			b.inVain(1)
			assert.True(t, b.outage())
		})
	}
	t.Run("no overflow", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(l *ledger) { l.closed, l.maxAttempts = true, math.MaxInt/2 })
		b.inVain(100)
		assert.False(t, b.outage())
	})
}

func TestOutageCountsNoRequestOfNewRowsAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.closed, l.maxAttempts = true, 1 })
	for range 100 {
		b.newRows(1)
		b.later()
		b.answer(b.request(), throttled)
	}
	assert.False(t, b.outage())
}

func TestOutageCountsEachWaitOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(l *ledger) { l.closed, l.conditional, l.maxAttempts = true, true, 10 })
	b.rowsOf("a", "b")
	b.answer(b.next(0), throttled)
	b.answer(b.next(1), throttled)
	b.later()
	first, second := b.next(0), b.next(1)
	b.answer(first, throttled)
	b.answer(second, throttled)
	assert.Equal(t, 1, b.dry, "both were refused in one moment")
}

// Anything that DynamoDB takes or decides begins the count again.
func TestOutageCountsFromTheLastProgress(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		conditional bool
		verdict     *verdict
		handedBack  []int // of the retried row 14 and the new row 15
	}{
		"all rows written":                       {},
		"one row written and a retried one not":  {handedBack: []int{14}},
		"a request split for the fault of a row": {verdict: refusedOne},
		"a conditional put written":              {conditional: true},
		"an existing key":                        {conditional: true, verdict: taken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(l *ledger) { l.closed, l.conditional, l.onExisting = true, tt.conditional, Skip })
			b.inVain(29)
			b.newRows(1)
			b.later()
			b.answer(b.request(), tt.verdict, tt.handedBack...)
			b.inVain(29)
			assert.False(t, b.outage())
			b.inVain(1)
			assert.True(t, b.outage())
		})
	}
}
