package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// process is an engine in a process of its own, whose table is in that of the test.
type process struct {
	*site
	cmd   *exec.Cmd
	rest  *bytes.Buffer // what it said after its address
	ended chan struct{}
}

// startProcess starts an engine, with the keys of the table in its environment.
func startProcess(t *testing.T, r remote, dir string, prefix ...string) *process {
	t.Helper()
	args := append(prefix, os.Args[0], "-listen", "127.0.0.1:0", "-dir", dir, "-endpoint", r.url, "-table", tableName)
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childVariable+"=1", "AWS_ACCESS_KEY_ID="+keyID, "AWS_SECRET_ACCESS_KEY="+secretKey)
	cmd.Stderr = os.Stderr
	_, err := cmd.StdinPipe() // which ends with this process, and the engine with it
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &process{cmd: cmd, rest: new(bytes.Buffer), ended: make(chan struct{}), site: &site{}}
	lines := bufio.NewReader(out)
	for p.url == "" {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		if address, ok := strings.CutPrefix(line, "Open "); ok {
			p.url = strings.TrimSuffix(strings.TrimSpace(address), "/")
		}
	}
	go func() {
		_, _ = io.Copy(p.rest, lines)
		_ = cmd.Wait() // the state of the process says more
		close(p.ended)
	}()
	transport := &http.Transport{}
	p.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = cmd.Process.Kill() // it has ended, unless the test failed
	})
	return p
}

// kill kills the process, and waits for its end.
func (p *process) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	<-p.ended
}

// terminate asks the process to end, and returns its exit code.
func (p *process) terminate(t *testing.T) int {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

// run starts a run of the sample at four requests at a time.
func (p *process) run(t *testing.T) {
	t.Helper()
	now := decode[state](t, p.send(t, "GET", "/api/state", "", ""))
	c := now.Settings.Config
	c.Concurrency, c.WriteUnitsPerSecond = 4, 0
	decode[view](t, p.post(t, "/api/runs?source="+now.Settings.Source, c))
}

// finish listens to run 1 until it ends.
func (p *process) finish(t *testing.T) (v view) {
	t.Helper()
	events := p.listen(t)
	defer events.leave()
	for v = events.next(t); v.Status == running || v.Status == stopping; v = events.next(t) {
		balanced(t, v)
	}
	balanced(t, v)
	return v
}

// savedRow returns how far the checkpoint of run 1 is.
func savedRow(dir string) int {
	var rec record
	_ = readJSON(filepath.Join(dir, runsFolder, "1", recordFile), &rec) // 0 if there is none
	return rec.NextRow
}

// An engine that is killed at any moment shows the run as interrupted, and goes on from the last checkpoint: every row is in
// the table or among the dead letters, once.
func TestKill(t *testing.T) {
	t.Parallel()
	const kills = 4
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	r, dir := newRemote(t), filepath.Join(t.TempDir(), "state")
	p := startProcess(t, r, dir)
	for n := range kills {
		held := r.holdAfter(random.IntN(15), func() bool { return savedRow(dir) > 0 }) // at first not before there is a checkpoint
		if n == 0 {
			p.run(t)
		} else {
			assert.Equal(t, interrupted, decode[view](t, p.send(t, "GET", "/api/runs/1", "", "")).Status)
			decode[view](t, p.send(t, "POST", "/api/runs/1/resume", "", ""))
		}
		<-held
		p.kill(t)
		r.db.SetFault(nil)
		p = startProcess(t, r, dir)
	}
	v := decode[view](t, p.send(t, "GET", "/api/runs/1", "", ""))
	assert.Equal(t, interrupted, v.Status)
	assert.True(t, v.Resumable)
	assert.Equal(t, v.NextRow, v.Totals.Rows)
	assert.LessOrEqual(t, v.Totals.Written, r.db.Len(tableName))
	decode[view](t, p.send(t, "POST", "/api/runs/1/resume", "", ""))
	v = p.finish(t)
	p.isComplete(t, r, v)
	assert.Equal(t, 1+kills, v.Attempts)
	assert.Equal(t, exitOK, p.terminate(t))
}

// holdAfter answers each request after some milliseconds until ready is true, then n more, and then none. The channel that
// it returns is closed then.
func (r remote) holdAfter(n int, ready func() bool) <-chan struct{} {
	held := make(chan struct{})
	var mu sync.Mutex
	r.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if c.Op == "DescribeTable" || !ready() {
			return dynamodesttest.Slow(200*time.Millisecond, 0)
		}
		n--
		if n == -1 {
			close(held)
		}
		if n < 0 {
			return dynamodesttest.Stall(nil)
		}
		return dynamodesttest.Fault{}
	})
	return held
}

