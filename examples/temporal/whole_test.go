package main

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// load runs a load with the real workflow and activities in Temporal's environment.
func (p *place) load(t *testing.T) (Result, error) {
	t.Helper()
	env := newEnvironment(t, p.activities)
	p.spec.Generation = 7
	env.ExecuteWorkflow(loadWorkflow, LoadState{Spec: p.spec})
	require.True(t, env.IsWorkflowCompleted())
	var result Result
	if err := env.GetWorkflowError(); err != nil {
		return result, err
	}
	return result, env.GetWorkflowResult(&result)
}

// Attempts that fail in mid-shard, some of them after the write, leave every row once, with its last value.
func TestWholeLoadThroughFaults(t *testing.T) {
	t.Parallel()
	s := sample{rows: 3_000, keys: 700}
	p := newPlace(t, "rows.csv", s.text(t))
	p.spec.Shards, p.spec.InFlight = 5, 2
	p.config.Concurrency = 4
	var mu sync.Mutex
	p.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case c.N%400 == 0:
			return dynamodesttest.Error(500, "InternalServerError", "")
		case c.N%400 == 200:
			return dynamodesttest.Reset().AfterWrite()
		}
		return dynamodesttest.Fault{}
	})
	result, err := p.load(t)
	require.NoError(t, err)
	totals := result.Totals
	assert.EqualValues(t, 3_000, totals.Rows)
	assert.EqualValues(t, len(s.bad()), totals.NotWritten)
	assert.Zero(t, totals.Unknown, "rows in doubt are written again")
	assert.Equal(t, totals.Rows, totals.Written+totals.Superseded+totals.Skipped+totals.NotWritten)
	assert.Equal(t, 5, result.Shards)
	assert.Greater(t, result.Attempts, int64(5))
	assert.Equal(t, s.last(), values(p.db, "score"))
	assert.Equal(t, s.bad(), letters(t, filepath.Join(p.dir, result.DeadLetters)))
}

func TestWholeLoadOfBadRows(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "rows.csv", "id,v\n"+strings.Repeat(",x\n", 500))
	p.spec.Shards = 3
	result, err := p.load(t)
	require.NoError(t, err)
	assert.Equal(t, Totals{Rows: 500, NotWritten: 500}, result.Totals)
	assert.Len(t, letters(t, filepath.Join(p.dir, result.DeadLetters)), 500)
	assert.Empty(t, p.db.Items("users"))
}

func TestWholeLoadWithMoreShardsThanRows(t *testing.T) {
	t.Parallel()
	for text, rows := range map[string]int64{"id,v\n": 0, "id,v\na,1\n": 1, "id,v\na,1\nb,1\n": 2} {
		p := newPlace(t, "rows.csv", text)
		p.spec.Shards = 20
		result, err := p.load(t)
		require.NoError(t, err)
		assert.Equal(t, Result{Totals: Totals{Rows: rows, Written: rows}, SourceRows: rows, Shards: 20, Attempts: 20}, result)
	}
}

func TestWholeLoadStopsAtAFaultOfTheTable(t *testing.T) {
	t.Parallel()
	s := sample{rows: 1_000, keys: 1_000}
	p := newPlace(t, "rows.csv", s.text(t))
	p.spec.Shards, p.spec.InFlight = 8, 1
	p.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.N > 200 {
			return dynamodesttest.Error(400, "ResourceNotFoundException", "Requested resource not found")
		}
		return dynamodesttest.Fault{}
	})
	_, err := p.load(t)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	assert.Equal(t, faultTable, app.Type())
	assert.Contains(t, app.Message(), "no such table")
	var result Result
	require.NoError(t, app.Details(&result))
	assert.Positive(t, result.Totals.Written)
	assert.Less(t, result.Shards, 8)
	assert.GreaterOrEqual(t, int64(p.db.Len("users")), result.Totals.Written, "what counts as written is in the table")
}
