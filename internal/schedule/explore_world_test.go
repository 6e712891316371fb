package schedule

import (
	"slices"
	"time"
)

// scope is how far an exploration goes.
type scope struct {
	name     string
	mode     OnExisting
	rows     int      // most rows of a call
	keys     int      // that they draw from
	inFlight int      // most requests in flight
	bad      int      // most rows that the table rejects
	deletes  int      // most rows that are deletes
	ranks    []string // that rows draw from, with Newer
	foreign  []string // what keys may have at the start: noItem, or with Newer the rank of an item
	linger   bool     // rows that fill no request wait for more
	opens    int      // most calls of OpenRetries
	fewer    bool     // a request may carry one row only, for want of budget
	stops    bool     // the call may be stopped, by its caller and by responses
	faults   int      // most responses after which rows are sent again; 0: any number
	without  []kind   // responses that do not come

	maxAttempts, attemptsFactor, outageFactor int // as in a Config
}

// closesItself reports whether it makes no difference when the input is closed, so that it may be with the
// last row: nothing lingers, and the call does not fit one request. Calls of fewer rows are other scopes.
func (sc *scope) closesItself() bool { return !sc.linger && sc.rows > scopeBatchRows }

const (
	maxScopeRows = 4
	maxScopeKeys = 3
	noItem       = ""
	otherItem    = "other" // an item of another writer

	scopeBatchRows   = 2
	minOutageBackoff = 2
	scopeMoment      = time.Millisecond // longer than all the ticks of a call
	scopeMinDelay    = time.Hour        // long beside a moment
	scopeMaxDelay    = 2 * scopeMinDelay
	scopeLinger      = 22 * time.Minute
)

// world is a Scheduler, its caller, and a table with requests on their way.
type world struct {
	scope   *scope
	s       *Scheduler
	now     time.Time
	next    Next // what the Scheduler says, without a budget
	added   int
	rows    [maxScopeRows]*Row
	facts   [maxScopeRows]rowFacts
	keys    [maxScopeKeys]keyFacts
	batches []*Batch // in flight
	progress

	store store
}

// progress is how much of what a scope limits has happened, and where the call is.
type progress struct {
	keysUsed, bad, deletes, opens, faults int
	describing, ended                     bool
	described                             bool // or to be described, and no row was written since
}

// rowFacts is what is true of a row, and what the requests that carried it met.
type rowFacts struct {
	key       int
	added     time.Time
	good, bad bool // the table does not reject it, or does; neither as long as that has made no difference
	settled   bool
	acked     bool // a response said that the table has it
	lost      bool // a response did not say whether the table has it, or will
	carried   int  // requests
	charged   int
	fruitless int
}

// keyFacts is what the table has for a key, and what may still become of it.
type keyFacts struct {
	holder  int    // with Skip, Fail and Overwrite: the row that the table has, or nobody or foreigner
	rank    string // with Newer: the rank of the item that the table has
	pending uint8  // rows of requests without a response that may still be applied, by index
	lossy   bool   // a request for the key ended without a response
	resent  uint8  // keys that were set apart with it to be sent again after an expired token, itself included; 0: none
}

const (
	nobody    = -1
	foreigner = -2
)

// kind is what an explorer may choose.
type kind uint8

const (
	addRow        kind = iota // a: key, b: flags, c: rank
	closeInput                //
	fillWindow                //
	askNext                   // a: rows of the budget
	endWait                   // time passes until the next moment that decides about something
	openRetries               //
	stopCall                  //
	described                 // a: changed
	applyLate                 // a: row
	abandonRows               //
	takeRows                  // a: request, b: rows handed back, by place
	throttleRows              // a: request
	disconnect                // a: request: it certainly did not reach the table
	rejectRows                // a: request, b: place of the row at fault
	rejectVaguely             // the same, and the response says nothing of the other rows
	loseRows                  // a: request: no response
	expireToken               // a: request
	denyAccess                // a: request
	denyVaguely               // a: request: stops the call, but may have been applied
	cancelRequest             // a: request: given up since the call was stopped
	withholdRows              // a: request: not sent, which stops the call
	hideItem                  // a: request: its condition fails, and no item is shown
)

// Flags of addRow.
const (
	flagDelete   = 1
	foreignShift = 1 // the place of what the key has at the start
)

// choice is a choice of the explorer. In a response, short is for a delay without length.
type choice struct {
	kind    kind
	a, b, c uint8
	short   bool
}

