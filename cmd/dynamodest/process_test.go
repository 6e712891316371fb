package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/checkpoint"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/progress"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// process is the command in a process of its own.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr lockedBuffer
	says           map[string]func() // what is called, once, when stderr has a text
}

// start starts the command. name may be a shell's, that runs it.
func start(t *testing.T, says map[string]func(), name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), name, args...), says: says}
	p.cmd.Stdout = &p.stdout
	p.cmd.Stderr = p
	require.NoError(t, p.cmd.Start())
	return p
}

// Write takes what the process writes to stderr.
func (p *process) Write(text []byte) (int, error) {
	_, _ = p.stderr.Write(text)
	for says, do := range p.says {
		if strings.Contains(p.stderr.String(), says) {
			delete(p.says, says)
			do()
		}
	}
	return len(text), nil
}

// wait waits for the end of the process.
func (p *process) wait(t *testing.T) ran {
	t.Helper()
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil {
		require.ErrorAs(t, err, &exit)
	}
	return ran{p.cmd.ProcessState.ExitCode(), p.stdout.String(), p.stderr.String()}
}

// command builds the command and returns its path.
func command(t *testing.T) string {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	return path
}

// balanced checks that the outcomes of a report add up to its rows.
func balanced(t *testing.T, r ran) {
	t.Helper()
	sum := 0
	for _, name := range []string{"written", "not written", "unknown"} {
		sum += figure(t, r.stdout, name)
	}
	assert.Equal(t, figure(t, r.stdout, "rows"), sum, r.stdout)
}

// A load settles although nobody reads what it says any more, as after Ctrl-C in load … 2>&1 | tee log.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, reader.Close())
	defer func() { assert.NoError(t, writer.Close()) }()
	cmd := exec.CommandContext(t.Context(), command(t), "load", "-config", remote.config, "-failed", filepath.Join(remote.dir, "f"), remote.write(t, "a.csv", "id,n\na,1\nb,2\n"))
	cmd.Stdout, cmd.Stderr = writer, writer
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Run(), &exit)
	assert.Equal(t, exitSource, exit.ExitCode(), "the report was lost: %s", exit)
	assert.Equal(t, 2, remote.db.Len("users"))
	s, err := checkpoint.Load(filepath.Join(remote.dir, "f.checkpoint.json"))
	require.NoError(t, err)
	assert.True(t, s.Done)
}

// hold lets 19 requests pass, and holds the others until release is closed. The channel that it returns is closed when
// so many of them are held.
func (r remote) hold(requests int, release <-chan struct{}) <-chan struct{} {
	const pass = 19
	held := make(chan struct{})
	r.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.N <= pass {
			return dynamodesttest.Fault{}
		}
		if c.N == pass+requests {
			close(held)
		}
		return dynamodesttest.Stall(release)
	})
	return held
}

// The first signal ends the source: what was read settles, and -resume goes on.
func TestFirstSignal(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM, "SIGHUP": syscall.SIGHUP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			remote := newRemote(t)
			failed := filepath.Join(remote.dir, "failed.ndjson")
			args := []string{"load", "-config", remote.config, "-failed", failed, remote.write(t, "a.csv", numbered(20_000))}
			stopped := make(chan struct{})
			running := remote.hold(1, stopped)
			var p *process
			started := make(chan struct{})
			p = start(t, map[string]func(){"no more rows are read": func() {
				<-started
				assert.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP)) // the terminal closes, or its shell says so too
				close(stopped)
			}}, command(t), args...)
			close(started)
			<-running
			require.NoError(t, p.cmd.Process.Signal(signal))
			r := p.wait(t)
			assert.Equal(t, 128+int(signal), r.code)
			assert.Contains(t, r.stderr, "no more rows are read")
			assert.Contains(t, r.stdout, "to go on from row")
			balanced(t, r)
			assert.Zero(t, figure(t, r.stdout, "unknown"))
			assert.Equal(t, figure(t, r.stdout, "written"), remote.db.Len("users"))
			assert.Less(t, figure(t, r.stdout, "rows"), 20_000)

			remote.db.SetFault(nil)
			resumed := runIn(t, "", append(args, "-resume")...)
			assert.Equal(t, exitFailed, resumed.code)
			assert.Equal(t, 19_800, figure(t, resumed.stdout, "written"))
			assert.Equal(t, 19_800, remote.db.Len("users"))
			assert.Len(t, letters(t, failed), 200)
		})
	}
}

