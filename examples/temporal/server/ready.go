package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

const (
	startLimit = 2 * time.Minute       // from the start of the services to readiness
	pause      = 50 * time.Millisecond // between two attempts
)

// awaitReady waits until each service answers for the namespace, or until ctx is done, which is no error.
func (s *server) awaitReady(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	c, err := client.NewLazyClient(client.Options{HostPort: s.address, Namespace: namespace, Logger: noLog{}})
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		err := probe(limited, c)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		select {
		case <-limited.Done():
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("the server is not ready after %v: %w", startLimit, err)
		case <-time.After(pause):
		}
	}
}

// probe asks the history service for a workflow that does not exist and the matching service for an
// empty task queue. Both answers come by way of the frontend, which must know the namespace.
func probe(ctx context.Context, c client.Client) error {
	var notFound *serviceerror.NotFound
	if _, err := c.DescribeWorkflowExecution(ctx, "ready", ""); !errors.As(err, &notFound) {
		return fmt.Errorf("history service: %w", err)
	}
	if _, err := c.DescribeTaskQueue(ctx, "ready", enumspb.TASK_QUEUE_TYPE_WORKFLOW); err != nil {
		return fmt.Errorf("matching service: %w", err)
	}
	return nil
}

// noLog discards the log of the client that probes: its first attempts fail.
type noLog struct{}

var _ log.Logger = noLog{}

func (noLog) Debug(string, ...any) {}
func (noLog) Info(string, ...any)  {}
func (noLog) Warn(string, ...any)  {}
func (noLog) Error(string, ...any) {}
