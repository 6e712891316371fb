package dynamodest

import (
	"context"
	"errors"
	"time"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/pace"
	"github.com/dynamodest/dynamodest/internal/schedule"
	"github.com/dynamodest/dynamodest/internal/transport"
)

// errGoroutineEnded is the cause for rows whose request's goroutine ended without a response, as
// when a fake client calls a test's FailNow.
var errGoroutineEnded = errors.New("the goroutine of the request ended without a response")

// unsent returns the response of a request that never reached the client.
func unsent(b *schedule.Batch, err error) response {
	return response{Response: schedule.Response{Batch: b, Done: b.SentAt, Stop: err}}
}

// unanswered returns the response of a request whose client ended the goroutine.
func unanswered(b *schedule.Batch) response {
	resp := unsent(b, errGoroutineEnded)
	resp.Sent, resp.Failure = true, goroutineEnded
	return resp
}

// goroutineEnded is what is known of a request whose client ended the goroutine.
var goroutineEnded = &fault.Failure{Reason: fault.Unavailable, Action: fault.Abort, MaybeApplied: true, Err: errGoroutineEnded}

// begin prepares the sending of b as beginRequest does, and sets b.SentAt.
func (d *Destination) begin(ctx, start context.Context, b *schedule.Batch, request Request) (observed context.Context, err error) {
	observed, sentAt, err := d.beginRequest(ctx, start, request, b.Units)
	if observed != nil {
		b.SentAt = sentAt
	}
	return observed, err
}

// beginRequest asks the Limiter for the request's units, calls RequestStart and returns the request's
// context and when it is sent. It returns an error if the request must not be sent, which is so once start
// has ended; the context is nil unless RequestStart was called.
//
// With a Limiter one request at a time is in beginRequest: it asks for its units when it can use them, and
// a slow RequestStart cannot gather requests that then go together.
func (d *Destination) beginRequest(ctx, start context.Context, request Request, units int) (observed context.Context, sentAt time.Time, err error) {
	if d.limiter != nil {
		d.notifyWait(start, request.Call, Wait{For: WaitLimit, Rows: request.Rows})
		if !d.limiterTurn.enter(start) {
			return nil, sentAt, fault.Ended(start)
		}
		defer d.limiterTurn.leave()
		if err := d.askLimiter(start, units); err != nil {
			return nil, sentAt, err
		}
	}
	if start.Err() != nil {
		return nil, sentAt, fault.Ended(start)
	}
	observed = begin(ctx, request, d.observer.RequestStart)
	sentAt = time.Now()
	if start.Err() != nil { // while the hook ran
		return observed, sentAt, fault.Ended(start)
	}
	return observed, sentAt, nil
}

// withheld returns the response of a request that begin has refused.
func (d *Destination) withheld(observed context.Context, b *schedule.Batch, request Request, err error) response {
	resp := unsent(b, err)
	resp.notify = func() {}
	if observed != nil {
		resp.notify = d.observer.done(observed, Response{Request: request}, endedInHook(request.Op, err))
	}
	return resp
}

// endedInHook returns the failure, for RequestDone, of a request whose call ended while RequestStart ran.
func endedInHook(op string, err error) *fault.Failure {
	return &fault.Failure{
		Reason: fault.Stopped,
		Err:    fault.New(fault.Stopped, "%s: not sent: the call ended while RequestStart ran", op).WithCause(err),
	}
}

// send sends one request and returns its response. It is the only place that writes to the table. The
// request is given up when observed, the request's own context, or ctx, the caller's, ends.
func (d *Destination) send(ctx, observed context.Context, b *schedule.Batch, request Request) response {
	began := time.Now()
	result, failure := d.write(observed, ctx.Err, b)
	resp := response{
		Response: schedule.Response{
			Batch: b, Sent: true, Done: time.Now(), Failure: failure,
			Unprocessed: result.Unprocessed, Existing: schedule.Existing(result.Existing),
			WriteUnits: result.WriteUnits, VectorBytes: result.VectorBytes,
		},
		tableUnits: result.TableUnits,
	}
	if failure != nil && (failure.Action == fault.Abort || failure.Action == fault.Reauthorize) {
		resp.Stop = d.callError(ctx, request.Op, failure)
	}
	resp.notify = d.observer.done(observed, Response{
		Request: request, RequestID: result.RequestID, Elapsed: resp.Done.Sub(began), WriteUnits: result.WriteUnits,
		Unprocessed: count(result.Unprocessed),
	}, failure)
	return resp
}

// What a failed condition shows has the same values in both packages: this does not compile if they
// part.
const _ = uint(transport.NewerItem-transport.Existing(schedule.NewerItem)) + uint(transport.Existing(schedule.NewerItem)-transport.NewerItem)

// opOf returns the operation that writes rows: a single put, or not. A delete goes by BatchWriteItem also
// when it is alone, so that the policy needs no further action.
func opOf(singlePut bool) string {
	if singlePut {
		return transport.PutItem
	}
	return transport.BatchWriteItem
}

// write sends the rows of b. ended returns the error of the caller's context.
func (d *Destination) write(ctx context.Context, ended func() error, b *schedule.Batch) (transport.Result, *fault.Failure) {
	if b.SinglePut() {
		return d.transport.Put(ctx, ended, jobOf(b.Rows[0]).item, d.condition)
	}
	items := make([]*item.Item, len(b.Rows))
	for i, row := range b.Rows {
		items[i] = jobOf(row).item
	}
	return d.transport.WriteBatch(ctx, ended, items)
}

// paceSample converts a response into a sample for the rate controller.
func paceSample(r *response) pace.Sample {
	rejected, retryRejected := r.Rejected()
	return pace.Sample{
		Rows: len(r.Batch.Rows), Units: float64(r.Batch.Units), RetryUnits: float64(r.Batch.RetryUnits),
		Rejected: float64(rejected), RetryRejected: float64(retryRejected),
		Consumed: r.tableUnits,
		Failed:   !r.Sent || r.Failure != nil && r.Failure.Action != fault.KeyExists && !r.Failure.Throttled,
	}
}

// count returns how many of flags are set.
func count(flags []bool) (n int) {
	for _, set := range flags {
		if set {
			n++
		}
	}
	return n
}
