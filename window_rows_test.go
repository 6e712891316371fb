package dynamodest

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/item"
)

// testWindow is a window of the usual size.
func testWindow() *window {
	return &window{active: activeRows(defaultConcurrency), maxBytes: 64 << 20, slabRows: maxSlabRows}
}

// smallItem is the item of a row of a few columns.
func smallItem() *item.Item { return &item.Item{Key: "k", Size: 100, EncodedSize: 150, Footprint: 200} }

// Once a window has been full, a row that comes, is settled and is reported takes no memory of its own.
func TestRowsOfAWindowShareItsMemory(t *testing.T) {
	w, it, row := testWindow(), converted{item: smallItem()}, sourceRow{row: Row{}}
	next, unsettled := 0, []*job{}
	cycle := func() { // 25 rows come, and the oldest ones settle, the last of them first
		for len(unsettled) < 1500 {
			unsettled = append(unsettled, w.add(next, row, it))
			next++
		}
		for i := 24; i >= 0; i-- {
			index := unsettled[i].Index
			w.remove(unsettled[i])
			w.wait(row, RowResult{Index: index, Outcome: Written, Attempts: 1}, 100)
		}
		unsettled = unsettled[:copy(unsettled, unsettled[25:])]
		for range 25 {
			_, result, ok := w.nextReport()
			require.True(t, ok)
			require.Equal(t, Written, result.Outcome)
		}
	}
	for range 100 {
		cycle()
	}
	assert.Zero(t, testing.AllocsPerRun(1000, cycle))
}

// An exchange with the dispatcher takes no memory either.
func TestExchangeOfRowsTakesNoMemory(t *testing.T) {
	m, j := newMailbox(), new(job)
	var forCaller, forDispatcher []*job
	cycle := func() {
		for range 25 {
			forCaller, _, _ = m.exchange([]*job{j}, 1, forCaller)
		}
		forDispatcher, _, _ = m.collect(forDispatcher)
		m.deliver(forDispatcher, dispatcherState{stats: m.stats})
	}
	for range 10 {
		cycle()
	}
	assert.Zero(t, testing.AllocsPerRun(1000, cycle))
}

// A row that stays unsettled keeps the memory of the rows beside it. The window counts it until the row is
// settled, and then nothing is left.
func TestStuckRowsCountTheMemoryThatTheyKeep(t *testing.T) {
	t.Parallel()
	assert.LessOrEqual(t, reflect.TypeFor[job]().Size(), uintptr(keptBytes))
	w, it := testWindow(), converted{item: smallItem()}
	jobs := make([]*job, 10*maxSlabRows)
	for i := range jobs {
		jobs[i] = w.add(i, sourceRow{row: Row{"id": i}}, it)
	}
	row := jobs[0].bytes
	assert.Equal(t, len(jobs)*row, w.bytes)
	for i, j := range jobs {
		if i%maxSlabRows != 3 {
			w.remove(j)
		}
	}
	assert.Equal(t, 10*(row+(maxSlabRows-1)*keptBytes), w.bytes)
	assert.Equal(t, 3, w.settledBefore(len(jobs)))
	for i := 3; i < len(jobs); i += maxSlabRows {
		w.remove(jobs[i])
	}
	assert.Zero(t, w.bytes)
	assert.Equal(t, len(jobs), w.settledBefore(len(jobs)))
	for _, j := range jobs {
		assert.Zero(t, j.source)
		assert.Nil(t, j.next)
		assert.Nil(t, j.previous)
	}
	assert.Len(t, w.spare, 9, "the last one has room for the next rows")
}

// A slab without rows is kept for later ones in a small part of the window only.
func TestSpareMemoryOfAWindowIsBounded(t *testing.T) {
	t.Parallel()
	w := testWindow()
	w.maxBytes = 1 << 20
	var jobs []*job
	for i := range 2048 {
		jobs = append(jobs, w.add(i, sourceRow{}, converted{item: smallItem()}))
	}
	for _, j := range jobs {
		w.remove(j)
	}
	assert.LessOrEqual(t, len(w.spare)*maxSlabRows*keptBytes, w.maxBytes/spareShare)
	assert.NotEmpty(t, w.spare)
}

// Rows leave the line in the order of their indexes, as they were put in, in whatever order they were.
func TestRowsLeaveTheLineInRowOrder(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	var l reportLine
	err := errors.New("cause")
	next, taken := 0, 0
	for range 200 {
		some := rnd.Perm(1 + rnd.IntN(1<<rnd.IntN(14)))
		for _, i := range some {
			l.put(sourceRow{row: Row{"id": next + i}}, RowResult{Index: next + i, Outcome: Superseded, By: i, Attempts: 2, Err: err}, i)
			for {
				row, result, bytes, ok := l.take()
				if !ok {
					break
				}
				require.Equal(t, Row{"id": taken}, row.row)
				require.Equal(t, RowResult{Index: taken, Outcome: Superseded, By: taken - next, Attempts: 2, Err: err}, result)
				require.Equal(t, taken-next, bytes)
				taken++
			}
		}
		next += len(some)
		require.Equal(t, next, taken, "all that were put in")
		require.Zero(t, l.waiting)
		require.LessOrEqual(t, len(l.ring), keptLine)
	}
}
