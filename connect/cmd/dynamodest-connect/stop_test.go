package main

import (
	"bufio"
	"encoding/hex"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// A pipeline whose table is throttled for ever ends on SIGTERM, and its rows are no dead letters: not even one at fault,
// since the input has all of them again.
func TestSIGTERMWhileThrottled(t *testing.T) {
	t.Parallel()
	p := newPlace(t, map[string]string{"ndjson.yaml": sample(t, "ndjson.yaml"), "rows": `{"id":"a"}` + "\n" + `{"id":""}` + "\n" + `{"id":"b"}` + "\n"})
	p.db.AddTable("users", "id:S")
	cmd := p.command(t, "run", "--set", "shutdown_timeout=1400ms", "ndjson.yaml")
	input, err := os.Open(filepath.Join(p.dir, "rows"))
	require.NoError(t, err)
	defer func() { assert.NoError(t, input.Close()) }()
	cmd.Stdin = input
	started := make(chan struct{})
	var requests atomic.Int32
	p.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if len(c.Keys) == 0 {
			return dynamodesttest.Fault{}
		}
		if requests.Add(1) == 5 {
			<-started
			assert.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		}
		return dynamodesttest.Throttled("ProvisionedThroughputExceededException", "")
	})
	r := finish(t, cmd, started)
	assert.Zero(t, r.code, r.stdout+r.stderr)
	assert.GreaterOrEqual(t, requests.Load(), int32(5))
	assert.Empty(t, p.lines(t, "dead-letters.ndjson"))
	assert.Zero(t, p.db.Len("users"))
	assert.Contains(t, r.stdout, "Received SIGTERM")
}

// A pipeline opens no port unless its configuration says so.
func TestNoListener(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the ports of a process are read in /proc")
	}
	self := httptest.NewServer(nil)
	defer self.Close()
	require.Contains(t, listeners(t, os.Getpid()), self.Listener.Addr().String(), "the test finds what it looks for")

	p := newPlace(t, map[string]string{"pipeline.yaml": "input: {stdin: {}}\noutput: {dynamodest: {table: users}}\n"})
	p.db.AddTable("users", "id:S")
	cmd := p.command(t, "run", "pipeline.yaml")
	cmd.Stdin = strings.NewReader(`{"id":"a"}` + "\n")
	started := make(chan struct{})
	found := make(chan []string, 1)
	p.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if len(c.Keys) > 0 {
			<-started
			found <- listeners(t, cmd.Process.Pid)
		}
		return dynamodesttest.Fault{}
	})
	r := finish(t, cmd, started)
	assert.Zero(t, r.code, r.stdout+r.stderr)
	require.Equal(t, 1, p.db.Len("users"))
	assert.Empty(t, <-found)
}

// The HTTP server is off in a configuration that does not name it, and on the loopback interface in one that turns it on.
func TestHTTPServerOfAConfiguration(t *testing.T) {
	t.Parallel()
	const rest = "output:\n  drop: {}\n"
	for text, want := range map[string]string{
		rest:                              "http:\n  enabled: false\n  address: 127.0.0.1:4195\n",
		"http:\n  enabled: true\n" + rest: "http:\n  enabled: true\n  address: 127.0.0.1:4195\n",
	} {
		p := newPlace(t, map[string]string{"pipeline.yaml": text})
		r := p.run(t, "", "echo", "pipeline.yaml")
		assert.Zero(t, r.code, r.stderr)
		assert.True(t, strings.HasPrefix(r.stdout, want), r.stdout)
	}
}

// listeners returns the TCP addresses at which a process of this machine listens.
func listeners(t *testing.T, pid int) []string {
	t.Helper()
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	files, err := os.ReadDir(filepath.Join(proc, "fd"))
	require.NoError(t, err)
	sockets := map[string]bool{}
	for _, file := range files {
		target, _ := os.Readlink(filepath.Join(proc, "fd", file.Name())) // the file may be closed by now
		sockets[target] = true
	}
	var found []string
	for _, name := range []string{"tcp", "tcp6"} {
		file, err := os.Open(filepath.Join(proc, "net", name))
		require.NoError(t, err)
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			fields := strings.Fields(lines.Text())
			if len(fields) > 9 && fields[3] == "0A" && sockets["socket:["+fields[9]+"]"] {
				found = append(found, address(t, fields[1]))
			}
		}
		require.NoError(t, lines.Err())
		require.NoError(t, file.Close())
	}
	return found
}

// address returns an address in hexadecimal form, of 32-bit words of this machine, as it is usually written.
func address(t *testing.T, text string) string {
	t.Helper()
	host, port, _ := strings.Cut(text, ":")
	ip, err := hex.DecodeString(host)
	require.NoError(t, err)
	for i := 0; i < len(ip); i += 4 { // little endian
		ip[i], ip[i+1], ip[i+2], ip[i+3] = ip[i+3], ip[i+2], ip[i+1], ip[i]
	}
	n, err := strconv.ParseUint(port, 16, 16)
	require.NoError(t, err)
	return net.JoinHostPort(net.IP(ip).String(), strconv.FormatUint(n, 10))
}
