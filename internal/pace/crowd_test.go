package pace

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest/internal/testsize"
)

// Many workers on one table: the figures of docs/scale.md, which crowd_page_test.go compares with the page.

const (
	crowdEnd    = 120.0 // seconds
	crowdStart  = 10.0  // the start, whose refusals are counted apart
	crowdChange = 60.0  // workers die or join; the shares and the later refusals are counted from then on

	budgetShare  = 0.95 // of the capacity is the budget
	leaseWindow  = 0.1  // seconds
	leaseSeconds = 0.25 // of a worker's share are a chunk,
	leastChunk   = 25   // but so many units at least: a request of small rows
)

// Budget is how workers share a budget.
type Budget string

// The ways to share a budget.
const (
	NoBudget Budget = "none"
	Caps     Budget = "caps"   // each worker has an equal WriteUnitsPerSecond
	Leases   Budget = "leases" // each has a Limiter that leases units from a store
)

// Crowd is one worker or more on a table of which DescribeTable reports the capacity, for two minutes.
type Crowd struct {
	Rate    float64 // units/s of the table
	Workers int     // at the start
	Budget  Budget
	Die     int // so many of them die after a minute
	Join    int // so many more begin then

	Window, Chunk float64 // of leases: seconds and units; 0 = as leaseWindow and leaseSeconds say
}

// Figures are what a Crowd made of its table, as the page prints them.
type Figures struct {
	used, refusedFirst, refusedLater float64 // shares
	least, most                      float64 // applied by a worker, in equal shares
	soon                             float64 // seconds until the first one of 90 % of the capacity
	after, next                      float64 // share used in the first second after the change, and in ten
	newcomers                        float64 // applied by those that joined, in equal shares
}

func (c Crowd) scenario() scenario {
	sc := scenario{rate: c.Rate, until: crowdEnd, cfg: Config{Start: c.Rate}, peers: c.Workers + c.Join, settle: crowdChange}
	for i := range sc.peers {
		life := span{0, math.Inf(1)}
		if i < c.Die {
			life[1] = crowdChange
		}
		if i >= c.Workers {
			life[0] = crowdChange
		}
		sc.lives = append(sc.lives, life)
	}
	switch c.Budget {
	case NoBudget:
	case Caps:
		sc.cfg.Cap = budgetShare * c.Rate / float64(sc.peers)
	case Leases:
		sc.lender = lender{rate: budgetShare * c.Rate, window: c.WindowSeconds(), chunk: c.ChunkUnits()}
	}
	return sc
}

// WindowSeconds is how long a window of the leases is.
func (c Crowd) WindowSeconds() float64 { return cmp.Or(c.Window, leaseWindow) }

// ChunkUnits is the units of a lease.
func (c Crowd) ChunkUnits() float64 {
	share := math.Round(leaseSeconds * c.Rate / float64(c.Workers+c.Join))
	return cmp.Or(c.Chunk, max(leastChunk, share))
}

// Asks is how many requests the store of the leases gets in a second at most: each window is granted in chunks, and
// each worker asks in vain once.
func (c Crowd) Asks() float64 {
	chunks := math.Ceil(budgetShare*c.Rate*c.WindowSeconds()/c.ChunkUnits() - 1e-9)
	return (chunks + float64(c.Workers)) / c.WindowSeconds()
}

// Run simulates the crowd. The same crowd has the same figures each time.
func (c Crowd) Run() Figures { return c.figures(c.scenario().run(1)) }

func (c Crowd) figures(o outcome) (f Figures) {
	share := func(from, to float64) float64 { rate, _ := o.during(from, to); return rate / c.Rate }
	refused := func(from, to float64) float64 {
		_, perApplied := o.during(from, to)
		return perApplied / (1 + perApplied)
	}
	f.used, f.refusedFirst, f.refusedLater = share(0, crowdEnd), refused(0, crowdStart), refused(crowdChange, crowdEnd)
	f.after, f.next = share(crowdChange, crowdChange+1), share(crowdChange, crowdChange+10)
	f.soon = math.Inf(1)
	for from := 0.0; from+1 <= crowdEnd && math.IsInf(f.soon, 1); from += 0.1 {
		if share(from, from+1) >= 0.9 {
			f.soon = from + 1
		}
	}
	living := o.shares[c.Die:]
	sum := 0.0
	for _, s := range living {
		sum += s
	}
	equal := sum / float64(len(living))
	f.least, f.most = slices.Min(living)/equal, slices.Max(living)/equal
	for _, s := range o.shares[c.Workers:] {
		f.newcomers += s / equal / float64(c.Join)
	}
	return f
}

