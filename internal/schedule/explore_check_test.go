package schedule

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// checkNext checks what the Scheduler wants next.
func (w *world) checkNext() error {
	s := w.s
	stuck := w.next.Kind == Wait && len(w.batches) == 0 && !w.describing
	switch {
	case stuck && w.next.Until.IsZero() && (!s.Idle() || s.input.closed):
		return errors.New("it waits for nothing")
	case w.next.Kind == Wait && !w.next.Until.IsZero() && !w.next.Until.After(w.now):
		return errors.New("it waits until a moment that has passed")
	case w.next.Kind == Done && (len(w.batches) > 0 || w.describing):
		return errors.New("it is done, with a request in flight")
	case w.next.Kind == Done && s.Stopped() == nil && (!s.Idle() || !s.input.closed):
		return errors.New("it is done, with rows that are not settled")
	case w.next.Kind == Send && s.Stopped() != nil:
		return errors.New("it sends after a stop")
	case s.InFlight() != len(w.batches):
		return fmt.Errorf("%d requests in flight, said to be %d", len(w.batches), s.InFlight())
	}
	for i := range w.added {
		r, f := w.rows[i], &w.facts[i]
		if (r.queue == nil) != f.settled {
			return fmt.Errorf("row %d was settled without a word", i)
		}
		if !f.settled && (r.charged != f.charged || r.fruitlessAttempts != f.fruitless || r.Attempts != f.carried) {
			return fmt.Errorf("row %d: attempts %d, charged %d, fruitless %d; it was %d, %d, %d",
				i, r.Attempts, r.charged, r.fruitlessAttempts, f.carried, f.charged, f.fruitless)
		}
	}
	return nil
}

// checkBatch checks a request that is about to be sent.
func (w *world) checkBatch(b *Batch, budget Budget) error {
	most := min(budget.Rows, scopeBatchRows)
	if w.scope.mode != Overwrite {
		most = 1
	}
	if len(b.Rows) == 0 || len(b.Rows) > most || b.Units != len(b.Rows) {
		return fmt.Errorf("%d rows and %d units in a request for %d", len(b.Rows), b.Units, most)
	}
	if b.retries > 0 && w.now.Before(w.s.backoff.until) {
		return errors.New("a retry goes before the delay is over")
	}
	for i, r := range b.Rows {
		for _, other := range b.Rows[:i] {
			if other.Key == r.Key {
				return errors.New("a key twice in one request")
			}
		}
		if w.flying(w.facts[r.Index].key) {
			return fmt.Errorf("row %d: its key is in flight already", r.Index)
		}
		if err := w.checkTurn(r.Index); err != nil {
			return err
		}
	}
	w.batches = append(w.batches, b)
	return nil
}

// flying reports whether a key is in flight.
func (w *world) flying(key int) bool {
	return slices.ContainsFunc(w.batches, func(b *Batch) bool {
		return slices.ContainsFunc(b.Rows, func(r *Row) bool { return w.facts[r.Index].key == key })
	})
}

// checkTurn checks that of the rows of its key row i is the one to send.
func (w *world) checkTurn(i int) error {
	f := &w.facts[i]
	switch {
	case f.settled:
		return fmt.Errorf("row %d is sent after it was settled", i)
	case w.exhausted(i):
		return fmt.Errorf("row %d is sent after %d requests, %d of them fruitless", i, f.charged, f.fruitless)
	}
	for j := range w.added {
		other := &w.facts[j]
		switch {
		case j == i || other.key != f.key || w.scope.mode == Newer && other.settled:
		case w.scope.mode == Skip || w.scope.mode == Fail:
			if !other.settled && j < i {
				return fmt.Errorf("row %d is sent before row %d", i, j)
			}
		case !w.before(i, j):
		case !other.settled:
			return fmt.Errorf("row %d is sent instead of row %d", i, j)
		case !other.bad || other.lost:
			return fmt.Errorf("row %d is sent after row %d, which supersedes it: %v", i, j, w.rows[j].Outcome)
		}
	}
	return nil
}

// checkOtherKind checks that a row was settled whose rank cannot be compared.
func (w *world) checkOtherKind(i int) error {
	r := w.rows[i]
	if r.Outcome != NotWritten || r.Reason != fault.Mapping {
		return fmt.Errorf("row %d was not taken and is %v: %s", i, r.Outcome, r.Reason)
	}
	for j := range i {
		if other := w.rows[j]; other.queue != nil && other.Key == r.Key && other.Rank[0] == r.Rank[0] {
			return fmt.Errorf("row %d was not taken, though row %d has a rank of its kind", i, j)
		}
	}
	w.facts[i].settled = true
	return nil
}

// checkEnd checks the end of a call: every row has one outcome, and the table has what they say.
func (w *world) checkEnd(settled []*Row) error {
	if w.s.Stopped() == nil && len(settled) > 0 {
		return errors.New("rows were left at the end")
	}
	if err := w.checkOutcomes(settled); err != nil {
		return err
	}
	if !w.s.Idle() || w.s.backoff.inFlight != 0 {
		return errors.New("something is left after the end")
	}
	var counts [Deleted + 1]int
	for i := range w.added {
		if !w.facts[i].settled {
			return fmt.Errorf("row %d has no outcome", i)
		}
		counts[w.rows[i].Outcome]++
	}
	if sum := counts[NotWritten] + counts[Written] + counts[Skipped] + counts[Superseded] + counts[Unknown] + counts[Deleted]; sum != w.added {
		return fmt.Errorf("%d rows have %d outcomes", w.added, sum)
	}
	for k := range w.keysUsed {
		if err := w.checkTable(k); err != nil {
			return err
		}
	}
	return nil
}

// checkTable checks what the table has for a key at the end.
func (w *world) checkTable(key int) error {
	k := &w.keys[key]
	last, written := nobody, 0
	for i := range w.added {
		r := w.rows[i]
		if w.facts[i].key != key || r.Outcome != Written && r.Outcome != Deleted {
			continue
		}
		written++
		if last == nobody || w.before(last, i) {
			last = i
		}
	}
	switch w.scope.mode {
	case Overwrite:
		if !k.lossy && last != k.holder {
			return fmt.Errorf("the table has row %d of a key, and row %d was written last", k.holder, last)
		}
	case Skip, Fail:
		if written > 1 || written == 1 && k.holder != last {
			return fmt.Errorf("the table has row %d of a key, and row %d was written", k.holder, last)
		}
	case Newer:
		if last != nobody && k.rank[0] == w.rows[last].Rank[0] && k.rank < w.rows[last].Rank {
			return fmt.Errorf("the table has the rank %s, and row %d was written", k.rank, last)
		}
	}
	return nil
}
