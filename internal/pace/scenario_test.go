package pace

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// seeds is the number of seeds that each scenario runs with.
func seeds() uint64 { return uint64(fullOrShort(3, 1)) }

// TestScenarios holds the figures of the whole controller against simulated tables, over several seeds
// each. Buckets hold one second and start empty, latency is 8 to 12 ms and the capacity is not reported,
// unless the scenario says so.
func TestScenarios(t *testing.T) {
	t.Parallel()
	hot := func(sc scenario) scenario {
		sc.hot, sc.hotRate, sc.rows = 0.05, 200, 60_000
		return sc
	}
	for _, tt := range []struct {
		name     string
		sc       scenario
		used     float64 // least capacity used
		rejected float64 // most units rejected, per unit applied
		rows     float64 // least rows/s
	}{
		// A sequential loop makes 2,500 rows/s at 10 ms and 416 at 60 ms.
		{"unlimited", scenario{rows: 60_000}, 0, 0, 100_000},
		{"unlimited, 60 ms", scenario{rows: 60_000, latency: 0.06}, 0, 0, 15_000},
		{"unlimited, busy client", scenario{rows: 60_000, overhead: 0.00025}, 0, 0, 75_000},
		{"unlimited, 4 in flight", scenario{rows: 60_000, cfg: Config{MaxInFlight: 4}}, 0, 0, 9_500},
		{"unlimited, reported 4000", scenario{rows: 600_000, cfg: Config{Start: 4000}}, 0, 0, 100_000},

		{"2000", scenario{rate: 2000, rows: 60_000}, 0.99, 0.01, 0},
		{"2000, whole requests rejected", scenario{rate: 2000, rows: 60_000, whole: true}, 0.99, 0.03, 0},
		{"2000, bucket full", scenario{rate: 2000, rows: 60_000, credit: 2000}, 1.02, 0.025, 0},
		{"2000, 1 in flight", scenario{rate: 2000, rows: 60_000, cfg: Config{MaxInFlight: 1}}, 0.99, 0.02, 0},
		{"2000, 1 ms", scenario{rate: 2000, rows: 60_000, latency: 0.001}, 0.99, 0.01, 0},
		{"2000, 60 ms", scenario{rate: 2000, rows: 60_000, latency: 0.06}, 0.99, 0.025, 0},
		{"2000, 200 ms", scenario{rate: 2000, rows: 60_000, latency: 0.2}, 0.95, 0.08, 0},
		{"2000, retries not reported", scenario{rate: 2000, rows: 60_000, mute: true}, 0.99, 0.01, 0},
		{"2000, all rejected rows retried at once", scenario{rate: 2000, rows: 60_000, storm: true}, 0.99, 0.01, 0},
		{"2000, windows of 0.2 s", scenario{rate: 2000, rows: 60_000, window: 0.2}, 0.97, 0.025, 0},
		{"2000, windows of 1 s", scenario{rate: 2000, rows: 60_000, window: 1}, 0.70, 0.08, 0},
		{"2000, windows of 1 s, keeps 5 s", scenario{rate: 2000, rows: 60_000, window: 1, burst: 5}, 0.92, 0.08, 0},
		{"2000, rows of 10 units", scenario{rate: 2000, rows: 6_000, units: 10}, 0.99, 0.05, 0},
		{"2000, rows of 10 units, whole", scenario{rate: 2000, rows: 6_000, units: 10, whole: true}, 0.92, 0.05, 0},
		{"2000, rows of 1 to 39 units", scenario{rate: 2000, until: 30, mixed: true}, 0.98, 0.10, 0},
		{"2000, rows of 400 units", scenario{rate: 2000, until: 60, units: 400}, 0.97, 0.50, 0},
		{"2000, each row consumes 3", scenario{rate: 2000, until: 30, reported: 3}, 0.99, 0.025, 0},
		{"2000, a fifth of the requests fails", scenario{rate: 2000, rows: 60_000, fail: 0.2}, 0.95, 0.025, 0},
		{"2000, all fail for 10 s of 40", scenario{rate: 2000, until: 40, outage: span{10, 20}}, 0.64, 0.02, 0},

		{"2000, reported", scenario{rate: 2000, rows: 60_000, cfg: Config{Start: 2000}}, 0.99, 0.02, 0},
		{"2000, reported, whole", scenario{rate: 2000, rows: 60_000, whole: true, cfg: Config{Start: 2000}}, 0.99, 0.03, 0},
		{"2000, reported 200", scenario{rate: 2000, rows: 60_000, cfg: Config{Start: 200}}, 0.99, 0.01, 0},
		{"2000, reported 20,000", scenario{rate: 2000, rows: 60_000, cfg: Config{Start: 20_000}}, 0.99, 0.02, 0},
		{"2000, reported 20,000, whole", scenario{rate: 2000, rows: 60_000, whole: true, cfg: Config{Start: 20_000}}, 0.99, 0.02, 0},
		{"40,000 on demand, reported 4000", scenario{rate: 40_000, rows: 400_000, cfg: Config{Start: 4000}}, 0.99, 0.015, 0},
		{"500, 300 s of credit", scenario{rate: 500, until: 60, burst: 300, credit: 150_000}, 5.95, 0.025, 0},
		{"500, 300 s of credit, reported", scenario{rate: 500, until: 60, burst: 300, credit: 150_000, cfg: Config{Start: 500}}, 5.95, 0.02, 0},

		{"5", scenario{rate: 5, until: 120}, 0.97, 0.20, 0},
		{"5, whole", scenario{rate: 5, until: 120, whole: true}, 0.97, 0.20, 0},
		{"5, reported", scenario{rate: 5, until: 120, cfg: Config{Start: 5}}, 0.97, 0.08, 0},
		{"25", scenario{rate: 25, until: 60}, 0.98, 0.15, 0},
		{"25, whole", scenario{rate: 25, until: 60, whole: true}, 0.98, 0.12, 0},
		{"50", scenario{rate: 50, until: 60}, 0.98, 0.12, 0},
		{"500", scenario{rate: 500, until: 60}, 0.99, 0.015, 0},
		{"5000", scenario{rate: 5_000, rows: 150_000}, 0.99, 0.01, 0},
		{"20,000", scenario{rate: 20_000, rows: 200_000}, 0.98, 0.015, 0},
		{"100,000", scenario{rate: 100_000, rows: 600_000}, 0.96, 0.025, 0},
		{"45,000, busy client", scenario{rate: 45_000, rows: 400_000, overhead: 0.00045}, 0.98, 0.05, 0},
		{"10 partitions of 1000", scenario{rate: 10_000, parts: 10, rows: 150_000}, 0.98, 0.015, 0},

		{"2000, source of 1000", scenario{rate: 2000, rows: 30_000, offer: 1000}, 0.499, 0, 0},
		{"2000, source of 1900", scenario{rate: 2000, rows: 60_000, offer: 1900}, 0.949, 0.001, 0},
		{"2000, source of 3 s in 6", scenario{rate: 2000, until: 60, pulse: 3}, 0.58, 0.05, 0},
		{"2000, source of 0.3 s in 0.6", scenario{rate: 2000, until: 60, pulse: 0.3}, 0.50, 0.05, 0},
		{"2000, idle for 120 s of 160", scenario{rate: 2000, until: 160, idle: span{10, 130}}, 0.25, 0.02, 0},
		{"2000, idle for 120 s of 160, keeps 300 s", scenario{rate: 2000, until: 160, idle: span{10, 130}, burst: 300}, 0.98, 0.025, 0},
		{"2000, other writers", scenario{rate: 2000, until: 60, steps: []step{
			{5, 1000}, {8, 2500}, {12, 600}, {15, 1500}, {20, 3000}, {23, 800}, {30, 1600}, {33, 2200}, {40, 1100}, {45, 2600}, {52, 900},
		}}, 0.80, 0.05, 0},
		{"2000, nothing for 20 s of 60", scenario{rate: 2000, until: 60, steps: []step{{10, 0.01}, {30, 2000}}}, 0.97, 0.02, 0},

		// 5 % of the rows meet the hot range, which accepts 200 a second: 4,000 rows/s are possible in all.
		{"hot range", hot(scenario{}), 0, 0.25, 3800},
		{"hot range, busy client", hot(scenario{overhead: 0.0003}), 0, 0.25, 3800},
		{"hot range, 60 ms", hot(scenario{latency: 0.06}), 0, 0.15, 3800},
		{"hot range, reported 500", hot(scenario{cfg: Config{Start: 500}}), 0, 0.25, 3800},
		{"hot range, reported 4000", hot(scenario{cfg: Config{Start: 4000}}), 0, 0.25, 3800},
		{"hot range, table of 4000", hot(scenario{rate: 4000}), 0, 0.02, 3800},
		{"hot range, table of 4500", hot(scenario{rate: 4500}), 0, 0.20, 3800},
		{"hot range, table of 5000", hot(scenario{rate: 5000}), 0, 0.25, 3800},
		{"hot range, table of 10,000", hot(scenario{rate: 10_000}), 0, 0.25, 3700},
		{"hot range of 1 %", scenario{hot: 0.01, hotRate: 40, rows: 60_000}, 0, 0.25, 3800},
		{"hot range of 20 %", scenario{hot: 0.2, hotRate: 800, rows: 60_000}, 0, 0.35, 3600},
		// What an engine loses that retries all rejected rows at once, or does not report which rows those are.
		{"hot range, all rejected rows retried at once", hot(scenario{storm: true}), 0, 0.80, 2300},
		{"hot range, retries not reported", hot(scenario{mute: true}), 0, 0.30, 2300},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= seeds(); seed++ {
				o := tt.sc.run(seed)
				t.Logf("%s: %.3f used, %.4f rejected/applied, %.0f rows/s", tt.name, o.used(), o.rejectedShare(), o.rowsPerSecond())
				assert.GreaterOrEqual(t, o.rowsPerSecond(), tt.rows, "rows/s, seed %d", seed)
				assert.LessOrEqual(t, o.rejectedShare(), tt.rejected, "rejected/applied, seed %d", seed)
				if tt.sc.rate > 0 {
					assert.GreaterOrEqual(t, o.used(), tt.used, "capacity used, seed %d", seed)
				}
			}
		})
	}
}

