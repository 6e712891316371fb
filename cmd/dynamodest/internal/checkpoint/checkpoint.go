// Package checkpoint keeps how far a load has come, so that it can be resumed after any end of its process.
package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/input"
)

// version is the version of the file's format.
const version = 1

// State is how far a load has come.
type State struct {
	Version int `json:"version"`

	Source input.Identity `json:"source"`
	Target Target         `json:"target"`

	NextRow int  `json:"next_row"` // the first row that is to be read again; all rows before it are settled
	Done    bool `json:"done"`     // the source has ended, and all its rows are settled

	Failed      string `json:"failed"`       // the file of failed rows
	FailedBytes int64  `json:"failed_bytes"` // its size with the failed rows before NextRow

	Totals Totals `json:"totals"` // of the rows before NextRow
}

// Target is where the rows go.
type Target struct {
	Table    string `json:"table"`
	Region   string `json:"region,omitempty"`
	Endpoint string `json:"endpoint,omitempty"`
}

// Totals are the figures of a load over all its runs. Requests and WriteUnits are of all requests that were
// made until the checkpoint, those included that carried rows after it.
type Totals struct {
	Rows       int                       `json:"rows"`
	Outcomes   map[string]int            `json:"outcomes,omitempty"` // rows by outcome
	Reasons    map[dynamodest.Reason]int `json:"reasons,omitempty"`  // failed rows by reason
	Requests   int                       `json:"requests,omitempty"`
	WriteUnits float64                   `json:"write_units,omitempty"`
	Seconds    float64                   `json:"seconds,omitempty"`
}

// Load reads the checkpoint at path. The error is fs.ErrNotExist if there is none.
func Load(path string) (State, error) {
	var s State
	data, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%s is not a checkpoint: %w", path, err)
	}
	if s.Version != version {
		return s, fmt.Errorf("%s is not a checkpoint of this version of the command (it has version %d, and this is %d)", path, s.Version, version)
	}
	if s.NextRow < 0 || s.FailedBytes < 0 || s.Totals.Rows != s.NextRow {
		return s, fmt.Errorf("%s is damaged: its figures contradict each other", path)
	}
	return s, nil
}

// TemporarySuffix is added to the path of a checkpoint for the file that [Save] renames.
const TemporarySuffix = ".tmp"

// Save writes the checkpoint at path. It is there whole or not at all, whenever the process or the machine
// stops: a file beside it is synced and renamed, and then the directory is synced.
func Save(path string, s State) error {
	s.Version = version
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	temporary := path + TemporarySuffix
	if err := writeSynced(temporary, append(data, '\n')); err != nil {
		return errors.Join(err, removeIfThere(temporary))
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// writeSynced writes a file that only its owner can read, and syncs it.
func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncDir makes a rename in the directory last. Windows has nothing of the kind.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Fits returns why a load of source to target cannot be resumed from s; nil if it can.
func (s State) Fits(source input.Identity, target Target) error {
	var differ []string
	add := func(what string, was, is any) {
		if was != is {
			differ = append(differ, fmt.Sprintf("%s was %v and is %v", what, was, is))
		}
	}
	add("the size of the source", s.Source.Size, source.Size)
	if !s.Source.ModTime.Equal(source.ModTime) {
		add("its time of modification", s.Source.ModTime, source.ModTime)
	}
	if s.Source.Head != source.Head {
		differ = append(differ, "its first bytes differ")
	}
	add("the table", s.Target.Table, target.Table)
	add("the region", s.Target.Region, target.Region)
	add("the endpoint", s.Target.Endpoint, target.Endpoint)
	if len(differ) == 0 {
		return nil
	}
	return errors.New("the checkpoint is of another load: " + strings.Join(differ, "; "))
}

// Count adds a row with this outcome, which failed for reason unless that is "".
func (t *Totals) Count(outcome string, reason dynamodest.Reason) {
	t.Rows++
	if t.Outcomes == nil {
		t.Outcomes = make(map[string]int)
	}
	t.Outcomes[outcome]++
	if reason == "" {
		return
	}
	if t.Reasons == nil {
		t.Reasons = make(map[dynamodest.Reason]int)
	}
	t.Reasons[reason]++
}

// Add adds other to t.
func (t *Totals) Add(other Totals) {
	t.Rows += other.Rows
	t.Requests += other.Requests
	t.WriteUnits += other.WriteUnits
	t.Seconds += other.Seconds
	t.Outcomes = addAll(t.Outcomes, other.Outcomes)
	t.Reasons = addAll(t.Reasons, other.Reasons)
}

// Clone returns a copy of t that shares nothing with it.
func (t Totals) Clone() Totals {
	t.Outcomes, t.Reasons = maps.Clone(t.Outcomes), maps.Clone(t.Reasons)
	return t
}

// addAll adds the counts of other to sums.
func addAll[K comparable](sums, other map[K]int) map[K]int {
	if sums == nil && len(other) > 0 {
		sums = make(map[K]int)
	}
	for key, n := range other {
		sums[key] += n
	}
	return sums
}

// Failed returns how many rows failed.
func (t Totals) Failed() int {
	failed := 0
	for _, n := range t.Reasons {
		failed += n
	}
	return failed
}
