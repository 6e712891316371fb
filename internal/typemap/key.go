package typemap

import (
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// keyFault returns the fault of a row without a value for key. The one verb of format prints key.
func keyFault(format string, key *table.Key) *fault.Error {
	return fault.New(fault.Key, format, key).WithRemedy("provide a non-empty value for the key in every row")
}

// checkKey returns why a, made from v, cannot be the table's key; nil if it can.
func checkKey(key *table.Key, a *item.Attr, v any, from origin) error {
	switch {
	case a.Kind == item.Null:
		return keyFault("the value is null, but is the table's %s", key)
	case a.Empty():
		return keyFault("the value is empty, but is the table's %s", key)
	}
	if err := checkType(key, a, v, from); err != nil {
		return err
	}
	if key.TooLong(a) {
		return tooLong(key, a)
	}
	return nil
}

// checkIndexKey returns why a, made from v, cannot be a key of an index; nil if it can. A null or empty
// value is left out, so the index does not contain the item. The length is checked by checkIndexes.
func checkIndexKey(key *table.Key, a *item.Attr, v any, from origin) error {
	if a.Kind == item.Null || a.Empty() {
		a.Kind = item.None
		return nil
	}
	return checkType(key, a, v, from)
}

// checkType checks the type of a, made from v.
func checkType(key *table.Key, a *item.Attr, v any, from origin) error {
	switch {
	case !key.Takes(a.Kind):
		return fault.New(fault.Key, "Go type %s gives %s, which the %s does not take", typeName(v), a.Kind, key).
			WithRemedy(typeRemedy(key, v))
	case from == fromContainer:
		return fault.New(fault.Key, "Go type %s is a document, which the %s takes as JSON text only if a Field asks for that", typeName(v), key).
			WithRemedy(`provide a text, or set Field.Type to "JSON" for the column` + listedColumns)
	}
	return nil
}

// tooLong returns the fault of an a that is too long for key.
func tooLong(key *table.Key, a *item.Attr) *fault.Error {
	return fault.New(fault.Key, "the value has %d bytes, but the %s takes 1 to %d", len(a.Text), key, key.MaxBytes).
		WithRemedy("shorten the value, or make the key from a hash of the value")
}

// checkIndexes returns the failure of an item with a key that is too long for an index; nil if there is
// none. Only an item that has every key attribute of an index is in the index and bound by the limits.
func (c *Converter) checkIndexes(it *item.Item, columns []column) *fault.Error {
	for i := range c.schema.Indexes {
		if key := c.schema.Indexes[i].Exceeded(it); key != nil {
			return tooLong(key, it.Find(key.Name)).At(columnOf(columns, key.Name), key.Name)
		}
	}
	return nil
}

// keyValues names the values that become a key of each kind.
var keyValues = [...]string{item.None: "text, a number or bytes", item.S: "text", item.N: "a numeric value", item.B: "bytes"}

// listedColumns is what a user should know who adds a first Field to a Mapping.
const listedColumns = " (a Mapping with Fields writes only the columns that it lists)"

// typeRemedy returns how to fix a v that has a type other than that of key.
func typeRemedy(key *table.Key, v any) string {
	remedy := "provide " + keyValues[key.Kind]
	if key.Kind != item.None && converts(v, key.Kind) {
		return remedy + `, or set Field.Type to "` + key.Kind.String() + `" for the column` + listedColumns
	}
	return remedy + ", or map another column to the attribute"
}

// converts reports whether a Field of type k converts v to k.
func converts(v any, k item.Kind) bool {
	var b item.Builder
	var a item.Attr
	if _, err := forced(&b, &a, v, &rules{}, Type(k.String()), false); err != nil || a.Kind != k {
		return false
	}
	_, _, err := a.Measure()
	return err == nil
}
