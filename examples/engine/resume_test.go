package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// Where a run cannot go on from its checkpoint the engine says so.
func TestRunsThatCannotBeResumed(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	held := r.hold(20, nil)
	c := r.settings()
	c.Duplicates = dynamodest.RefuseDuplicates
	s.begin(t, c)
	<-held
	s.send(t, "POST", "/api/runs/1/stop?now=1", "", "")
	v := s.follow(t, 1)
	require.Positive(t, v.NextRow)
	f := refused(t, s.send(t, "POST", "/api/runs/1/resume", "", ""), http.StatusConflict)
	assert.Contains(t, f.Text, "duplicate keys are errors in this run")

	r.db.SetFault(nil)
	held = r.hold(40, nil)
	s.begin(t, r.settings())
	<-held
	s.send(t, "POST", "/api/runs/2/stop?now=1", "", "")
	require.Positive(t, s.follow(t, 2).LetterSize)
	letters := filepath.Join(s.path(runsFolder, "2"), lettersFile)
	require.NoError(t, os.WriteFile(letters, nil, 0o600))
	r.db.SetFault(nil)
	f = refused(t, s.send(t, "POST", "/api/runs/2/resume", "", ""), http.StatusInternalServerError)
	assert.Contains(t, f.Text, "shorter than the checkpoint says")
	assert.Equal(t, stopped, s.follow(t, 2).Status, "as it was")
	require.NoError(t, os.Remove(s.sourcePath(s.sample)))
	f = refused(t, s.send(t, "POST", "/api/runs/2/resume", "", ""), http.StatusInternalServerError)
	assert.Contains(t, f.Text, "no such file")
}

// A row that does not succeed while others do is a dead letter that says so. It holds up neither the run nor its checkpoint.
func TestRowsThatMaySucceedLater(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	hot, release := dynamodesttest.Key("00V"), make(chan struct{})
	r.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if r.db.Len(tableName) > 1500 {
			return dynamodesttest.Stall(release)
		}
		return dynamodesttest.Unprocessed(func(i, _ int) bool { return c.Keys[i] == hot })
	})
	c := r.settings()
	c.Retry = dynamodest.Retry{MaxAttempts: 1}
	s.begin(t, c)
	events := s.listen(t)
	seen := events.next(t)
	for seen.NextRow < 1000 { // which is after the row that failed
		seen = events.next(t)
	}
	assert.Equal(t, running, seen.Status)
	close(release)
	events.leave()
	v := s.follow(t, 1)
	assert.Equal(t, done, v.Status)
	assert.Equal(t, sampleFailed+1, v.Totals.NotWritten)
	l := lettersIn(t, s.send(t, "GET", "/api/runs/1/letters.ndjson", "", "").text)[2]
	assert.Equal(t, dynamodest.ErrUnprocessed, l.Reason)
	assert.Equal(t, dynamodest.ScopePassing, l.Scope)
	assert.Equal(t, "00V", l.Values[sampleKey])
}

// Rows that fail in passing as the last ones before Stop are left to a resumed run, since nothing tells them from those of
// an outage.
func TestStopInAnOutage(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	reached, release, once := make(chan struct{}), make(chan struct{}), new(sync.Once)
	r.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.N < 60 {
			return dynamodesttest.Fault{}
		}
		once.Do(func() { close(reached) })
		<-release
		return dynamodesttest.Unprocessed(func(int, int) bool { return c.N == 60 })
	})
	c := r.settings()
	c.Retry = dynamodest.Retry{MaxAttempts: 1}
	s.begin(t, c)
	<-reached
	s.send(t, "POST", "/api/runs/1/stop", "", "")
	close(release)
	v := s.follow(t, 1)
	assert.Equal(t, stopped, v.Status)
	assert.Positive(t, v.Again)
	for row, reason := range rowsIn(lettersIn(t, s.send(t, "GET", "/api/runs/1/letters.ndjson", "", "").text)) {
		assert.Equal(t, sampleReasons[row], reason)
	}
	r.db.SetFault(nil)
	decode[view](t, s.send(t, "POST", "/api/runs/1/resume", "", ""))
	s.isComplete(t, r, s.follow(t, 1))
}

