package typemap

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// isLiteral reports whether text, the answer of a Valuer, is how SQL writes the map, slice or array rv: in
// braces, in brackets or in parentheses, as pairs of an hstore, or as the members with no more than
// punctuation between them. Any other text, such as a number, a checksum or a ciphertext, was given on
// purpose.
func isLiteral(rv reflect.Value, text string) bool {
	text = strings.TrimSpace(text)
	switch isMap := rv.Kind() == reflect.Map; {
	case isJSONContainer([]byte(text)):
		return text == "{}" && !isMap // in PostgreSQL this is the literal of an empty array
	case isMap && strings.Contains(text, "=>"):
		return true
	case isEnclosed(text):
		return true
	}
	return isJoined(rv, text)
}

// isJSONContainer reports whether text is the JSON of an object or an array.
func isJSONContainer(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) > 0 && (text[0] == '{' || text[0] == '[') && json.Valid(text)
}

// isEnclosed reports whether text begins and ends as literals of arrays and of geometric types do. Those of
// ranges, and of arrays with an offset, begin and end with different marks.
func isEnclosed(text string) bool {
	return len(text) > 1 && strings.IndexByte("{[(", text[0]) >= 0 && strings.IndexByte("}])", text[len(text)-1]) >= 0
}

// isJoined reports whether text is the scalars of the map, slice or array rv one after the other, a map's by
// the order of its keys, with neither letters nor digits between them.
func isJoined(rv reflect.Value, text string) bool {
	parts, ok := scalarTexts(rv)
	for _, part := range parts {
		at := strings.Index(text, part)
		if at < 0 || isWord(text[:at]) {
			return false
		}
		text = text[at+len(part):]
	}
	return ok && !isWord(text)
}

func isWord(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

// scalarTexts returns the texts of the scalars in the map, slice or array rv, without those that are nil. It
// reports false if rv has members of another kind.
func scalarTexts(rv reflect.Value) (texts []string, ok bool) {
	if rv.Kind() != reflect.Map {
		for i := range rv.Len() {
			if texts, ok = appendScalar(texts, rv.Index(i)); !ok {
				return nil, false
			}
		}
		return texts, true
	}
	entries := make([][]string, 0, rv.Len())
	for pairs := rv.MapRange(); pairs.Next(); {
		entry, ok := appendScalar(nil, pairs.Key())
		if !ok || len(entry) == 0 {
			return nil, false
		}
		if entry, ok = appendScalar(entry, pairs.Value()); !ok {
			return nil, false
		}
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(x, y []string) int { return cmp.Compare(x[0], y[0]) })
	return slices.Concat(entries...), true
}

// pointee returns what v leads to by pointers and interfaces; the zero Value if one of them is nil, and a
// pointer if they do not end.
func pointee(v reflect.Value) reflect.Value {
	for range maxHops {
		if v.Kind() != reflect.Pointer && v.Kind() != reflect.Interface {
			break
		}
		v = v.Elem()
	}
	return v
}

// appendScalar appends the text of v to texts, or nothing if v is nil or has no size. It reports false if v is
// no scalar.
func appendScalar(texts []string, v reflect.Value) (all []string, ok bool) {
	v = pointee(v)
	if !v.IsValid() {
		return texts, true
	}
	switch v.Kind() {
	case reflect.String:
		return append(texts, v.String()), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return append(texts, strconv.FormatInt(v.Int(), 10)), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return append(texts, strconv.FormatUint(v.Uint(), 10)), true
	case reflect.Float32, reflect.Float64:
		return append(texts, strconv.FormatFloat(v.Float(), 'f', -1, v.Type().Bits())), true
	case reflect.Bool:
		return append(texts, strconv.FormatBool(v.Bool())), true
	case reflect.Struct:
		return texts, v.NumField() == 0
	}
	return nil, false
}
