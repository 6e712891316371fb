package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// isComplete checks that a run of the sample is complete, in what it says and in the table.
func (s *site) isComplete(t *testing.T, r remote, v view) {
	t.Helper()
	assert.Equal(t, done, v.Status, v.Failure)
	assert.Equal(t, sampleLines, v.Totals.Rows)
	assert.Equal(t, sampleLines-sampleFailed, v.Totals.Written)
	assert.Equal(t, sampleFailed, v.Totals.NotWritten)
	assert.Zero(t, v.Again)
	assert.False(t, v.Resumable)
	r.holdsSample(t)
	letters := lettersIn(t, s.send(t, "GET", fmt.Sprintf("/api/runs/%d/letters.ndjson", v.ID), "", "").text)
	assert.Equal(t, sampleReasons, rowsIn(letters))
}

// start starts a run of the sample.
func (s *site) begin(t *testing.T, c dynamodest.Config) view {
	t.Helper()
	return decode[view](t, s.post(t, "/api/runs?source="+s.sample, c))
}

// hold lets n more requests pass, and holds the others until release is closed. held is closed when one is held.
func (r remote) hold(n int, release <-chan struct{}) (held <-chan struct{}) {
	first, reached, once := len(r.db.Calls())+n, make(chan struct{}), new(sync.Once)
	r.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.N <= first || c.Op == "DescribeTable" {
			return dynamodesttest.Fault{}
		}
		once.Do(func() { close(reached) })
		return dynamodesttest.Stall(release)
	})
	return reached
}

// beginHeld begins a run whose requests are held after the tenth, until release is closed. It is the first run of the site.
func (s *site) beginHeld(t *testing.T, r remote) (started *run, release chan struct{}) {
	t.Helper()
	release = make(chan struct{})
	held := r.hold(10, release)
	s.begin(t, r.settings())
	<-held
	started, err := s.find("1")
	require.NoError(t, err)
	return started, release
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	found := decode[checked](t, s.post(t, "/api/check", r.settings()))
	assert.Equal(t, []dynamodest.KeyAttribute{{Name: sampleKey, Role: dynamodest.PartitionKey, Type: dynamodest.String}}, found.Keys)
	assert.Contains(t, string(found.Policy), dynamodesttest.ARN(tableName))
	assert.Empty(t, r.db.Writes())

	for _, action := range []string{"DescribeTable", "PutItem", "BatchWriteItem"} {
		r.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			if c.Op == action {
				return dynamodesttest.Error(400, "AccessDeniedException", "User is not authorized")
			}
			return dynamodesttest.Fault{}
		})
		f := refused(t, s.post(t, "/api/check", r.settings()), http.StatusBadGateway)
		assert.Equal(t, dynamodest.ErrAccess, f.Reason)
		assert.Contains(t, f.Text, action)
		assert.NotEmpty(t, f.Remedy)
		assert.Contains(t, string(f.Policy), "dynamodb:"+action)
		assert.Contains(t, string(f.Policy), tableName)
	}
	r.db.SetFault(nil)
	c := r.settings()
	c.Table = "airport"
	assert.Equal(t, dynamodest.ErrNoTable, refused(t, s.post(t, "/api/check", c), http.StatusBadGateway).Reason)
	c = r.settings()
	c.Mapping.Fields = c.Mapping.Fields[1:]
	assert.Equal(t, []string{"/mapping/fields"}, pointers(refused(t, s.post(t, "/api/check", c), 422)), "no field makes the key")
	c = r.settings()
	c.Mapping.Fields[0].Type = dynamodest.Number
	assert.Equal(t, []string{"/mapping/fields/0/type"}, pointers(refused(t, s.post(t, "/api/check", c), 422)))
	c = r.settings()
	c.Credentials.SecretAccessKey = "another"
	assert.Equal(t, dynamodest.ErrCredentials, refused(t, s.post(t, "/api/check", c), http.StatusBadGateway).Reason)
}

func TestPreview(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	p := decode[preview](t, s.post(t, "/api/preview?source="+s.sample, r.settings()))
	assert.Equal(t, sampleLines, p.Forecast.Rows)
	assert.Equal(t, sampleFailed, p.Forecast.Invalid)
	assert.Equal(t, 1, p.Forecast.Duplicates)
	assert.Equal(t, dynamodest.Range{Least: 3376, Most: 3377}, p.Forecast.WriteUnits.Total)
	require.Len(t, p.Items, shownItems)
	assert.JSONEq(t, `{"city":{"S":"Bay Springs"},"country":{"S":"USA"},"iata":{"S":"00M"},"latitude":{"N":"31.95376472"},"longitude":{"N":"-89.23450472"},"name":{"S":"Thigpen"},"state":{"S":"MS"}}`, string(p.Items[0]))
	rows := map[int]dynamodest.Reason{}
	for _, l := range p.Failures {
		rows[l.Row] = l.Reason
		assert.NotEmpty(t, l.Remedy)
		assert.Nil(t, l.Values)
	}
	assert.Equal(t, sampleReasons, rows)
	assert.Empty(t, p.Warnings)
	assert.Empty(t, r.db.Writes())

	// A code of which the first rows show no zero at its beginning.
	text := "iata,zip\n" + strings.Repeat("a,1234\n", sampleRows) + "b,0123\nc,0456\nd,x\n"
	codes := decode[sourceFile](t, s.upload(t, "codes.csv", "text/csv", text))
	c := r.settings()
	c.Mapping = decode[dynamodest.Mapping](t, s.send(t, "GET", "/api/sources/"+codes.ID+"/mapping", "", ""))
	p = decode[preview](t, s.post(t, "/api/preview?source="+codes.ID, c))
	assert.Equal(t, []warning{{Column: "zip", Type: dynamodest.Number, Rows: 2}}, p.Warnings)
	assert.Equal(t, 1, p.Forecast.Invalid)
	c.Mapping.Fields[1].Type = dynamodest.String
	assert.Empty(t, decode[preview](t, s.post(t, "/api/preview?source="+codes.ID, c)).Warnings)
}

