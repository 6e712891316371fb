package dynamodest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/typemap"
)

// Write converts chunks of rows in parallel: as many rows as take about one part in chunkShare of the
// window, maxChunk at most. It may hold a converted chunk beyond the window.
const (
	maxChunk   = 128
	chunkShare = 16
)

// Write writes rows to the table and waits for all of them.
//
// The Result has one entry for each row, at the row's own index, whatever the error. The error is
// nil if every row was Written, Deleted, Skipped or Superseded; otherwise it is a [*WriteError]. Zero rows
// are no error.
//
// One bad row costs only itself. Of rows with the same key the last one given wins; an earlier row is
// either written before it or, if the last one was written instead, Superseded. (With OnExisting Skip
// or Fail the first one wins, with Config.Version the highest version, and with Config.Duplicates
// RefuseDuplicates none: they are NotWritten with ErrKey.) Rows with different keys go in any order. There
// is one exception that no client can rule out but by Config.Version: a request that timed out may still be
// applied later, over a newer row. Order is therefore promised only for keys whose every request got a
// response.
//
// Write does not change rows and keeps nothing of them after it returns. When ctx ends it starts no
// further request, gives up those in flight, waits for every goroutine it started, and returns a
// WriteError that is also ctx's error: rows never sent are NotWritten, rows whose response was cut
// off are Unknown. That takes no more than 100 ms, and 100 ms for each million rows that Write had not
// begun, once the client and the callbacks have returned.
func (d *Destination) Write(ctx context.Context, rows []Row) (Result, error) {
	d.mustBeMade()
	ctx, c := d.beginCall(ctx, OpWrite, len(rows), nil)
	defer c.end()
	res := Result{Rows: make([]RowResult, len(rows))}
	if len(rows) == 0 {
		c.returns = true
		return res, nil
	}
	found := d.findDuplicates(ctx, rows)
	c.startDispatcher(ctx)
	c.window.slabRows = min(len(rows), maxSlabRows)
	c.results = res.Rows
	c.exhausted = true
	for size := typemap.Footprint(rows[0]); c.exhausted && c.next < len(rows); { // of one row, roughly
		n := max(1, min(d.windowBytes/chunkShare/max(1, size), maxChunk))
		chunk := rows[c.next:min(c.next+n, len(rows))]
		results := c.convertUnique(ctx, chunk, found)
		size = averageFootprint(results) // now: once taken, items are the dispatcher's to clear
		c.exhausted = c.takeAll(ctx, chunk, results)
	}
	c.finish(ctx)
	c.failRemaining(c.stopErr(ctx))
	var err error
	res.Summary, err = c.conclude(ctx)
	return res, err
}

// call is the caller's side of one Write or stream (WriteSeq, WriteColumns, WriteChan). It converts rows, hands
// them to the dispatcher, and reports results, all on the caller's goroutine.
type call struct {
	d       *Destination
	info    Call
	place   int                // among the Destination's running calls, whose lock guards it
	done    func()             // calls the CallDone hook; nil for none
	cancel  context.CancelFunc // ends the dispatcher; nil before it is started
	mailbox *mailbox
	report  func(sourceRow, RowResult) error // nil if results are not reported
	results []RowResult                      // of Write; otherwise nil

	jobs, settledJobs []*job // memory for the next rows taken and settled
	converted         []converted
	scratch           *typemap.Scratch

	next      int // index of the next row
	window    window
	notified  *job  // the unsettled row that the last wait reported to the Observer was for
	exhausted bool  // every row there was has been taken
	sourceErr error // of the source
	reportErr error // of report

	plan     *typemap.ValuesPlan // of a call whose rows are values beside columns; otherwise nil
	columns  columnsMet
	keys     *keysMet // nil if rows may have the same key, and in Write
	failures failures

	returns bool    // the call returns sum and failed, unlike one that a panic ends
	sum     Summary // set at the end
	failed  error
}

// take takes one row, unless its key is one too many. It reports whether the call goes on.
func (c *call) take(ctx context.Context, row sourceRow) bool {
	r := c.convert(row)
	if c.keys != nil {
		r.invalid = c.refuse(row, r.item, r.invalid)
		if c.sourceErr != nil {
			return false
		}
	}
	c.columns.add(row)
	if r.invalid != nil {
		return c.takeInvalid(ctx, row, r.invalid)
	}
	return c.hand(ctx, []*job{c.enqueue(row, r)})
}

