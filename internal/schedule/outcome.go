package schedule

import (
	"errors"
	"time"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// Outcome is the final state of a row as far as the client can know it.
type Outcome uint8

// The outcomes.
const (
	NotWritten Outcome = iota // no request applied it
	Written
	Skipped    // with Skip: its key was taken; with Newer: the item there has a higher rank
	Superseded // another row of its key, later or of a higher rank, was written or deleted instead
	Unknown    // may have been applied; no response confirms it
	Deleted    // its item is gone
)

// String returns the name of o in lower case.
func (o Outcome) String() string {
	return [...]string{"not written", "written", "skipped", "superseded", "unknown", "deleted"}[o]
}

// Causes of Exists for a row that was not sent.
var (
	errKeyJustWritten = errors.New("an earlier row of this call has written the key")
	errKeyFound       = errors.New("the request for an earlier row of this call found an item with the key")
)

// errOtherKind is the cause of Mapping for a row whose rank cannot be compared with those of its key.
var errOtherKind = fault.New(fault.Mapping, "the version has another type than that of an earlier row with the same key, so neither is newer").
	WithRemedy("give every row a version of one type: a Field.Type for the version's column (N, S, EPOCH_SECONDS, EPOCH_MILLIS or SORTABLE_TIME) sees to that")

// rowWritten settles r and the rows that it decides: those that it superseded or, with Skip and Fail, the
// later ones, which find its key taken.
func (s *Scheduler) rowWritten(r *Row, now time.Time) {
	q := r.queue
	if s.cfg.firstWins() {
		q.remove(r)
		for _, later := range q.rows {
			s.keyTaken(later, errKeyJustWritten)
		}
		q.rows = nil
	} else {
		q.removeThrough(r, func(before *Row) {
			before.By = r.Index
			s.setOutcome(before, Superseded, "", nil)
		})
	}
	outcome := Written
	if r.Delete {
		outcome = Deleted
	}
	s.setOutcome(r, outcome, "", nil)
	s.written++
	if r.stubborn() {
		s.stubbornAccepted = now
	}
	s.keyCheck.doneSinceWrite, s.outage.noProgress = false, 0
	s.enqueueNew(q, now)
}

// keyTaken settles a row whose key another item has.
func (s *Scheduler) keyTaken(r *Row, err error) {
	if s.cfg.OnExisting == Skip {
		s.setOutcome(r, Skipped, "", nil)
		return
	}
	s.fail(r, fault.Exists, err)
}

// rejectRow settles a row that DynamoDB rejected. The newest superseded candidate is sent instead,
// unless an earlier attempt of the rejected row may have been applied: then sending an older row
// could overwrite newer data. With Newer the condition rules that out.
func (s *Scheduler) rejectRow(r *Row, reason fault.Reason, err error, now time.Time) {
	q := r.queue
	if r.maybeApplied && s.cfg.OnExisting != Newer {
		r.Reason, r.Err = reason, err
		s.giveUp(r)
	} else {
		q.remove(r)
		s.fail(r, reason, err)
	}
	s.enqueueNew(q, now)
}

// charge counts a request with a transient failure against the attempts of r.
func charge(r *Row, progress bool, reason fault.Reason, err error) {
	r.Reason, r.Err = reason, err
	r.charged++
	if !progress {
		r.fruitlessAttempts++
	}
}

// exhausted reports whether r has used up its attempts. With MaxAttempts 1 the first failure uses
// them up, even if other rows of the request were accepted.
func (s *Scheduler) exhausted(r *Row) bool {
	if s.cfg.MaxAttempts == 1 {
		return r.charged > 0
	}
	return r.fruitlessAttempts >= s.cfg.MaxAttempts || r.charged/s.cfg.MaxAttemptsFactor >= s.cfg.MaxAttempts
}

// enqueueRetry puts q into the queue of retries if it has a row to send. Rows of hot keys go last, since
// they would hold up the others.
func (s *Scheduler) enqueueRetry(q *keyQueue) {
	if s.dropExhausted(q) {
		q.place, q.hot = q.oldest(), s.hot.has(q.rows[0])
		s.retries.put(q)
	}
}

// enqueueNew puts q into the queue of new rows if it has a row to send.
func (s *Scheduler) enqueueNew(q *keyQueue, now time.Time) {
	if s.dropExhausted(q) {
		q.since = now
		s.newRows.put(q)
	}
}

// dropExhausted settles the key's exhausted rows, and reports whether one is left to send. If not,
// the key is forgotten.
func (s *Scheduler) dropExhausted(q *keyQueue) bool {
	for len(q.rows) > 0 {
		r := q.next(s.cfg.firstWins())
		if !s.exhausted(r) {
			return true
		}
		s.giveUp(r)
	}
	s.forget(q)
	return false
}

// giveUp settles a row that is not sent again, for the reason of its last request. Rows that it would have
// superseded are not sent either: its fate decides for the key.
func (s *Scheduler) giveUp(r *Row) {
	reason, err := r.Reason, r.Err
	if s.cfg.firstWins() {
		r.queue.remove(r)
	} else {
		r.queue.removeThrough(r, func(before *Row) { s.fail(before, reason, err) })
	}
	s.fail(r, reason, err)
}

// fail settles a row that is not known to be written.
func (s *Scheduler) fail(r *Row, reason fault.Reason, err error) {
	outcome := NotWritten
	if r.maybeApplied {
		outcome = Unknown
	}
	s.setOutcome(r, outcome, reason, err)
}

// setOutcome settles a row. It is the only place that gives a row its outcome.
func (s *Scheduler) setOutcome(r *Row, o Outcome, reason fault.Reason, err error) {
	r.Outcome, r.Reason, r.Err = o, reason, err
	r.queue = nil
	s.unsettled--
	s.settled = append(s.settled, r)
}
