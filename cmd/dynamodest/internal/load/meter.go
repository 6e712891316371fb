package load

import (
	"context"
	"sync"

	"github.com/dynamodest/dynamodest"
)

// Meter counts the requests of a load while it runs, and notes what holds it back. Its methods may be called
// from any goroutine.
type Meter struct {
	Limited bool // a cap is set on the rate

	mu       sync.Mutex
	requests int
	units    float64
	waits    map[string]int // since the last Holding, by what they were for
}

// Observer returns the Observer that the Meter counts by.
func (m *Meter) Observer() dynamodest.Observer {
	return dynamodest.Observer{
		RequestDone: func(_ context.Context, r dynamodest.Response) {
			if r.Request.Rows == 0 {
				return
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			m.requests++
			m.units += r.WriteUnits
		},
		Wait: func(_ context.Context, w dynamodest.Wait) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.waits == nil {
				m.waits = make(map[string]int)
			}
			m.waits[w.For]++
		},
	}
}

// Requests returns how many requests were made.
func (m *Meter) Requests() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requests
}

// Units returns the write units of the requests, those of indexes included.
func (m *Meter) Units() float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.units
}

// words returns the words for what a load waits for.
func (m *Meter) words(wait string) string {
	switch {
	case wait == "retry":
		return "throttling or faults"
	case wait == "pace" && m.Limited:
		return "-max-rate"
	case wait == "pace":
		return "the table's rate"
	case wait == "window":
		return "rows that do not settle"
	}
	return ""
}

// Holding returns what the load has waited for most often since the last call of Holding; "" if it has not
// waited.
func (m *Meter) Holding() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	most := ""
	for what, n := range m.waits {
		if n > m.waits[most] {
			most = what
		}
	}
	m.waits = nil
	return m.words(most)
}
