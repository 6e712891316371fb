package dynamodest

import (
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"math/big"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// maxHops is the most pointers and Value methods to follow from a value.
const maxHops = 100

var (
	timeType   = reflect.TypeFor[time.Time]()
	numberType = reflect.TypeFor[json.Number]()
	rawType    = reflect.TypeFor[json.RawMessage]()

	marshalerType     = reflect.TypeFor[json.Marshaler]()
	valuerType        = reflect.TypeFor[driver.Valuer]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// resolve returns what v stands for: a value of a type that known takes, a
// container, or a value that has no form. It follows pointers and the methods
// by which a value says what it is. Nil pointers, maps and slices are nil.
func (b *builder) resolve(v any) (any, error) {
	for range maxHops {
		next, done, err := b.step(v)
		if done || err != nil {
			return next, err
		}
		v = next
	}
	return nil, refuse("its %s leads from one value to the next without an end", goType(v)).or("give the value that it stands for")
}

// step makes one step of resolve.
func (b *builder) step(v any) (next any, done bool, err error) {
	switch v.(type) {
	case nil, string, bool, int, int64, float64, time.Time, json.Number, big.Int, big.Float:
		return v, true, nil
	}
	rv := reflect.ValueOf(v)
	pointer := rv.Kind() == reflect.Pointer
	if k := rv.Kind(); (pointer || k == reflect.Map || k == reflect.Slice) && rv.IsNil() {
		return nil, true, nil
	}
	switch v.(type) {
	case *big.Int, *big.Float, json.RawMessage, types.AttributeValue:
		return v, true, nil
	}
	if pointer {
		if t := rv.Type().Elem(); t == timeType || t == numberType || t == rawType {
			return rv.Elem().Interface(), false, nil
		}
	}
	if next, ok, err := b.ask(v); ok {
		return next, false, err
	}
	switch {
	case pointer:
		return rv.Elem().Interface(), false, nil
	case b.pointerAnswers(rv.Type()):
		p := reflect.New(rv.Type())
		p.Elem().Set(rv)
		return p.Interface(), false, nil
	}
	return plain(rv), true, nil
}

// ask lets a value say what it is. MarshalJSON speaks for containers, and in
// JSON for all.
func (b *builder) ask(v any) (answer any, ok bool, err error) {
	m, marshals := v.(json.Marshaler)
	if marshals && b.asJSON {
		answer, err = marshalJSON(m)
		return answer, true, err
	}
	if m, ok := v.(driver.Valuer); ok {
		answer, err = callMethod(v, "Value", func() (any, error) { return m.Value() })
		return answer, true, err
	}
	if m, ok := v.(encoding.TextMarshaler); ok {
		text, err := callMethod(v, "MarshalText", m.MarshalText)
		return string(text), true, err
	}
	if marshals && isContainer(reflect.TypeOf(v)) {
		answer, err = marshalJSON(m)
		return answer, true, err
	}
	return nil, false, nil
}

func marshalJSON(m json.Marshaler) (json.RawMessage, error) {
	return callMethod(m, "MarshalJSON", func() (json.RawMessage, error) {
		raw, err := m.MarshalJSON()
		if raw == nil {
			raw = []byte{} // no JSON, rather than no value
		}
		return raw, err
	})
}

// isContainer is whether t, or what it points to, becomes a document.
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

// pointerAnswers is whether a pointer to a t has methods for ask.
func (b *builder) pointerAnswers(t reflect.Type) bool {
	if t.PkgPath() == "" && t.Kind() != reflect.Struct {
		return false // only a named type, or a struct that embeds one, has methods
	}
	p := reflect.PointerTo(t)
	return p.Implements(valuerType) || p.Implements(textMarshalerType) ||
		p.Implements(marshalerType) && (b.asJSON || isContainer(t))
}

// plain returns rv as the plain type of its kind, so that a named string is a
// string. Containers and others come back as they are.
func plain(rv reflect.Value) any {
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
