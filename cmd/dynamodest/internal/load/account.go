package load

import (
	"cmp"
	"slices"
	"strings"

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
	causes  map[dynamodest.Reason][]*Example
}

// Example is what failed for one cause: a reason, a column, an attribute, and what was wrong with it.
type Example struct {
	Reason dynamodest.Reason
	Count  int    // of the rows that failed for the cause
	Rows   []int  // the first of them
	Text   string // of the error of the first one
	Remedy string // for it

	cause cause
}

// cause tells the causes of one reason apart.
type cause struct{ column, attribute, text string }

// The measures of examples.
const (
	maxCauses = 3 // of a reason: the first ones that are met
	maxRows   = 5 // that an Example names
)

// begin starts the account at row next, with the totals of the rows before it.
func (a *account) begin(next int, past checkpoint.Totals) {
	a.next = next
	a.settled = past.Clone()
	a.causes = make(map[dynamodest.Reason][]*Example)
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

// exemplify keeps o as an example of its cause, unless its reason has enough of others.
func (a *account) exemplify(o outcome) {
	if o.failed == nil {
		return
	}
	reason, why := dynamodest.Reason(o.failed.Reason), causeOf(o.failed)
	i := slices.IndexFunc(a.causes[reason], func(e *Example) bool { return e.cause == why })
	switch {
	case i >= 0:
	case len(a.causes[reason]) == maxCauses:
		return
	default:
		i = len(a.causes[reason])
		a.causes[reason] = append(a.causes[reason], &Example{Reason: reason, Text: o.failed.Text, Remedy: o.failed.Remedy, cause: why})
	}
	example := a.causes[reason][i]
	example.Count++
	if len(example.Rows) < maxRows {
		example.Rows = append(example.Rows, o.row)
	}
}

// causeOf returns the cause of a failure. The numbers in its text, such as those of the row, of a line or of bytes, make
// no other cause.
func causeOf(failed *deadletter.Letter) cause {
	text := strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, failed.Text)
	return cause{failed.Column, failed.Attribute, text}
}

// examples returns the examples, the earliest first.
func (a *account) examples() []Example {
	var examples []Example
	for _, causes := range a.causes {
		for _, example := range causes {
			examples = append(examples, *example)
		}
	}
	slices.SortFunc(examples, func(x, y Example) int { return cmp.Compare(x.Rows[0], y.Rows[0]) })
	return examples
}
