// Package pace learns how fast a DynamoDB table takes writes, and spaces the requests of a whole Destination so.
//
// The idea: a moment at which the table refuses is a moment at which its bucket is empty. So the units applied between
// two such moments, over the time between them, are the table's capacity, whatever burst credit it had and whatever
// rate was offered. A controller that only counts refusals must provoke many of them; this one needs one every few
// seconds. It has three phases:
//
//   - open: no rate. Requests in flight grow until refusals are more than a passing share, which never happens on a
//     table that takes all that this machine sends.
//   - seek: the rate doubles, from far below or from what DescribeTable told, until the table refuses: the first estimate.
//   - hold: the rate follows a curve from a little under the estimate (so that the bucket gathers what the next attempt
//     costs), flat at it, then upward, doubling in the end. A refusal renews the estimate and begins the curve anew.
//     Refusals far under the estimate, or far over it, send the controller back to seek: the capacity has changed.
//
// What is no evidence: answers to requests sent before the last change of phase; failures other than throttling; time in
// which the rate was not used up (a slow source, the cap, too few requests in flight); rows refused before that are
// refused again while other rows pass (they met a hot key range, not the table); and refusals that stay when the rate
// falls, which is how a hot key range looks from here.
//
// Time is passed in and nothing is random, so that the controller can be tested by simulation.
package pace

import (
	"math"
	"time"
)

const (
	defaultInFlight = 64
	firstInFlight   = 2    // requests in flight at first in open
	growth          = 0.25 // of a request in flight, gained by each clean answer in open

	high  = 0.30 // moving share of refused units that always counts as too fast
	noise = 0.10 // share that counts as too fast when it lasts for as long as an estimate takes

	estimate = 1.0 // seconds between two empty moments that give a fair estimate of the capacity
	refills  = 0.5 // seconds in which a bucket that was empty does not overflow
	few      = 25  // units; an estimate takes longer on a table that takes fewer in a second, up to slowest times as long
	slowest  = 5

	dip      = 0.05 // the curve begins this share under the estimate
	flat     = 2.0  // seconds from there up to the estimate
	trial    = 0.5  // the same after a seek, whose estimate is rough
	upward   = 2.5  // in units of flat: when the slow rise ends and the doubling begins
	doubling = 0.8  // seconds to double in hold
	rose     = 2.5  // a refusal at this many times the estimate means that the capacity rose, or that credit had gathered
	noisy    = 3    // curves in a row refused before their flat part: the refusals do not follow the rate

	seekDoubling = 0.1 // seconds to double in seek, and at least seekTrips round trips
	seekTrips    = 4
	seekFrom     = 5    // units/s: the slowest begin of a seek
	pauseFirst   = 0.05 // seconds before a seek, doubled while nothing at all gets through
	pauseMost    = 0.25

	settle      = 0.05 // seconds of a curve that say nothing, and at least trips round trips: the bucket is empty yet
	trips       = 2
	longestTrip = 1.0 // seconds; a slower answer was not slow for lack of capacity
	hotGate     = 0.3 // seconds after an answer to fresh rows in which rows refused once more say nothing of the table

	learnedSlack = 0.01 // seconds of lateness that the learned rate catches up
	capSlack     = 0.05 // seconds of lateness that the cap catches up
	learnedShare = 20   // a request carries at most 1/20 s of the learned rate
	capShare     = 10   // and 1/10 s of the cap

	longestWait = time.Second
)

type phase uint8

const (
	open phase = iota
	seek
	hold
)

// Pace says when the next request may go, how much it may carry, and how many may be in flight. The caller calls Wait
// until it returns 0, then Sent, and Done once for each Sent. It is not safe for concurrent use.
type Pace struct {
	most          int
	cap, learned  spacer
	began         bool
	first, last   float64 // moments of the first and of the last Sent
	inFlight      int
	roundTrip     float64 // seconds, smoothed
	fresh         float64 // moment of the last answer to rows never refused before
	applied       float64 // units, ever
	empty, before float64 // the last empty moment that counts, and the units applied until then
	known         bool    // there was one
	lastRefusal   float64 // moment of the last of many

	phase   phase
	turned  float64 // moment at which the phase or the curve began
	start   float64 // the same, moved on by time that is no evidence
	share   float64 // moving share of refused units since turned
	limit   float64 // open: requests in flight
	from    float64 // seek: units/s at its start
	ceiling float64 // seek: units/s that it need not exceed
	floor   float64 // seek: units/s that the table is known to take
	pause   float64 // seek: seconds before the next one if nothing gets through
	passed  bool    // seek: something got through

	capacity float64 // hold: units/s, the estimate
	rise     float64 // hold: seconds from the start of the curve to its flat part
	slow     float64 // hold: how many times as long an estimate takes as on a table of a fair size
	refused  bool    // hold: this curve was
	early    int     // hold: curves in a row refused before their flat part
}

