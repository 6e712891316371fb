package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// OnExisting is what a call does about a key that the table already has.
type OnExisting uint8

// The choices. All but Overwrite send each row by a conditional put of its own.
const (
	Overwrite OnExisting = iota
	Skip                 // keep the item
	Fail                 // keep the item, and fail the row
	Newer                // replace the item unless its rank is higher than the row's
)

// Defaults of the limits in a Config.
const (
	// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
	DefaultMaxBatchRows = 25

	// 16 MB over the network, enforced as 16 * 1,024 * 1,024.
	// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
	DefaultMaxBatchBytes = 16 << 20

	defaultMaxAttemptsFactor = 10
	defaultOutageFactor      = 3
	defaultMinOutageAttempts = 10
)

// Config configures a Scheduler. A limit that is 0 has its default, so that a test or an explorer
// can make the scope small.
type Config struct {
	OnExisting   OnExisting
	MaxAttempts  int           // most requests with no row accepted that carry the same row; 1 or more
	MinDelay     time.Duration // bound of the first backoff
	MaxDelay     time.Duration // bound of the longest backoff
	MaxWait      time.Duration // linger: how long rows that fill no request wait for more
	EnvelopeSize int           // bytes of a BatchWriteItem body around its items

	MaxBatchRows  int // rows in one request; 25 by default
	MaxBatchBytes int // bytes of one request's body; 16 MiB by default

	// MaxAttemptsFactor bounds retries that do make progress: a row is given up after
	// MaxAttemptsFactor × MaxAttempts requests in any case. 10 by default.
	MaxAttemptsFactor int

	// An outage stops the call: OutageFactor × MaxAttempts consecutive backoffs after which a retry
	// made no progress, where MaxAttempts counts as MinOutageAttempts if it is less. 3 and 10 by
	// default, so 30 backoffs at least.
	OutageFactor      int
	MinOutageAttempts int

	// Jitter returns a duration from 0 to bound, by default a random one ("full jitter").
	Jitter func(bound time.Duration) time.Duration
}

func (c Config) withDefaults() Config {
	c.MaxBatchRows = cmp.Or(c.MaxBatchRows, DefaultMaxBatchRows)
	c.MaxBatchBytes = cmp.Or(c.MaxBatchBytes, DefaultMaxBatchBytes)
	c.MaxAttemptsFactor = cmp.Or(c.MaxAttemptsFactor, defaultMaxAttemptsFactor)
	c.OutageFactor = cmp.Or(c.OutageFactor, defaultOutageFactor)
	c.MinOutageAttempts = cmp.Or(c.MinOutageAttempts, defaultMinOutageAttempts)
	if c.Jitter == nil {
		c.Jitter = fullJitter
	}
	return c
}

// BatchRows returns the most rows of one request.
func (c Config) BatchRows() int {
	if c.conditional() {
		return 1
	}
	return c.withDefaults().MaxBatchRows
}

// conditional reports whether each row goes by a conditional put of its own.
func (c *Config) conditional() bool { return c.OnExisting != Overwrite }

// firstWins reports whether the rows of a key go one after another, oldest first, until one is written.
func (c *Config) firstWins() bool { return c.OnExisting == Skip || c.OnExisting == Fail }

// Row is one row on its way to its outcome. The caller sets the first group of fields and leaves
// the Row alone until it is settled.
type Row struct {
	Index       int    // its place in the call; unique, and greater than those of rows added before
	Key         string // equal exactly for rows with equal keys; "" if not known: equal to no other
	Rank        string // its version: of the rows of a key the highest wins, of equal ones the last. The first byte is the kind
	Units       int    // write units that it costs the table
	Size        int    // bytes as DynamoDB counts them
	EncodedSize int    // bytes in the body of a request
	Payload     any    // carried, never inspected; nil once the row is settled

	PartitionLen int  // bytes of Key, the first ones, that are the partition key; 0 if not known
	Delete       bool // it deletes the item of its key; not with conditional puts

	// Set when the row is settled.
	Outcome  Outcome
	By       int          // with Superseded: the Index of the row that was written or deleted instead
	Attempts int          // requests that carried it
	Reason   fault.Reason // why it is NotWritten or Unknown; otherwise ""
	Err      error        // the cause of Reason

	maybeApplied      bool      // an earlier request may have applied it
	charged           int       // requests that count against MaxAttemptsFactor × MaxAttempts
	fruitlessAttempts int       // requests that count against MaxAttempts
	queue             *keyQueue // nil once settled
}

// NextKind is what a caller is to do next.
type NextKind uint8

// The kinds.
const (
	Wait     NextKind = iota // nothing until Next.Until, or until a row or a response comes
	Send                     // send Next.Batch, then Settle its response
	Describe                 // describe the table again, then call Described
	Done                     // nothing is left to do but to Abandon the rows that are left
)

