package dynamodest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/dynamodest/dynamodest/internal/decimal"
)

// misfit is why a value does not fit, and what would mend it. Its texts speak
// of types, sizes and names; text that may quote a row is reached only through
// Unwrap.
type misfit struct {
	reason Reason
	text   string
	mend   string // "" leaves it to the general advice of the reason
	cause  error
}

func (m *misfit) Error() string  { return m.text }
func (m *misfit) Unwrap() error  { return m.cause }
func (m *misfit) remedy() string { return m.mend }

// refuse returns an ErrMapping misfit. Its arguments must quote no row.
func refuse(format string, args ...any) *misfit {
	return &misfit{reason: ErrMapping, text: fmt.Sprintf(format, args...)}
}

// or returns m with what would mend it.
func (m *misfit) or(mend string) *misfit {
	m.mend = mend
	return m
}

// Misfits that many places meet.
var (
	errUTF8     = refuse("it holds text that is not valid UTF-8").or("convert the text to UTF-8, or give it as a []byte, which is written as B and may hold any bytes")
	errCycle    = refuse("it contains itself, or is nested deeper than %d levels", maxJSONLevels).or("give a value that ends: leave out the reference back, or what lies deepest")
	errDepth    = refuse("it contains itself, or is nested deeper than the %d levels that DynamoDB takes", maxLevels).or(`Field.Type "JSON" writes a deeper value as text`)
	errName     = refuse("a name in it is empty or has more than %d bytes", maxAttributeName).or(`rename it, or write the value as text with Field.Type "JSON"`)
	errGoexit   = refuse("a method of one of its values ended the goroutine").or("mend the method: it is called on a goroutine of this library's")
	errEmptySet = refuse("it is an empty set, which DynamoDB does not take").or(`give nil in its place, or write a list with Field.Type "L"`)
	errHuge     = &misfit{reason: ErrTooLarge, text: fmt.Sprintf("this attribute alone has more than %d bytes, the most that an item may have, or contains itself", maxItemSize)}
)

// numberMisfit explains an error of package decimal.
func numberMisfit(err error) error {
	m := refuse("the value %v", err)
	switch {
	case errors.Is(err, decimal.ErrDigits), errors.Is(err, decimal.ErrRange):
		m.mend = `Field.Type "S", or "JSON" for a document, keeps it digit for digit`
	case errors.Is(err, decimal.ErrNotFinite):
		m.mend = "give nil or a number in its place: DynamoDB and JSON have no form for it"
	}
	m.cause = err
	return m
}

// noForm is the misfit of a value of a type that nothing is made of.
func noForm(t reflect.Type) error {
	return refuse("Go type %s has no form in DynamoDB", typeText(t)).or("leave the column out of the mapping, or give a value of another type in its place")
}

// goType returns the Go type of v, shortened if it is a long literal.
func goType(v any) string {
	if v == nil {
		return "nil"
	}
	return typeText(reflect.TypeOf(v))
}

// typeText returns the name of t as most people write it.
func typeText(t reflect.Type) string {
	return clip(strings.NewReplacer("[]uint8", "[]byte", "interface {}", "any").Replace(t.String()))
}

// maxShown is the most bytes of a name that an error shows.
const maxShown = 64

// clip shortens a name for an error.
func clip(name string) string { return cut(name, maxShown) }

// callMethod calls a method of a value in the row. What it panics with, and
// the text of the error it returns, may quote the row and are not shown.
func callMethod[T any](v any, method string, call func() (T, error)) (result T, err error) {
	defer func() {
		if recover() != nil {
			err = refuse("the %s method of its %s panicked", method, goType(v))
		}
	}()
	if result, err = call(); err != nil {
		err = &misfit{
			reason: ErrMapping,
			text:   fmt.Sprintf("the %s method of its %s returned an error (%s)", method, goType(v), goType(err)),
			cause:  err,
		}
	}
	return result, err
}