// takeInvalid takes a row that cannot be converted. It reports whether the call goes on.
func (c *call) takeInvalid(ctx context.Context, row sourceRow, invalid *fault.Error) bool {
	c.settleInvalid(row, invalid)
	return c.hand(ctx, nil)
}

// averageFootprint returns how many bytes one of rows takes, roughly. Rows without an item count as
// nothing.
func averageFootprint(rows []converted) int {
	bytes := 0
	for i := range rows {
		if it := rows[i].item; it != nil {
			bytes += it.Footprint
		}
	}
	return bytes / len(rows)
}

// takeAll takes many rows, converted up to the end of ctx. It reports whether the call goes on.
func (c *call) takeAll(ctx context.Context, rows []Row, results []converted) bool {
	jobs := slices.Grow(c.jobs[:0], len(rows))
	defer func() { c.jobs = jobs }()
	for i := range rows {
		row := sourceRow{row: rows[i]}
		switch {
		case results[i].invalid != nil:
			c.columns.add(row)
			c.settleInvalid(row, results[i].invalid)
		case results[i].item != nil:
			c.columns.add(row)
			jobs = append(jobs, c.enqueue(row, results[i]))
		default: // ctx has ended before the row's conversion
			c.hand(ctx, jobs)
			return false
		}
		if c.window.full() {
			if !c.hand(ctx, jobs) {
				return false
			}
			jobs = jobs[:0]
		}
	}
	return c.hand(ctx, jobs)
}

// enqueue adds the next row, which was converted to r, to the window.
func (c *call) enqueue(row sourceRow, r converted) *job {
	if c.report == nil { // only its result is wanted
		row = sourceRow{}
	}
	j := c.window.add(c.next, row, r)
	c.next++
	return j
}

// settleInvalid gives the next row, which cannot be converted, its result.
func (c *call) settleInvalid(row sourceRow, invalid *fault.Error) {
	c.settleUnsent(row, conversionError(c.next, invalid))
}

// settleUnsent gives the next row, which is not sent, its result.
func (c *call) settleUnsent(row sourceRow, rowErr *RowError) {
	result := RowResult{Index: c.next, Err: rowErr}
	c.next++
	c.mailbox.settleUnsent(1, c.next)
	c.settled(row, result, row.footprint())
}

// hand gives rows to the dispatcher and reports what has settled; while the window is full it waits
// for more to settle. It reports whether the call goes on.
func (c *call) hand(ctx context.Context, jobs []*job) bool {
	running := c.exchange(jobs)
	clear(jobs)
	for running && c.window.full() {
		c.mailbox.sourceIdle(c.window.stuck())
		c.observeWait(ctx)
		select {
		case <-c.mailbox.toCaller:
		case <-c.mailbox.ended:
		}
		running = c.exchange(nil)
	}
	return running
}

// exchange gives rows to the dispatcher and reports what has settled. It reports whether the call
// goes on.
func (c *call) exchange(jobs []*job) bool {
	settled, heldBack, stop := c.mailbox.exchange(jobs, c.next, c.settledJobs)
	c.window.heldBack = heldBack
	for _, j := range settled {
		c.settle(j, c.d.rowResult(j, stop))
	}
	if len(settled) > 0 {
		c.mailbox.reported()
	}
	clear(settled)
	c.settledJobs = settled
	return stop == nil && c.reportErr == nil
}

// observeWait notifies the Observer, once for each unsettled row that is waited for, of a wait
// because the rows that wait to be reported behind that row fill the window.
func (c *call) observeWait(ctx context.Context) {
	if c.window.stuck() && c.notified != c.window.oldest {
		c.notified = c.window.oldest
		c.d.notifyWait(ctx, c.info.ID, Wait{For: WaitWindow, Rows: c.window.line.waiting})
	}
}

// settle takes a row that is settled out of the window.
func (c *call) settle(j *job, result RowResult) {
	row, bytes := j.source, j.sourceBytes
	c.window.remove(j)
	c.settled(row, result, bytes)
}

// settled takes the result of a settled row, and reports it and the rows that waited for it.
func (c *call) settled(row sourceRow, result RowResult, sourceBytes int) {
	if result.Err != nil {
		c.failures.add(rowErrorOf(result))
	}
	switch {
	case c.results != nil:
		c.results[result.Index] = result
	case c.report == nil || c.reportErr != nil:
	case c.d.reportAsSettled:
		result.SettledBefore = c.window.settledBefore(c.next)
		c.reportRow(row, result)
	default:
		c.window.wait(row, result, sourceBytes)
		for c.reportErr == nil {
			row, result, ok := c.window.nextReport()
			if !ok {
				break
			}
			c.reportRow(row, result)
		}
	}
}

