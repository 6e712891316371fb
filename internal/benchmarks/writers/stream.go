package writers

import (
	"context"
	"iter"
	"sync"
)

// Stream writes the rows of a sequence, which it takes as workers ask for them.
func (l Loop) Stream(ctx context.Context, rows iter.Seq2[Row, error]) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	batches := make(chan []Row)
	var running sync.WaitGroup
	for range l.Workers {
		running.Go(func() {
			for batch := range batches {
				if err := l.Batch(ctx, batch); err != nil {
					stop(err)
				}
			}
		})
	}
	var batch []Row
	for row, err := range rows {
		if err != nil {
			stop(err)
		}
		if ctx.Err() != nil {
			break
		}
		if batch = append(batch, row); len(batch) == batchSize {
			batches <- batch
			batch = make([]Row, 0, batchSize)
		}
	}
	if len(batch) > 0 {
		batches <- batch
	}
	close(batches)
	running.Wait()
	return context.Cause(ctx)
}
