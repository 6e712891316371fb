package dynamodest_test

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// check holds the outcome against every promise.
func (s *schedule) check() {
	s.db.ApplyLate()
	s.checkDense()
	s.checkError()
	s.checkStop()
	s.checkTruth()
	s.checkOrder()
	s.checkRequests()
	s.checkInput()
}

// Promise 1: one outcome a row, in order, and sums that hold.
func (s *schedule) checkDense() {
	var want dynamodest.Summary
	for place, i := range s.reports {
		if !s.asSettled() {
			require.Equal(s.t, place, i, "reported in row order")
		}
		r := s.results[i]
		require.Equal(s.t, i, r.Index)
		want.Rows++
		switch r.Outcome {
		case dynamodest.Written:
			want.Written++
		case dynamodest.Skipped:
			want.Skipped++
		case dynamodest.Superseded:
			want.Superseded++
		case dynamodest.NotWritten:
			want.NotWritten++
		case dynamodest.Unknown:
			want.Unknown++
		case dynamodest.Deleted:
			want.Deleted++
		}
		good := r.Outcome != dynamodest.NotWritten && r.Outcome != dynamodest.Unknown
		require.Equal(s.t, good, r.Err == nil, "row %d: %v, %v", i, r.Outcome, r.Err)
		if !good {
			var rowErr *dynamodest.RowError
			require.ErrorAs(s.t, r.Err, &rowErr)
			require.Equal(s.t, i, rowErr.Index)
			require.Equal(s.t, r.Attempts, rowErr.Attempts)
		}
		if r.Outcome != dynamodest.Superseded {
			require.Zero(s.t, r.By)
		}
	}
	if !errors.Is(s.err, errReport) { // after that rows are counted, but not reported
		want.Requests, want.Resent, want.WriteUnits = s.summary.Requests, s.summary.Resent, s.summary.WriteUnits
		want.MissingColumns = s.summary.MissingColumns
		require.Equal(s.t, want, s.summary)
	}
	sum := s.summary
	require.Equal(s.t, sum.Rows, sum.Written+sum.Deleted+sum.Skipped+sum.Superseded+sum.NotWritten+sum.Unknown)
	if s.by == "Write" || !s.stopped && s.tableError() == nil {
		require.Equal(s.t, len(s.rows), sum.Rows)
	}
}

// asSettled reports whether rows are reported as they settle.
func (s *schedule) asSettled() bool { return s.cfg.ReportAsSettled && s.by != "Write" }

// checkSettledBefore checks the row that is being reported: each row is reported once, and
// SettledBefore is the lowest index that has not been reported.
func (s *schedule) checkSettledBefore(r dynamodest.RowResult) {
	assert.False(s.t, s.seen[r.Index], "row %d is reported twice", r.Index)
	for s.seen[r.Index] = true; s.seen[s.lowest]; {
		s.lowest++
	}
	if s.asSettled() {
		assert.Equal(s.t, s.lowest, r.SettledBefore)
	} else {
		assert.Zero(s.t, r.SettledBefore)
	}
}

// tableError returns the fault that stopped the call, or nil.
func (s *schedule) tableError() *dynamodest.TableError {
	var call *dynamodest.WriteError
	var fault *dynamodest.TableError
	if errors.As(s.err, &call) && errors.As(call.Stop, &fault) {
		return fault
	}
	return nil
}

// The call's error: there if a row was lost or the call stopped early.
func (s *schedule) checkError() {
	lost := s.summary.NotWritten + s.summary.Unknown
	if lost > 0 || s.breaks != nil {
		var w *dynamodest.WriteError
		require.ErrorAs(s.t, s.err, &w)
		require.Equal(s.t, s.summary, w.Summary)
		n := 0
		for reason, count := range w.Reasons {
			require.ErrorIs(s.t, s.err, reason)
			n += count
		}
		require.Equal(s.t, lost, n)
		require.Len(s.t, w.First, min(lost, 10))
		if s.breaks != nil {
			require.ErrorIs(s.t, s.err, s.breaks)
		}
		return
	}
	if s.err != nil { // a source that was cut off
		require.True(s.t, s.stopped)
		require.ErrorIs(s.t, s.err, context.Canceled)
	}
}

