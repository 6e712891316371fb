package dynamodesttest

import (
	"slices"
	"strconv"
)

// putResult is what happened to one put or delete.
type putResult struct {
	units       float64   // of the table
	index       []float64 // units, of each of the table's indexes
	vector      []float64 // bytes, of each of the table's vector indexes
	old         *stored
	unprocessed bool     // by a fault or for lack of capacity
	notWritten  bool     // left out by a fault
	failed      bool     // its condition
	exceeded    []*Limit // limits without enough units
}

func (db *DB) write(req *request) ([]putResult, *apiError) {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.writeLocked(req, false)
}

// writeLocked performs those writes of req that the capacity and the fault allow. It is called
// under DB.mu.
func (db *DB) writeLocked(req *request, late bool) ([]putResult, *apiError) {
	results := make([]putResult, len(req.puts))
	for i := range req.puts {
		if t := req.puts[i].t; db.tables[t.name] != t || !t.writable() {
			return nil, noTable()
		}
	}
	for i := range req.puts {
		p, res := &req.puts[i], &results[i]
		res.old = p.t.rows[p.key]
		switch {
		case req.fault.unprocessed != nil && !late && req.fault.unprocessed(i, len(req.puts)):
			res.unprocessed = true
			continue
		case req.fault.writes != nil && !req.fault.writes(i, len(req.puts)):
			res.notWritten = true
			continue
		}
		res.failed = !req.condition.holds(res.old)
		p.price(res)
		if !late {
			if res.exceeded = p.take(res); res.exceeded != nil {
				res.unprocessed = true
				p.t.refused += res.units
				continue
			}
		}
		p.t.written += res.units
		if !res.failed {
			db.store(p, req.call.N, late)
			req.call.Written++
		}
	}
	return results, nil
}

// price sets the write units that a put costs the table and its indexes.
func (p *put) price(res *putResult) {
	size, oldSize := p.writeSize, 0
	if res.old != nil {
		oldSize = res.old.writeSize
	}
	// Also of a put whose condition has failed:
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
	res.units = units(max(size, oldSize))
	if res.failed || len(p.t.indexes) == 0 && len(p.t.vectors) == 0 {
		return
	}
	var before, after []attr
	if res.old != nil {
		before = parseItem(res.old.item)
	}
	if !p.delete {
		after = p.item
	}
	res.index = make([]float64, len(p.t.indexes))
	for i := range p.t.indexes {
		res.index[i] = p.t.indexUnits(&p.t.indexes[i], before, after)
	}
	res.vector = make([]float64, len(p.t.vectors))
	for i := range p.t.vectors {
		res.vector[i] = p.t.vectorBytes(&p.t.vectors[i], before, after)
	}
}

// store performs a write and adds it to the history of writes.
func (db *DB) store(p *put, call int, late bool) {
	t := p.t
	db.lastSeq++
	row := t.rows[p.key]
	if row != nil {
		t.size -= int64(row.writeSize)
	}
	now := &stored{key: p.key, item: p.json, size: p.size, writeSize: p.writeSize, seq: db.lastSeq, call: call, puts: t.deleted[p.key] + 1, late: late}
	if row != nil {
		now.puts = row.puts + 1
	}
	if p.delete {
		delete(t.rows, p.key)
		t.deleted[p.key] = now.puts
	} else {
		delete(t.deleted, p.key)
		t.rows[p.key] = now
		t.size += int64(p.writeSize)
	}
	if (row != nil) == p.delete {
		t.order = nil // a key was added or removed
	}
	if db.history.keep != 0 {
		w := now.write(t)
		w.Deleted = p.delete
		db.history.writes = trim(append(db.history.writes, w), db.history.keep)
	}
}

// runBatch runs a BatchWriteItem. Items that exceed the capacity, or that a fault picks, are
// returned as unprocessed.
func (db *DB) runBatch(req *request) ([]byte, *apiError) {
	results, err := db.write(req)
	if err != nil {
		return nil, err
	}
	var unprocessed []int
	for i, res := range results {
		if res.unprocessed {
			unprocessed = append(unprocessed, i)
		}
	}
	throttling := func(res putResult) bool { return res.exceeded != nil }
	if len(unprocessed) == len(results) && slices.ContainsFunc(results, throttling) {
		return nil, throttled(results)
	}
	req.unprocessed = len(unprocessed)
	b := []byte{'{'}
	b = req.fault.appendUnprocessed(b, req.puts, unprocessed)
	if c := req.consumed(results); len(c) > 0 {
		b = append(b, `,"ConsumedCapacity":[`...)
		for i := range c {
			if i > 0 {
				b = append(b, ',')
			}
			b = c[i].append(b, req.capacity == "INDEXES")
		}
		b = append(b, ']')
	}
	if b = append(b, '}'); b[1] == ',' { // UnprocessedItems left out
		b = slices.Delete(b, 1, 2)
	}
	return b, nil
}

