package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/dynamodest/dynamodest"
)

const runsFolder = "runs"

// loadRuns loads the runs of the folder. Those that were in progress when the engine was killed are interrupted.
func (e *engine) loadRuns() error {
	return readAll(e.path(runsFolder), func(folder string) error {
		id, err := strconv.Atoi(filepath.Base(folder))
		if err != nil { // it is not the engine's own
			return nil //nolint:nilerr // nor is it an error
		}
		r := &run{folder: folder}
		err = readJSON(filepath.Join(folder, recordFile), &r.record)
		if errors.Is(err, fs.ErrNotExist) { // the engine was killed before the run began
			return nil
		}
		if err == nil && r.record.ID != id { // a copy, which is not to stand for the run itself
			err = &fs.PathError{Op: "read", Path: folder, Err: fmt.Errorf("it is a copy of run %d: move it away", r.record.ID)}
		}
		if r.record.Status == running {
			r.record.Status = interrupted
		}
		e.runs[r.record.ID] = r
		e.lastID = max(e.lastID, r.record.ID)
		return err
	})
}

// start starts a run of a source into the table of c, which is complete.
func (e *engine) start(ctx context.Context, c dynamodest.Config, s sourceFile) (*run, error) {
	rec := record{Source: s, Config: stored(c), Started: time.Now().UTC(), Samples: []sampled{}, Reasons: map[dynamodest.Reason]int{}}
	if e.inMemory(c) {
		rec.Instance = e.instance
	}
	r := &run{record: rec}
	return r, e.begin(ctx, r, c)
}

var errNothingToResume = refusal{http.StatusConflict, "the run is in progress or complete, so there is nothing to resume"}

// resume goes on with a run from its checkpoint.
func (e *engine) resume(ctx context.Context, r *run) error {
	r.mu.Lock()
	rec, ok := copyOf(r.record), r.canResume()
	r.mu.Unlock()
	switch {
	case !ok:
		return errNothingToResume
	case rec.Instance != "" && rec.Instance != e.instance:
		return refusal{http.StatusConflict, "the table of this run was in the memory of an engine that has ended, with all that it had written: start a new run"}
	case rec.Config.Duplicates == dynamodest.RefuseDuplicates && rec.NextRow > 0:
		return refusal{http.StatusConflict, "duplicate keys are errors in this run, and the keys of the rows before the checkpoint are not known any more: start a new run"}
	}
	c, err := e.complete(ctx, rec.Config)
	if err != nil {
		return err
	}
	return e.begin(ctx, r, c)
}

// begin begins an attempt of a run. It outlasts ctx.
func (e *engine) begin(ctx context.Context, r *run, c dynamodest.Config) error {
	dest, err := dynamodest.New(ctx, c)
	if err != nil {
		return err
	}
	release, err := e.reserve(r, arnOf(dest))
	if err != nil {
		return err
	}
	return e.launch(ctx, r, dest, release)
}

// launch launches an attempt of a run whose table is reserved.
func (e *engine) launch(ctx context.Context, r *run, dest *dynamodest.Destination, release func()) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a, err := e.prepare(r, dest, cancel)
	if err != nil {
		cancel()
		release()
		e.running.Done()
		return err
	}
	if e.isClosing() { // since the table was reserved, so that close may not have seen the attempt
		a.stop()
	}
	go func() {
		defer e.running.Done()
		defer close(a.done)
		a.execute(ctx, release)
		e.ended(r)
		v, _ := r.view()
		e.output.printf("Run %d is %s: %d rows, %d written, %d deleted, %d skipped, %d superseded, %d not written, %d unknown",
			v.ID, v.Status, v.Totals.Rows, v.Totals.Written, v.Totals.Deleted, v.Totals.Skipped, v.Totals.Superseded, v.Totals.NotWritten, v.Totals.Unknown)
	}()
	return nil
}

// reserve gives a run, which gets an ID if it has none, a table for itself, and counts it among those in progress.
// release frees the table.
func (e *engine) reserve(r *run, table string) (release func(), err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing {
		return nil, refusal{http.StatusServiceUnavailable, "the engine is ending: start it again first"}
	}
	if id, ok := e.busy[table]; ok {
		return nil, refusal{http.StatusConflict, fmt.Sprintf("run %d is writing to this table, and rows of two runs at a time would have no order: wait for its end, or stop it", id)}
	}
	if r.record.ID == 0 {
		e.lastID++
		r.record.ID = e.lastID
		r.folder = e.path(runsFolder, strconv.Itoa(r.record.ID))
	}
	e.busy[table] = r.record.ID
	e.running.Add(1)
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.busy, table)
	}, nil
}

// prepare opens the files of an attempt, and saves that the run is in progress. After an error the run is as it was.
func (e *engine) prepare(r *run, dest *dynamodest.Destination, cancel context.CancelFunc) (a *attempt, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.canResume() { // it was resumed since resume has looked, and is in progress or complete
		return nil, errNothingToResume
	}
	rec := copyOf(r.record)
	rec.Status, rec.Failure, rec.Again, rec.Totals.MissingColumns = running, nil, 0, nil
	rec.Attempts++
	if err := errors.Join(os.MkdirAll(r.folder, 0o700), syncDir(filepath.Dir(r.folder))); err != nil {
		return nil, err
	}
	file, err := os.Open(e.sourcePath(rec.Source.ID))
	if err != nil {
		return nil, err
	}
	a = &attempt{
		run: r, dest: dest, cancel: cancel, file: file, rows: rowsOf(rec.Source.Format, file), first: copyOf(rec),
		began: time.Now(), saved: time.Now(), kept: copyOf(rec), thinned: sampleEvery, end: make(chan struct{}), done: make(chan struct{}),
	}
	a.letters, err = openLetters(filepath.Join(r.folder, lettersFile), rec.LetterSize)
	if err == nil {
		if err = writeJSON(filepath.Join(r.folder, recordFile), rec); err != nil {
			err = errors.Join(err, a.letters.close())
		}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	r.record, r.live = rec, a
	e.mu.Lock()
	defer e.mu.Unlock()
	e.runs[rec.ID] = r
	return a, nil
}

// arnOf returns the ARN of a table, as DynamoDB has reported it: however the settings name the table, it is the same.
func arnOf(dest *dynamodest.Destination) string {
	var policy struct {
		Statement []struct{ Resource string }
	}
	text, err := dest.Policy()
	if err != nil || json.Unmarshal(text, &policy) != nil || len(policy.Statement) == 0 {
		return "" // a server that reports none: one run at a time
	}
	return policy.Statement[0].Resource
}

// find returns a run by its ID.
func (e *engine) find(id string) (*run, error) {
	n, err := strconv.Atoi(id)
	e.mu.Lock()
	defer e.mu.Unlock()
	r, ok := e.runs[n]
	if err != nil || !ok {
		return nil, refusal{http.StatusNotFound, "there is no such run"}
	}
	return r, nil
}
