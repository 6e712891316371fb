package dynamodest

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
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
// other form of it is a [*ConfigError], as is any value of the wrong type: the first one in data is
// returned, and then nothing of c is changed. Fields that data does not have keep their values, and names that
// are not Config's are ignored: the DisallowUnknownFields of a json.Decoder has no effect here. [DecodeConfig]
// refuses them, and returns every fault at once.
func (c *Config) UnmarshalJSON(data []byte) error {
	type plain Config
	with := struct {
		*plain
		MaxWait json.RawMessage `json:"max_wait"`
	}{plain: (*plain)(c)}
	if err := firstFault("", data, reflect.TypeFor[Config]()); err != nil {
		return err
	}
	if err := json.Unmarshal(data, &with); err != nil {
		return err
	}
	return readDuration(with.MaxWait, &c.MaxWait)
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
	if err := firstFault("Retry", data, reflect.TypeFor[Retry]()); err != nil {
		return err
	}
	if err := json.Unmarshal(data, &with); err != nil {
		return err
	}
	if err := readDuration(with.MinDelay, &r.MinDelay); err != nil {
		return err
	}
	return readDuration(with.MaxDelay, &r.MaxDelay)
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
	if t == reflect.TypeFor[time.Duration]() {
		return "a duration"
	}
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

// errNoDuration is the problem of a text or a number that is no duration.
var errNoDuration = errors.New(`is not a duration: write a string such as "200ms", or a whole number of nanoseconds`)

// readDuration sets d from its JSON form, if there is one.
func readDuration(data json.RawMessage, d *time.Duration) error {
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
	return errNoDuration
}
