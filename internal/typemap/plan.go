package typemap

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// column is the plan for converting one column of a row to an attribute.
type column struct {
	name        string // of the column
	attribute   string
	typ         Type
	key         *table.Key    // the table key of that attribute, or nil
	indexKey    *table.Key    // the key of an index that the attribute is, or nil; not if it is a table key
	filter      *table.Key    // the filter of a vector index that the attribute is, or nil; not if it is a key
	vector      *table.Vector // the vector of a vector index that the attribute is, or nil
	version     bool          // the attribute is the row's version
	unmapped    bool          // the column gives no attribute
	missing     missing
	encodedName string       // the attribute's name as the SDK sends it, colon included
	indexLimit  int          // the most bytes that every index takes of the attribute as its key
	quick       quick        // the values that are encoded without an attribute
	repeated    bool         // an earlier field has the same column
	problem     *fault.Error // why the name is invalid for an attribute, or nil
	rules       rules
}

// rules are the parts of the mapping that apply to the values of a column at every depth.
type rules struct {
	column  string // the column's name
	bytes   Bytes  // what a []byte means
	version bool   // the value is a version that no type of times is forced on: it must be no time
	convert ConvertFunc
}

// missing is what becomes of a row that does not have a column.
type missing uint8

// What becomes of a row that does not have a column.
const (
	skipColumn   missing = iota // no attribute
	columnIsNull                // the column counts as nil
	refuseRow                   // the row fails
)

const (
	leaveOutRemedy = ", or list the columns to write in Mapping.Fields, without this one"
	nameRemedy     = "name the column in the source" + leaveOutRemedy
	renameRemedy   = "rename the column in the source" + leaveOutRemedy
	mapRemedy      = "rename the column in the source, or map the column to another attribute with a Field"
)

// planFields plans the columns that the mapping lists.
func (c *Converter) planFields() []column {
	fields := c.mapping.Fields
	columns := make([]column, len(fields))
	for i, f := range fields {
		columns[i] = c.plan(f.Column, f.Attribute, f.Type)
		columns[i].repeated = slices.ContainsFunc(fields[:i], func(earlier Field) bool { return earlier.Column == f.Column })
		switch {
		case columns[i].key != nil: // finish reports a missing key
		case f.Required:
			columns[i].missing = refuseRow
		case c.mapping.MissingAsNull:
			columns[i].missing = columnIsNull
		}
	}
	return columns
}

// planKeys plans the columns that give the key of the table.
func (c *Converter) planKeys() []column {
	if len(c.fields) > 0 {
		return slices.DeleteFunc(slices.Clone(c.fields), func(col column) bool { return col.key == nil })
	}
	var columns []column
	for _, key := range c.schema.Keys() {
		if key.Name != "" {
			columns = append(columns, c.plan(key.Name, key.Name, Auto))
		}
	}
	return columns
}

// plan returns the plan of a column, which needs no row.
func (c *Converter) plan(name, attribute string, t Type) column {
	encodedName, ok := item.AppendQuoted(nil, attribute)
	col := column{
		name: name, attribute: attribute, typ: t, encodedName: string(append(encodedName, ':')), key: c.schema.TableKey(attribute),
		rules: rules{column: name, bytes: c.mapping.Bytes, convert: c.mapping.Convert},
	}
	switch {
	case attribute == "":
		col.problem = fault.NewMapping("the name of the column is empty").WithRemedy(nameRemedy)
	case !ok:
		col.problem = fault.NewMapping("the name of the column is not valid UTF-8").WithRemedy(renameRemedy)
	case len(attribute) > item.MaxAttributeName:
		col.problem = fault.NewMapping("the name of the column has %d bytes, and the name of an attribute may have %d", len(attribute), item.MaxAttributeName).
			WithRemedy(mapRemedy)
	}
	col.version = attribute != "" && attribute == c.mapping.Version
	col.rules.version = col.version && (t == Auto || t == String)
	c.declare(&col)
	col.indexLimit = c.indexLimit(attribute)
	col.quick = c.quickValues(&col)
	return col
}

// declare adds to col what the table declares of the attribute.
func (c *Converter) declare(col *column) {
	declared := col.key
	if declared == nil {
		col.indexKey = c.schema.IndexKey(col.attribute)
		declared = col.indexKey
	}
	if declared == nil {
		col.filter = c.schema.Filter(col.attribute)
		declared = col.filter
	}
	if declared != nil {
		if declared.Kind == item.B {
			col.rules.bytes = BinaryBytes
		}
		return
	}
	if col.vector = c.schema.Vector(col.attribute); col.vector != nil && col.typ == Auto {
		col.typ = List
	}
}

// indexLimit returns the most bytes that every index takes of the attribute as its key.
func (c *Converter) indexLimit(attribute string) int {
	limit := math.MaxInt
	for i := range c.schema.Indexes {
		for _, key := range c.schema.Indexes[i].Keys {
			if key.Name == attribute && key.MaxBytes > 0 {
				limit = min(limit, key.MaxBytes)
			}
		}
	}
	return limit
}

// planRow builds the column plan of row, keeping columns of earlier rows while the plan stays under
// twice the row's size. Columns are sorted by name.
func (c *Converter) planRow(row map[string]any) []column {
	columns := make([]column, 0, len(row))
	for name := range row {
		name = strings.Clone(name) // the plan outlives the row
		col := c.plan(name, name, Auto)
		col.unmapped = name == c.mapping.Delete && name != ""
		columns = append(columns, col)
	}
	if seen := c.seen.Load(); seen != nil {
		for _, col := range *seen {
			if _, ok := row[col.name]; !ok {
				columns = append(columns, col)
			}
		}
	}
	if len(columns) > 2*len(row) {
		columns = columns[:len(row)]
	}
	slices.SortFunc(columns, func(x, y column) int { return cmp.Compare(x.name, y.name) })
	return columns
}

// columnOf returns the name of the column of the given attribute, or "". If several columns have the
// attribute, it returns the last one's name.
func columnOf(columns []column, attribute string) string {
	for i := len(columns) - 1; i >= 0; i-- {
		if columns[i].attribute == attribute {
			return columns[i].name
		}
	}
	return ""
}
