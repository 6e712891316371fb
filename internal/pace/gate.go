package pace

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Gate lets the requests of concurrent calls through: in turn, at the rate of one [Pace], and at most
// as many at once as the Pace allows. It is safe for concurrent use.
//
// A call sends a request in these steps, with a [Waiter] of its own:
//
//	Start ─► Grant{OK: true, Budget} ─► Sent ─► Done   the request leaves, and its response came
//	      │                          └► Leave          there is nothing to send after all
//	      ├► Grant{Wait > 0}  ask again after Wait
//	      └► Grant{}          ask again after the Waiter's Turn
//
// From Start to Sent or Leave the Waiter keeps its place in the line. Nobody else is granted a request
// between a Grant and its Sent, although the Gate's lock is free for the call to make up the request.
// A call that stops asking must Leave, or the line stands still.
type Gate struct {
	origin     time.Time // of the Pace's clock
	recoveries atomic.Int64

	mu       sync.Mutex
	pace     *Pace
	inFlight int       // requests and borrowed slots
	line     []*Waiter // first come, first served
}

// Waiter is the place of one call in the line of a Gate. It belongs to the goroutine that drives the
// call: only Wake may be called from others.
type Waiter struct {
	turn chan struct{} // has room for one

	// The Gate's lock guards the rest.
	granted bool // has a Grant that was neither sent nor left
	unpaced bool // that Grant disregards the learned rate
}

// NewWaiter returns a Waiter that stands in no line yet.
func NewWaiter() *Waiter { return &Waiter{turn: make(chan struct{}, 1)} }

// Turn returns the channel that receives when it is worth asking the Gate again. It may receive
// although nothing has changed.
func (w *Waiter) Turn() <-chan struct{} { return w.turn }

// Wake makes Turn receive, once for any number of calls before that. Any goroutine may call it.
func (w *Waiter) Wake() {
	select {
	case w.turn <- struct{}{}:
	default:
	}
}

// Grant is the result of [Gate.Start]. The zero Grant means: wait for the Waiter's turn.
type Grant struct {
	// OK is set if a request may go now.
	OK bool
	// Budget is the write units that the request may carry: at least 1, +Inf when nothing limits it.
	// A row bigger than the budget goes alone.
	Budget float64
	// Wait is how long to wait before asking again, if it is more than 0: the rate allows no request
	// sooner. The Waiter's turn may come before, when a response has changed the rate.
	Wait time.Duration
}

// NewGate returns a Gate with a new Pace.
func NewGate(cfg Config) *Gate { return &Gate{origin: time.Now(), pace: New(cfg)} }

// Start asks for a request to go, and puts w into the line if it is not there. A call whose rows all
// fit one request may send them together, whatever the learned rate: only the cap limits its Budget,
// and its Wait while the table rejects nothing. Start grants nothing more until the last Grant was sent
// or left.
func (g *Gate) Start(w *Waiter, now time.Time, fitsOneRequest bool) Grant {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.hasTurn(w) {
		return Grant{}
	}
	budget, t, unpaced := g.pace.Budget(), now.Sub(g.origin), false
	var wait time.Duration
	if fitsOneRequest {
		budget = g.pace.CapBudget()
		wait, unpaced = g.pace.WaitSmall(t)
	} else {
		wait = g.pace.Wait(t)
	}
	if wait > 0 {
		return Grant{Wait: wait}
	}
	w.granted, w.unpaced = true, unpaced
	return Grant{OK: true, Budget: budget}
}

// Sent counts a granted request of so many units in flight, until Done. It ends w's place in the line
// and wakes the next Waiter.
func (g *Gate) Sent(w *Waiter, now time.Time, units float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.unpaced {
		g.pace.SentUnpaced(now.Sub(g.origin), units)
	} else {
		g.pace.Sent(now.Sub(g.origin), units)
	}
	g.inFlight++
	g.leave(w)
}

// Leave gives up w's place in the line, with a Grant that was not used if there is one, and wakes the
// next Waiter. Without a place it does nothing.
func (g *Gate) Leave(w *Waiter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leave(w)
}

// Done counts a request out and reports what the table made of it to the Pace. It sets the sample's
// Sent and Now to the moments sent and now.
func (g *Gate) Done(sent, now time.Time, s Sample) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	s.Sent, s.Now = sent.Sub(g.origin), now.Sub(g.origin)
	g.pace.Done(s)
	g.recoveries.Store(g.pace.recoveries)
	g.wakeFirst()
}

// Recoveries counts how often the table, after others had it, was seen free again. A call whose retries
// wait may send them when the count has risen.
func (g *Gate) Recoveries() int64 { return g.recoveries.Load() }

// Status is what a [Gate] lets through now.
type Status struct {
	InFlight int     // requests and borrowed slots
	Rate     float64 // write units a second, see [Pace.Rate]; 0 while nothing limits it
}

// Status returns what the Gate lets through now.
func (g *Gate) Status() Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Status{InFlight: g.inFlight, Rate: g.pace.Rate()}
}

// Borrow takes the slot of a request in flight for something that writes nothing, without regard to
// the rate, and reports whether it did: it is w's turn and a slot is free. Return ends it. If it did
// not, w keeps its place in the line and its Turn receives when it is worth asking again.
func (g *Gate) Borrow(w *Waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.hasTurn(w) {
		return false
	}
	g.inFlight++
	g.leave(w)
	return true
}

// Return gives back the slot that Borrow took.
func (g *Gate) Return() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	g.wakeFirst()
}

// hasTurn puts w into the line, if it is not there, and reports whether its next request may be one
// more in flight. The caller holds mu.
func (g *Gate) hasTurn(w *Waiter) bool {
	if !slices.Contains(g.line, w) {
		g.line = append(g.line, w)
	}
	return g.line[0] == w && !w.granted && g.inFlight < g.pace.InFlight()
}

// leave takes w out of the line and wakes the next Waiter. The caller holds mu.
func (g *Gate) leave(w *Waiter) {
	i := slices.Index(g.line, w)
	if i < 0 {
		return
	}
	w.granted, w.unpaced = false, false
	g.line = slices.Delete(g.line, i, i+1)
	g.wakeFirst()
}

// wakeFirst wakes the first Waiter in the line. The caller holds mu.
func (g *Gate) wakeFirst() {
	if len(g.line) > 0 {
		g.line[0].Wake()
	}
}
