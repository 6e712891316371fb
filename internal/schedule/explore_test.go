package schedule

import (
	"crypto/sha256"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/testsize"
)

// scopeOf returns a scope with limits of 2 wherever that is possible.
func scopeOf(name string, mode OnExisting, rows int, change ...func(*scope)) scope {
	sc := scope{
		name: name, mode: mode, rows: rows, keys: 2, inFlight: 3, bad: 2, stops: true, fewer: mode == Overwrite,
		maxAttempts: 2, attemptsFactor: 2, outageFactor: 1,
	}
	switch mode {
	case Overwrite:
	case Skip, Fail:
		sc.foreign = []string{noItem, otherItem}
	case Newer:
		sc.ranks = []string{"N1", "N2"}
		sc.foreign = []string{noItem, "N1"}
	}
	for _, c := range change {
		c(&sc)
	}
	return sc
}

func faults(n int) func(*scope)  { return func(sc *scope) { sc.faults = n } }
func deletes(n int) func(*scope) { return func(sc *scope) { sc.deletes = n } }

// otherKinds lets ranks be of two kinds, and other writers have items of both, newer and older.
func otherKinds(sc *scope) {
	sc.ranks = []string{"N1", "N2", "S1"}
	sc.foreign = []string{noItem, "N1", "N3", "S1", "X"}
}

// longerOutage doubles the length of an outage, and lets the delay of the retries end early.
func longerOutage(sc *scope) { sc.outageFactor, sc.opens = 2, 1 }

// firstAttempt gives rows up after their first attempt.
func firstAttempt(sc *scope) { sc.maxAttempts = 1 }

// handedBack has a table that takes rows and hands rows back, and gives a row up after half of the requests that
// make progress.
func handedBack(sc *scope) {
	sc.attemptsFactor, sc.bad, sc.stops = 1, 0, false
	sc.without = []kind{disconnect, loseRows, expireToken, throttleRows}
}

// threeKeys lets three requests be in flight at once: a key is in one at most.
func threeKeys(sc *scope) { sc.keys = 3 }

func oneKey(sc *scope) { sc.keys = 1 }

func lingering(sc *scope) { sc.linger = true }

// stubbornRows gives rows so many attempts that some are set apart. The table takes and throttles only.
func stubbornRows(sc *scope) {
	sc.maxAttempts, sc.attemptsFactor, sc.outageFactor, sc.bad, sc.stops = 7, 1, 2, 0, false
	sc.without = []kind{disconnect, loseRows, expireToken}
}

// smallScopes take a second or two, and a few more with the race detector.
func smallScopes() []scope {
	return []scope{
		scopeOf("upsert, 2 rows", Overwrite, 2, faults(2)),
		scopeOf("upsert, 3 rows", Overwrite, 3, faults(1)),
		scopeOf("upsert and deletes, 2 rows", Overwrite, 2, deletes(1), faults(1)),
		scopeOf("skip, 2 rows", Skip, 2, faults(1)),
		scopeOf("fail, 2 rows", Fail, 2, faults(1)),
		scopeOf("fail, 2 rows on 1 key", Fail, 2, oneKey, faults(3)),
		scopeOf("newer, 2 rows on 1 key", Newer, 2, oneKey, faults(2)),
		scopeOf("newer, ranks of two kinds, 2 rows on 1 key", Newer, 2, otherKinds, oneKey, faults(1)),
		scopeOf("upsert, longer outage, 1 row", Overwrite, 1, longerOutage),
		scopeOf("upsert, 1 attempt, 2 rows", Overwrite, 2, firstAttempt, faults(2)),
		scopeOf("upsert, handed back, 3 rows", Overwrite, 3, handedBack, faults(2)),
		scopeOf("upsert, stubborn rows, 3 rows on 1 key", Overwrite, 3, stubbornRows, oneKey),
		scopeOf("upsert, lingering, 2 rows", Overwrite, 2, lingering, faults(1)),
	}
}

