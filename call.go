package dynamodest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// calls keeps account of the calls of a Destination.
type calls struct {
	mu      sync.Mutex
	begun   int64   // calls so far, and so the ID of the last one
	running []*call // in no order
	ended   Summary // of the calls that have ended
}

// nextID returns the ID of the next call.
func (s *calls) nextID() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun++
	return s.begun
}

// add takes in a call that begins.
func (s *calls) add(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.place = len(s.running)
	s.running = append(s.running, c)
}

// end takes a call out, with the Summary that it has in the end.
func (s *calls) end(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.running) - 1
	s.running[c.place] = s.running[last]
	s.running[c.place].place = c.place
	s.running[last] = nil
	s.running = s.running[:last]
	s.ended.Add(c.sum)
}

// beginCall begins a call of op, of so many rows if that is known, and calls the CallStart hook. The caller must
// end the call. The context is for all that the call does.
func (d *Destination) beginCall(ctx context.Context, op string, rows int, report func(sourceRow, RowResult) error) (context.Context, *call) {
	c := &call{d: d, mailbox: newMailbox(), report: report, window: window{
		active: activeRows(d.concurrency), maxBytes: d.windowBytes, slabRows: maxSlabRows, encoded: d.encodes,
	}}
	c.info = Call{Op: op, ID: d.calls.nextID(), Table: d.table, Region: d.region, Rows: rows}
	c.columns.missing = slices.Clone(d.columns)
	ctx = begin(ctx, c.info, d.observer.CallStart)
	if d.observer.CallDone != nil {
		began := time.Now()
		c.done = func() {
			d.observer.CallDone(ctx, CallResult{Call: c.info, Elapsed: time.Since(began), Summary: c.sum, Err: c.failed})
		}
	}
	d.calls.add(c)
	return ctx, c
}

// startDispatcher starts the goroutine that drives the call.
func (c *call) startDispatcher(ctx context.Context) {
	ctx, c.cancel = context.WithCancel(ctx)
	r := newDispatcher(c.d, c.info.ID, c.mailbox)
	go func() {
		defer close(c.mailbox.ended)
		r.loop(ctx)
	}()
}

// conclude returns the result of a call whose rows are all settled.
func (c *call) conclude(ctx context.Context) (Summary, error) {
	c.sum = c.mailbox.progress().sum
	c.sum.MissingColumns = c.columns.missed()
	c.failed = c.err(ctx)
	c.returns = true
	return c.sum, c.failed
}

// errNotReturned is the error of a call, for the Observer, whose caller gets none.
var errNotReturned = errors.New("the call did not return: a panic or runtime.Goexit ended it, of the source, of report or of another callback")

// end makes sure that nothing of the call is left running, also when the source or report panicked. Then the
// rows that were taken and that no request can have carried count as NotWritten.
func (c *call) end() {
	if c.cancel != nil {
		c.cancel()
		<-c.mailbox.ended
	}
	if !c.returns {
		c.mailbox.settleUnsent(c.next-c.mailbox.progress().sum.Rows, c.next)
		c.sum = c.mailbox.progress().sum
		c.sum.MissingColumns = c.columns.missed()
		c.failed = errNotReturned
	}
	c.d.calls.end(c)
	if c.done != nil {
		c.done()
	}
}
