package dynamodest_test

import (
	"errors"
	"fmt"

	"github.com/dynamodest/dynamodest"
)

// maxScaleFailures is how many misreported rows of a seed are shown.
const maxScaleFailures = 10

// misreport records that something is not as it must be. The lock is held.
func (s *scaleRun) misreport(format string, args ...any) {
	if s.misreported++; s.misreported <= maxScaleFailures {
		s.t.Errorf(format, args...)
	}
}

// report checks the result of a row against the ledger, at the moment at which it is reported.
func (c *scaleCall) report(row dynamodest.Row, r dynamodest.RowResult) error {
	s := c.run
	s.mu.Lock()
	defer s.mu.Unlock()
	i := c.from + r.Index
	if i >= c.end || row["row"] != i {
		s.misreport("row %d is reported with another row", i)
		return nil
	}
	it := &s.rows[i]
	if it.is&wasReported != 0 {
		s.misreport("row %d is reported twice", i)
	}
	it.is |= wasReported
	it.outcome, it.by = uint8(r.Outcome), int32(c.from+r.By)
	s.reported++
	s.outcomes[r.Outcome]++
	c.reports++
	c.count(r)
	c.checkPlace(i, r)
	if text := c.lie(i, it, r); text != "" {
		s.misreport("row %d is reported %v: %s (requests: %d, flags: %b, error: %v)", i, r.Outcome, text, it.requests, it.is, r.Err)
	}
	return nil
}

// count adds r to the summary that the call must return.
func (c *scaleCall) count(r dynamodest.RowResult) {
	c.sum.Rows++
	switch r.Outcome {
	case dynamodest.Written:
		c.sum.Written++
	case dynamodest.Deleted:
		c.sum.Deleted++
	case dynamodest.Skipped:
		c.sum.Skipped++
	case dynamodest.Superseded:
		c.sum.Superseded++
	case dynamodest.NotWritten:
		c.sum.NotWritten++
	case dynamodest.Unknown:
		c.sum.Unknown++
	}
	c.sum.Resent += max(0, r.Attempts-1)
}

// checkPlace checks the order of the reports.
func (c *scaleCall) checkPlace(i int, r dynamodest.RowResult) {
	s := c.run
	if c.stream && s.cfg.ReportAsSettled {
		for c.next < c.end && s.rows[c.next].is&wasReported != 0 {
			c.next++
		}
		if r.SettledBefore != c.next-c.from {
			s.misreport("row %d has SettledBefore %d, not %d", i, r.SettledBefore, c.next-c.from)
		}
		return
	}
	if c.next != i || r.SettledBefore != 0 {
		s.misreport("row %d is reported, and row %d is next", i, c.next)
	}
	c.next++
}

// lie returns what is untrue about the result of a row; "" if nothing is.
func (c *scaleCall) lie(i int, it *scaleRow, r dynamodest.RowResult) string {
	s := c.run
	good := r.Outcome != dynamodest.NotWritten && r.Outcome != dynamodest.Unknown
	var rowErr *dynamodest.RowError
	switch {
	case good != (r.Err == nil):
		return "which does not go with its error"
	case !good && (!errors.As(r.Err, &rowErr) || rowErr.Index != r.Index || rowErr.Attempts != r.Attempts || rowErr.Scope() == ""):
		return "its error is of another row"
	case r.Outcome != dynamodest.Superseded && r.By != 0:
		return "it has a By"
	case it.is&(isBad|isBroken) != 0 && (r.Outcome != dynamodest.NotWritten || r.Attempts > 0):
		return "it cannot be sent"
	case r.Attempts != int(it.requests) && (r.Attempts < int(it.requests) || c.cancel == 0):
		return fmt.Sprintf("it has %d attempts", r.Attempts)
	}
	there := s.items[it.key]
	switch r.Outcome {
	case dynamodest.Written, dynamodest.Deleted:
		if it.is&wasApplied == 0 || it.is&wasTaken == 0 {
			return "it was not applied and acknowledged"
		}
		if (r.Outcome == dynamodest.Deleted) != (it.is&isDelete != 0) {
			return "that is the outcome of another kind of row"
		}
	case dynamodest.NotWritten:
		if it.is&wasApplied != 0 {
			return "it was applied"
		}
		if errors.Is(r.Err, dynamodest.ErrExists) && there == none {
			return "the table has no item with the key"
		}
	case dynamodest.Skipped:
		switch {
		case there == none:
			return "the table has no item with the key"
		case s.cfg.Version == "" && it.is&wasApplied != 0:
			return "it was applied"
		case s.cfg.Version != "" && s.rows[there].version <= it.version:
			return "the table has no newer item"
		case s.cfg.Version != "" && !s.shown[it.key]:
			return "no response has shown the item"
		}
	case dynamodest.Unknown:
		if it.is&inDoubt == 0 {
			return "no response to it was lost"
		}
	case dynamodest.Superseded: // once the row instead has been reported: see check
	}
	return ""
}

