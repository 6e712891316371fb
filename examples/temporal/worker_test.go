package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"

	"github.com/dynamodest/dynamodest"
)

// A worker that Temporal does not let go on, since its namespace is gone, ends with what to do.
func TestWorkerIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := service{address: "127.0.0.1:7233", namespace: "gone"}
		started := make(chan struct{}) // the SDK has a data race if a worker is given up while it starts
		answer := func(_ context.Context, method string, _, _ any, _ *grpc.ClientConn, _ grpc.UnaryInvoker, _ ...grpc.CallOption) error {
			if strings.Contains(method, "/Poll") {
				<-started
				return serviceerror.NewNamespaceNotFound(s.namespace)
			}
			return nil
		}
		c, err := client.NewLazyClient(client.Options{
			HostPort: s.address, Namespace: s.namespace, Logger: discard(),
			ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithUnaryInterceptor(answer)}},
		})
		require.NoError(t, err)
		defer c.Close()
		gaveUp := make(chan error, 1)
		stop, err := startWorker(c, workerFlags{table: "t", dir: t.TempDir(), activities: 1, throttle: time.Second}, dynamodest.Config{}, gaveUp)
		require.NoError(t, err)
		close(started)
		err = s.await(t.Context(), gaveUp, output{io.Discard, &out})
		stop()
		var coded *exitError
		require.ErrorAs(t, err, &coded)
		assert.Equal(t, exitTemporal, coded.code)
		assert.ErrorContains(t, err, "the worker cannot go on at 127.0.0.1:7233: see to its namespace gone, and start the worker again: ")
		assert.Empty(t, out.String())
	})
}
