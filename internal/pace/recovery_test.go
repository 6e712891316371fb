package pace

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest/internal/testsize"
)

const (
	badTime   = 60  // seconds of any history, after which
	goodTime  = 150 // the table is healthy for so many, and
	recoverIn = 120 // within so many of them half of its capacity is used
)

// anyHistory is a table that is healthy after a minute of other writers, steps of its capacity,
// rejections and failures, all at random.
func anyHistory(rate float64, seed uint64) scenario {
	random := rand.New(rand.NewPCG(seed, uint64(rate)))
	pick := func(values ...float64) float64 { return values[random.IntN(len(values))] }
	sc := scenario{
		rate: rate, until: badTime + goodTime, othersEnd: badTime, latency: pick(0.002, 0.010, 0.050),
		whole: random.IntN(4) == 0, reported: pick(0, 1), burst: pick(1, 1, 1, 5, 300),
	}
	sc.cfg.Start = rate * pick(0, 0, 1, 0.05, 20)
	sc.cfg.MaxInFlight = int(pick(0, 0, 1, 4))
	if rate >= 100 && random.IntN(4) == 0 {
		sc.reported = 3
	}
	if random.IntN(2) == 0 {
		sc.credit = random.Float64() * sc.burst * rate
	}
	if random.IntN(3) == 0 && rate > 100 {
		sc.mixed = random.IntN(2) == 0
		sc.units = pick(2, 10)
	}
	if random.IntN(3) > 0 {
		sc.rival = rival{rate: rate * pick(0.3, 0.9, 1.5, 5), on: pick(0.5, 2, 5, 20), off: pick(0.5, 2, 10, 20)}
	}
	if random.IntN(3) == 0 {
		sc.loops = int(pick(1, 4, 16))
	}
	for at := random.Float64() * 10; at < badTime; {
		to := min(badTime, at+pick(0.3, 1, 3, 10, 30)*random.Float64())
		t := trouble{span: span{at, to}}
		switch random.IntN(5) {
		case 0:
			t.items = random.Float64()
		case 1:
			t.requests = random.Float64()
		case 2:
			t.fail = pick(0.2, 0.9, 1)
		case 3:
			t.items = pick(0.02, 0.1, 0.2, 0.34, 0.37, 0.45)
		case 4:
			sc.steps = append(sc.steps, step{at, rate * pick(0.001, 0.05, 0.3, 3, 20)})
		}
		sc.troubles = append(sc.troubles, t)
		at = to + pick(0, 0.1, 1, 5)*random.Float64()
	}
	sc.steps = append(sc.steps, step{badTime, rate})
	return sc
}

// TestStartInABurst holds that a call which begins while another writer has the table is not stuck at next
// to nothing for its first minute, whatever capacity was reported: a few rows that are accepted by chance
// say nothing of the capacity.
func TestStartInABurst(t *testing.T) {
	t.Parallel()
	for _, reported := range []float64{0, 50, 200, 2000} {
		for _, length := range [][2]float64{{20, 40}, {5, 5}, {8, 6}} {
			sc := bursts(length[0], length[1])
			sc.cfg.Start, sc.until = reported, 60
			for seed := uint64(1); seed <= 20; seed++ {
				used := sc.run(seed).used()
				assert.GreaterOrEqual(t, used, 0.6, "of what is free, reported %v, bursts %v, seed %d", reported, length, seed)
			}
		}
	}
}

// TestRateRecovers holds that the rate comes back to a healthy table after any history.
func TestRateRecovers(t *testing.T) {
	t.Parallel()
	rateRecovers(t, uint64(fullOrShort(3, 1)))
}

// TestHeavyRateRecovers is TestRateRecovers with many more seeds.
func TestHeavyRateRecovers(t *testing.T) {
	testsize.Heavy(t)
	t.Parallel()
	rateRecovers(t, uint64(testsize.Long(30, 10)))
}

func rateRecovers(t *testing.T, seeds uint64) {
	t.Helper()
	for _, rate := range []float64{5, 100, 2000, 20_000} {
		t.Run(strconv.Itoa(int(rate)), func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= seeds; seed++ {
				sc := anyHistory(rate, seed)
				rate := rate // or what the requests in flight can carry
				if sc.cfg.MaxInFlight > 0 {
					rate = min(rate, float64(sc.cfg.MaxInFlight*simBatch)/(1.2*sc.latency))
				}
				o := sc.run(seed)
				took := float64(goodTime)
				for s := float64(badTime); s+10 <= badTime+goodTime; s++ {
					if used, _ := o.during(s, s+10); used >= rate/2 {
						took = s + 10 - badTime
						break
					}
				}
				used, rejected := o.during(badTime+recoverIn, badTime+goodTime)
				t.Logf("seed %d: half of the capacity within %.0f s, then %.2f used, %.4f rejected/applied", seed, took, used/rate, rejected)
				assert.LessOrEqual(t, took, float64(recoverIn), "seconds until half of the capacity is used, seed %d: %+v", seed, sc)
				assert.GreaterOrEqual(t, used, rate/2, "units/s afterwards, seed %d: %+v", seed, sc)
			}
		})
	}
}
