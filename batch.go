package dynamodest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/pace"
	"github.com/dynamodest/dynamodest/internal/schedule"
)

// dispatcher sends the requests of one call: it asks the scheduler what goes next and the gate when,
// sends, and reports each response to both. It has one goroutine, since batches must go while the
// caller's goroutine waits in the source, and owns the goroutines that send.
type dispatcher struct {
	d         *Destination
	call      int64 // the ID of the call
	mailbox   *mailbox
	scheduler *schedule.Scheduler
	waiter    *pace.Waiter // the call's place in the line for the gate
	toSenders chan *flight // to goroutines that wait for their next request
	responses chan *flight // that have their responses
	described chan error   // from describing the table again: why its keys no longer fit, or nil

	goroutines sync.WaitGroup
	running    atomic.Int32 // write requests that have not ended, RequestDone hooks included
	limiting   atomic.Bool  // a request is in begin, with a Limiter

	timer         *time.Timer
	timerSet      bool
	spare         []*job             // memory for the next rows collected
	settled       []*job             // for the caller's goroutine
	settledRows   tally              // all that were settled
	waitFor       string             // what the call waits for before it sends, a word of Wait.For
	stop          error              // why no request starts any more, as the caller sees it
	stopStarting  context.CancelFunc // ends the context of requests that have not started
	recoveries    int64              // of the table, as far as the call has acted on them
	paceWaitUntil time.Time          // end of the pace wait last reported to the Observer
}

func newDispatcher(d *Destination, call int64, m *mailbox) *dispatcher {
	return &dispatcher{
		d: d, call: call, mailbox: m, scheduler: schedule.New(d.scheduling), waiter: pace.NewWaiter(), recoveries: d.gate.Recoveries(),
		toSenders: make(chan *flight), responses: make(chan *flight, d.concurrency),
		described: make(chan error, 1),
	}
}

// loop works until every row taken is settled and no more will come, or until the call is stopped;
// then it joins every goroutine it started.
func (r *dispatcher) loop(ctx context.Context) {
	r.timer = time.NewTimer(never)
	var start context.Context // ends when no more requests may start
	start, r.stopStarting = context.WithCancel(ctx)
	defer r.end()
	for {
		r.collect()
		r.handleResponses(ctx)
		until := r.dispatch(ctx, start)
		r.waitFor = until.waitFor
		r.deliver()
		if until.done {
			return
		}
		r.mailbox.await(until.rows)
		r.setTimer(until.wait)
		select {
		case <-r.mailbox.toDispatcher:
		case f := <-r.responses:
			r.handleResponse(ctx, f)
		case changed := <-r.described:
			r.scheduler.Described(changed)
		case <-r.waiter.Turn():
		case <-r.timer.C:
		case <-r.ctxDone(ctx):
			r.scheduler.Stop(fault.Ended(ctx))
		}
	}
}

// end joins what the loop has started and settles every row that is left. It also runs when a
// callback ends the goroutine with runtime.Goexit.
func (r *dispatcher) end() {
	r.waitFor = ""
	r.timer.Stop()
	r.d.gate.Leave(r.waiter)
	if !r.scheduler.Idle() {
		r.scheduler.Stop(errGoroutineEnded)
	}
	r.stopStarting()
	for r.scheduler.InFlight() > 0 {
		f := <-r.responses
		f.returnSlot()
		r.settle(r.scheduler.Settle(f.Response))
	}
	close(r.toSenders)
	r.goroutines.Wait()
	r.settle(r.scheduler.Abandon())
	r.deliver()
}

// ctxDone returns ctx's channel until the call is stopped: from then on only the requests in flight
// are waited for.
func (r *dispatcher) ctxDone(ctx context.Context) <-chan struct{} {
	if r.scheduler.Stopped() != nil {
		return nil
	}
	return ctx.Done()
}

