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

// snapshot is what was true before a response.
type snapshot struct {
	noProgress   int
	stopped      bool
	unauthorized bool // the rows were sent again after an expired token, and nothing since shows that tokens work
	wasRetry     bool // an earlier request for one of the keys was refused
}

func (w *world) snapshot(r *Response) snapshot {
	before := snapshot{noProgress: w.s.outage.noProgress, stopped: w.s.Stopped() != nil}
	for _, row := range r.Batch.Rows {
		before.unauthorized = before.unauthorized || w.keys[w.facts[row.Index].key].resent != 0
		for i := range w.added {
			before.wasRetry = before.wasRetry || w.facts[i].key == w.facts[row.Index].key && w.facts[i].charged > 0
		}
	}
	return before
}

// checkSettled checks what became of a response.
func (w *world) checkSettled(before snapshot, r *Response, settled []*Row) error {
	if err := w.checkOutcomes(settled); err != nil {
		return err
	}
	for _, check := range []func(snapshot, *Response, []*Row) error{w.checkResponse, w.checkOutage, w.checkResend} {
		if err := check(before, r, settled); err != nil {
			return err
		}
	}
	return w.checkHeld(settled)
}

// checkOutcomes checks that rows were settled once, and that their outcomes are true.
func (w *world) checkOutcomes(settled []*Row) error {
	for _, r := range settled {
		f := &w.facts[r.Index]
		switch {
		case w.rows[r.Index] != r || r.queue != nil:
			return fmt.Errorf("row %d is not settled, or not the row", r.Index)
		case f.settled:
			return fmt.Errorf("row %d is settled twice", r.Index)
		case r.Attempts != f.carried:
			return fmt.Errorf("row %d has %d attempts, and was carried %d times", r.Index, r.Attempts, f.carried)
		}
		f.settled = true
		for _, b := range w.batches {
			if slices.Contains(b.Rows, r) {
				return fmt.Errorf("row %d is settled while it is in flight", r.Index)
			}
		}
	}
	for _, r := range settled {
		if err := w.checkOutcome(r.Index); err != nil {
			return fmt.Errorf("row %d is %v (%s): %w", r.Index, r.Outcome, r.Reason, err)
		}
		if err := w.checkReason(r, settled); err != nil {
			return fmt.Errorf("row %d is %v (%s): %w", r.Index, r.Outcome, r.Reason, err)
		}
	}
	return nil
}

// checkOutcome checks that the outcome of row i is true, now and whatever lost requests do.
func (w *world) checkOutcome(i int) error {
	r, f := w.rows[i], &w.facts[i]
	k := &w.keys[f.key]
	firstWins := w.scope.mode == Skip || w.scope.mode == Fail
	var ok bool
	switch r.Outcome {
	case Written, Deleted:
		ok = (r.Outcome == Deleted) == r.Delete && (f.acked || firstWins) && (!firstWins || k.holder == i)
	case Superseded:
		by := r.By
		if by < 0 || by >= w.added || firstWins {
			return fmt.Errorf("by %d", by)
		}
		done := w.facts[by].settled && (w.rows[by].Outcome == Written || w.rows[by].Outcome == Deleted)
		ok = done && w.facts[by].key == f.key && w.before(i, by) && !f.acked
	case Skipped:
		switch w.scope.mode {
		case Skip:
			ok = k.holder != nobody && k.holder != i
		case Newer:
			ok = k.rank != noItem && k.rank[0] == r.Rank[0] && k.rank > r.Rank && !f.acked
		case Overwrite, Fail:
		}
	case NotWritten:
		never := !f.lost || firstWins && k.holder != nobody && k.holder != i
		ok = !f.acked && never
	case Unknown:
		ok = f.lost && !f.acked
	}
	if !ok {
		return fmt.Errorf("it was carried %d times, acknowledged: %t, lost: %t; the table has row %d, rank %q", f.carried, f.acked, f.lost, k.holder, k.rank)
	}
	return nil
}

// checkReason checks that a row that failed says why, and that it is so.
func (w *world) checkReason(r *Row, settled []*Row) error {
	f := &w.facts[r.Index]
	failed := r.Outcome == NotWritten || r.Outcome == Unknown
	if failed != (r.Reason != "") || failed != (r.Err != nil) {
		return fmt.Errorf("with the error %w", r.Err)
	}
	if !failed {
		return nil
	}
	// The row itself, or one that would have superseded it and is settled with it.
	because := func(is func(j int) bool) bool {
		return slices.ContainsFunc(settled, func(other *Row) bool {
			j := other.Index
			above := w.scope.mode == Overwrite || w.scope.mode == Newer
			return is(j) && (j == r.Index || above && w.facts[j].key == f.key && w.before(r.Index, j))
		})
	}
	var ok bool
	switch r.Reason {
	case fault.Refused:
		ok = f.bad || because(func(j int) bool { return w.facts[j].bad && w.facts[j].lost && w.scope.mode == Overwrite })
	case fault.Unprocessed, fault.Throttled, fault.Unavailable:
		ok = w.s.outage.cause != nil && w.ended || because(w.exhausted)
	case fault.Exists:
		k := &w.keys[f.key]
		ok = w.scope.mode != Overwrite && (k.holder != nobody || k.rank != noItem)
	case fault.Stopped:
		ok = w.ended && w.s.Stopped() != nil
	case fault.Access, fault.Credentials:
		ok = w.s.Stopped() != nil
	case fault.Mapping:
		ok = w.scope.mode == Newer && f.carried == 0
	default:
	}
	if !ok {
		return errors.New("the reason is not true")
	}
	return nil
}

