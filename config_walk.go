package dynamodest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/dynamodest/dynamodest/internal/typemap"
)

// configWalk compares JSON with the Go type that it is read into, and collects the faults in the order of the
// JSON, each with the Go path of the setting. It quotes no value, which may be a secret.
//
// It is needed because the path in an error of encoding/json depends on the version of Go, the first error hides
// the others, and names match by encoding/json whatever their case.
type configWalk struct {
	strict bool // unknown and repeated names, null and empty words are faults
	faults problems
}

// firstFault returns the first value in data whose type is not that of t, read into the setting at path; nil
// if there is none, or if data is not valid JSON.
func firstFault(path string, data []byte, t reflect.Type) error {
	if !json.Valid(data) {
		return nil
	}
	var w configWalk
	w.value(path, data, t)
	if len(w.faults) == 0 {
		return nil
	}
	return w.faults[0]
}

// fault adds a fault of the setting at path, which is "" for the whole Config.
func (w *configWalk) fault(path, problem string, args ...any) {
	w.faults.add(cmp.Or(path, wholeConfig), problem, args...)
}

// value compares data, which is valid JSON, with the type t of the setting at path.
func (w *configWalk) value(path string, data []byte, t reflect.Type) {
	kind := jsonKind(data)
	switch {
	case kind == "null":
		if w.strict {
			w.fault(path, "is null: leave it out, or set it to %s", jsonKindOf(t))
		}
	case t == reflect.TypeFor[time.Duration]():
		w.duration(path, data)
	case t.Kind() == reflect.Struct && kind == "object":
		w.members(path, data, t)
	case t.Kind() == reflect.Slice && kind == "array":
		var elems []json.RawMessage
		_ = json.Unmarshal(data, &elems) // data is valid
		for i, elem := range elems {
			w.value(fmt.Sprintf("%s[%d]", path, i), elem, t.Elem())
		}
	case t.Kind() == reflect.Struct || json.Unmarshal(data, reflect.New(t).Interface()) != nil:
		if kind == "number" && isOutOfRange(data, t) {
			w.fault(path, "is a JSON number that is too large or too small")
			return
		}
		w.fault(path, "is a JSON %s, but must be %s", kind, jsonKindOf(t))
	case w.strict && kind == "string" && typemap.LoneSurrogate(string(data)): // which encoding/json replaces
		w.fault(path, `is not valid Unicode: complete or remove the half of a surrogate pair (\ud800 to \udfff)`)
	case w.strict && string(bytes.TrimSpace(data)) == `""` && hasWords(t):
		w.fault(path, "is empty: leave it out for the default, or choose a word")
	}
}

// isOutOfRange reports whether data, a number that does not fit t, is of the form that t takes.
func isOutOfRange(data []byte, t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Int:
		return !bytes.ContainsAny(data, ".eE")
	case reflect.Float64:
		return true
	}
	return false
}

// duration checks the JSON form of a duration.
func (w *configWalk) duration(path string, data []byte) {
	var d time.Duration
	var text string
	_ = json.Unmarshal(data, &text) // a number leaves it empty
	err := readDuration(data, &d)
	if err == nil && w.strict && strings.HasPrefix(text, "-") {
		w.fault(path, "is negative: write a duration without a minus sign")
	} else if err != nil {
		w.fault(path, "%s", err)
	}
}

// hasWords reports whether t is a type of words, none of which is empty.
func hasWords(t reflect.Type) bool {
	return t.Kind() == reflect.String && t != reflect.TypeFor[string]() && t != reflect.TypeFor[Type]()
}

