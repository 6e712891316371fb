package pace

import (
	"math"
	"time"
)

const (
	defaultMaxInFlight = 64
	maxWait            = time.Second // the longest time that Wait returns

	quietTime = 10.0 // seconds without a rejection after which a small call need not wait for the rate

	learnedSlack     = 0.01 // seconds of lateness that the learned rate catches up
	capSlack         = 0.05 // seconds of lateness that the cap catches up
	unrejectedSlices = 20   // a request carries at most 1/20 s of the learned rate before any rejection,
	learnedSlices    = 100  // 1/100 s of it afterwards,
	noisySlices      = 500  // less where rejections do not follow the rate,
	contendedSlices  = 300  // and where others have the table;
	capSlices        = 10   // and 1/10 s of the cap
	flightMargin     = 2    // the requests in flight can carry so many times what the learned rate needs
)

// Config configures a [Pace].
type Config struct {
	// MaxInFlight is the most requests in flight. The default is 64.
	MaxInFlight int
	// Start is the write units a second that DescribeTable reported for the table. Learning starts at
	// an eighth of it; it is not a limit. 0 is unknown.
	Start float64
	// Cap is the most write units a second of the table itself, over all calls. 0 is no cap.
	Cap float64
}

type phase uint8

const (
	slowStart phase = iota // no rate; the window of requests in flight grows
	probe                  // the rate doubles until the table rejects
	steady                 // the rate follows the CUBIC-like curve around the estimate
	contended              // rejections may not follow the rate: a low rate, in small requests
)

// Pace decides when the next request may go, how much it may carry, and how many requests may be in
// flight. The caller calls Wait until it returns 0, then Sent, and Done once for each Sent. Pace is
// not safe for concurrent use; a [Gate] is.
//
// Moments in the fields are seconds on the clock of [Pace.Wait].
type Pace struct {
	maxInFlight         int
	cap, learned        pacer
	started             bool    // a request was sent
	firstSent, lastSent float64 // moments of the first and the last Sent
	inFlight            int
	roundTrip           float64 // seconds, smoothed
	rowUnits            float64 // units of a row, smoothed
	lastNew             float64 // moment of the last response with new rows
	applied             float64 // units, ever
	emptySeen           bool    // the table's bucket was seen empty
	emptyAt             float64 // last empty moment that counts
	emptyApplied        float64 // applied at emptyAt
	lastRejection       float64 // moment of the last rejection while rejectedShare was over passingShare

	phase         phase
	changedAt     float64 // moment at which the phase or the curve started
	curveStart    float64 // the same, moved on by time that the controller does not learn from
	rejectedShare float64 // moving share of rejected units since changedAt
	rejectedAt    float64 // moment of the last rejection of any kind
	overload      float64 // CUSUM of the share of rejected units over overloadShare, in responses

	window float64 // requests in flight; grows in slow start, maxInFlight afterwards

	reported     float64 // units/s that DescribeTable reported; 0 = none
	probeFrom    float64 // units/s at the start of the probe
	probeCeiling float64 // units/s that the probe need not exceed
	probeFloor   float64 // units/s that the table is known to accept
	probePassed  bool    // units were accepted in this probe
	probeResumed bool    // this probe follows a time in which others had the table
	pause        float64 // seconds before the next probe if nothing is accepted

	capacity       float64 // units/s, the estimate: CUBIC's W_max
	toPlateau      float64 // seconds from the start of the curve to its plateau: CUBIC's K
	stretch        float64 // how many times as long an estimate takes as on a table that is not small
	curveRejected  bool    // this curve met a rejection
	earlyRejection int     // curves in a row that met a rejection before their plateau

	seen       evidence    // since changedAt
	low        evidence    // in the low parts of the curves in a row with early rejections
	best       best        // what the table was last seen to accept
	noise      noise       // what it rejects whatever the rate
	contention contention  // of the contended phase
	slow       slowDrained // drains in a row too slow to be sure
	recoveries int64       // times that the contended phase ended after more than the drain
}

// New returns a Pace at the start of its learning. Values of cfg that are negative or NaN count as 0.
func New(cfg Config) *Pace {
	p := &Pace{
		maxInFlight: cfg.MaxInFlight,
		cap:         pacer{rate: clean(cfg.Cap, maxRate), slack: capSlack},
		learned:     pacer{slack: learnedSlack},
		roundTrip:   0.01,
		rowUnits:    1,
		pause:       minPause,
		rejectedAt:  math.Inf(-1),
	}
	if p.maxInFlight < 1 {
		p.maxInFlight = defaultMaxInFlight
	}
	p.window = float64(min(initialWindow, p.maxInFlight))
	if start := clean(cfg.Start, maxRate); start > 0 {
		p.reported = start
		p.enterProbe(0, startRate(start), 0, math.Inf(1))
	}
	return p
}

// InFlight is the most requests that may be in flight now, between 1 and MaxInFlight. It never falls.
func (p *Pace) InFlight() int { return int(p.window) }