// checkResponse checks that a response settles the rows that it decides, and no others.
func (w *world) checkResponse(_ snapshot, r *Response, settled []*Row) error {
	is := func(row *Row) bool { return slices.Contains(settled, row) }
	decided := func(i int) bool { return false }
	if r.Sent {
		alone := len(r.Batch.Rows) == 1
		switch f := r.Failure; {
		case f == nil:
			decided = func(i int) bool { return !r.unprocessed(i) }
		case f.Action == fault.Split && alone, f.Action == fault.KeyExists, f.Action == fault.Abort && f.Reason != fault.Stopped:
			decided = func(int) bool { return true }
		case f.Action == fault.Split && len(settled) > 0:
			return errors.New("a request was split, and a row was settled")
		}
	} else if len(settled) > 0 {
		return errors.New("a request was not sent, and a row was settled")
	}
	for i, row := range r.Batch.Rows {
		if decided(i) && !is(row) {
			return fmt.Errorf("row %d is not settled, though the response decided about it", row.Index)
		}
		if f := &w.facts[row.Index]; f.acked && row.Outcome != Written && row.Outcome != Deleted {
			return fmt.Errorf("row %d was acknowledged and is %v", row.Index, row.Outcome)
		}
	}
	return nil
}

// checkHeld checks what became of the other rows of the keys that a response settled rows of.
func (w *world) checkHeld(settled []*Row) error {
	for _, r := range settled {
		f := &w.facts[r.Index]
		for j := range w.added {
			other := &w.facts[j]
			if other.key != f.key || other.settled {
				continue
			}
			ownFault := r.Outcome == NotWritten && f.bad && r.Reason == fault.Refused || w.scope.mode == Newer && r.Reason == fault.Refused
			switch w.scope.mode {
			case Skip, Fail:
				if r.Outcome == Written {
					return fmt.Errorf("row %d was written, and row %d of its key waits", r.Index, j)
				}
			case Overwrite, Newer:
				if w.before(j, r.Index) && !ownFault {
					return fmt.Errorf("row %d is %v, and row %d waits, which it supersedes", r.Index, r.Outcome, j)
				}
			}
		}
	}
	return nil
}

// checkOutage checks the count towards an outage.
func (w *world) checkOutage(before snapshot, r *Response, _ []*Row) error {
	now := w.s.outage.noProgress
	took := r.Failure == nil && r.accepted(len(r.Batch.Rows)) > 0
	progress := took || r.Failure != nil && (r.Failure.Action == fault.Split || r.Failure.Action == fault.KeyExists)
	switch {
	case !r.Sent:
	case progress && now != 0:
		return errors.New("progress does not end the count towards an outage")
	case now > before.noProgress+1, now > before.noProgress && !before.wasRetry:
		return errors.New("an outage is counted without a retry")
	}
	outage := now >= w.scope.outageFactor*max(w.scope.maxAttempts, minOutageBackoff)
	if !before.stopped && outage != (w.s.outage.cause != nil) {
		return fmt.Errorf("%d retries made no progress, and an outage is %t", now, w.s.outage.cause != nil)
	}
	return nil
}

// checkResend checks that rows are sent again once, at once, after an expired token.
func (w *world) checkResend(before snapshot, r *Response, settled []*Row) error {
	f := r.Failure
	rows := r.Batch.Rows
	switch {
	case !r.Sent:
	case f != nil && f.Action == fault.Reauthorize && before.unauthorized:
		if w.s.Stopped() == nil {
			return errors.New("a second expired token does not stop the call")
		}
		if len(settled) < len(rows) {
			return errors.New("a second expired token does not settle the rows")
		}
	case f != nil && f.Action == fault.Reauthorize:
		if len(settled) > 0 || !before.stopped && w.s.Stopped() != nil {
			return errors.New("the first expired token settles rows or stops the call")
		}
		if next := w.s.Next(w.now, Budget{}); !before.stopped && next.Kind != Send && next.Kind != Describe && !w.describing {
			return errors.New("rows do not go again at once after an expired token")
		}
		group := uint8(0)
		for _, row := range rows {
			group |= 1 << w.facts[row.Index].key
		}
		for _, row := range rows {
			w.keys[w.facts[row.Index].key].resent = group
		}
	case r.authorized():
		for _, row := range rows {
			group := w.keys[w.facts[row.Index].key].resent
			for k := range w.keys {
				if group&(1<<k) != 0 {
					w.keys[k].resent = 0
				}
			}
		}
	}
	w.forgetResends()
	return nil
}

// forgetResends forgets the resends of keys that have no rows any more.
func (w *world) forgetResends() {
	for k := range w.keysUsed {
		waits := slices.ContainsFunc(w.facts[:w.added], func(f rowFacts) bool { return f.key == k && !f.settled })
		if waits {
			continue
		}
		for other := range w.keys {
			if other != k {
				w.keys[other].resent &^= 1 << k
			}
		}
		w.keys[k].resent = 0
	}
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
