package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// askTimeout is how long an answer to a request for a lease is waited for.
const askTimeout = 5 * time.Second

// budgetTaskTimeout is after how long another worker answers the requests that a worker has taken before it was stopped.
// With Temporal's default of 10 s all leases could end in the meantime.
const budgetTaskTimeout = 2 * time.Second

// maxFailed is after how many requests without an answer an attempt without a lease gives up, so that it is seen to fail.
const maxFailed = 20

// leases gives shares of a budget.
type leases interface {
	lease(ctx context.Context, r LeaseRequest) (Lease, error)
}

// leased is the Limiter of one attempt at a shard. It lets write units through at the rate of its lease, and none
// without one: a process that was stopped for longer than its lease asks again before it sends anything.
//
// A Destination calls WaitN for one request at a time: no lock is needed.
type leased struct {
	store   leases
	request LeaseRequest

	rate  float64   // write units a second, of the lease
	until time.Time // the end of the lease
	again time.Time // when to ask for the next one

	failed int // requests without an answer since the last one with

	units float64 // that have come in and are not used
	since time.Time
}

func newLeased(store leases, holder string, attempt int64, spec Spec) *leased {
	return &leased{store: store, request: LeaseRequest{Holder: holder, Attempt: attempt, Units: spec.Units, Lease: spec.Lease}}
}

// WaitN waits until the lease allows n write units.
func (l *leased) WaitN(ctx context.Context, n int) error {
	for {
		now := time.Now()
		if !now.Before(l.again) {
			if err := l.renew(ctx, float64(n)); err != nil {
				return err
			}
			now = time.Now()
		}
		wait, ok := l.take(now, float64(n))
		if ok {
			return nil
		}
		timer := time.NewTimer(min(wait, l.again.Sub(now)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// valid reports whether the lease holds at now, by both clocks: the monotonic one stands still while a machine
// sleeps, and the other one may be set back.
func (l *leased) valid(now time.Time) bool {
	return l.rate > 0 && now.Before(l.until) && now.Round(0).Before(l.until.Round(0))
}

// accrue adds the units that have come in. Unused ones add up to those of a second, or to n if that is more, and are
// gone with the lease.
func (l *leased) accrue(now time.Time, n float64) {
	if l.valid(now) {
		l.units = min(l.units+l.rate*now.Sub(l.since).Seconds(), max(n, l.rate))
	} else {
		l.units = 0
	}
	l.since = now
}

// take uses n units, or returns how long to wait for them.
func (l *leased) take(now time.Time, n float64) (wait time.Duration, ok bool) {
	if l.accrue(now, n); !l.valid(now) {
		return l.request.Lease, false
	}
	if l.units >= n {
		l.units -= n
		return 0, true
	}
	return time.Duration((n-l.units)/l.rate*float64(time.Second)) + 1, false
}

// renew asks for the next lease, for a request of n units. While there is no answer, the current one goes on to its
// end.
func (l *leased) renew(ctx context.Context, n float64) error {
	asked := time.Now()
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	got, err := l.store.lease(asking, l.request)
	now := time.Now()
	var refused *refusedError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &refused):
		return refused
	case err != nil:
		l.again = now.Add(l.request.Lease / 10)
		if l.failed++; l.failed >= maxFailed && !l.valid(now) {
			return &refusedError{fmt.Sprintf("no lease of write units: %v", err)}
		}
		return nil
	}
	l.failed = 0
	l.again = later(asked.Add(got.Again), now.Add(l.request.Lease/20))
	if got.Units == 0 {
		return nil // what it has goes on
	}
	l.accrue(now, n) // at the old rate
	l.rate, l.until, l.request.Holding = got.Units, asked.Add(got.For), got.ID
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// release gives the lease back, also after the end of ctx, so that others need not wait for its end.
func (l *leased) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
	defer cancel()
	l.rate, l.request.Release = 0, true
	_, _ = l.store.lease(ctx, l.request) // otherwise it ends by itself
}

// temporalLeases leases from the workflow Budget, which it starts if there is none.
type temporalLeases struct {
	client client.Client
	queue  string
	id     string // of the workflow

	// asking has a place for each request in flight of this process. Temporal takes 10 Updates at a time for a workflow.
	asking chan struct{}
}

func (t temporalLeases) lease(ctx context.Context, r LeaseRequest) (Lease, error) {
	select {
	case t.asking <- struct{}{}:
		defer func() { <-t.asking }()
	case <-ctx.Done():
		return Lease{}, ctx.Err()
	}
	ask := client.UpdateWorkflowOptions{WorkflowID: t.id, UpdateName: leaseUpdate, Args: []any{r}, WaitForStage: client.WorkflowUpdateStageCompleted}
	update, err := t.client.UpdateWorkflow(ctx, ask)
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) && !r.Release {
		ask.WorkflowID = ""
		start := t.client.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
			ID: t.id, TaskQueue: t.queue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
			WorkflowTaskTimeout: budgetTaskTimeout,
		}, budgetWorkflow, BudgetState{Units: r.Units, Lease: r.Lease})
		update, err = t.client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{StartWorkflowOperation: start, UpdateOptions: ask})
	}
	var granted Lease
	if err == nil {
		err = update.Get(ctx, &granted)
	}
	return granted, leaseError(err)
}
