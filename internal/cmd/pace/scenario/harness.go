package scenario

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

// Options say how scenarios run.
type Options struct {
	Short    bool     // a quarter of the rows, for a first look; the required figures are those of the full run
	OnDemand bool     // DescribeTable reports an on-demand table, for which the library starts at 4,000 units/s
	Serve    []string // the arguments with which the running program calls [Serve]
}

// Harness runs scenarios, one after the other, against one server.
type Harness struct {
	server   *remote
	onDemand bool
	short    bool
	tables   int
	returned atomic.Int64 // rows that came back unprocessed or throttled, of all tables
	series   series       // of the newest table
}

// Start starts the server, a second process of the running program.
func Start(ctx context.Context, o Options) (*Harness, error) {
	server, err := startServer(ctx, o.Serve)
	if err != nil {
		return nil, err
	}
	return &Harness{server: server, onDemand: o.OnDemand, short: o.Short}, nil
}

// Stop ends the server and waits for its process.
func (b *Harness) Stop() { b.server.stop() }

// Run runs a scenario and returns what it measured.
func (b *Harness) Run(ctx context.Context, s Scenario) ([]Figure, error) { return s.run(ctx, b) }

// Draw draws what the table of the last scenario, s, accepted over time, as the file of its name in dir.
func (b *Harness) Draw(dir string, s Scenario) error { return b.series.save(dir, s.Name, s.About) }

// table creates a table and returns its name.
func (b *Harness) table(t Table) (string, error) {
	b.tables++
	t.Name, t.OnDemand = fmt.Sprintf("pace-%d", b.tables), b.onDemand
	b.series = series{began: time.Now()}
	if t.UnitsPerSecond > 0 {
		b.series.capacity = []level{{0, t.UnitsPerSecond}}
	}
	return t.Name, b.server.make(t)
}

// set changes the capacity of the newest table.
func (b *Harness) set(unitsPerSecond float64) error {
	b.series.capacity = append(b.series.capacity, level{time.Since(b.series.began).Seconds(), unitsPerSecond})
	return b.server.set(unitsPerSecond)
}

// rows returns the number of rows to write: n, or a quarter of n with -short.
func (b *Harness) rows(n int) int {
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
func (b *Harness) write(ctx context.Context, table string, rows iter.Seq2[dynamodest.Row, error]) (*written, error) {
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
func (b *Harness) writeWatched(ctx context.Context, table string, rows iter.Seq2[dynamodest.Row, error]) (*written, error) {
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
