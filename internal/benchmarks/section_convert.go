package main

import (
	"context"
	"fmt"
	"time"

	"github.com/dynamodest/dynamodest/internal/benchmarks/draw"
	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
	"github.com/dynamodest/dynamodest/internal/benchmarks/writers"
)

// Names of conversions.
const (
	fromMap    = "library, from a map"
	fromValues = "library, from values"
	bySwitch   = "hand switch"
	byMarshal  = "attributevalue.MarshalMap"
)

// distinct is the number of different rows that are converted in turn.
const distinct = 500

// shape is what a row is like.
type shape struct {
	name    string
	columns int
	value   func(row, column int) any
}

// shapes returns the shapes of rows that are converted; the first is that of all other sections.
func shapes() []shape {
	mixed := func(row, column int) any {
		kinds := []func(int, int) any{text, number, float, moment, truth}
		return kinds[column%len(kinds)](row, column)
	}
	return []shape{
		{"the row of 10 columns", 0, nil},
		{"3 columns", 3, mixed},
		{"10 columns", 10, mixed},
		{"50 columns", 50, mixed},
		{"300 columns", 300, mixed},
		{"10 strings", 10, text},
		{"10 numbers", 10, number},
		{"10 times", 10, moment},
		{"10 nested values", 10, nested},
	}
}

func text(row, column int) any   { return fmt.Sprintf("text %d of row %d", column, row) }
func number(row, column int) any { return int64(row*1000 + column) }
func float(row, column int) any  { return float64(row) + float64(column)/8 }
func truth(row, _ int) any       { return row%2 == 0 }
func moment(row, column int) any {
	return time.Date(2026, 3, 4, 5, 6, column%60, row*1_000_000, time.UTC)
}

func nested(row, column int) any {
	return map[string]any{"tags": []any{"a", "b", text(row, column)}, "rank": number(row, column), "weight": 0.25}
}

// rows returns rows of the shape. Its first column is the key.
func (s shape) rows() []writers.Row {
	if s.value == nil {
		return writers.Rows(distinct)
	}
	rows := make([]writers.Row, distinct)
	for i := range rows {
		rows[i] = writers.Row{wire.Key: fmt.Sprintf("user-%010d", i)}
		for column := 1; column < s.columns; column++ {
			rows[i][fmt.Sprintf("column_%03d", column)] = s.value(i, column)
		}
	}
	return rows
}

// convert measures conversions on one goroutine.
func convert(ctx context.Context, b *bench) (result, error) {
	var figures []measure.Figure
	chart := draw.Chart{File: "convert", Title: "CPU of converting a row", Axis: "hand-written switch = 1"}
	for i, s := range shapes() {
		runs, err := b.conversions(ctx, s)
		if err != nil {
			return result{}, err
		}
		marshal := runs.Compare("convert "+s.name+", "+byMarshal, measure.CPU, byMarshal, bySwitch)
		maps := runs.Compare("convert "+s.name, measure.CPU, fromMap, bySwitch)
		values := runs.Compare("convert "+s.name+", from values", measure.CPU, fromValues, bySwitch)
		if i == 0 {
			maps, values = maps.Want(measure.AtMost, 0.7), values.Want(measure.AtMost, 0.5)
		}
		figures = append(figures, maps, values, marshal)
		if i > 0 {
			chart.Bars = append(chart.Bars,
				draw.Bar{Name: s.name + ", values", Value: values.Decisive().Center, Ours: true},
				draw.Bar{Name: s.name + ", map", Value: maps.Decisive().Center, Ours: true},
				draw.Bar{Name: s.name + ", MarshalMap", Value: marshal.Decisive().Center})
		}
	}
	return result{figures, []draw.Chart{chart}}, nil
}

// conversions measures the conversions of one shape.
func (b *bench) conversions(ctx context.Context, s shape) (measure.Runs, error) {
	rows := s.rows()
	columns, values := writers.ByPosition(rows)
	repeat := max(1, b.n(600_000)/(max(10, len(columns))*distinct))
	library := writers.NewConverter()
	contestant := func(name string, convert func() error) measure.Contestant {
		return measure.Contestant{Name: name, Rows: repeat * distinct, Run: func(context.Context) error {
			for range repeat {
				if err := convert(); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	return measure.Rounds(ctx, b.rounds(), []measure.Contestant{
		contestant(bySwitch, func() error { return each(rows, writers.Switch) }),
		contestant(byMarshal, func() error { return each(rows, writers.Marshal) }),
		contestant(fromMap, func() error { return library.Maps(rows) }),
		contestant(fromValues, func() error { return library.Values(columns, values) }),
	})
}

func each(rows []writers.Row, convert func(writers.Row) (writers.Item, error)) error {
	for _, row := range rows {
		if _, err := convert(row); err != nil {
			return err
		}
	}
	return nil
}
