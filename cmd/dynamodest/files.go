package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/checkpoint"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/deadletter"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/input"
)

// files are the files of a load: of its failed rows, and its checkpoint. The load has the file of failed rows locked
// before it looks at the checkpoint, and that keeps other loads from both.
type files struct {
	failed     *deadletter.File // nil if there is none, or if it is still to be opened
	failedPath string
	checkpoint string           // its path; "" if there is none
	resume     bool             // an earlier run is gone on with
	past       checkpoint.State // with resume, of the earlier runs
	base       checkpoint.State // what is the same in all checkpoints of this load
	save       func(checkpoint.State) error
}

// findFiles finds out which files the load has, and what an earlier run has left in them. It changes nothing. The caller
// calls close.
func (cmd *loadCmd) findFiles(source *opened) (*files, error) {
	f := &files{failedPath: cmd.Failed, resume: cmd.Resume}
	if err := cmd.checkpointPath(f, source); err != nil {
		return nil, err
	}
	if cmd.Resume && source.config.Duplicates == dynamodest.RefuseDuplicates {
		return nil, usageError("-resume: with -duplicates fail the rows before the checkpoint would not be compared with those after it")
	}
	if f.checkpoint != "" {
		absolute, err := filepath.Abs(cmd.Failed)
		if err != nil {
			return nil, err
		}
		if err := f.distinct(absolute, source.in.Identity.Path); err != nil {
			return nil, err
		}
		f.base = checkpoint.State{Source: *source.in.Identity, Target: target(source.config), Failed: absolute}
	}
	if err := f.look(); err != nil {
		return nil, &exitError{code: exitUsage, err: f.close(err)}
	}
	return f, nil
}

// look locks the file of failed rows, if it is there, and reads the checkpoint.
func (f *files) look() (err error) {
	if f.failedPath != "" && !special(f.failedPath) {
		f.failed, err = deadletter.Open(f.failedPath)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("-failed: %w", err)
		}
	}
	if f.past, err = f.readPast(); err != nil {
		return err
	}
	if f.past.FailedBytes > 0 && f.failed == nil && !f.past.Done {
		return fmt.Errorf("-resume: the failed rows of that load are in %s, which is not there: put it back, or delete %s to begin again", f.failedPath, f.checkpoint)
	}
	return nil
}

// open makes the files ready for the first row. Until then another load may have begun, and may have ended, with a file
// of failed rows that was not there to be locked, or with the same checkpoint. A named pipe is waited for until ctx ends.
func (f *files) open(ctx context.Context) (err error) {
	if f.failed == nil && f.failedPath != "" {
		create := func() (*deadletter.File, error) { return deadletter.Create(f.failedPath) }
		if f.failed, err = input.Await(ctx, create); err != nil {
			return usageError("-failed: %w", err)
		}
	}
	past, err := f.readPast()
	if err == nil && !reflect.DeepEqual(past, f.past) {
		err = fmt.Errorf("another load has gone on from %s in the meantime: give the command again", f.checkpoint)
	}
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	if err := f.prepareFailed(); err != nil {
		return usageError("-failed: %w", err)
	}
	return f.begin()
}

// checkpointPath sets the path of the checkpoint, if the load can have one.
func (cmd *loadCmd) checkpointPath(f *files, source *opened) error {
	asked := "-resume"
	if cmd.Checkpoint != "" {
		asked = "-checkpoint"
	} else if !cmd.Resume {
		asked = ""
	}
	reason := ""
	switch {
	case source.passes:
		reason = "this source cannot be read a second time"
	case source.in.Identity == nil:
		reason = "this source may give other rows, or another order of them, when it is read again"
	case cmd.Local:
		reason = "the table of -local goes with the process"
	case special(cmd.Failed):
		reason = "the file of -failed is a device or a pipe, of which nothing can be cut off"
	case cmd.Failed == "":
		reason = "it needs -failed, since a row that failed counts as settled only when it is on file"
	default:
		f.checkpoint = cmp.Or(cmd.Checkpoint, cmd.Failed+".checkpoint.json")
		return nil
	}
	if asked == "" {
		return nil
	}
	return usageError("%s: %s", asked, reason)
}

// distinct returns an error if the checkpoint, or the file beside it that becomes it, would replace the file of failed
// rows or the source.
func (f *files) distinct(failed, source string) error {
	path, err := filepath.Abs(f.checkpoint)
	if err != nil {
		return err
	}
	for _, path := range []string{path, path + checkpoint.TemporarySuffix} {
		switch path {
		case failed:
			return usageError("-checkpoint: %s is the file of -failed: name another one", path)
		case source:
			return usageError("-checkpoint: %s is the source: name another file", path)
		}
	}
	return nil
}

// special reports whether there is a file at path that is a device or a pipe.
func special(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// target returns where the rows of config go.
func target(config dynamodest.Config) checkpoint.Target {
	t := checkpoint.Target{Table: config.Table, Region: config.Region, Endpoint: config.Endpoint}
	if config.AWS != nil {
		t.Region = cmp.Or(t.Region, config.AWS.Region)
		t.Endpoint = cmp.Or(t.Endpoint, aws.ToString(config.AWS.BaseEndpoint))
	}
	return t
}

// readPast reads the checkpoint of an earlier run, which only -resume may go on with: without it there must be none, or
// one of a load that is complete, and the result is empty.
func (f *files) readPast() (none checkpoint.State, err error) {
	if f.checkpoint == "" {
		return none, nil
	}
	past, err := checkpoint.Load(f.checkpoint)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return none, nil // with -resume too, so that a script may always give it
	case err != nil:
		return none, err
	}
	if past.Failed != f.base.Failed && !past.Done {
		if err := deadletter.Free(past.Failed); err != nil {
			return none, fmt.Errorf("%s: %w", f.checkpoint, err)
		}
	}
	switch {
	case !f.resume && !past.Done:
		return none, fmt.Errorf("%s is the checkpoint of a load that has not ended: add -resume to go on with it, or delete it to begin again", f.checkpoint)
	case !f.resume:
		return none, nil
	case past.Failed != f.base.Failed:
		return none, fmt.Errorf("-resume: the failed rows of that load are in %s: give the same -failed", past.Failed)
	}
	if err := past.Fits(f.base.Source, f.base.Target); err != nil {
		return none, fmt.Errorf("-resume: %s: %w", f.checkpoint, err)
	}
	return past, nil
}

// prepareFailed prepares the file of failed rows for those of this run.
func (f *files) prepareFailed() error {
	switch {
	case f.failed == nil:
		return nil
	case f.past.Version > 0:
		return f.failed.Resume(f.past.FailedBytes)
	}
	return f.failed.Begin()
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
		return &exitError{code: exitSource, err: err}
	}
	return nil
}

// close closes the file of failed rows, which other loads can have from then on. It returns err if there is one, which
// closing only repeats, and otherwise what closing gave. Another call of it returns err alone.
func (f *files) close(err error) error {
	if f.failed == nil {
		return err
	}
	failed := f.failed
	f.failed = nil
	return cmp.Or(err, failed.Close())
}
