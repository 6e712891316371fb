package dynamodest_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// scaleRow is what the ledger knows of one row. Rows are numbered through all calls of a seed.
type scaleRow struct {
	key      int32
	version  int32
	by       int32
	requests uint16 // that carried it
	outcome  uint8
	is       rowFlags
}

// rowFlags are facts about a row.
type rowFlags uint16

const (
	isDelete    rowFlags = 1 << iota // the row is a delete
	isPoison                         // the table refuses every request with it
	isBad                            // it lacks its key
	isBroken                         // the source cannot read it
	wasApplied                       // the table applied it, at least once
	wasTaken                         // a response acknowledged that, or showed the row's own item
	inDoubt                          // a request that carried it ended without a definite response
	wasReported                      // its result is known
)

// none is no row.
const none = -1

// scaleLedger is a table, and a client of it that meets faults: it applies rows, or does not, and keeps what it
// did and what it said. It shares no code with the test double, and makes no JSON, since it has to be fast.
type scaleLedger struct {
	mu   sync.Mutex
	rnd  *rand.Rand
	rows []scaleRow

	// By key.
	items   []int32 // the row that is there
	last    []int32 // the row that was applied last: a put or a delete
	deletes []int32 // the delete of the running call, since a DeleteRequest does not name its row
	late    []bool  // a write was applied late, or may still be
	shown   []bool  // a failed condition has shown its item
	flying  []bool  // in a request

	pending   []lateWrite
	requests  int
	inFlight  int
	rate      float64          // of faults
	denyAfter int              // requests of the running call, after which access is denied; none if it is not
	expired   int              // requests that met an expired token
	denied    int              // requests that were denied access
	overlap   bool             // calls overlap, so a key may be in two requests
	wrong     string           // the first breach that a request showed
	faults    [scaleFaults]int // that requests met
}

// lateWrite is a write that was given up and is to be applied once so many requests have been made.
type lateWrite struct {
	row  int32
	due  int
	cond putCondition
}

// putCondition is the condition of a put.
type putCondition uint8

const (
	batched       putCondition = iota // by BatchWriteItem, which knows no conditions
	unconditional                     // by PutItem
	ifAbsent
	unlessNewer
)

// The faults that a request may meet. Each is drawn as often as the others.
const (
	faultThrottle = iota
	faultUnprocessed
	faultLostApplied
	faultLost
	faultLate
	faultServer
	faultExpired
	faultSlow
	faultStall
	faultHideItem
	scaleFaults

	noFault = -1
)

// scaleFaultNames are the names of the faults, in their order.
var scaleFaultNames = [scaleFaults]string{
	"throttled", "some unprocessed", "lost and applied", "lost and not applied", "applied late",
	"500 after some writes", "expired token", "slow", "no answer", "item not shown",
}

var (
	errScaleThrottled = &types.ProvisionedThroughputExceededException{}
	errScaleInvalid   = &smithy.GenericAPIError{Code: "ValidationException"}
	errScaleServer    = &types.InternalServerError{}
	errScaleExpired   = &smithy.GenericAPIError{Code: "ExpiredTokenException"}
	errScaleDenied    = &smithy.GenericAPIError{Code: "AccessDeniedException"}
	errScaleLost      = io.ErrUnexpectedEOF
)

// hidden is the row of an item that a failed condition does not show.
const hidden = -2

// answer is the response to a request.
type answer struct {
	err         error
	unprocessed uint32 // one bit for each row
	taken       uint32 // the rows that the response acknowledges
	shown       int32  // the row that a failed condition shows, if it is not none
}

// serve makes one request.
func (l *scaleLedger) serve(ctx context.Context, rows []int32, cond putCondition) answer {
	fault, early := l.begin(rows)
	defer l.end(rows)
	var a answer
	if early { // carried out before the wait, otherwise after it
		a = l.carryOut(fault, rows, cond)
	}
	if !l.wait(ctx, fault) {
		l.abandon(rows, cond, early)
		return answer{err: ctx.Err(), shown: none}
	}
	if !early {
		a = l.carryOut(fault, rows, cond)
	}
	l.acknowledge(rows, a)
	return a
}

// begin records a request, and draws its fault and whether it is applied early.
func (l *scaleLedger) begin(rows []int32) (fault int, early bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests++
	l.inFlight++
	if l.denyAfter != none {
		l.denyAfter = max(0, l.denyAfter-1)
	}
	l.applyPending(l.requests)
	for _, i := range rows {
		row := &l.rows[i]
		row.requests++
		if l.flying[row.key] && !l.overlap {
			l.wrong = "a key is in two requests at once"
		}
		l.flying[row.key] = true
		if row.is&(isBad|isBroken|wasReported) != 0 {
			l.wrong = "a row is sent that is settled"
		}
	}
	if fault = noFault; l.rnd.Float64() < l.rate {
		fault = l.rnd.IntN(scaleFaults)
		l.faults[fault]++
	}
	return fault, l.rnd.IntN(2) == 0
}

