package dynamodest

import "time"

// Limits of a write request, as DynamoDB documents them.
const (
	// maxBatchItems is the most items in one BatchWriteItem request.
	// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
	maxBatchItems = 25

	// maxRequestBytes is the most bytes of one request's body: 16 MB over the
	// network, enforced as 16 * 1,024 * 1,024.
	// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
	maxRequestBytes = 16 << 20
)

// batch is the rows of one request, no two of the same key.
type batch struct {
	jobs   []*job
	group  *group // not nil if the rows were set apart to be sent together
	units  int    // write units that the items will cost the table
	bytes  int    // size of the items as DynamoDB counts it
	again  int    // how many of jobs, the first ones, come from the queue of refused rows
	resent int    // rows that an earlier request carried
	sent   time.Time
}

// add puts j into the batch.
func (b *batch) add(j *job) {
	b.jobs = append(b.jobs, j)
	b.units += j.item.units()
	b.bytes += j.item.size
	if j.attempts > 0 {
		b.resent++
	}
}

// allowance is how much the next request may carry. One row may always go.
type allowance struct {
	rows  int
	units float64
}

// allowed is the allowance of so many write units. No row takes less than one.
func allowed(units float64) allowance {
	return allowance{rows: int(min(maxBatchItems, max(1, units))), units: units}
}

// group is chains whose rows go together in one request of their own: the
// halves of a batch that was refused, or a request that is sent again as it
// was.
type group struct {
	chains []*chain
	origin *origin
	held   bool // refused for the moment: waits for the queue of refused rows to open
	resent bool // is the one resend after a clock-skew or expired-token answer
}

// origin is a batch that was refused for one of its rows, while its rows are
// being set apart.
type origin struct {
	rows    int
	refused int // rows refused alone
}

// pack takes the next request's rows from the queues; nil if there is nothing
// to send now.
func (l *ledger) pack(now time.Time, allow allowance) *batch {
	if !l.ready(now, allow.rows) {
		return nil
	}
	b := &batch{sent: now}
	if g := l.takeGroup(now); g != nil {
		b.group = g
		for _, c := range g.chains {
			l.board(b, c)
		}
		if g.held {
			b.again = len(b.jobs)
		}
	} else {
		l.fill(b, now, allow)
	}
	l.retry.started(b.again)
	return b
}

// fill boards rows from the queue of refused rows, when that is open, and then
// fresh ones, as far as the allowance and DynamoDB's limits go. Of two requests
// in a row one leaves the refused rows alone if fresh ones fill it, so that a
// hot range of keys does not take all the requests.
func (l *ledger) fill(b *batch, now time.Time, allow allowance) {
	most := min(allow.rows, maxBatchItems)
	if l.conditional {
		most = 1
	}
	wire := l.envelope
	fits := func(c *chain) bool {
		it := c.next(l.conditional).item
		if len(b.jobs) == 0 {
			wire += it.wire
			return true
		}
		if len(b.jobs) >= most || wire+1+it.wire > maxRequestBytes || float64(b.units+it.units()) > allow.units {
			return false
		}
		wire += 1 + it.wire // the comma
		return true
	}
	if !l.turn || l.fresh.len() < most {
		for room := l.retry.room(now); b.again < room && len(l.refused) > 0 && fits(l.refused[0]); b.again++ {
			l.board(b, l.refused.take())
		}
	}
	for l.fresh.len() > 0 && fits(l.fresh.peek()) {
		l.board(b, l.fresh.take())
	}
	l.turn = b.again > 0
}

// board puts the row of c that is due into b.
func (l *ledger) board(b *batch, c *chain) {
	c.flying = c.next(l.conditional)
	b.add(c.flying)
}

// ready reports whether a request should be sent now: a full one, or a part
// filled one that has nothing to wait for.
func (l *ledger) ready(now time.Time, rows int) bool {
	if l.stop != nil || l.paused {
		return false
	}
	if l.groupDue(now) >= 0 {
		return true
	}
	waiting := l.fresh.len() + min(len(l.refused), l.retry.room(now))
	switch {
	case waiting == 0:
		return false
	case l.conditional || waiting >= min(rows, maxBatchItems):
		return true
	case l.closed || l.starved:
		return true
	}
	return !now.Before(l.lingerUntil(now))
}

// lingerUntil is when the rows waiting now are sent though they fill no
// request.
func (l *ledger) lingerUntil(now time.Time) time.Time {
	since := now
	if l.fresh.len() > 0 {
		since = l.fresh.peek().since
	}
	if len(l.refused) > 0 && l.retry.room(now) > 0 && l.retry.until.Before(since) {
		since = l.retry.until
	}
	return since.Add(l.maxWait)
}

// wakeAt is the next moment at which ready may change by itself; zero if
// there is none.
func (l *ledger) wakeAt(now time.Time) time.Time {
	if l.stop != nil || l.paused {
		return time.Time{}
	}
	var at time.Time
	earlier := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	if l.retry.until.After(now) && l.heldBack() > 0 {
		earlier(l.retry.until)
	}
	if l.fresh.len() > 0 || len(l.refused) > 0 && l.retry.room(now) > 0 {
		earlier(l.lingerUntil(now))
	}
	return at
}

// groupDue returns the place of the first group that may be sent now, or -1.
func (l *ledger) groupDue(now time.Time) int {
	for i, g := range l.groups {
		if !g.held || l.retry.room(now) > 0 {
			return i
		}
	}
	return -1
}

func (l *ledger) takeGroup(now time.Time) *group {
	i := l.groupDue(now)
	if i < 0 {
		return nil
	}
	g := l.groups[i]
	l.groups = append(l.groups[:i], l.groups[i+1:]...)
	return g
}

// heldBack is the number of rows that wait for the queue of refused rows to
// open.
func (l *ledger) heldBack() int {
	n := len(l.refused)
	for _, g := range l.groups {
		if g.held {
			n += len(g.chains)
		}
	}
	return n
}
