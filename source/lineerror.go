package source

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// LineError says what is wrong with a line of a source, and where. Its texts have numbers and names of
// columns, and never quote a value.
type LineError struct {
	// Line is the number of the line, from 1, on which the row begins: in CSV a quoted value may have breaks of
	// lines. For a query it is the number of the row, from 1. It is 0 for a text of its own: see [JSONRow].
	Line int

	Column  int    // the byte of the line at fault, from 1; 0 if it is the line as a whole
	Problem string // what is wrong
	Err     error  // the cause, such as that of the reader; nil if Problem says it all
}

// Error returns the line, the column if there is one, and the problem. It does not quote Err, whose text
// may quote the line.
func (e *LineError) Error() string {
	if e == nil {
		return "<nil>"
	}
	text := e.Problem
	if e.Column > 0 {
		text = fmt.Sprintf("column %d: %s", e.Column, text)
	}
	switch {
	case e.Line == 0:
		return text
	case e.Column > 0:
		return fmt.Sprintf("line %d, %s", e.Line, text)
	}
	return fmt.Sprintf("line %d: %s", e.Line, text)
}

// Unwrap returns Err.
func (e *LineError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// SourceLine returns Line: [dynamodest.BadRow] asks for it.
func (e *LineError) SourceLine() int {
	if e == nil {
		return 0
	}
	return e.Line
}

// Format prints the text of e under every verb, and keeps fmt from walking into Err.
func (e LineError) Format(s fmt.State, verb rune) {
	if !strings.ContainsRune("vsqxX", verb) {
		verb = 's'
	}
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), e.Error())
}

// readError returns the error of a reader that failed on line.
func readError(line int, err error) *LineError {
	problem := fmt.Sprintf("reading failed with an error of type %T", err)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		problem = "the source is cut short: it ends where more was to come"
	}
	return &LineError{Line: line, Problem: problem, Err: err}
}
