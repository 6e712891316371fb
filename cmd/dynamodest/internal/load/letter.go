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

// Letter returns what is said of a row that failed, without its outcome and its values.
func Letter(e *dynamodest.RowError) deadletter.Letter {
	letter := deadletter.Letter{
		Row: e.Index, Reason: string(e.Reason), Scope: string(e.Scope()),
		Column: e.Column, Attribute: e.Attribute, Attempts: e.Attempts,
	}
	letter.Text, letter.Remedy, letter.Line = Explain(e)
	var unlike *source.UnlikeError
	if errors.As(e.Err, &unlike) {
		letter.Column = unlike.Column
	}
	return letter
}

// Explain returns what was wrong with a row, how to fix it, and the line of its source if it could not be read
// there, otherwise 0. The texts quote no value.
func Explain(e *dynamodest.RowError) (text, remedy string, line int) {
	var unread *source.LineError
	if errors.As(e.Err, &unread) { // its text is one of numbers and names
		return fmt.Sprintf("row %d: %s: %s", e.Index, e.Reason.Error(), words.Command(unread.Error(), "")), "fix the line", unread.Line
	}
	var unlike *source.UnlikeError
	if errors.As(e.Err, &unlike) { // its text is one of names too
		return fmt.Sprintf("row %d: %s: %s", e.Index, e.Reason.Error(), unlike),
			fmt.Sprintf("give the type of the column: -type %[1]s=S keeps every text as it is, -type %[1]s=%[2]s has it read as %[2]s", words.Name(unlike.Column), unlike.Type), 0
	}
	text = strings.TrimSuffix(e.Error(), "; remedy: "+e.Remedy())
	return words.Command(text, e.Column), words.Command(e.Remedy(), e.Column), 0
}
