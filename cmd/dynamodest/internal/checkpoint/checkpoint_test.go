package checkpoint

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/input"
)

var saved = State{
	Version: version,
	Source:  input.Identity{Path: "a.csv", Size: 10, ModTime: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Head: "abc"},
	Target:  Target{Table: "users", Region: "eu-west-1"},
	NextRow: 5, Failed: "/data/failed", FailedBytes: 100,
	Totals: Totals{Rows: 5, Outcomes: map[string]int{"written": 4, "not_written": 1}, Reasons: map[dynamodest.Reason]int{dynamodest.ErrKey: 1}, Requests: 2, WriteUnits: 4.5, Seconds: 1.5},
}

func TestSaveAndLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.json")
	_, err := Load(path)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, Save(path, State{NextRow: 1}))
	require.NoError(t, Save(path, saved))
	got, err := Load(path)
	require.NoError(t, err)
	assert.Equal(t, saved, got)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "no temporary file stays")
}

// A save that fails leaves the earlier checkpoint as it is.
func TestSaveThatFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.json")
	require.NoError(t, Save(path, saved))
	require.NoError(t, os.Mkdir(path+".tmp", 0o700))
	require.Error(t, Save(path, State{NextRow: 9}))
	got, err := Load(path)
	require.NoError(t, err)
	assert.Equal(t, saved, got)
}

func TestLoadOfOtherFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.json")
	for text, want := range map[string]string{"": "is not a checkpoint", "a,b\n": "is not a checkpoint", "{}": "version 0", `{"version":1,"next_row":-1,"totals":{"rows":-1}}`: "damaged", `{"version":1,"next_row":3,"totals":{"rows":2}}`: "damaged", `{"version":99}`: "version 99"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Load(path)
		assert.ErrorContains(t, err, want)
	}
}

// A checkpoint fits the same source and the same table only, and says what differs.
func TestFits(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*State){
		"": func(*State) {},
		"the size of the source was 10 and is 11": func(s *State) { s.Source.Size++ },
		"its time of modification":                func(s *State) { s.Source.ModTime = s.Source.ModTime.Add(1) },
		"its first bytes differ":                  func(s *State) { s.Source.Head = "b" },
		"the table was users and is other":        func(s *State) { s.Target.Table = "other" },
		"the region was eu-west-1 and is x":       func(s *State) { s.Target.Region = "x" },
		"the endpoint was  and is http://x":       func(s *State) { s.Target.Endpoint = "http://x" },
	} {
		now := saved
		change(&now)
		err := saved.Fits(now.Source, now.Target)
		if want == "" {
			assert.NoError(t, err)
			continue
		}
		assert.ErrorContains(t, err, want)
	}
	moved := saved.Source
	moved.Path, moved.ModTime = "b.csv", moved.ModTime.Local()
	assert.NoError(t, saved.Fits(moved, saved.Target), "a file that was moved is the same")
}

func TestTotals(t *testing.T) {
	t.Parallel()
	sum := saved.Totals.Clone()
	sum.Count("unknown", dynamodest.ErrUnavailable)
	sum.Count("written", "")
	sum.Add(saved.Totals)
	assert.Equal(t, Totals{
		Rows: 12, Outcomes: map[string]int{"written": 9, "not_written": 2, "unknown": 1},
		Reasons: map[dynamodest.Reason]int{dynamodest.ErrKey: 2, dynamodest.ErrUnavailable: 1}, Requests: 4, WriteUnits: 9, Seconds: 3,
	}, sum)
	assert.Equal(t, 5, saved.Totals.Rows)
	assert.Equal(t, 3, sum.Failed())
	var none Totals
	none.Add(Totals{})
	assert.Equal(t, Totals{}, none)
}
