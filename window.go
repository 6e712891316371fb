package dynamodest

import (
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/schedule"
)

// The rows of a call that are taken and not settled. Some are in flight or may go at once: a call takes so
// many of them that each request finds a full batch when its turn comes. More would only take memory. Others
// are held back, as rows of a key that DynamoDB throttles: they stop no others, up to maxUnsettled of both.
const (
	maxUnsettled = 16_384
	minActive    = 512 // so that a source that comes in bursts keeps few requests busy
	activeFactor = 32  // times Concurrency: over 25 rows, which a request takes at most
)

// activeRows returns how many rows a call with so many requests in flight takes that are not held back.
func activeRows(concurrency int) int {
	return min(max(minActive, activeFactor*concurrency), maxUnsettled)
}

// What a row takes of Config.WindowBytes in addition to the values that it holds, in bytes.
const (
	jobBytes     = 512 // an unsettled row: its job, its item, and its place in the scheduler
	settledBytes = 112 // a settled row that waits to be reported: its result, and its place in line
	errorBytes   = 256 // the error of such a row

	// sendFactor is how often the encoded size of a row that is not encoded yet counts while the row is
	// unsettled. Where the SDK encodes requests, the request holds the SDK's values for the row, and the row's
	// part of the body, in a buffer that doubles as it grows: by measurement, with 4 the whole takes what it
	// is counted for. A conditional put that the library encodes takes less.
	sendFactor = 4
	// encodedFactor is the same for a row that is encoded, whose bytes are in its Footprint: its request holds
	// a copy of them, in a buffer of their size.
	encodedFactor = 1
)

// job is a row of the caller's on its way through a call: what the scheduler knows of it, and what
// only the call needs. The caller's goroutine hands it to the dispatcher and gets it back settled.
type job struct {
	schedule.Row
	source      sourceRow  // until the job is settled
	item        *item.Item // nil once settled
	bytes       int        // of the window, while it is unsettled
	sourceBytes int        // of the window, while its source row waits to be reported
	slab        *slab      // whose memory the job is

	previous, next *job // unsettled rows of the call
}

// jobOf returns the job that the scheduler knows as row.
func jobOf(row *schedule.Row) *job {
	return row.Payload.(*job) //nolint:forcetypeassert // slab.put alone sets it
}

// window is what a call holds of its rows: the unsettled ones and, if rows are reported in row order,
// the settled ones that wait for an earlier row. It bounds a call's memory, whatever the number of
// rows: maxBytes bounds both kinds together, active and maxUnsettled the first alone.
type window struct {
	active   int // most unsettled rows that are not held back
	heldBack int // unsettled rows that are, when the dispatcher last looked
	maxBytes int
	bytes    int // that all rows held take, roughly

	oldest, newest *job // the unsettled rows: a list in row order
	unsettled      int

	encoded  bool    // rows are converted to the bytes that are sent, in the memory of slabs
	slabRows int     // of a slab
	filling  *slab   // that the next row goes to, if it has room
	spare    []*slab // without rows, for later ones

	spareBytes int // the memory of spare

	line         reportLine // settled rows that wait for their turn to be reported
	waitingBytes int        // of rows in the line; part of bytes
}

// full reports whether no further row may be taken. A window without rows is never full, so that a
// row larger than maxBytes can go alone.
func (w *window) full() bool {
	return w.unsettled >= min(w.active+w.heldBack, maxUnsettled) || w.bytes >= w.maxBytes
}

// stuck reports whether the window is full of rows that are settled, and wait for an earlier one.
func (w *window) stuck() bool { return w.bytes >= w.maxBytes && w.waitingBytes > w.maxBytes/2 }

// add takes in an unsettled row, which comes after all others and was converted to r.
func (w *window) add(index int, row sourceRow, r converted) *job {
	if r.slab != nil {
		w.filling = r.slab
	}
	j := w.roomForOne().put(index, row, r.item)
	j.previous = w.newest
	if w.newest == nil {
		w.oldest = j
	} else {
		w.newest.next = j
	}
	w.newest = j
	w.unsettled++
	w.bytes += j.bytes
	return j
}

// roomForOne returns the slab that the next row goes to.
func (w *window) roomForOne() *slab {
	if w.filling == nil || w.filling.full() {
		w.filling = w.newSlab()
	}
	return w.filling
}

// remove lets go of a row that is settled.
func (w *window) remove(j *job) {
	if j.previous == nil {
		w.oldest = j.next
	} else {
		j.previous.next = j.next
	}
	if j.next == nil {
		w.newest = j.previous
	} else {
		j.next.previous = j.previous
	}
	w.unsettled--
	w.bytes -= j.bytes
	w.release(j)
}

// settledBefore returns the index before which every row is settled, if taken rows have been added.
func (w *window) settledBefore(taken int) int {
	if w.oldest == nil {
		return taken
	}
	return w.oldest.Index
}

// wait puts a settled row into the line, where it waits for the rows before it.
func (w *window) wait(row sourceRow, result RowResult, sourceBytes int) {
	bytes := sourceBytes + settledBytes
	if result.Err != nil {
		bytes += errorBytes
	}
	w.line.put(row, result, bytes)
	w.waitingBytes += bytes
	w.bytes += bytes
}

// nextReport takes the row whose turn it is to be reported out of the line. It reports false if that
// row is not settled.
func (w *window) nextReport() (row sourceRow, result RowResult, ok bool) {
	row, result, bytes, ok := w.line.take()
	w.waitingBytes -= bytes
	w.bytes -= bytes
	return row, result, ok
}
