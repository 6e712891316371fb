//go:build unix

package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// TestProcessesShareABudget has two workers write by one budget, which ends when nobody asks for it any more. The bound
// holds on any machine: a slow one has more time.
func TestProcessesShareABudget(t *testing.T) {
	t.Parallel()
	_, address := temporalServer(t, "-address", "127.0.0.1:0")
	e := newE2E(t, address, 3_000, 3_000)
	first, second := newDoor(t, e.db, nil), newDoor(t, e.db, nil)
	workers := []*process{e.worker(t, first), e.worker(t, second)}
	start := time.Now()
	load := e.load(t, "-in-flight", "16", "-units", "500", "-lease", "4s")
	assert.Equal(t, exitDead, load.wait(), load.stderr.String())
	took := time.Since(start)
	e.settled(t)

	puts := len(first.seen()) + len(second.seen())
	assert.LessOrEqual(t, float64(puts), 500*(took.Seconds()+1), "each is a unit, and those of a second may have been saved up")
	assert.NotEmpty(t, first.seen())
	assert.NotEmpty(t, second.seen())
	budget := "dynamodest-budget/" + dynamodesttest.Region + "/" + tableName
	require.NoError(t, e.client.GetWorkflow(t.Context(), budget, "").Get(t.Context(), nil))
	noRows(t, history(t, e.client, budget))
	for _, worker := range workers {
		assert.Zero(t, worker.terminate(t), worker.stderr.String())
	}
}
