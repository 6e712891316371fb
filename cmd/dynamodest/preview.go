package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/deadletter"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/load"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/progress"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/words"
)

// previewCmd is the command preview.
type previewCmd struct {
	rowFlags

	JSON  bool `name:"json" help:"Print the figures as JSON."`
	Items int  `placeholder:"N" help:"Also print the first N items, as DynamoDB JSON."`
}

// Run reads the rows, and prints what loading them would do.
func (cmd *previewCmd) Run(ctx context.Context, sys *system) (err error) {
	ctx, signals := watch(ctx, sys)
	defer func() { err = signals.end(err) }()
	source, err := cmd.begin(ctx, sys, signals)
	if err != nil {
		return err
	}
	defer source.end()
	items := firstItems{left: cmd.Items}
	if !cmd.JSON {
		items.out = sys.stdout
	}
	show := func(row dynamodest.Row, r dynamodest.RowForecast) error {
		if r.Err == nil && items.left > 0 {
			return items.add(source.dest.Item(row))
		}
		return nil
	}
	forecast, err := source.dest.DryRun(ctx, source.feed.Rows(0, signals.stop, func() bool { return true }), show)
	if err != nil {
		return cmd.dryRunError(source.feed, err)
	}
	if cmd.JSON {
		if err := printForecast(sys, forecast, items.kept); err != nil {
			return err
		}
	} else {
		preview{out: sys.stdout, Forecast: forecast}.print()
	}
	if forecast.Invalid > 0 {
		return &exitError{code: exitFailed}
	}
	return nil
}

// firstItems are the first items that rows become.
type firstItems struct {
	left int               // how many more are to be shown
	out  io.Writer         // where they are printed as they are read; nil to keep them
	kept []dynamodest.Item // those that were kept
}

// add prints or keeps an item, unless there is none for err.
func (f *firstItems) add(item map[string]types.AttributeValue, err error) error {
	f.left--
	switch {
	case err != nil:
		return err
	case f.out == nil:
		f.kept = append(f.kept, item)
		return nil
	}
	if _, err := fmt.Fprintln(f.out, dynamodest.Item(item)); err != nil {
		return &exitError{code: exitSource} // run reports it
	}
	return nil
}

// printForecast prints a Forecast as JSON, with its failures as the file of failed rows has them, and the items.
func printForecast(sys *system, forecast dynamodest.Forecast, items []dynamodest.Item) error {
	document := struct {
		dynamodest.Forecast
		First []deadletter.Letter `json:"first,omitempty"`
		Items []dynamodest.Item   `json:"items,omitempty"`
	}{Forecast: forecast, Items: items}
	for _, failed := range forecast.First {
		document.First = append(document.First, load.Letter(dynamodest.NotWritten, failed))
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		return &exitError{code: exitSource, err: err}
	}
	return printJSON(sys, text.Bytes())
}

// dryRunError gives an error of DryRun over the rows of feed its exit code.
func (s *settings) dryRunError(feed *load.Feed, err error) error {
	if ended := feed.Ended(err); ended != nil {
		return &exitError{code: exitSource, err: fmt.Errorf("stopped by the source: %w", ended)}
	}
	return s.setupError(err, nil)
}

// preview prints a Forecast for people.
type preview struct {
	dynamodest.Forecast
	out io.Writer
}

func (p preview) print() {
	p.line("rows", progress.Count(p.Rows), "")
	p.line("  would be put", progress.Count(p.Puts), "")
	if p.Deletes > 0 {
		p.line("  would be deleted", progress.Count(p.Deletes), "")
	}
	p.line("  would fail", progress.Count(p.Invalid), "")
	p.failures()
	p.duplicates()
	if len(p.MissingColumns) > 0 {
		p.line("columns that no row has", "", words.Names(p.MissingColumns))
	}
	if p.Puts > 0 {
		p.sizes()
	}
	p.costs()
}

func (p preview) line(name, figure, says string) { printLine(p.out, name, figure, says) }

func (p preview) failures() {
	var reasons []dynamodest.Reason
	for reason := range p.Reasons {
		reasons = append(reasons, reason)
	}
	slices.Sort(reasons)
	for _, reason := range reasons {
		p.line("    "+string(reason), progress.Count(p.Reasons[reason]), "")
		for _, e := range p.First {
			if e.Reason == reason {
				letter := load.Letter(dynamodest.NotWritten, e)
				fmt.Fprintf(p.out, "      %s\n      remedy: %s\n", letter.Text, letter.Remedy)
				break
			}
		}
	}
}

func (p preview) duplicates() {
	if p.Duplicates == 0 {
		return
	}
	var pairs []string
	for _, d := range p.FirstDuplicates[:min(len(p.FirstDuplicates), 3)] {
		pairs = append(pairs, fmt.Sprintf("row %d as row %d", d.Index, d.Of))
	}
	p.line("equal keys", progress.Count(p.Duplicates), "rows that have the key of an earlier one: "+strings.Join(pairs, ", "))
	if p.KeysCompared < p.Rows {
		p.line("", "", "looked for up to row "+progress.Count(p.KeysCompared))
	}
}

func (p preview) sizes() {
	s := p.Sizes
	p.line("bytes of an item", progress.Count(s.Median), fmt.Sprintf("median; least %s, 95 %% up to %s, most %s", progress.Count(s.Min), progress.Count(s.P95), progress.Count(s.Max)))
	p.line("largest attribute", progress.Count(s.Largest.Size), fmt.Sprintf("bytes: %s, in row %d", s.Largest.Name, s.Largest.Row))
}

func (p preview) costs() {
	note := "or more where items are replaced"
	if p.Estimated {
		note = "by estimate: it depends on what the table holds"
	}
	p.line("write units", unitRange(p.WriteUnits.Total), note)
	if len(p.WriteUnits.Indexes) > 0 {
		p.line("  of the table", unitRange(p.WriteUnits.Table), "")
	}
	for _, index := range p.WriteUnits.Indexes {
		p.line("  of an index", unitRange(index.WriteUnits), index.Name)
	}
	for _, index := range p.WriteUnits.VectorIndexes {
		p.line("vector bytes", unitRange(index.Bytes), "of the index "+index.Name)
	}
	requests := dynamodest.Range{Least: float64(p.Requests.Least), Most: float64(p.Requests.Most)}
	p.line("requests", unitRange(requests), "or more if the table throttles")
	p.time()
}

// bounds are the words for what limits the rate.
var bounds = map[dynamodest.Bound]string{
	dynamodest.BoundProvisioned: "its provisioned capacity",
	dynamodest.BoundMaxOnDemand: "its maximum on-demand throughput",
	dynamodest.BoundWarm:        "its warm throughput, which it takes at once",
	dynamodest.BoundCap:         "-max-rate",
}

func (p preview) time() {
	t := p.Time
	if t.Bound == dynamodest.BoundUnknown {
		p.line("time", "unknown", "the table does not say what it takes")
		return
	}
	of := "the table"
	if t.Index != "" {
		of = "the index " + t.Index
	}
	says := fmt.Sprintf("at %s write units a second, for %s: %s", units(t.WriteUnitsPerSecond), of, bounds[t.Bound])
	took := t.Most.Round(time.Second).String()
	if t.Most < time.Second {
		took = "below 1s"
	}
	p.line("time", took, says)
}

// unitRange returns a figure, or the two ends of a range.
func unitRange(r dynamodest.Range) string {
	if r.Least == r.Most {
		return units(r.Least)
	}
	return units(r.Least) + "–" + units(r.Most)
}
