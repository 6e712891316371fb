package dynamodest

import (
	"sync"
	"time"

	"github.com/dynamodest/dynamodest/internal/schedule"
)

// mailbox connects the caller's goroutine and the dispatcher: pending rows in one direction, settled
// rows in the other. Each side sees at any time what the other has put in, and a signal wakes the side that can act
// on it.
type mailbox struct {
	mu      sync.Mutex
	pending []*job    // for the dispatcher
	since   time.Time // when the first of them came
	wanted  int       // pending rows that are worth a signal to the dispatcher; 0 if no number of them is
	settled []*job    // for the caller's goroutine
	state   mailboxState
	dispatcherState

	taken     int  // rows that the caller's goroutine has taken
	unsent    int  // those of them that it has settled itself, as NotWritten
	reporting bool // settled rows are with the caller's goroutine, to be reported

	toDispatcher chan struct{} // has room for one signal: something has changed for the dispatcher
	toCaller     chan struct{} // the same for the caller's goroutine
	ended        chan struct{} // closed when the dispatcher has joined all that it started; then stop and stats are read without mu
}

// mailboxState is what the caller's goroutine says in addition to rows.
type mailboxState struct {
	closed     bool  // no more rows will come
	sourceIdle bool  // no row comes for now: the window is full, or the source pauses
	stuck      bool  // the window is full of settled rows
	abort      error // the caller wants no more rows sent
}

// dispatcherState is what the dispatcher says in addition to settled rows.
type dispatcherState struct {
	settledRows tally          // the outcomes of all rows that it has settled
	heldBack    int            // rows that it can neither send now nor has in flight
	waitFor     string         // what it waits for before it sends, a word of Wait.For; "" for nothing of the kind
	stop        error          // why it has stopped; nil while it goes on
	stats       schedule.Stats // of the requests; complete once ended is closed
}

func newMailbox() *mailbox {
	return &mailbox{toDispatcher: make(chan struct{}, 1), toCaller: make(chan struct{}, 1), ended: make(chan struct{})}
}

// exchange hands rows to the dispatcher; so many were taken by now. It returns the rows settled since the last
// call, how many rows were held back then, and why the dispatcher has stopped if it has. If there are settled rows,
// the caller calls reported when it has reported them. buf is used for the next settled rows.
func (m *mailbox) exchange(jobs []*job, taken int, buf []*job) (settled []*job, heldBack int, stop error) {
	m.mu.Lock()
	if len(m.pending) == 0 && len(jobs) > 0 {
		m.since = time.Now()
	}
	m.pending = append(m.pending, jobs...)
	m.taken = taken
	m.state.sourceIdle, m.state.stuck = false, false
	settled, heldBack, stop = m.settled, m.heldBack, m.stop
	m.reporting = len(settled) > 0
	m.settled = buf[:0]
	enough := m.enough()
	m.mu.Unlock()
	if enough {
		signal(m.toDispatcher)
	}
	return settled, heldBack, stop
}

// reported says that the settled rows of the last exchange were reported.
func (m *mailbox) reported() {
	m.mu.Lock()
	m.reporting = false
	m.mu.Unlock()
}

// settleUnsent says that the caller's goroutine, which has taken so many rows, has settled some of them itself,
// and is about to report them: until the next exchange.
func (m *mailbox) settleUnsent(rows, taken int) {
	m.mu.Lock()
	m.taken = taken
	m.unsent += rows
	m.reporting = true
	m.mu.Unlock()
}

// await says how many pending rows are worth a signal to the dispatcher; 0 if no number of them is.
func (m *mailbox) await(rows int) {
	m.mu.Lock()
	m.wanted = rows
	enough := m.enough()
	m.mu.Unlock()
	if enough {
		signal(m.toDispatcher)
	}
}

// enough reports, once, whether as many rows are pending as the dispatcher waits for. The caller holds mu.
func (m *mailbox) enough() bool {
	if m.wanted == 0 || len(m.pending) < m.wanted {
		return false
	}
	m.wanted = 0
	return true
}

// close says that no more rows will come.
func (m *mailbox) close() {
	m.mu.Lock()
	m.state.closed = true
	m.mu.Unlock()
	signal(m.toDispatcher)
}

// sourceIdle says that no row comes until the next exchange, so that part-filled batches may go; stuck, that
// this is so because settled rows fill the window.
func (m *mailbox) sourceIdle(stuck bool) {
	m.mu.Lock()
	m.state.sourceIdle, m.state.stuck = true, stuck
	m.mu.Unlock()
	signal(m.toDispatcher)
}

// abort says that no more rows are to be sent, and why.
func (m *mailbox) abort(cause error) {
	m.mu.Lock()
	m.state.abort = cause
	m.mu.Unlock()
	signal(m.toDispatcher)
}

// collect returns the rows handed over since the last call, for the dispatcher, and when the first of them
// came. buf is used for the next ones.
func (m *mailbox) collect(buf []*job) (jobs []*job, since time.Time, state mailboxState) {
	m.mu.Lock()
	defer m.mu.Unlock()
	jobs = m.pending
	m.pending = buf[:0]
	return jobs, m.since, m.state
}

// deliver hands settled rows to the caller's goroutine, with the state of the dispatcher. A caller's goroutine
// that waits for rows to settle may go on when more are held back.
func (m *mailbox) deliver(settled []*job, now dispatcherState) {
	m.mu.Lock()
	news := len(settled) > 0 || m.stop == nil && now.stop != nil || now.heldBack > m.heldBack
	m.settled = append(m.settled, settled...)
	m.dispatcherState = now
	m.mu.Unlock()
	if news {
		signal(m.toCaller)
	}
}

// waitsFor says what the dispatcher waits for now, before the next deliver does.
func (m *mailbox) waitsFor(word string) {
	m.mu.Lock()
	m.waitFor = word
	m.mu.Unlock()
}

// progress is what a call has done at one moment, and what it waits for.
type progress struct {
	taken   int
	sum     Summary // without MissingColumns
	waitFor string  // of the dispatcher
	stuck   bool    // the caller's goroutine waits with a window that is full of settled rows
	idle    bool    // no row is left to settle or to report, and more may come
}

// progress returns what the call has done, and what it waits for.
func (m *mailbox) progress() progress {
	m.mu.Lock()
	defer m.mu.Unlock()
	outcomes := m.settledRows
	outcomes[NotWritten] += m.unsent
	sum := outcomes.summary(m.stats)
	return progress{
		taken: m.taken, sum: sum, waitFor: m.waitFor, stuck: m.state.stuck,
		idle: sum.Rows == m.taken && !m.reporting && !m.state.closed,
	}
}

// signal fills a channel that has room for one, if it is empty.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
