package dynamodest

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest/internal/decimal"
)

// jsonText gives a the S that holds v as compact JSON, with the keys of objects
// in order. A JSON null is a null.
func (b *builder) jsonText(a *attr, v any) error {
	b.asJSON = true
	defer func() { b.asJSON = false }()
	var doc attr
	if err := b.node(&doc, v, 1); err != nil {
		return err
	}
	if doc.kind == kindNull {
		a.kind = kindNull
		return nil
	}
	return b.render(a, &doc)
}

// render gives a the S that holds doc as JSON.
func (b *builder) render(a, doc *attr) error {
	if b.arena.Cap()-b.arena.Len() < 64 {
		b.arena.Grow(64)
	}
	start := b.arena.Len()
	if err := b.writeJSON(doc); err != nil {
		return err
	}
	a.set(kindS, b.arena.String()[start:])
	return nil
}

// writeJSON writes a to the arena: B as base64, and sets as arrays.
func (b *builder) writeJSON(a *attr) error {
	switch a.kind {
	case kindS:
		return b.writeString(a.text)
	case kindN, kindBool:
		b.arena.WriteString(a.text)
	case kindB:
		b.arena.WriteByte('"')
		b.arena.WriteString(base64.StdEncoding.EncodeToString([]byte(a.text)))
		b.arena.WriteByte('"')
	case kindM:
		return b.writeMembers('{', a, '}')
	case kindL, kindSS, kindNS, kindBS:
		return b.writeMembers('[', a, ']')
	default:
		b.arena.WriteString("null")
	}
	return nil
}

func (b *builder) writeMembers(open byte, a *attr, shut byte) error {
	b.arena.WriteByte(open)
	for i := range a.elems {
		if i > 0 {
			b.arena.WriteByte(',')
		}
		if a.kind == kindM {
			if err := b.writeString(a.elems[i].name); err != nil {
				return err
			}
			b.arena.WriteByte(':')
		}
		if err := b.writeJSON(&a.elems[i]); err != nil {
			return err
		}
	}
	b.arena.WriteByte(shut)
	return nil
}

const hexDigits = "0123456789abcdef"

// writeString writes s as a JSON string as encoding/json does without HTML
// escaping.
func (b *builder) writeString(s string) error {
	b.arena.WriteByte('"')
	start := 0
	for i := 0; i < len(s); {
		c, width := s[i], 1
		escape := ""
		if c >= utf8.RuneSelf {
			var r rune
			if r, width = utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && width == 1 {
				return errUTF8
			}
			if r == '\u2028' || r == '\u2029' {
				escape = `\u202` + hexDigits[r&0xf:r&0xf+1]
			}
		} else if c < ' ' || c == '"' || c == '\\' {
			escape = jsonEscapes[c]
		}
		if escape != "" {
			b.arena.WriteString(s[start:i])
			b.arena.WriteString(escape)
			start = i + width
		}
		i += width
	}
	b.arena.WriteString(s[start:])
	b.arena.WriteByte('"')
	return nil
}

// jsonEscapes holds the escape of each ASCII character that JSON escapes.
var jsonEscapes = func() (t ['\\' + 1]string) {
	for c := range ' ' {
		t[c] = `\u00` + hexDigits[c>>4:c>>4+1] + hexDigits[c&0xf:c&0xf+1]
	}
	t['\b'], t['\f'], t['\n'], t['\r'], t['\t'] = `\b`, `\f`, `\n`, `\r`, `\t`
	t['"'], t['\\'] = `\"`, `\\`
	return t
}()

// appendJSONFloat appends f as encoding/json writes it.
func appendJSONFloat(dst []byte, f float64, bits int) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst, decimal.ErrFinite
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21 || bits == 32 && (float32(a) < 1e-6 || float32(a) >= 1e21)) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, bits)
	if n := len(dst); format == 'e' && n >= 4 && dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-09 is e-9
		dst = dst[:n-1]
	}
	return dst, nil
}

// parse gives a the value of JSON text at the given level of a document. Of
// equal keys of an object the last counts, as for encoding/json.
func (b *builder) parse(a *attr, text string, level int) error {
	p := jsonParser{b: b, text: text}
	if err := p.value(a, level); err != nil {
		return err
	}
	if p.space(); p.at < len(p.text) {
		return p.fault()
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

func (p *jsonParser) fault() error { return refuse("it is not valid JSON at byte %d", p.at) }

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
		return p.fault()
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
			return p.fault()
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
			return p.fault()
		}
		name, err := p.rest()
		if err != nil {
			return err
		}
		if !p.next(':') {
			return p.fault()
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
			return p.fault()
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
	return out
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
			return "", p.fault()
		}
		p.at++
	}
	return "", p.fault()
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
		return "", p.fault()
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
		return "", p.fault() // the error may quote the text
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
