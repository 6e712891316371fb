package measure

import (
	"context"
	"fmt"
)

// Contestant is one of the things that are compared.
type Contestant struct {
	Name string
	Rows int // that one run handles
	Run  func(context.Context) error
	// Observe, if not nil, runs it and measures it in another way than [Observe], as for another process.
	Observe func(context.Context) (Usage, error)
}

// Runs is what each contestant took in each round, by name.
type Runs map[string][]Usage

// Values returns a metric of the contestant's runs, in the order of the rounds.
func (r Runs) Values(name string, m Metric) []float64 {
	values := make([]float64, len(r[name]))
	for i, u := range r[name] {
		values[i] = m.Of(u)
	}
	return values
}

// Rounds runs each contestant once to warm up and then once in each of so many rounds. The order changes from
// round to round, so that none always follows the same other.
func Rounds(ctx context.Context, rounds int, contestants []Contestant) (Runs, error) {
	for _, c := range contestants {
		if _, err := c.observe(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	runs := Runs{}
	for round := range rounds {
		for _, i := range order(round, len(contestants)) {
			c := contestants[i]
			u, err := c.observe(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name, err)
			}
			runs[c.Name] = append(runs[c.Name], u)
		}
	}
	return runs, nil
}

func (c Contestant) observe(ctx context.Context) (Usage, error) {
	if c.Observe != nil {
		return c.Observe(ctx)
	}
	return Observe(ctx, c.Rows, c.Run)
}

// order returns the order of n contestants in a round: each begins one round in n, and every other round goes
// backwards.
func order(round, n int) []int {
	indexes := make([]int, n)
	for i := range indexes {
		next := i
		if round%2 == 1 {
			next = n - 1 - i
		}
		indexes[i] = (next + round/2) % n
	}
	return indexes
}