// The rows of dead letters are a source, once they are corrected.
func TestCorrectedRows(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	s.follow(t, s.begin(t, r.settings()).ID)
	rows := s.send(t, "GET", "/api/runs/1/rows.ndjson", "", "")
	assert.Equal(t, `attachment; filename="run-1-rows.ndjson"`, rows.header.Get("Content-Disposition"))
	corrected := strings.NewReplacer(`"iata":""`, `"iata":"ZZ0"`, `"north"`, `"31.5"`, strings.Repeat("12345", 8), "12345").Replace(rows.text)
	file := decode[sourceFile](t, s.upload(t, "corrected.ndjson", "application/x-ndjson", corrected))
	v := s.follow(t, decode[view](t, s.post(t, "/api/runs?source="+file.ID, r.settings())).ID)
	assert.Equal(t, dynamodest.Summary{Rows: 3, Written: 3, Requests: 1, WriteUnits: 3}, v.Totals)
	for _, key := range []string{"ZZ0", "ZZ1", "ZZ4"} {
		assert.NotNil(t, r.db.Item(tableName, key))
	}
}

// A source that ends in an error, or has become shorter, ends the run with what is wrong.
func TestSourceThatEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	c := r.settings()
	c.Mapping = dynamodest.Mapping{}
	file := decode[sourceFile](t, s.upload(t, "a.csv", "text/csv", "iata,n\nA,1\nB,\"2\nC,3\nD,4\n"))
	for range 2 {
		v := s.follow(t, decode[view](t, s.post(t, "/api/runs?source="+file.ID, c)).ID)
		assert.Equal(t, failed, v.Status)
		assert.Contains(t, v.Failure.Text, "line 3")
		assert.NotNil(t, r.db.Item(tableName, "A"))
	}
	f := refused(t, s.post(t, "/api/preview?source="+file.ID, c), http.StatusUnprocessableEntity)
	assert.Contains(t, f.Text, "line 3")

	v := s.follow(t, s.begin(t, r.settings()).ID)
	run, err := s.find("3")
	require.NoError(t, err)
	run.record.Status = stopped
	require.NoError(t, os.Truncate(s.sourcePath(s.sample), 1000))
	decode[view](t, s.send(t, "POST", "/api/runs/3/resume", "", ""))
	v = s.follow(t, v.ID)
	assert.Equal(t, failed, v.Status)
	assert.Regexp(t, `the source ends before row 3382`, v.Failure.Text)
}

// A page that watches a run is not cut off by the times that other requests have.
func TestStreamOutlastsTheTimeouts(t *testing.T) {
	t.Parallel()
	s, r := newSiteWith(t, func(server *http.Server) { server.ReadTimeout, server.WriteTimeout = eventEvery, eventEvery }), newRemote(t)
	release := make(chan struct{})
	held := r.hold(10, release)
	s.begin(t, r.settings())
	<-held
	events := s.listen(t)
	for range 4 {
		assert.Equal(t, running, events.next(t).Status)
	}
	close(release)
	for v := events.next(t); v.Status == running; v = events.next(t) {
		balanced(t, v)
	}
	events.leave()
}

