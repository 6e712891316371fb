package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/serve"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// drain is how long the requests in flight have to end when the server is to end.
const drain = 5 * time.Second

// serveCmd serves tables in memory.
type serveCmd struct {
	Addr        string   `default:"127.0.0.1:8000" placeholder:"HOST:PORT" help:"Address of the loopback interface to listen at (${default}); the port 0 is any that is free."`
	Table       []string `sep:"none" placeholder:"NAME(KEY)" help:"Table that is there from the start, such as 'users(id:S)', or 'users(id:S,at:N)' with a sort key. May be repeated. Others are made by CreateTable."`
	Throttle    string   `placeholder:"UNITS/s" help:"Write units a second that each table takes; what is beyond is throttled."`
	Unprocessed string   `placeholder:"PERCENT" help:"Share of the items that are returned as unprocessed, by chance."`
	Latency     string   `placeholder:"MIN-MAX" help:"How long each request takes, such as 20ms, or 5ms-50ms for a random time between the two."`
	Seed        uint64   `default:"1" placeholder:"N" help:"Of what is random (${default})."`
}

// options returns what the flags say.
func (cmd *serveCmd) options() (serve.Options, error) {
	o := serve.Options{Addr: cmd.Addr, Tables: cmd.Table, Seed: cmd.Seed}
	if cmd.Throttle != "" {
		units, err := strconv.ParseFloat(strings.TrimSuffix(cmd.Throttle, "/s"), 64)
		if err != nil || !(units > 0) || math.IsInf(units, 0) {
			return o, usageError("-throttle %s: give the write units a second, such as 25/s", cmd.Throttle)
		}
		o.Throttle = units
	}
	if cmd.Unprocessed != "" {
		percent, err := strconv.ParseFloat(strings.TrimSuffix(cmd.Unprocessed, "%"), 64)
		if err != nil || !(percent >= 0 && percent <= 100) {
			return o, usageError("-unprocessed %s: give a share from 0 to 100 percent, such as 10", cmd.Unprocessed)
		}
		o.Unprocessed = percent / 100
	}
	if cmd.Latency != "" {
		least, most, isRange := strings.Cut(cmd.Latency, "-")
		if !isRange {
			most = least
		}
		var errLeast, errMost error
		o.Least, errLeast = time.ParseDuration(least)
		o.Most, errMost = time.ParseDuration(most)
		if errLeast != nil || errMost != nil || o.Least < 0 || o.Most < o.Least {
			return o, usageError("-latency %s: give a time, such as 20ms, or two of them, such as 5ms-50ms", cmd.Latency)
		}
	}
	return o, nil
}

// Run serves until a signal. A second one cuts off the requests in flight.
func (cmd *serveCmd) Run(ctx context.Context, sys *system) error {
	o, err := cmd.options()
	if err != nil {
		return err
	}
	server, err := serve.Listen(ctx, o)
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	fmt.Fprintf(sys.stdout, "DynamoDB in memory: export AWS_ENDPOINT_URL_DYNAMODB=%s AWS_REGION=%[2]s AWS_DEFAULT_REGION=%[2]s AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any\n",
		server.URL, dynamodesttest.Region)
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	select {
	case err := <-served:
		return &exitError{code: exitStopped, err: err}
	case <-sys.signals:
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	go func() {
		select {
		case <-sys.signals:
			cancel()
		case <-ending.Done():
		}
	}()
	if err := server.Shutdown(ending); err != nil {
		return &exitError{code: exitStopped, err: err}
	}
	return <-served
}
