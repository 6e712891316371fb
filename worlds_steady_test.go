package dynamodest_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// creditWorlds make two calls on a table that has saved up capacity: the second one has nothing to wait for.
func creditWorlds() (worlds []world) {
	for _, units := range []int64{100, 5} {
		worlds = append(worlds, world{
			name: fmt.Sprintf("two calls, told %d, credit", units), capacity: float64(units), told: units, burst: 300, credit: 300,
			rows: 25, calls: 2,
			wants: []want{atMost(0.012, lastCall), atMost(0, refusedShare)},
		})
	}
	return worlds
}

// steadyWorlds have nobody who gets in the way: a capacity that is given, changes or saves up, and
// other writers who leave the same amount all the time.
func steadyWorlds() []world {
	const minute = time.Minute
	clean := []want{atLeast(0.99, ofFree), atMost(0.01, refusedShare)}
	credit := []want{atLeast(0.99, ofFree), atMost(0.016, refusedShare)}
	doublings := []step{{minute, 8000}, {2 * minute, 16_000}}
	worlds := []world{
		{name: "2,000", capacity: 2000, runs: minute, wants: clean},
		{name: "2,000, told", capacity: 2000, told: 2000, runs: minute, wants: clean},
		{name: "2,000, whole requests refused", capacity: 2000, whole: true, runs: minute, wants: []want{clean[0], atMost(0.015, refusedShare)}},
		{name: "doubling every 60 s", capacity: 4000, steps: doublings, runs: 3 * minute, wants: []want{atLeast(0.98, ofFree), clean[1]}},
		{name: "doubling every 60 s, told", capacity: 4000, told: 4000, steps: doublings, runs: 3 * minute, wants: []want{atLeast(0.98, ofFree), clean[1]}},
		{name: "500, credit", capacity: 500, burst: 300, credit: 300, runs: minute, wants: credit},
		{name: "500, credit, told", capacity: 500, burst: 300, credit: 300, told: 500, runs: minute, wants: credit},
	}
	// How soon a rise is found depends on where in its curve the pace is then.
	for _, m := range []struct {
		at   time.Duration
		used float64
	}{{30 * time.Second, 0.94}, {31 * time.Second, 0.86}, {32 * time.Second, 0.86}, {33 * time.Second, 0.86}} {
		worlds = append(worlds, world{
			name: fmt.Sprintf("steps 500 5,000 500 at %v", m.at), capacity: 500, jitters: true, runs: m.at + minute,
			steps: []step{{m.at, 5000}, {m.at + minute/2, 500}},
			wants: []want{atLeast(m.used, ofFree), atMost(0.015, refusedShare)},
		})
	}
	for _, foreign := range []float64{500, 1000, 1500} {
		worlds = append(worlds, world{
			name: fmt.Sprintf("steady writer of %g", foreign), capacity: 2000, runs: minute, rivals: steadily(foreign),
			wants: []want{atLeast(0.99, ofFree), atMost(0.015, refusedShare)},
		})
	}
	for _, m := range []struct{ window, keeps, used, refused float64 }{{0.2, 1, 0.98, 0.02}, {1, 1, 0.60, 0.10}, {1, 5, 0.95, 0.12}} {
		worlds = append(worlds, world{
			name: fmt.Sprintf("windows of %g s, keeps %g s", m.window, m.keeps), capacity: 2000, runs: minute,
			window: time.Duration(m.window * float64(time.Second)), burst: m.keeps,
			wants: []want{atLeast(m.used, ofFree), atMost(m.refused, refusedShare)},
		})
	}
	return worlds
}

