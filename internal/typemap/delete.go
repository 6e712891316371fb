package typemap

import (
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// isDelete reports whether row is a delete: whether its column mapping.Delete holds what BOOL takes as true.
// Without the column, or with a null in it, it is a put. A value that cannot be read is the row's error,
// since a put instead of a delete would keep data that is to go.
func (c *Converter) isDelete(row map[string]any) (bool, *fault.Error) {
	v, ok := row[c.mapping.Delete]
	if !ok {
		return false, nil
	}
	if is, ok := v.(bool); ok && c.mapping.Convert == nil {
		return is, nil
	}
	var b item.Builder
	var a item.Attr
	r := rules{column: c.mapping.Delete, bytes: c.mapping.Bytes, convert: c.mapping.Convert}
	if _, err := forced(&b, &a, v, &r, Bool, true); err != nil || a.Kind != item.Bool && a.Kind != item.Null {
		col := column{name: c.mapping.Delete}
		unread := fault.NewMapping("whether the row is a delete (Config.Delete) cannot be read from Go type %s", typeName(v)).
			WithRemedy("provide a bool, the text true or false, 1 or 0, or null for a row that is to be written").WithCause(err)
		return false, col.rowError(unread)
	}
	return a.Kind == item.Bool && a.Text == "true", nil
}

// delete returns the item for a row that is a delete: its key alone. Other columns are not looked at.
func (c *Converter) delete(row map[string]any) (*item.Item, *fault.Error) {
	it, err := c.convertKey(row)
	if err != nil {
		return nil, err
	}
	it.Delete = true
	it.EncodedSize += item.EmptyDeleteSize - item.EmptyEncodedSize
	it.Footprint = max(it.Footprint, Footprint(row)) // the row is kept alive until it is settled
	return it, nil
}
