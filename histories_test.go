package dynamodest_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/internal/testsize"
)

// TestHistories checks what calls of Write and WriteSeq report, some of them at the same time, against
// the sequential specification of a register: for each key of a table the rows with their outcomes,
// together with reads of the table in between and at the end, must have an order in which they make
// sense. With versions the table must hold the newest one, whichever way an older row comes late: by a
// retry queue, calls that overlap, a worker that wakes up, or a request applied late. A failure names
// its seed; DYNAMODEST_SEED runs that one alone.
func TestHistories(t *testing.T) {
	t.Parallel()
	met := new(tally)
	if seed, err := strconv.ParseUint(os.Getenv("DYNAMODEST_SEED"), 10, 64); err == nil {
		runTrial(t, seed, met)
		return
	}
	checkHistories(t, testsize.Pick(300, 4_000), met)
	if !testing.Short() {
		assertHistoriesMet(t, met)
	}
}

// TestHeavyHistories is TestHistories with more seeds: a million histories with DYNAMODEST_LONG.
func TestHeavyHistories(t *testing.T) {
	testsize.Heavy(t)
	t.Parallel()
	met := new(tally)
	checkHistories(t, testsize.Long(20_000, 50), met)
	assertHistoriesMet(t, met)
}

// checkHistories runs trials until so many histories have been checked.
func checkHistories(t *testing.T, least int, met *tally) {
	t.Helper()
	began := time.Now()
	var seeds, histories, operations atomic.Int64
	t.Run("trials", func(t *testing.T) { // which ends when all of its subtests have ended
		for worker := range runtime.GOMAXPROCS(0) {
			t.Run(strconv.Itoa(worker), func(t *testing.T) {
				t.Parallel()
				for histories.Load() < int64(least) && !t.Failed() {
					h, o := runTrial(t, uint64(seeds.Add(1)-1), met)
					histories.Add(int64(h))
					operations.Add(int64(o))
				}
			})
		}
	})
	t.Logf("%d histories of %d operations, of %d trials, in %v",
		histories.Load(), operations.Load(), seeds.Load(), time.Since(began).Round(time.Millisecond))
}

// runTrial runs one trial and checks its histories. It returns how many there were, and the number of
// operations in them.
func runTrial(t *testing.T, seed uint64, met *tally) (histories, operations int) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("run it alone: DYNAMODEST_SEED=%d go test -run '^TestHistories$' .", seed)
		}
	}()
	var tr *trial
	synctest.Test(t, func(t *testing.T) {
		tr = newTrial(t, seed)
		tr.run()
	})
	histories, operations = tr.check(t)
	tr.count(met)
	return histories, operations
}

// check checks the history of each key that a call was given.
func (tr *trial) check(t *testing.T) (histories, operations int) {
	t.Helper()
	byKey := map[string][]porcupine.Operation{}
	tr.checkSums(t)
	tr.checkVersions(t)
	overwritten := slices.ContainsFunc(tr.rows, func(r *trialRow) bool { return !r.call.conditional() })
	for _, r := range tr.rows {
		tr.checkRow(t, r)
		byKey[r.key] = append(byKey[r.key], r.operations(overwritten)...)
	}
	for key, history := range byKey {
		for _, r := range tr.reads[key] {
			history = append(history, porcupine.Operation{Call: r.began, Return: r.ended, Input: registerInput{kind: readItem, value: r.value}})
		}
		if !porcupine.CheckOperations(register(tr.start(key)), history) {
			t.Errorf("seed %d: no order of these operations makes sense of what was reported of key %s:\n%s", tr.seed, key, tr.describe(key, history))
		}
		operations += len(history)
	}
	return len(byKey), operations
}

// checkRow checks what the row's own requests say of its outcome.
func (tr *trial) checkRow(t *testing.T, r *trialRow) {
	t.Helper()
	if r.reported == 0 {
		require.Empty(t, r.requests, "row %d of call %d is not reported", r.index, r.call.number)
		return
	}
	if r.call.cancel == 0 || len(r.requests) > r.result.Attempts { // else a context may have ended before the client was asked
		require.Len(t, r.requests, r.result.Attempts, "the requests of row %d of call %d", r.index, r.call.number)
	}
	for _, request := range r.requests {
		require.True(t, r.given < request.began && request.began < r.reported, "row %d of call %d was sent out of its time", r.index, r.call.number)
	}
	switch r.result.Outcome {
	case dynamodest.Written, dynamodest.Deleted:
		require.NotEmpty(t, r.requests)
		require.Equal(t, r.delete, r.result.Outcome == dynamodest.Deleted)
	case dynamodest.Unknown:
		require.True(t, slices.ContainsFunc(r.requests, func(q *trialRequest) bool { return q.lost }), "row %d of call %d is Unknown for no reason", r.index, r.call.number)
	case dynamodest.Superseded:
		by := r.call.rows[r.result.By]
		require.Contains(t, []dynamodest.Outcome{dynamodest.Written, dynamodest.Deleted}, by.result.Outcome, "row %d of call %d is superseded by row %d", r.index, r.call.number, by.index)
		require.Equal(t, r.key, by.key)
		require.True(t, by.version > r.version || by.version == r.version && by.index > r.index, "row %d of call %d is superseded by row %d", r.index, r.call.number, by.index)
	case dynamodest.NotWritten, dynamodest.Skipped:
	}
}

