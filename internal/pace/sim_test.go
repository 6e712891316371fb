package pace

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// span is a time from, to in seconds.
type span [2]float64

func (s span) has(t float64) bool { return t >= s[0] && t < s[1] }

// step changes the table's capacity at a moment.
type step struct{ at, rate float64 }

// trouble is a time in which shares of the items and of the requests are rejected, and of the requests
// fail, at random.
type trouble struct {
	span
	items, requests, fail float64
}

// scenario is a table, a source of rows and the engine between them. Times are seconds, sizes write
// units.
type scenario struct {
	cfg Config

	// the table
	rate     float64 // units/s; 0 = unlimited
	steps    []step  // later rates
	burst    float64 // seconds of unused capacity that it keeps; default 1
	credit   float64 // units that it has at the start
	window   float64 // metering window
	whole    bool    // requests are rejected whole
	hot      float64 // share of the rows in a hot key range
	hotRate  float64 // units/s of that range
	parts    int     // the rate is that of so many partitions together, each with its own bucket
	latency  float64 // of a request, ± 20 %; default 0.010
	reported float64 // consumed units per unit requested, as the response reports; 0 = 1, not reported
	fail     float64 // share of the requests that fail for another reason than throttling
	outage   span    // all of them do

	// other writers, and rejections that are not for lack of capacity
	rival      rival   // writes at its times, whatever is rejected, and does not repeat
	loops      int     // so many workers that write 25 items at once, again and again, without a pace
	peers      int     // so many engines like this one write to the table; default 1
	noiseItems float64 // share of the items rejected at random
	noise      float64 // share of the requests rejected whole at random
	spell      span    // 90 % of the items are rejected at random
	troubles   []trouble
	othersEnd  float64 // the rival and the loops stop; 0 = never

	// several engines
	lives  []span  // of the engines: they begin, and die with what they have; none = all of the run
	lender lender  // of a budget that the engines share; rate 0 = none
	settle float64 // outcome.shares counts from then on

	// the engine
	overhead float64 // seconds of work for each request, one after another
	mute     bool    // does not report which rows had been rejected before
	storm    bool    // retries rejected rows in any number of requests at once

	// the source
	rows  int     // default: no end
	until float64 // the run ends here, whatever is left
	units float64 // of a row; default 1
	mixed bool    // units are 1 to 39
	offer float64 // rows/s; 0 = as many as are accepted
	pulse float64 // rows come in every other span of so many seconds
	idle  span    // no rows come
}

// tenth is what happened in a tenth of a second.
type tenth struct{ applied, rejected float64 }

// outcome is the result of a run.
type outcome struct {
	applied, rejected float64 // units
	rows, requests    int
	end               float64 // moment of the last response
	capacity          float64 // units that the table could have accepted until then
	tenths            []tenth
	shares            []float64 // units applied, by engine
	leases            int       // requests to the lender
}

func (o outcome) used() float64          { return o.applied / o.capacity }
func (o outcome) rejectedShare() float64 { return o.rejected / o.applied }
func (o outcome) rowsPerSecond() float64 { return float64(o.rows) / o.end }

// during returns the units applied per second and those rejected per unit applied, between two moments.
func (o outcome) during(from, to float64) (rate, rejected float64) {
	var sum tenth
	for i := int(math.Round(from * 10)); i < min(len(o.tenths), int(math.Round(to*10))); i++ {
		sum.applied += o.tenths[i].applied
		sum.rejected += o.tenths[i].rejected
	}
	return sum.applied / (to - from), sum.rejected / max(1, sum.applied)
}

// sim is one run: an event loop in virtual time.
type sim struct {
	scenario
	random  *rand.Rand
	now     float64
	events  events
	table   table
	engines []*engine
	out     outcome
}

