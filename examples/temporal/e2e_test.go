//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

const (
	tableName = "rows"
	loadID    = "the-load"
	shards    = 16

	// A busy machine may keep a worker from its heartbeats for seconds: they go out much more often than they must.
	heartbeat = 10 * time.Second
	throttle  = 500 * time.Millisecond
)

// e2e is a load by real processes: a Temporal server, workers and the command that starts the load. The table is in
// this process.
type e2e struct {
	source  *e2eSource
	db      *dynamodesttest.DB
	folder  string // of the source and the dead letters
	address string // of the Temporal server
	client  client.Client
}

func newE2E(t *testing.T, address string, rows, keys int64) *e2e {
	t.Helper()
	e := &e2e{db: dynamodesttest.NewTable(tableName, "id:S"), folder: t.TempDir(), address: address}
	e.source = newSource(t, e.folder, rows, keys)
	var err error
	e.client, err = client.Dial(client.Options{HostPort: address, Logger: noLog{}})
	require.NoError(t, err)
	t.Cleanup(e.client.Close)
	return e
}

// worker starts a worker that goes to the table through the door, and waits until it asks for work.
func (e *e2e) worker(t *testing.T, through *door) *process {
	t.Helper()
	p := program(t, "worker", "-address", e.address, "-endpoint", through.server.URL, "-region", dynamodesttest.Region,
		"-table", tableName, "-dir", e.folder, "-throttle", throttle.String())
	eventually(t, "the worker asks for activities", func() bool {
		queue, err := e.client.DescribeTaskQueue(t.Context(), taskQueue(tableName), enumspb.TASK_QUEUE_TYPE_ACTIVITY)
		require.NoError(t, err)
		for _, poller := range queue.GetPollers() {
			if p.is(poller.GetIdentity()) {
				return true
			}
		}
		return false
	})
	return p
}

// load starts the load.
func (e *e2e) load(t *testing.T, flags ...string) *process {
	t.Helper()
	return program(t, append([]string{"load", "-address", e.address, "-id", loadID, "-source", sourceName, "-table", tableName,
		"-shards", "16", "-heartbeat", heartbeat.String(), "-retry-after", "100ms"}, flags...)...)
}

// settled checks what the load has left: each row counted once, each key with its last value, each bad row once among
// the dead letters, and no row in the history.
func (e *e2e) settled(t *testing.T) Result {
	t.Helper()
	var result Result
	require.NoError(t, e.client.GetWorkflow(t.Context(), loadID, "").Get(t.Context(), &result))
	totals := result.Totals
	assert.Equal(t, e.source.rows, totals.Rows)
	assert.Equal(t, e.source.rows, result.SourceRows)
	assert.Equal(t, totals.Rows, totals.Written+totals.Skipped+totals.Superseded+totals.NotWritten+totals.Unknown)
	assert.EqualValues(t, len(e.source.bad), totals.NotWritten)
	assert.Zero(t, totals.Unknown)
	assert.Equal(t, shards, result.Shards)
	assert.Zero(t, result.Failed)

	e.source.inTable(t, e.db)
	nothingOverwritten(t, e.db)
	assert.Equal(t, e.source.bad, e.deadLetters(t, result.DeadLetters))
	noRows(t, history(t, e.client, loadID))
	return result
}

// deadLetters returns the reasons of the rows in the file of dead letters, by position. Each is there once.
func (e *e2e) deadLetters(t *testing.T, name string) map[int64]string {
	t.Helper()
	f, err := os.Open(filepath.Join(e.folder, name))
	require.NoError(t, err)
	defer func() { assert.NoError(t, f.Close()) }()
	reasons := make(map[int64]string)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		assert.NotContains(t, lines.Text(), marker)
		assert.NotContains(t, lines.Text(), keyMarker)
		var letter deadLetter
		require.NoError(t, json.Unmarshal(lines.Bytes(), &letter))
		var cause struct{ Reason string }
		require.NoError(t, json.Unmarshal(letter.Error, &cause))
		assert.NotContains(t, reasons, letter.Position)
		reasons[letter.Position] = cause.Reason
	}
	require.NoError(t, lines.Err())
	return reasons
}

