package schedule

import "time"

// A row that is refused again and again, although the table accepts most new rows, is stubborn: its key
// is throttled, and other rows need not wait for it. It is set apart from the retry queue, waits for
// delays of its own, and goes in requests of stubborn rows alone, so that "no row was accepted" says
// something about it.
const (
	// stubbornAfter is the number of requests with a transient failure after which a row is stubborn.
	stubbornAfter = 5

	// minStubbornDelay is the number of failures after which a backoff is as long as the first delay of a
	// stubborn row: with 4 its bound is 8 × MinDelay.
	minStubbornDelay = 4
)

func (r *Row) stubborn() bool { return r.charged >= stubbornAfter }

// delayRefused puts the rows that r refused back into the queues. last is the cause of the stop, should
// r be the last response of an outage.
func (s *Scheduler) delayRefused(r *Response, refused []*Row, t throttledResponse, last Outage) {
	b := r.Batch
	waiting := s.retries.Len() + s.backoff.inFlight + b.retries
	t.mass = waiting > widest*s.cfg.MaxBatchRows
	apart := b.stubborn || s.maySetApart(r, &t, waiting)
	for _, row := range refused {
		if row.stubborn() {
			t.setApart = apart
		} else {
			t.resent = max(t.resent, row.charged-1)
		}
	}
	if !b.stubborn {
		s.beginBackoff(r, t, last)
	}
	delays := make(map[int]time.Duration)
	for _, row := range refused {
		switch {
		case !apart || !row.stubborn():
			s.enqueueRetry(row.queue)
		case t.accepted > 0:
			s.setApart(row, r.Done, minStubbornDelay, delays)
		default:
			s.setApart(row, r.Done, max(row.fruitlessAttempts, minStubbornDelay), delays)
		}
	}
}

// maySetApart reports whether stubborn rows of r's request may be set apart. They may if at least half of
// its retries were accepted: the others need not wait. They may not if other stubborn rows were accepted
// lately, or if so many retries wait that they cannot go together: then they are probably of a hot key
// range that accepts some of its rows, and should use no attempts.
func (s *Scheduler) maySetApart(r *Response, t *throttledResponse, waiting int) bool {
	retries := r.Batch.retries
	switch {
	case retries == 0, t.unavailable, s.FitsOneRequest(), !s.backoff.newRows.mostAccepted():
		return false
	case 2*t.accepted >= retries:
		return true
	}
	return waiting <= max(1, s.backoff.limit) && !s.stubbornLately(r.Done)
}

// stubbornLately reports whether a stubborn row was accepted within the longest delay.
func (s *Scheduler) stubbornLately(now time.Time) bool {
	return now.Sub(s.stubbornAccepted) < s.cfg.MaxDelay
}

// setApart makes a stubborn row wait for a delay of its own, as long as that after n failures in a row.
// delays has the delays drawn for the rows of one request, by n: rows with the same n stay together.
func (s *Scheduler) setApart(row *Row, now time.Time, n int, delays map[int]time.Duration) {
	q := row.queue
	if !s.dropExhausted(q) {
		return
	}
	delay, drawn := delays[n]
	if !drawn {
		delay = s.cfg.Jitter(s.backoff.bound(n))
		delays[n] = delay
	}
	s.stats.Backoff = max(s.stats.Backoff, delay)
	q.place, q.due = q.oldest(), now.Add(delay)
	s.stubborn.put(q)
}

// wakeStubborn ends the delays of stubborn rows that are over. The rows go alone, unless a stubborn row
// was accepted lately: then they may be of a hot key range that accepts some rows, and join the retries,
// which go together with new rows and use up no attempts while some of them are accepted.
func (s *Scheduler) wakeStubborn(now time.Time) {
	for s.stubborn.Len() > 0 && !now.Before(s.stubborn.first().due) {
		q := s.stubborn.first()
		s.stubborn.take()
		if s.stubbornLately(now) {
			s.retries.put(q)
		} else {
			s.alone.put(q)
		}
	}
}
