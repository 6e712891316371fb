package scenario

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var rewrite = flag.Bool("rewrite", false, "write the drawing into testdata")

// fixed returns a series of so many samples: the table is cut from 2,000 to 500 units a second, and
// another writer takes 1,000 in every other second.
func fixed(n int) series {
	s := series{capacity: []level{{0, 2000}, {float64(n) / 20, 500}}}
	var now sample
	for i := range n {
		now.at = 0.02 + float64(i)/10
		s.samples = append(s.samples, now)
		written := 200 - float64(i%7)
		if i >= n/2 {
			written = 50
			now.returned += float64(i % 5)
		}
		if i/10%2 == 1 {
			now.Others += min(100, written)
		}
		now.Written += written
	}
	return s
}

// TestChart compares a drawing with the file that a reader has looked at. After a change that is
// meant to show in it, run it with -rewrite and look at the file again.
func TestChart(t *testing.T) {
	t.Parallel()

	const file = "testdata/chart.svg"
	got := fixed(101).chart("fixed: 2,000 write units a second, then 500").svg()
	if *rewrite {
		require.NoError(t, os.WriteFile(file, got, 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
	assert.Equal(t, string(got), string(fixed(101).chart("fixed: 2,000 write units a second, then 500").svg()))
}

// texts returns the character data of a document, by the name of its element. It fails the test if
// the document is not well-formed.
func texts(t *testing.T, document []byte) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	element := ""
	for decoder := xml.NewDecoder(bytes.NewReader(document)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			element = token.Name.Local
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); text != "" {
				found[element] = append(found[element], text)
			}
		}
	}
}

func TestChartOfAnySeries(t *testing.T) {
	t.Parallel()

	unlimited := fixed(50)
	unlimited.capacity = nil
	alone := fixed(50)
	for i := range alone.samples {
		alone.samples[i].Others = 0
	}
	for name, tt := range map[string]struct {
		series series
		has    []string
		hasNot string
	}{
		"two levels, others": {fixed(50), []string{"capacity of the table", "applied by other writers", "refused rows of the library"}, "NaN"},
		"no capacity":        {unlimited, []string{"applied by the library"}, "capacity of the table"},
		"no other writer":    {alone, []string{"capacity of the table", "applied by the library"}, "applied by other writers"},
		"one sample":         {fixed(1), []string{"applied by the library"}, "NaN"},
		"two samples":        {fixed(2), []string{"applied by the library"}, "NaN"},
		"no sample":          {series{}, []string{"applied by the library"}, "NaN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			svg := tt.series.chart("a < b & c").svg()
			found := texts(t, svg)
			assert.Equal(t, []string{"a < b & c"}, found["title"])
			require.Len(t, found["desc"], 1)
			assert.Contains(t, found["desc"][0], "Write units a second over ")
			assert.Subset(t, found["text"], append(tt.has, "a < b & c", "seconds", "write units a second", "0"))
			assert.NotContains(t, found["text"], tt.hasNot)
			assert.Contains(t, string(svg), `<rect width="900" height="360" fill="#fff"/>`, "text is dark, and so may be the page")
			assert.NotContains(t, string(svg), "NaN")
			assert.NotContains(t, string(svg), "Inf")
		})
	}
}

func TestChartIsSmall(t *testing.T) {
	t.Parallel()

	long := fixed(3000)
	c := long.chart("five minutes")
	assert.Less(t, len(c.svg()), 60_000)
	assert.LessOrEqual(t, len(c.seconds), maxPoints)
	total := long.samples.total()
	assert.InDelta(t, total.at, c.end(), 1e-9)
	for i, want := range []float64{total.Others, total.returned, total.ours()} {
		units, from := 0.0, 0.0
		for j, rate := range c.lines[i].rates {
			units += rate * (c.seconds[j] - from)
			from = c.seconds[j]
		}
		assert.InDelta(t, want, units, 1e-6, "%s: downsampling loses nothing", c.lines[i].name)
	}
}

func TestAxes(t *testing.T) {
	t.Parallel()

	for length, want := range map[float64]float64{0.7: 0.2, 5: 1, 5.1: 2, 10: 2, 25: 5, 26: 10, 2000: 500, 6000: 2000, 45_000: 10_000} {
		assert.InDelta(t, want, niceStep(length, 5), 1e-9, "%v", length)
	}
	for v, want := range map[float64]string{0: "0", 0.25: "0.3", 7.04: "7", 10.4: "10", 999.6: "1,000", 1500: "1,500", 1_234_567: "1,234,567"} {
		assert.Equal(t, want, thousands(v), "%v", v)
	}
	a := axis{from: 300, to: 100, end: 2000}
	assert.Equal(t, "300", a.at(0))
	assert.Equal(t, "200", a.at(1000))
	assert.Equal(t, "199.9", a.at(1000.7))
	assert.Equal(t, "100", a.at(math.Inf(1)), "nothing is drawn outside the plot")
	assert.Equal(t, "300", a.at(-1))
}
