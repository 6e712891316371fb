package dynamodesttest

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Fault describes what goes wrong with one call. The zero Fault changes nothing.
//
// A fault that replaces the response ([Error], [Answer], [Reset], …) happens before anything is
// written, unless [Fault.AfterWrite] or [Fault.AfterWriting] says otherwise. The methods return a
// changed copy, so they can be chained:
//
//	dynamodesttest.Reset().AfterWrite()                       // written, but the response is lost
//	dynamodesttest.Reset().AppliedLate(3)                     // lost, and written three calls later
//	dynamodesttest.Error(500, "InternalServerError", "").Delay(time.Second, 0)
type Fault struct {
	err      *apiError
	inHeader bool
	raw      *response
	ending   ending
	header   http.Header
	truncate bool

	before, after time.Duration
	stall         bool
	release       <-chan struct{}

	writes    Which // items to write before a fault that replaces the response
	lateCalls int
	lateFor   time.Duration

	unprocessed Which
	shape       shape
	hideItem    bool
}

// Which picks items of a request. It reports whether it picks the i-th of n items. It must not call
// the DB.
type Which func(i, n int) bool

// All picks every item.
func All(int, int) bool { return true }

// First picks the first k items.
func First(k int) Which { return func(i, _ int) bool { return i < k } }

// Last picks the last k items.
func Last(k int) Which { return func(i, n int) bool { return i >= n-k } }

// Index picks the items at the given indexes, counted from 0.
func Index(places ...int) Which { return func(i, _ int) bool { return slices.Contains(places, i) } }

// Share picks each item with the given probability, and different items each time it is called. The
// random numbers come from seed.
func Share(probability float64, seed uint64) Which {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	return func(int, int) bool {
		mu.Lock()
		defer mu.Unlock()
		return random.Float64() < probability
	}
}

// Error responds with an error of DynamoDB: an HTTP status, the code without its namespace, and a
// message.
func Error(status int, code, message string) Fault {
	return Fault{err: &apiError{status: status, code: code, message: message}}
}

// Throttled responds with a ProvisionedThroughputExceededException, ThrottlingException or
// RequestLimitExceeded. The reasons, such as "TableWriteKeyRangeThroughputExceeded", apply to the
// resource, an ARN.
func Throttled(code, resource string, reasons ...string) Fault {
	list := make([]types.ThrottlingReason, len(reasons))
	for i := range reasons {
		list[i] = types.ThrottlingReason{Reason: aws.String(reasons[i]), Resource: aws.String(resource)}
	}
	return Fault{err: throttlingError(code, list)}
}

// Answer responds with any HTTP response: what a proxy might send, a body that is empty, "{}" or
// HTML with status 200, a 413 or 429 without a body.
func Answer(status int, contentType, body string) Fault {
	return Fault{raw: &response{
		status: status, header: http.Header{"Content-Type": {contentType}}, body: []byte(body),
		outcome: "HTTP " + strconv.Itoa(status),
	}}
}

// Reset breaks the connection (TCP RST) instead of responding.
func Reset() Fault { return Fault{ending: reset} }

// Close closes the connection (TCP FIN) instead of responding.
func Close() Fault { return Fault{ending: closed} }

// Unreachable refuses the connection, so that it is certain that nothing was written. Over HTTP the
// connection already exists, so it acts like [Reset].
func Unreachable() Fault { return Fault{ending: unreachable} }

// Stall sends no response until the client gives up or release is closed. When release is closed,
// the call continues normally. With a nil release it never does.
func Stall(release <-chan struct{}) Fault { return Fault{stall: true, release: release} }

// Slow is short for Fault{}.Delay.
func Slow(before, after time.Duration) Fault { return Fault{}.Delay(before, after) }

// The following faults do not prevent the write: the request is performed and only its response is
// changed.

// Truncated cuts the body of the response in half, as if that were all.
func Truncated() Fault { return Fault{truncate: true} }

// ResetInBody breaks the connection (TCP RST) in the middle of the response.
func ResetInBody() Fault { return Fault{ending: resetInBody} }

// CloseInBody closes the connection (TCP FIN) in the middle of the response.
func CloseInBody() Fault { return Fault{ending: closedInBody} }

// StallInBody stops in the middle of the response until the client gives up.
func StallInBody() Fault { return Fault{ending: stalledBody} }

// CloseAfter sends the response and then closes the connection without notice, as a server does
// when its idle timeout expires. In process it has no effect.
func CloseAfter() Fault { return Fault{ending: closedAfter} }

// HideItem omits the existing item from the response to a failed condition.
func HideItem() Fault { return Fault{hideItem: true} }

// Unprocessed returns the items that which picks as unprocessed. PutItem has no such response: it
// is throttled instead.
func Unprocessed(which Which) Fault { return Fault{unprocessed: which} }

// AfterWrite performs the write before the fault.
func (f Fault) AfterWrite() Fault { return f.AfterWriting(All) }

// AfterWriting writes the items that which picks before the fault, and never writes the others.
func (f Fault) AfterWriting(which Which) Fault {
	f.writes = which
	return f
}

