package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// harness holds what the scenarios have in common: the server and the options of the command.
type harness struct {
	server   *remote
	onDemand bool
	short    bool
	tables   int
	returned atomic.Int64 // rows that came back unprocessed or throttled, of all tables
	series   series       // of the newest table
}

// table creates a table and returns its name.
func (b *harness) table(t Table) (string, error) {
	b.tables++
	t.Name, t.OnDemand = fmt.Sprintf("pace-%d", b.tables), b.onDemand
	b.series = series{began: time.Now()}
	if t.UnitsPerSecond > 0 {
		b.series.capacity = []level{{0, t.UnitsPerSecond}}
	}
	return t.Name, b.server.make(t)
}

// set changes the capacity of the newest table.
func (b *harness) set(unitsPerSecond float64) error {
	b.series.capacity = append(b.series.capacity, level{time.Since(b.series.began).Seconds(), unitsPerSecond})
	return b.server.set(unitsPerSecond)
}

// rows returns the number of rows to write: n, or a quarter of n with -short.
func (b *harness) rows(n int) int {
	if b.short {
		return n / 4
	}
	return n
}

// row returns row i, which costs one write unit. Every hotEvery-th row is in the hot range.
func row(i, hotEvery int) dynamodest.Row {
	id := "row-"
	if hotEvery > 0 && i%hotEvery == 0 {
		id = hotPrefix
	}
	return dynamodest.Row{"id": fmt.Sprint(id, i), "name": "Ada Lovelace", "score": 0.5 + float64(i), "active": i%2 == 0, "visits": i}
}

// rows yields n rows, or endless rows if n is negative.
func rows(n, hotEvery int) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		for i := 0; i != n && yield(row(i, hotEvery), nil); i++ {
		}
	}
}

// written is the result of writing rows.
type written struct {
	dynamodest.Summary
	maxAttempts int // most requests that carried the same row

	mu          sync.Mutex
	first, last time.Time // times of the first and the last request or response
}

func (w *written) mark(r dynamodest.Request) {
	if r.Rows == 0 { // DescribeTable
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = time.Now()
	if w.first.IsZero() {
		w.first = w.last
	}
}

// seconds returns the time from the first request to the last response.
func (w *written) seconds() float64 { return w.last.Sub(w.first).Seconds() }

// write writes rows to a table with the default configuration.
func (b *harness) write(ctx context.Context, table string, rows iter.Seq2[dynamodest.Row, error]) (*written, error) {
	w := &written{}
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Region: dynamodesttest.Region, Table: table, Endpoint: b.server.address,
		Credentials: dynamodest.Credentials{AccessKeyID: "local", SecretAccessKey: "local"},
		Observer: dynamodest.Observer{
			RequestStart: func(ctx context.Context, r dynamodest.Request) context.Context {
				w.mark(r)
				return ctx
			},
			RequestDone: func(_ context.Context, r dynamodest.Response) {
				w.mark(r.Request)
				b.returned.Add(int64(returned(r)))
			},
		},
	})
	if err != nil {
		return nil, err
	}
	w.Summary, err = dest.WriteSeq(ctx, rows, func(_ dynamodest.Row, r dynamodest.RowResult) error {
		w.maxAttempts = max(w.maxAttempts, r.Attempts)
		return nil
	})
	return w, err
}

// returned returns the number of rows of a request that came back.
func returned(r dynamodest.Response) int {
	if errors.Is(r.Reason, dynamodest.ErrThrottled) {
		return r.Request.Rows
	}
	return r.Unprocessed
}

// writeWatched is write, and samples the table's usage in the meantime.
func (b *harness) writeWatched(ctx context.Context, table string, rows iter.Seq2[dynamodest.Row, error]) (*written, error) {
	writing, stop := context.WithCancel(ctx)
	watched := make(chan error, 1)
	go func() {
		_, err := b.watch(writing, table, math.MaxInt64)
		watched <- err
	}()
	w, err := b.write(ctx, table, rows)
	stop()
	return w, errors.Join(err, <-watched)
}

func unlimited(ctx context.Context, b *harness) ([]figure, error) {
	table, err := b.table(Table{})
	if err != nil {
		return nil, err
	}
	n := b.rows(20_000)
	took, err := loop(ctx, b.server.address, table, n)
	if err != nil {
		return nil, err
	}
	alone := float64(n) / took.Seconds()
	if table, err = b.table(Table{}); err != nil {
		return nil, err
	}
	w, err := b.writeWatched(ctx, table, rows(b.rows(400_000), 0))
	if err != nil {
		return nil, err
	}
	ours := float64(w.Written) / w.seconds()
	return []figure{
		{"rows/s of the loop", "%.0f", 0, alone, info},
		{"rows/s of the library", "%.0f", 0, ours, info},
		{"times the loop's rows/s", "%.1f", 10, ours / alone, atLeast},
	}, nil
}

func steady(ctx context.Context, b *harness) ([]figure, error) {
	const rate = 2000
	table, err := b.table(Table{UnitsPerSecond: rate})
	if err != nil {
		return nil, err
	}
	w, err := b.writeWatched(ctx, table, rows(b.rows(60_000), 0))
	if err != nil {
		return nil, err
	}
	u, err := b.server.usage(table)
	return []figure{
		{"capacity used, %", "%.1f", 97, 100 * u.Written / (rate * w.seconds()), atLeast},
		{"units refused, % of those applied", "%.2f", 3, 100 * u.Refused / u.Written, atMost},
	}, err
}

func hot(ctx context.Context, b *harness) ([]figure, error) {
	const limit, every = 200, 20
	table, err := b.table(Table{HotPerSecond: limit})
	if err != nil {
		return nil, err
	}
	w, err := b.writeWatched(ctx, table, rows(b.rows(80_000), every))
	if err != nil {
		return nil, err
	}
	u, err := b.server.usage(table)
	return []figure{
		{"rows/s, % of 4,000", "%.1f", 90, 100 * float64(w.Written) / w.seconds() / (limit * every), atLeast},
		{"units refused, % of those applied", "%.2f", 0, 100 * u.Refused / u.Written, info},
		{"most requests for one row", "%.0f", 0, float64(w.maxAttempts), info},
	}, err
}
