package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/dynamodest/dynamodest"
)

const (
	lettersFile = "letters.ndjson"
	recordFile  = "run.json"

	saveEvery   = 500 * time.Millisecond // at least so much time is between two checkpoints
	sampleEvery = 200 * time.Millisecond // at first; see keepSample
	maxSamples  = 120

	maxPending = 20_000 // rows
)

// attempt is one start or one resumption of a run. Its unexported methods that take results are called on the goroutine
// of execute.
type attempt struct {
	run    *run
	dest   *dynamodest.Destination
	file   interface{ Close() error } // of the source
	rows   iter.Seq2[dynamodest.Row, error]
	first  record // as the attempt began
	began  time.Time
	cancel context.CancelFunc // gives up the requests in flight
	done   chan struct{}      // closed at the end

	quit sync.Once
	end  chan struct{} // closed: no further row is read

	letters   *letters
	taken     int      // rows that were read
	reported  int      // rows that were reported
	good      int      // the rows up to the last one that was reported without an error
	pending   []result // reported, and not yet settled
	exhausted bool     // the source has ended
	broken    error    // with which the state could not be written
	saved     time.Time
	kept      record        // as the disk has it
	thinned   time.Duration // the time between samples
}

// result is what became of a row.
type result struct {
	outcome dynamodest.Outcome
	letter  *letter // nil if the row did not fail
	taken   int     // rows that had been read when it was reported
}

// final reports whether a resumed run need not read the row again, however the call ends: the row did not fail, or it is
// at fault, or a row that was read after its failure did not fail. Otherwise it may have failed as the first of many: in an
// outage, or because the table's keys have changed.
func (r result) final(good int) bool {
	return r.letter == nil || r.letter.Scope == dynamodest.ScopeRow && r.letter.Reason != dynamodest.ErrRefused || good > r.taken
}

// again reports whether a resumed run must read the row again: the call stopped before it was sent.
func (r result) again() bool {
	return r.letter != nil && (r.letter.Reason == dynamodest.ErrStopped || r.letter.Scope == dynamodest.ScopeCall)
}

// stop ends the reading of rows. Those that were read settle.
func (a *attempt) stop() { a.quit.Do(func() { close(a.end) }) }

func (a *attempt) isStopping() bool {
	select {
	case <-a.end:
		return true
	default:
		return false
	}
}

// execute writes the rows, and then calls release.
func (a *attempt) execute(ctx context.Context, release func()) {
	ended, sampling := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sampling)
		a.sample(ended)
	}()
	summary, err := a.dest.WriteSeq(ctx, a.source(), a.report)
	close(ended)
	<-sampling
	_ = a.file.Close() // it was read only
	release()
	a.finish(summary, err)
	a.cancel()
}

// source yields the rows until the attempt is to stop.
func (a *attempt) source() iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		for row, err := range skip(a.rows, a.first.NextRow) {
			if !a.goesOn() {
				return
			}
			a.taken++
			if !yield(row, err) {
				return
			}
		}
		if n := a.first.NextRow + a.taken; n < a.first.Source.Rows {
			yield(nil, refusal{http.StatusConflict, fmt.Sprintf("the source ends after %d of %d rows: its file has changed or cannot be read", n, a.first.Source.Rows)})
			return
		}
		a.exhausted = true
	}
}

// goesOn reports whether another row is to be read.
func (a *attempt) goesOn() bool {
	a.run.mu.Lock()
	defer a.run.mu.Unlock()
	a.saveInTime()
	return a.broken == nil && !a.isStopping()
}

// report takes the result of a row. It returns no error, since the call would then not report the rows that are on
// their way.
func (a *attempt) report(row dynamodest.Row, r dynamodest.RowResult) error {
	res := result{outcome: r.Outcome, taken: a.taken}
	if e, ok := errors.AsType[*dynamodest.RowError](r.Err); ok {
		there := *e
		there.Index += a.first.NextRow
		res.letter = newLetter(row, r.Outcome, &there)
	}
	a.run.mu.Lock()
	defer a.run.mu.Unlock()
	a.reported++
	if res.letter == nil {
		a.good = a.reported
	}
	a.pending = append(a.pending, res)
	a.settle(len(a.pending) > maxPending)
	a.saveInTime()
	return nil
}

