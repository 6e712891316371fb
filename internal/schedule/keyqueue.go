package schedule

import (
	"container/heap"
	"slices"
	"sort"
	"time"
)

// keyQueue is the unsettled rows of one key, in the order of their ranks and then of their indexes. At most
// one of them is in flight.
//
// The last row is the next to be sent, and the others are candidates to be superseded by it. With Skip and
// Fail, where there are no ranks, rows go one after another, oldest first.
type keyQueue struct {
	key   string
	rows  []*Row
	since time.Time // when it joined the queue of new rows
	place int       // its place among the retries: the index of its oldest row
	hot   bool      // its partition key was hot when it joined the retries
	due   time.Time // when its delay is over, if it is set apart
	first [1]*Row   // storage of rows while there is one row, as usual
}

// add puts r in its place: after the rows of the same rank, which are older.
func (q *keyQueue) add(r *Row) {
	i := len(q.rows)
	if i > 0 && q.rows[i-1].Rank > r.Rank {
		i = sort.Search(i, func(i int) bool { return q.rows[i].Rank > r.Rank })
	}
	q.rows = slices.Insert(q.rows, i, r)
}

// comparable reports whether the rank of r is of the same kind as those of the rows.
func (q *keyQueue) comparable(r *Row) bool {
	rank := q.rows[0].Rank
	return rank == "" || r.Rank == "" || rank[0] == r.Rank[0]
}

// next returns the row that is to be sent.
func (q *keyQueue) next(firstWins bool) *Row {
	if firstWins {
		return q.rows[0]
	}
	return q.rows[len(q.rows)-1]
}

// oldest returns the index of the oldest row.
func (q *keyQueue) oldest() int {
	oldest := q.rows[0].Index
	for _, r := range q.rows[1:] {
		if r.Rank == "" { // the rows are in the order of their indexes
			break
		}
		oldest = min(oldest, r.Index)
	}
	return oldest
}

// remove takes r out. It looks at r and the rows after it only.
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

// removeThrough takes out r and the rows before it, and settles those.
func (q *keyQueue) removeThrough(r *Row, settle func(before *Row)) {
	i := slices.Index(q.rows, r)
	for _, before := range q.rows[:i] {
		settle(before)
	}
	clear(q.rows[:i+1])
	q.rows = q.rows[i+1:]
}

// spareQueues is keyQueues that no row uses, for the next keys: most keys have one row, and come and go
// with it.
type spareQueues []*keyQueue

// maxSpareQueues is the most keyQueues that are kept for later: a quarter of a megabyte.
const maxSpareQueues = 2048

// put keeps q, which nothing may refer to any more.
func (s *spareQueues) put(q *keyQueue) {
	if len(*s) < maxSpareQueues {
		*q = keyQueue{}
		*s = append(*s, q)
	}
}

// take returns an empty keyQueue.
func (s *spareQueues) take() *keyQueue {
	n := len(*s) - 1
	if n < 0 {
		return new(keyQueue)
	}
	q := (*s)[n]
	(*s)[n] = nil
	*s = (*s)[:n]
	return q
}

// fifo is the queue of new rows, by key.
type fifo struct {
	list  []*keyQueue
	taken int // from the front of list
}

// Len returns the number of keys.
func (f *fifo) Len() int { return len(f.list) - f.taken }

// waiting returns the keys, in the order in which they are taken.
func (f *fifo) waiting() []*keyQueue { return f.list[f.taken:] }

// first returns the key that take would take. There must be one.
func (f *fifo) first() *keyQueue { return f.list[f.taken] }

func (f *fifo) put(q *keyQueue) {
	if len(f.list) == cap(f.list) && f.taken > len(f.list)/2 {
		left := copy(f.list, f.list[f.taken:])
		clear(f.list[left:])
		f.list, f.taken = f.list[:left], 0
	}
	f.list = append(f.list, q)
}

func (f *fifo) take() {
	f.list[f.taken] = nil
	f.taken++
}

// keyList is what the heaps of keys have in common.
type keyList []*keyQueue

func (l keyList) Len() int      { return len(l) }
func (l keyList) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l *keyList) Push(x any)   { *l = append(*l, x.(*keyQueue)) } //nolint:forcetypeassert // only put calls it
func (l *keyList) Pop() any {
	old := *l
	q := old[len(old)-1]
	old[len(old)-1] = nil
	*l = old[:len(old)-1]
	return q
}

// first returns the key that take would take. There must be one.
func (l keyList) first() *keyQueue { return l[0] }

// oldestFirst is the queue of retries, by key: a heap by place, with rows of hot partition keys last.
type oldestFirst struct{ keyList }

func (o *oldestFirst) Less(i, j int) bool {
	a, b := o.keyList[i], o.keyList[j]
	if a.hot != b.hot {
		return b.hot
	}
	return a.place < b.place
}
func (o *oldestFirst) put(q *keyQueue) { heap.Push(o, q) }
func (o *oldestFirst) take()           { heap.Pop(o) }

// dueFirst is keys that were set apart from the retries: a heap by due.
type dueFirst struct{ keyList }

func (d *dueFirst) Less(i, j int) bool { return d.keyList[i].due.Before(d.keyList[j].due) }
func (d *dueFirst) put(q *keyQueue)    { heap.Push(d, q) }
func (d *dueFirst) take()              { heap.Pop(d) }
