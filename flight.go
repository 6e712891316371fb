package dynamodest

import (
	"context"
	"sync"

	"github.com/dynamodest/dynamodest/internal/pace"
	"github.com/dynamodest/dynamodest/internal/schedule"
)

// response is the result of a request.
type response struct {
	schedule.Response
	tableUnits float64 // charged to the table alone; 0 if DynamoDB did not say
	notify     func()  // calls the RequestDone hook
}

// flight is one request, from the moment at which it has a slot.
type flight struct {
	response       // what is known at each step
	responded bool // the dispatcher has the response, or is about to; used by the goroutine that sends alone
	gate      *pace.Gate
	sample    pace.Sample // of the response
	slot      sync.Once   // makes returnSlot return it once
}

// returnSlot gives the request's slot back, and the pace its sample: once, and before any call of it returns.
func (f *flight) returnSlot() {
	f.slot.Do(func() { f.gate.Done(f.Batch.SentAt, f.Done, f.sample) })
}

// launch sends b on the goroutine of an earlier request that waits for one, or on a new goroutine. A response
// always follows. If a callback or the client ends the goroutine, as a fake does that calls a test's FailNow,
// the response stops the call, since the next request would probably fail the same way.
func (r *dispatcher) launch(ctx, start context.Context, b *schedule.Batch) {
	r.running.Add(1)
	if r.d.limiter != nil {
		r.limiting.Store(true)
		r.mailbox.waitsFor(WaitLimit) // before the Wait hook
	}
	f := &flight{response: unsent(b, errGoroutineEnded), gate: r.d.gate}
	select {
	case r.toSenders <- f:
	default:
		r.goroutines.Go(func() {
			for next, ok := f, true; ok; next, ok = <-r.toSenders {
				r.sendBatch(ctx, start, next)
			}
		})
	}
}

// sendBatch sends the batch of a request, and calls the RequestDone hook after it.
func (r *dispatcher) sendBatch(ctx, start context.Context, f *flight) {
	defer r.requestEnded()
	defer r.respond(f) // also if the goroutine is ended
	b := f.Batch
	request := r.request(b)
	if observed, err := r.begin(ctx, start, b, request); err != nil {
		f.response = r.d.withheld(observed, b, request, err)
	} else {
		f.response = unanswered(b)
		f.response = r.d.send(ctx, observed, b, request)
	}
	r.respond(f)
	f.notify()
}

// request returns what the Observer sees of b's request.
func (r *dispatcher) request(b *schedule.Batch) Request {
	request := r.d.request(opOf(b.SinglePut()), r.call)
	request.Rows, request.Bytes = len(b.Rows), b.Bytes
	return request
}

// respond hands the response of a request to the dispatcher, once.
func (r *dispatcher) respond(f *flight) {
	if f.responded {
		return
	}
	f.responded = true
	f.sample = paceSample(&f.response)
	r.responses <- f // first: the call sees the response before its slot goes to another request
	f.returnSlot()   // at once, also while the dispatcher is in a hook
}

// begin is the Destination's begin. With a Limiter no other request of the call is packed until it
// returns: rows that wait for the Limiter stay in the queues, where later rows of their keys replace
// them, and take no slot, so that the pace sees the requests that are really in flight.
func (r *dispatcher) begin(ctx, start context.Context, b *schedule.Batch, request Request) (context.Context, error) {
	if r.d.limiter != nil {
		defer func() { // also if the Limiter or the hook ends the goroutine
			r.limiting.Store(false)
			r.waiter.Wake()
		}()
	}
	return r.d.begin(ctx, start, b, request)
}

// tooManyHooks reports whether slow RequestDone hooks have piled up so far that no new request
// should start. requestEnded signals when that may have changed.
func (r *dispatcher) tooManyHooks() bool {
	return r.d.observer.RequestDone != nil && int(r.running.Load()) >= 2*r.d.concurrency
}

// requestEnded records that a request, hook included, has ended.
func (r *dispatcher) requestEnded() {
	r.running.Add(-1)
	if r.d.observer.RequestDone != nil {
		r.waiter.Wake()
	}
}
