package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// asCommand makes the test binary the command.
const asCommand = "DYNAMODEST_TEST_AS_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// command returns the command with these flags and an environment without variables that the server or
// its libraries read.
func command(t *testing.T, flags ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe, flags...)
	cmd.Env = []string{asCommand + "=1", "TMPDIR=" + t.TempDir()}
	return cmd
}

// child is a running server.
type child struct {
	cmd     *exec.Cmd
	address string
	stdin   io.Closer
	stdout  *bufio.Reader
	stderr  *bytes.Buffer
}

// launch starts the command on a free port and waits until it is ready. The end of the test, or of this
// process, ends it.
func launch(t *testing.T, flags ...string) *child {
	t.Helper()
	c := &child{cmd: command(t, append(flags, "-address", "127.0.0.1:0", "-stdin")...), stderr: new(bytes.Buffer)}
	c.cmd.Stderr = c.stderr
	stdin, err := c.cmd.StdinPipe()
	require.NoError(t, err)
	c.stdin = stdin
	stdout, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	c.stdout = bufio.NewReader(stdout)
	require.NoError(t, c.cmd.Start())
	t.Cleanup(func() {
		if c.cmd.ProcessState == nil {
			c.kill(t)
		}
	})
	line, err := c.stdout.ReadString('\n')
	if err != nil {
		c.kill(t)
		t.Fatalf("the server has ended: %v: %s", c.cmd.ProcessState, c.stderr)
	}
	c.address = strings.TrimSuffix(strings.TrimPrefix(line, "listening on "), "\n")
	return c
}

func (c *child) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, c.cmd.Process.Kill())
	require.Error(t, c.cmd.Wait())
}

// ended waits for a clean end.
func (c *child) ended(t *testing.T) {
	t.Helper()
	rest, err := io.ReadAll(c.stdout)
	require.NoError(t, err)
	require.NoError(t, c.cmd.Wait(), c.stderr)
	assert.Empty(t, rest, "standard output after the first line")
	assert.Empty(t, c.stderr.String(), "standard error")
}

// dial returns a client of the server.
func (c *child) dial(t *testing.T) client.Client {
	t.Helper()
	dialed, err := client.Dial(client.Options{HostPort: c.address, Namespace: namespace, Logger: noLog{}})
	require.NoError(t, err)
	t.Cleanup(dialed.Close)
	return dialed
}

// namespaceID returns the ID that the namespace got when it was registered.
func namespaceID(t *testing.T, c client.Client) string {
	t.Helper()
	described, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	require.NoError(t, err)
	return described.GetNamespaceInfo().GetId()
}

func greet(_ workflow.Context, name string) (string, error) { return "hello " + name, nil }

// TestStateSurvivesSIGKILL starts a workflow on a server that is killed, and runs it on another one with
// the same file.
func TestStateSurvivesSIGKILL(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state of 100%?.db")
	first := launch(t, "-db", file)
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(file + suffix)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "nobody else reads %s", info.Name())
	}
	c := first.dial(t)
	id := namespaceID(t, c)
	require.NotEmpty(t, id)
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "greeting", TaskQueue: "greetings"}, greet, "world")
	require.NoError(t, err)
	first.kill(t)

	second := launch(t, "-db", file)
	c = second.dial(t)
	assert.Equal(t, id, namespaceID(t, c), "the namespace is registered once")
	w := worker.New(c, "greetings", worker.Options{})
	w.RegisterWorkflow(greet)
	require.NoError(t, w.Start())
	var greeting string
	require.NoError(t, c.GetWorkflow(t.Context(), "greeting", "").Get(t.Context(), &greeting))
	assert.Equal(t, "hello world", greeting)
	w.Stop()

	require.NoError(t, second.cmd.Process.Signal(syscall.SIGTERM))
	second.ended(t)
}

func TestEndOfStandardInputStops(t *testing.T) {
	t.Parallel()
	c := launch(t)
	require.NoError(t, c.stdin.Close())
	c.ended(t)
}