// Rows that failed in passing wait for a later one that does not, but not without end; those that were not sent are to be read
// again, however many they are.
func TestPendingRows(t *testing.T) {
	t.Parallel()
	failure := func(reason dynamodest.Reason) dynamodest.RowResult {
		return dynamodest.RowResult{Outcome: dynamodest.NotWritten, Err: &dynamodest.RowError{Reason: reason}}
	}
	good := dynamodest.RowResult{Outcome: dynamodest.Written}
	for name, tt := range map[string]struct {
		results         func(report func(n int, r dynamodest.RowResult))
		settled, letter int
	}{
		"rows at fault settle": {func(report func(int, dynamodest.RowResult)) { report(10, failure(dynamodest.ErrKey)) }, 10, 10},
		"an outage": {func(report func(int, dynamodest.RowResult)) {
			report(10, good)
			report(100, failure(dynamodest.ErrThrottled))
		}, 10, 0},
		"an outage that was none": {func(report func(int, dynamodest.RowResult)) {
			report(100, failure(dynamodest.ErrThrottled))
			report(2, good)
		}, 102, 100},
		"keys that may have changed": {func(report func(int, dynamodest.RowResult)) {
			report(3, failure(dynamodest.ErrRefused))
			report(1, failure(dynamodest.ErrStopped))
		}, 0, 0},
		"too many to wait for":        {func(report func(int, dynamodest.RowResult)) { report(maxPending+1, failure(dynamodest.ErrThrottled)) }, maxPending + 1, maxPending + 1},
		"too many that were not sent": {func(report func(int, dynamodest.RowResult)) { report(maxPending+1, failure(dynamodest.ErrStopped)) }, 0, 0},
		"access that is denied half-way": {func(report func(int, dynamodest.RowResult)) {
			report(3, good)
			report(3, failure(dynamodest.ErrAccess))
		}, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			letters, err := openLetters(filepath.Join(t.TempDir(), lettersFile), 0)
			require.NoError(t, err)
			a := &attempt{run: &run{}, letters: letters, saved: time.Now().Add(time.Hour)}
			tt.results(func(n int, r dynamodest.RowResult) {
				for range n {
					a.taken++
					require.NoError(t, a.report(nil, r))
				}
			})
			require.NoError(t, letters.close())
			rec := a.run.record
			assert.Equal(t, tt.settled, rec.NextRow)
			assert.Equal(t, tt.settled, rec.Totals.Rows)
			assert.Equal(t, tt.letter, rec.Totals.NotWritten)
			assert.Equal(t, a.taken, rec.NextRow+len(a.pending))
		})
	}
}

// What a killed engine wrote after its last checkpoint is cut off.
func TestLettersAfterTheCheckpoint(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), lettersFile)
	require.NoError(t, os.WriteFile(path, []byte("{\"row\":1}\n"+strings.Repeat("{\"row\":2}\n", 100)+"{\"ro"), 0o600))
	f, err := openLetters(path, 10)
	require.NoError(t, err)
	require.NoError(t, f.add(&letter{Row: 3}))
	require.NoError(t, f.sync())
	require.NoError(t, f.close())
	list, err := readLetters(path, f.size, 10)
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.Equal(t, 3, list[1].Row)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Len(t, text, int(f.size))
}

// Runs and sources are found in a folder of any name, and no run gets the number of another.
func TestFolderOfAnyName(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state[1]*?")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, runsFolder, "7"), 0o700), "a run that was killed before it began")
	r := newRemote(t)
	s := newSite(t, "-dir", dir)
	s.follow(t, s.begin(t, r.settings()).ID)
	s.close(t.Context())

	again := newSite(t, "-dir", dir)
	again.isComplete(t, r, again.follow(t, 1))
	assert.Equal(t, 2, again.begin(t, r.settings()).ID)
	again.follow(t, 2)
}

// What an upload left in the middle of which an engine was killed is gone when the next one begins.
func TestRemainsOfUploads(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, sourcesFolder), 0o700))
	remains := filepath.Join(dir, sourcesFolder, uploading+"123")
	require.NoError(t, os.WriteFile(remains, []byte("id"), 0o600))
	newSite(t, "-dir", dir)
	assert.NoFileExists(t, remains)
}

// Flags go before what was saved.
func TestFlagsAndSavedSettings(t *testing.T) {
	t.Parallel()
	r, dir := newRemote(t), filepath.Join(t.TempDir(), "state")
	begin := func(o options) dynamodest.Config {
		o.dir, o.maxUpload = dir, 1
		e, err := open(t.Context(), o, os.Stderr)
		require.NoError(t, err)
		defer e.close(context.WithoutCancel(t.Context()))
		require.NoError(t, e.save(e.settings.Config, "no source"))
		assert.Contains(t, e.sources, e.settings.Source)
		return e.settings.Config
	}
	c := begin(options{endpoint: r.url, table: "users"})
	assert.Equal(t, []string{r.url, "us-east-1", "users"}, []string{c.Endpoint, c.Region, c.Table})
	c = begin(options{})
	assert.Equal(t, []string{r.url, "us-east-1", "users"}, []string{c.Endpoint, c.Region, c.Table})
	c = begin(options{region: "eu-west-1"})
	assert.Equal(t, []string{"", "eu-west-1", "users"}, []string{c.Endpoint, c.Region, c.Table})
	c = begin(options{table: "visits"})
	assert.Equal(t, []string{"", "eu-west-1", "visits"}, []string{c.Endpoint, c.Region, c.Table})
}
