package pace

import "math"

const (
	drainShare     = 0.2   // a drain starts at this share of what was accepted
	cutShare       = 0.75  // a further cut goes to this share of what was accepted
	trialShare     = 0.5   // and a trial to this one, but not under the lower of
	trialRate      = 3     // this rate in rows/s, and
	trialBest      = 0.025 // this share of the best rate, since it would take too long
	followShare    = 0.5   // the rejections follow the rate if less than this share of them is left
	persistShare   = 0.5   // and do not if this share or more is
	sureResponses  = 40    // responses after which a drain is sure, and at least sureRejections ÷ the share
	sureRows       = 100   // rows, the same
	sureRejections = 6
	someResponses  = 16  // responses after which a share over mostNoise is believed
	shortDrain     = 1.5 // seconds after which a drain that stays short of rows is decided, and
	shortResponses = 24  // responses, at least
	slowDrains     = 3   // such drains in a row after which rejections that persist are noise
	slowClean      = 8   // rejections that a curve must have lacked to forget such drains
	farFactor      = 15  // the rate has fallen far if the best one is so many times what was accepted

	// The table is free again after so many clean responses in a row: cleanResponses, or cleanSlow at
	// less than slowRate rows/s, and at least cleanRejections ÷ the share that was rejected before.
	cleanResponses  = 6
	cleanSlow       = 3
	slowRate        = 5.0
	cleanRejections = 4
	cleanTime       = 0.05 // seconds, at least

	// The lowest rate, in units/s.
	lowestShare  = 0.05 // of the best rate
	lowestFade   = 1.25 // it falls by this factor a second, down to
	lowestRate   = 20   // this rate in rows/s, or
	lowestFactor = 8    // so many times the best rate, if that is less
	keptRate     = 250  // rows/s, the most to which it rises to keep a share of the table
	keptTrials   = 3    // failed trials that raise it so far, each by a factor of two
	keptShare    = 0.7  // where more than this share is rejected, there is no share to keep

	atLowestFactor  = 1.2 // a rate of up to so many times the lowest one counts as the lowest
	failedTrial     = 2   // a trial fails after so many responses with a rejection, if they are at least
	failedTrialPart = 4   // one in so many
	maxTrialPause   = 3   // binary logarithm of the longest pause between trials, in seconds; the first is 2 s

	longestGap = 5.0 // seconds after a request in which the next one goes at the latest, however big the rows are

	pairRate = 40 // from this rate in rows/s on a request carries two units or more: one alone finds the one unit left
)

// contention is what the contended phase knows.
//
// The phase begins as a drain: a fifth of what was accepted. If capacity is lacking, nothing is rejected
// at that rate. If the rejections persist, they are noise up to mostNoise; otherwise other writers have
// the table, and the rate is cut until something passes, down to the lowest rate, at which small requests
// ask whether the table is free again. Clean responses end the phase at any time.
//
// At the lowest rate two kinds of tables look alike: one that others have, and one that is small. A trial
// tells them apart: at half of what is accepted a small table rejects nothing. With each of the first
// failed trials the lowest rate rises, to keep a share of a table whose other writers never pause.
type contention struct {
	began    float64
	before   float64  // share rejected before the last cut
	accepted float64  // units/s accepted before the drain
	cuts     int      // since then
	atLowest evidence // since the last trial

	trial     bool // a trial is under way
	trials    int  // failed
	nextTrial float64
	kept      int // failed trials with a share of the table to keep
}

// drain enters the contended phase, to see whether the rejections follow the rate. share of the units was
// rejected, and accepted units/s were not.
func (p *Pace) drain(now, share, accepted float64) {
	p.noise = noise{}
	p.earlyRejection, p.low = 0, evidence{}
	p.contention = contention{began: now, before: share, accepted: accepted}
	p.enterContended(now, max(p.lowest(now), drainShare*accepted))
}

// lowest is the rate at which a contended table is asked whether it is free again.
func (p *Pace) lowest(now float64) float64 {
	c := &p.contention
	least := lowestRate * p.rowUnits
	if p.best.rate > 0 {
		least = min(least, lowestFactor*p.best.rate)
	}
	share := lowestShare * p.best.rate
	if c.kept > 0 {
		return max(least, share, keptRate*p.rowUnits*min(1, math.Exp2(float64(c.kept-keptTrials))))
	}
	return max(least, share*math.Pow(lowestFade, c.began-now))
}

// enterContended sets a rate of the contended phase.
func (p *Pace) enterContended(now, rate float64) {
	p.enter(contended, now)
	p.learned.rate, p.learned.next = max(minRate, rate), now
	if p.contention.trial { // let the bucket of a small table gather a unit
		p.learned.next += 1 / p.learned.rate
	}
}

