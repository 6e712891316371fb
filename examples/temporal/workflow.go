package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Names of the workflow that loads a source, of its query, and of its activities.
const (
	loadWorkflow    = "dynamodest-load"
	progressQuery   = "progress"
	prepareActivity = "dynamodest-prepare"
	shardActivity   = "dynamodest-write-shard"
	mergeActivity   = "dynamodest-merge-dead-letters"
)

// shortActivity is the longest time for an activity that writes no rows, and longActivity that for one attempt at a
// shard: heartbeats find out much earlier that a worker is gone.
const (
	shortActivity = 10 * time.Minute
	longActivity  = 30 * 24 * time.Hour
)

// LoadState is the input of the workflow: what to do, and what earlier runs of it have done.
type LoadState struct {
	Spec   Spec   `json:"spec"`
	Plan   *Plan  `json:"plan,omitempty"` // nil in the first run
	Next   int    `json:"next"`           // the first shard that has not been started
	Result Result `json:"result"`
}

// Load is the workflow that loads a source: one activity for each shard, at most Spec.InFlight at a time. Its history
// has names, positions and counts, and no rows. It ends with the Result, or with an error whose details are the Result
// so far.
func Load(ctx workflow.Context, state LoadState) (Result, error) {
	l := &loader{LoadState: state}
	if err := workflow.SetQueryHandler(ctx, progressQuery, func() (Result, error) { return l.Result, nil }); err != nil {
		return l.Result, err
	}
	if err := l.Spec.validate(); err != nil {
		return l.Result, failure(faultSpec, err.Error())
	}
	if l.Plan == nil {
		if err := l.prepare(ctx); err != nil {
			return l.Result, l.failed(err)
		}
	}
	if err := l.shards(ctx); err != nil {
		return l.Result, err
	}
	switch {
	case ctx.Err() != nil:
		return l.Result, temporal.NewCanceledError(l.Result)
	case l.Next < l.Spec.Shards:
		return l.Result, workflow.NewContinueAsNewError(ctx, loadWorkflow, l.LoadState)
	case l.Result.Failed > 0:
		return l.Result, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("%d of %d shards were given up: start the load again when the cause has passed. The first: %s", l.Result.Failed, l.Spec.Shards, l.Result.FirstFault),
			faultGaveUp, nil, l.Result)
	case l.Result.Totals.Rows != l.Result.SourceRows:
		return l.Result, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("the shards have %d rows, and the source has %d", l.Result.Totals.Rows, l.Result.SourceRows), faultCounts, nil, l.Result)
	}
	if err := l.merge(ctx); err != nil {
		return l.Result, l.failed(err)
	}
	return l.Result, nil
}

// loader is a run of Load.
type loader struct {
	LoadState
	started, inFlight int
	fatal             error
}

// retries returns the policy by which activities are tried again.
func (l *loader) retries() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{
		InitialInterval: l.Spec.RetryAfter, BackoffCoefficient: 2, MaximumInterval: l.Spec.RetryMax, MaximumAttempts: l.Spec.MaxAttempts,
	}
}

// prepare makes the plan.
func (l *loader) prepare(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: shortActivity, HeartbeatTimeout: l.Spec.Heartbeat, RetryPolicy: l.retries(),
	})
	info := workflow.GetInfo(ctx)
	plan := Plan{
		Folder:     "dead-letters/" + info.WorkflowExecution.RunID, // of the first run: further ones get the plan
		Generation: cmp.Or(l.Spec.Generation, info.WorkflowStartTime.UnixMilli()),
	}
	if err := workflow.ExecuteActivity(ctx, prepareActivity, l.Spec, plan).Get(ctx, &plan); err != nil {
		return err
	}
	l.Plan = &plan
	return nil
}

// shards runs activities until none is in flight. It starts no further one at the end of ctx, and when the history has
// as many as it should. An error ends the load at once: the activities in flight learn of it by their next heartbeat.
func (l *loader) shards(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: longActivity,
		HeartbeatTimeout:    l.Spec.Heartbeat,
		RetryPolicy:         l.retries(),
		WaitForCancellation: true, // so that the totals of a canceled load are those of the last rows
	})
	selector := workflow.NewSelector(ctx)
	for {
		for ctx.Err() == nil && l.Next < l.Spec.Shards && l.inFlight < l.Spec.InFlight && l.started < l.Spec.ShardsPerRun {
			task := ShardTask{Spec: l.Spec, Plan: *l.Plan, Shard: l.Next}
			l.Next++
			l.started++
			l.inFlight++
			selector.AddFuture(workflow.ExecuteActivity(ctx, shardActivity, task), func(f workflow.Future) { l.ended(ctx, task, f) })
		}
		if l.inFlight == 0 {
			return nil
		}
		if selector.Select(ctx); l.fatal != nil {
			return l.fatal
		}
	}
}

// ended adds up what a shard has done.
func (l *loader) ended(ctx workflow.Context, task ShardTask, f workflow.Future) {
	l.inFlight--
	var result ShardResult
	err := f.Get(ctx, &result)
	if err == nil {
		l.Result.Shards++
		l.Result.Attempts += int64(result.Attempt)
		l.Result.SourceRows = result.SourceRows
		l.Result.Totals.add(result.Totals)
		return
	}
	l.Result.Totals.add(lastCheckpoint(err).Totals)
	var app *temporal.ApplicationError
	switch {
	case temporal.IsCanceledError(err):
	case errors.As(err, &app) && app.NonRetryable():
		l.fatal = l.failed(err)
	default:
		l.Result.Failed++
		l.Result.FirstFault = cmp.Or(l.Result.FirstFault, fmt.Sprintf("shard %d: %s", task.Shard, faultText(err)))
	}
}

// merge merges the dead letters into one file.
func (l *loader) merge(ctx workflow.Context) error {
	if l.Result.Totals.Dead() == 0 {
		return nil
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: longActivity, HeartbeatTimeout: l.Spec.Heartbeat, RetryPolicy: l.retries(),
	})
	return workflow.ExecuteActivity(ctx, mergeActivity, *l.Plan, l.Result.Totals.Dead()).Get(ctx, &l.Result.DeadLetters)
}

// failed returns the error of the load for the error of an activity.
func (l *loader) failed(err error) error {
	if temporal.IsCanceledError(err) {
		return temporal.NewCanceledError(l.Result)
	}
	typed := faultPassing
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		typed = app.Type()
	}
	return temporal.NewNonRetryableApplicationError(faultText(err), typed, nil, l.Result)
}

// faultText returns what an activity said of its fault, without the words that Temporal puts around it.
func faultText(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return app.Message()
	}
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		return fmt.Sprintf("no heartbeat of the worker in time (%s)", timeout.TimeoutType())
	}
	return err.Error()
}

// lastCheckpoint returns the checkpoint that an activity ended with.
func lastCheckpoint(err error) Checkpoint {
	var (
		checkpoint Checkpoint
		app        *temporal.ApplicationError
		canceled   *temporal.CanceledError
		timeout    *temporal.TimeoutError
		none       error
	)
	switch {
	case errors.As(err, &app) && app.HasDetails():
		none = app.Details(&checkpoint)
	case errors.As(err, &canceled) && canceled.HasDetails():
		none = canceled.Details(&checkpoint)
	case errors.As(err, &timeout) && timeout.HasLastHeartbeatDetails():
		none = timeout.LastHeartbeatDetails(&checkpoint)
	}
	if none != nil {
		return Checkpoint{}
	}
	return checkpoint
}
