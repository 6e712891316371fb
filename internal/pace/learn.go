package pace

import "math"

const (
	initialWindow  = 2    // requests in flight at the start of slow start
	windowGrowth   = 0.25 // of a request in flight, gained by each clean response in slow start
	firstResponses = 2    // responses with nothing accepted that end slow start at once

	// More than overloadShare of the units rejected is no noise, once a CUSUM of the share over it, in
	// responses, has reached overloadLimit.
	overloadShare = 0.4
	overloadLimit = 3
	// A moving share of rejected units up to passingShare may be chance. A larger one means that the rate
	// is too high, when it lasts for as long as an estimate takes.
	passingShare = 0.10
	smoothing    = 8 // responses over which shares and times are moving averages, as TCP's SRTT is

	estimateTime = 1.0  // seconds between two empty moments that give a fair estimate of the capacity
	refillTime   = 0.5  // seconds in which a bucket that was empty does not overflow
	ceilingTime  = 0.25 // seconds for which a table must accept the ceiling of a probe
	smallTable   = 25   // units; on a table that accepts fewer in a second an estimate takes longer
	maxStretch   = 5    // up to so many times as long
	fastProbe    = 100  // units/s; a probe this fast that gets almost nothing through becomes a drain
	minBest      = 100  // units/s; under it going back to the best rate at once costs more than it gains
	farTold      = 0.25 // a first estimate under this share of what was reported is far from it

	// A rejection at this many times the estimate means that the capacity rose, or that credit had
	// gathered.
	raisedFactor = 2.5
	// After so many curves in a row that met a rejection before their plateau, the rejections do not
	// follow the rate as they should.
	maxEarly = 3

	startShare   = 0.125 // of what DescribeTable reported: many processes may start at once
	minProbeRate = 5     // units/s: the slowest start of a probe
	minPause     = 0.05  // seconds before a probe, doubled while nothing at all is accepted
	maxPause     = 0.25

	// The first seconds of a curve, and at least its first round trips, say nothing: the bucket is
	// still empty.
	settlingTime       = 0.05
	settlingRoundTrips = 2

	maxRoundTrip = 1.0 // seconds; a slower response was not slow for lack of capacity
	hotKeyTime   = 0.3 // seconds after a response with new rows in which retries say nothing of the table
)

// Done takes the response to a request.
func (p *Pace) Done(s Sample) {
	p.inFlight = max(0, p.inFlight-1)
	s = s.clean()
	switch {
	case !p.started || s.Units == 0:
	case s.Failed:
		p.skipFailed(s)
	default:
		p.learn(s)
	}
}

// skipFailed keeps the time that the rate gave to a failed request out of the curve and of the
// estimate: at most until now, since an unpaced request took none of the rate's time.
func (p *Pace) skipFailed(s Sample) {
	if p.phase == slowStart || s.Sent.Seconds() < p.changedAt {
		return
	}
	now, took := s.Now.Seconds(), s.Units/p.learned.rate
	p.curveStart = max(p.curveStart, min(now, p.curveStart+took))
	p.emptyAt = max(p.emptyAt, min(now, p.emptyAt+took))
}

// learn counts the units of a response and, if it says something about the capacity, hands it to the
// phase.
func (p *Pace) learn(s Sample) {
	sent, now := s.Sent.Seconds(), s.Now.Seconds()
	p.account(now, s)
	p.roundTrip += (clean(now-sent, maxRoundTrip) - p.roundTrip) / smoothing
	if s.Rows > 0 {
		p.rowUnits += (max(1, s.Units/float64(s.Rows)) - p.rowUnits) / smoothing
	}
	if sent < p.changedAt || p.settling(now) {
		return
	}
	p.probePassed = p.probePassed || s.Rejected < s.Units
	units, rejected := p.newRows(now, s)
	if units == 0 {
		return
	}
	p.count(now, units, rejected)
	switch p.phase {
	case slowStart:
		p.slowStartSample(now, rejected > 0)
	case probe:
		p.probeSample(now, rejected == units)
	case steady:
		p.steadySample(now, rejected > 0)
	case contended:
		p.contendedSample(now)
	}
}

// account counts what was applied, and corrects both schedules by it.
func (p *Pace) account(now float64, s Sample) {
	applied := s.Units - s.Rejected
	if s.Consumed > 0 {
		if p.phase != slowStart {
			p.learned.adjust(now, s.Consumed-applied)
		}
		applied = s.Consumed
	}
	if p.cap.rate > 0 {
		p.cap.adjust(now, applied-s.Units)
	}
	p.applied += applied
	p.best.note(now, p.applied, p.phase == contended)
	if s.Rejected > 0 {
		p.rejectedAt = now
	}
}

// settling reports whether the steady curve has just started, with the table's bucket still empty.
func (p *Pace) settling(now float64) bool {
	return p.phase == steady && now-p.changedAt < max(settlingTime, settlingRoundTrips*p.roundTrip)
}