// runPut runs a PutItem.
func (db *DB) runPut(req *request) ([]byte, *apiError) {
	results, err := db.write(req)
	if err != nil {
		return nil, err
	}
	res := &results[0]
	switch {
	case res.unprocessed:
		return nil, throttled(results)
	case res.failed:
		err := apiErrorf(codeCondition, "The conditional request failed")
		if req.showItem && !req.fault.hideItem && res.old != nil {
			err.members = `,"Item":` + res.old.item
		}
		return nil, err
	}
	b := []byte{'{'}
	if req.returnOld && res.old != nil {
		b = append(append(b, `"Attributes":`...), res.old.item...)
	}
	if c := req.consumed(results); len(c) > 0 {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, `"ConsumedCapacity":`...)
		b = c[0].append(b, req.capacity == "INDEXES")
	}
	return append(b, '}'), nil
}

// tableUnits is the write units that a call cost on one table.
type tableUnits struct {
	nameOrARN string
	t         *table
	units     float64
	index     []float64
	vector    []float64
}

// consumed returns the write units of a call for each table, or nil if the request did not ask for
// them.
func (req *request) consumed(results []putResult) []tableUnits {
	if req.capacity == "" || req.capacity == "NONE" {
		return nil
	}
	var sums []tableUnits
	for i := range results {
		p, res := &req.puts[i], &results[i]
		at := slices.IndexFunc(sums, func(s tableUnits) bool { return s.nameOrARN == p.nameOrARN })
		if at < 0 {
			at = len(sums)
			sums = append(sums, tableUnits{nameOrARN: p.nameOrARN, t: p.t, index: make([]float64, len(p.t.indexes)), vector: make([]float64, len(p.t.vectors))})
		}
		if res.unprocessed || res.notWritten {
			continue
		}
		sums[at].units += res.units
		for j, u := range res.index {
			sums[at].index[j] += u
		}
		for j, bytes := range res.vector {
			sums[at].vector[j] += bytes
		}
	}
	return sums
}

// append appends the units as a ConsumedCapacity in JSON.
func (s tableUnits) append(b []byte, detailed bool) []byte {
	total := s.units
	for _, u := range s.index {
		total += u
	}
	b = appendString(append(b, `{"TableName":`...), s.nameOrARN)
	b = appendUnits(append(b, `,"CapacityUnits":`...), total)
	if detailed {
		b = appendUnits(append(b, `,"Table":{"CapacityUnits":`...), s.units)
		b = append(b, '}')
		b = s.appendIndexes(b, "GlobalSecondaryIndexes", true)
		b = s.appendIndexes(b, "LocalSecondaryIndexes", false)
		b = appendUsage(b, "VectorIndexes", "VectorWriteRequestBytes", s.vector, func(i int) string { return s.t.vectors[i].name })
	}
	return append(b, '}')
}

func (s tableUnits) appendIndexes(b []byte, member string, global bool) []byte {
	return appendUsage(b, member, "CapacityUnits", s.index, func(i int) string {
		if ix := &s.t.indexes[i]; ix.global == global {
			return ix.name
		}
		return ""
	})
}

// appendUsage appends what a call cost on each index that it cost anything on and that has a name.
func appendUsage(b []byte, member, unit string, costs []float64, name func(i int) string) []byte {
	open := false
	for i, cost := range costs {
		ix := name(i)
		if ix == "" || cost == 0 {
			continue
		}
		if !open {
			b = append(append(append(b, `,"`...), member...), `":{`...)
			open = true
		} else {
			b = append(b, ',')
		}
		b = appendString(b, ix)
		b = append(append(append(b, `:{"`...), unit...), `":`...)
		b = append(appendUnits(b, cost), '}')
	}
	if open {
		b = append(b, '}')
	}
	return b
}

func appendUnits(b []byte, units float64) []byte { return strconv.AppendFloat(b, units, 'f', -1, 64) }