func newWorld(e *explorer) *world {
	sc := e.scope
	w := &world{scope: sc, now: time.Unix(1_700_000_000, 0)}
	c := Config{
		OnExisting: sc.mode, MaxAttempts: sc.maxAttempts, MaxAttemptsFactor: sc.attemptsFactor,
		OutageFactor: sc.outageFactor, MinOutageAttempts: minOutageBackoff,
		MinDelay: scopeMinDelay, MaxDelay: scopeMaxDelay, MaxBatchRows: scopeBatchRows, Jitter: e.jitter,
	}
	if sc.linger {
		c.MaxWait = scopeLinger
	}
	w.s = New(c)
	for k := range w.keys {
		w.keys[k].holder = nobody
	}
	w.next = w.s.Next(w.now, Budget{})
	return w
}

// copyTo makes to a copy of w that shares nothing with it that changes.
func (w *world) copyTo(to *world, c *copier) {
	c.begin(&to.store)
	to.facts, to.keys = w.facts, w.keys
	to.scope, to.now, to.next, to.added = w.scope, w.now, w.next, w.added
	to.progress = w.progress
	to.s = c.scheduler(w.s)
	for i := range w.added {
		to.rows[i] = c.row(w.rows[i])
	}
	to.batches = c.batches(w.batches)
}

// before reports whether row i is before row j in the order in which rows of a key supersede.
func (w *world) before(i, j int) bool {
	if a, b := w.rows[i].Rank, w.rows[j].Rank; a != b {
		return a < b
	}
	return i < j
}

// holds reports whether the condition of row i's put holds now.
func (w *world) holds(i int) bool {
	k := &w.keys[w.facts[i].key]
	switch w.scope.mode {
	case Skip, Fail:
		return k.holder == nobody
	case Newer:
		rank := w.rows[i].Rank
		return k.rank == noItem || k.rank[0] == rank[0] && k.rank <= rank
	case Overwrite:
	}
	return true
}

// put applies row i.
func (w *world) put(i int) {
	k := &w.keys[w.facts[i].key]
	k.holder, k.rank = i, w.rows[i].Rank
	w.facts[i].good = true
	w.forgetPending(k)
}

// forgetPending forgets requests whose condition can no longer hold, or would change nothing.
func (w *world) forgetPending(k *keyFacts) {
	for i := range w.added {
		if k.pending&(1<<i) != 0 && (!w.holds(i) || w.scope.mode == Newer && w.rows[i].Rank == k.rank) {
			k.pending &^= 1 << i
		}
	}
}

// lose records that a request that carried row i may have been applied, or may still be. Without conditions
// nothing depends on what the table has, so that it does not matter when.
func (w *world) lose(i int) {
	f := &w.facts[i]
	k := &w.keys[f.key]
	f.lost, k.lossy = true, true
	if w.scope.mode != Overwrite && !f.bad {
		k.pending |= 1 << i
		w.forgetPending(k)
	}
}

// exhausted reports whether row i was carried by as many requests as it may be.
func (w *world) exhausted(i int) bool {
	f, sc := &w.facts[i], w.scope
	if sc.maxAttempts == 1 && f.charged > 0 {
		return true
	}
	return f.fruitless >= sc.maxAttempts || f.charged >= sc.attemptsFactor*sc.maxAttempts
}

// choices appends what may happen next.
func (w *world) choices(all []choice) []choice {
	if w.ended {
		return all
	}
	if w.next.Kind == Done {
		return append(all, choice{kind: abandonRows})
	}
	stopped := w.s.Stopped() != nil
	if !w.s.input.closed {
		all = w.inputChoices(all)
	}
	switch {
	case w.next.Kind == Describe, w.next.Kind == Send && len(w.batches) < w.scope.inFlight:
		all = append(all, choice{kind: askNext, a: scopeBatchRows})
		if w.next.Kind == Send && w.scope.fewer {
			all = append(all, choice{kind: askNext, a: 1})
		}
	}
	if !stopped {
		if !w.deadline().IsZero() {
			all = append(all, choice{kind: endWait})
		}
		if w.opens < w.scope.opens && w.s.Stats().Delayed > 0 {
			all = append(all, choice{kind: openRetries})
		}
		if w.scope.stops && w.added > 0 {
			all = append(all, choice{kind: stopCall})
		}
	}
	if w.describing {
		all = append(all, choice{kind: described})
		if w.scope.stops {
			all = append(all, choice{kind: described, a: 1})
		}
	}
	for k := range w.keysUsed {
		for i := range w.added {
			if w.keys[k].pending&(1<<i) != 0 {
				all = append(all, choice{kind: applyLate, a: uint8(i)})
			}
		}
	}
	responses := len(all)
	for i, b := range w.batches {
		all = w.responses(all, uint8(i), b, stopped)
	}
	return append(all[:responses], slices.DeleteFunc(all[responses:], w.impossible)...)
}

