// Package load writes the rows of a source to a table, keeps the rows that fail, and saves how far it has
// come.
package load

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"time"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/checkpoint"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/deadletter"
)

// saveEvery is how much time at least is between two checkpoints.
const saveEvery = time.Second

// Writer is the part of a [dynamodest.Destination] that a Load uses.
type Writer interface {
	WriteSeq(context.Context, iter.Seq2[dynamodest.Row, error], func(dynamodest.Row, dynamodest.RowResult) error) (dynamodest.Summary, error)
	Stats() dynamodest.Stats
}

// Load is one run of a load. Set its exported fields, then call Run once.
type Load struct {
	Dest  Writer
	Feed  *Feed
	Stop  <-chan struct{}   // closed: no further row is taken, and what was taken is settled
	First int               // the first row to write; those before it are settled
	Past  checkpoint.Totals // of the rows before First

	// Failed gets the rows that fail; nil for none. With WithRows it gets their values too.
	Failed   *deadletter.File
	WithRows bool

	// Rereadable says that rows which were not sent, because the load stopped, can be read again. They are
	// then left out of Failed, and no checkpoint goes past them.
	Rereadable bool

	// Save saves a checkpoint; nil if there is none. Its FailedBytes, NextRow, Done and Totals are set.
	Save func(checkpoint.State) error

	account  account
	began    time.Time
	saved    time.Time
	savedRow int   // the row that the last checkpoint, or what would be one, has as the next
	fileErr  error // of Failed or Save: the load stops
	rows     atomic.Int64
	failures atomic.Int64
}

// Result is what a run did.
type Result struct {
	Totals   checkpoint.Totals  // of all runs: of the rows before NextRow, and of those from it on that this run took
	Summary  dynamodest.Summary // of this run
	Examples []Example          // failed rows of this run, by cause, the earliest first
	NextRow  int                // the row at which the next run begins: that of the last checkpoint that was saved
	Again    int                // rows of this run from NextRow on: the next run reads them again
	Kept     int                // failed rows of all runs that are settled: they are in the file of failed rows, if there is one
	Done     bool               // the source has ended, and all its rows are settled

	Throttling dynamodest.Throttling // of this run

	Stop      error // what stopped the load: a *dynamodest.TableError, for one; nil if nothing did, or if one of the following did
	SourceErr error // with which the source ended
	FileErr   error // that kept failed rows or a checkpoint from being written
}

// Settled returns how many rows of this run are settled and reported, and how many of them failed. It may be
// called from any goroutine.
func (l *Load) Settled() (rows, failed int) { return int(l.rows.Load()), int(l.failures.Load()) }

// Run writes the rows. When ctx ends, requests in flight are given up.
func (l *Load) Run(ctx context.Context) Result {
	l.began, l.saved, l.savedRow = time.Now(), time.Now(), l.First
	l.account.begin(l.First, l.Past)
	summary, err := l.Dest.WriteSeq(ctx, l.Feed.Rows(l.First, l.Stop, l.running), l.report)

	result := Result{Summary: summary}
	var failed *dynamodest.WriteError
	if errors.As(err, &failed) {
		result.Stop, result.Throttling = failed.Stop, failed.Throttling
	} else {
		result.Stop = err
	}
	if result.SourceErr = l.Feed.Ended(result.Stop); result.SourceErr != nil {
		result.Stop = nil
	}
	if result.Stop == nil {
		l.settleDelayed() // these rows failed each for itself
	}
	a := &l.account
	result.Done = l.Feed.exhausted && result.Stop == nil && result.SourceErr == nil && l.fileErr == nil && !a.blocked
	l.save(summary.Requests, summary.WriteUnits, result.Done)
	result.FileErr = l.fileErr
	result.Done = result.Done && l.fileErr == nil
	result.Totals, result.Kept = a.all(), a.settled.Failed()
	result.NextRow, result.Again = l.savedRow, result.Totals.Rows-l.savedRow
	l.addRequests(&result.Totals, summary.Requests, summary.WriteUnits)
	result.Examples = a.examples()
	return result
}

// running is called before a row is taken, which shows that the call has not been stopped. It reports
// whether another row is to be taken.
func (l *Load) running() bool {
	l.settleDelayed()
	l.saveInTime()
	return l.fileErr == nil
}

// report takes the result of a row. It returns no error, since the call would then not report the rows that
// are on their way: running ends the source instead.
func (l *Load) report(values dynamodest.Row, r dynamodest.RowResult) error {
	r.Index += l.First
	o := outcome{row: r.Index, label: label(r.Outcome)}
	l.rows.Add(1)
	if r.Err != nil {
		l.failures.Add(1)
		var e *dynamodest.RowError
		errors.As(r.Err, &e) // by the contract of RowResult
		o.failed = l.letter(values, r, e)
		o.rereadable = l.Rereadable && (e.Reason == dynamodest.ErrStopped || e.Scope() == dynamodest.ScopeCall)
		o.delayed = l.Rereadable && (e.Scope() == dynamodest.ScopePassing || e.Reason == dynamodest.ErrRefused)
	}
	l.account.add(o, l.keep)
	l.saveInTime()
	return nil
}

// keep adds a failed row to the file of failed rows. It reports whether the row is kept.
func (l *Load) keep(letter *deadletter.Letter) bool {
	if l.fileErr != nil {
		return false
	}
	if l.Failed != nil {
		l.fileErr = l.Failed.Add(*letter)
	}
	return l.fileErr == nil
}

// letter returns what is kept of a row that failed.
func (l *Load) letter(values dynamodest.Row, r dynamodest.RowResult, failure *dynamodest.RowError) *deadletter.Letter {
	e := *failure
	e.Index = r.Index
	letter := Letter(r.Outcome, &e)
	if l.WithRows {
		letter.Values = deadletter.Values(values)
	}
	return &letter
}

// settleDelayed settles the rows whose failure could have been that of a stopped call.
func (l *Load) settleDelayed() { l.account.settleDelayed(l.keep) }

// saveInTime saves what is settled, if it is more than at the last time, and that was long enough ago.
func (l *Load) saveInTime() {
	if l.account.next > l.savedRow && l.fileErr == nil && time.Since(l.saved) >= saveEvery {
		soFar := l.Dest.Stats().Summary
		l.save(soFar.Requests, soFar.WriteUnits, false)
	}
}

// save brings the failed rows to the disk, and after them the checkpoint.
func (l *Load) save(requests int, units float64, done bool) {
	var bytes int64
	if l.Failed != nil && l.fileErr == nil {
		bytes, l.fileErr = l.Failed.Sync()
	}
	if l.Save != nil && l.fileErr == nil {
		totals := l.account.settled.Clone()
		l.addRequests(&totals, requests, units)
		l.fileErr = l.Save(checkpoint.State{NextRow: l.account.next, Done: done, FailedBytes: bytes, Totals: totals})
	}
	if l.fileErr == nil {
		l.saved, l.savedRow = time.Now(), l.account.next
	}
}

// addRequests adds to totals what this run has cost so far.
func (l *Load) addRequests(totals *checkpoint.Totals, requests int, units float64) {
	totals.Requests += requests
	totals.WriteUnits += units
	totals.Seconds += time.Since(l.began).Seconds()
}
