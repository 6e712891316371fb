package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// example is a command of the manual: how it is run, what it is, and the output that the manual gives.
var example = regexp.MustCompile("(?s)<!-- run(: [^\n]*)? -->\n```sh\n(.*?)```\n(?:\n```text\n(.*?)```\n)?")

// The commands of the manual do what it says, one after another in one directory, with the commands that the first of them
// installs.
func TestManual(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/connect.md")
	require.NoError(t, err)
	examples := example.FindAllStringSubmatch(string(page), -1)
	require.Len(t, examples, strings.Count(string(page), "```sh\n"), "every command is run")
	require.NotEmpty(t, examples)

	files := map[string]string{}
	for _, name := range []string{"csv.yaml", "ndjson.yaml"} {
		files[name] = sample(t, name)
	}
	p := newPlace(t, files)
	bin := filepath.Join(p.dir, "bin")
	p.env = append(bare(p.dir), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, e := range examples {
		how, script, want := strings.TrimPrefix(e[1], ": "), e[2], e[3]
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
		cmd.Dir, cmd.Env = p.dir, p.env
		code := 0
		switch {
		case how == "in the background":
			p.env = append(p.env, serve(t, p, script)...)
			continue
		case how == "in a clone":
			cmd.Dir, cmd.Env = "../../..", append(os.Environ(), "GOBIN="+bin)
		case strings.HasPrefix(how, "exit "):
			code, err = strconv.Atoi(strings.TrimPrefix(how, "exit "))
			require.NoError(t, err)
		default:
			require.Empty(t, how)
		}
		r := finish(t, cmd, make(chan struct{}))
		require.Equal(t, code, r.code, "%s\n%s", script, r.stderr)
		assert.Equal(t, want, r.stdout, script)
		assert.Empty(t, r.stderr, script)
	}
}

// serve runs a command of the manual that serves tables, at a free port, until the test ends. It returns the environment that the
// command says.
func serve(t *testing.T, p place, script string) []string {
	t.Helper()
	cmd := exec.Command("sh", "-c", "exec "+strings.TrimSuffix(script, "\n")+" -addr 127.0.0.1:0")
	cmd.Dir, cmd.Env = p.dir, p.env
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		assert.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		assert.NoError(t, cmd.Wait())
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	settings, found := strings.CutPrefix(line, "DynamoDB in memory: export ")
	require.True(t, found, line)
	return strings.Fields(settings)
}
