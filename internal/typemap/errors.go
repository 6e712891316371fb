package typemap

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// errGoexit returns the fault of a row whose conversion ended the goroutine that it ran on.
func (c *Converter) errGoexit() *fault.Error {
	culprit := "a method of a value in the row"
	if c.mapping.Convert != nil {
		culprit += ", or Mapping.Convert,"
	}
	return fault.NewMapping("%s called runtime.Goexit", culprit).
		WithRemedy("remove that call: the method runs on a goroutine of this library")
}

// notStorable returns the fault of a value of a type that DynamoDB cannot store.
func notStorable(t reflect.Type) error {
	return fault.NewMapping("Go type %s cannot be stored in DynamoDB", fault.TypeText(t)).
		WithRemedy("leave the value out, or provide a value of another type")
}

// notConvertible returns the fault of a v that cannot be converted to k.
func notConvertible(v any, k item.Kind) error {
	switch t := reflect.TypeOf(v); t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return notStorable(t)
	}
	remedy := kindRemedies[k]
	if _, ok := v.(binary); ok {
		remedy = `set Field.Type to "B", or provide the text that the bytes stand for`
	}
	return fault.NewMapping("Go type %s cannot be converted to %s", typeName(v), k).WithRemedy(remedy)
}

// kindRemedies says, for the kinds that a field can force, what to provide for a value that cannot be
// converted.
var kindRemedies = [item.BS + 1]string{
	item.S:    `set Field.Type to "JSON"`,
	item.N:    `provide a number or decimal text, or set another Field.Type`,
	item.B:    `provide a []byte or base64 text, or set another Field.Type`,
	item.Bool: `provide a bool, "true", "false", 0 or 1, or set another Field.Type`,
	item.L:    `provide a slice or the JSON text of an array, or set another Field.Type`,
	item.M:    `provide a map, a struct or the JSON text of an object, or set another Field.Type`,
	item.SS:   `provide a slice or the JSON text of an array, or set another Field.Type`,
	item.NS:   `provide a slice or the JSON text of an array, or set another Field.Type`,
	item.BS:   `provide a slice or the JSON text of an array, or set another Field.Type`,
}

// typeName returns the Go type of v, a value that resolve returns.
func typeName(v any) string {
	if p, ok := v.(binary); ok {
		return fmt.Sprintf("[%d]byte", len(p))
	}
	return fault.TypeName(v)
}

// asTypeOf returns err, the error of what v resolved to, with the Go type of v, or of what v points to: it is
// the type that the source has, and the methods of v, or Mapping.Convert, may have returned another.
func asTypeOf(v, resolved any, err error) error {
	source := pointee(reflect.ValueOf(v))
	var f *fault.Error
	if !errors.As(err, &f) || !source.IsValid() || resolved == nil || reflect.TypeOf(resolved) == reflect.PointerTo(source.Type()) {
		return err
	}
	for _, before := range []string{"the value of Go type ", "Go type "} {
		if rest, ok := strings.CutPrefix(f.Text, before+typeName(resolved)+" "); ok {
			named := *f
			named.Text = before + fault.TypeText(source.Type()) + " " + rest
			return &named
		}
	}
	isNumber := errors.Is(err, decimal.ErrDigits) || errors.Is(err, decimal.ErrRange) || errors.Is(err, decimal.ErrNotFinite)
	if isNumber && strings.HasPrefix(f.Text, "the value ") {
		return item.WithSubject(err, "the value of Go type "+fault.TypeText(source.Type()))
	}
	return err
}

// jsonKinds names the values of JSON by the kinds that they are converted to.
var jsonKinds = [...]string{item.S: "a string", item.N: "a number", item.Bool: "a bool", item.Null: "null", item.L: "an array", item.M: "an object"}

// jsonNotConvertible returns the fault of JSON text whose value, of kind is, cannot be converted to
// k: an L, an M or a set.
func jsonNotConvertible(is, k item.Kind) error {
	source := jsonKinds[item.L]
	if k == item.M {
		source = jsonKinds[item.M]
	}
	return fault.NewMapping("the JSON text is %s, but %s needs %s", jsonKinds[is], k, source).
		WithRemedy("provide the JSON text of " + source + ", or another Field.Type")
}

// callMethod calls a method of v, a value in the row.
func callMethod[T any](v any, method string, call func() (T, error)) (T, error) {
	return callForeign(func() string { return "method " + method + " of " + fault.TypeName(v) }, "the method", call)
}

// callForeign calls code of the caller's, which who names and which works on a value in the row. The
// value of a panic and the text of a returned error may quote the row and are not shown.
func callForeign[T any](who func() string, code string, call func() (T, error)) (result T, err error) {
	defer func() {
		if recover() != nil {
			err = fault.NewMapping("%s panicked", who()).WithRemedy("fix " + code + " or the value")
		}
	}()
	result, err = call()
	_, own := err.(*fault.Error) //nolint:errorlint // of a method of this library's, which wraps it in nothing
	if err != nil && !own {
		err = fault.NewMapping("%s returned an error of type %s", who(), fault.TypeName(err)).
			WithRemedy("fix " + code + " or the value; use errors.As or errors.Is to get the error").WithCause(err)
	}
	return result, err
}
