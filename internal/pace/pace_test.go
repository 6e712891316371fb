package pace

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fullOrShort returns the first number, or the second with -short.
func fullOrShort(full, short int) int {
	if testing.Short() {
		return short
	}
	return full
}

// untilFree moves the clock on until a request may go.
func untilFree(t *testing.T, p *Pace, now time.Duration) time.Duration {
	t.Helper()
	for range 10_000 {
		wait := p.Wait(now)
		if wait < 0 || wait > time.Second {
			t.Fatalf("Wait returned %v", wait)
		}
		if wait == 0 {
			return now
		}
		now += wait
	}
	t.Fatal("no request may go for hours")
	return 0
}

// accept sends a request and completes it at once, all of it applied.
func accept(p *Pace, now time.Duration, units float64) {
	p.Sent(now, units)
	p.Done(Sample{Sent: now, Now: now, Units: units})
}

func TestCapIsExactOverAnySpan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		cap  float64
		row  float64 // most units of a row
	}{
		{"1000", 1000, 1},
		{"1000, rows of up to 30", 1000, 30},
		{"50, rows of up to 400", 50, 400},
		{"1", 1, 1},
		{"1, rows of up to 400", 1, 400},
		{"0.25", 0.25, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			p := New(Config{Cap: tt.cap})
			start := 3 * time.Hour
			now, sum := start, 0.0
			var moments, sums []float64 // of requests, and units before each
			for range fullOrShort(2000, 1000) {
				if random.IntN(200) == 0 {
					now += time.Duration(random.IntN(1000)) * time.Millisecond
				}
				now = untilFree(t, p, now)
				units := 0.0
				for range 1 + random.IntN(25) {
					row := math.Ceil(random.Float64() * tt.row)
					if units > 0 && units+row > p.Budget() {
						break
					}
					units += row
				}
				moments, sums = append(moments, now.Seconds()), append(sums, sum)
				sum += units
				accept(p, now, units)
			}
			sums = append(sums, sum)
			burst := tt.cap/20 + max(tt.cap/10, tt.row) + 1e-6
			for from := range moments {
				for to := from; to < len(moments); to += 1 + (to-from)/7 {
					span := moments[to] - moments[from]
					if units := sums[to+1] - sums[from]; units > tt.cap*span+burst { // plain: compared a million times
						t.Fatalf("%g units in %g s", units, span)
					}
				}
			}
		})
	}
}

func TestCapIsReached(t *testing.T) {
	t.Parallel()
	p := New(Config{Cap: 1000})
	now, sum := time.Duration(0), 0.0
	for now < time.Minute {
		now = untilFree(t, p, now+20*time.Millisecond) // late each time
		accept(p, now, 25)
		sum += 25
	}
	assert.InEpsilon(t, 60_000, sum, 0.002)
}

func TestCapSpacesBigRows(t *testing.T) {
	t.Parallel()
	p := New(Config{Cap: 1})
	for i := range 4 {
		now := untilFree(t, p, time.Duration(i)*400*time.Second-350*time.Second*time.Duration(min(i, 1)))
		assert.InDelta(t, float64(i)*400, now.Seconds(), 1e-6)
		assert.Equal(t, 1.0, p.Budget())
		accept(p, now, 400)
	}
}

func TestCapCountsConsumedUnits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		sample Sample
		want   float64 // units that the cap counts
	}{
		{"not reported", Sample{Units: 100}, 100},
		{"a bigger item was replaced", Sample{Units: 100, Consumed: 250}, 250},
		{"a part was rejected", Sample{Units: 100, Rejected: 40}, 60},
		{"a part was rejected, and reported", Sample{Units: 100, Rejected: 40, Consumed: 80}, 80},
		{"lost", Sample{Units: 100, Failed: true}, 100},
		{"not a number", Sample{Units: 100, Consumed: math.NaN(), Rejected: math.Inf(-1)}, 100},
		{"more rejected than asked", Sample{Units: 100, Rejected: 140}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := New(Config{Cap: 100})
			p.Sent(0, 100)
			tt.sample.Now = 10 * time.Millisecond
			p.Done(tt.sample)
			assert.InDelta(t, tt.want/100, p.cap.next, 1e-6, "seconds")
		})
	}
}

