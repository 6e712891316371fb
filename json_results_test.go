package dynamodest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// jsonCases are results and errors, and their exact JSON.
func jsonCases() map[string]struct {
	value any
	want  string
} {
	key := fault.NewMapping("it is a BOOL, the table wants S").WithRemedy("set Field.Type to S")
	rowErr := &RowError{Index: 12, Reason: ErrKey, Column: "x", Attribute: "y", Err: key}
	const rowJSON = `{"index":12,"reason":"bad_key","column":"x","attribute":"y","text":"row 12: bad key: column \"x\" (attribute \"y\"): it is a BOOL, the table wants S; remedy: set Field.Type to S","remedy":"set Field.Type to S","scope":"row"}`
	exists := &RowError{Reason: ErrExists, Attempts: 2}
	tableErr := &TableError{Reason: ErrTableStatus, Op: "DescribeTable", Table: "users", Region: "eu-west-1"}
	tableJSON := `{"reason":"table_not_ready","op":"DescribeTable","table":"users","region":"eu-west-1","text":"table \"users\" in eu-west-1: table not ready: DescribeTable; remedy: ` +
		ErrTableStatus.Remedy() + `","remedy":"` + ErrTableStatus.Remedy() + `","scope":"call"}`
	configErr := &ConfigError{Field: "Table", Problem: "is required"}
	const configJSON = `{"field":"Table","problem":"is required","text":"Table: is required","reason":"bad_configuration"}`
	const noRows = `{"rows":0,"written":0,"deleted":0,"skipped":0,"superseded":0,"not_written":0,"unknown":0,"requests":0,"resent":0,"write_units":0}`
	return map[string]struct {
		value any
		want  string
	}{
		"outcome":             {NotWritten, `"not_written"`},
		"outcomes as names":   {map[Outcome]int{Written: 1, NotWritten: 2}, `{"not_written":2,"written":1}`},
		"row written":         {RowResult{Index: 3, Outcome: Written, Attempts: 1}, `{"index":3,"outcome":"written","attempts":1}`},
		"row superseded":      {RowResult{Index: 3, Outcome: Superseded}, `{"index":3,"outcome":"superseded","attempts":0,"by":0}`},
		"row settled":         {&RowResult{Outcome: Deleted, Attempts: 1, SettledBefore: 7}, `{"index":0,"outcome":"deleted","attempts":1,"settled_before":7}`},
		"row failed":          {RowResult{Index: 12, Err: rowErr}, `{"index":12,"outcome":"not_written","attempts":0,"error":` + rowJSON + `}`},
		"row of the caller's": {RowResult{Index: 1, Err: errorValue{"person@example.com"}}, `{"index":1,"outcome":"not_written","attempts":0,"error":{"text":"refused"}}`},
		"row wrapped":         {RowResult{Index: 12, Err: fmt.Errorf("sync: %w", rowErr)}, `{"index":12,"outcome":"not_written","attempts":0,"error":{"text":"sync: ` + jsonText(rowErr.Error()) + `"}}`},
		"row error":           {rowErr, rowJSON},
		"row error value":     {*rowErr, rowJSON},
		"row error attempts": {exists, `{"index":0,"reason":"item_exists","attempts":2,"text":"row 0: item exists after 2 requests; remedy: ` + jsonText(ErrExists.Remedy()) +
			`","remedy":"` + jsonText(ErrExists.Remedy()) + `","scope":"row"}`},
		"no row error":     {(*RowError)(nil), `null`},
		"table error":      {tableErr, tableJSON},
		"no table error":   {(*TableError)(nil), `null`},
		"config error":     {configErr, configJSON},
		"no config error":  {(*ConfigError)(nil), `null`},
		"throttling":       {Throttling{Refusals: 3, Keys: 1, Share: 0.5}, `{"refusals":3,"keys":1,"share":0.5}`},
		"empty summary":    {Summary{}, noRows},
		"summary":          {Summary{Rows: 2, Written: 1, Deleted: 1, Requests: 1, Resent: 3, WriteUnits: 2.5, VectorWriteBytes: 8, MissingColumns: []string{"a<b"}}, `{"rows":2,"written":1,"deleted":1,"skipped":0,"superseded":0,"not_written":0,"unknown":0,"requests":1,"resent":3,"write_units":2.5,"vector_write_bytes":8,"missing_columns":["a<b"]}`},
		"result":           {Result{Rows: []RowResult{{Outcome: Skipped, Attempts: 1}}, Summary: Summary{Rows: 1, Skipped: 1}}, `{"rows":[{"index":0,"outcome":"skipped","attempts":1}],"summary":{"rows":1,"written":0,"deleted":0,"skipped":1,"superseded":0,"not_written":0,"unknown":0,"requests":0,"resent":0,"write_units":0}}`},
		"no write error":   {(*WriteError)(nil), `null`},
		"empty WriteError": {&WriteError{}, `{"summary":` + noRows + `,"text":"stopped early: 0 rows processed, none failed"}`},
		"stopped by context": {&WriteError{Stop: context.Canceled}, `{"summary":` + noRows +
			`,"stop":{"text":"context canceled"},"text":"stopped early: 0 rows processed, none failed; the call was stopped by: context canceled"}`},
		"stopped by table": {&WriteError{Reasons: map[Reason]int{ErrKey: 1}, First: []*RowError{rowErr}, Throttling: Throttling{Refusals: 1, Keys: 1, Share: 1}, Stop: tableErr}, `{"summary":` + noRows +
			`,"reasons":{"bad_key":1},"first":[` + rowJSON + `],"throttling":{"refusals":1,"keys":1,"share":1},"stop":` + tableJSON + `,"text":"stopped early: 0 rows processed, none failed; bad key: 1 (` +
			jsonText(rowErr.Error()) + `); the call was stopped by: ` + jsonText(tableErr.Error()) + `"}`},
		"stopped by setting": {WriteError{Stop: configErr}, `{"summary":` + noRows + `,"stop":` + configJSON + `,"text":"stopped early: 0 rows processed, none failed; the call was stopped by: Table: is required"}`},
	}
}

