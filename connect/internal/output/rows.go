package output

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

// Message is a message of an engine.
type Message interface {
	AsBytes() ([]byte, error)
	AsStructured() (any, error)
}

// formed is a [Message] that says in which forms it holds its content. Asked for the other form, a message converts it.
type formed interface {
	HasBytes() bool
	HasStructured() bool
}

// rowOf returns the row that a message is: a JSON object, or the values that processors made of it. The row must not be
// changed, since the message may share it with others.
//
// Text is read strictly, as lines of NDJSON are. Values are taken as they are, so bytes stay bytes and times stay times.
// If a message has both forms, one of them was made of the other, and the one that came first counts: that is the
// values if they hold what text cannot say, and else the text.
func rowOf(m Message) (dynamodest.Row, error) {
	f, tells := m.(formed)
	if tells && f.HasStructured() && !f.HasBytes() {
		return structured(m)
	}
	text, err := m.AsBytes()
	if err != nil {
		return nil, errors.New("the content of the message cannot be read")
	}
	row, textErr := source.JSONRow(text)
	if tells && !f.HasStructured() {
		return row, textErr
	}
	values, err := structured(m)
	if err == nil && (len(text) == 0 || !fitsText(values)) {
		return values, nil
	}
	return row, textErr
}

// structured returns the object that the values of a message are.
func structured(m Message) (dynamodest.Row, error) {
	value, err := m.AsStructured()
	if err != nil {
		return nil, errors.New("not valid JSON")
	}
	row, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("not a JSON object but %s", kind(value))
	}
	return row, nil
}

// kind returns what a value that is no object is, in the words of JSON.
func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case []any:
		return "an array"
	case string, []byte:
		return "text"
	case bool:
		return "a bool"
	}
	return "a number or another value"
}

// fitsText reports whether JSON text says everything that a value is. Bytes, times and text that is not UTF-8 would be
// written as something else.
func fitsText(value any) bool {
	switch value := value.(type) {
	case nil, bool, json.Number, int, int64, uint64, float64:
		return true
	case string:
		return utf8.ValidString(value)
	case map[string]any:
		for name, v := range value {
			if !utf8.ValidString(name) || !fitsText(v) {
				return false
			}
		}
		return true
	case []any:
		for _, v := range value {
			if !fitsText(v) {
				return false
			}
		}
		return true
	}
	return false
}
