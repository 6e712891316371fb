package typemap

import (
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"math/big"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// maxHops is the most pointers and methods to follow from a value.
const maxHops = 100

var (
	timeType          = reflect.TypeFor[time.Time]()
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	valuerType        = reflect.TypeFor[driver.Valuer]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// resolve returns the final value that v leads to: a value of a directly supported type, a container,
// or a value that cannot be stored. It follows pointers, and the methods by which a
// value converts itself. Nil pointers, maps and slices are nil.
func (t *tree) resolve(v any) (any, error) {
	for range maxHops {
		next, done, err := t.resolveStep(v)
		if done || err != nil {
			return next, err
		}
		v = next
	}
	return nil, fault.NewMapping("the pointers or methods of %s return further values without end", fault.TypeName(v)).
		WithRemedy("provide the final value")
}

// resolveStep follows one pointer or method of v.
func (t *tree) resolveStep(v any) (next any, done bool, err error) {
	switch v.(type) {
	case nil, string, bool, int, int64, float64, time.Time, json.Number, big.Int, big.Float:
		return v, true, nil
	}
	rv := reflect.ValueOf(v)
	isPointer := rv.Kind() == reflect.Pointer
	if k := rv.Kind(); (isPointer || k == reflect.Map || k == reflect.Slice) && rv.IsNil() {
		return nil, true, nil
	}
	switch v.(type) {
	case *big.Int, *big.Float, json.RawMessage, types.AttributeValue:
		return v, true, nil
	}
	if isPointer && rv.Type().Elem() == timeType { // the methods of time.Time reject some times
		return rv.Elem().Interface(), false, nil
	}
	if next, ok, err := callMarshaler(v, t.Form); ok {
		return next, false, err
	}
	switch {
	case isPointer:
		return rv.Elem().Interface(), false, nil
	case pointerMarshals(rv.Type(), t.Form):
		p := reflect.New(rv.Type())
		p.Elem().Set(rv)
		return p.Interface(), false, nil
	}
	return underlying(rv), true, nil
}

// callMarshaler uses the value's own Value, MarshalText or MarshalJSON method; MarshalJSON applies
// to containers only, except inside JSON.
func callMarshaler(v any, form item.Form) (result any, ok bool, err error) {
	m, marshals := v.(json.Marshaler)
	if marshals && form == item.JSONText {
		result, err = marshalJSON(m)
		return result, true, err
	}
	if m, ok := v.(driver.Valuer); ok {
		result, err = callMethod(v, "Value", func() (any, error) { return m.Value() })
		return result, true, err
	}
	if m, ok := v.(encoding.TextMarshaler); ok {
		text, err := callMethod(v, "MarshalText", m.MarshalText)
		return string(text), true, err
	}
	if marshals && isContainer(reflect.TypeOf(v)) {
		result, err = marshalJSON(m)
		return result, true, err
	}
	return nil, false, nil
}

func marshalJSON(m json.Marshaler) (json.RawMessage, error) {
	return callMethod(m, "MarshalJSON", func() (json.RawMessage, error) {
		raw, err := m.MarshalJSON()
		if raw == nil {
			raw = []byte{} // invalid JSON, rather than a nil value
		}
		return raw, err
	})
}

// isContainer reports whether a value of type t, or of the type that t points to, becomes a document.
func isContainer(t reflect.Type) bool {
	t = indirect(t)
	switch t.Kind() {
	case reflect.Map, reflect.Struct, reflect.Array:
		return true
	case reflect.Slice:
		return t.Elem().Kind() != reflect.Uint8
	}
	return false
}

// pointerMarshals reports whether a pointer to a t has methods for callMarshaler.
func pointerMarshals(t reflect.Type, form item.Form) bool {
	if t.PkgPath() == "" && t.Kind() != reflect.Struct {
		return false // only a named type, or a struct that embeds one, has methods
	}
	p := reflect.PointerTo(t)
	return p.Implements(valuerType) || p.Implements(textMarshalerType) ||
		p.Implements(marshalerType) && (form == item.JSONText || isContainer(t))
}

// underlying returns rv as the predeclared type of its kind, so that a named string is a string.
// Containers and other values are returned unchanged.
func underlying(rv reflect.Value) any {
	switch rv.Kind() {
	case reflect.String:
		return rv.String()
	case reflect.Bool:
		return rv.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return rv.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return rv.Uint()
	case reflect.Float32:
		return float32(rv.Float())
	case reflect.Float64:
		return rv.Float()
	case reflect.Slice:
		if rv.Type().Elem().Kind() == reflect.Uint8 {
			return rv.Bytes()
		}
	case reflect.Struct:
		if rv.Type().ConvertibleTo(timeType) {
			return rv.Convert(timeType).Interface()
		}
	}
	return rv.Interface()
}
