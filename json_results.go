package dynamodest

import (
	"bytes"
	"encoding/json"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// This file writes results and errors as JSON. Their texts are those of Error, so nothing is in the JSON
// of an error that its text must not show: the causes, in Err and Stop, are left out.

// MarshalJSON writes r with the members "index", "outcome", "by" (only if the outcome is "superseded"),
// "attempts", "settled_before" and "error", as [RowError.MarshalJSON] writes it. What is empty is left
// out, except for the index and the attempts. An error that the caller has put into Err, such as one that wraps
// the [*RowError], has nothing but its "text".
func (r RowResult) MarshalJSON() ([]byte, error) {
	type plain RowResult // without the methods
	by := &r.By
	if r.Outcome != Superseded {
		by = nil
	}
	return marshal(struct {
		plain
		By  *int `json:"by,omitempty"`
		Err any  `json:"error,omitempty"`
	}{plain(r), by, shownError(r.Err)})
}

// MarshalJSON writes e for logs, dead letters and web pages: "index", "reason" (the label, such as
// "bad_key"), "column", "attribute", "attempts", "text" (what Error returns), "remedy" and "scope". What
// is empty is left out, except for the index. It never has a value of the row, nor the cause.
func (e RowError) MarshalJSON() ([]byte, error) {
	type plain RowError
	return marshal(struct {
		plain
		advice
	}{plain(e), advice{e.Error(), e.Remedy(), e.Scope()}})
}

// MarshalJSON writes e as "reason", "op", "table", "region", "text", "remedy" and "scope"; see
// [RowError.MarshalJSON].
func (e TableError) MarshalJSON() ([]byte, error) {
	type plain TableError
	return marshal(struct {
		plain
		advice
	}{plain(e), advice{e.Error(), e.Remedy(), e.Reason.Scope()}})
}

// advice is what the JSON of an error has in addition to the error's fields.
type advice struct {
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
	Scope  Scope  `json:"scope,omitempty"`
}

// MarshalJSON writes e as "field", "problem", "text" and "reason", which is "bad_configuration".
func (e ConfigError) MarshalJSON() ([]byte, error) {
	type plain ConfigError
	return marshal(struct {
		plain
		Text   string `json:"text"`
		Reason Reason `json:"reason"`
	}{plain(e), e.Error(), ErrConfig})
}

// MarshalJSON writes e as "summary", "reasons" (counts by label), "first", "throttling", "stop" and
// "text"; what is empty is left out. The stop is an object with a "text" in any case: that of a
// [*TableError], a [*ConfigError] or a [*RowError] is the error's own JSON, and that of any other error, such
// as the error of ctx, has nothing but the text that Error shows of it.
func (e WriteError) MarshalJSON() ([]byte, error) {
	type plain WriteError
	return marshal(struct {
		plain
		Stop any    `json:"stop,omitempty"`
		Text string `json:"text"`
	}{plain(e), shownError(e.Stop), e.Error()})
}

// shownError returns what the JSON of a result shows of err; nil for nil. The fields of an error that is not of
// this package may hold what its text does not show.
func shownError(err error) any {
	switch err := err.(type) { //nolint:errorlint // an error of the caller's may wrap one of another call
	case nil:
		return nil
	case *RowError, *TableError, *ConfigError:
		return err
	default:
		return struct {
			Text string `json:"text"`
		}{fault.Cut(err.Error(), maxTableText)}
	}
}

// marshal returns the JSON of v. Unlike json.Marshal it leaves <, > and & as they are, as in the text of a
// nil error; the encoder that asked for the JSON escapes them if it should.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
