package dynamodesttest

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// reader parses one JSON text. On an error it panics with an *apiError, which readJSON recovers.
//
// It is written by hand for two reasons. It parses a request in one pass into values, so that tests
// of a million rows stay fast. And encoding/json accepts what DynamoDB rejects: names of the wrong
// case, and two values of one name.
type reader struct {
	text  string
	at    int
	depth int
	width int // attributes of the last object: the capacity for the next one
}

// maxJSONDepth keeps a malicious body from exhausting the stack. DynamoDB's own limit on the depth
// of an item is far lower.
const maxJSONDepth = 1000

// readJSON parses the whole text with read. Anything that read leaves over is an error.
func readJSON(text string, read func(*reader)) (err *apiError) {
	defer func() {
		if p := recover(); p != nil {
			parseError, ok := p.(*apiError)
			if !ok {
				panic(p)
			}
			err = parseError
		}
	}()
	if !utf8.ValidString(text) {
		return serialization("Invalid UTF-8 in the request")
	}
	r := &reader{text: text}
	read(r)
	if r.peek(); r.at < len(r.text) {
		r.fail()
	}
	return nil
}

func (r *reader) fail() {
	panic(serialization("The request is not the JSON of this operation: error at byte %d", r.at))
}

// peek skips white space and returns the next byte, or 0 at the end.
func (r *reader) peek() byte {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return c
		}
	}
	return 0
}

func (r *reader) expect(c byte) {
	if r.peek() != c {
		r.fail()
	}
	r.at++
}

func (r *reader) accept(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

// null reports whether the next value is null, and skips it if so. DynamoDB treats a null member as
// omitted.
func (r *reader) null() bool {
	if r.peek() == 'n' {
		r.literal("null")
		return true
	}
	return false
}

func (r *reader) literal(word string) {
	r.peek()
	if !strings.HasPrefix(r.text[r.at:], word) {
		r.fail()
	}
	r.at += len(word)
}

func (r *reader) enter() {
	if r.depth++; r.depth > maxJSONDepth {
		panic(serialization("The request is nested too deeply"))
	}
}

// object parses an object. It calls member for each member, which must parse the member's value.
func (r *reader) object(member func(name string)) {
	r.enter()
	r.expect('{')
	if !r.accept('}') {
		for {
			name := r.string()
			r.expect(':')
			member(name)
			if !r.accept(',') {
				break
			}
		}
		r.expect('}')
	}
	r.depth--
}

// array parses an array. It calls element for each element, which must parse it.
func (r *reader) array(element func()) {
	r.enter()
	r.expect('[')
	if !r.accept(']') {
		for {
			element()
			if !r.accept(',') {
				break
			}
		}
		r.expect(']')
	}
	r.depth--
}

// raw returns the text of the next value, whatever its type.
func (r *reader) raw() string {
	c := r.peek()
	start := r.at
	switch {
	case c == '{':
		r.object(func(string) { r.raw() })
	case c == '[':
		r.array(func() { r.raw() })
	case c == '"':
		_ = r.string()
	case c == 't':
		r.literal("true")
	case c == 'f':
		r.literal("false")
	case c == 'n':
		r.literal("null")
	default:
		n := strings.IndexAny(r.text[r.at:], ",]} \t\r\n")
		if n < 0 {
			n = len(r.text) - r.at
		}
		if n == 0 || !json.Valid([]byte(r.text[r.at:r.at+n])) {
			r.fail()
		}
		r.at += n
	}
	return r.text[start:r.at]
}

func (r *reader) bool() bool {
	if r.peek() == 't' {
		r.literal("true")
		return true
	}
	r.literal("false")
	return false
}

// string parses a string. The result shares the request's memory if nothing in it is escaped.
func (r *reader) string() string {
	r.expect('"')
	start, plain := r.at, true
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			if plain {
				return r.text[start : r.at-1]
			}
			var s string
			if json.Unmarshal([]byte(r.text[start-1:r.at]), &s) != nil {
				r.fail()
			}
			return s
		case c == '\\':
			plain = false
			r.at++
		case c < ' ':
			r.fail()
		}
	}
	r.fail()
	return ""
}

func (r *reader) binary() string {
	raw, err := base64.StdEncoding.DecodeString(r.string())
	if err != nil {
		panic(serialization("Base64 is not valid"))
	}
	return string(raw)
}

// value parses an attribute value. It counts the datatypes in value.types and leaves it to check to
// reject a wrong number, since DynamoDB parses the whole request before it rejects a single value.
func (r *reader) value() value {
	v := value{}
	r.object(func(name string) {
		if r.null() {
			return
		}
		got := value{kind: kind(name), types: v.types + 1}
		switch got.kind {
		case kindS, kindN:
			got.text = r.string()
		case kindB:
			got.text = r.binary()
		case kindBOOL, kindNULL:
			got.text = "false"
			if r.bool() {
				got.text = "true"
			}
		case kindL:
			r.array(func() { got.parts = append(got.parts, attr{value: r.value()}) })
		case kindM:
			got.parts = r.attrs()
		case kindSS, kindNS:
			r.array(func() { got.parts = append(got.parts, attr{value: value{text: r.string()}}) })
		case kindBS:
			r.array(func() { got.parts = append(got.parts, attr{value: value{text: r.binary()}}) })
		default:
			r.raw()
			return
		}
		v = got
	})
	return v
}

// attrs parses an object of attribute values.
func (r *reader) attrs() []attr {
	attrs := make([]attr, 0, r.width)
	r.object(func(name string) { attrs = append(attrs, attr{name, r.value()}) })
	r.width = len(attrs)
	return attrs
}
