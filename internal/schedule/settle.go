package schedule

import (
	"errors"
	"time"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// Existing says how the item already in the table compares to ours after a failed condition.
type Existing uint8

// The comparisons.
const (
	NotShown  Existing = iota // no item is shown, or with Newer none that explains the failure
	EqualItem                 // not with Newer
	OtherItem                 // with Newer: its rank is of another kind
	NewerItem                 // with Newer: its rank is higher
)

// Response is the result of a request.
type Response struct {
	Batch       *Batch
	Sent        bool           // the request was given to the client
	Done        time.Time      // when the request ended
	Failure     *fault.Failure // what its error means; nil if there was none
	Unprocessed []bool         // without Failure: rows that DynamoDB returned, parallel to Batch.Rows; nil if none
	Existing    Existing       // with KeyExists
	Stop        error          // with Abort and Reauthorize, and if not Sent: what every row would meet
	WriteUnits  float64        // charged, those of indexes included; 0 if not reported
	VectorBytes float64        // charged for writes to vector indexes; 0 if not reported
}

// Rejected returns the write units of the rows that DynamoDB had no capacity for: all of a throttled
// request, otherwise the unprocessed ones. retryUnits is the part in rows that an earlier request
// carried, or of hot partition keys. The result is the same before and after Settle, and on any goroutine.
func (r *Response) Rejected() (units, retryUnits int) {
	if r.Failure != nil {
		if r.Failure.Throttled {
			return r.Batch.Units, r.Batch.RetryUnits
		}
		return 0, 0
	}
	for i, row := range r.Batch.Rows {
		if !r.unprocessed(i) {
			continue
		}
		units += row.Units
		if r.Batch.exempt != nil && r.Batch.exempt[i] {
			retryUnits += row.Units
		}
	}
	return units, retryUnits
}

// unprocessed reports whether DynamoDB returned the i-th row.
func (r *Response) unprocessed(i int) bool { return r.Unprocessed != nil && r.Unprocessed[i] }

// authorized reports whether the response shows that the credentials and the clock are right.
func (r *Response) authorized() bool {
	f := r.Failure
	return f == nil || f.Throttled || f.Action == fault.Split || f.Action == fault.KeyExists
}

// accepted counts the rows among the first n that DynamoDB took.
func (r *Response) accepted(n int) (count int) {
	for i := range n {
		if !r.unprocessed(i) {
			count++
		}
	}
	return count
}

// errUnprocessed is the cause of a row's Unprocessed.
var errUnprocessed = errors.New("DynamoDB returned the item as unprocessed in the last request that carried it")

// Settle takes the response to a Batch: rows get their outcome or go back into the queues. It
// returns the rows that got one; the slice is valid until the next call of Settle or Abandon.
func (s *Scheduler) Settle(r Response) []*Row {
	s.resetSettled()
	b := r.Batch
	s.inFlight--
	s.rowsInFlight -= len(b.Rows)
	s.backoff.returned(b.retries)
	s.stats.Backoff = 0
	if !r.Sent {
		s.Stop(r.Stop)
		return nil
	}
	s.stats.Requests++
	s.stats.WriteUnits += r.WriteUnits
	s.stats.VectorBytes += r.VectorBytes
	for _, row := range b.Rows {
		if row.Attempts > 0 {
			s.stats.Resent++
		}
		row.Attempts++
		row.maybeApplied = row.maybeApplied || r.Failure != nil && r.Failure.MaybeApplied
	}
	if b.sub != nil && b.sub.resend != nil && r.authorized() {
		b.sub.resend.authorized = true
	}
	if r.Failure == nil {
		s.processed(&r)
	} else {
		s.failed(&r)
	}
	s.resetBackoff()
	return s.settled
}

// resetSettled drops the references to the rows that the last Settle or Abandon returned.
func (s *Scheduler) resetSettled() {
	clear(s.settled)
	s.settled = s.settled[:0]
}

// failed does what the failure of a request calls for.
func (s *Scheduler) failed(r *Response) {
	switch r.Failure.Action {
	case fault.Retry:
		s.retry(r)
	case fault.Split:
		s.splitBatch(r)
	case fault.KeyExists:
		if s.cfg.OnExisting == Newer {
			s.outranked(r)
		} else {
			s.keyExists(r)
		}
	case fault.Reauthorize:
		s.reauthorize(r)
	case fault.Abort:
		s.abort(r)
	}
}

// processed settles the rows of a request that DynamoDB carried out, and retries the unprocessed
// ones.
func (s *Scheduler) processed(r *Response) {
	b := r.Batch
	for i, row := range b.Rows {
		s.hot.observe(row, r.unprocessed(i))
		if !r.unprocessed(i) {
			s.rowWritten(row, r.Done)
		}
	}
	accepted := r.accepted(len(b.Rows))
	s.countNew(b, accepted-r.accepted(b.retries))
	if accepted == len(b.Rows) {
		s.backoff.accepted(b.retries, r.Done)
		return
	}
	t := throttledResponse{accepted: accepted}
	if b.retries > 0 {
		t.accepted = r.accepted(b.retries)
	}
	refused := make([]*Row, 0, len(b.Rows)-accepted)
	for i, row := range b.Rows {
		if r.unprocessed(i) {
			charge(row, accepted > 0, fault.Unprocessed, errUnprocessed)
			s.refusals.add(row)
			refused = append(refused, row)
		}
	}
	s.delayRefused(r, refused, t, Outage{Reason: fault.Unprocessed, Err: errUnprocessed, Put: b.SinglePut()})
}

// countNew records that of the new rows of b so many were accepted.
func (s *Scheduler) countNew(b *Batch, accepted int) {
	if b.sub == nil && !b.stubborn {
		s.backoff.newRows.add(accepted, len(b.Rows)-b.retries-accepted)
	}
}

// retry puts the rows of a request with a transient failure back into the queues.
func (s *Scheduler) retry(r *Response) {
	b, f := r.Batch, r.Failure
	s.countNew(b, 0)
	for _, row := range b.Rows {
		charge(row, false, f.Reason, f.Err)
		if f.Throttled {
			s.hot.observe(row, true)
			s.refusals.add(row)
		}
	}
	t := throttledResponse{unavailable: !f.Throttled}
	last := Outage{Reason: f.Reason, Err: f.Err, Put: b.SinglePut()}
	if b.sub == nil {
		s.delayRefused(r, b.Rows, t, last)
		return
	}
	s.beginBackoff(r, t, last)
	// One of the rows may still be at fault: the rows stay together.
	sub := &subBatch{bisection: b.sub.bisection, delayed: true, resend: b.sub.resend}
	for _, row := range b.Rows {
		if q := row.queue; s.dropExhausted(q) { // which may settle row
			sub.keys = append(sub.keys, q)
		}
	}
	if len(sub.keys) > 0 {
		s.subBatches = append(s.subBatches, sub)
	}
}

// splitBatch bisects a batch that was rejected for one of its rows. A row that was alone in its
// batch is rejected itself.
func (s *Scheduler) splitBatch(r *Response) {
	b, f := r.Batch, r.Failure
	s.progress(r)
	from := b.bisection()
	if from == nil {
		from = &bisection{rows: len(b.Rows), writtenBefore: b.writtenBefore}
	}
	if len(b.Rows) == 1 {
		s.rejectRow(b.Rows[0], f.Reason, f.Err, r.Done)
		from.rejected++
		s.suspectSchemaChange(from, f.Reason)
		return
	}
	half := (len(b.Rows) + 1) / 2
	s.subBatches = append(s.subBatches, newSubBatch(b.Rows[:half], from), newSubBatch(b.Rows[half:], from))
}

// progress records that DynamoDB processed r's request without throttling any row.
func (s *Scheduler) progress(r *Response) {
	s.outage.noProgress = 0
	s.backoff.accepted(r.Batch.retries, r.Done)
}

// bisection returns the bisection that b's rows come from; nil if there is none.
func (b *Batch) bisection() *bisection {
	if b.sub == nil {
		return nil
	}
	return b.sub.bisection
}

// suspectSchemaChange requests a DescribeTable when every row of a batch was rejected on its own:
// the table's keys may have changed. They have not if a row was written in the meantime. The table is
// not described again until a row is written.
func (s *Scheduler) suspectSchemaChange(from *bisection, reason fault.Reason) {
	all := from.rejected == from.rows && from.writtenBefore == s.written
	if reason == fault.Refused && all && !s.keyCheck.doneSinceWrite {
		s.keyCheck.wanted, s.keyCheck.doneSinceWrite = true, true
	}
}

// keyExists settles a conditional put that found an item with the row's key, and the rows of the key
// that were waiting when it was sent: the item was there after they were added.
func (s *Scheduler) keyExists(r *Response) {
	row, f := r.Batch.Rows[0], r.Failure
	q := row.queue
	s.progress(r)
	switch {
	case row.maybeApplied && r.Existing == EqualItem: // the item is from our own earlier attempt
		s.rowWritten(row, r.Done)
		return
	case row.maybeApplied && r.Existing == NotShown:
		s.fail(row, fault.Exists, f.Err)
	default:
		row.maybeApplied = false // the item there is not this row's
		s.keyTaken(row, f.Err)
	}
	q.remove(row)
	for len(q.rows) > 0 && q.rows[0].Index <= r.Batch.newest {
		s.keyTaken(q.rows[0], errKeyFound)
		q.remove(q.rows[0])
	}
	s.enqueueNew(q, r.Done)
}

// outranked settles a row whose condition failed, since the item of its key is newer or cannot be compared,
// and the rows that it would have superseded, which are no newer.
func (s *Scheduler) outranked(r *Response) {
	row := r.Batch.Rows[0]
	q := row.queue
	s.progress(r)
	settle := func(row *Row) { s.setOutcome(row, Skipped, "", nil) }
	if r.Existing != NewerItem {
		err := errNotCompared(r.Existing).WithCause(r.Failure.Err)
		settle = func(row *Row) { s.fail(row, fault.Exists, err) }
	}
	q.removeThrough(row, settle)
	settle(row)
	s.enqueueNew(q, r.Done)
}

// errNotCompared returns what a failed condition on the version says if it shows no newer item.
func errNotCompared(existing Existing) *fault.Error {
	if existing == OtherItem {
		return fault.New(fault.Exists, "the table has an item with the key whose version is null or of another type, so neither is newer").
			WithRemedy("write versions of the type that the table has (a Field.Type for the version's column), or convert the attribute in the table")
	}
	return fault.New(fault.Exists, "the condition on the version failed, and the response shows no newer item with the key, so the item that is there may be newer or its version of another type").
		WithRemedy("read the item and compare; DynamoDB itself shows the item, other servers may not")
}

// reauthorize sends the rows of a request once more at once, or newer ones of their keys, after a
// response about the credentials or the clock. A second such response stops the call, unless a response
// in between has shown that the credentials work: then they have expired once more.
func (s *Scheduler) reauthorize(r *Response) {
	b := r.Batch
	if b.sub != nil && b.sub.resend != nil && !b.sub.resend.authorized {
		s.abort(r)
		return
	}
	sub := newSubBatch(b.Rows, b.bisection())
	sub.resend = new(resend)
	s.subBatches = append(s.subBatches, sub)
}

// abort stops the call for a fault that every row would meet. The rows of the request carry it,
// unless it is the end of the caller's context: then they wait for Abandon, as all others do.
func (s *Scheduler) abort(r *Response) {
	s.Stop(r.Stop)
	f := r.Failure
	if f.Reason == fault.Stopped {
		return
	}
	for _, row := range r.Batch.Rows {
		q := row.queue
		row.Reason, row.Err = f.Reason, f.Err
		s.giveUp(row)
		if len(q.rows) == 0 {
			s.forget(q)
		}
	}
}

// beginBackoff begins a backoff after a request with rows to retry. A running backoff is kept. A retry
// without progress counts towards an outage.
func (s *Scheduler) beginBackoff(r *Response, t throttledResponse, last Outage) {
	b := r.Batch
	t.sent, t.now, t.retries, t.fitsOneRequest = b.SentAt, r.Done, b.retries, s.FitsOneRequest()
	delay, began := s.backoff.throttled(t)
	s.stats.Backoff = delay
	if !began || t.retries == 0 || r.accepted(len(b.Rows)) > 0 && r.Failure == nil {
		return
	}
	s.outage.noProgress++
	if s.outage.noProgress/s.cfg.OutageFactor >= max(s.cfg.MaxAttempts, s.cfg.MinOutageAttempts) {
		last.Waits = s.outage.noProgress
		s.stopForOutage(last)
	}
}

// stopForOutage stops sending because nothing gets through.
func (s *Scheduler) stopForOutage(o Outage) {
	if s.stop == nil {
		s.outage.cause = &o
		s.Stop(&o)
	}
}

// resetBackoff clears the backoff once no retry is left, waiting or in flight.
func (s *Scheduler) resetBackoff() {
	if s.queued() == 0 && s.backoff.inFlight == 0 {
		s.backoff.reset()
	}
}