// A call is stopped by a fault that was drawn, and certainly by one of which a
// single answer does it. Only a call that was stopped gives rows ErrStopped.
func (s *schedule) checkStop() {
	fault := s.tableError()
	if s.stop != nil && s.stop.sure && s.stopHits > 0 && s.breaks == nil && !s.ended {
		require.NotNil(s.t, fault, "%s has not stopped the call", s.stop.name)
	}
	if fault != nil {
		possible := []dynamodest.Reason{}
		if s.cfg.Retry.MaxAttempts > 1 {
			possible = append(possible, dynamodest.ErrThrottled, dynamodest.ErrUnprocessed, dynamodest.ErrUnavailable)
		}
		if s.expired > 1 {
			possible = append(possible, dynamodest.ErrCredentials)
		}
		if s.stopHits > 0 {
			possible = append(possible, s.stop.reason)
		}
		require.Contains(s.t, possible, fault.Reason)
		require.ErrorIs(s.t, s.err, fault.Reason)
	}
	for _, i := range s.reports {
		if errors.Is(s.results[i].Err, dynamodest.ErrStopped) {
			require.True(s.t, fault != nil || s.stopped, "row %d: %v", i, s.results[i].Err)
		}
	}
}

// Promise 2: the outcome is true.
func (s *schedule) checkTruth() {
	applied := map[int]bool{}
	for _, w := range s.db.Writes() {
		applied[s.rowOf(w.Key, w.Item())] = true
	}
	for _, i := range s.reports {
		r := s.results[i]
		switch r.Outcome {
		case dynamodest.Written, dynamodest.Deleted:
			require.True(s.t, applied[i], "row %d is reported %v", i, r.Outcome)
			require.Equal(s.t, s.rows[i]["gone"] == true, r.Outcome == dynamodest.Deleted)
		case dynamodest.NotWritten:
			require.False(s.t, applied[i], "row %d is reported %v: %v", i, r.Outcome, r.Err)
		case dynamodest.Skipped: // with versions, a request that was lost may have come before the newer row
			require.False(s.t, applied[i] && s.cfg.Version == "", "row %d is reported %v", i, r.Outcome)
		case dynamodest.Superseded:
			require.True(s.t, s.supersedes(r.By, i), "row %d is reported Superseded by %d", i, r.By)
			require.Equal(s.t, s.key(i), s.key(r.By))
			require.True(s.t, applied[r.By], "row %d is reported Superseded by %d", i, r.By)
			if s.by == "Write" || s.seen[r.By] { // else report failed before its turn
				require.Contains(s.t, []dynamodest.Outcome{dynamodest.Written, dynamodest.Deleted}, s.results[r.By].Outcome)
			}
		case dynamodest.Unknown:
			require.Positive(s.t, r.Attempts, "row %d was never sent", i)
		}
		if s.poison[i] {
			require.NotContains(s.t, []dynamodest.Outcome{dynamodest.Written, dynamodest.Deleted}, r.Outcome)
		}
		if s.bad[i] {
			require.ErrorIs(s.t, r.Err, dynamodest.ErrMapping)
			require.ErrorIs(s.t, r.Err, errUnreadable)
			require.NotContains(s.t, r.Err.Error(), errUnreadable.Error())
		}
	}
}

// supersedes reports whether row a comes after row b of its key: by its version, and then by its place.
func (s *schedule) supersedes(a, b int) bool {
	return s.versions[a] > s.versions[b] || s.versions[a] == s.versions[b] && a > b
}

// lostEqual reports whether row b may be written over row a of the same version: nothing orders the two once
// an answer to a was lost.
func (s *schedule) lostEqual(a, b int) bool {
	return s.cfg.Version != "" && s.versions[a] == s.versions[b] && s.results[a].Outcome == dynamodest.Unknown
}

