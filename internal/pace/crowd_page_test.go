package pace_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/cmd/pace/scenario"
	"github.com/dynamodest/dynamodest/internal/pace"
	"github.com/dynamodest/dynamodest/internal/testsize"
)

const scalePage = "../../docs/scale.md"

var rewrite = flag.Bool("rewrite", false, "write the figures into docs/scale.md, and the drawings into docs/scale")

// simulated is a row of the page: the crowds whose figures stand behind its label, one after another.
type simulated struct {
	label  string
	crowds []pace.Crowd
	cells  func(pace.Figures) string
	cheap  bool // simulated in each run, not only in the heavy test
}

// simulations are the tables of the page by the name in the comment before each.
func simulations() map[string][]simulated {
	tables := map[string][]simulated{}
	for _, rate := range []float64{2000, 40_000} {
		name := "workers on " + thousands(rate)
		for _, n := range []int{1, 2, 5, 10, 20, 50, 100, 200} {
			tables[name] = append(tables[name], simulated{
				label: fmt.Sprint(n), cells: pace.Figures.Row, cheap: rate < 10_000 && n <= 5,
				crowds: []pace.Crowd{
					{Rate: rate, Workers: n, Budget: pace.NoBudget}, {Rate: rate, Workers: n, Budget: pace.Leases},
				},
			})
		}
		crowded := map[float64]int{2000: 50, 40_000: 200}[rate]
		for _, leases := range []pace.Crowd{{}, {Window: 1}, {Window: 1, Chunk: 500}} {
			leases.Rate, leases.Workers, leases.Budget = rate, crowded, pace.Leases
			tables["leases"] = append(tables["leases"], simulated{
				label:  fmt.Sprintf("%s | %d | %g | %g | %s", thousands(rate), crowded, leases.WindowSeconds(), leases.ChunkUnits(), thousands(leases.Asks())),
				crowds: []pace.Crowd{leases}, cells: pace.Figures.Row, cheap: rate < 10_000,
			})
		}
		for _, change := range []struct {
			what  string
			crowd pace.Crowd
		}{
			{"5 of 10 die", pace.Crowd{Workers: 10, Die: 5}},
			{"5 join 5", pace.Crowd{Workers: 5, Join: 5}},
		} {
			for _, budget := range []pace.Budget{pace.NoBudget, pace.Caps, pace.Leases} {
				change.crowd.Rate, change.crowd.Budget = rate, budget
				tables["changes"] = append(tables["changes"], simulated{
					label: fmt.Sprintf("%s | %s | %s", thousands(rate), change.what, budget), crowds: []pace.Crowd{change.crowd},
					cells: pace.Figures.Change, cheap: rate < 10_000 && budget != pace.NoBudget,
				})
			}
		}
	}
	return tables
}

// thousands writes a whole number with a comma after its thousands.
func thousands(n float64) string {
	if n < 1000 {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%d,%03d", int(n)/1000, int(math.Round(n))%1000)
}

func (s simulated) row() string {
	cells := []string{s.label}
	for _, c := range s.crowds {
		cells = append(cells, s.cells(c.Run()))
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// drawings are the crowds that the page shows over time.
func drawings() map[string]pace.Crowd {
	return map[string]pace.Crowd{
		"crowd":  {Rate: 2000, Workers: 50, Budget: pace.NoBudget},
		"leases": {Rate: 2000, Workers: 50, Budget: pace.Leases},
		"death":  {Rate: 2000, Workers: 10, Die: 5, Budget: pace.NoBudget},
		"join":   {Rate: 2000, Workers: 5, Join: 5, Budget: pace.NoBudget},
	}
}

var titles = map[string]string{
	"crowd":  "50 workers on 2,000 units a second",
	"leases": "50 workers on 2,000 units a second that share a budget of 1,900 by leases",
	"death":  "10 workers on 2,000 units a second, of which 5 die after 60 s",
	"join":   "5 workers on 2,000 units a second, which 5 more join after 60 s",
}

// TestScalePage compares the cheap figures of docs/scale.md, and a drawing, with those of the simulator. With
// -rewrite it writes all of them.
func TestScalePage(t *testing.T) {
	t.Parallel()
	comparePage(t, false)
}

// TestHeavyScalePage compares all of them.
func TestHeavyScalePage(t *testing.T) {
	testsize.Heavy(t)
	t.Parallel()
	comparePage(t, true)
}

func comparePage(t *testing.T, all bool) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("other processors round differently (https://go.dev/ref/spec#Floating_point_operators), and small differences grow; TestCrowd holds for all")
	}
	if *rewrite {
		rewritePage(t)
		return
	}
	page := tablesOf(t)
	tables := simulations()
	require.Len(t, page, len(tables))
	for name, rows := range tables {
		require.Len(t, page[name], len(rows), name)
		for i, row := range rows {
			if !all && !row.cheap {
				continue
			}
			t.Run(name+" "+row.label, func(t *testing.T) {
				t.Parallel()
				assert.Equal(t, row.row(), page[name][i], "see docs/scale.md for how to write it again")
			})
		}
	}
	for name, crowd := range drawings() {
		if !all && crowd.Budget == pace.NoBudget {
			continue
		}
		t.Run("drawing "+name, func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(drawingFile(name))
			require.NoError(t, err)
			assert.Equal(t, string(want), string(draw(name)))
		})
	}
}

var simulatedTable = regexp.MustCompile(`(?m)^<!-- simulated: (.*) -->\n\|.*\n\|.*\n((?:\|.*\n)*)`)

// tablesOf returns the rows of the page's simulated tables.
func tablesOf(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(scalePage)
	require.NoError(t, err)
	tables := map[string][]string{}
	for _, found := range simulatedTable.FindAllStringSubmatch(string(text), -1) {
		tables[found[1]] = slices.Collect(strings.Lines(found[2]))
	}
	return tables
}

func rewritePage(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(scalePage)
	require.NoError(t, err)
	page := string(text)
	for name, rows := range simulations() {
		at := simulatedTable.FindAllStringSubmatchIndex(page, -1)
		i := slices.IndexFunc(at, func(found []int) bool { return page[found[2]:found[3]] == name })
		require.GreaterOrEqual(t, i, 0, "no table is marked <!-- simulated: %s -->", name)
		lines := ""
		for _, row := range rows {
			lines += row.row()
		}
		page = page[:at[i][4]] + lines + page[at[i][5]:]
	}
	require.NoError(t, os.WriteFile(scalePage, []byte(page), 0o644)) //nolint:gosec // as the other pages are
	for name := range drawings() {
		require.NoError(t, os.WriteFile(drawingFile(name), draw(name), 0o644)) //nolint:gosec // the same
	}
}

func drawingFile(name string) string { return filepath.Join("../../docs/scale", name+".svg") }

func draw(name string) []byte {
	crowd := drawings()[name]
	const interval = 0.5
	applied, refused := crowd.Drawing(interval)
	return scenario.Simulated(titles[name], crowd.Rate, interval, applied, refused)
}
