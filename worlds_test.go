package dynamodest_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/testsize"
)

const worldRuns = 120 * time.Second

// burstWorlds have another writer who sends more than the table takes, and pauses.
func burstWorlds() (worlds []world) {
	for _, b := range []struct{ on, off, share float64 }{
		{1, 9, 0.85}, {2, 8, 0.85}, {2, 2, 0.60}, {5, 5, 0.85}, {5, 15, 0.85}, {10, 20, 0.85}, {20, 40, 0.85},
		{3, 12, 0.85}, {8, 8, 0.85},
	} {
		worlds = append(worlds, world{
			name: fmt.Sprintf("bursts %g/%g", b.on, b.off), capacity: 2000, runs: max(worldRuns, 4*time.Duration((b.on+b.off)*float64(time.Second))),
			rivals: bursts(3000, time.Duration(b.on*float64(time.Second)), time.Duration(b.off*float64(time.Second))),
			wants:  []want{atLeast(b.share, ofFree), atMost(0.25, refusedShare)},
		})
	}
	return worlds
}

// spellWorlds refuse 90 % for some time, and are healthy before and afterwards.
func spellWorlds() (worlds []world) {
	const from = 20 * time.Second
	for _, s := range []struct{ seconds, recovery float64 }{{1, 5}, {3, 5}, {10, 5}, {30, 5}, {60, 10}} {
		spell := time.Duration(s.seconds * float64(time.Second))
		w := world{
			name: fmt.Sprintf("spell of %g s, items", s.seconds), capacity: 2000, runs: from + spell + 40*time.Second, recovers: from + spell,
			noise: noise{items: 0.9, from: from, to: from + spell},
			wants: []want{atMost(s.recovery, recovery), atMost(0.05, refusedShare), atMost(20, givenUp)},
		}
		worlds = append(worlds, w)
		w.name = fmt.Sprintf("spell of %g s, requests", s.seconds)
		w.noise.items, w.noise.requests = 0, 0.9
		worlds = append(worlds, w)
	}
	return worlds
}

// noiseWorlds refuse at random, whatever the rate. A plain loop of 16 workers with full-jitter backoff
// gets the whole capacity.
func noiseWorlds() (worlds []world) {
	for _, n := range []struct{ share, requests, items float64 }{
		{0.05, 3500, 4000}, {0.10, 4000, 4000}, {0.20, 1500, 1500}, {0.30, 0, 1500},
	} {
		w := world{capacity: 5000, runs: 60 * time.Second}
		most := atMost(1.5*n.share/(1-n.share), refusedShare)
		if n.requests > 0 {
			w.name, w.noise = fmt.Sprintf("noise of %g %% of requests", 100*n.share), noise{requests: n.share}
			w.wants = []want{atLeast(n.requests, rowRate), most, atMost(3, givenUp)}
			worlds = append(worlds, w)
		}
		w.name, w.noise = fmt.Sprintf("noise of %g %% of items", 100*n.share), noise{items: n.share}
		w.wants = []want{atLeast(n.items, rowRate), most, atMost(3, givenUp)}
		worlds = append(worlds, w)
	}
	// Two attempts are not enough for one row in 25.
	return append(worlds, world{
		name: "20,000 rows, two attempts, noise of 20 % of requests", capacity: 5000, rows: 20_000, attempts: 2, noise: noise{requests: 0.20},
		wants: []want{atMost(120, seconds), atMost(1100, givenUp)},
	})
}

// loopWorlds have a plain loop beside us that takes what it can.
func loopWorlds() (worlds []world) {
	for _, l := range []struct {
		workers        int
		share, refused float64
	}{{1, 0.20, 0.25}, {4, 0.08, 0.5}, {16, 0.02, 2}} {
		worlds = append(worlds, world{
			name: fmt.Sprintf("loop of %d", l.workers), capacity: 2000, runs: worldRuns, jitters: true, rivals: loops(l.workers),
			wants: []want{atLeast(l.share, ofCapacity), atMost(l.refused, refusedShare), atMost(3, givenUp)},
		})
	}
	return worlds
}

