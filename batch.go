package dynamodest

import (
	"slices"
	"time"
)

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

	written int // rows that the call had written when it was packed
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

// origin is the batch that b's rows were set apart from; nil if none.
func (b *batch) origin() *origin {
	if b.group == nil {
		return nil
	}
	return b.group.origin
}

// op is the operation that sends the batch.
func (b *batch) op() string {
	if len(b.jobs) == 1 {
		return opPutItem
	}
	return opBatchWriteItem
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

// together makes jobs a group.
func together(jobs []*job, from *origin) *group {
	g := &group{origin: from}
	for _, j := range jobs {
		g.chains = append(g.chains, j.chain)
	}
	return g
}

// origin is a batch that was refused for one of its rows, while its rows are
// being set apart.
type origin struct {
	rows    int
	refused int // rows refused alone
	written int // rows that the call had written when the batch was packed
}

// pack takes the next request's rows from the queues; nil if there is nothing
// to send now.
func (l *ledger) pack(now time.Time, allow allowance) *batch {
	if !l.ready(now, allow.rows) {
		return nil
	}
	p := packing{batch: &batch{sent: now, written: l.written}, ledger: l, wire: l.envelope, allow: allow}
	if g := l.takeGroup(now); g != nil {
		p.group(g)
	} else {
		p.fill(now)
	}
	l.retry.started(p.again)
	return p.batch
}

// packing is a batch that is being filled.
type packing struct {
	*batch
	ledger *ledger
	allow  allowance
	wire   int // bytes of the request so far
}

// board puts the row of c that is due into the batch, if it fits. The first
// one always does.
func (p *packing) board(c *chain) bool {
	j := c.next(p.ledger.conditional)
	wire := p.wire + j.item.wire
	if len(p.jobs) > 0 {
		wire++ // the comma
		if len(p.jobs) >= p.most() || wire > maxRequestBytes || float64(p.units+j.item.units()) > p.allow.units {
			return false
		}
	}
	p.wire = wire
	p.add(j)
	return true
}

// most is the most rows in the request.
func (p *packing) most() int {
	if p.ledger.conditional {
		return 1
	}
	return min(p.allow.rows, maxBatchItems)
}

// group boards the rows of g. What does not fit, since the allowance has
// fallen or newer rows have taken the place of smaller ones, stays a group.
func (p *packing) group(g *group) {
	n := 0
	for n < len(g.chains) && p.board(g.chains[n]) {
		n++
	}
	p.batch.group = g
	if g.held {
		p.again = n
	}
	if n < len(g.chains) {
		rest := *g
		rest.chains = g.chains[n:]
		p.ledger.groups = append(p.ledger.groups, &rest)
	}
}

// fill boards rows from the queue of refused rows, when that is open, and then
// fresh ones, as far as the allowance and DynamoDB's limits go. Of two requests
// in a row one leaves the refused rows alone if fresh ones fill it, so that a
// hot range of keys does not take all the requests.
func (p *packing) fill(now time.Time) {
	l := p.ledger
	if !l.turn || len(l.fresh) < p.most() {
		for open := l.open(now); p.again < open && p.board(l.refused[0]); p.again++ {
			l.refused.take()
		}
	}
	for len(l.fresh) > 0 && p.board(l.fresh[0]) {
		l.fresh.take()
	}
	l.turn = p.again > 0
}

// ready reports whether a request should be sent now: a full one, which is one
// of that many rows, or a part filled one that has nothing to wait for.
func (l *ledger) ready(now time.Time, rows int) bool {
	if l.stop != nil || l.paused {
		return false
	}
	if l.groupDue(now) >= 0 {
		return true
	}
	waiting := len(l.fresh) + l.open(now)
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

// open is how many rows of the queue of refused ones may be sent now.
func (l *ledger) open(now time.Time) int { return min(len(l.refused), l.retry.room(now)) }

// lingerUntil is when the rows waiting now are sent though they fill no
// request.
func (l *ledger) lingerUntil(now time.Time) time.Time {
	since := now
	if len(l.fresh) > 0 {
		since = l.fresh[0].since
	}
	if l.open(now) > 0 && l.retry.until.Before(since) {
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
	if len(l.fresh)+l.open(now) > 0 {
		at = l.lingerUntil(now)
	}
	if until := l.retry.until; until.After(now) && l.heldBack() > 0 && (at.IsZero() || until.Before(at)) {
		at = until
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
	l.groups = slices.Delete(l.groups, i, i+1)
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
