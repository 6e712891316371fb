package dynamodest_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dynamodest/dynamodest"
)

// scaleRun is the calls of one seed, one after another or beside each other, on one Destination.
type scaleRun struct {
	scaleLedger // whose lock guards the rest

	t     *testing.T
	cfg   dynamodest.Config
	calls []*scaleCall

	reported    int
	outcomes    [outcomeKinds]int
	misreported int
	stops       int
}

// scaleCall is one call of a scaleRun.
type scaleCall struct {
	run       *scaleRun
	from, end int           // its rows
	stream    bool          // by WriteSeq
	cancel    time.Duration // after which its context ends; 0 if it does not
	deny      int           // requests after which access is denied, or none

	next     int // the row that is to be reported next, in row order
	reports  int
	requests int // of the seed before the call
	expired  int // the same, of those with an expired token
	denied   int // the same, of those that were denied access
	sum      dynamodest.Summary
}

// outcomeKinds is the number of outcomes there are.
const outcomeKinds = int(dynamodest.Deleted) + 1

// draw draws the configuration, the rows and the calls of a seed.
func (s *scaleRun) draw(t *testing.T, seed uint64) {
	rnd := scaleRand(seed)
	n := scaleRows(rnd)
	keys := 1 + rnd.IntN(n)
	l := &s.scaleLedger
	*s = scaleRun{t: t, scaleLedger: scaleLedger{
		rnd: rnd, rate: []float64{0.002, 0.02, 0.1, 0.3}[rnd.IntN(4)], denyAfter: none,
		rows:  refill(l.rows, n, scaleRow{}),
		items: refill(l.items, keys, none), last: refill(l.last, keys, none), deletes: refill(l.deletes, keys, none),
		late: refill(l.late, keys, false), shown: refill(l.shown, keys, false), flying: refill(l.flying, keys, false),
		pending: l.pending[:0],
	}}
	s.cfg = dynamodest.Config{
		Table: table, Client: &s.scaleLedger, Concurrency: 1 + rnd.IntN(64),
		Retry:           dynamodest.Retry{MaxAttempts: 1 + rnd.IntN(8), MinDelay: time.Millisecond, MaxDelay: 50 * time.Millisecond},
		ReportAsSettled: rnd.IntN(3) == 0,
	}
	deletes := false
	switch rnd.IntN(8) {
	case 0:
		s.cfg.Mode, s.cfg.OnExisting = dynamodest.Insert, dynamodest.Skip
	case 1:
		s.cfg.Mode, s.cfg.OnExisting = dynamodest.Insert, dynamodest.Fail
	case 2:
		s.cfg.Version = "v"
		s.overlap = rnd.IntN(2) == 0
	case 3, 4:
		s.cfg.Delete = "gone"
		deletes = true
	}
	s.drawRows(keys, deletes)
	s.drawCalls()
}

// refill returns n values v, in the memory of s if it suffices.
func refill[T any](s []T, n int, v T) []T {
	s = slices.Grow(s[:0], n)[:n]
	for i := range s {
		s[i] = v
	}
	return s
}

// drawCalls shares the rows out among calls.
func (s *scaleRun) drawCalls() {
	rnd := s.rnd
	for from := 0; from < len(s.rows); {
		c := &scaleCall{run: s, from: from, stream: rnd.IntN(2) == 0, deny: none, next: from}
		size := 1 + rnd.IntN(20_000)
		if !c.stream {
			size = 1 + rnd.IntN(8_000)
		}
		c.end = min(len(s.rows), from+size)
		if rnd.IntN(8) == 0 {
			c.cancel = time.Duration(rnd.IntN(1<<(4+rnd.IntN(12)))) * time.Millisecond
		}
		if rnd.IntN(12) == 0 {
			c.deny = rnd.IntN(1 << (1 + rnd.IntN(10)))
		}
		s.calls, from = append(s.calls, c), c.end
	}
}

