package draw

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// texts returns the texts of a drawing, which must be well-formed.
func texts(t *testing.T, svg []byte) string {
	t.Helper()
	var found strings.Builder
	for decoder := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return found.String()
		}
		require.NoError(t, err)
		if data, ok := token.(xml.CharData); ok {
			found.Write(data)
			found.WriteByte('\n')
		}
	}
}

func TestCharts(t *testing.T) {
	t.Parallel()

	line := Line{Name: "library"}
	line.Add("1", 1200)
	line.Add("64", 24_000)
	for name, tt := range map[string]struct {
		chart Chart
		texts []string
	}{
		"bars": {
			Chart{File: "bars", Title: "CPU < all", Axis: "loop = 1", Bars: []Bar{{"ours", 0.35, true}, {"loop", 1, false}}},
			[]string{"ours", "loop", "0.35", "loop = 1"},
		},
		"lines": {
			Chart{File: "lines", Title: "CPU < all", Axis: "rows a second", Along: "in flight", Lines: []Line{line}},
			[]string{"library", "rows a second", "in flight", "64", "20,000"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			dir := t.TempDir()
			require.NoError(t, tt.chart.Save(filepath.Join(dir, "charts"), "a machine\na command"))
			svg, err := os.ReadFile(filepath.Join(dir, "charts", tt.chart.File+".svg"))
			require.NoError(t, err)
			shown := texts(t, svg)
			for _, want := range append(tt.texts, "CPU < all", "a machine", "a command") {
				assert.Contains(t, shown, want)
			}
			assert.Contains(t, string(svg), "sans-serif")
			assert.NotContains(t, string(svg), "NaN")
		})
	}
}
