package fault

import (
	"context"
	"errors"
	"fmt"
)

// Error says what is wrong and how to fix it. Its texts hold types, sizes and names; text that may
// quote a row is in the cause alone, which is reached by unwrapping.
type Error struct {
	Reason    Reason
	Column    string // the column at fault, if one is
	Attribute string // the attribute at fault, if one is
	Text      string // what is wrong
	Cause     error  // nil if the text says it all

	remedy string // "" leaves it to the reason's general advice
}

// New returns an Error for r. Its arguments must quote no row.
func New(r Reason, format string, args ...any) *Error {
	return &Error{Reason: r, Text: fmt.Sprintf(format, args...)}
}

// NewMapping returns an Error for a value that cannot be mapped. Its arguments must quote no row.
func NewMapping(format string, args ...any) *Error { return New(Mapping, format, args...) }

// WithRemedy sets how to fix e, and returns e.
func (e *Error) WithRemedy(remedy string) *Error {
	e.remedy = remedy
	return e
}

// WithCause sets the error behind e, whose text is not shown, and returns e.
func (e *Error) WithCause(cause error) *Error {
	e.Cause = cause
	return e
}

// At returns a copy of e for the column and its attribute.
func (e *Error) At(column, attribute string) *Error {
	at := *e
	at.Column, at.Attribute = column, attribute
	return &at
}

// Error returns what is wrong.
func (e *Error) Error() string { return e.Text }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Advice returns how to fix e. Its cause is not asked.
func (e *Error) Advice() Advice { return Advice{Remedy: e.remedy} }

// Format keeps fmt from walking into the cause.
func (e Error) Format(s fmt.State, verb rune) { Format(s, verb, e.Error()) }

// Hidden is an error of code that is not this library's, such as a source of rows. Its cause's text
// may quote a row, so it is reached by unwrapping alone.
type Hidden struct {
	text  string
	cause error
}

// hiddenText says why a text is not shown, and how to reach it.
const hiddenText = "text hidden because it may contain row data; use errors.As or errors.Is"

// Hide returns an error that says who returned err and of which type it is.
func Hide(who string, err error) *Hidden {
	return &Hidden{fmt.Sprintf("%s returned an error of type %T (%s)", who, err, hiddenText), err}
}

// Ended returns why ctx ended: its error, with the cause that its owner gave hidden.
func Ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(err, cause) {
		return err
	}
	return &Hidden{fmt.Sprintf("%v (cause of type %T; %s)", err, cause, hiddenText), errors.Join(err, cause)}
}

// Error says who returned the cause and of which type it is.
func (e *Hidden) Error() string { return e.text }

// Unwrap returns the cause.
func (e *Hidden) Unwrap() error { return e.cause }

// Advice returns none: the cause is not asked.
func (e *Hidden) Advice() Advice { return Advice{} }

// Format keeps fmt from walking into the cause.
func (e Hidden) Format(s fmt.State, verb rune) { Format(s, verb, e.Error()) }
