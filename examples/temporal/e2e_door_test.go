//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// put is a row that a worker has tried to write.
type put struct {
	id       string
	position int64 // in the source
	status   int   // of the response; 0 while there is none
}

// door is the table as one worker sees it: an endpoint of its own, which notes what the worker writes and can hold it.
// A write that has come in is passed on also if the worker is gone in the meantime, as a service would do that has
// received the request.
type door struct {
	db     http.Handler
	server *httptest.Server

	mu     sync.Mutex
	puts   []put
	shut   func(puts int, p put) bool // reports whether the door closes at this write; nil: it stays open
	closed chan struct{}              // is closed when the door closes
	opened chan struct{}              // is closed when it opens again, for good
	first  int                        // index of the put that the door closed at
}

// newDoor returns a door that closes at the first write for which shut returns true. It opens at the end of the test at
// the latest.
func newDoor(t *testing.T, db *dynamodesttest.DB, shut func(puts int, p put) bool) *door {
	t.Helper()
	d := &door{db: db, shut: shut, closed: make(chan struct{}), opened: make(chan struct{})}
	d.server = httptest.NewServer(d)
	t.Cleanup(func() {
		d.open()
		d.server.Close()
	})
	return d
}

// ServeHTTP passes a request on to the table.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the worker was killed while it sent the request
	}
	passed := r.Clone(context.WithoutCancel(r.Context()))
	passed.Body = io.NopCloser(bytes.NewReader(body))
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".PutItem") {
		d.db.ServeHTTP(w, passed)
		return
	}
	index, wait := d.arrived(body)
	if wait {
		<-d.opened
	}
	response := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	d.db.ServeHTTP(response, passed)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.puts[index].status = response.status
}

// arrived notes a write. The caller holds it if wait is true.
func (d *door) arrived(body []byte) (index int, wait bool) {
	p := putOf(body)
	d.mu.Lock()
	defer d.mu.Unlock()
	index = len(d.puts)
	d.puts = append(d.puts, p)
	select {
	case <-d.opened:
		return index, false
	case <-d.closed:
		return index, true
	default:
	}
	if d.shut == nil || !d.shut(index+1, p) {
		return index, false
	}
	d.first = index
	close(d.closed)
	return index, true
}

// open lets all writes pass from now on.
func (d *door) open() {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.opened:
	default:
		close(d.opened)
	}
}

// seen returns the writes so far.
func (d *door) seen() []put {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]put{}, d.puts...)
}

// held returns the write that the door closed at.
func (d *door) held() put {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.puts[d.first]
}

// putOf reads the body of a PutItem. Position -1 stands for a row without a version.
func putOf(body []byte) put {
	var in struct {
		Item struct {
			ID      struct{ S string } `json:"id"`
			Version struct{ N string } `json:"dynamodest_version"`
		}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return put{position: -1}
	}
	return put{id: in.Item.ID.S, position: positionOf(in.Item.Version.N)}
}

// positionOf returns the position that is part of a row's version, and -1 if there is none.
func positionOf(version string) int64 {
	const digits = 12
	n, err := strconv.ParseInt(version[max(0, len(version)-digits):], 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// statusWriter notes the status of a response.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets the double end the connection: http.ResponseController finds the methods of the wrapped writer.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// nothingOverwritten checks that no write replaced a row by an older one: the versions of each key never fall.
func nothingOverwritten(t *testing.T, db *dynamodesttest.DB) {
	t.Helper()
	newest := make(map[string]int64)
	for _, w := range db.Writes() {
		item := w.Item()
		position := positionOf(textOf(item["dynamodest_version"]))
		before, written := newest[w.Key]
		if !assert.Truef(t, !written || position >= before, "write %d: the row at %d overwrites the one at %d", w.Seq, position, before) {
			return
		}
		newest[w.Key] = position
	}
	require.NotEmpty(t, newest)
}
