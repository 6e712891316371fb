package dynamodest

import (
	"errors"
	"time"
)

// answer is what came of a request.
type answer struct {
	*batch
	done        time.Time
	attempted   bool          // the request was given to the client
	verdict     *verdict      // what its error means; nil if there was none
	unprocessed map[*job]bool // with success: rows that DynamoDB handed back
	same        existing      // with actExists: what the item there is
	stop        error         // with actStop, or if not attempted: what every row would meet
	leave       func()        // ends its place among the requests in flight; once
	writeUnits  float64       // charged, those of indexes included; 0 if not told
	tableUnits  float64       // charged to the table alone; 0 if not told
}

// existing is what a failed condition showed of the item that has the key.
type existing uint8

const (
	notShown existing = iota
	equalItem
	otherItem
)

// errUnprocessed is the cause of a row's ErrUnprocessed.
var errUnprocessed = errors.New("DynamoDB handed the item back each time")

// settle takes the answer to a request: it gives outcomes to rows and puts the
// others back into the queues.
func (l *ledger) settle(a answer) {
	l.wait = 0
	l.retry.ended(a.again)
	if !a.attempted {
		l.halt(a.stop)
		return
	}
	defer l.calm()
	l.summary.Requests++
	l.summary.Resent += a.resent
	l.summary.WriteUnits += a.writeUnits
	for _, j := range a.jobs {
		j.attempts++
	}
	if a.verdict == nil {
		l.processed(a)
		return
	}
	for _, j := range a.jobs {
		j.maybe = j.maybe || a.verdict.maybe
	}
	switch a.verdict.action {
	case actRetry:
		l.again(a)
	case actSplit:
		l.split(a)
	case actExists:
		l.exists(a)
	case actResend:
		l.resend(a)
	case actStop:
		l.halted(a)
	}
}

// processed settles a request that DynamoDB carried out, all but the rows it
// handed back.
func (l *ledger) processed(a answer) {
	for _, j := range a.jobs {
		if !a.unprocessed[j] {
			l.writtenRow(j, a.done)
		}
	}
	if len(a.unprocessed) == 0 {
		l.retry.taken(a.again)
		return
	}
	progress := len(a.unprocessed) < len(a.jobs)
	l.setBack(setback{sent: a.sent, now: a.done, again: a.again, taken: a.taken(), few: l.few()}, progress, ErrUnprocessed, errUnprocessed)
	for _, j := range a.jobs {
		if a.unprocessed[j] {
			l.count(j, progress, ErrUnprocessed, errUnprocessed)
			l.queue(j.chain)
		}
	}
}

// taken counts the rows that DynamoDB took: of those that it had refused
// before, if a carried any.
func (a *answer) taken() (n int) {
	jobs := a.jobs
	if a.again > 0 {
		jobs = jobs[:a.again]
	}
	for _, j := range jobs {
		if !a.unprocessed[j] {
			n++
		}
	}
	return n
}

// again puts the rows of a request that failed for the moment back.
func (l *ledger) again(a answer) {
	l.setBack(setback{sent: a.sent, now: a.done, again: a.again, down: !a.verdict.throttle, few: l.few()}, false, a.verdict.reason, a.verdict.err)
	for _, j := range a.jobs {
		l.count(j, false, a.verdict.reason, a.verdict.err)
	}
	if a.group == nil {
		for _, j := range a.jobs {
			l.queue(j.chain)
		}
		return
	}
	// One of the rows may still be the one at fault: they stay together.
	g := &group{origin: a.group.origin, held: true, resent: a.group.resent}
	for _, j := range a.jobs {
		if c := j.chain; l.revive(c) { // which may settle j
			g.chains = append(g.chains, c)
		}
	}
	if len(g.chains) > 0 {
		l.groups = append(l.groups, g)
	}
}

// split halves a batch that was refused for one of its rows. A row that
// stands alone has its answer.
func (l *ledger) split(a answer) {
	l.dry = 0
	l.retry.taken(a.again)
	from := a.origin()
	if from == nil {
		from = &origin{rows: len(a.jobs), written: a.written}
	}
	if len(a.jobs) == 1 {
		l.ownFault(a.jobs[0], a.verdict.reason, a.verdict.err, a.done)
		from.refused++
		l.doubtKeys(from, a.verdict.reason)
		return
	}
	half := (len(a.jobs) + 1) / 2
	l.groups = append(l.groups, together(a.jobs[:half], from), together(a.jobs[half:], from))
}

// doubtKeys asks for the table's description when every row of a batch was
// refused alone: its keys may have changed. A row written in the meantime says
// that they have not, and one answer holds until a row is written.
func (l *ledger) doubtKeys(from *origin, reason Reason) {
	if reason == ErrRefused && from.refused == from.rows && from.written == l.written && !l.asked {
		l.describe, l.asked = true, true
	}
}

// exists settles a conditional put that found an item with the row's key.
func (l *ledger) exists(a answer) {
	j := a.jobs[0]
	l.dry = 0
	l.retry.taken(a.again)
	switch {
	case j.maybe && a.same == equalItem: // our own earlier attempt
		l.writtenRow(j, a.done)
	case j.maybe && a.same == notShown:
		l.ownFault(j, ErrExists, a.verdict.err, a.done)
	default:
		j.maybe = false // the item there is not this row's
		c := j.chain
		c.drop(j)
		l.keyTaken(j, a.verdict.err)
		l.release(c, a.done)
	}
}

