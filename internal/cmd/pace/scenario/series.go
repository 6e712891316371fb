package scenario

import (
	"context"
	"math"
	"time"
)

// series is the usage of the newest table since it was created, and its capacity.
type series struct {
	began    time.Time
	samples  samples
	capacity []level
}

// level is a capacity, in units a second, and the moment from which it holds. A table without a
// limit has none.
type level struct {
	from  float64 // seconds since the table was created
	units float64
}

// samples is a table's usage over time.
type samples []sample

type sample struct {
	at float64 // seconds since the table was created
	Usage
	returned float64 // rows of ours that came back unprocessed or throttled, as the library reports them
}

// minus returns what happened since an earlier sample.
func (s sample) minus(from sample) sample {
	return sample{
		at:       s.at - from.at,
		Usage:    Usage{s.Written - from.Written, s.Refused - from.Refused, s.Others - from.Others},
		returned: s.returned - from.returned,
	}
}

// ours returns the units that the library wrote.
func (s sample) ours() float64 { return s.Written - s.Others }

// watch samples a table's usage for the given time, or until ctx ends if that is sooner.
func (b *Harness) watch(ctx context.Context, table string, length time.Duration) (samples, error) {
	const every = 100 * time.Millisecond
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var s samples
	for begin := time.Now(); time.Since(begin) < length && ctx.Err() == nil; {
		u, err := b.server.usage(table)
		if err != nil {
			return s, err
		}
		s = append(s, sample{time.Since(b.series.began).Seconds(), u, float64(b.returned.Load())})
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
	b.series.samples = append(b.series.samples, s...)
	return s, nil
}

// total returns what happened from the first sample to the last.
func (s samples) total() sample {
	if len(s) == 0 {
		return sample{}
	}
	return s[len(s)-1].minus(s[0])
}

// since returns the time, in seconds after the first sample, from which good holds both over the
// next second and over all the rest. It returns +Inf if there is no such time.
func (s samples) since(good func(sample) bool) float64 {
	end := len(s) - 1
	for i, next := 0, 0; i < end; i++ {
		for next < end && s[next].at < s[i].at+1 {
			next++
		}
		if good(s[next].minus(s[i])) && good(s[end].minus(s[i])) {
			return s[i].at - s[0].at
		}
	}
	return math.Inf(1)
}

// thin returns at most n+1 of the samples, evenly spaced, the first and the last among them.
func (s samples) thin(n int) samples {
	every := max(1, (len(s)-1+n-1)/n)
	if every == 1 {
		return s
	}
	var few samples
	for i := 0; i < len(s)-1; i += every {
		few = append(few, s[i])
	}
	return append(few, s[len(s)-1])
}
