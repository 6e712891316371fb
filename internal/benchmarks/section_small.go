package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dynamodest/dynamodest"

	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
	"github.com/dynamodest/dynamodest/internal/benchmarks/writers"
)

// batchSize is the most items of a BatchWriteItem.
const batchSize = 25

// smallCalls measures the time of single calls.
func smallCalls(ctx context.Context, b *bench) (result, error) {
	var figures []measure.Figure
	for _, server := range []struct {
		name  string
		delay time.Duration
		calls int
	}{{"the server answers at once", 0, 400}, {"the server takes 5 ms", 5 * time.Millisecond, 40}} {
		p, d, err := b.warm(ctx, server.delay)
		if err != nil {
			return result{}, err
		}
		loop := writers.Loop{Client: p.Client(), Workers: 1, Convert: writers.Switch}
		for _, n := range []int{1, 10, 25, 26, 100} {
			rows := writers.Rows(n)
			by, write := handWritten(loop, n)
			runs, err := measure.Rounds(ctx, b.rounds(), []measure.Contestant{
				repeated("library, Write", b.n(server.calls*100)/100, func(ctx context.Context) error { return writers.Write(ctx, d, rows) }),
				repeated(by, b.n(server.calls*100)/100, func(ctx context.Context) error { return write(ctx, rows) }),
			})
			if err != nil {
				return result{}, err
			}
			name := fmt.Sprintf("time of a call with %s, %s", measure.Count(n, "row"), server.name)
			figures = append(figures, runs.Compare(name, measure.Latency, byWrite, by).Want(measure.AtMost, 1.15))
		}
	}
	return result{figures: figures}, nil
}

// warm returns a server that takes so long for a response, and a Destination that has written to it: the pace of one
// that has written nothing yet begins at the table's start capacity.
func (b *bench) warm(ctx context.Context, delay time.Duration) (writers.Place, *dynamodest.Destination, error) {
	p, err := b.delayed(ctx, delay, delay)
	if err != nil {
		return p, nil, err
	}
	d, err := p.Destination(ctx)
	if err != nil {
		return p, nil, err
	}
	return p, d, writers.Write(ctx, d, writers.Rows(b.n(40_000)))
}

// repeated returns a contestant that makes so many calls, one after the other.
func repeated(name string, calls int, call func(context.Context) error) measure.Contestant {
	calls = max(1, calls)
	return measure.Contestant{Name: name, Rows: calls, Run: func(ctx context.Context) error {
		for range calls {
			if err := call(ctx); err != nil {
				return err
			}
		}
		return nil
	}}
}

// handWritten returns how one would write n rows by hand, and its name: batches go at the same time.
func handWritten(loop writers.Loop, n int) (name string, write func(context.Context, []writers.Row) error) {
	switch {
	case n == 1:
		return "PutItem", func(ctx context.Context, rows []writers.Row) error { return loop.Put(ctx, rows[0]) }
	case n <= batchSize:
		return "BatchWriteItem", loop.Batch
	}
	loop.Workers = (n + batchSize - 1) / batchSize
	return fmt.Sprintf("%d BatchWriteItem at the same time", loop.Workers), loop.Write
}

// goroutines measures many goroutines that write one row each.
func goroutines(ctx context.Context, b *bench) (result, error) {
	const each, stream, hand = "library, Write by each goroutine", "library, one WriteChan for all", "PutItem by each goroutine"
	p, d, err := b.warm(ctx, 5*time.Millisecond)
	if err != nil {
		return result{}, err
	}
	rows := writers.Rows(1000)
	loop := writers.Loop{Client: p.Client(), Workers: 1, Convert: writers.Switch}
	runs, err := measure.Rounds(ctx, b.rounds(), []measure.Contestant{
		writes(each, rows, atOnce(func(ctx context.Context, row writers.Row) error {
			return writers.Write(ctx, d, []writers.Row{row})
		})),
		writes(stream, rows, func(ctx context.Context, rows []writers.Row) error {
			source := make(chan writers.Row)
			send := atOnce(func(ctx context.Context, row writers.Row) error {
				select {
				case source <- row:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
			sent := make(chan error, 1)
			go func() {
				sent <- send(ctx, rows)
				close(source)
			}()
			_, err := d.WriteChan(ctx, source, nil)
			return errors.Join(err, <-sent)
		}),
		writes(hand, rows, atOnce(loop.Put)),
	})
	if err != nil {
		return result{}, err
	}
	var figures []measure.Figure
	for _, name := range []string{each, stream} {
		figures = append(figures,
			runs.Compare("rows a second, "+name, measure.Rate, name, hand),
			runs.Compare("CPU a row, "+name, measure.CPU, name, hand))
	}
	return result{figures: figures}, nil
}

// atOnce returns what calls write for each row on a goroutine of its own, and waits for all of them.
func atOnce(write func(context.Context, writers.Row) error) func(context.Context, []writers.Row) error {
	return func(ctx context.Context, rows []writers.Row) error {
		var running sync.WaitGroup
		failed := make([]error, len(rows))
		for i, row := range rows {
			running.Go(func() { failed[i] = write(ctx, row) })
		}
		running.Wait()
		return errors.Join(failed...)
	}
}
