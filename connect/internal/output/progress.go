package output

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/dynamodest/dynamodest"
)

// progress is how far a batch has come.
type progress struct {
	texts   [][]byte            // of its messages, by which a batch that was lost is known; nil of any other
	writing bool                // it is not lost at the moment
	left    []int               // messages that are not settled, in order
	unknown map[int]struct{}    // messages that were sent without a response
	faults  []Fault             // of messages that are at fault
	counts  map[[2]string]int64 // settled messages, by the label of their outcome and the reason
	summary dynamodest.Summary  // of all calls for the batch
}

// begin returns the progress of a batch, which goes on if it ended with ErrLost before, and the rows that its messages
// are: nil for those that are settled.
func begin[M Message](o *Output, messages []M) (*progress, []dynamodest.Row) {
	p := resume(o, messages)
	rows := make([]dynamodest.Row, len(messages))
	p.left = slices.DeleteFunc(p.left, func(i int) bool {
		row, err := rowOf(messages[i])
		if err != nil {
			p.faults = append(p.faults, Fault{i, &messageError{err}})
			p.count(dynamodest.NotWritten, dynamodest.ErrMapping)
			return true
		}
		rows[i] = row
		return false
	})
	return p, rows
}

// resume returns the progress that was kept of a batch of these messages, or that of a batch that begins.
//
// If two batches have the same texts, either may go on where the other ended: rows of one text have one key and one
// version, so either may be the one that the table keeps.
func resume[M Message](o *Output, messages []M) *progress {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.kept) > 0 {
		texts := textsOf(messages)
		for _, p := range o.kept {
			if !p.writing && slices.EqualFunc(p.texts, texts, bytes.Equal) {
				p.writing = true
				return p
			}
		}
	}
	p := &progress{left: make([]int, len(messages)), unknown: map[int]struct{}{}, counts: map[[2]string]int64{}}
	for i := range p.left {
		p.left[i] = i
	}
	return p
}

// keep keeps the progress of a batch that will be written again. Of more batches than are in flight at a time, some
// were not written again: that which was lost first is forgotten.
func keep[M Message](o *Output, p *progress, messages []M) {
	texts := p.texts
	if texts == nil {
		texts = textsOf(messages)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	p.writing = false
	if p.texts == nil {
		p.texts = texts
		o.kept = append(o.kept, p)
	}
	if len(o.kept) > o.inFlight {
		first := slices.IndexFunc(o.kept, func(k *progress) bool { return !k.writing })
		o.kept = slices.Delete(o.kept, first, first+1)
	}
}

// textsOf returns the texts of messages.
func textsOf[M Message](messages []M) [][]byte {
	texts := make([][]byte, len(messages))
	for i, m := range messages {
		texts[i] = textOf(m)
	}
	return texts
}

// textOf returns the text of a message: its JSON, or what fmt makes of values that JSON does not have, such as NaN.
func textOf(m Message) []byte {
	if text, err := m.AsBytes(); err == nil && len(text) > 0 {
		return text
	}
	if value, err := m.AsStructured(); err == nil {
		return fmt.Appendf(nil, "%#v", value)
	}
	return nil
}

// pick returns the rows that are left.
func (p *progress) pick(rows []dynamodest.Row) []dynamodest.Row {
	picked := make([]dynamodest.Row, len(p.left))
	for i, at := range p.left {
		picked[i] = rows[at]
	}
	return picked
}

// settle takes the results of a call for the rows that p had left. stop is the fault of the table, the access or a setting
// that the call met; nil if it met none. It returns the rows that DynamoDB took, in order.
func (o *Output) settle(p *progress, result dynamodest.Result, stop error) (taken []int) {
	p.summary.Add(result.Summary)
	// If the keys of the table have changed, the rows were judged by other keys than those that they need now.
	misjudged := errors.Is(stop, dynamodest.ErrConfig)
	// The next call judges rows that were not sent again if this one stopped: a row may be at fault for a later one of its
	// key, which this call has not come to, and the table may have other keys by then.
	stopped := stop != nil || slices.ContainsFunc(result.Rows, func(r dynamodest.RowResult) bool { return r.Reason() == dynamodest.ErrStopped })
	left := p.left[:0]
	for i, r := range result.Rows {
		at := p.left[i]
		_, sent := p.unknown[at]
		sent = sent || r.Outcome == dynamodest.Unknown
		var failed *dynamodest.RowError
		switch {
		case r.Err == nil:
			taken = append(taken, at)
			p.count(r.Outcome, "")
		case errors.As(r.Err, &failed) && failed.Scope() == dynamodest.ScopeRow && !misjudged && (r.Attempts > 0 || !stopped):
			// With a version, a row that was written is no obstacle to itself.
			p.faults = append(p.faults, Fault{at, &rowError{failed, sent && o.config.Version == ""}})
			p.count(r.Outcome, failed.Reason)
		default:
			if sent {
				p.unknown[at] = struct{}{}
			}
			left = append(left, at)
		}
	}
	p.left = left
	return taken
}

// supersede settles the rows that are left although a later row of their key was taken: sent now, they would replace
// it. So it is if a row is given up before the call has taken the later one.
func (p *progress) supersede(dest *dynamodest.Destination, rows []dynamodest.Row, taken []int) {
	if len(p.left) == 0 {
		return
	}
	last := map[dynamodest.Key]int{} // row of each key that was taken
	for _, at := range taken {
		if at < p.left[0] {
			continue
		}
		if key, err := dest.Key(rows[at]); err == nil {
			last[key] = at
		}
	}
	p.left = slices.DeleteFunc(p.left, func(at int) bool {
		key, err := dest.Key(rows[at])
		if err != nil || last[key] <= at {
			return false
		}
		p.count(dynamodest.Superseded, "")
		return true
	})
}

// count counts a row that is settled.
func (p *progress) count(outcome dynamodest.Outcome, reason dynamodest.Reason) {
	label, err := outcome.MarshalText()
	if err == nil {
		p.counts[[2]string{string(label), string(reason)}]++
	}
}

// sorted returns the faults in the order of the batch.
func (p *progress) sorted() []Fault {
	slices.SortFunc(p.faults, func(a, b Fault) int { return a.Index - b.Index })
	return p.faults
}
