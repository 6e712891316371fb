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

	"github.com/dynamodest/dynamodest/internal/cmd/pace/scenario"
)

func main() {
	serving := flag.Bool("serve", false, "act as the server, controlled through standard input (the command starts it itself)")
	only := flag.String("run", "", "run only the scenarios that this regular expression matches")
	short := flag.Bool("short", false, "write a quarter of the rows, for a first look; the required figures are those of the full run")
	onDemand := flag.Bool("on-demand", false, "have DescribeTable report an on-demand table, for which the library starts at 4,000 units/s")
	svg := flag.String("svg", "", "draw the rate of each scenario over time, as an SVG file in this directory")
	flag.Parse()
	ctx := context.Background()
	if *serving {
		exit(scenario.Serve(ctx))
	}
	exit(measure(ctx, *only, *svg, scenario.Options{Short: *short, OnDemand: *onDemand, Serve: []string{"-serve"}}))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pace:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// measure runs the scenarios whose names match, prints their figures, and draws them in the directory svg unless
// that is empty.
func measure(ctx context.Context, only, svg string, o scenario.Options) error {
	pick, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	harness, err := scenario.Start(ctx, o)
	if err != nil {
		return err
	}
	defer harness.Stop()
	start := "no capacity (start: 0)"
	if o.OnDemand {
		start = "an on-demand table (start: 4,000, whatever the capacity)"
	}
	fmt.Printf("latency 8 to 12 ms; buckets hold 1 s and start empty; default Config; DescribeTable reports %s\n", start)
	missed, ran := 0, 0
	for _, s := range scenario.All() {
		if !pick.MatchString(s.Name) {
			continue
		}
		fmt.Printf("\n%s: %s\n", s.Name, s.About)
		begin := time.Now()
		figures, err := harness.Run(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		missed += show(figures)
		if svg != "" {
			if err := harness.Draw(svg, s); err != nil {
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
func show(figures []scenario.Figure) (missed int) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "figure\trequired\tmeasured\tok")
	for _, f := range figures {
		want, verdict := "", ""
		if f.Rule != scenario.Info {
			want, verdict = string(f.Rule)+" "+fmt.Sprintf(f.Format, f.Want), "yes"
		}
		if !f.OK() {
			missed++
			verdict = "NO"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.What, cmp.Or(want, "-"), fmt.Sprintf(f.Format, f.Got), cmp.Or(verdict, "-"))
	}
	_ = w.Flush()
	return missed
}
