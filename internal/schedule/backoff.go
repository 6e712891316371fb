package schedule

import (
	"math/rand/v2"
	"time"
)

// backoff decides when retries may go, and how many at once. It delays the queue and not each row,
// so that one row's delay does not stall the others.
//
// After a request none of whose retries were accepted, the retry queue closes for a random delay (full
// jitter); its upper bound doubles while retries make no progress. When it reopens it starts with one
// probe row; each accepted row admits two more (slow start), so a hot key range gets only as many
// retries as it accepts, and waiting rows use no attempts. If at least half of the retries of a request
// were accepted, the queue stays open; if fewer were, it closes, and opens for as many. New rows admit
// no retries: they may have other keys, or use the capacity meant for the retries. For the same reason
// a request of new rows closes the queue only if none was accepted. A call that fits one request sends
// its rows together, and backs off whenever rows come back, since no other row waits for the delay.
//
// While the table accepts most new rows it has room, and requests without progress speak for the keys
// of their retries alone. Then the queue widens: from the third such request in a row on, each doubles
// the retries that may go at the next opening, up to four requests' worth, so that rows that stay
// refused do not wait for one another. If more rows wait than that, they are probably of a hot range
// that accepts some, and the queue widens from the seventh on.
type backoff struct {
	minDelay, maxDelay time.Duration
	jitter             func(bound time.Duration) time.Duration
	maxRows            int // of one request

	fruitless int       // requests with no row accepted, less those with some
	streak    int       // requests with retries since one was accepted
	progress  time.Time // when a retry was last accepted
	until     time.Time // closed until then
	limit     int       // retried rows that may be in flight
	inFlight  int       // retried rows in flight
	newRows   newRowCount
}

// When and how far the queue widens.
const (
	widenAfter     = 2 // requests with retries and without progress
	widenMassAfter = 6 // the same if more retries wait than may go at once
	widest         = 4 // requests' worth of rows
)

// newRowCount counts what became of the last rows that no request had carried before.
type newRowCount struct{ accepted, rejected int }

// recentRows is about how many new rows are remembered: ten requests' worth.
const recentRows = 250

func (n *newRowCount) add(accepted, rejected int) {
	n.accepted += accepted
	n.rejected += rejected
	if n.accepted+n.rejected > recentRows {
		n.accepted /= 2
		n.rejected /= 2
	}
}

// mostAccepted reports whether at least half of them were accepted.
func (n *newRowCount) mostAccepted() bool { return n.accepted > 0 && n.accepted >= n.rejected }

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
func (b *backoff) accepted(retries int, now time.Time) {
	if retries > 0 {
		b.someAccepted(now)
		b.limit = max(b.limit, b.inFlight+2*retries)
	}
}

// someAccepted records a request with retries of which some were accepted.
func (b *backoff) someAccepted(now time.Time) {
	b.fruitless, b.streak, b.progress = max(0, b.fruitless-1), 0, now
}

// open ends the delay, and forgets past failures but not how many retries may go.
func (b *backoff) open() { b.fruitless, b.streak, b.until = 0, 0, time.Time{} }

// reset forgets past failures once the retry queue is empty.
func (b *backoff) reset() { b.fruitless, b.streak, b.limit = 0, 0, 1 }

// throttledResponse is a response after which rows are to be sent again.
type throttledResponse struct {
	sent, now      time.Time
	retries        int  // retried rows that the request carried
	accepted       int  // rows accepted: of the retried ones, if there were any
	unavailable    bool // for another reason than capacity, which fewer rows would not help
	fitsOneRequest bool // the whole call has no more rows than one request takes
	mass           bool // more retries wait than may go at once when the queue is widest

	setApart bool // rows of the request leave the queue: they were set apart
	resent   int  // the most times that one of the refused rows that stay was resent
}

// throttled returns the delay that begins with r, if one does.
func (b *backoff) throttled(r throttledResponse) (delay time.Duration, began bool) {
	if !r.fitsOneRequest && r.accepted > 0 {
		switch {
		case r.retries == 0:
			return 0, false
		case 2*r.accepted >= r.retries:
			b.someAccepted(r.now)
			b.limit = b.inFlight + 2*r.accepted
			return 0, false
		}
	}
	switch {
	case r.now.Before(b.until) || r.sent.Before(b.until):
		return 0, false // it was sent before the running delay, or the last one, was over
	case r.retries == 0 && b.inFlight > 0:
		return 0, false // the response to the retries themselves will show
	case r.accepted == 0:
		b.noneAccepted(r)
	case r.retries > 0:
		b.someAccepted(r.now)
		b.limit = r.accepted
	}
	if r.setApart && b.fruitless == 0 {
		return 0, true // no row is left that was refused before
	}
	b.fruitless = max(1, b.fruitless)
	bound := b.bound(b.fruitless)
	// At the longest delay rows that are never accepted would hold up the window one by one: they go
	// together.
	if r.fitsOneRequest || r.accepted == 0 && (r.unavailable || bound == b.maxDelay) {
		b.limit = max(b.limit, b.maxRows)
	}
	delay = b.jitter(bound)
	b.until = r.now.Add(delay)
	return delay, true
}

// noneAccepted records a response with no row accepted. After retries that were accepted at the same
// opening it only ends their burst: the delay need not be longer. If rows were set apart, their failures
// no longer count: those of the rows that stay decide about the delay.
func (b *backoff) noneAccepted(r throttledResponse) {
	switch {
	case r.setApart:
		b.fruitless = r.resent
	case b.fruitless > 0 && r.retries > 0 && b.progress.After(b.until):
	case b.bound(b.fruitless) < b.maxDelay:
		b.fruitless++
	}
	if r.retries > 0 {
		b.streak++
	}
	b.limit = 1
	if b.newRows.mostAccepted() && !r.unavailable {
		after := widenAfter
		if r.mass {
			after = widenMassAfter
		}
		for n := after; n < b.streak && b.limit < widest*b.maxRows; n++ {
			b.limit *= 2
		}
		b.limit = min(b.limit, widest*b.maxRows)
	}
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
