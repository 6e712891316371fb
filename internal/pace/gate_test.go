package pace

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// woken reports whether the turn of w has come since it was last asked.
func woken(w *Waiter) bool {
	select {
	case <-w.Turn():
		return true
	default:
		return false
	}
}

// gateOf returns a Gate that allows so many requests in flight from the start.
func gateOf(t *testing.T, inFlight int) *Gate {
	t.Helper()
	g := NewGate(Config{MaxInFlight: inFlight})
	require.Equal(t, inFlight, g.pace.InFlight(), "the window at the start")
	return g
}

// mustStart requires a Grant for w and returns its Budget.
func mustStart(t *testing.T, g *Gate, w *Waiter) float64 {
	t.Helper()
	grant := g.Start(w, g.origin, false)
	require.True(t, grant.OK, "%+v", grant)
	assert.Zero(t, grant.Wait)
	return grant.Budget
}

// mustWait requires that w has to wait for its turn.
func mustWait(t *testing.T, g *Gate, w *Waiter) {
	t.Helper()
	require.Equal(t, Grant{}, g.Start(w, g.origin, false))
}

// finish completes a request of one unit that was sent at the start.
func finish(g *Gate) { g.Done(g.origin, g.origin, Sample{Units: 1}) }

func TestGateServesInTurn(t *testing.T) {
	t.Parallel()
	g := gateOf(t, 1)
	line := []*Waiter{NewWaiter(), NewWaiter(), NewWaiter(), NewWaiter()}
	mustStart(t, g, line[0])
	for _, w := range line[1:] {
		mustWait(t, g, w)
	}
	g.Sent(line[0], g.origin, 1)
	assert.True(t, woken(line[1]))
	mustWait(t, g, line[1]) // no slot is free
	mustWait(t, g, line[0]) // the last now
	line = append(line[1:], line[0])
	for len(line) > 1 {
		finish(g)
		for i, w := range line {
			assert.Equal(t, i == 0, woken(w), "place %d", i)
		}
		for _, w := range line[1:] { // asking out of turn gains nothing
			mustWait(t, g, w)
		}
		mustStart(t, g, line[0])
		g.Sent(line[0], g.origin, 1)
		line = line[1:]
		assert.True(t, woken(line[0]))
	}
}

func TestGateLimitsRequestsInFlight(t *testing.T) {
	t.Parallel()
	g := gateOf(t, 2)
	a, b := NewWaiter(), NewWaiter()
	for _, w := range []*Waiter{a, b} {
		assert.Equal(t, math.Inf(1), mustStart(t, g, w))
		g.Sent(w, g.origin, 1)
	}
	mustWait(t, g, a)
	finish(g)
	assert.True(t, woken(a))
	mustStart(t, g, a)
	g.Sent(a, g.origin, 1)
	mustWait(t, g, b)
	finish(g)
	finish(g)
	mustStart(t, g, b)
}

func TestGateLeavingWakesTheNext(t *testing.T) {
	t.Parallel()
	g := gateOf(t, 1)
	sender, first, second, third := NewWaiter(), NewWaiter(), NewWaiter(), NewWaiter()
	mustStart(t, g, sender)
	g.Sent(sender, g.origin, 1)
	for _, w := range []*Waiter{first, second, third} {
		mustWait(t, g, w)
	}
	finish(g)
	require.True(t, woken(first))
	g.Leave(second) // from the middle
	g.Leave(first)  // instead of using its turn
	assert.True(t, woken(third))
	assert.False(t, woken(second))
	mustStart(t, g, third)
	g.Leave(first) // once more: it has no place
	mustWait(t, g, first)
	g.Leave(third)
	assert.True(t, woken(first))
}

