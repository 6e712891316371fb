package typemap

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// mapKey returns the text of a map's key: of what the mapping's Convert makes of it, or else as
// encoding/json writes it. A key that encoding/json does not take is converted as a value, and must become
// a scalar; a key in an interface counts as a key of its own type.
func (t *tree) mapKey(key reflect.Value) (string, error) {
	if key.Kind() == reflect.Interface {
		if key.IsNil() {
			return "", keyError(key, errNilKey)
		}
		if key = key.Elem(); key.Kind() == reflect.Pointer && key.IsNil() {
			return "", keyError(key, errNilKey)
		}
	}
	if t.asks() {
		before := t.asked
		defer func() { t.asked = before }()
		if text, ok, err := t.askForKey(key); err != nil {
			return "", keyError(key, err)
		} else if ok {
			return text, nil
		}
	}
	if key.Kind() == reflect.String {
		return key.String(), nil
	}
	_, speaks := key.Interface().(attributeMarshaler) // which is asked before the text, as for a value
	if m, ok := key.Interface().(encoding.TextMarshaler); ok && !speaks && indirect(key.Type()) != timeType {
		if key.Kind() == reflect.Pointer && key.IsNil() {
			return "", nil
		}
		text, err := callMethod(m, "MarshalText", m.MarshalText)
		return string(text), err
	}
	switch key.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(key.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(key.Uint(), 10), nil
	}
	text, err := t.scalarKey(key)
	if err != nil {
		return "", keyError(key, err)
	}
	return text, nil
}

// scalarKey converts a map's key as a value, and returns the text of the scalar that the key becomes:
// numbers as in JSON text, bytes as base64.
func (t *tree) scalarKey(key reflect.Value) (string, error) {
	before := t.asked
	defer func() { t.asked = before }()
	t.wants = item.None
	v, err := t.resolve(key.Interface())
	switch {
	case err != nil:
		return "", err
	case v == nil:
		return "", errNilKey
	}
	var a item.Attr
	text := t.sibling(item.JSONText)
	if err := text.setScalarKey(&a, v); err != nil {
		return "", err
	}
	switch a.Kind {
	case item.S, item.N, item.Bool:
		return a.Text, nil
	case item.B:
		return base64.StdEncoding.EncodeToString([]byte(a.Text)), nil
	case item.Null:
		return "", errNilKey
	}
	return "", fault.NewMapping("the value cannot be the name of a member").WithRemedy(keyRemedy)
}

const keyRemedy = "use map keys that are text, finite numbers, bools, times with years 0 to 9999 or bytes, or that have a MarshalText method"

// setScalarKey sets a to the resolved key v, if v is a scalar.
func (t *tree) setScalarKey(a *item.Attr, v any) error {
	var err error
	if raw, ok := v.(json.RawMessage); ok {
		err = t.parse(a, string(raw), 1)
	} else {
		_, err = t.setBuiltin(a, v, 1)
	}
	var f *fault.Error
	if errors.As(err, &f) {
		key := *f // the remedy of a value would be of no use
		return key.WithRemedy(keyRemedy)
	}
	return err
}

// errNilKey is the fault of a map's key that is nil.
var errNilKey = fault.NewMapping("the value is nil").WithRemedy("remove the nil key")

// keyError returns err, the error of a value, as the error of a map's key.
func keyError(key reflect.Value, err error) error {
	return item.WithSubject(err, "a map key of Go type "+fault.TypeText(key.Type()))
}