// Next is what a caller is to do next.
type Next struct {
	Kind  NextKind
	Batch *Batch    // with Send, unless the Budget was the zero Budget
	Until time.Time // with Wait: when to ask again at the latest; zero if only an event can change the result
	Rows  int       // with Wait: how many further rows may change the result sooner; 0 if none can
}

// Outage is why a Scheduler stopped itself: retries made no progress for too long.
type Outage struct {
	Waits  int          // consecutive backoffs in which nothing was accepted
	Reason fault.Reason // of the last request
	Err    error        // of the last request
	Put    bool         // the last request was a put of one row
}

// Error says how long nothing was accepted, and how the last request failed.
func (o *Outage) Error() string {
	return fmt.Sprintf("nothing was accepted in %d consecutive waits; the last error: %v", o.Waits, o.Err)
}

// Unwrap returns the error of the last request.
func (o *Outage) Unwrap() error { return o.Err }

// Stats is what a Scheduler has done, and what waits in it.
type Stats struct {
	Requests    int           // requests that were sent
	Resent      int           // rows that a request carried after an earlier one had
	WriteUnits  float64       // as the responses reported them
	VectorBytes float64       // charged for writes to vector indexes, as the responses reported them
	Waiting     int           // rows that wait to be sent, those set apart by a split not included
	Delayed     int           // rows that wait for the retry queue to open, or for delays of their own
	Backoff     time.Duration // the longest delay that began with the last response; 0 if none did
	Throttled   Throttled     // set by Abandon, at the end
}

// Scheduler decides what one call sends next, and what each response means for its rows. It belongs
// to one goroutine.
type Scheduler struct {
	cfg Config

	keys       map[string]*keyQueue // every unsettled row, by key
	newRows    fifo                 // keys whose next row may go at once
	retries    oldestFirst          // keys whose next row waits for the backoff
	stubborn   dueFirst             // keys whose next row was set apart and waits for a delay of its own
	alone      oldestFirst          // those of them whose delay is over
	subBatches []*subBatch          // rows that go in requests of their own
	spare      spareQueues
	backoff    backoff

	input    input
	keyCheck keyCheck
	outage   outageCounter
	hot      hotKeys
	refusals refusals

	rows             int       // added so far
	unsettled        int       // rows that are not settled
	rowsInFlight     int       // rows
	written          int       // written so far
	inFlight         int       // requests
	lastHadRetries   bool      // the last request that was filled from the queues carried retries
	stubbornAccepted time.Time // when a stubborn row was last accepted
	stop             error     // why no more requests start; nil while they may

	stats   Stats  // but for Waiting and Delayed
	settled []*Row // by the last Settle or Abandon
}

// input is what the caller said about the rows to come.
type input struct {
	closed     bool // no more rows will come
	windowFull bool // the source waits for rows to settle
}

// keyCheck is the state of the question whether the keys of the table have changed.
type keyCheck struct {
	wanted         bool
	running        bool
	doneSinceWrite bool // asked, and no row was written since
}

// outageCounter counts how far the call is from an outage.
type outageCounter struct {
	noProgress int     // consecutive backoffs after which a retry made no progress
	cause      *Outage // nil unless the call was stopped for one
}

// New returns a Scheduler without rows.
func New(c Config) *Scheduler {
	c = c.withDefaults()
	return &Scheduler{
		cfg:     c,
		keys:    make(map[string]*keyQueue),
		backoff: backoff{minDelay: c.MinDelay, maxDelay: c.MaxDelay, jitter: c.Jitter, maxRows: c.MaxBatchRows},
	}
}

// Add takes a row that is to be written. A later row of a key supersedes the earlier ones of no higher
// rank that are not in flight, or with Skip and Fail waits for them.
//
// It reports false if the key has rows with ranks of another kind, with which r's cannot be compared:
// then r is settled.
func (s *Scheduler) Add(r *Row, now time.Time) bool {
	s.rows++
	s.unsettled++
	key := r.Key
	if key == "" {
		key = "#" + strconv.Itoa(r.Index)
	}
	if q := s.keys[key]; q != nil {
		if !q.comparable(r) {
			s.fail(r, fault.Mapping, errOtherKind)
			return false
		}
		r.queue = q
		q.add(r)
		return true
	}
	q := s.spare.take()
	q.key, q.since = key, now
	q.rows = append(q.first[:0], r)
	r.queue = q
	s.keys[key] = q
	s.newRows.put(q)
	return true
}

// forget drops a key without rows.
func (s *Scheduler) forget(q *keyQueue) {
	delete(s.keys, q.key)
	s.spare.put(q)
}

