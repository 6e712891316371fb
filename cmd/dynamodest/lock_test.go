package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/checkpoint"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// refused checks that a load was refused because another one is writing to failed.
func refused(t *testing.T, r ran, failed string) {
	t.Helper()
	assert.Equal(t, exitUsage, r.code)
	assert.Contains(t, r.stderr, "another load is writing to "+failed+": wait for it to end, or give another file\n")
	assert.Empty(t, r.stdout)
}

// While a load runs, no other one begins with its file of failed rows, under whatever name, or with its checkpoint.
func TestTwoLoadsOfOneFile(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	failed, link, other := filepath.Join(remote.dir, "failed.ndjson"), filepath.Join(remote.dir, "link"), filepath.Join(remote.dir, "other")
	require.NoError(t, os.Symlink(failed, link))
	file := remote.write(t, "a.csv", numbered(20_000))
	args := func(failed string, more ...string) []string {
		return append([]string{"load", "-config", remote.config, "-failed", failed, file}, more...)
	}
	running, finish := make(chan struct{}), make(chan struct{})
	remote.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		switch {
		case c.Op == "DescribeTable" || c.N < 20:
			return dynamodesttest.Fault{}
		case c.N == 20:
			close(running)
		}
		return dynamodesttest.Stall(finish)
	})
	p := start(t, nil, command(t), args(failed)...)
	<-running

	refused(t, runIn(t, "", args(failed, "-resume")...), failed)
	refused(t, runIn(t, "", args(failed)...), failed)
	refused(t, runIn(t, "", args(link, "-resume")...), link)
	refused(t, runIn(t, "", "load", "-local", "-failed", failed, file), failed)
	refused(t, runIn(t, "", args(other, "-checkpoint", failed+".checkpoint.json")...), failed)
	refused(t, runIn(t, "", args(other, "-checkpoint", failed+".checkpoint.json", "-resume")...), failed)
	assert.NoFileExists(t, other)

	close(finish)
	r := p.wait(t)
	assert.Equal(t, exitFailed, r.code, r.stderr)
	assert.Equal(t, 19_800, remote.db.Len("users"))
	assert.Len(t, letters(t, failed), 200)
	assert.Contains(t, runIn(t, "", args(failed, "-resume")...).stdout, "nothing is left to do")
}

// Loads of standard input have no checkpoint, and share no file of failed rows either.
func TestTwoLoadsOfStandardInput(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	failed := filepath.Join(remote.dir, "failed.ndjson")
	written := make(chan struct{})
	var once sync.Once
	remote.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.Op != "DescribeTable" {
			once.Do(func() { close(written) })
		}
		return dynamodesttest.Fault{}
	})
	args := []string{"load", "-config", remote.config, "-failed", failed, "-format", "ndjson", "-"}
	p := &process{cmd: exec.CommandContext(t.Context(), command(t), args...)}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	stdin, err := p.cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	_, err = io.WriteString(stdin, `{"id":"a"}`+"\n"+`{"n":1}`+"\n")
	require.NoError(t, err)
	<-written
	refused(t, runIn(t, `{"n":2}`+"\n", args...), failed)
	require.NoError(t, stdin.Close())
	assert.Equal(t, exitFailed, p.wait(t).code)
	assert.Len(t, letters(t, failed), 1)
}

// A load that another one has overtaken, between the look at the checkpoint and the first row, does not begin.
func TestLoadThatWasOvertaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state := filepath.Join(dir, "c.json")
	begin := func(failed string) *files {
		f := &files{failedPath: failed, checkpoint: state, resume: true, base: checkpoint.State{Failed: failed}}
		require.NoError(t, f.look())
		return f
	}
	first, second, third := begin(filepath.Join(dir, "f")), begin(filepath.Join(dir, "f")), begin(filepath.Join(dir, "other"))
	require.NoError(t, first.open(t.Context()))
	assert.ErrorContains(t, second.open(t.Context()), "another load is writing to "+first.failedPath)
	assert.ErrorContains(t, third.open(t.Context()), "another load is writing to "+first.failedPath, "it has the same checkpoint")
	require.NoError(t, first.save(checkpoint.State{Done: true}))
	require.NoError(t, first.close(nil))
	assert.ErrorContains(t, second.open(t.Context()), "another load has gone on from "+state)
	assert.ErrorContains(t, third.open(t.Context()), "give the same -failed")
}

// Devices and pipes are written to as they are, by any number of loads.
func TestFailedRowsOfDevices(t *testing.T) {
	t.Parallel()
	const bad = `{"n":1}` + "\n"
	args := func(failed string) []string {
		return []string{"load", "-local", "-key", "id:S", "-failed", failed, "-format", "ndjson", "-"}
	}
	assert.Equal(t, exitFailed, runIn(t, bad, args("/dev/null")...).code)

	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	read := make(chan string)
	go func() {
		data, err := os.ReadFile(fifo)
		assert.NoError(t, err)
		read <- string(data)
	}()
	assert.Equal(t, exitFailed, runIn(t, bad, args(fifo)...).code)
	assert.Contains(t, <-read, `"reason":"bad_key"`)

	p := &process{cmd: exec.CommandContext(t.Context(), command(t), args("/dev/stdout")...)}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = strings.NewReader(bad), &p.stdout, &p.stderr
	require.NoError(t, p.cmd.Start())
	r := p.wait(t)
	assert.Equal(t, exitFailed, r.code)
	assert.Contains(t, r.stdout, `"reason":"bad_key"`)
	assert.Contains(t, r.stdout, "failed rows are in /dev/stdout")
}

// A named pipe that nobody reads does not keep a signal from ending the load.
func TestFailedRowsOfAPipeThatNobodyReads(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := &files{failedPath: fifo}
	require.NoError(t, f.look())
	require.ErrorIs(t, f.open(ctx), context.Canceled)

	reader, err := os.Open(fifo) // waits for the other end, which waits for it
	require.NoError(t, err)
	require.NoError(t, reader.Close())
}

// The report, or what a load says meanwhile, would overwrite failed rows that go to the same file.
func TestFailedRowsInTheOutput(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	for name, tt := range map[string]struct{ stdout, failed string }{
		"standard output":             {path, path},
		"as a device":                 {path, "/dev/stdout"},
		"standard error":              {os.DevNull, path},
		"standard error, by a device": {os.DevNull, "/dev/stderr"},
	} {
		t.Run(name, func(t *testing.T) {
			stderr, err := os.Create(path)
			require.NoError(t, err)
			stdout, err := os.OpenFile(tt.stdout, os.O_WRONLY|os.O_APPEND, 0)
			require.NoError(t, err)
			cmd := exec.CommandContext(t.Context(), command(t), "load", "-local", "-key", "id:S", "-failed", tt.failed, "-format", "ndjson", "-")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(`{"n":1}`), stdout, stderr
			_ = cmd.Run() // the exit code says it
			assert.Equal(t, exitUsage, cmd.ProcessState.ExitCode())
			require.NoError(t, errors.Join(stdout.Close(), stderr.Close()))
			said, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "dynamodest: -failed: "+tt.failed+" is where the output of the command goes, which would overwrite the failed rows: name another file\n", string(said))
		})
	}
}
