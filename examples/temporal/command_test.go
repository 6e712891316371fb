package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
)

// execute runs a command, and returns its exit code and outputs.
func execute(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, output{&out, &errs})
	return code, out.String(), errs.String()
}

func TestWrongCommandLines(t *testing.T) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("DYNAMODEST_TEMPORAL_SERVER", "")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-h"}, exitOK, "-in-flight"},
		{[]string{"upload"}, exitUsage, `unknown argument "upload": the commands are worker, load and sample`},
		{[]string{"-none"}, exitUsage, "-none"},
		{[]string{"load"}, exitUsage, "-source: name the file"},
		{[]string{"load", "-source", "a.csv", "-table", "t", "-shards", "0"}, exitUsage, "-shards 0: give 1 to 10000"},
		{[]string{"load", "-source", "a.csv", "-table", "t", "-units", "0.5"}, exitUsage, "-units 0.5: give 1 or more"},
		{[]string{"load", "-mapping", "none.json"}, exitUsage, "none.json"},
		{[]string{"load", "-source", "a.csv", "-table", "t", "-address", "127.0.0.1:1"}, exitTemporal, "no Temporal at 127.0.0.1:1: start one, or correct -address"},
		{[]string{"worker", "-region", "eu-west-1"}, exitUsage, "Table"},
		{[]string{"worker", "-table", "t"}, exitUsage, "Region"},
		{[]string{"load", "-attempts", "3x"}, exitUsage, "-attempts"},
		{[]string{"sample", "-rows", "-1"}, exitUsage, "-rows 0 or more"},
		{[]string{"-server", "/none/server"}, exitTemporal, "-server: "},
	} {
		code, stdout, stderr := execute(t, c.args...)
		assert.Equal(t, c.code, code, c.args)
		assert.Contains(t, stderr, c.want, c.args)
		assert.Empty(t, stdout, c.args)
	}
}

func TestSampleIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "rows.csv")
	code, stdout, stderr := execute(t, "sample", "-out", name, "-rows", "401", "-keys", "3")
	require.Equal(t, exitOK, code, stderr)
	assert.Equal(t, "401 rows in "+name+"\n", stdout)
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, sample{rows: 401, keys: 3}.text(t), string(text))
	lines := bytes.Split(text, []byte("\n"))
	assert.Equal(t, ",name of row 199,199", string(lines[200]))
	assert.Equal(t, "name of row 399", string(lines[400]))
}

// Of a workflow that was terminated nobody knows the totals.
func TestReportWithoutTotals(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	terminated := errors.New("terminated")
	assert.Equal(t, terminated, report(Result{}, terminated, output{&out, &out}))
	assert.Empty(t, out.String())
}

func TestReports(t *testing.T) {
	t.Parallel()
	whole := Result{Totals: Totals{Rows: 9, Written: 6, Superseded: 2, Skipped: 1}, Shards: 2, Attempts: 2}
	dead := whole
	dead.Totals.Rows, dead.Totals.NotWritten, dead.DeadLetters = 10, 1, "dead-letters/x/dead-letters.ndjson"
	const printed = "9 rows of 2 shards: 6 written, 2 superseded, 1 skipped, 0 not written, 0 unknown\n"
	fault := func(typed string) error {
		return temporal.NewNonRetryableApplicationError("what is wrong", typed, nil, whole)
	}
	for _, c := range []struct {
		result Result
		err    error
		code   int
		stdout string
		want   string // the error
	}{
		{whole, nil, exitOK, printed, ""},
		{dead, nil, exitDead, "10 rows of 2 shards: 6 written, 2 superseded, 1 skipped, 1 not written, 0 unknown\n",
			"1 dead letters, in dead-letters/x/dead-letters.ndjson below -dir of the workers"},
		{Result{}, fault(faultSpec), exitUsage, printed, "what is wrong"},
		{Result{}, fault(faultTable), exitTable, printed, "what is wrong"},
		{Result{}, fault(faultSource), exitSource, printed, "what is wrong"},
		{Result{}, fault(faultGaveUp), exitTemporal, printed, "what is wrong"},
		{Result{}, temporal.NewCanceledError(whole), exitInterrupted, printed, "the load was canceled; the next one begins again"},
		{Result{}, &exitError{exitUsage, errors.New("is running")}, exitUsage, "", "is running"},
	} {
		var out bytes.Buffer
		err := report(c.result, c.err, output{&out, &out})
		assert.Equal(t, c.stdout, out.String())
		var coded *exitError
		if c.code == exitOK {
			assert.NoError(t, err)
		} else if assert.ErrorAs(t, err, &coded) {
			assert.Equal(t, c.code, coded.code)
			assert.Equal(t, c.want, coded.Error())
		}
	}
}
