package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dynamodest/dynamodest"

	"github.com/dynamodest/dynamodest/internal/benchmarks/draw"
	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
	"github.com/dynamodest/dynamodest/internal/benchmarks/writers"
)

// section is a part of the benchmarks.
type section struct {
	name, about string
	run         func(context.Context, *bench) (result, error)
}

// result is what a section has measured.
type result struct {
	figures []measure.Figure
	charts  []draw.Chart
}

// sections returns all sections.
func sections() []section {
	return []section{
		{"client", "CPU and memory of the client, with a stub in the same process that answers at once", clientCost},
		{"loopback", "over HTTP on loopback, a server in another process that answers at once", loopback},
		{"latency", "over HTTP on loopback, a server that takes 8 to 12 ms", latency},
		{"convert", "conversion of a row alone, on one goroutine", convert},
		{"memory", "peak resident memory of a process that streams rows over loopback", memory},
		{"delays", "rows a second over loopback, by the time that the server takes", delays},
		{"sizes", "over loopback, a server that answers at once, by the size of the items", sizes},
		{"concurrency", "rows a second over loopback, a server that takes 10 ms, by requests in flight", concurrency},
		{"small", "time of one call with few rows, over loopback", smallCalls},
		{"goroutines", "1,000 goroutines that write one row each, over loopback, a server that takes 5 ms", goroutines},
		{"scale", "WriteSeq of rows that are made one by one, with the stub, by the number of rows", scale},
		{"keys", "WriteSeq with the stub, by how many rows have the same key", equalKeys},
		{"calls", "concurrent calls of WriteSeq on one Destination, with the stub", concurrentCalls},
		{"destinations", "100 Destinations that write at the same time in one process, over loopback", manyDestinations},
		{"capacity", "share of a table's capacity that is used, and units refused: the scenarios of the command pace", capacity},
	}
}

// Names of contestants, or their beginnings.
const (
	library  = "library"
	handLoop = "hand loop"
)

// Numbers of workers of the peers.
const (
	stubWorkers     = 8
	loopbackWorkers = 16
	mostWorkers     = 64
)

// bench is what a section runs with.
type bench struct {
	options

	servers []*wire.Server
}

// n returns a number of rows, calls or conversions for -rows 40000, scaled to the run's -rows. A quick run has few.
func (b *bench) n(full int) int {
	if b.quick {
		return max(25, full/200)
	}
	return max(25, full*b.rows/40_000)
}

// rounds returns the number of rounds.
func (b *bench) rounds() int {
	if b.quick {
		return 1
	}
	return b.reps
}

// stub returns a place in this process that answers at once.
func (*bench) stub() writers.Place {
	return writers.Place{Stub: wire.NewStub(wire.NewAnswers(1))}
}

// server returns a place in another process, which ends with the section.
func (b *bench) server(ctx context.Context, settings wire.Settings) (writers.Place, error) {
	arguments, err := child{Role: roleServer, Server: settings}.arguments()
	if err != nil {
		return writers.Place{}, err
	}
	server, err := wire.Start(ctx, arguments...)
	if err != nil {
		return writers.Place{}, err
	}
	b.servers = append(b.servers, server)
	return writers.Place{URL: server.URL}, nil
}

// delayed returns a server whose requests take a time in the given range.
func (b *bench) delayed(ctx context.Context, least, most time.Duration) (writers.Place, error) {
	return b.server(ctx, wire.Settings{UnitsPerItem: 1, MinDelay: least, MaxDelay: most})
}

// stopServers ends the servers of the section, waits for them, and returns what each has seen.
func (b *bench) stopServers() (seen []wire.Stats, failed error) {
	for _, server := range b.servers {
		stats, err := server.Stop()
		seen = append(seen, stats)
		failed = errors.Join(failed, err)
	}
	b.servers = nil
	return seen, failed
}

// writes returns a contestant that writes all rows.
func writes(name string, rows []writers.Row, write func(context.Context, []writers.Row) error) measure.Contestant {
	return measure.Contestant{Name: name, Rows: len(rows), Run: func(ctx context.Context) error { return write(ctx, rows) }}
}

// ours returns the library as a contestant, by Write.
func ours(name string, d *dynamodest.Destination, rows []writers.Row) measure.Contestant {
	return writes(name, rows, func(ctx context.Context, rows []writers.Row) error { return writers.Write(ctx, d, rows) })
}

// oursStreamed returns the library as a contestant, by WriteSeq.
func oursStreamed(name string, d *dynamodest.Destination, rows []writers.Row) measure.Contestant {
	return writes(name, rows, func(ctx context.Context, rows []writers.Row) error {
		return writers.WriteSeq(ctx, d, len(rows), writers.Sequence(rows))
	})
}

// oursByColumns returns the library as a contestant, by WriteColumns.
func oursByColumns(name string, d *dynamodest.Destination, rows []writers.Row) measure.Contestant {
	columns, values := writers.ByPosition(rows)
	return measure.Contestant{Name: name, Rows: len(rows), Run: func(ctx context.Context) error {
		return writers.WriteColumns(ctx, d, columns, values)
	}}
}

// oursOfValues returns the library as a contestant, by WriteSeq of rows that are made as maps of their values.
func oursOfValues(name string, d *dynamodest.Destination, rows []writers.Row) measure.Contestant {
	columns, values := writers.ByPosition(rows)
	return measure.Contestant{Name: name, Rows: len(rows), Run: func(ctx context.Context) error {
		return writers.WriteSeq(ctx, d, len(rows), writers.Maps(columns, values))
	}}
}

// byHand returns the hand loop as a contestant.
func byHand(p writers.Place, workers int, rows []writers.Row) measure.Contestant {
	loop := writers.Loop{Client: p.Client(), Workers: workers, Convert: writers.Switch}
	return writes(withWorkers(handLoop, workers), rows, loop.Write)
}

// withWorkers returns the name of a contestant with so many workers.
func withWorkers(name string, workers int) string {
	if workers == 1 {
		return name + ", sequential"
	}
	return fmt.Sprintf("%s, %d workers", name, workers)
}

// encoded returns v as JSON, as an argument of a child.
func encoded(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}
