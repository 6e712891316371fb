package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
	"github.com/dynamodest/dynamodest/internal/benchmarks/writers"
	"github.com/dynamodest/dynamodest/internal/cmd/again"
	"github.com/dynamodest/dynamodest/internal/cmd/pace/scenario"
)

// child is what a process does that the command starts itself.
type child struct {
	Role         role
	Server       wire.Settings // of a server
	URL          string        // of the server that is written to
	Rows         int
	Reported     bool // each row, by the library
	Destinations int
}

type role string

const (
	roleServer       role = "server"       // answers requests
	rolePace         role = "pace"         // is the server of the scenarios of pace
	roleLibrary      role = "library"      // streams rows by the library
	roleLoop         role = "loop"         // streams rows by the hand loop
	roleDestinations role = "destinations" // streams rows to many Destinations at the same time
)

// arguments returns the arguments with which this program is the child.
func (c child) arguments() ([]string, error) {
	text, err := encoded(c)
	return []string{"-child", text}, err
}

// runChild is the child that the arguments describe.
func runChild(ctx context.Context, description string, in io.Reader, out io.Writer) error {
	var c child
	if err := json.Unmarshal([]byte(description), &c); err != nil {
		return err
	}
	var run func(context.Context) error
	switch place := (writers.Place{URL: c.URL}); c.Role {
	case roleServer:
		return wire.Serve(ctx, c.Server, in, out)
	case rolePace:
		return scenario.Serve(ctx)
	case roleLibrary:
		run = func(ctx context.Context) error { return streamByLibrary(ctx, place, c) }
	case roleLoop:
		run = func(ctx context.Context) error { return streamByHand(ctx, place, mostWorkers, c.Rows) }
	case roleDestinations:
		run = func(ctx context.Context) error { return writeToMany(ctx, place, c.Destinations, c.Rows) }
	default:
		return fmt.Errorf("no role %q", c.Role)
	}
	usage, err := measure.Observe(ctx, c.Rows, run)
	if err != nil {
		return err
	}
	usage.Live = measure.LiveHeap()
	if usage.Peak, err = measure.PeakMemory(); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(usage)
}

// observe runs the child and returns what it took.
func (c child) observe(ctx context.Context) (usage measure.Usage, err error) {
	arguments, err := c.arguments()
	if err != nil {
		return usage, err
	}
	process, err := again.Command(ctx, arguments...)
	if err != nil {
		return usage, err
	}
	out, err := process.Output()
	if err != nil {
		return usage, err
	}
	return usage, json.Unmarshal(out, &usage)
}
