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

// Fault is what goes wrong with one call. The zero Fault is nothing.
//
// A fault that takes the place of an answer ([Error], [Answer], [Reset], …)
// happens before anything is written, unless [Fault.AfterWrite] or
// [Fault.AfterWriting] says otherwise. Its methods return a changed copy, so
// they can be chained:
//
//	dynamodesttest.Reset().AfterWrite()                       // written, and the answer lost
//	dynamodesttest.Reset().AppliedLate(3)                     // lost, and written three calls later
//	dynamodesttest.Error(500, "InternalServerError", "").Delay(time.Second, 0)
type Fault struct {
	err      *apiError
	inHeader bool
	raw      *answer
	ending   ending
	header   http.Header
	truncate bool

	before, after time.Duration
	stall         bool
	release       <-chan struct{}

	writes    Which // of the items, with a fault that takes the place of the answer
	lateCalls int
	lateFor   time.Duration

	unprocessed Which
	shape       shape
	hideItem    bool
}

// Which picks items of a request: the i-th of n. It must not call the DB.
type Which func(i, n int) bool

// All picks every item.
func All(int, int) bool { return true }

// First picks the first k items.
func First(k int) Which { return func(i, _ int) bool { return i < k } }

// Last picks the last k items.
func Last(k int) Which { return func(i, n int) bool { return i >= n-k } }

// Index picks the items at the places given, counted from 0.
func Index(places ...int) Which { return func(i, _ int) bool { return slices.Contains(places, i) } }

// Share picks each item with the probability given, by a generator of that
// seed: other items each time it is asked.
func Share(probability float64, seed uint64) Which {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	return func(int, int) bool {
		mu.Lock()
		defer mu.Unlock()
		return random.Float64() < probability
	}
}

// Error is an answer with an error of DynamoDB's: an HTTP status, the code
// without a name space, and a message.
func Error(status int, code, message string) Fault {
	return Fault{err: &apiError{status: status, code: code, message: message}}
}

// Throttled is a ProvisionedThroughputExceededException, ThrottlingException
// or RequestLimitExceeded with the reasons given, such as
// "TableWriteKeyRangeThroughputExceeded", for the table of the ARN.
func Throttled(code, resource string, reasons ...string) Fault {
	list := make([]types.ThrottlingReason, len(reasons))
	for i := range reasons {
		list[i] = types.ThrottlingReason{Reason: aws.String(reasons[i]), Resource: aws.String(resource)}
	}
	return Fault{err: throttlingError(code, list)}
}

// Answer is any answer at all: what a proxy might say, a body that is empty,
// "{}" or HTML with status 200, a 413 or 429 without a body.
func Answer(status int, contentType, body string) Fault {
	return Fault{raw: &answer{
		status: status, header: http.Header{"Content-Type": {contentType}}, body: []byte(body),
		outcome: "HTTP " + strconv.Itoa(status),
	}}
}

// Reset breaks the connection (TCP RST) in place of an answer.
func Reset() Fault { return Fault{ending: reset} }

// Close closes the connection (TCP FIN) in place of an answer.
func Close() Fault { return Fault{ending: closed} }

// Unreachable refuses the connection, so that it is certain that nothing was
// written. Over HTTP the connection is there already, and this is [Reset].
func Unreachable() Fault { return Fault{ending: unreachable} }

// Stall gives no answer until the client gives up or release is closed, from
// where the call goes on as if nothing had been. A nil release never is.
func Stall(release <-chan struct{}) Fault { return Fault{stall: true, release: release} }

// Slow is Fault{}.Delay.
func Slow(before, after time.Duration) Fault { return Fault{}.Delay(before, after) }

// The faults that follow happen to a true answer: what the request asks for is
// done.

// Truncated ends the true answer's body in the middle, as if that were all.
func Truncated() Fault { return Fault{truncate: true} }

// ResetInBody breaks the connection (TCP RST) in the middle of the true answer.
func ResetInBody() Fault { return Fault{ending: resetInBody} }

// CloseInBody closes the connection (TCP FIN) in the middle of the true answer.
func CloseInBody() Fault { return Fault{ending: closedInBody} }

// StallInBody stops in the middle of the true answer until the client gives up.
func StallInBody() Fault { return Fault{ending: stalledBody} }

// CloseAfter gives the true answer and then closes the connection without
// notice, as a server does whose idle time is over. In process it does nothing.
func CloseAfter() Fault { return Fault{ending: thenClosed} }

// HideItem leaves the item out of the answer to a failed condition.
func HideItem() Fault { return Fault{hideItem: true} }

// Unprocessed hands the items that which picks back as unprocessed. PutItem has
// no such answer: it is throttled.
func Unprocessed(which Which) Fault { return Fault{unprocessed: which} }

// AfterWrite lets the write be done before the fault.
func (f Fault) AfterWrite() Fault { return f.AfterWriting(All) }