func TestRun(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	v := s.follow(t, s.begin(t, r.settings()).ID)
	s.isComplete(t, r, v)
	require.NotEmpty(t, v.Samples)
	assert.Equal(t, sampled{v.Samples[len(v.Samples)-1][0], float64(sampleLines), sampleFailed}, v.Samples[len(v.Samples)-1])

	// The page shows what was wrong and what to do; the file has the rows too.
	shown := decode[map[string][]letter](t, s.send(t, "GET", "/api/runs/1/letters", "", ""))["letters"]
	require.Len(t, shown, sampleFailed)
	file := s.send(t, "GET", "/api/runs/1/letters.ndjson", "", "")
	assert.Equal(t, `attachment; filename="run-1-dead-letters.ndjson"`, file.header.Get("Content-Disposition"))
	kept := lettersIn(t, file.text)
	for _, l := range shown {
		assert.NotEmpty(t, l.Text)
		assert.NotEmpty(t, l.Remedy)
		assert.Nil(t, l.Values)
		assert.NotContains(t, l.Text, "Nowhere")
	}
	assert.Equal(t, "Latitude in words", kept[900].Values["name"])
	assert.Equal(t, 1403, kept[1401].Line)
	assert.Contains(t, s.output.String(), "Run 1 is done: 3382 rows, 3377 written, 0 deleted, 0 skipped, 0 superseded, 5 not written, 0 unknown\n")
}

// A text that is not UTF-8 fails its row, and is among the dead letters byte by byte.
func TestDeadLettersAreExact(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	text := decode[sourceFile](t, s.upload(t, "a.csv", "text/csv", "iata,name\nA,<b>&\xe9\nB,fine\n"))
	c := r.settings()
	c.Mapping = dynamodest.Mapping{}
	v := s.follow(t, decode[view](t, s.post(t, "/api/runs?source="+text.ID, c)).ID)
	assert.Equal(t, 1, v.Totals.NotWritten)
	kept := s.send(t, "GET", "/api/runs/1/letters.ndjson", "", "").text
	assert.Contains(t, kept, `"values":{"iata":"A","name":{"base64":"PGI+Juk="}}`)
}

// While a run writes to a table no other does, however the table is named; a run of another table does.
func TestTwoRunsOfOneTable(t *testing.T) {
	t.Parallel()
	s, r, other := newSite(t), newRemote(t), newRemote(t)
	_, err := other.db.CreateTable(t.Context(), tableForSample("other"))
	require.NoError(t, err)
	release := make(chan struct{})
	held := r.hold(20, release)
	first := s.begin(t, r.settings())
	<-held
	c := r.settings()
	c.Table = dynamodesttest.ARN(tableName)
	for _, again := range []dynamodest.Config{r.settings(), c} {
		f := refused(t, s.post(t, "/api/runs?source="+s.sample, again), http.StatusConflict)
		assert.Contains(t, f.Text, "run 1 is writing to this table")
	}
	refused(t, s.send(t, "POST", "/api/runs/1/resume", "", ""), http.StatusConflict)
	c = other.settings()
	c.Table = "other"
	assert.Equal(t, done, s.follow(t, s.begin(t, c).ID).Status)
	close(release)
	s.isComplete(t, r, s.follow(t, first.ID))
	assert.Equal(t, done, s.follow(t, s.begin(t, r.settings()).ID).Status, "the table is free again")
	refused(t, s.send(t, "POST", "/api/runs/1/stop", "", ""), http.StatusConflict)
	assert.Len(t, decode[state](t, s.send(t, "GET", "/api/state", "", "")).Runs, 3)
}

