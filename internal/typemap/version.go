package typemap

import (
	"database/sql/driver"
	"reflect"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// errUnsortable is the fault of a version that is a time without a type that sorts.
var errUnsortable = fault.NewMapping("the version is a time, and its text does not sort as times do").
	WithRemedy(`set Field.Type to "SORTABLE_TIME", "EPOCH_SECONDS", "EPOCH_MILLIS" or "N" for the column` + listedColumns)

// noVersionRemedy is how to fix a row without a version.
const noVersionRemedy = "provide a number, a text or a time in every row, from which DynamoDB can see which row is newer; or leave Config.Version empty"

// checkVersion returns why a, made from v, cannot be the row's version; nil if it can.
func checkVersion(a *item.Attr, v any, from origin) error {
	switch {
	case from == fromContainer:
		return fault.NewMapping("Go type %s is a document, and a version is a number, a text or a time", typeName(v)).WithRemedy(noVersionRemedy)
	case a.Kind == item.N, a.Kind == item.S:
		return nil
	case a.Kind == item.None, a.Kind == item.Null:
		return fault.NewMapping("the row's version is null or empty").WithRemedy(noVersionRemedy)
	}
	return fault.NewMapping("Go type %s gives %s, and a version is an N or an S", typeName(v), a.Kind).WithRemedy(noVersionRemedy)
}

// isTimeText reports whether text, which a method of v returned, is the text of a type of times, which has
// another length for every fraction of a second. Texts that the source itself made are as they are.
func isTimeText(text string, v any) bool {
	rv := pointee(reflect.ValueOf(v))
	if rv.Kind() != reflect.Struct {
		return false
	}
	if _, isValuer := v.(driver.Valuer); isValuer {
		return false
	}
	moment, err := parseTime(text)
	return err == nil && moment.UTC().Format(sortableLayout) != text
}

// setRank sets the rank of it from the row's version.
func (c *Converter) setRank(it *item.Item, row map[string]any) *fault.Error {
	a := it.Find(c.mapping.Version)
	if a == nil {
		name := c.mapping.Version
		if len(c.fields) > 0 {
			name = columnOf(c.fields, name)
		}
		f := fault.NewMapping("the row has no value for the attribute that Config.Version names").WithRemedy(noVersionRemedy)
		return withNear(f, row, name).At(name, c.mapping.Version)
	}
	var buf [64]byte
	rank, _ := a.AppendRank(buf[:0])
	it.Rank = string(rank)
	it.Footprint += len(rank)
	return nil
}
