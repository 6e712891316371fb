package dynamodest

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// configError returns the fault of the setting at a Go path, such as "Mapping.Fields[1].Type".
func configError(field, problem string, args ...any) *ConfigError {
	return &ConfigError{Field: field, Pointer: jsonPointer(field), Problem: fmt.Sprintf(problem, args...)}
}

// wholeConfig is the Field of a fault that concerns the document as a whole.
const wholeConfig = "Config"

// jsonPointer returns the JSON pointer of the setting at a Go path; "" for a setting that JSON does not have,
// and for the whole Config.
// https://www.rfc-editor.org/rfc/rfc6901
func jsonPointer(path string) string {
	pointer, t := "", reflect.TypeFor[Config]()
	for _, step := range strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]", r) }) {
		switch t.Kind() {
		case reflect.Slice:
			pointer, t = pointer+"/"+step, t.Elem()
			continue
		case reflect.Struct:
		default:
			return ""
		}
		field, ok := t.FieldByName(step)
		name := jsonName(field)
		if !ok || name == "" {
			return ""
		}
		pointer, t = pointer+"/"+escapePointer(name), field.Type
	}
	return pointer
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// escapePointer returns a name as a JSON pointer has it.
func escapePointer(name string) string { return pointerEscapes.Replace(name) }

// jsonName returns the name of a field in JSON, or "" if it is not in JSON.
func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "-" {
		return ""
	}
	return name
}

// maxWord and maxPiece bound what a ConfigError quotes: no AWS key, and no token of any length that resists
// guessing, is as short as a piece.
const (
	maxWord  = 40
	maxPiece = 14
)

var (
	// pieceForm matches a piece of a word: letters in one case or in camel case, and at most two digits after
	// them; or the last piece of the name of a region or zone.
	pieceForm = regexp.MustCompile(`^(?:(?:[a-z]+|[A-Z]+|[A-Z]?[a-z]+(?:[A-Z][a-z]+)*)[0-9]{0,2}|[0-9]{1,2}[a-z]?)$`)

	// keyForm matches the beginning of an access key ID or a bearer token of AWS.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
	keyForm = regexp.MustCompile(`(?i)^(?:ABIA|ACCA|AKIA|ASIA).`)
)

// isWord reports whether a ConfigError may quote value: it has the form of the name of a region, a mode, a type
// or a setting, and not that of a key. It has at most 40 bytes. Between hyphens, underscores, spaces, dots,
// slashes and tildes it has pieces of at most 14 ASCII letters and digits: letters in one case or in camel case,
// then at most two digits. Nothing that begins as an access key ID is a word.
func isWord(value string) bool {
	pieces := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune("-_ ./~", r) })
	if len(value) > maxWord || len(pieces) == 0 {
		return false
	}
	for _, piece := range pieces {
		if len(piece) > maxPiece || !pieceForm.MatchString(piece) || keyForm.MatchString(piece) {
			return false
		}
	}
	return true
}

// quoted returns value in quotes, or instead if value is not a word.
func quoted[T ~string](value T, instead string) string {
	if !isWord(string(value)) {
		return instead
	}
	return strconv.Quote(string(value))
}

// subject begins the sentence about value in a problem: `"merge" is`, or "is" if value is not a word.
func subject[T ~string](value T) string {
	return strings.TrimPrefix(quoted(value, "")+" is", " ")
}
