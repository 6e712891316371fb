package main

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/dynamodest/dynamodest"
)

// step writes endless rows to a table whose capacity is raised and then cut.
func step(ctx context.Context, b *harness) ([]figure, error) {
	const low, high = 500, 5000
	before, after := 8*time.Second, 16*time.Second
	if b.short {
		before, after = before/2, after/2
	}
	table, err := b.table(Table{UnitsPerSecond: low})
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := b.write(running, table, rows(-1, 0))
		ended <- err
	}()
	_, err1 := b.watch(table, before)
	err2 := b.server.set(high)
	raised, err3 := b.watch(table, after)
	err4 := b.server.set(low)
	cut, err5 := b.watch(table, after)
	stop()
	if err := <-ended; !errors.Is(err, dynamodest.ErrStopped) {
		return nil, errors.Join(errors.New("the run ended early"), err)
	}
	reached := raised.since(func(u Usage, seconds float64) bool { return u.Written >= 0.9*high*seconds })
	settled := cut.since(func(u Usage, _ float64) bool { return u.Refused <= 0.05*u.Written })
	return []figure{
		{"raised: seconds until the rate is 90 % of the new", "%.1f", 10, reached, atMost},
		{"cut: seconds until under 5 % are refused", "%.1f", 10, settled, atMost},
	}, errors.Join(err1, err2, err3, err4, err5)
}

// samples is a table's usage over time.
type samples []sample

type sample struct {
	at float64 // seconds since the first sample
	Usage
}

// watch samples a table's usage for the given time.
func (b *harness) watch(table string, length time.Duration) (samples, error) {
	const every = 100 * time.Millisecond
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var s samples
	for begin := time.Now(); time.Since(begin) < length; <-ticker.C {
		u, err := b.server.usage(table)
		if err != nil {
			return s, err
		}
		s = append(s, sample{time.Since(begin).Seconds(), u})
	}
	return s, nil
}

// since returns the first time, in seconds, from which good holds both over the next second and
// over all the rest. It returns +Inf if there is no such time.
func (s samples) since(good func(u Usage, seconds float64) bool) float64 {
	holds := func(from, to sample) bool {
		return good(Usage{to.Written - from.Written, to.Refused - from.Refused}, to.at-from.at)
	}
	end := len(s) - 1
	for i, next := 0, 0; i < end; i++ {
		for next < end && s[next].at < s[i].at+1 {
			next++
		}
		if holds(s[i], s[next]) && holds(s[i], s[end]) {
			return s[i].at
		}
	}
	return math.Inf(1)
}