// reportRow calls report.
func (c *call) reportRow(row sourceRow, result RowResult) {
	if err := c.report(row, result); err != nil {
		c.reportErr = fault.Hide("report", err)
		c.mailbox.abort(c.reportErr)
	}
}

// finish waits until every row taken is settled and reported, and the dispatcher has ended.
func (c *call) finish(ctx context.Context) {
	c.mailbox.close()
	for ended := false; !ended; {
		select {
		case <-c.mailbox.toCaller:
		case <-c.mailbox.ended:
			ended = true
		}
		c.exchange(nil)
	}
	for j := c.window.oldest; j != nil; j = c.window.oldest { // handed over after the dispatcher had stopped
		rowErr := notStarted(j.Index, c.stopErr(ctx))
		c.mailbox.settleUnsent(1, c.next)
		c.settle(j, RowResult{Index: j.Index, Err: &rowErr})
	}
}

// failRemaining marks the rows that Write never started as NotWritten.
func (c *call) failRemaining(cause error) {
	rest := c.results[c.next:]
	if len(rest) == 0 {
		return
	}
	failRows(rest, c.next, cause)
	for _, r := range rest[:min(len(rest), maxFirst)] {
		c.failures.add(rowErrorOf(r))
	}
	c.failures.reasons[ErrStopped] += max(0, len(rest)-maxFirst)
	c.next += len(rest)
	c.mailbox.settleUnsent(len(rest), c.next)
}

// minFailShare is the fewest rows that are worth a goroutine.
const minFailShare = 1 << 14

// failRows gives rows that were never started their results, the first of which has the index first.
// It works in parallel, and allocates many errors at once: a cancelled call must return quickly.
func failRows(results []RowResult, first int, cause error) {
	size := max(minFailShare, 1+len(results)/runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for share := range slices.Chunk(results, size) {
		from := first
		first += len(share)
		workers.Go(func() {
			errs := make([]RowError, len(share))
			for i := range share {
				errs[i] = notStarted(from+i, cause)
				share[i] = RowResult{Index: from + i, Err: &errs[i]}
			}
		})
	}
	workers.Wait()
}

// notStarted is the error of a row that no request carried before cause stopped the call.
func notStarted(index int, cause error) RowError {
	return RowError{Index: index, Reason: ErrStopped, Err: cause}
}

// stopErr returns what stopped the call early.
func (c *call) stopErr(ctx context.Context) error {
	switch {
	case c.reportErr != nil:
		return c.reportErr
	case c.sourceErr != nil:
		return c.sourceErr
	case c.mailbox.stop != nil:
		return c.mailbox.stop
	}
	return fault.Ended(ctx)
}

// err returns the error of the whole call. A context that ended when nothing was left to do has
// stopped nothing.
func (c *call) err(ctx context.Context) error {
	if c.exhausted && c.reportErr == nil && c.failures.none() {
		return nil
	}
	e := &WriteError{Summary: c.sum, Reasons: c.failures.reasons, First: c.failures.first, Throttling: Throttling(c.mailbox.stats.Throttled)}
	var tableErr *TableError
	early := !c.exhausted || c.reportErr != nil || c.failures.reasons[ErrStopped] > 0
	if early || errors.As(c.mailbox.stop, &tableErr) {
		e.Stop = c.stopErr(ctx)
	}
	return e
}

// failures gathers the rows that failed.
type failures struct {
	reasons map[Reason]int
	first   []*RowError // those with the lowest indexes, in row order
}

// maxFirst is the most rows that WriteError.First holds.
const maxFirst = 10

// rowErrorOf returns the error of a row that failed.
func rowErrorOf(r RowResult) *RowError {
	var rowErr *RowError
	errors.As(r.Err, &rowErr)
	return rowErr
}

func (f *failures) none() bool { return len(f.reasons) == 0 }

func (f *failures) add(rowErr *RowError) {
	if f.reasons == nil {
		f.reasons = make(map[Reason]int)
	}
	f.reasons[rowErr.Reason]++
	place := len(f.first)
	for place > 0 && f.first[place-1].Index > rowErr.Index {
		place--
	}
	if place < maxFirst {
		f.first = slices.Insert(f.first, place, rowErr)
		f.first = f.first[:min(len(f.first), maxFirst)]
	}
}
