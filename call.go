package dynamodest

import (
	"context"
	"errors"
	"iter"
	"slices"
)

// The window of a call: what it holds of rows that are taken and not yet
// reported, those in flight included. It bounds a call's memory, whatever the
// number of rows. Write, whose caller holds all rows anyway, takes a chunk of
// them at once and may go that much over it.
const (
	windowRows  = 16_384
	windowBytes = 32 << 20
)

// convertChunk is how many rows Write converts at once, in parallel.
const convertChunk = 128

// Write writes rows to the table and waits for all of them.
//
// The Result has one entry for each row, at the row's own index, whatever the
// error. The error is nil if every row was Written, Skipped or Superseded;
// otherwise it is a [*WriteError]. No rows are no error.
//
// One bad row costs only itself. Of rows with the same key the last one given
// wins; an earlier one is either written before it or, if the last was written
// in its place, Superseded. (With OnExisting Skip or Fail the first one wins.)
// Rows with different keys go in any order. One case no client can close: a
// request given up without an answer may still be applied later, over a newer
// row, so order is promised for keys none of whose requests ended so.
//
// Write changes nothing of rows and keeps nothing of them after it returns.
// When ctx ends it starts no request, gives up those in flight, waits for
// every goroutine it started, and returns a WriteError that is also ctx's
// error: rows never sent are NotWritten, rows whose answer was cut off are
// Unknown.
func (d *Destination) Write(ctx context.Context, rows []Row) (Result, error) {
	res := Result{Rows: make([]RowResult, len(rows))}
	if len(rows) == 0 {
		return res, nil
	}
	c := d.begin(ctx, func(_ Row, r RowResult) error {
		res.Rows[r.Index] = r
		return nil
	})
	defer c.end()
	c.exhausted = true
	for chunk := range slices.Chunk(rows, convertChunk) {
		if ctx.Err() != nil || !c.takeAll(ctx, chunk) {
			c.exhausted = false
			break
		}
	}
	c.finish(ctx)
	c.leave(ctx, res.Rows)
	res.Summary = c.sum
	return res, c.err(ctx)
}

// WriteSeq writes the rows of a sequence of any length, in bounded memory.
//
// It calls report, if not nil, once for each row it took, in row order, with
// the row and its final result; report may keep the row. Once report has had
// row i, rows 0 to i are settled, which is not to say written: after a stop the
// rows taken and not sent are reported too, with ErrStopped. So i is a
// checkpoint if rows with an Err are kept elsewhere first; else the index before
// the first such row is. Indexes count from 0 in each call.
//
// WriteSeq ranges over rows and calls report on its caller's own goroutine, so
// the two may share variables without a lock, and a panic in either comes out
// of WriteSeq. It follows that report is called between rows and at the end,
// and waits while rows waits. A source must not touch a row, or bytes in it,
// after yielding it, until it is reported or, without report, WriteSeq returns.
//
// It stops early when rows yields an error (a row beside it is not taken), when
// report returns one, when ctx ends, or at a fault that every row would meet;
// [WriteError].Stop says which. Rows already taken still get their outcome:
// after an error of rows they are written as usual, after the others no further
// request starts. They are reported too, unless it was report that failed. The
// Summary counts every row taken, in all cases.
//
// The error is nil if every row taken was Written, Skipped or Superseded and
// nothing stopped the call early; otherwise it is a [*WriteError]. If ctx has
// ended, that counts as early: rows may have ended for the same reason. For
// order, cancelling and ownership see [Destination.Write]. A batch that is not
// full is sent when its first row has waited Config.MaxWait.
func (d *Destination) WriteSeq(ctx context.Context, rows iter.Seq2[Row, error], report func(Row, RowResult) error) (Summary, error) {
	c := d.begin(ctx, report)
	defer c.end()
	c.exhausted = true
	for row, err := range rows {
		if err != nil {
			c.sourceErr, c.exhausted = &callbackError{who: "the source of rows", err: err}, false
			break
		}
		if ctx.Err() != nil || !c.take(row) {
			c.exhausted = false
			break
		}
	}
	// A source that ends without an error after ctx has ended may have been cut
	// short by that, before its first row too.
	if ctx.Err() != nil {
		c.exhausted = false
	}
	c.finish(ctx)
	return c.sum, c.err(ctx)
}

// call is one Write or WriteSeq, on its caller's goroutine: it takes rows,
// converts them, and reports what the run makes of them.
type call struct {
	d      *Destination
	feed   *feed
	cancel context.CancelFunc
	report func(Row, RowResult) error

	next      int    // index of the next row
	order     []*job // taken and not yet reported, in row order
	bytes     int    // of memory that they take, roughly
	exhausted bool   // every row there was has been taken
	sourceErr error  // of the source
	reportErr error  // of report

	sum      Summary
	failures failures
}

// begin starts the run of a call. The caller must end it.
func (d *Destination) begin(ctx context.Context, report func(Row, RowResult) error) *call {
	ctx, cancel := context.WithCancel(ctx)
	c := &call{d: d, feed: newFeed(), cancel: cancel, report: report}
	r := newRun(d, c.feed)
	go func() {
		defer close(c.feed.ended)
		r.loop(ctx)
	}()
	return c
}

// end makes sure that nothing of the call is left running, also when the
// source or report panicked.
func (c *call) end() {
	c.cancel()
	<-c.feed.ended
}

// take takes one row. It reports whether the call goes on.
func (c *call) take(row Row) bool {
	it, rowErr := c.d.convert.convert(row)
	j := c.admit(row, it, rowErr)
	if rowErr != nil {
		return c.hand(nil)
	}
	return c.hand([]*job{j})
}

