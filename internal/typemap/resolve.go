package typemap

import (
	"bytes"
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"math/big"
	"reflect"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// maxHops is the most pointers and methods to follow from a value.
const maxHops = 100

// attributeMarshaler is the Marshaler of the SDK's package feature/dynamodb/attributevalue.
type attributeMarshaler interface {
	MarshalDynamoDBAttributeValue() (types.AttributeValue, error)
}

// numberText is the way of json.Number: a string with these methods is a number, as the Number of
// attributevalue.
type numberText interface {
	Float64() (float64, error)
	Int64() (int64, error)
	String() string
}

var (
	timeType       = reflect.TypeFor[time.Time]()
	numberType     = reflect.TypeFor[json.Number]()
	rawMessageType = reflect.TypeFor[json.RawMessage]()
	bigIntType     = reflect.TypeFor[big.Int]()
	bigFloatType   = reflect.TypeFor[big.Float]()
	bigRatType     = reflect.TypeFor[big.Rat]()

	attributeMarshalerType = reflect.TypeFor[attributeMarshaler]()
)

// speakers are the interfaces of the methods that callMethods asks, in its order.
var speakers = []reflect.Type{
	attributeMarshalerType, reflect.TypeFor[driver.Valuer](), reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[json.Marshaler](),
}

// resolve returns the final value that v leads to: a built-in value, a container, a pointer to a
// struct, or a value that cannot be stored. Nil pointers, maps and slices are nil.
//
// It holds the one order in which a value is asked what it means, at the top level, in documents, in
// sets and in JSON: an AttributeValue; the built-in types; Mapping.Convert; the methods that
// callMethods lists; then the kind, by reflection. Pointers are followed on the way.
func (t *tree) resolve(v any) (any, error) {
	asked := false
	for range maxHops {
		if final, ok := builtin(v); ok {
			return final, nil
		}
		rv := reflect.ValueOf(v)
		if isNil(rv) {
			return nil, nil
		}
		if t.asks() && !asked {
			out, ok, err := t.ask(rv)
			if err != nil {
				return nil, err
			}
			if asked = !ok; ok {
				t.converted = true
				v = out
				continue
			}
		}
		next, how, err := t.follow(v, rv)
		if err != nil || how == reached {
			return next, err
		}
		asked = asked && how == samePlace
		v = next
	}
	return nil, fault.NewMapping("the pointers or methods of %s return further values without end", typeName(v)).
		WithRemedy("provide the final value")
}

// builtin reports whether v has one of the built-in types, and returns v, or nil if v is nil.
func builtin(v any) (final any, ok bool) {
	switch x := v.(type) {
	case nil, string, bool, int, int64, float64, time.Time, json.Number, int8, int16, int32,
		uint, uint8, uint16, uint32, uint64, float32, big.Int, big.Float, big.Rat, binary:
		return v, true
	case []byte:
		return nilOr(v, x == nil), true
	case json.RawMessage:
		return nilOr(v, x == nil), true
	case *big.Int:
		return nilOr(v, x == nil), true
	case *big.Float:
		return nilOr(v, x == nil), true
	case *big.Rat:
		return nilOr(v, x == nil), true
	case types.AttributeValue:
		return nilOr(v, item.IsNil(x)), true
	}
	return nil, false
}

// isBuiltin reports whether values of type t are built in.
func isBuiltin(t reflect.Type) bool {
	switch t {
	case timeType, numberType, rawMessageType, bigIntType, bigFloatType, bigRatType:
		return true
	}
	return t.PkgPath() == "" && (t.Kind() >= reflect.Bool && t.Kind() <= reflect.Float64 || t.Kind() == reflect.String || t.Kind() == reflect.Slice && isBytes(t))
}

func nilOr(v any, isNil bool) any {
	if isNil {
		return nil
	}
	return v
}

// isNil reports whether rv is a nil pointer, map or slice.
func isNil(rv reflect.Value) bool {
	switch rv.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		return rv.IsNil()
	}
	return false
}

// hop is how one step of resolve went on.
type hop uint8

const (
	reached   hop = iota // the value is final
	samePlace            // the value is the same one, with or without a pointer
	newValue             // a method returned another value
)

// follow makes one step from v, which is neither built in nor nil: by a method of v or by a pointer.
func (t *tree) follow(v any, rv reflect.Value) (next any, how hop, err error) {
	isPointer := rv.Kind() == reflect.Pointer
	if isPointer && isNil(rv.Elem()) { // not by methods: a method of a pointer may work with nil
		return nil, reached, nil
	}
	if isPointer && isBuiltin(rv.Type().Elem()) { // not by methods: those of time.Time reject some times
		return rv.Elem().Interface(), samePlace, nil
	}
	if !isPointer && needsPointer(rv.Type()) {
		p := reflect.New(rv.Type())
		p.Elem().Set(rv)
		return p.Interface(), samePlace, nil
	}
	if next, how, err := t.callMethods(v, rv); how != samePlace || err != nil {
		return next, how, err
	}
	switch {
	case isPointer && rv.Type().Elem().Kind() == reflect.Struct && !rv.Type().Elem().ConvertibleTo(timeType):
		return v, reached, nil // the struct must not be copied if it has a lock inside
	case isPointer:
		return rv.Elem().Interface(), samePlace, nil
	}
	return underlying(rv), reached, nil
}

