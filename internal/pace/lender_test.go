package pace

import "math"

// lender is a store that leases the units of a budget in chunks, as the README's section on sharing a budget has it: in
// each window it grants so many chunks as the rate allows.
type lender struct {
	rate   float64 // units/s
	window float64 // seconds
	chunk  float64 // units of a lease

	from, left float64 // the present window
	asked      int
}

// lease takes a chunk, or what is left of the window. If nothing is left it returns when more will be.
func (l *lender) lease(now float64) (granted, retryAt float64) {
	l.asked++
	if from := math.Floor(now/l.window+1e-9) * l.window; from > l.from || l.asked == 1 {
		l.from, l.left = from, l.rate*l.window
	}
	granted = min(l.chunk, l.left)
	l.left -= granted
	return granted, l.from + l.window
}

// borrower is the part of an engine that uses leased units. Asking takes as long as a request to the table.
type borrower struct {
	waiting []*request // for units, in turn
	leased  float64    // and not used
	asking  bool
}

// borrow lets the requests go for which there are units, and asks for more if there are too few.
func (e *engine) borrow() {
	for len(e.waiting) > 0 && e.leased >= e.waiting[0].units {
		e.leased -= e.waiting[0].units
		e.leave(e.waiting[0])
		e.waiting = e.waiting[1:]
	}
	if len(e.waiting) == 0 || e.asking || !e.life.has(e.now) {
		return
	}
	e.asking = true
	latency := e.latency * (0.8 + 0.4*e.random.Float64())
	e.at(e.now+latency/2, func() {
		granted, retryAt := e.lender.lease(e.now)
		answered := e.now + latency/2
		if granted == 0 {
			answered = max(answered, retryAt)
		}
		e.at(answered, func() {
			e.asking = false
			e.leased += granted
			e.borrow()
		})
	})
}
