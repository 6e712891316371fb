package typemap

import (
	"bytes"
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/fault"
)

// callValuer returns what v, a Valuer found as rv, means. That is the answer of its Value method, or
// else what v wraps.
//
// Value answers for SQL: in six types, so that it may narrow a number, write a slice as a literal of
// one database, or fail for a value that DynamoDB can hold. So where the answer is visibly what
// database/sql makes of the value that v wraps, and has lost a part of that value, the value counts.
func (t *tree) callValuer(v driver.Valuer, rv reflect.Value) (next any, how hop, err error) {
	answer, err := callMethod(v, "Value", func() (any, error) { return v.Value() })
	if err == nil && answer == nil {
		return nil, newValue, nil
	}
	rv = reflect.Indirect(rv)
	if inner, ok := carried(rv); ok {
		if full, ok := adopt(inner, answer, err); ok {
			return full, newValue, nil
		}
	} else if full, ok := lost(rv, answer, err, false); ok {
		return full, reached, nil
	}
	if err != nil {
		return nil, newValue, err
	}
	if raw, ok := jsonAnswer(v, rv, answer); ok {
		return raw, newValue, nil
	}
	return answer, newValue, nil
}

// carried returns the value that the struct rv carries: its only field, the field beside a Valid that
// is true, or the result of a method Get that also says whether there is one.
func carried(rv reflect.Value) (inner any, ok bool) {
	if rv.Kind() != reflect.Struct || rv.Type().ConvertibleTo(timeType) {
		return nil, false
	}
	t, field := rv.Type(), -1
	switch {
	case t.NumField() == 1:
		field = 0
	case t.NumField() == 2 && isTrueFlag(rv, 1):
		field = 0
	case t.NumField() == 2 && isTrueFlag(rv, 0):
		field = 1
	}
	if field >= 0 && t.Field(field).IsExported() {
		return rv.Field(field).Interface(), true
	}
	return optional(rv)
}

// isTrueFlag reports whether the field i of the struct rv is a Valid that is true.
func isTrueFlag(rv reflect.Value, i int) bool {
	return rv.Type().Field(i).Name == "Valid" && rv.Field(i).Kind() == reflect.Bool && rv.Field(i).Bool()
}

// optional returns the result of the method Get() (T, bool) of rv, as types of optional values have it.
func optional(rv reflect.Value) (inner any, ok bool) {
	get := rv.MethodByName("Get")
	if !get.IsValid() || get.Type().NumIn() != 0 || get.Type().NumOut() != 2 || get.Type().Out(1).Kind() != reflect.Bool {
		return nil, false
	}
	inner, err := callMethod(rv.Interface(), "Get", func() (any, error) {
		out := get.Call(nil)
		ok = out[1].Bool()
		return out[0].Interface(), nil
	})
	return inner, ok && err == nil
}

// adopt returns inner, which a Valuer wraps, or a fuller form of it, if inner speaks for the Valuer:
// the answer is inner's own, or has lost a part of inner.
func adopt(inner, answer any, failed error) (full any, ok bool) {
	if v, ok := inner.(driver.Valuer); ok {
		if isNil(reflect.ValueOf(v)) {
			return nil, false
		}
		own, err := callMethod(v, "Value", func() (any, error) { return v.Value() })
		return inner, sameFailure(err, failed) && reflect.DeepEqual(own, answer)
	}
	rv := pointee(reflect.ValueOf(inner))
	if !rv.IsValid() || rv.Kind() == reflect.Pointer || isNil(rv) { // nothing there, or pointers without end
		return nil, false
	}
	full, ok = lost(rv, answer, failed, true)
	if _, isText := full.(json.Number); ok && !isText {
		full = inner // whose methods may say more
	}
	return full, ok
}

// lost returns the value of rv, or a fuller form of it, if the answer, or the failure, is what
// database/sql makes of rv, and less than rv. isInner says that rv is a part of the Valuer, not the
// Valuer itself.
func lost(rv reflect.Value, answer any, failed error, isInner bool) (full any, ok bool) {
	own := withoutMethods(rv)
	if own == nil {
		return nil, false
	}
	image, err := driver.DefaultParameterConverter.ConvertValue(own)
	switch k := rv.Kind(); {
	case failed != nil:
		return own, err != nil && sameFailure(err, failed)
	case isInner && err == nil && reflect.DeepEqual(image, answer):
		return own, true
	case k == reflect.Map || isList(rv):
		text, isText := answerText(answer)
		return own, isText && isLiteral(rv, string(text))
	}
	scalar, ok := builtin(answer)
	if !ok {
		return nil, false
	}
	isSmall := rv.Kind() >= reflect.Uint8 && rv.Kind() <= reflect.Uint32 // SQL has a type for it
	return widen(underlying(reflect.ValueOf(own)), underlying(reflect.ValueOf(scalar)), isInner && !isSmall)
}

