package source_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

// FuzzCSV compares rows with the records of encoding/csv: where it finds a record, there is a row of the same
// values or a bad row of the same line, and nothing else is yielded. Breaks of lines within quotes, which
// encoding/csv changes, are compared as it changes them.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{
		"a,b\n1,2\n", "a,b\n\"1\r\n2\",3\r\n4,5\r", "\ufeffa,b\n\"1\"\"\",\n", "a,b\n1\n1,2,3\n", "a,b\n1,2\"\n3,4\n", "a\n\"1\"x\n2\n",
		"a\n\"1\n2\n3\"x\n4\n", "a,b\n1,\"2\n3,4\n", "\n\na\n\n\"\"\n", "a,a\n", ",\n", "", "\r", "\"\r\r\n\"\r", "a\n1\r", "a\n\"1\r\n",
	} {
		f.Add(text, false)
		f.Add(text, true)
	}
	f.Fuzz(func(t *testing.T, text string, lazy bool) {
		want := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
		want.FieldsPerRecord, want.LazyQuotes = -1, lazy
		header, headerErr := want.Read()
		next := func() (fields []string, line int, err error) {
			fields, err = want.Read()
			var parse *csv.ParseError
			if errors.As(err, &parse) {
				return nil, parse.StartLine, nil
			} else if err != nil {
				return nil, 0, err
			}
			line, _ = want.FieldPos(0)
			return fields, line, nil
		}
		for row, err := range (source.CSV{LazyQuotes: lazy}).Rows(strings.NewReader(text)) {
			bad := badLine(err)
			if err != nil && bad == nil { // the header, or a quote that is never closed, which encoding/csv takes for a record if it is lazy
				var line *source.LineError
				require.ErrorAs(t, err, &line)
				require.Nil(t, row)
				if headerErr == nil && !strings.Contains(line.Problem, "not closed") {
					require.LessOrEqual(t, line.Line, lineOf(want), "no error after the header")
				}
				return
			}
			require.NoError(t, headerErr)
			fields, line, wantErr := next()
			require.NoError(t, wantErr, "more than encoding/csv reads")
			if bad != nil {
				require.Equal(t, line, bad.Line)
				require.Nil(t, row)
				require.True(t, fields == nil || len(fields) != len(header) || strings.Contains(bad.Problem, "not closed"), "a bad row where there is a record")
				continue
			}
			require.Len(t, row, len(header))
			require.Len(t, fields, len(header))
			for i, name := range header {
				require.Equal(t, fields[i], strings.ReplaceAll(row[strings.ReplaceAll(name, "\n", lineBreak(row, name))].(string), "\r\n", "\n"))
			}
		}
		if headerErr == nil {
			_, _, err := next()
			require.ErrorIs(t, err, io.EOF, "fewer than encoding/csv reads")
		}
	})
}
