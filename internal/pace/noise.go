package pace

const (
	// A share of rejected units up to heldNoise is taken for noise when it lasts although the rate falls
	// a little, and one up to mostNoise when it lasts although a drain cuts the rate to a fifth.
	heldNoise = 0.05
	mostNoise = 0.35

	noiseTime      = 10.0 // seconds for which a share counts as noise before the question is put again
	leastSlack     = 0.02 // what may be rejected over the noise: this share, or half of the noise
	probeSlack     = 0.10 // the same in a probe
	leastExcess    = 2.0  // responses' worth of units over that, which are no chance
	excessVariance = 5.0  // the same, in units of variance ÷ slack
)

// noise is the share of units that the table rejects whatever the rate, by all that the controller has seen.
// The zero noise is a table that rejects for a lack of capacity only, where each rejection counts.
//
// With noise a rejection counts only if a CUSUM test says that more than the noise is rejected
// (https://en.wikipedia.org/wiki/CUSUM). Its limit grows with the variance between responses: requests
// that are rejected whole need more of them to be sure than rows that are returned evenly.
type noise struct {
	share    float64
	variance float64
	drained  bool    // a drain has shown it; otherwise a few curves have, and the rate may grow slowly only
	until    float64 // when the question is put again
	excess   float64 // the CUSUM, in responses
}

// present reports whether there is noise.
func (n *noise) present() bool { return n.share > 0 }

// slack is how much more than the noise may be rejected.
func (n *noise) slack() float64 { return max(leastSlack, n.share/2) }

// add takes a response's share of rejected units.
func (n *noise) add(share float64, probing bool) {
	slack := n.slack()
	if probing {
		slack = max(slack, probeSlack)
	}
	n.excess = max(0, n.excess+share-n.share-slack)
}

// exceeded reports whether more than the noise is rejected.
func (n *noise) exceeded() bool {
	return n.excess > max(leastExcess, excessVariance*n.variance/n.slack())
}

// noiseOf returns the noise that e shows, until a moment.
func noiseOf(e *evidence, drained bool, until float64) noise {
	return noise{share: e.share(), variance: e.variance(), drained: drained, until: until}
}