// contendedSample decides what the responses at the present rate mean.
func (p *Pace) contendedSample(now float64) {
	c, seen, t := &p.contention, &p.seen, now-p.changedAt
	clean := float64(cleanResponses)
	if p.learned.rate < slowRate*p.rowUnits {
		clean = cleanSlow
	}
	switch {
	case seen.cleanRun >= max(clean, cleanRejections/c.before) && t > cleanTime:
		p.slow = slowDrained{}
		p.resume(now)
	case c.trial:
		if seen.rejections >= failedTrial && failedTrialPart*seen.rejections >= seen.responses {
			p.trialFailed(now)
		}
	case p.overloaded() || seen.responses >= someResponses && seen.share() > mostNoise:
		p.cut(now)
	case seen.responses >= max(sureResponses, sureRejections/c.before) && seen.asked >= sureRows*p.rowUnits:
		p.drained(now)
	case t > shortDrain && seen.asked < sureRows*p.rowUnits && c.before <= mostNoise && seen.responses >= shortResponses:
		p.drainedSlowly(now)
	}
}

// cut slows down, to the lowest rate or to a trial below it at the least.
func (p *Pace) cut(now float64) {
	c, share, low := &p.contention, p.seen.share(), p.lowest(now)
	c.cuts++
	c.before = share
	c.atLowest.merge(&p.seen)
	rate := cutShare * p.learned.rate * (1 - share)
	if rate < low {
		rate = low
		if p.learned.rate < atLowestFactor*low && now > c.nextTrial && share < 1 {
			c.trial = true
			accepted := (c.atLowest.asked - c.atLowest.rejected + p.rowUnits) / (c.atLowest.asked + p.rowUnits) // one row more, since few were seen
			rate = max(trialShare*accepted*p.learned.rate, min(trialRate*p.rowUnits, trialBest*p.best.rate))
			c.atLowest = evidence{}
		}
	}
	p.enterContended(now, rate)
}

// trialFailed goes back to the lowest rate: the rejections did not follow the rate.
func (p *Pace) trialFailed(now float64) {
	c := &p.contention
	c.trial = false
	c.trials++
	if c.before <= keptShare {
		c.kept++
	}
	c.nextTrial = now + math.Exp2(float64(min(c.trials, maxTrialPause)))
	p.enterContended(now, p.lowest(now))
}

// drained ends a drain of which enough was seen: the rejections follow the rate, or they are noise. (What
// is more than mostNoise has led to a cut before.) With noise the probe goes back to the best rate.
func (p *Pace) drained(now float64) {
	share := p.seen.share()
	if share < followShare*p.contention.before {
		p.resume(now)
		return
	}
	p.noise = noiseOf(&p.seen, true, now+noiseTime)
	p.enterProbe(now, p.learned.rate, 0, max(p.learned.rate, p.capacity, p.best.rate/(1-share)))
	p.probePassed = true
}

// drainedSlowly ends a drain at a rate too low to see enough. Rejections that persist over several drains in
// a row, or while the rate has fallen far under the best one, are noise.
func (p *Pace) drainedSlowly(now float64) {
	c := &p.contention
	p.slow.add(&p.seen, c.before)
	fallen := p.best.rate > farFactor*c.accepted && p.seen.share() >= persistShare*c.before
	enough := p.slow.seen.responses >= slowDrains*shortResponses
	if fallen || enough && p.slow.seen.share() >= persistShare*p.slow.before() {
		p.noise = noiseOf(&p.slow.seen, true, now+noiseTime)
		p.slow = slowDrained{}
		p.enterSteady(now, p.capacity, firstPlateauTime)
		return
	}
	if enough {
		p.slow = slowDrained{}
	}
	p.resume(now)
}

// slowDrained is what drains in a row that stayed short of rows have seen.
type slowDrained struct {
	seen   evidence
	shares float64 // rejected before, summed up by response
}

// add counts a drain before which the given share was rejected.
func (s *slowDrained) add(seen *evidence, before float64) {
	s.seen.merge(seen)
	s.shares += before * seen.responses
}

// before is the mean share that was rejected before the drains.
func (s *slowDrained) before() float64 { return s.shares / max(1, s.seen.responses) }

// resume leaves the contended phase. If the drain was enough, the capacity is what was accepted before it.
// Otherwise others had the table: the probe goes from the present rate to the best one.
func (p *Pace) resume(now float64) {
	c := &p.contention
	if c.cuts == 0 && c.accepted > 0 {
		p.enterSteady(now, c.accepted, firstPlateauTime)
		return
	}
	p.recoveries++
	ceiling := math.Inf(1)
	if p.best.rate > minBest && p.capacity > 0 { // without an estimate yet, the best rate is only what was sent
		ceiling = max(p.best.rate, p.learned.rate)
	}
	p.enterProbe(now, p.learned.rate, 0, ceiling)
	p.probePassed, p.probeResumed = true, true
	p.markEmpty(now)
}
