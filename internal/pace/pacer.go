package pace

const minRate, maxRate = 0.5, 1e7 // units/s

// pacer spaces requests in time so that their units keep to a rate.
type pacer struct {
	rate  float64 // units/s
	next  float64 // second from which the next request may go
	slack float64 // seconds of lateness that are caught up; the rest is lost
}

// reserve advances the schedule by the request's share of the rate and returns the idle time before
// the request, in seconds: time of the rate that is lost.
func (p *pacer) reserve(now, units float64) (idle float64) {
	idle = max(0, now-p.next-p.slack)
	p.next += idle + units/p.rate
	return idle
}

// adjust corrects the schedule by units that a response added to its request's, or took from them.
func (p *pacer) adjust(now, units float64) {
	p.next = max(min(p.next, now-p.slack), p.next+units/p.rate)
}

// setRate changes the rate, also for the request that is waiting.
func (p *pacer) setRate(now, rate float64) {
	rate = max(minRate, min(maxRate, rate))
	if p.next > now {
		p.next = now + (p.next-now)*p.rate/rate
	}
	p.rate = rate
}
