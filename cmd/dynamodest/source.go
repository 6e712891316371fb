package main

import (
	"context"
	"fmt"
	"time"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/input"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/load"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/words"
)

// sampleRows is how many rows of a source are looked at before the first one is written.
const sampleRows = 1000

// rowFlags say where rows come from, what they become, and where they go.
type rowFlags struct {
	sourceFlags
	settings
}

// sourceFlags say where rows come from.
type sourceFlags struct {
	Source string `arg:"" optional:"" help:"File of the rows, or - for standard input."`
	Format string `placeholder:"FORMAT" help:"csv, tsv, ndjson or parquet. The default goes by the name of the file, before .gz if that is its end."`
	Comma  string `placeholder:"CHARACTER" help:"Between the fields of a CSV: a comma by default, or tab."`
	Zone   string `placeholder:"ZONE" help:"Time zone of the timestamps in Parquet that have none, such as UTC or Europe/Oslo. By default they are texts without a zone."`
	Query  string `placeholder:"SQL" help:"Query whose rows are written, instead of a file. Needs -dsn."`
	DSN    string `name:"dsn" env:"DYNAMODEST_DSN" placeholder:"URL" help:"Database of -query: postgres://… or sqlite:FILE."`
}

// open opens the source.
func (s *sourceFlags) open(ctx context.Context, sys *system) (*input.Input, error) {
	if (s.Source == "") == (s.Query == "") {
		return nil, usageError("give a file, - for standard input, or -query: one of them")
	}
	o := input.Options{Path: s.Source, Format: s.Format, Stdin: sys.stdin}
	if s.Query != "" { // the DSN may be there for other commands
		o.Query, o.DSN = s.Query, s.DSN
	}
	if s.Comma == "tab" {
		s.Comma = "\t"
	}
	for i, r := range s.Comma {
		if i > 0 {
			return nil, usageError("-comma %q: give one character, or the word tab", s.Comma)
		}
		o.Comma = r
	}
	if s.Zone != "" {
		var err error
		if o.Zone, err = time.LoadLocation(s.Zone); err != nil {
			return nil, usageError("-zone: %w", err)
		}
	}
	in, err := input.Open(ctx, o)
	if err != nil {
		return nil, &exitError{code: exitUsage, err: &userError{err, words.Command(err.Error(), "")}}
	}
	return in, nil
}

// opened is a source with the Destination for its rows.
type opened struct {
	in     *input.Input
	feed   *load.Feed
	config dynamodest.Config
	dest   *dynamodest.Destination
	end    func()

	// passes says that the rows pass by once, as those of standard input and of a named pipe do. Such a source may
	// wait forever for its next row.
	passes bool
}

// begin opens the source, and makes the Destination. The caller calls end.
func (cmd *rowFlags) begin(ctx context.Context, sys *system, signals *interrupts) (*opened, error) {
	o := &opened{}
	var err error
	if o.config, err = cmd.read(); err != nil {
		return nil, err
	}
	reading, stopReading := context.WithCancel(ctx)
	if o.in, err = cmd.open(reading, sys); err != nil {
		stopReading()
		return nil, err
	}
	o.passes = o.in.Identity == nil && cmd.Query == ""
	o.feed = load.NewFeed(o.in.Rows)
	closeSource := func() {
		stopReading() // a query that has not ended ends
		o.feed.Close(!o.passes)
		if !o.passes {
			_ = o.in.Close() // nothing that was read depends on it
		}
	}
	dest, endTable, err := cmd.mapped(ctx, sys, &o.config, o.feed, o.in, signals.stop)
	if err != nil {
		closeSource()
		return nil, err
	}
	o.dest = dest
	o.end = func() {
		closeSource()
		endTable()
	}
	return o, nil
}

// mapped returns a Destination for config, whose mapping it completes by the flags, and for a source of texts by
// a sample.
func (cmd *rowFlags) mapped(ctx context.Context, sys *system, config *dynamodest.Config, feed *load.Feed, in *input.Input, stop <-chan struct{}) (*dynamodest.Destination, func(), error) {
	mapping, columns := config.Mapping, in.Columns
	sampled := 0
	var sample []dynamodest.Row
	if in.Texts && len(mapping.Fields) == 0 && len(cmd.Map) == 0 {
		sample = feed.Peek(sampleRows, stop)
		mapping.Fields, sampled = propose(sample, columns), len(sample)
	} else if err := cmd.mapFields(&config.Mapping, columns); err != nil {
		return nil, nil, err
	}
	if sampled == 0 {
		return cmd.destination(ctx, sys, config, func() ([]dynamodest.KeyAttribute, error) { return cmd.localKey(config.Mapping.Fields, columns) })
	}
	dest, end, err := cmd.destination(ctx, sys, config, func() ([]dynamodest.KeyAttribute, error) {
		return cmd.localKey(mapping.Fields[:min(len(columns), len(mapping.Fields))], columns) // in the order of the source, if that is known
	})
	if err != nil {
		return nil, nil, err
	}
	fitKeys(mapping.Fields, dest.Keys())
	feed.Check(cmd.guard(mapping.Fields, sample).Check)
	if err := cmd.mapFields(&mapping, columns); err != nil {
		end()
		return nil, nil, err
	}
	fmt.Fprintln(sys.stderr, describeProposal(mapping.Fields, sampled))
	config.Mapping = mapping
	if dest, err = dynamodest.New(ctx, *config); err != nil {
		end()
		return nil, nil, cmd.setupError(err, config.Mapping.Fields)
	}
	return dest, end, nil
}
