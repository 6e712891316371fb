package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/checkpoint"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/deadletter"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/input"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/load"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/progress"
)

// sampleRows is how many rows of a source are looked at before the first one is written.
const sampleRows = 1000

// loadCmd is the command load.
type loadCmd struct {
	sourceFlags
	settings

	Failed     string `placeholder:"FILE" help:"File for the rows that fail, as JSON lines without values. It must not hold those of another load."`
	WithRows   bool   `help:"Also write the values of these rows to -failed."`
	Checkpoint string `placeholder:"FILE" help:"File that says how far the load has come. The default is the file of -failed and .checkpoint.json."`
	Resume     bool   `help:"Go on after the checkpoint of an earlier run. Rows after it may be written a second time."`
}

// sourceFlags say where rows come from.
type sourceFlags struct {
	Source string `arg:"" optional:"" help:"File of the rows, or - for standard input."`
	Format string `placeholder:"FORMAT" help:"csv, ndjson or parquet. The default goes by the name of the file."`
	Comma  string `placeholder:"CHARACTER" help:"Between the fields of a CSV: a comma by default, or tab."`
	Query  string `placeholder:"SQL" help:"Query whose rows are written, instead of a file. Needs -dsn."`
	DSN    string `name:"dsn" placeholder:"URL" help:"Database of -query."`
}

// open opens the source.
func (s *sourceFlags) open(ctx context.Context, sys *system) (*input.Input, error) {
	if (s.Source == "") == (s.Query == "") {
		return nil, usageError("give a file, - for standard input, or -query: one of them")
	}
	o := input.Options{Path: s.Source, Format: s.Format, Query: s.Query, DSN: s.DSN, Stdin: sys.stdin}
	if s.Comma == "tab" {
		s.Comma = "\t"
	}
	for i, r := range s.Comma {
		if i > 0 {
			return nil, usageError("-comma %q: give one character, or the word tab", s.Comma)
		}
		o.Comma = r
	}
	in, err := input.Open(ctx, o)
	if err != nil {
		return nil, &exitError{code: exitUsage, err: err}
	}
	return in, nil
}

// passes reports whether the rows of in pass by once, as those of standard input and of a named pipe do. Such a
// source may wait forever for its next row.
func (s *sourceFlags) passes(in *input.Input) bool { return in.Identity == nil && s.Query == "" }

// Run loads the rows, and prints what became of them.
func (cmd *loadCmd) Run(ctx context.Context, sys *system) (err error) {
	ctx, signals := watch(ctx, sys)
	defer func() { err = signals.end(err) }()
	if cmd.WithRows && cmd.Failed == "" {
		return usageError("-with-rows needs -failed")
	}
	config, err := cmd.read()
	if err != nil {
		return err
	}
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	in, err := cmd.open(reading, sys)
	if err != nil {
		return err
	}
	feed := load.NewFeed(in.Rows)
	defer func() {
		stopReading() // a query that has not ended ends
		feed.Close(!cmd.passes(in))
		if !cmd.passes(in) {
			_ = in.Close() // nothing that was read depends on it
		}
	}()
	dest, end, err := cmd.mapped(ctx, sys, &config, feed, in.Columns, signals.stop)
	if err != nil {
		return err
	}
	defer end()
	files, err := cmd.openFiles(in, config)
	if err != nil {
		return err
	}
	if files.past.Done {
		fmt.Fprintln(sys.stdout, "an earlier run has loaded all of it: nothing is left to do")
		return files.close(outcome(load.Result{Totals: files.past.Totals, Done: true}, exitOK))
	}
	job := &load.Load{
		Dest: dest, Feed: feed, Stop: signals.stop, First: files.past.NextRow, Past: files.past.Totals,
		Failed: files.failed, WithRows: cmd.WithRows, Rereadable: !cmd.passes(in), Save: files.save,
	}
	signals.graceful()
	shown := progress.Start(sys.stderr, sys.width, sampler(job, feed, in, config.WriteUnitsPerSecond > 0))
	result := job.Run(ctx)
	shown.Stop()
	result.FileErr = files.close(result.FileErr)

	report{out: sys.stdout, result: result, resumedAt: files.past.NextRow, files: files, rereadable: job.Rereadable}.print()
	return outcome(result, signals.exitCode())
}

// mapped returns a Destination for config, whose mapping it completes by the flags, and for a source of texts by
// a sample.
func (cmd *loadCmd) mapped(ctx context.Context, sys *system, config *dynamodest.Config, feed *load.Feed, columns []string, stop <-chan struct{}) (*dynamodest.Destination, func(), error) {
	mapping := config.Mapping
	sampled := 0
	if cmd.isText() && len(mapping.Fields) == 0 && len(cmd.Map) == 0 {
		sample := feed.Peek(sampleRows, stop)
		mapping.Fields, sampled = propose(sample, columns), len(sample)
	} else if err := cmd.mapFields(&config.Mapping, columns); err != nil {
		return nil, nil, err
	}
	if sampled == 0 {
		return cmd.destination(ctx, sys, config, func() (string, error) { return localKey(config.Mapping.Fields, columns) })
	}
	dest, end, err := cmd.destination(ctx, sys, config, func() (string, error) {
		return localKey(mapping.Fields[:min(len(columns), len(mapping.Fields))], columns) // in the order of the source, if that is known
	})
	if err != nil {
		return nil, nil, err
	}
	fitKeys(mapping.Fields, dest.Keys())
	if err := cmd.mapFields(&mapping, columns); err != nil {
		end()
		return nil, nil, err
	}
	fmt.Fprintln(sys.stderr, describeProposal(mapping.Fields, sampled))
	config.Mapping = mapping
	if dest, err = dynamodest.New(ctx, *config); err != nil {
		end()
		return nil, nil, setupError(err)
	}
	return dest, end, nil
}