func TestStopsWhileItStarts(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout bytes.Buffer
	require.NoError(t, serve(ctx, settings{address: "127.0.0.1:0", logLevel: "error"}, &stdout))
	assert.Empty(t, stdout.String())
}

func TestErrors(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	locked, text, empty := filepath.Join(folder, "locked"), filepath.Join(folder, "text"), filepath.Join(folder, "empty")
	require.NoError(t, os.WriteFile(text, []byte("not a database"), 0o600))
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	running := launch(t, "-db", locked)

	for _, test := range []struct {
		flags []string
		code  int
		want  string
	}{
		{[]string{"-address", running.address}, 1, "server: listen tcp4 " + running.address + ": bind: address already in use: choose another -address, or port 0 for a free one\n"},
		{[]string{"-address", "0.0.0.0:7233"}, 1, "server: -address \"0.0.0.0:7233\": the host must be 127.0.0.1, as anybody who reaches this server may use it\n"},
		{[]string{"-address", "127.0.0.1:http"}, 1, "server: -address \"127.0.0.1:http\": \"http\" is not a port number\n"},
		{[]string{"-address", "127.0.0.1"}, 1, "server: -address: address 127.0.0.1: missing port in address\n"},
		{[]string{"-db", locked}, 1, "server: -db " + locked + ": another process has the file open: stop it, or choose another file (unable to create SQLite admin DB: database is locked (5) (SQLITE_BUSY))\n"},
		{[]string{"-db", text}, 1, "server: -db " + text + ": unable to create SQLite admin DB: file is not a database (26)\n"},
		{[]string{"-db", empty}, 1, "server: -db " + empty + ": the file is empty: remove it, and the server makes it\n"},
		{[]string{"-db", filepath.Join(folder, "none", "state")}, 1, "server: -db " + filepath.Join(folder, "none", "state") + ": stat " + filepath.Join(folder, "none") + ": no such file or directory\n"},
		{[]string{"-log", "loud"}, 1, "server: -log \"loud\": want debug, info, warn or error\n"},
		{[]string{"7233"}, 2, "server: unexpected argument \"7233\"\n"},
	} {
		cmd := command(t, append([]string{"-address", "127.0.0.1:0"}, test.flags...)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		stdout, err := cmd.Output()
		require.Error(t, err, test.flags)
		assert.Equal(t, test.code, cmd.ProcessState.ExitCode(), test.flags)
		assert.Equal(t, test.want, stderr.String(), test.flags)
		assert.Empty(t, stdout, test.flags)
	}
	_, err := os.Stat(filepath.Join(folder, "none"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// TestListensOnLoopbackAlone looks up in /proc what the server's sockets listen on.
// https://docs.kernel.org/networking/proc_net_tcp.html
func TestListensOnLoopbackAlone(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/net/tcp"); err != nil {
		t.Skip("the sockets of a process are listed by Linux alone:", err)
	}
	c := launch(t)
	proc := fmt.Sprintf("/proc/%d", c.cmd.Process.Pid)
	descriptors, err := os.ReadDir(proc + "/fd")
	require.NoError(t, err)
	own := make(map[string]bool) // inodes of sockets
	for _, d := range descriptors {
		if target, err := os.Readlink(proc + "/fd/" + d.Name()); err == nil {
			own[strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")] = true
		}
	}
	var listening []string
	for _, table := range []string{"tcp", "tcp6"} {
		content, err := os.ReadFile(proc + "/net/" + table)
		if os.IsNotExist(err) {
			continue // no IPv6
		}
		require.NoError(t, err)
		for line := range strings.Lines(string(content)) {
			const localAddress, state, inode, listen = 1, 3, 9, "0A"
			if fields := strings.Fields(line); len(fields) > inode && fields[state] == listen && own[fields[inode]] {
				listening = append(listening, fields[localAddress])
			}
		}
	}
	assert.Len(t, listening, 3, "frontend, history and matching")
	for _, address := range listening {
		ip, _, err := net.SplitHostPort(address)
		require.NoError(t, err)
		assert.Equal(t, "0100007F", ip) // 127.0.0.1
	}
}
