package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/checkpoint"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/deadletter"
)

// files are the files of a load: of its failed rows, and its checkpoint.
type files struct {
	failed     *deadletter.File // nil if there is none
	failedPath string
	checkpoint string           // its path; "" if there is none
	past       checkpoint.State // with -resume, of the earlier runs
	base       checkpoint.State // what is the same in all checkpoints of this load
	save       func(checkpoint.State) error
}

// findFiles finds out which files the load has, and what an earlier run has left in them. It changes nothing.
func (cmd *loadCmd) findFiles(source *opened) (*files, error) {
	f := &files{failedPath: cmd.Failed}
	if err := cmd.checkpointPath(f, source); err != nil {
		return nil, err
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
		if err := f.readPast(cmd.Resume); err != nil {
			return nil, &exitError{code: exitUsage, err: err}
		}
	}
	if cmd.Resume && source.config.Duplicates == dynamodest.RefuseDuplicates {
		return nil, usageError("-resume: with -duplicates fail the rows before the checkpoint would not be compared with those after it")
	}
	return f, nil
}

// open opens the files.
func (f *files) open() error {
	if err := f.openFailed(); err != nil {
		return &exitError{code: exitUsage, err: fmt.Errorf("-failed: %w", err)}
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
