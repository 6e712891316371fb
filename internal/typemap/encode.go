package typemap

import (
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

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

// encodeFlat is encode by way of the flat item: the item with Attrs that Convert returns.
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
			s.found, _ = lookUpIn(s.found[:0], row, c.keys)
			return c.encodeFound(s, texts, it, true, Footprint(row))
		}
	}
	var complete bool
	s.found, _, complete = c.lookUp(s.found[:0], row)
	least := 0
	if !complete { // the row keeps its unmapped columns alive too
		least = Footprint(row)
	}
	return c.encodeFound(s, texts, it, false, least)
}

// encodeFound makes the item of the values that were found. Its Footprint counts the row's values as at least
// so many bytes.
func (c *Converter) encodeFound(s *Scratch, texts *item.Texts, it *item.Item, isDelete bool, least int) bool {
	e := c.begin(s, isDelete)
	for i := range s.found {
		f := &s.found[i]
		if !f.given && f.col.missing == refuseRow || !e.add(f.col, f.v) {
			return false
		}
	}
	return e.end(texts, it, least)
}

// encoder makes the item of one row.
type encoder struct {
	c          *Converter
	s          *Scratch
	dst        []byte // the request so far
	isDelete   bool
	attributes int
	size       int

	partition, sort item.Attr // of the key; of kind item.None until they are met
}

// begin begins an item.
func (c *Converter) begin(s *Scratch, isDelete bool) encoder {
	s.builder.Reuse()
	it := item.Item{Delete: isDelete}
	return encoder{c: c, s: s, isDelete: isDelete, dst: append(it.AppendStart(s.buf[:0]), '{')}
}

// add appends the name and the value of the attribute of v in col, or nothing if the mapping leaves v out. It
// reports false if only encodeFlat can decide.
func (e *encoder) add(col *column, v any) bool {
	dst := append(e.dst, col.encodedName...)
	dst, size, ok := e.s.appendQuick(dst, v, col.quick)
	if ok && col.key != nil { // quick for text alone
		e.s.attr = item.Attr{Kind: item.S, Text: v.(string)}
		ok = checkKey(col.key, &e.s.attr, v, fromValue) == nil && e.holdKey(col)
	}
	if !ok {
		return e.addConverted(col, v)
	}
	e.dst = append(dst, ',')
	e.size += len(col.attribute) + size
	e.attributes++
	return true
}

// addConverted is add for a value that is not encoded quickly: it converts v to an attribute first.
func (e *encoder) addConverted(col *column, v any) bool {
	a := &e.s.attr
	*a = item.Attr{}
	size, _, err := e.c.attribute(&e.s.builder, a, col, v)
	switch {
	case err != nil, !e.holdKey(col):
		return false
	case a.Kind == item.None:
		return true
	}
	e.dst = append(a.AppendJSON(append(e.dst, col.encodedName...)), ',')
	e.size += len(col.attribute) + size
	e.attributes++
	return true
}

// end sets it to the item of the attributes that were added.
func (e *encoder) end(texts *item.Texts, it *item.Item, least int) bool {
	s := e.s
	s.buf = e.dst
	if e.attributes == 0 || e.size > item.MaxSize {
		return false
	}
	s.buf[len(s.buf)-1] = '}' // instead of the last comma
	s.buf = append(s.buf, item.RequestEnd...)
	encoded, made := len(s.buf), item.Item{Delete: e.isDelete, Size: e.size}
	var missing *table.Key
	if s.buf, missing = e.c.appendIdentity(s.buf, &made, &e.partition, &e.sort); missing != nil {
		return false
	}
	made.EncodedSize = encoded
	made.Footprint = max(e.size+entryBytes*e.attributes+s.builder.Footprint, least)
	s.keep(texts, &made)
	*it = made
	return true
}

// holdKey keeps the attribute of col for the identity of the item, if it is a key of the table. It reports false
// if the attribute may be too long for an index.
func (e *encoder) holdKey(col *column) bool {
	a := &e.s.attr
	switch col.key {
	case nil:
	case &e.c.schema.Partition:
		e.partition = *a
	case &e.c.schema.Sort:
		e.sort = *a
	}
	return a.Kind == item.N || len(a.Text) <= col.indexLimit
}

// keep moves the encoded request and the identity behind it from the buffer to texts, and sets it to them.
func (s *Scratch) keep(texts *item.Texts, it *item.Item) {
	it.JSON = texts.KeepJSON(s.buf[:it.EncodedSize])
	it.Key = texts.KeepKey(s.buf[it.EncodedSize:])
	it.Footprint += len(s.buf)
}
