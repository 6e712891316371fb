package typemap

import (
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// Scratch is the memory that one goroutine encodes rows in, one after another. The zero value is ready for
// use. Between rows it holds nothing of a row but the bytes of the last one, which the next one overwrites.
type Scratch struct {
	buf     []byte
	found   []foundValue
	builder item.Builder
	attr    item.Attr // of the value that is being converted
	keys    keyAttrs
}

// foundValue is a value of a row and the plan of its column.
type foundValue struct {
	col *column
	v   any
}

// keyAttrs is the attributes of a row's key; of kind item.None until they are met.
type keyAttrs struct{ partition, sort item.Attr }

// Encode sets it to the item of row: the same item that Convert returns, with JSON instead of Attrs, or returns
// the error that Convert returns. The item's JSON and Key are kept in texts. Encode neither changes nor keeps
// row.
//
// The Footprint is an estimate of the memory that the row's values take, as in an item with Attrs, and of JSON
// and Key.
func (c *Converter) Encode(s *Scratch, texts *item.Texts, it *item.Item, row map[string]any) *fault.Error {
	if c.mapping.Convert != nil {
		return c.aside(func() *fault.Error { return c.encode(s, texts, it, row) })
	}
	return c.encode(s, texts, it, row)
}

// encode is Encode on the goroutine of its caller.
func (c *Converter) encode(s *Scratch, texts *item.Texts, it *item.Item, row map[string]any) *fault.Error {
	quickly := c.encodeQuickly(s, texts, it, row)
	s.release()
	if quickly {
		return nil
	}
	return c.encodeFlat(s, texts, it, row)
}

// encodeFlat is encode by way of the flat item.
func (c *Converter) encodeFlat(s *Scratch, texts *item.Texts, it *item.Item, row map[string]any) *fault.Error {
	flat, err := c.convert(row)
	if err != nil {
		return err
	}
	s.buf = append(flat.AppendJSON(s.buf[:0]), flat.Key...)
	*it = *flat
	it.Attrs = nil
	it.Footprint -= item.AttrBytes * len(flat.Attrs)
	s.keep(texts, it)
	return nil
}

// encodeQuickly is encode without the flat item. It reports false, and has no effect, if the row has a fault
// or a version, or anything else that the conversion to a flat item alone decides.
func (c *Converter) encodeQuickly(s *Scratch, texts *item.Texts, it *item.Item, row map[string]any) bool {
	if row == nil || c.mapping.Version != "" {
		return false
	}
	if c.mapping.Delete != "" {
		switch isDelete, err := c.isDelete(row); {
		case err != nil:
			return false
		case isDelete:
			_, ok := s.lookUp(row, c.keys)
			return ok && c.encodeFound(s, texts, it, true, Footprint(row))
		}
	}
	complete, ok := c.lookUpAll(s, row)
	if !ok {
		return false
	}
	least := 0
	if !complete { // the row keeps its unmapped columns alive too
		least = Footprint(row)
	}
	return c.encodeFound(s, texts, it, false, least)
}

// lookUpAll finds the values of row in all columns that the mapping has, as convertColumns does.
func (c *Converter) lookUpAll(s *Scratch, row map[string]any) (complete, ok bool) {
	if len(c.fields) > 0 {
		return s.lookUp(row, c.fields)
	}
	if seen := c.seen.Load(); seen != nil {
		if complete, ok := s.lookUp(row, *seen); complete {
			return complete, ok
		}
	}
	columns := c.planRow(row)
	c.seen.Store(&columns)
	return s.lookUp(row, columns)
}

// lookUp finds the values of row in the given columns, before any of them is encoded: lookups that follow one
// another overlap in the processor. complete reports whether the columns are all that the row has; ok is false
// if the row lacks a column that it must have.
func (s *Scratch) lookUp(row map[string]any, columns []column) (complete, ok bool) {
	s.found = s.found[:0]
	met := 0
	for i := range columns {
		col := &columns[i]
		v, ok := row[col.name]
		switch {
		case !ok && col.missing == skipColumn:
			continue
		case !ok && col.missing == refuseRow:
			return false, false
		case ok && !col.repeated:
			met++
		}
		if !col.unmapped {
			s.found = append(s.found, foundValue{col, v})
		}
	}
	return met == len(row), true
}

// encodeFound makes the item of the values that were found. Its Footprint counts the row's values as at least
// so many bytes.
func (c *Converter) encodeFound(s *Scratch, texts *item.Texts, it *item.Item, isDelete bool, least int) bool {
	s.builder.Reuse()
	s.keys = keyAttrs{}
	made := item.Item{Delete: isDelete}
	s.buf = append(made.AppendStart(s.buf[:0]), '{')
	attributes := 0
	for i := range s.found {
		before := len(s.buf)
		if !c.appendAttribute(s, &made, &s.found[i]) {
			return false
		}
		if len(s.buf) > before {
			s.buf = append(s.buf, ',')
			attributes++
		}
	}
	if attributes == 0 || made.Size > item.MaxSize {
		return false
	}
	s.buf[len(s.buf)-1] = '}' // instead of the last comma
	s.buf = append(s.buf, item.RequestEnd...)
	made.EncodedSize = len(s.buf)
	var missing *table.Key
	if s.buf, missing = c.appendIdentity(s.buf, &made, &s.keys.partition, &s.keys.sort); missing != nil {
		return false
	}
	made.Footprint = max(made.Size+entryBytes*attributes+s.builder.Footprint, least)
	s.keep(texts, &made)
	*it = made
	return true
}

// appendAttribute appends the name and the value of f, or nothing if the mapping leaves the value out, and
// adds the size of both to it. It reports false if the flat item has to decide.
func (c *Converter) appendAttribute(s *Scratch, it *item.Item, f *foundValue) bool {
	dst := append(s.buf, f.col.encodedName...)
	if f.col.quick != 0 {
		out, size, ok := s.appendQuick(dst, f.v, f.col.quick)
		if ok && f.col.key != nil { // quick for text alone
			s.attr = item.Attr{Kind: item.S, Text: f.v.(string)}
			ok = checkKey(f.col.key, &s.attr, f.v, fromValue) == nil && c.holdKey(s, f.col)
		}
		if ok {
			s.buf = out
			it.Size += len(f.col.attribute) + size
			return true
		}
	}
	s.attr = item.Attr{}
	size, _, err := c.attribute(&s.builder, &s.attr, f.col, f.v)
	switch {
	case err != nil, !c.holdKey(s, f.col):
		return false
	case s.attr.Kind == item.None:
		return true
	}
	it.Size += len(f.col.attribute) + size
	s.buf = s.attr.AppendJSON(dst)
	return true
}

// holdKey holds the attribute of col for the identity of the item, if it is a key of the table. It reports false
// if the attribute may be too long for an index.
func (c *Converter) holdKey(s *Scratch, col *column) bool {
	switch col.key {
	case nil:
	case &c.schema.Partition:
		s.keys.partition = s.attr
	case &c.schema.Sort:
		s.keys.sort = s.attr
	}
	return s.attr.Kind == item.N || len(s.attr.Text) <= col.indexLimit
}

// keep moves the encoded request and the identity behind it from the buffer to texts, and sets it to them.
func (s *Scratch) keep(texts *item.Texts, it *item.Item) {
	all := texts.Keep(s.buf)
	it.JSON, it.Key = all[:it.EncodedSize], all[it.EncodedSize:]
	it.Footprint += len(all)
}

// release drops what the Scratch refers to of a row.
func (s *Scratch) release() {
	clear(s.found)
	s.attr, s.keys = item.Attr{}, keyAttrs{}
}
