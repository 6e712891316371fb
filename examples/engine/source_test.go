package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

func (s *site) upload(t *testing.T, name, kind, text string) answer {
	t.Helper()
	return s.send(t, "POST", "/api/sources?name="+url.QueryEscape(name), kind, text)
}

// files returns the files of rows in the engine's folder.
func (s *site) files(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(s.path(sourcesFolder, "*"))
	require.NoError(t, err)
	return files
}

func TestUpload(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := len(s.files(t))
	csv := decode[sourceFile](t, s.upload(t, "../../users.csv", "text/csv", "id,zip,n,ok\r\na,0123,1,true\r\nb\r\nc,9999,2.5,false\r\n"))
	assert.Equal(t, sourceFile{ID: csv.ID, Name: "users.csv", Format: "csv", Size: 49, Rows: 3, Columns: []string{"id", "zip", "n", "ok"}}, csv)
	ndjson := decode[sourceFile](t, s.upload(t, "", "application/x-ndjson", `{"b":1}`+"\n"+`{"a":"x","b":2}`+"\n"))
	assert.Equal(t, []string{"a", "b"}, ndjson.Columns)
	assert.Equal(t, 2, ndjson.Rows)
	again := decode[sourceFile](t, s.upload(t, "again.csv", "text/csv", "id,zip,n,ok\r\na,0123,1,true\r\nb\r\nc,9999,2.5,false\r\n"))
	assert.Equal(t, csv.ID, again.ID, "the same file")
	assert.Len(t, s.files(t), before+4)

	m := decode[dynamodest.Mapping](t, s.send(t, "GET", "/api/sources/"+csv.ID+"/mapping", "", ""))
	assert.Equal(t, []dynamodest.Field{{Column: "id"}, {Column: "zip"}, {Column: "n", Type: dynamodest.Number}, {Column: "ok", Type: dynamodest.Bool}}, m.Fields)
	assert.Len(t, decode[state](t, s.send(t, "GET", "/api/state", "", "")).Sources, 3)
}

// A file that is no source is refused, and nothing of it is left.
func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, "-max-upload", "1")
	before := s.files(t)
	for name, tt := range map[string]struct {
		kind, text string
		status     int
		says       string
	}{
		"a form":        {"multipart/form-data; boundary=x", "--x--", 415, "text/csv or application/x-ndjson"},
		"no type":       {"", "id\na\n", 415, "text/csv or application/x-ndjson"},
		"too large":     {"text/csv", "id\n" + strings.Repeat("a\n", 1<<19), 413, "larger than 1 MiB"},
		"empty":         {"text/csv", "", 422, "no row"},
		"header alone":  {"text/csv", "id,n\n", 422, "no row"},
		"names twice":   {"text/csv", "id,id\n1,2\n", 422, `"id"`},
		"no JSON":       {"application/x-ndjson", "id,n\n1,2\n", 422, "line 2"},
		"binary":        {"text/csv", "\x00\x01\xff\xfe\n\x00", 422, "header"},
		"half a record": {"text/csv", `id,"n` + "\n1,2\n", 422, "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			f := refused(t, s.upload(t, "a.csv", tt.kind, tt.text), tt.status)
			assert.Contains(t, f.Text, tt.says)
		})
	}
	assert.Equal(t, before, s.files(t))
	assert.Equal(t, http.StatusOK, s.send(t, "GET", "/api/state", "", "").status)
}

// Two browsers may upload the same file at a time.
func TestSameUploadAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := len(s.files(t))
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			_, err := s.addSource(strings.NewReader("id,n\na,1\n"), "a.csv", "csv")
			assert.NoError(t, err)
		})
	}
	all.Wait()
	assert.Len(t, s.files(t), before+2)
}

// A folder where files cannot be replaced is named in what the page shows.
func TestFolderThatTakesNoFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	require.NoError(t, os.Remove(s.sourcePath(s.sample)))
	require.NoError(t, os.Mkdir(s.sourcePath(s.sample), 0o700))
	_, err := s.addSource(sample(), "airports.csv", "csv")
	f := describe(err)
	assert.Contains(t, f.Text, s.sourcePath(s.sample))
	assert.NotEmpty(t, f.Remedy)
}

func TestNamesOfFiles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.csv": "a.csv", "/etc/passwd": "passwd", "../..": "..", "": ".", "a\xffb": "a?b", strings.Repeat("ä", 100): strings.Repeat("ä", 80),
	} {
		assert.Equal(t, want, shortName(name))
	}
}
