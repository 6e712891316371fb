package measure

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRoundsAlternate holds that in 2n rounds each contestant runs twice in each place.
func TestRoundsAlternate(t *testing.T) {
	t.Parallel()

	const n = 3
	var ran []string
	var contestants []Contestant
	for _, name := range []string{"a", "b", "c"} {
		contestants = append(contestants, Contestant{Name: name, Observe: func(context.Context) (Usage, error) {
			ran = append(ran, name)
			return Usage{Rows: len(ran), Wall: time.Second}, nil
		}})
	}
	runs, err := Rounds(t.Context(), 2*n, contestants)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b", "c"}, ran[:n], "to warm up")
	ran = ran[n:]
	places := map[string][]int{}
	for i, name := range ran {
		places[name] = append(places[name], i%n)
	}
	for name, in := range places {
		slices.Sort(in)
		assert.Equal(t, []int{0, 0, 1, 1, 2, 2}, in, name)
	}
	for round := range 2 * n {
		for name := range places {
			at := slices.Index(ran[round*n:(round+1)*n], name)
			assert.Equal(t, n+round*n+at+1, runs[name][round].Rows, "the runs are in the order of the rounds")
		}
	}
	assert.Len(t, runs.Values("a", Rate), 2*n)
}

func TestRoundsFail(t *testing.T) {
	t.Parallel()

	broken := errors.New("broken")
	_, err := Rounds(t.Context(), 1, []Contestant{{Name: "the one", Rows: 1, Run: func(context.Context) error { return broken }}})
	require.ErrorIs(t, err, broken)
	assert.ErrorContains(t, err, "the one")
}

func TestObserve(t *testing.T) {
	var kept [][]byte
	u, err := Observe(t.Context(), 1000, func(context.Context) error {
		for range 1000 {
			kept = append(kept, make([]byte, 4096))
		}
		return nil
	})
	require.NoError(t, err)
	assert.Len(t, kept, 1000)
	assert.GreaterOrEqual(t, Allocs.Of(u), 1.0)
	assert.GreaterOrEqual(t, Bytes.Of(u), 4096.0)
	assert.Positive(t, u.Wall)
	peak, err := PeakMemory()
	require.NoError(t, err)
	assert.Greater(t, peak, uint64(1000*4096))
}

// TestRatiosAreOfTheSameRound holds that a slow round, which both share, changes no ratio.
func TestRatiosAreOfTheSameRound(t *testing.T) {
	t.Parallel()

	f := Figure{
		Peer: "peer", Rule: AtMost, Bound: 0.5,
		Samples:     []float64{1, 10, 2, 1, 1, 1},
		PeerSamples: []float64{2, 20, 4, 2, 2, 2},
	}
	assert.InDelta(t, 0.5, f.Decisive().Center, 1e-9)
	assert.InDelta(t, 0.5, f.Decisive().Lo, 1e-9)
	assert.InDelta(t, 0.5, f.Decisive().Hi, 1e-9)
	assert.Equal(t, []float64{1, 10, 2, 1, 1, 1}, f.Samples, "the samples keep their order")
	assert.Equal(t, Met, f.Verdict())
}

func TestVerdicts(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		rule Rule
		got  float64
		want Verdict
	}{
		"nothing wanted":           {Info, 99, None},
		"at most, equal":           {AtMost, 10, Met},
		"at most, close":           {AtMost, 10.9, Close},
		"at most, missed":          {AtMost, 11.1, Missed},
		"at least, equal":          {AtLeast, 10, Met},
		"at least, close":          {AtLeast, 9.1, Close},
		"at least, missed":         {AtLeast, 8.9, Missed},
		"below, less":              {Below, 9.9, Met},
		"below, equal":             {Below, 10, Close},
		"below, missed":            {Below, 11.1, Missed},
		"at least, without number": {AtLeast, nan(), Missed},
	} {
		f := Figure{Name: name, Samples: []float64{tt.got}, Rule: tt.rule, Bound: 10}
		assert.Equal(t, tt.want, f.Verdict(), name)
		absent := f.NotMeasured("there is none")
		if tt.rule == Info {
			assert.Equal(t, None, absent.Verdict(), name)
		} else {
			assert.Equal(t, Missed, absent.Verdict(), "%s: what was not measured is not met", name)
		}
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

func TestFailed(t *testing.T) {
	t.Parallel()

	within := Figure{Name: "within", Samples: []float64{10.9}, Rule: AtMost, Bound: 10}
	missed := Figure{Name: "far off", Samples: []float64{20}, Rule: AtMost, Bound: 10}
	require.NoError(t, Failed(nil))
	require.NoError(t, Failed([]Figure{within, {Name: "info", Samples: []float64{1}}}))
	err := Failed([]Figure{within, missed})
	var failed *MissedError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, []string{`"far off"`}, failed.Names)
}

func TestPrint(t *testing.T) {
	t.Parallel()

	seven := []float64{1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6}
	double := make([]float64, len(seven))
	for i, v := range seven {
		double[i] = 2 * v
	}
	var b strings.Builder
	Print(&b, []Figure{
		{Name: "CPU a row", Unit: "µs", Subject: "ours", Peer: "loop", Samples: seven, PeerSamples: double, Rule: AtMost, Bound: 0.35},
		{Name: "rows a second", Unit: "rows/s", Subject: "ours", Peer: "loop", Samples: []float64{123_456}, PeerSamples: []float64{61_728}, Rule: AtLeast, Bound: 1.8},
		{Name: "share", Samples: []float64{97.123}},
		{Name: "live heap", Unit: "MiB", Samples: []float64{9}, Rule: Below, Bound: 64},
		Figure{Name: "boto3", Subject: "boto3", Peer: "loop"}.NotMeasured("python3 with boto3 is not installed"),
	})
	assert.Equal(t, strings.TrimLeft(`
figure         measured                                           peer                 ratio                      wanted    verdict
CPU a row      ours: 1.3 µs ± 23%                                 loop: 2.6 µs ± 23%   0.5 (0.5 to 0.5, p=0.001)  ≤ 0.35    MISSED
rows a second  ours: 123,456 rows/s                               loop: 61,728 rows/s  2 (n=1)                    ≥ 1.8     met
share          97.1                                               -                    -                          -         -
live heap      9 MiB                                              -                    -                          < 64 MiB  met
boto3          not measured: python3 with boto3 is not installed  -                    -                          -         -
`, "\n"), b.String())
}

func TestNumber(t *testing.T) {
	t.Parallel()

	for v, want := range map[float64]string{0: "0", 0.03125: "0.0312", 9.876: "9.88", 999: "999", 1234: "1,234", 10_000_000: "10,000,000", -1234: "-1,234"} {
		assert.Equal(t, want, Number(v), "%v", v)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()

	for n, want := range map[int]string{0: "0 rows", 1: "1 row", 2: "2 rows", 1000: "1,000 rows"} {
		assert.Equal(t, want, Count(n, "row"))
	}
}
