package main

import (
	"context"
	"strings"

	"github.com/guregu/dynamo/v2"

	"github.com/dynamodest/dynamodest/internal/benchmarks/draw"
	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
	"github.com/dynamodest/dynamodest/internal/benchmarks/writers"
)

// Names of contestants that several sections have.
const (
	byWrite          = "library, Write"
	byWriteSeq       = "library, WriteSeq"
	byWriteColumns   = "library, WriteColumns"
	byMaps           = "library, WriteSeq of maps made of values"
	bySDKCall        = "library, SDK calls"
	bySDKInput       = "library, SDK calls, inputs"
	byAttributevalue = "attributevalue loop"
	byGuregu         = "guregu/dynamo v2"
	readyCalls       = "floor: SDK call, ready bytes"
	readyPosts       = "floor: signed POST, ready bytes"
)

// clientCost measures what the client takes by itself.
func clientCost(ctx context.Context, b *bench) (result, error) {
	p := b.stub()
	rows := writers.Rows(b.n(40_000))
	plain, err := p.Destination(ctx)
	if err != nil {
		return result{}, err
	}
	calls, err := p.Destination(ctx, writers.WithMiddleware)
	if err != nil {
		return result{}, err
	}
	inputs, err := p.Destination(ctx, writers.WithInputMiddleware)
	if err != nil {
		return result{}, err
	}
	others, err := peers(p, stubWorkers, rows)
	if err != nil {
		return result{}, err
	}
	loop := byHand(p, stubWorkers, rows)
	runs, err := measure.Rounds(ctx, b.rounds(), append([]measure.Contestant{
		loop,
		ours(byWrite, plain, rows),
		oursStreamed(byWriteSeq, plain, rows),
		oursStreamed(bySDKCall, calls, rows),
		oursStreamed(bySDKInput, inputs, rows),
		oursByColumns(byWriteColumns, plain, rows),
		oursOfValues(byMaps, plain, rows),
	}, others...))
	if err != nil {
		return result{}, err
	}
	return result{clientFigures(runs, loop.Name), []draw.Chart{clientChart(runs, loop.Name)}}, nil
}

func clientFigures(runs measure.Runs, loop string) []measure.Figure {
	compare := func(name string, m measure.Metric, subject string) measure.Figure {
		return runs.Compare(name, m, subject, loop)
	}
	figures := []measure.Figure{
		compare("CPU a row, Write", measure.CPU, byWrite).Want(measure.AtMost, 0.35),
		compare("CPU a row, WriteSeq", measure.CPU, byWriteSeq).Want(measure.AtMost, 0.35),
		compare("CPU a row, middleware that gets requests", measure.CPU, bySDKCall).Want(measure.AtMost, 0.85),
		compare("CPU a row, middleware that gets inputs", measure.CPU, bySDKInput),
		compare("CPU a row, WriteColumns", measure.CPU, byWriteColumns),
		runs.Compare("CPU a row, WriteColumns instead of maps", measure.CPU, byWriteColumns, byMaps).Want(measure.AtMost, 0.85),
		runs.Alone("allocations a row, Write", measure.Allocs, byWrite).Want(measure.AtMost, 3),
		runs.Alone("allocations a row, WriteSeq", measure.Allocs, byWriteSeq).Want(measure.AtMost, 3),
		runs.Alone("bytes allocated a row, Write", measure.Bytes, byWrite).Want(measure.AtMost, 1200),
		runs.Alone("bytes allocated a row, WriteSeq", measure.Bytes, byWriteSeq).Want(measure.AtMost, 1200),
		runs.Alone("allocations a row, hand loop", measure.Allocs, loop),
		runs.Alone("bytes allocated a row, hand loop", measure.Bytes, loop),
		compare("rows a second, WriteSeq", measure.Rate, byWriteSeq),
	}
	for _, name := range []string{byAttributevalue, byGuregu, readyCalls, readyPosts} {
		figures = append(figures, compare("CPU a row, "+name, measure.CPU, name))
	}
	return figures
}

func clientChart(runs measure.Runs, loop string) draw.Chart {
	chart := draw.Chart{File: "client", Title: "CPU that a client takes for a row", Axis: "hand-written loop = 1"}
	for _, name := range []string{byWrite, byWriteSeq, byWriteColumns, bySDKCall, bySDKInput, loop, byAttributevalue, byGuregu, readyCalls, readyPosts} {
		chart.Bars = append(chart.Bars, bar(runs.Compare("", measure.CPU, name, loop)))
	}
	return chart
}

// bar returns the bar of a figure's ratio.
func bar(f measure.Figure) draw.Bar {
	return draw.Bar{Name: f.Subject, Value: f.Decisive().Center, Ours: strings.HasPrefix(f.Subject, library)}
}

// peers returns the writers other than the library and the hand loop, each with so many workers.
func peers(p writers.Place, workers int, rows []writers.Row) ([]measure.Contestant, error) {
	calls, err := writers.ReadyCalls(p, workers)
	if err != nil {
		return nil, err
	}
	posts, err := writers.ReadyPosts(p, workers)
	if err != nil {
		return nil, err
	}
	marshal := writers.Loop{Client: p.Client(), Workers: workers, Convert: writers.Marshal}
	guregu := writers.Guregu{DB: dynamo.NewFromIface(p.Client()), Workers: workers}
	floor := func(name string, f writers.Floor) measure.Contestant {
		return writes(name, rows, func(ctx context.Context, rows []writers.Row) error { return f.Write(ctx, len(rows)) })
	}
	return []measure.Contestant{
		writes(byAttributevalue, rows, marshal.Write),
		writes(byGuregu, rows, guregu.Write),
		floor(readyCalls, calls),
		floor(readyPosts, posts),
	}, nil
}
