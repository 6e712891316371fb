package pace

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest/internal/testsize"
)

// wanted is what a scenario beside other writers must reach. Zero is no bound.
type wanted struct {
	used     float64 // least share used of what the other writers leave free
	rejected float64 // most units rejected, per unit applied
	recovery float64 // most seconds from the end of the spell to a second at 90 % of the capacity
	fairness float64 // least fairness of the engines, by Jain's index
	seconds  float64 // most seconds until the last row
}

// bursts is a table of 2,000 units/s beside a writer that takes it in bursts.
func bursts(on, off float64) scenario {
	return scenario{rate: 2000, until: 240, rival: rival{rate: 3000, on: on, off: off}}
}

// spell is a table of 2,000 units/s that rejects 90 % of the items for so many seconds.
func spell(seconds float64) scenario {
	return scenario{rate: 2000, until: 60 + seconds, spell: span{20, 20 + seconds}}
}

// noisy is a table of 5,000 units/s that rejects shares of the requests and of the items at random.
func noisy(requests, items float64) scenario {
	return scenario{rate: 5000, until: 120, noise: requests, noiseItems: items}
}

// besideScenarios are the tables beside other writers, and those that reject whatever the rate.
var besideScenarios = []struct {
	name string
	sc   scenario
	want wanted
}{
	{"bursts 1/9", bursts(1, 9), wanted{used: 0.85, rejected: 0.25}},
	{"bursts 2/8", bursts(2, 8), wanted{used: 0.85, rejected: 0.25}},
	{"bursts 2/2", bursts(2, 2), wanted{used: 0.60, rejected: 0.25}},
	{"bursts 5/5", bursts(5, 5), wanted{used: 0.85, rejected: 0.25}},
	{"bursts 5/15", bursts(5, 15), wanted{used: 0.85, rejected: 0.25}},
	{"bursts 10/20", bursts(10, 20), wanted{used: 0.85, rejected: 0.25}},
	{"bursts 20/40", bursts(20, 40), wanted{used: 0.85, rejected: 0.25}},
	{"bursts 3/7", bursts(3, 7), wanted{used: 0.85, rejected: 0.25}},
	{"bursts 30/30", bursts(30, 30), wanted{used: 0.85, rejected: 0.25}},
	{"bursts 0.5/0.5", bursts(0.5, 0.5), wanted{used: 0.60, rejected: 0.25}},

	{"spell of 1 s", spell(1), wanted{recovery: 5, rejected: 0.05}},
	{"spell of 3 s", spell(3), wanted{recovery: 5, rejected: 0.05}},
	{"spell of 10 s", spell(10), wanted{recovery: 5, rejected: 0.05}},
	{"spell of 30 s", spell(30), wanted{recovery: 5, rejected: 0.05}},
	{"spell of 60 s", spell(60), wanted{recovery: 10, rejected: 0.05}},

	// A plain loop of 16 workers with full-jitter backoff uses all of the table, but for what is rejected.
	{"1 % of requests", noisy(0.01, 0), wanted{used: 0.85, rejected: 0.03}},
	{"5 % of requests", noisy(0.05, 0), wanted{used: 0.80, rejected: 0.10}},
	{"10 % of requests", noisy(0.10, 0), wanted{used: 0.80, rejected: 0.17}},
	{"20 % of requests", noisy(0.20, 0), wanted{used: 0.30, rejected: 0.38}},
	{"5 % of items", noisy(0, 0.05), wanted{used: 0.80, rejected: 0.10}},
	{"10 % of items", noisy(0, 0.10), wanted{used: 0.80, rejected: 0.17}},
	{"20 % of items", noisy(0, 0.20), wanted{used: 0.30, rejected: 0.38}},
	{"30 % of items", noisy(0, 0.30), wanted{used: 0.30, rejected: 0.65}},

	// Shares of the whole capacity.
	{"loop of 1 worker", scenario{rate: 2000, until: 120, loops: 1}, wanted{used: 0.25, rejected: 0.25}},
	{"loop of 4 workers", scenario{rate: 2000, until: 120, loops: 4}, wanted{used: 0.10, rejected: 0.5}},
	{"loop of 16 workers", scenario{rate: 2000, until: 240, loops: 16}, wanted{used: 0.03, rejected: 2}},

	{"2 peers", scenario{rate: 2000, until: 120, peers: 2}, wanted{used: 0.95, rejected: 0.0075, fairness: 0.65}},
	{"10 peers", scenario{rate: 2000, until: 120, peers: 10}, wanted{used: 0.95, rejected: 0.15, fairness: 0.65}},
	{"20 peers", scenario{rate: 2000, until: 120, peers: 20}, wanted{used: 0.95, rejected: 0.24, fairness: 0.65}},
	{"20 peers of 1,000 rows", scenario{rate: 2000, rows: 1000, peers: 20}, wanted{rejected: 0.15, seconds: 14}},
	{"20 peers of 1,000 rows, reported", scenario{rate: 2000, rows: 1000, peers: 20, cfg: Config{Start: 2000}}, wanted{rejected: 0.15, seconds: 17}},
	{"20 peers of 1,000 rows, reported 4000", scenario{rate: 2000, rows: 1000, peers: 20, cfg: Config{Start: 4000}}, wanted{rejected: 0.15, seconds: 17}},
	{"a steady writer of 1,000", scenario{rate: 2000, until: 120, rival: rival{rate: 1000, on: 1}}, wanted{used: 0.99, rejected: 0.01}},
}