// A signal that comes when the source has ended changes nothing: the load is complete, and its exit code says how.
func TestSignalAfterTheLastRow(t *testing.T) {
	t.Parallel()
	for rows, code := range map[string]int{"id,n\na,1\n,2\nc,3\n": exitFailed, "id,n\na,1\nc,3\n": exitOK} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			remote := newRemote(t)
			sent, told := make(chan struct{}), make(chan struct{})
			remote.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
				if c.Op == "DescribeTable" {
					return dynamodesttest.Fault{}
				}
				close(sent)
				return dynamodesttest.Stall(told)
			})
			p := start(t, map[string]func(){"no more rows are read": func() { close(told) }}, command(t), "load",
				"-config", remote.patient(t), "-failed", filepath.Join(remote.dir, "f"), remote.write(t, "a.csv", rows))
			<-sent // at the end of the source
			require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
			r := p.wait(t)
			assert.Equal(t, code, r.code)
			assert.NotContains(t, r.stderr, "exit code")
			assert.NotContains(t, r.stdout, "to go on")
			assert.Equal(t, 2, remote.db.Len("users"))
			s, err := checkpoint.Load(filepath.Join(remote.dir, "f.checkpoint.json"))
			require.NoError(t, err)
			assert.True(t, s.Done)
		})
	}
}

// A load that nohup has started goes on when its terminal closes.
func TestNohup(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	closed := make(chan struct{})
	running := remote.hold(1, closed)
	p := start(t, nil, "nohup", command(t), "load", "-config", remote.config, "-failed", filepath.Join(remote.dir, "f"), remote.write(t, "a.csv", numbered(5000)))
	<-running
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	close(closed)
	assert.Equal(t, exitFailed, p.wait(t).code)
	assert.Equal(t, 4950, remote.db.Len("users"))
}

// The second signal gives up what is in flight, and the account is still true.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	failed := filepath.Join(remote.dir, "failed.ndjson")
	args := []string{"load", "-config", remote.config, "-failed", failed, remote.write(t, "a.csv", numbered(5000))}
	stalled := remote.hold(concurrency, nil) // there are no others in flight, whose responses the second signal might overtake
	var p *process
	started := make(chan struct{})
	p = start(t, map[string]func(){"once more to give that up": func() {
		<-started
		assert.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	}}, command(t), args...)
	close(started)
	<-stalled
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	r := p.wait(t)
	assert.Equal(t, 130, r.code)
	balanced(t, r)
	assert.Positive(t, figure(t, r.stdout, "unknown"))
	assert.Equal(t, figure(t, r.stdout, "written"), remote.db.Len("users"))

	remote.db.SetFault(nil)
	resumed := runIn(t, "", append(args, "-resume")...)
	assert.Equal(t, exitFailed, resumed.code)
	assert.Equal(t, 4950, figure(t, resumed.stdout, "written"))
	assert.Equal(t, 4950, remote.db.Len("users"))
	assert.Len(t, letters(t, failed), 50)
}

