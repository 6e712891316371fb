package deadletter

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A file of failed rows is for its owner alone, and never overwritten.
func TestCreate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "failed.ndjson")
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	f, err := Create(path)
	require.NoError(t, err)
	require.NoError(t, f.Begin())
	require.NoError(t, f.Add(Letter{Row: 7, Outcome: "not_written", Reason: "bad_key", Scope: "row", Text: "a < b"}))
	require.NoError(t, f.Close())

	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode())
	data := read(t, path)
	assert.JSONEq(t, `{"row":7,"outcome":"not_written","reason":"bad_key","scope":"row","text":"a < b"}`, string(data))
	assert.Contains(t, string(data), "a < b", "no escapes for HTML")
	assert.True(t, bytes.HasSuffix(data, []byte("}\n")))

	f, err = Open(path)
	require.NoError(t, err)
	assert.EqualError(t, f.Begin(), path+": "+ErrInUse.Error())
	require.NoError(t, f.Close())
	assert.Equal(t, data, read(t, path))

	_, err = Open(path + ".none")
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.NoFileExists(t, path+".none")
}

// A file that is not of failed rows, such as the source named by mistake, keeps its contents and its mode.
func TestRefusedFileIsNotChanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "source.csv")
	require.NoError(t, os.WriteFile(path, []byte("id\n1\n"), 0o640))
	f, err := Create(path)
	require.NoError(t, err)
	require.ErrorIs(t, f.Begin(), ErrInUse)
	require.Error(t, f.Resume(100))
	require.NoError(t, f.Close())
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o640), info.Mode())
	assert.Equal(t, "id\n1\n", string(read(t, path)))
}

// What follows the last checkpoint is cut off, a line that was written by half included.
func TestResume(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "failed.ndjson")
	f, err := Create(path)
	require.NoError(t, err)
	require.NoError(t, f.Begin())
	require.NoError(t, f.Add(Letter{Row: 1}))
	size, err := f.Sync()
	require.NoError(t, err)
	require.NoError(t, f.Add(Letter{Row: 2}))
	require.NoError(t, f.Close())
	require.NoError(t, os.WriteFile(path, append(read(t, path), `{"row":3,"ou`...), 0o600))

	f, err = Open(path)
	require.NoError(t, err)
	require.NoError(t, f.Resume(size))
	require.NoError(t, f.Add(Letter{Row: 4}))
	after, err := f.Sync()
	require.NoError(t, err)
	assert.Equal(t, 2*size, after)
	require.ErrorContains(t, f.Resume(10_000), "the checkpoint counts 10000")
	require.NoError(t, f.Close())
	lines := strings.Split(string(read(t, path)), "\n")
	require.Len(t, lines, 3)
	assert.True(t, strings.HasPrefix(lines[0], `{"row":1,`))
	assert.True(t, strings.HasPrefix(lines[1], `{"row":4,`))
}

// Of the loads that open a file the first one has it, until it closes it. A device is open to all.
func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "failed.ndjson")
	require.NoError(t, Free(path))
	assert.NoFileExists(t, path)
	first, err := Create(path)
	require.NoError(t, err)
	for _, open := range []func(string) (*File, error){Open, Create} {
		_, err = open(path)
		require.ErrorIs(t, err, ErrLocked)
	}
	require.EqualError(t, Free(path), "another load is writing to "+path+": wait for it to end, or give another file")
	require.NoError(t, first.Close())
	require.NoError(t, Free(path))
	for range 2 {
		device, err := Create(os.DevNull)
		require.NoError(t, err)
		defer func() { assert.NoError(t, device.Close()) }()
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

// failing is a file that cannot be written to.
type failing struct {
	file
	written, limit int
}

var errFull = errors.New("no space")

func (f *failing) Write(p []byte) (int, error) {
	if f.written+len(p) > f.limit {
		return 0, errFull
	}
	f.written += len(p)
	return len(p), nil
}
func (f *failing) Sync() error  { return nil }
func (f *failing) Close() error { return nil }

// A write that fails is reported, by Add or by Sync at the latest, and does not get lost afterwards.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	f := newFile("f", &failing{limit: 1000}, true, 0)
	for range 20 {
		require.NoError(t, f.Add(Letter{Text: strings.Repeat("x", 100)}))
	}
	_, err := f.Sync()
	require.ErrorIs(t, err, errFull)
	assert.ErrorIs(t, f.Add(Letter{}), errFull)
	assert.ErrorIs(t, f.Close(), errFull)

	device, err := Create("/dev/full")
	require.NoError(t, err)
	assert.ErrorContains(t, device.Resume(0), "not a regular file")
	require.NoError(t, device.Begin())
	require.NoError(t, device.Add(Letter{}))
	assert.ErrorContains(t, device.Close(), "no space left on device")
}

// The values of a row are exact in JSON.
func TestValues(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(Letter{Values: Values{
		"text": "a<b", "not UTF-8": "\xff", "bytes": []byte{1, 2}, "nil": nil, "nil bytes": []byte(nil),
		"number": json.Number("12345678901234567890.5"), "float": 1e21, "NaN": math.NaN(), "Inf32": float32(math.Inf(-1)),
		"time": time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), "nested": map[string]any{"list": []any{[]byte{255}, int64(math.MaxInt64)}},
		"func": func() {},
	}})
	require.NoError(t, err)
	var got struct{ Values map[string]any }
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&got))
	base64 := func(text string) map[string]any { return map[string]any{"base64": text} }
	assert.Equal(t, map[string]any{
		"text": "a<b", "not UTF-8": base64("/w=="), "bytes": base64("AQI="), "nil": nil, "nil bytes": nil,
		"number": json.Number("12345678901234567890.5"), "float": json.Number("1e+21"),
		"NaN": map[string]any{"number": "NaN"}, "Inf32": map[string]any{"number": "-Inf"},
		"time": "2026-01-02T03:04:05.000000006Z", "nested": map[string]any{"list": []any{base64("/w=="), json.Number("9223372036854775807")}},
		"func": map[string]any{"unreadable": "func()"},
	}, got.Values)
}