// smallWorlds are tables of few units.
func smallWorlds() (worlds []world) {
	for _, s := range []struct {
		units         int64
		told, credit  bool
		used, refused float64
	}{
		{1, false, false, 0.55, 2.0}, {1, true, false, 0.55, 1.5}, {1, false, true, 0.98, 1.5}, {1, true, true, 0.98, 0.75},
		{5, false, false, 0.90, 0.30}, {5, true, false, 0.96, 0.15}, {5, false, true, 0.98, 0.5}, {5, true, true, 0.98, 0.40},
		{25, false, false, 0.99, 0.05}, {25, true, false, 0.99, 0.045}, {25, false, true, 0.99, 0.35}, {25, true, true, 0.99, 0.25},
	} {
		w := world{
			name: strconv.FormatInt(s.units, 10), capacity: float64(s.units), runs: 2 * time.Minute,
			wants: []want{atLeast(s.used, ofFree), atMost(s.refused, refusedShare)},
		}
		if s.told {
			w.name, w.told = w.name+", told", s.units
		}
		if s.credit {
			w.name, w.burst, w.credit = w.name+", credit", 300, 300
		}
		worlds = append(worlds, w)
	}
	return worlds
}

// mix spreads row indexes evenly over 0 to 1.
func mix(row int) float64 {
	h := uint64(row+1) * 0x9E3779B97F4A7C15 //nolint:gosec // an index is not negative
	h = (h ^ h>>32) * 0xD6E8FEB86659FD93
	h ^= h >> 32
	return float64(h>>11) / (1 << 53)
}

// shares assigns rows to ranges by their shares; a row of the rest is in no range.
func shares(parts []float64) func(row int) int {
	ends := make([]float64, len(parts))
	sum := 0.0
	for i, part := range parts {
		sum += part
		ends[i] = sum
	}
	return func(row int) int {
		i, found := slices.BinarySearch(ends, mix(row))
		if found {
			i++
		}
		if i == len(ends) {
			return -1
		}
		return i
	}
}

// zipf is the shares of n ranges of which the i-th has a weight of 1/i^s.
func zipf(n int, s float64) []float64 {
	parts, sum := make([]float64, n), 0.0
	for i := range parts {
		parts[i] = math.Pow(float64(i+1), -s)
		sum += parts[i]
	}
	for i := range parts {
		parts[i] /= sum
	}
	return parts
}

// rangeWorlds have key ranges, or a global index, that take less than the table.
func rangeWorlds() (worlds []world) {
	for _, r := range []struct {
		name          string
		parts         []float64 // share of the rows in each range
		rate          float64   // units/s of each range
		used, refused float64
	}{
		{"hot 50 %", []float64{0.5}, 1000, 0.97, 0.10},
		{"hot 10 %", []float64{0.1}, 200, 0.90, 0.15},
		{"hot 5 %", []float64{0.05}, 200, 0.98, 0.075},
		{"hot 1 %", []float64{0.01}, 20, 0.98, 0.035},
		{"hot 0.1 %", []float64{0.001}, 1, 0.70, 0.03},
		{"hot 10 times 0.1 %", slices.Repeat([]float64{0.001}, 10), 4, 0.80, 0.03},
		{"zipf 1.0", zipf(100, 1.0), 800, 0.97, 0.22},
		{"zipf 1.2", zipf(100, 1.2), 1000, 0.97, 0.30},
	} {
		worlds = append(worlds, world{
			name: r.name, capacity: 5000, runs: time.Minute,
			ranges: slices.Repeat([]float64{r.rate}, len(r.parts)), rangeOf: shares(r.parts), possible: min(5000, r.rate/slices.Max(r.parts)),
			wants: []want{atLeast(r.used, ofFree), atMost(r.refused, refusedShare)},
		})
	}
	index := world{
		name: "index of 500", capacity: 2000, told: 2000, toldIndex: 500, runs: time.Minute,
		ranges: []float64{500}, rangeOf: shares([]float64{1}), possible: 500,
		wants: []want{atLeast(0.98, ofFree), atMost(0.02, refusedShare)},
	}
	half := index
	half.name, half.rangeOf, half.possible = "index of 500, half of the rows", shares([]float64{0.5}), 1000
	half.wants = []want{atLeast(0.98, ofFree), atMost(0.18, refusedShare)}
	return append(worlds, index, half)
}
