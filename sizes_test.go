package dynamodest_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// markedTable returns the rows of the table of docs/scale.md after a comment.
func markedTable(t *testing.T, comment string) []string {
	t.Helper()
	_, text, found := strings.Cut(read(t, "docs/scale.md"), "<!-- "+comment+" -->\n")
	require.True(t, found, comment)
	text, _, _ = strings.Cut(text, "\n\n")
	return strings.Split(strings.TrimSpace(text), "\n")[2:]
}

// TestScaleSizes computes the units and times of docs/scale.md.
func TestScaleSizes(t *testing.T) {
	t.Parallel()
	millions := func(n int) string {
		if n >= 1000 {
			return fmt.Sprintf("%d,%03d million", n/1000, n%1000)
		}
		return fmt.Sprintf("%d million", n)
	}
	took := func(units, rate int) string {
		d := time.Duration(units) * time.Second / time.Duration(rate)
		hours, minutes, seconds := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
		switch {
		case hours > 0:
			return fmt.Sprintf("%d h %d min", hours, minutes)
		case minutes > 0:
			return strings.TrimSuffix(fmt.Sprintf("%d min %d s", minutes, seconds), " 0 s")
		}
		return fmt.Sprintf("%d s", seconds)
	}
	var want []string
	for _, rows := range []int{1, 10, 100, 1000} {
		for _, item := range []struct {
			size  string
			bytes int
		}{{"≤ 1 KB", 1024}, {"4 KB", 4096}} {
			units := rows * ((item.bytes + 1023) / 1024)
			cells := []string{millions(rows), item.size, millions(units), millions(2 * units)}
			for _, rate := range []int{4000, 40_000, 200_000} {
				cells = append(cells, took(units*1_000_000, rate))
			}
			want = append(want, "| "+strings.Join(cells, " | ")+" |")
		}
	}
	assert.Equal(t, want, markedTable(t, "computed: sizes"))
}

// TestScaleMeasured compares the measured figures of docs/scale.md with the results of the benchmarks, and what
// the page computes of them.
func TestScaleMeasured(t *testing.T) {
	t.Parallel()
	results := read(t, "internal/benchmarks/charts/results.txt")
	rows := markedTable(t, "measured")
	require.Len(t, rows, 5)
	measured := make([]float64, len(rows))
	for i, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		require.Len(t, cells, 3, row)
		value, figure := cells[1], cells[2]
		assert.Regexp(t, `(?m)^`+regexp.QuoteMeta(figure)+` +library, \w+: `+regexp.QuoteMeta(value)+`[ /]`, results)
		number, _, _ := strings.Cut(value, " ")
		var err error
		measured[i], err = strconv.ParseFloat(strings.ReplaceAll(number, ",", ""), 64)
		require.NoError(t, err)
	}
	page := read(t, "docs/scale.md")
	assert.Contains(t, page, fmt.Sprintf("40,000 × %g µs = %.2f cores", measured[1], 40_000*measured[1]/1e6))
	assert.Contains(t, page, fmt.Sprintf("10,000 × %g µs = %.2f cores", measured[3], 10_000*measured[3]/1e6))
	assert.Contains(t, page, fmt.Sprintf("50,000 × %g µs = %.2f cores", measured[3], 50_000*measured[3]/1e6))
}
