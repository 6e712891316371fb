package item

import (
	"encoding/base64"
	"unicode/utf8"
)

// What the SDK writes around the attributes of a put, and around the key of a delete.
const (
	putStart    = `{"PutRequest":{"Item":`
	deleteStart = `{"DeleteRequest":{"Key":`
	RequestEnd  = `}}`
)

// AppendJSON appends the write request of the item, {"PutRequest":{"Item":{...}}} or
// {"DeleteRequest":{"Key":{...}}}, as the SDK encodes it: it.EncodedSize bytes.
func (it *Item) AppendJSON(dst []byte) []byte {
	if it.JSON != nil {
		return append(dst, it.JSON...)
	}
	return append(appendMembers(it.AppendStart(dst), it.Attrs), RequestEnd...)
}

// AppendStart appends what the write request of the item has before the attributes; RequestEnd is after them.
func (it *Item) AppendStart(dst []byte) []byte { return append(dst, it.requestStart()...) }

// AppendAttributes appends the attributes of the item alone, of a delete its key, as the SDK encodes them.
func (it *Item) AppendAttributes(dst []byte) []byte {
	if it.JSON != nil {
		return append(dst, it.JSON[len(it.requestStart()):len(it.JSON)-len(RequestEnd)]...)
	}
	return appendMembers(dst, it.Attrs)
}

func (it *Item) requestStart() string {
	if it.Delete {
		return deleteStart
	}
	return putStart
}

// AppendJSON appends the value of a as the SDK encodes it, such as {"S":"..."}. Measure must have found
// no fault in a.
func (a *Attr) AppendJSON(dst []byte) []byte {
	switch a.Kind {
	case Bool:
		return append(append(append(dst, `{"BOOL":`...), a.Text...), '}')
	case S, N, B:
		dst = append(append(append(dst, `{"`...), a.Kind.String()...), `":`...)
		return append(a.appendScalar(dst), '}')
	case L:
		dst = append(dst, `{"L":[`...)
		for i := range a.Elems {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = a.Elems[i].AppendJSON(dst)
		}
		return append(dst, "]}"...)
	case M:
		return append(appendMembers(append(dst, `{"M":`...), a.Elems), '}')
	case SS, NS, BS:
		dst = append(append(append(dst, `{"`...), a.Kind.String()...), `":[`...)
		for i := range a.Elems {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = a.Elems[i].appendScalar(dst)
		}
		return append(dst, "]}"...)
	}
	return append(dst, `{"NULL":true}`...)
}

// appendScalar appends the text of an S, N or B without its type.
func (a *Attr) appendScalar(dst []byte) []byte {
	switch a.Kind {
	case N:
		return append(append(append(dst, '"'), a.Text...), '"')
	case B:
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), []byte(a.Text))
		return append(dst, '"')
	}
	dst, _ = AppendQuoted(dst, a.Text)
	return dst
}

// appendMembers appends the names and values of attrs as a JSON object, in the order of attrs.
func appendMembers(dst []byte, attrs []Attr) []byte {
	dst = append(dst, '{')
	for i := range attrs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst, _ = AppendQuoted(dst, attrs[i].Name)
		dst = attrs[i].AppendJSON(append(dst, ':'))
	}
	return append(dst, '}')
}

// escapes holds what the SDK writes for each ASCII character of a JSON string that it escapes; "" for the
// others. The sizes of texts are derived from it.
var escapes = func() (t [utf8.RuneSelf]string) {
	const hex = "0123456789abcdef"
	for c := range byte(utf8.RuneSelf) {
		if c < ' ' || c == 0x7f {
			t[c] = `\u00` + string(hex[c>>4]) + string(hex[c&15])
		}
	}
	t['"'], t['\\'], t['\n'], t['\r'], t['\t'] = `\"`, `\\`, `\n`, `\r`, `\t`
	return t
}()

// escapeOverhead is the number of bytes that escaping adds for each ASCII character, and notPlain for
// every other byte.
var escapeOverhead = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= utf8.RuneSelf:
			t[c] = notPlain
		case escapes[c] != "":
			t[c] = uint8(len(escapes[c]) - 1)
		}
	}
	return t
}()

// notPlain marks a byte that is no ASCII character.
const notPlain = 255

// escapeRune returns what the SDK writes for r, which is no ASCII character, or "" for r itself.
func escapeRune(r rune) string {
	switch r {
	case '\u2028':
		return `\u2028`
	case '\u2029':
		return `\u2029`
	}
	return ""
}

// plainPrefix returns the number of bytes at the start of s that are ASCII characters without an escape.
// It looks at eight bytes at once, by the formulas for a byte below n and for a zero byte.
// https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord
func plainPrefix(s string) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(s)-n >= 8; n += 8 {
		p := s[n : n+8]
		w := uint64(p[0]) | uint64(p[1])<<8 | uint64(p[2])<<16 | uint64(p[3])<<24 |
			uint64(p[4])<<32 | uint64(p[5])<<40 | uint64(p[6])<<48 | uint64(p[7])<<56
		quote, backslash, del := w^ones*'"', w^ones*'\\', w^ones*0x7f
		if (w|(w-ones*' ')&^w|(quote-ones)&^quote|(backslash-ones)&^backslash|(del-ones)&^del)&high != 0 {
			break
		}
	}
	for n < len(s) && escapeOverhead[s[n]] == 0 {
		n++
	}
	return n
}

// AppendQuoted appends s as a JSON string, with the escapes of the SDK. It reports false, and appends
// nothing, if s is not valid UTF-8.
func AppendQuoted(dst []byte, s string) (out []byte, ok bool) {
	out = append(dst, '"')
	start := 0
	for i := plainPrefix(s); i < len(s); {
		escape, size := "", 1
		if c := s[i]; c < utf8.RuneSelf {
			if escape = escapes[c]; escape == "" {
				i += plainPrefix(s[i:])
				continue
			}
		} else {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && size == 1 {
				return dst, false
			}
			escape = escapeRune(r)
		}
		if escape != "" {
			out = append(append(out, s[start:i]...), escape...)
			start = i + size
		}
		i += size
	}
	return append(append(out, s[start:]...), '"'), true
}

// EncodedText returns the number of bytes of s as the SDK writes s in JSON, quotes included. It
// reports false if s is not valid UTF-8.
func EncodedText(s string) (n int, ok bool) {
	n = len(s) + len(`""`)
	for i := 0; i < len(s); {
		if overhead := escapeOverhead[s[i]]; overhead != notPlain {
			n += int(overhead)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return n, false
		}
		if escape := escapeRune(r); escape != "" {
			n += len(escape) - size
		}
		i += size
	}
	return n, true
}
