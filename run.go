package dynamodest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dynamodest/dynamodest/internal/pace"
)

// run drives the requests of one call: it owns the call's ledger, and every
// goroutine that sends for the call. It has one goroutine of its own, since
// batches must go while the caller's goroutine waits in the source.
type run struct {
	d       *Destination
	ledger  *ledger
	feed    *feed
	ticket  *ticket
	answers chan answer
	checked chan error   // the table's description, asked for again
	flying  int          // requests whose answer has not landed
	sending atomic.Int32 // those that have not ended, with their hooks
	senders sync.WaitGroup
	timer   *time.Timer
	spare   []*job    // for the next rows taken
	paced   time.Time // until when the pace has the call wait, as the Observer knows

	hold context.CancelFunc // ends the context of requests that have not started
}

func newRun(d *Destination, f *feed) *run {
	return &run{
		d: d, feed: f, ledger: d.newLedger(), ticket: newTicket(),
		answers: make(chan answer, d.concurrency),
		checked: make(chan error, 1),
	}
}

// loop works until every row taken is settled and no more will come, or until
// the call is stopped; then it joins every goroutine it started.
func (r *run) loop(ctx context.Context) {
	l := r.ledger
	r.timer = time.NewTimer(never)
	var start context.Context // ends when no more requests may start
	start, r.hold = context.WithCancel(ctx)
	defer r.end()
	for {
		r.collect()
		r.landAll(ctx)
		wait := r.dispatch(ctx, start)
		r.give()
		if r.flying == 0 && !l.paused && (l.stop != nil || l.closed && l.idle() && !l.describe) {
			return
		}
		r.timer.Reset(wait)
		select {
		case <-r.feed.toRun:
		case a := <-r.answers:
			r.settle(ctx, a)
		case err := <-r.checked:
			l.paused = false
			if err != nil {
				l.halt(err)
			}
		case <-r.ticket.turn:
		case <-r.timer.C:
		case <-done(ctx, l):
			l.halt(stopCause(ctx))
		}
	}
}

// end joins what the loop has started and settles every row that is left. It
// is also the end of a loop whose goroutine a callback has ended.
func (r *run) end() {
	l := r.ledger
	r.timer.Stop()
	r.d.gate.quit(r.ticket)
	if !l.idle() {
		l.halt(errGoroutineEnded)
	}
	r.hold()
	for r.flying > 0 {
		r.land(<-r.answers)
	}
	r.senders.Wait()
	l.abandon()
	r.give()
}

// give hands what the ledger has settled to the caller's goroutine.
func (r *run) give() {
	l := r.ledger
	if l.stop != nil {
		r.hold()
	}
	r.feed.give(l.out, l.stop, l.summary)
	clear(l.out)
	l.out = l.out[:0]
}

// done is ctx's, until the ledger has been halted: from then on only the
// requests in flight are waited for.
func done(ctx context.Context, l *ledger) <-chan struct{} {
	if l.stop != nil {
		return nil
	}
	return ctx.Done()
}

// collect moves what the caller's goroutine has taken into the ledger.
func (r *run) collect() {
	now := time.Now()
	jobs, state := r.feed.collect(r.spare)
	for _, j := range jobs {
		r.ledger.take(j, now)
	}
	clear(jobs)
	r.spare = jobs
	r.ledger.closed, r.ledger.starved = state.closed, state.starved
	if state.quit != nil {
		r.ledger.halt(state.quit)
	}
}

// dispatch starts every request that may go now. It returns how long until
// that may change by itself.
func (r *run) dispatch(ctx, start context.Context) time.Duration {
	l := r.ledger
	for {
		now := time.Now()
		if ctx.Err() != nil {
			l.halt(stopCause(ctx))
		}
		if l.describe && l.stop == nil && !l.paused && !r.recheck(start) {
			return never
		}
		if r.crowded() {
			r.d.gate.quit(r.ticket)
			return never
		}
		if !l.ready(now, 1) {
			r.d.gate.quit(r.ticket)
			return until(now, l.wakeAt(now))
		}
		b, wait := r.d.gate.admit(r.ticket, now, l.few(), func(allow allowance) *batch { return l.pack(now, allow) })
		switch {
		case b != nil:
			r.launch(ctx, start, b)
		case wait > 0:
			if !now.Before(r.paced) { // not the rest of a wait already told of
				r.paced = now.Add(wait)
				if r.tell(ctx, Wait{For: waitPace, Rows: l.waiting(), Delay: wait}) {
					return 0 // much may have happened in the meantime
				}
			}
			return wait
		case wait == untilTurn:
			return never
		default: // a part filled batch that may still fill up
			return until(now, l.wakeAt(now))
		}
	}
}

