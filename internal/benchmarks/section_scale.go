package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"

	"github.com/dynamodest/dynamodest"

	"github.com/dynamodest/dynamodest/internal/benchmarks/draw"
	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
	"github.com/dynamodest/dynamodest/internal/benchmarks/writers"
)

// source makes rows one by one. A row is used again once it is reported, so that the source makes two allocations
// for each row: the text of its key, and the interface that holds it.
type source struct {
	key  func(i int) int
	text []byte // of the last key
	free []writers.Row
	live uint64 // heap bytes that were reachable in the middle
}

func (s *source) rows(n int) iter.Seq2[writers.Row, error] {
	return func(yield func(writers.Row, error) bool) {
		for i := range n {
			if i == n/2 {
				s.live = measure.LiveHeap()
			}
			if !yield(s.next(i), nil) {
				return
			}
		}
	}
}

func (s *source) next(i int) writers.Row {
	if len(s.free) == 0 {
		return writers.NewRow(s.key(i))
	}
	row := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	s.text = strconv.AppendInt(append(s.text[:0], "user-"...), int64(1_000_000_000+s.key(i)), 10)
	row[wire.Key] = string(s.text)
	return row
}

// stream writes n rows with the given keys.
func stream(ctx context.Context, d *dynamodest.Destination, n int, key func(int) int) (live uint64, err error) {
	s := &source{key: key}
	settled := 0
	_, err = d.WriteSeq(ctx, s.rows(n), func(row writers.Row, _ dynamodest.RowResult) error {
		s.free = append(s.free, row)
		settled++
		return nil
	})
	if err == nil && settled != n {
		err = fmt.Errorf("%d of %d rows are settled", settled, n)
	}
	return s.live, err
}

// streams returns a contestant that streams n rows with the given keys.
func streams(name string, d *dynamodest.Destination, n int, key func(int) int) measure.Contestant {
	return measure.Contestant{Name: name, Observe: func(ctx context.Context) (measure.Usage, error) {
		var live uint64
		usage, err := measure.Observe(ctx, n, func(ctx context.Context) (err error) {
			live, err = stream(ctx, d, n, key)
			return err
		})
		usage.Live = live
		return usage, err
	}}
}

// scale measures whether more rows cost more each.
func scale(ctx context.Context, b *bench) (result, error) {
	d, err := b.stub().Destination(ctx)
	if err != nil {
		return result{}, err
	}
	runs := measure.Runs{}
	var names []string
	for _, size := range []struct{ rows, rounds int }{{10_000, b.rounds()}, {100_000, b.rounds()}, {1_000_000, min(3, b.rounds())}, {10_000_000, 1}} {
		n := b.n(size.rows)
		c := streams(measure.Number(float64(n))+" rows", d, n, itself)
		names = append(names, c.Name)
		for range size.rounds {
			usage, err := c.Observe(ctx)
			if err != nil {
				return result{}, err
			}
			runs[c.Name] = append(runs[c.Name], usage)
		}
	}
	var figures []measure.Figure
	rate := draw.Line{Name: "rows a second"}
	for _, name := range names {
		f := runs.Alone("rows a second, "+name, measure.Rate, name)
		rate.Add(name, f.Own().Center)
		figures = append(figures, f,
			runs.Alone("allocations a row with the source's 2, "+name, measure.Allocs, name),
			runs.Alone("live heap halfway, "+name, measure.Live, name).Want(measure.Below, 64))
	}
	figures = append(figures, flat(runs, names[len(names)-1], names[1])...)
	return result{figures, []draw.Chart{{
		File: "scale", Title: "Rows a second by the rows of a call; the table answers at once", Axis: "rows a second", Along: "rows of one call",
		Lines: []draw.Line{rate},
	}}}, nil
}

// flat returns the figures that hold that the largest run costs no more a row than a smaller one.
func flat(runs measure.Runs, largest, smaller string) []measure.Figure {
	ratio := func(name string, m measure.Metric) measure.Figure {
		f := runs.Compare(name, m, largest, smaller)
		f.PeerSamples = []float64{f.Peers().Center} // there are fewer runs of the largest
		f.Samples = []float64{f.Own().Center}
		return f
	}
	return []measure.Figure{
		ratio("flat: rows a second of the largest", measure.Rate).Want(measure.AtLeast, 0.9),
		ratio("flat: allocations a row of the largest", measure.Allocs).Want(measure.AtMost, 1),
	}
}

// equalKeys measures rows of which none, some or all have the same key.
func equalKeys(ctx context.Context, b *bench) (result, error) {
	d, err := b.stub().Destination(ctx)
	if err != nil {
		return result{}, err
	}
	n := b.n(100_000)
	const distinct, some, equal = "all keys distinct", "1 % of the keys equal", "all keys equal"
	runs, err := measure.Rounds(ctx, b.rounds(), []measure.Contestant{
		streams(distinct, d, n, itself),
		streams(some, d, n, func(i int) int {
			if i%100 == 0 {
				return 0
			}
			return i
		}),
		streams(equal, d, n, func(int) int { return 0 }),
	})
	if err != nil {
		return result{}, err
	}
	var figures []measure.Figure
	for _, name := range []string{some, equal} {
		figures = append(figures,
			runs.Compare("rows a second, "+name, measure.Rate, name, distinct),
			runs.Compare("allocations a row, "+name, measure.Allocs, name, distinct),
			runs.Alone("live heap halfway, "+name, measure.Live, name).Want(measure.Below, 64))
	}
	return result{figures: figures}, nil
}

// concurrentCalls measures calls at the same time on one Destination, which share the rows.
func concurrentCalls(ctx context.Context, b *bench) (result, error) {
	d, err := b.stub().Destination(ctx)
	if err != nil {
		return result{}, err
	}
	rows := writers.Rows(b.n(64_000))
	var contestants []measure.Contestant
	for _, calls := range workerCounts {
		contestants = append(contestants, writes(measure.Count(calls, "call"), rows, func(ctx context.Context, rows []writers.Row) error {
			return atSameTime(ctx, d, calls, rows)
		}))
	}
	runs, err := measure.Rounds(ctx, b.rounds(), contestants)
	if err != nil {
		return result{}, err
	}
	var figures []measure.Figure
	for _, c := range contestants {
		figures = append(figures,
			runs.Compare("rows a second, "+c.Name, measure.Rate, c.Name, contestants[0].Name),
			runs.Compare("CPU a row, "+c.Name, measure.CPU, c.Name, contestants[0].Name))
	}
	return result{figures: figures}, nil
}

// atSameTime writes rows by so many calls, each of which has a share of the rows.
func atSameTime(ctx context.Context, d *dynamodest.Destination, calls int, rows []writers.Row) error {
	var running sync.WaitGroup
	failed := make([]error, calls)
	next := 0
	for share := range slices.Chunk(rows, (len(rows)+calls-1)/calls) {
		i := next
		next++
		running.Go(func() { failed[i] = writers.WriteSeq(ctx, d, len(share), writers.Sequence(share)) })
	}
	running.Wait()
	return errors.Join(failed...)
}
