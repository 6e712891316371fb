package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
)

// How an attempt ends whose context ends: by a cancellation of the load, and by a heartbeat that Temporal refuses.
func TestEndsOfAnAttempt(t *testing.T) {
	t.Parallel()
	checkpoint := Checkpoint{Next: 7, Totals: Totals{Rows: 3, Written: 3}}
	w := &shardWriter{progress: &progress{}}
	end := func(cause error) error {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		return w.outcome(ctx, ctx.Err(), nil, checkpoint)
	}
	canceled := end(temporal.NewCanceledError())
	assert.True(t, temporal.IsCanceledError(canceled))
	assert.Equal(t, checkpoint, lastCheckpoint(canceled))

	var app *temporal.ApplicationError
	require.ErrorAs(t, end(serviceerror.NewNotFound("activity not found")), &app)
	assert.Equal(t, "the attempt was ended: activity not found", app.Message())
	assert.False(t, app.NonRetryable())
}
