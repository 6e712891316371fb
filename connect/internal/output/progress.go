package output

import (
	"bytes"
	"slices"

	"github.com/dynamodest/dynamodest"
)

// progress is how far a batch has come.
type progress struct {
	texts   [][]byte         // of its messages, by which the batch is known; nil if one has none
	left    []int            // messages that are not settled, in order
	unknown map[int]struct{} // messages that were sent without a response
	faults  []Fault          // of messages that are at fault
}

// begin returns the progress of a batch, which goes on if it ended with ErrLost before, and the rows that its messages
// are: nil for those that are settled.
func begin[M Message](o *Output, messages []M) (*progress, []dynamodest.Row) {
	p := o.resume(textsOf(messages), len(messages))
	rows := make([]dynamodest.Row, len(messages))
	p.left = slices.DeleteFunc(p.left, func(i int) bool {
		row, err := rowOf(messages[i])
		if err != nil {
			p.faults = append(p.faults, Fault{i, &messageError{err}})
			o.count(dynamodest.NotWritten, dynamodest.ErrMapping)
			return true
		}
		rows[i] = row
		return false
	})
	return p, rows
}

// textsOf returns the texts of the messages; nil if one has none, as values without a form in JSON.
func textsOf[M Message](messages []M) [][]byte {
	texts := make([][]byte, len(messages))
	for i, m := range messages {
		text, err := m.AsBytes()
		if err != nil || len(text) == 0 {
			return nil
		}
		texts[i] = text
	}
	return texts
}

// resume returns the progress that was kept of a batch of these texts, or that of a batch that begins.
//
// If two batches have the same texts, either may go on where the other ended: the rows that are left are the same in all.
func (o *Output) resume(texts [][]byte, messages int) *progress {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, p := range o.kept {
		if slices.EqualFunc(p.texts, texts, bytes.Equal) {
			o.kept = slices.Delete(o.kept, i, i+1)
			return p
		}
	}
	p := &progress{texts: texts, left: make([]int, messages), unknown: map[int]struct{}{}}
	for i := range p.left {
		p.left[i] = i
	}
	return p
}

// keep keeps the progress of a batch that will be written again.
func (o *Output) keep(p *progress) {
	if p.texts == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = append(o.kept, p)
}

// pick returns the rows that are left.
func (p *progress) pick(rows []dynamodest.Row) []dynamodest.Row {
	picked := make([]dynamodest.Row, len(p.left))
	for i, at := range p.left {
		picked[i] = rows[at]
	}
	return picked
}

// sorted returns the faults in the order of the batch.
func (p *progress) sorted() []Fault {
	slices.SortFunc(p.faults, func(a, b Fault) int { return a.Index - b.Index })
	return p.faults
}
