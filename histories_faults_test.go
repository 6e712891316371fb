package dynamodest_test

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// trialFault is something that happens to a request.
type trialFault struct {
	name string
	lost bool // the answer leaves open what became of the rows
	make func(rnd *rand.Rand) dynamodesttest.Fault
}

// trialFaults are the faults that a trial draws from, request by request. None of them stops a call.
var trialFaults = []trialFault{
	{"some unprocessed", false, func(rnd *rand.Rand) dynamodesttest.Fault {
		return dynamodesttest.Unprocessed(dynamodesttest.Share(rnd.Float64(), rnd.Uint64())).Shuffled(rnd.Uint64())
	}},
	{"throttled", false, alike(dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)))},
	{"unreachable", true, alike(dynamodesttest.Unreachable())}, // in memory nothing says that no connection was looked for
	{"slow", false, func(rnd *rand.Rand) dynamodesttest.Fault {
		return dynamodesttest.Slow(time.Duration(rnd.IntN(100))*time.Millisecond, time.Duration(rnd.IntN(100))*time.Millisecond)
	}},
	{"held", false, func(rnd *rand.Rand) dynamodesttest.Fault {
		return dynamodesttest.Slow(time.Duration(1+rnd.IntN(25))*time.Second, 0)
	}},
	{"item not shown", false, alike(dynamodesttest.HideItem())},
	{"500", true, alike(dynamodesttest.Error(500, "InternalServerError", ""))},
	{"500 after some writes", true, func(rnd *rand.Rand) dynamodesttest.Fault {
		return dynamodesttest.Error(500, "InternalServerError", "").AfterWriting(dynamodesttest.Share(rnd.Float64(), rnd.Uint64()))
	}},
	{"reset", true, alike(dynamodesttest.Reset())},
	{"closed after the write", true, alike(dynamodesttest.Close().AfterWrite())},
	{"truncated", true, alike(dynamodesttest.Truncated())},
	{"200 with nothing", true, alike(dynamodesttest.Answer(200, "", ""))},
	{"no UnprocessedItems", true, alike(dynamodesttest.NoMap())},
	{"no answer", true, alike(dynamodesttest.Stall(nil))},
	{"applied some calls later", true, func(rnd *rand.Rand) dynamodesttest.Fault {
		return dynamodesttest.Reset().AppliedLate(1 + rnd.IntN(20))
	}},
	{"applied some time later", true, func(rnd *rand.Rand) dynamodesttest.Fault {
		return dynamodesttest.Reset().AppliedLateBy(time.Duration(rnd.IntN(200)) * time.Millisecond)
	}},
}

func alike(f dynamodesttest.Fault) func(*rand.Rand) dynamodesttest.Fault {
	return func(*rand.Rand) dynamodesttest.Fault { return f }
}

// fault is what goes wrong with the request that has arrived: often nothing. It depends on the seed,
// the request's first row and how many requests have carried that row, and on nothing else.
func (tr *trial) fault(c dynamodesttest.Call) dynamodesttest.Fault {
	if c.Op == "DescribeTable" {
		return dynamodesttest.Fault{}
	}
	r := tr.next
	r.arrived = true
	tr.arrival.Unlock()
	first := r.rows[0]
	rnd := rand.New(rand.NewPCG(tr.seed, uint64(first.id<<16|len(first.requests))))
	if rnd.IntN(4) == 0 {
		tr.read(r.rows[rnd.IntN(len(r.rows))].key)
	}
	poisoned := slices.ContainsFunc(r.rows, func(row *trialRow) bool { return row.poison })
	i := rnd.IntN(len(trialFaults))
	switch f := trialFaults[i]; {
	case rnd.IntN(100) >= tr.calm && (f.lost || !poisoned):
		r.fault, r.lost = f.name, f.lost
		tr.faults[i].Add(1)
		return f.make(rnd)
	case poisoned:
		return dynamodesttest.Error(400, "ValidationException", "One or more parameter values were invalid")
	}
	return dynamodesttest.Fault{}
}
