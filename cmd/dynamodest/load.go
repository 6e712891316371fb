package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os/signal"
	"syscall"

	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/load"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/progress"
)

// loadCmd is the command load.
type loadCmd struct {
	rowFlags

	Failed     string `placeholder:"FILE" help:"File for the rows that fail, as JSON lines without values. It must not hold those of another load."`
	WithRows   bool   `help:"Also write the values of these rows to -failed."`
	Checkpoint string `placeholder:"FILE" help:"File that says how far the load has come. The default is the file of -failed and .checkpoint.json."`
	Resume     bool   `help:"Go on after the checkpoint of an earlier run. Rows after it may be written a second time."`

	MaxWriteUnits *float64 `placeholder:"UNITS" help:"Write nothing if the rows take more write units than this. Reads the file twice."`
}

// Run loads the rows, and prints what became of them.
func (cmd *loadCmd) Run(ctx context.Context, sys *system) (err error) {
	// A reader of the output that has gone, as tee has after a Ctrl-C, must not end the process while rows are in flight.
	signal.Ignore(syscall.SIGPIPE)
	ctx, signals := watch(ctx, sys)
	defer func() { err = signals.end(err) }()
	if cmd.WithRows && cmd.Failed == "" {
		return usageError("-with-rows needs -failed")
	}
	if writesTo(sys.stdout, cmd.Failed) || writesTo(sys.stderr, cmd.Failed) {
		return usageError("-failed: %s is where the output of the command goes, which would overwrite the failed rows: name another file", cmd.Failed)
	}
	source, err := cmd.begin(ctx, sys, signals)
	if err != nil {
		return err
	}
	defer source.end()
	files, err := cmd.findFiles(source)
	if err != nil {
		return err
	}
	defer func() { err = files.close(err) }()
	if files.past.Done {
		fmt.Fprintln(sys.stdout, "an earlier run has loaded all of it: nothing is left to do")
		return signals.outcome(load.Result{Totals: files.past.Totals, Done: true})
	}
	if err := cmd.fitsUnits(ctx, sys, signals, source, files.past.NextRow); err != nil {
		return err
	}
	if err := files.open(ctx); err != nil {
		return err
	}
	job := &load.Load{
		Dest: source.dest, Feed: source.feed, Stop: signals.stop, First: files.past.NextRow, Past: files.past.Totals,
		Failed: files.failed, WithRows: cmd.WithRows, Rereadable: !source.passes, Save: files.save,
	}
	signals.graceful()
	shown := progress.Start(sys.stderr, sys.width, sampler(job, source))
	result := job.Run(ctx)
	shown.Stop()
	result.FileErr = files.close(result.FileErr)

	report{out: sys.stdout, result: result, resumedAt: files.past.NextRow, files: files, rereadable: job.Rereadable}.print()
	return signals.outcome(result)
}

// fitsUnits returns an error if the rows from number first on may take more write units than -max-write-units
// allows. It reads the source once more, from its beginning, and writes nothing.
func (cmd *loadCmd) fitsUnits(ctx context.Context, sys *system, signals *interrupts, source *opened, first int) error {
	if cmd.MaxWriteUnits == nil {
		return nil
	}
	most := *cmd.MaxWriteUnits
	if math.IsNaN(most) || most < 0 {
		return usageError("-max-write-units %v: give 0 or more", most)
	}
	if source.in.Identity == nil {
		return usageError("-max-write-units reads the source twice, which only a file allows: try preview first")
	}
	in, err := cmd.open(ctx, sys)
	if err != nil {
		return err
	}
	feed := load.NewFeed(in.Rows)
	defer func() {
		feed.Close(true)
		_ = in.Close() // nothing that was read depends on it
	}()
	forecast, err := source.dest.DryRun(ctx, feed.Rows(first, signals.stop, func() bool { return true }), nil)
	if err != nil {
		return cmd.dryRunError(feed, err)
	}
	if needed := forecast.WriteUnits.Total.Most; needed > most {
		return &exitError{code: exitTooMany, err: fmt.Errorf("the rows take %s write units, or more where items are replaced, and -max-write-units is %s: nothing was written",
			units(needed), units(most))}
	}
	return nil
}

// sampler returns the func that the progress is shown by.
func sampler(job *load.Load, source *opened) func() progress.Sample {
	return func() progress.Sample {
		rows, failed := job.Settled()
		stats := job.Dest.Stats()
		return progress.Sample{
			Rows: rows, Failed: failed, Taken: source.feed.Taken() - job.First, Units: stats.Summary.WriteUnits,
			Read: source.in.Read(), Size: source.in.Size, Holding: load.Holding(stats.WaitFor, source.config.WriteUnitsPerSecond > 0),
		}
	}
}

// outcome returns the error of a load that has ended, for its exit code. interrupted is the code of the
// signal that ended the source, or 0.
func outcome(result load.Result, interrupted int) error {
	switch {
	case interrupted != exitOK && !result.Done:
		return &exitError{code: interrupted, err: errors.Join(result.FileErr, errors.New("interrupted"))}
	case result.FileErr != nil:
		return &exitError{code: exitSource, err: fmt.Errorf("stopped: the failed rows or the checkpoint could not be written: %w", result.FileErr)}
	case result.SourceErr != nil:
		return &exitError{code: exitSource, err: fmt.Errorf("stopped by the source: %w", result.SourceErr)}
	case result.Stop != nil:
		return &exitError{code: exitStopped, err: fmt.Errorf("stopped: %w", forUsers(result.Stop))}
	case result.Totals.Failed() > 0:
		return &exitError{code: exitFailed}
	}
	return nil
}
