package dynamodest_test

import (
	"slices"
	"time"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// passingFaults are the faults that a schedule draws from, call by call. None of
// them stops a call, unless nothing gets through any more.
var passingFaults = []struct {
	name string
	make func(*schedule, dynamodesttest.Call) dynamodesttest.Fault
}{
	{"some unprocessed", func(s *schedule, _ dynamodesttest.Call) dynamodesttest.Fault {
		return dynamodesttest.Unprocessed(s.some()).Shuffled(s.rnd.Uint64()).Respelled()
	}},
	{"all unprocessed", always(dynamodesttest.Unprocessed(dynamodesttest.All))},
	{"a stranger among the unprocessed", func(s *schedule, _ dynamodesttest.Call) dynamodesttest.Fault {
		return dynamodesttest.Unprocessed(s.some()).WithStranger()
	}},
	{"an empty request among the unprocessed", func(s *schedule, _ dynamodesttest.Call) dynamodesttest.Fault {
		return dynamodesttest.Unprocessed(s.some()).WithEmptyRequest()
	}},
	{"no UnprocessedItems", always(dynamodesttest.NoMap())},
	{"throttled", always(dynamodesttest.Throttled("ProvisionedThroughputExceededException", dynamodesttest.ARN(table), "TableWriteProvisionedThroughputExceeded"))},
	{"429", always(dynamodesttest.Answer(429, "", ""))},
	{"500", always(dynamodesttest.Error(500, "InternalServerError", ""))},
	{"500 after some writes", func(s *schedule, _ dynamodesttest.Call) dynamodesttest.Fault {
		return dynamodesttest.Error(500, "InternalServerError", "").AfterWriting(s.some())
	}},
	{"write conflict", func(s *schedule, c dynamodesttest.Call) dynamodesttest.Fault {
		conflict := dynamodesttest.Error(400, "ReplicatedWriteConflictException", "")
		if len(c.Keys) > 1 { // it speaks of one row, and leaves open what became of the others
			conflict = conflict.AfterWriting(s.some())
		}
		return conflict
	}},
	{"502 after the write", always(dynamodesttest.Answer(502, "text/html", "<html>bad gateway</html>").AfterWrite())},
	{"200 with HTML", always(dynamodesttest.Answer(200, "text/html", "<html>log in</html>"))},
	{"200 with nothing", always(dynamodesttest.Answer(200, "", ""))},
	{"reset", always(dynamodesttest.Reset())},
	{"closed after the write", always(dynamodesttest.Close().AfterWrite())},
	{"truncated", always(dynamodesttest.Truncated())},
	{"reset in the body", always(dynamodesttest.ResetInBody())},
	{"item not shown", always(dynamodesttest.HideItem())},
	{"no answer", always(dynamodesttest.Stall(nil))},
	{"slow", always(dynamodesttest.Slow(time.Second, time.Second))},
	{"written late", func(s *schedule, c dynamodesttest.Call) dynamodesttest.Fault {
		for _, k := range c.Keys {
			s.puzzling[k] = true
		}
		return dynamodesttest.Reset().AppliedLate(1 + s.rnd.IntN(20))
	}},
	{"413", always(dynamodesttest.Error(413, "", ""))},
	{"expired token", func(s *schedule, _ dynamodesttest.Call) dynamodesttest.Fault {
		s.expired++ // from the second on, it may be the second for the same rows
		return dynamodesttest.Error(400, "ExpiredTokenException", "")
	}},
}

// stopFault is a fault that every call meets from some call on.
type stopFault struct {
	name   string
	reason dynamodest.Reason
	sure   bool // one answer stops the call
	make   func(*schedule, dynamodesttest.Call) dynamodesttest.Fault
}

// stopFaults are the faults that a schedule may draw one of, to stop its call.
var stopFaults = []stopFault{
	{"access denied", dynamodest.ErrAccess, true, always(dynamodesttest.Error(400, "AccessDeniedException", ""))},
	{"403 of a proxy", dynamodest.ErrAccess, true, func(s *schedule, _ dynamodesttest.Call) dynamodesttest.Fault {
		return dynamodesttest.Answer(403, "text/html", "<html>forbidden</html>").AfterWriting(s.some())
	}},
	{"no table", dynamodest.ErrNoTable, true, always(dynamodesttest.Error(400, "ResourceNotFoundException", ""))},
	{"unknown key", dynamodest.ErrCredentials, true, always(dynamodesttest.Error(400, "UnrecognizedClientException", ""))},
	{"token expired for good", dynamodest.ErrCredentials, false, always(dynamodesttest.Error(400, "ExpiredTokenException", ""))},
	{"clock off for good", dynamodest.ErrCredentials, false, always(dynamodesttest.Error(400, "InvalidSignatureException", ""))},
	{"table with another key", dynamodest.ErrConfig, false, always(dynamodesttest.Error(400, "ValidationException", ""))},
	{"out of reach", dynamodest.ErrUnavailable, false, always(dynamodesttest.Error(503, "ServiceUnavailable", ""))},
	{"all throttled", dynamodest.ErrThrottled, false, always(dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)))},
	{"all unprocessed for good", dynamodest.ErrUnprocessed, false, always(dynamodesttest.Unprocessed(dynamodesttest.All))},
}

