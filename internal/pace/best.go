package pace

import "math"

const (
	bestEpoch    = 0.25 // seconds of an epoch
	bestHalfLife = 60.0 // seconds in which the best rate loses half of itself
)

// best remembers the highest rate that the table accepted lately: where to go back to after a time in
// which others had the table. A rate counts if it lasted for three epochs, since a shorter one may have
// been burst credit.
type best struct {
	rate    float64    // units/s
	at      float64    // start of the running epoch
	applied float64    // units applied until then
	epochs  [3]float64 // units/s of the last epochs
}

// start begins the first epoch.
func (b *best) start(now float64) { b.at = now }

// note takes the units applied so far. The best rate fades unless keep is set, which it is while others
// have the table.
func (b *best) note(now, applied float64, keep bool) {
	took := now - b.at
	if took < bestEpoch {
		return
	}
	b.epochs[0], b.epochs[1], b.epochs[2] = b.epochs[1], b.epochs[2], (applied-b.applied)/took
	b.at, b.applied = now, applied
	if !keep {
		b.rate *= math.Exp2(-took / bestHalfLife)
	}
	b.rate = max(b.rate, min(b.epochs[0], b.epochs[1], b.epochs[2]))
}