// checkSums checks the sums and the error of each call.
func (tr *trial) checkSums(t *testing.T) {
	t.Helper()
	for _, round := range tr.rounds {
		for _, c := range round {
			sum := c.sum
			good := sum.Written + sum.Deleted + sum.Skipped + sum.Superseded
			require.Equal(t, sum.Rows, good+sum.NotWritten+sum.Unknown)
			require.Equal(t, len(slices.DeleteFunc(slices.Clone(c.rows), func(r *trialRow) bool { return r.reported == 0 })), sum.Rows)
			if c.err == nil {
				require.Equal(t, len(c.rows), good)
			}
		}
	}
}

// operations returns what the row's outcome says of the register of its key. A row that was not
// written has no operation, although its requests may have been lost: nobody may read it.
//
// overwritten is set if there are calls that overwrite items: a row that found another row's item may
// then have been there before it.
func (r *trialRow) operations(overwritten bool) (ops []porcupine.Operation) {
	write := registerInput{kind: putItem, value: r.id, call: r.call.number, index: r.index + 1}
	switch {
	case r.delete:
		write.kind, write.value = deleteItem, absent
	case r.call.conditional():
		write.kind = insertItem
	case r.call.cfg.Version != "":
		write.kind, write.version = putNewer, r.version
	}
	perhaps := write
	perhaps.doubtful = true
	lost := func(requests []*trialRequest) {
		for _, q := range requests {
			if q.lost {
				ops = append(ops, porcupine.Operation{ClientId: write.call, Call: q.began, Return: noReturn, Input: perhaps})
			}
		}
	}
	switch r.result.Outcome {
	case dynamodest.Written, dynamodest.Deleted:
		first, last := r.requests[0], r.requests[len(r.requests)-1]
		op := porcupine.Operation{ClientId: write.call, Call: last.began, Return: min(last.ended, r.reported), Input: write}
		if r.call.conditional() { // an earlier request may have inserted the item that the last one has found
			op.Call = first.began
		} else {
			lost(r.requests[:len(r.requests)-1])
		}
		ops = append(ops, op)
	case dynamodest.Unknown, dynamodest.Superseded:
		lost(r.requests)
	case dynamodest.Skipped, dynamodest.NotWritten:
		if r.result.Outcome == dynamodest.NotWritten && !errors.Is(r.result.Err, dynamodest.ErrExists) {
			break
		}
		ops = append(ops, r.found())
		if overwritten { // by another call, after a request whose answer was lost had inserted it
			lost(r.requests)
		}
	}
	return ops
}

// found is the operation of a row whose key another item has: by the answer to its last request or,
// if there was none, by what became of another row of the call.
func (r *trialRow) found() porcupine.Operation {
	in := registerInput{kind: findItem, version: r.version}
	switch {
	case r.call.cfg.Version == "":
	case r.result.Outcome == dynamodest.Skipped:
		in.kind = findNewer
	default:
		in.kind = findOther
	}
	op := porcupine.Operation{ClientId: r.call.number, Call: r.given, Return: r.reported, Input: in}
	if n := len(r.requests); n > 0 && in.kind == findItem {
		op.Call, op.Return = r.requests[n-1].began, min(r.requests[n-1].ended, r.reported)
	}
	return op
}

// describe lists the rows of a key with their requests, and the operations in the order in which they
// began.
func (tr *trial) describe(key string, history []porcupine.Operation) string {
	var text strings.Builder
	for _, r := range tr.rows {
		if r.key != key {
			continue
		}
		fmt.Fprintf(&text, "row %d of call %d, value %d, from %d to %d: %v %v\n", r.index, r.call.number, r.id, r.given, r.reported, r.result.Outcome, r.result.Err)
		for _, q := range r.requests {
			fmt.Fprintf(&text, "    request from %d to %d, rows: %d, fault: %q, lost: %v\n", q.began, q.ended, len(q.rows), q.fault, q.lost)
		}
	}
	fmt.Fprintf(&text, "at the start: %+v (the value %d is nothing)\n", tr.start(key), absent)
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	for _, op := range history {
		end := "the end"
		if op.Return != noReturn {
			end = strconv.FormatInt(op.Return, 10)
		}
		fmt.Fprintf(&text, "from %d to %s: %v\n", op.Call, end, op.Input)
	}
	return text.String()
}

// count adds what the trial met.
func (tr *trial) count(met *tally) {
	outcomes := map[dynamodest.Outcome]bool{}
	for _, r := range tr.rows {
		outcomes[r.result.Outcome] = true
	}
	met.add("kind", tr.kind)
	tr.countStale(met)
	for o := range outcomes {
		met.add("outcome", o)
	}
	for i := range tr.faults {
		if tr.faults[i].Load() > 0 {
			met.add("fault", trialFaults[i].name)
		}
	}
}

// assertHistoriesMet fails for each outcome and fault that no trial has met.
func assertHistoriesMet(t *testing.T, met *tally) {
	t.Helper()
	assertAll(t, met, "kind", trialKinds...)
	assertAll(t, met, "outcome", dynamodest.Written, dynamodest.Deleted, dynamodest.Skipped, dynamodest.Superseded, dynamodest.NotWritten, dynamodest.Unknown)
	for _, f := range trialFaults {
		assertAll(t, met, "fault", f.name)
	}
	for _, f := range versionForms {
		assertAll(t, met, "form", f.name)
	}
	assertAll(t, met, "stale", lateRetry, overlap, wokenWorker, heldRequest, appliedLate)
}
