package load

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/deadletter"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/words"
	"github.com/dynamodest/dynamodest/source"
)

// Letter returns what is said of a row that failed, without its values. Its texts are in the terms of the command.
func Letter(outcome dynamodest.Outcome, e *dynamodest.RowError) deadletter.Letter {
	letter := deadletter.Letter{
		Row: e.Index, Outcome: label(outcome), Reason: string(e.Reason), Scope: string(e.Scope()),
		Column: e.Column, Attribute: e.Attribute, Attempts: e.Attempts,
	}
	var unread *source.LineError
	var unlike *source.UnlikeError
	switch {
	case errors.As(e.Err, &unread): // its text is one of numbers and names
		letter.Line = unread.Line
		letter.Text = fmt.Sprintf("row %d: %s: %s", e.Index, e.Reason.Error(), words.Command(unread.Error(), ""))
		letter.Remedy = "fix the line"
	case errors.As(e.Err, &unlike): // its text is one of names too
		letter.Column = unlike.Column
		letter.Text = fmt.Sprintf("row %d: %s: %s", e.Index, e.Reason.Error(), unlike)
		letter.Remedy = fmt.Sprintf("give the type of the column: -type %[1]s=S keeps every text as it is, -type %[1]s=%[2]s has it read as %[2]s", words.Name(unlike.Column), unlike.Type)
	default:
		letter.Text = words.Command(strings.TrimSuffix(e.Error(), "; remedy: "+e.Remedy()), e.Column)
		letter.Remedy = words.Command(e.Remedy(), e.Column)
	}
	return letter
}

// label returns the label of an outcome, which is one of a row's.
func label(o dynamodest.Outcome) string {
	text, _ := o.MarshalText()
	return string(text)
}
