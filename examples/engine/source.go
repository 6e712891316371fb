package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

const (
	sourcesFolder = "sources"
	uploading     = "upload-" // is what the name of a file begins with that is not complete
	sampleRows    = 200       // from which types are proposed
)

// sourceFile is a file of rows in the engine's folder. Its ID is made from its content, which never changes.
type sourceFile struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"` // as its owner calls it; it is no path
	Format  string   `json:"format"`
	Size    int64    `json:"size"`
	Rows    int      `json:"rows"` // those included that cannot be read
	Columns []string `json:"columns"`
}

// formats are the formats of sources, with the media type of each.
var formats = map[string]string{"csv": "text/csv", "ndjson": "application/x-ndjson"}

// rowsOf returns the rows of a file.
func rowsOf(format string, r io.Reader) iter.Seq2[dynamodest.Row, error] {
	if format == "ndjson" {
		return source.NDJSONRows(r)
	}
	return source.CSVRows(r)
}

// loadSources loads the list of the files in the folder.
func (e *engine) loadSources() error {
	return readAll(e.path(sourcesFolder), func(path string) error {
		if strings.HasPrefix(filepath.Base(path), uploading) { // the engine was killed in the middle of it
			return os.Remove(path)
		}
		if filepath.Ext(path) != ".json" {
			return nil
		}
		var s sourceFile
		err := readJSON(path, &s)
		e.sources[s.ID] = s
		return err
	})
}

// sourcePath returns the path of the rows of a source.
func (e *engine) sourcePath(id string) string { return e.path(sourcesFolder, id+".rows") }

// addSource adds a file to the engine's folder: all of it, or nothing if it cannot be read to its end.
func (e *engine) addSource(r io.Reader, name, format string) (s sourceFile, err error) {
	f, err := os.CreateTemp(e.path(sourcesFolder), uploading)
	if err != nil {
		return s, err
	}
	defer func() {
		_ = f.Close()           // a second time, unless something failed
		_ = os.Remove(f.Name()) // it was renamed, unless something failed
	}()
	digest := sha256.New()
	digest.Write([]byte(format))
	s = sourceFile{Name: shortName(name), Format: format}
	if s.Size, err = io.Copy(io.MultiWriter(f, digest), r); err != nil {
		return s, err
	}
	s.ID = hex.EncodeToString(digest.Sum(nil)[:12])
	if s.Rows, s.Columns, err = survey(f, format); err != nil {
		return s, err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return s, err
	}
	e.mu.Lock() // the same file may be uploaded twice at a time
	defer e.mu.Unlock()
	if err := os.Rename(f.Name(), e.sourcePath(s.ID)); err != nil {
		return s, err
	}
	if err := writeJSON(e.path(sourcesFolder, s.ID+".json"), s); err != nil {
		return s, err
	}
	e.sources[s.ID] = s
	return s, nil
}

// shortName returns a name of a file as the page shows it.
func shortName(name string) string {
	name = strings.ToValidUTF8(filepath.Base(name), "?")
	if runes := []rune(name); len(runes) > 80 {
		return string(runes[:80])
	}
	return name
}

// survey counts the rows of a file, and returns the columns of the first ones.
func survey(f io.ReadSeeker, format string) (rows int, columns []string, err error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, nil, err
	}
	var first []dynamodest.Row
	var last error
	for row, err := range rowsOf(format, f) {
		if last = err; err == nil && len(first) < sampleRows {
			first = append(first, row)
		}
		rows++
	}
	if rows == 0 || len(first) == 0 && last != nil {
		return 0, nil, refusal{http.StatusUnprocessableEntity, "the file has no row that can be read: " + lineProblem(last)}
	}
	columns, err = columnsOf(f, format, first)
	return rows, columns, err
}

// lineProblem returns what is wrong with a line of a file.
func lineProblem(err error) string {
	var line *source.LineError
	if errors.As(err, &line) {
		return line.Error()
	}
	return "it is empty, or has a header alone"
}

// columnsOf returns the columns of rows: those of CSV as its header has them, others sorted.
func columnsOf(f io.ReadSeeker, format string, rows []dynamodest.Row) ([]string, error) {
	if format == "csv" {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return source.CSV{}.Columns(f)
	}
	var columns []string
	for _, field := range source.ProposeMapping(rows).Fields {
		columns = append(columns, field.Column)
	}
	return columns, nil
}

// source returns a source by its ID.
func (e *engine) source(id string) (sourceFile, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, ok := e.sources[id]
	if !ok {
		return s, refusal{http.StatusNotFound, "there is no such source: choose one of the list, or upload a file"}
	}
	return s, nil
}

// first returns the first rows of a source that can be read.
func (e *engine) first(s sourceFile) (rows []dynamodest.Row, err error) {
	f, err := os.Open(e.sourcePath(s.ID))
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was read only
	for row, err := range rowsOf(s.Format, f) {
		if err == nil {
			rows = append(rows, row)
		}
		if len(rows) == sampleRows {
			break
		}
	}
	return rows, nil
}

// propose returns the mapping that the first rows of a source suggest, in the order of its columns.
func (e *engine) propose(s sourceFile) (dynamodest.Mapping, error) {
	rows, err := e.first(s)
	if err != nil {
		return dynamodest.Mapping{}, err
	}
	m := source.ProposeMapping(rows)
	place := func(f dynamodest.Field) int { return slices.Index(s.Columns, f.Column) }
	slices.SortStableFunc(m.Fields, func(a, b dynamodest.Field) int { return place(a) - place(b) })
	return m, nil
}

// skip yields the rows of a source from number n on. It is an error if there are not so many.
func skip(rows iter.Seq2[dynamodest.Row, error], n int) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		skipped := 0
		for row, err := range rows {
			if skipped < n {
				skipped++
				continue
			}
			if !yield(row, err) {
				return
			}
		}
		if skipped < n {
			yield(nil, refusal{http.StatusConflict, fmt.Sprintf("the source ends before row %d, from which the run goes on: its file has changed or cannot be read", n)})
		}
	}
}