// Budget is the most units that the next request should carry: at least 1, +Inf when nothing limits
// it. A row bigger than the budget goes alone.
func (p *Pace) Budget() float64 {
	if p.phase == slowStart {
		return p.CapBudget()
	}
	return min(p.CapBudget(), p.learnedBudget())
}

// Rate is the write units a second by which requests are spaced now: the learned rate or, if it is less,
// the cap. It is 0 while there is neither, as in slow start. A call that fits one request may go faster
// than the learned rate.
func (p *Pace) Rate() float64 {
	switch {
	case p.phase == slowStart:
		return p.cap.rate
	case p.cap.rate > 0:
		return min(p.cap.rate, p.learned.rate)
	}
	return p.learned.rate
}

// learnedBudget is what a request carries at most by the learned rate. Requests are small where other
// writers take what there is: a share of the table goes by requests then, and a small request finds what
// it asks for. They are large enough for the requests in flight to use the rate up, since a rate that is
// not used up does not rise.
func (p *Pace) learnedBudget() float64 {
	rate := p.learned.rate
	least := max(1, flightMargin*rate*p.roundTrip/float64(p.maxInFlight))
	switch {
	case p.phase == contended && rate >= pairRate*p.rowUnits:
		return max(least, 2*p.rowUnits, rate/contendedSlices)
	case p.noise.present():
		return max(least, rate/noisySlices)
	case math.IsInf(p.rejectedAt, -1):
		return max(least, rate/unrejectedSlices)
	default:
		return max(least, rate/learnedSlices)
	}
}

// CapBudget is Budget for a call that fits one request: only the cap limits such a request.
func (p *Pace) CapBudget() float64 {
	if p.cap.rate > 0 {
		return max(1, p.cap.rate/capSlices)
	}
	return math.Inf(1)
}

// Wait returns 0 when a request may go, else how long to wait before asking again: at most a second,
// since the rate may have changed by then. Time is measured from any fixed moment.
//
// Over any span of t seconds the requests let go carry at most Cap × (t + 3/20 s) units, or
// Cap × (t + 1/20 s) and one row where a row is bigger than 1/10 s of the cap. What DynamoDB reports
// only afterwards is not in this bound: a replaced item may have been bigger than its row, and
// rejected units are given back.
func (p *Pace) Wait(now time.Duration) time.Duration {
	if !p.started {
		return 0
	}
	t := now.Seconds()
	p.followCurve(t)
	wait := 0.0
	if p.phase != slowStart {
		wait = p.learned.next - t
	}
	return ceilWait(max(wait, p.capWait(t)))
}

// WaitSmall is Wait for a call that fits one request. While nothing else is in flight and the table has
// rejected nothing for quietTime, only the cap delays such a call: the learned rate may be far under what
// the table accepts, in burst credit too.
func (p *Pace) WaitSmall(now time.Duration) (wait time.Duration, unpaced bool) {
	t := now.Seconds()
	if p.inFlight == 0 && t-p.rejectedAt > quietTime {
		return ceilWait(p.capWait(t)), true
	}
	return p.Wait(now), false
}

// capWait is how many seconds the cap delays a request.
func (p *Pace) capWait(t float64) float64 {
	if p.cap.rate == 0 || !p.started {
		return 0
	}
	return p.cap.next - t
}

// ceilWait returns seconds as a duration from 0 to maxWait.
func ceilWait(seconds float64) time.Duration {
	if seconds <= 0 {
		return 0
	}
	return time.Duration(math.Ceil(min(seconds, maxWait.Seconds()) * float64(time.Second)))
}

// Sent records that a request with so many units left.
func (p *Pace) Sent(now time.Duration, units float64) { p.sent(now, units, units) }

// SentUnpaced is Sent for a request that WaitSmall let go without regard to the learned rate.
func (p *Pace) SentUnpaced(now time.Duration, units float64) { p.sent(now, units, 0) }

// sent records a request of so many units, of which the learned rate counts the paced ones.
func (p *Pace) sent(now time.Duration, units, paced float64) {
	t := now.Seconds()
	if !p.started {
		p.start(t)
	}
	p.inFlight++
	if p.cap.rate > 0 {
		p.cap.reserve(t, clean(units, maxUnits))
	}
	if p.phase != slowStart {
		if idle := p.learned.reserve(t, clean(paced, maxUnits)); idle > 0 {
			p.skipIdle(t, idle)
		}
	}
	p.lastSent = t
}

// start sets the moments that the first request starts.
func (p *Pace) start(t float64) {
	p.started = true
	p.firstSent, p.lastSent, p.changedAt, p.curveStart, p.emptyAt = t, t, t, t, t
	p.lastNew, p.lastRejection = t-hotKeyTime, t-refillTime
	p.learned.next, p.cap.next = t, t
	p.best.start(t)
}

// skipIdle keeps the time since the last request out of the curve and of the estimate, because the
// rate was not used up.
func (p *Pace) skipIdle(t, idle float64) {
	p.curveStart += max(idle, t-p.lastSent)
	if t-p.lastRejection > refillTime { // the bucket may have overflowed, which loses units
		p.emptyAt += idle
	}
}
