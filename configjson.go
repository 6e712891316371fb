package dynamodest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// MarshalJSON writes c as an engine stores it, with its secrets, and
// durations as strings such as "200ms". Client, CredentialsProvider, Limiter
// and Observer are left out.
//
// So a Config inside a value that is marshalled for a log, as
// slog.NewJSONHandler does with structs, shows its secrets: log the Config
// itself, which prints none.
func (c Config) MarshalJSON() ([]byte, error) {
	type plain Config // without the methods
	return json.Marshal(struct {
		plain
		MaxWait string `json:"max_wait,omitempty"`
	}{plain(c), durationText(c.MaxWait)})
}

// UnmarshalJSON reads what MarshalJSON writes. A duration may also be a number
// of nanoseconds; one that is neither is a [*ConfigError], as is any value of
// the wrong type. Fields that data does not have are left as they are, and names
// that are not Config's are passed over: the DisallowUnknownFields of a
// json.Decoder does not reach in here.
func (c *Config) UnmarshalJSON(data []byte) error {
	type plain Config
	with := struct {
		*plain
		MaxWait json.RawMessage `json:"max_wait"`
	}{plain: (*plain)(c)}
	if err := json.Unmarshal(data, &with); err != nil {
		return wrongType("", err)
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
		return wrongType("retry.", err)
	}
	if err := readDuration("Retry.MinDelay", with.MinDelay, &r.MinDelay); err != nil {
		return err
	}
	return readDuration("Retry.MaxDelay", with.MaxDelay, &r.MaxDelay)
}

// wrongType explains an error of encoding/json about a field under path whose
// value has the wrong type. It does not quote the value, which may be a secret.
func wrongType(path string, err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	kind, _, _ := strings.Cut(wrong.Value, " ")
	field := strings.Trim(path+strings.TrimPrefix(wrong.Field, "plain."), ".")
	return &ConfigError{Field: cmp.Or(field, "Config"), Problem: fmt.Sprintf("is a JSON %s, and takes %s", kind, jsonKind(wrong.Type))}
}

// jsonKind is what a value of type t is in JSON.
func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		return "an object"
	case reflect.Slice:
		return "an array"
	case reflect.String:
		return "a string"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	}
	return "a number"
}

// durationText is the JSON form of d, or "" for 0, which is left out.
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
