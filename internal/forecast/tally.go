package forecast

import "slices"

// Hash stands for the key of an item.
type Hash [16]byte

// Keys is the keys of items, up to a number of them. With a Tally of no index it takes 45 to 62 bytes of memory for
// each key, by measurement.
type Keys struct {
	most  int
	slots map[Hash]int32
	first []int // by slot: the first row of the key
}

// NewKeys returns Keys that keep so many keys at most.
func NewKeys(most int) *Keys { return &Keys{most: most, slots: make(map[Hash]int32)} }

// Len returns the number of keys.
func (k *Keys) Len() int { return len(k.first) }

// Meet records that a row has a key, and returns the key's slot, and the first row that has it, which may be row
// itself. It reports false, and records nothing, if the key is one too many.
func (k *Keys) Meet(hash Hash, row int) (slot, first int, ok bool) {
	if slot, met := k.slots[hash]; met {
		return int(slot), k.first[slot], true
	}
	if len(k.first) >= k.most {
		return 0, 0, false
	}
	slot = len(k.first)
	k.slots[hash] = int32(slot) //nolint:gosec // fewer keys than fit into memory
	k.first = append(k.first, row)
	return slot, row, true
}

// Winner is which row of a key is written.
type Winner uint8

// The choices.
const (
	LastWins  Winner = iota
	FirstWins        // the others, if they are sent, fail a condition
	AnyWins          // any row, by its version; the others, if they are sent, may fail a condition
)

// Sum is the cost of many writes, as Cost is of one.
type Sum struct {
	Table            int64
	Indexes, Vectors []int64
}

// Tally adds up what the items of a run cost in a table that has no item before. Of items with the same key it
// is not known which are sent: an item that another one supersedes before it is sent costs nothing.
type Tally struct {
	// Least counts the item of each key that is written, alone, and Most every item, each replacing the one
	// before.
	Least, Most Sum

	winner Winner
	stride int      // figures of a key
	keys   []uint32 // by slot: the figures of a key's items: see figures
}

// NewTally returns a Tally for items whose costs have as many Indexes and Vectors.
func NewTally(winner Winner, indexes, vectors int) *Tally {
	sum := func() Sum { return Sum{Indexes: make([]int64, indexes), Vectors: make([]int64, vectors)} }
	return &Tally{Least: sum(), Most: sum(), winner: winner, stride: 2 + 2*(indexes+vectors)}
}

// Add counts an item whose key no other item has.
func (t *Tally) Add(c Cost) {
	t.Least.add(c)
	t.Most.add(c)
}

// AddOf counts an item of the key that has the given slot. The first item of each slot comes after those of all
// lower slots.
func (t *Tally) AddOf(slot int, c Cost) {
	figures, isNew := t.figures(slot)
	most, least := figures[:t.stride/2], figures[t.stride/2:]
	// A write costs the table as much as the larger of two items, of which one may be any earlier item of the
	// key. An index entry that changes its key is deleted and put.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
	most[0] = max(most[0], figure(c.Table))
	t.Most.Table += int64(most[0])
	t.leave(&t.Least.Table, &least[0], c.Table, isNew)
	for i, units := range c.Indexes {
		t.Most.Indexes[i] += int64(units) + int64(most[1+i])
		most[1+i] = figure(units)
		t.leave(&t.Least.Indexes[i], &least[1+i], units, isNew)
	}
	for i, bytes := range c.Vectors {
		before := &most[1+len(c.Indexes)+i]
		t.Most.Vectors[i] += max(int64(bytes), int64(*before))
		*before = figure(bytes)
		t.leave(&t.Least.Vectors[i], &least[1+len(c.Indexes)+i], bytes, isNew)
	}
}

// leave sets the figure of a key in a sum of the least costs after another item of the key, which costs so much.
func (t *Tally) leave(sum *int64, least *uint32, cost int, isNew bool) {
	now := figure(cost)
	switch {
	case isNew || t.winner == LastWins:
	case t.winner == FirstWins:
		return
	default:
		now = min(now, *least)
	}
	*sum += int64(now) - int64(*least)
	*least = now
}

// figure returns a cost of one item, which is small and not negative.
func figure(cost int) uint32 { return uint32(cost) } //nolint:gosec // at most the size of an item

// figures returns the figures of a slot: the largest units of the table, and the last ones of each index, which
// count for Most; then as many that count for Least. It reports whether the slot is new.
func (t *Tally) figures(slot int) (figures []uint32, isNew bool) {
	from := slot * t.stride
	if isNew = from >= len(t.keys); isNew {
		t.keys = slices.Grow(t.keys, t.stride)[:from+t.stride]
		clear(t.keys[from:])
	}
	return t.keys[from : from+t.stride], isNew
}

func (s *Sum) add(c Cost) {
	s.Table += int64(c.Table)
	for i, units := range c.Indexes {
		s.Indexes[i] += int64(units)
	}
	for i, bytes := range c.Vectors {
		s.Vectors[i] += int64(bytes)
	}
}

// Total returns the write units of the table and of all secondary indexes.
func (s *Sum) Total() int64 {
	total := s.Table
	for _, units := range s.Indexes {
		total += units
	}
	return total
}