func TestIdleTimeGivesNoBurst(t *testing.T) {
	t.Parallel()
	p := New(Config{Cap: 1000})
	accept(p, 0, 25)
	now, sum := time.Hour, 0.0
	for now < time.Hour+time.Second {
		now = untilFree(t, p, now)
		accept(p, now, 25)
		sum += 25
	}
	assert.LessOrEqual(t, sum, 1000+1000*0.15)
}

func TestIdleTimeIsNoEvidence(t *testing.T) {
	t.Parallel()
	p := New(Config{Start: 100})
	for range 3 {
		now := untilFree(t, p, 0)
		accept(p, now, 5)
	}
	before := p.learned.rate
	now := untilFree(t, p, time.Hour)
	accept(p, now, 5)
	untilFree(t, p, now)
	assert.InEpsilon(t, before, p.learned.rate, 0.3, "units/s after an hour")
}

func TestFailuresAreNoEvidence(t *testing.T) {
	t.Parallel()
	p := New(Config{Start: 100})
	accept(p, untilFree(t, p, 0), 5)
	before, now := p.learned.rate, time.Duration(0)
	for now < time.Minute {
		now = untilFree(t, p, now)
		p.Sent(now, 5)
		now += 10 * time.Millisecond
		p.Done(Sample{Sent: now - 10*time.Millisecond, Now: now, Units: 5, Rejected: 5, Failed: true})
	}
	assert.Less(t, p.learned.rate, 100*before, "units/s after a minute of failures")
	assert.Equal(t, probe, p.phase)
}

func TestNothingIsNoEvidence(t *testing.T) {
	t.Parallel()
	p := New(Config{})
	for i := range 100 {
		now := time.Duration(i) * time.Millisecond
		p.Sent(now, 0)
		p.Done(Sample{Sent: now, Now: now})
	}
	assert.Equal(t, initialWindow, p.InFlight())
	assert.Zero(t, p.Wait(time.Second))
}

func TestBudget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		cfg  Config
		want float64
	}{
		{"nothing known", Config{}, math.Inf(1)},
		{"small table", Config{Start: 10}, 1},
		{"table of 2000", Config{Start: 2000}, 12.5},
		{"cap of 100", Config{Cap: 100}, 10},
		{"cap under one unit", Config{Cap: 0.1}, 1},
		{"cap under the table", Config{Start: 2000, Cap: 10}, 1},
		{"cap over the table", Config{Start: 2000, Cap: 5000}, 12.5},
		{"no numbers", Config{Start: math.NaN(), Cap: math.Inf(-1), MaxInFlight: -1}, math.Inf(1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, New(tt.cfg).Budget())
		})
	}
}

func TestRequestsInFlight(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ maxInFlight, want int }{{0, 64}, {1, 1}, {2, 2}, {7, 7}} {
		p := New(Config{MaxInFlight: tt.maxInFlight})
		assert.Equal(t, min(initialWindow, tt.want), p.InFlight())
		now := time.Duration(0)
		for range 200 { // full flights, one after another
			flight := p.InFlight()
			for range flight {
				p.Sent(now, 25)
			}
			for range flight {
				p.Done(Sample{Sent: now, Now: now + 10*time.Millisecond, Units: 25})
			}
			now += 10 * time.Millisecond
		}
		assert.Equal(t, tt.want, p.InFlight())
	}
}

func TestFewRequestsDoNotGrowTheFlight(t *testing.T) {
	t.Parallel()
	p := New(Config{})
	for i := range 1000 {
		now := time.Duration(i) * 10 * time.Millisecond
		p.Sent(now, 25)
		p.Done(Sample{Sent: now, Now: now + 10*time.Millisecond, Units: 25})
	}
	assert.LessOrEqual(t, p.InFlight(), 3)
}

