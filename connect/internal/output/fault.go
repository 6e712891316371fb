package output

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/dynamodest/dynamodest"
)

// Fault is a message that is at fault: written again, it would fail again.
type Fault struct {
	Index int // of the message in its batch
	Err   error
}

// otherRow matches the row of the same key that the text of a refused duplicate names.
var otherRow = regexp.MustCompile(`\brow [0-9]+ of this call\b`)

// rowError is why a row is at fault. Its text begins with the label of the reason, and names no row: its number would be
// that among the rows that a call was given.
type rowError struct {
	err *dynamodest.RowError

	// unknown is set if the row was sent before without a response.
	unknown bool
}

// Error returns the reason, what is at fault, and what to do. It quotes no value.
func (e *rowError) Error() string {
	text := strings.TrimPrefix(e.err.Error(), fmt.Sprintf("row %d: ", e.err.Index))
	text = string(e.err.Reason) + strings.TrimPrefix(text, e.err.Reason.Error())
	text = otherRow.ReplaceAllString(text, "another row of the batch")
	if e.unknown && e.err.Reason == dynamodest.ErrExists {
		text += ". The row was sent before without a response, so the item may be this row itself: compare them"
	}
	return text
}

// Unwrap returns the error of the row.
func (e *rowError) Unwrap() error { return e.err }

// messageError is why a message is no row.
type messageError struct{ err error }

// Error returns the reason, and what is wrong with the message. It quotes nothing of the message.
func (e *messageError) Error() string {
	return string(dynamodest.ErrMapping) + ": the message is no row: " + e.err.Error()
}

// Unwrap returns the reason and what is wrong.
func (e *messageError) Unwrap() []error { return []error{dynamodest.ErrMapping, e.err} }

// headline returns an error that stands for all faults of a batch of so many messages. There is one at least.
func headline(faults []Fault, messages int) error {
	if messages == 1 {
		return faults[0].Err
	}
	return fmt.Errorf("%d of %d rows at fault, the first: %w", len(faults), messages, faults[0].Err)
}
