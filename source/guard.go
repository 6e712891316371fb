package source

import (
	"fmt"
	"strings"

	"github.com/dynamodest/dynamodest"
)

// Guard keeps the types that [ProposeMapping] proposed true to the rows that the sample lacks. In a column that is
// proposed as a number, the code "0123" would be written as 123 without an error: Check finds it.
//
// A Guard does not change, so several goroutines may use it.
type Guard struct{ columns map[string]guarded }

// guarded is a column that is proposed as numbers or bools.
type guarded struct {
	bools    bool
	decimals int // of the numbers in the sample that are text, if all have as many; otherwise 0
}

// NewGuard returns a Guard for the columns of text to which ProposeMapping gives a type by the same sample. A
// column that a person has given its type needs no guard: leave it out of columns.
func NewGuard(sample []dynamodest.Row, columns ...string) *Guard {
	evidence := gather(sample)
	g := &Guard{columns: map[string]guarded{}}
	for _, column := range columns {
		e := evidence[column]
		if e == nil {
			continue
		}
		c := guarded{bools: e.propose() == dynamodest.Bool}
		if !c.bools && !e.uneven {
			c.decimals = e.decimals
		}
		if e.propose() != dynamodest.Auto {
			g.columns[column] = c
		}
	}
	return g
}

// UnlikeError is why a row does not go with the types that a sample suggested. Its text quotes no value.
type UnlikeError struct {
	Column string
	Type   dynamodest.Type // that is proposed for the column
}

// Error returns the column, the type, and what is wrong with the text.
func (e *UnlikeError) Error() string {
	return fmt.Sprintf("column %.100q: the text is not in a form that %s keeps, the type that a sample suggested: a code with leading zeros, for one", e.Column, e.Type)
}

// Check returns an [*UnlikeError] if the type of a column would change the text that row has for it: text that is
// a number in another form, such as one with leading zeros, an exponent, or zeros after the decimals that the
// numbers of the sample have; and text that is no bool. "" and values that are no text are not looked at. The row
// can be yielded with the error in a [dynamodest.BadRow]: it then fails alone.
func (g *Guard) Check(row dynamodest.Row) error {
	for name, column := range g.columns {
		text, _ := row[name].(string)
		switch {
		case text == "":
		case column.bools:
			if !isBool(text) {
				return &UnlikeError{name, dynamodest.Bool}
			}
		default:
			fraction, ok := decimalText(text)
			if !ok || strings.HasSuffix(fraction, "0") && len(fraction) != column.decimals {
				return &UnlikeError{name, dynamodest.Number}
			}
		}
	}
	return nil
}