// callMethods asks v, by its own methods, what it means, in this order: MarshalDynamoDBAttributeValue,
// Value, MarshalText, MarshalJSON. how is samePlace if v has none of them.
func (t *tree) callMethods(v any, rv reflect.Value) (next any, how hop, err error) {
	if err := checkSpeaker(v, rv); err != nil {
		return nil, reached, err
	}
	switch m := v.(type) {
	case attributeMarshaler:
		next, err = callMethod(v, "MarshalDynamoDBAttributeValue", func() (any, error) { return m.MarshalDynamoDBAttributeValue() })
		return next, newValue, err
	case driver.Valuer:
		next, how, err = t.callValuer(m, rv)
	case encoding.TextMarshaler:
		var text []byte
		text, err = callMethod(v, "MarshalText", m.MarshalText)
		next, how = string(text), newValue
		if number, ok := embeddedNumber(rv, text); ok && err == nil {
			next = number
		}
	case json.Marshaler:
		next, err = marshalJSON(m)
		how = newValue
	default:
		return nil, samePlace, nil
	}
	if err != nil {
		return next, how, err
	}
	if text, ok := next.(string); ok && t.rules.version && isTimeText(text, v) {
		return nil, reached, errUnsortable
	}
	switch t.wants {
	case item.B:
		if p, ok := ownBytes(v, rv, next); ok {
			return p, reached, nil
		}
	case item.S:
		if m, ok := v.(encoding.TextMarshaler); ok && isOpaque(next) {
			text, err := callMethod(v, "MarshalText", m.MarshalText)
			return string(text), newValue, err
		}
	}
	return next, how, nil
}

// embeddedNumber returns the number of math/big that rv, a struct or a pointer to one, consists of, if text,
// which rv gives for itself, is the text of that number: the method is the number's own.
func embeddedNumber(rv reflect.Value, text []byte) (number any, ok bool) {
	rv = reflect.Indirect(rv)
	if rv.Kind() != reflect.Struct || rv.NumField() != 1 || !rv.Type().Field(0).Anonymous || !rv.Field(0).CanInterface() {
		return nil, false
	}
	field := rv.Field(0)
	switch indirect(field.Type()) {
	case bigIntType, bigFloatType, bigRatType:
	default:
		return nil, false
	}
	if field.Kind() != reflect.Pointer {
		p := reflect.New(field.Type())
		p.Elem().Set(field)
		field = p
	}
	own, err := callMethod(rv.Interface(), "MarshalText", field.Interface().(encoding.TextMarshaler).MarshalText)
	return field.Interface(), err == nil && bytes.Equal(own, text)
}

// isOpaque reports whether v is bytes that are no text.
func isOpaque(v any) bool {
	p, ok := v.([]byte)
	return ok && !utf8.Valid(p)
}

// marshalJSON returns the value that the JSON text of m holds: text, a number, a bool or nil, or the
// JSON text itself of an object or an array.
func marshalJSON(m json.Marshaler) (any, error) {
	raw, err := callMethod(m, "MarshalJSON", m.MarshalJSON)
	if err != nil {
		return nil, err
	}
	r := jsonReader{text: string(raw)}
	r.skipSpace()
	if r.at < len(r.text) && (r.text[r.at] == '{' || r.text[r.at] == '[') {
		return json.RawMessage(raw), nil
	}
	return r.scalar()
}

// pointerMarshals reports whether a pointer to a t has methods for callMethods.
func pointerMarshals(t reflect.Type) bool {
	if t.PkgPath() == "" && t.Kind() != reflect.Struct {
		return false // only a named type, or a struct that embeds one, has methods
	}
	return firstSpeaker(reflect.PointerTo(t)) < len(speakers)
}

// firstSpeaker returns the index of the first of speakers that t implements, or their number.
func firstSpeaker(t reflect.Type) int {
	i := slices.IndexFunc(speakers, t.Implements)
	if i < 0 {
		return len(speakers)
	}
	return i
}

// needsPointer reports whether a pointer to a t has a method for callMethods that comes before those of t.
func needsPointer(t reflect.Type) bool {
	if t.PkgPath() == "" && t.Kind() != reflect.Struct {
		return false
	}
	if known, ok := pointersNeeded.Load(t); ok {
		return known.(bool)
	}
	needed := firstSpeaker(reflect.PointerTo(t)) < firstSpeaker(t)
	pointersNeeded.Store(t, needed)
	return needed
}

var pointersNeeded sync.Map // reflect.Type to bool

// underlying returns rv as the predeclared type of its kind, so that a named string is a string and
// an array of bytes a binary. Containers and other values are returned unchanged.
func underlying(rv reflect.Value) any {
	switch rv.Kind() {
	case reflect.String:
		if rv.CanInterface() {
			if _, ok := rv.Interface().(numberText); ok {
				return json.Number(rv.String())
			}
		}
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
		if isBytes(rv.Type()) {
			return rv.Bytes()
		}
	case reflect.Array:
		if isBytes(rv.Type()) {
			return binary(bytesOf(rv))
		}
	case reflect.Struct:
		if rv.Type().ConvertibleTo(timeType) {
			return rv.Convert(timeType).Interface()
		}
	}
	return rv.Interface()
}

// isBytes reports whether t is a slice or an array of bytes that do not have methods of their own to
// say what each means.
func isBytes(t reflect.Type) bool {
	return (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && t.Elem().Kind() == reflect.Uint8 && !pointerMarshals(t.Elem())
}

// bytesOf returns the bytes of rv, a slice or an array of bytes.
func bytesOf(rv reflect.Value) []byte {
	if rv.Kind() == reflect.Slice {
		return rv.Bytes()
	}
	p := reflect.New(rv.Type()) // Bytes wants an array to be addressable
	p.Elem().Set(rv)
	return p.Elem().Bytes()
}
