package dynamodesttest

import (
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Call is a request that a DB has been given.
type Call struct {
	// N is 1 for the first request.
	N int
	// Op is the operation: "BatchWriteItem", "PutItem", "DescribeTable", …
	Op string
	// Table is the table as the request names it, the first if there are more.
	Table string
	// Keys holds the [Key] of each item to write, in the order of the request:
	// "" where the item has not the whole of its table's key.
	Keys []string
	// Attempts says for each of Keys how many calls have carried it, this one
	// included, since [DB.SetFault] was called. It is nil before that.
	Attempts []int
	// Bytes is the size of the request's body.
	Bytes int
	// Began and Ended put what the DB met in one order: of two moments the
	// earlier has the smaller number. Ended is 0 while the call is in flight.
	Began, Ended int
	// At is when the request came, and Took how long its answer took.
	At   time.Time
	Took time.Duration
	// Outcome is "ok", the code of the error answered, "HTTP 502" for an
	// answer that is not DynamoDB's, "lost" for a connection broken, or
	// "given up" if the client went away first. It is "" while in flight.
	Outcome string
	// Written and Unprocessed count the items that this call wrote, and that
	// its answer handed back.
	Written, Unprocessed int

	puts []put
}

// Item returns the i-th item to write (the key, for a delete). It is for the
// hook of [DB.SetFault]: a call that is over has only its Keys, and this panics.
func (c Call) Item(i int) map[string]types.AttributeValue { return attributeMap(c.puts[i].item) }

// Write is an item written (or deleted) in a table.
type Write struct {
	// Seq is 1 for the first write of the DB.
	Seq int
	// Call is the N of the call that asked for it.
	Call  int
	Table string
	// Key is the item's [Key].
	Key string
	// Deleted marks a delete, which has no item.
	Deleted bool
	// Late marks a write made after its call was over, by a fault.
	Late bool
	// Puts counts the writes of this key so far, this one included.
	Puts int

	item string
}

// Item returns the item written, nil for a delete. The caller may keep and
// change it.
func (w Write) Item() map[string]types.AttributeValue {
	if w.Deleted {
		return nil
	}
	return attributeMap(parseItem(w.item))
}

// history is what a DB remembers besides its items. It is under DB.mu.
type history struct {
	keep    int // calls, and writes; negative: all
	calls   []*Call
	writes  []Write
	actions map[string]int
}

// KeepHistory bounds what is remembered to the last n calls and the last n
// writes; a negative n, as at the start, is no bound. Tests of millions of rows
// use it with [DB.Latest].
func (db *DB) KeepHistory(n int) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.history.keep = n
	db.history.calls = trim(db.history.calls, n)
	db.history.writes = trim(db.history.writes, n)
}

// trim keeps the last n elements, but only bothers when they are half.
func trim[T any](s []T, n int) []T {
	if n < 0 || len(s) <= 2*n {
		return s
	}
	return slices.Clone(s[len(s)-n:])
}

func last[T any](s []T, n int) []T {
	if n < 0 || len(s) <= n {
		return s
	}
	return s[len(s)-n:]
}

// Calls returns the calls so far in the order in which they came. What is in
// them must not be changed.
func (db *DB) Calls() []Call {
	db.mu.Lock()
	defer db.mu.Unlock()
	kept := last(db.history.calls, db.history.keep)
	calls := make([]Call, len(kept))
	for i, c := range kept {
		calls[i] = *c
	}
	return calls
}

// Writes returns the ledger: every item written, in the order in which the
// tables took them.
func (db *DB) Writes() []Write {
	db.mu.Lock()
	defer db.mu.Unlock()
	return slices.Clone(last(db.history.writes, db.history.keep))
}

// Latest returns the last write of each item that a table holds, in order of
// key. It does not depend on [DB.KeepHistory]. It panics if there is no such
// table.
func (db *DB) Latest(table string) []Write {
	t := db.mustTable(table)
	db.mu.Lock()
	defer db.mu.Unlock()
	keys := t.sorted()
	writes := make([]Write, len(keys))
	for i, key := range keys {
		writes[i] = t.rows[key].write(t)
	}
	return writes
}

// Actions returns the operations asked for so far and how often: what a policy
// would have to allow.
func (db *DB) Actions() map[string]int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return maps.Clone(db.history.actions)
}

// MostInFlight is the largest number of calls there were at one time.
func (db *DB) MostInFlight() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.most
}

// begin records a call's start, and does the late writes that are due by it.
func (db *DB) begin(x *exchange) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.lastCall++
	db.lastTick++
	c := &x.call
	c.N, c.Began, c.At = db.lastCall, db.lastTick, time.Now()
	db.history.actions[c.Op]++
	db.flying++
	db.most = max(db.most, db.flying)
	if db.fault != nil {
		c.Attempts = make([]int, len(x.puts))
		for i, p := range x.puts {
			if p.key != "" {
				p.t.tries[p.key]++
				c.Attempts[i] = p.t.tries[p.key]
			}
		}
	}
	if db.history.keep != 0 {
		db.history.calls = trim(append(db.history.calls, c), db.history.keep)
	}
	db.writeLate(func(w lateWrite) bool { return w.due > 0 && w.due <= c.N })
}

func (db *DB) end(x *exchange, outcome string) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.flying--
	db.lastTick++
	x.call.Ended, x.call.Outcome, x.call.Took = db.lastTick, outcome, time.Since(x.call.At)
	x.call.Unprocessed = x.back
	x.call.puts = nil
}

func (s *stored) write(t *table) Write {
	return Write{Seq: s.seq, Call: s.call, Table: t.name, Key: s.key, Late: s.late, Puts: s.puts, item: s.item}
}
