package writers

import (
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/dynamodest/dynamodest"

	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
)

// Row is a row of the source.
type Row = dynamodest.Row

// NewRow returns row i: ten columns, some 300 bytes in a request, as a warehouse gives them.
func NewRow(i int) Row {
	return Row{
		wire.Key: fmt.Sprintf("user-%010d", i), "email": "somebody@example.com", "name": "Some Body", "age": int64(42),
		"score": 0.8731, "active": true, "created_at": time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.UTC),
		"visits": int64(1_234_567), "country": "DE", "segment": nil,
	}
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