// newRows returns the units of a response that say something about the table's capacity, and how many
// of them were rejected; 0 units if none do. New rows are preferred to retries, which may wait for a
// hot key range; retries that are all rejected probably do.
func (p *Pace) newRows(now float64, s Sample) (units, rejected float64) {
	if units := s.Units - s.RetryUnits; units > 0 {
		p.lastNew = now
		return units, s.Rejected - s.RetryRejected
	}
	if now-p.lastNew >= hotKeyTime && s.RetryRejected < s.Units {
		return s.Units, s.Rejected
	}
	// New rows are accepted, so the table had room for these retries.
	if p.phase == steady && p.rejectedShare < passingShare && now-p.lastNew < hotKeyTime {
		p.applied += s.RetryRejected
	}
	return 0, 0
}

// count adds a response to what the phase has seen.
func (p *Pace) count(now, units, rejected float64) {
	share := rejected / units
	p.rejectedShare += (share - p.rejectedShare) / max(smoothing, float64(p.inFlight)) // over a flight at least
	if rejected > 0 && p.rejectedShare > passingShare {
		p.lastRejection = now
	}
	p.overload = max(0, p.overload+share-overloadShare)
	p.noise.add(share, p.phase == probe)
	p.seen.add(units, rejected)
	if p.phase == steady && now-p.curveStart < p.toPlateau {
		p.low.add(units, rejected)
	}
}

// overloaded reports whether far more is rejected than noise would be.
func (p *Pace) overloaded() bool { return p.overload > overloadLimit }

// slowStartSample widens the window, or ends the phase.
func (p *Pace) slowStartSample(now float64, rejected bool) {
	switch {
	case p.overloaded() || p.applied == 0 && p.seen.responses >= firstResponses:
		p.drain(now, 1, p.applied/max(now-p.firstSent, p.roundTrip))
		p.markEmpty(now)
	case !rejected:
		if float64(p.inFlight) > p.window/2-1 { // else the window is not used
			p.window = min(float64(p.maxInFlight), p.window+windowGrowth)
		}
	case p.rejectedShare < passingShare:
	case !p.emptySeen:
		p.markEmpty(now)
	case now-p.emptyAt > estimateTime:
		p.enterSteady(now, p.estimate(now), plateauTime)
		p.markEmpty(now)
	}
}

// probeSample ends, restarts or continues the probe. The probe goes on until rejections show that the
// rate is too fast, or until the table accepts the ceiling, and the steady phase follows; without an
// estimate the probe restarts. An estimate is fair if it covers more than estimateTime. A probe that
// gets nothing through, or almost nothing of what it should, becomes a drain; so does one from a rate that
// the table accepted before, unless the table may be small, and a first one that finds far less than was
// reported.
func (p *Pace) probeSample(now float64, allRejected bool) {
	fair := now-p.emptyAt > estimateTime
	tooFast := p.overloaded() || p.noise.exceeded() || !p.noise.present() && p.rejectedShare > passingShare && fair
	little := !fair && p.applied-p.emptyApplied < smallTable // too little for an estimate
	known := p.probeFloor                                    // what the table accepted before
	if p.probeResumed {
		known = p.probeFrom
	}
	switch {
	case allRejected && !p.probePassed && p.overloaded():
		p.drain(now, 1, 0)
	case !tooFast:
		if now-p.curveStart > ceilingTime && p.learned.rate >= p.probeCeiling { // the ceiling is accepted
			p.enterSteady(now, p.probeCeiling, firstPlateauTime)
		}
	case !p.emptySeen: // an estimate would count the credit that the bucket had before
		p.enterProbe(now, p.probeFrom, p.pauseLength(), p.learned.rate)
		p.markEmpty(now)
	case little && (p.learned.rate > fastProbe || p.probeResumed && p.best.rate > minBest || known >= lowestRate*p.rowUnits):
		p.drain(now, p.seen.share(), p.accepted())
	case little && p.pause < maxPause:
		p.pause = min(maxPause, 2*p.pause)
		p.enterProbe(now, p.probeFrom/2, p.pauseLength(), p.probeCeiling)
	case p.recoveries == 0 && p.capacity == 0 && max(p.estimate(now), p.probeFloor) < min(lowestRate*p.rowUnits, farTold*p.reported):
		p.drain(now, p.seen.share(), p.accepted())
	default:
		p.enterSteady(now, max(p.estimate(now), p.probeFloor), firstPlateauTime)
		if fair {
			p.markEmpty(now)
		}
	}
}

// accepted is the rate at which units are accepted now, by what the phase has seen.
func (p *Pace) accepted() float64 { return p.learned.rate * (1 - p.seen.share()) }

// steadySample acts on a rejection, and puts the question of the noise again when it is time.
func (p *Pace) steadySample(now float64, rejected bool) {
	switch {
	case p.noise.present() && now > p.noise.until:
		if p.noise.drained {
			p.drain(now, p.noise.share, p.capacity)
			return
		}
		p.noise, p.earlyRejection = noise{}, 0
		p.enterSteady(now, p.learned.rate, firstPlateauTime)
	case rejected:
		p.steadyRejection(now)
	}
}