// sampler returns the func that the progress is shown by.
func sampler(job *load.Load, feed *load.Feed, in *input.Input, capped bool) func() progress.Sample {
	return func() progress.Sample {
		rows, failed := job.Settled()
		stats := job.Dest.Stats()
		return progress.Sample{
			Rows: rows, Failed: failed, Taken: feed.Taken() - job.First, Units: stats.Summary.WriteUnits,
			Read: in.Read(), Size: in.Size, Holding: load.Holding(stats.WaitFor, capped),
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
		return &exitError{code: exitStopped, err: fmt.Errorf("stopped: %w", result.Stop)}
	case result.Totals.Failed() > 0:
		return &exitError{code: exitFailed}
	}
	return nil
}

// files are the files of a load: of its failed rows, and its checkpoint.
type files struct {
	failed     *deadletter.File // nil if there is none
	failedPath string
	checkpoint string           // its path; "" if there is none
	past       checkpoint.State // with -resume, of the earlier runs
	base       checkpoint.State // what is the same in all checkpoints of this load
	save       func(checkpoint.State) error
}

// openFiles opens the files of the load.
func (cmd *loadCmd) openFiles(in *input.Input, config dynamodest.Config) (*files, error) {
	f := &files{failedPath: cmd.Failed}
	if err := cmd.checkpointPath(f, in); err != nil {
		return nil, err
	}
	if f.checkpoint != "" {
		absolute, err := filepath.Abs(cmd.Failed)
		if err != nil {
			return nil, err
		}
		f.base = checkpoint.State{Source: *in.Identity, Target: target(config), Failed: absolute}
		if err := f.readPast(cmd.Resume); err != nil {
			return nil, &exitError{code: exitUsage, err: err}
		}
	}
	if cmd.Resume && config.Duplicates == dynamodest.RefuseDuplicates {
		return nil, usageError("-resume: with -duplicates fail the rows before the checkpoint would not be compared with those after it")
	}
	if err := f.openFailed(); err != nil {
		return nil, &exitError{code: exitUsage, err: fmt.Errorf("-failed: %w", err)}
	}
	return f, f.begin()
}

// checkpointPath sets the path of the checkpoint, if the load can have one.
func (cmd *loadCmd) checkpointPath(f *files, in *input.Input) error {
	asked := "-resume"
	if cmd.Checkpoint != "" {
		asked = "-checkpoint"
	} else if !cmd.Resume {
		asked = ""
	}
	reason := ""
	switch {
	case cmd.passes(in):
		reason = "this source cannot be read a second time"
	case in.Identity == nil:
		reason = "this source may give other rows, or another order of them, when it is read again"
	case cmd.Local:
		reason = "the table of -local goes with the process"
	case special(cmd.Failed):
		reason = "the file of -failed is a device or a pipe, of which nothing can be cut off"
	case cmd.Failed == "":
		reason = "it needs -failed, since a row that failed counts as settled only when it is on file"
	default:
		f.checkpoint = cmd.Checkpoint
		if f.checkpoint == "" {
			f.checkpoint = cmd.Failed + ".checkpoint.json"
		}
		return nil
	}
	if asked == "" {
		return nil
	}
	return usageError("%s: %s", asked, reason)
}

// special reports whether there is a file at path that is a device or a pipe.
func special(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular()
}

// target returns where the rows of config go.
func target(config dynamodest.Config) checkpoint.Target {
	t := checkpoint.Target{Table: config.Table, Region: config.Region, Endpoint: config.Endpoint}
	if config.AWS != nil {
		if t.Region == "" {
			t.Region = config.AWS.Region
		}
		if t.Endpoint == "" && config.AWS.BaseEndpoint != nil {
			t.Endpoint = *config.AWS.BaseEndpoint
		}
	}
	return t
}

// readPast reads the checkpoint of an earlier run, which only -resume may go on with.
func (f *files) readPast(resume bool) error {
	past, err := checkpoint.Load(f.checkpoint)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // with -resume too, so that a script may always give it
	case err != nil:
		return err
	case !resume && !past.Done:
		return fmt.Errorf("%s is the checkpoint of a load that has not ended: add -resume to go on with it, or delete it to begin again", f.checkpoint)
	case !resume:
		return nil
	case past.Failed != f.base.Failed:
		return fmt.Errorf("-resume: the failed rows of that load are in %s: give the same -failed", past.Failed)
	}
	if err := past.Fits(f.base.Source, f.base.Target); err != nil {
		return fmt.Errorf("-resume: %s: %w", f.checkpoint, err)
	}
	f.past = past
	return nil
}

// openFailed opens the file of failed rows.
func (f *files) openFailed() (err error) {
	switch {
	case f.failedPath == "":
		return nil
	case f.past.Version > 0:
		f.failed, err = deadletter.Resume(f.failedPath, f.past.FailedBytes)
		return err
	}
	f.failed, err = deadletter.Create(f.failedPath)
	return err
}

// begin saves a checkpoint before the first row, so that there is one whenever the load is killed.
func (f *files) begin() error {
	if f.checkpoint == "" {
		return nil
	}
	f.save = func(s checkpoint.State) error {
		s.Source, s.Target, s.Failed = f.base.Source, f.base.Target, f.base.Failed
		return checkpoint.Save(f.checkpoint, s)
	}
	if f.past.Version > 0 {
		return nil
	}
	if err := f.save(checkpoint.State{}); err != nil {
		return f.close(&exitError{code: exitSource, err: err})
	}
	return nil
}

// close closes the file of failed rows. It returns err if there is one, which closing only repeats, and
// otherwise what closing gave.
func (f *files) close(err error) error {
	if f.failed == nil {
		return err
	}
	return cmp.Or(err, f.failed.Close())
}
