package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// process is sqlsync in a process of its own.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr strings.Builder
	started        chan struct{}
}

// child returns sqlsync as a process that is not started yet, with variables of its own in its environment.
func (w *world) child(t *testing.T, env ...string) *process {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	p := &process{cmd: exec.CommandContext(t.Context(), path, w.args...), started: make(chan struct{})}
	p.cmd.Env = append(append(os.Environ(), childVariable+"=1"), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	return p
}

// signal sends a signal to the process, from the hook of a request that it has made.
func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	<-p.started
	assert.NoError(t, p.cmd.Process.Signal(s))
}

// run runs the process to its end, and reports whether SIGKILL ended it. If not, its totals must add up.
func (p *process) run(t *testing.T) (r ran, killed bool) {
	t.Helper()
	require.NoError(t, p.cmd.Start())
	close(p.started)
	_ = p.cmd.Wait() // the state of the process says all
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	r = ran{p.cmd.ProcessState.ExitCode(), p.stdout.String(), p.stderr.String()}
	if status.Signaled() {
		require.Equal(t, syscall.SIGKILL, status.Signal(), r.err)
		return r, true
	}
	r.balanced(t)
	return r, false
}
