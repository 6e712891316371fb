package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// apply lets a choice happen. It returns what is then wrong.
func (w *world) apply(e *explorer, c choice) error {
	err := w.happen(e, c)
	w.next = w.s.Next(w.now, Budget{})
	if err != nil || w.ended {
		return err
	}
	return w.checkNext()
}

func (w *world) happen(e *explorer, c choice) error {
	switch c.kind {
	case addRow:
		return w.add(e, c)
	case closeInput:
		e.logf("close")
		w.s.Close()
	case fillWindow:
		e.logf("window-full")
		w.s.WindowFull(true)
	case askNext:
		return w.ask(e, c)
	case endWait:
		e.met["a wait until a moment"] = true
		w.now = w.deadline()
		e.logf("wait until the next delay is over")
	case openRetries:
		e.logf("open the retries")
		w.opens++
		w.s.OpenRetries()
	case stopCall:
		e.logf("stop")
		w.s.Stop(errCause)
	case described:
		e.logf("described (changed: %d)", c.a)
		w.describing = false
		if c.a == 1 {
			w.s.Described(errCause)
			if w.s.Stopped() == nil {
				return errors.New("the table has other keys, and the call goes on")
			}
		} else {
			w.s.Described(nil)
		}
	case applyLate:
		e.logf("a lost request puts row %d now", c.a)
		w.put(int(c.a))
		e.met["a late put"] = true
	case abandonRows:
		e.logf("done, abandon")
		w.ended = true
		settled := w.s.Abandon()
		e.logSettled(settled)
		e.note(w, settled)
		return w.checkEnd(settled)
	default:
		return w.respond(e, c)
	}
	return nil
}

// add adds a row.
func (w *world) add(e *explorer, c choice) error {
	i, k := w.added, int(c.a)
	flags, foreign := c.b&(1<<foreignShift-1), int(c.b>>foreignShift)
	r := &Row{Index: i, Key: string('a' + rune(k)), Units: 1, Size: 1, EncodedSize: 1, Delete: flags&flagDelete != 0}
	if len(w.scope.ranks) > 0 {
		r.Rank = w.scope.ranks[c.c]
	}
	if k == w.keysUsed {
		w.keysUsed++
		if len(w.scope.foreign) > 0 && w.scope.foreign[foreign] != noItem {
			w.keys[k].holder, w.keys[k].rank = foreigner, w.scope.foreign[foreign]
		}
	}
	w.added++
	w.rows[i] = r
	if r.Delete {
		w.deletes++
	}
	w.tick()
	w.facts[i] = rowFacts{key: k, added: w.now}
	w.s.WindowFull(false)
	if w.added == w.scope.rows && w.scope.closesItself() {
		w.s.Close()
	}
	e.logf("add %s%s (row %d, the table has %q)", r.Key, map[bool]string{true: "@delete"}[r.Delete]+"@"+r.Rank, i, w.keys[k].rank)
	if w.s.Add(r, w.now) {
		return nil
	}
	e.met[string(r.Reason)] = true
	return w.checkOtherKind(i)
}

// ask asks for a request or for a description.
func (w *world) ask(e *explorer, c choice) error {
	w.tick()
	budget := Budget{Rows: int(c.a), Units: scopeBatchRows}
	next := w.s.Next(w.now, budget)
	switch next.Kind {
	case Send:
		e.logf("next: %s", name(next.Batch.Rows))
		return w.checkBatch(next.Batch, budget)
	case Describe:
		e.logf("next: describe the table")
		if w.describing {
			return fmt.Errorf("the table is described twice at once")
		}
		w.describing = true
		e.met["a description"] = true
	case Wait: // a part-filled request that a full budget lets wait
		e.logf("next: wait")
	case Done:
		return fmt.Errorf("done, but a moment ago %v", w.next.Kind)
	}
	return nil
}

// respond delivers a response.
func (w *world) respond(e *explorer, c choice) error {
	w.tick()
	if w.scope.faults > 0 && c.isFault() {
		w.faults++
	}
	b := w.batches[c.a]
	r := Response{Batch: b, Sent: true, Done: w.now}
	w.batches = slices.Delete(w.batches, int(c.a), int(c.a)+1)
	switch c.kind {
	case takeRows:
		w.take(&r, c)
	case hideItem:
		r.Failure = keyTaken
	case throttleRows:
		r.Failure = throttled
	case disconnect:
		r.Failure = disconnected
	case rejectRows:
		r.Failure = rejected
		w.blame(b.Rows[c.b].Index)
	case rejectVaguely:
		r.Failure = vaguelyRejected
		w.blame(b.Rows[c.b].Index)
	case loseRows:
		r.Failure = lost
	case expireToken:
		r.Failure, r.Stop = expired, errCause
	case denyAccess:
		r.Failure, r.Stop = denied, errCause
	case denyVaguely:
		r.Failure, r.Stop = vaguelyDenied, errCause
	case cancelRequest:
		r.Failure, r.Stop = cancelled, errCause
	case withholdRows:
		r.Sent, r.Stop = false, errCause
	default:
		panic("no such choice")
	}
	e.logf("%s: %v", name(b.Rows), c)
	before := w.snapshot(&r)
	w.record(&r)
	settled := w.s.Settle(r)
	e.logSettled(settled)
	e.note(w, settled)
	return w.checkSettled(before, &r, settled)
}

