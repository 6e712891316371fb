package source_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

func TestNDJSON(t *testing.T) {
	t.Parallel()
	const (
		twice = "an object has a name twice, so that one of the values would be lost"
		half  = `half of a surrogate pair (\ud800 to \udfff), which is not a character`
		array = "not a JSON object: NDJSON has one on each line"
		good  = `map["a":"1"]`
	)
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"rows", "{\"a\":\"1\"}\n{\"a\":\"2\"}\n", []string{good, `map["a":"2"]`}},
		{"no break at the end", `{"a":"1"}`, []string{good}},
		{"CRLF, blank lines and spaces", "\r\n{\"a\":\"1\"}\r\n \t\n\n { \"a\" : \"1\" } \r\n\r", []string{good, good}},
		{"byte order mark", "\ufeff{\"a\":\"1\"}\n", []string{good}},
		{"a mark elsewhere", "{\"a\":\"1\"}\n\ufeff{\"a\":\"1\"}\n", []string{good, "bad: line 2: " + array}},
		{"nested", `{"a":{"b":[1,{"c":null}],"c":true}}`, []string{`map["a":map["b":["1" map["c":<nil>]] "c":%!q(bool=true)]]`}},
		{"text that looks like JSON", `{"a:":"{\"a\":1,\"a\":2}:\\","b":"\\ud800 \ud83d\ude00 \uD83D\uDE00 \u0041"}`,
			[]string{`map["a:":"{\"a\":1,\"a\":2}:\\" "b":"\\ud800 😀 😀 A"]`}},
		{"no object", "[1]\nnull\n1\n\"x\"\ntrue\nx\n{\"a\":\"1\"}", []string{
			"bad: line 1: " + array, "bad: line 2: " + array, "bad: line 3: " + array, "bad: line 4: " + array, "bad: line 5: " + array, "bad: line 6: " + array, good}},
		{"not JSON", "{\"a\":\"1\",}\n{\"a\":\"1\"}\n{\"a\":01}\n{a:1}\n", []string{
			"bad: line 1, column 10: not valid JSON", good, "bad: line 3, column 7: not valid JSON", "bad: line 4, column 2: not valid JSON"}},
		{"cut", "{\"a\":\"1\"\n{\"a\":\"1\n{\"a\":\"1\"}", []string{
			"bad: line 1: not valid JSON: it ends before the object does", "bad: line 2, column 8: not valid JSON", good}},
		{"more", "{\"a\":\"1\"}{}\n{\"a\":\"1\"} x\n{\"a\":\"1\"}", []string{
			"bad: line 1, column 10: more text after the object", "bad: line 2, column 11: more text after the object", good}},
		{"a name twice", `{"a":1,"b":2,"a":1}` + "\n" + `{"a":[{"b":1,"\u0062":2}]}` + "\n" + `{"a":"1"}`, []string{"bad: line 1: " + twice, "bad: line 2: " + twice, good}},
		{"names that differ by case", `{"a":"1","A":"2"}`, []string{`map["A":"2" "a":"1"]`}},
		{"not UTF-8", "{\"a\":\"x\xff\"}\n{\"a\":\"1\"}", []string{"bad: line 1, column 8: not valid UTF-8", good}},
		{"half a pair", `{"a":"x\ud800"}` + "\n" + `{"\udc00":1}` + "\n" + `{"a":"\ud800A"}` + "\n" + `{"a":"\ud800\ud800\udc00"}` + "\n" + `{"a":"\ud800\u0041"}` + "\n" + `{"a":"1"}`, []string{
			"bad: line 1, column 8: " + half, "bad: line 2, column 3: " + half, "bad: line 3, column 7: " + half, "bad: line 4, column 7: " + half, "bad: line 5, column 7: " + half, good}},
		{"a replacement character", `{"a":"\ufffd�"}`, []string{`map["a":"��"]`}},
		{"nothing", "", nil},
		{"UTF-16", "\xff\xfe{\x00", []string{"end: line 1: the source is UTF-16 or UTF-32: convert it to UTF-8"}},
		{"Parquet", "PAR1\x15", []string{"end: line 1: the source is a Parquet file, and no text"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, got(source.NDJSONRows(strings.NewReader(test.text))))
			assert.Equal(t, test.want, got(source.NDJSONRows(iotest.OneByteReader(strings.NewReader(test.text)))), "byte by byte")
		})
	}
	assert.Equal(t, []string{"end: the reader of the NDJSON is nil"}, got(source.NDJSONRows(nil)))
}

