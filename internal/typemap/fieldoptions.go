package typemap

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// byOptions converts v, the value of a field or a member of one, as the options o of a dynamodbav tag
// ask, unless they leave v out. omitempty and nullempty look through pointers to pointers, but not
// through the first pointer, as in attributevalue.
func (t *tree) byOptions(a *item.Attr, v reflect.Value, o *options, level int) (omitted bool, err error) {
	for range maxHops {
		if isZeroAttribute(v) {
			switch {
			case o.omitEmpty && o.nullEmpty:
				return false, item.Nested(item.WithSubject(errContradiction, o.field), level)
			case o.omitEmpty:
				return true, nil
			case o.nullEmpty:
				a.Kind = item.Null
				return false, t.Enter(level)
			}
		}
		inner := v
		if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
			inner = v.Elem()
		}
		if inner.Kind() != reflect.Pointer || inner.Type().Implements(attributeValueType) {
			break
		}
		if inner.IsNil() {
			if o.omitEmpty && o.members != nil && o.members.omitEmpty {
				return true, nil
			}
			break
		}
		v = inner.Elem()
	}
	return false, t.byForm(a, v, o, level)
}

var attributeValueType = reflect.TypeFor[types.AttributeValue]()

// byForm converts v to the form that the options o ask for.
func (t *tree) byForm(a *item.Attr, v reflect.Value, o *options, level int) error {
	if o.set == item.None && !o.unixTime && !o.asString && o.members == nil {
		return t.element(a, v, level)
	}
	if !v.CanInterface() { // an embedded struct of an unexported type
		if o.set != item.None {
			return item.Nested(o.noList(fault.TypeText(v.Type())), level)
		}
		return t.element(a, v, level)
	}
	before := t.asked
	defer func() { t.asked = before }()
	if o.set != item.None {
		t.wants = memberKind(o.set)
	}
	resolved, err := t.resolve(v.Interface())
	if err != nil {
		return item.Nested(err, level)
	}
	switch _, isAttribute := resolved.(types.AttributeValue); {
	case resolved == nil || isAttribute: // a method speaks for the value: options do not apply
		return item.Nested(t.setFinal(a, resolved, level), level)
	case o.set != item.None:
		return item.Nested(t.setByOptions(a, resolved, o, level), level)
	case o.unixTime:
		return item.Nested(t.unixTime(a, resolved, o, level), level)
	}
	if o.asString {
		if done, err := t.numberText(a, resolved, level); done {
			return item.Nested(err, level)
		}
	}
	if rv := reflect.ValueOf(resolved); o.members != nil && (rv.Kind() == reflect.Map || isList(rv)) {
		return item.Nested(t.members(a, rv, o.members, level), level)
	}
	return item.Nested(t.setFinal(a, resolved, level), level)
}

// members converts a map, slice or array whose members the options o apply to.
func (t *tree) members(a *item.Attr, rv reflect.Value, o *options, level int) error {
	if err := t.Enter(level); err != nil {
		return err
	}
	if rv.Kind() == reflect.Map {
		return t.anyMap(a, rv, o, level)
	}
	return t.anySlice(a, rv, o, level)
}

// unixTime converts a time to an N of whole seconds since the start of 1970, rounded down, as
// attributevalue.UnixTime does. A number stays as it is.
func (t *tree) unixTime(a *item.Attr, v any, o *options, level int) error {
	if moment, ok := v.(time.Time); ok {
		t.setInteger(a, moment.Unix())
		return t.Scalar(a, level)
	}
	if err := t.setFinal(a, v, level); err != nil {
		return err
	}
	if a.Kind != item.N && a.Kind != item.Null {
		return o.impossible("unixtime", typeName(v), "provide a time or a number of seconds")
	}
	return nil
}

// numberText converts a number to an S of its decimal digits. It reports false if v is not a number,
// which the option leaves as it is.
func (t *tree) numberText(a *item.Attr, v any, level int) (done bool, err error) {
	switch v := v.(type) {
	case float64:
		return true, t.floatText(a, v, 64, level)
	case float32:
		return true, t.floatText(a, float64(v), 32, level)
	case json.Number:
		if v == "" {
			return false, nil
		}
	}
	exact := t.sibling(item.JSONText) // text can hold any number
	ok, err := exact.setBuiltin(a, v, level)
	if err != nil || !ok || a.Kind != item.N {
		return err != nil, err
	}
	a.Kind = item.S
	return true, t.Scalar(a, level)
}

// floatText converts f to an S of the shortest decimal, without an exponent.
func (t *tree) floatText(a *item.Attr, f float64, bits, level int) error {
	if _, err := decimal.AppendFloat(nil, f, bits); errors.Is(err, decimal.ErrNotFinite) {
		return item.NumberFault(err)
	}
	a.Set(item.S, t.Keep(strconv.AppendFloat(nil, f, 'f', -1, bits)))
	return t.Scalar(a, level)
}

// setByOptions converts v to the set that the options o ask for. A set without members becomes NULL,
// as in attributevalue.
func (t *tree) setByOptions(a *item.Attr, v any, o *options, level int) error {
	if err := t.Enter(level); err != nil {
		return err
	}
	rv := reflect.ValueOf(v)
	if _, isJSON := v.(json.RawMessage); !isJSON && !isList(rv) && !isSetMap(rv.Type()) {
		return o.noList(typeName(v))
	}
	if err := t.toSet(a, v, o.set, o.members); err != nil {
		return item.WithSubject(err, o.field)
	}
	if isEmptySet(a) {
		a.Kind = item.Null
	}
	size := len(a.Elems)
	if o.set != item.NS { // an N takes fewer bytes in an item than the text has
		size = 0
		for i := range a.Elems {
			size += len(a.Elems[i].Text)
		}
	}
	return t.Charge(size)
}

// isList reports whether rv is a slice or an array, but not of bytes.
func isList(rv reflect.Value) bool {
	return (rv.Kind() == reflect.Slice || rv.Kind() == reflect.Array) && !isBytes(rv.Type())
}

// noList returns the fault of a value that is no list where the options o ask for a set.
func (o *options) noList(goType string) error {
	return o.impossible(optionOfSet[o.set], goType, "provide a slice, an array, or a map to struct{} or bool")
}

// errContradiction is the fault of an empty value that the options of its field leave out and make
// NULL.
var errContradiction = fault.NewMapping("the value has tag options that exclude each other: omitempty and nullempty, or omitemptyelem and nullemptyelem").
	WithRemedy("remove one of the two options from the dynamodbav tag")

// isZeroAttribute reports whether the options omitempty and nullempty of a dynamodbav tag apply to v.
func isZeroAttribute(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.String:
		return v.Len() == 0
	case reflect.Map, reflect.Slice, reflect.Interface, reflect.Pointer:
		return v.IsNil()
	case reflect.Float32, reflect.Float64:
		return v.Float() == 0
	case reflect.Struct, reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return false
	}
	return v.IsZero()
}
