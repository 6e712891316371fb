package dynamodest

import (
	"slices"
	"sync"
	"time"

	"github.com/dynamodest/dynamodest/internal/pace"
)

// gate lets the requests of all calls to a Destination through: at most
// Concurrency at once, at the pace that the table takes. Calls that wait are
// served in turn.
type gate struct {
	start time.Time // origin of pace's clock

	mu       sync.Mutex
	pace     *pace.Pace
	inFlight int
	line     []*ticket // calls that wait for their turn, first come first
}

// ticket is a call's place in the line.
type ticket struct {
	turn   chan struct{} // has room for one; told when it is worth asking again
	inLine bool
}

func newTicket() *ticket { return &ticket{turn: make(chan struct{}, 1)} }

func newGate(cfg pace.Config) *gate {
	return &gate{start: time.Now(), pace: pace.New(cfg)}
}

// untilTurn is a wait that only a ticket's turn ends.
const untilTurn = -1

// admit calls pack if a request may go now, and counts what it returns; a nil
// batch is not counted. If none may go it keeps t's place in the line and
// returns how long to wait before asking again. A call of few rows may send
// them together, whatever the pace.
func (g *gate) admit(t *ticket, now time.Time, few bool, pack func(allowance) *batch) (b *batch, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.turn(t) {
		return nil, untilTurn
	}
	at := now.Sub(g.start)
	if wait := g.pace.Wait(at); wait > 0 {
		return nil, wait
	}
	budget := g.pace.Budget()
	if few {
		budget = g.pace.CapBudget()
	}
	b = pack(allowed(budget))
	if b != nil {
		g.pace.Sent(at, float64(b.units))
		g.inFlight++
	}
	g.leave(t)
	return b, 0
}

// borrow takes the place of a request in flight, without regard to the pace, if
// it is t's turn and there is one; giveBack ends it. Else it keeps t's place in
// the line, and t is told when it is worth asking again.
func (g *gate) borrow(t *ticket) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.turn(t) {
		return false
	}
	g.inFlight++
	g.leave(t)
	return true
}

// giveBack ends what borrow began.
func (g *gate) giveBack() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	g.call()
}

// turn puts t into the line, if it is not there, and reports whether its next
// request may be one more in flight. The caller holds mu.
func (g *gate) turn(t *ticket) bool {
	if !t.inLine {
		t.inLine = true
		g.line = append(g.line, t)
	}
	return g.line[0] == t && g.inFlight < g.pace.InFlight()
}

// quit gives up t's place in the line.
func (g *gate) quit(t *ticket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leave(t)
}

// done counts a request out, and tells pace what the table made of it.
func (g *gate) done(b *batch, a pace.Sample, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	a.Sent, a.Now, a.Units = b.sent.Sub(g.start), now.Sub(g.start), float64(b.units)
	g.pace.Done(a)
	g.call()
}

// leave takes t out of the line and calls the next one. The caller holds mu.
func (g *gate) leave(t *ticket) {
	if !t.inLine {
		return
	}
	t.inLine = false
	g.line = slices.DeleteFunc(g.line, func(other *ticket) bool { return other == t })
	g.call()
}

// call tells the first in line to ask again. The caller holds mu.
func (g *gate) call() {
	if len(g.line) > 0 {
		signal(g.line[0].turn)
	}
}