// shardsOf returns, for each shard that a worker has tried to write, the positions in the order of the writes.
func (e *e2e) shardsOf(t *testing.T, puts []put) map[int][]int64 {
	t.Helper()
	dest, err := dynamodest.New(t.Context(), dynamodest.Config{Table: tableName, Client: e.db})
	require.NoError(t, err)
	positions := make(map[int][]int64)
	for _, p := range puts {
		key, err := dest.Key(dynamodest.Row{"id": p.id})
		require.NoError(t, err)
		positions[key.Shard(shards)] = append(positions[key.Shard(shards)], p.position)
	}
	return positions
}

// TestProcessesOfWorkersKilledAndStopped kills a worker in the middle of its shards, and starts another one. It then stops a worker
// until its shards have been taken over, and lets it go on with what it had in hand.
func TestProcessesOfWorkersKilledAndStopped(t *testing.T) {
	t.Parallel()
	_, address := temporalServer(t, "-address", "127.0.0.1:0")
	e := newE2E(t, address, 100_000, 40_000)

	first := newDoor(t, e.db, func(puts int, _ put) bool { return puts == 5_000 })
	second := newDoor(t, e.db, func(puts int, p put) bool {
		return puts >= 5_000 && p.position < e.source.last[p.id] // a later row of the key is to come
	})
	killed, stopped := e.worker(t, first), e.worker(t, second)
	load := e.load(t)

	<-first.closed
	resumable := e.awaitCheckpoints(t, killed)
	killed.kill(t)
	before := len(second.seen())
	third := newDoor(t, e.db, nil)
	replacement := e.worker(t, third)
	first.open() // what the table had received is written, though nobody waits for the response

	<-second.closed
	stopped.stop(t)
	zombie := second.held()
	eventually(t, "another worker has written a later row of the key", func() bool {
		item := e.db.Item(tableName, zombie.id)
		return item != nil && positionOf(textOf(item["dynamodest_version"])) > zombie.position
	})
	stopped.wake(t)
	second.open()

	assert.Equal(t, exitDead, load.wait(), load.stderr.String())
	result := e.settled(t)
	assert.Greater(t, result.Attempts, int64(shards), "shards were taken over")
	eventually(t, "the write that was held has its response", func() bool { return second.held().status != 0 })
	assert.Equal(t, 400, second.held().status, "the zombie's write is refused")

	successors := e.shardsOf(t, append(second.seen()[before:], third.seen()...))
	for shard, checkpoint := range resumable {
		require.NotEmpty(t, successors[shard], "shard %d has been taken over", shard)
		for _, position := range successors[shard] {
			assert.GreaterOrEqual(t, position, checkpoint.Next, "shard %d resumes from its last heartbeat", shard)
		}
	}
	assert.Zero(t, stopped.terminate(t), stopped.stderr.String())
	assert.Zero(t, replacement.terminate(t), replacement.stderr.String())
}

// awaitCheckpoints waits until the server has checkpoints beyond the beginning for shards that the worker is at, and returns
// them.
func (e *e2e) awaitCheckpoints(t *testing.T, worker *process) map[int]Checkpoint {
	t.Helper()
	var checkpoints map[int]Checkpoint
	eventually(t, "heartbeats have checkpoints", func() bool {
		var err error
		checkpoints, err = checkpointsOf(t.Context(), e.client, loadID, worker)
		require.NoError(t, err)
		maps.DeleteFunc(checkpoints, func(_ int, c Checkpoint) bool { return c.Next == 0 })
		return len(checkpoints) > 0
	})
	return checkpoints
}

// TestProcessesOfServerKilled kills the Temporal server in the middle of a load, and starts it again with its file.
func TestProcessesOfServerKilled(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	server, address := temporalServer(t, "-address", "127.0.0.1:0", "-db", file)
	e := newE2E(t, address, 20_000, 5_000)
	through := newDoor(t, e.db, func(puts int, _ put) bool { return puts == 3_000 })
	worker := e.worker(t, through)
	load := e.load(t)

	<-through.closed
	server.kill(t)
	_, again := temporalServer(t, "-address", address, "-db", file)
	require.Equal(t, address, again)
	through.open()

	assert.Equal(t, exitDead, load.wait(), load.stderr.String())
	e.settled(t)
	assert.Zero(t, worker.terminate(t), worker.stderr.String())
}
