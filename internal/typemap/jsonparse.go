package typemap

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// parse converts JSON text to the member a of a document, at the given level. If an object has equal
// keys, the last one counts, as in encoding/json.
func (t *tree) parse(a *item.Attr, text string, level int) error {
	t.Footprint += len(text)
	r := jsonReader{text: text}
	if err := t.parseValue(&r, a, level); err != nil {
		return err
	}
	if r.skipSpace(); r.at < len(r.text) {
		return r.invalid()
	}
	return nil
}

func (t *tree) parseValue(r *jsonReader, a *item.Attr, level int) error {
	if err := t.Enter(level); err != nil {
		return err
	}
	switch {
	case r.accept('{'):
		return t.parseObject(r, a, level)
	case r.accept('['):
		return t.parseArray(r, a, level)
	case r.accept('"'):
		s, err := r.restOfString()
		if err != nil {
			return err
		}
		a.Set(item.S, s)
		return t.Charge(len(s))
	case r.acceptWord("null"):
		a.Kind = item.Null
		return nil
	case r.acceptWord("true"):
		a.SetBool(true)
		return nil
	case r.acceptWord("false"):
		a.SetBool(false)
		return nil
	}
	number, err := r.number()
	if err != nil {
		return err
	}
	return item.Nested(t.setNumber(a, number), level)
}

// scalar reads JSON text that is text, a number, a bool or null.
func (r *jsonReader) scalar() (v any, err error) {
	switch {
	case r.accept('"'):
		v, err = r.restOfString()
	case r.acceptWord("null"):
	case r.acceptWord("true"):
		v = true
	case r.acceptWord("false"):
		v = false
	default:
		var number string
		number, err = r.number()
		v = json.Number(number)
	}
	if err != nil {
		return nil, err
	}
	if r.skipSpace(); r.at < len(r.text) {
		return nil, r.invalid()
	}
	return v, nil
}

func (t *tree) parseArray(r *jsonReader, a *item.Attr, level int) error {
	a.Kind, a.Elems = item.L, []item.Attr{}
	if r.accept(']') {
		return nil
	}
	for {
		a.Elems = append(a.Elems, item.Attr{})
		if err := t.parseValue(r, &a.Elems[len(a.Elems)-1], level+1); err != nil {
			return err
		}
		if r.accept(']') {
			return nil
		}
		if !r.accept(',') {
			return r.invalid()
		}
	}
}

func (t *tree) parseObject(r *jsonReader, a *item.Attr, level int) error {
	a.Kind, a.Elems = item.M, []item.Attr{}
	if r.accept('}') {
		return nil
	}
	for {
		if !r.accept('"') {
			return r.invalid()
		}
		name, err := r.restOfString()
		if err != nil {
			return err
		}
		if !r.accept(':') {
			return r.invalid()
		}
		a.Elems = append(a.Elems, item.Attr{Name: name})
		if err := t.parseValue(r, &a.Elems[len(a.Elems)-1], level+1); err != nil {
			return err
		}
		if r.accept('}') {
			a.Elems = lastOfName(a.Elems)
			return nil
		}
		if !r.accept(',') {
			return r.invalid()
		}
	}
}

// lastOfName sorts members by name and keeps the last member of each name.
func lastOfName(members []item.Attr) []item.Attr {
	item.SortByName(members)
	out := members[:0]
	for i := range members {
		if i+1 == len(members) || members[i+1].Name != members[i].Name {
			out = append(out, members[i])
		}
	}
	return item.Compact(out)
}

// jsonReader reads the tokens of JSON text (RFC 8259).
type jsonReader struct {
	text string
	at   int
}

func (r *jsonReader) invalid() error {
	return fault.NewMapping("the value is not valid JSON at byte %d", r.at).WithRemedy("provide valid JSON text").WithCause(errNotJSON)
}

func (r *jsonReader) skipSpace() {
	for r.at < len(r.text) && (r.text[r.at] == ' ' || r.text[r.at] == '\n' || r.text[r.at] == '\t' || r.text[r.at] == '\r') {
		r.at++
	}
}

// accept skips white space and c, if c is next.
func (r *jsonReader) accept(c byte) bool {
	r.skipSpace()
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

// acceptWord skips word, if word is next.
func (r *jsonReader) acceptWord(word string) bool {
	if len(r.text)-r.at < len(word) || r.text[r.at:r.at+len(word)] != word {
		return false
	}
	r.at += len(word)
	return true
}

// number reads a number.
func (r *jsonReader) number() (string, error) {
	n := scanNumber(r.text[r.at:])
	if n == 0 {
		return "", r.invalid()
	}
	r.at += n
	return r.text[r.at-n : r.at], nil
}

// restOfString reads a string whose opening quote has been read.
func (r *jsonReader) restOfString() (string, error) {
	start := r.at
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return validText(r.text[start : r.at-1])
		case c == '\\':
			return r.unescape(start)
		case c < ' ':
			return "", r.invalid()
		}
		r.at++
	}
	return "", r.invalid()
}

// validText returns text, or an error if it is not UTF-8. A member that a later one of the same name
// replaces is checked nowhere else.
func validText(text string) (string, error) {
	if !utf8.ValidString(text) {
		return "", item.ErrUTF8
	}
	return text, nil
}

// unescape reads a string with escapes that begins at start; r is at the first escape.
func (r *jsonReader) unescape(start int) (string, error) {
	end := r.at
	for end < len(r.text) && r.text[end] != '"' {
		if r.text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(r.text) {
		return "", r.invalid()
	}
	quoted := r.text[start-1 : end+1]
	if LoneSurrogate(quoted) {
		return "", fault.NewMapping("the value holds half of a surrogate pair (\\ud800 to \\udfff), which is not a character").
			WithRemedy("complete or remove the surrogate pair")
	}
	if _, err := validText(quoted); err != nil {
		return "", err
	}
	var s string
	if err := json.Unmarshal([]byte(quoted), &s); err != nil {
		return "", r.invalid() // the text of err may quote the row
	}
	r.at = end + 1
	return s, nil
}

// LoneSurrogate reports whether a JSON string has an escaped surrogate that is not part of a pair.
func LoneSurrogate(quoted string) bool {
	for i := 0; i+1 < len(quoted); i++ {
		if quoted[i] != '\\' {
			continue
		}
		i++
		high, ok := surrogate(quoted, i-1)
		if !ok {
			continue
		}
		low, ok := surrogate(quoted, i+5)
		if high >= 0xdc00 || !ok || low < 0xdc00 {
			return true
		}
		i += 10
	}
	return false
}

// surrogate returns the escaped surrogate at s[i:]. It reports false if there is none.
func surrogate(s string, i int) (rune, bool) {
	if len(s)-i < 6 || s[i:i+2] != `\u` {
		return 0, false
	}
	r, err := strconv.ParseUint(s[i+2:i+6], 16, 32)
	return rune(r), err == nil && r >= 0xd800 && r <= 0xdfff
}

// scanNumber returns the length of the JSON number that s begins with, or 0.
func scanNumber(s string) int {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	n := scanDigits(s[i:])
	if n == 0 || n > 1 && s[i] == '0' {
		return 0
	}
	i += n
	if i < len(s) && s[i] == '.' {
		if n = scanDigits(s[i+1:]); n == 0 {
			return 0
		}
		i += 1 + n
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if n = scanDigits(s[j:]); n == 0 {
			return 0
		}
		i = j + n
	}
	return i
}

func scanDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