// collect moves what the caller's goroutine has taken into the scheduler.
func (r *dispatcher) collect() {
	jobs, since, state := r.mailbox.collect(r.spare)
	for _, j := range jobs {
		if !r.scheduler.Add(&j.Row, since) {
			r.settle([]*schedule.Row{&j.Row})
		}
	}
	clear(jobs)
	r.spare = jobs
	r.scheduler.WindowFull(state.sourceIdle)
	if state.closed {
		r.scheduler.Close()
	}
	if state.abort != nil {
		r.scheduler.Stop(state.abort)
	}
}

// settle collects rows that the scheduler has settled, and lets go of their items, in whose memory
// their keys lie.
func (r *dispatcher) settle(rows []*schedule.Row) {
	for _, row := range rows {
		j := jobOf(row)
		*j.item = item.Item{}
		j.item, j.Key, j.Rank, j.Payload = nil, "", "", nil
		r.settled = append(r.settled, j)
		r.settledRows[j.Outcome]++
	}
}

// deliver hands the settled rows to the caller's goroutine.
func (r *dispatcher) deliver() {
	if r.stop == nil {
		r.stop = r.d.stopCause(r.scheduler.Stopped())
	}
	if r.stop != nil {
		r.stopStarting()
	}
	r.mailbox.deliver(r.settled, dispatcherState{
		settledRows: r.settledRows, heldBack: r.scheduler.HeldBack(), waitFor: r.waitFor, stop: r.stop, stats: r.scheduler.Stats(),
	})
	clear(r.settled)
	r.settled = r.settled[:0]
}

// idle is what the dispatcher waits for, in addition to responses, its turn at the gate, and what the
// caller's goroutine says.
type idle struct {
	wait    time.Duration // until the next request may go by itself, or never
	rows    int           // how many further rows may make a request go; 0 if no number of them can
	waitFor string        // what no request may go before, a word of Wait.For; "" for a response or a row
	done    bool          // there is nothing to wait for
}

// dispatch starts every request that may go now. It returns what is to be waited for.
func (r *dispatcher) dispatch(ctx, start context.Context) idle {
	s, gate := r.scheduler, r.d.gate
	r.openRetries()
	for {
		if ctx.Err() != nil {
			s.Stop(fault.Ended(ctx))
		}
		now := time.Now()
		next := s.Next(now, schedule.Budget{})
		switch next.Kind {
		case schedule.Describe:
			if !gate.Borrow(r.waiter) {
				return idle{wait: never}
			}
			r.describe(start)
			continue
		case schedule.Wait, schedule.Done:
			gate.Leave(r.waiter)
			return idle{wait: until(now, next.Until), rows: next.Rows, waitFor: r.waitsForRetry(), done: next.Kind == schedule.Done}
		case schedule.Send:
		}
		if r.limiting.Load() || r.tooManyHooks() {
			gate.Leave(r.waiter)
			return idle{wait: never, waitFor: r.waitsForLimiter()}
		}
		grant := gate.Start(r.waiter, now, s.FitsOneRequest())
		if !grant.OK {
			return r.waitForGate(ctx, now, grant)
		}
		if next = s.Next(now, r.d.limitedBudget(grant.Budget)); next.Kind != schedule.Send {
			gate.Leave(r.waiter) // a part-filled batch that may still fill up
			return idle{wait: until(now, next.Until), rows: next.Rows}
		}
		gate.Sent(r.waiter, now, float64(next.Batch.Units))
		r.launch(ctx, start, next.Batch)
	}
}

// waitsForRetry returns what a call waits for that has nothing to send now.
func (r *dispatcher) waitsForRetry() string {
	if limit := r.waitsForLimiter(); limit != "" {
		return limit
	}
	if r.scheduler.Stats().Delayed > 0 && r.scheduler.Stopped() == nil {
		return WaitRetry
	}
	return ""
}

