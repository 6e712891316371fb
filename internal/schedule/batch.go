package schedule

import (
	"math"
	"slices"
	"time"
)

// Batch is the rows of one request, no two of the same key. With one row that is no delete the request
// is a put of its own. Each Batch that Next returns must be settled exactly once.
type Batch struct {
	Rows       []*Row
	Units      int       // write units that the rows cost the table
	RetryUnits int       // part of Units in rows that an earlier request carried, or of hot partition keys
	Bytes      int       // size of the rows as DynamoDB counts it
	SentAt     time.Time // when Next returned it; the sender may set a later time, before it sends

	retries       int       // how many of Rows, the first ones, waited for the backoff
	stubborn      bool      // Rows were set apart from the retries, and waited for delays of their own
	exempt        []bool    // parallel to Rows: it counts in RetryUnits; nil if none does
	sub           *subBatch // nil unless the rows were set apart to go together
	writtenBefore int       // rows that the call had written when it was packed
	newest        int       // with Skip and Fail: the Index of the newest row of its key when it was packed
}

// SinglePut reports whether the request is a put of one row, and no batch.
func (b *Batch) SinglePut() bool { return len(b.Rows) == 1 && !b.Rows[0].Delete }

// Budget is how much the next request may carry. One row may always go. The zero Budget only asks.
type Budget struct {
	Rows  int
	Units float64
}

// BudgetOf returns the Budget of so many write units. No row takes less than one unit.
func BudgetOf(units float64) Budget {
	return Budget{Rows: int(max(1, min(units, math.MaxInt32))), Units: units}
}

// subBatch is keys whose rows go together in one request of their own: half of a batch that was
// rejected, or a request that is sent again as it was.
type subBatch struct {
	keys      []*keyQueue
	bisection *bisection // nil unless the rows come from a split batch
	delayed   bool       // waits for the backoff
	resend    *resend    // nil unless it is sent again after a response about the credentials or the clock
}

// resend is what came of sending rows again after a response about the credentials or the clock. The
// parts of a sub-batch that went in several requests share it.
type resend struct {
	authorized bool // a response has shown that the credentials and the clock are right
}

// newSubBatch sets the keys of rows apart.
func newSubBatch(rows []*Row, from *bisection) *subBatch {
	sub := &subBatch{bisection: from, keys: make([]*keyQueue, len(rows))}
	for i, r := range rows {
		sub.keys[i] = r.queue
	}
	return sub
}

// bisection is the splitting of a batch that was rejected for one of its rows.
type bisection struct {
	rows          int
	rejected      int // rows that were rejected on their own
	writtenBefore int // rows that the call had written when the batch was packed
}

// pack takes the next request's rows from the queues. Something must be ready.
func (s *Scheduler) pack(now time.Time, budget Budget) *Batch {
	b := batchBuilder{
		Batch:    &Batch{SentAt: now, writtenBefore: s.written},
		cfg:      &s.cfg,
		hot:      &s.hot,
		maxRows:  s.maxRows(budget.Rows),
		maxUnits: budget.Units,
		encoded:  s.cfg.EnvelopeSize,
	}
	if i := s.dueSubBatch(now); i >= 0 {
		b.Rows = make([]*Row, 0, max(1, min(b.maxRows, len(s.subBatches[i].keys))))
		s.packSubBatch(&b, i)
	} else {
		b.Rows = make([]*Row, 0, max(1, min(b.maxRows, s.alone.Len()+s.retries.Len()+s.newRows.Len())))
		s.packQueues(&b, now)
	}
	s.inFlight++
	s.rowsInFlight += len(b.Rows)
	s.backoff.sent(b.retries)
	return b.Batch
}

// maxRows returns the row limit of a request for which the budget has so many.
func (s *Scheduler) maxRows(budget int) int {
	if s.cfg.conditional() {
		return 1
	}
	return min(budget, s.cfg.MaxBatchRows)
}

// packSubBatch fills a request with the rows of the i-th sub-batch. The rows that do not fit, since
// the budget has shrunk or newer rows have superseded smaller ones, stay a sub-batch.
func (s *Scheduler) packSubBatch(b *batchBuilder, i int) {
	sub := s.subBatches[i]
	s.subBatches = slices.Delete(s.subBatches, i, i+1)
	n := 0
	for n < len(sub.keys) && b.add(sub.keys[n]) {
		n++
	}
	b.sub = sub
	if sub.delayed {
		b.retries = n
	}
	if n < len(sub.keys) {
		rest := *sub
		rest.keys = sub.keys[n:]
		s.subBatches = append(s.subBatches, &rest)
	}
}