// middleScopes take half a minute on two idle cores.
func middleScopes() []scope {
	return []scope{
		scopeOf("upsert, 3 rows", Overwrite, 3),
		scopeOf("upsert and deletes, 3 rows", Overwrite, 3, deletes(2), faults(2)),
		scopeOf("skip, 3 rows", Skip, 3, faults(3)),
		scopeOf("fail, 3 rows", Fail, 3, faults(3)),
		scopeOf("newer, 3 rows", Newer, 3, faults(2)),
		scopeOf("newer, ranks of two kinds, 2 rows", Newer, 2, otherKinds, faults(2)),
		scopeOf("upsert, longer outage, 2 rows", Overwrite, 2, longerOutage),
		scopeOf("upsert, 1 attempt, 3 rows", Overwrite, 3, firstAttempt),
		scopeOf("upsert, lingering, 3 rows", Overwrite, 3, lingering, faults(2)),
		scopeOf("upsert, 3 keys, 3 rows", Overwrite, 3, threeKeys, faults(2)),
		scopeOf("upsert, stubborn rows, 3 rows", Overwrite, 3, stubbornRows),
	}
}

// fullScopes take a few gigabytes and some twenty minutes. Where the number of faults is limited, more would
// take days. No scope has:
//
//   - hot partition keys, for which 64 other rows are needed;
//   - items of other writers that come or go during the call, or that are equal to a row's;
//   - sizes that fill a request before its rows do, or rows of several units;
//   - a moment of sending that is later than that of Next;
//   - with Overwrite, the moment at which a request without a response is applied: no decision and no response
//     depends on it, so that it counts as applied from then on, and as not applied.
func fullScopes() []scope {
	return []scope{
		scopeOf("upsert, 4 rows", Overwrite, 4),
		scopeOf("fail, 4 rows", Fail, 4),
		scopeOf("skip, 4 rows", Skip, 4),
		scopeOf("newer, 4 rows", Newer, 4, faults(2)),
		scopeOf("newer, 3 rows", Newer, 3),
		scopeOf("newer, ranks of two kinds, 3 rows", Newer, 3, otherKinds, faults(2)),
		scopeOf("upsert and deletes, 4 rows", Overwrite, 4, deletes(2), faults(2)),
		scopeOf("upsert and deletes, 3 rows", Overwrite, 3, deletes(2)),
		scopeOf("skip, 3 rows", Skip, 3),
		scopeOf("upsert, longer outage, 3 rows", Overwrite, 3, longerOutage),
		scopeOf("upsert, lingering, 3 rows", Overwrite, 3, lingering, faults(3)),
		scopeOf("upsert, 3 keys, 4 rows", Overwrite, 4, threeKeys, faults(2)),
		scopeOf("upsert, stubborn rows, 4 rows", Overwrite, 4, stubbornRows),
	}
}

// explore explores scopes, and fails with a shortest path to what is wrong.
func explore(t *testing.T, scopes []scope) *sync.Map {
	t.Helper()
	met := new(sync.Map)
	t.Run("scopes", func(t *testing.T) {
		for _, sc := range scopes {
			t.Run(sc.name, func(t *testing.T) {
				t.Parallel()
				e, began := newExplorer(&sc), time.Now()
				if v := e.depthFirst(); v != nil {
					if shorter := newExplorer(&sc).breadthFirst(2_000_000); shorter != nil {
						v = shorter
					}
					t.Fatalf("%v\n\n%s", v.err, newExplorer(&sc).words(v.path))
				}
				t.Logf("%s: %d states, %d transitions, depth %d, %d ends, %v", sc.name, e.states, e.transitions, e.depth, e.ends,
					time.Since(began).Round(time.Millisecond))
				require.NotZero(t, e.ends)
				for what := range e.met {
					met.Store(what, true)
				}
			})
		}
	})
	return met
}

// TestExploreScheduler explores every state that the Scheduler can come to in small scopes, whatever the
// source, the table, the network and the clock do. In each it checks that outcomes are true, that no key is in
// flight twice, that the last row of a key wins, or with Newer the newest, that attempts are counted and bounded,
// and that every call ends: no path comes back to where it was, and none ends where nothing can happen any more.
func TestExploreScheduler(t *testing.T) {
	t.Parallel()
	met := explore(t, smallScopes())
	for _, what := range []string{ // or the exploration has not looked everywhere
		"written", "deleted", "superseded", "skipped", "unknown", "not written", "an outage", "a description", "a late put",
		"a wait until a moment", "a row set apart",
		string(fault.Refused), string(fault.Exists), string(fault.Unprocessed), string(fault.Throttled), string(fault.Unavailable),
		string(fault.Stopped), string(fault.Access), string(fault.Credentials), string(fault.Mapping),
	} {
		_, ok := met.Load(what)
		assert.True(t, ok, what)
	}
}

