package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/dynamodest/dynamodest"
)

func (s *Spec) flags(flags *flag.FlagSet) {
	flags.StringVar(&s.Source, "source", s.Source, "`FILE` of the rows, relative to -dir of the workers: CSV, TSV or NDJSON by the end of its name")
	flags.StringVar(&s.VersionAttribute, "version-attribute", s.VersionAttribute, "`NAME` of the attribute that orders the rows of a key")
	flags.Int64Var(&s.Generation, "generation", s.Generation, "greater than that of earlier loads of the table; the default is the time")
	flags.IntVar(&s.Shards, "shards", s.Shards, "parts of the source, by the hash of the key")
	flags.IntVar(&s.InFlight, "in-flight", s.InFlight, "most shards at a time, over all workers")
	flags.IntVar(&s.ShardsPerRun, "shards-per-run", s.ShardsPerRun, "shards after which the workflow continues as new")
	flags.Float64Var(&s.Units, "units", s.Units, "write units a second of all workers together; 0 sets no limit")
	flags.DurationVar(&s.Lease, "lease", s.Lease, "how long a share of -units is leased")
	flags.DurationVar(&s.Heartbeat, "heartbeat", s.Heartbeat, "silence after which a shard is given to another worker")
	flags.DurationVar(&s.RetryAfter, "retry-after", s.RetryAfter, "first wait after a passing fault of a shard; each further one is twice as long")
	flags.DurationVar(&s.RetryMax, "retry-max", s.RetryMax, "longest such wait")
	flags.Func("attempts", "most attempts at a shard; 0, the default, sets no limit", func(text string) error {
		n, err := strconv.ParseInt(text, 10, 32)
		s.MaxAttempts = int32(n)
		return err
	})
	flags.Func("mapping", "`FILE` with the mapping of the fields, as JSON; by default every column is written", func(name string) error {
		return s.readMapping(name)
	})
}

// readMapping reads the mapping, which goes to the workers with the Spec.
func (s *Spec) readMapping(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	cfg, err := dynamodest.DecodeConfig(slices.Concat([]byte(`{"mapping":`), text, []byte("}"))) // strictly
	s.Mapping = cfg.Mapping
	return err
}

// loadCommand starts a load, and waits for its end.
func loadCommand(ctx context.Context, args []string, out output) error {
	var s service
	spec := defaultSpec()
	flags := flag.NewFlagSet("temporal load", flag.ContinueOnError)
	s.flags(flags, "127.0.0.1:7233")
	spec.flags(flags)
	flags.StringVar(&spec.Table, "table", "", "`NAME` of the table")
	id := flags.String("id", "", "`ID` of the workflow; the default names the table and the source. Only one of an ID runs at a time")
	if err := parse(flags, args, out); err != nil {
		return err
	}
	if err := spec.validate(); err != nil {
		return &exitError{exitUsage, err}
	}
	c, err := s.dial(ctx, out.stderr)
	if err != nil {
		return err
	}
	defer c.Close()
	if *id == "" {
		*id = spec.id()
	}
	result, err := load(ctx, c, spec, *id, out)
	return report(result, err, out)
}

// id returns the ID of the workflow for a Spec: one load of a source into a table runs at a time.
func (s *Spec) id() string { return "dynamodest-load/" + s.Table + "/" + s.Source }

// load starts the workflow and waits for its end. At the end of ctx it cancels the workflow, and waits for that.
func load(ctx context.Context, c client.Client, spec Spec, id string, out output) (Result, error) {
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: taskQueue(spec.Table), WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, loadWorkflow, LoadState{Spec: spec})
	var running *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &running) {
		return Result{}, &exitError{exitUsage, fmt.Errorf("the load %s is running: wait for its end, cancel it, or give this one another -id", id)}
	}
	if err != nil {
		return Result{}, err
	}
	limit := "no limit of write units"
	if spec.Units > 0 {
		limit = fmt.Sprintf("%v write units a second", spec.Units)
	}
	fmt.Fprintf(out.stdout, "load of %s into %s: %d shards, at most %d at a time, %s\n", spec.Source, spec.Table, spec.Shards, spec.InFlight, limit)

	waiting := context.WithoutCancel(ctx)
	shown := &watcher{client: c, id: id, out: out.stderr, table: spec.Table, seen: map[string]bool{}}
	stopWatching := every(5*time.Second, func() { shown.show(waiting) })
	defer stopWatching()
	cancelOnce := context.AfterFunc(ctx, func() {
		fmt.Fprintln(out.stderr, "temporal: the load is canceled; once more to leave at once")
		if err := c.CancelWorkflow(waiting, id, ""); err != nil {
			fmt.Fprintln(out.stderr, "temporal:", err)
		}
	})
	defer cancelOnce()
	var result Result
	err = run.Get(waiting, &result)
	return result, err
}

// watcher prints faults of activities that are tried again, each once.
type watcher struct {
	client    client.Client
	id, table string
	out       io.Writer
	seen      map[string]bool
}

func (w *watcher) show(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	d, err := w.client.DescribeWorkflow(ctx, w.id, "")
	if err != nil {
		return // the wait for the result says why
	}
	for _, a := range d.RawResponse.GetPendingActivities() {
		if text := a.GetLastFailure().GetMessage(); text != "" && !w.seen[text] {
			w.seen[text] = true
			fmt.Fprintf(w.out, "temporal: attempt %d of a shard follows after: %s\n", a.GetAttempt(), text)
		}
	}
	if t := d.RawResponse.GetPendingWorkflowTask(); t != nil && t.GetStartedTime() == nil && !w.seen[""] {
		w.seen[""] = true
		fmt.Fprintf(w.out, "temporal: no worker has answered yet: start one with -table %s\n", w.table)
	}
}

// report prints what became of the rows, and returns the error with the exit code.
func report(result Result, err error, out output) error {
	var app *temporal.ApplicationError
	var canceled *temporal.CanceledError
	var coded *exitError
	switch {
	case errors.As(err, &coded):
		return err
	case errors.As(err, &app) && app.HasDetails():
		_ = app.Details(&result) // without them there are no totals to print
	case errors.As(err, &canceled) && canceled.HasDetails():
		_ = canceled.Details(&result)
	}
	if err != nil && app == nil && canceled == nil {
		return err // such as a workflow that was terminated: nobody knows the totals
	}
	t := result.Totals
	fmt.Fprintf(out.stdout, "%d rows of %d shards: %d written, %d superseded, %d skipped, %d not written, %d unknown\n",
		t.Rows, result.Shards, t.Written, t.Superseded, t.Skipped, t.NotWritten, t.Unknown)
	if result.Attempts > int64(result.Shards) {
		fmt.Fprintf(out.stderr, "temporal: %d attempts were resumed by another\n", result.Attempts-int64(result.Shards))
	}
	switch {
	case app != nil:
		return &exitError{faultCode(app.Type()), errors.New(app.Message())}
	case canceled != nil:
		return &exitError{exitInterrupted, errors.New("the load was canceled; the next one begins again")}
	case t.Dead() > 0:
		return &exitError{exitDead, fmt.Errorf("%d dead letters, in %s below -dir of the workers", t.Dead(), result.DeadLetters)}
	}
	return nil
}

// faultCode returns the exit code for the type of an application error.
func faultCode(typed string) int {
	switch typed {
	case faultSpec:
		return exitUsage
	case faultTable:
		return exitTable
	case faultSource:
		return exitSource
	}
	return exitTemporal
}
