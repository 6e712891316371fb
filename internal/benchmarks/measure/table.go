package measure

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"

	"golang.org/x/perf/benchmath"
)

// Legend says how a table is read.
const Legend = "ratio: measured to peer, the median over the rounds with its 95 % confidence interval, and p of the Mann-Whitney test; " +
	"only n, the number of rounds, where they are too few.\nwanted: of the ratio; of the measured number where there is no peer."

// Print writes figures as a table, which Legend explains.
func Print(w io.Writer, figures []Figure) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "figure\tmeasured\tpeer\tratio\twanted\tverdict")
	for _, f := range figures {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", f.Name, f.own(), f.peer(), f.ratio(), f.wanted(), f.Verdict())
	}
	_ = t.Flush() // w's errors are those of the next Print
}

func (f Figure) own() string {
	if f.Missing != "" {
		return "not measured: " + f.Missing
	}
	text := f.Subject + ": " + withSpread(f.Own(), f.Unit)
	if f.Subject == "" {
		text = withSpread(f.Own(), f.Unit)
	}
	return text
}

func (f Figure) peer() string {
	if f.Peer == "" || f.Missing != "" {
		return "-"
	}
	return f.Peer + ": " + withSpread(f.Peers(), f.Unit)
}

func (f Figure) ratio() string {
	if f.Peer == "" || f.Missing != "" {
		return "-"
	}
	s := f.Decisive()
	if math.IsInf(s.Lo, 0) || math.IsInf(s.Hi, 0) {
		return fmt.Sprintf("%s (n=%d)", Number(s.Center), len(f.Samples))
	}
	return fmt.Sprintf("%s (%s to %s, p=%.3f)", Number(s.Center), Number(s.Lo), Number(s.Hi), f.Significance().P)
}

func (f Figure) wanted() string {
	if f.Rule == Info {
		return "-"
	}
	text := string(f.Rule) + " " + Number(f.Bound)
	if f.Peer == "" && f.Unit != "" {
		text += " " + f.Unit
	}
	return text
}

// withSpread writes a median with its confidence interval in percent, if there were enough samples for one.
func withSpread(s benchmath.Summary, unit string) string {
	text := Number(s.Center)
	if unit != "" {
		text += " " + unit
	}
	if spread := s.PctRangeString(); spread != "∞" && spread != "?" {
		text += " ± " + spread
	}
	return text
}

// Number writes a number with three significant digits, and with commas from a thousand on.
func Number(v float64) string {
	if math.Abs(v) < 1000 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Count writes a number of things, such as "1 row" and "10 rows".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return Number(float64(n)) + " " + thing + "s"
}
