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
// the rest; its answer opens the queue or shuts it again. Fresh rows that are
// taken meanwhile do not shorten the wait: they may have other keys than a hot
// range, or be of it and take what there was for the refused ones.
type backoff struct {
	Retry
	vain    int       // requests that got nothing taken, less those that got something
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
		b.empty()
	}
}

// empty is told that no refused row is left: the next refusal is a new matter.
func (b *backoff) empty() { b.vain, b.probing = 0, false }

// refused is told of a request, sent then, that came back with rows to send
// again; carriedRefused says that it carried rows refused before, and progress
// that others of its rows were taken. It returns the wait that begins, or 0 if
// there is none.
func (b *backoff) refused(sent, now time.Time, carriedRefused, progress bool) time.Duration {
	b.probing = true
	switch {
	case now.Before(b.until) || sent.Before(b.until):
		return 0 // a refusal of the same moment as the one that set the wait
	case !carriedRefused && b.flying > 0:
		return 0 // the answer to the refused rows themselves will tell
	case !progress:
		b.vain++
	case carriedRefused:
		b.vain = max(1, b.vain-1)
	default:
		b.vain = max(1, b.vain)
	}
	delay := b.delay(b.vain)
	b.until = now.Add(delay)
	return delay
}

// bound is the longest wait after the n-th refusal in a row, n from 1.
func (r Retry) bound(n int) time.Duration {
	d := r.MinDelay
	for ; n > 1 && d < r.MaxDelay; n-- {
		d *= 2 // Validate keeps it from overflowing
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