// settle settles the rows that are pending, in their order, up to the first one that is to be read again or, unless all
// is set, may be. a.run.mu is held.
func (a *attempt) settle(all bool) {
	rec := &a.run.record
	for len(a.pending) > 0 && a.broken == nil {
		r := a.pending[0]
		if r.again() || !all && !r.final(a.good) {
			return
		}
		if r.letter != nil {
			if a.broken = a.letters.add(r.letter); a.broken != nil {
				return
			}
			if rec.Reasons == nil {
				rec.Reasons = map[dynamodest.Reason]int{}
			}
			rec.Reasons[r.letter.Reason]++
		}
		rec.Totals.Add(one(r.outcome))
		rec.NextRow++
		a.pending = a.pending[1:]
	}
}

// one returns the Summary of one row.
func one(o dynamodest.Outcome) dynamodest.Summary {
	s := dynamodest.Summary{Rows: 1}
	switch o {
	case dynamodest.Written:
		s.Written = 1
	case dynamodest.Deleted:
		s.Deleted = 1
	case dynamodest.Skipped:
		s.Skipped = 1
	case dynamodest.Superseded:
		s.Superseded = 1
	case dynamodest.NotWritten:
		s.NotWritten = 1
	case dynamodest.Unknown:
		s.Unknown = 1
	}
	return s
}

// totals adds what the attempt has done to what was done before it.
func (a *attempt) totals(now dynamodest.Summary) dynamodest.Summary {
	t := a.first.Totals
	t.Add(now)
	return t
}

// seconds returns how long the run was in progress in all its attempts.
func (a *attempt) seconds() float64 { return a.first.Seconds + time.Since(a.began).Seconds() }

// saveInTime saves a checkpoint if the last one was long enough ago. a.run.mu is held.
func (a *attempt) saveInTime() {
	if a.broken == nil && time.Since(a.saved) >= saveEvery {
		a.save()
	}
}

// save brings the dead letters to the disk, and after them the checkpoint that counts them. a.run.mu is held.
func (a *attempt) save() {
	if a.broken = a.letters.sync(); a.broken != nil {
		return
	}
	rec, all := &a.run.record, a.totals(a.dest.Stats().Summary)
	rec.Totals.Requests, rec.Totals.Resent, rec.Totals.WriteUnits = all.Requests, all.Resent, all.WriteUnits
	rec.LetterSize, rec.Seconds = a.letters.size, a.seconds()
	if a.broken = writeJSON(filepath.Join(a.run.folder, recordFile), rec); a.broken == nil {
		a.kept = copyOf(*rec)
	}
	a.saved = time.Now()
}

// finish settles what the end of the call leaves to settle, and saves how it ended.
func (a *attempt) finish(summary dynamodest.Summary, err error) {
	a.run.mu.Lock()
	defer a.run.mu.Unlock()
	if writeErr, ok := errors.AsType[*dynamodest.WriteError](err); ok {
		err = writeErr.Stop // failed rows alone stop nothing
	}
	if err == nil && a.exhausted { // else a resumed run may have more luck with those that failed in passing
		a.settle(true)
	}
	rec := &a.run.record
	rec.Again, rec.Totals.MissingColumns = len(a.pending), summary.MissingColumns
	rec.Status = stopped
	switch {
	case err != nil && !errors.Is(err, context.Canceled):
		rec.Status, rec.Failure = failed, describe(err)
	case err == nil && a.exhausted && len(a.pending) == 0:
		rec.Status = done
	}
	a.keepSample()
	if a.broken == nil {
		a.save()
	}
	if a.broken != nil { // the dead letters since the checkpoint may be lost, so that their rows are read again
		*rec = a.kept
		rec.Status, rec.Failure, rec.Again = failed, describe(a.broken), a.first.NextRow+a.reported-rec.NextRow
	}
	_ = a.letters.close() // after a sync
	a.run.live = nil
}

// sample samples how far the run is until ended is closed.
func (a *attempt) sample(ended <-chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ended:
			return
		case <-timer.C:
		}
		a.run.mu.Lock()
		a.keepSample()
		timer.Reset(a.thinned)
		a.run.mu.Unlock()
	}
}

// keepSample keeps a sample. When there are too many, every second one is dropped, and they become half as frequent.
// a.run.mu is held.
func (a *attempt) keepSample() {
	samples := &a.run.record.Samples
	*samples = append(*samples, a.run.record.sample(a.seconds()))
	if len(*samples) <= maxSamples {
		return
	}
	half := (*samples)[:0]
	for i := 0; i < len(*samples); i += 2 {
		half = append(half, (*samples)[i])
	}
	*samples, a.thinned = half, 2*a.thinned
}

// copyOf returns a copy of a record that shares nothing that changes with it.
func copyOf(r record) record {
	r.Reasons, r.Samples = maps.Clone(r.Reasons), slices.Clone(r.Samples)
	return r
}
