package typemap

import (
	"reflect"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// errGoexit is the fault of a row with a value that ended the goroutine of its conversion.
var errGoexit = fault.NewMapping("a method of one of its values called runtime.Goexit").
	WithRemedy("remove that call: the method runs on a goroutine of this library")

// notStorable returns the fault of a value of a type that becomes no attribute.
func notStorable(t reflect.Type) error {
	return fault.NewMapping("Go type %s cannot be stored in DynamoDB", fault.TypeText(t)).
		WithRemedy("leave the column out of the mapping, or give a value of another type instead")
}

// notConvertible returns the fault of a v that does not become a k.
func notConvertible(v any, k item.Kind) error {
	switch t := reflect.TypeOf(v); t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return notStorable(t)
	}
	return fault.NewMapping("Go type %s cannot be converted to %s", fault.TypeName(v), k)
}

// jsonNotConvertible returns the fault of JSON text that gives another kind than k.
func jsonNotConvertible(is, k item.Kind) error {
	source := "an array"
	if k == item.M {
		source = "an object"
	}
	return fault.NewMapping("its JSON text gives %s, and %s is made from %s", is, k, source)
}

// callMethod calls a method of a value in the row. What the method panics with, and the text of the
// error that it returns, may quote the row and are not shown.
func callMethod[T any](v any, method string, call func() (T, error)) (result T, err error) {
	defer func() {
		if recover() != nil {
			err = fault.NewMapping("the %s method of its %s panicked", method, fault.TypeName(v))
		}
	}()
	if result, err = call(); err != nil {
		err = fault.NewMapping("the %s method of its %s returned an error (%s)", method, fault.TypeName(v), fault.TypeName(err)).WithCause(err)
	}
	return result, err
}
