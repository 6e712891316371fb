package dynamodest

import (
	"context"
	"math/rand/v2"
	"time"
)

// bound is the longest wait after the n-th refusal in a row, n from 1.
func (r Retry) bound(n int) time.Duration {
	d := r.MinDelay
	for ; n > 1 && d < r.MaxDelay; n-- {
		d *= 2
	}
	return min(d, r.MaxDelay)
}

// delay is how long to wait after the n-th refusal in a row: a random part of
// the bound ("full jitter"), so that many writers do not come back at once.
// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
func (r Retry) delay(n int) time.Duration {
	return rand.N(r.bound(n) + 1)
}

// sleep waits for d, or until ctx ends; then it returns ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
