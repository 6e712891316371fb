package dynamodesttest

import (
	"slices"
	"strconv"
)

// outcome is what became of one put.
type outcome struct {
	units      float64   // of the table
	index      []float64 // of each of its indexes
	old        *stored
	refused    bool // handed back
	notWritten bool // left out by a fault
	failed     bool // on its condition
	refusals   []*Limit
}

func (db *DB) write(x *exchange) ([]outcome, *apiError) {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.writeLocked(x, false)
}

// writeLocked writes those puts of x that the capacity and the fault let
// through. It is called under DB.mu.
func (db *DB) writeLocked(x *exchange, late bool) ([]outcome, *apiError) {
	outcomes := make([]outcome, len(x.puts))
	for i := range x.puts {
		if t := x.puts[i].t; db.tables[t.name] != t || !t.writable() {
			return nil, noTable()
		}
	}
	for i := range x.puts {
		p, o := &x.puts[i], &outcomes[i]
		o.old = p.t.rows[p.key]
		switch {
		case x.fault.unprocessed != nil && !late && x.fault.unprocessed(i, len(x.puts)):
			o.refused = true
			continue
		case x.fault.writes != nil && !x.fault.writes(i, len(x.puts)):
			o.notWritten = true
			continue
		}
		o.failed = x.absent != "" && o.old != nil && find(parseItem(o.old.item), x.absent) != nil
		p.price(o)
		if !late {
			if o.refusals = p.take(o); o.refusals != nil {
				o.refused = true
				p.t.refused += o.units
				continue
			}
		}
		p.t.written += o.units
		if !o.failed {
			db.store(p, x.call.N, late)
			x.call.Written++
		}
	}
	return outcomes, nil
}

// price sets what a put costs the table and its indexes.
func (p *put) price(o *outcome) {
	size, oldSize := p.size, 0
	if o.old != nil {
		oldSize = o.old.size
	}
	if o.failed {
		o.units = units(oldSize)
		return
	}
	o.units = units(max(size, oldSize))
	if len(p.t.indexes) == 0 {
		return
	}
	var before, after []attr
	if o.old != nil {
		before = parseItem(o.old.item)
	}
	if !p.delete {
		after = p.item
	}
	o.index = make([]float64, len(p.t.indexes))
	for i := range p.t.indexes {
		o.index[i] = p.t.indexUnits(&p.t.indexes[i], before, after)
	}
}

// store makes the change and enters it in the ledger.
func (db *DB) store(p *put, call int, late bool) {
	t := p.t
	db.lastSeq++
	row := t.rows[p.key]
	if row != nil {
		t.size -= int64(row.size)
	}
	now := &stored{key: p.key, item: p.json, size: p.size, seq: db.lastSeq, call: call, puts: 1, late: late}
	switch {
	case row != nil && !p.delete:
		now.puts += row.puts
		t.rows[p.key] = now
		t.size += int64(p.size)
	case !p.delete:
		t.rows[p.key] = now
		t.order = nil
		t.size += int64(p.size)
	case row != nil:
		delete(t.rows, p.key)
		t.order = nil
	}
	if db.history.keep != 0 {
		w := now.write(t)
		w.Deleted = p.delete
		db.history.writes = trim(append(db.history.writes, w), db.history.keep)
	}
}

// runBatch writes a batch. What the capacity or a fault refuses is handed back.
func (db *DB) runBatch(x *exchange) ([]byte, *apiError) {
	outcomes, err := db.write(x)
	if err != nil {
		return nil, err
	}
	var back []int
	for i, o := range outcomes {
		if o.refused {
			back = append(back, i)
		}
	}
	short := func(o outcome) bool { return o.refusals != nil }
	if len(back) == len(outcomes) && slices.ContainsFunc(outcomes, short) {
		return nil, throttled(outcomes)
	}
	x.back = len(back)
	b := []byte{'{'}
	b = x.fault.appendUnprocessed(b, x.puts, back)
	if c := x.consumed(outcomes); len(c) > 0 {
		b = append(b, `,"ConsumedCapacity":[`...)
		for i := range c {
			if i > 0 {
				b = append(b, ',')
			}
			b = c[i].append(b, x.capacity == "INDEXES")
		}
		b = append(b, ']')
	}
	if b = append(b, '}'); b[1] == ',' { // UnprocessedItems left out
		b = slices.Delete(b, 1, 2)
	}
	return b, nil
}

// runPut puts one item.
func (db *DB) runPut(x *exchange) ([]byte, *apiError) {
	outcomes, err := db.write(x)
	if err != nil {
		return nil, err
	}
	o := &outcomes[0]
	switch {
	case o.refused:
		return nil, throttled(outcomes)
	case o.failed:
		err := apiErrorf(codeCondition, "The conditional request failed")
		if x.showItem && !x.fault.hideItem {
			err.members = `,"Item":` + o.old.item
		}
		return nil, err
	}
	b := []byte{'{'}
	if x.returnOld && o.old != nil {
		b = append(append(b, `"Attributes":`...), o.old.item...)
	}
	if c := x.consumed(outcomes); len(c) > 0 {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, `"ConsumedCapacity":`...)
		b = c[0].append(b, x.capacity == "INDEXES")
	}
	return append(b, '}'), nil
}

// tableUnits is what a call cost on one table.
type tableUnits struct {
	asked string
	t     *table
	units float64
	index []float64
}

// consumed adds up the units of what was written, by table, if it was asked.
func (x *exchange) consumed(outcomes []outcome) []tableUnits {
	if x.capacity == "" || x.capacity == "NONE" {
		return nil
	}
	var sums []tableUnits
	for i := range outcomes {
		p, o := &x.puts[i], &outcomes[i]
		at := slices.IndexFunc(sums, func(s tableUnits) bool { return s.asked == p.asked })
		if at < 0 {
			at = len(sums)
			sums = append(sums, tableUnits{asked: p.asked, t: p.t, index: make([]float64, len(p.t.indexes))})
		}
		if o.refused || o.notWritten {
			continue
		}
		sums[at].units += o.units
		for j, u := range o.index {
			sums[at].index[j] += u
		}
	}
	return sums
}

// append writes the sum as a ConsumedCapacity.
func (s tableUnits) append(b []byte, detailed bool) []byte {
	total := s.units
	for _, u := range s.index {
		total += u
	}
	b = appendString(append(b, `{"TableName":`...), s.asked)
	b = appendUnits(append(b, `,"CapacityUnits":`...), total)
	if detailed {
		b = appendUnits(append(b, `,"Table":{"CapacityUnits":`...), s.units)
		b = append(b, '}')
		b = s.appendIndexes(b, "GlobalSecondaryIndexes", true)
		b = s.appendIndexes(b, "LocalSecondaryIndexes", false)
	}
	return append(b, '}')
}

func (s tableUnits) appendIndexes(b []byte, member string, global bool) []byte {
	open := false
	for i, u := range s.index {
		if x := &s.t.indexes[i]; x.global == global && u > 0 {
			if !open {
				b = append(append(append(b, `,"`...), member...), `":{`...)
				open = true
			} else {
				b = append(b, ',')
			}
			b = appendString(b, x.name)
			b = appendUnits(append(b, `:{"CapacityUnits":`...), u)
			b = append(b, '}')
		}
	}
	if open {
		b = append(b, '}')
	}
	return b
}

func appendUnits(b []byte, units float64) []byte { return strconv.AppendFloat(b, units, 'f', -1, 64) }
