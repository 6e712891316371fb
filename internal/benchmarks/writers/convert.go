package writers

import (
	"errors"

	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/typemap"
)

// Converter is the conversion of rows by the library, without the rest of it.
type Converter struct{ converter *typemap.Converter }

// NewConverter returns a converter for the table.
func NewConverter() Converter {
	key := table.Key{Name: wire.Key, Kind: item.S, MaxBytes: 2048, Role: "partition key"}
	return Converter{typemap.New(typemap.Mapping{}, table.Schema{Partition: key})}
}

// Maps converts rows.
func (c Converter) Maps(rows []Row) error {
	for _, row := range rows {
		if _, err := c.converter.Convert(row); err != nil {
			return err
		}
	}
	return nil
}

// ErrNoValues says that this version of the library converts no rows without a map.
var ErrNoValues = errors.New("this version of the library has no conversion of values by position")

// Values converts rows that are given as values by position.
func (Converter) Values([]string, [][]any) error { return ErrNoValues }
