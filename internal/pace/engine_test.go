package pace

import (
	"container/heap"
	"math"
)

const (
	simWindow   = 16_384 // rows that the engine holds unsettled at most
	simBatch    = 25     // rows of a request at most
	simMinDelay = 0.05   // seconds, of the retry queue's backoff
	simMaxDelay = 5
)

// engine writes rows at a Pace of its own.
type engine struct {
	*sim
	pace    *Pace
	life    span
	applied float64 // units, from settle on
	borrower

	next      int // first row that was never sent
	settled   []bool
	base      int // first row not settled
	inFlight  int
	ready     float64 // when the engine has finished the work for the last request
	wakes     float64 // the next moment at which dispatch runs by itself
	unsettled int

	// The retry queue, as internal/schedule keeps it.
	retry     oldest
	retryAt   float64 // closed until then
	fruitless int     // requests in a row with retries of which none was accepted
	retrying  int     // retries in flight
	limit     int     // most retries in flight
	turn      bool    // the next request is for new rows
}

type request struct {
	rows, rejected []row
	sent           float64
	units          float64 // of rows; set if the engine borrows them
	consumed       float64
	retries        int // how many of rows, the first ones, came from the retry queue
	failed         bool
}

// nextNew is the moment at which a row that was never sent is available.
func (e *engine) nextNew() float64 {
	if e.next >= e.rows || e.unsettled >= simWindow {
		return math.Inf(1)
	}
	t := e.now
	if e.offer > 0 {
		t = max(t, float64(e.next)/e.offer)
	}
	if e.idle.has(t) {
		t = e.idle[1]
	}
	if e.pulse > 0 && math.Mod(t, 2*e.pulse) >= e.pulse {
		t = (math.Floor(t/(2*e.pulse)) + 1) * 2 * e.pulse
	}
	return t
}

// nextRetry is the moment at which a rejected row is available.
func (e *engine) nextRetry() float64 {
	if len(e.retry) == 0 || e.room() == 0 {
		return math.Inf(1)
	}
	return e.retryAt
}

// room is how many retries may be sent, if the queue is open.
func (e *engine) room() int {
	if e.storm {
		return math.MaxInt
	}
	return max(0, max(1, e.limit)-e.retrying)
}

// dispatch sends what may be sent now.
func (e *engine) dispatch() {
	for e.life.has(e.now) && e.inFlight < e.pace.InFlight() {
		if t := max(e.ready, min(e.nextNew(), e.nextRetry())); t > e.now {
			e.wake(t)
			return
		}
		if wait := e.pace.Wait(e.clock(e.now)); wait > 0 {
			e.wake(e.now + wait.Seconds())
			return
		}
		e.send()
	}
}

func (e *engine) wake(t float64) {
	if math.IsInf(t, 1) || e.wakes > e.now && e.wakes <= t {
		return
	}
	e.wakes = max(t, e.now+1e-9)
	e.at(e.wakes, e.dispatch)
}

// send fills a request: the oldest rejected rows first, then new rows.
func (e *engine) send() {
	r, budget, units := &request{rows: make([]row, 0, simBatch)}, e.pace.Budget(), 0.0
	add := func(x row) bool {
		if len(r.rows) == simBatch || len(r.rows) > 0 && units+x.units > budget {
			return false
		}
		r.rows = append(r.rows, x)
		units += x.units
		return true
	}
	if !e.turn || e.nextNew() > e.now {
		for e.nextRetry() <= e.now && add(e.retry[0]) {
			heap.Pop(&e.retry)
			r.retries++
			e.retrying++
		}
	}
	for e.nextNew() <= e.now && add(e.row(e.next)) {
		e.next++
		e.unsettled++
	}
	e.turn = r.retries > 0
	e.inFlight++
	e.out.requests++
	e.ready = e.now + e.overhead
	e.pace.Sent(e.clock(e.now), units)
	if e.lender.rate > 0 {
		r.units = units
		e.waiting = append(e.waiting, r)
		e.borrow()
		return
	}
	e.leave(r)
}

// leave lets a request go.
func (e *engine) leave(r *request) {
	r.sent = e.now
	latency := e.latency * (0.8 + 0.4*e.random.Float64())
	e.at(e.now+latency/2, func() { e.arrive(r) })
	e.at(e.now+latency, func() { e.complete(r) })
}

