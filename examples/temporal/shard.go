package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/dynamodest/dynamodest"
)

// activities are the activities of a worker.
type activities struct {
	dir    *os.Root
	config dynamodest.Config // what a worker knows of the table: its name, the region, the client
	leases leases
}

// destination returns the Destination for a load.
func (a *activities) destination(ctx context.Context, spec Spec, limiter dynamodest.Limiter) (*dynamodest.Destination, error) {
	if a.config.Table != spec.Table {
		return nil, failure(faultSpec, fmt.Sprintf("a worker with -table %s was asked to load %s: give all workers and the load one table", a.config.Table, spec.Table))
	}
	cfg := a.config
	cfg.Version, cfg.Limiter, cfg.Mapping = spec.VersionAttribute, limiter, spec.Mapping
	if len(cfg.Mapping.Fields) > 0 {
		fields := append([]dynamodest.Field{}, cfg.Mapping.Fields...)
		cfg.Mapping.Fields = append(fields, dynamodest.Field{Column: spec.VersionAttribute})
	}
	dest, err := dynamodest.New(ctx, cfg)
	return dest, stopped(err, nil)
}

// Prepare checks what every shard needs, the table and the source, and makes the folder of the dead letters. Only a
// fault of the table may pass by itself.
func (a *activities) Prepare(ctx context.Context, spec Spec, plan Plan) (Plan, error) {
	defer beat(ctx)()
	if _, err := a.destination(ctx, spec, nil); err != nil {
		return Plan{}, err
	}
	src, err := openSource(a.dir, spec.Source)
	if err != nil {
		return Plan{}, failure(faultSource, err.Error())
	}
	defer func() { _ = src.close() }()
	if err := src.readable(spec.VersionAttribute); err != nil {
		return Plan{}, failure(faultSource, fmt.Sprintf("the source %s: %v", spec.Source, err))
	}
	if plan.File, err = src.identity(); err == nil {
		err = a.dir.MkdirAll(plan.Folder, 0o700)
	}
	for name := plan.Folder; err == nil && name != "."; {
		name = path.Dir(name)
		err = syncFolder(a.dir, name)
	}
	if err != nil {
		return Plan{}, failure(faultSource, err.Error())
	}
	plan.Region = a.config.Region
	return plan, nil
}

// WriteShard writes the rows of a shard from the last checkpoint on, which an earlier attempt may have recorded on
// another machine.
func (a *activities) WriteShard(ctx context.Context, task ShardTask) (ShardResult, error) {
	var from Checkpoint
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &from); err != nil {
			return ShardResult{}, err
		}
	}
	stop := beat(ctx, from) // the table may be slow to answer
	w, err := a.newWriter(ctx, task, from)
	stop()
	switch {
	case err != nil && isCanceled(ctx):
		return ShardResult{}, temporal.NewCanceledError(from)
	case err != nil:
		return ShardResult{}, stopped(err, &from)
	}
	defer w.close(ctx)
	if err := w.write(ctx); err != nil {
		return ShardResult{}, err
	}
	return ShardResult{Totals: w.progress.checkpoint.Totals, SourceRows: w.feed.position, Attempt: activity.GetInfo(ctx).Attempt}, nil
}

// shardWriter is one attempt at a shard.
type shardWriter struct {
	task     ShardTask
	dest     *dynamodest.Destination
	limiter  *leased // nil without a budget
	source   *sourceFile
	feed     *feed
	progress *progress
}

