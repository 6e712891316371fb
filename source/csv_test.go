package source_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
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

// A record larger than MaxRecord is a bad row, and the next one follows, unless a quote is open where the limit is passed:
// then it is not known where it ends.
func TestCSVOfLargeRecords(t *testing.T) {
	t.Parallel()
	fits := strings.Repeat("x", 98)
	csv := source.CSV{MaxRecord: 100, Header: []string{"a", "b"}}
	const tooLarge = "line 2: the record has more than 100 bytes: "
	for name, text := range map[string]string{
		"plain": "1," + fits + "y", "quoted": "1,\"" + fits + "\"", "CRLF": "1,\"" + fits + "\"\r", "first field": "\"" + fits + "\",\"1\"",
		"ended by the long line": "1,\"2\n" + fits + "\"", "a quote in a plain field": "1,2\"" + fits + "\",\"", "text after a quote": "1,\"2\"x" + fits + "\"",
		"escaped quotes": "1,\"" + strings.Repeat(`""`, 99) + "\"",
	} {
		const bad = "bad: " + tooLarge + "shorten it, or raise CSV.MaxRecord"
		assert.Equal(t, []string{`map["a":"1" "b":"2"]`, bad, `map["a":"3" "b":"4"]`}, got(csv.Rows(strings.NewReader("1,2\n"+text+"\n3,4\n"))), name)
		assert.Equal(t, []string{`map["a":"1" "b":"2"]`, bad}, got(csv.Rows(strings.NewReader("1,2\n"+text))), name)
	}
	for name, text := range map[string]string{
		"many lines": "1,\"" + strings.Repeat("\n", 100) + "\"", "one line": "1,\"" + fits + "\n\"", "after an escaped quote": "1,\"" + fits + "\"\"\n\"",
	} {
		const open = tooLarge + "close its quotes, or raise CSV.MaxRecord"
		assert.Equal(t, []string{`map["a":"1" "b":"2"]`, "bad: " + open, "end: " + open}, got(csv.Rows(strings.NewReader("1,2\n"+text+"\n3,4\n"))), name)
	}
	assert.Equal(t, []string{fmt.Sprintf(`map["a":"1" "b":%q]`, fits)}, got(csv.Rows(strings.NewReader("1,"+fits+"\r\n"))))
}

// After a record that is too large the next one begins where it begins without a limit, wherever the parts in which a long
// line is read meet.
func TestCSVGoesOnAfterLargeRecords(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{`"`, `"`, `"`, `""`, ",", ",", "€", "\r", "\n", "\r\n", "x", "\xe2", "\xe2\x82"}
	wentOn, ended := 0, 0
	for range 1000 {
		csv := source.CSV{Header: []string{"a", "b"}, LazyQuotes: random.IntN(2) == 0}
		if random.IntN(2) == 0 {
			csv.Comma = '€'
		}
		var text strings.Builder
		text.WriteString([]string{"", `"`, `"",`, "\"y\n"}[random.IntN(4)])
		text.WriteString(strings.Repeat("x", 1<<16-10-random.IntN(10)))
		for range 30 {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		text.WriteString("\n1,2\n3€4\n")
		whole := got(csv.Rows(strings.NewReader(text.String())))
		csv.MaxRecord = 1000
		limited := got(csv.Rows(strings.NewReader(text.String())))
		require.Contains(t, limited[0], "line 1: the record has more than 1000 bytes")
		if len(limited) == 2 && strings.HasPrefix(limited[1], "end: ") {
			ended++
			require.Contains(t, limited[1], "close its quotes")
			require.True(t, strings.Contains(whole[0], `\n`) || strings.HasPrefix(whole[0], "bad: "), "ended, but the record is one line: %s", whole[0])
			continue
		}
		wentOn++
		require.Equal(t, whole[1:], limited[1:], "%q", text.String()[1<<16-30:])
	}
	assert.Greater(t, wentOn, 150)
	assert.Greater(t, ended, 150)
}

// What a record takes does not grow with the source: a quote that is never closed does not fill the memory.
func TestMemoryOfLargeRecords(t *testing.T) {
	const size = 64 << 20
	csv, ndjson := source.CSV{MaxRecord: 1 << 20}.Rows, source.NDJSON{MaxLine: 1 << 20}.Rows
	for name, test := range map[string]struct {
		rows        func(io.Reader) iter.Seq2[dynamodest.Row, error]
		start, body string
		then        string // what comes after the large record
	}{
		"CSV, one line":          {csv, "a\n1\n", "x", "map["},
		"CSV, one quoted line":   {csv, "a\n1\n\"", "x", "end: line 3: "},
		"CSV, many quoted lines": {csv, "a\n1\n\"", "1,2\n", "end: line 3: "},
		"NDJSON":                 {ndjson, "\n{}\n", "x", "bad: line 4: "},
	} {
		var all []string
		allocated := allocations(func() {
			all = got(test.rows(io.MultiReader(strings.NewReader(test.start), io.LimitReader(pattern(strings.Repeat(test.body, 4096)), size), strings.NewReader("\n2\n"))))
		})
		assert.Less(t, allocated, uint64(size/4), name)
		assert.Len(t, all, 3, name)
		assert.Regexp(t, "^bad: line 3: .* has more than 1048576 bytes", all[1], name)
		assert.Contains(t, all[2], test.then, name)
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
