package dynamodesttest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Call is a request that a DB received.
type Call struct {
	// N is the number of the request, counted from 1.
	N int
	// RequestID is the ID that the response gives the request, as DynamoDB's do: another for each request of a DB.
	RequestID string
	// Op is the operation: "BatchWriteItem", "PutItem", "DescribeTable", …
	Op string
	// Table is the table's name or ARN as the request gives it; if there are several tables, the
	// first.
	Table string
	// Keys holds the [Key] of each item to write, in the order of the request. It is "" for an item
	// that does not have the complete key of its table.
	Keys []string
	// Attempts holds, for each of Keys, the number of calls that carried the key since
	// [DB.SetFault] was called, including this one. It is nil before that.
	Attempts []int
	// Bytes is the size of the request's body.
	Bytes int
	// Began and Ended are positions in the order of all starts and ends of calls: the earlier of
	// two moments has the smaller number. Ended is 0 while the call is in flight.
	Began, Ended int
	// At is when the request arrived, and Took how long its response took.
	At   time.Time
	Took time.Duration
	// Outcome is "ok", the code of an error response, "HTTP 502" for a response that is not
	// DynamoDB's, "lost" for a broken connection, or "given up" if the client left first. It is ""
	// while the call is in flight.
	Outcome string
	// Written and Unprocessed are the number of items that this call wrote or deleted, and the number
	// that its response returned as unprocessed.
	Written, Unprocessed int

	puts []put
}

// Item returns the i-th item to write; for a delete, the Key of the DeleteRequest. It is for use in the hook of
// [DB.SetFault]: calls that are over have only their Keys, and Item panics.
func (c Call) Item(i int) map[string]types.AttributeValue { return attributeMap(c.puts[i].item) }

// Write is one item written to, or deleted from, a table.
type Write struct {
	// Seq is the number of the write in the DB, counted from 1.
	Seq int
	// Call is the N of the call that requested the write.
	Call  int
	Table string
	// Key is the item's [Key].
	Key string
	// Deleted is set for a delete, which has no item. It is set also if there was no item to delete.
	Deleted bool
	// Late is set for a write that a fault delayed until after its call.
	Late bool
	// Puts is the number of writes of this key so far, puts and deletes, including this one.
	Puts int

	item string
}

// Item returns the item written, or nil for a delete. The caller may keep and change it.
func (w Write) Item() map[string]types.AttributeValue {
	if w.Deleted {
		return nil
	}
	return attributeMap(parseItem(w.item))
}

// history is the DB's record of calls and writes. It is guarded by DB.mu.
type history struct {
	keep    int // number of calls, and of writes, to keep; negative: all
	calls   []*Call
	writes  []Write
	actions map[string]int
}

// KeepHistory limits the history to the last n calls and the last n writes. A negative n, which is
// the default, removes the limit. Tests of millions of rows use it together with [DB.Latest].
func (db *DB) KeepHistory(n int) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.history.keep = n
	db.history.calls = trim(db.history.calls, n)
	db.history.writes = trim(db.history.writes, n)
}

// trim drops the oldest elements, leaving the last n, once s has grown to more than twice n.
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

// Calls returns the calls so far, in the order in which they arrived. The caller must not change
// their contents.
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

// Writes returns the history of writes: every item written and every delete, in the order in which the
// tables were changed. A put whose condition failed is not among them.
func (db *DB) Writes() []Write {
	db.mu.Lock()
	defer db.mu.Unlock()
	return slices.Clone(last(db.history.writes, db.history.keep))
}

// Latest returns the last write of each item in a table, sorted by key. A key that was deleted is not
// among them. It does not depend on [DB.KeepHistory]. It panics if the table does not exist.
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

// Actions returns the operations requested so far, with the number of requests for each: the
// actions that an IAM policy would have to allow.
func (db *DB) Actions() map[string]int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return maps.Clone(db.history.actions)
}

// MostInFlight returns the largest number of calls that were in flight at the same time.
func (db *DB) MostInFlight() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.maxInFlight
}

// begin records the start of a call, and performs the late writes that are due at it.
func (db *DB) begin(req *request) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.lastCall++
	db.lastTick++
	c := &req.call
	c.N, c.Began, c.At = db.lastCall, db.lastTick, time.Now()
	c.RequestID = requestID(c.N)
	db.history.actions[c.Op]++
	db.inFlight++
	db.maxInFlight = max(db.maxInFlight, db.inFlight)
	if db.faultHook != nil {
		c.Attempts = make([]int, len(req.puts))
		for i, p := range req.puts {
			if p.key != "" {
				p.t.attempts[p.key]++
				c.Attempts[i] = p.t.attempts[p.key]
			}
		}
	}
	if db.history.keep != 0 {
		db.history.calls = trim(append(db.history.calls, c), db.history.keep)
	}
	db.applyLateWrites(func(w lateWrite) bool { return w.due > 0 && w.due <= c.N })
}

// requestID returns the ID of the n-th request, which is as long as DynamoDB's.
func requestID(n int) string { return fmt.Sprintf("DYNAMODESTTEST%038d", n) }

func (db *DB) end(req *request, outcome string) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.inFlight--
	db.lastTick++
	req.call.Ended, req.call.Outcome, req.call.Took = db.lastTick, outcome, time.Since(req.call.At)
	req.call.Unprocessed = req.unprocessed
	req.call.puts = nil
}

func (s *stored) write(t *table) Write {
	return Write{Seq: s.seq, Call: s.call, Table: t.name, Key: s.key, Late: s.late, Puts: s.puts, item: s.item}
}