func (a *activities) newWriter(ctx context.Context, task ShardTask, from Checkpoint) (*shardWriter, error) {
	info := activity.GetInfo(ctx)
	w := &shardWriter{task: task, progress: &progress{checkpoint: from}}
	var limiter dynamodest.Limiter
	if task.Spec.Units > 0 {
		w.limiter = newLeased(a.leases, fmt.Sprintf("%s/%d", task.Plan.Folder, task.Shard), info.StartedTime.UnixNano(), task.Spec)
		limiter = w.limiter
	}
	var err error
	if w.dest, err = a.destination(ctx, task.Spec, limiter); err != nil {
		return nil, err
	}
	if a.config.Region != task.Plan.Region {
		return nil, failure(faultSpec, fmt.Sprintf("a worker is in %s, and the load began in %s: give all workers one region", a.config.Region, task.Plan.Region))
	}
	if w.source, err = openSource(a.dir, task.Spec.Source); err != nil {
		return nil, err
	}
	err = w.source.verify(task.Plan.File)
	if err == nil {
		head := partHead{
			Shard: task.Shard, Run: info.WorkflowExecution.RunID, Attempt: info.Attempt, Started: info.StartedTime, From: from.Next,
		}
		w.progress.dead, err = newDeadLetters(a.dir, task.Plan.Folder, head)
	}
	if err != nil {
		_ = w.source.close()
		return nil, err
	}
	w.feed = &feed{task: task, dest: w.dest, from: from.Next, stopping: activity.GetWorkerStopChannel(ctx)}
	return w, nil
}

// write returns nil if every row of the shard is settled.
func (w *shardWriter) write(ctx context.Context) error {
	writing, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	record := func(c Checkpoint) {
		if ctx.Err() == nil { // otherwise nobody listens any more
			activity.RecordHeartbeat(ctx, c)
		}
	}
	stop := every(beatInterval(activity.GetInfo(ctx).HeartbeatTimeout), func() {
		if checkpoint, err := w.progress.save(); err == nil {
			record(checkpoint) // progress or not: it says that the attempt lives
		} else {
			fail(err)
		}
	})

	w.feed.done = writing.Done()
	rows, err := w.source.rows()
	if err == nil {
		_, err = w.dest.WriteSeq(writing, w.feed.rows(rows), func(_ dynamodest.Row, r dynamodest.RowResult) error {
			if !w.progress.settle(w.feed.reported(), r) {
				w.feed.end() // rows in flight settle
			}
			return nil
		})
	}
	stop()
	checkpoint, saveErr := w.progress.save()
	if saveErr == nil {
		record(checkpoint) // the SDK sends the last one before it reports the end of a failed attempt
	}
	return w.outcome(ctx, err, saveErr, checkpoint)
}

// isCanceled reports whether the load was canceled, and not the attempt alone.
func isCanceled(ctx context.Context) bool {
	return ctx.Err() != nil && temporal.IsCanceledError(context.Cause(ctx))
}

// outcome returns the error of the attempt.
func (w *shardWriter) outcome(ctx context.Context, err, saveErr error, checkpoint Checkpoint) error {
	var whole *dynamodest.WriteError
	var table *dynamodest.TableError
	switch {
	case errors.As(err, &table): // before anything else: no retry helps
		return stopped(table, &checkpoint)
	case isCanceled(ctx):
		return temporal.NewCanceledError(checkpoint)
	case ctx.Err() != nil: // the worker is stopped, or Temporal has given the attempt up
		return stopped(fmt.Errorf("the attempt was ended: %w", context.Cause(ctx)), &checkpoint)
	case saveErr != nil:
		return stopped(fmt.Errorf("the dead letters cannot be saved: %w", saveErr), &checkpoint)
	case errors.As(err, &whole) && whole.Stop != nil:
		return stopped(whole.Stop, &checkpoint)
	case err != nil && whole == nil:
		return stopped(err, &checkpoint)
	case w.progress.blocked != nil:
		return stopped(w.progress.blocked, &checkpoint)
	case w.feed.stopped:
		return temporal.NewApplicationErrorWithOptions("the worker was stopped", faultPassing,
			temporal.ApplicationErrorOptions{Details: []any{checkpoint}, NextRetryDelay: time.Millisecond})
	}
	return stopped(w.source.verify(w.task.Plan.File), &checkpoint)
}

// close gives back what the attempt holds. Its files are read only, or saved.
func (w *shardWriter) close(ctx context.Context) {
	if w.limiter != nil {
		w.limiter.release(ctx)
	}
	_ = w.source.close()
	_ = w.progress.dead.close()
}
