package schedule

import (
	"cmp"
	"encoding/binary"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// canonizer writes canonical forms: bytes that are equal for two Schedulers only if both decide alike
// from then on, whatever their callers do. What cannot change a decision has no place in a form:
//
//   - Rows have the order of their indexes, and keys that of their oldest rows. Settled rows are left out.
//   - Of a moment it matters whether it has passed, and if several may be to come, how far away it is.
//   - After a stop nothing is sent: queues, backoff and what else decides about sending are left out.
//   - Reasons, errors, Attempts, statistics and sizes decide about no request and no outcome. What a
//     response adds to them can be checked as it is settled.
//   - Partition keys are not known, so that none is hot.
type canonizer struct {
	keys int // of the scope: no limit of retries in flight beyond it matters

	buf     []byte
	rows    []*Row      // the unsettled ones, in the order of their indexes
	queues  []*keyQueue // their keys, in the order of their oldest rows
	now     time.Time
	split   []*bisection // in the order of their appearance
	resends []*resend
	flights []*Batch
}

// fieldsInForm lists the fields that a canonical form or a copy handles, by type. A field that is not
// listed fails TestCanonicalFormHasAllFields: whoever adds one decides what becomes of it in canonizer
// and in copier.
var fieldsInForm = map[reflect.Type]struct {
	inForm  []string // changes the future: part of the form
	leftOut []string // the same for all states of a scope, derived from others, or without effect on later decisions
}{
	reflect.TypeFor[Scheduler](): {
		[]string{
			"keys", "newRows", "retries", "stubborn", "alone", "subBatches", "backoff", "input", "keyCheck", "outage", "rows",
			"written", "inFlight", "lastHadRetries", "stubbornAccepted", "stop",
		},
		[]string{"cfg", "hot", "refusals", "spare", "stats", "settled", "unsettled", "rowsInFlight"},
	},
	reflect.TypeFor[Row](): {
		[]string{"Index", "Key", "Rank", "Delete", "maybeApplied", "charged", "fruitlessAttempts", "queue"},
		[]string{"Units", "Size", "EncodedSize", "Payload", "PartitionLen", "Outcome", "By", "Attempts", "Reason", "Err"},
	},
	reflect.TypeFor[keyQueue](): {[]string{"rows", "since", "place", "hot", "due"}, []string{"key", "first"}},
	reflect.TypeFor[subBatch](): {[]string{"keys", "bisection", "delayed", "resend"}, nil},
	reflect.TypeFor[bisection](): {
		[]string{"rows", "rejected", "writtenBefore"}, nil,
	},
	reflect.TypeFor[resend](): {[]string{"authorized"}, nil},
	reflect.TypeFor[Batch](): {
		[]string{"Rows", "SentAt", "retries", "stubborn", "sub", "writtenBefore", "newest"},
		[]string{"Units", "RetryUnits", "Bytes", "exempt"},
	},
	reflect.TypeFor[backoff](): {
		[]string{"fruitless", "streak", "progress", "until", "limit", "inFlight", "newRows"},
		[]string{"minDelay", "maxDelay", "jitter", "maxRows"},
	},
	reflect.TypeFor[newRowCount]():   {[]string{"accepted", "rejected"}, nil},
	reflect.TypeFor[input]():         {[]string{"closed", "windowFull"}, nil},
	reflect.TypeFor[keyCheck]():      {[]string{"wanted", "running", "doneSinceWrite"}, nil},
	reflect.TypeFor[outageCounter](): {[]string{"noProgress", "cause"}, nil},
	reflect.TypeFor[fifo]():          {[]string{"list"}, []string{"taken"}},
	reflect.TypeFor[oldestFirst]():   {[]string{"keyList"}, nil},
	reflect.TypeFor[dueFirst]():      {[]string{"keyList"}, nil},
	reflect.TypeFor[Config](): {nil, []string{
		"OnExisting", "MaxAttempts", "MinDelay", "MaxDelay", "MaxWait", "EnvelopeSize", "MaxBatchRows", "MaxBatchBytes",
		"MaxAttemptsFactor", "OutageFactor", "MinOutageAttempts", "Jitter",
	}},
	reflect.TypeFor[hotKeys]():   {nil, []string{"keys", "others", "rows"}},
	reflect.TypeFor[keyCount]():  {nil, []string{"rowCount", "hot"}},
	reflect.TypeFor[rowCount]():  {nil, []string{"rows", "refused"}},
	reflect.TypeFor[refusals]():  {nil, []string{"total", "counts"}},
	reflect.TypeFor[Throttled](): {nil, []string{"Refusals", "Keys", "Share"}},
	reflect.TypeFor[Outage]():    {nil, []string{"Waits", "Reason", "Err", "Put"}},
	reflect.TypeFor[Stats](): {nil, []string{
		"Requests", "Resent", "WriteUnits", "VectorBytes", "Waiting", "Delayed", "Backoff", "Throttled",
	}},
}

func TestCanonicalFormHasAllFields(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			visit(typ.Elem())
			return
		case reflect.Map:
			visit(typ.Key())
			visit(typ.Elem())
			return
		case reflect.Struct:
		default:
			return
		}
		if seen[typ] || typ.PkgPath() != reflect.TypeFor[Scheduler]().PkgPath() {
			return
		}
		seen[typ] = true
		fields, known := fieldsInForm[typ]
		if !assert.True(t, known, "a Scheduler holds a %v: say in fieldsInForm, canonizer and copier what becomes of it", typ) {
			return
		}
		var names []string
		for i := range typ.NumField() {
			names = append(names, typ.Field(i).Name)
			visit(typ.Field(i).Type)
		}
		assert.ElementsMatch(t, names, slices.Concat(fields.inForm, fields.leftOut),
			"the fields of %v: say in fieldsInForm, canonizer and copier what becomes of each", typ)
	}
	visit(reflect.TypeFor[Scheduler]())
	visit(reflect.TypeFor[Batch]())
	assert.Len(t, seen, len(fieldsInForm), "fieldsInForm lists types that a Scheduler no longer holds")
}

