package pace

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"
)

const (
	simWindow   = 20_000 // rows that the engine holds unsettled at most
	simBatch    = 25     // rows of a request at most
	simMinDelay = 0.05   // seconds, of the retry queue's backoff
	simMaxDelay = 5
)

// span is a time from, to in seconds.
type span [2]float64

func (s span) has(t float64) bool { return t >= s[0] && t < s[1] }

// step changes the table's capacity at a moment.
type step struct{ at, rate float64 }

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
	pace   *Pace
	random *rand.Rand
	now    float64
	events events
	table  table
	out    outcome

	next     int // first row that was never sent
	settled  []bool
	base     int // first row not settled
	inFlight int
	ready    float64 // when the engine has finished the work for the last request
	wakes    float64 // the next moment at which dispatch runs by itself
	retry    oldest
	retryAt  float64 // backoff of the retry queue as a whole
	failures int     // in a row, of that queue
	retrying int     // requests in flight with rows from it
	probing  bool    // only one of those at a time, until one is accepted whole
}

type request struct {
	rows, rejected []row
	sent           float64
	consumed       float64
	retried        bool
	failed         bool
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
	s := &sim{scenario: sc, pace: New(sc.cfg), random: rand.New(rand.NewPCG(seed, 0)), wakes: -1}
	s.table = table{
		all:   bucket{rate: sc.rate, holds: sc.burst * sc.rate, level: sc.credit, window: sc.window},
		whole: sc.whole,
		ratio: max(1, sc.reported),
	}
	if sc.hot > 0 {
		s.table.ranges = []bucket{{rate: sc.hotRate, holds: sc.hotRate}}
	}
	for range sc.parts {
		rate := sc.rate / float64(sc.parts)
		s.table.ranges = append(s.table.ranges, bucket{rate: rate, holds: rate * sc.burst})
		s.table.all.rate = 0
	}
	for _, step := range sc.steps {
		s.at(step.at, func() { s.change(step.rate) })
	}
	s.at(0, s.dispatch)
	for len(s.events) > 0 && s.base < sc.rows {
		e := heap.Pop(&s.events).(event)
		if e.at > sc.until {
			break
		}
		s.now = e.at
		e.call()
	}
	from, rate := 0.0, sc.rate
	for _, step := range append(sc.steps, step{at: math.Inf(1)}) {
		to := min(step.at, s.out.end)
		s.out.capacity += rate * max(0, to-from)
		from, rate = to, step.rate
	}
	return s.out
}

func (s *sim) change(rate float64) {
	s.table.all.refill(s.now)
	s.table.all.rate, s.table.all.holds = rate, rate*s.burst
	s.table.all.level = min(s.table.all.level, rate*s.burst)
}

func (s *sim) clock(t float64) time.Duration { return time.Duration(t * float64(time.Second)) }

// nextNew is the moment at which a row that was never sent is available.
func (s *sim) nextNew() float64 {
	if s.next >= s.rows || s.next-s.base >= simWindow {
		return math.Inf(1)
	}
	t := s.now
	if s.offer > 0 {
		t = max(t, float64(s.next)/s.offer)
	}
	if s.idle.has(t) {
		t = s.idle[1]
	}
	if s.pulse > 0 && math.Mod(t, 2*s.pulse) >= s.pulse {
		t = (math.Floor(t/(2*s.pulse)) + 1) * 2 * s.pulse
	}
	return t
}

// nextRetry is the moment at which a rejected row is available.
func (s *sim) nextRetry() float64 {
	if len(s.retry) == 0 || s.probing && s.retrying > 0 && !s.storm {
		return math.Inf(1)
	}
	return s.retryAt
}

// dispatch sends what may be sent now.
func (s *sim) dispatch() {
	for s.inFlight < s.pace.InFlight() {
		if t := max(s.ready, min(s.nextNew(), s.nextRetry())); t > s.now {
			s.wake(t)
			return
		}
		if wait := s.pace.Wait(s.clock(s.now)); wait > 0 {
			s.wake(s.now + wait.Seconds())
			return
		}
		s.send()
	}
}

func (s *sim) wake(t float64) {
	if math.IsInf(t, 1) || s.wakes > s.now && s.wakes <= t {
		return
	}
	s.wakes = max(t, s.now+1e-9)
	s.at(s.wakes, s.dispatch)
}