// steadyRejection takes a rejection as an empty moment: it renews the estimate and restarts the curve,
// or probes if the capacity has changed. A rejection is early if it comes before the curve's plateau,
// where the rate is under the estimate. Many early rejections mean that the capacity fell, or that
// others take it; a few in each of several curves mean that the rejections do not follow the rate.
func (p *Pace) steadyRejection(now float64) {
	t, fair := now-p.curveStart, now-p.emptyAt > estimateTime*p.stretch
	early := t < p.toPlateau
	if !early && !p.curveRejected { // this curve reached its plateau without a rejection
		p.earlyRejection, p.low = 0, evidence{}
		if p.seen.responses*p.slow.before() >= slowClean { // else that may be chance
			p.slow = slowDrained{}
		}
	}
	switch {
	case early && p.overloaded():
		p.drain(now, p.seen.share(), p.accepted())
		return
	case p.noise.present() && !p.noise.exceeded():
		return
	case !fair: // too soon after the last empty moment for a new estimate
		return
	case early && !p.curveRejected:
		p.earlyRejection++
	}
	p.curveRejected = true
	if p.earlyRejection >= maxEarly {
		p.persistentRejection(now)
		return
	}
	p.renewEstimate(now, t, early)
}

// persistentRejection acts on curves in a row that met early rejections: a small share is noise for a
// time, a larger one calls for a drain.
func (p *Pace) persistentRejection(now float64) {
	if p.low.share() > heldNoise {
		p.drain(now, p.low.share(), p.capacity)
		return
	}
	p.noise = noiseOf(&p.low, false, now+noiseTime)
	p.earlyRejection, p.low = 0, evidence{}
	p.enterSteady(now, p.capacity, firstPlateauTime)
}

// renewEstimate takes now as an empty moment, t seconds into the curve.
func (p *Pace) renewEstimate(now, t float64, early bool) {
	rate, capacity := p.learned.rate, p.estimate(now)
	if early {
		// The estimate would be what the curve let through: the own rate is no evidence of less capacity.
		capacity = max(capacity, p.capacity*(1-max(0, p.seen.share()-p.noise.share)))
	}
	if t > growthFrom*p.toPlateau && rate > raisedFactor*capacity {
		p.earlyRejection = 0 // the capacity rose, or credit had gathered
		p.enterProbe(now, capacity, 0, rate)
		p.probeFloor = capacity
	} else {
		p.enterSteady(now, capacity, plateauTime)
	}
	p.markEmpty(now)
}

// estimate returns the capacity from the units applied since the last empty moment; now is another.
func (p *Pace) estimate(now float64) float64 {
	capacity := (p.applied - p.emptyApplied) / max(now-p.emptyAt, 0.001)
	if p.phase != slowStart {
		capacity = min(capacity, p.learned.rate)
	}
	return max(minRate, capacity)
}

// markEmpty records that the table's bucket is empty now. Unless it starts an estimate, skip a moment
// less than estimateTime after the last empty moment: the time between is too short for an estimate.
func (p *Pace) markEmpty(now float64) {
	p.emptyAt, p.emptyApplied, p.emptySeen = now, p.applied, true
}

// pauseLength is how long the table is left alone before a probe.
func (p *Pace) pauseLength() float64 { return max(p.pause, settlingRoundTrips*p.roundTrip) }

// enter starts a phase, or its curve once more.
func (p *Pace) enter(to phase, now float64) {
	p.phase, p.changedAt, p.curveStart = to, now, now
	p.rejectedShare, p.curveRejected, p.probePassed, p.probeResumed = 0, false, false, false
	p.overload, p.noise.excess, p.seen = 0, 0, evidence{}
	p.window = float64(p.maxInFlight)
}

// enterProbe starts a probe after a pause, at the rate from and up to the rate ceiling.
func (p *Pace) enterProbe(now, from, pause, ceiling float64) {
	p.enter(probe, now)
	p.curveStart += pause
	p.probeFrom, p.probeCeiling, p.probeFloor = min(max(minProbeRate, from), ceiling), ceiling, 0
	p.learned.rate, p.learned.next = p.probeFrom, p.curveStart
}

// enterSteady starts the curve around an estimate of the capacity, with its plateau after so many
// seconds. A small table takes longer, since its estimates do.
func (p *Pace) enterSteady(now, capacity, toPlateau float64) {
	if p.phase == slowStart {
		p.learned.rate, p.learned.next = capacity, now
	}
	p.enter(steady, now)
	p.capacity, p.pause = max(minRate, capacity), minPause
	p.stretch = 1
	if toPlateau == plateauTime {
		p.stretch = max(1, min(maxStretch, smallTable/p.capacity))
	}
	p.toPlateau = toPlateau * p.stretch
}

// startRate is where the probe of a table starts for which DescribeTable reported so many units/s.
func startRate(reported float64) float64 {
	return max(startShare*reported, math.Min(reported, minProbeRate))
}