// New gives a Pace at the start of its learning. Values of cfg that are negative or not a number count as 0.
func New(cfg Config) *Pace {
	p := &Pace{
		most:      cfg.MaxInFlight,
		cap:       spacer{rate: clean(cfg.Cap, mostRate), slack: capSlack},
		learned:   spacer{slack: learnedSlack},
		roundTrip: 0.01,
		pause:     pauseFirst,
	}
	if p.most < 1 {
		p.most = defaultInFlight
	}
	p.limit = float64(min(firstInFlight, p.most))
	if start := clean(cfg.Start, mostRate); start > 0 {
		p.toSeek(0, start, 0, math.Inf(1))
	}
	return p
}

// InFlight is the most requests in flight now, between 1 and MaxInFlight.
func (p *Pace) InFlight() int { return int(p.limit) }

// Budget is the most units that the next request should carry: at least 1, +Inf when nothing limits it. A row bigger than
// that goes alone.
func (p *Pace) Budget() float64 {
	if p.phase == open {
		return p.CapBudget()
	}
	return min(p.CapBudget(), max(1, p.learned.rate/learnedShare))
}

// CapBudget is Budget for a call that one request can carry: the cap alone limits it.
func (p *Pace) CapBudget() float64 {
	if p.cap.rate > 0 {
		return max(1, p.cap.rate/capShare)
	}
	return math.Inf(1)
}

// Wait is 0 when a request may go, else how long to wait before asking again: at most a second, since the rate may have
// changed by then. Time is measured from any fixed moment.
//
// Over any span of t seconds the requests let go carry at most Cap × (t + 3/20 s) units, or Cap × (t + 1/20 s) and one row
// where a row is bigger than that, give or take what DynamoDB tells of them only afterwards (an item replaced may have
// been bigger than its row; refused units are given back).
func (p *Pace) Wait(now time.Duration) time.Duration {
	if !p.began {
		return 0
	}
	t := now.Seconds()
	p.followCurve(t)
	wait := 0.0
	if p.phase != open {
		wait = p.learned.next - t
	}
	if p.cap.rate > 0 {
		wait = max(wait, p.cap.next-t)
	}
	if wait <= 0 {
		return 0
	}
	return time.Duration(math.Ceil(min(wait, longestWait.Seconds()) * float64(time.Second)))
}

// Sent tells that a request with so many units left.
func (p *Pace) Sent(now time.Duration, units float64) {
	t := now.Seconds()
	if !p.began {
		p.began = true
		p.first, p.last, p.turned, p.start, p.empty = t, t, t, t, t
		p.fresh, p.lastRefusal = t-hotGate, t-refills
		p.learned.next, p.cap.next = t, t
	}
	units = clean(units, mostUnits)
	p.inFlight++
	if p.cap.rate > 0 {
		p.cap.spend(t, units)
	}
	if p.phase != open {
		if late := p.learned.spend(t, units); late > 0 { // the rate is not used up: time since the last request is no evidence
			p.start += max(late, t-p.last)
			if t-p.lastRefusal > refills { // and the table may have let units go
				p.empty += late
			}
		}
	}
	p.last = t
}

// Done takes the answer to a request.
func (p *Pace) Done(a Answer) {
	p.inFlight = max(0, p.inFlight-1)
	a = a.clean()
	sent, now := a.Sent.Seconds(), a.Now.Seconds()
	if !p.began || a.Units == 0 {
		return
	}
	if a.Failed {
		if p.phase != open && sent >= p.turned { // the time that it was given is no evidence
			p.start += a.Units / p.learned.rate
			p.empty += a.Units / p.learned.rate
		}
		return
	}
	p.account(now, a)
	p.roundTrip += (clean(now-sent, longestTrip) - p.roundTrip) / 8
	if sent < p.turned || p.phase == hold && now-p.turned < max(settle, trips*p.roundTrip) {
		return
	}
	p.passed = p.passed || a.Refused < a.Units

	asked, refused := a.Units-a.Again, a.Refused-a.AgainRefused
	switch {
	case asked > 0:
		p.fresh = now
	case now-p.fresh < hotGate: // fresh rows pass: the table had room for these
		if p.phase == hold && p.share < noise {
			p.applied += a.AgainRefused
		}
		return
	default:
		asked, refused = a.Units, a.Refused
	}
	p.share += (refused/asked - p.share) / max(8, float64(p.inFlight))
	if refused > 0 && p.share > noise {
		p.lastRefusal = now
	}
	switch p.phase {
	case open:
		p.answeredOpen(now, refused > 0)
	case seek:
		p.answeredSeek(now, refused == asked)
	case hold:
		if refused > 0 {
			p.refusedHold(now)
		}
	}
}

// account counts what was applied, and corrects the spacing by it.
func (p *Pace) account(now float64, a Answer) {
	taken := a.Units - a.Refused
	if a.Consumed > 0 {
		if p.phase != open {
			p.learned.correct(now, a.Consumed-taken)
		}
		taken = a.Consumed
	}
	if p.cap.rate > 0 {
		p.cap.correct(now, taken-a.Units)
	}
	p.applied += taken
}