// TestHeavyExploreScheduler does the same in larger scopes, and with DYNAMODEST_LONG=1 in the full ones: up to
// four rows on two keys with three requests in flight. That takes some 2 GB and a quarter of an hour on two
// cores.
func TestHeavyExploreScheduler(t *testing.T) {
	testsize.Heavy(t)
	scopes := middleScopes()
	if os.Getenv("DYNAMODEST_LONG") == "1" {
		scopes = fullScopes()
	}
	explore(t, scopes)
}

// TestEqualFormsDecideAlike checks the canonical form: of two states with the same form, the same choices
// lead to the same forms. A form that left something out would hide states from an exploration.
func TestEqualFormsDecideAlike(t *testing.T) {
	t.Parallel()
	decideAlike(t, []scope{
		scopeOf("upsert", Overwrite, 2, faults(1)),
		scopeOf("fail", Fail, 2, faults(1)),
		scopeOf("newer", Newer, 2, oneKey, faults(1)),
	})
}

// TestHeavyEqualFormsDecideAlike does the same in larger scopes.
func TestHeavyEqualFormsDecideAlike(t *testing.T) {
	t.Parallel()
	testsize.Heavy(t)
	decideAlike(t, []scope{
		scopeOf("upsert", Overwrite, 2, longerOutage, faults(3)),
		scopeOf("upsert, 3 rows", Overwrite, 3, faults(1)),
		scopeOf("upsert, 3 keys, 3 rows", Overwrite, 3, threeKeys, faults(1)),
		scopeOf("upsert and deletes", Overwrite, 2, lingering, deletes(1), faults(2)),
		scopeOf("upsert, stubborn rows, 3 rows", Overwrite, 3, stubbornRows, oneKey),
		scopeOf("skip", Skip, 2, faults(2)),
		scopeOf("newer", Newer, 2, faults(2)),
		scopeOf("newer, ranks of two kinds, 3 rows on 1 key", Newer, 3, otherKinds, oneKey, faults(1)),
	})
}

func decideAlike(t *testing.T, scopes []scope) {
	t.Helper()
	for _, sc := range scopes {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			e := newExplorer(&sc)
			seen, compared := map[hash]hash{}, 0 // what follows each form
			for stack := []*world{newWorld(e)}; len(stack) > 0; {
				w := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				h, next := e.hash(w), e.follow(t, w)
				follows := hashOf(e, next)
				if before, known := seen[h]; known {
					compared++
					require.Equal(t, before, follows, "two states have the same form, and what follows differs")
					e.spare = append(e.spare, next...)
				} else {
					seen[h] = follows
					stack = append(stack, next...)
				}
				e.spare = append(e.spare, w)
			}
			assert.Greater(t, compared, len(seen)/2)
			t.Logf("%d forms, compared %d times", len(seen), compared)
		})
	}
}

// follow returns the worlds after every choice that w has.
func (e *explorer) follow(t *testing.T, w *world) (next []*world) {
	t.Helper()
	choices := w.choices(e.list())
	for i := 0; i < len(choices); i++ {
		c, after := choices[i], e.copyOf(w)
		require.NoError(t, e.take(after, c))
		if e.drawn && !c.short {
			c.short = true
			choices = append(choices, c)
		}
		next = append(next, after)
	}
	e.spareLists = append(e.spareLists, choices[:0])
	return next
}

// hashOf returns a hash of the set of the forms of worlds.
func hashOf(e *explorer, worlds []*world) hash {
	forms := make([]hash, len(worlds))
	for i, w := range worlds {
		forms[i] = e.hash(w)
	}
	slices.SortFunc(forms, func(a, b hash) int { return slices.Compare(a[:], b[:]) })
	var all []byte
	for _, form := range slices.Compact(forms) {
		all = append(all, form[:]...)
	}
	sum := sha256.Sum256(all)
	return hash(sum[:16])
}
