package dynamodest

import (
	"context"
	"time"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// Observer receives events of a Destination. Any func may be nil. The funcs are called from many
// goroutines at once, which are the Destination's own (for New, Check and CheckWrites, and for Wait with
// For "window", the caller's): they block their own call until they return, and a panic in one of them on
// a goroutine of the Destination ends the process, since nobody can recover it there. RequestStart, and
// Wait with For "limit", run while a request's slot is taken: a slow one delays other requests, and
// with a Limiter RequestStart runs for one request at a time. The two must not call the Destination.
// The other hooks may block, and may call the Destination.
type Observer struct {
	// RequestStart is called before each request. The context it returns is used for that request
	// and given to RequestDone: it must be derived from the given one, or the request no longer ends
	// with the call. Nil keeps the given one. A request is not sent if its call has ended when
	// RequestStart returns, or if the returned context has: the former stops the call's rows with
	// ErrStopped, the latter is a failed attempt with ErrUnavailable.
	RequestStart func(context.Context, Request) context.Context

	// RequestDone is called after each request, also if it was not sent after RequestStart, and before
	// the call returns. At most 2 × Config.Concurrency requests of one call are under way, those whose
	// RequestDone has not returned included.
	RequestDone func(context.Context, Response)

	// Wait is called before each wait for a retry or for the pace, and before each request's wait for
	// a Limiter ("limit", with the rows of that request), which may be over at once. It is also called,
	// with For "window", when a stream can take no further row because settled rows fill
	// most of Config.WindowBytes and wait to be reported behind an unsettled row: once for each such
	// row. The call then goes on sending what it has taken. If that lasts too long, raise WindowBytes or
	// set ReportAsSettled.
	Wait func(context.Context, Wait)
}

// Request is a request about to be sent.
type Request struct {
	Op    string // "BatchWriteItem", "PutItem" or "DescribeTable"
	Rows  int    // rows it carries; 0 for DescribeTable and for the requests of CheckWrites
	Bytes int    // size of their items as DynamoDB counts it, in bytes
}

// Response is the result of a request.
type Response struct {
	Request     Request
	Elapsed     time.Duration // from sending the request to its response, or to giving it up
	Unprocessed int           // rows that DynamoDB returned as unprocessed
	WriteUnits  float64       // write units charged, those of indexes included; 0 if not reported
	Reason      Reason        // the kind of Err, for metrics; "" without one
	Err         error         // nil, or an error that quotes no row value
}

// Wait is a wait about to begin.
type Wait struct {
	For   string        // "retry", "pace", "limit" or "window"
	Rows  int           // rows that wait to be sent, rows of one key once; with "limit" those of the request; with "window" settled rows that wait to be reported
	Delay time.Duration // 0 if not known
}

// What a Wait is for.
const (
	waitRetry  = "retry"
	waitPace   = "pace"
	waitLimit  = "limit"
	waitWindow = "window"
)

// start calls RequestStart, if set, and returns the request's context.
func (o Observer) start(ctx context.Context, r Request) context.Context {
	if o.RequestStart == nil {
		return ctx
	}
	if given := o.RequestStart(ctx, r); given != nil {
		return given
	}
	return ctx
}

// done returns a func that calls RequestDone, if set, with the response and its failure.
func (o Observer) done(ctx context.Context, r Response, failure *fault.Failure) func() {
	if o.RequestDone == nil {
		return func() {}
	}
	if failure != nil {
		r.Reason, r.Err = Reason(failure.Reason), failure.Err
	}
	return func() { o.RequestDone(ctx, r) }
}

// wait calls Wait, if set.
func (o Observer) wait(ctx context.Context, w Wait) {
	if o.Wait != nil {
		o.Wait(ctx, w)
	}
}
