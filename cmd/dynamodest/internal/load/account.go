package load

import (
	"cmp"
	"slices"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/checkpoint"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/deadletter"
)

// outcome is what became of one row.
type outcome struct {
	row    int                // its number in the source
	label  string             // of its Outcome
	failed *deadletter.Letter // nil if the row did not fail

	rereadable bool // it was not sent, because the call stopped: it is to be read again
	delayed    bool // it may have failed because the call is about to stop: the next row that is taken shows that it is not
}

// account is what became of the rows. The rows before next are settled. Those after it, which are delayed or
// after a row that is to be read again, count apart, since another run reads them again.
type account struct {
	next    int
	settled checkpoint.Totals
	delayed []outcome // from next on
	blocked bool      // the row next is to be read again
	after   checkpoint.Totals
	reasons map[dynamodest.Reason]*Example
}

// Example is what failed for one reason.
type Example struct {
	Reason dynamodest.Reason
	Rows   []int  // the first of the rows
	Text   string // of the error of the first one
	Remedy string // for it
}

// maxExamples is how many rows an Example names.
const maxExamples = 5

// begin starts the account at row next, with the totals of the rows before it.
func (a *account) begin(next int, past checkpoint.Totals) {
	a.next = next
	a.settled = past.Clone()
	a.reasons = make(map[dynamodest.Reason]*Example)
}

// add takes what became of the next row. keep keeps a failed row, and reports whether it did.
func (a *account) add(o outcome, keep func(*deadletter.Letter) bool) {
	a.exemplify(o)
	switch {
	case a.blocked:
		count(&a.after, o)
	case o.rereadable:
		a.block()
		count(&a.after, o)
	case o.delayed || len(a.delayed) > 0:
		a.delayed = append(a.delayed, o)
	default:
		a.settle(o, keep)
	}
}

// settle settles a row for good, unless it failed and cannot be kept.
func (a *account) settle(o outcome, keep func(*deadletter.Letter) bool) {
	if o.failed != nil && !keep(o.failed) {
		a.block()
		count(&a.after, o)
		return
	}
	count(&a.settled, o)
	a.next = o.row + 1
}

// settleDelayed settles the rows that were delayed.
func (a *account) settleDelayed(keep func(*deadletter.Letter) bool) {
	if a.blocked || len(a.delayed) == 0 {
		return
	}
	delayed := a.delayed
	a.delayed = nil
	for _, o := range delayed {
		if a.blocked {
			count(&a.after, o)
			continue
		}
		a.settle(o, keep)
	}
}

// block keeps the account from going past the row next.
func (a *account) block() {
	a.blocked = true
	for _, o := range a.delayed {
		count(&a.after, o)
	}
	a.delayed = nil
}

// all returns the totals of all rows.
func (a *account) all() checkpoint.Totals {
	totals := a.settled.Clone()
	totals.Add(a.after)
	for _, o := range a.delayed {
		count(&totals, o)
	}
	return totals
}

// count adds a row to totals.
func count(totals *checkpoint.Totals, o outcome) {
	reason := dynamodest.Reason("")
	if o.failed != nil {
		reason = dynamodest.Reason(o.failed.Reason)
	}
	totals.Count(o.label, reason)
}

// exemplify keeps o as an example of its reason.
func (a *account) exemplify(o outcome) {
	if o.failed == nil {
		return
	}
	reason := dynamodest.Reason(o.failed.Reason)
	example := a.reasons[reason]
	if example == nil {
		example = &Example{Reason: reason, Text: o.failed.Text, Remedy: o.failed.Remedy}
		a.reasons[reason] = example
	}
	if len(example.Rows) < maxExamples {
		example.Rows = append(example.Rows, o.row)
	}
}

// examples returns the examples, the earliest first.
func (a *account) examples() []Example {
	var examples []Example
	for _, example := range a.reasons {
		examples = append(examples, *example)
	}
	slices.SortFunc(examples, func(x, y Example) int { return cmp.Compare(x.Rows[0], y.Rows[0]) })
	return examples
}
