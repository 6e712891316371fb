package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

// fakes are activities that write nothing. Each shard has ten rows.
type fakes struct {
	mu       sync.Mutex
	inFlight int
	most     int
	started  []int // shards, in order
	attempts map[int]int
	merged   []int64

	shards int
	shard  func(ctx context.Context, shard, attempt int) error // nil: all succeed
}

const fakeRows = 10

func (f *fakes) prepare(_ context.Context, _ Spec, plan Plan) (Plan, error) {
	plan.Region = "eu-west-1"
	return plan, nil
}

func (f *fakes) writeShard(ctx context.Context, task ShardTask) (ShardResult, error) {
	f.mu.Lock()
	f.inFlight++
	f.most = max(f.most, f.inFlight)
	f.started = append(f.started, task.Shard)
	f.attempts[task.Shard]++
	attempt := f.attempts[task.Shard]
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.inFlight--
		f.mu.Unlock()
	}()
	if f.shard != nil {
		if err := f.shard(ctx, task.Shard, attempt); err != nil {
			return ShardResult{}, err
		}
	}
	return ShardResult{
		Totals:     Totals{Rows: fakeRows, Written: 6, Superseded: 2, Skipped: 1, NotWritten: 1},
		SourceRows: int64(f.shards * fakeRows), Attempt: int32(attempt),
	}, nil
}

// begun returns the shards that were started, in order.
func (f *fakes) begun() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.started)
}

func (f *fakes) merge(_ context.Context, plan Plan, want int64) (string, error) {
	f.merged = append(f.merged, want)
	return plan.Folder + "/" + mergedName, nil
}

// environment returns an environment with the fakes, and a Spec for them.
func (f *fakes) environment(t *testing.T) (*testsuite.TestWorkflowEnvironment, Spec) {
	t.Helper()
	f.attempts = map[int]int{}
	env := newSuite().NewTestWorkflowEnvironment()
	env.SetTestTimeout(patienceOfTests)
	env.RegisterWorkflowWithOptions(Load, workflow.RegisterOptions{Name: loadWorkflow})
	env.RegisterActivityWithOptions(f.prepare, activity.RegisterOptions{Name: prepareActivity})
	env.RegisterActivityWithOptions(f.writeShard, activity.RegisterOptions{Name: shardActivity})
	env.RegisterActivityWithOptions(f.merge, activity.RegisterOptions{Name: mergeActivity})
	spec := defaultSpec()
	spec.Source, spec.Table, spec.Shards = "rows.csv", "users", f.shards
	return env, spec
}

// fakeTotals are those of n shards of the fakes.
func fakeTotals(n int64) Totals {
	return Totals{Rows: n * fakeRows, Written: 6 * n, Superseded: 2 * n, Skipped: n, NotWritten: n}
}

func TestWindowBoundsActivitiesInFlight(t *testing.T) {
	t.Parallel()
	var first sync.WaitGroup // the first ones wait for each other
	first.Add(4)
	f := &fakes{shards: 25}
	f.shard = func(_ context.Context, shard, _ int) error {
		if shard < 4 {
			first.Done()
			first.Wait()
		}
		return nil
	}
	env, spec := f.environment(t)
	spec.InFlight = 4
	env.ExecuteWorkflow(loadWorkflow, LoadState{Spec: spec})
	var result Result
	require.NoError(t, env.GetWorkflowResult(&result))
	assert.Equal(t, 4, f.most)
	assert.Len(t, f.begun(), 25)
	want := Result{Totals: fakeTotals(25), SourceRows: 250, Shards: 25, Attempts: 25, DeadLetters: result.DeadLetters}
	assert.Equal(t, want, result)
	assert.Regexp(t, `^dead-letters/.+/dead-letters\.ndjson$`, result.DeadLetters)
	assert.Equal(t, []int64{25}, f.merged, "the merge knows how many dead letters there are")
}

func TestPassingFaultIsTriedAgain(t *testing.T) {
	t.Parallel()
	f := &fakes{shards: 3}
	f.shard = func(_ context.Context, shard, attempt int) error {
		if shard == 1 && attempt <= 5 {
			return stopped(errors.New("no answer"), &Checkpoint{})
		}
		return nil
	}
	env, spec := f.environment(t)
	start := env.Now()
	env.ExecuteWorkflow(loadWorkflow, LoadState{Spec: spec})
	var result Result
	require.NoError(t, env.GetWorkflowResult(&result))
	assert.Equal(t, fakeTotals(3), result.Totals)
	assert.EqualValues(t, 8, result.Attempts)
	assert.GreaterOrEqual(t, env.Now().Sub(start), 31*time.Second, "1, 2, 4, 8 and 16 s")
}

func TestFaultOfTheTableEndsTheLoadAtOnce(t *testing.T) {
	t.Parallel()
	f := &fakes{shards: 9}
	f.shard = func(_ context.Context, shard, _ int) error {
		switch shard {
		case 1: // would be tried again for ever
			return stopped(errors.New("no answer"), nil)
		case 2:
			return temporal.NewApplicationErrorWithOptions("access denied; remedy: allow it", faultTable, temporal.ApplicationErrorOptions{
				NonRetryable: true, Details: []any{Checkpoint{Next: 4, Totals: Totals{Rows: 3, Written: 3}}},
			})
		}
		return nil
	}
	env, spec := f.environment(t)
	spec.InFlight = 2 // shard 2 follows shard 0
	start := env.Now()
	env.ExecuteWorkflow(loadWorkflow, LoadState{Spec: spec})
	var app *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &app)
	assert.Equal(t, faultTable, app.Type())
	assert.Equal(t, "access denied; remedy: allow it", app.Message())
	assert.True(t, app.NonRetryable())
	var result Result
	require.NoError(t, app.Details(&result))
	assert.Equal(t, Totals{Rows: 13, Written: 9, Superseded: 2, Skipped: 1, NotWritten: 1}, result.Totals, "a shard, and the checkpoint of another")
	assert.NotContains(t, f.begun(), 3)
	assert.Less(t, env.Now().Sub(start), time.Minute, "shard 1 is not waited for")
}