// FuzzPace feeds any samples at any times: the advice stays in bounds, the window never shrinks, and
// requests never stop for good.
func FuzzPace(f *testing.F) {
	for seed := uint64(0); seed < 40; seed++ {
		f.Add(seed, int(seed%70), float64(seed%3)*100, float64(seed%5)*20)
	}
	f.Add(uint64(1), -1, math.NaN(), math.Inf(1))
	f.Add(uint64(2), 1, 1e300, 1e-3)
	f.Fuzz(func(t *testing.T, seed uint64, maxInFlight int, start, limit float64) {
		p := New(Config{MaxInFlight: maxInFlight, Start: start, Cap: limit})
		if maxInFlight < 1 {
			maxInFlight = defaultMaxInFlight
		}
		random := rand.New(rand.NewPCG(seed, 0))
		lowest := float64(minRate) // units/s that are let go at least
		if c := clean(limit, maxRate); c > 0 {
			lowest = min(lowest, c)
		}
		now, owed := time.Duration(random.Int64N(int64(time.Hour))), 0.0
		type sent struct {
			at    time.Duration
			units float64
		}
		var flight []sent
		window := p.InFlight()
		mood := random.Float64() // share of responses that reject
		for range 500 {
			if random.IntN(100) == 0 {
				mood = random.Float64() * 1.2
			}
			require.GreaterOrEqual(t, p.InFlight(), max(1, window))
			window = p.InFlight()
			require.LessOrEqual(t, p.InFlight(), maxInFlight)
			require.GreaterOrEqual(t, p.Budget(), 1.0)
			if len(flight) < p.InFlight() && random.IntN(2) == 0 {
				asked := now
				for wait := p.Wait(now); wait > 0; wait = p.Wait(now) {
					require.LessOrEqual(t, wait, time.Second)
					require.LessOrEqual(t, (now - asked).Seconds(), owed/lowest+5, "seconds of a stop")
					if lowest < 0.01 {
						return // it would take months
					}
					now += wait
				}
				units := min(p.Budget(), float64(random.IntN(400)))
				if wait, unpaced := p.WaitSmall(now); wait == 0 && unpaced && random.IntN(2) == 0 {
					p.SentUnpaced(now, units)
				} else {
					p.Sent(now, units)
				}
				flight = append(flight, sent{now, units})
				owed = units
				continue
			}
			now += time.Duration(random.Int64N(int64(20 * time.Millisecond)))
			if random.IntN(300) == 0 {
				now += time.Duration(random.Int64N(int64(10 * time.Minute)))
			}
			if len(flight) == 0 {
				continue
			}
			i := random.IntN(len(flight))
			s := Sample{Sent: flight[i].at, Now: now, Units: flight[i].units, Rows: random.IntN(26), Failed: random.IntN(20) == 0}
			flight = append(flight[:i], flight[i+1:]...)
			if random.Float64() < mood {
				s.Rejected = s.Units * random.Float64() * 1.1
			}
			s.RetryUnits = s.Units * max(0, random.Float64()*1.5-0.5)
			s.RetryRejected = random.Float64() * 1.2 * s.RetryUnits
			switch random.IntN(4) {
			case 0:
				s.Consumed = random.Float64() * 3 * s.Units
			case 1:
				s.Consumed = math.NaN()
			}
			if !s.Failed {
				owed += clean(s.Consumed, maxUnits)
			}
			p.Done(s)
			for _, x := range []float64{
				p.learned.rate, p.learned.next, p.cap.next, p.rejectedShare, p.capacity,
				p.curveStart, p.emptyAt, p.applied, p.roundTrip, p.rowUnits, p.overload, p.probeFrom,
				p.noise.share, p.noise.variance, p.noise.excess, p.best.rate,
				p.contention.before, p.contention.accepted,
			} {
				require.False(t, math.IsNaN(x) || math.IsInf(x, 0), "%+v", p)
			}
		}
	})
}
