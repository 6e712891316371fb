package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Names of the workflow that leases a budget, and of its Update.
const (
	budgetWorkflow = "dynamodest-budget"
	leaseUpdate    = "lease"

	// updatesPerRun is after how many Updates the workflow continues as new. Temporal allows 2,000 in a run.
	updatesPerRun = 500
)

// LeaseRequest asks for a lease, or for the next one, of an attempt at a shard.
type LeaseRequest struct {
	Holder  string `json:"holder"`            // the shard
	Attempt int64  `json:"attempt"`           // when it started, in nanoseconds since 1970: no other attempt has the same
	Holding int64  `json:"holding,omitempty"` // ID of the lease that the attempt goes by now; it has forgotten those before
	Release bool   `json:"release,omitempty"` // the attempt has ended and needs none

	Units float64       `json:"units"` // of the whole budget: all who share it must agree
	Lease time.Duration `json:"lease"`
}

// Lease is a share of the budget for a time, which the holder counts from the moment at which it asked.
type Lease struct {
	ID    int64         `json:"id,omitempty"`
	Units float64       `json:"units"` // a second; 0 if nothing is free now
	For   time.Duration `json:"for"`
	Again time.Duration `json:"again"` // when to ask again
}

// BudgetState is a budget with its leases: the input of the workflow, which it carries over to its next run.
type BudgetState struct {
	Units  float64       `json:"units"`
	Lease  time.Duration `json:"lease"`
	LastID int64         `json:"last_id,omitempty"`
	Shares []Share       `json:"shares,omitempty"` // by holder and attempt
}

// Share is what one attempt may use.
type Share struct {
	Holder  string    `json:"holder"`
	Attempt int64     `json:"attempt"`
	Until   time.Time `json:"until"` // without another request it no longer counts then
	Leases  []Granted `json:"leases,omitempty"`
}

// Granted is a lease that the holder may go by: of several, one.
type Granted struct {
	ID    int64     `json:"id"`
	Milli int64     `json:"milli"` // thousandths of a write unit a second: whole numbers add up exactly
	Until time.Time `json:"until"`
}

// most returns the most that the holder may go by.
func (s Share) most() int64 {
	var most int64
	for _, l := range s.Leases {
		most = max(most, l.Milli)
	}
	return most
}

// Budget is the workflow that leases the write units of a table. It has no activities, so it can continue as new at
// any time, and ends by itself when nobody asks any more.
func Budget(ctx workflow.Context, b BudgetState) error {
	updates := 0
	err := workflow.SetUpdateHandlerWithOptions(ctx, leaseUpdate,
		func(ctx workflow.Context, r LeaseRequest) (Lease, error) {
			updates++
			return b.lease(workflow.Now(ctx), r), nil
		},
		workflow.UpdateHandlerOptions{
			Validator:   func(ctx workflow.Context, r LeaseRequest) error { return b.refuse(workflow.Now(ctx), r) },
			Description: "leases a share of the write units",
		})
	if err != nil {
		return err
	}
	full := func() bool {
		return updates >= updatesPerRun || workflow.GetInfo(ctx).GetContinueAsNewSuggested()
	}
	for {
		switch isFull, err := workflow.AwaitWithTimeout(ctx, 2*b.Lease, full); {
		case err != nil:
			return err
		case isFull:
			if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
				return err
			}
			return workflow.NewContinueAsNewError(ctx, budgetWorkflow, b)
		}
		if b.prune(workflow.Now(ctx)); len(b.Shares) == 0 {
			return nil
		}
	}
}

// noLease is the type of the error for a request that is refused.
const noLease = "NoLease"

// refuse returns why a request gets no answer. What it refuses is not in the history.
func (b *BudgetState) refuse(now time.Time, r LeaseRequest) error {
	if r.Release {
		return nil
	}
	for _, s := range b.Shares {
		switch {
		case !s.Until.After(now):
		case r.Units != b.Units || r.Lease != b.Lease:
			return temporal.NewNonRetryableApplicationError(fmt.Sprintf(
				"another load shares the budget of the table, with -units %v -lease %v: give all loads the same, or wait for its end", b.Units, b.Lease), noLease, nil)
		case s.Holder == r.Holder && s.Attempt > r.Attempt:
			return temporal.NewNonRetryableApplicationError("a later attempt at the shard has the lease", noLease, nil)
		}
	}
	return nil
}

// grace is how much longer than its holder the budget takes a lease for valid, for clocks that differ: a lease is over
// for its holder before anybody else gets its units.
func (b *BudgetState) grace() time.Duration { return b.Lease / 4 }

// lease answers a request. Whatever is asked, and whichever of their leases the holders go by, the sum of what they may
// use is at most the budget.
func (b *BudgetState) lease(now time.Time, r LeaseRequest) Lease {
	b.prune(now)
	at, known := slices.BinarySearchFunc(b.Shares, r, func(s Share, r LeaseRequest) int {
		return cmp.Or(cmp.Compare(s.Holder, r.Holder), cmp.Compare(s.Attempt, r.Attempt))
	})
	if r.Release {
		if known {
			b.Shares = slices.Delete(b.Shares, at, at+1)
		}
		return Lease{}
	}
	if len(b.Shares) == 0 {
		b.Units, b.Lease = r.Units, r.Lease // nobody goes by the old ones
	}
	if !known {
		b.Shares = slices.Insert(b.Shares, at, Share{Holder: r.Holder, Attempt: r.Attempt})
	}
	own := &b.Shares[at]
	own.Until = now.Add(b.Lease + b.grace())
	own.Leases = slices.DeleteFunc(own.Leases, func(l Granted) bool { return l.ID < r.Holding })

	budget := int64(b.Units * 1000)
	free, holders := budget, int64(0)
	for i, s := range b.Shares {
		if i != at {
			free -= s.most()
		}
		if i+1 == len(b.Shares) || b.Shares[i+1].Holder != s.Holder { // earlier attempts get nothing more
			holders++
		}
	}
	fair := budget / holders
	granted := min(fair, free)
	if granted <= 0 {
		return Lease{Again: b.Lease / 10}
	}
	b.LastID++
	own.Leases = append(own.Leases, Granted{ID: b.LastID, Milli: granted, Until: own.Until})
	again := b.Lease / 3
	if granted < fair {
		again = b.Lease / 10 // the others give theirs back when they ask again
	}
	return Lease{ID: b.LastID, Units: float64(granted) / 1000, For: b.Lease, Again: again}
}

// prune forgets what is over.
func (b *BudgetState) prune(now time.Time) {
	b.Shares = slices.DeleteFunc(b.Shares, func(s Share) bool { return !s.Until.After(now) })
	for i := range b.Shares {
		b.Shares[i].Leases = slices.DeleteFunc(b.Shares[i].Leases, func(l Granted) bool { return !l.Until.After(now) })
	}
}

// refusedError is why an attempt gets no lease: it ends, and another one may get one.
type refusedError struct{ text string }

func (e *refusedError) Error() string { return e.text }

// leaseError returns err, or the refusedError that it stands for.
func leaseError(err error) error {
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Type() == noLease {
		return &refusedError{app.Message()}
	}
	return err
}
