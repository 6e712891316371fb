// Command benchmarks measures the library side by side with what one would write by hand with the AWS SDK, with
// other libraries, and with floors that do less than anything that converts rows can. It prints each figure with
// what is wanted of it, and draws charts.
//
//	go -C internal/benchmarks run . [-run sections] [-quick] [-rows n] [-reps n] [-out dir]
//
// It takes a quarter of an hour and needs two idle cores; machines differ, so figures are ratios to a peer in the same
// rounds. It exits with status 1 if a figure misses what is wanted by more than 10 %, but for -quick.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"

	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
)

// options are the flags of the command.
type options struct {
	only, out  string
	quick      bool
	rows, reps int
}

// defaultOut is where the charts of the README are.
const defaultOut = "charts"

func main() {
	var o options
	var child string
	flag.StringVar(&o.only, "run", "", "run only the sections that this regular expression matches")
	flag.BoolVar(&o.quick, "quick", false, "run every section with few rows, once, to see that it runs; the figures mean nothing")
	flag.IntVar(&o.rows, "rows", 40_000, "rows in a run of a writer")
	flag.IntVar(&o.reps, "reps", 7, "rounds; fewer than 6 give no confidence intervals")
	flag.StringVar(&o.out, "out", "", "directory for the charts and the table (default "+defaultOut+"; with -quick or -run none that stays)")
	flag.StringVar(&child, "child", "", "act as a process that the command starts itself")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	if child != "" {
		err = runChild(ctx, child, os.Stdin, os.Stdout)
	} else {
		err = run(ctx, o, os.Stdout, os.Stderr)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

// run runs the sections, prints their figures to out, and draws their charts.
func run(ctx context.Context, o options, out, progress io.Writer) error {
	picked, err := pick(o.only)
	if err != nil {
		return err
	}
	dir, remove, err := o.directory()
	if err != nil {
		return err
	}
	defer remove()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(dir, "results.txt"))
	if err != nil {
		return err
	}
	r := &runner{options: o, out: io.MultiWriter(out, file), progress: progress}
	return errors.Join(r.runAll(ctx, picked, dir), file.Close())
}

// pick returns the sections whose names match.
func pick(only string) (picked []section, err error) {
	names, err := regexp.Compile(only)
	if err != nil {
		return nil, err
	}
	for _, s := range sections() {
		if names.MatchString(s.name) {
			picked = append(picked, s)
		}
	}
	if len(picked) == 0 {
		return nil, errors.New("no section of that name")
	}
	return picked, nil
}

// directory returns where charts go, and what removes it. Charts of a run that says little, or of a part, replace
// those of a whole run only if the directory is named.
func (o options) directory() (dir string, remove func(), err error) {
	switch {
	case o.out != "":
		return o.out, func() {}, nil
	case !o.quick && o.only == "":
		return defaultOut, func() {}, nil
	}
	dir, err = os.MkdirTemp("", "benchmarks")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

// runner runs sections.
type runner struct {
	options

	out, progress io.Writer
}

// runAll runs sections and returns an error if one cannot run or, but for a quick run, a figure is missed.
func (r *runner) runAll(ctx context.Context, picked []section, dir string) error {
	caption := r.caption()
	fmt.Fprintf(r.out, "%s\n%s\n", caption, measure.Legend)
	if r.quick {
		fmt.Fprintln(r.out, "A quick run only shows that every section runs: its figures and verdicts mean nothing.")
	}
	var all []measure.Figure
	for _, s := range picked {
		fmt.Fprintf(r.progress, "%s ...\n", s.name)
		begin := time.Now()
		b := &bench{options: r.options}
		result, err := s.run(ctx, b)
		_, stopped := b.stopServers()
		if err := errors.Join(err, stopped); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(r.out, "\n%s: %s (%.0f s)\n", s.name, s.about, time.Since(begin).Seconds())
		measure.Print(r.out, result.figures)
		for _, chart := range result.charts {
			if err := chart.Save(dir, caption); err != nil {
				return err
			}
		}
		all = append(all, result.figures...)
	}
	if r.quick {
		return nil
	}
	return measure.Failed(all)
}
