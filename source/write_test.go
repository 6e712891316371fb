package source_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/source"
)

// newDest makes a Destination for a table whose key is id:S.
func newDest(t testing.TB, m dynamodest.Mapping) (*dynamodest.Destination, *dynamodesttest.DB) {
	t.Helper()
	db := dynamodesttest.NewTable("rows", "id:S")
	dest, err := dynamodest.New(t.Context(), dynamodest.Config{Table: "rows", Client: db, Mapping: m})
	require.NoError(t, err)
	return dest, db
}

// Three broken lines in 1,000 are three rows that are not written, in their places, with the numbers of their
// lines; the others are written.
func TestThreeBrokenLines(t *testing.T) {
	t.Parallel()
	const n = 1000
	csv, ndjson := []string{"id,text\n"}, []string(nil)
	for i := range n { // one in ten has a break of lines within quotes
		text := "plain"
		if i%10 == 0 {
			text = "\"two\nlines\""
		}
		csv = append(csv, fmt.Sprintf("r-%d,%s\n", i, text))
		ndjson = append(ndjson, fmt.Sprintf(`{"id":"r-%d","n":%d}`+"\n", i, i))
	}
	csv[1+200], csv[1+501], csv[1+999] = "secret\n", "secret,\"a\" b\n", "secret,\"never closed\n"
	ndjson[200], ndjson[501], ndjson[999] = "{\"id\":\"secret\n", "[\"secret\"]\n", `{"id":"secret","id":"b"}`
	for name, test := range map[string]struct {
		rows  iter.Seq2[dynamodest.Row, error]
		lines map[int]int // by the index of the row
	}{
		"CSV":    {source.CSVRows(strings.NewReader(strings.Join(csv, ""))), map[int]int{200: 222, 501: 502 + 1 + 51 - 1, 999: 1000 + 1 + 100 - 1}},
		"NDJSON": {source.NDJSONRows(strings.NewReader(strings.Join(ndjson, ""))), map[int]int{200: 201, 501: 502, 999: 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dest, db := newDest(t, dynamodest.Mapping{})
			lines, next := map[int]int{}, 0
			sum, err := dest.WriteSeq(t.Context(), test.rows, func(_ dynamodest.Row, r dynamodest.RowResult) error {
				assert.Equal(t, next, r.Index)
				next++
				if r.Outcome == dynamodest.Written {
					return nil
				}
				assert.Equal(t, dynamodest.NotWritten, r.Outcome)
				assert.ErrorIs(t, r.Err, dynamodest.ErrMapping)
				var line *source.LineError
				if assert.ErrorAs(t, r.Err, &line) {
					lines[r.Index] = line.Line
					assert.ErrorContains(t, r.Err, fmt.Sprintf("row %d: unmappable value: line %d of the source could not be read", r.Index, line.Line))
				}
				assert.NotContains(t, fmt.Sprintf("%+v", r.Err), "secret")
				return nil
			})
			assert.Equal(t, test.lines, lines)
			assert.Equal(t, dynamodest.Summary{Rows: n, Written: n - 3, NotWritten: 3, Requests: sum.Requests, WriteUnits: sum.WriteUnits}, sum)
			assert.Equal(t, n-3, db.Len("rows"))
			var call *dynamodest.WriteError
			require.ErrorAs(t, err, &call)
			assert.NoError(t, call.Stop)
		})
	}
}