// TestCapacityChanges holds the time until a new capacity is used, and until rejections pass.
func TestCapacityChanges(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		from, to float64
		within   float64 // seconds
	}{
		{"500 to 5000", 500, 5000, 8},
		{"5000 to 500", 5000, 500, 3},
		{"50 to 5000", 50, 5000, 10},
		{"5000 to 50", 5000, 50, 10},
		{"40,000 to 500", 40_000, 500, 10},
		{"2000 to 2500", 2000, 2500, 10},
		{"2000 to 1500", 2000, 1500, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const change = 20
			for seed := uint64(1); seed <= seeds(); seed++ {
				o := scenario{rate: tt.from, until: change + 25, steps: []step{{change, tt.to}}}.run(seed)
				took := 0.0 // end of the last second outside the bounds
				for s := change + 0.0; s < change+24; s++ {
					rate, rejected := o.during(s, s+1)
					if rate < 0.9*tt.to || rejected > 0.05 && rejected*rate > 10 {
						took = s + 1 - change
					}
				}
				rate, rejected := o.during(change+10, change+24)
				t.Logf("%.0f s, then %.0f units/s, %.4f rejected/applied", took, rate, rejected)
				assert.LessOrEqual(t, took, tt.within, "seconds, seed %d", seed)
				assert.GreaterOrEqual(t, rate, 0.97*tt.to, "units/s, seed %d", seed)
			}
		})
	}
}

