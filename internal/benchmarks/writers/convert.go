package writers

import (
	"slices"

	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/typemap"
)

// Converter is the conversion of rows to the bytes that are sent, by the library without the rest of it.
type Converter struct {
	converter *typemap.Converter
	scratch   typemap.Scratch
}

// slabRows is the number of rows whose bytes share memory, which serves the next rows too, as in a call.
const slabRows = 16

// NewConverter returns a converter for the table. It is for one goroutine.
func NewConverter() *Converter {
	key := table.Key{Name: wire.Key, Kind: item.S, MaxBytes: 2048, Role: "partition key"}
	return &Converter{converter: typemap.New(typemap.Mapping{}, table.Schema{Partition: key})}
}

// Maps converts rows.
func (c *Converter) Maps(rows []Row) error {
	return encode(rows, func(texts *item.Texts, it *item.Item, row Row) *fault.Error {
		return c.converter.Encode(&c.scratch, texts, it, row)
	})
}

// Values converts rows that are given as values of columns, by position.
func (c *Converter) Values(columns []string, rows [][]any) error {
	plan, err := c.converter.PlanValues(columns)
	if err != nil {
		return err
	}
	return encode(rows, func(texts *item.Texts, it *item.Item, row []any) *fault.Error {
		return c.converter.EncodeValues(&c.scratch, texts, it, plan, row)
	})
}

// encode converts rows, in slabs.
func encode[R any](rows []R, one func(*item.Texts, *item.Item, R) *fault.Error) error {
	var items [slabRows]item.Item
	var texts item.Texts
	for slab := range slices.Chunk(rows, slabRows) {
		texts.Reset(len(slab))
		for i, row := range slab {
			if err := one(&texts, &items[i], row); err != nil {
				return err
			}
		}
	}
	return nil
}

// ByPosition returns the columns of rows that all have the same ones, and the rows as their values.
func ByPosition(rows []Row) (columns []string, values [][]any) {
	for column := range rows[0] {
		columns = append(columns, column)
	}
	slices.Sort(columns)
	for _, row := range rows {
		one := make([]any, len(columns))
		for i, column := range columns {
			one[i] = row[column]
		}
		values = append(values, one)
	}
	return columns, values
}
