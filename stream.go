package dynamodest

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/typemap"
)

// Pause is what a source of [Destination.WriteSeq] or [Destination.WriteColumns] yields, with a nil row,
// when it has no row now:
//
//	yield(nil, dynamodest.Pause)
//
// The call then lets batches that are not full go, reports what is settled, and returns to the source
// at once. A pause takes no index. The source itself waits for its next row, as by a poll with a
// timeout, and yields Pause again from time to time so that settled rows are reported.
//
// Pause is found by errors.Is. A row that is yielded with it ends the stream as any error of the
// source does, so that no row is dropped unnoticed.
var Pause = errors.New("the source of rows has no row now") //nolint:staticcheck // a word of sources and no failure, as fs.SkipDir is

// BadRow returns an error for a source of [Destination.WriteSeq] or [Destination.WriteColumns] to yield
// when it cannot read a row, so that the stream goes on:
//
//	yield(nil, dynamodest.BadRow(err))
//
// It is taken as a row, in its place in the order: NotWritten with [ErrMapping]. The text of its
// RowError does not quote err, which errors.Is and errors.As reach. If err is, or wraps, an error with a
// method SourceLine() int, such as the LineError of package source, the text has the number that it
// returns: "line 17 of the source could not be read". A number below 1 is not shown.
//
// A row that is yielded with a BadRow, if there is any, is given to report, and is not written. BadRow is
// found by errors.As; an error that is both BadRow and Pause is a BadRow.
func BadRow(err error) error { return &badRow{err} }

// badRow is an error of BadRow.
type badRow struct{ cause error }

// unreadableText does not quote the cause of a badRow, which may quote the row.
const unreadableText = "the source could not read the row"

func (*badRow) Error() string { return unreadableText }

// Unwrap returns the cause.
func (e *badRow) Unwrap() error { return e.cause }

// Format keeps fmt from walking into the cause.
func (e badRow) Format(s fmt.State, verb rune) { fault.Format(s, verb, e.Error()) }

// WriteSeq writes the rows of a sequence of any length, in bounded memory. There is one exception: with
// Config.Duplicates RefuseDuplicates it keeps up to 38 bytes for each key, up to Config.MaxKeys of them.
//
// It calls report, if not nil, once for each row it took, in row order, with the row and its final
// result; report may keep the row. Once report has been called for row i, rows 0 to i are settled, but
// not all of them need be written: after a stop, the rows taken and not sent are reported too, with
// ErrStopped. Index i is a checkpoint only if every reported row with an Err was dead-lettered or
// written again; otherwise use the index before the first such row. Indexes count from 0 in each call.
//
// WriteSeq ranges over rows and calls report on its caller's own goroutine, so the two may share
// variables without a lock, and a panic in either propagates out of WriteSeq. It follows that report
// is called between rows and at the end, and not while rows waits: a source that may wait long for a
// row yields [Pause] meanwhile, or is a channel given to [Destination.WriteChan]. A source must not
// touch a row, or bytes in it, after yielding it, until the row is reported or, without report,
// WriteSeq returns.
//
// A row that stays unsettled, such as a row of a key that DynamoDB keeps throttling, delays the
// reports of later rows, and not their writing: they are settled, and wait to be reported. When they
// fill Config.WindowBytes, WriteSeq takes no further row until that row is settled, and
// [Observer].Wait hears of a wait for "window". With Config.ReportAsSettled no row waits for another.
//
// It stops early when rows yields an error other than Pause and BadRow (a row yielded with such an
// error is not taken), when a row has one key more than Config.MaxKeys (that row is not taken), when report
// returns an error, when ctx ends, or at a fault that every row would meet; [WriteError].Stop says which.
// Rows already taken still get their outcome: after an error of rows and at MaxKeys they are written as
// usual; in the other cases no further request starts. They are reported too, unless report itself failed.
// The Summary counts every row taken, in all cases.
//
// The error is nil if every row taken was Written, Deleted, Skipped or Superseded and nothing stopped the
// call early; otherwise it is a [*WriteError]. If ctx has ended, the call counts as stopped early even if
// rows is exhausted: the end of ctx may have ended the source. For order, cancellation and ownership
// see [Destination.Write]. A batch that is not full is sent when its first row has waited
// Config.MaxWait, or when the source yields Pause.
func (d *Destination) WriteSeq(ctx context.Context, rows iter.Seq2[Row, error], report func(Row, RowResult) error) (Summary, error) {
	return d.stream(ctx, OpWriteSeq, reportRows(report), func(ctx context.Context, c *call) bool {
		for row, err := range rows {
			if !c.takeYielded(ctx, sourceRow{row: row}, err) {
				return false
			}
		}
		return true
	})
}

// reportRows returns the function that reports rows that are maps by report; nil for nil.
func reportRows(report func(Row, RowResult) error) func(sourceRow, RowResult) error {
	if report == nil {
		return nil
	}
	return func(row sourceRow, result RowResult) error { return report(row.row, result) }
}