// Close says that no more rows will come.
func (s *Scheduler) Close() { s.input.closed = true }

// WindowFull says whether the source waits for rows to settle: then no more rows come to fill a
// request, and a part-filled one is sent.
func (s *Scheduler) WindowFull(full bool) { s.input.windowFull = full }

// OpenRetries says that the table accepts writes again: the delay of the retry queue ends at once, and
// requests refused before count neither towards the length of later delays nor towards an outage.
func (s *Scheduler) OpenRetries() {
	s.backoff.open()
	s.outage.noProgress = 0
}

// Next decides what to do now. The caller asks again after each Send, whenever a response or a description
// has come, and with Wait when Rows further rows have been added, and at Until: when the retry queue opens,
// or the linger of rows that fill no request ends.
//
// The zero Budget only asks. It changes nothing, and with Send there is no Batch: a request may go if
// the caller has a budget for one. Any other Budget commits to what Next returns: a Batch is in
// flight until it is settled, and the table is being described until Described. Meanwhile nothing is
// sent, and Describe is not returned again.
func (s *Scheduler) Next(now time.Time, b Budget) Next {
	s.wakeStubborn(now)
	commit := b != Budget{}
	rows := 1
	if commit {
		rows = b.Rows
	}
	switch {
	case s.done():
		return Next{Kind: Done}
	case s.stop != nil || s.keyCheck.running:
		return Next{Kind: Wait}
	case s.keyCheck.wanted:
		if commit {
			s.keyCheck.wanted, s.keyCheck.running = false, true
		}
		return Next{Kind: Describe}
	case !s.ready(now, rows):
		return Next{Kind: Wait, Until: s.wakeAt(now), Rows: s.missing(now, rows)}
	case commit:
		return Next{Kind: Send, Batch: s.pack(now, b)}
	}
	return Next{Kind: Send}
}

// done reports whether there is nothing left to do or to wait for.
func (s *Scheduler) done() bool {
	if s.inFlight > 0 || s.keyCheck.running {
		return false
	}
	return s.stop != nil || s.input.closed && s.Idle() && !s.keyCheck.wanted
}

// Described ends what a Next with Describe began. If changed is not nil it stops the call: rows were
// converted for keys that the table no longer has.
func (s *Scheduler) Described(changed error) {
	s.keyCheck.running = false
	s.Stop(changed)
}

// Stop starts nothing more. Requests in flight are still settled; Abandon settles the other rows.
// Only the first cause counts, and nil is none.
func (s *Scheduler) Stop(cause error) {
	if s.stop == nil {
		s.stop = cause
	}
}

// Stopped returns why nothing more is sent: the cause that Stop was given, or an *Outage. It is nil
// while the call goes on.
func (s *Scheduler) Stopped() error { return s.stop }

// Abandon settles every row that is left after a stop, when no request is in flight, in the order
// of their indexes. After a stop the rows are Stopped with its cause. After an outage, rows that were
// sent and not accepted keep the reason of their last request, and older rows of the key get the same.
// The slice is valid until the next call of Settle or Abandon.
func (s *Scheduler) Abandon() []*Row {
	s.resetSettled()
	s.stats.Throttled = s.refusals.throttled()
	for _, q := range s.keys {
		if next := q.next(s.cfg.firstWins()); s.outage.cause != nil && next.charged > 0 {
			s.giveUp(next)
		}
		for _, r := range q.rows {
			s.fail(r, fault.Stopped, s.stop)
		}
	}
	clear(s.keys)
	s.newRows, s.retries, s.stubborn, s.alone, s.subBatches = fifo{}, oldestFirst{}, dueFirst{}, oldestFirst{}, nil
	slices.SortFunc(s.settled, func(a, b *Row) int { return cmp.Compare(a.Index, b.Index) })
	return s.settled
}

// FitsOneRequest reports whether the whole call has no more rows than one request takes.
func (s *Scheduler) FitsOneRequest() bool { return s.input.closed && s.rows <= s.cfg.MaxBatchRows }

// Idle reports whether every row added is settled.
func (s *Scheduler) Idle() bool { return len(s.keys) == 0 }

// HeldBack returns the number of rows that can be neither sent now nor are in flight: they wait for the
// retry queue to open, or for another row of their key.
func (s *Scheduler) HeldBack() int { return s.unsettled - s.newRows.Len() - s.rowsInFlight }

// InFlight returns the number of requests that Next returned and that are not settled.
func (s *Scheduler) InFlight() int { return s.inFlight }

// Stats returns what has been done, and what waits.
func (s *Scheduler) Stats() Stats {
	stats := s.stats
	stats.Waiting, stats.Delayed = s.newRows.Len()+s.retries.Len()+s.stubborn.Len()+s.alone.Len(), s.delayed()
	return stats
}