// packQueues fills a request with stubborn rows alone, or with retries, if the backoff is over, and then
// with new rows. Every other request is reserved for new rows when there are enough to fill it, so that
// a hot key range cannot starve the rest.
func (s *Scheduler) packQueues(b *batchBuilder, now time.Time) {
	if !s.lastHadRetries || s.newRows.Len() < b.maxRows {
		for s.alone.Len() > 0 && b.add(s.alone.first()) {
			s.alone.take()
			b.stubborn = true
		}
		for open := s.openRetries(now); !b.stubborn && b.retries < open && b.add(s.retries.first()); b.retries++ {
			s.retries.take()
		}
	}
	for !b.stubborn && s.newRows.Len() > 0 && b.add(s.newRows.first()) {
		s.newRows.take()
	}
	s.lastHadRetries = b.stubborn || b.retries > 0
}

// batchBuilder fills a Batch up to its limits.
type batchBuilder struct {
	*Batch
	cfg      *Config
	hot      *hotKeys
	maxRows  int
	maxUnits float64
	encoded  int // bytes of the request's body so far
}

// add appends the key's next row to the batch if it fits. A batch accepts its first row whatever its
// size.
func (b *batchBuilder) add(q *keyQueue) bool {
	r := q.next(b.cfg.firstWins())
	encoded := b.encoded + r.EncodedSize
	if len(b.Rows) > 0 {
		encoded++ // the comma
		if len(b.Rows) >= b.maxRows || encoded > b.cfg.MaxBatchBytes || float64(b.Units+r.Units) > b.maxUnits {
			return false
		}
	}
	b.encoded = encoded
	if r.Attempts > 0 || b.hot.has(r) {
		if b.exempt == nil {
			b.exempt = make([]bool, max(1, b.maxRows))
		}
		b.exempt[len(b.Rows)] = true
		b.RetryUnits += r.Units
	}
	b.Rows = append(b.Rows, r)
	b.newest = q.rows[len(q.rows)-1].Index
	b.Units += r.Units
	b.Bytes += r.Size
	return true
}

// ready reports whether a request should be sent now: a full request (as many rows as the budget
// allows), or a part-filled one that has nothing to wait for.
func (s *Scheduler) ready(now time.Time, budget int) bool {
	if s.dueSubBatch(now) >= 0 {
		return true
	}
	waiting := s.newRows.Len() + s.openRetries(now)
	switch {
	case s.alone.Len() > 0:
		return true
	case waiting == 0:
		return false
	case waiting >= s.maxRows(budget), s.input.closed, s.input.windowFull:
		return true
	}
	return !now.Before(s.lingerEnd(now))
}

// missing returns how many further rows may make a request go that is not ready: one that begins to linger,
// or those that fill it.
func (s *Scheduler) missing(now time.Time, budget int) int {
	waiting := s.newRows.Len() + s.openRetries(now)
	if waiting == 0 {
		return 1
	}
	return max(1, s.maxRows(budget)-waiting)
}

// openRetries returns how many rows of the retry queue may be sent now.
func (s *Scheduler) openRetries(now time.Time) int {
	return min(s.retries.Len(), s.backoff.room(now))
}

// lingerEnd returns when a part-filled request is sent anyway. The linger of retries begins when
// the backoff is over.
func (s *Scheduler) lingerEnd(now time.Time) time.Time {
	since := now
	if s.newRows.Len() > 0 {
		since = s.newRows.first().since
	}
	if s.openRetries(now) > 0 && s.backoff.until.Before(since) {
		since = s.backoff.until
	}
	return since.Add(s.cfg.MaxWait)
}

// wakeAt returns the next moment at which ready may change by itself; zero if there is none.
func (s *Scheduler) wakeAt(now time.Time) time.Time {
	var at time.Time
	if s.newRows.Len()+s.openRetries(now) > 0 {
		at = s.lingerEnd(now)
	}
	if until := s.backoff.until; until.After(now) && s.queued() > 0 {
		at = earlier(at, until)
	}
	if s.stubborn.Len() > 0 {
		at = earlier(at, s.stubborn.first().due)
	}
	return at
}

// earlier returns the earlier of two moments; a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// dueSubBatch returns the place of the first sub-batch that may be sent now, or -1.
func (s *Scheduler) dueSubBatch(now time.Time) int {
	return slices.IndexFunc(s.subBatches, func(sub *subBatch) bool {
		return !sub.delayed || s.backoff.room(now) > 0
	})
}

// delayed returns the number of rows that wait for the retry queue to open, or for delays of their own.
func (s *Scheduler) delayed() int { return s.queued() + s.stubborn.Len() + s.alone.Len() }

// queued returns the number of rows that wait for the retry queue to open.
func (s *Scheduler) queued() int {
	n := s.retries.Len()
	for _, sub := range s.subBatches {
		if sub.delayed {
			n += len(sub.keys)
		}
	}
	return n
}