func TestGateUnusedGrantPassesOn(t *testing.T) {
	t.Parallel()
	g := gateOf(t, 1)
	first, second := NewWaiter(), NewWaiter()
	mustStart(t, g, first)
	mustWait(t, g, second)
	g.Leave(first)
	assert.True(t, woken(second))
	mustStart(t, g, second)
	mustWait(t, g, first) // behind the second, whose grant stands
	g.Sent(second, g.origin, 1)
	finish(g)
	mustStart(t, g, first)
	assert.Zero(t, g.inFlight, "a grant alone is no request in flight")
}

func TestGateGrantsOneRequestAtATime(t *testing.T) {
	t.Parallel()
	g := gateOf(t, 2)
	w, other := NewWaiter(), NewWaiter()
	mustStart(t, g, w)
	mustWait(t, g, w)
	assert.False(t, g.Borrow(w))
	mustWait(t, g, other)
	assert.False(t, g.Borrow(other))
	g.Sent(w, g.origin, 1)
	mustStart(t, g, other)
	mustWait(t, g, w)
	g.Leave(other)
	mustStart(t, g, w)
}

func TestGateBorrowsWithoutRegardToTheRate(t *testing.T) {
	t.Parallel()
	g := NewGate(Config{MaxInFlight: 1, Cap: 1})
	w, next := NewWaiter(), NewWaiter()
	mustStart(t, g, w)
	g.Sent(w, g.origin, 60)
	assert.False(t, g.Borrow(w), "no slot is free")
	finish(g)
	require.Equal(t, time.Second, g.Start(w, g.origin, false).Wait)
	require.True(t, g.Borrow(w))

	assert.False(t, g.Borrow(next), "the slot is borrowed")
	mustWait(t, g, next)
	g.Return()
	assert.True(t, woken(next))
	assert.True(t, g.Borrow(next))
	g.Return()
	assert.Zero(t, g.inFlight)
}

// TestGateWaitsForTheRate holds that a Waiter keeps its place while the rate allows no request.
func TestGateWaitsForTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Config{Cap: 10})
		time.Sleep(time.Hour)
		w, other := NewWaiter(), NewWaiter()
		ready, wait := Grant{OK: true, Budget: 1}, Grant{Wait: 100 * time.Millisecond}
		for range 5 {
			now := time.Now()
			require.Equal(t, ready, g.Start(w, now, false))
			g.Sent(w, now, 1)
			g.Done(now, now, Sample{Units: 1})
			require.Equal(t, wait, g.Start(w, now, false))
			time.Sleep(wait.Wait)
		}
		require.Equal(t, Grant{}, g.Start(other, time.Now(), false))
		g.Leave(w)
		assert.True(t, woken(other))
		assert.Equal(t, ready, g.Start(other, time.Now(), false))
	})
}

func TestGateBudget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		cfg        Config
		many, fits float64
	}{
		{"nothing known", Config{}, math.Inf(1), math.Inf(1)},
		{"reported 2000", Config{Start: 2000}, 12.5, math.Inf(1)},
		{"reported 2000, cap of 1500", Config{Start: 2000, Cap: 1500}, 12.5, 150},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for fits, want := range map[bool]float64{false: tt.many, true: tt.fits} {
				g := NewGate(tt.cfg)
				assert.Equal(t, Grant{OK: true, Budget: want}, g.Start(NewWaiter(), g.origin, fits))
			}
		})
	}
}

// TestGateTimesTheResponse holds that Done sets the sample's moments on the Pace's clock.
func TestGateTimesTheResponse(t *testing.T) {
	t.Parallel()
	g, w := NewGate(Config{}), NewWaiter()
	sent := g.origin.Add(time.Minute)
	require.True(t, g.Start(w, sent, false).OK)
	g.Sent(w, sent, 1)
	g.Done(sent, sent.Add(90*time.Millisecond), Sample{Sent: time.Hour, Now: -time.Hour, Units: 1})
	assert.InDelta(t, 60, g.pace.firstSent, 1e-9, "seconds")
	assert.InDelta(t, 60.09, g.pace.lastNew, 1e-9, "seconds")
	assert.InDelta(t, 0.01+(0.09-0.01)/8, g.pace.roundTrip, 1e-9, "seconds")
}

