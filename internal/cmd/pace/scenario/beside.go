package scenario

import (
	"context"
	"time"
)

// bursts writes beside another writer that takes the whole table for 5 of every 20 seconds.
func bursts(ctx context.Context, b *Harness) ([]Figure, error) {
	const rate = 2000
	other := Bursts{PerSecond: 3000, Quiet: 5 * time.Second, On: 5 * time.Second, Off: 15 * time.Second}
	length := other.Quiet + 3*(other.On+other.Off)
	if b.short {
		length = other.Quiet + other.On + other.Off
	}
	table, err := b.table(Table{UnitsPerSecond: rate})
	if err != nil {
		return nil, err
	}
	other.Table = table
	parts, err := b.endless(ctx, table, stage{func() error { return b.server.bursts(other) }, length})
	if err != nil {
		return nil, err
	}
	t := parts[0].total()
	return []Figure{
		{"units applied, % of what is free", "%.1f", 85, 100 * t.ours() / other.free(rate, t.at), AtLeast},
		{"rows refused, % of those applied", "%.1f", 25, 100 * t.returned / t.ours(), AtMost},
	}, nil
}

// spell writes through ten seconds in which most items are refused, whatever the rate.
func spell(ctx context.Context, b *Harness) ([]Figure, error) {
	const rate = 2000
	before, ill, after := 10*time.Second, 10*time.Second, 20*time.Second
	if b.short {
		before, ill, after = before/2, ill/2, after/2
	}
	table, err := b.table(Table{UnitsPerSecond: rate})
	if err != nil {
		return nil, err
	}
	parts, err := b.endless(ctx, table,
		stage{nil, before},
		stage{func() error { return b.server.refuse(0.9) }, ill},
		stage{func() error { return b.server.refuse(0) }, after})
	if err != nil {
		return nil, err
	}
	recovered := parts[2].since(func(s sample) bool { return s.Written >= 0.9*rate*s.at })
	return []Figure{
		{"healthy again: seconds until the rate is 90 % of the capacity", "%.1f", 5, recovered, AtMost},
	}, nil
}

// noise writes to a table that returns one of ten items at random.
func noise(ctx context.Context, b *Harness) ([]Figure, error) {
	const rate = 5000
	parts, err := b.run(ctx, rate, 25*time.Second, func(string) error { return b.server.refuse(0.1) })
	if err != nil {
		return nil, err
	}
	t := parts.total()
	return []Figure{
		{"capacity used, %", "%.1f", 80, 100 * t.ours() / (rate * t.at), AtLeast},
		{"rows refused, % of those applied", "%.1f", 0, 100 * t.returned / t.ours(), Info},
	}, nil
}

// loops writes beside four workers that take what they can, for a minute: how soon the pace finds a share
// for itself is a matter of chance.
func loops(ctx context.Context, b *Harness) ([]Figure, error) {
	const rate, workers = 2000, 4
	parts, err := b.run(ctx, rate, time.Minute, func(table string) error { return b.server.loops(Loops{table, workers}) })
	if err != nil {
		return nil, err
	}
	t := parts.total()
	return []Figure{
		{"units applied, % of the capacity", "%.1f", 10, 100 * t.ours() / (rate * t.at), AtLeast},
		{"rows refused, % of those applied", "%.1f", 0, 100 * t.returned / t.ours(), Info},
	}, nil
}

// Loops measures fixed loops alone on the table of the scenario steady: so many workers, each of which writes a
// batch, sends what comes back until nothing does, and goes on to the next batch, without a pause.
func (b *Harness) Loops(ctx context.Context, workers int) ([]Figure, error) {
	table, err := b.table(Table{UnitsPerSecond: steadyRate})
	if err != nil {
		return nil, err
	}
	if err := b.server.loops(Loops{table, workers}); err != nil {
		return nil, err
	}
	length := 16 * time.Second
	if b.short {
		length /= 4
	}
	watched, err := b.watch(ctx, table, length)
	if err != nil {
		return nil, err
	}
	t := watched.total()
	return []Figure{
		{"capacity used, %", "%.1f", 0, 100 * t.Written / (steadyRate * t.at), Info},
		{"units refused, % of those applied", "%.2f", 0, 100 * t.Refused / t.Written, Info},
	}, nil
}

// run writes endless rows to a new table for some time, after something has been done to it.
func (b *Harness) run(ctx context.Context, unitsPerSecond float64, length time.Duration, change func(table string) error) (samples, error) {
	if b.short {
		length /= 4
	}
	table, err := b.table(Table{UnitsPerSecond: unitsPerSecond})
	if err != nil {
		return nil, err
	}
	parts, err := b.endless(ctx, table, stage{func() error { return change(table) }, length})
	if err != nil {
		return nil, err
	}
	return parts[0], nil
}