// AppliedLate performs the write when the DB receives its n-th call after this one, whatever has
// been written in the meantime. This is how an abandoned request overtakes a newer one.
// [DB.ApplyLate] performs the write immediately. The condition of a put is evaluated when the put is
// applied: one that is false then writes nothing. The write is marked Late in the history of writes.
// If no other fault replaces the response, [Reset] does.
func (f Fault) AppliedLate(n int) Fault {
	f.lateCalls = n
	return f.orReset()
}

// AppliedLateBy is [Fault.AppliedLate] with a delay instead of a number of calls.
func (f Fault) AppliedLateBy(d time.Duration) Fault {
	f.lateFor = d
	return f.orReset()
}

func (f Fault) orReset() Fault {
	if !f.replacesResponse() {
		f.ending = reset
	}
	return f
}

// Delay adds to the time that the call takes before and after its write.
func (f Fault) Delay(before, after time.Duration) Fault {
	f.before, f.after = before, after
	return f
}

// CodeInHeader sends the code of an error only in the header X-Amzn-Errortype.
func (f Fault) CodeInHeader() Fault {
	f.inHeader = true
	return f
}

// WithHeader sets a header of the response.
func (f Fault) WithHeader(name, value string) Fault {
	f.header = f.header.Clone()
	if f.header == nil {
		f.header = http.Header{}
	}
	f.header.Set(name, value)
	return f
}

// SetFault sets a hook that is called for each call and returns its fault. A nil hook removes it.
// The hook may use the DB. Overlapping calls call it concurrently.
func (db *DB) SetFault(hook func(Call) Fault) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.faultHook = hook
}

// FailWrites queues faults for the next calls that write, one for each call, after the faults of
// earlier FailWrites that are still queued. A call that gets a queued fault does not call the hook
// of [DB.SetFault].
func (db *DB) FailWrites(faults ...Fault) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.queuedFaults = append(db.queuedFaults, faults...)
}

// Poison returns a hook for [DB.SetFault] that rejects every call with an item that match picks, as
// DynamoDB rejects a whole batch because of one item.
func Poison(match func(item map[string]types.AttributeValue) bool) func(Call) Fault {
	return func(c Call) Fault {
		for i := range c.Keys {
			if match(c.Item(i)) {
				return Error(http.StatusBadRequest, codeValidation, "One or more parameter values were invalid")
			}
		}
		return Fault{}
	}
}

func (db *DB) faultFor(req *request) Fault {
	db.mu.Lock()
	hook := db.faultHook
	if len(req.puts) > 0 && len(db.queuedFaults) > 0 {
		f := db.queuedFaults[0]
		db.queuedFaults = db.queuedFaults[1:]
		db.mu.Unlock()
		return f
	}
	call := req.call
	db.mu.Unlock()
	if hook == nil {
		return Fault{}
	}
	return hook(call)
}

// replacesResponse reports whether the fault replaces the regular response.
func (f *Fault) replacesResponse() bool {
	return f.err != nil || f.raw != nil || f.ending == reset || f.ending == closed || f.ending == unreachable
}

func (f *Fault) isLate() bool { return f.lateCalls > 0 || f.lateFor > 0 }

// response returns the response that replaces the regular one.
func (f *Fault) response() response {
	switch {
	case f.err != nil:
		return errorResponse(f.err, f.inHeader)
	case f.raw != nil:
		resp := *f.raw
		resp.header = resp.header.Clone()
		return resp
	default:
		return response{outcome: "lost"}
	}
}

// applyTo makes those changes of the fault that apply to any response.
func (f *Fault) applyTo(resp *response) {
	if f.truncate {
		resp.body = resp.body[:len(resp.body)/2]
	}
	if f.ending != whole {
		resp.ending = f.ending
	}
	if f.truncate || f.ending != whole && f.ending != closedAfter {
		resp.outcome = "lost"
	}
	for name, values := range f.header {
		if resp.header == nil {
			resp.header = http.Header{}
		}
		resp.header[name] = values
	}
}

// lateWrite is a write that a fault delayed until after its call.
type lateWrite struct {
	due int // the number of the call that it is due at; 0: a timer performs it
	req *request
}

// postponeWrite keeps req's write back, to be performed later.
func (db *DB) postponeWrite(req *request) {
	if req.err != nil || len(req.puts) == 0 {
		return
	}
	later := &request{call: req.call, puts: req.puts, condition: req.condition, fault: Fault{writes: req.fault.writes}}
	db.mu.Lock()
	defer db.mu.Unlock()
	if n := req.fault.lateCalls; n > 0 {
		db.lateWrites = append(db.lateWrites, lateWrite{due: req.call.N + n, req: later})
		return
	}
	db.lateWrites = append(db.lateWrites, lateWrite{req: later})
	time.AfterFunc(req.fault.lateFor, func() {
		db.mu.Lock()
		defer db.mu.Unlock()
		db.applyLateWrites(func(w lateWrite) bool { return w.req == later })
	})
}

// ApplyLate immediately performs every write that a fault has delayed.
func (db *DB) ApplyLate() {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.applyLateWrites(func(lateWrite) bool { return true })
}

// applyLateWrites performs the late writes that are due. It is called under DB.mu.
func (db *DB) applyLateWrites(due func(lateWrite) bool) {
	rest := db.lateWrites[:0]
	for _, w := range db.lateWrites {
		if due(w) {
			_, _ = db.writeLocked(w.req, true) // fails only if the table is gone
		} else {
			rest = append(rest, w)
		}
	}
	db.lateWrites = rest
}