// TestBesideOtherWriters holds what a table's other writers, or rejections that are not for lack of
// capacity, leave of the rate, with one seed for each scenario.
func TestBesideOtherWriters(t *testing.T) {
	t.Parallel()
	besideOtherWriters(t, 1)
}

// TestHeavyBesideOtherWriters is TestBesideOtherWriters with three seeds.
func TestHeavyBesideOtherWriters(t *testing.T) {
	testsize.Heavy(t)
	t.Parallel()
	besideOtherWriters(t, 3)
}

func besideOtherWriters(t *testing.T, seeds uint64) {
	t.Helper()
	for _, tt := range besideScenarios {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= seeds; seed++ {
				tt.want.assert(t, tt.sc.run(seed), tt.sc, seed)
			}
		})
	}
}

// assert holds o against the bounds.
func (w wanted) assert(t *testing.T, o outcome, sc scenario, seed uint64) {
	t.Helper()
	t.Logf("seed %d: %.3f used, %.4f rejected/applied, %.2f fair, %.1f s", seed, o.used(), o.rejectedShare(), o.fairness(), o.end)
	assert.GreaterOrEqual(t, o.used(), w.used, "used, seed %d", seed)
	assert.LessOrEqual(t, o.rejectedShare(), w.rejected, "rejected/applied, seed %d", seed)
	assert.GreaterOrEqual(t, o.fairness(), w.fairness, "fairness, seed %d", seed)
	if w.seconds > 0 {
		assert.LessOrEqual(t, o.end, w.seconds, "seconds, seed %d", seed)
	}
	if w.recovery > 0 {
		assert.LessOrEqual(t, o.recovery(sc.spell[1], 0.9*sc.rate), w.recovery, "seconds to recover, seed %d", seed)
	}
}

// fairness is Jain's index of what the engines applied: 1 if all applied the same, 1 ÷ their number if
// one applied everything.
func (o outcome) fairness() float64 {
	sum, squares := 0.0, 0.0
	for _, x := range o.shares {
		sum += x
		squares += x * x
	}
	return sum * sum / squares / float64(len(o.shares))
}

// recovery is how many seconds after a moment the first whole second at the given rate ends.
func (o outcome) recovery(from, rate float64) float64 {
	for s := from; s+1 < o.end; s++ {
		if applied, _ := o.during(s, s+1); applied >= rate {
			return s + 1 - from
		}
	}
	return o.end
}