// takeAll takes many rows, converting them in parallel until ctx ends.
func (c *call) takeAll(ctx context.Context, rows []Row) bool {
	items, errs := c.d.convert.convertAll(ctx, rows)
	jobs := make([]*job, 0, len(rows))
	for i, row := range rows {
		if j := c.admit(row, items[i], errs[i]); items[i] != nil {
			jobs = append(jobs, j)
		}
	}
	return c.hand(jobs)
}

// admit gives a row its place in the order. A row that does not convert is
// settled at once; for one that convertAll did not come to, it and rowErr are
// nil.
func (c *call) admit(row Row, it *item, rowErr *RowError) *job {
	j := &job{row: row, item: it, result: RowResult{Index: c.next}}
	c.next++
	if rowErr != nil {
		rowErr.Index = j.result.Index
		j.result.Err = rowErr
		j.settled, j.size = true, rowSize(row)
	} else if it != nil {
		j.size = it.held
	}
	c.bytes += j.size
	c.order = append(c.order, j)
	return j
}

// hand gives rows to the run and reports what has settled; while the window is
// full it waits for more to settle.
func (c *call) hand(jobs []*job) bool {
	settled, running := c.feed.put(jobs)
	c.settle(settled)
	for running && c.reportErr == nil && (len(c.order) >= windowRows || c.bytes >= windowBytes) {
		c.feed.tell(func(s *feedState) { s.starved = true })
		select {
		case <-c.feed.toCaller:
		case <-c.feed.ended:
		}
		settled, running = c.feed.put(nil)
		c.settle(settled)
	}
	return running && c.reportErr == nil
}

// settle notes the rows that the run has settled, and reports those whose turn
// has come.
func (c *call) settle(jobs []*job) {
	for _, j := range jobs {
		j.settled = true
	}
	for len(c.order) > 0 && c.order[0].settled {
		j := c.order[0]
		c.order[0] = nil
		c.order = c.order[1:]
		c.bytes -= j.size
		c.tell(j)
	}
}

// tell counts a settled row and reports it, unless report has failed.
func (c *call) tell(j *job) {
	c.sum.count(j.result.Outcome)
	if j.result.Err != nil {
		var rowErr *RowError
		errors.As(j.result.Err, &rowErr)
		c.failures.add(rowErr)
	}
	if c.report == nil || c.reportErr != nil {
		return
	}
	row := j.row
	j.row = nil // a chain of the key may hold the job for a while
	if err := c.report(row, j.result); err != nil {
		c.reportErr = &callbackError{who: "report", err: err}
		c.feed.tell(func(s *feedState) { s.quit = c.reportErr })
	}
}

// finish waits until every row taken is settled and reported, and the run has
// ended.
func (c *call) finish(ctx context.Context) {
	c.feed.tell(func(s *feedState) { s.closed = true })
	for ended := false; !ended; {
		select {
		case <-c.feed.toCaller:
		case <-c.feed.ended:
			ended = true
		}
		settled, _ := c.feed.put(nil)
		c.settle(settled)
	}
	for _, j := range c.order { // handed over after the run had stopped, or not converted
		if !j.settled {
			j.result, j.settled = c.untried(ctx, j.result.Index), true
		}
	}
	c.settle(nil)
	work := c.feed.summary
	c.sum.Requests, c.sum.Resent, c.sum.WriteUnits = work.Requests, work.Resent, work.WriteUnits
}

// leave gives a result to the rows that Write did not take before it stopped.
func (c *call) leave(ctx context.Context, results []RowResult) {
	rest := results[c.next:]
	if len(rest) == 0 {
		return
	}
	cause, errs := c.stopErr(ctx), make([]RowError, len(rest)) // one by one would hold up a cancelled call
	for i := range rest {
		errs[i] = RowError{Index: c.next + i, Reason: ErrStopped, Err: cause}
		rest[i] = RowResult{Index: c.next + i, Err: &errs[i]}
		c.sum.count(NotWritten)
		c.failures.add(&errs[i])
	}
}

// untried is a row that the call did not come to.
func (c *call) untried(ctx context.Context, index int) RowResult {
	return RowResult{Index: index, Err: &RowError{Index: index, Reason: ErrStopped, Err: c.stopErr(ctx)}}
}

// stopErr is what stopped the call early.
func (c *call) stopErr(ctx context.Context) error {
	switch {
	case c.reportErr != nil:
		return c.reportErr
	case c.sourceErr != nil:
		return c.sourceErr
	case c.feed.stop != nil:
		return c.feed.stop
	}
	return stopCause(ctx)
}

// err is the error of the whole call. A context that ended when nothing was
// left to do has stopped nothing.
func (c *call) err(ctx context.Context) error {
	if c.exhausted && c.reportErr == nil && c.failures.none() {
		return nil
	}
	e := &WriteError{Summary: c.sum, Reasons: c.failures.reasons, First: c.failures.first}
	var fault *TableError
	early := !c.exhausted || c.reportErr != nil || c.failures.reasons[ErrStopped] > 0
	if early || errors.As(c.feed.stop, &fault) {
		e.Stop = c.stopErr(ctx)
	}
	return e
}

// failures gathers the rows that failed.
type failures struct {
	reasons map[Reason]int
	first   []*RowError
}

// firstFailures is the most rows that a WriteError holds.
const firstFailures = 10

func (f *failures) none() bool { return len(f.reasons) == 0 }

func (f *failures) add(rowErr *RowError) {
	if f.reasons == nil {
		f.reasons = make(map[Reason]int)
	}
	f.reasons[rowErr.Reason]++
	if len(f.first) < firstFailures {
		f.first = append(f.first, rowErr)
	}
}