// WriteChan writes the rows that come through a channel until it is closed, in bounded memory.
//
// It is as [Destination.WriteSeq], and calls report also while no row comes, as rows settle. A batch
// that is not full is sent when its first row has waited Config.MaxWait. A nil row is a row. A nil
// channel is an error.
//
// WriteChan stops early when a row has one key more than Config.MaxKeys (that row is NotWritten with
// ErrStopped), when report returns an error, when ctx ends, or at a fault that every row would meet. From
// then on nobody receives from rows, and a sender that only sends would wait forever: let each sender
// select on the send, on the end of ctx, and on the return of WriteChan, such as a channel that is closed
// after it. Every row received is taken, and reported unless report has failed; rows that are left in a
// buffered channel are not.
func (d *Destination) WriteChan(ctx context.Context, rows <-chan Row, report func(Row, RowResult) error) (Summary, error) {
	return d.stream(ctx, OpWriteChan, reportRows(report), func(ctx context.Context, c *call) bool {
		if rows == nil {
			c.sourceErr = errNilChannel
			return false
		}
		for running := true; running; {
			select {
			case row, ok := <-rows:
				if !ok {
					return true
				}
				next := c.next
				taken := sourceRow{row: row}
				if running = c.take(ctx, taken); c.next == next { // its key is one too many
					c.takeStopped(taken)
				}
			case <-c.mailbox.toCaller:
				running = c.exchange(nil)
			case <-c.mailbox.ended:
				running = false
			case <-ctx.Done():
				running = false
			}
		}
		return false
	})
}

// errNilChannel is what stops a WriteChan that could only wait.
var errNilChannel = errors.New("the channel of rows is nil: make it before the call, and close it after the last row")

// stream makes one call of op whose rows come one by one: takeRows takes them, and reports whether there
// are no more.
func (d *Destination) stream(ctx context.Context, op string, report func(sourceRow, RowResult) error, takeRows func(context.Context, *call) bool) (Summary, error) {
	d.mustBeMade()
	ctx, c := d.beginCall(ctx, op, 0, report)
	defer c.end()
	c.startDispatcher(ctx)
	c.keys = d.newKeysMet()
	c.scratch = typemap.BorrowScratch()
	c.exhausted = takeRows(ctx, c)
	c.scratch.Return() // not after a panic, in the middle of a row
	// A source that ends without an error after ctx has ended may have been cut short by that,
	// before its first row too.
	if ctx.Err() != nil {
		c.exhausted = false
	}
	c.finish(ctx)
	return c.conclude(ctx)
}

// takeYielded takes what a source yielded: a row, or the reason why there is none. It reports whether
// the call goes on.
func (c *call) takeYielded(ctx context.Context, row sourceRow, err error) bool {
	if err != nil {
		return c.takeNoRow(ctx, row, err)
	}
	return ctx.Err() == nil && c.take(ctx, row)
}

// takeNoRow takes the reason why a source has no row, and the row that it yielded all the same. It reports
// whether the call goes on.
func (c *call) takeNoRow(ctx context.Context, row sourceRow, err error) bool {
	invalid, stop := readNoRow(row, err)
	switch {
	case stop != nil:
		c.sourceErr = stop
		return false
	case ctx.Err() != nil:
		return false
	case invalid != nil:
		return c.takeInvalid(ctx, row, invalid)
	}
	return c.pause()
}

// readNoRow returns what err, which a source yielded with row, means: invalid is what is wrong with a BadRow, and
// stop is why the source ends; both are nil for a Pause.
func readNoRow(row sourceRow, err error) (invalid *fault.Error, stop error) {
	var bad *badRow
	isBad := errors.As(err, &bad)
	switch pause := !isBad && errors.Is(err, Pause); {
	case pause && row.given():
		return nil, fault.New(fault.Stopped, "the source of rows yielded a row with Pause: yield the row first, and Pause with a nil row").WithCause(err)
	case isBad:
		return unreadable(err), nil
	case !pause:
		return nil, fault.Hide(atLine("the source of rows", err), err)
	}
	return nil, nil
}

// unreadable returns what is wrong with a row that the source yielded as a BadRow.
func unreadable(err error) *fault.Error {
	text := unreadableText
	if line := sourceLine(err); line > 0 {
		text = fmt.Sprintf("line %d of the source could not be read", line)
	}
	return fault.NewMapping("%s", text).WithCause(err).
		WithRemedy("fix the row at its source; errors.Is and errors.As reach what the source found wrong")
}

// atLine returns source with the line of it that err names, if it names one.
func atLine(source string, err error) string {
	if line := sourceLine(err); line > 0 {
		return fmt.Sprintf("%s, at line %d,", source, line)
	}
	return source
}

// sourceLine returns the line of the source that err names by a method SourceLine; 0 if it names none, or
// if the method panics. Nothing else of err is shown: its text may quote the row.
func sourceLine(err error) (line int) {
	defer func() {
		if recover() != nil {
			line = 0
		}
	}()
	var at interface{ SourceLine() int }
	if errors.As(err, &at) {
		line = at.SourceLine()
	}
	return line
}

// pause reports what has settled and lets part-filled batches go. It reports whether the call goes on.
func (c *call) pause() bool {
	running := c.exchange(nil)
	c.mailbox.sourceIdle(false)
	return running
}
