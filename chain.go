package dynamodest

import (
	"container/heap"
	"slices"
	"time"
)

// job is a row on its way to its outcome.
type job struct {
	row   Row
	item  *item // nil once settled
	chain *chain

	attempts int  // requests that carried it
	counted  int  // those that count against ten times MaxAttempts
	vain     int  // those that count against MaxAttempts
	maybe    bool // one of them may have applied it

	reason Reason // of the last refusal
	err    error  // of the last refusal

	result  RowResult // once settled
	settled bool
	size    int // what it takes of the window, in bytes
}

// chain is the unsettled rows of one key, oldest first.
//
// With puts that overwrite, the newest row is the one to send; the older ones
// are held under it and share its fate. With conditional puts rows go one
// after another, oldest first. Either way one row at most is in flight.
type chain struct {
	key   string
	jobs  []*job
	since time.Time // when it began to wait in the queue of fresh rows
	place int       // place in the queue of refused rows: the index of its oldest row
	first [1]*job   // room for the usual one row
}

// next is the row that is to be sent.
func (c *chain) next(conditional bool) *job {
	if conditional {
		return c.jobs[0]
	}
	return c.jobs[len(c.jobs)-1]
}

// drop takes j out.
func (c *chain) drop(j *job) {
	c.jobs = slices.DeleteFunc(c.jobs, func(other *job) bool { return other == j })
}

// before takes out j and the rows older than it, and returns the older ones.
func (c *chain) before(j *job) []*job {
	i := slices.Index(c.jobs, j)
	older := c.jobs[:i]
	c.jobs = c.jobs[i+1:]
	return older
}

// fifo is the queue of fresh rows' chains.
type fifo []*chain

func (q *fifo) put(c *chain) { *q = append(*q, c) }

func (q *fifo) take() {
	(*q)[0] = nil
	*q = (*q)[1:]
}

// oldest is the queue of refused rows' chains: a heap by place.
type oldest []*chain

func (q oldest) Len() int           { return len(q) }
func (q oldest) Less(i, j int) bool { return q[i].place < q[j].place }
func (q oldest) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *oldest) Push(x any)        { *q = append(*q, x.(*chain)) } //nolint:forcetypeassert // only put calls it
func (q *oldest) Pop() any {
	old := *q
	c := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return c
}

func (q *oldest) put(c *chain) { heap.Push(q, c) }
func (q *oldest) take() *chain { return heap.Pop(q).(*chain) } //nolint:forcetypeassert // only chains are put
