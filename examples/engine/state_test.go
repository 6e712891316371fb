package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

// Dead letters that cannot be saved are not lost: the engine that has them in memory alone takes the run back to what the
// disk has, and reads their rows again.
func TestResumeAfterAFullDisk(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	started, release := s.beginHeld(t, r)
	started.mu.Lock()
	require.NoError(t, started.live.letters.close()) // whatever is written from now on fails
	started.mu.Unlock()
	close(release)
	v := s.follow(t, 1)
	require.Equal(t, failed, v.Status)
	assert.Contains(t, v.Failure.Text, lettersFile)
	assert.Positive(t, v.Again)
	rising(t, v)
	letters := lettersIn(t, s.send(t, "GET", "/api/runs/1/letters.ndjson", "", "").text)
	assert.Len(t, letters, v.Totals.NotWritten)
	var kept record
	require.NoError(t, readJSON(s.path(runsFolder, "1", recordFile), &kept))
	assert.Equal(t, kept.NextRow, v.NextRow)

	r.db.SetFault(nil)
	decode[view](t, s.send(t, "POST", "/api/runs/1/resume", "", ""))
	s.isComplete(t, r, s.follow(t, 1))
}

// Of two resumptions at a time one goes on, also if it is under way, or complete, when the other one has found the table.
func TestResumedTwice(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	started, release := s.beginHeld(t, r)
	dest, err := dynamodest.New(t.Context(), r.settings())
	require.NoError(t, err)
	_, err = s.prepare(started, dest, nil)
	require.ErrorIs(t, err, errNothingToResume)
	close(release)
	s.isComplete(t, r, s.follow(t, 1))
	_, err = s.prepare(started, dest, nil)
	assert.ErrorIs(t, err, errNothingToResume)
}

// What is not the engine's own among its runs is let be, and the copy of a run does not stand for it.
func TestStrangeFilesAmongTheRuns(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	r := newRemote(t)
	s := newSite(t, "-dir", dir)
	s.follow(t, s.begin(t, r.settings()).ID)
	s.close(t.Context())
	runs := filepath.Join(dir, runsFolder)
	require.NoError(t, os.WriteFile(filepath.Join(runs, ".DS_Store"), nil, 0o600))
	require.NoError(t, os.CopyFS(filepath.Join(runs, "1 (copy)"), os.DirFS(filepath.Join(runs, "1"))))
	again := newSite(t, "-dir", dir)
	again.isComplete(t, r, again.follow(t, 1))
	again.close(t.Context())

	require.NoError(t, os.CopyFS(filepath.Join(runs, "2"), os.DirFS(filepath.Join(runs, "1"))))
	_, err := open(t.Context(), options{dir: dir, maxUpload: 1}, os.Stderr)
	assert.ErrorContains(t, err, "it is a copy of run 1: move it away")
}

// A run of a file that has become shorter is not complete, wherever the file ends.
func TestSourceThatIsCutOff(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	c := r.settings()
	c.Mapping = dynamodest.Mapping{}
	const text = "iata,n\nA,1\nB,2\n"
	file := decode[sourceFile](t, s.upload(t, "a.csv", "text/csv", text+"C,3\n"))
	require.NoError(t, os.Truncate(s.sourcePath(file.ID), int64(len(text))))
	v := s.follow(t, decode[view](t, s.post(t, "/api/runs?source="+file.ID, c)).ID)
	assert.Equal(t, failed, v.Status)
	assert.Contains(t, v.Failure.Text, "the source ends after 2 of 3 rows")
	assert.Equal(t, 2, v.NextRow)

	require.NoError(t, os.WriteFile(s.sourcePath(file.ID), []byte(text+"C,3\n"), 0o600))
	decode[view](t, s.send(t, "POST", "/api/runs/1/resume", "", ""))
	v = s.follow(t, 1)
	assert.Equal(t, done, v.Status)
	assert.Equal(t, 3, v.Totals.Written)
	assert.Equal(t, 3, r.db.Len(tableName))
}
