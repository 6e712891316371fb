package schedule

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// snapshot is what was true before a response.
type snapshot struct {
	keyCheck     bool // the table is to be described
	noProgress   int
	stopped      bool
	unauthorized bool // the rows were sent again after an expired token, and nothing since shows that tokens work
	wasRetry     bool // an earlier request for one of the keys was refused
}

func (w *world) snapshot(r *Response) snapshot {
	before := snapshot{keyCheck: w.s.keyCheck.wanted, noProgress: w.s.outage.noProgress, stopped: w.s.Stopped() != nil}
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
	for _, check := range []func(snapshot, *Response, []*Row) error{w.checkResponse, w.checkKeyExists, w.checkKeyCheck, w.checkOutage, w.checkResend} {
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
	stops := !r.Sent || r.Failure != nil && r.Failure.Action == fault.Abort
	if stops && w.s.Stopped() == nil {
		return errors.New("the response does not stop the call")
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

// checkKeyExists checks what a failed condition means with Skip and Fail: for the row that was sent, and for
// the others of its key: those that waited when it was sent find the item too, and no others are known to.
func (w *world) checkKeyExists(_ snapshot, r *Response, settled []*Row) error {
	if r.Failure == nil || r.Failure.Action != fault.KeyExists || w.scope.mode == Newer {
		return nil
	}
	row := r.Batch.Rows[0]
	f := &w.facts[row.Index]
	taken := NotWritten
	if w.scope.mode == Skip {
		taken = Skipped
	}
	want := taken
	switch {
	case f.lost && r.Existing == EqualItem:
		want = Written
	case f.lost && r.Existing == NotShown:
		want = Unknown
	}
	if row.Outcome != want {
		return fmt.Errorf("row %d found an item (%d), lost: %t, and is %v", row.Index, r.Existing, f.lost, row.Outcome)
	}
	for i := range w.added {
		other := &w.facts[i]
		if other.key != f.key || i <= row.Index || want == Written {
			continue
		}
		waited := other.added.Before(r.Batch.SentAt)
		if is := slices.Contains(settled, w.rows[i]); is != waited || is && w.rows[i].Outcome != taken && !other.lost {
			return fmt.Errorf("row %d found an item, and row %d, which waited: %t, is settled: %t", row.Index, i, waited, is)
		}
	}
	return nil
}

// checkKeyCheck checks when the table is described again: after a row was rejected on its own, once until a row
// is written.
func (w *world) checkKeyCheck(before snapshot, r *Response, _ []*Row) error {
	if w.s.keyCheck.wanted && !before.keyCheck && !before.stopped {
		if r.Failure == nil || r.Failure.Action != fault.Split || len(r.Batch.Rows) > 1 {
			return errors.New("the table is to be described, and no row was rejected on its own")
		}
		if w.described {
			return errors.New("the table is to be described again, and no row was written since")
		}
		w.described = true
	}
	for _, row := range r.Batch.Rows {
		if row.queue == nil && (row.Outcome == Written || row.Outcome == Deleted) {
			w.described = false
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