func (l *scaleLedger) end(rows []int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	for _, i := range rows {
		l.flying[l.rows[i].key] = false
	}
}

// wait waits for as long as a request takes, and reports whether ctx lasted so long.
func (l *scaleLedger) wait(ctx context.Context, fault int) bool {
	l.mu.Lock()
	latency := time.Duration(1+l.rnd.IntN(12)) * time.Millisecond
	if fault == faultSlow {
		latency += time.Duration(l.rnd.IntN(8000)) * time.Millisecond
	}
	l.mu.Unlock()
	if fault == faultStall {
		<-ctx.Done()
		return false
	}
	timer := time.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// carryOut does what the fault of a request says.
func (l *scaleLedger) carryOut(fault int, rows []int32, cond putCondition) answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refuse(fault, rows); err != nil {
		return answer{err: err, shown: none}
	}
	switch fault {
	case faultLostApplied:
		l.apply(rows, cond, all)
		return l.lose(rows, errScaleLost)
	case faultLost:
		return l.lose(rows, errScaleLost)
	case faultLate:
		l.delay(rows, cond)
		return l.lose(rows, errScaleLost)
	case faultServer:
		l.apply(rows, cond, l.rnd.Uint32())
		return l.lose(rows, errScaleServer)
	}
	a := answer{shown: none}
	if fault == faultUnprocessed && cond == batched {
		a.unprocessed = l.rnd.Uint32() & (1<<len(rows) - 1)
	}
	there := l.items[l.rows[rows[0]].key]
	a.taken = l.apply(rows, cond, ^a.unprocessed)
	if cond > unconditional && a.taken == 0 {
		if a.shown = there; fault == faultHideItem {
			a.shown = hidden
		}
	}
	return a
}

// lose records that the response to a request says nothing of its rows.
func (l *scaleLedger) lose(rows []int32, err error) answer {
	for _, i := range rows {
		l.rows[i].is |= inDoubt
	}
	return answer{err: err, shown: none}
}

// acknowledge records what a response that arrives says of its rows.
func (l *scaleLedger) acknowledge(rows []int32, a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n, i := range rows {
		row := &l.rows[i]
		if a.taken&(1<<n) != 0 || a.shown == i {
			row.is |= wasTaken
		}
		l.shown[row.key] = l.shown[row.key] || a.shown >= 0
	}
}

// refuse returns the error of a request that is not applied at all, or nil.
func (l *scaleLedger) refuse(fault int, rows []int32) error {
	switch {
	case l.denyAfter == 0:
		l.denied++
		return errScaleDenied
	case fault == faultThrottle:
		return errScaleThrottled
	case fault == faultExpired:
		l.expired++
		return errScaleExpired
	}
	for _, i := range rows {
		if l.rows[i].is&isPoison != 0 {
			return errScaleInvalid
		}
	}
	return nil
}

// all is the bits of all rows of a request.
const all = ^uint32(0)

// apply applies those of rows whose bits are set, if cond holds, and returns the bits of those applied.
func (l *scaleLedger) apply(rows []int32, cond putCondition, bits uint32) (applied uint32) {
	for n, i := range rows {
		row := &l.rows[i]
		if bits&(1<<n) == 0 || !l.holds(cond, i) {
			continue
		}
		applied |= 1 << n
		row.is |= wasApplied
		if l.last[row.key] > i && cond <= unconditional && !l.late[row.key] {
			l.wrong = fmt.Sprintf("row %d is written over row %d", i, l.last[row.key])
		}
		l.last[row.key], l.items[row.key] = i, i
		if row.is&isDelete != 0 {
			l.items[row.key] = none
		}
	}
	return applied
}

// holds reports whether row may be put under cond.
func (l *scaleLedger) holds(cond putCondition, row int32) bool {
	there := l.items[l.rows[row].key]
	switch {
	case there == none || cond <= unconditional:
		return true
	case cond == unlessNewer:
		return l.rows[there].version <= l.rows[row].version
	}
	return false
}

// abandon decides what becomes of a request that was given up on its way: it may still be applied.
func (l *scaleLedger) abandon(rows []int32, cond putCondition, carriedOut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lose(rows, nil)
	if !carriedOut && l.rnd.IntN(2) == 0 && l.refuse(noFault, rows) == nil {
		l.delay(rows, cond)
	}
}

// delay leaves rows to be applied later.
func (l *scaleLedger) delay(rows []int32, cond putCondition) {
	due := l.requests + 1 + l.rnd.IntN(100)
	for _, i := range rows {
		l.late[l.rows[i].key] = true
		l.pending = append(l.pending, lateWrite{i, due, cond})
	}
}

// applyPending applies the late writes that are due.
func (l *scaleLedger) applyPending(now int) {
	left := l.pending[:0]
	for _, w := range l.pending {
		if w.due > now {
			left = append(left, w)
			continue
		}
		l.apply([]int32{w.row}, w.cond, all)
	}
	l.pending = left
}

func (l *scaleLedger) breach(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = text
}
