package item

import (
	"errors"
	"strings"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/fault"
)

// theValue begins the text of a fault that concerns one value, so that WithSubject can replace it.
const theValue = "the value"

// Faults that are returned in several places.
var (
	ErrUTF8 = fault.NewMapping(theValue + " holds text that is not valid UTF-8").
		WithRemedy(`convert the text to UTF-8, or write binary: provide a []byte, with Field.Type "B" or no Field.Type`)
	ErrName = fault.NewMapping(theValue+" holds a name that is empty or has more than %d bytes", MaxAttributeName).
		WithRemedy(`rename the member, or set Field.Type to "JSON" to write the value as text`)
	ErrEmptySet = fault.NewMapping(theValue + " is an empty set, which DynamoDB does not take").
			WithRemedy(`provide nil instead, or set Field.Type to "L" to write a list`)
	errCycle = fault.NewMapping(theValue+" contains itself, or is nested deeper than %d levels", MaxJSONLevels).
			WithRemedy("remove the reference to itself, or nest the value less deeply")
	errDepth = fault.NewMapping(theValue+" contains itself, or is nested deeper than the %d levels that DynamoDB takes", MaxLevels).
			WithRemedy(`remove the reference to itself, or set Field.Type to "JSON" to write the value as text`)
	errHuge = fault.New(fault.TooLarge, theValue+" has more than %d bytes, or contains itself", MaxSize).
		WithRemedy("shorten the value or leave it out, or keep it in Amazon S3 and write a link; remove any reference to itself")
)

// NumberFault explains an error of package decimal.
func NumberFault(err error) *fault.Error {
	f := fault.NewMapping("%s %v", theValue, err).WithCause(err)
	switch {
	case errors.Is(err, decimal.ErrDigits), errors.Is(err, decimal.ErrRange):
		return f.WithRemedy(`set Field.Type to "S", or to "JSON" for a document, to write every digit as text`)
	case errors.Is(err, decimal.ErrNotFinite):
		return f.WithRemedy("provide nil or a number instead: DynamoDB and JSON have no NaN and no infinity")
	}
	return f.WithRemedy(`provide a numeric value such as 12.5, or set Field.Type to "S"`)
}

// WithSubject returns err, the error of a value, with subject as the name of that value.
func WithSubject(err error, subject string) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	named := *f
	if rest, ok := strings.CutPrefix(f.Text, theValue+" "); ok {
		named.Text = subject + " " + rest
	} else {
		named.Text = subject + ": " + f.Text
	}
	return &named
}

// Nested returns err, the error of a value at the given level, with a text that says whether the
// value is inside the column's value.
func Nested(err error, level int) error {
	if err == nil || level == 1 {
		return err
	}
	return nested(err)
}

// nested is separate from Nested so that the compiler inlines the check for an error.
func nested(err error) error {
	const subject = "a nested value"
	switch {
	case errors.Is(err, errCycle), errors.Is(err, errDepth), errors.Is(err, errHuge): // of the column's value
		return err
	case strings.HasPrefix(err.Error(), subject): // of a value nested deeper
		return err
	}
	return WithSubject(err, subject)
}
