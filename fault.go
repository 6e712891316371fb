package dynamodest

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/dynamodest/dynamodest/internal/decimal"
)

// fault is why a value does not map. Its text speaks of types, sizes and
// names; text that may quote a row is reached only through Unwrap.
type fault struct {
	reason Reason
	text   string
	cause  error
}

func (f *fault) Error() string { return f.text }
func (f *fault) Unwrap() error { return f.cause }

// refuse returns an ErrMapping fault. Its arguments must quote no row.
func refuse(format string, args ...any) error {
	return &fault{reason: ErrMapping, text: fmt.Sprintf(format, args...)}
}

// Faults that many places meet.
var (
	errUTF8  = refuse("it holds text that is not valid UTF-8; a []byte is written as B and may hold any bytes")
	errCycle = refuse("it contains itself, or is nested deeper than %d levels", maxJSONLevels)
	errDepth = refuse("it contains itself, or is nested deeper than the %d levels that DynamoDB takes; Type \"JSON\" writes it as text", maxLevels)
	errHuge  = &fault{reason: ErrTooLarge, text: fmt.Sprintf("its document alone is over %d bytes, the most an item may have", maxItemSize)}
)

// numberFault explains an error of package decimal.
func numberFault(err error) error {
	advice := ""
	if errors.Is(err, decimal.ErrDigits) || errors.Is(err, decimal.ErrRange) {
		advice = `; Type "S" writes it as text, digit for digit`
	}
	return &fault{reason: ErrMapping, text: "the number is " + err.Error() + advice, cause: err}
}

// typeName returns the Go type of v, shortened if it is a long literal.
func typeName(v any) string {
	if v == nil {
		return "nil"
	}
	return clip(reflect.TypeOf(v).String())
}

// maxShown is the most bytes of a name that an error shows.
const maxShown = 64

// clip shortens a name for an error.
func clip(name string) string {
	if len(name) > maxShown {
		return name[:maxShown] + "..."
	}
	return name
}

// callMethod calls a method of a value in the row. What it panics with, and
// the text of the error it returns, may quote the row and are not shown.
func callMethod[T any](v any, method string, call func() (T, error)) (result T, err error) {
	defer func() {
		if recover() != nil {
			err = refuse("the %s method of its %s panicked", method, typeName(v))
		}
	}()
	if result, err = call(); err != nil {
		err = &fault{
			reason: ErrMapping,
			text:   fmt.Sprintf("the %s method of its %s returned an error (%s)", method, typeName(v), typeName(err)),
			cause:  err,
		}
	}
	return result, err
}
