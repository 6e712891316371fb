package dynamodest

import (
	"context"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/schedule"
)

// limiterBurst is the most write units of a request that a Limiter is asked for, and so the least
// burst that a Limiter needs. It is the largest item, of 400 KB, which must pass alone.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const limiterBurst = 400

// limitedBudget returns how much a request may carry when the pace allows it so many units.
func (d *Destination) limitedBudget(units float64) schedule.Budget {
	if d.limiter != nil {
		units = min(units, limiterBurst)
	}
	return schedule.BudgetOf(units)
}

// turnstile lets through one goroutine at a time, first come first served.
type turnstile chan struct{}

func newTurnstile() turnstile { return make(turnstile, 1) }

// enter waits for the turn, which leave ends. It reports false, without a turn, if ctx ends first.
func (t turnstile) enter(ctx context.Context) bool {
	select {
	case t <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	if ctx.Err() != nil { // select chooses at random
		t.leave()
		return false
	}
	return true
}

func (t turnstile) leave() { <-t }

// askLimiter waits until the caller's Limiter allows so many units. It returns an error if the request is
// not to be sent.
func (d *Destination) askLimiter(ctx context.Context, units int) error {
	err := d.limiter.WaitN(ctx, units)
	if ctx.Err() != nil {
		return fault.Ended(ctx)
	}
	if err != nil {
		return fault.Hide("the Limiter", err)
	}
	return nil
}