// check checks what the call returned, and what can only be checked once all of its rows are reported.
func (c *scaleCall) check(sum dynamodest.Summary, err error) {
	s := c.run
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := c.from; i < c.end; i++ {
		it := &s.rows[i]
		if it.is&wasReported == 0 || dynamodest.Outcome(it.outcome) != dynamodest.Superseded {
			continue
		}
		by := &s.rows[it.by]
		written := by.outcome == uint8(dynamodest.Written) || by.outcome == uint8(dynamodest.Deleted)
		switch {
		case by.is&wasReported == 0 || !written || by.key != it.key:
			s.misreport("row %d is reported superseded by %d, which is %v", i, it.by, dynamodest.Outcome(by.outcome))
		case s.cfg.Version == "" && int(it.by) <= i, s.cfg.Version != "" && by.version < it.version:
			s.misreport("row %d is reported superseded by %d, which is older", i, it.by)
		}
	}
	c.checkStop(err)
	requests := s.requests - c.requests
	if !s.overlap && requests != sum.Requests && (requests > sum.Requests || c.cancel == 0) {
		s.misreport("%d requests are reported, and there were %d", sum.Requests, requests)
	}
	if s.inFlight > 0 && !s.overlap {
		s.misreport("a request is in flight after the call")
	}
	want := c.sum
	want.Requests, want.WriteUnits = sum.Requests, sum.WriteUnits
	want.MissingColumns = sum.MissingColumns
	if fmt.Sprint(want) != fmt.Sprint(sum) {
		s.misreport("the summary is %v, and should be %v", sum, want)
	}
	if s.wrong != "" {
		s.misreport("%s", s.wrong)
	}
}

// checkStop checks that the call's error says what stopped it, and that nothing else did.
func (c *scaleCall) checkStop(err error) {
	s := c.run
	var call *dynamodest.WriteError
	var stop *dynamodest.TableError
	errors.As(err, &call)
	lost := c.sum.NotWritten + c.sum.Unknown
	switch {
	case (call == nil) != (err == nil):
		s.misreport("the call's error is a %T", err)
	case lost > 0 && call == nil:
		s.misreport("%d rows are lost, and the call has no error", lost)
	case call == nil:
	case errors.As(call.Stop, &stop):
		s.stops++
		if !(stop.Reason == dynamodest.ErrAccess && s.denied > c.denied || stop.Reason == dynamodest.ErrCredentials && s.expired > c.expired+1) {
			s.misreport("the call is stopped by %v", stop)
		}
		return
	case call.Stop != nil:
		s.stops++
		if c.cancel == 0 {
			s.misreport("the call is stopped by %v", call.Stop)
		}
		return
	}
	if c.reports != c.end-c.from {
		s.misreport("%d of %d rows are reported", c.reports, c.end-c.from)
	}
}

// checkTable checks what the table holds at the end, when all that is late is applied.
func (s *scaleRun) checkTable() {
	s.mu.Lock()
	defer s.mu.Unlock()
	settled := refill(s.deletes, len(s.items), none) // the row by which the key was settled last
	for i := range s.rows {
		it := &s.rows[i]
		outcome := dynamodest.Outcome(it.outcome)
		switch {
		case it.is&wasReported == 0 || outcome == dynamodest.NotWritten:
			if it.is&wasApplied != 0 {
				s.misreport("row %d is reported not written, and was applied later", i)
			}
		case outcome == dynamodest.Written || outcome == dynamodest.Deleted:
			if s.firstWins() && settled[it.key] != none {
				s.misreport("rows %d and %d are both reported written", settled[it.key], i)
			}
			if s.cfg.Version == "" || settled[it.key] == none || s.rows[settled[it.key]].version <= it.version {
				settled[it.key] = int32(i)
			}
		}
		if s.cfg.Version != "" && it.is&wasReported != 0 {
			s.checkVersion(i, it)
		}
	}
	for key, good := range settled {
		s.checkKey(key, good)
	}
}

func (s *scaleRun) firstWins() bool {
	return s.cfg.OnExisting == dynamodest.Skip || s.cfg.OnExisting == dynamodest.Fail
}

// checkVersion checks that the table holds no older version than that of a row that is settled well.
func (s *scaleRun) checkVersion(i int, it *scaleRow) {
	there := s.items[it.key]
	switch dynamodest.Outcome(it.outcome) {
	case dynamodest.Written, dynamodest.Superseded, dynamodest.Skipped:
		if there == none || s.rows[there].version < it.version {
			s.misreport("row %d is %v, and the table holds the older row %d", i, dynamodest.Outcome(it.outcome), there)
		}
	case dynamodest.NotWritten, dynamodest.Unknown, dynamodest.Deleted:
	}
}

// checkKey checks what the table holds of a key whose newest row that was written is good.
func (s *scaleRun) checkKey(key int, good int32) {
	last := s.last[key]
	if last == none {
		if good != none {
			s.misreport("row %d is reported written, and nothing was", good)
		}
		return
	}
	unknown := s.rows[last].outcome == uint8(dynamodest.Unknown)
	switch {
	case last == good:
	case good == none:
		if !unknown {
			s.misreport("row %d is in the table, and %v", last, dynamodest.Outcome(s.rows[last].outcome))
		}
	case s.firstWins():
		s.misreport("row %d is in the table instead of row %d", last, good)
	case s.cfg.Version != "":
		if s.rows[last].version < s.rows[good].version || s.rows[last].version > s.rows[good].version && !unknown {
			s.misreport("row %d is in the table instead of row %d", last, good)
		}
	case !s.late[key] && (last < good || !unknown):
		s.misreport("row %d was applied after row %d", last, good)
	}
}
