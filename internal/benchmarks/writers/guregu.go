package writers

import (
	"context"
	"fmt"

	"github.com/guregu/dynamo/v2"

	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
)

// Guregu writes rows by the batch writes of github.com/guregu/dynamo, on so many workers.
type Guregu struct {
	DB      *dynamo.DB
	Workers int
}

// Write writes rows.
func (g Guregu) Write(ctx context.Context, rows []Row) error {
	table := g.DB.Table(wire.Table)
	return inParallel(ctx, g.Workers, len(rows), func(ctx context.Context, from, to int) error {
		batch := table.Batch(wire.Key).Write()
		for _, row := range rows[from:to] {
			batch.Put(row)
		}
		wrote, err := batch.Run(ctx)
		if err == nil && wrote != to-from {
			err = fmt.Errorf("%d of %d rows are written", wrote, to-from)
		}
		return err
	})
}
