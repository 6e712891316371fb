package main

import (
	"context"
	"fmt"

	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
	"github.com/dynamodest/dynamodest/internal/cmd/pace/scenario"
)

// capacity measures the scenarios of the command pace, and fixed loops on the table of the scenario steady.
func capacity(ctx context.Context, b *bench) (result, error) {
	serve, err := child{Role: rolePace}.arguments()
	if err != nil {
		return result{}, err
	}
	harness, err := scenario.Start(ctx, scenario.Options{Short: b.quick, Serve: serve})
	if err != nil {
		return result{}, err
	}
	defer harness.Stop()
	var figures []measure.Figure
	for _, s := range scenario.All() {
		if b.quick && s.Name != "steady" { // the others take minutes, and the command pace has tests of its own
			continue
		}
		measured, err := harness.Run(ctx, s)
		if err != nil {
			return result{}, fmt.Errorf("%s: %w", s.Name, err)
		}
		for _, f := range measured {
			figures = append(figures, ofScenario(s.Name, f))
		}
	}
	for _, workers := range []int{1, 8, mostWorkers} {
		measured, err := harness.Loops(ctx, workers)
		if err != nil {
			return result{}, err
		}
		for _, f := range measured {
			figures = append(figures, ofScenario(fmt.Sprintf("fixed loop of %d workers, table of steady", workers), f))
		}
	}
	return result{figures: figures}, nil
}

// ofScenario returns a figure of a scenario as one of the benchmarks.
func ofScenario(name string, f scenario.Figure) measure.Figure {
	rules := map[scenario.Rule]measure.Rule{
		scenario.AtLeast: measure.AtLeast, scenario.AtMost: measure.AtMost, scenario.Info: measure.Info,
	}
	return measure.Figure{Name: name + ": " + f.What, Samples: []float64{f.Got}, Rule: rules[f.Rule], Bound: f.Want}
}
