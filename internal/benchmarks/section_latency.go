package main

import (
	"context"
	"fmt"
	"time"

	"github.com/dynamodest/dynamodest"

	"github.com/dynamodest/dynamodest/internal/benchmarks/draw"
	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
	"github.com/dynamodest/dynamodest/internal/benchmarks/writers"
)

// latency measures rows a second at the latency of DynamoDB.
func latency(ctx context.Context, b *bench) (result, error) {
	p, err := b.delayed(ctx, 8*time.Millisecond, 12*time.Millisecond)
	if err != nil {
		return result{}, err
	}
	rows := writers.Rows(b.n(120_000))
	d, err := p.Destination(ctx)
	if err != nil {
		return result{}, err
	}
	fresh := writes("library, new Destination", rows, func(ctx context.Context, rows []writers.Row) error {
		d, err := p.Destination(ctx)
		if err != nil {
			return err
		}
		return writers.WriteSeq(ctx, d, len(rows), writers.Sequence(rows))
	})
	parallel, sequential := byHand(p, mostWorkers, rows), byHand(p, 1, rows[:b.n(2_500)])
	runs, err := measure.Rounds(ctx, b.rounds(), []measure.Contestant{
		ours(byWrite, d, rows), oursStreamed(byWriteSeq, d, rows), fresh, parallel, sequential,
	})
	if err != nil {
		return result{}, err
	}
	rate := func(name, subject, peer string) measure.Figure {
		return runs.Compare(name, measure.Rate, subject, peer)
	}
	return result{figures: []measure.Figure{
		rate("rows a second, default Config, Write", byWrite, parallel.Name).Want(measure.AtLeast, 0.97),
		rate("rows a second, default Config, WriteSeq", byWriteSeq, parallel.Name).Want(measure.AtLeast, 0.97),
		rate("rows a second, default Config, times sequential", byWriteSeq, sequential.Name).Want(measure.AtLeast, 20),
		rate("rows a second from New on", fresh.Name, parallel.Name),
		runs.Compare("CPU a row, default Config", measure.CPU, byWriteSeq, parallel.Name),
	}}, nil
}

// delays measures rows a second by the server's time.
func delays(ctx context.Context, b *bench) (result, error) {
	var figures []measure.Figure
	library, hand := draw.Line{Name: byWriteSeq}, draw.Line{Name: withWorkers(handLoop, mostWorkers)}
	for _, delay := range []time.Duration{0, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond} {
		p, err := b.delayed(ctx, delay, delay)
		if err != nil {
			return result{}, err
		}
		d, err := p.Destination(ctx)
		if err != nil {
			return result{}, err
		}
		rows := writers.Rows(b.n(60_000))
		loop := byHand(p, mostWorkers, rows)
		runs, err := measure.Rounds(ctx, b.rounds(), []measure.Contestant{oursStreamed(byWriteSeq, d, rows), loop})
		if err != nil {
			return result{}, err
		}
		f := runs.Compare(fmt.Sprintf("rows a second at %d ms", delay.Milliseconds()), measure.Rate, byWriteSeq, loop.Name)
		figures = append(figures, f)
		library.Add(delay.String(), f.Own().Center)
		hand.Add(delay.String(), f.Peers().Center)
	}
	return result{figures, []draw.Chart{{
		File: "delays", Title: "Rows a second by the time that a request takes", Axis: "rows a second", Along: "time of the server",
		Lines: []draw.Line{library, hand},
	}}}, nil
}

// sizes measures CPU and rows a second by the size of an item.
func sizes(ctx context.Context, b *bench) (result, error) {
	var figures []measure.Figure
	for _, size := range []struct {
		name  string
		bytes int
		units float64
	}{{"374 B", 374, 1}, {"1 KB", 1000, 1}, {"4 KB", 4000, 4}, {"100 KB", 100_000, 98}} {
		p, err := b.server(ctx, wire.Settings{UnitsPerItem: size.units})
		if err != nil {
			return result{}, err
		}
		d, err := p.Destination(ctx)
		if err != nil {
			return result{}, err
		}
		rows := writers.RowsOfSize(max(100, b.n(40_000)*374/size.bytes), size.bytes)
		loop := byHand(p, loopbackWorkers, rows)
		runs, err := measure.Rounds(ctx, b.rounds(), []measure.Contestant{oursStreamed(byWriteSeq, d, rows), loop})
		if err != nil {
			return result{}, err
		}
		figures = append(figures,
			runs.Compare("CPU a row of "+size.name, measure.CPU, byWriteSeq, loop.Name),
			runs.Compare("rows a second, rows of "+size.name, measure.Rate, byWriteSeq, loop.Name))
	}
	return result{figures: figures}, nil
}

// concurrency measures rows a second by requests in flight.
func concurrency(ctx context.Context, b *bench) (result, error) {
	p, err := b.delayed(ctx, 10*time.Millisecond, 10*time.Millisecond)
	if err != nil {
		return result{}, err
	}
	var figures []measure.Figure
	library, hand := draw.Line{Name: byWriteSeq}, draw.Line{Name: handLoop}
	for _, n := range workerCounts {
		d, err := p.Destination(ctx, func(c *dynamodest.Config) { c.Concurrency = n })
		if err != nil {
			return result{}, err
		}
		rows := writers.Rows(b.n(1000 * n))
		loop := byHand(p, n, rows)
		runs, err := measure.Rounds(ctx, b.rounds(), []measure.Contestant{oursStreamed(byWriteSeq, d, rows), loop})
		if err != nil {
			return result{}, err
		}
		f := runs.Compare(fmt.Sprintf("rows a second, %d in flight", n), measure.Rate, byWriteSeq, loop.Name)
		figures = append(figures, f)
		library.Add(fmt.Sprint(n), f.Own().Center)
		hand.Add(fmt.Sprint(n), f.Peers().Center)
	}
	return result{figures, []draw.Chart{{
		File: "concurrency", Title: "Rows a second by requests in flight; each takes 10 ms", Axis: "rows a second", Along: "requests in flight, or workers",
		Lines: []draw.Line{library, hand},
	}}}, nil
}
