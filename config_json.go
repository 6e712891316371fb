package dynamodest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// MarshalJSON writes c as an engine stores it, with its secrets, and durations as strings such as
// "200ms". The fields for Go callers only, AWS to ReportAsSettled, are left out.
//
// So a Config inside a value that is marshalled for a log, as slog.JSONHandler does with structs, maps
// and slices, shows its secrets: see [Config.LogValue].
func (c Config) MarshalJSON() ([]byte, error) {
	type plain Config // without the methods
	return json.Marshal(struct {
		plain
		MaxWait string `json:"max_wait,omitempty"`
	}{plain(c), durationText(c.MaxWait)})
}

// UnmarshalJSON reads what MarshalJSON writes. A duration may also be a number of nanoseconds; any
// other form of it is a [*ConfigError], as is any value of the wrong type. Fields that data does not
// have keep their values, and names that are not Config's are ignored: the DisallowUnknownFields of a
// json.Decoder has no effect here.
func (c *Config) UnmarshalJSON(data []byte) error {
	type plain Config
	with := struct {
		*plain
		MaxWait json.RawMessage `json:"max_wait"`
	}{plain: (*plain)(c)}
	if err := json.Unmarshal(data, &with); err != nil {
		return explain(err, "", data, reflect.TypeFor[Config]())
	}
	return readDuration("MaxWait", with.MaxWait, &c.MaxWait)
}

// MarshalJSON writes r with its durations as strings such as "50ms".
func (r Retry) MarshalJSON() ([]byte, error) {
	type plain Retry
	return json.Marshal(struct {
		plain
		MinDelay string `json:"min_delay,omitempty"`
		MaxDelay string `json:"max_delay,omitempty"`
	}{plain(r), durationText(r.MinDelay), durationText(r.MaxDelay)})
}

// UnmarshalJSON reads what MarshalJSON writes; see [Config.UnmarshalJSON].
func (r *Retry) UnmarshalJSON(data []byte) error {
	type plain Retry
	with := struct {
		*plain
		MinDelay json.RawMessage `json:"min_delay"`
		MaxDelay json.RawMessage `json:"max_delay"`
	}{plain: (*plain)(r)}
	if err := json.Unmarshal(data, &with); err != nil {
		return explain(err, "retry", data, reflect.TypeFor[Retry]())
	}
	if err := readDuration("Retry.MinDelay", with.MinDelay, &r.MinDelay); err != nil {
		return err
	}
	return readDuration("Retry.MaxDelay", with.MaxDelay, &r.MaxDelay)
}

// explain returns the fault in data, at path and read into a value of type t, that err is about; err
// itself if no value has the wrong type.
func explain(err error, path string, data []byte, t reflect.Type) error {
	if json.Valid(data) {
		if wrong := wrongType(path, data, t); wrong != nil {
			return wrong
		}
	}
	return err
}

// wrongType returns the first value in data, which is valid JSON, whose type is not that of t; nil if
// there is none. It does not quote the value, which may be a secret.
//
// It is needed because the path in an error of encoding/json depends on the version of Go: before Go
// 1.27 it has no index, and from Go 1.27 on it spells names as data does.
func wrongType(path string, data []byte, t reflect.Type) *ConfigError {
	kind := jsonKind(data)
	switch {
	case kind == "null" || t == reflect.TypeFor[time.Duration](): // a duration is for readDuration
		return nil
	case t.Kind() == reflect.Struct && kind == "object":
		return wrongMember(path, data, t)
	case t.Kind() == reflect.Slice && kind == "array":
		var elems []json.RawMessage
		_ = json.Unmarshal(data, &elems) // data is valid
		for i, elem := range elems {
			if wrong := wrongType(fmt.Sprintf("%s[%d]", path, i), elem, t.Elem()); wrong != nil {
				return wrong
			}
		}
		return nil
	case t.Kind() != reflect.Struct && json.Unmarshal(data, reflect.New(t).Interface()) == nil:
		return nil
	}
	return &ConfigError{Field: cmp.Or(path, "Config"), Problem: fmt.Sprintf("is a JSON %s, but must be %s", kind, jsonKindOf(t))}
}

// wrongMember is wrongType for the members of the object data, which is read into the struct type t.
func wrongMember(path string, data []byte, t reflect.Type) *ConfigError {
	decoder := json.NewDecoder(bytes.NewReader(data))
	_, _ = decoder.Token() // the brace
	for decoder.More() {
		name, _ := decoder.Token() // data is valid
		var member json.RawMessage
		_ = decoder.Decode(&member)
		for _, field := range reflect.VisibleFields(t) {
			tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if tag == "-" || !strings.EqualFold(tag, name.(string)) {
				continue
			}
			if wrong := wrongType(strings.TrimPrefix(path+"."+tag, "."), member, field.Type); wrong != nil {
				return wrong
			}
		}
	}
	return nil
}

// jsonKind names the JSON type of the text data.
func jsonKind(data []byte) string {
	switch data = bytes.TrimLeft(data, " \t\r\n"); {
	case len(data) == 0 || data[0] == 'n':
		return "null"
	case data[0] == '{':
		return "object"
	case data[0] == '[':
		return "array"
	case data[0] == '"':
		return "string"
	case data[0] == 't' || data[0] == 'f':
		return "bool"
	}
	return "number"
}

// jsonKindOf names the JSON type that a value of type t is read from.
func jsonKindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		return "an object"
	case reflect.Slice:
		return "an array"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a bool"
	case reflect.Int:
		return "a whole number"
	}
	return "a number"
}

// durationText returns the JSON form of d, or "" for 0, which is left out.
func durationText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// readDuration sets d from its JSON form, if there is one.
func readDuration(field string, data json.RawMessage, d *time.Duration) error {
	if len(data) == 0 || string(data) == "null" {
		return nil
	}
	var text string
	if json.Unmarshal(data, &text) == nil {
		if parsed, err := time.ParseDuration(text); err == nil {
			*d = parsed
			return nil
		}
	} else if json.Unmarshal(data, d) == nil {
		return nil
	}
	return &ConfigError{Field: field, Problem: `is not a duration: write a string such as "200ms", or a whole number of nanoseconds`}
}