// arrive lets the table answer a request.
func (e *engine) arrive(r *request) {
	bad := e.trouble()
	if r.failed = e.random.Float64() < bad.fail; r.failed || e.random.Float64() < bad.requests {
		r.rejected = r.rows
		return
	}
	rows := r.rows
	if bad.items > 0 {
		rows = nil
		for _, x := range r.rows {
			if e.random.Float64() < bad.items {
				r.rejected = append(r.rejected, x)
			} else {
				rows = append(rows, x)
			}
		}
	}
	rejected, consumed := e.table.apply(e.now, rows)
	r.rejected, r.consumed = append(r.rejected, rejected...), consumed
}

// trouble is what the table rejects, and fails, at random now.
func (e *engine) trouble() trouble {
	now := trouble{items: e.noiseItems, requests: e.noise, fail: e.fail}
	if e.spell.has(e.now) {
		now.items = 0.9
	}
	if e.outage.has(e.now) {
		now.fail = 1
	}
	for _, t := range e.troubles {
		if t.has(e.now) {
			return t
		}
	}
	return now
}

// row makes the row of an index: its size and key are the same in every run.
func (e *engine) row(index int) row {
	mix := uint64(index) * 0x9E3779B97F4A7C15 >> 33
	x := row{index: index, units: e.units, keyRange: -1}
	if float64(mix%1000) < e.hot*1000 {
		x.keyRange = 0
	}
	if e.parts > 0 {
		x.keyRange = int(mix % uint64(e.parts))
	}
	if e.mixed {
		x.units = float64(1 + mix%39)
	}
	return x
}

func (e *engine) complete(r *request) {
	if !e.life.has(e.now) { // nobody hears the response
		return
	}
	e.inFlight--
	sample := Sample{Sent: e.clock(r.sent), Now: e.clock(e.now), Failed: r.failed, Rows: len(r.rows)}
	for _, x := range r.rows {
		sample.Units += x.units
		if x.retry && !e.mute {
			sample.RetryUnits += x.units
		}
	}
	rejected := make(map[int]bool, len(r.rejected))
	for _, x := range r.rejected {
		rejected[x.index] = true
		sample.Rejected += x.units
		if x.retry && !e.mute {
			sample.RetryRejected += x.units
		}
		x.retry = x.retry || !r.failed
		heap.Push(&e.retry, x)
	}
	e.unsettled -= len(r.rows) - len(r.rejected)
	if e.reported > 0 {
		sample.Consumed = r.consumed
	}
	e.pace.Done(sample)
	e.backOff(r, rejected)
	e.settle(r.rows, rejected)
	e.count(r, sample)
	e.dispatch()
}

// backOff keeps the delay and the limit of the retry queue, roughly as internal/schedule does.
func (e *engine) backOff(r *request, rejected map[int]bool) {
	e.retrying -= r.retries
	if r.failed {
		return
	}
	accepted := 0 // of the retries
	for _, x := range r.rows[:r.retries] {
		if !rejected[x.index] {
			accepted++
		}
	}
	switch {
	case len(r.rejected) == 0 || r.retries > 0 && 2*accepted >= r.retries:
		if r.retries > 0 {
			e.fruitless = max(0, e.fruitless-1)
			e.limit = max(e.limit, e.retrying+2*accepted)
		}
		return
	case e.now < e.retryAt || r.sent < e.retryAt:
		return
	case r.retries == 0 && (e.retrying > 0 || len(r.rejected) < len(r.rows)):
		return
	case accepted > 0:
		e.fruitless, e.limit = max(1, e.fruitless-1), accepted
	default:
		e.fruitless++
		e.limit = 1
	}
	bound := min(simMaxDelay, simMinDelay*math.Exp2(float64(min(20, e.fruitless-1))))
	if accepted == 0 && bound == simMaxDelay {
		e.limit = simBatch
	}
	e.retryAt = e.now + e.random.Float64()*bound
}

func (e *engine) settle(rows []row, rejected map[int]bool) {
	for _, x := range rows {
		for len(e.settled) <= x.index {
			e.settled = append(e.settled, false)
		}
		e.settled[x.index] = !rejected[x.index]
	}
	for e.base < len(e.settled) && e.settled[e.base] {
		e.base++
	}
}

func (e *engine) count(r *request, sample Sample) {
	e.out.end = e.now
	e.out.rows += len(r.rows) - len(r.rejected)
	for len(e.out.tenths) <= int(e.now*10) {
		e.out.tenths = append(e.out.tenths, tenth{})
	}
	if r.failed {
		return
	}
	rejected := sample.Rejected * e.table.ratio
	if e.now >= e.sim.settle {
		e.applied += r.consumed
	}
	e.out.applied += r.consumed
	e.out.rejected += rejected
	last := &e.out.tenths[int(e.now*10)]
	last.applied += r.consumed
	last.rejected += rejected
}
