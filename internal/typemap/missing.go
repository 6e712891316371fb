package typemap

import (
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

const requiredRemedy = "provide the column in every row, as nil where there is no value, or do not require it (Field.Required, Mapping.Missing)"

// addMissing is add for a column that row does not have: it returns the row's error or adds a null, as
// col.missing says.
func (c *Converter) addMissing(b *item.Builder, it *item.Item, col *column, row map[string]any) *fault.Error {
	if col.missing == refuseRow {
		return col.lacking(row, "the row lacks the column, which the mapping requires")
	}
	if err := c.add(b, it, col, nil); err != nil {
		return col.lacking(row, "the row lacks the column, and Mapping.Null refuses a null instead")
	}
	return nil
}

// lacking returns the failure of a row without the column.
func (col *column) lacking(row map[string]any, text string) *fault.Error {
	f := fault.NewMapping("%s", text).WithRemedy(requiredRemedy)
	return withNear(f, row, col.name).At(col.name, col.attribute)
}

// missingKey returns the failure of a row without the key attribute.
func (c *Converter) missingKey(key *table.Key, row map[string]any, columns []column) *fault.Error {
	name := columnOf(columns, key.Name)
	if len(c.fields) == 0 {
		name = key.Name
	}
	if name == "" {
		return keyFault("no field of the mapping provides the table's %s", key).
			WithRemedy("add a Field with this attribute to the mapping").At("", key.Name)
	}
	return withNear(keyFault("the row lacks the column that provides the table's %s", key), row, name).At(name, key.Name)
}