// keyTaken settles a row whose key is taken by another item.
func (l *ledger) keyTaken(j *job, err error) {
	if l.onExisting == Skip {
		l.settled(j, RowResult{Outcome: Skipped})
		return
	}
	l.fail(j, ErrExists, err)
}

// resend sends the rows of a request once more at once, or newer ones of their
// keys, after an answer about the clock or an expired token; a second such
// answer stops the call.
func (l *ledger) resend(a answer) {
	if a.group != nil && a.group.resent {
		l.halted(a)
		return
	}
	g := together(a.jobs, a.origin())
	g.resent = true
	l.groups = append(l.groups, g)
}

// halted stops the call for a fault that every row would meet. The rows of
// the request carry it; when it is the end of the context they wait for
// abandon, as all others do.
func (l *ledger) halted(a answer) {
	l.halt(a.stop)
	if a.verdict.reason == ErrStopped {
		return
	}
	for _, j := range a.jobs {
		c := j.chain
		j.reason, j.err = a.verdict.reason, a.verdict.err
		l.giveUp(c, j)
		if len(c.jobs) == 0 {
			delete(l.chains, c.key)
		}
	}
}

// writtenRow settles j, and the rows that it decides: those held under it, or,
// with conditional puts, those that find its key taken.
func (l *ledger) writtenRow(j *job, now time.Time) {
	c := j.chain
	by := j.result.Index
	if l.conditional {
		c.drop(j)
		for _, later := range c.jobs {
			l.keyTaken(later, errKeyJustWritten)
		}
		c.jobs = nil
	} else {
		for _, held := range c.before(j) {
			l.settled(held, RowResult{Outcome: Superseded, By: by})
		}
	}
	l.settled(j, RowResult{Outcome: Written})
	l.written++
	l.asked, l.dry = false, 0
	l.release(c, now)
}

// errKeyJustWritten is the cause of ErrExists for a row whose key an earlier
// row of the call has taken.
var errKeyJustWritten = errors.New("an earlier row of this call has written the key")

// ownFault settles a row refused for a fault of its own; the newest row held
// under it goes in its place. But where an earlier attempt may have been
// applied, an older row could overwrite a newer one: then none goes.
func (l *ledger) ownFault(j *job, reason Reason, err error, now time.Time) {
	c := j.chain
	if j.maybe {
		j.reason, j.err = reason, err
		l.giveUp(c, j)
	} else {
		c.drop(j)
		l.fail(j, reason, err)
	}
	l.release(c, now)
}

// setBack begins the wait after a request that came back with rows to send
// again, if none is running.
func (l *ledger) setBack(r setback, progress bool, reason Reason, err error) {
	l.lastReason, l.lastErr = reason, err
	wait, began := l.retry.refused(r)
	l.wait = wait
	if began && r.again > 0 && !progress {
		l.dry++
	}
}

// calm ends the backoff when there is nothing left that it holds back.
func (l *ledger) calm() {
	if l.heldBack() == 0 && l.retry.flying == 0 {
		l.retry.empty()
	}
}

// count notes a refusal of j that costs it a chance.
func (l *ledger) count(j *job, progress bool, reason Reason, err error) {
	j.reason, j.err = reason, err
	j.counted++
	if !progress {
		j.vain++
	}
}

// patience times MaxAttempts is how often a row may be refused while others of
// its requests are taken.
const patience = 10

// spent reports whether j has had its chances.
func (l *ledger) spent(j *job) bool {
	if l.maxAttempts == 1 {
		return j.counted > 0
	}
	return j.vain >= l.maxAttempts || j.counted/patience >= l.maxAttempts
}

// queue puts c into the queue of refused rows, if it has a row to send.
func (l *ledger) queue(c *chain) {
	if l.revive(c) {
		c.place = c.jobs[0].result.Index
		l.refused.put(c)
	}
}

// release puts c into the queue of fresh rows, if it has a row to send.
func (l *ledger) release(c *chain, now time.Time) {
	if l.revive(c) {
		c.since = now
		l.fresh.put(c)
	}
}

// revive gives up the rows of c that have had their chances, and reports
// whether there is one left to send; if not, c is done with.
func (l *ledger) revive(c *chain) bool {
	for len(c.jobs) > 0 {
		j := c.next(l.conditional)
		if !l.spent(j) {
			return true
		}
		l.giveUp(c, j)
	}
	delete(l.chains, c.key)
	return false
}

// giveUp settles a row that is not sent again, for the reason of its last
// refusal. Rows held under it are not sent either: the last word on their key
// was the later row's.
func (l *ledger) giveUp(c *chain, j *job) {
	if l.conditional {
		c.drop(j)
	} else {
		for _, held := range c.before(j) {
			l.fail(held, j.reason, j.err)
		}
	}
	l.fail(j, j.reason, j.err)
}

// fail settles a row that was not written as far as is known.
func (l *ledger) fail(j *job, reason Reason, err error) {
	outcome := NotWritten
	if j.maybe {
		outcome = Unknown
	}
	l.settled(j, RowResult{
		Outcome: outcome,
		Err:     &RowError{Index: j.result.Index, Reason: reason, Attempts: j.attempts, Err: err},
	})
}

// settled gives a row its outcome. It is the only place that does.
func (l *ledger) settled(j *job, r RowResult) {
	r.Index, r.Attempts = j.result.Index, j.attempts
	j.result = r
	j.item, j.chain, j.err = nil, nil, nil
	l.out = append(l.out, j)
}
