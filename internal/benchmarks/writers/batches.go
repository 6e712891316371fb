package writers

import (
	"context"
	"sync"
	"sync/atomic"
)

// batchSize is the most items of a BatchWriteItem.
const batchSize = 25

// inParallel calls write for each batch of n rows, on so many workers. It returns the first error.
func inParallel(ctx context.Context, workers, n int, write func(ctx context.Context, from, to int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for ctx.Err() == nil {
				to := int(next.Add(batchSize))
				from := to - batchSize
				if from >= n {
					return
				}
				if err := write(ctx, from, min(to, n)); err != nil {
					stop(err)
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}
