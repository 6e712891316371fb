package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// localLeases leases from a BudgetState in this process, in virtual time.
type localLeases struct {
	mu    sync.Mutex
	state BudgetState
	fail  func() error  // instead of an answer
	slow  time.Duration // until an answer has come
	asked []LeaseRequest
}

func newLocalLeases(spec Spec) *localLeases {
	return &localLeases{state: BudgetState{Units: spec.Units, Lease: spec.Lease}}
}

func (l *localLeases) lease(_ context.Context, r LeaseRequest) (Lease, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer time.Sleep(l.slow)
	l.asked = append(l.asked, r)
	if l.fail != nil {
		if err := l.fail(); err != nil {
			return Lease{}, err
		}
	}
	if err := l.state.refuse(time.Now(), r); err != nil {
		return Lease{}, leaseError(err)
	}
	return l.state.lease(time.Now(), r), nil
}

// budgetSpec is a Spec with a budget of 100 units a second, leased for 10 s.
func budgetSpec() Spec {
	spec := defaultSpec()
	spec.Units, spec.Lease = 100, 10*time.Second
	return spec
}

// spend has n writes of one unit through the Limiter, and returns how long that took.
func spend(t *testing.T, l *leased, n int) time.Duration {
	t.Helper()
	start := time.Now()
	for range n {
		require.NoError(t, l.WaitN(t.Context(), 1))
	}
	return time.Since(start)
}

func TestLimiterKeepsToItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLocalLeases(budgetSpec())
		l := newLeased(store, "shard", 1, budgetSpec())
		assert.InDelta(t, 20, spend(t, l, 2000).Seconds(), 0.01, "2,000 units at 100 a second")
		assert.Len(t, store.asked, 7, "a lease of 10 s is renewed after 3.3 s")
		assert.EqualValues(t, 6, store.asked[6].Holding)

		time.Sleep(3 * time.Second)
		assert.Zero(t, spend(t, l, 100), "of what it did not use, that of a second is left")
		assert.Equal(t, 10*time.Millisecond, spend(t, l, 1).Round(time.Millisecond))
	})
}

func TestLimiterLetsTheLargestItemThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := budgetSpec()
		spec.Units = 10
		l := newLeased(newLocalLeases(spec), "shard", 1, spec)
		start := time.Now()
		require.NoError(t, l.WaitN(t.Context(), 400))
		assert.InDelta(t, 40, time.Since(start).Seconds(), 0.01, "what comes in adds up over leases")
	})
}

func TestExpiredLeaseLetsNothingThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLocalLeases(budgetSpec())
		l := newLeased(store, "shard", 1, budgetSpec())
		spend(t, l, 50)
		time.Sleep(time.Minute) // as a process that is stopped and wakes
		down := errors.New("nobody answers")
		store.fail = func() error { return down }
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		assert.ErrorIs(t, l.WaitN(ctx, 1), context.DeadlineExceeded)

		store.fail = nil
		start := time.Now()
		require.NoError(t, l.WaitN(t.Context(), 1))
		assert.Positive(t, time.Since(start), "nothing was saved up while it had no lease")
	})
}

func TestLimiterGoesOnToTheEndOfItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLocalLeases(budgetSpec())
		l := newLeased(store, "shard", 1, budgetSpec())
		spend(t, l, 1)
		store.fail = func() error { return errors.New("nobody answers") }
		written := 0
		var err error
		start := time.Now()
		for ; err == nil; written++ {
			err = l.WaitN(t.Context(), 1)
		}
		assert.InDelta(t, 1000, written, 2, "10 s at 100 a second, and not one more")
		assert.Equal(t, &refusedError{"no lease of write units: nobody answers"}, err)
		assert.Less(t, time.Since(start), 40*time.Second)
	})
}

// The answer may take long: the holder counts from its request, so that its lease is over before the budget says so.
func TestLeaseCountsFromTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLocalLeases(budgetSpec())
		store.slow = 4 * time.Second
		l := newLeased(store, "shard", 1, budgetSpec())
		spend(t, l, 1)
		store.slow, store.fail = 0, func() error { return errors.New("nobody answers") }
		written := 1
		for l.WaitN(t.Context(), 1) == nil {
			written++
		}
		assert.InDelta(t, 600, written, 2, "for the 6 s that are left of 10")
	})
}

func TestReplacedAttemptGetsNoLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLocalLeases(budgetSpec())
		first := newLeased(store, "shard", 1, budgetSpec())
		spend(t, first, 10)
		time.Sleep(time.Minute)
		second := newLeased(store, "shard", 2, budgetSpec())
		spend(t, second, 10)
		assert.Equal(t, &refusedError{"a later attempt at the shard has the lease"}, first.WaitN(t.Context(), 1))
		first.release(t.Context())
		assert.Zero(t, spend(t, second, 1).Round(10*time.Millisecond)-10*time.Millisecond, "the second keeps its lease")
	})
}

// Holders that come and go share the budget, and use it.
func TestHoldersShareTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLocalLeases(budgetSpec())
		start := time.Now()
		var mu sync.Mutex
		perSecond := map[int]int{}
		var writers sync.WaitGroup
		for i := range 8 {
			writers.Go(func() {
				time.Sleep(time.Duration(i) * 7 * time.Second)
				l := newLeased(store, fmt.Sprint(i), 1, budgetSpec())
				defer l.release(t.Context())
				for range 1000 {
					if !assert.NoError(t, l.WaitN(t.Context(), 1)) {
						return
					}
					mu.Lock()
					perSecond[int(time.Since(start)/time.Second)]++
					mu.Unlock()
				}
			})
		}
		writers.Wait()
		took := time.Since(start)
		total := 0
		for second, units := range perSecond {
			assert.LessOrEqual(t, units, 200, "second %d: the budget, and what was saved up in a second", second)
			total += units
		}
		assert.Equal(t, 8000, total)
		assert.InDelta(t, 80, took.Seconds(), 16, "the budget is used")
	})
}

func TestLimiterEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLocalLeases(budgetSpec())
		taken := newLeased(store, "other", 1, budgetSpec())
		spend(t, taken, 1)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		assert.Equal(t, context.Canceled, newLeased(store, "shard", 1, budgetSpec()).WaitN(ctx, 1))
	})
}