// TestSmallHotRange holds that a key range which accepts only a few units a second does not become the
// rate of all: the engine's window fills with rows of the range, and lets as many other rows pass as
// their share allows.
func TestSmallHotRange(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		sc   scenario
		want float64 // rows/s
	}{
		{"5 % on 20 units/s", scenario{hot: 0.05, hotRate: 20}, 400},
		{"5 % on 20 units/s, table of 2000", scenario{hot: 0.05, hotRate: 20, rate: 2000}, 400},
		{"5 % on 20 units/s, cap of 1000", scenario{hot: 0.05, hotRate: 20, cfg: Config{Cap: 1000}}, 400},
		{"5 % on 5 units/s", scenario{hot: 0.05, hotRate: 5}, 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.sc.until = 120
			for seed := uint64(1); seed <= seeds(); seed++ {
				rate, rejected := tt.sc.run(seed).during(60, 120)
				t.Logf("%s: %.0f rows/s, %.4f rejected/applied", tt.name, rate, rejected)
				assert.GreaterOrEqual(t, rate, 0.75*tt.want, "rows/s, seed %d", seed)
			}
		})
	}
}

// TestCapOverLearned holds the cap where the table would accept more, and the table's rate where the cap
// is higher.
func TestCapOverLearned(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		sc   scenario
		want float64 // units/s
	}{
		{"unlimited, 1000", scenario{cfg: Config{Cap: 1000}}, 1000},
		{"unlimited, 7", scenario{cfg: Config{Cap: 7}}, 7},
		{"unlimited, 1000, reported 10", scenario{cfg: Config{Cap: 1000, Start: 10}}, 1000},
		{"unlimited, 1000, rows of 1 to 39 units", scenario{mixed: true, cfg: Config{Cap: 1000}}, 1000},
		{"unlimited, 1000, each row consumes 3", scenario{reported: 3, cfg: Config{Cap: 1000}}, 1000},
		{"2000, 1000", scenario{rate: 2000, cfg: Config{Cap: 1000}}, 1000},
		{"2000, 1990", scenario{rate: 2000, cfg: Config{Cap: 1990}}, 1980},
		{"2000, 4000", scenario{rate: 2000, cfg: Config{Cap: 4000}}, 2000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.sc.until = 60
			o := tt.sc.run(1)
			rate, _ := o.during(20, 60)
			assert.InEpsilon(t, tt.want, rate, 0.01)
			most := tt.sc.cfg.Cap
			for s := 0.0; s < 59; s += 0.1 {
				second, _ := o.during(s, s+1)
				assert.LessOrEqual(t, second, most*1.15+40*max(1, tt.sc.reported), "units in the second from %g", s)
			}
		})
	}
}
