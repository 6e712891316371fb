package dynamodest

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff is the wait of the queue of refused rows: exponential with full
// jitter, for the queue and not for a row, so that no row's wait stalls the
// others.
//
// After a refusal the queue shuts for a random part of a bound, which doubles
// while requests get nothing taken. When it opens, one request goes ahead of
// the rest; its answer opens the queue or shuts it again.
type backoff struct {
	Retry
	vain    int       // requests in a row that got nothing taken
	until   time.Time // shut until then
	probing bool      // open for one request at a time
	flying  int       // requests in flight that carry refused rows
}

// open reports whether refused rows may be sent now.
func (b *backoff) open(now time.Time) bool {
	return !now.Before(b.until) && (!b.probing || b.flying == 0)
}

// started and ended count the requests in flight that carry refused rows.
func (b *backoff) started() { b.flying++ }
func (b *backoff) ended()   { b.flying-- }

// taken is told of a request all of whose rows were taken.
func (b *backoff) taken(carriedRefused bool) {
	if carriedRefused {
		b.vain, b.probing = 0, false
	}
}

// refused is told of a request, sent then, that came back with rows to send
// again; progress says that others of its rows were taken. It returns the
// wait that begins, or 0 if one was running already.
func (b *backoff) refused(sent, now time.Time, progress bool) time.Duration {
	b.probing = true
	if now.Before(b.until) || sent.Before(b.until) {
		// That refusal is of the same moment as the one that set the wait.
		return 0
	}
	b.vain++
	if progress {
		b.vain = 1
	}
	delay := b.delay(b.vain)
	b.until = now.Add(delay)
	return delay
}

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