// withoutMethods returns rv as a value whose type has no Value method; nil if there is no such type.
func withoutMethods(rv reflect.Value) any {
	t := rv.Type()
	if _, ok := rv.Interface().(driver.Valuer); !ok {
		return rv.Interface()
	}
	switch rv.Kind() {
	case reflect.Map:
		return rv.Convert(reflect.MapOf(t.Key(), t.Elem())).Interface()
	case reflect.Slice:
		return rv.Convert(reflect.SliceOf(t.Elem())).Interface()
	case reflect.Array:
		return rv.Convert(reflect.ArrayOf(t.Len(), t.Elem())).Interface()
	}
	if k := rv.Kind(); k >= reflect.Bool && k <= reflect.Float64 || k == reflect.String {
		return underlying(rv)
	}
	return nil
}

// sameFailure reports whether two errors are none, or say the same.
func sameFailure(x, y error) bool {
	if x == nil || y == nil {
		return x == nil && y == nil
	}
	text := func(err error) string {
		text, failed := callMethod(err, "Error", func() (string, error) {
			var f *fault.Error
			if errors.As(err, &f) && f.Cause != nil {
				err = f.Cause // callMethod hides its text
			}
			return err.Error(), nil
		})
		if failed != nil {
			return ""
		}
		return text
	}
	first, second := text(x), text(y)
	return first != "" && strings.HasSuffix(second, first)
}

func answerText(answer any) (text []byte, ok bool) {
	switch answer := answer.(type) {
	case string:
		return []byte(answer), true
	case []byte:
		return answer, true
	case json.RawMessage:
		return answer, true
	}
	return nil, false
}

// jsonAnswer returns the answer of v, a Valuer found as rv, if it is JSON that v holds.
func jsonAnswer(v driver.Valuer, rv reflect.Value, answer any) (raw json.RawMessage, ok bool) {
	text, ok := answerText(answer)
	if !ok {
		return nil, false
	}
	m, isMarshaler := v.(json.Marshaler)
	isText := reflect.TypeOf(answer).Kind() == reflect.String
	switch k := rv.Kind(); {
	case isBytes(rv.Type()): // as the types that hold JSON as it was read
		if !isMarshaler {
			return nil, false
		}
		own, err := callMethod(v, "MarshalJSON", m.MarshalJSON)
		return text, err == nil && bytes.Equal(bytes.TrimSpace(own), bytes.TrimSpace(text))
	case k == reflect.Map || k == reflect.Slice || k == reflect.Array:
		return text, isJSONContainer(text)
	case isMarshaler || k == reflect.Struct && !isText:
		return text, isJSONContainer(text)
	}
	return nil, false
}

// ownBytes returns the bytes that v, found as rv, or the value that v carries, consists of. It reports false
// if there are none, or if answer, the result of a method, is no text. Text that only a Value method gives for
// a []byte stands for other bytes, such as encrypted ones.
func ownBytes(v any, rv reflect.Value, answer any) (p []byte, ok bool) {
	if _, isText := answer.(string); !isText {
		return nil, false
	}
	rv = reflect.Indirect(rv)
	if inner, ok := carried(rv); ok && inner != nil {
		rv = reflect.ValueOf(inner)
	}
	if !isBytes(rv.Type()) {
		return nil, false
	}
	if _, isValuer := v.(driver.Valuer); isValuer && rv.Kind() == reflect.Slice {
		if _, hasText := v.(encoding.TextMarshaler); !hasText {
			return nil, false
		}
	}
	return bytesOf(rv), true
}

