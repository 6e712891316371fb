package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/deadletter"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// A preview writes nothing, and foresees what a load then does.
func TestPreviewForeseesTheLoad(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	file := remote.write(t, "a.csv", numbered(1000))
	r := runIn(t, "", "preview", "-config", remote.config, "-json", file)
	assert.Equal(t, exitFailed, r.code)
	assert.Zero(t, remote.db.Len("users"))
	var forecast struct {
		Rows, Valid int
		Reasons     map[dynamodest.Reason]int
		WriteUnits  struct{ Total dynamodest.Range } `json:"write_units"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &forecast))

	for _, args := range [][]string{{file}, {"-format", "csv", "-"}} {
		text := runIn(t, numbered(1000), append([]string{"preview", "-config", remote.config}, args...)...)
		assert.Equal(t, exitFailed, text.code)
		assert.Equal(t, 990, figure(t, text.stdout, "would be put"))
		assert.Equal(t, 10, figure(t, text.stdout, "bad_key"))
		assert.Equal(t, 40, figure(t, text.stdout, "requests"))
		assert.NotContains(t, text.stdout, "a name", "no values")
	}

	loaded := runIn(t, "", "load", "-config", remote.config, file)
	assert.Equal(t, forecast.Rows, figure(t, loaded.stdout, "rows"))
	assert.Equal(t, forecast.Valid, figure(t, loaded.stdout, "written"))
	assert.Equal(t, forecast.Reasons[dynamodest.ErrKey], figure(t, loaded.stdout, "bad_key"))
	assert.EqualValues(t, forecast.WriteUnits.Total.Most, figure(t, loaded.stdout, "write units"))
}

// The JSON of a preview has of each failure what the file of failed rows of a load has, and the first items.
func TestPreviewAsJSON(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	var rows strings.Builder
	rows.WriteString("id,n\na,1\nb\n,2\n")
	for i := range sampleRows {
		fmt.Fprintf(&rows, "%d-x,%d\n", i, i)
	}
	rows.WriteString("late,007\nlater,<&>\n")
	file, failed := remote.write(t, "a.csv", rows.String()), filepath.Join(remote.dir, "failed.ndjson")
	r := runIn(t, "", "preview", "-config", remote.config, "-json", "-items", "2", file)
	require.Equal(t, exitFailed, r.code, r.stderr)
	var document struct {
		Rows, Invalid int
		First         []deadletter.Letter
		Items         []map[string]map[string]string
		Sizes         struct{ Max int }
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &document), "stdout is one document")
	require.Equal(t, exitFailed, runIn(t, "", "load", "-config", remote.config, "-failed", failed, file).code)
	assert.Equal(t, letters(t, failed), document.First)
	require.Len(t, document.First, 4)
	assert.Equal(t, deadletter.Letter{
		Row: 1, Line: 3, Outcome: "not_written", Reason: "unmappable_value", Scope: "row",
		Text: "row 1: unmappable value: line 3: has 1 field, and there are 2 columns", Remedy: "fix the line",
	}, document.First[0])
	assert.Contains(t, document.First[2].Remedy, "-type n=S")
	assert.NotContains(t, r.stdout, "errors.Is")
	assert.Equal(t, []map[string]map[string]string{{"id": {"S": "a"}, "n": {"N": "1"}}, {"id": {"S": "0-x"}, "n": {"N": "0"}}}, document.Items)
	assert.Equal(t, sampleRows+5, document.Rows)
	assert.Equal(t, 4, document.Invalid)
	assert.NotZero(t, document.Sizes.Max)

	r = runIn(t, "", "preview", "-local", "-json", remote.write(t, "b.csv", "id\n<&>\n"), "-items", "1")
	assert.Equal(t, exitOK, r.code, r.stderr)
	assert.Contains(t, r.stdout, `"S": "<&>"`)
	assert.NotContains(t, r.stdout, `"first"`)
}

// A preview that cannot be made says why, with its own exit code.
func TestPreviewThatFails(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	good := remote.write(t, "a.csv", numbered(10))
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no table": {[]string{"-table", "others", good}, exitStopped, "no such table"},
		"header":   {[]string{remote.write(t, "b.csv", "id,id\na,b\n")}, exitUsage, "line 1: columns 1 and 2 are both named"},
		"source":   {[]string{remote.write(t, "c.csv", "id,n\na,1\nb,\"2\nc,3\n")}, exitSource, "stopped by the source: line 3"},
		"mode":     {[]string{"-mode", "mirror", good}, exitUsage, "\n-mode: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := runIn(t, "", append([]string{"preview", "-config", remote.config}, tt.args...)...)
			assert.Equal(t, tt.code, r.code, r.stderr)
			assert.Contains(t, r.stderr, tt.says)
			assert.Empty(t, r.stdout)
		})
	}
}

// A signal in the middle of a preview ends it without figures of half the rows.
func TestSignalDuringPreview(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	signals := make(chan os.Signal, 1)
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, writer.Close()) })
	_, err = writer.WriteString("{\"id\":\"a\"}\n")
	require.NoError(t, err)
	signals <- os.Interrupt
	r := runWith(t, &system{stdin: reader, signals: signals}, "preview", "-config", remote.config, "-format", "ndjson", "-")
	assert.Equal(t, 130, r.code)
	assert.Empty(t, r.stdout)
}

// interruptedReader gives text, and then a signal and nothing more until the test ends.
type interruptedReader struct {
	text    *strings.Reader
	signals chan<- os.Signal
	ended   <-chan struct{}
}

func (r interruptedReader) Read(p []byte) (int, error) {
	if r.text.Len() > 0 {
		return r.text.Read(p)
	}
	r.signals <- os.Interrupt
	<-r.ended
	return 0, io.EOF
}

// A signal that ends the reading of a source is no fault of the settings.
func TestSignalWhileRowsAreRead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		args []string
	}{
		"header": {"", []string{"-format", "csv"}},
		"rows":   {strings.Repeat("{\"id\":\"a\"}\n", 20_000), []string{"-format", "ndjson", "-key", "id:S"}}, // more than is read ahead
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signals := make(chan os.Signal, 1)
			stdin := interruptedReader{strings.NewReader(tt.text), signals, t.Context().Done()}
			r := runWith(t, &system{stdin: stdin, signals: signals}, append([]string{"preview", "-local", "-"}, tt.args...)...)
			assert.Equal(t, 130, r.code)
			assert.Empty(t, r.stdout)
			assert.Regexp(t, `(?m)^dynamodest: interrupted\n\z`, r.stderr)
			assert.NotContains(t, r.stderr, "settings")
		})
	}
}

// Nothing is written, and no file is left, if the rows take more write units than are allowed.
func TestMaxWriteUnits(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	file, failed := remote.write(t, "a.csv", numbered(1000)), filepath.Join(remote.dir, "failed.ndjson")
	load := func(most int, args ...string) ran {
		return runIn(t, numbered(1000), append([]string{"load", "-config", remote.config, "-max-write-units", strconv.Itoa(most)}, args...)...)
	}
	r := load(989, "-failed", failed, file)
	assert.Equal(t, exitTooMany, r.code)
	assert.Contains(t, r.stderr, "the rows take 990 write units")
	assert.Zero(t, remote.db.Len("users"))
	assert.NoFileExists(t, failed)
	assert.NoFileExists(t, failed+".checkpoint.json")
	r = load(990, "-format", "csv", "-")
	assert.Equal(t, exitUsage, r.code)
	assert.Contains(t, r.stderr, "reads the source twice")

	remote.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.Op != dynamodest.OpDescribeTable && c.N > 15 {
			return dynamodesttest.Error(400, "AccessDeniedException", "")
		}
		return dynamodesttest.Fault{}
	})
	r = load(990, "-failed", failed, file)
	require.Equal(t, exitStopped, r.code, r.stderr)
	remote.db.SetFault(nil)
	r = load(980, "-failed", failed, "-resume", file)
	assert.Equal(t, exitFailed, r.code, "of a load that goes on only the rest counts: %s", r.stderr)
	assert.Equal(t, 990, remote.db.Len("users"))
}

// A limit of 0 is a limit, and what is no number is refused.
func TestMaxWriteUnitsOfNothing(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	for most, code := range map[string]int{"0": exitTooMany, "NaN": exitUsage, "-1": exitUsage} {
		r := runIn(t, "", "load", "-config", remote.config, "-max-write-units="+most, remote.write(t, "a.csv", numbered(10)))
		assert.Equal(t, code, r.code, most)
		assert.Contains(t, r.stderr, "-max-write-units")
	}
	assert.Zero(t, remote.db.Len("users"))
}
