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
	mu       sync.Mutex
	pending  []*job    // for the dispatcher
	since    time.Time // when the first of them came
	wanted   int       // pending rows that are worth a signal to the dispatcher; 0 if no number of them is
	settled  []*job    // for the caller's goroutine
	state    mailboxState
	heldBack int            // rows that the dispatcher can neither send now nor has in flight
	stop     error          // why the dispatcher stopped; nil while it goes on
	stats    schedule.Stats // of the requests; complete once ended is closed

	toDispatcher chan struct{} // has room for one signal: something has changed for the dispatcher
	toCaller     chan struct{} // the same for the caller's goroutine
	ended        chan struct{} // closed when the dispatcher has joined all that it started; then stop and stats are read without mu
}

// mailboxState is what the caller's goroutine says in addition to rows.
type mailboxState struct {
	closed     bool  // no more rows will come
	sourceIdle bool  // no row comes for now: the window is full, or the source pauses
	abort      error // the caller wants no more rows sent
}

func newMailbox() *mailbox {
	return &mailbox{toDispatcher: make(chan struct{}, 1), toCaller: make(chan struct{}, 1), ended: make(chan struct{})}
}

// exchange hands rows to the dispatcher. It returns the rows settled since the last call, how many rows were
// held back then, and why the dispatcher has stopped if it has. buf is used for the next settled rows.
func (m *mailbox) exchange(jobs, buf []*job) (settled []*job, heldBack int, stop error) {
	m.mu.Lock()
	if len(m.pending) == 0 && len(jobs) > 0 {
		m.since = time.Now()
	}
	m.pending = append(m.pending, jobs...)
	m.state.sourceIdle = false
	settled, heldBack, stop = m.settled, m.heldBack, m.stop
	m.settled = buf[:0]
	enough := m.enough()
	m.mu.Unlock()
	if enough {
		signal(m.toDispatcher)
	}
	return settled, heldBack, stop
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

// sourceIdle says that no row comes until the next exchange, so that part-filled batches may go.
func (m *mailbox) sourceIdle() {
	m.mu.Lock()
	m.state.sourceIdle = true
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

// deliver hands settled rows to the caller's goroutine, and says how many are held back, and why the
// dispatcher has stopped if it has. A caller's goroutine that waits for rows to settle may go on when more
// are held back.
func (m *mailbox) deliver(settled []*job, heldBack int, stop error, stats schedule.Stats) {
	m.mu.Lock()
	news := len(settled) > 0 || m.stop == nil && stop != nil || heldBack > m.heldBack
	m.settled = append(m.settled, settled...)
	m.heldBack, m.stop, m.stats = heldBack, stop, stats
	m.mu.Unlock()
	if news {
		signal(m.toCaller)
	}
}

// signal fills a channel that has room for one, if it is empty.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