// A run that is stopped settles what it has read, and goes on from there.
func TestStopAndResume(t *testing.T) {
	t.Parallel()
	for _, now := range []string{"", "?now=1"} {
		t.Run("stop"+now, func(t *testing.T) {
			t.Parallel()
			s, r := newSite(t), newRemote(t)
			release := make(chan struct{})
			held := r.hold(20, release)
			started := s.begin(t, r.settings())
			<-held
			v := decode[view](t, s.send(t, "POST", "/api/runs/1/stop", "", ""))
			assert.Equal(t, stopping, v.Status)
			if now != "" {
				s.send(t, "POST", "/api/runs/1/stop"+now, "", "")
				v = s.follow(t, started.ID)
				assert.Positive(t, v.Again, "requests in flight were given up")
			}
			close(release)
			v = s.follow(t, started.ID)
			assert.Equal(t, stopped, v.Status)
			assert.Nil(t, v.Failure)
			assert.Equal(t, v.Taken, v.Totals.Rows+v.Again)
			assert.Less(t, v.NextRow, sampleLines)
			if now == "" {
				assert.Zero(t, v.Again)
				assert.Equal(t, v.Totals.Written, r.db.Len(tableName))
			}
			r.db.SetFault(nil)
			decode[view](t, s.send(t, "POST", "/api/runs/1/resume", "", ""))
			v = s.follow(t, started.ID)
			s.isComplete(t, r, v)
			assert.Equal(t, 2, v.Attempts)
		})
	}
}

// A database that goes away in the middle of a run ends it. What was settled stays so, and no row that was not sent is
// among the dead letters.
func TestDatabaseGoesAway(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault  dynamodesttest.Fault
		reason dynamodest.Reason
	}{
		"no response":    {dynamodesttest.Reset(), dynamodest.ErrUnavailable},
		"server error":   {dynamodesttest.Error(500, "InternalServerError", ""), dynamodest.ErrUnavailable},
		"access revoked": {dynamodesttest.Error(400, "AccessDeniedException", ""), dynamodest.ErrAccess},
		"table deleted":  {dynamodesttest.Error(400, "ResourceNotFoundException", ""), dynamodest.ErrNoTable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, r := newSite(t), newRemote(t)
			r.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
				if c.N < 60 {
					return dynamodesttest.Fault{}
				}
				return tt.fault
			})
			c := r.settings()
			c.Retry = dynamodest.Retry{MinDelay: 1, MaxDelay: 1}
			v := s.follow(t, s.begin(t, c).ID)
			require.Equal(t, failed, v.Status)
			assert.Equal(t, tt.reason, v.Failure.Reason)
			assert.NotEmpty(t, v.Failure.Remedy)
			assert.Positive(t, v.Again)
			assert.Positive(t, v.NextRow)
			rising(t, v)
			for row, reason := range rowsIn(lettersIn(t, s.send(t, "GET", "/api/runs/1/letters.ndjson", "", "").text)) {
				assert.Equal(t, sampleReasons[row], reason)
			}
			r.db.SetFault(nil)
			decode[view](t, s.send(t, "POST", "/api/runs/1/resume", "", ""))
			v = s.follow(t, 1)
			rising(t, v)
			s.isComplete(t, r, v)
		})
	}
}

// rising checks that no figure of the chart falls, and that it ends with the rows that are settled.
func rising(t *testing.T, v view) {
	t.Helper()
	var before sampled
	for _, now := range v.Samples {
		for i := range now {
			assert.GreaterOrEqual(t, now[i], before[i])
		}
		before = now
	}
	assert.Equal(t, sampled{v.Seconds, float64(v.NextRow), float64(v.Totals.NotWritten + v.Totals.Unknown)}, before)
}

// A browser that leaves in the middle of a run changes nothing, and the next one sees the run as it is.
func TestBrowserLeaves(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	release := make(chan struct{})
	held := r.hold(40, release)
	s.begin(t, r.settings())
	<-held
	first := s.listen(t)
	seen := first.next(t)
	assert.Equal(t, running, seen.Status)
	assert.Positive(t, seen.Totals.Written)
	first.leave()

	second := s.listen(t)
	seen = second.next(t)
	assert.Equal(t, running, seen.Status)
	for seen.Totals.Written < r.db.Len(tableName) { // until the last responses are in
		seen = second.next(t)
	}
	close(release)
	for seen.Status == running {
		seen = second.next(t)
	}
	balanced(t, seen)
	s.isComplete(t, r, seen)
	for second.lines.Scan() {
		assert.Empty(t, second.lines.Text(), "no other event follows")
	}
	second.leave()
}

// listener listens to the events of run 1.
type listener struct {
	lines *bufio.Scanner
	leave func()
}

func (s *site) listen(t *testing.T) listener {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/runs/1/events", nil)
	require.NoError(t, err)
	response, err := s.client.Do(r) //nolint:bodyclose // leave closes it
	require.NoError(t, err)
	assert.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	return listener{lines, func() { _ = response.Body.Close() }}
}

// next returns the next event.
func (l listener) next(t *testing.T) (v view) {
	t.Helper()
	for l.lines.Scan() {
		if text, ok := strings.CutPrefix(l.lines.Text(), "data: "); ok {
			require.NoError(t, json.Unmarshal([]byte(text), &v))
			return v
		}
	}
	require.FailNow(t, "the stream has ended", "%v", l.lines.Err())
	return v
}