func TestWaiterWake(t *testing.T) {
	t.Parallel()
	w := NewWaiter()
	assert.False(t, woken(w))
	w.Wake()
	w.Wake() // does not block
	assert.True(t, woken(w))
	assert.False(t, woken(w))
}

// TestGateConcurrentCalls has many calls send through one Gate, some of which borrow a slot or leave a
// grant unused. The window opens fully, is never exceeded, and every call ends.
func TestGateConcurrentCalls(t *testing.T) {
	t.Parallel()
	const calls, requests, maxInFlight = 64, 30, 8
	for _, tt := range []struct {
		name string
		cfg  Config
	}{
		{"unlimited", Config{MaxInFlight: maxInFlight}},
		{"rate known", Config{MaxInFlight: maxInFlight, Start: 20_000}},
		{"capped", Config{MaxInFlight: maxInFlight, Cap: 2_000}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := NewGate(tt.cfg)
				var inFlight, most, sent atomic.Int64
				enter := func() {
					n := inFlight.Add(1)
					for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
				}
				var running sync.WaitGroup
				for call := range calls {
					running.Go(func() {
						w := NewWaiter()
						for i := 0; i < requests; i++ {
							if (call+i)%10 == 0 {
								for !g.Borrow(w) {
									<-w.Turn()
								}
								enter()
								time.Sleep(10 * time.Millisecond)
								inFlight.Add(-1)
								g.Return()
							}
							granted(g, w)
							if (call+i)%7 == 0 {
								g.Leave(w)
								granted(g, w)
							}
							enter()
							at := time.Now()
							g.Sent(w, at, 1)
							sent.Add(1)
							time.Sleep(10 * time.Millisecond)
							inFlight.Add(-1)
							g.Done(at, time.Now(), Sample{Units: 1})
						}
					})
				}
				running.Wait()
				assert.EqualValues(t, maxInFlight, most.Load(), "requests in flight")
				assert.EqualValues(t, calls*requests, sent.Load())
				assert.Zero(t, g.inFlight)
				assert.Empty(t, g.line)
			})
		})
	}
}

// granted asks the Gate until it grants a request.
func granted(g *Gate, w *Waiter) {
	for {
		grant := g.Start(w, time.Now(), false)
		switch {
		case grant.OK:
			return
		case grant.Wait > 0:
			select {
			case <-time.After(grant.Wait):
			case <-w.Turn():
			}
		default:
			<-w.Turn()
		}
	}
}

// Status counts requests and borrowed slots, and shows the rate by which requests are spaced.
func TestGateStatus(t *testing.T) {
	t.Parallel()
	g := gateOf(t, 2)
	assert.Equal(t, Status{}, g.Status(), "nothing is known of the table")
	w := NewWaiter()
	mustStart(t, g, w)
	assert.Zero(t, g.Status().InFlight, "a grant is no request")
	g.Sent(w, g.origin, 1)
	require.True(t, g.Borrow(w))
	assert.Equal(t, 2, g.Status().InFlight)
	g.Return()
	finish(g)
	assert.Zero(t, g.Status().InFlight)

	assert.InDelta(t, 50, NewGate(Config{Cap: 50}).Status().Rate, 0, "the cap, in slow start")
	learning := NewGate(Config{Start: 800})
	assert.InDelta(t, 800*startShare, learning.Status().Rate, 0)
	assert.InDelta(t, learning.pace.learned.rate, learning.Status().Rate, 0)
	assert.InDelta(t, 100, NewGate(Config{Start: 80_000, Cap: 100}).Status().Rate, 0, "the cap is less")
	assert.InDelta(t, 100, NewGate(Config{Start: 800, Cap: 1000}).Status().Rate, 0, "the learned rate is less")
}