// drawRows draws rows with many equal keys, some of which are bad.
func (s *scaleRun) drawRows(keys int, deletes bool) {
	rnd := s.rnd
	versions := 1 + rnd.IntN(2*len(s.rows))
	for i := range s.rows {
		u := rnd.Float64()
		row := scaleRow{key: int32(u * u * u * float64(keys)), version: int32(rnd.IntN(versions))}
		switch rnd.IntN(2000) {
		case 0:
			row.is |= isPoison
		case 1, 2, 3:
			row.is |= isBad
		case 4, 5, 6:
			row.is |= isBroken
		default:
			if deletes && rnd.IntN(3) == 0 {
				row.is |= isDelete
			}
		}
		s.rows[i] = row
	}
}

// row returns a row as the source has it.
func (s *scaleRun) row(i int) dynamodest.Row {
	r := s.rows[i]
	row := dynamodest.Row{"row": i}
	switch {
	case r.is&isBad != 0:
	case i%3 == 0: // the same number in another form
		row["id"] = float64(r.key)
	default:
		row["id"] = int(r.key)
	}
	if s.cfg.Version != "" {
		row["v"] = r.version
	}
	if s.cfg.Delete != "" && (i%2 == 0 || r.is&isDelete != 0) {
		row["gone"] = r.is&isDelete != 0
	}
	return row
}

// run makes the calls: one after another, or two beside each other. The rows that a stopped call has not taken
// are the next call's.
func (s *scaleRun) run() {
	dest := newDest(s.t, s.cfg)
	beside := 1
	if s.overlap {
		beside = 2
	}
	for len(s.calls) > 0 {
		var calls sync.WaitGroup
		now := s.calls[:min(beside, len(s.calls))]
		s.calls = s.calls[len(now):]
		for _, c := range now {
			calls.Go(func() { c.call(dest) })
		}
		calls.Wait()
		for _, c := range now {
			if rest := c.from + c.sum.Rows; rest < c.end {
				s.calls = slices.Insert(s.calls, 0, &scaleCall{run: s, from: rest, end: c.end, stream: c.stream, deny: none, next: rest})
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applyPending(math.MaxInt)
}

// call makes the call and checks what it returns.
func (c *scaleCall) call(dest *dynamodest.Destination) {
	s := c.run
	c.begin()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	if c.cancel > 0 {
		defer time.AfterFunc(c.cancel, cancel).Stop()
	}
	if c.stream {
		sum, err := dest.WriteSeq(ctx, c.source(), c.report)
		c.check(sum, err)
		return
	}
	rows := make([]dynamodest.Row, 0, c.end-c.from)
	for i := c.from; i < c.end; i++ {
		rows = append(rows, s.row(i))
	}
	res, err := dest.Write(ctx, rows)
	for i, r := range res.Rows {
		_ = c.report(rows[i], r)
	}
	c.check(res.Summary, err)
}

// begin prepares the ledger for the call.
func (c *scaleCall) begin() {
	s := c.run
	s.mu.Lock()
	defer s.mu.Unlock()
	c.requests, c.expired, c.denied = s.requests, s.expired, s.denied
	s.denyAfter = c.deny
	for i := c.from; i < c.end; i++ {
		r := &s.rows[i]
		switch {
		case r.is&isBroken != 0 && !c.stream: // a slice has no rows that cannot be read
			r.is &^= isBroken
		case r.is&isDelete == 0:
		case int(s.deletes[r.key]) >= c.from: // one delete a key in each call
			r.is &^= isDelete
		default:
			s.deletes[r.key] = int32(i)
		}
	}
}

var errScaleBroken = errors.New("the row is broken")

func (c *scaleCall) source() iter.Seq2[dynamodest.Row, error] {
	pauses := rand.New(rand.NewPCG(uint64(c.from), 3))
	return func(yield func(dynamodest.Row, error) bool) {
		for i := c.from; i < c.end; i++ {
			var err error
			if c.run.rows[i].is&isBroken != 0 {
				err = dynamodest.BadRow(errScaleBroken)
			}
			if pauses.IntN(2000) == 0 {
				if !yield(nil, dynamodest.Pause) {
					return
				}
				time.Sleep(time.Duration(pauses.IntN(500)) * time.Millisecond)
			}
			if !yield(c.run.row(i), err) {
				return
			}
		}
	}
}
