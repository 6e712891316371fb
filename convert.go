package dynamodest

import (
	"context"
	"fmt"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/typemap"
)

// sourceRow is a row as the source gives it: a map, or values beside the columns of the call.
type sourceRow struct {
	row    Row
	values []any
}

// given reports whether there is a row.
func (s *sourceRow) given() bool { return s.row != nil || s.values != nil }

// footprint estimates the memory, in bytes, that the row keeps alive.
func (s *sourceRow) footprint() int {
	if s.values != nil {
		return typemap.FootprintOfValues(s.values)
	}
	return typemap.Footprint(s.row)
}

// converted is a row that was converted: its item, or why it has none. It has neither if ctx ended before.
type converted struct {
	item    *item.Item
	slab    *slab // whose memory item is; nil if item has memory of its own
	invalid *fault.Error
}

// convert converts the next row of a stream: to the bytes that are sent, in the memory of a slab, if the
// library encodes the requests and needs nothing else of the item.
func (c *call) convert(row sourceRow) converted {
	if !c.window.encoded {
		it, invalid := c.onMap(row, c.d.converter.Convert)
		return converted{item: it, invalid: invalid}
	}
	s := c.window.roomForOne()
	it := &s.items[s.used]
	var invalid *fault.Error
	if c.plan != nil {
		invalid = c.d.converter.EncodeValues(c.scratch, &s.texts, it, c.plan, row.values)
	} else {
		invalid = c.d.converter.Encode(c.scratch, &s.texts, it, row.row)
	}
	if invalid != nil {
		return converted{invalid: invalid}
	}
	return converted{item: it, slab: s}
}

// convertKey is convert for the key of row alone, in memory of its own.
func (c *call) convertKey(row sourceRow) (*item.Item, *fault.Error) {
	return c.onMap(row, c.d.converter.ConvertKey)
}

// onMap converts row as a map.
func (c *call) onMap(row sourceRow, convert func(Row) (*item.Item, *fault.Error)) (*item.Item, *fault.Error) {
	if c.plan == nil {
		return convert(row.row)
	}
	values, invalid := c.plan.Row(row.values)
	if invalid != nil {
		return nil, invalid
	}
	return convert(values)
}

// convertAll is convert for many rows, in parallel, up to the end of ctx. The result is valid until the next
// call.
func (c *call) convertAll(ctx context.Context, rows []Row) []converted {
	c.converted = c.converted[:0]
	if !c.window.encoded {
		items, invalid := c.d.converter.ConvertAll(ctx, rows)
		for i := range rows {
			c.converted = append(c.converted, converted{item: items[i], invalid: invalid[i]})
		}
		return c.converted
	}
	var slabs []*slab
	var memory []typemap.Slab
	for left := len(rows); left > 0; left -= c.window.slabRows {
		s := c.window.newSlab()
		slabs = append(slabs, s)
		memory = append(memory, typemap.Slab{Items: s.items, Texts: &s.texts})
	}
	invalid := c.d.converter.EncodeAll(ctx, rows, memory)
	for i := range rows {
		s := slabs[i/c.window.slabRows]
		it := &s.items[i%c.window.slabRows]
		if it.JSON == nil {
			it = nil
		}
		c.converted = append(c.converted, converted{item: it, slab: s, invalid: invalid[i]})
	}
	return c.converted
}

// convertUnique is convertAll for the rows of a chunk, the first of which is the next row of the call, without
// those that are duplicates: these get their errors.
func (c *call) convertUnique(ctx context.Context, chunk []Row, found duplicates) []converted {
	if found.other == nil {
		return c.convertAll(ctx, chunk)
	}
	unique, places := make([]Row, 0, len(chunk)), make([]int, 0, len(chunk))
	all := make([]converted, len(chunk))
	for i, row := range chunk {
		if other := found.other[c.next+i]; other != c.next+i {
			all[i].invalid = c.d.duplicate(fmt.Sprintf("row %d", other))
		} else {
			unique, places = append(unique, row), append(places, i)
		}
	}
	for i, result := range c.convertAll(ctx, unique) {
		all[places[i]] = result
	}
	return all
}