// write begins a form with what s and the requests in flight hold. The caller may append to buf.
func (c *canonizer) write(s *Scheduler, now time.Time, inFlight []*Batch) {
	c.buf, c.rows, c.queues, c.now = c.buf[:0], c.rows[:0], c.queues[:0], now
	c.split, c.resends = c.split[:0], c.resends[:0]
	c.number(s)
	c.bool(s.input.closed)
	c.int(min(s.rows, s.cfg.MaxBatchRows+1)) // beyond it the call does not fit one request
	c.bool(s.stop != nil)
	c.bool(s.outage.cause != nil)
	c.bool(s.keyCheck.running)
	c.int(len(c.rows))
	for _, r := range c.rows {
		c.row(r)
	}
	if s.stop == nil {
		c.bool(s.input.windowFull)
		c.bool(s.keyCheck.wanted)
		c.bool(s.keyCheck.doneSinceWrite)
		c.waiting(s)
		c.backoff(s)
	}
	c.flights = append(c.flights[:0], inFlight...)
	slices.SortFunc(c.flights, func(a, b *Batch) int { return cmp.Compare(a.Rows[0].Index, b.Rows[0].Index) })
	for _, b := range c.flights {
		c.batch(s, b)
	}
}

// number finds the unsettled rows and their keys.
func (c *canonizer) number(s *Scheduler) {
	for _, q := range s.keys {
		c.rows = append(c.rows, q.rows...)
	}
	slices.SortFunc(c.rows, func(a, b *Row) int { return cmp.Compare(a.Index, b.Index) })
	for _, r := range c.rows {
		if !slices.Contains(c.queues, r.queue) {
			c.queues = append(c.queues, r.queue)
		}
	}
}

func (c *canonizer) bool(is bool) {
	if is {
		c.buf = append(c.buf, 1)
	} else {
		c.buf = append(c.buf, 0)
	}
}

func (c *canonizer) int(n int) { c.buf = binary.AppendVarint(c.buf, int64(n)) }

func (c *canonizer) row(r *Row) {
	c.key(r.queue)
	c.buf = append(append(c.buf, r.Rank...), 0)
	c.bool(r.Delete)
	c.bool(r.maybeApplied)
	c.int(r.charged)
	c.int(r.fruitlessAttempts)
}

func (c *canonizer) key(q *keyQueue) { c.int(slices.Index(c.queues, q)) }

func (c *canonizer) keyList(l []*keyQueue) {
	c.int(len(l))
	for _, q := range l {
		c.key(q)
	}
}

// index writes the place of an index among those of the unsettled rows.
func (c *canonizer) index(index int) {
	n, _ := slices.BinarySearchFunc(c.rows, index, func(r *Row, index int) int { return cmp.Compare(r.Index, index) })
	c.int(n)
}

