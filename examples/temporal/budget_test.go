package main

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

// holder goes by the leases that a BudgetState gives it, as the Limiter does.
type holder struct {
	LeaseRequest
	units float64
	until time.Time
}

func (h *holder) at(now time.Time) float64 {
	if now.Before(h.until) {
		return h.units
	}
	return 0
}

// Whatever is asked, answered late or lost, the holders together never go by more than the budget.
func TestLeasesNeverExceedTheBudget(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		b := &BudgetState{Units: float64(1 + random.IntN(2000)), Lease: 10 * time.Second}
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		holders := map[string]*holder{}
		type answer struct {
			holder *holder
			asked  time.Time
			lease  Lease
		}
		var late []answer
		for range 300 {
			now = now.Add(time.Duration(random.IntN(2000)) * time.Millisecond)
			shard, attempt := random.IntN(8), int64(1+random.IntN(2))
			id := fmt.Sprint(shard, attempt)
			h := holders[id]
			if h == nil {
				h = &holder{LeaseRequest: LeaseRequest{Holder: fmt.Sprint(shard), Attempt: attempt, Units: b.Units, Lease: b.Lease}}
				holders[id] = h
			}
			switch random.IntN(12) {
			case 0: // gives back
				h.units = 0
				r := h.LeaseRequest
				r.Release = true
				b.lease(now, r)
				delete(holders, id)
			case 1: // dies; whether its lease is used on nobody knows
				h.LeaseRequest.Holding = 0
			default:
				if b.refuse(now, h.LeaseRequest) == nil {
					late = append(late, answer{h, now, b.lease(now, h.LeaseRequest)})
				}
			}
			kept := late[:0]
			for _, a := range late {
				switch random.IntN(4) {
				case 0: // lost
				case 1:
					kept = append(kept, a)
				default:
					if a.lease.ID > a.holder.Holding && holders[fmt.Sprint(a.holder.Holder, a.holder.Attempt)] == a.holder {
						a.holder.Holding, a.holder.units, a.holder.until = a.lease.ID, a.lease.Units, a.asked.Add(a.lease.For)
					}
				}
			}
			late = kept
			sum := 0.0
			for _, h := range holders {
				sum += h.at(now)
			}
			require.LessOrEqual(t, sum, b.Units+1e-6)
		}
	}
}

// request is one of a shard, at the first attempt.
func request(b *BudgetState, shard string, holding int64) LeaseRequest {
	return LeaseRequest{Holder: shard, Attempt: 1, Holding: holding, Units: b.Units, Lease: b.Lease}
}

func TestSharesFollowTheHolders(t *testing.T) {
	t.Parallel()
	b := &BudgetState{Units: 900, Lease: 12 * time.Second}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

	first := b.lease(now, request(b, "a", 0))
	assert.Equal(t, Lease{ID: 1, Units: 900, For: 12 * time.Second, Again: 4 * time.Second}, first, "alone: the whole budget")
	assert.Equal(t, Lease{Again: 1200 * time.Millisecond}, b.lease(now, request(b, "b", 0)), "nothing is free before the first gives back")

	now = now.Add(4 * time.Second)
	half := b.lease(now, request(b, "a", first.ID))
	assert.Equal(t, 450.0, half.Units, "the next lease is for half")
	assert.Zero(t, b.lease(now, request(b, "b", 0)).Units, "the answer may be lost: the first may still go by all of it")
	now = now.Add(4 * time.Second)
	again := b.lease(now, request(b, "a", half.ID))
	assert.Equal(t, 450.0, again.Units)
	assert.Equal(t, 450.0, b.lease(now, request(b, "b", 0)).Units, "it goes by the half")

	released := request(b, "a", again.ID)
	released.Release = true
	assert.Zero(t, b.lease(now, released))
	assert.Equal(t, 900.0, b.lease(now, request(b, "b", 0)).Units, "what is given back goes to the others")

	now = now.Add(12 * time.Second)
	assert.Zero(t, b.lease(now, request(b, "c", 0)).Units, "a lease is over for its holder before it is for others")
	now = now.Add(3 * time.Second)
	assert.Equal(t, 900.0, b.lease(now, request(b, "c", 0)).Units, "b has not asked again")
}