// An engine that is asked to end during a run settles what it has read, and says by its exit code that the run is not
// complete.
func TestTermination(t *testing.T) {
	t.Parallel()
	r, dir := newRemote(t), filepath.Join(t.TempDir(), "state")
	p := startProcess(t, r, dir)
	held := r.holdAfter(0, func() bool { return r.db.Len(tableName) > 500 })
	p.run(t)
	<-held
	events := p.listen(t) // a page that is open does not keep the engine from ending
	events.next(t)
	r.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.Op == "DescribeTable" {
			return dynamodesttest.Fault{}
		}
		return dynamodesttest.Stall(nil)
	})
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	v := events.next(t)
	for v.Status == running {
		v = events.next(t)
	}
	assert.Equal(t, stopping, v.Status)
	f := refused(t, p.send(t, "POST", "/api/runs?source="+v.Source.ID, "application/json", `{"table":"airports","region":"us-east-1","endpoint":"`+r.url+`"}`), http.StatusServiceUnavailable)
	assert.Contains(t, f.Text, "the engine is ending")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM)) // gives up what is in flight
	<-p.ended
	events.leave()
	assert.Equal(t, exitInterrupted, p.cmd.ProcessState.ExitCode())
	assert.Contains(t, p.rest.String(), "start the engine with -dir "+dir)
	assert.Contains(t, p.rest.String(), "Run 1 is stopped: ")

	r.db.SetFault(nil)
	p = startProcess(t, r, dir)
	v = decode[view](t, p.send(t, "GET", "/api/runs/1", "", ""))
	assert.Equal(t, stopped, v.Status)
	assert.Positive(t, v.Again)
	decode[view](t, p.send(t, "POST", "/api/runs/1/resume", "", ""))
	p.isComplete(t, r, p.finish(t))
	assert.Equal(t, exitOK, p.terminate(t))
}

// A disk that is full ends the run: no row counts as settled whose dead letter is not kept. It goes on where there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	r, dir := newRemote(t), filepath.Join(t.TempDir(), "state")
	p := startProcess(t, r, dir, "sh", "-c", `ulimit -f 450; exec "$0" "$@"`) // blocks of 512 bytes: the sample has 210 KB
	text := "iata,name\n" + strings.Repeat(","+strings.Repeat("x", 100)+"\n", 1000)
	bad := decode[sourceFile](t, p.upload(t, "bad.csv", "text/csv", text))
	now := decode[state](t, p.send(t, "GET", "/api/state", "", ""))
	c := now.Settings.Config
	c.Mapping.Fields = c.Mapping.Fields[:2]
	decode[view](t, p.post(t, "/api/runs?source="+bad.ID, c))
	v := p.finish(t)
	require.Equal(t, failed, v.Status)
	assert.Contains(t, v.Failure.Text, "file too large")
	assert.NotEmpty(t, v.Failure.Remedy)
	p.kill(t)

	p = startProcess(t, r, dir)
	v = decode[view](t, p.send(t, "GET", "/api/runs/1", "", ""))
	assert.Less(t, v.NextRow, 1000)
	decode[view](t, p.send(t, "POST", "/api/runs/1/resume", "", ""))
	v = p.finish(t)
	assert.Equal(t, done, v.Status)
	assert.Equal(t, 1000, v.Totals.NotWritten)
	assert.Len(t, lettersIn(t, p.send(t, "GET", "/api/runs/1/letters.ndjson", "", "").text), 1000)
	assert.Equal(t, exitOK, p.terminate(t))
}

// A run into a table that was in the memory of an engine that has ended is not resumed, since its rows are gone.
func TestMemoryIsGone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	s := newSite(t, "-dir", dir)
	started := s.begin(t, s.settings.Config)
	s.send(t, "POST", "/api/runs/1/stop", "", "")
	require.Equal(t, stopped, s.follow(t, started.ID).Status)
	assert.Equal(t, stopped, s.follow(t, started.ID).Status)
	s.close(t.Context())

	again := newSite(t, "-dir", dir)
	f := refused(t, again.send(t, "POST", "/api/runs/1/resume", "", ""), http.StatusConflict)
	assert.Contains(t, f.Text, "in the memory of an engine that has ended")
	now := decode[state](t, again.send(t, "GET", "/api/state", "", ""))
	assert.Equal(t, now.Memory, now.Settings.Config.Endpoint, "the settings are for the table of this process")
	var saved settings
	text, err := os.ReadFile(filepath.Join(dir, "settings.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &saved))
	assert.True(t, saved.Memory)
}

// Without -dir the folder of the state is gone with the engine, unless a run of a table elsewhere needs it.
func TestTemporaryFolder(t *testing.T) {
	t.Parallel()
	o := options{table: tableName, maxUpload: 1}
	e, err := open(t.Context(), o, io.Discard)
	require.NoError(t, err)
	e.close(t.Context())
	assert.NoDirExists(t, e.folder)

	r := newRemote(t)
	e, err = open(t.Context(), o, io.Discard)
	require.NoError(t, err)
	c, err := e.complete(t.Context(), r.settings())
	require.NoError(t, err)
	source, err := e.source(e.settings.Source)
	require.NoError(t, err)
	started, err := e.start(t.Context(), c, source)
	require.NoError(t, err)
	started.wait()
	e.close(t.Context())
	assert.DirExists(t, e.folder)
	require.NoError(t, os.RemoveAll(e.folder))
}

// A run that starts just as the engine ends reads nothing, and is left to be resumed.
func TestStartAtTheEnd(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	started := &run{record: record{Source: s.sources[s.sample], Config: stored(r.settings()), Samples: []sampled{}}}
	dest, err := dynamodest.New(t.Context(), r.settings())
	require.NoError(t, err)
	release, err := s.reserve(started, arnOf(dest))
	require.NoError(t, err)
	s.endRuns()
	require.NoError(t, s.launch(t.Context(), started, dest, release))
	v := s.follow(t, 1)
	assert.Equal(t, stopped, v.Status)
	assert.Zero(t, v.Taken)
	assert.True(t, v.Resumable)
	assert.True(t, s.close(t.Context()), "which decides the exit code")
}
