//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asProgram makes the test binary the program.
const asProgram = "DYNAMODEST_TEST_AS_PROGRAM"

func init() {
	if os.Getenv(asProgram) == "" {
		return
	}
	go func() { // the end of the process that started this one
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(exitInterrupted)
	}()
	main()
}

// process is a child: a Temporal server, a worker or a load. It ends with the test, and with this process.
type process struct {
	cmd            *exec.Cmd
	stdin          io.Closer
	stdout, stderr lockedBuffer
	temporary      string // folder
	waited         bool
}

// launch starts a child with an environment that has nothing of the machine's but these variables.
func launch(t *testing.T, env []string, stdout io.Writer, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), temporary: t.TempDir()}
	p.cmd.Env = append(env, "TMPDIR="+p.temporary)
	p.cmd.Stderr = &p.stderr
	if p.cmd.Stdout = &p.stdout; stdout != nil {
		p.cmd.Stdout = stdout
	}
	var err error
	p.stdin, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		if !p.waited {
			p.kill(t)
		}
		if t.Failed() {
			t.Logf("%s %s: %v\n%s%s", name, strings.Join(args, " "), p.cmd.ProcessState, p.stdout.String(), p.stderr.String())
		}
	})
	return p
}

// program starts the program of this package, with keys for the double.
func program(t *testing.T, args ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	env := []string{asProgram + "=1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true"}
	return launch(t, env, nil, exe, args...)
}

// serverPath returns the path of Temporal's server. The test is skipped without DYNAMODEST_TEMPORAL_SERVER.
func serverPath(t *testing.T) string {
	t.Helper()
	name := os.Getenv("DYNAMODEST_TEMPORAL_SERVER")
	if name == "" {
		require.Empty(t, os.Getenv("DYNAMODEST_REQUIRE_TEMPORAL"), "DYNAMODEST_TEMPORAL_SERVER is not set")
		t.Skip("DYNAMODEST_TEMPORAL_SERVER, the path of Temporal's server built from the folder server, is not set")
	}
	return name
}

// temporalServer starts a server and waits until it is ready.
func temporalServer(t *testing.T, args ...string) (p *process, address string) {
	t.Helper()
	name := serverPath(t)
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer func() { assert.NoError(t, reader.Close()) }()
	p = launch(t, nil, writer, name, append(args, "-stdin")...)
	require.NoError(t, writer.Close())
	line, err := bufio.NewReader(reader).ReadString('\n')
	require.NoError(t, err, "the server has ended")
	address, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "listening on ")
	require.True(t, ok, line)
	return p, address
}

// kill ends the process by SIGKILL, unless it has ended.
func (p *process) kill(t *testing.T) {
	t.Helper()
	_ = p.cmd.Process.Kill()
	p.wait()
}

// wait waits for the end of the process and returns its exit code; -1 stands for a signal.
func (p *process) wait() int {
	_ = p.cmd.Wait() // the exit code says it
	p.waited = true
	return p.cmd.ProcessState.ExitCode()
}

// terminate asks the process to stop, and waits for it.
func (p *process) terminate(t *testing.T) int {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	return p.wait()
}

// is reports whether the identity of a Temporal client is that of this process.
func (p *process) is(identity string) bool {
	return strings.HasPrefix(identity, fmt.Sprintf("%d@", p.cmd.Process.Pid))
}

// stop stops the process by SIGSTOP, and returns when it stands still.
func (p *process) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGSTOP))
	var status syscall.WaitStatus
	_, err := syscall.Wait4(p.cmd.Process.Pid, &status, syscall.WUNTRACED, nil)
	require.NoError(t, err)
	require.True(t, status.Stopped(), "the process has ended: %s", p.stderr.String())
}

// wake lets a stopped process go on.
func (p *process) wake(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGCONT))
}

// lockedBuffer is a buffer that is read while a process writes.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
