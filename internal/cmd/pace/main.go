// Command pace measures how well the library's write rate follows the capacity of a table, and
// prints each figure next to the one required. It writes rows with the default configuration and
// the client that the library builds, over HTTP on loopback, to a table with a capacity in a
// process of its own. With -svg it also draws what the table accepted over time, one file for each
// scenario.
//
//	go run ./internal/cmd/pace [-run names] [-short] [-on-demand] [-svg dir]
//
// It takes five minutes, needs two idle cores, and exits with status 1 if a figure falls short.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"text/tabwriter"
	"time"
)

// scenario is one measured run.
type scenario struct {
	name, about string
	run         func(context.Context, *harness) ([]figure, error)
}

var scenarios = []scenario{
	{"unlimited", "an unlimited table, compared with a sequential BatchWriteItem loop", unlimited},
	{"steady", "2,000 write units a second", steady},
	{"step", "500 write units a second, then 5,000, then 500", step},
	{"hot", "an unlimited table; 5 % of the rows on a key range of 200 write units a second", hot},
	{"bursts", "2,000 write units a second; another writer sends 3,000 for 5 s of every 20", bursts},
	{"spell", "2,000 write units a second; 90 % of the items are refused for 10 s", spell},
	{"noise", "5,000 write units a second; 10 % of the items are refused at random", noise},
	{"loops", "2,000 write units a second; four workers without a pace take what they can", loops},
}

// figure is a measured number, and the value that is required of it.
type figure struct {
	what   string
	format string // of want and got
	want   float64
	got    float64
	rule   rule
}

type rule string

const (
	atLeast rule = ">="
	atMost  rule = "<="
	info    rule = "" // nothing is required
)

func (f figure) ok() bool {
	switch f.rule {
	case atLeast:
		return f.got >= f.want
	case atMost:
		return f.got <= f.want
	case info:
	}
	return true
}

func main() {
	serving := flag.Bool("serve", false, "act as the server, controlled through standard input (the command starts it itself)")
	only := flag.String("run", "", "run only the scenarios that this regular expression matches")
	short := flag.Bool("short", false, "write a quarter of the rows, for a first look; the required figures are those of the full run")
	onDemand := flag.Bool("on-demand", false, "have DescribeTable report an on-demand table, for which the library starts at 4,000 units/s")
	svg := flag.String("svg", "", "draw the rate of each scenario over time, as an SVG file in this directory")
	flag.Parse()
	ctx := context.Background()
	if *serving {
		exit(serve(ctx))
	}
	exit(measure(ctx, options{only: *only, svg: *svg, short: *short, onDemand: *onDemand}))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pace:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// options are the flags of the command.
type options struct {
	only, svg       string
	short, onDemand bool
}

// measure runs the scenarios, prints their figures and draws them.
func measure(ctx context.Context, o options) error {
	pick, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	server, err := startServer(ctx)
	if err != nil {
		return err
	}
	defer server.stop()
	b := &harness{server: server, onDemand: o.onDemand, short: o.short}
	start := "no capacity (start: 0)"
	if o.onDemand {
		start = "an on-demand table (start: 4,000, whatever the capacity)"
	}
	fmt.Printf("latency 8 to 12 ms; buckets hold 1 s and start empty; default Config; DescribeTable reports %s\n", start)
	missed, ran := 0, 0
	for _, s := range scenarios {
		if !pick.MatchString(s.name) {
			continue
		}
		fmt.Printf("\n%s: %s\n", s.name, s.about)
		begin := time.Now()
		figures, err := s.run(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		missed += show(figures)
		if o.svg != "" {
			if err := b.series.save(o.svg, s.name, s.about); err != nil {
				return err
			}
		}
		fmt.Printf("(%.0f s)\n", time.Since(begin).Seconds())
		ran++
	}
	switch {
	case ran == 0:
		return errors.New("no scenario of that name")
	case missed > 0:
		return fmt.Errorf("%d figures fall short", missed)
	}
	return nil
}

// show prints figures as a table, and returns how many fall short.
func show(figures []figure) (missed int) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "figure\trequired\tmeasured\tok")
	for _, f := range figures {
		want, verdict := "", ""
		if f.rule != info {
			want, verdict = string(f.rule)+" "+fmt.Sprintf(f.format, f.want), "yes"
		}
		if !f.ok() {
			missed++
			verdict = "NO"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.what, cmp.Or(want, "-"), fmt.Sprintf(f.format, f.got), cmp.Or(verdict, "-"))
	}
	_ = w.Flush()
	return missed
}
