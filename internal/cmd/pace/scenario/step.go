package scenario

import (
	"context"
	"errors"
	"time"

	"github.com/dynamodest/dynamodest"
)

// stage is a part of a run: a change, and the time for which the table is watched after it.
type stage struct {
	change func() error // nil: nothing changes
	length time.Duration
}

// endless writes endless rows to a table through one stage after the other, and returns the samples
// of each.
func (b *Harness) endless(ctx context.Context, table string, stages ...stage) ([]samples, error) {
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := b.write(running, table, rows(-1, 0))
		ended <- err
	}()
	var parts []samples
	var failed error
	for _, s := range stages {
		if s.change != nil {
			failed = errors.Join(failed, s.change())
		}
		part, err := b.watch(ctx, table, s.length)
		failed = errors.Join(failed, err)
		parts = append(parts, part)
	}
	stop()
	if err := <-ended; !errors.Is(err, dynamodest.ErrStopped) {
		return nil, errors.Join(errors.New("the run ended early"), err)
	}
	return parts, failed
}

// step writes endless rows to a table whose capacity is raised and then cut.
func step(ctx context.Context, b *Harness) ([]Figure, error) {
	const low, high = 500, 5000
	before, after := 8*time.Second, 16*time.Second
	if b.short {
		before, after = before/2, after/2
	}
	table, err := b.table(Table{UnitsPerSecond: low})
	if err != nil {
		return nil, err
	}
	parts, err := b.endless(ctx, table,
		stage{nil, before},
		stage{func() error { return b.set(high) }, after},
		stage{func() error { return b.set(low) }, after})
	if err != nil {
		return nil, err
	}
	reached := parts[1].since(func(s sample) bool { return s.Written >= 0.9*high*s.at })
	settled := parts[2].since(func(s sample) bool { return s.Refused <= 0.05*s.Written })
	return []Figure{
		{"raised: seconds until the rate is 90 % of the new", "%.1f", 10, reached, AtMost},
		{"cut: seconds until under 5 % are refused", "%.1f", 10, settled, AtMost},
	}, nil
}
