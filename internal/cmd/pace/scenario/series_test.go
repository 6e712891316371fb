package scenario

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest"
)

// at returns samples every 0.1 s from second 5 on; rate returns the units a second that are written
// and refused so many seconds after the first.
func at(seconds float64, rate func(float64) (written, refused float64)) samples {
	s := samples{{at: 5}}
	for i := range int(seconds * 10) {
		written, refused := rate(float64(i) / 10)
		next := s[i]
		next.at += 0.1
		next.Written += written / 10
		next.Refused += refused / 10
		s = append(s, next)
	}
	return s
}

func TestSince(t *testing.T) {
	t.Parallel()

	const rate = 2000
	full := func(s sample) bool { return s.Written >= 0.9*rate*s.at }
	from := func(start, dip float64) samples {
		return at(20, func(t float64) (float64, float64) {
			if t < start || t >= dip {
				return 100, 0
			}
			return rate, 0
		})
	}
	assert.InDelta(t, 0, from(0, 99).since(full), 1e-9)
	assert.InDelta(t, 2.9, from(3, 99).since(full), 0.051, "a second of which 95 % are full is at 90 %")
	assert.InDelta(t, math.Inf(1), from(99, 99).since(full), 0, "never")
	assert.InDelta(t, math.Inf(1), from(3, 12).since(full), 0, "it does not last")
	assert.InDelta(t, math.Inf(1), samples{}.since(full), 0)

	calm := func(s sample) bool { return s.Refused <= 0.05*s.Written }
	settled := at(16, func(t float64) (float64, float64) {
		if t < 2 {
			return rate, rate
		}
		return rate, 0
	})
	assert.InDelta(t, 2, settled.since(calm), 0.051)
}

func TestTotal(t *testing.T) {
	t.Parallel()

	s := samples{
		{at: 1, Usage: Usage{Written: 100, Refused: 10, Others: 40}, returned: 5},
		{at: 2, Usage: Usage{Written: 150, Refused: 15, Others: 60}, returned: 6},
		{at: 4, Usage: Usage{Written: 300, Refused: 30, Others: 140}, returned: 9},
	}
	assert.Equal(t, sample{at: 3, Usage: Usage{Written: 200, Refused: 20, Others: 100}, returned: 4}, s.total())
	assert.InDelta(t, 100, s.total().ours(), 0)
	assert.Zero(t, samples{}.total())
}

func TestThin(t *testing.T) {
	t.Parallel()

	for _, n := range []int{0, 1, 2, 10, 11, 12, 21, 22, 1000} {
		s := make(samples, n)
		for i := range s {
			s[i].at = float64(i)
		}
		few := s.thin(10)
		assert.LessOrEqual(t, len(few), 11, "%d", n)
		assert.Equal(t, s.total(), few.total(), "%d", n)
		if n <= 11 {
			assert.Equal(t, s, few, "%d", n)
		}
	}
}

func TestReturned(t *testing.T) {
	t.Parallel()

	request := dynamodest.Request{Op: "BatchWriteItem", Rows: 25}
	assert.Equal(t, 0, returned(dynamodest.Response{Request: request}))
	assert.Equal(t, 7, returned(dynamodest.Response{Request: request, Unprocessed: 7}))
	assert.Equal(t, 25, returned(dynamodest.Response{Request: request, Reason: dynamodest.ErrThrottled}))
	assert.Equal(t, 0, returned(dynamodest.Response{Request: request, Reason: dynamodest.ErrUnavailable}))
}
