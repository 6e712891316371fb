package dynamodest

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// parse gives a the value of JSON text at the given level of a document. Of
// equal keys of an object the last counts, as for encoding/json.
func (b *builder) parse(a *attr, text string, level int) error {
	b.held += len(text)
	p := jsonParser{b: b, text: text}
	if err := p.value(a, level); err != nil {
		return err
	}
	if p.space(); p.at < len(p.text) {
		return p.bad()
	}
	return nil
}

// jsonParser reads JSON text (RFC 8259) into a tree, with the limits of its
// builder.
type jsonParser struct {
	b    *builder
	text string
	at   int
}

func (p *jsonParser) bad() error { return refuse("it is not valid JSON at byte %d", p.at) }

func (p *jsonParser) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\n' || p.text[p.at] == '\t' || p.text[p.at] == '\r') {
		p.at++
	}
}

// next skips white space and c, if c is next.
func (p *jsonParser) next(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *jsonParser) value(a *attr, level int) error {
	if err := p.b.enter(level); err != nil {
		return err
	}
	switch {
	case p.next('{'):
		return p.object(a, level)
	case p.next('['):
		return p.array(a, level)
	case p.next('"'):
		s, err := p.rest()
		if err != nil {
			return err
		}
		a.set(kindS, s)
		return p.b.spend(len(s))
	}
	for _, literal := range []string{"null", "true", "false"} {
		if len(p.text)-p.at >= len(literal) && p.text[p.at:p.at+len(literal)] == literal {
			p.at += len(literal)
			if a.kind = kindNull; literal != "null" {
				a.set(kindBool, literal)
			}
			return nil
		}
	}
	n := scanNumber(p.text[p.at:])
	if n == 0 {
		return p.bad()
	}
	p.at += n
	return p.b.setNumber(a, p.text[p.at-n:p.at])
}

func (p *jsonParser) array(a *attr, level int) error {
	a.kind, a.elems = kindL, []attr{}
	if p.next(']') {
		return nil
	}
	for {
		a.elems = append(a.elems, attr{})
		if err := p.value(&a.elems[len(a.elems)-1], level+1); err != nil {
			return err
		}
		if p.next(']') {
			return nil
		}
		if !p.next(',') {
			return p.bad()
		}
	}
}

func (p *jsonParser) object(a *attr, level int) error {
	a.kind, a.elems = kindM, []attr{}
	if p.next('}') {
		return nil
	}
	for {
		if !p.next('"') {
			return p.bad()
		}
		name, err := p.rest()
		if err != nil {
			return err
		}
		if !p.next(':') {
			return p.bad()
		}
		a.elems = append(a.elems, attr{name: name})
		if err := p.value(&a.elems[len(a.elems)-1], level+1); err != nil {
			return err
		}
		if p.next('}') {
			a.elems = lastOfName(a.elems)
			return nil
		}
		if !p.next(',') {
			return p.bad()
		}
	}
}

// lastOfName sorts members by name and keeps the last of each.
func lastOfName(members []attr) []attr {
	sortByName(members)
	out := members[:0]
	for i := range members {
		if i+1 == len(members) || members[i+1].name != members[i].name {
			out = append(out, members[i])
		}
	}
	return trimmed(out)
}

// rest returns the rest of a string whose opening quote has been read.
func (p *jsonParser) rest() (string, error) {
	start := p.at
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return p.text[start : p.at-1], nil
		case c == '\\':
			return p.unescape(start)
		case c < ' ':
			return "", p.bad()
		}
		p.at++
	}
	return "", p.bad()
}

// unescape is rest for a string with escapes, from start on; p is at the first
// one.
func (p *jsonParser) unescape(start int) (string, error) {
	end := p.at
	for end < len(p.text) && p.text[end] != '"' {
		if p.text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(p.text) {
		return "", p.bad()
	}
	quoted := p.text[start-1 : end+1]
	if loneSurrogate(quoted) {
		return "", refuse("it holds half of a surrogate pair (\\ud800 to \\udfff), which is no character")
	}
	if !utf8.ValidString(quoted) {
		return "", errUTF8
	}
	var s string
	if err := json.Unmarshal([]byte(quoted), &s); err != nil {
		return "", p.bad() // the error may quote the text
	}
	p.at = end + 1
	return s, nil
}

// loneSurrogate is whether a JSON string has an escaped surrogate that is not
// one of a pair.
func loneSurrogate(quoted string) bool {
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

// surrogate returns the surrogate escaped at s[i:], if one is.
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