// peerWorlds have several processes of ours on one table.
func peerWorlds() (worlds []world) {
	for _, p := range []struct {
		peers         int
		refused, fair float64
	}{{2, 0.0075, 0.55}, {10, 0.15, 0.55}, {20, 0.28, 0.55}} {
		worlds = append(worlds, world{
			name: fmt.Sprintf("%d peers", p.peers), capacity: 2000, runs: worldRuns, peers: p.peers,
			wants: []want{atLeast(0.95, ofFree), atMost(p.refused, refusedShare), atLeast(p.fair, fairness), atMost(3, givenUp)},
		})
	}
	short := world{
		name: "20 peers of 1,000 rows", capacity: 2000, peers: 20, rows: 1000,
		wants: []want{atMost(3000.0/20_000, refusedShare), atMost(15.5, seconds), atMost(3, givenUp)},
	}
	told := short
	told.name, told.told = "20 peers of 1,000 rows, told", 2000
	// Figures of docs/scale.md with the whole library.
	crowd := world{
		name: "50 peers on 40,000", capacity: 40_000, told: 40_000, runs: time.Minute / 3, peers: 50, jitters: true,
		wants: []want{atLeast(0.99, ofFree), atMost(0.2, refusedShare), atLeast(0.55, fairness), atMost(0, givenUp)},
	}
	leases := crowd
	leases.name, leases.peers, leases.budget, leases.runs = "200 peers on 40,000, leases", 200, 38_000, time.Minute
	leases.wants = []want{atLeast(0.93, ofFree), atMost(0.015, refusedShare), atLeast(0.55, fairness), atMost(0, givenUp)}
	small := leases
	small.name, small.peers, small.budget, small.capacity, small.told = "50 peers, leases", 50, 1900, 2000, 2000
	small.wants = append([]want{atLeast(0.92, ofFree)}, leases.wants[1:]...)
	// Far too many: each keeps sending a little, and some rows run out of attempts.
	tooMany := world{
		name: "60 peers on 500", capacity: 500, told: 500, runs: time.Minute, peers: 60, jitters: true,
		wants: []want{atLeast(0.99, ofFree), atMost(11, refusedShare), atMost(300, givenUp)},
	}
	return append(worlds, short, told, crowd, leases, small, tooMany)
}

func allWorlds() (all []world) {
	for _, worlds := range [][]world{burstWorlds(), spellWorlds(), noiseWorlds(), loopWorlds(), peerWorlds(), creditWorlds(), steadyWorlds(), smallWorlds(), rangeWorlds()} {
		all = append(all, worlds...)
	}
	return all
}

// TestWorlds holds the figures of a few worlds.
func TestWorlds(t *testing.T) {
	t.Parallel()
	few := []string{"5, told", "25, told, credit", "steady writer of 1500", "index of 500"}
	few = append(few, testsize.Pick(nil, []string{"2,000", "bursts 2/8", "spell of 3 s, items", "50 peers, leases"})...)
	runWorlds(t, 1, func(name string) bool { return slices.Contains(few, name) })
}

// TestHeavyWorlds holds the figures of all worlds. DYNAMODEST_WORLDS selects worlds by a regular
// expression, and DYNAMODEST_TRACE=1 logs what each second brought.
func TestHeavyWorlds(t *testing.T) {
	testsize.Heavy(t)
	t.Parallel()
	selected, err := regexp.Compile(os.Getenv("DYNAMODEST_WORLDS"))
	require.NoError(t, err)
	runWorlds(t, testsize.Long(2, 2), selected.MatchString)
}

// runWorlds runs the selected worlds with so many seeds.
func runWorlds(t *testing.T, seeds int, selected func(name string) bool) {
	t.Helper()
	ran := 0
	for _, w := range allWorlds() {
		if !selected(w.name) {
			continue
		}
		ran++
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			runs := make([]outcome, seeds)
			for i := range runs {
				seed := uint64(i + 1) //nolint:gosec // an index is not negative
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					runs[i] = w.run(t, seed)
					runs[i].check(t, seed)
				})
			}
			checkAll(t, runs)
		})
	}
	require.NotZero(t, ran, "no world has such a name")
}
