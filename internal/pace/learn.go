package pace

import "math"

const (
	initialWindow = 2    // requests in flight at the start of slow start
	windowGrowth  = 0.25 // of a request in flight, gained by each clean response in slow start

	highShare  = 0.30 // moving share of rejected units that always counts as too fast
	noiseShare = 0.10 // share that counts as too fast when it lasts for as long as an estimate takes

	estimateTime = 1.0 // seconds between two empty moments that give a fair estimate of the capacity
	refillTime   = 0.5 // seconds in which a bucket that was empty does not overflow
	smallTable   = 25  // units; on a table that accepts fewer in a second an estimate takes longer
	maxStretch   = 5   // up to so many times as long

	// A rejection at this many times the estimate means that the capacity rose, or that credit had
	// gathered.
	raisedFactor = 2.5
	// After so many curves in a row that met a rejection before their plateau, the rejections do not
	// follow the rate.
	maxEarly = 3

	minProbeRate = 5    // units/s: the slowest start of a probe
	minPause     = 0.05 // seconds before a probe, doubled while nothing at all is accepted
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
// estimate.
func (p *Pace) skipFailed(s Sample) {
	if p.phase == slowStart || s.Sent.Seconds() < p.changedAt {
		return
	}
	p.curveStart += s.Units / p.learned.rate
	p.emptyAt += s.Units / p.learned.rate
}

// learn counts the units of a response and, if it says something about the capacity, hands it to the
// phase.
func (p *Pace) learn(s Sample) {
	sent, now := s.Sent.Seconds(), s.Now.Seconds()
	p.account(now, s)
	p.roundTrip += (clean(now-sent, maxRoundTrip) - p.roundTrip) / 8
	if sent < p.changedAt || p.settling(now) {
		return
	}
	p.probePassed = p.probePassed || s.Rejected < s.Units
	units, rejected := p.evidence(now, s)
	if units == 0 {
		return
	}
	p.rejectedShare += (rejected/units - p.rejectedShare) / max(8, float64(p.inFlight))
	if rejected > 0 && p.rejectedShare > noiseShare {
		p.lastRejection = now
	}
	switch p.phase {
	case slowStart:
		p.slowStartSample(now, rejected > 0)
	case probe:
		p.probeSample(now, rejected == units)
	case steady:
		if rejected > 0 {
			p.steadyRejection(now)
		}
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
}

// settling reports whether the steady curve has just started, with the table's bucket still empty.
func (p *Pace) settling(now float64) bool {
	return p.phase == steady && now-p.changedAt < max(settlingTime, settlingRoundTrips*p.roundTrip)
}

// evidence returns the units of a response that say something about the table's capacity, and how many
// of them were rejected; 0 units if none do. New rows are preferred to retries, which may wait for a
// hot key range.
func (p *Pace) evidence(now float64, s Sample) (units, rejected float64) {
	if units := s.Units - s.RetryUnits; units > 0 {
		p.lastNew = now
		return units, s.Rejected - s.RetryRejected
	}
	if now-p.lastNew >= hotKeyTime {
		return s.Units, s.Rejected
	}
	// New rows are accepted, so the table had room for these retries.
	if p.phase == steady && p.rejectedShare < noiseShare {
		p.applied += s.RetryRejected
	}
	return 0, 0
}

// slowStartSample widens the window, or ends the phase.
func (p *Pace) slowStartSample(now float64, rejected bool) {
	switch {
	case p.rejectedShare > highShare || p.applied == 0:
		offered := p.applied / max(now-p.firstSent, p.roundTrip)
		p.enterProbe(now, offered/4, p.pauseLength(), math.Inf(1))
		p.markEmpty(now)
	case !rejected:
		if float64(p.inFlight) > p.window/2-1 { // else the window is not used
			p.window = min(float64(p.maxInFlight), p.window+windowGrowth)
		}
	case p.rejectedShare < noiseShare:
	case !p.emptySeen:
		p.markEmpty(now)
	case now-p.emptyAt > estimateTime:
		p.enterSteady(now, p.estimate(now), plateauTime)
		p.markEmpty(now)
	}
}

// probeSample ends, restarts or continues the probe. A probe in which nothing was accepted restarts
// slower. Otherwise the probe goes on until rejections show that the rate is too fast, or until the
// table accepts the ceiling, and the steady phase follows; without an estimate the probe restarts.
// An estimate is fair if it covers more than estimateTime.
func (p *Pace) probeSample(now float64, allRejected bool) {
	fair := now-p.emptyAt > estimateTime
	tooFast := p.rejectedShare > highShare || p.rejectedShare > noiseShare && fair
	switch {
	case allRejected && !p.probePassed: // the probe began above what the table accepts
		floor := p.probeFloor
		p.probeSlower(now, p.probeFrom/4)
		p.probeFloor = floor
		if fair {
			p.markEmpty(now)
		}
	case !tooFast:
		if now-p.curveStart > estimateTime && p.learned.rate >= p.probeCeiling { // the ceiling is accepted
			p.enterSteady(now, p.probeCeiling, plateauTime)
		}
	case !p.emptySeen: // an estimate would count the credit that the bucket had before
		p.enterProbe(now, p.probeFrom, p.pauseLength(), p.learned.rate)
		p.markEmpty(now)
	case !fair && p.applied-p.emptyApplied < smallTable && p.pause < maxPause:
		// too little was accepted for an estimate
		p.probeSlower(now, p.probeFrom/2)
	default:
		p.enterSteady(now, max(p.estimate(now), p.probeFloor), firstPlateauTime)
		if fair {
			p.markEmpty(now)
		}
	}
}

// probeSlower restarts the probe after a pause of twice the length.
func (p *Pace) probeSlower(now, from float64) {
	p.pause = min(maxPause, 2*p.pause)
	p.enterProbe(now, from, p.pauseLength(), p.probeCeiling)
}

// steadyRejection takes a rejection as an empty moment: it renews the estimate and restarts the curve,
// or probes if the capacity has changed. A rejection is early if it comes before the curve's plateau,
// where the rate is under the estimate. Many early rejections mean that the capacity fell; a few in
// each of several curves mean that the rejections do not follow the rate, as on a hot key range.
func (p *Pace) steadyRejection(now float64) {
	t, fair := now-p.curveStart, now-p.emptyAt > estimateTime*p.stretch
	early := t < p.toPlateau
	if !early && !p.curveRejected { // this curve reached its plateau without a rejection
		p.earlyRejection = 0
	}
	if early && p.rejectedShare > highShare {
		p.capacityFell(now, fair)
		return
	}
	if !fair { // too soon after the last empty moment for a new estimate
		return
	}
	if early && !p.curveRejected {
		p.earlyRejection = min(maxEarly, p.earlyRejection+1)
	}
	p.curveRejected = true
	if p.earlyRejection == maxEarly && p.rejectedShare <= highShare { // the rejections do not follow the rate
		return
	}
	rate, capacity := p.learned.rate, p.estimate(now)
	if t > growthFrom*p.toPlateau && rate > raisedFactor*capacity {
		p.earlyRejection = 0 // the capacity rose, or credit had gathered
		p.enterProbe(now, capacity, 0, rate)
		p.probeFloor = capacity
	} else {
		p.enterSteady(now, capacity, plateauTime)
	}
	p.markEmpty(now)
}

// capacityFell probes from far below the rate, up to what the table last accepted.
func (p *Pace) capacityFell(now float64, fair bool) {
	ceiling := p.capacity
	if fair {
		ceiling = min(ceiling, p.estimate(now))
	}
	p.enterProbe(now, p.learned.rate/8, p.pauseLength(), ceiling)
	if fair {
		p.markEmpty(now)
	}
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
	p.rejectedShare, p.curveRejected, p.probePassed = 0, false, false
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
	p.capacity, p.pause = capacity, minPause
	p.stretch = 1
	if toPlateau == plateauTime {
		p.stretch = max(1, min(maxStretch, smallTable/capacity))
	}
	p.toPlateau = toPlateau * p.stretch
}
