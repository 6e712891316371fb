package fault

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what a text shows of one thing, in bytes.
const (
	MaxDetail = 300 // a message of DynamoDB or of the network
	MaxName   = 64  // a column, an attribute or a type
	MaxRegion = 64
)

// Quote quotes a name or a setting for a text, and cuts it if it is long.
func Quote[T ~string](name T) string { return strconv.Quote(Cut(string(name), 100)) }

// Cut returns s, or its beginning in at most limit bytes, the mark of the cut included.
func Cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const mark = "…"
	end := max(0, limit-len(mark))
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}

// Clip cuts a name to MaxName bytes.
func Clip(name string) string { return Cut(name, MaxName) }

// Clean replaces control characters, which could forge lines of a log.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// Format prints text as verb asks if verb is one for strings, otherwise as it is. Errors whose
// causes must not be shown call it in their Format methods, since fmt would walk into their fields.
func Format(s fmt.State, verb rune, text string) {
	if !strings.ContainsRune("vsqxX", verb) {
		verb = 's'
	}
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), text)
}

// TypeName returns the Go type of v, cut if it is a long literal.
func TypeName(v any) string {
	if v == nil {
		return "nil"
	}
	return TypeText(reflect.TypeOf(v))
}

// typeNames changes the names of types to those that most people write, on every version of Go: from Go
// 1.27 on json.RawMessage is an alias.
var typeNames = strings.NewReplacer("]uint8", "]byte", "interface {}", "any", "jsontext.Value", "json.RawMessage")

// TypeText returns the name of t as most people write it.
func TypeText(t reflect.Type) string { return Clip(typeNames.Replace(t.String())) }
