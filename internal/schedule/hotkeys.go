package schedule

const (
	hotMemory     = 1024 // rows after which all counts are halved
	maxHotTracked = 1024 // partition keys that are counted
	hotRefusals   = 8    // refusals, at least, that make a partition key hot
	hotShare      = 0.3  // share of its rows, at least, that were refused
	hotFactor     = 4    // times the share of the other keys' rows
	hotOthers     = 64   // rows of other keys, at least, to compare with
)

// hotKeys finds partition keys whose rows DynamoDB refuses while it accepts the rows of others. Such
// refusals say nothing of the table's capacity. A key that has more rows than all that are not hot is
// none: its refusals may be the table's.
//
// Partition keys are counted from their first refusal on, by hash.
type hotKeys struct {
	keys   map[uint64]*keyCount
	others rowCount // of keys that are not hot
	rows   int      // since the counts were halved
}

// rowCount counts rows, less as they age.
type rowCount struct{ rows, refused float64 }

// share is the share of the rows that were refused.
func (c rowCount) share() float64 { return c.refused / max(1, c.rows) }

// plus returns the sum of c and n times d.
func (c rowCount) plus(n float64, d rowCount) rowCount {
	return rowCount{c.rows + n*d.rows, c.refused + n*d.refused}
}

// keyCount counts the rows of one partition key.
type keyCount struct {
	rowCount
	hot bool
}

// observe counts a row that was accepted, or refused for want of capacity.
func (h *hotKeys) observe(r *Row, refused bool) {
	row := rowCount{rows: 1}
	if refused {
		row.refused = 1
	}
	h.age()
	key := h.find(r)
	if key == nil && refused && r.PartitionLen > 0 && len(h.keys) < maxHotTracked {
		key = h.track(r)
	}
	if key == nil {
		h.others = h.others.plus(1, row)
		return
	}
	if !key.hot {
		h.others = h.others.plus(1, row)
	}
	key.rowCount = key.plus(1, row)
	h.judge(key)
}

// judge decides whether key is hot. Its rows count among the others only if it is not.
func (h *hotKeys) judge(key *keyCount) {
	others := h.others
	if !key.hot {
		others = others.plus(-1, key.rowCount)
	}
	was := key.hot
	key.hot = key.refused >= hotRefusals && key.share() >= hotShare &&
		others.rows >= max(hotOthers, key.rows) && key.share() >= hotFactor*others.share()
	switch {
	case key.hot && !was:
		h.others = others
	case was && !key.hot:
		h.others = h.others.plus(1, key.rowCount)
	}
}

// age halves all counts from time to time, and forgets keys that have hardly any rows left.
func (h *hotKeys) age() {
	if h.rows++; h.rows < hotMemory {
		return
	}
	h.rows = 0
	h.others = rowCount{}.plus(0.5, h.others)
	for hash, key := range h.keys {
		if key.rowCount = (rowCount{}).plus(0.5, key.rowCount); key.rows < 1 {
			delete(h.keys, hash)
		}
	}
}

// track begins to count r's partition key.
func (h *hotKeys) track(r *Row) *keyCount {
	if h.keys == nil {
		h.keys = make(map[uint64]*keyCount)
	}
	key := new(keyCount)
	h.keys[partitionHash(r)] = key
	return key
}

// find returns the count of r's partition key; nil if there is none.
func (h *hotKeys) find(r *Row) *keyCount {
	if len(h.keys) == 0 || r.PartitionLen == 0 {
		return nil
	}
	return h.keys[partitionHash(r)]
}

// has reports whether r's partition key is hot.
func (h *hotKeys) has(r *Row) bool {
	key := h.find(r)
	return key != nil && key.hot
}
