package source_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

// got is what a sequence yields: rows by what fmt prints, bad rows by "bad: " and the text of their LineError,
// and an error that ends it by "end: " and its text.
func got(rows iter.Seq2[dynamodest.Row, error]) []string {
	var all []string
	for row, err := range rows {
		switch bad := badLine(err); {
		case bad != nil:
			all = append(all, "bad: "+bad.Error())
		case err != nil:
			all = append(all, "end: "+err.Error())
		default:
			all = append(all, fmt.Sprintf("%q", row))
		}
	}
	return all
}

// badLine returns the LineError of a BadRow; nil if err is no BadRow.
func badLine(err error) *source.LineError {
	if err == nil || err.Error() != dynamodest.BadRow(nil).Error() {
		return nil
	}
	var line *source.LineError
	errors.As(err, &line)
	return line
}

func TestCSV(t *testing.T) {
	t.Parallel()
	const header = "a,b\n"
	for _, test := range []struct {
		name string
		csv  source.CSV
		text string
		want []string
	}{
		{"rows", source.CSV{}, header + "1,2\n3,4\n", []string{`map["a":"1" "b":"2"]`, `map["a":"3" "b":"4"]`}},
		{"no break at the end", source.CSV{}, header + "1,2", []string{`map["a":"1" "b":"2"]`}},
		{"CRLF", source.CSV{}, "a,b\r\n1,2\r\n3,4\r", []string{`map["a":"1" "b":"2"]`, `map["a":"3" "b":"4"]`}},
		{"byte order mark", source.CSV{}, "\ufeffa,b\n1,\ufeff2\n", []string{"map[\"a\":\"1\" \"b\":\"\\ufeff2\"]"}},
		{"byte order mark before a quote", source.CSV{}, "\ufeff\"a\",b\n1,2\n", []string{`map["a":"1" "b":"2"]`}},
		{"empty lines", source.CSV{}, "\n\r\na,b\n\n1,2\r\n\r\n\n", []string{`map["a":"1" "b":"2"]`}},
		{"a line of spaces is no empty line", source.CSV{}, header + " \n", []string{"bad: line 2: has 1 field, and there are 2 columns"}},
		{"empty fields", source.CSV{}, header + ",\n\"\",\n", []string{`map["a":"" "b":""]`, `map["a":"" "b":""]`}},
		{"spaces", source.CSV{}, "a, b\n 1 ,\"2 \"\n", []string{`map[" b":"2 " "a":" 1 "]`}},
		{"quotes", source.CSV{}, header + "\"say \"\"hi\"\"\",\"1,2\"\n", []string{`map["a":"say \"hi\"" "b":"1,2"]`}},
		{"breaks within quotes are kept", source.CSV{}, header + "\"1\n\n2\r\n3\r4\",5\r\n6\n7,8\n", []string{
			`map["a":"1\n\n2\r\n3\r4" "b":"5"]`, "bad: line 6: has 1 field, and there are 2 columns", `map["a":"7" "b":"8"]`}},
		{"semicolons", source.CSV{Comma: ';'}, "a;b\n1,5;\"2;3\"\n", []string{`map["a":"1,5" "b":"2;3"]`}},
		{"a comma of two bytes", source.CSV{Comma: '§'}, "a§b\n1§\"2\"\n\"3\"§4\n", []string{`map["a":"1" "b":"2"]`, `map["a":"3" "b":"4"]`}},
		{"ragged", source.CSV{}, header + "1\n1,2,3\n1,2\n", []string{
			"bad: line 2: has 1 field, and there are 2 columns", "bad: line 3: has 3 fields, and there are 2 columns", `map["a":"1" "b":"2"]`}},
		{"bare quote", source.CSV{}, header + "1,2\"\n3,4\n", []string{
			"bad: line 2, column 4: a quote inside a field that is not quoted", `map["a":"3" "b":"4"]`}},
		{"text after a quote", source.CSV{}, header + "\"1\"x,2\n3,4\n", []string{
			"bad: line 2, column 3: text after the closing quote of a field", `map["a":"3" "b":"4"]`}},
		{"lazy quotes", source.CSV{LazyQuotes: true}, header + "1,2\"\n\"3\" x\",4\n", []string{`map["a":"1" "b":"2\""]`, `map["a":"3\" x" "b":"4"]`}},
		{"a quote that takes in other lines", source.CSV{}, header + "1,\"2\n3,4\n5,\"6\"\n7,8\n", []string{
			"bad: line 2: text after the closing quote of a field on line 4, column 3: lines 2 to 4 are skipped", `map["a":"7" "b":"8"]`}},
		{"a quote that is open on the last line", source.CSV{}, header + "1,2\n3,\"4\n", []string{`map["a":"1" "b":"2"]`, "bad: line 3: a quote is not closed"}},
		{"a quote that is never closed", source.CSV{LazyQuotes: true}, header + "1,2\n3,\"4\n5,6\n7,8", []string{
			`map["a":"1" "b":"2"]`, "bad: line 3: a quote is not closed, so that all lines up to the last one, 5, are in its field",
			"end: line 3: a quote is not closed, so that all lines up to the last one, 5, are in its field"}},
		{"invalid UTF-8 is a matter of the conversion", source.CSV{}, header + "\xff,2\n", []string{`map["a":"\xff" "b":"2"]`}},
		{"header alone", source.CSV{}, header, nil},
		{"header given", source.CSV{Header: []string{"x", "y"}}, "1,2\n", []string{`map["x":"1" "y":"2"]`}},
		{"header given, no row", source.CSV{Header: []string{"x", "y"}}, "", nil},
		{"header given instead of another", source.CSV{Header: []string{"x", "y"}, SkipHeader: true}, ",\n1,2\n", []string{`map["x":"1" "y":"2"]`}},
		{"nothing", source.CSV{}, "", []string{"end: line 1: the source is empty: it has no header"}},
		{"nothing but a mark", source.CSV{}, "\ufeff\n", []string{"end: line 1: the source is empty: it has no header"}},
		{"empty name", source.CSV{}, "\na,,c\n1,2,3\n", []string{"end: line 2: column 2 of the header has no name: give it one, or set CSV.Header"}},
		{"repeated name", source.CSV{}, "a,b,c,b\n1,2,3,4\n", []string{`end: line 1: columns 2 and 4 are both named "b": rename one, or set CSV.Header`}},
		{"long name", source.CSV{}, strings.Repeat("ä", 99) + "," + strings.Repeat("ä", 99) + "\n", []string{
			`end: line 1: columns 1 and 2 are both named "` + strings.Repeat("ä", 50) + `"…: rename one, or set CSV.Header`}},
		{"repeated name given", source.CSV{Header: []string{"b", "b"}}, "1,2\n", []string{`end: line 1: columns 1 and 2 are both named "b": rename one, or set CSV.Header`}},
		{"broken header", source.CSV{}, "a,b\"\n1,2\n", []string{"end: line 1, column 4: the header cannot be read: a quote inside a field that is not quoted"}},
		{"open header", source.CSV{}, "a,\"b\n1,2\n", []string{
			"end: line 1: the header cannot be read: a quote is not closed, so that all lines up to the last one, 2, are in its field"}},
		{"header of Latin-1", source.CSV{}, "a,b\xe4\n", []string{"end: line 1: column 2 of the header is not valid UTF-8: convert the source to UTF-8"}},
		{"UTF-16", source.CSV{}, "\xff\xfea\x00,\x00b\x00\n\x00", []string{"end: line 1: the source is UTF-16 or UTF-32: convert it to UTF-8"}},
		{"UTF-16, big", source.CSV{}, "\xfe\xff\x00a", []string{"end: line 1: the source is UTF-16: convert it to UTF-8"}},
		{"UTF-16 without a mark", source.CSV{}, "a\x00,\x00b\x00\n\x00", []string{"end: line 1: column 1 of the header contains NUL: is the source UTF-16? Convert it to UTF-8"}},
		{"gzip", source.CSV{}, "\x1f\x8b\x08", []string{"end: line 1: the source is compressed by gzip: uncompress it"}},
		{"CR alone", source.CSV{}, "a,b\r1,2\r3,4", []string{"end: line 1: column 2 of the header contains a carriage return: lines must end with LF or CRLF"}},
		{"comma that is none", source.CSV{Comma: '"'}, header, []string{`end: CSV.Comma '"' cannot separate fields`}},
		{"nothing to skip the header for", source.CSV{SkipHeader: true}, header, []string{"end: CSV.SkipHeader skips the names of the columns: set CSV.Header"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, got(test.csv.Rows(strings.NewReader(test.text))))
			assert.Equal(t, test.want, got(test.csv.Rows(iotest.OneByteReader(strings.NewReader(test.text)))), "byte by byte")
		})
	}
	assert.Equal(t, []string{"end: the reader of the CSV is nil"}, got(source.CSVRows(nil)))
}

