package source_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

// FuzzCSV compares rows with the records of encoding/csv: each record is a row of the same values, or a bad row
// of the same line, and there is nothing else. encoding/csv takes CRLF within quotes for LF.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{
		"1,2\n", "\"1\r\n2\",3\r\n4,5\r", "\ufeff\"1\"\"\",\n", "1\n1,2,3\n", "1,2\"\n3,4\n", "\"1\"x,2\n2,3\n", "\"1\n2\n3\"x\n4,5\n", "1,\"2\n3,4\n",
		"\n\n1,2\n\n\"\"\n", ",\n", "", "\r", "\"\r\r\n\"\r", "1,2\r", "1,\"\r\n", "\"1\r\r\n\",\"2\"", "1,\"2", "1,\"2\n\n",
	} {
		f.Add(text, false)
		f.Add(text, true)
	}
	f.Fuzz(func(t *testing.T, text string, lazy bool) {
		skipForeign(t, text)
		want := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
		want.FieldsPerRecord, want.LazyQuotes = -1, lazy
		ended := false
		for row, err := range (source.CSV{LazyQuotes: lazy, Header: []string{"x", "y"}}).Rows(strings.NewReader(text)) {
			require.False(t, ended)
			bad := badLine(err)
			if err != nil && bad == nil { // the lines that a quote has taken in
				require.ErrorContains(t, err, "a quote is not closed, so that")
				ended = true
				continue
			}
			fields, wantErr := want.Read()
			var parse *csv.ParseError
			switch {
			case errors.As(wantErr, &parse):
				require.NotNil(t, bad)
				require.Equal(t, parse.StartLine, bad.Line)
			case bad != nil:
				require.NoError(t, wantErr)
				line, _ := want.FieldPos(0)
				require.Equal(t, line, bad.Line)
				require.True(t, len(fields) != 2 || strings.Contains(bad.Problem, "not closed"), "%v, and encoding/csv has %q", bad, fields)
			default:
				require.NoError(t, wantErr)
				require.Len(t, row, 2)
				require.Len(t, fields, 2)
				for i, name := range []string{"x", "y"} {
					require.Equal(t, fields[i], strings.ReplaceAll(row[name].(string), "\r\n", "\n"))
				}
			}
		}
		_, err := want.Read()
		require.ErrorIs(t, err, io.EOF, "encoding/csv reads more")
	})
}

// FuzzNDJSON compares rows with what encoding/json reads of each line: a line that it reads without a change is a
// row of the same value, any other a bad row, and no line is missing.
func FuzzNDJSON(f *testing.F) {
	for _, text := range []string{
		`{"a":1}`, "\ufeff{}\r\n\n{\"a\":[1,{\"b\":null}]} \n", `{"a":1,"a":2}`, `{"a":{"b":1,"\u0062":2}}`, `{"a":"\ud800"}`, `{"a":"\ud83d\ude00\\ud800"}`,
		"{\"a\":\"\xff\"}", `{"a":"\ufffd�"}`, `{}{}`, `null`, `[1]`, `{"a":`, `{"a":01}`, `{"a":-0.10E+5}`, "{\"a\":\"x\n\"}", `{"":":","\"":"\\"}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		skipForeign(t, text)
		lines, number := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n"), 0
		next := func() string {
			for number < len(lines) {
				number++
				if line := strings.Trim(lines[number-1], " \t\r"); line != "" {
					return line
				}
			}
			return ""
		}
		for row, err := range source.NDJSONRows(strings.NewReader(text)) {
			line := next()
			require.NotEmpty(t, line, "more than there is")
			want, ok := unchanged(line)
			if ok {
				require.NoError(t, err)
				require.Equal(t, want, row)
				continue
			}
			bad := badLine(err)
			require.NotNil(t, bad, "%q is read as %q", line, row)
			require.Nil(t, row)
			require.Equal(t, number, bad.Line)
			require.LessOrEqual(t, bad.Column, len(lines[number-1])+1)
		}
		require.Empty(t, next(), "a line is missing")
	})
}

// skipForeign skips text that is refused as a whole, by how it begins.
func skipForeign(t *testing.T, text string) {
	t.Helper()
	for _, start := range []string{"\xff\xfe", "\xfe\xff", "\x1f\x8b", "PAR1", "PK\x03\x04"} {
		if strings.HasPrefix(text, start) {
			t.Skip("no text")
		}
	}
}

// unchanged returns the object that encoding/json makes of a line. It reports false if the line is no object, or
// if encoding/json would change what it says.
func unchanged(line string) (row dynamodest.Row, ok bool) {
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.UseNumber()
	if !utf8.ValidString(line) || !json.Valid([]byte(line)) || decoder.Decode(&row) != nil || row == nil {
		return nil, false
	}
	replaced := 0 // U+FFFD that encoding/json has put
	tokens := json.NewDecoder(strings.NewReader(line))
	tokens.UseNumber()
	if !distinct(tokens, &replaced) {
		return nil, false
	}
	escaped := strings.ToLower(strings.ReplaceAll(line, `\\`, "__"))
	return row, replaced == strings.Count(escaped, `\ufffd`)+strings.Count(line, "\ufffd")
}

// distinct reads a value, and reports whether no object in it has a name twice. It counts the U+FFFD of its texts.
func distinct(tokens *json.Decoder, replaced *int) bool {
	token, err := tokens.Token()
	if err != nil {
		return false
	}
	switch token := token.(type) {
	case string:
		*replaced += strings.Count(token, "\ufffd")
	case json.Delim:
		all, names := true, map[string]bool{}
		for tokens.More() {
			if token == '{' {
				name, _ := tokens.Token()
				text, _ := name.(string)
				*replaced += strings.Count(text, "\ufffd")
				all = all && !names[text]
				names[text] = true
			}
			all = distinct(tokens, replaced) && all
		}
		_, err = tokens.Token()
		return all && err == nil
	}
	return true
}