func (sc scenario) run(seed uint64) outcome {
	for _, d := range []struct {
		of    *float64
		value float64
	}{{&sc.burst, 1}, {&sc.latency, 0.010}, {&sc.units, 1}, {&sc.until, 1e9}} {
		if *d.of == 0 {
			*d.of = d.value
		}
	}
	if sc.rows == 0 {
		sc.rows = math.MaxInt
	}
	s := &sim{scenario: sc, random: rand.New(rand.NewPCG(seed, 0))}
	s.makeTable()
	for _, step := range sc.steps {
		s.at(step.at, func() { s.change(step.rate) })
	}
	for i := range max(1, sc.peers) {
		e := &engine{sim: s, pace: New(sc.cfg), wakes: -1, life: span{0, math.Inf(1)}}
		if len(sc.lives) > 0 {
			e.life = sc.lives[i]
		}
		s.engines = append(s.engines, e)
		s.at(e.life[0], e.dispatch)
	}
	for range sc.loops {
		s.at(s.random.Float64()*sc.latency, func() { s.loop(simBatch) })
	}
	for len(s.events) > 0 && slices.ContainsFunc(s.engines, func(e *engine) bool { return e.base < sc.rows }) {
		e := heap.Pop(&s.events).(event)
		if e.at > sc.until {
			break
		}
		s.now = e.at
		e.call()
	}
	s.out.capacity, s.out.leases = s.free(s.out.end), s.lender.asked
	for _, e := range s.engines {
		s.out.shares = append(s.out.shares, e.applied)
	}
	return s.out
}

func (s *sim) makeTable() {
	s.table = table{
		all:   bucket{rate: s.rate, holds: s.burst * s.rate, level: s.credit, window: s.window},
		whole: s.whole,
		ratio: max(1, s.reported),
		rival: s.rival,
	}
	s.table.rival.end = s.othersEnd
	if s.hot > 0 {
		s.table.ranges = []bucket{{rate: s.hotRate, holds: s.hotRate}}
	}
	for range s.parts {
		rate := s.rate / float64(s.parts)
		s.table.ranges = append(s.table.ranges, bucket{rate: rate, holds: rate * s.burst})
		s.table.all.rate = 0
	}
}

// free returns the units that the table could have accepted from the engines until a moment: its
// capacity, less what the rival would have got alone.
func (s *sim) free(until float64) (units float64) {
	from, rate := 0.0, s.rate
	for _, step := range append(s.steps, step{at: math.Inf(1)}) {
		to := min(step.at, until)
		units += rate * max(0, to-from)
		from, rate = to, step.rate
	}
	if s.rival.rate > 0 {
		alone := table{all: bucket{rate: s.rate, holds: s.burst * s.rate}, rival: s.rival}
		units -= alone.letRivalWrite(until)
	}
	return units
}

func (s *sim) change(rate float64) {
	s.table.all.refill(s.now)
	s.table.all.rate, s.table.all.holds = rate, rate*s.burst
	s.table.all.level = min(s.table.all.level, rate*s.burst)
}

// loop is one request of a writer without a pace, and its next one. It sends what comes back until nothing
// does, and then the next 25 units.
func (s *sim) loop(units float64) {
	if s.othersEnd > 0 && s.now > s.othersEnd {
		return
	}
	s.table.letRivalWrite(s.now)
	s.table.all.refill(s.now)
	taken := min(units, math.Floor(s.table.all.level+1e-9))
	s.table.all.take(taken)
	if units -= taken; units == 0 {
		units = simBatch
	}
	s.at(s.now+s.latency*(0.8+0.4*s.random.Float64()), func() { s.loop(units) })
}

func (s *sim) clock(t float64) time.Duration { return time.Duration(t * float64(time.Second)) }

func (s *sim) at(t float64, call func()) {
	heap.Push(&s.events, event{t, call})
}

type event struct {
	at   float64
	call func()
}

// events is a heap of the events to come, the soonest on top.
type events []event

func (h events) Len() int           { return len(h) }
func (h events) Less(i, j int) bool { return h[i].at < h[j].at }
func (h events) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *events) Push(x any)        { *h = append(*h, x.(event)) }
func (h *events) Pop() any {
	all := *h
	x := all[len(all)-1]
	*h = all[:len(all)-1]
	return x
}