// blame makes row i one that the table rejects, and always has.
func (w *world) blame(i int) {
	f := &w.facts[i]
	if !f.bad {
		f.bad = true
		w.bad++
		w.keys[f.key].pending &^= 1 << i
	}
}

// note notes what a response has brought.
func (e *explorer) note(w *world, settled []*Row) {
	for _, r := range settled {
		e.met[r.Outcome.String()] = true
		if r.Reason != "" {
			e.met[string(r.Reason)] = true
		}
	}
	if w.s.outage.cause != nil {
		e.met["an outage"] = true
	}
	if w.s.stubborn.Len() > 0 {
		e.met["a row set apart"] = true
	}
}

// take carries out a request, but for the rows that are handed back. A put whose condition does not hold
// finds an item.
func (w *world) take(r *Response, c choice) {
	if first := r.Batch.Rows[0]; !w.holds(first.Index) {
		r.Failure, r.Existing = keyTaken, OtherItem
		k := &w.keys[w.facts[first.Index].key]
		switch {
		case w.scope.mode == Newer && k.rank[0] == first.Rank[0]:
			r.Existing = NewerItem
		case w.scope.mode != Newer && k.holder == first.Index:
			r.Existing = EqualItem
		}
		return
	}
	if c.b != 0 {
		r.Unprocessed = make([]bool, len(r.Batch.Rows))
	}
	for i := range r.Batch.Rows {
		if c.b&(1<<i) != 0 {
			r.Unprocessed[i] = true
		}
	}
}

// record records what a response means for the rows and the table, without asking the Scheduler.
func (w *world) record(r *Response) {
	if !r.Sent {
		return
	}
	accepted := r.Failure == nil && r.accepted(len(r.Batch.Rows)) > 0
	processed := r.Failure == nil || r.Failure.Action == fault.KeyExists
	for i, row := range r.Batch.Rows {
		f := &w.facts[row.Index]
		f.carried++
		f.good = f.good || processed
		back := r.unprocessed(i)
		switch {
		case r.Failure == nil && !back:
			f.acked = true
			w.put(row.Index)
		case r.Failure == nil, r.Failure.Action == fault.Retry:
			f.charged++
			if !accepted {
				f.fruitless++
			}
		}
		if r.Failure != nil && r.Failure.MaybeApplied {
			w.lose(row.Index)
		}
	}
}

var (
	disconnected    = &fault.Failure{Action: fault.Retry, Reason: fault.Unavailable, Err: errCause}
	vaguelyRejected = &fault.Failure{Action: fault.Split, Reason: fault.Refused, MaybeApplied: true, Err: errCause}
	vaguelyDenied   = &fault.Failure{Action: fault.Abort, Reason: fault.Access, MaybeApplied: true, Err: errCause}
)

// words names the responses as transcripts do.
var words = map[kind]string{
	takeRows: "carried out", hideItem: "key-exists not-shown", throttleRows: "throttled", disconnect: "no connection",
	rejectRows: "rejected", rejectVaguely: "rejected, may be applied in part", loseRows: "lost", expireToken: "expired-token",
	denyAccess: "denied", denyVaguely: "denied, may be applied", cancelRequest: "cancelled", withholdRows: "not sent",
}

// String says what a response is.
func (c choice) String() string {
	text := words[c.kind]
	if c.kind == takeRows && c.b > 0 {
		text += fmt.Sprintf(", but for the rows %02b", c.b)
	}
	if c.short {
		text += " (no delay)"
	}
	return text
}

// outcomes says what became of rows.
func outcomes(rows []*Row) string {
	var all []string
	for _, r := range rows {
		text := fmt.Sprintf("row %d: %v", r.Index, r.Outcome)
		if r.Outcome == Superseded {
			text += fmt.Sprintf(" by %d", r.By)
		}
		if r.Reason != "" {
			text += ": " + string(r.Reason)
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}
