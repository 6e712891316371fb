package schedule

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
)

// explorer explores every state of the worlds of a scope.
type explorer struct {
	scope  *scope
	canon  canonizer
	copier copier
	short  bool // delays have no length
	drawn  bool // a delay was drawn
	lines  *[]string

	spare      []*world // to be used again
	spareLists [][]choice

	states, transitions, depth, ends int
	met                              map[string]bool // what happened
}

// copyOf returns a copy of w.
func (e *explorer) copyOf(w *world) *world {
	var to *world
	if n := len(e.spare); n > 0 {
		to = e.spare[n-1]
		e.spare = e.spare[:n-1]
	} else {
		to = new(world)
	}
	w.copyTo(to, &e.copier)
	return to
}

// list returns an empty list of choices.
func (e *explorer) list() []choice {
	n := len(e.spareLists)
	if n == 0 {
		return nil
	}
	list := e.spareLists[n-1]
	e.spareLists = e.spareLists[:n-1]
	return list
}

func newExplorer(sc *scope) *explorer {
	return &explorer{scope: sc, canon: canonizer{keys: sc.keys}, met: map[string]bool{}}
}

func (e *explorer) jitter(bound time.Duration) time.Duration {
	e.drawn = true
	if e.short {
		return 0
	}
	return bound
}

func (e *explorer) logf(format string, args ...any) {
	if e.lines != nil {
		*e.lines = append(*e.lines, fmt.Sprintf(format, args...))
	}
}

func (e *explorer) logSettled(rows []*Row) {
	if e.lines != nil && len(rows) > 0 {
		e.logf("  %s", outcomes(rows))
	}
}

// take lets w make a choice.
func (e *explorer) take(w *world, c choice) error {
	e.short, e.drawn = c.short, false
	return w.apply(e, c)
}

// hash is that of a canonical form.
type hash [16]byte

func (e *explorer) hash(w *world) hash {
	sum := sha256.Sum256(e.form(w))
	return hash(sum[:16])
}

// form returns the canonical form of w: that of its Scheduler, and what the table and the checks know.
func (e *explorer) form(w *world) []byte {
	c := &e.canon
	c.write(w.s, w.now, w.batches)
	c.bool(w.ended)
	if left := w.scope.rows - w.added; !w.s.input.closed && left > 0 {
		c.int(left)
		c.int(w.scope.deletes - w.deletes)
		c.int(min(left, w.scope.keys-w.keysUsed))
	}
	mayBeBad := 0
	for i := range w.scope.rows {
		if f := &w.facts[i]; i >= w.added && !w.s.input.closed || i < w.added && !f.settled && !f.good && !f.bad {
			mayBeBad++
		}
	}
	c.int(min(mayBeBad, w.scope.bad-w.bad))
	c.int(w.opens)
	c.int(w.faults)
	c.bool(w.describing)
	c.bool(w.described && w.s.Stopped() == nil)
	for _, r := range c.rows {
		f := &w.facts[r.Index]
		c.bool(f.bad)
		c.bool(f.good)
		c.bool(f.lost)
		c.int(f.charged)
		c.int(f.fruitless)
	}
	var known, others [maxScopeKeys][]byte // others: without rows that wait
	nKnown, nOthers := 0, 0
	for _, q := range c.queues {
		known[nKnown] = e.keyForm(w, w.facts[q.rows[0].Index].key)
		nKnown++
	}
	for k := range w.keysUsed {
		if !slices.ContainsFunc(c.queues, func(q *keyQueue) bool { return w.facts[q.rows[0].Index].key == k }) {
			others[nOthers] = e.keyForm(w, k)
			nOthers++
		}
	}
	slices.SortFunc(others[:nOthers], func(a, b []byte) int { return slices.Compare(a, b) })
	for _, form := range slices.Concat(known[:nKnown], others[:nOthers]) {
		c.buf = append(c.buf, form...)
	}
	return c.buf
}

// keyForm returns the canonical form of what is true of a key.
func (e *explorer) keyForm(w *world, key int) []byte {
	k := &w.keys[key]
	form := []byte{0, 0, 0}
	for i, q := range e.canon.queues {
		if k.resent&(1<<w.facts[q.rows[0].Index].key) != 0 {
			form[2] |= 1 << i
		}
	}
	if w.scope.mode == Overwrite {
		return form
	}
	number := func(i int) byte {
		n := slices.IndexFunc(e.canon.rows, func(r *Row) bool { return r.Index == i })
		return byte(n + 3) // 2: a row that is settled
	}
	switch {
	case w.scope.mode == Newer || k.holder == nobody:
	case k.holder == foreigner:
		form[0] = 2
	default:
		form[0] = number(k.holder)
	}
	var pending [2]byte
	for i := range w.added {
		if k.pending&(1<<i) == 0 {
			continue
		}
		if w.scope.mode == Newer {
			pending[0] |= 1 << slices.Index(w.scope.ranks, w.rows[i].Rank)
		} else {
			pending[0] |= 1 << (number(i) - 2)
		}
	}
	form[1] = pending[0]
	if w.scope.mode == Newer {
		form = append(form, k.rank...)
	}
	return form
}