// After SIGKILL the load goes on from its last checkpoint: each row is written at least once, and each failed
// row is kept once.
func TestKill(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	failed := filepath.Join(remote.dir, "failed.ndjson")
	args := []string{"load", "-config", remote.config, "-failed", failed, remote.write(t, "a.csv", numbered(20_000))}
	var once sync.Once
	ready := make(chan struct{})
	remote.db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault {
		if s, err := checkpoint.Load(failed + ".checkpoint.json"); err == nil && s.NextRow > 0 {
			once.Do(func() { close(ready) })
			return dynamodesttest.Stall(nil) // so that the end does not come before the signal
		}
		return dynamodesttest.Slow(10e6, 0) // four at a time, so that the first checkpoint comes before the end
	})
	p := start(t, nil, command(t), args...)
	<-ready
	require.NoError(t, p.cmd.Process.Kill())
	assert.Equal(t, -1, p.wait(t).code)
	s, err := checkpoint.Load(failed + ".checkpoint.json")
	require.NoError(t, err)
	assert.LessOrEqual(t, s.Totals.Outcomes["written"], remote.db.Len("users"))
	assert.Less(t, s.NextRow, 20_000)

	remote.db.SetFault(nil)
	resumed := runIn(t, "", append(args, "-resume")...)
	assert.Equal(t, exitFailed, resumed.code)
	assert.Equal(t, 20_000, figure(t, resumed.stdout, "rows"))
	assert.Equal(t, 19_800, figure(t, resumed.stdout, "written"))
	assert.Equal(t, 19_800, remote.db.Len("users"))
	rows := map[int]int{}
	for _, l := range letters(t, failed) {
		rows[l.Row]++
	}
	assert.Len(t, rows, 200)
	for row, n := range rows {
		assert.Equal(t, 1, n, "row %d", row)
	}
}

// While standard input is silent, a signal ends the load.
func TestSignalWhileStandardInputIsSilent(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	written := make(chan struct{})
	var once sync.Once // the row is sent again if there is no response in time
	remote.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.Op != "DescribeTable" {
			once.Do(func() { close(written) })
		}
		return dynamodesttest.Fault{}
	})
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer func() { assert.NoError(t, writer.Close()) }()
	p := &process{cmd: exec.CommandContext(t.Context(), command(t), "load", "-config", remote.config, "-format", "ndjson", "-")}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = reader, &p.stdout, &p.stderr
	require.NoError(t, p.cmd.Start())
	require.NoError(t, reader.Close())
	_, err = io.WriteString(writer, `{"id":"a"}`+"\n")
	require.NoError(t, err)
	<-written
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	r := p.wait(t)
	assert.Equal(t, 130, r.code)
	assert.Equal(t, 1, figure(t, r.stdout, "written"))
	assert.Equal(t, 1, remote.db.Len("users"))
}

// A file that must not grow any more is as a full disk: the load stops, and goes on where there is room.
func TestFileSizeLimit(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	failed := filepath.Join(remote.dir, "failed.ndjson")
	var text bytes.Buffer
	text.WriteString("id,n\n")
	for range 2000 {
		text.WriteString(",1\n")
	}
	args := []string{"load", "-config", remote.config, "-failed", failed, remote.write(t, "a.csv", text.String())}
	r := start(t, nil, "sh", append([]string{"-c", `ulimit -f 100; exec "$0" "$@"`, command(t)}, args...)...).wait(t)
	assert.Equal(t, exitSource, r.code)
	assert.Contains(t, r.stderr, "file too large")
	balanced(t, r)
	rows := figure(t, r.stdout, "rows")
	assert.Positive(t, rows)
	saved, err := checkpoint.Load(failed + ".checkpoint.json")
	require.NoError(t, err)
	assert.Contains(t, r.stdout, fmt.Sprintf("to go on from row %s: the same command with -resume (%s rows of this run are read again)\n",
		progress.Count(saved.NextRow), progress.Count(rows-saved.NextRow)))

	resumed := runIn(t, "", append(args, "-resume")...)
	assert.Equal(t, exitFailed, resumed.code)
	assert.Equal(t, 2000, figure(t, resumed.stdout, "not written"))
	assert.Len(t, letters(t, failed), 2000)
}

// Before a load has begun the first signal ends it.
func TestSignalBeforeTheLoad(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	signals := make(chan os.Signal, 1)
	var sent atomic.Bool
	remote.db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault {
		if sent.CompareAndSwap(false, true) {
			signals <- os.Interrupt
		}
		return dynamodesttest.Stall(nil)
	})
	r := runWith(t, &system{signals: signals}, "check", "-config", remote.config)
	assert.Equal(t, 130, r.code)
	assert.Contains(t, r.stderr, "context canceled")
}
