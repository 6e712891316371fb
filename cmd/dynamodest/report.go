package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/load"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/progress"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/words"
)

// report prints what a load did.
type report struct {
	out        io.Writer
	result     load.Result
	files      *files
	resumedAt  int
	rereadable bool
}

// outcomes are the labels of outcomes in the order in which they are printed, with what they mean.
var outcomes = []struct{ label, means string }{
	{"written", ""},
	{"deleted", ""},
	{"skipped", "an item with the key was there, or a newer one"},
	{"superseded", "another row with the same key was written instead"},
	{"not_written", ""},
	{"unknown", "sent, and no response says whether it was written"},
}

func (r report) print() {
	r.counts()
	r.costs()
	r.failures()
	r.missing()
	r.whatNext()
}

func (r report) line(name string, n int, says string) {
	printLine(r.out, name, progress.Count(n), says)
}

func (r report) counts() {
	totals := r.result.Totals
	says := ""
	if r.resumedAt > 0 {
		says = fmt.Sprintf("%s of them by earlier runs", progress.Count(r.resumedAt))
	}
	r.line("rows", totals.Rows, says)
	for _, o := range outcomes {
		n := totals.Outcomes[o.label]
		if n > 0 || o.label == "written" {
			r.line("  "+strings.ReplaceAll(o.label, "_", " "), n, o.means)
		}
	}
}

func (r report) costs() {
	totals := r.result.Totals
	says := ""
	if n := r.result.Summary.Resent; n > 0 {
		says = progress.Count(n) + " times a row was sent again"
	}
	r.line("requests", totals.Requests, says)
	printLine(r.out, "write units", units(totals.WriteUnits), "")
	rate := ""
	if totals.Seconds > 0 {
		rate = progress.Count(int(float64(totals.Rows)/totals.Seconds)) + " rows/s"
	}
	printLine(r.out, "seconds", fmt.Sprintf("%.1f", totals.Seconds), rate)
}

// units returns write units, which may be halves, with commas.
func units(n float64) string {
	text := progress.Count(int(n))
	if part := n - float64(int(n)); part >= 0.05 {
		text += fmt.Sprintf("%.1f", part)[1:]
	}
	return text
}

// failures prints the failed rows by reason, the commonest first.
func (r report) failures() {
	reasons := r.result.Totals.Reasons
	if len(reasons) == 0 {
		return
	}
	fmt.Fprintln(r.out, "failed rows, by reason (rows count from 0):")
	var names []dynamodest.Reason
	for reason := range reasons {
		names = append(names, reason)
	}
	slices.SortFunc(names, func(a, b dynamodest.Reason) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	})
	for _, reason := range names {
		r.reason(reason, reasons[reason])
	}
	if t := r.result.Throttling; t.Refusals > 0 && t.Keys > 0 {
		fmt.Fprintf(r.out, "throttled: %s times, %d %% of them on %s partition keys\n", progress.Count(t.Refusals), int(100*t.Share), progress.Count(t.Keys))
	}
}

// reason prints how many rows failed for a reason, n, with examples by cause and how many others there are.
func (r report) reason(reason dynamodest.Reason, n int) {
	r.line("  "+string(reason), n, "")
	others := n
	for _, example := range r.result.Examples {
		if example.Reason == reason {
			r.example(example)
			others -= example.Count
		}
	}
	if others == 0 || others == n {
		return
	}
	says := "for other causes"
	if r.resumedAt > 0 {
		says += ", or in earlier runs"
	}
	r.line("    others", others, says)
}

// example prints the first rows that failed for one cause.
func (r report) example(e load.Example) {
	fmt.Fprintf(r.out, "    %s\n", e.Text)
	if e.Remedy != "" {
		fmt.Fprintf(r.out, "    remedy: %s\n", e.Remedy)
	}
	if e.Count < 2 {
		return
	}
	rows := make([]string, len(e.Rows))
	for i, row := range e.Rows {
		rows[i] = fmt.Sprint(row)
	}
	more := ""
	if e.Count > len(rows) {
		more = ", …"
	}
	fmt.Fprintf(r.out, "    rows %s%s\n", strings.Join(rows, ", "), more)
}

func (r report) missing() {
	if columns := r.result.Summary.MissingColumns; len(columns) > 0 {
		fmt.Fprintf(r.out, "no row had these columns, so their attributes are in no item: %s\n", words.Names(columns))
	}
}

// whatNext says what is left to do.
func (r report) whatNext() {
	if r.files.failedPath != "" && r.result.Kept > 0 && r.result.FileErr == nil {
		fmt.Fprintf(r.out, "failed rows are in %s\n", r.files.failedPath)
	}
	switch {
	case r.result.Done:
	case r.files.checkpoint != "" && r.result.Again > 0:
		fmt.Fprintf(r.out, "to go on from row %s: the same command with -resume (%s rows of this run are read again)\n", progress.Count(r.result.NextRow), progress.Count(r.result.Again))
	case r.files.checkpoint != "":
		fmt.Fprintf(r.out, "to go on from row %s: the same command with -resume\n", progress.Count(r.result.NextRow))
	case r.rereadable:
		fmt.Fprintln(r.out, "the source was not read to its end: load it again; rows that are written already stay as they are")
	}
}
