package dynamodest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// converter turns rows into items by a mapping and a table's keys. It is
// immutable to its users and safe for use by many goroutines at once.
type converter struct {
	mapping Mapping
	schema  tableSchema
	fields  []column                 // of mapping.Fields
	seen    atomic.Pointer[[]column] // without Fields: the columns of rows met, by name
}

// column is how one column of a row becomes an attribute.
type column struct {
	column    string
	attribute string
	typ       Type
	key       *keyAttr   // the table key that the attribute is, if any
	indexKeys []*keyAttr // the index keys that it is
	wire      int        // bytes of the attribute's name as the SDK sends it, with the colon
	again     bool       // an earlier field has the same column
	problem   error      // why no attribute can have the name
}

const rename = "rename the column, or map it to another attribute with a Field"

func newConverter(m Mapping, s tableSchema) *converter {
	c := &converter{mapping: m, schema: s}
	for i, f := range m.Fields {
		col := c.plan(f.Column, f.attribute(), f.Type)
		col.again = slices.ContainsFunc(m.Fields[:i], func(earlier Field) bool { return earlier.Column == f.Column })
		c.fields = append(c.fields, col)
	}
	return c
}

// plan finds out what can be known of a column without a row.
func (c *converter) plan(name, attribute string, t Type) column {
	size, ok := jsonSize(attribute)
	col := column{column: name, attribute: attribute, typ: t, wire: size + len(":")}
	switch {
	case attribute == "":
		col.problem = refuse("a column's name is empty").or(rename)
	case !ok:
		col.problem = refuse("its name is not valid UTF-8").or(rename)
	case len(attribute) > maxAttributeName:
		col.problem = refuse("its name has %d bytes, and an attribute's may have %d", len(attribute), maxAttributeName).or(rename)
	}
	if attribute != "" {
		col.key = c.schema.tableKey(attribute)
	}
	for i := range c.schema.index {
		if c.schema.index[i].name == attribute {
			col.indexKeys = append(col.indexKeys, &c.schema.index[i])
		}
	}
	return col
}

// convert returns the item for row, or why there is none. It neither changes
// nor keeps row.
func (c *converter) convert(row Row) (*item, *RowError) {
	if row == nil {
		return nil, &RowError{Reason: ErrMapping, Err: refuse("the row is nil").or("give a row, or leave it out")}
	}
	if len(c.fields) > 0 {
		it, _, err := c.build(row, c.fields)
		return it, err
	}
	if seen := c.seen.Load(); seen != nil {
		if it, all, err := c.build(row, *seen); all {
			return it, err
		}
	}
	columns := c.columnsOf(row)
	c.seen.Store(&columns)
	it, _, err := c.build(row, columns)
	return it, err
}

