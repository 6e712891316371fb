package dynamodest

import "sync"

// feed is where the caller's goroutine and the run's meet: rows go one way,
// settled rows come back.
type feed struct {
	mu      sync.Mutex
	taken   []*job // by the caller, for the run
	settled []*job // by the run, for the caller
	state   feedState
	stop    error   // why the run stopped; nil while it goes on
	summary Summary // of the requests; complete when the run has ended, and then read without mu, as stop is

	toRun    chan struct{} // has room for one: something has changed for the run
	toCaller chan struct{} // likewise for the caller
	ended    chan struct{} // closed when the run has joined all that it started
}

// feedState is what the caller tells the run besides rows.
type feedState struct {
	closed  bool  // no more rows will come
	starved bool  // the caller waits for rows to settle before it takes another
	quit    error // the caller wants no more rows sent
}

func newFeed() *feed {
	return &feed{toRun: make(chan struct{}, 1), toCaller: make(chan struct{}, 1), ended: make(chan struct{})}
}

// put hands rows to the run. It returns the rows settled since the last call,
// and whether the run goes on.
func (f *feed) put(jobs []*job) (settled []*job, running bool) {
	f.mu.Lock()
	f.taken = append(f.taken, jobs...)
	f.state.starved = false
	settled, running = f.settled, f.stop == nil
	f.settled = nil
	f.mu.Unlock()
	if len(jobs) > 0 {
		signal(f.toRun)
	}
	return settled, running
}

// tell changes what the run is told.
func (f *feed) tell(change func(*feedState)) {
	f.mu.Lock()
	change(&f.state)
	f.mu.Unlock()
	signal(f.toRun)
}

// collect returns the rows taken since the last call. buf is used for the next
// ones.
func (f *feed) collect(buf []*job) ([]*job, feedState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	jobs := f.taken
	f.taken = buf[:0]
	return jobs, f.state
}

// give hands settled rows to the caller, and says why the run has stopped if
// it has.
func (f *feed) give(settled []*job, stop error, requests Summary) {
	f.mu.Lock()
	news := len(settled) > 0 || f.stop == nil && stop != nil
	f.settled = append(f.settled, settled...)
	f.stop, f.summary = stop, requests
	f.mu.Unlock()
	if news {
		signal(f.toCaller)
	}
}

// signal fills a channel that has room for one, if it is empty.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
