package parquetfile

import (
	"bytes"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

// annotated is a leaf of typ that a file says to be of the logical type t.
func annotated(typ parquet.Type, t format.LogicalTypeValue) parquet.Node {
	return parquet.Leaf(annotatedType{typ, t})
}

type annotatedType struct {
	parquet.Type
	logical format.LogicalTypeValue
}

func (t annotatedType) LogicalType() *format.LogicalType {
	return &format.LogicalType{Value: t.logical}
}

// flatFile returns a file with these columns, each with the values in order.
func flatFile(t *testing.T, columns parquet.Group, values map[string][]any, options ...parquet.WriterOption) []byte {
	t.Helper()
	var file bytes.Buffer
	schema := parquet.NewSchema("rows", columns)
	w := parquet.NewWriter(&file, append(options, schema)...)
	for i := 0; ; i++ {
		var row parquet.Row
		for c, path := range schema.Columns() {
			if i == len(values[path[0]]) {
				require.NoError(t, w.Close())
				return file.Bytes()
			}
			leaf, _ := schema.Lookup(path...)
			value := parquet.ValueOf(values[path[0]][i])
			level := leaf.MaxDefinitionLevel
			if value.IsNull() {
				level--
			}
			row = append(row, value.Level(0, level, c))
		}
		_, err := w.WriteRows([]parquet.Row{row})
		require.NoError(t, err)
	}
}

// structFile returns a file with the rows.
func structFile[T any](t *testing.T, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var file bytes.Buffer
	w := parquet.NewGenericWriter[T](&file, options...)
	_, err := w.Write(rows)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return file.Bytes()
}

// open opens a file that must be whole.
func open(t *testing.T, file []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(file), int64(len(file)), nil)
	require.NoError(t, err)
	return f
}

// read returns the rows of a file up to its end, and the errors among them.
func read(f *File) (rows []dynamodest.Row, errs []error) {
	for row, err := range f.Rows() {
		if err != nil {
			errs = append(errs, err)
		} else {
			rows = append(rows, row)
		}
	}
	return rows, errs
}
