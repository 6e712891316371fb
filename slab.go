package dynamodest

import (
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/schedule"
)

const (
	// maxSlabRows is the most rows that share memory. One of them that stays unsettled keeps the memory of all.
	maxSlabRows = 16

	// keptBytes is the memory of a slab that a row keeps once it is settled, in bytes: its job, and its item.
	keptBytes = 272
	itemBytes = 144

	// spareShare is the part of a window, one in so many bytes, that may be slabs without rows.
	spareShare = 32
)

// slab is the memory of rows that follow one another. It serves later rows once all of them are settled. It
// belongs to the caller's goroutine, which hands out its jobs one by one.
type slab struct {
	jobs  []job
	items []item.Item // of the rows, if they are encoded; nil if their items have memory of their own
	texts item.Texts  // of the items

	used int // jobs that have rows, or had
	live int // jobs whose rows are not settled
	kept int // bytes of the window that settled rows take until the last one is settled
}

func newSlab(rows int, encoded bool) *slab {
	s := &slab{jobs: make([]job, rows)}
	if encoded {
		s.items = make([]item.Item, rows)
		s.texts.Expect(rows)
	}
	return s
}

// full reports whether no further row fits.
func (s *slab) full() bool { return s.used == len(s.jobs) }

// put takes in a row that was converted to it. It is the only place where a job is made.
func (s *slab) put(index int, row sourceRow, it *item.Item) *job {
	j := &s.jobs[s.used]
	s.used++
	s.live++
	footprint, factor, encoded := it.Footprint, sendFactor, 0
	if s.items != nil {
		factor, encoded = encodedFactor, len(it.JSON)+len(it.Key)
		if !row.given() { // nobody keeps the row for its item
			footprint = encoded
		}
	}
	*j = job{
		Row: schedule.Row{
			Index: index, Key: it.Key, PartitionLen: it.PartitionLen, Rank: it.Rank, Delete: it.Delete,
			Units: it.Units(), Size: it.Size, EncodedSize: it.EncodedSize, Payload: j,
		},
		source: row, item: it, slab: s,
		bytes:       unsettledBytes(it, footprint, factor),
		sourceBytes: footprint - item.AttrBytes*len(it.Attrs) - encoded,
	}
	return j
}

// unsettledBytes returns how many bytes of the window a row takes while it is unsettled, whose values take so many,
// and whose encoded size counts factor times.
func unsettledBytes(it *item.Item, footprint, factor int) int {
	bytes := footprint + factor*(it.EncodedSize+len(it.Rank)) + jobBytes // the condition repeats the version
	for i := range it.Attrs {
		if it.Attrs[i].Kind == item.B { // the item and its request have copies; they share texts with the row
			bytes += 2 * len(it.Attrs[i].Text)
		}
	}
	return bytes
}

// newSlab returns a slab without rows.
func (w *window) newSlab() *slab {
	n := len(w.spare) - 1
	if n < 0 {
		return newSlab(w.slabRows, w.encoded)
	}
	s := w.spare[n]
	w.spare[n] = nil
	w.spare = w.spare[:n]
	w.spareBytes -= s.memory()
	return s
}

// release lets go of what a settled job refers to. The job's own memory counts until the slab has no
// unsettled row left.
func (w *window) release(j *job) {
	s := j.slab
	j.source, j.Err, j.previous, j.next = sourceRow{}, nil, nil, nil
	s.live--
	if s.live > 0 {
		kept := s.keptBy(j)
		s.kept += kept
		w.bytes += kept
		return
	}
	w.bytes -= s.kept
	s.used, s.kept = 0, 0
	s.texts.Reset(len(s.items))
	if memory := s.memory(); s != w.filling && w.spareBytes+memory <= w.maxBytes/spareShare {
		w.spare = append(w.spare, s)
		w.spareBytes += memory
	}
}

// memory returns the memory of the slab, in bytes.
func (s *slab) memory() int { return keptBytes*len(s.jobs) + itemBytes*len(s.items) + s.texts.Bytes() }

// keptBy returns how many bytes of the slab the settled row of j keeps.
func (s *slab) keptBy(j *job) int {
	if s.items == nil {
		return keptBytes
	}
	return keptBytes + itemBytes + j.EncodedSize
}
