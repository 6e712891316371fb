package scenario

import "context"

func unlimited(ctx context.Context, b *Harness) ([]Figure, error) {
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
	return []Figure{
		{"rows/s of the loop", "%.0f", 0, alone, Info},
		{"rows/s of the library", "%.0f", 0, ours, Info},
		{"times the loop's rows/s", "%.1f", 10, ours / alone, AtLeast},
	}, nil
}

// steadyRate is the capacity of the table of the scenario steady.
const steadyRate = 2000

func steady(ctx context.Context, b *Harness) ([]Figure, error) {
	table, err := b.table(Table{UnitsPerSecond: steadyRate})
	if err != nil {
		return nil, err
	}
	w, err := b.writeWatched(ctx, table, rows(b.rows(60_000), 0))
	if err != nil {
		return nil, err
	}
	u, err := b.server.usage(table)
	return []Figure{
		{"capacity used, %", "%.1f", 97, 100 * u.Written / (steadyRate * w.seconds()), AtLeast},
		{"units refused, % of those applied", "%.2f", 3, 100 * u.Refused / u.Written, AtMost},
	}, err
}

func hot(ctx context.Context, b *Harness) ([]Figure, error) {
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
	return []Figure{
		{"rows/s, % of 4,000", "%.1f", 90, 100 * float64(w.Written) / w.seconds() / (limit * every), AtLeast},
		{"units refused, % of those applied", "%.2f", 0, 100 * u.Refused / u.Written, Info},
		{"most requests for one row", "%.0f", 0, float64(w.maxAttempts), Info},
	}, err
}
