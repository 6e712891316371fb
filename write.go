package dynamodest

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/schedule"
	"github.com/dynamodest/dynamodest/internal/typemap"
)

// The window of a call: what the call holds of rows that are taken and not yet reported, rows in
// flight included. It bounds a call's memory, whatever the number of rows. Write, whose caller holds
// all rows anyway, takes a chunk of them at once and may go that much over the window.
const (
	windowRows  = 16_384
	windowBytes = 32 << 20
)

// convertChunk is how many rows Write converts at once, in parallel.
const convertChunk = 128

// Write writes rows to the table and waits for all of them.
//
// The Result has one entry for each row, at the row's own index, whatever the error. The error is
// nil if every row was Written, Skipped or Superseded; otherwise it is a [*WriteError]. Zero rows are
// no error.
//
// One bad row costs only itself. Of rows with the same key the last one given wins; an earlier row is
// either written before it or, if the last one was written instead, Superseded. (With OnExisting Skip
// or Fail the first one wins.) Rows with different keys go in any order. There is one exception that
// no client can rule out: a request that timed out may still be applied later, over a newer row. Order
// is therefore promised only for keys whose every request got a response.
//
// Write does not change rows and keeps nothing of them after it returns. When ctx ends it starts no
// further request, gives up those in flight, waits for every goroutine it started, and returns a
// WriteError that is also ctx's error: rows never sent are NotWritten, rows whose response was cut
// off are Unknown.
func (d *Destination) Write(ctx context.Context, rows []Row) (Result, error) {
	res := Result{Rows: make([]RowResult, len(rows))}
	if len(rows) == 0 {
		return res, nil
	}
	c := d.beginCall(ctx, func(_ Row, r RowResult) error {
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
	c.failRemaining(ctx, res.Rows)
	res.Summary = c.sum
	return res, c.err(ctx)
}

// WriteSeq writes the rows of a sequence of any length, in bounded memory.
//
// It calls report, if not nil, once for each row it took, in row order, with the row and its final
// result; report may keep the row. Once report has been called for row i, rows 0 to i are settled, but
// not all of them need be written: after a stop, the rows taken and not sent are reported too, with
// ErrStopped. Index i is a checkpoint only if every reported row with an Err was dead-lettered or
// written again; otherwise use the index before the first such row. Indexes count from 0 in each call.
//
// WriteSeq ranges over rows and calls report on its caller's own goroutine, so the two may share
// variables without a lock, and a panic in either propagates out of WriteSeq. It follows that report
// is called between rows and at the end, and not while rows waits. A source must not touch a row, or
// bytes in it, after yielding it, until the row is reported or, without report, WriteSeq returns.
//
// It stops early when rows yields an error (a row yielded with an error is not taken), when report
// returns one, when ctx ends, or at a fault that every row would meet; [WriteError].Stop says which.
// Rows already taken still get their outcome: after an error of rows they are written as usual; in
// the other cases no further request starts. They are reported too, unless report itself failed. The
// Summary counts every row taken, in all cases.
//
// The error is nil if every row taken was Written, Skipped or Superseded and nothing stopped the call
// early; otherwise it is a [*WriteError]. If ctx has ended, the call counts as stopped early even if
// rows is exhausted: the end of ctx may have ended the source. For order, cancellation and ownership see [Destination.Write]. A batch that is
// not full is sent when its first row has waited Config.MaxWait.
func (d *Destination) WriteSeq(ctx context.Context, rows iter.Seq2[Row, error], report func(Row, RowResult) error) (Summary, error) {
	c := d.beginCall(ctx, report)
	defer c.end()
	c.exhausted = true
	for row, err := range rows {
		if err != nil {
			c.sourceErr, c.exhausted = fault.Hide("the source of rows", err), false
			break
		}
		if ctx.Err() != nil || !c.take(row) {
			c.exhausted = false
			break
		}
	}
	// A source that ends without an error after ctx has ended may have been cut short by that,
	// before its first row too.
	if ctx.Err() != nil {
		c.exhausted = false
	}
	c.finish(ctx)
	return c.sum, c.err(ctx)
}

// call is the caller's side of one Write or WriteSeq. It converts rows, hands them to the dispatcher,
// and reports results in row order, all on the caller's goroutine.
type call struct {
	d       *Destination
	mailbox *mailbox
	cancel  context.CancelFunc
	report  func(Row, RowResult) error

	next      int    // index of the next row
	window    []*job // taken and not yet reported, in row order
	bytes     int    // of memory that the window takes, roughly
	exhausted bool   // every row there was has been taken
	sourceErr error  // of the source
	reportErr error  // of report

	sum      Summary
	failures failures
}

// beginCall starts the dispatcher of a call. The caller must end the call.
func (d *Destination) beginCall(ctx context.Context, report func(Row, RowResult) error) *call {
	ctx, cancel := context.WithCancel(ctx)
	c := &call{d: d, mailbox: newMailbox(), cancel: cancel, report: report}
	r := newDispatcher(d, c.mailbox)
	go func() {
		defer close(c.mailbox.ended)
		r.loop(ctx)
	}()
	return c
}

// end makes sure that nothing of the call is left running, also when the source or report panicked.
func (c *call) end() {
	c.cancel()
	<-c.mailbox.ended
}

// take takes one row. It reports whether the call goes on.
func (c *call) take(row Row) bool {
	it, invalid := c.d.converter.Convert(row)
	j := c.enqueue(row, it, invalid)
	if invalid != nil {
		return c.hand(nil)
	}
	return c.hand([]*job{j})
}

// takeAll takes many rows, converting them in parallel until ctx ends.
func (c *call) takeAll(ctx context.Context, rows []Row) bool {
	items, invalid := c.d.converter.ConvertAll(ctx, rows)
	jobs := make([]*job, 0, len(rows))
	for i, row := range rows {
		if j := c.enqueue(row, items[i], invalid[i]); items[i] != nil {
			jobs = append(jobs, j)
		}
	}
	return c.hand(jobs)
}

// enqueue appends a row to the window. A row that failed to convert is settled immediately; a row
// that ConvertAll did not reach has neither an item nor an error.
func (c *call) enqueue(row Row, it *item.Item, invalid *fault.Error) *job {
	j := &job{Row: schedule.Row{Index: c.next}, source: row, item: it}
	c.next++
	if invalid != nil {
		j.result = RowResult{Index: j.Index, Err: conversionError(j.Index, invalid)}
		j.done, j.footprint = true, typemap.Footprint(row)
	} else if it != nil {
		j.Key, j.Units, j.Size, j.EncodedSize = it.Key, it.Units(), it.Size, it.EncodedSize
		j.PartitionLen, j.Payload, j.footprint = it.PartitionLen, j, it.Footprint
	}
	c.bytes += j.footprint
	c.window = append(c.window, j)
	return j
}

// hand gives rows to the dispatcher and reports what has settled; while the window is full it waits
// for more to settle. It reports whether the call goes on.
func (c *call) hand(jobs []*job) bool {
	settled, running := c.mailbox.exchange(jobs)
	c.settle(settled)
	for running && c.reportErr == nil && (len(c.window) >= windowRows || c.bytes >= windowBytes) {
		c.mailbox.waitForRoom()
		select {
		case <-c.mailbox.toCaller:
		case <-c.mailbox.ended:
		}
		settled, running = c.mailbox.exchange(nil)
		c.settle(settled)
	}
	return running && c.reportErr == nil
}

// settle records the rows that the dispatcher has settled, and reports those whose turn has come.
func (c *call) settle(jobs []*job) {
	for _, j := range jobs {
		j.done = true
	}
	for len(c.window) > 0 && c.window[0].done {
		j := c.window[0]
		c.window[0] = nil
		c.window = c.window[1:]
		c.bytes -= j.footprint
		c.reportRow(j)
	}
}

// reportRow counts a settled row and reports it, unless report has failed.
func (c *call) reportRow(j *job) {
	c.sum.count(j.result.Outcome)
	if j.result.Err != nil {
		var rowErr *RowError
		errors.As(j.result.Err, &rowErr)
		c.failures.add(rowErr)
	}
	if c.report == nil || c.reportErr != nil {
		return
	}
	row := j.source
	j.source = nil // the scheduler may keep the job alive; let its source row be collected
	if err := c.report(row, j.result); err != nil {
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
		settled, _ := c.mailbox.exchange(nil)
		c.settle(settled)
	}
	for _, j := range c.window { // handed over after the dispatcher had stopped, or not converted
		if !j.done {
			j.result, j.done = notStarted(j.Index, c.stopErr(ctx)), true
		}
	}
	c.settle(nil)
	stats := c.mailbox.stats
	c.sum.Requests, c.sum.Resent, c.sum.WriteUnits = stats.Requests, stats.Resent, stats.WriteUnits
}

// failRemaining marks the rows that Write never started as NotWritten.
func (c *call) failRemaining(ctx context.Context, results []RowResult) {
	rest := results[c.next:]
	if len(rest) == 0 {
		return
	}
	// Allocate all errors at once: a cancelled call must return quickly.
	cause, errs := c.stopErr(ctx), make([]RowError, len(rest))
	for i := range rest {
		errs[i] = RowError{Index: c.next + i, Reason: ErrStopped, Err: cause}
		rest[i] = RowResult{Index: c.next + i, Err: &errs[i]}
		c.sum.count(NotWritten)
		c.failures.add(&errs[i])
	}
}

// notStarted is the result of a row that no request carried before cause stopped the call.
func notStarted(index int, cause error) RowResult {
	return RowResult{Index: index, Err: &RowError{Index: index, Reason: ErrStopped, Err: cause}}
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
	first   []*RowError
}

// maxFirst is the most rows that WriteError.First holds.
const maxFirst = 10

func (f *failures) none() bool { return len(f.reasons) == 0 }

func (f *failures) add(rowErr *RowError) {
	if f.reasons == nil {
		f.reasons = make(map[Reason]int)
	}
	f.reasons[rowErr.Reason]++
	if len(f.first) < maxFirst {
		f.first = append(f.first, rowErr)
	}
}
