package main

import (
	"context"
	"slices"

	"github.com/dynamodest/dynamodest/internal/benchmarks/draw"
	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
	"github.com/dynamodest/dynamodest/internal/benchmarks/writers"
)

// workerCounts are the numbers of workers of hand loops, and of requests in flight.
var workerCounts = []int{1, 2, 4, 8, 16, 32, mostWorkers}

// boto3Writer is the name of boto3's batch_writer as a contestant.
const boto3Writer = "boto3 batch_writer"

// loopback measures the client's CPU alone, and rows a second where client and server share the cores.
func loopback(ctx context.Context, b *bench) (result, error) {
	p, err := b.delayed(ctx, 0, 0)
	if err != nil {
		return result{}, err
	}
	rows := writers.Rows(b.n(40_000))
	plain, err := p.Destination(ctx)
	if err != nil {
		return result{}, err
	}
	contestants, err := peers(p, loopbackWorkers, rows)
	if err != nil {
		return result{}, err
	}
	contestants = append(contestants, ours(byWrite, plain, rows), oursStreamed(byWriteSeq, plain, rows))
	var loops []string
	for _, workers := range workerCounts {
		loop := byHand(p, workers, rows)
		loops = append(loops, loop.Name)
		contestants = append(contestants, loop)
	}
	_, noBoto3 := writers.Boto3Version(ctx)
	if noBoto3 == nil {
		contestants = append(contestants, measure.Contestant{Name: boto3Writer, Observe: func(ctx context.Context) (measure.Usage, error) {
			return writers.Boto3(ctx, p.URL, b.n(10_000))
		}})
	}
	runs, err := measure.Rounds(ctx, b.rounds(), contestants)
	if err != nil {
		return result{}, err
	}
	figures := loopbackFigures(runs, loops, noBoto3)
	return result{figures, []draw.Chart{loopbackChart(runs, loops, noBoto3)}}, nil
}

func loopbackFigures(runs measure.Runs, loops []string, noBoto3 error) []measure.Figure {
	peer, best := withWorkers(handLoop, loopbackWorkers), fastest(runs, loops)
	figures := []measure.Figure{
		runs.Compare("CPU a row of the client alone, Write", measure.CPU, byWrite, peer).Want(measure.AtMost, 0.5),
		runs.Compare("CPU a row of the client alone, WriteSeq", measure.CPU, byWriteSeq, peer).Want(measure.AtMost, 0.5),
		runs.Compare("rows a second, Write, best hand loop", measure.Rate, byWrite, best).Want(measure.AtLeast, 1.8),
		runs.Compare("rows a second, WriteSeq, best hand loop", measure.Rate, byWriteSeq, best).Want(measure.AtLeast, 1.8),
	}
	for _, name := range []string{byAttributevalue, byGuregu, readyCalls, readyPosts, boto3Writer} {
		for _, m := range []measure.Metric{measure.CPU, measure.Rate} {
			compared := peer
			if m.Name == measure.Rate.Name {
				compared = best
			}
			f := runs.Compare(m.Name+", "+name, m, name, compared)
			if name == boto3Writer && noBoto3 != nil {
				f = f.NotMeasured(noBoto3.Error())
			}
			figures = append(figures, f)
		}
	}
	for _, name := range loops {
		figures = append(figures, runs.Compare("rows a second, "+name, measure.Rate, name, best))
	}
	return figures
}

// fastest returns the contestant of the largest median of rows a second.
func fastest(runs measure.Runs, names []string) string {
	return slices.MaxFunc(names, func(a, b string) int {
		median := func(name string) float64 { return runs.Alone("", measure.Rate, name).Own().Center }
		switch {
		case median(a) < median(b):
			return -1
		case median(a) > median(b):
			return 1
		}
		return 0
	})
}

func loopbackChart(runs measure.Runs, loops []string, noBoto3 error) draw.Chart {
	best := fastest(runs, loops)
	chart := draw.Chart{
		File: "throughput", Title: "Rows a second over loopback; client and server share the cores", Axis: "best hand-written loop = 1",
	}
	names := []string{byWrite, byWriteSeq, best, withWorkers(handLoop, 1), byAttributevalue, byGuregu}
	if best == withWorkers(handLoop, 1) {
		names = slices.Delete(names, 3, 4)
	}
	if noBoto3 == nil {
		names = append(names, boto3Writer)
	}
	for _, name := range names {
		chart.Bars = append(chart.Bars, bar(runs.Compare("", measure.Rate, name, best)))
	}
	return chart
}
