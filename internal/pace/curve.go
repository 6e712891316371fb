package pace

import "math"

const (
	probeDoubling   = 0.1 // seconds to double in a probe, and at least probeRoundTrips round trips
	probeRoundTrips = 4
	probeSlowing    = 4  // from the best rate on a doubling takes so many times as long
	maxDoublings    = 20 // a million times the rate where they began: maxRate comes first

	plateauDepth     = 0.05 // the steady curve starts this share under the estimate
	plateauTime      = 2.0  // seconds from there to the plateau: CUBIC's K
	firstPlateauTime = 0.5  // the same after a probe, whose estimate is rough
	growthFrom       = 2.0  // in units of K: when the cubic growth ends and the doubling starts
	growthDoubling   = 0.8  // seconds to double from there

	// With noise that no drain has shown, the rate leaves the plateau slowly.
	heldGrowth   = 0.05 // of the estimate, a second
	heldTime     = 5.0  // seconds of that, before it doubles
	heldDoubling = 1.2  // seconds to double then
)

// followCurve sets the rate that the phase has at this moment.
func (p *Pace) followCurve(now float64) {
	t := max(0, now-p.curveStart)
	switch p.phase {
	case slowStart: // has no rate
	case probe:
		p.learned.setRate(now, p.probeRate(t))
	case steady:
		p.learned.setRate(now, p.steadyRate(t))
	case contended: // the rate changes with responses
		p.learned.next = min(p.learned.next, p.lastSent+longestGap)
	}
}

// probeRate is the rate t seconds after the start of a probe.
func (p *Pace) probeRate(t float64) float64 {
	doublings := min(maxDoublings, t/max(probeDoubling, probeRoundTrips*p.roundTrip))
	rate := p.probeFrom * math.Exp2(doublings)
	if known := max(p.best.rate, p.probeFrom); p.best.rate > minBest && rate > known {
		rate = known * math.Exp2(math.Log2(rate/known)/probeSlowing)
	}
	return min(p.probeCeiling, rate)
}

// steadyRate is the rate t seconds after the start of the curve: capacity × (1 + depth × ((t-K)/K)³),
// which is CUBIC's C(t-K)³ + W_max with a depth instead of a fixed C, and from growthFrom × K on
// doubling instead of cubic growth.
func (p *Pace) steadyRate(t float64) float64 {
	if beyond := t - p.toPlateau; beyond > 0 && p.noise.present() && !p.noise.drained {
		doublings := min(maxDoublings, max(0, beyond-heldTime)/heldDoubling)
		return p.capacity * (1 + heldGrowth*beyond) * math.Exp2(doublings)
	}
	end := growthFrom * p.toPlateau
	x := min(t, end)/p.toPlateau - 1 // -1 at the start, 0 on the plateau
	depth := plateauDepth
	if x < 0 { // deeper after early rejections, to see whether the rejections follow the rate
		depth *= float64(1 + p.earlyRejection)
	}
	cubic := p.capacity * (1 + depth*x*x*x)
	return cubic * math.Exp2(min(maxDoublings, max(0, t-end)/(growthDoubling*p.stretch)))
}
