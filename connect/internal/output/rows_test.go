package output

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

// bare is a message that does not say in which forms it holds its content.
type bare struct{ m *message }

func (b bare) AsBytes() ([]byte, error)   { return b.m.AsBytes() }
func (b bare) AsStructured() (any, error) { return b.m.AsStructured() }

// broken is a message that cannot be read.
type broken struct{}

func (broken) AsBytes() ([]byte, error)   { return nil, errors.New("secret") }
func (broken) AsStructured() (any, error) { return nil, errors.New("secret") }

func TestRowOf(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	bytes := []byte{0, 255}
	for name, tt := range map[string]struct {
		message Message
		want    dynamodest.Row
	}{
		"text":                             {line(`{"id":"a","n":1}`), dynamodest.Row{"id": "a", "n": json.Number("1")}},
		"text with all digits":             {line(`{"n":0.12345678901234567890}`), dynamodest.Row{"n": json.Number("0.12345678901234567890")}},
		"text in lines":                    {line("{\n\"id\": \"a\"\n}\n"), dynamodest.Row{"id": "a"}},
		"text of no columns":               {line(`{}`), dynamodest.Row{}},
		"values":                           {object(map[string]any{"id": "a", "n": int64(1)}), dynamodest.Row{"id": "a", "n": int64(1)}},
		"values: bytes, a time":            {object(map[string]any{"b": bytes, "t": at}), dynamodest.Row{"b": bytes, "t": at}},
		"values that are no JSON":          {object(map[string]any{"f": math.NaN()}), dynamodest.Row{"f": math.NaN()}},
		"both, the text first":             {&message{[]byte(`{"n":1.10}`), map[string]any{"n": 1.1}}, dynamodest.Row{"n": json.Number("1.10")}},
		"both, bytes in values":            {&message{[]byte(`{"b":"AP8="}`), map[string]any{"b": bytes}}, dynamodest.Row{"b": bytes}},
		"both, bytes in an object":         {&message{[]byte(`{"o":{"b":"AP8="}}`), map[string]any{"o": map[string]any{"b": bytes}}}, dynamodest.Row{"o": map[string]any{"b": bytes}}},
		"both, a time in a list":           {&message{[]byte(`{"l":["2026"]}`), map[string]any{"l": []any{at}}}, dynamodest.Row{"l": []any{at}}},
		"both, text that is not UTF-8":     {&message{[]byte(`{"s":"\ufffd"}`), map[string]any{"s": "\xff"}}, dynamodest.Row{"s": "\xff"}},
		"both, a name that is not UTF-8":   {&message{[]byte(`{"\ufffd":1}`), map[string]any{"\xff": 1}}, dynamodest.Row{"\xff": 1}},
		"both, a list of ordinary values":  {&message{[]byte(`{"l":[1,"a",null,true]}`), map[string]any{"l": []any{1.0, "a", nil, true}}}, dynamodest.Row{"l": []any{json.Number("1"), "a", nil, true}}},
		"forms not said, text":             {bare{line(`{"n":1}`)}, dynamodest.Row{"n": json.Number("1")}},
		"forms not said, values":           {bare{object(map[string]any{"n": int64(1)})}, dynamodest.Row{"n": json.Number("1")}},
		"forms not said, bytes":            {bare{object(map[string]any{"b": bytes})}, dynamodest.Row{"b": bytes}},
		"forms not said, values, not JSON": {bare{object(map[string]any{"f": math.Inf(1)})}, dynamodest.Row{"f": math.Inf(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, tells := tt.message.(*message)
			alone := tells && m.value == nil
			row, err := rowOf(tt.message)
			require.NoError(t, err)
			if alone {
				assert.Nil(t, m.value, "text is not parsed twice")
			}
			if f, ok := tt.want["f"].(float64); ok && math.IsNaN(f) {
				assert.True(t, math.IsNaN(row["f"].(float64)))
				return
			}
			assert.Equal(t, tt.want, row)
		})
	}
}

func TestMessagesThatAreNoRow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		message Message
		want    string
	}{
		"empty":                      {line(""), "not a JSON object"},
		"white space":                {line(" \n"), "not a JSON object"},
		"an array":                   {line(`[{"secret":1}]`), "not a JSON object"},
		"a number":                   {line(`17`), "not a JSON object"},
		"null":                       {line(`null`), "not a JSON object"},
		"broken":                     {line(`{"secret":`), "not valid JSON"},
		"two objects":                {line(`{} {"secret":1}`), "more text after the object"},
		"not valid UTF-8":            {line("{\"a\":\"secret\xff\"}"), "not valid UTF-8"},
		"a repeated name":            {line(`{"secret":1,"secret":2}`), "a name twice"},
		"half of a surrogate pair":   {line(`{"a":"secret\ud800"}`), "surrogate"},
		"values, a list":             {object([]any{"secret"}), "not a JSON object but an array"},
		"values, text":               {object("secret"), "not a JSON object but text"},
		"values, bytes":              {object([]byte("secret")), "not a JSON object but text"},
		"values, a bool":             {object(true), "not a JSON object but a bool"},
		"values, a number":           {object(17.5), "not a JSON object but a number or another value"},
		"both, no object":            {&message{[]byte(`"secret"`), "secret"}, "not a JSON object"},
		"forms not said, not JSON":   {bare{line(`secret`)}, "not a JSON object"},
		"forms not said, not object": {bare{object([]any{math.NaN()})}, "not a JSON object"},
		"cannot be read":             {broken{}, "the content of the message cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := rowOf(tt.message)
			require.ErrorContains(t, err, tt.want)
			whole := (&messageError{err}).Error()
			assert.Regexp(t, `^unmappable_value: the message is no row: .*$`, whole)
			assert.NotContains(t, whole, "17")
			assert.NotContains(t, whole, `"secret`)
			assert.NotContains(t, whole, `secret"`)
		})
	}
}
