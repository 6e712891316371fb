package progress

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// Without a terminal there is a line every ten seconds and one at the end, and no goroutine stays.
func TestPlainLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		began := time.Now()
		r := Start(&out, nil, func() Sample {
			n := 100 * int(time.Since(began).Seconds())
			return Sample{Rows: n, Failed: n / 1000, Taken: n, Units: 2 * float64(n), Read: int64(n), Size: 10000, Holding: "the table's capacity"}
		})
		time.Sleep(31 * time.Second)
		r.Stop()
		assert.Equal(t, `1,000 rows (1 failed), 100 rows/s, 200 units/s, 1m30s left, held back by the table's capacity
2,000 rows (2 failed), 100 rows/s, 200 units/s, 1m20s left, held back by the table's capacity
3,000 rows (3 failed), 100 rows/s, 200 units/s, 1m10s left, held back by the table's capacity
3,100 rows (3 failed), 100 rows/s, 200 units/s in 31s
`, out.String())
	})
}

// On a terminal there is a bar, which fits into the terminal's width and goes at the end.
func TestBar(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int64{"known size": 1000, "unknown size": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				began := time.Now()
				r := Start(&out, func() int { return 80 }, func() Sample {
					n := int(time.Since(began) / (10 * time.Millisecond))
					return Sample{Rows: n, Taken: n, Units: float64(n), Read: int64(n), Size: size}
				})
				time.Sleep(5100 * time.Millisecond)
				r.Stop()
				bar, last, found := strings.Cut(out.String(), "510 rows, ")
				assert.True(t, found)
				assert.Equal(t, "100 rows/s, 100 units/s in 5.1s\n", last)
				assert.NotContains(t, bar, "\n")
				for frame := range strings.SplitSeq(bar, "\r") {
					assert.LessOrEqual(t, len([]rune(strings.TrimSuffix(frame, "\033[0K"))), 80, "%q", frame)
				}
				assert.Contains(t, bar, "480 rows, 100 rows/s")
				if size > 0 {
					assert.Contains(t, bar, " 50% ")
					assert.Contains(t, bar, "left")
				}
			})
		})
	}
}

// What does not fit beside the bar is cut off, on a terminal that has no room for any of it too.
func TestCut(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]string{0: "1,000 rows", 20: "", 32: "", 37: "1,000", 42: "1,000 rows", 80: "1,000 rows"} {
		assert.Equal(t, want, cut("1,000 rows", width), width)
	}
}

// A load that settles nothing promises no time.
func TestNothingSettled(t *testing.T) {
	t.Parallel()
	now := time.Now()
	assert.Equal(t, "0 rows, 0 rows/s, 0 units/s", describe(timed{Sample{Size: 100}, now}, timed{Sample{Size: 100, Read: 100, Taken: 50}, now.Add(time.Second)}))
}

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1000: "-1,000", -100: "-100", 1234567: "1,234,567"} {
		assert.Equal(t, want, Count(n))
	}
}
