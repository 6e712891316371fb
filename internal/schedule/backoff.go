package schedule

import (
	"math/rand/v2"
	"time"
)

// backoff decides when retries may go, and how many at once. It delays the queue and not each row,
// so that one row's delay does not stall the others.
//
// After a throttled response the retry queue closes for a random delay (full jitter); its upper
// bound doubles while retries make no progress. When it reopens it starts with one probe row; each
// accepted row admits two more (slow start), so a hot key range gets only as many retries as it
// accepts, and waiting rows use no attempts. Accepted new rows admit no retries: they may have other
// keys, or use the capacity that there was for the retries. A call that fits one request sends its
// rows together.
type backoff struct {
	minDelay, maxDelay time.Duration
	jitter             func(bound time.Duration) time.Duration
	maxRows            int // of one request

	fruitless int       // requests with no row accepted, less those with some
	until     time.Time // closed until then
	limit     int       // retried rows that may be in flight
	inFlight  int       // retried rows in flight
}

// room returns how many retries may be sent now.
func (b *backoff) room(now time.Time) int {
	if now.Before(b.until) {
		return 0
	}
	return max(0, max(1, b.limit)-b.inFlight)
}

// sent and returned count the retried rows in flight.
func (b *backoff) sent(rows int)     { b.inFlight += rows }
func (b *backoff) returned(rows int) { b.inFlight -= rows }

// accepted records a request all of whose rows were accepted, so many of them retries.
func (b *backoff) accepted(retries int) {
	if retries > 0 {
		b.fruitless = max(0, b.fruitless-1)
		b.limit = max(b.limit, b.inFlight+2*retries)
	}
}

// reset forgets past failures once the retry queue is empty.
func (b *backoff) reset() { b.fruitless, b.limit = 0, 1 }

// throttledResponse is a response after which rows are to be sent again.
type throttledResponse struct {
	sent, now      time.Time
	retries        int  // retried rows that the request carried
	accepted       int  // rows accepted: of the retried ones, if there were any
	unavailable    bool // for another reason than capacity, which fewer rows would not help
	fitsOneRequest bool // the whole call has no more rows than one request takes
}

// throttled returns the delay that begins with r, if one does.
func (b *backoff) throttled(r throttledResponse) (delay time.Duration, began bool) {
	switch {
	case r.now.Before(b.until) || r.sent.Before(b.until):
		return 0, false // it was sent before the running delay, or the last one, was over
	case r.retries == 0 && b.inFlight > 0:
		return 0, false // the response to the retries themselves will show
	case r.accepted == 0:
		b.fruitless++
		b.limit = 1
	case r.retries > 0:
		b.fruitless = max(1, b.fruitless-1)
		b.limit = max(1, b.limit/2)
	default:
		b.fruitless = max(1, b.fruitless)
		b.limit = 1
	}
	bound := b.bound(b.fruitless)
	// At the longest delay rows that are never accepted would hold up the window one by one: they go
	// together.
	if r.fitsOneRequest || r.accepted == 0 && (r.unavailable || bound == b.maxDelay) {
		b.limit = b.maxRows
	}
	delay = b.jitter(bound)
	b.until = r.now.Add(delay)
	return delay, true
}

// bound returns the longest delay after the n-th throttled response in a row, n from 1.
func (b *backoff) bound(n int) time.Duration { return delayBound(b.minDelay, b.maxDelay, n) }

// Delay returns how long to wait after the n-th failure in a row of a request that carries no rows,
// n from 1: a random part of a bound that doubles from minDelay up to maxDelay.
func Delay(minDelay, maxDelay time.Duration, n int) time.Duration {
	return fullJitter(delayBound(minDelay, maxDelay, n))
}

func delayBound(minDelay, maxDelay time.Duration, n int) time.Duration {
	d := minDelay
	for ; n > 1 && d < maxDelay; n-- {
		if d > maxDelay/2 {
			return maxDelay
		}
		d *= 2
	}
	return min(d, maxDelay)
}

// fullJitter returns a random part of bound, so that many writers do not come back at once.
// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
func fullJitter(bound time.Duration) time.Duration { return rand.N(bound + 1) }
