package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/dynamodest/dynamodest"
)

// attemptFile is what an attempt leaves behind.
type attemptFile struct {
	shard   int
	run     string
	attempt int32
	from    int64
	dead    []int64
	torn    string // after the last whole line
}

// leave writes the files of attempts, each started a second after the one before.
func leave(t *testing.T, p *place, attempts ...attemptFile) {
	t.Helper()
	for i, a := range attempts {
		d, err := newDeadLetters(p.activities.dir, p.plan.Folder, partHead{
			Shard: a.shard, Run: a.run, Attempt: a.attempt, Started: time.Unix(int64(i), 0), From: a.from,
		})
		require.NoError(t, err)
		for _, position := range a.dead {
			require.NoError(t, d.add(position, dynamodest.NotWritten, dynamodest.RowError{Reason: dynamodest.ErrKey}))
		}
		_, err = d.buffer.WriteString(a.torn)
		require.NoError(t, err)
		d.dirty = true
		require.NoError(t, d.sync())
		require.NoError(t, d.close())
	}
}

// merged runs the activity and returns the positions in its file.
func merged(t *testing.T, p *place, want int64) ([]int64, error) {
	t.Helper()
	env := newSuite().NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(p.MergeDeadLetters, activity.RegisterOptions{Name: mergeActivity})
	value, err := env.ExecuteActivity(mergeActivity, p.plan, want)
	if err != nil {
		return nil, err
	}
	var name string
	require.NoError(t, value.Get(&name))
	assert.Equal(t, "dead-letters/run/dead-letters.ndjson", name)
	left, err := filepath.Glob(filepath.Join(p.dir, p.plan.Folder, "*.tmp"))
	require.NoError(t, err)
	assert.Empty(t, left)
	return letters(t, filepath.Join(p.dir, name)), nil
}

func TestDeadLettersOfAllAttemptsAreMerged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		attempts []attemptFile
		want     []int64
	}{
		"shards by position": {[]attemptFile{
			{shard: 0, attempt: 1, dead: []int64{3, 9, 20}},
			{shard: 1, attempt: 1, dead: []int64{1, 10}},
			{shard: 2, attempt: 1},
		}, []int64{1, 3, 9, 10, 20}},
		"a resumed attempt finds rows again": {[]attemptFile{
			{attempt: 1, dead: []int64{3, 9, 12}},
			{attempt: 2, from: 8, dead: []int64{9, 12, 15}},
		}, []int64{3, 9, 12, 15}},
		"a row that the later attempt wrote is not dead": {[]attemptFile{
			{attempt: 1, dead: []int64{3, 9}},
			{attempt: 2, from: 8},
		}, []int64{3}},
		"an attempt that was taken for dead writes on": {[]attemptFile{
			{attempt: 1, dead: []int64{3, 9, 15, 99}},
			{attempt: 2, from: 8, dead: []int64{9, 15}},
			{attempt: 3, from: 14, dead: []int64{15, 30}},
		}, []int64{3, 9, 15, 30}},
		"a heartbeat was lost, so that a later attempt begins earlier": {[]attemptFile{
			{attempt: 1, dead: []int64{3, 9}},
			{attempt: 2, from: 8, dead: []int64{9, 12}},
			{attempt: 3, from: 5, dead: []int64{9, 12}},
		}, []int64{3, 9, 12}},
		"a line that was cut off": {[]attemptFile{
			{attempt: 1, dead: []int64{3}, torn: `{"position":9,"sha`},
			{attempt: 2, from: 8, dead: []int64{9}, torn: "\x00\x00\n"},
		}, []int64{3, 9}},
		"an activity that was reset": {[]attemptFile{
			{attempt: 1, dead: []int64{3, 9}},
			{attempt: 2, from: 8, dead: []int64{9, 12}},
			{attempt: 1, from: 11, dead: []int64{12, 15}},
		}, []int64{3, 9, 12, 15}},
		"a workflow that was reset": {[]attemptFile{
			{run: "first", shard: 0, attempt: 1, dead: []int64{2}},
			{run: "first", shard: 1, attempt: 1, dead: []int64{3, 9}},
			{run: "first", shard: 1, attempt: 2, from: 10, dead: []int64{11, 13}},
			{run: "second", shard: 1, attempt: 1, dead: []int64{3, 9, 11}},
		}, []int64{2, 3, 9, 11}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, "rows.csv", "id\n")
			p.prepare(t)
			leave(t, p, c.attempts...)
			got, err := merged(t, p, int64(len(c.want)))
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
			got, err = merged(t, p, int64(len(c.want))) // as after a response that was lost
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestMergeOfManyFiles(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "rows.csv", "id\n")
	p.prepare(t)
	var attempts []attemptFile
	var want []int64
	const shards = 2*fanIn + 10
	for shard := range shards {
		attempts = append(attempts, attemptFile{shard: shard, attempt: 1, dead: []int64{int64(shard), int64(shard + shards)}})
	}
	for i := range 2 * shards {
		want = append(want, int64(i))
	}
	leave(t, p, attempts...)
	got, err := merged(t, p, 2*shards)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestMissingDeadLettersAreAnError(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "rows.csv", "id\n")
	p.prepare(t)
	leave(t, p, attemptFile{attempt: 1, dead: []int64{3}})
	_, err := merged(t, p, 2)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	assert.Equal(t, "2 rows failed, and the files in dead-letters/run have 1 of them: -dir of all workers must be one shared folder", app.Message())
	assert.False(t, app.NonRetryable(), "a file of another machine may not be seen at once")
	assert.NoFileExists(t, filepath.Join(p.dir, p.plan.Folder, mergedName))
}