// tell tells the Observer of a wait, if it wants to know. A hook may take its
// time, or call the Destination: the call gives up its place in line for it.
func (r *run) tell(ctx context.Context, w Wait) bool {
	if r.d.observer.Wait == nil {
		return false
	}
	r.d.gate.quit(r.ticket)
	r.d.observer.Wait(ctx, w)
	return true
}

// never is how long to wait for something other than time.
const never = time.Hour

// until is the time from now to at; never if at is zero.
func until(now, at time.Time) time.Duration {
	if at.IsZero() {
		return never
	}
	return max(0, at.Sub(now))
}

// launch sends b on a goroutine of its own. An answer comes in any case, also
// if the client ends its goroutine, as a test's FailNow does: that stops the
// call, since the next request would hardly fare better.
func (r *run) launch(ctx, start context.Context, b *batch) {
	r.flying++
	r.sending.Add(1)
	r.senders.Go(func() {
		defer r.left()
		a := answer{batch: b, done: b.sent, stop: errGoroutineEnded}
		over := sync.OnceFunc(func() {
			told := a.pace() // now, since the ledger lets go of the items
			a.leave = sync.OnceFunc(func() { r.d.gate.done(b, told, a.done) })
			r.answers <- a // first, so that the run knows it before it fills the place
			a.leave()      // at once, also while the run is in a hook
		})
		defer over()
		r.d.send(ctx, start, &a, over)
	})
}

// crowded reports whether so many requests have not ended that no other should
// begin: those that are over, and whose RequestDone takes its time, pile up.
// left tells when it is worth asking again.
func (r *run) crowded() bool {
	return r.d.observer.RequestDone != nil && int(r.sending.Load()) >= 2*r.d.concurrency
}

// left counts a request out whose hook has returned too.
func (r *run) left() {
	r.sending.Add(-1)
	if r.d.observer.RequestDone != nil {
		signal(r.ticket.turn)
	}
}

// recheck describes the table again, when its turn for a slot has come.
func (r *run) recheck(start context.Context) bool {
	if !r.d.gate.borrow(r.ticket) {
		return false
	}
	l := r.ledger
	l.describe, l.paused = false, true
	r.senders.Go(func() {
		var err error
		over := sync.OnceFunc(r.d.gate.giveBack)
		defer func() { // also if the client ends the goroutine
			over()
			r.checked <- err
		}()
		err = r.d.keysChanged(start, over)
	})
	return true
}

// land takes an answer into the gate and the ledger.
func (r *run) land(a answer) {
	r.flying--
	a.leave()
	r.ledger.settle(a)
}

// landAll takes all the answers there are.
func (r *run) landAll(ctx context.Context) {
	for {
		select {
		case a := <-r.answers:
			r.settle(ctx, a)
		default:
			return
		}
	}
}

// settle lands an answer and does what follows from it.
func (r *run) settle(ctx context.Context, a answer) {
	if a.verdict != nil && a.verdict.action == actResend {
		r.d.tokens.forget(a.sent)
	}
	l := r.ledger
	r.land(a)
	if l.outage() && l.stop == nil {
		l.giveOut(r.d.tableError(a.op(), l.lastReason, l.lastErr))
	}
	if rows := l.heldBack(); l.wait > 0 && rows > 0 && l.stop == nil {
		r.tell(ctx, Wait{For: waitRetry, Rows: rows, Delay: l.wait})
	}
}

// pace is what a tells of the table's capacity.
func (a *answer) pace() pace.Sample {
	p := pace.Sample{Consumed: a.tableUnits}
	throttled := a.verdict != nil && a.verdict.throttle
	p.Failed = !a.attempted || a.verdict != nil && a.verdict.action != actExists && !throttled
	for _, j := range a.jobs {
		units, retry := float64(j.item.units()), j.attempts > 0
		if retry {
			p.RetryUnits += units
		}
		if throttled || a.unprocessed[j] {
			p.Rejected += units
			if retry {
				p.RetryRejected += units
			}
		}
	}
	if p.RetryRejected == float64(a.units) {
		p.Failed = true // rows that stay refused say nothing of what the table takes of others
	}
	return p
}
