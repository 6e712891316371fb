package source

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest"
)

// defaultMaxRecord is CSV.MaxRecord if it is 0: forty times what an item may have.
const defaultMaxRecord = 16 << 20

// CSV says how a source in CSV is written. The zero CSV is CSV by RFC 4180
// (https://www.rfc-editor.org/rfc/rfc4180) whose first record is its header.
//
// Every value is a string, as it is written: forced types of a [dynamodest.Field] make numbers and others
// of them, and [ProposeMapping] proposes which. An empty field is "". Spaces, and breaks of lines within
// quotes, are kept. Lines end with LF or CRLF, the last one with or without. Lines with nothing in them are
// skipped, and a byte order mark of UTF-8 too.
//
// A record that cannot be read is a [dynamodest.BadRow] around a [*LineError] with the line on which the record
// begins, and the next record follows: one whose number of fields differs from that of the header, one with a
// quote inside a field that is not quoted, one of more than MaxRecord bytes, and one with text after the closing
// quote of a field. In the last case the field may have taken in lines after its own, up to the next quote; the
// problem then says which lines were skipped.
//
// A quote that is never closed takes in all lines after it. It is a BadRow too, with the line on which its
// record begins, and the sequence ends, with an error unless that was the last line. So it does where a record
// passes MaxRecord bytes and a quote is open at the end of that line.
//
// The header must be readable, its names must be valid UTF-8, and none may be empty or there twice: otherwise the
// sequence is one error, which names the columns. A source without any record lacks its header, and is an
// error; a header alone is no row.
type CSV struct {
	// Comma separates the fields. The default is a comma.
	Comma rune

	// LazyQuotes allows quotes inside fields that are not quoted, and single quotes inside fields that are.
	LazyQuotes bool

	// Header names the columns of a source that has no header. Its first record is then a row.
	Header []string

	// SkipHeader skips the first record of a source whose columns Header names.
	SkipHeader bool

	// MaxRecord is the most bytes of a record. The default is 16 MiB.
	MaxRecord int
}

// CSVRows returns the rows of r, whose first record is the header: those of the zero [CSV].
func CSVRows(r io.Reader) iter.Seq2[dynamodest.Row, error] { return CSV{}.Rows(r) }

// Rows returns the rows of r. The sequence reads r as it is ranged over, and can be ranged over once.
func (c CSV) Rows(r io.Reader) iter.Seq2[dynamodest.Row, error] {
	return once(func(yield func(dynamodest.Row, error) bool) {
		p, header, err := c.begin(r)
		if err != nil {
			yield(nil, err)
			return
		}
		for {
			fields, bad, err := p.record()
			if bad == nil && err == nil && len(fields) != len(header) {
				bad = &LineError{Line: p.start, Problem: fmt.Sprintf("has %s, and there are %d columns", count(len(fields), "field"), len(header))}
			}
			switch {
			case bad != nil:
				if !yield(nil, dynamodest.BadRow(bad)) {
					return
				}
			case err == nil:
				row := make(dynamodest.Row, len(header))
				for i, name := range header {
					row[name] = fields[i]
				}
				if !yield(row, nil) {
					return
				}
			}
			if err != nil {
				if !isEnd(err) {
					yield(nil, err)
				}
				return
			}
		}
	})
}

// begin returns a parser of r that has read the header, and the names of the columns.
func (c CSV) begin(r io.Reader) (*csvParser, []string, error) {
	comma := c.Comma
	if comma == 0 {
		comma = ','
	}
	switch {
	case r == nil:
		return nil, nil, errors.New("the reader of the CSV is nil")
	case !utf8.ValidRune(comma) || strings.ContainsRune("\"\r\n\ufffd", comma):
		return nil, nil, fmt.Errorf("CSV.Comma %q cannot separate fields", comma)
	case c.SkipHeader && len(c.Header) == 0:
		return nil, nil, errors.New("CSV.SkipHeader skips the names of the columns: set CSV.Header")
	}
	most := c.MaxRecord
	if most <= 0 {
		most = defaultMaxRecord
	}
	p := newCSVParser(r, comma, c.LazyQuotes, most)
	header := slices.Clone(c.Header)
	if len(header) == 0 || c.SkipHeader {
		first, bad, err := p.record()
		switch {
		case bad != nil:
			bad.Problem = "the header cannot be read: " + bad.Problem
			return nil, nil, bad
		case isEnd(err):
			return nil, nil, &LineError{Line: 1, Problem: "the source is empty: it has no header"}
		case err != nil:
			return nil, nil, err
		}
		if len(header) == 0 {
			header = slices.Clone(first)
		}
	}
	if problem := headerProblem(header); problem != "" {
		return nil, nil, &LineError{Line: max(p.start, 1), Problem: problem}
	}
	return p, header, nil
}

// headerProblem returns what is wrong with the names of columns; "" if nothing is.
func headerProblem(header []string) string {
	for i, name := range header {
		where := fmt.Sprintf("column %d of the header", i+1)
		switch {
		case name == "":
			return where + " has no name: give it one, or set CSV.Header"
		case !utf8.ValidString(name):
			return where + " is not valid UTF-8: convert the source to UTF-8"
		case strings.Contains(name, "\x00"):
			return where + " contains NUL: is the source UTF-16? Convert it to UTF-8"
		case strings.Contains(strings.ReplaceAll(name, "\r\n", ""), "\r"):
			return where + " contains a carriage return: lines must end with LF or CRLF"
		}
	}
	if problem := repeatedName(header); problem != "" {
		return problem + ": rename one, or set CSV.Header"
	}
	return ""
}

// repeatedName returns which name columns have twice; "" if none is.
func repeatedName(columns []string) string {
	seen := make(map[string]int, len(columns))
	for i, name := range columns {
		if before, ok := seen[name]; ok {
			return fmt.Sprintf("columns %d and %d are both named %s", before+1, i+1, quoteName(name))
		}
		seen[name] = i
	}
	return ""
}

// maxName is the most bytes that a text shows of the name of a column.
const maxName = 100

// quoteName quotes the name of a column, cut if it is long.
func quoteName(name string) string {
	if len(name) <= maxName {
		return strconv.Quote(name)
	}
	return strconv.Quote(strings.ToValidUTF8(name[:maxName], "")) + "…"
}

// count returns n and what is counted.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