// Numbers keep all their digits.
func TestNDJSONNumbers(t *testing.T) {
	t.Parallel()
	for row, err := range source.NDJSONRows(strings.NewReader(`{"a":12345678901234567890.10,"b":[-0,1E400]}`)) {
		require.NoError(t, err)
		assert.Equal(t, dynamodest.Row{"a": json.Number("12345678901234567890.10"), "b": []any{json.Number("-0"), json.Number("1E400")}}, row)
	}
}

// JSONRow reads an object as a line is read, and counts the bytes of all its lines.
func TestJSONRow(t *testing.T) {
	t.Parallel()
	row, err := source.JSONRow([]byte("\n {\"a\": 12345678901234567890.10,\r\n\"b\": {\"c\": [null]}}\n"))
	require.NoError(t, err)
	assert.Equal(t, dynamodest.Row{"a": json.Number("12345678901234567890.10"), "b": map[string]any{"c": []any{nil}}}, row)

	for text, want := range map[string]string{
		"":                               "not a JSON object",
		"null":                           "not a JSON object",
		"[{}]":                           "not a JSON object",
		"{\"a\":1,\n\"b\":x}":            "column 13: not valid JSON",
		"{\"a\":":                        "not valid JSON: it ends before the object does",
		"{}\n{}":                         "column 4: more text after the object",
		"{\"a\":1,\n\"a\":1}":            "an object has a name twice, so that one of the values would be lost",
		"{\"a\":\n\"\xff\"}":             "column 8: not valid UTF-8",
		"{\"a\":\n\"\\ud800\"}":          `column 8: half of a surrogate pair (\ud800 to \udfff), which is not a character`,
		"{\"a\":\"" + long + "\"}" + "x": fmt.Sprintf("column %d: more text after the object", len(long)+9),
	} {
		row, err := source.JSONRow([]byte(text))
		var line *source.LineError
		require.ErrorAs(t, err, &line)
		assert.Equal(t, want, err.Error())
		assert.Zero(t, line.SourceLine())
		assert.Nil(t, row)
	}
}

// long is longer than a line of NDJSON may be.
var long = strings.Repeat("x", 5<<20)

// A line longer than MaxLine is skipped to its end.
func TestNDJSONOfLongLines(t *testing.T) {
	t.Parallel()
	fits := `{"a":"` + strings.Repeat("x", 92) + `"}`
	ndjson := source.NDJSON{MaxLine: 100}
	want := []string{
		fmt.Sprintf(`map["a":%q]`, strings.Repeat("x", 92)), "bad: line 2: the line has more than 100 bytes: shorten it, or raise NDJSON.MaxLine", "map[]",
		"bad: line 4: the line has more than 100 bytes: shorten it, or raise NDJSON.MaxLine",
	}
	assert.Equal(t, want, got(ndjson.Rows(strings.NewReader(fits+"\r\n"+fits+" \n{}\n"+fits+" "))))
}

// The error of encoding/json, which may quote the line, is reached by unwrapping alone.
func TestLineErrorQuotesNothing(t *testing.T) {
	t.Parallel()
	for _, err := range source.NDJSONRows(strings.NewReader(`{"a":Z}`)) {
		var syntax *json.SyntaxError
		require.ErrorAs(t, err, &syntax)
		require.ErrorContains(t, syntax, "'Z'")
		var line *source.LineError
		require.ErrorAs(t, err, &line)
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			for _, err := range []error{err, line} {
				assert.NotContains(t, fmt.Sprintf(format, err), "Z")
			}
			assert.NotContains(t, fmt.Sprintf(format, *line), "Z")
		}
	}
	var none *source.LineError
	assert.Equal(t, "<nil>", none.Error())
	assert.Zero(t, none.SourceLine())
	assert.NoError(t, errors.Unwrap(none))
}
