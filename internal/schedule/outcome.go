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
	Skipped    // with Skip: its key was taken
	Superseded // a later row of its key was written instead
	Unknown    // may have been applied; no response confirms it
)

// String returns the name of o in lower case.
func (o Outcome) String() string {
	return [...]string{"not written", "written", "skipped", "superseded", "unknown"}[o]
}

// Causes of Exists for a row that was not sent.
var (
	errKeyJustWritten = errors.New("an earlier row of this call has written the key")
	errKeyFound       = errors.New("the request for an earlier row of this call found an item with the key")
)

// rowWritten settles r and the rows that it decides: the older ones that it superseded or, with
// conditional puts, the later ones, which find its key taken.
func (s *Scheduler) rowWritten(r *Row, now time.Time) {
	q := r.queue
	if s.cfg.conditional() {
		q.remove(r)
		for _, later := range q.rows {
			s.keyTaken(later, errKeyJustWritten)
		}
		q.rows = nil
	} else {
		q.removeThrough(r, func(older *Row) {
			older.By = r.Index
			s.setOutcome(older, Superseded, "", nil)
		})
	}
	s.setOutcome(r, Written, "", nil)
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
// could overwrite newer data.
func (s *Scheduler) rejectRow(r *Row, reason fault.Reason, err error, now time.Time) {
	q := r.queue
	if r.maybeApplied {
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
		q.place, q.hot = q.rows[0].Index, s.hot.has(q.rows[0])
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
		r := q.next(s.cfg.conditional())
		if !s.exhausted(r) {
			return true
		}
		s.giveUp(r)
	}
	delete(s.keys, q.key)
	return false
}

// giveUp settles a row that is not sent again, for the reason of its last request. Older rows of its
// key are not sent either: the later row's fate decides for the key.
func (s *Scheduler) giveUp(r *Row) {
	reason, err := r.Reason, r.Err
	if s.cfg.conditional() {
		r.queue.remove(r)
	} else {
		r.queue.removeThrough(r, func(older *Row) { s.fail(older, reason, err) })
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
	s.settled = append(s.settled, r)
}
