//go:build unix

package main

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// demo starts the program without a command: it starts a server itself.
func demo(t *testing.T, args ...string) *process {
	t.Helper()
	return program(t, append([]string{"-server", serverPath(t)}, args...)...)
}

// inMidLoad waits until rows are written, which take minutes by this budget.
func inMidLoad(t *testing.T) *process {
	t.Helper()
	p := demo(t, "-units", "20")
	eventually(t, "the load has begun", func() bool { return strings.Contains(p.stdout.String(), "load of sample.csv into users") })
	return p
}

// leftNothing checks that the program has removed its files.
func (p *process) leftNothing(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(p.temporary)
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestProcessesOfTheWholeProgram(t *testing.T) {
	t.Parallel()
	p := demo(t)
	assert.Equal(t, exitOK, p.wait(), p.stderr.String())
	assert.Contains(t, p.stdout.String(), "10000 rows of 16 shards: ")
	assert.Contains(t, p.stdout.String(), " 50 not written, 0 unknown\nthe table has 5400 items\ndead letter: {\"position\":199,")
	p.leftNothing(t)
}

func TestProcessesOfTheWholeProgramInterrupted(t *testing.T) {
	t.Parallel()
	p := inMidLoad(t)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGINT))
	assert.Equal(t, exitInterrupted, p.wait())
	assert.Contains(t, p.stderr.String(), "temporal: the load was canceled; the next one begins again")
	p.leftNothing(t)
}

// The wait for a process ends when nobody has its outputs any more. Its server has them too.
func TestProcessesOfTheWholeProgramKilled(t *testing.T) {
	t.Parallel()
	p := inMidLoad(t)
	p.kill(t)
	assert.Equal(t, -1, p.cmd.ProcessState.ExitCode())
}
