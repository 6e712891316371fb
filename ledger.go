package dynamodest

import (
	"strconv"
	"time"
)

// ledger holds the unsettled rows of one call. It says what to send next
// (pack) and what each answer means for the rows (settle). It is pure: time is
// passed in, nothing is sent, and it belongs to one goroutine.
type ledger struct {
	// What the call goes by; not changed.
	conditional bool // each row by a conditional PutItem: insert with skip or fail
	onExisting  OnExisting
	maxAttempts int
	maxWait     time.Duration
	envelope    int // bytes of a BatchWriteItem body around its items

	chains  map[string]*chain // by key
	fresh   fifo              // chains whose row was not refused yet
	refused oldest            // chains whose row was refused: sent again when retry opens
	groups  []*group          // rows that go in requests of their own
	retry   backoff

	turn     bool // the last request carried refused rows
	closed   bool // no more rows will come
	starved  bool // the source waits for rows to settle
	paused   bool // the table is being described again
	describe bool // a batch was refused row by row: ask whether the table's keys have changed
	asked    bool // that was asked since a row was last written
	rows     int  // rows taken so far
	written  int  // rows written so far
	dry      int  // waits in a row after which refused rows were sent in vain, while nothing else was taken

	gaveOut    bool   // halted for an outage
	lastReason Reason // of the last request that came back with rows to send again
	lastErr    error
	stop       error // why no more requests start; nil while they may

	wait    time.Duration // a wait of the refused rows that began with the last answer; 0 if none
	out     []*job        // settled, for the caller to collect
	summary Summary       // of the requests alone
}

// newLedger returns the ledger of a call to d.
func (d *Destination) newLedger() *ledger {
	return &ledger{
		conditional: d.conditional(),
		onExisting:  d.exist,
		maxAttempts: d.retry.MaxAttempts,
		maxWait:     d.maxWait,
		envelope:    envelopeSize(d.table),
		chains:      make(map[string]*chain),
		retry:       backoff{Retry: d.retry},
	}
}

// take adds a row that passed the local checks.
func (l *ledger) take(j *job, now time.Time) {
	l.rows++
	key := j.item.key
	if key == "" { // the key is not known (a fake that describes no table): every row is its own
		key = "#" + strconv.Itoa(j.result.Index)
	}
	if c := l.chains[key]; c != nil {
		j.chain = c
		c.jobs = append(c.jobs, j)
		return
	}
	c := &chain{key: key, since: now}
	c.jobs = append(c.first[:0], j)
	j.chain = c
	l.chains[key] = c
	l.fresh.put(c)
}

// few reports whether the whole call has no more rows than one request takes.
func (l *ledger) few() bool { return l.closed && l.rows <= maxBatchItems }

// idle reports whether every row taken is settled.
func (l *ledger) idle() bool { return len(l.chains) == 0 }

// halt ends the sending for good. Rows that are in flight keep their chance;
// abandon settles the rest.
func (l *ledger) halt(why error) {
	if l.stop == nil {
		l.stop = why
	}
}

// outageFactor times MaxAttempts, or times its default if that is more, waits in
// a row after which refused rows were sent in vain are an outage.
const outageFactor = 3

// outage reports whether nothing has got through for so long that the call is
// to stop.
func (l *ledger) outage() bool { return l.dry/outageFactor >= max(l.maxAttempts, defaultMaxAttempts) }

// giveOut halts the sending for an outage.
func (l *ledger) giveOut(why error) {
	l.halt(why)
	l.gaveOut = true
}

// abandon settles every row that is left, after halt, when no request is in
// flight. In an outage rows that were refused keep their reason, and share it
// with those held under them.
func (l *ledger) abandon() {
	for _, c := range l.chains {
		if next := c.next(l.conditional); l.gaveOut && next.counted > 0 {
			l.giveUp(c, next)
		}
		for _, j := range c.jobs {
			l.fail(j, ErrStopped, l.stop)
		}
	}
	clear(l.chains)
	l.fresh, l.refused, l.groups = nil, nil, nil
}

// waiting is the number of rows that wait to be sent.
func (l *ledger) waiting() int { return len(l.fresh) + len(l.refused) }