// waitsForLimiter returns WaitLimit if a request is in begin, with a Limiter.
func (r *dispatcher) waitsForLimiter() string {
	if r.limiting.Load() {
		return WaitLimit
	}
	return ""
}

// waitForGate returns what is to be waited for after a grant that was not given, and notifies the Observer
// of a wait for the pace.
func (r *dispatcher) waitForGate(ctx context.Context, now time.Time, grant pace.Grant) idle {
	if grant.Wait <= 0 {
		return idle{wait: never} // the waiter's turn ends the wait
	}
	until := idle{wait: grant.Wait, waitFor: WaitPace}
	if now.Before(r.paceWaitUntil) { // the rest of a wait that was reported
		return until
	}
	r.paceWaitUntil = now.Add(grant.Wait)
	if r.observeWait(ctx, Wait{For: WaitPace, Rows: r.scheduler.Stats().Waiting, Delay: grant.Wait}) {
		until.wait = 0 // the hook may have blocked: re-evaluate everything
	}
	return until
}

// observeWait calls the Wait hook and reports whether there is one. A hook may block, or call the
// Destination: the call gives up its place in line for it.
func (r *dispatcher) observeWait(ctx context.Context, w Wait) bool {
	if r.d.observer.Wait == nil {
		return false
	}
	r.d.gate.Leave(r.waiter)
	r.mailbox.waitsFor(w.For)
	r.d.notifyWait(ctx, r.call, w)
	return true
}

// never is how long to wait when only an event can change anything.
const never = time.Hour

// setTimer sets the timer, unless nothing is waited for that it could end.
func (r *dispatcher) setTimer(wait time.Duration) {
	switch {
	case wait != never:
		r.timer.Reset(wait)
		r.timerSet = true
	case r.timerSet:
		r.timer.Stop()
		r.timerSet = false
	}
}

// until returns the time from now to at; never if at is zero.
func until(now, at time.Time) time.Duration {
	if at.IsZero() {
		return never
	}
	return max(0, at.Sub(now))
}

// describe requests the table's description, in a slot that the gate has lent. Until the description
// is there the scheduler sends nothing.
func (r *dispatcher) describe(start context.Context) {
	r.scheduler.Next(time.Now(), schedule.BudgetOf(1)) // commits to the description
	r.goroutines.Go(func() {
		var changed error
		defer func() { r.described <- changed }() // also if the client or the hook ends the goroutine
		returnSlot := sync.OnceFunc(r.d.gate.Return)
		defer returnSlot()
		var notify func()
		notify, changed = r.d.keysChanged(start, r.call)
		returnSlot()
		notify() // first, since a call that ended would cancel the hook's context
	})
}

// openRetries lets the retries go when the table, after others had it, is free again: their delay was
// for a table that takes nothing.
func (r *dispatcher) openRetries() {
	if n := r.d.gate.Recoveries(); n != r.recoveries {
		r.recoveries = n
		r.scheduler.OpenRetries()
	}
}

// handleResponses handles all the responses there are.
func (r *dispatcher) handleResponses(ctx context.Context) {
	for {
		select {
		case f := <-r.responses:
			r.handleResponse(ctx, f)
		default:
			return
		}
	}
}

// handleResponse settles a response and acts on it: drops expired credentials, reports the backoff.
func (r *dispatcher) handleResponse(ctx context.Context, f *flight) {
	if f.Failure != nil && f.Failure.Action == fault.Reauthorize {
		r.d.credentials.Invalidate(f.Batch.SentAt)
	}
	f.returnSlot() // the pace knows of the response before the call asks for the next request
	r.settle(r.scheduler.Settle(f.Response))
	r.openRetries()
	if stats := r.scheduler.Stats(); stats.Backoff > 0 && stats.Delayed > 0 && r.scheduler.Stopped() == nil {
		r.observeWait(ctx, Wait{For: WaitRetry, Rows: stats.Delayed, Delay: stats.Backoff})
	}
}