// convertAll converts rows on as many goroutines as there are processors, a
// fair share each. When ctx ends it leaves the rest: they have neither an item
// nor an error.
func (c *converter) convertAll(ctx context.Context, rows []Row) ([]*item, []*RowError) {
	items, errs := make([]*item, len(rows)), make([]*RowError, len(rows))
	part := func(at *int, to int) {
		for ; *at < to && ctx.Err() == nil; *at++ {
			items[*at], errs[*at] = c.convert(rows[*at])
		}
	}
	var wg sync.WaitGroup
	var apart func(at, to int)
	apart = func(at, to int) { // on a goroutine of its own, which a method of a value may end
		wg.Go(func() {
			defer func() {
				if at < to && ctx.Err() == nil {
					errs[at] = &RowError{Reason: ErrMapping, Err: errGoexit}
					apart(at+1, to)
				}
			}()
			part(&at, to)
		})
	}
	share := max(32, (len(rows)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	from := 0
	for ; from+share < len(rows); from += share {
		apart(from, from+share)
	}
	defer wg.Wait() // also if a method ends this goroutine
	part(&from, len(rows))
	return items, errs
}

// columnsOf plans the columns of row, and those of the rows before it as long
// as they are not many more.
func (c *converter) columnsOf(row Row) []column {
	columns := make([]column, 0, len(row))
	for name := range row {
		name = strings.Clone(name) // the row is not kept
		columns = append(columns, c.plan(name, name, Auto))
	}
	if seen := c.seen.Load(); seen != nil {
		for _, col := range *seen {
			if _, ok := row[col.column]; !ok {
				columns = append(columns, col)
			}
		}
	}
	if len(columns) > 2*len(row) {
		columns = columns[:len(row)]
	}
	slices.SortFunc(columns, func(x, y column) int { return cmp.Compare(x.column, y.column) })
	return columns
}

// build makes the item of row from columns. all is whether they are all that
// row has, which counts without Mapping.Fields.
func (c *converter) build(row Row, columns []column) (it *item, all bool, rowErr *RowError) {
	capacity := len(columns)
	if len(c.fields) == 0 {
		capacity = min(capacity, len(row))
	}
	var b builder
	it = &item{attrs: make([]attr, 0, capacity), wire: wireItem}
	met := 0
	for i := range columns {
		col := &columns[i]
		v, ok := row[col.column]
		if !ok {
			continue
		}
		if !col.again {
			met++
		}
		if rowErr != nil {
			continue
		}
		if err := c.add(&b, it, col, v); err != nil {
			rowErr = col.rowError(err)
		}
	}
	all = met == len(row)
	if rowErr == nil {
		rowErr = c.finish(&b, it, columns)
	}
	if rowErr != nil {
		return nil, all, rowErr
	}
	if !all && len(c.fields) > 0 { // the row is held with all its columns
		it.held = max(it.held, rowSize(row))
	}
	return it, all, nil
}

// add adds to it the attribute that v becomes in col, if it becomes one.
func (c *converter) add(b *builder, it *item, col *column, v any) error {
	if col.problem != nil {
		return col.problem
	}
	n, held := len(it.attrs), b.held
	it.attrs = it.attrs[:n+1]
	a := &it.attrs[n]
	if err := c.fill(b, a, col, v); err != nil {
		return err
	}
	if a.kind == kindNone {
		*a = attr{}
		it.attrs = it.attrs[:n]
		return nil
	}
	a.name = col.attribute
	size, wire, err := weigh(a)
	b.held += max(0, textSize(v)-size-(b.held-held)) // the row's text, where it is the longer one
	it.size += len(a.name) + size
	it.wire += col.wire + wire
	if n > 0 {
		it.wire += len(",")
	}
	return err
}

// fill gives a the value that v has in col, or kindNone if it is left out.
func (c *converter) fill(b *builder, a *attr, col *column, v any) error {
	b.verbatim, b.spent, b.made = false, 0, 0
	var err error
	if col.typ == Auto {
		err = b.auto(a, v)
	} else {
		isKey := col.key != nil || len(col.indexKeys) > 0
		err = b.forced(a, v, col.typ, c.mapping.EmptyString == KeepEmpty && !isKey)
	}
	switch {
	case err != nil:
		return err
	case col.key != nil:
		if err := col.key.check(a, v); err != nil {
			return err
		}
		return checkIndexKeys(col.indexKeys, a, v)
	case len(col.indexKeys) > 0:
		return checkIndexKeys(col.indexKeys, a, v)
	case b.verbatim:
		return nil
	}
	return c.mapping.settle(a)
}

// settle applies Null and EmptyString to a.
func (m *Mapping) settle(a *attr) error {
	if a.kind == kindS && a.text == "" {
		switch m.EmptyString {
		case KeepEmpty:
			return nil
		case OmitEmpty:
			a.kind = kindNone
			return nil
		}
		a.kind = kindNull
	}
	if a.kind == kindNull {
		switch m.Null {
		case OmitNull:
			a.kind = kindNone
		case RefuseNull:
			return refuse("it is null, which Mapping.Null refuses").or("give the row a value, or set Mapping.Null to \"null\" or \"omit\"")
		}
	}
	return nil
}

// finish gives it the identity of its key and checks its size.
func (c *converter) finish(b *builder, it *item, columns []column) *RowError {
	var buf [64]byte
	id := buf[:0]
	for _, key := range []*keyAttr{&c.schema.partition, &c.schema.sort} {
		if key.name == "" {
			continue
		}
		a := it.find(key.name)
		if a == nil {
			return c.missing(key, columns)
		}
		id = appendIdentity(id, a)
	}
	if len(id) > 0 {
		it.key = b.keep(id)
	}
	it.held = it.size + (attrBytes+entryBytes)*len(it.attrs) + b.held
	if len(it.attrs) == 0 {
		return &RowError{Reason: ErrMapping, Err: refuse("the row gives no attribute").or("give it a column that is mapped, with a value that the mapping does not leave out")}
	}
	if it.size > maxItemSize {
		return it.tooLarge(columns)
	}
	return nil
}

// find returns the attribute of the given name, or nil.
func (it *item) find(name string) *attr {
	for i := range it.attrs {
		if it.attrs[i].name == name {
			return &it.attrs[i]
		}
	}
	return nil
}

// missing returns the error of a row without the key attribute.
func (c *converter) missing(key *keyAttr, columns []column) *RowError {
	e := &RowError{Reason: ErrKey, Attribute: key.name}
	for i := range columns {
		if columns[i].attribute == key.name {
			e.Column = columns[i].column
		}
	}
	if len(c.fields) == 0 {
		e.Column = key.name
	}
	if e.Column == "" {
		e.Err = keyMisfit("no field of the mapping gives the attribute, which is the table's %s", key)
	} else {
		e.Err = keyMisfit("the row does not have the column, which gives the table's %s", key)
	}
	return e
}

// tooLarge returns the error of an item over the limit.
func (it *item) tooLarge(columns []column) *RowError {
	var largest string
	most := -1
	for i := range it.attrs {
		a := &it.attrs[i]
		if size, _, _ := weigh(a); len(a.name)+size > most {
			largest, most = a.name, len(a.name)+size
		}
	}
	e := &RowError{Reason: ErrTooLarge, Attribute: largest}
	for i := range columns {
		if columns[i].attribute == largest {
			e.Column = columns[i].column
		}
	}
	e.Err = &misfit{reason: ErrTooLarge, text: fmt.Sprintf(
		"the item has %d bytes, names included, and may have %d; the largest attribute, %q, has %d",
		it.size, maxItemSize, clip(largest), most)}
	return e
}

// rowError returns err, met in col, as the row's error.
func (col *column) rowError(err error) *RowError {
	e := &RowError{Reason: ErrMapping, Column: col.column, Attribute: col.attribute, Err: err}
	var f *misfit
	if errors.As(err, &f) {
		e.Reason = f.reason
	}
	return e
}