// AfterWriting lets the write of the items that which picks be done before the
// fault, and not that of the others.
func (f Fault) AfterWriting(which Which) Fault {
	f.writes = which
	return f
}

// AppliedLate has the write done when the DB gets its n-th call after this one,
// whatever has been written in between: the one case in which a request given up
// overtakes a newer one. [DB.ApplyLate] does it at once. What is written so is
// marked Late in the ledger. Where nothing else takes the place of the answer,
// [Reset] does.
func (f Fault) AppliedLate(n int) Fault {
	f.lateCalls = n
	return f.orReset()
}

// AppliedLateBy is AppliedLate by a time.
func (f Fault) AppliedLateBy(d time.Duration) Fault {
	f.lateFor = d
	return f.orReset()
}

func (f Fault) orReset() Fault {
	if !f.replaced() {
		f.ending = reset
	}
	return f
}

// Delay adds to the time that the call takes, before its write and after it.
func (f Fault) Delay(before, after time.Duration) Fault {
	f.before, f.after = before, after
	return f
}

// CodeInHeader gives an error's code in X-Amzn-Errortype alone.
func (f Fault) CodeInHeader() Fault {
	f.inHeader = true
	return f
}

// WithHeader sets a header of the answer.
func (f Fault) WithHeader(name, value string) Fault {
	f.header = f.header.Clone()
	if f.header == nil {
		f.header = http.Header{}
	}
	f.header.Set(name, value)
	return f
}

// SetFault has hook asked, for each call, what goes wrong with it; nil ends it.
// It may use the DB. It is called from several goroutines at once if calls
// overlap.
func (db *DB) SetFault(hook func(Call) Fault) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.fault = hook
}

// FailWrites has the next calls that write meet these faults, one each, after
// those of earlier FailWrites that still wait, before any hook is asked.
func (db *DB) FailWrites(faults ...Fault) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.next = append(db.next, faults...)
}

// Poison is a hook for [DB.SetFault] that refuses every call with an item that
// match picks, as DynamoDB refuses a whole batch for one item.
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

func (db *DB) faultFor(x *exchange) Fault {
	db.mu.Lock()
	hook := db.fault
	if len(x.puts) > 0 && len(db.next) > 0 {
		f := db.next[0]
		db.next = db.next[1:]
		db.mu.Unlock()
		return f
	}
	call := x.call
	db.mu.Unlock()
	if hook == nil {
		return Fault{}
	}
	return hook(call)
}

// replaced says whether something takes the place of the true answer.
func (f *Fault) replaced() bool {
	return f.err != nil || f.raw != nil || f.ending == reset || f.ending == closed || f.ending == unreachable
}

func (f *Fault) isLate() bool { return f.lateCalls > 0 || f.lateFor > 0 }

// answer is what takes the place of the true answer.
func (f *Fault) answer() answer {
	switch {
	case f.err != nil:
		return errorAnswer(f.err, f.inHeader)
	case f.raw != nil:
		a := *f.raw
		a.header = a.header.Clone()
		return a
	default:
		return answer{outcome: "lost"}
	}
}

// finish does to an answer what is left to do.
func (f *Fault) finish(a *answer) {
	if f.truncate {
		a.body = a.body[:len(a.body)/2]
	}
	if f.ending != whole {
		a.ending = f.ending
	}
	if f.truncate || f.ending != whole && f.ending != thenClosed {
		a.outcome = "lost"
	}
	for name, values := range f.header {
		if a.header == nil {
			a.header = http.Header{}
		}
		a.header[name] = values
	}
}

// lateWrite is a write whose call is over.
type lateWrite struct {
	due int // the call that brings it on, 0: a timer does
	x   *exchange
}

// putOff sets x's write aside for later.
func (db *DB) putOff(x *exchange) {
	if x.err != nil || len(x.puts) == 0 {
		return
	}
	later := &exchange{call: x.call, puts: x.puts, absent: x.absent, fault: Fault{writes: x.fault.writes}}
	db.mu.Lock()
	defer db.mu.Unlock()
	if n := x.fault.lateCalls; n > 0 {
		db.late = append(db.late, lateWrite{due: x.call.N + n, x: later})
		return
	}
	db.late = append(db.late, lateWrite{x: later})
	time.AfterFunc(x.fault.lateFor, func() {
		db.mu.Lock()
		defer db.mu.Unlock()
		db.writeLate(func(w lateWrite) bool { return w.x == later })
	})
}

// ApplyLate does at once every write that a fault has put off.
func (db *DB) ApplyLate() {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.writeLate(func(lateWrite) bool { return true })
}

// writeLate does those late writes that are due. It is called under DB.mu.
func (db *DB) writeLate(due func(lateWrite) bool) {
	rest := db.late[:0]
	for _, w := range db.late {
		if due(w) {
			_, _ = db.writeLocked(w.x, true) // the table may be gone
		} else {
			rest = append(rest, w)
		}
	}
	db.late = rest
}
