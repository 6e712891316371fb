package otel

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/metric"

	"github.com/dynamodest/dynamodest"
)

// watch is a Destination whose figures are collected.
type watch struct {
	dest *dynamodest.Destination
	of   target
}

// Watch reports what d.Stats returns whenever metrics are collected, until stop is called: rows by outcome, write
// units, the pace and what holds calls back. A call that takes a day is seen while it goes on.
//
// Table and region are those of d's events, so that all series of a table have the same attributes: Config.Table,
// and the Region of the client. [Telemetry.NewDestination] finds them out by itself.
//
// The figures of several Destinations for one table add up, so watch each Destination once. What d has counted stays
// in the counters when stop has been called: stop when the calls of d have returned. Stop may be called more than
// once, by any goroutine. Watch panics if d is nil.
func (t *Telemetry) Watch(d *dynamodest.Destination, table, region string) (stop func()) {
	t.mustBeMade()
	d.Stats() // which panics here if d is nil, and not on the goroutine that collects
	w := &watch{dest: d, of: target{tableName(table), region}}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watched[w] = struct{}{}
	return sync.OnceFunc(func() { t.unwatch(w) })
}

// unwatch keeps the last figures of w, and watches it no longer.
func (t *Telemetry) unwatch(w *watch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	sum := t.ended[w.of]
	sum.Add(w.dest.Stats().Summary)
	sum.MissingColumns = nil
	t.ended[w.of] = sum
	delete(t.watched, w)
}

// figures are those of all Destinations for one table.
type figures struct {
	dynamodest.Stats                // sums; WaitFor is not used
	heldBack         map[string]int // the number of Destinations, by what holds them back; 0 for what holds back none
}

// newFigures returns the figures of a table of which no Destination is watched, but for what has ended.
func newFigures(ended dynamodest.Summary) *figures {
	return &figures{
		Stats: dynamodest.Stats{Taken: ended.Rows, Summary: ended},
		heldBack: map[string]int{
			dynamodest.WaitRetry: 0, dynamodest.WaitPace: 0, dynamodest.WaitLimit: 0, dynamodest.WaitWindow: 0, dynamodest.WaitSource: 0,
		},
	}
}

// observe reports the figures of all watched Destinations. It is called when metrics are collected.
func (t *Telemetry) observe(_ context.Context, o metric.Observer) error {
	for of, f := range t.figures() {
		t.metrics.observe(o, f, t.targets.get(of).set)
	}
	return nil
}

// figures returns the sums for each table.
func (t *Telemetry) figures() map[target]*figures {
	t.mu.Lock()
	defer t.mu.Unlock()
	sums := map[target]*figures{}
	for of, ended := range t.ended {
		sums[of] = newFigures(ended)
	}
	for w := range t.watched {
		sum := sums[w.of]
		if sum == nil {
			sum = newFigures(dynamodest.Summary{})
			sums[w.of] = sum
		}
		now := w.dest.Stats()
		sum.Calls += now.Calls
		sum.Taken += now.Taken
		sum.Summary.Add(now.Summary)
		sum.InFlight += now.InFlight
		sum.Pace += now.Pace
		if now.WaitFor != "" {
			sum.heldBack[now.WaitFor]++
		}
	}
	return sums
}