// otherKey describes a table that has another key than that of the schedules.
const otherKey = `{"Table":{"TableStatus":"ACTIVE",
	"KeySchema":[{"AttributeName":"other","KeyType":"HASH"}],
	"AttributeDefinitions":[{"AttributeName":"other","AttributeType":"S"}]}}`

func always(f dynamodesttest.Fault) func(*schedule, dynamodesttest.Call) dynamodesttest.Fault {
	return func(*schedule, dynamodesttest.Call) dynamodesttest.Fault { return f }
}

// some picks a random share of the rows of a call.
func (s *schedule) some() dynamodesttest.Which {
	return dynamodesttest.Share(s.rnd.Float64(), s.rnd.Uint64())
}

// drawStop has every fourth schedule meet one of stopFaults.
func (s *schedule) drawStop(seed uint64) {
	if seed%4 != 0 {
		return
	}
	s.stop = &stopFaults[seed/4%uint64(len(stopFaults))]
	s.stopAfter = s.rnd.IntN(4)
	if s.outage() { // which stops a call only while rows have attempts left
		s.stopAfter, s.cfg.Retry.MaxAttempts = 0, 10
	}
}

// hotKeys are keys that the table keeps refusing while it accepts most others, so that their rows are
// set apart from the retries.
type hotKeys struct {
	drawn bool
	keys  map[string]bool
	until int // the number of the last request that meets it
}

// drawHotKeys picks keys that are refused, by most requests or by all.
func (s *schedule) drawHotKeys() {
	if !s.hot.drawn {
		return
	}
	s.cfg.Retry.MaxAttempts = 6 + s.rnd.IntN(6)
	s.hot.keys = map[string]bool{}
	for range 1 + s.rnd.IntN(12) {
		s.hot.keys[s.key(s.rnd.IntN(len(s.rows)))] = true
	}
	s.hot.until = 20 + s.rnd.IntN(600)
}

// refuseHot returns the fault of a request with hot keys, if it has some.
func (s *schedule) refuseHot(c dynamodesttest.Call) (dynamodesttest.Fault, bool) {
	var places []int
	for i, key := range c.Keys {
		if s.hot.keys[key] && s.calls <= s.hot.until {
			places = append(places, i)
		}
	}
	switch {
	case len(places) == 0:
		return dynamodesttest.Fault{}, false
	case len(c.Keys) == 1:
		return dynamodesttest.Throttled("ProvisionedThroughputExceededException", dynamodesttest.ARN(table)), true
	}
	return dynamodesttest.Unprocessed(dynamodesttest.Index(places...)), true
}

// outage reports whether nothing is to get through from some call on.
func (s *schedule) outage() bool {
	return s.stop != nil && slices.Contains([]dynamodest.Reason{dynamodest.ErrUnavailable, dynamodest.ErrThrottled, dynamodest.ErrUnprocessed}, s.stop.reason)
}

// fault is what goes wrong with a call: often nothing.
func (s *schedule) fault(c dynamodesttest.Call) dynamodesttest.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Op == "DescribeTable" {
		if s.stopHits > 0 && s.stop.reason == dynamodest.ErrConfig {
			return dynamodesttest.Answer(200, "application/x-amz-json-1.0", otherKey)
		}
		return dynamodesttest.Fault{}
	}
	s.calls++
	poisoned := false
	for i := range c.Keys {
		row := s.rowOf(c.Keys[i], c.Item(i))
		s.carried[row]++
		poisoned = poisoned || s.poison[row]
	}
	if s.stop != nil && s.calls > s.stopAfter {
		s.stopHits++
		s.met.add("stop", s.stop.name)
		return s.stop.make(s, c)
	}
	if poisoned {
		return dynamodesttest.Error(400, "ValidationException", "One or more parameter values were invalid")
	}
	if f, ok := s.refuseHot(c); ok && s.rnd.IntN(20) > 0 {
		s.met.add("fault", "hot keys")
		return f
	}
	if s.rnd.IntN(100) < 60 || s.hot.drawn && s.rnd.IntN(8) > 0 {
		return dynamodesttest.Fault{}
	}
	f := passingFaults[s.rnd.IntN(len(passingFaults))]
	s.met.add("fault", f.name)
	return f.make(s, c)
}