// Row is the cells of the crowd in the table of its table's capacity.
func (f Figures) Row() string {
	return fmt.Sprintf("%.1f | %.1f | %.1f | %.2f to %.2f | %.1f", 100*f.used, 100*f.refusedFirst, 100*f.refusedLater, f.least, f.most, f.soon)
}

// Change is the cells of the crowd in the table of changes.
func (f Figures) Change() string {
	newcomers := "–"
	if f.newcomers > 0 {
		newcomers = fmt.Sprintf("%.2f", f.newcomers)
	}
	return fmt.Sprintf("%.1f | %.1f | %.1f | %.2f to %.2f | %s", 100*f.after, 100*f.next, 100*f.refusedLater, f.least, f.most, newcomers)
}

// Drawing is what the crowd applied and what was refused, in units/s for each interval of so many seconds.
func (c Crowd) Drawing(interval float64) (applied, refused []float64) {
	o := c.scenario().run(1)
	for from := 0.0; from < crowdEnd; from += interval {
		rate, perApplied := o.during(from, from+interval)
		applied, refused = append(applied, rate), append(refused, rate*perApplied)
	}
	return applied, refused
}

// TestCrowd holds what docs/scale.md advises, whatever the exact figures are: with leases workers are equal and
// nearly nothing is refused, however many they are; without, some ten workers are harmless.
func TestCrowd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		crowd       Crowd
		used, least float64 // at least
		refused     float64 // at most, after a minute
	}{
		{Crowd{Rate: 2000, Workers: 1, Budget: NoBudget}, 0.99, 1, 0.01},
		{Crowd{Rate: 2000, Workers: 5, Budget: NoBudget}, 0.99, 0.3, 0.05},
		{Crowd{Rate: 2000, Workers: 10, Budget: NoBudget}, 0.99, 0.1, 0.10},
		{Crowd{Rate: 2000, Workers: 50, Budget: Leases}, 0.93, 0.5, 0.005},
		{Crowd{Rate: 2000, Workers: 10, Die: 5, Budget: Leases}, 0.94, 0.5, 0.005},
		{Crowd{Rate: 4000, Workers: 100, Budget: Leases}, 0.94, 0.5, 0.005},
	} {
		t.Run(fmt.Sprintf("%+v", tt.crowd), func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= uint64(testsize.Long(1, 3)); seed++ {
				f := tt.crowd.figures(tt.crowd.scenario().run(seed))
				t.Logf("seed %d: %s; %s", seed, f.Row(), f.Change())
				assert.GreaterOrEqual(t, f.used, tt.used, "used")
				assert.GreaterOrEqual(t, f.least, tt.least-1e-9, "least share")
				assert.LessOrEqual(t, f.refusedLater, tt.refused, "refused")
			}
		})
	}
}

// Leases never let more through than the budget of each window and one unused chunk of each worker.
func TestLender(t *testing.T) {
	t.Parallel()
	l := lender{rate: 1000, window: 0.1, chunk: 60}
	granted, _ := l.lease(0)
	assert.InDelta(t, 60, granted, 1e-9)
	granted, retryAt := l.lease(0.05)
	assert.InDelta(t, 40, granted, 1e-9, "what is left of the window")
	assert.InDelta(t, 0.1, retryAt, 1e-9)
	granted, retryAt = l.lease(0.099)
	assert.Zero(t, granted)
	assert.InDelta(t, 0.1, retryAt, 1e-9)
	granted, _ = l.lease(0.1)
	assert.InDelta(t, 60, granted, 1e-9, "a new window")
	granted, _ = l.lease(7.5)
	assert.InDelta(t, 60, granted, 1e-9, "nothing is saved up")

	crowd := Crowd{Rate: 2000, Workers: 20, Budget: Leases}
	sc := crowd.scenario()
	sc.rate = 0 // unlimited: the leases alone hold the workers back
	o := sc.run(1)
	assert.LessOrEqual(t, float64(o.leases), crowd.Asks()*crowdEnd)
	for from := 0.0; from+1 <= crowdEnd; from++ {
		rate, _ := o.during(from, from+1)
		assert.LessOrEqual(t, rate, 1900+20*sc.lender.chunk)
	}
	rate, _ := o.during(0, crowdEnd)
	assert.InEpsilon(t, 1900, rate, 0.01)
}
