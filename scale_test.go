package dynamodest_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/internal/testsize"
)

// TestScale writes many rows in virtual time, seed by seed, to a table that meets every fault, and checks each
// result against a ledger of what the table applied and acknowledged. A failure names its seed;
// DYNAMODEST_SEED runs that one alone.
//
// It checks less about each row than TestPromises does, and many more rows: the ledger is an array.
func TestScale(t *testing.T) {
	t.Parallel()
	if seed, err := strconv.ParseUint(os.Getenv("DYNAMODEST_SEED"), 10, 64); err == nil {
		runScale(t, seed, new(scaleTally))
		return
	}
	runScales(t, testsize.Pick(10_000, 60_000))
}

// TestHeavyScale is TestScale with a million rows, and with a hundred million if DYNAMODEST_LONG is 1.
func TestHeavyScale(t *testing.T) {
	testsize.Heavy(t)
	t.Parallel()
	tally := runScales(t, testsize.Long(1_000_000, 100))
	for fault, n := range tally.faults {
		t.Logf("%9d requests met: %s", n, scaleFaultNames[fault])
		assert.Positive(t, n, scaleFaultNames[fault])
	}
	for o, n := range tally.outcomes {
		t.Logf("%9d rows are %v", n, dynamodest.Outcome(o))
		assert.Positive(t, n, dynamodest.Outcome(o))
	}
	assert.Positive(t, tally.stops)
}

// runScales runs seeds, beside each other, until they have had so many rows.
func runScales(t *testing.T, rows int) *scaleTally {
	t.Helper()
	began, tally, seeds, drawn := time.Now(), new(scaleTally), uint64(0), 0
	t.Run("seed", func(t *testing.T) { // which ends when all of its subtests have ended
		for ; drawn < rows; seeds++ {
			seed := seeds
			drawn += scaleRows(scaleRand(seed))
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("run it alone: DYNAMODEST_SEED=%d go test -run '^TestScale$' .", seed)
					}
				})
				runScale(t, seed, tally)
			})
		}
	})
	took := time.Since(began)
	assert.Equal(t, drawn, tally.rows, "every row is reported")
	t.Logf("%d rows, %d misreported; %d seeds, %d calls stopped, %d requests, %v of virtual time; took %v, %.0f rows a second", tally.rows,
		tally.misreported, seeds, tally.stops, tally.requests, tally.virtual.Round(time.Second), took.Round(time.Millisecond), float64(tally.rows)/took.Seconds())
	return tally
}

// runScale runs the calls of one seed.
func runScale(t *testing.T, seed uint64, tally *scaleTally) {
	s := scaleRuns.Get().(*scaleRun) //nolint:forcetypeassert // its New alone puts others in
	defer scaleRuns.Put(s)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s.draw(t, seed)
		s.run()
		s.checkTable()
		tally.add(s, time.Since(began))
	})
}

// scaleRuns keeps the memory of seeds that have ended.
var scaleRuns = sync.Pool{New: func() any { return new(scaleRun) }}

// scaleTally sums up what the seeds had.
type scaleTally struct {
	mu          sync.Mutex
	rows        int
	misreported int
	requests    int
	stops       int
	virtual     time.Duration
	outcomes    [outcomeKinds]int
	faults      [scaleFaults]int // that requests met
}

func (a *scaleTally) add(s *scaleRun, virtual time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rows += s.reported
	a.misreported += s.misreported
	a.requests += s.requests
	a.stops += s.stops
	a.virtual += virtual
	for o, n := range s.outcomes {
		a.outcomes[o] += n
	}
	for fault, n := range s.faults {
		a.faults[fault] += n
	}
}

func scaleRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 8)) }

// scaleRows draws the number of rows of a seed.
func scaleRows(rnd *rand.Rand) int { return 5_000 + rnd.IntN(45_001) }
