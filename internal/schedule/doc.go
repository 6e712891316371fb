// Package schedule decides what one call sends next, and what each response means for its rows.
//
// It is pure but for the default Jitter (and Delay), which are random: the clock and the budget of a
// request are passed in, nothing is sent, and a [Scheduler] belongs to one goroutine. It imports fault
// and the standard library only. It knows a row by its key, its write units and its sizes, and carries
// the rest unopened: it does not know items, tables, the SDK or contexts, how fast the table takes
// writes, or when rows are reported.
//
// A caller calls Add for each row, asks Next what to do, sends the Batch that Next returns, and calls
// Settle with its response; any number of requests may be in flight. The transcripts in testdata show
// examples.
//
// # The states of a row
//
//	 Add
//	  │
//	  ▼                         Next
//	waiting ──────────────────────────────────────────► in flight
//	 │ ▲ ▲                                               │   │
//	 │ │ └── Retry, unprocessed, Split, Reauthorize ─────┘   │
//	 │ │                                                     │ written, rejected,
//	 │ │ the later row                                       │ KeyExists, Abort,
//	 │ │ was rejected                                        │ attempts exhausted
//	 ▼ │                                                     ▼
//	candidate ──────────────────────────────────────────► settled
//	               the later row was written, or given up
//
// A waiting row is the next of its key, and stands in one of four places: among the new rows, first
// come first; among the retries, oldest first; among the stubborn rows, which were refused again and
// again and wait for delays of their own; or in a sub-batch, whose rows go together in a request of
// their own. A waiting row becomes a candidate when a later row of its key is there, or with Newer one of
// a higher rank, or of the same and later: it may be superseded. With Skip and Fail there are no candidates:
// the rows of a key are sent one after another, and the later ones are settled when one is written or finds an item with the key. With Newer a
// row that finds an item of a higher rank settles its candidates too, which are no newer. After a
// stop Abandon settles all rows that are not in flight.
//
// A settled row is Unknown if a request may have applied it and none is known to have, and NotWritten
// if certainly none has. Its attempts are exhausted after MaxAttempts requests in which no row was
// accepted, or after MaxAttemptsFactor × MaxAttempts in any case.
//
// # The states of the retry queue
//
//	     no new row accepted
//	empty ───────────────────────► closed ◄───────────────┐
//	 ▲  │                            │                    │ less than half of the retries accepted:
//	 │  │ some new rows accepted     │ the delay is over  │ a new delay; its bound doubles if none was
//	 │  │                            ▼                    │
//	 │  └─────────────────────────► open ─────────────────┘
//	 │                              │ ▲ │
//	 └──────────────────────────────┘ └─┘ at least half of the retries accepted: each admits two more
//	 no retry waits or is in flight
//
// When the queue opens, one probe row may be in flight, or as many as were accepted last; all rows may
// go together if the whole call fits one request (which backs off whenever rows come back), if the table
// is unavailable, or at the longest delay. While the table accepts most new rows, the queue widens with
// each request that made no progress. OpenRetries opens it at once.
//
// A row that was refused five times while the table accepted most new rows is stubborn: it is set apart,
// goes with other such rows only, and delays no other row. The requests of stubborn rows change nothing
// of the queue. While some of them are accepted they are of a hot key range, and join the retries again.
//
// OutageFactor × MaxAttempts consecutive delays of the queue after which a retry made no progress are an
// [Outage], which stops the call.
package schedule
