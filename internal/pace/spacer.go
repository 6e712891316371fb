package pace

const leastRate, mostRate = 1, 1e7 // units/s

// spacer spaces requests in time so that their units keep to a rate.
type spacer struct {
	rate  float64 // units/s
	next  float64 // moment, in seconds, from which the next request may go
	slack float64 // seconds of lateness that are caught up; the rest is lost
}

// spend takes the time that a request of so many units has for itself, and tells the seconds that were lost before it.
func (s *spacer) spend(now, units float64) (lost float64) {
	lost = max(0, now-s.next-s.slack)
	s.next += lost + units/s.rate
	return lost
}

// correct adds units that were learned of afterwards, or gives them back.
func (s *spacer) correct(now, units float64) {
	s.next = max(min(s.next, now-s.slack), s.next+units/s.rate)
}

// setRate changes the rate, also for the request that waits.
func (s *spacer) setRate(now, rate float64) {
	rate = max(leastRate, min(mostRate, rate))
	if s.next > now {
		s.next = now + (s.next-now)*s.rate/rate
	}
	s.rate = rate
}
