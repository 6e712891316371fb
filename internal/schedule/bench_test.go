package schedule

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// steadyCall is a call in its steady state: a window of rows that are unsettled, in requests of 25 of which
// some are in flight. Its rows are used again once they are settled.
type steadyCall struct {
	*Scheduler
	now      time.Time
	free     []*Row
	next     int
	keys     []string
	inFlight []*Batch
}

const (
	steadyRows     = 2048
	steadyRequests = 64
)

func newSteadyCall(keys int) *steadyCall {
	c := &steadyCall{
		Scheduler: New(Config{MaxAttempts: 8, MinDelay: 50 * time.Millisecond, MaxDelay: 5 * time.Second, EnvelopeSize: 100}),
		now:       time.Unix(1_700_000_000, 0),
	}
	for i := range keys {
		c.keys = append(c.keys, "user-"+strconv.Itoa(1_000_000_000+i))
	}
	rows := make([]Row, steadyRows)
	for i := range rows {
		c.free = append(c.free, &rows[i])
	}
	return c
}

// request settles the oldest request, adds rows for those settled, and sends the requests that may go.
func (c *steadyCall) request() {
	if len(c.inFlight) > 0 {
		c.free = append(c.free, c.Settle(Response{Batch: c.inFlight[0], Sent: true, Done: c.now})...)
		copy(c.inFlight, c.inFlight[1:])
		c.inFlight = c.inFlight[:len(c.inFlight)-1]
	}
	for _, r := range c.free {
		*r = Row{Index: c.next, Key: c.keys[c.next%len(c.keys)], Units: 1, Size: 300, EncodedSize: 400, Payload: r}
		c.next++
		c.Add(r, c.now)
	}
	c.free = c.free[:0]
	c.WindowFull(true)
	for len(c.inFlight) < steadyRequests {
		next := c.Next(c.now, BudgetOf(1e9))
		if next.Kind != Send {
			return
		}
		c.inFlight = append(c.inFlight, next.Batch)
	}
}

// BenchmarkSettle adds, packs and settles the rows of one request in a call in its steady state.
func BenchmarkSettle(b *testing.B) {
	for name, keys := range map[string]int{"distinct keys": 100_000, "few keys": 100} {
		b.Run(name, func(b *testing.B) {
			c := newSteadyCall(keys)
			b.ReportAllocs()
			for b.Loop() {
				c.request()
			}
			b.ReportMetric(float64(c.next)/float64(b.N), "rows/op")
		})
	}
}

// A row costs the Scheduler no memory of its own, once as many have been added as are unsettled at a time.
func TestRowsAreScheduledWithoutMemoryOfTheirOwn(t *testing.T) {
	c := newSteadyCall(100_000)
	for range 10 * steadyRequests {
		c.request()
	}
	added := c.next
	allocs := testing.AllocsPerRun(1000, c.request)
	require.Greater(t, c.next-added, 20_000)
	require.LessOrEqual(t, allocs, 3.0, "for each request of 25 rows")
}