// A record larger than MaxRecord ends the sequence: where it ends is not known.
func TestCSVOfLargeRecords(t *testing.T) {
	t.Parallel()
	fits := strings.Repeat("x", 98)
	csv := source.CSV{MaxRecord: 100, Header: []string{"a", "b"}}
	const tooLarge = "line 2: the record has more than 100 bytes: close its quotes, or raise CSV.MaxRecord"
	for name, text := range map[string]string{
		"plain": "1,2\n1," + fits + "y\n3,4\n", "quoted": "1,2\n1,\"" + fits + "\"\n3,4\n", "lines": "1,2\n1,\"" + strings.Repeat("\n", 100) + "\"\n3,4\n",
	} {
		assert.Equal(t, []string{`map["a":"1" "b":"2"]`, "bad: " + tooLarge, "end: " + tooLarge}, got(csv.Rows(strings.NewReader(text))), name)
	}
	assert.Equal(t, []string{fmt.Sprintf(`map["a":"1" "b":%q]`, fits)}, got(csv.Rows(strings.NewReader("1,"+fits+"\r\n"))))
}

// What a record takes does not grow with the source: a quote that is never closed does not fill the memory.
func TestMemoryOfLargeRecords(t *testing.T) {
	const size = 64 << 20
	csv, ndjson := source.CSV{MaxRecord: 1 << 20}.Rows, source.NDJSON{MaxLine: 1 << 20}.Rows
	for name, test := range map[string]struct {
		rows        func(io.Reader) iter.Seq2[dynamodest.Row, error]
		start, body string
	}{
		"CSV, one line":          {csv, "a\n1\n", "x"},
		"CSV, one quoted line":   {csv, "a\n1\n\"", "x"},
		"CSV, many quoted lines": {csv, "a\n1\n\"", "1,2\n"},
		"NDJSON":                 {ndjson, "{}\n{}\n", "x"},
	} {
		var all []string
		allocated := allocations(func() {
			all = got(test.rows(io.MultiReader(strings.NewReader(test.start), io.LimitReader(pattern(strings.Repeat(test.body, 4096)), size))))
		})
		assert.Less(t, allocated, uint64(size/4), name)
		assert.Len(t, all, 3, name)
		assert.Contains(t, all[2], "line 3: ", name)
		assert.Contains(t, all[2], "has more than 1048576 bytes", name)
	}
}

