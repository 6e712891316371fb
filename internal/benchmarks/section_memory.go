package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dynamodest/dynamodest"

	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
	"github.com/dynamodest/dynamodest/internal/benchmarks/writers"
)

// itself returns the row's own number as the number of its key, so that no keys are equal.
func itself(i int) int { return i }

// memory measures the resident memory of processes of their own.
func memory(ctx context.Context, b *bench) (result, error) {
	p, err := b.delayed(ctx, 0, 0)
	if err != nil {
		return result{}, err
	}
	library := child{Role: roleLibrary, URL: p.URL, Rows: b.n(100_000)}
	reporting := library
	reporting.Reported = true
	loop := child{Role: roleLoop, URL: p.URL, Rows: library.Rows}
	peer := withWorkers(handLoop, mostWorkers)
	const reported = byWriteSeq + " with report"
	runs, err := measure.Rounds(ctx, b.rounds(), []measure.Contestant{
		{Name: byWriteSeq, Observe: library.observe},
		{Name: reported, Observe: reporting.observe},
		{Name: peer, Observe: loop.observe},
	})
	if err != nil {
		return result{}, err
	}
	streamed := measure.Number(float64(library.Rows)) + " rows streamed"
	return result{figures: []measure.Figure{
		runs.Compare("peak resident memory, "+streamed, measure.Peak, byWriteSeq, peer).Want(measure.AtMost, 1),
		runs.Compare("peak resident memory, with a report of each row", measure.Peak, reported, peer),
		runs.Compare("rows a second from New on, "+streamed, measure.Rate, byWriteSeq, peer),
	}}, nil
}

// streamByLibrary writes rows that are made one by one.
func streamByLibrary(ctx context.Context, p writers.Place, c child) error {
	d, err := p.Destination(ctx)
	if err != nil {
		return err
	}
	write := writers.Stream
	if c.Reported {
		write = writers.WriteSeq
	}
	return write(ctx, d, c.Rows, writers.Generate(c.Rows, itself))
}

// streamByHand writes rows that are made one by one.
func streamByHand(ctx context.Context, p writers.Place, workers, rows int) error {
	loop := writers.Loop{Client: p.Client(), Workers: workers, Convert: writers.Switch}
	return loop.Stream(ctx, writers.Generate(rows, itself))
}

// manyDestinations measures what many Destinations in one process take, and how many connections they open.
func manyDestinations(ctx context.Context, b *bench) (result, error) {
	const one, many = "1 Destination", "100 Destinations"
	var contestants []measure.Contestant
	for _, name := range []string{one, many} {
		n := map[string]int{one: 1, many: 100}[name]
		p, err := b.delayed(ctx, 5*time.Millisecond, 5*time.Millisecond)
		if err != nil {
			return result{}, err
		}
		c := child{Role: roleDestinations, URL: p.URL, Destinations: n, Rows: max(n, b.n(100_000))}
		contestants = append(contestants, measure.Contestant{Name: name, Observe: c.observe})
	}
	runs, err := measure.Rounds(ctx, b.rounds(), contestants)
	if err != nil {
		return result{}, err
	}
	seen, err := b.stopServers()
	if err != nil {
		return result{}, err
	}
	figures := []measure.Figure{
		runs.Compare("peak resident memory, the same rows in all", measure.Peak, many, one),
		runs.Compare("live heap after the calls", measure.Live, many, one),
		runs.Compare("rows a second from New on", measure.Rate, many, one),
	}
	for i, c := range contestants {
		figures = append(figures, measure.Figure{
			Name: "most connections at the same time, " + c.Name, Samples: []float64{float64(seen[i].Peak)},
		})
	}
	return result{figures: figures}, nil
}

// writeToMany writes rows, made one by one, to so many Destinations at the same time, each an equal share.
func writeToMany(ctx context.Context, p writers.Place, destinations, rows int) error {
	all := make([]*dynamodest.Destination, destinations)
	for i := range all {
		var err error
		if all[i], err = p.Destination(ctx); err != nil {
			return err
		}
	}
	var running sync.WaitGroup
	failed := make([]error, destinations)
	for i, d := range all {
		running.Go(func() {
			n := rows / destinations
			failed[i] = writers.WriteSeq(ctx, d, n, writers.Generate(n, itself))
		})
	}
	running.Wait()
	return errors.Join(failed...)
}
