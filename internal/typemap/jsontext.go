package typemap

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/item"
)

// jsonText converts v to an S that holds compact JSON, with the keys of objects in order. A JSON
// null becomes NULL.
func (t *tree) jsonText(a *item.Attr, v any) error {
	defer t.DropScratch()
	text := t.sibling(item.JSONText)
	var doc item.Attr
	if err := item.Nested(text.setFinal(&doc, v, 1), 1); err != nil {
		return err
	}
	if doc.Kind == item.Null {
		a.Kind = item.Null
		return nil
	}
	return setJSON(t.Builder, a, &doc)
}

// setJSON sets a to an S that holds doc as JSON.
func setJSON(b *item.Builder, a, doc *item.Attr) error {
	out := b.Arena()
	start := out.Len()
	if err := writeJSON(out, doc); err != nil {
		return err
	}
	a.Set(item.S, out.String()[start:])
	return nil
}

// writeJSON writes a: B as base64, and sets as arrays.
func writeJSON(out *strings.Builder, a *item.Attr) error {
	switch a.Kind {
	case item.S:
		return writeString(out, a.Text)
	case item.N, item.Bool:
		out.WriteString(a.Text)
	case item.B:
		out.WriteByte('"')
		out.WriteString(base64.StdEncoding.EncodeToString([]byte(a.Text)))
		out.WriteByte('"')
	case item.M:
		return writeMembers(out, '{', a, '}')
	case item.L, item.SS, item.NS, item.BS:
		return writeMembers(out, '[', a, ']')
	default:
		out.WriteString("null")
	}
	return nil
}

func writeMembers(out *strings.Builder, open byte, a *item.Attr, shut byte) error {
	out.WriteByte(open)
	for i := range a.Elems {
		if i > 0 {
			out.WriteByte(',')
		}
		if a.Kind == item.M {
			if err := writeString(out, a.Elems[i].Name); err != nil {
				return err
			}
			out.WriteByte(':')
		}
		if err := writeJSON(out, &a.Elems[i]); err != nil {
			return err
		}
	}
	out.WriteByte(shut)
	return nil
}

const hexDigits = "0123456789abcdef"

// writeString writes s as a JSON string, as encoding/json does without HTML escaping.
func writeString(out *strings.Builder, s string) error {
	out.WriteByte('"')
	start := 0
	for i := 0; i < len(s); {
		c, width := s[i], 1
		escape := ""
		if c >= utf8.RuneSelf {
			var r rune
			if r, width = utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && width == 1 {
				return item.ErrUTF8
			}
			if r == '\u2028' || r == '\u2029' {
				escape = `\u202` + hexDigits[r&0xf:r&0xf+1]
			}
		} else if c < ' ' || c == '"' || c == '\\' {
			escape = jsonEscapes[c]
		}
		if escape != "" {
			out.WriteString(s[start:i])
			out.WriteString(escape)
			start = i + width
		}
		i += width
	}
	out.WriteString(s[start:])
	out.WriteByte('"')
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
