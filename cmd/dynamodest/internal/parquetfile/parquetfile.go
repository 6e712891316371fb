// Package parquetfile reads the rows of a Parquet file: one page of each column at a time, without a Go type for
// the rows.
//
// The values, by the type of the column:
//
//	BOOLEAN                            bool
//	INT32, INT64, signed INT           int64
//	unsigned INT                       uint64
//	FLOAT, FLOAT16                     float32
//	DOUBLE                             float64
//	DECIMAL                            json.Number, exact, with all decimals of its scale
//	STRING, ENUM                       string
//	JSON                               json.RawMessage
//	UUID                               string, as 123e4567-e89b-12d3-a456-426614174000
//	DATE                               string, as 2006-01-02
//	TIME                               string, as 15:04:05.123, with the decimals that it needs
//	TIMESTAMP, adjusted to UTC, INT96  time.Time in UTC
//	TIMESTAMP, a local one             string without a zone, as 2006-01-02T15:04:05.123; with a zone, time.Time
//	other bytes, BSON, GEOMETRY, …     []byte
//	always null (UNKNOWN)              nil
//	a group                            map[string]any
//	LIST, a repeated field             []any
//	MAP                                map[string]any if its keys are text or integers; []any of maps with key
//	                                   and value if they are not
//
// A null is nil. Columns of the types INTERVAL and VARIANT, and of types that nothing here names, are refused
// before the first row. The types are those of
// https://github.com/apache/parquet-format/blob/apache-parquet-format-2.12.0/LogicalTypes.md
package parquetfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

// magic is how a Parquet file begins and ends, encrypted how one with an encrypted footer does.
const (
	magic     = "PAR1"
	encrypted = "PARE"
)

// trailer is the size of the end of a file: the length of the footer, and the magic.
const trailer = 4 + int64(len(magic))

// File is an open Parquet file.
type File struct {
	file *parquet.File
	root *node
}

// Open reads the footer of the file of size bytes that r has. Local timestamps are in zone; they have none if it
// is nil.
func Open(r io.ReaderAt, size int64, zone *time.Location) (*File, error) {
	if err := checkEnds(r, size); err != nil {
		return nil, err
	}
	f := &File{}
	var refused error
	err := guard(func() (err error) {
		f.file, err = parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		if err == nil {
			f.root, refused = schemaOf(f.file.Metadata(), zone)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("the footer of the Parquet file is damaged: %w", err)
	}
	return f, refused
}

// checkEnds returns why the file is none that can be opened; nil if its first and last bytes are those of one.
func checkEnds(r io.ReaderAt, size int64) error {
	var head [len(magic)]byte
	var tail [trailer]byte
	if size == 0 {
		return errors.New("the file is empty")
	}
	if size < int64(len(magic)) {
		return errors.New("this is no Parquet file")
	}
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return err
	}
	switch string(head[:]) {
	case magic:
	case encrypted:
		return errors.New("the Parquet file is encrypted, and encrypted files are not read")
	default:
		return errors.New("this is no Parquet file")
	}
	if size >= int64(len(magic))+trailer {
		if _, err := r.ReadAt(tail[:], size-trailer); err != nil {
			return err
		}
	}
	footer := int64(binary.LittleEndian.Uint32(tail[:4]))
	if string(tail[4:]) != magic || footer > size-trailer-int64(len(magic)) {
		return errors.New("the Parquet file is cut short: its end, which says where its rows are, is missing")
	}
	return nil
}

// Columns returns the names of the columns, in their order.
func (f *File) Columns() []string {
	names := make([]string, len(f.root.children))
	for i, child := range f.root.children {
		names[i] = child.name
	}
	return names
}

// Rows returns the rows of the file. A row with a value that is out of the range of its type is a
// [dynamodest.BadRow] around a [*source.LineError] with the number of the row, and the next row follows. Where the file is damaged the sequence ends with an error,
// after the rows before it.
func (f *File) Rows() iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		before := int64(0)
		for i, group := range f.file.RowGroups() {
			r := groupReader{root: f.root, group: group}
			for {
				row, err := r.next()
				if errors.Is(err, io.EOF) {
					break
				}
				var bad *valueError
				switch {
				case errors.As(err, &bad):
					err = dynamodest.BadRow(&source.LineError{Line: int(before + r.read), Problem: bad.Error()})
				case err != nil:
					err = fmt.Errorf("the Parquet file is damaged in row group %d of %d, after row %d: %w",
						i+1, len(f.file.RowGroups()), before+r.read, err)
				}
				if !yield(row, err) || err != nil && bad == nil {
					r.close()
					return
				}
			}
			r.close()
			before += r.read
		}
	}
}

// groupReader reads a row group row by row, so that every row before a damaged page is read.
type groupReader struct {
	root  *node
	group parquet.RowGroup
	rows  parquet.Rows // nil before the first row
	row   [1]parquet.Row
	read  int64 // rows so far

	columns [][]parquet.Value // of one row, by the column
}

// next returns the next row. The end of the group is io.EOF; a *valueError concerns the row alone.
func (r *groupReader) next() (row dynamodest.Row, err error) {
	if r.read == r.group.NumRows() {
		return nil, io.EOF
	}
	err = guard(func() error {
		if r.rows == nil {
			r.rows = r.group.Rows()
		}
		n, err := r.rows.ReadRows(r.row[:])
		switch {
		case n == 0 && (err == nil || errors.Is(err, io.EOF)):
			return fmt.Errorf("the row group ends %d rows early", r.group.NumRows()-r.read)
		case n == 0:
			return err
		}
		r.read++
		row, err = r.assemble()
		return err
	})
	return row, err
}

// assemble returns the row that was read.
func (r *groupReader) assemble() (dynamodest.Row, error) {
	if r.columns == nil {
		r.columns = make([][]parquet.Value, r.root.last)
	}
	clear(r.columns)
	values := r.row[0]
	for from := 0; from < len(values); {
		column, to := values[from].Column(), from+1
		for to < len(values) && values[to].Column() == column {
			to++
		}
		r.columns[column] = values[from:to]
		from = to
	}
	for i, values := range r.columns {
		if len(values) == 0 {
			return nil, fmt.Errorf("column %d ends before the others", i+1)
		}
	}
	row := make(dynamodest.Row, len(r.root.children))
	for _, child := range r.root.children {
		value, err := child.value(r.columns)
		if err != nil {
			return nil, err
		}
		row[child.name] = value
	}
	return row, nil
}

// close releases what the reader has.
func (r *groupReader) close() {
	if r.rows != nil {
		_ = guard(r.rows.Close) // nothing was written
	}
}

// guard calls f, and returns what it panics with as an error: the library panics on some damaged files.
func guard(f func() error) (err error) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case runtime.Error:
			err = cause
		case error:
			err = cause
		default:
			err = fmt.Errorf("the Parquet library panicked with a %T", cause)
		}
	}()
	return f()
}