// answeredOpen lets more requests in flight, or ends the phase.
func (p *Pace) answeredOpen(now float64, refused bool) {
	switch {
	case p.share > high || p.applied == 0:
		p.toSeek(now, p.applied/max(now-p.first, p.roundTrip)/4, p.pauseLength(), math.Inf(1))
		p.markEmpty(now)
	case !refused:
		if float64(p.inFlight) > p.limit/2-1 { // else they are not used
			p.limit = min(float64(p.most), p.limit+growth)
		}
	case p.share < noise:
	case !p.known:
		p.markEmpty(now)
	case now-p.empty > estimate:
		p.toHold(now, p.estimated(now), flat)
		p.markEmpty(now)
	}
}

// answeredSeek ends the seek at the first estimate, or begins it anew when nothing gets through.
func (p *Pace) answeredSeek(now float64, all bool) {
	fair := now-p.empty > estimate
	tooFast := p.share > high || p.share > noise && fair
	switch {
	case all && !p.passed:
		p.pause = min(pauseMost, 2*p.pause)
		floor := p.floor
		p.toSeek(now, p.from/4, p.pauseLength(), p.ceiling)
		p.floor = floor
	case tooFast && !fair && p.known && p.applied-p.before < few && p.pause < pauseMost: // too little got through to tell
		p.pause = min(pauseMost, 2*p.pause)
		p.toSeek(now, p.from/2, p.pauseLength(), p.ceiling)
		return
	case tooFast && !p.known: // the first empty moment: an estimate would count the credit before it
		p.toSeek(now, p.from, p.pauseLength(), p.learned.rate)
		p.markEmpty(now)
		return
	case tooFast:
		p.toHold(now, max(p.estimated(now), p.floor), trial)
	case now-p.start > estimate && p.learned.rate >= p.ceiling: // as before
		p.toHold(now, p.ceiling, flat)
		return
	default:
		return
	}
	if fair {
		p.markEmpty(now)
	}
}

// refusedHold takes a refusal as the end of an estimate.
func (p *Pace) refusedHold(now float64) {
	t, fair := now-p.start, now-p.empty > estimate*p.slow
	if t >= p.rise && !p.refused {
		p.early = 0
	}
	rate := p.learned.rate
	if p.share > high && t < p.rise { // far too fast: the capacity fell
		ceiling := p.capacity
		if fair {
			ceiling = min(ceiling, p.estimated(now))
		}
		p.toSeek(now, rate/8, p.pauseLength(), ceiling)
		if fair {
			p.markEmpty(now)
		}
		return
	}
	if !fair {
		return
	}
	if t < p.rise && !p.refused {
		p.early = min(noisy, p.early+1)
	}
	p.refused = true
	if p.early == noisy && p.share <= high { // these refusals do not follow the rate
		return
	}
	capacity := p.estimated(now)
	if t > upward*p.rise && rate > rose*capacity {
		p.early = 0
		p.toSeek(now, capacity, 0, rate)
		p.floor = capacity
	} else {
		p.toHold(now, capacity, flat)
	}
	p.markEmpty(now)
}

// estimated gives the capacity from the units applied since the last empty moment, this being another.
func (p *Pace) estimated(now float64) float64 {
	capacity := (p.applied - p.before) / max(now-p.empty, 0.001)
	if p.phase != open {
		capacity = min(capacity, p.learned.rate)
	}
	return max(leastRate, capacity)
}

func (p *Pace) markEmpty(now float64) { p.empty, p.before, p.known = now, p.applied, true }

func (p *Pace) pauseLength() float64 { return max(p.pause, trips*p.roundTrip) }

func (p *Pace) turn(to phase, now float64) {
	p.phase, p.turned, p.start = to, now, now
	p.share, p.refused, p.passed = 0, false, false
	p.limit = float64(p.most)
}

func (p *Pace) toSeek(now, from, pause, ceiling float64) {
	p.turn(seek, now)
	p.start += pause
	p.from, p.ceiling, p.floor = min(max(seekFrom, from), ceiling), ceiling, 0
	p.learned.rate, p.learned.next = p.from, p.start
}

func (p *Pace) toHold(now, capacity, rise float64) {
	if p.phase == open {
		p.learned.rate, p.learned.next = capacity, now
	}
	p.turn(hold, now)
	p.capacity, p.pause = capacity, pauseFirst
	p.slow = 1
	if rise == flat {
		p.slow = max(1, min(slowest, few/capacity))
	}
	p.rise = rise * p.slow
}

// followCurve sets the rate that the phase has at this moment.
func (p *Pace) followCurve(now float64) {
	t := max(0, now-p.start)
	switch p.phase {
	case open: // has no rate
	case seek:
		doublings := min(20, t/max(seekDoubling, seekTrips*p.roundTrip))
		p.learned.setRate(now, min(p.ceiling, p.from*math.Exp2(doublings)))
	case hold:
		end := upward * p.rise
		x := min(t, end)/p.rise - 1 // -1 at the start, 0 at the flat part
		depth := dip
		if x < 0 {
			depth *= float64(1 + p.early) // was that low enough to tell?
		}
		steady := p.capacity * (1 + depth*x*x*x)
		p.learned.setRate(now, steady*math.Exp2(min(20, max(0, t-end)/(doubling*p.slow))))
	}
}