// time writes how far away a moment is; 0 if it has passed. If the backoff's end is the only moment to come
// that there can be, it does not matter how far away.
func (c *canonizer) time(s *Scheduler, t time.Time) {
	switch more := s.cfg.MaxWait > 0 || s.cfg.MaxAttempts*s.cfg.MaxAttemptsFactor >= stubbornAfter; {
	case !t.After(c.now):
		c.int(0)
	case more:
		c.int(1 + int(t.Sub(c.now).Round(scopeMoment)/scopeMoment))
	default:
		c.int(1)
	}
}

// waiting writes the queues.
func (c *canonizer) waiting(s *Scheduler) {
	newRows := s.newRows.waiting()
	c.keyList(newRows)
	for _, q := range newRows {
		c.time(s, q.since.Add(s.cfg.MaxWait))
	}
	c.heap(s, s.retries.keyList, false)
	c.heap(s, s.alone.keyList, false)
	c.heap(s, s.stubborn.keyList, true)
	c.int(len(s.subBatches))
	for _, sub := range s.subBatches {
		c.keyList(sub.keys)
		c.bool(sub.delayed)
		c.bisection(s, sub.bisection)
		c.resend(sub.resend)
	}
	c.bool(s.lastHadRetries)
	c.time(s, s.stubbornAccepted.Add(s.cfg.MaxDelay))
}

// heap writes the keys of a heap in the order in which they are taken. Keys that are due at the same moment
// are taken together, so that their places decide.
func (c *canonizer) heap(s *Scheduler, l keyList, byDue bool) {
	slices.SortFunc(l, func(a, b *keyQueue) int { // a sorted heap is a heap
		if due := a.due.Compare(b.due); byDue && due != 0 {
			return due
		}
		if a.hot != b.hot && b.hot {
			return -1
		} else if a.hot != b.hot {
			return 1
		}
		return cmp.Compare(a.place, b.place)
	})
	c.keyList(l)
	for _, q := range l {
		c.index(q.place)
		c.bool(q.hot)
		if byDue {
			c.time(s, q.due)
		}
	}
}

// bisection writes the number of a bisection, and what it counts unless a row was written since: then
// it can no longer come to say that every row was rejected.
func (c *canonizer) bisection(s *Scheduler, from *bisection) {
	c.bool(from != nil)
	if from == nil {
		return
	}
	alive := from.writtenBefore == s.written
	c.bool(alive)
	if !alive {
		return
	}
	i := slices.Index(c.split, from)
	if i < 0 {
		i = len(c.split)
		c.split = append(c.split, from)
	}
	c.int(i)
	c.int(from.rows)
	c.int(from.rejected)
}

// resend writes the number of a resend. One that is authorized does not change any more.
func (c *canonizer) resend(r *resend) {
	switch {
	case r == nil:
		c.int(0)
	case r.authorized:
		c.int(1)
	default:
		i := slices.Index(c.resends, r)
		if i < 0 {
			i = len(c.resends)
			c.resends = append(c.resends, r)
		}
		c.int(2 + i)
	}
}

func (c *canonizer) backoff(s *Scheduler) {
	b := &s.backoff
	c.time(s, b.until)
	c.time(s, b.until.Add(s.cfg.MaxWait))
	c.bool(b.progress.After(b.until))
	c.bool(b.progress.IsZero()) // OpenRetries makes until the zero time
	c.int(b.fruitless)
	c.int(b.inFlight)
	// More than one retry for each key never waits, so no limit beyond the number of keys makes a
	// difference, nor does a streak that widens the queue to so many.
	c.int(min(max(1, b.limit), c.keys))
	c.int(min(b.streak, widenAfter+1+c.keys))
	c.bool(b.newRows.accepted > 0)
	c.int(b.newRows.accepted - b.newRows.rejected)
	c.int(s.outage.noProgress)
}

func (c *canonizer) batch(s *Scheduler, b *Batch) {
	c.int(len(b.Rows))
	for _, r := range b.Rows {
		c.index(r.Index)
	}
	if s.cfg.firstWins() {
		c.index(b.newest + 1)
	}
	c.bool(b.sub != nil)
	if b.sub != nil {
		c.resend(b.sub.resend)
	}
	if s.stop != nil {
		return
	}
	c.int(b.retries)
	c.bool(b.stubborn)
	c.bool(b.SentAt.Before(s.backoff.until))
	if from := b.bisection(); from != nil {
		c.bisection(s, from)
	} else {
		c.bool(b.writtenBefore == s.written)
	}
}

// copier copies a Scheduler, the requests in flight and the rows deeply, into the memory of a store.
type copier struct {
	to      *store
	rows    pairs[Row]
	queues  pairs[keyQueue]
	subs    pairs[subBatch]
	splits  pairs[bisection]
	resends pairs[resend]
}