func (s *schedule) key(i int) string {
	n, ok := s.rows[i]["n"]
	if !ok {
		return ""
	}
	return dynamodesttest.Key(s.rows[i]["id"], n)
}

// Promise 4: what a key's writes and the table's content say of the order. A write applied late may break
// it, but it never goes over a newer version.
func (s *schedule) checkOrder() {
	last := map[string]int{}
	for _, w := range s.db.Writes() {
		row := s.rowOf(w.Key, w.Item())
		if prev, ok := last[w.Key]; ok {
			require.GreaterOrEqual(s.t, s.versions[row], s.versions[prev], "an older version was written over a newer one")
			if !s.puzzling[w.Key] {
				require.False(s.t, prev >= 0 && s.supersedes(prev, row) && !s.lostEqual(prev, row), "an older row was written over a newer one")
				require.False(s.t, s.firstWins() && row != prev, "an item was overwritten")
			}
		}
		last[w.Key] = row
	}
	for _, i := range s.reports {
		there, key := last[s.key(i)], s.key(i)
		switch r := s.results[i]; {
		case r.Outcome == dynamodest.Skipped && s.cfg.Version != "":
			require.Greater(s.t, s.versions[there], s.versions[i], "row %d is Skipped", i)
		case r.Outcome != dynamodest.Written && r.Outcome != dynamodest.Deleted:
		case s.puzzling[key]:
			require.GreaterOrEqual(s.t, s.versions[there], s.versions[i], "row %d is %v, and an older version is there", i, r.Outcome)
		default:
			require.False(s.t, s.supersedes(i, there), "row %d is %v, and an older one is there", i, r.Outcome)
		}
	}
	items := map[string]int{}
	for _, item := range s.db.Items(table) {
		items[dynamodesttest.Key(item["id"], item["n"])] = rowOf(item)
	}
	for key, row := range last {
		item, there := items[key]
		require.Equal(s.t, row < 0 || s.rows[row]["gone"] != true, there)
		require.True(s.t, !there || item == row)
	}
	for key := range items {
		require.Contains(s.t, last, key)
	}
}

// Requests: counted truly, within bounds, and no key in two at once.
func (s *schedule) checkRequests() {
	if !s.overHTTP { // where the server may notice late that a request was given up
		require.LessOrEqual(s.t, s.db.MostInFlight(), s.cfg.Concurrency)
	}
	writes := 0
	type span struct{ began, ended int }
	flights := map[string][]span{}
	for _, c := range s.db.Calls() {
		if c.Op == "DescribeTable" {
			continue
		}
		writes++
		require.LessOrEqual(s.t, len(c.Keys), 25)
		if s.overHTTP && c.Outcome == "given up" {
			continue
		}
		for _, k := range c.Keys {
			flights[k] = append(flights[k], span{c.Began, c.Ended})
		}
	}
	s.sameOrLost(writes-s.before, s.summary.Requests)
	for _, spans := range flights {
		slices.SortFunc(spans, func(a, b span) int { return a.began - b.began })
		for i := 1; i < len(spans); i++ {
			require.Less(s.t, spans[i-1].ended, spans[i].began, "a key twice in flight")
		}
	}
	resent := 0
	for _, i := range s.reports {
		s.sameOrLost(s.carried[i], s.results[i].Attempts)
		resent += max(0, s.carried[i]-1)
	}
	if !errors.Is(s.err, errReport) {
		s.sameOrLost(resent, s.summary.Resent)
	}
}

// sameOrLost compares a count of the double's with the library's, which is
// larger where a context ended between the two.
func (s *schedule) sameOrLost(arrived, sent int) {
	if s.ended {
		require.LessOrEqual(s.t, arrived, sent)
		return
	}
	require.Equal(s.t, arrived, sent)
}

// Promise 8: the caller's rows are as they were.
func (s *schedule) checkInput() {
	same := func(a, b any) bool {
		return a == b || a != a && b != b // NaN
	}
	for i, row := range s.rows {
		require.True(s.t, maps.EqualFunc(s.given[i], row, same), "row %d was changed", i)
	}
}
