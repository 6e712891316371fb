package typemap

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// Converter turns rows into items by a mapping and a table's keys. It is safe for use by many
// goroutines at once.
type Converter struct {
	mapping Mapping
	schema  table.Schema
	fields  []column                 // the plan of mapping.Fields
	keys    []column                 // the plan of the columns that give the table's key
	seen    atomic.Pointer[[]column] // without mapping.Fields: the plan of the rows met
}

// New returns a Converter for a table of the given keys. With the zero Schema no attribute is a
// key.
func New(m Mapping, s table.Schema) *Converter {
	c := &Converter{mapping: m, schema: s}
	c.fields = c.planFields()
	c.keys = c.planKeys()
	return c
}

// Convert returns the item for row, or why there is none. It neither changes nor keeps row.
//
// If the mapping has a Convert, the row is converted on a goroutine of its own, which Convert may end.
func (c *Converter) Convert(row map[string]any) (*item.Item, *fault.Error) {
	if c.mapping.Convert != nil {
		return c.convertAside(row, c.convert)
	}
	return c.convert(row)
}

// ConvertKey is Convert for the key of row alone: no other column is looked at, and the Footprint counts no other.
// The keys of the table must be known.
func (c *Converter) ConvertKey(row map[string]any) (*item.Item, *fault.Error) {
	if c.mapping.Convert != nil {
		return c.convertAside(row, c.convertKey)
	}
	return c.convertKey(row)
}

// convertKey is ConvertKey on the goroutine of its caller.
func (c *Converter) convertKey(row map[string]any) (*item.Item, *fault.Error) {
	if row == nil {
		return nil, errNilRow
	}
	s := BorrowScratch()
	s.found, _ = lookUpIn(s.found[:0], row, c.keys)
	it, err := c.build(row, c.keys, s.found)
	s.Return()
	return it, err
}

// convertAside calls convert aside.
func (c *Converter) convertAside(row map[string]any, convert conversion) (it *item.Item, rowErr *fault.Error) {
	rowErr = c.aside(func() (err *fault.Error) {
		it, err = convert(row)
		return err
	})
	return it, rowErr
}

// aside calls convert, which may end its goroutine, on a goroutine of its own, and returns the row's error.
func (c *Converter) aside(convert func() *fault.Error) (rowErr *fault.Error) {
	rowErr = c.errGoexit()
	var worker sync.WaitGroup
	worker.Go(func() { rowErr = convert() })
	worker.Wait()
	return rowErr
}

// errNilRow is the failure of a row that is nil.
var errNilRow = fault.NewMapping("the row is nil").WithRemedy("provide a row, or leave the nil row out")

// convert is Convert on the goroutine of its caller.
func (c *Converter) convert(row map[string]any) (*item.Item, *fault.Error) {
	if row == nil {
		return nil, errNilRow
	}
	if c.mapping.Delete != "" {
		switch isDelete, err := c.isDelete(row); {
		case err != nil:
			return nil, err
		case isDelete:
			return c.delete(row)
		}
	}
	it, err := c.convertColumns(row)
	if err == nil && c.mapping.Version != "" {
		err = c.setRank(it, row)
	}
	if err != nil {
		return nil, err
	}
	return it, nil
}

// convertColumns makes the item of row from all columns that the mapping has.
func (c *Converter) convertColumns(row map[string]any) (*item.Item, *fault.Error) {
	s := BorrowScratch()
	found, columns, complete := c.lookUp(s.found[:0], row)
	s.found = found
	it, err := c.build(row, columns, found)
	s.Return()
	if err == nil && !complete { // the row keeps its unmapped columns alive too
		it.Footprint = max(it.Footprint, Footprint(row))
	}
	return it, err
}