// store is the memory of a copy, which is used again: an exploration makes many millions of copies.
type store struct {
	scheduler Scheduler
	batches   [maxScopeKeys]Batch
	rows      block[Row]
	queues    block[keyQueue]
	subs      block[subBatch]
	splits    block[bisection]
	resends   block[resend]
	rowLists  block[*Row]
	keyLists  block[*keyQueue]
	subLists  block[*subBatch]
	lists     block[*Batch]
}

// block is memory for a few values of a type. More are allocated elsewhere.
type block[T any] struct {
	all  [16]T
	used int
}

// take returns memory for n values, which later appends do not write beyond.
func (b *block[T]) take(n int) []T {
	if b.used+n > len(b.all) {
		return make([]T, n)
	}
	b.used += n
	return b.all[b.used-n : b.used : b.used]
}

// pairs are originals and their copies.
type pairs[T any] []struct{ from, to *T }

// copied returns the copy of from, and whether it is new, so that the caller is to deepen it.
func (p *pairs[T]) copied(from *T, memory *block[T]) (to *T, isNew bool) {
	if from == nil {
		return nil, false
	}
	for _, pair := range *p {
		if pair.from == from {
			return pair.to, false
		}
	}
	to = &memory.take(1)[0]
	*to = *from
	*p = append(*p, struct{ from, to *T }{from, to})
	return to, true
}

// copiedAll returns copies of all.
func copiedAll[T any](all []*T, one func(*T) *T, memory *block[*T]) []*T {
	if len(all) == 0 {
		return nil
	}
	to := memory.take(len(all))
	for i, from := range all {
		to[i] = one(from)
	}
	return to
}

// begin begins a copy into to, whose last copy nobody uses any more.
func (c *copier) begin(to *store) {
	c.to = to
	c.rows, c.queues, c.subs, c.splits, c.resends = c.rows[:0], c.queues[:0], c.subs[:0], c.splits[:0], c.resends[:0]
	to.rows.used, to.queues.used, to.subs.used, to.splits.used, to.resends.used = 0, 0, 0, 0, 0
	to.rowLists.used, to.keyLists.used, to.subLists.used, to.lists.used = 0, 0, 0, 0
}

func (c *copier) scheduler(s *Scheduler) *Scheduler {
	to := &c.to.scheduler
	keys := to.keys
	*to = *s
	to.keys = keys
	if keys == nil {
		to.keys = make(map[string]*keyQueue, len(s.keys))
	}
	clear(to.keys)
	for key, q := range s.keys {
		to.keys[key] = c.queue(q)
	}
	to.newRows = fifo{list: c.keyList(s.newRows.waiting())}
	to.spare = nil
	to.retries.keyList = c.keyList(s.retries.keyList)
	to.stubborn.keyList = c.keyList(s.stubborn.keyList)
	to.alone.keyList = c.keyList(s.alone.keyList)
	to.subBatches = copiedAll(s.subBatches, c.sub, &c.to.subLists)
	to.settled = nil
	if len(s.hot.keys) > 0 || len(s.refusals.counts) > 0 {
		panic("partition keys are not known in a scope")
	}
	return to
}

func (c *copier) keyList(l []*keyQueue) []*keyQueue { return copiedAll(l, c.queue, &c.to.keyLists) }

func (c *copier) row(r *Row) *Row {
	to, isNew := c.rows.copied(r, &c.to.rows)
	if isNew {
		to.queue = c.queue(r.queue)
	}
	return to
}

func (c *copier) queue(q *keyQueue) *keyQueue {
	to, isNew := c.queues.copied(q, &c.to.queues)
	if isNew {
		to.first[0] = nil
		to.rows = copiedAll(q.rows, c.row, &c.to.rowLists)
	}
	return to
}

func (c *copier) sub(sub *subBatch) *subBatch {
	to, isNew := c.subs.copied(sub, &c.to.subs)
	if isNew {
		to.keys = c.keyList(sub.keys)
		to.bisection, _ = c.splits.copied(sub.bisection, &c.to.splits)
		to.resend, _ = c.resends.copied(sub.resend, &c.to.resends)
	}
	return to
}

// batches copies the requests in flight.
func (c *copier) batches(all []*Batch) []*Batch {
	to := c.to.lists.take(len(all))
	for i, b := range all {
		to[i] = &c.to.batches[i]
		*to[i] = *b
		to[i].Rows = copiedAll(b.Rows, c.row, &c.to.rowLists)
		to[i].sub = c.sub(b.sub)
	}
	return to
}
