package output

import (
	"context"
	"math/rand/v2"
	"time"
)

// How long an output waits before it tries again what did not succeed: up to minDelay at first, twice as long with each
// time, and at most maxDelay.
const (
	minDelay = 500 * time.Millisecond
	maxDelay = 30 * time.Second
)

// delay returns how long to wait after so many attempts without success: a random time, so that many outputs do not try
// at the same moment, and at least half of the bound.
func delay(attempts int) time.Duration {
	if attempts == 0 {
		return 0
	}
	bound := maxDelay
	if attempts < 7 {
		bound = min(minDelay<<(attempts-1), maxDelay)
	}
	return bound/2 + rand.N(bound/2) //nolint:gosec // a delay is no secret
}

// wait waits for d, or until ctx ends. Its error is that of ctx.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
