package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
)

// TestMain has the test's program act as the processes that the command starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "-child" {
		if err := runChild(context.Background(), os.Args[2], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestServerProcess holds that the server is another process, which ends with the section.
func TestServerProcess(t *testing.T) {
	t.Parallel()

	b := &bench{options: options{quick: true}}
	p, err := b.server(t.Context(), wire.Settings{UnitsPerItem: 1})
	require.NoError(t, err)
	d, err := p.Destination(t.Context())
	require.NoError(t, err)
	require.NotNil(t, d)
	seen, err := b.stopServers()
	require.NoError(t, err, "the process has ended, with status 0")
	require.Len(t, seen, 1)
	assert.Equal(t, wire.Stats{Requests: 1, Connections: 1, Peak: 1}, seen[0])

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL, strings.NewReader("{}"))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		assert.NoError(t, response.Body.Close())
	}
	require.Error(t, err, "nobody listens there any more")
	seen, err = b.stopServers()
	require.NoError(t, err)
	assert.Empty(t, seen)
}

// TestStreamsInProcesses holds that processes that stream report what they took, and what was wrong.
func TestStreamsInProcesses(t *testing.T) {
	t.Parallel()

	b := &bench{options: options{quick: true}}
	p, err := b.server(t.Context(), wire.Settings{UnitsPerItem: 1})
	require.NoError(t, err)
	for _, c := range []child{
		{Role: roleLibrary, URL: p.URL, Rows: 60},
		{Role: roleLoop, URL: p.URL, Rows: 60},
		{Role: roleDestinations, URL: p.URL, Rows: 60, Destinations: 3},
	} {
		usage, err := c.observe(t.Context())
		require.NoError(t, err, c.Role)
		assert.Equal(t, 60, usage.Rows)
		assert.Greater(t, usage.Peak, uint64(1<<20))
		assert.Positive(t, usage.Live)
	}
	_, err = child{Role: "none"}.observe(t.Context())
	require.Error(t, err)
	seen, err := b.stopServers()
	require.NoError(t, err)
	assert.Equal(t, 3+1+3+3+3, seen[0].Requests, "three batches each, for the library after a description of each Destination")
}

func TestPick(t *testing.T) {
	t.Parallel()

	all, err := pick("")
	require.NoError(t, err)
	assert.Len(t, all, len(sections()))
	some, err := pick("^(client|convert)$")
	require.NoError(t, err)
	assert.Len(t, some, 2)
	_, err = pick("no such")
	require.Error(t, err)
	_, err = pick("(")
	require.Error(t, err)
}

// TestQuickRun holds that a quick run prints its table and draws its charts, whatever the figures.
func TestQuickRun(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	var out strings.Builder
	require.NoError(t, run(t.Context(), options{only: "^client$", quick: true, rows: 4000, reps: 7, out: dir}, &out, io.Discard))
	assert.Contains(t, out.String(), "go -C internal/benchmarks run . -run '^client$' -quick\n")
	assert.Contains(t, out.String(), "service/dynamodb v")
	assert.Contains(t, out.String(), "CPU a row, WriteSeq")
	written, err := os.ReadFile(dir + "/results.txt")
	require.NoError(t, err)
	assert.Equal(t, out.String(), string(written))
	assert.FileExists(t, dir+"/client.svg")
}

// TestExitStatus holds that a missed figure fails a run, and a quick one not.
func TestExitStatus(t *testing.T) {
	t.Parallel()

	figures := []measure.Figure{{Name: "too slow", Samples: []float64{2}, Rule: measure.AtMost, Bound: 1}}
	sections := []section{{"made up", "a figure that is missed", func(context.Context, *bench) (result, error) {
		return result{figures: figures}, nil
	}}}
	var missed *measure.MissedError
	r := &runner{out: io.Discard, progress: io.Discard}
	require.ErrorAs(t, r.runAll(t.Context(), sections, t.TempDir()), &missed)
	r.quick = true
	require.NoError(t, r.runAll(t.Context(), sections, t.TempDir()))

	sections[0].run = func(context.Context, *bench) (result, error) { return result{}, io.ErrUnexpectedEOF }
	require.ErrorIs(t, r.runAll(t.Context(), sections, t.TempDir()), io.ErrUnexpectedEOF, "a quick run fails if a section cannot run")
}

// TestChartsStay holds that only a whole run replaces the charts that are kept, unless a directory is named.
func TestChartsStay(t *testing.T) {
	t.Parallel()

	for _, o := range []options{{quick: true}, {only: "client"}} {
		dir, remove, err := o.directory()
		require.NoError(t, err)
		assert.NotEqual(t, defaultOut, dir)
		assert.DirExists(t, dir)
		remove()
		assert.NoDirExists(t, dir)
	}
	dir, _, err := options{}.directory()
	require.NoError(t, err)
	assert.Equal(t, defaultOut, dir)
	dir, _, err = options{quick: true, out: "here"}.directory()
	require.NoError(t, err)
	assert.Equal(t, "here", dir)
}
