package dynamodest

import (
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/schedule"
)

const (
	// maxSlabRows is the most rows that share memory. One of them that stays unsettled keeps the memory of all.
	maxSlabRows = 16

	// keptBytes is the memory of a slab that a row keeps once it is settled: its job, in bytes.
	keptBytes = 256

	// spareShare is the part of a window, one in so many bytes, that may be slabs without rows.
	spareShare = 64
)

// slab is the memory of rows that follow one another. It serves later rows once all of them are settled. It
// belongs to the caller's goroutine, which hands out its jobs one by one.
type slab struct {
	jobs []job
	used int // jobs that have rows, or had
	live int // jobs whose rows are not settled
	kept int // bytes of the window that settled rows take until the last one is settled
}

func newSlab(rows int) *slab { return &slab{jobs: make([]job, rows)} }

// full reports whether no further row fits.
func (s *slab) full() bool { return s.used == len(s.jobs) }

// put takes in a row that was converted to it. It is the only place where a job is made.
func (s *slab) put(index int, row Row, it *item.Item) *job {
	j := &s.jobs[s.used]
	s.used++
	s.live++
	*j = job{
		Row: schedule.Row{
			Index: index, Key: it.Key, PartitionLen: it.PartitionLen, Rank: it.Rank, Delete: it.Delete,
			Units: it.Units(), Size: it.Size, EncodedSize: it.EncodedSize, Payload: j,
		},
		source: row, item: it, slab: s,
		bytes:       it.Footprint + sendFactor*(it.EncodedSize+len(it.Rank)) + jobBytes, // the condition repeats the version
		sourceBytes: it.Footprint - item.AttrBytes*len(it.Attrs),
	}
	for i := range it.Attrs {
		if it.Attrs[i].Kind == item.B { // the item and its request have copies; they share texts with the row
			j.bytes += 2 * len(it.Attrs[i].Text)
		}
	}
	return j
}

// newSlab returns a slab without rows.
func (w *window) newSlab() *slab {
	n := len(w.spare) - 1
	if n < 0 {
		return newSlab(w.slabRows)
	}
	s := w.spare[n]
	w.spare[n] = nil
	w.spare = w.spare[:n]
	return s
}

// release lets go of what a settled job refers to. The job's own memory counts until the slab has no
// unsettled row left.
func (w *window) release(j *job) {
	s := j.slab
	j.source, j.Err, j.previous, j.next = nil, nil, nil, nil
	s.live--
	if s.live > 0 {
		s.kept += keptBytes
		w.bytes += keptBytes
		return
	}
	w.bytes -= s.kept
	s.used, s.kept = 0, 0
	if s != w.filling && len(w.spare) < w.maxBytes/spareShare/(keptBytes*w.slabRows) {
		w.spare = append(w.spare, s)
	}
}
