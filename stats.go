package dynamodest

import (
	"slices"

	"github.com/dynamodest/dynamodest/internal/schedule"
)

// Stats is what a Destination has done since New, and what it does now. A call is a Write, WriteSeq, WriteChan
// or WriteColumns; Check and CheckWrites do not count.
type Stats struct {
	// Calls is the number of calls in progress.
	Calls int `json:"calls"`

	// Taken is the number of rows that all calls have taken. A stream takes a row when its source has
	// yielded it, in row order. Write takes its rows in chunks, as its memory has room for them; when a
	// Write ends early, the rows that it had not taken count as taken, and NotWritten.
	Taken int `json:"taken"`

	// Summary counts what all calls have done, those in progress included: a row counts as soon as its
	// outcome is final, which may be before it is reported. Summary.Rows is never more than Taken, and equal
	// to it while no call is in progress. Then the Summary is the sum, by [Summary.Add], of those that the
	// calls have returned; a call that panicked counts the rows that it had taken. MissingColumns is of the
	// calls that have ended.
	Summary Summary `json:"summary"`

	// InFlight is the number of requests in flight, Config.Concurrency at most: those of CheckWrites and those that
	// wait for a Limiter included, the DescribeTable of New and Check not.
	InFlight int `json:"in_flight"`

	// Pace is the rate, in write units a second of the table itself, by which requests are spaced now: what
	// the Destination has learned of the table, or Config.WriteUnitsPerSecond if that is less. Learning begins
	// with an eighth of the capacity that DescribeTable reports. Pace is 0 while nothing limits the rate, as
	// at the start on a table whose capacity is not reported. A call that fits one request may go faster.
	Pace float64 `json:"pace"`

	// WaitFor says what holds the calls back: one of the words that a [Wait] has, or [WaitSource] while all
	// calls wait for their sources, with no row left to settle or to report. It is "" if nothing does, as
	// while responses are awaited. If calls wait for different things, the first of WaitPace, WaitLimit,
	// WaitWindow and WaitRetry counts.
	WaitFor string `json:"wait_for"`
}

// Stats returns what d has done since New, and what it does now. Any goroutine may call it at any time, every
// hook and callback included. It takes time in proportion to the calls in progress, and delays none of them.
//
// What one call has done is from one moment, so the outcomes always add up to Rows. It is fresh within a
// request: the rows of a response count at once. A row that was reported always counts.
func (d *Destination) Stats() Stats {
	d.mustBeMade()
	s := d.calls.stats()
	gate := d.gate.Status()
	s.InFlight, s.Pace = gate.InFlight, gate.Rate
	return s
}

// stats returns what the calls know.
func (s *calls) stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := Stats{Calls: len(s.running), Taken: s.ended.Rows, Summary: s.ended}
	missing := slices.Clone(s.ended.MissingColumns)
	waits := map[string]int{}
	for _, c := range s.running {
		now := c.mailbox.progress()
		stats.Taken += now.taken
		stats.Summary.Add(now.sum)
		waits[now.waitFor]++
		switch {
		case now.stuck:
			waits[WaitWindow]++
		case now.idle && c.info.Op != OpWrite:
			waits[WaitSource]++
		}
	}
	stats.Summary.MissingColumns = missing
	stats.WaitFor = firstWait(waits, len(s.running))
	return stats
}

// firstWait returns what holds so many calls back, given how many wait for each thing. What holds all calls
// back comes before what holds one back.
func firstWait(waits map[string]int, calls int) string {
	for _, word := range []string{WaitPace, WaitLimit, WaitWindow, WaitRetry} {
		if waits[word] > 0 {
			return word
		}
	}
	if calls > 0 && waits[WaitSource] == calls {
		return WaitSource
	}
	return ""
}

// tally counts settled rows by outcome.
type tally [Deleted + 1]int

// rows returns the number of rows counted.
func (t *tally) rows() int {
	sum := 0
	for _, n := range t {
		sum += n
	}
	return sum
}

// summary returns the Summary of the rows counted and of the requests for them, without MissingColumns.
func (t *tally) summary(requests schedule.Stats) Summary {
	return Summary{
		Rows: t.rows(), Written: t[Written], Deleted: t[Deleted], Skipped: t[Skipped], Superseded: t[Superseded],
		NotWritten: t[NotWritten], Unknown: t[Unknown],
		Requests: requests.Requests, Resent: requests.Resent, WriteUnits: requests.WriteUnits, VectorWriteBytes: requests.VectorBytes,
	}
}
