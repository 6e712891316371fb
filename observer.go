package dynamodest

import (
	"context"
	"time"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// Observer receives events of a Destination. Any func may be nil. [Observers] joins several.
//
// The funcs are called from many goroutines at once, which are the Destination's own (for New, Check and
// CheckWrites, for CallStart and CallDone, and for Wait with For [WaitWindow], the caller's): they block their
// own call until they return, and a panic in one of them on a goroutine of the Destination ends the process,
// since nobody can recover it there. RequestStart, and Wait with For [WaitLimit], run while a request's slot is
// taken: a slow one delays other requests, and with a Limiter RequestStart runs for one request at a time. The
// two must not call the Destination, but for [Destination.Stats]. The other hooks may block, and may call the
// Destination.
type Observer struct {
	// CallStart is called first in each Write, WriteSeq, WriteChan and WriteColumns, also if the call has no
	// row or its context has ended. The context it returns is used for the whole call, its requests and its
	// other events included: it must be derived from the given one, or the call no longer ends with the
	// caller's context. Nil keeps the given one. A call that CallStart makes by the Destination has a
	// CallStart too.
	CallStart func(context.Context, Call) context.Context

	// CallDone is called once for each call whose CallStart has returned, last in the call, with the context
	// of the call. It is called too if a panic or runtime.Goexit of the source, of report or of another
	// callback on the caller's goroutine ends the call.
	CallDone func(context.Context, CallResult)

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
	// a Limiter ([WaitLimit], with the rows of that request), which may be over at once. It is also called,
	// with For [WaitWindow], when a stream can take no further row because settled rows fill
	// most of Config.WindowBytes and wait to be reported behind an unsettled row: once for each such
	// row. The call then goes on sending what it has taken. If that lasts too long, raise WindowBytes or
	// set ReportAsSettled.
	Wait func(context.Context, Wait)
}

// What a Call's Op is.
const (
	OpWrite        = "Write"
	OpWriteSeq     = "WriteSeq"
	OpWriteChan    = "WriteChan"
	OpWriteColumns = "WriteColumns"
)

// What a Request's Op is: the operation of DynamoDB.
const (
	OpBatchWriteItem = "BatchWriteItem"
	OpPutItem        = "PutItem"
	OpDescribeTable  = "DescribeTable"
)

// What a Wait is for, and what [Stats].WaitFor says.
const (
	WaitRetry  = "retry"  // rows that DynamoDB did not take, to be sent again
	WaitPace   = "pace"   // the learned rate, or Config.WriteUnitsPerSecond
	WaitLimit  = "limit"  // Config.Limiter
	WaitWindow = "window" // settled rows fill Config.WindowBytes, behind one that is not settled
	WaitSource = "source" // the source has no row now; in Stats only
)

// Call is a Write, WriteSeq, WriteChan or WriteColumns about to begin.
type Call struct {
	Op     string // OpWrite, OpWriteSeq, OpWriteChan or OpWriteColumns
	ID     int64  // 1, 2, … in the order of the Destination's calls
	Table  string // as configured: name or ARN
	Region string // of the client; with a client of the caller's as configured
	Rows   int    // given to Write; 0 for a stream, whose rows are not known
}

// CallResult is the result of a call.
type CallResult struct {
	Call    Call
	Elapsed time.Duration // since CallStart returned
	Summary Summary       // as the call returns it; after a panic, of the rows taken until then
	Err     error         // as the call returns it; if it does not return, an error that says so
}

// Request is a request about to be sent.
type Request struct {
	Op     string // OpBatchWriteItem, OpPutItem or OpDescribeTable
	Table  string // as in Call
	Region string // as in Call
	Call   int64  // the ID of its Call; 0 for the requests of New, Check and CheckWrites
	Rows   int    // rows it carries; 0 for DescribeTable and for the requests of CheckWrites
	Bytes  int    // size of their items as DynamoDB counts it, in bytes
}

// Response is the result of a request.
type Response struct {
	Request     Request
	RequestID   string        // of the response, as AWS support asks for it; "" without a response, and with a fake client
	Elapsed     time.Duration // from sending the request to its response, or to giving it up
	Unprocessed int           // rows that DynamoDB returned as unprocessed
	WriteUnits  float64       // write units charged, those of indexes included; 0 if not reported
	Reason      Reason        // the kind of Err, for metrics; "" without one
	Err         error         // nil, or an error that quotes no row value; its method ErrorCode() string, if it has one, returns DynamoDB's code, or ""
}

// Wait is a wait about to begin.
type Wait struct {
	For    string        // WaitRetry, WaitPace, WaitLimit or WaitWindow
	Table  string        // as in Call
	Region string        // as in Call
	Call   int64         // the ID of its Call; 0 for the waits of New, Check and CheckWrites
	Rows   int           // rows that wait to be sent, rows of one key once; with WaitLimit those of the request; with WaitWindow settled rows that wait to be reported
	Delay  time.Duration // 0 if not known
}

// Observers returns an Observer that calls the funcs of several, in their order. A func that none of them has is
// nil, and costs nothing.
//
// Contexts are chained: each RequestStart gets the context that the one before it returned, and each RequestDone
// gets the context that the last RequestStart returned, which holds what all of them put into it. So it is with
// CallStart and CallDone.
func Observers(observers ...Observer) Observer {
	var joined Observer
	for _, o := range observers {
		joined.CallStart = chain(joined.CallStart, o.CallStart)
		joined.CallDone = both(joined.CallDone, o.CallDone)
		joined.RequestStart = chain(joined.RequestStart, o.RequestStart)
		joined.RequestDone = both(joined.RequestDone, o.RequestDone)
		joined.Wait = both(joined.Wait, o.Wait)
	}
	return joined
}

// chain returns a func that calls first, and then second with the context that first returned.
func chain[E any](first, second func(context.Context, E) context.Context) func(context.Context, E) context.Context {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(ctx context.Context, event E) context.Context {
		return begin(begin(ctx, event, first), event, second)
	}
}

// both returns a func that calls first, and then second.
func both[E any](first, second func(context.Context, E)) func(context.Context, E) {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(ctx context.Context, event E) {
		first(ctx, event)
		second(ctx, event)
	}
}

// begin calls hook, if set, and returns the context for what event begins.
func begin[E any](ctx context.Context, event E, hook func(context.Context, E) context.Context) context.Context {
	if hook == nil {
		return ctx
	}
	if given := hook(ctx, event); given != nil {
		return given
	}
	return ctx
}

// done returns a func that calls RequestDone, if set, with the response and its failure.
func (o Observer) done(ctx context.Context, r Response, failure *fault.Failure) func() {
	if o.RequestDone == nil {
		return func() {}
	}
	event := r // a variable of its own, so that a response takes memory only with a hook
	if failure != nil {
		event.Reason, event.Err = Reason(failure.Reason), failure.Err
	}
	return func() { o.RequestDone(ctx, event) }
}

// request returns the event of a request of op that carries no row. call is the ID of its call, or 0.
func (d *Destination) request(op string, call int64) Request {
	return Request{Op: op, Table: d.table, Region: d.region, Call: call}
}

// notifyWait calls the Wait hook, if set, with a wait of the call with that ID, or 0.
func (d *Destination) notifyWait(ctx context.Context, call int64, w Wait) {
	if d.observer.Wait != nil {
		w.Table, w.Region, w.Call = d.table, d.region, call
		d.observer.Wait(ctx, w)
	}
}