// An attempt at the merge that was taken for dead may wake when the load has ended and the files of the attempts are gone.
func TestWokenMergeKeepsTheMergedFile(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "rows.csv", "id\n")
	p.prepare(t)
	leave(t, p, attemptFile{attempt: 1, dead: []int64{3, 9}})
	_, err := merged(t, p, 2)
	require.NoError(t, err)
	for _, name := range p.partFiles(t) {
		require.NoError(t, os.Remove(name))
	}
	_, err = merged(t, p, 2)
	require.ErrorContains(t, err, "2 rows failed, and the files in dead-letters/run have 0 of them")
	assert.Equal(t, []int64{3, 9}, letters(t, filepath.Join(p.dir, p.plan.Folder, mergedName)))
	left, err := filepath.Glob(filepath.Join(p.dir, p.plan.Folder, "*.tmp"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

// An attempt that was killed before its first line is on disk has written no row.
func TestAttemptWithoutAHeadIsLeftOut(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "rows.csv", "id\n")
	p.prepare(t)
	leave(t, p, attemptFile{attempt: 1, dead: []int64{3}})
	require.NoError(t, os.WriteFile(filepath.Join(p.dir, p.plan.Folder, "shard-00000-attempt-002-X.part"), []byte(`{"shard":0,"att`), 0o600))
	got, err := merged(t, p, 1)
	require.NoError(t, err)
	assert.Equal(t, []int64{3}, got)
}

// A full disk, or a folder that is gone, ends the attempt before a heartbeat covers a row that is lost.
func TestDeadLettersThatCannotBeSavedEndTheAttempt(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "rows.csv", "id,v\na,1\n,x\nb,1\n")
	p.prepare(t)
	d, err := newDeadLetters(p.activities.dir, p.plan.Folder, partHead{})
	require.NoError(t, err)
	require.NoError(t, d.file.Close())
	progress := &progress{dead: d}
	assert.True(t, progress.settle(0, dynamodest.RowResult{Outcome: dynamodest.Written}))
	assert.True(t, progress.settle(1, dynamodest.RowResult{Err: &dynamodest.RowError{Reason: dynamodest.ErrKey}}))
	_, err = progress.save()
	assert.ErrorIs(t, err, os.ErrClosed)
	assert.False(t, progress.settle(2, dynamodest.RowResult{Outcome: dynamodest.Written}), "no row settles any more")
}