// members compares the members of the object data with the fields of the struct type t.
func (w *configWalk) members(path string, data []byte, t reflect.Type) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	_, _ = decoder.Token() // the brace
	met := make(map[string]bool)
	for number := 1; decoder.More(); number++ {
		token, _ := decoder.Token() // data is valid
		name := token.(string)
		var member json.RawMessage
		_ = decoder.Decode(&member)
		field, ok := w.field(t, name)
		if !ok {
			if w.strict {
				w.faults = append(w.faults, unknownName(path, name, number, t))
			}
			continue
		}
		at := strings.TrimPrefix(path+"."+field.Name, ".")
		if w.strict && met[name] {
			w.fault(at, "is given twice: keep one of the two")
		}
		met[name] = true
		w.value(at, member, field.Type)
	}
}

// field returns the field of the struct type t that a name in JSON stands for.
func (w *configWalk) field(t reflect.Type, name string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		field := t.Field(i)
		known := jsonName(field)
		if known != "" && (known == name || !w.strict && strings.EqualFold(known, name)) {
			return field, true
		}
	}
	return reflect.StructField{}, false
}

// unknownName returns the fault of the member of that number, counted from 1, whose name is not of a field of
// t, the type of the setting at path. A name that may be a secret is not quoted: it can be a key with its colon
// in the wrong place.
func unknownName(path, name string, number int, t reflect.Type) *ConfigError {
	if !isWord(name) {
		return configError(cmp.Or(path, wholeConfig), "member %d of this object has an unknown name, which is not shown as it may be a secret: remove it", number)
	}
	problem := "is unknown: remove it"
	if near := nearName(name, t); near != "" {
		problem = fmt.Sprintf("is unknown: did you mean %q?", near)
	} else if pointer := settingNamed(name, reflect.TypeFor[Config](), ""); pointer != "" {
		problem = "is unknown here: it belongs to " + pointer
	}
	return &ConfigError{
		Field:   strings.TrimPrefix(path+"."+name, "."),
		Pointer: jsonPointer(path) + "/" + escapePointer(name),
		Problem: problem,
	}
}

// nearName returns the name of a field of t that name was probably meant to be; "" if none is near.
func nearName(name string, t reflect.Type) string {
	best, fewest := "", 3
	for i := range t.NumField() {
		known := jsonName(t.Field(i))
		// A word of three or four letters is two letters off many others.
		if d := editDistance(skeleton(name), skeleton(known)); known != "" && d < fewest && 5*d <= 2*len(known) {
			best, fewest = known, d
		}
	}
	return cmp.Or(best, longerName(name, t))
}

// longerName returns the only name of a field of t that has the words of name, two or more, in their order, as
// secret_access_key has those of secret_key; "" if none has, or several.
func longerName(name string, t reflect.Type) string {
	words := strings.Split(strings.ToLower(name), "_")
	if len(words) < 2 {
		return ""
	}
	found := ""
	for i := range t.NumField() {
		known, rest := jsonName(t.Field(i)), words
		for word := range strings.SplitSeq(known, "_") {
			if len(rest) > 0 && word == rest[0] {
				rest = rest[1:]
			}
		}
		switch {
		case len(rest) > 0:
		case found != "":
			return ""
		default:
			found = known
		}
	}
	return found
}

// settingNamed returns the JSON pointer of the first setting in t, which is at pointer, with that name.
func settingNamed(name string, t reflect.Type, pointer string) string {
	if t.Kind() != reflect.Struct {
		return ""
	}
	for i := range t.NumField() {
		field := t.Field(i)
		known := jsonName(field)
		if known == "" {
			continue
		}
		at := pointer + "/" + known
		if skeleton(known) == skeleton(name) {
			return at
		}
		if found := settingNamed(name, field.Type, at); found != "" {
			return found
		}
	}
	return ""
}

var nameMarks = strings.NewReplacer("_", "", "-", "", " ", "", ".", "")

// skeleton returns a text that is equal for names that differ by their case and the marks between words only.
func skeleton(name string) string {
	return strings.ToLower(nameMarks.Replace(name))
}

// editDistance returns how many bytes have to be inserted, deleted or replaced to make a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := before
			if a[i] != b[j] {
				d++
			}
			before = row[j+1]
			row[j+1] = min(d, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