// jsonText returns text as it is inside a JSON string.
func jsonText(text string) string { return strings.ReplaceAll(text, `"`, `\"`) }

// encoded returns v as an encoder without HTML escapes writes it.
func encoded(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(v))
	return strings.TrimRight(b.String(), "\n")
}

func TestJSONOfResults(t *testing.T) {
	t.Parallel()
	for name, tt := range jsonCases() {
		assert.Equal(t, tt.want, encoded(t, tt.value), name)

		marshalled, err := json.Marshal(tt.value)
		require.NoError(t, err, name)
		assert.JSONEq(t, tt.want, string(marshalled), name)
		assert.NotContains(t, string(marshalled), "<", "%s: json.Marshal escapes what HTML would read", name)

		var logged bytes.Buffer
		slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key != "value" {
				return slog.Attr{}
			}
			return a
		}})).Info("", "value", tt.value)
		assert.Equal(t, `{"value":`+tt.want+"}\n", logged.String(), name)
	}
}

func TestOutcomeText(t *testing.T) {
	t.Parallel()
	for o := range Outcome(len(outcomeLabels)) {
		text, err := o.MarshalText()
		require.NoError(t, err)
		assert.Regexp(t, `^[a-z]+(_[a-z]+)*$`, string(text))
		assert.Equal(t, o.String(), strings.ReplaceAll(string(text), "_", " "))
		back := Outcome(99)
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, o, back)
	}
	_, err := Outcome(len(outcomeLabels)).MarshalText()
	require.EqualError(t, err, "dynamodest: 6 is not an Outcome")
	_, err = json.Marshal(RowResult{Outcome: 77})
	require.Error(t, err)
	assert.Equal(t, "invalid outcome", Outcome(77).String())

	outcome := Written
	for _, bad := range []string{"", "not written", "WRITTEN", "person@example.com"} {
		err := outcome.UnmarshalText([]byte(bad))
		require.Error(t, err, bad)
		assert.NotContains(t, err.Error(), "person")
		assert.Equal(t, Written, outcome)
	}
}

// What a program stores without an error in it can be read again.
func TestStoredResultsAreReadAgain(t *testing.T) {
	t.Parallel()
	want := Result{
		Rows: []RowResult{{Outcome: Written, Attempts: 1}, {Index: 1, Outcome: Superseded, By: 2}, {Index: 2, Outcome: Deleted, Attempts: 2, SettledBefore: 3}},
		Summary: Summary{
			Rows: 3, Written: 1, Deleted: 1, Superseded: 1, Requests: 2, Resent: 1, WriteUnits: 2, VectorWriteBytes: 7, MissingColumns: []string{"a"},
		},
	}
	stored, err := json.Marshal(want)
	require.NoError(t, err)
	var got Result
	require.NoError(t, json.Unmarshal(stored, &got))
	assert.Equal(t, want, got)
}

func TestReasonOfAResult(t *testing.T) {
	t.Parallel()
	assert.Equal(t, ErrKey, RowResult{Err: &RowError{Reason: ErrKey}}.Reason())
	assert.Equal(t, ErrKey, RowResult{Err: fmt.Errorf("sync: %w", &RowError{Reason: ErrKey})}.Reason())
	for _, err := range []error{nil, (*RowError)(nil), errors.New("x"), ErrKey} {
		assert.Empty(t, RowResult{Err: err}.Reason())
	}
}

// The JSON of an error holds no more of its causes than its text, whatever their fields and methods.
func TestJSONShowsNoCause(t *testing.T) {
	t.Parallel()
	const rowValue = "person@example.com"
	hostile := errorValue{rowValue + testSecret + testToken}
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(hostile)
	causes := []error{
		failed(hostile), fault.NewMapping("no").WithCause(hostile), fault.Hide("report", hostile), fault.Ended(ended),
		failed(fmt.Errorf("%w, %w", hostile, context.DeadlineExceeded)),
	}
	for _, reason := range allReasons {
		for _, cause := range causes {
			rowErr := &RowError{Index: 3, Reason: reason, Column: "id", Attempts: 1, Err: cause}
			tableErr := &TableError{Reason: reason, Op: "PutItem", Table: "users", Region: "eu-west-1", Err: cause, arn: "arn:aws:dynamodb:eu-west-1:123456789012:table/users"}
			stopped := &WriteError{Reasons: map[Reason]int{reason: 1}, First: []*RowError{rowErr}, Stop: tableErr}
			hidden := &WriteError{Reasons: map[Reason]int{reason: 1}, First: []*RowError{rowErr}, Stop: cause}
			for _, value := range []any{rowErr, *rowErr, tableErr, *tableErr, stopped, *stopped, hidden, RowResult{Err: rowErr}, Result{Rows: []RowResult{{Err: rowErr}}}} {
				text := encoded(t, value)
				assertNoSecret(t, text)
				assert.NotContains(t, text, rowValue)
				assert.Contains(t, text, string(reason))
			}
			var shown struct {
				Text, Remedy string
			}
			require.NoError(t, json.Unmarshal([]byte(encoded(t, rowErr)), &shown))
			assert.Equal(t, rowErr.Error(), shown.Text)
			assert.Equal(t, rowErr.Remedy(), shown.Remedy)
			assert.Equal(t, rowErr.Error(), fmt.Sprintf("%+v", rowErr), "fmt prints the text as before")
		}
	}
}
