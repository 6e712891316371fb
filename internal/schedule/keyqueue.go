package schedule

import (
	"container/heap"
	"slices"
	"time"
)

// keyQueue is the unsettled rows of one key, oldest first. At most one of them is in flight.
//
// With puts that overwrite, the newest row is the next to be sent, and the older ones are candidates
// to be superseded by it. With conditional puts rows go one after another, oldest first.
type keyQueue struct {
	key   string
	rows  []*Row
	since time.Time // when it joined the queue of new rows
	place int       // its place among the retries: the index of its oldest row
	hot   bool      // its partition key was hot when it joined the retries
	due   time.Time // when its delay is over, if it is set apart
	first [1]*Row   // storage of rows while there is one row, as usual
}

// next returns the row that is to be sent.
func (q *keyQueue) next(conditional bool) *Row {
	if conditional {
		return q.rows[0]
	}
	return q.rows[len(q.rows)-1]
}

// remove takes r out. It looks at r and the rows newer than it only.
func (q *keyQueue) remove(r *Row) {
	if q.rows[0] == r {
		q.rows[0] = nil
		q.rows = q.rows[1:]
		return
	}
	i := len(q.rows) - 1
	for q.rows[i] != r {
		i--
	}
	q.rows = slices.Delete(q.rows, i, i+1)
}

// removeThrough takes out r and the rows older than it, and settles the older ones.
func (q *keyQueue) removeThrough(r *Row, settle func(older *Row)) {
	i := slices.Index(q.rows, r)
	for _, older := range q.rows[:i] {
		settle(older)
	}
	clear(q.rows[:i+1])
	q.rows = q.rows[i+1:]
}

// fifo is the queue of new rows, by key.
type fifo []*keyQueue

func (f *fifo) put(q *keyQueue) { *f = append(*f, q) }

func (f *fifo) take() {
	(*f)[0] = nil
	*f = (*f)[1:]
}

// oldestFirst is the queue of retries, by key: a heap by place, with rows of hot partition keys last.
type oldestFirst []*keyQueue

func (o oldestFirst) Len() int { return len(o) }
func (o oldestFirst) Less(i, j int) bool {
	if o[i].hot != o[j].hot {
		return o[j].hot
	}
	return o[i].place < o[j].place
}
func (o oldestFirst) Swap(i, j int) { o[i], o[j] = o[j], o[i] }
func (o *oldestFirst) Push(x any)   { *o = append(*o, x.(*keyQueue)) } //nolint:forcetypeassert // only put calls it
func (o *oldestFirst) Pop() any {
	old := *o
	q := old[len(old)-1]
	old[len(old)-1] = nil
	*o = old[:len(old)-1]
	return q
}

func (o *oldestFirst) put(q *keyQueue) { heap.Push(o, q) }
func (o *oldestFirst) take()           { heap.Pop(o) }

// dueFirst is keys that were set apart from the retries: a heap by due.
type dueFirst []*keyQueue

func (d dueFirst) Len() int           { return len(d) }
func (d dueFirst) Less(i, j int) bool { return d[i].due.Before(d[j].due) }
func (d dueFirst) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *dueFirst) Push(x any)        { *d = append(*d, x.(*keyQueue)) } //nolint:forcetypeassert // only put calls it
func (d *dueFirst) Pop() any {
	old := *d
	q := old[len(old)-1]
	old[len(old)-1] = nil
	*d = old[:len(old)-1]
	return q
}

func (d *dueFirst) put(q *keyQueue) { heap.Push(d, q) }
func (d *dueFirst) take()           { heap.Pop(d) }