// send fills a request: the oldest rejected rows first, then new rows.
func (s *sim) send() {
	r, budget, units := &request{sent: s.now, rows: make([]row, 0, simBatch)}, s.pace.Budget(), 0.0
	add := func(x row) bool {
		if len(r.rows) == simBatch || len(r.rows) > 0 && units+x.units > budget {
			return false
		}
		r.rows = append(r.rows, x)
		units += x.units
		return true
	}
	for s.nextRetry() <= s.now && add(s.retry[0]) {
		heap.Pop(&s.retry)
		r.retried = true
	}
	for s.nextNew() <= s.now && add(s.row(s.next)) {
		s.next++
	}
	s.inFlight++
	if r.retried {
		s.retrying++
	}
	s.out.requests++
	s.ready = s.now + s.overhead
	s.pace.Sent(s.clock(s.now), units)
	latency := s.latency * (0.8 + 0.4*s.random.Float64())
	s.at(s.now+latency/2, func() {
		if r.failed = s.outage.has(s.now) || s.random.Float64() < s.fail; r.failed {
			r.rejected = r.rows
		} else {
			r.rejected, r.consumed = s.table.apply(s.now, r.rows)
		}
	})
	s.at(s.now+latency, func() { s.complete(r) })
}

// row makes the row of an index: its size and key are the same in every run.
func (s *sim) row(index int) row {
	mix := uint64(index) * 0x9E3779B97F4A7C15 >> 33
	x := row{index: index, units: s.units, keyRange: -1}
	if float64(mix%1000) < s.hot*1000 {
		x.keyRange = 0
	}
	if s.parts > 0 {
		x.keyRange = int(mix % uint64(s.parts))
	}
	if s.mixed {
		x.units = float64(1 + mix%39)
	}
	return x
}

func (s *sim) complete(r *request) {
	s.inFlight--
	sample := Sample{Sent: s.clock(r.sent), Now: s.clock(s.now), Failed: r.failed}
	for _, x := range r.rows {
		sample.Units += x.units
		if x.retry && !s.mute {
			sample.RetryUnits += x.units
		}
	}
	rejected := make(map[int]bool, len(r.rejected))
	for _, x := range r.rejected {
		rejected[x.index] = true
		sample.Rejected += x.units
		if x.retry && !s.mute {
			sample.RetryRejected += x.units
		}
		x.retry = x.retry || !r.failed
		heap.Push(&s.retry, x)
	}
	if s.reported > 0 {
		sample.Consumed = r.consumed
	}
	s.pace.Done(sample)
	s.backOff(r)
	s.settle(r.rows, rejected)
	s.count(r, sample)
	s.dispatch()
}

// backOff keeps the retry queue's wait: exponential, full jitter, reset when a request with retries is accepted.
func (s *sim) backOff(r *request) {
	if r.retried {
		s.retrying--
	}
	switch {
	case r.failed:
		return
	case len(r.rejected) == 0:
		if r.retried {
			s.failures, s.probing = 0, false
		}
		return
	}
	s.probing = true
	if s.now < s.retryAt || r.sent < s.retryAt {
		return
	}
	s.failures++
	if len(r.rejected) < len(r.rows) {
		s.failures = 1
	}
	bound := min(simMaxDelay, simMinDelay*math.Exp2(float64(min(20, s.failures-1))))
	s.retryAt = s.now + s.random.Float64()*bound
}

func (s *sim) settle(rows []row, rejected map[int]bool) {
	for _, x := range rows {
		for len(s.settled) <= x.index {
			s.settled = append(s.settled, false)
		}
		s.settled[x.index] = !rejected[x.index]
	}
	for s.base < len(s.settled) && s.settled[s.base] {
		s.base++
	}
}

func (s *sim) count(r *request, sample Sample) {
	s.out.end = s.now
	s.out.rows += len(r.rows) - len(r.rejected)
	for len(s.out.tenths) <= int(s.now*10) {
		s.out.tenths = append(s.out.tenths, tenth{})
	}
	if r.failed {
		return
	}
	rejected := sample.Rejected * s.table.ratio
	s.out.applied += r.consumed
	s.out.rejected += rejected
	last := &s.out.tenths[int(s.now*10)]
	last.applied += r.consumed
	last.rejected += rejected
}

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
