// Package source reads the rows of CSV, of NDJSON and of a SQL query as the sequences that
// [dynamodest.Destination.WriteSeq] takes.
//
// [CSVRows], [NDJSONRows] and [SQLRows] read as the sequence is ranged over: on the caller's goroutine, in memory
// that does not grow with the number of rows, and without goroutines of their own. A loop may stop early. A
// sequence can be ranged over once, since it consumes its reader; the second time it yields an error.
//
// A line that cannot be read is yielded as [dynamodest.BadRow] around a [*LineError]: it is NotWritten in its
// place, the text of its RowError has the number of the line, and the sequence goes on with the next line.
// An error that ends the source, such as one of the reader, is yielded as it is, after the rows before it, and is
// the last thing yielded. No text of an error quotes a value.
//
// The values are what the source says, unchanged: text that CSV has is a string, a number of NDJSON a
// json.Number with all its digits, a decimal of a database the same. What is silently altered elsewhere
// (invalid UTF-8 and repeated names in JSON, breaks of lines in CSV) is refused or kept.
//
// [ProposeMapping] proposes types for the columns of a sample of rows.
package source

import (
	"errors"
	"iter"

	"github.com/dynamodest/dynamodest"
)

// errUsed is what a sequence yields when it is ranged over for the second time.
var errUsed = errors.New("the rows have been read: a sequence of package source can be ranged over once")

// once returns rows as a sequence that can be ranged over once: its source would go on in the middle.
func once(rows iter.Seq2[dynamodest.Row, error]) iter.Seq2[dynamodest.Row, error] {
	used := false
	return func(yield func(dynamodest.Row, error) bool) {
		if used {
			yield(nil, errUsed)
			return
		}
		used = true
		rows(yield)
	}
}
