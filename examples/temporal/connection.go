package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/dynamodest/dynamodest"
)

// service says where Temporal is.
type service struct{ address, namespace string }

func (s *service) flags(flags *flag.FlagSet, address string) {
	flags.StringVar(&s.address, "address", address, "`HOST:PORT` of Temporal")
	flags.StringVar(&s.namespace, "namespace", "default", "`NAME` of the namespace")
}

// dial connects to Temporal. The caller closes the client.
func (s *service) dial(ctx context.Context, stderr io.Writer) (client.Client, error) {
	logger := log.NewStructuredLogger(slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	c, err := client.DialContext(ctx, client.Options{HostPort: s.address, Namespace: s.namespace, Logger: logger})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &exitError{exitTemporal, fmt.Errorf("no Temporal at %s: start one, or correct -address: %w", s.address, err)}
	}
	return c, nil
}

// taskQueue returns the name of the task queue for a table: a worker takes the work for its own table alone.
func taskQueue(table string) string { return "dynamodest-" + table }

// workerFlags say what a worker writes to, and where it finds the sources.
type workerFlags struct {
	endpoint, region, table, dir string

	activities int
	throttle   time.Duration
}

func (w *workerFlags) flags(flags *flag.FlagSet) {
	flags.StringVar(&w.endpoint, "endpoint", "", "`URL` of a DynamoDB server; the default is AWS")
	flags.StringVar(&w.region, "region", "", "AWS `REGION`; the default is that of the environment or of the profile")
	flags.StringVar(&w.table, "table", "", "`NAME` of the table, which must exist")
	flags.StringVar(&w.dir, "dir", ".", "`FOLDER` of the sources and of the dead letters, which all workers share")
	flags.IntVar(&w.activities, "activities", 8, "most shards at a time in this worker")
	flags.DurationVar(&w.throttle, "throttle", 5*time.Second, "most time between two heartbeats of a shard")
}

// config returns the settings of the table, with the credentials that the AWS SDK finds.
func (w *workerFlags) config(ctx context.Context) (dynamodest.Config, error) {
	var options []func(*awsconfig.LoadOptions) error
	if w.region != "" {
		options = append(options, awsconfig.WithRegion(w.region))
	}
	aws, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return dynamodest.Config{}, &exitError{exitUsage, err}
	}
	cfg := dynamodest.Config{AWS: &aws, Region: aws.Region, Endpoint: w.endpoint, Table: w.table}
	if err := cfg.Validate(); err != nil {
		return cfg, &exitError{exitUsage, err}
	}
	return cfg, nil
}

// startWorker starts a worker. The caller calls stop, which waits for its activities. If the SDK gives the worker up, it
// sends why to gaveUp, once.
func startWorker(c client.Client, w workerFlags, cfg dynamodest.Config, gaveUp chan<- error) (stop func(), err error) {
	if w.activities < 1 || w.throttle <= 0 {
		return nil, &exitError{exitUsage, errors.New("give -activities 1 or more, and a -throttle above 0")}
	}
	root, err := os.OpenRoot(w.dir)
	if err != nil {
		return nil, &exitError{exitSource, fmt.Errorf("-dir: %w", err)}
	}
	queue := taskQueue(w.table)
	budget := temporalLeases{client: c, queue: queue, id: "dynamodest-budget/" + cfg.Region + "/" + w.table, asking: make(chan struct{}, 2)}
	acts := &activities{dir: root, config: cfg, leases: budget}
	work := worker.New(c, queue, worker.Options{
		MaxConcurrentActivityExecutionSize: w.activities,
		MaxHeartbeatThrottleInterval:       w.throttle,
		WorkerStopTimeout:                  30 * time.Second, // for the rows in flight
		StickyScheduleToStartTimeout:       time.Second,      // for other workers to answer instead of one that was stopped
		OnFatalError:                       func(err error) { gaveUp <- err },
	})
	register(work, acts)
	if err := work.Start(); err != nil {
		_ = root.Close()
		return nil, err
	}
	return func() {
		work.Stop()
		_ = root.Close()
	}, nil
}

// registry is a worker, or an environment for tests.
type registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
	RegisterActivityWithOptions(a any, options activity.RegisterOptions)
}

// register registers the workflows and the activities under names that do not depend on the code.
func register(r registry, a *activities) {
	r.RegisterWorkflowWithOptions(Load, workflow.RegisterOptions{Name: loadWorkflow})
	r.RegisterWorkflowWithOptions(Budget, workflow.RegisterOptions{Name: budgetWorkflow})
	r.RegisterActivityWithOptions(a.Prepare, activity.RegisterOptions{Name: prepareActivity})
	r.RegisterActivityWithOptions(a.WriteShard, activity.RegisterOptions{Name: shardActivity})
	r.RegisterActivityWithOptions(a.MergeDeadLetters, activity.RegisterOptions{Name: mergeActivity})
}

// workerCommand runs a worker until ctx ends.
func workerCommand(ctx context.Context, args []string, out output) error {
	var s service
	var w workerFlags
	flags := flag.NewFlagSet("temporal worker", flag.ContinueOnError)
	s.flags(flags, "127.0.0.1:7233")
	w.flags(flags)
	if err := parse(flags, args, out); err != nil {
		return err
	}
	cfg, err := w.config(ctx)
	if err != nil {
		return err
	}
	c, err := s.dial(ctx, out.stderr)
	if err != nil {
		return err
	}
	defer c.Close()
	gaveUp := make(chan error, 1)
	stop, err := startWorker(c, w, cfg, gaveUp)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(out.stdout, "worker for table %s ready\n", w.table)
	return s.await(ctx, gaveUp, out)
}

// await waits until ctx ends or the worker was given up.
func (s *service) await(ctx context.Context, gaveUp <-chan error, out output) error {
	select {
	case <-ctx.Done():
		fmt.Fprintln(out.stdout, "worker stops: its rows in flight settle, and other workers go on")
		return nil
	case err := <-gaveUp:
		return &exitError{exitTemporal, fmt.Errorf("the worker cannot go on at %s: see to its namespace %s, and start the worker again: %w", s.address, s.namespace, err)}
	}
}
