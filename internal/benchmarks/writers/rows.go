package writers

import (
	"fmt"
	"iter"
	"strings"

	"github.com/dynamodest/dynamodest"

	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
	"github.com/dynamodest/dynamodest/internal/itemtest"
)

// Row is a row of the source.
type Row = dynamodest.Row

// NewRow returns row i.
func NewRow(i int) Row {
	row := itemtest.Row()
	row[wire.Key] = fmt.Sprintf("user-%010d", i)
	return row
}

// Rows returns so many rows.
func Rows(n int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = NewRow(i)
	}
	return rows
}

// RowsOfSize returns so many rows of ten columns that take size bytes each in a request.
func RowsOfSize(n, size int) []Row {
	rows := Rows(n)
	for _, row := range rows {
		row["name"] = "Some Body" + strings.Repeat("x", max(0, size-encodedSize))
	}
	return rows
}

// encodedSize is the bytes that a row takes in a request.
const encodedSize = 300

// Generate yields rows that are made one by one. key returns the number from which the key of row i is made.
func Generate(n int, key func(i int) int) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for i := range n {
			if !yield(NewRow(key(i)), nil) {
				return
			}
		}
	}
}