// build makes the item of row of the values that were found in columns.
func (c *Converter) build(row map[string]any, columns []column, found []foundValue) (*item.Item, *fault.Error) {
	var b item.Builder
	it := &item.Item{Attrs: make([]item.Attr, 0, len(found)), EncodedSize: item.EmptyEncodedSize}
	for i := range found {
		var err *fault.Error
		if f := &found[i]; f.given {
			err = c.addColumn(&b, it, f.col, f.v)
		} else {
			err = c.addMissing(&b, it, f.col, row)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := c.finish(&b, it, row, columns); err != nil {
		return nil, err
	}
	return it, nil
}

// addColumn is add for a column that the row has. It returns the row's error.
func (c *Converter) addColumn(b *item.Builder, it *item.Item, col *column, v any) *fault.Error {
	if err := c.add(b, it, col, v); err != nil {
		return col.rowError(err)
	}
	return nil
}

// rowError turns the column's conversion error into the row's error.
func (col *column) rowError(err error) *fault.Error {
	f := &fault.Error{Reason: fault.Mapping, Text: "the value cannot be converted", Cause: err}
	errors.As(err, &f) // a fault says more than the text above
	return f.At(col.name, col.attribute)
}

// add converts v as the value of col and appends the attribute to it, unless the mapping leaves v out.
func (c *Converter) add(b *item.Builder, it *item.Item, col *column, v any) error {
	n := len(it.Attrs)
	it.Attrs = it.Attrs[:n+1]
	a := &it.Attrs[n]
	size, encoded, err := c.attribute(b, a, col, v)
	if err != nil {
		return err
	}
	if a.Kind == item.None {
		*a = item.Attr{}
		it.Attrs = it.Attrs[:n]
		return nil
	}
	it.Size += len(a.Name) + size
	it.EncodedSize += len(col.encodedName) + encoded
	if n > 0 {
		it.EncodedSize += len(",")
	}
	return nil
}

// attribute sets a to the attribute of v in col, or to item.None if the mapping leaves v out, and returns the
// sizes of the attribute's value.
func (c *Converter) attribute(b *item.Builder, a *item.Attr, col *column, v any) (size, encoded int, err error) {
	if col.problem != nil {
		return 0, 0, col.problem
	}
	footprint := b.Footprint
	if err := c.convertColumn(b, a, col, v); err != nil || a.Kind == item.None {
		return 0, 0, err
	}
	a.Name = col.attribute
	size, encoded, err = a.Measure()
	b.Footprint += max(0, textSize(v)-size-(b.Footprint-footprint)) // where the row's text is longer than the item's
	return size, encoded, err
}

// convertColumn sets a to the attribute of v in col, or to item.None if the mapping leaves v out.
func (c *Converter) convertColumn(b *item.Builder, a *item.Attr, col *column, v any) error {
	var from origin
	var err error
	isKey := col.key != nil || col.indexKey != nil
	if col.typ == Auto {
		from, err = auto(b, a, v, &col.rules)
	} else {
		from, err = forced(b, a, v, &col.rules, col.typ, c.mapping.EmptyString == KeepEmpty && !isKey)
	}
	if isKey && isEmptySet(a) {
		a.Kind = item.Null
	}
	switch {
	case err != nil && col.vector != nil:
		return vectorFault(col.vector, err)
	case err != nil:
		return err
	case col.key != nil:
		return checkKey(col.key, a, v, from)
	case col.indexKey != nil:
		err = checkIndexKey(col.indexKey, a, v, from)
	default:
		err = c.mapping.applyPolicies(a, from)
	}
	if err == nil && col.version {
		err = checkVersion(a, v, from)
	}
	if err == nil && (col.filter != nil || col.vector != nil) {
		err = col.checkVectorIndex(a, v)
	}
	return err
}

// origin is what an attribute was made from, where its kind does not show that.
type origin uint8

const (
	fromValue          origin = iota
	fromAttributeValue        // is written as it is
	fromContainer             // an S of JSON text that no Field asked for
)

// originOf returns the origin of a, made from v. It matters only for an empty a.
func originOf(a *item.Attr, v any) origin {
	if a.Text != "" {
		return fromValue
	}
	if av, ok := v.(types.AttributeValue); ok && !item.IsNil(av) {
		return fromAttributeValue
	}
	return fromValue
}

// auto sets a to the default conversion of v.
func auto(b *item.Builder, a *item.Attr, v any, r *rules) (from origin, err error) {
	t := newTree(b, item.Document, r)
	if ok, err := t.setBuiltin(a, v, 1); ok { // as resolve would return it
		return originOf(a, v), err
	}
	v, err = t.resolve(v)
	if err != nil {
		return fromValue, err
	}
	if ok, err := t.setBuiltin(a, v, 1); ok {
		return originOf(a, v), err
	}
	return fromContainer, t.jsonText(a, v)
}

// applyPolicies applies Null, also to a set without members, and EmptyString to a. An AttributeValue is
// written as it is.
func (m *Mapping) applyPolicies(a *item.Attr, from origin) error {
	isEmpty, isEmptySet := a.Kind == item.S && a.Text == "", isEmptySet(a)
	if !isEmpty && !isEmptySet && a.Kind != item.Null || from == fromAttributeValue {
		return nil
	}
	if isEmpty {
		switch m.EmptyString {
		case KeepEmpty:
			return nil
		case OmitEmpty:
			a.Kind = item.None
			return nil
		}
	}
	switch m.Null {
	case OmitNull:
		a.Kind = item.None
	case RefuseNull:
		if isEmptySet {
			return fault.NewMapping("the set is empty, and is refused as null is, by Mapping.Null").
				WithRemedy(`provide a member, or set Mapping.Null to "null" or "omit"`)
		}
		return fault.NewMapping("the value is null, which Mapping.Null refuses").
			WithRemedy(`provide a value, or set Mapping.Null to "null" or "omit"`)
	default:
		a.Kind = item.Null
	}
	return nil
}

// finish sets the key identity and the footprint of the item, and checks what concerns it as a whole.
func (c *Converter) finish(b *item.Builder, it *item.Item, row map[string]any, columns []column) *fault.Error {
	var buf [64]byte
	id, missing := c.appendIdentity(buf[:0], it, it.Find(c.schema.Partition.Name), it.Find(c.schema.Sort.Name))
	if missing != nil {
		return c.missingKey(missing, row, columns)
	}
	if len(id) > 0 {
		it.Key = b.Keep(id)
	}
	it.Footprint = it.Size + (item.AttrBytes+entryBytes)*len(it.Attrs) + b.Footprint
	if len(it.Attrs) == 0 {
		return fault.NewMapping("the row gives no attribute").
			WithRemedy("provide a mapped column with a value that the mapping does not leave out")
	}
	if it.Size > item.MaxSize {
		return tooLarge(it, columns)
	}
	return c.checkIndexes(it, columns)
}

// appendIdentity appends the identity of the key of it, whose attributes are given, and sets PartitionLen. It
// returns the key for which there is no attribute: nil, or of kind item.None.
func (c *Converter) appendIdentity(id []byte, it *item.Item, partition, sort *item.Attr) (out []byte, missing *table.Key) {
	start := len(id)
	if c.schema.Partition.Name != "" {
		if partition == nil || partition.Kind == item.None {
			return id, &c.schema.Partition
		}
		id = table.AppendIdentity(id, partition)
		it.PartitionLen = len(id) - start
	}
	if c.schema.Sort.Name != "" {
		if sort == nil || sort.Kind == item.None {
			return id, &c.schema.Sort
		}
		id = table.AppendIdentity(id, sort)
	}
	return id, nil
}

// tooLarge returns the failure of an item over the limit.
func tooLarge(it *item.Item, columns []column) *fault.Error {
	var largest string
	most := -1
	for i := range it.Attrs {
		a := &it.Attrs[i]
		if size, _, _ := a.Measure(); len(a.Name)+size > most {
			largest, most = a.Name, len(a.Name)+size
		}
	}
	return fault.New(fault.TooLarge, "the item has %d bytes, names included, and may have %d; the largest attribute, %q, has %d",
		it.Size, item.MaxSize, fault.Clip(largest), most).
		WithRemedy("leave out or shorten the largest attribute, or keep it in Amazon S3 and write a link").
		At(columnOf(columns, largest), largest)
}