func TestRefusedLeases(t *testing.T) {
	t.Parallel()
	b := &BudgetState{Units: 900, Lease: 12 * time.Second}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	second := request(b, "a", 0)
	second.Attempt = 2
	b.lease(now, second)

	first := request(b, "a", 0)
	assert.Equal(t, &refusedError{"a later attempt at the shard has the lease"}, leaseError(b.refuse(now, first)))
	assert.NoError(t, b.refuse(now, second))
	assert.NoError(t, b.refuse(now, request(b, "b", 0)))
	first.Release = true
	assert.NoError(t, b.refuse(now, first), "whoever has been replaced may give back")

	other := request(b, "b", 0)
	other.Units = 100
	assert.ErrorContains(t, b.refuse(now, other), "another load shares the budget of the table, with -units 900 -lease 12s")
	now = now.Add(15 * time.Second)
	require.NoError(t, b.refuse(now, other), "the leases of the other load are over")
	assert.Equal(t, 100.0, b.lease(now, other).Units)
	assert.Equal(t, 100.0, b.Units)
}

// ask sends an Update to the workflow at a moment of the virtual time.
func ask(t *testing.T, env *testsuite.TestWorkflowEnvironment, at time.Duration, r LeaseRequest, check func(Lease, error)) {
	t.Helper()
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(leaseUpdate, fmt.Sprint(at, r), &testsuite.TestUpdateCallback{
			OnAccept: func() {},
			OnReject: func(err error) { check(Lease{}, err) },
			OnComplete: func(result any, err error) {
				lease, _ := result.(Lease)
				check(lease, err)
			},
		}, r)
	}, at)
}

func TestBudgetWorkflowLeasesAndEnds(t *testing.T) {
	t.Parallel()
	env := newEnvironment(t, &activities{})
	start := env.Now()
	b := BudgetState{Units: 100, Lease: 10 * time.Second}
	var units []float64
	note := func(l Lease, err error) {
		assert.NoError(t, err)
		units = append(units, l.Units)
	}
	ask(t, env, 0, request(&b, "a", 0), note)
	ask(t, env, 5*time.Second, request(&b, "b", 0), note)
	ask(t, env, 13*time.Second, request(&b, "b", 0), note) // a is over at 12.5s
	replaced := request(&b, "b", 0)
	replaced.Attempt = 0
	ask(t, env, 14*time.Second, replaced, func(_ Lease, err error) {
		var app *temporal.ApplicationError
		require.ErrorAs(t, err, &app)
		assert.Equal(t, &refusedError{"a later attempt at the shard has the lease"}, leaseError(err))
	})
	env.ExecuteWorkflow(budgetWorkflow, b)
	require.True(t, env.IsWorkflowCompleted())
	assert.NoError(t, env.GetWorkflowError())
	assert.Equal(t, []float64{100, 0, 100}, units)
	assert.Equal(t, 40*time.Second, env.Now().Sub(start), "at 20s b still has a lease, at 40s nobody has")
}

func TestBudgetWorkflowContinuesAsNewWithItsLeases(t *testing.T) {
	t.Parallel()
	env := newEnvironment(t, &activities{})
	b := BudgetState{Units: 100, Lease: 10 * time.Second}
	answered := 0
	for i := range updatesPerRun {
		ask(t, env, time.Duration(i)*time.Millisecond, request(&b, "a", int64(i)), func(l Lease, err error) {
			answered++
			assert.NoError(t, err)
			assert.Equal(t, 100.0, l.Units)
		})
	}
	env.ExecuteWorkflow(budgetWorkflow, b)
	assert.Equal(t, updatesPerRun, answered)
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
	var state BudgetState
	require.NoError(t, decode(next, &state))
	require.Len(t, state.Shares, 1)
	assert.Equal(t, "a", state.Shares[0].Holder)
	assert.Len(t, state.Shares[0].Leases, 2, "those that the holder may still go by, and no others")
	assert.EqualValues(t, updatesPerRun, state.LastID)
}

// decode returns the input of the next run.
func decode(next *workflow.ContinueAsNewError, into any) error {
	return converter.GetDefaultDataConverter().FromPayloads(next.Input, into)
}
