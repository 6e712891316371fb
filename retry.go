package dynamodest

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff paces the queue of refused rows. Its wait is exponential with full
// jitter, for the queue and not for a row, so that no row's wait stalls the
// others.
//
// After a refusal the queue shuts for a random part of a bound, which doubles
// while requests get nothing taken. When it opens, few of its rows go ahead of
// the rest: each that is taken lets two more go. So a hot range of keys is
// asked for what it can take, and rows that wait for their turn in it do not
// use up their attempts. Fresh rows do not count: they may have other keys, or
// take what there was for the refused ones. A call of no more rows than
// one request takes sends them together.
type backoff struct {
	Retry
	vain   int       // requests that got nothing taken, less those that got something
	until  time.Time // shut until then
	most   int       // refused rows that may be in flight
	flying int       // refused rows in flight
}

// room is how many refused rows may be sent now.
func (b *backoff) room(now time.Time) int {
	if now.Before(b.until) {
		return 0
	}
	return max(0, max(1, b.most)-b.flying)
}

// started and ended count the refused rows in flight.
func (b *backoff) started(rows int) { b.flying += rows }
func (b *backoff) ended(rows int)   { b.flying -= rows }

// taken is told of a request all of whose rows were taken, and how many of
// them had been refused before.
func (b *backoff) taken(again int) {
	if again > 0 {
		b.vain = max(0, b.vain-1)
		b.most = max(b.most, b.flying+2*again)
	}
}

// empty is told that no refused row is left: the next refusal is a new matter.
func (b *backoff) empty() { b.vain, b.most = 0, 1 }

// setback is a request that came back with rows to send again.
type setback struct {
	sent, now time.Time
	again     int  // rows that had been refused before
	taken     int  // rows taken: of those, if there were any
	down      bool // for another reason than capacity, of which fewer rows would not ask less
	few       bool // the whole call has no more rows than one request takes
}

// refused returns the wait that begins with r, if one does.
func (b *backoff) refused(r setback) (wait time.Duration, began bool) {
	switch {
	case r.now.Before(b.until) || r.sent.Before(b.until):
		return 0, false // a refusal of the same moment as the one that set the wait
	case r.again == 0 && b.flying > 0:
		return 0, false // the answer to the refused rows themselves will tell
	case r.taken == 0:
		b.vain++
		b.most = 1
	case r.again > 0:
		b.vain = max(1, b.vain-1)
		b.most = max(1, b.most/2)
	default:
		b.vain = max(1, b.vain)
		b.most = 1
	}
	// At the longest wait rows that are never taken would hold up the window
	// one by one: they go together.
	if r.few || r.taken == 0 && (r.down || b.bound(b.vain) == b.MaxDelay) {
		b.most = maxBatchItems
	}
	wait = b.delay(b.vain)
	b.until = r.now.Add(wait)
	return wait, true
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