// impossible reports whether the scope has no response c, or no more of them.
func (w *world) impossible(c choice) bool {
	if w.scope.faults > 0 && w.faults == w.scope.faults && c.isFault() {
		return true
	}
	return slices.Contains(w.scope.without, c.kind)
}

// isFault reports whether c is a response after which rows are sent again, but for those of a bisection,
// which a scope limits by the number of rows at fault.
func (c choice) isFault() bool {
	switch c.kind {
	case takeRows:
		return c.b != 0
	case throttleRows, disconnect, loseRows, expireToken:
		return true
	default:
		return false
	}
}

// inputChoices appends what the source may do.
func (w *world) inputChoices(all []choice) []choice {
	if !w.scope.closesItself() {
		all = append(all, choice{kind: closeInput})
	}
	stopped := w.s.Stopped() != nil
	if w.scope.linger && !w.s.input.windowFull && w.added > 0 && !stopped {
		all = append(all, choice{kind: fillWindow})
	}
	if w.added == w.scope.rows {
		return all
	}
	for k := range min(w.keysUsed+1, w.scope.keys) {
		for foreign := range max(1, len(w.scope.foreign)) {
			if k < w.keysUsed && foreign > 0 {
				break
			}
			for rank := range max(1, len(w.scope.ranks)) {
				for flags := range 2 {
					if flags&flagDelete != 0 && w.deletes == w.scope.deletes {
						continue
					}
					if stopped && (flags > 0 || rank > 0 || foreign > 0) {
						continue // it is not sent
					}
					all = append(all, choice{kind: addRow, a: uint8(k), b: uint8(flags | foreign<<foreignShift), c: uint8(rank)})
				}
			}
		}
	}
	return all
}

// responses appends what may come back for the i-th request.
func (w *world) responses(all []choice, i uint8, b *Batch, stopped bool) []choice {
	respond := func(kinds ...kind) {
		for _, k := range kinds {
			all = append(all, choice{kind: k, a: i})
		}
	}
	bad := slices.ContainsFunc(b.Rows, func(r *Row) bool { return w.facts[r.Index].bad })
	for at, r := range b.Rows {
		f := &w.facts[r.Index]
		if f.bad || !f.good && !bad && w.bad < w.scope.bad {
			all = append(all, choice{kind: rejectRows, a: i, b: uint8(at)})
			if len(b.Rows) > 1 {
				all = append(all, choice{kind: rejectVaguely, a: i, b: uint8(at)})
			}
			if bad {
				break // whichever row is at fault, the response is the same
			}
		}
	}
	switch {
	case bad:
	case len(b.Rows) > 1 || b.Rows[0].Delete:
		for back := range 1 << len(b.Rows) {
			all = append(all, choice{kind: takeRows, a: i, b: uint8(back)})
		}
	default:
		respond(takeRows)
		if !w.holds(b.Rows[0].Index) {
			respond(hideItem)
		}
	}
	respond(throttleRows, disconnect, loseRows, expireToken)
	if w.scope.stops {
		respond(denyAccess, denyVaguely, withholdRows)
	}
	if stopped {
		respond(cancelRequest)
	}
	return all
}

// deadline returns the next moment that decides about something; zero if there is none. Those that only ticks
// part are one moment: the last of them.
func (w *world) deadline() time.Time {
	all := []time.Time{w.s.backoff.until}
	if w.s.stubborn.Len() > 0 {
		all = append(all, w.s.stubborn.first().due)
	}
	if w.s.cfg.MaxWait > 0 {
		all = append(all, w.s.backoff.until.Add(w.s.cfg.MaxWait))
		for _, q := range w.s.newRows.waiting() {
			all = append(all, q.since.Add(w.s.cfg.MaxWait))
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	var at time.Time
	for _, t := range all {
		if t.After(w.now) && (at.IsZero() || t.Sub(at) < scopeMoment/2) {
			at = t
		}
	}
	return at
}

// tick lets a moment pass that is short beside every delay, so that no two events have the same time.
func (w *world) tick() { w.now = w.now.Add(1) }