// widen returns own, a value of a predeclared type or of math/big, if answer is own with a part lost: its
// sign or width, its fraction, its precision, or, where mayBeText is set, its type.
func widen(own, answer any, mayBeText bool) (full any, ok bool) {
	switch answer := answer.(type) {
	case float32:
		return own, toFloat32(own) == answer
	case float64:
		if text, ok := own.(string); ok {
			f, err := strconv.ParseFloat(text, 64)
			if err != nil || f != answer {
				return nil, false
			}
			return asDecimal(text)
		}
		return own, isNumber(own) && toFloat64(own) == answer
	case int64:
		return own, cutsTo(own, answer)
	case uint64:
		return own, cutsTo(own, int64(answer)) //nolint:gosec // the same bits
	case string:
		return own, mayBeText && spells(own, answer)
	case []byte:
		b, isBool := own.(bool)
		if isBool && len(answer) == 1 && answer[0] <= 1 {
			return own, b == (answer[0] == 1)
		}
		return own, mayBeText && spells(own, string(answer))
	}
	return nil, false
}

// asDecimal returns the number that text spells for strconv. It reports false for a spelling by other digits
// than decimal ones, which a float64 holds.
func asDecimal(text string) (number json.Number, ok bool) {
	if scanNumber(text) == len(text) {
		return json.Number(text), true
	}
	canonical, err := decimal.Canonical(text)
	if err != nil {
		return json.Number(text), !errors.Is(err, decimal.ErrSyntax)
	}
	return json.Number(canonical), true
}

func isNumber(v any) bool {
	switch v.(type) {
	case int64, uint64, float32, float64, *big.Int, *big.Float, *big.Rat, big.Int, big.Float, big.Rat:
		return true
	}
	return false
}

// exact returns the number v; nil if v is not a finite number.
func exact(v any) *big.Rat {
	r := new(big.Rat)
	switch v := v.(type) {
	case int64:
		return r.SetInt64(v)
	case uint64:
		return r.SetUint64(v)
	case float32:
		return r.SetFloat64(float64(v))
	case float64:
		return r.SetFloat64(v)
	case *big.Int:
		return r.SetInt(v)
	case big.Int:
		return r.SetInt(&v)
	case *big.Float:
		return floatRat(v)
	case big.Float:
		return floatRat(&v)
	case *big.Rat:
		return v
	case big.Rat:
		return &v
	}
	return nil
}

// floatRat returns f; nil if f is infinite, or so far from 1 that its digits would fill the memory.
func floatRat(f *big.Float) *big.Rat {
	if exponent := f.MantExp(nil); f.IsInf() || max(exponent, -exponent) > maxBits {
		return nil
	}
	r, _ := f.Rat(nil)
	return r
}

func toFloat64(v any) float64 {
	if r := exact(v); r != nil {
		f, _ := r.Float64()
		return f
	}
	return math.NaN()
}

func toFloat32(v any) float32 { return float32(toFloat64(v)) }

// cutsTo reports whether answer is own without its fraction, or its lowest 64 or 32 bits, or own as 0
// or 1.
func cutsTo(own any, answer int64) bool {
	if b, ok := own.(bool); ok {
		return b && answer == 1 || !b && answer == 0
	}
	r := exact(own)
	if r == nil {
		return false
	}
	whole := new(big.Int).Quo(r.Num(), r.Denom())
	if whole.IsInt64() && whole.Int64() == answer && (answer != 0 || r.IsInt()) { // 0 may be a fraction in another unit
		return true
	}
	low := new(big.Int).And(whole, new(big.Int).SetUint64(math.MaxUint64)).Uint64()                           // two's complement
	return r.IsInt() && (int64(low) == answer || int64(int32(low)) == answer || int64(uint32(low)) == answer) //nolint:gosec // cut on purpose
}

// maxSpelled bounds the number texts that are compared, in bytes.
const maxSpelled = 1000

// spells reports whether text is the spelling of own, a number that SQL has no other type for. A text of any
// other number was chosen on purpose, and so was one with zeros before an integer or decimals after it.
func spells(own any, text string) bool {
	switch own := own.(type) {
	case uint64:
		return text == strconv.FormatUint(own, 10)
	case *big.Int, big.Int:
		whole := exact(own).Num()
		return len(text) <= maxSpelled && whole.BitLen() < 4*maxSpelled && text == whole.String()
	case *big.Float, big.Float, *big.Rat, big.Rat:
	default:
		return false
	}
	r := exact(own)
	if r == nil || len(text) > maxSpelled || strings.ContainsAny(text, "eEpPxX") { // an exponent could ask for any number of digits
		return false
	}
	spelled, ok := new(big.Rat).SetString(text)
	return ok && spelled.Cmp(r) == 0
}
