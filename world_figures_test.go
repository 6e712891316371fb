package dynamodest_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// figure is a number that a run has measured.
type figure struct {
	name string
	of   func(*outcome) float64
}

var (
	ofFree       = figure{"of free", func(o *outcome) float64 { return o.applied() / o.free }}
	ofCapacity   = figure{"of capacity", func(o *outcome) float64 { return o.applied() / o.capacity }}
	refusedShare = figure{"refused/applied", func(o *outcome) float64 {
		n := 0
		for _, p := range o.peers {
			n += p.refused
		}
		return float64(n) / max(1, o.applied())
	}}
	rowRate  = figure{"rows/s", func(o *outcome) float64 { return o.applied() / o.end.Seconds() }}
	givenUp  = figure{"given up", func(o *outcome) float64 { return float64(o.givenUp) }}
	seconds  = figure{"seconds", func(o *outcome) float64 { return o.end.Seconds() }}
	lastCall = figure{"last call", func(o *outcome) float64 { return o.lastCall.Seconds() }}

	// fairness is Jain's index: 1 if all processes got the same, 1/n if one got everything.
	// https://arxiv.org/abs/cs/9809099
	fairness = figure{"fairness", func(o *outcome) float64 {
		sum, squares := 0.0, 0.0
		for _, p := range o.peers {
			sum += float64(p.applied)
			squares += float64(p.applied) * float64(p.applied)
		}
		return sum * sum / max(1, squares*float64(len(o.peers)))
	}}

	// recovery is the seconds until the end of the first whole second in which 90 % of the capacity
	// was used.
	recovery = figure{"recovery", func(o *outcome) float64 {
		from := int(o.world.recovers / time.Second)
		for i := from; i < len(o.seconds); i++ {
			if float64(o.seconds[i].applied) >= 0.9*o.world.capacity {
				return float64(i + 1 - from)
			}
		}
		return o.end.Seconds()
	}}
)

// want is the bound of a figure.
type want struct {
	figure figure
	bound  float64
	most   bool // the bound is the most, not the least
}

func atLeast(bound float64, f figure) want { return want{f, bound, false} }
func atMost(bound float64, f figure) want  { return want{f, bound, true} }

// holds reports whether the figure, on average over runs, is within its bound.
func (w want) holds(runs []outcome) bool {
	mean := 0.0
	for i := range runs {
		mean += w.figure.of(&runs[i]) / float64(len(runs))
	}
	if w.most {
		return mean <= w.bound
	}
	return mean >= w.bound
}

func (w want) String() string {
	bound := "at least"
	if w.most {
		bound = "at most"
	}
	return fmt.Sprintf("%s %s %.4g", w.figure.name, bound, w.bound)
}

// check logs what the run has measured in one line, and fails the test if something is wrong with the run.
func (o *outcome) check(t *testing.T, seed uint64) {
	t.Helper()
	var line strings.Builder
	fmt.Fprintf(&line, "world: %-36s seed %d:", o.world.name, seed)
	for _, f := range o.shown() {
		fmt.Fprintf(&line, "  %s %.4g", f.name, f.of(o))
	}
	if o.world.possible == 0 {
		assert.LessOrEqual(t, o.applied()+o.foreign(), o.capacity+1, "the table gave more than it had")
	}
	for _, err := range o.stops {
		fmt.Fprintf(&line, "  STOPPED: %.120s", err)
	}
	if os.Getenv("DYNAMODEST_TRACE") == "1" {
		for i, s := range o.seconds {
			fmt.Fprintf(&line, "\n%4d s: %6d applied %6d refused %6d foreign", i, s.applied, s.refused, s.foreign)
		}
	}
	t.Log(line.String())
	assert.Empty(t, o.stops)
}

// checkAll fails the test for each bound that does not hold on average over the runs of a world: the library
// draws its backoffs from a generator that has no seed, and single runs vary by a factor of two.
func checkAll(t *testing.T, runs []outcome) {
	t.Helper()
	for _, w := range runs[0].world.wants {
		assert.True(t, w.holds(runs), "%s: WANTED: %s", runs[0].world.name, w)
	}
}

// shown is the figures that say something in this world.
func (o *outcome) shown() (shown []figure) {
	w := o.world
	for _, f := range []struct {
		figure
		applies bool
	}{
		{ofFree, w.runs > 0 && o.free > o.capacity/100}, {ofCapacity, w.rivals != nil}, {refusedShare, true}, {rowRate, true},
		{recovery, w.recovers > 0}, {fairness, w.peers > 1}, {seconds, w.runs == 0}, {lastCall, w.calls > 1}, {givenUp, true},
	} {
		if f.applies {
			shown = append(shown, f.figure)
		}
	}
	return shown
}