func TestShardsThatAreGivenUpAreNamedAtTheEnd(t *testing.T) {
	t.Parallel()
	f := &fakes{shards: 6}
	f.shard = func(_ context.Context, shard, _ int) error {
		if shard%3 == 1 {
			return stopped(errors.New("no answer"), &Checkpoint{Next: 9, Totals: Totals{Rows: 2, Written: 2}})
		}
		return nil
	}
	env, spec := f.environment(t)
	spec.MaxAttempts = 3
	env.ExecuteWorkflow(loadWorkflow, LoadState{Spec: spec})
	var app *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &app)
	assert.Equal(t, faultGaveUp, app.Type())
	assert.Regexp(t, `^2 of 6 shards were given up: .+ The first: shard [14]: no answer$`, app.Message())
	var result Result
	require.NoError(t, app.Details(&result))
	assert.Equal(t, 4, result.Shards, "all others were written")
	want := fakeTotals(4)
	want.add(Totals{Rows: 4, Written: 4})
	assert.Equal(t, want, result.Totals)
	assert.Empty(t, f.merged)
}

func TestLoadContinuesAsNewWithItsTotals(t *testing.T) {
	t.Parallel()
	f := &fakes{shards: 7}
	env, spec := f.environment(t)
	spec.ShardsPerRun = 3
	state := LoadState{Spec: spec}
	for _, want := range []int{3, 6} {
		env.ExecuteWorkflow(loadWorkflow, state)
		var next *workflow.ContinueAsNewError
		require.ErrorAs(t, env.GetWorkflowError(), &next)
		state = LoadState{}
		require.NoError(t, decode(next, &state))
		assert.Equal(t, want, state.Next)
		assert.Equal(t, Result{Totals: fakeTotals(int64(want)), SourceRows: 70, Shards: want, Attempts: int64(want)}, state.Result)
		require.NotNil(t, state.Plan)
		env, _ = f.environment(t)
	}
	plan := *state.Plan
	env.ExecuteWorkflow(loadWorkflow, state)
	var result Result
	require.NoError(t, env.GetWorkflowResult(&result))
	assert.Equal(t, fakeTotals(7), result.Totals)
	assert.Equal(t, plan.Folder+"/"+mergedName, result.DeadLetters, "all runs have one folder")
	assert.ElementsMatch(t, []int{0, 1, 2, 3, 4, 5, 6}, f.begun())
}

func TestCanceledLoadSaysHowFarItCame(t *testing.T) {
	t.Parallel()
	f := &fakes{shards: 9}
	env, spec := f.environment(t)
	spec.InFlight = 2
	release := make(chan struct{})
	defer close(release)
	var both atomic.Int32
	f.shard = func(_ context.Context, shard, _ int) error {
		if shard >= 2 {
			if both.Add(1) == 2 {
				env.CancelWorkflow()
			}
			<-release
		}
		return nil
	}
	env.ExecuteWorkflow(loadWorkflow, LoadState{Spec: spec})
	var canceled *temporal.CanceledError
	require.ErrorAs(t, env.GetWorkflowError(), &canceled)
	var result Result
	require.NoError(t, canceled.Details(&result))
	assert.Equal(t, Result{Totals: fakeTotals(2), SourceRows: 90, Shards: 2, Attempts: 2}, result)
	assert.Len(t, f.begun(), 4, "none is started after the cancellation")
}

// An activity that ends without a result leaves its checkpoint behind, in one of three kinds of errors.
func TestLastCheckpoint(t *testing.T) {
	t.Parallel()
	want := Checkpoint{Next: 7, Totals: Totals{Rows: 3, Written: 3}}
	convert := temporal.GetDefaultFailureConverter()
	for name, err := range map[string]error{
		"failed":        stopped(errors.New("no answer"), &want),
		"canceled":      temporal.NewCanceledError(want),
		"killed worker": temporal.NewHeartbeatTimeoutError(want),
	} {
		assert.Equal(t, want, lastCheckpoint(convert.FailureToError(convert.ErrorToFailure(err))), name)
	}
	assert.Zero(t, lastCheckpoint(temporal.NewHeartbeatTimeoutError()))
	assert.Zero(t, lastCheckpoint(errors.New("other")))
}

func TestBadSpecStartsNothing(t *testing.T) {
	t.Parallel()
	f := &fakes{shards: 9}
	env, spec := f.environment(t)
	spec.Shards, spec.Lease = 0, time.Nanosecond
	env.ExecuteWorkflow(loadWorkflow, LoadState{Spec: spec})
	var app *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &app)
	assert.Equal(t, faultSpec, app.Type())
	assert.Equal(t, "-shards 0: give 1 to 10000\n-lease 1ns: give 1s to 1h", app.Message())
	assert.Empty(t, f.begun())
}

func TestMissingRowsAreAnError(t *testing.T) {
	t.Parallel()
	f := &fakes{shards: 4}
	env, spec := f.environment(t)
	spec.Shards = 3 // the source has the rows of four
	env.ExecuteWorkflow(loadWorkflow, LoadState{Spec: spec})
	var app *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &app)
	assert.Equal(t, faultCounts, app.Type())
	assert.Equal(t, "the shards have 30 rows, and the source has 40", app.Message())
}