// A reader that fails ends the sequence, after the rows before the failure, and a row that is cut by it is none.
func TestReaderThatFails(t *testing.T) {
	t.Parallel()
	other := errors.New("secret")
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"cut short":     {io.ErrUnexpectedEOF, "end: line 3: the source is cut short: it ends where more was to come"},
		"wrapped":       {fmt.Errorf("secret: %w", io.ErrUnexpectedEOF), "end: line 3: the source is cut short: it ends where more was to come"},
		"another error": {other, "end: line 3: reading failed with an error of type *errors.errorString"},
		"a wrapped end": {fmt.Errorf("secret: %w", io.EOF), "end: line 3: reading failed with an error of type *fmt.wrapError"},
	} {
		for _, tail := range []string{"", "3,4", "\"3\n", "\"", "3\""} {
			want := strings.Replace(test.want, "line 3", fmt.Sprintf("line %d", 3+strings.Count(tail, "\n")), 1)
			failing := func(text string) io.Reader {
				return io.MultiReader(strings.NewReader(text), iotest.ErrReader(test.err))
			}
			assert.Equal(t, []string{`map["a":"1" "b":"2"]`, want}, got(source.CSVRows(failing("a,b\n1,2\n"+tail))), "%s, %q", name, tail)
		}
		failing := io.MultiReader(strings.NewReader("{\"a\":1}\n{}\n{\"a\""), iotest.ErrReader(test.err))
		assert.Equal(t, []string{`map["a":"1"]`, "map[]", test.want}, got(source.NDJSONRows(failing)), name)
		for _, err := range source.CSVRows(iotest.ErrReader(test.err)) {
			assert.ErrorIs(t, err, test.err)
		}
	}
}

// A loop may stop early, and a second one yields an error instead of the rest as if it were the whole.
func TestRangedOnce(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string]iter.Seq2[dynamodest.Row, error]{
		"CSV":    source.CSVRows(strings.NewReader("a\n1\n2\nx,y\n")),
		"NDJSON": source.NDJSONRows(strings.NewReader("{\"a\":\"1\"}\n{}\n")),
	} {
		for row, err := range rows {
			require.NoError(t, err)
			assert.Equal(t, dynamodest.Row{"a": "1"}, row)
			break
		}
		assert.Equal(t, []string{"end: the rows have been read: a sequence of package source can be ranged over once"}, got(rows), name)
	}
	for row, err := range source.CSVRows(strings.NewReader("a\n1,2\n3\n")) {
		assert.Nil(t, row)
		assert.NotNil(t, badLine(err))
		break
	}
}
