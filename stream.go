package dynamodest

import (
	"context"
	"iter"

	"github.com/dynamodest/dynamodest/internal/fault"
)

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
// is called between rows and at the end, and not while rows waits. A source must not
// touch a row, or bytes in it, after yielding it, until the row is reported or, without report,
// WriteSeq returns.
//
// A row that stays unsettled, such as a row of a key that DynamoDB keeps throttling, delays the
// reports of later rows, and not their writing: they are settled, and wait to be reported. When they
// fill Config.WindowBytes, WriteSeq takes no further row until that row is settled, and
// [Observer].Wait hears of a wait for "window". With Config.ReportAsSettled no row waits for another.
//
// It stops early when rows yields an error (a row yielded with an
// error is not taken), when report returns one, when ctx ends, or at a fault that every row would meet;
// [WriteError].Stop says which. Rows already taken still get their outcome: after an error of rows they
// are written as usual; in the other cases no further request starts. They are reported too, unless
// report itself failed. The Summary counts every row taken, in all cases.
//
// The error is nil if every row taken was Written, Skipped or Superseded and nothing stopped the call
// early; otherwise it is a [*WriteError]. If ctx has ended, the call counts as stopped early even if
// rows is exhausted: the end of ctx may have ended the source. For order, cancellation and ownership
// see [Destination.Write]. A batch that is not full is sent when its first row has waited
// Config.MaxWait.
func (d *Destination) WriteSeq(ctx context.Context, rows iter.Seq2[Row, error], report func(Row, RowResult) error) (Summary, error) {
	return d.stream(ctx, report, func(c *call) bool {
		for row, err := range rows {
			if !c.takeYielded(ctx, row, err) {
				return false
			}
		}
		return true
	})
}

// stream makes one call whose rows come one by one: takeRows takes them, and reports whether there
// are no more.
func (d *Destination) stream(ctx context.Context, report func(Row, RowResult) error, takeRows func(*call) bool) (Summary, error) {
	c := d.beginCall(ctx, report)
	defer c.end()
	c.exhausted = takeRows(c)
	// A source that ends without an error after ctx has ended may have been cut short by that,
	// before its first row too.
	if ctx.Err() != nil {
		c.exhausted = false
	}
	c.finish(ctx)
	return c.sum, c.err(ctx)
}

// takeYielded takes what a source yielded: a row, or the error that ends it. It reports whether the call
// goes on.
func (c *call) takeYielded(ctx context.Context, row Row, err error) bool {
	switch {
	case err != nil:
		c.sourceErr = fault.Hide("the source of rows", err)
		return false
	case ctx.Err() != nil:
		return false
	}
	return c.take(ctx, row)
}
