package typemap

import (
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// keyFault returns the fault of a row that has no value for key, which the verb of format shows.
func keyFault(format string, key *table.Key) *fault.Error {
	return fault.New(fault.Key, format, key).WithRemedy("give every row a value for the key, of one byte at least")
}

// checkKey returns why a, made from v, cannot be the table's key; nil if it can.
func checkKey(key *table.Key, a *item.Attr, v any) error {
	switch {
	case a.Kind == item.Null:
		return keyFault("a null value came as the table's %s", key)
	case a.Empty():
		return keyFault("an empty value came as the table's %s, which takes one byte at least", key)
	}
	return checkForm(key, a, v)
}

// checkIndexKeys returns why a, made from v, cannot be each of keys; nil if it can. A null or empty
// value is left out, and the item then is not in the index.
func checkIndexKeys(keys []*table.Key, a *item.Attr, v any) error {
	if a.Kind == item.Null || a.Empty() {
		a.Kind = item.None
		return nil
	}
	for _, key := range keys {
		if err := checkForm(key, a, v); err != nil {
			return err
		}
	}
	return nil
}

// checkForm checks the type and the length of a. The text of a number is never too long.
func checkForm(key *table.Key, a *item.Attr, v any) error {
	switch {
	case !key.Takes(a.Kind):
		return fault.New(fault.Key, "Go type %s gives %s, which the %s does not take", fault.TypeName(v), a.Kind, key).
			WithRemedy(typeRemedy(key, v))
	case key.MaxBytes > 0 && len(a.Text) > key.MaxBytes:
		return fault.New(fault.Key, "Go type %s with %d bytes came as the %s, which takes 1 to %d bytes", fault.TypeName(v), len(a.Text), key, key.MaxBytes).
			WithRemedy("shorten it, or make the key from a hash of the value")
	}
	return nil
}

// keyValues names the values that become a key of each kind.
var keyValues = [...]string{item.None: "text, a number or bytes", item.S: "text", item.N: "a numeric value", item.B: "bytes"}

// typeRemedy returns how to fix a v that has another type than key.
func typeRemedy(key *table.Key, v any) string {
	if key.Kind != item.None && converts(v, key.Kind) {
		return `Field.Type "` + key.Kind.String() + `" converts the column`
	}
	return "provide " + keyValues[key.Kind] + ", or map another column to the attribute"
}

// converts reports whether a field of type k makes a k of v.
func converts(v any, k item.Kind) bool {
	var b item.Builder
	var a item.Attr
	if _, err := forced(&b, &a, v, Type(k.String()), false); err != nil || a.Kind != k {
		return false
	}
	_, _, err := a.Measure()
	return err == nil
}
