package dynamodest

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest/internal/decimal"
)

// jsonText gives a the S that holds v as compact JSON, with the keys of objects
// in order. A JSON null is a null.
func (b *builder) jsonText(a *attr, v any) error {
	b.asJSON = true
	defer func() {
		b.asJSON = false
		b.scratch.Reset()
	}()
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
		return dst, decimal.ErrNotFinite
	}
	format := byte('f')
	a := math.Abs(f)
	small, large := a < 1e-6, a >= 1e21
	if bits == 32 {
		small, large = float32(a) < 1e-6, float32(a) >= 1e21
	}
	if a != 0 && (small || large) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, bits)
	if n := len(dst); format == 'e' && n >= 4 && dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-09 is e-9
		dst = dst[:n-1]
	}
	return dst, nil
}
