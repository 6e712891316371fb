package pace

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEvidence(t *testing.T) {
	t.Parallel()
	var e evidence
	assert.Zero(t, e.share())
	assert.Zero(t, e.variance())
	e.add(10, 10)
	e.add(30, 0)
	e.add(10, 0)
	assert.Equal(t, evidence{responses: 3, rejections: 1, cleanRun: 2, asked: 50, rejected: 10, squares: 1}, e)
	assert.InDelta(t, 0.2, e.share(), 1e-9)
	assert.InDelta(t, 1.0/3-0.04, e.variance(), 1e-9)
}

// The best rate is one that lasted for three epochs, and fades by half in a minute unless it is kept.
func TestBest(t *testing.T) {
	t.Parallel()
	var b best
	b.start(0)
	now, applied := 0.0, 0.0
	epoch := func(rate float64, keep bool) {
		now, applied = now+bestEpoch, applied+rate*bestEpoch
		b.note(now, applied, keep)
	}
	epoch(1000, false)
	epoch(5000, false)
	assert.Zero(t, b.rate)
	epoch(2000, false)
	assert.InDelta(t, 1000, b.rate, 1e-6)
	epoch(2000, false)
	assert.InDelta(t, 2000, b.rate, 1e-6)
	for range 80 {
		epoch(0, true)
	}
	assert.InDelta(t, 2000, b.rate, 1e-6, "kept")
	for range 240 {
		epoch(0, false)
	}
	assert.InDelta(t, 1000, b.rate, 1e-6, "after a minute")
}

// Noise of requests that are rejected whole needs more responses to be exceeded than noise of rows that
// are returned evenly.
func TestNoise(t *testing.T) {
	t.Parallel()
	exceeded := func(n noise, share float64) (responses int) {
		for !n.exceeded() && responses < 10_000 {
			n.add(share, false)
			responses++
		}
		return responses
	}
	even := noise{share: 0.10, variance: 0.004}
	whole := noise{share: 0.10, variance: 0.09}
	assert.True(t, even.present())
	assert.False(t, new(noise).present())
	assert.Equal(t, 10_000, exceeded(even, 0.15), "within the slack")
	assert.Equal(t, 14, exceeded(even, 0.30))
	assert.Equal(t, 60, exceeded(whole, 0.30))
}

// A call that fits one request does not wait for the learned rate until the table has rejected something,
// nor later, once it has rejected nothing for a while; it does if another request is in flight.
func TestSmallCallsDoNotWaitWhileTheTableAccepts(t *testing.T) {
	t.Parallel()
	p := New(Config{Start: 5})
	now := time.Duration(0)
	small := func(rejected float64) {
		wait, unpaced := p.WaitSmall(now)
		require.Zero(t, wait)
		require.True(t, unpaced)
		p.SentUnpaced(now, 25)
		p.Done(Sample{Sent: now, Now: now + time.Millisecond, Units: 25, Rows: 25, Rejected: rejected})
		now += 2 * time.Millisecond
	}
	for range 100 {
		small(0)
	}
	assert.Less(t, p.learned.rate, 10.0, "the learned rate has not moved")
	assert.Zero(t, p.Wait(now), "and owes nothing")
	p.SentUnpaced(now, 25)
	_, unpaced := p.WaitSmall(now)
	assert.False(t, unpaced, "beside another request")
	p.Done(Sample{Sent: now, Now: now, Units: 25, Rows: 25})
	small(5)
	now += 9 * time.Second
	_, unpaced = p.WaitSmall(now)
	assert.False(t, unpaced, "after a rejection")
	now += 2 * time.Second
	small(0)
}

// The cap delays small calls too.
func TestSmallCallsKeepToTheCap(t *testing.T) {
	t.Parallel()
	p := New(Config{Cap: 10})
	wait, unpaced := p.WaitSmall(0)
	assert.Zero(t, wait)
	assert.True(t, unpaced)
	p.SentUnpaced(0, 25)
	p.Done(Sample{Now: time.Millisecond, Units: 25})
	wait, _ = p.WaitSmall(time.Millisecond)
	assert.Equal(t, time.Second, wait, "2.5 s in all")
}

// A drain tells a lack of capacity from noise and from other writers.
func TestDrain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		share    float64 // rejected in the drain
		phase    phase   // afterwards
		capacity float64
		noise    float64
	}{
		{"nothing is rejected: the capacity fell", 0, steady, 500, 0},
		{"as much as before: noise", 0.3, probe, 2000, 0.3},
		{"nearly everything: others have the table", 0.9, contended, 2000, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := New(Config{Start: 16_000})
			accept(p, 0, 1)
			p.capacity = 2000
			p.drain(0, 0.3, 500)
			assert.InDelta(t, 100, p.learned.rate, 1e-9, "a fifth of what was accepted")
			now := time.Duration(0)
			for i := 0; i < 1000 && p.phase == contended && now < 10*time.Second; i++ {
				now = untilFree(t, p, now)
				p.Sent(now, 10)
				p.Done(Sample{Sent: now, Now: now + time.Millisecond, Units: 10, Rows: 10, Rejected: 10 * tt.share})
			}
			assert.Equal(t, tt.phase, p.phase)
			assert.InDelta(t, tt.capacity, p.capacity, 1e-9)
			assert.InDelta(t, tt.noise, p.noise.share, 1e-9)
			assert.False(t, math.IsNaN(p.learned.rate))
		})
	}
}

// A drain before there is any estimate that finds noise goes back up from its own rate.
func TestNoiseWithoutAnEstimate(t *testing.T) {
	t.Parallel()
	p := New(Config{})
	accept(p, 0, 1)
	p.drain(0, 1, 100_000)
	now := time.Duration(0)
	for i := 0; i < 1000 && (i < 30 || p.phase == contended); i++ {
		now = untilFree(t, p, now)
		rejected := 5.0
		if i < 30 { // cut once, by a share that is no noise
			rejected = 9
		}
		p.Sent(now, 20)
		p.Done(Sample{Sent: now, Now: now + time.Microsecond, Units: 20, Rows: 20, Rejected: rejected, Consumed: 20 - rejected})
	}
	require.Equal(t, probe, p.phase)
	require.True(t, p.noise.present())
	assert.GreaterOrEqual(t, p.learned.rate, 100.0)
	p.Sent(now, 20) // of another call
	p.Done(Sample{Sent: now, Now: now + time.Millisecond, Units: 20, Rows: 20, Consumed: 20})
	assert.False(t, math.IsNaN(p.learned.next) || math.IsInf(p.learned.next, 0), "%g", p.learned.next)
}

// A failed request takes no more time from the curve than it took of the rate.
func TestFailedSmallCallsDoNotHoldTheRateUp(t *testing.T) {
	t.Parallel()
	p := New(Config{Start: 5})
	now := time.Duration(0)
	for range 1000 {
		wait, unpaced := p.WaitSmall(now)
		require.Zero(t, wait)
		require.True(t, unpaced)
		p.SentUnpaced(now, 25)
		now += time.Millisecond
		p.Done(Sample{Sent: now - time.Millisecond, Now: now, Units: 25, Rows: 25, Failed: true})
	}
	for began := now; now < began+10*time.Second; {
		now = untilFree(t, p, now)
		accept(p, now, min(25, p.Budget()))
	}
	assert.Greater(t, p.learned.rate, 100.0, "ten seconds after the failures")
}
