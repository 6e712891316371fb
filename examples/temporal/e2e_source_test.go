//go:build unix

package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

const (
	marker      = "row-value-" // begins a value in each row
	keyMarker   = "row-key-"   // begins each key
	e2eBadEvery = 1000         // one row of so many is bad
	sourceName  = "rows.ndjson"
)

// stored is a row as the table has it.
type stored struct {
	n, text  string
	position int64 // by the version
}

// e2eSource is a file of rows, and what must become of them.
type e2eSource struct {
	rows int64
	last map[string]int64  // position of the last good row of each key
	want map[string]stored // the table in the end
	bad  map[int64]string  // reasons of the rows that cannot be written, by position
}

// newSource writes a file of rows to the folder. Each key is in several rows, which are far from each other.
func newSource(t *testing.T, folder string, rows, keys int64) *e2eSource {
	t.Helper()
	s := &e2eSource{rows: rows, last: make(map[string]int64), want: make(map[string]stored), bad: make(map[int64]string)}
	f, err := os.Create(filepath.Join(folder, sourceName))
	require.NoError(t, err)
	w := bufio.NewWriter(f)
	for i := range rows {
		id := fmt.Sprintf("%s%05d", keyMarker, i*7919%keys) // 7919 is prime, so all keys occur before one comes again
		text := fmt.Sprintf("%s%d", marker, i)
		if i%e2eBadEvery != e2eBadEvery/2 {
			fmt.Fprintf(w, `{"id":%q,"n":%d,"text":%q}`+"\n", id, i, text)
			s.last[id] = i
			s.want[id] = stored{n: strconv.FormatInt(i, 10), text: text, position: i}
			continue
		}
		switch i / e2eBadEvery % 4 {
		case 0:
			fmt.Fprintf(w, `{"id":%q,"n":`+"\n", id)
			s.bad[i] = "unmappable_value"
		case 1:
			fmt.Fprintf(w, `{"n":%d,"text":%q}`+"\n", i, text)
			s.bad[i] = "bad_key"
		case 2:
			fmt.Fprintf(w, `{"id":%d,"n":%d,"text":%q}`+"\n", i, i, text)
			s.bad[i] = "bad_key"
		case 3:
			fmt.Fprintf(w, `{"id":%q,"n":1e200,"text":%q}`+"\n", id, text) // more than DynamoDB's numbers can be
			s.bad[i] = "unmappable_value"
		}
	}
	require.NoError(t, w.Flush())
	require.NoError(t, f.Close())
	require.NotEmpty(t, s.bad)
	return s
}

// inTable checks that the table has what it must have in the end, and nothing else.
func (s *e2eSource) inTable(t *testing.T, db *dynamodesttest.DB) {
	t.Helper()
	got := make(map[string]stored)
	for _, item := range db.Items(tableName) {
		require.Len(t, item, 4)
		got[textOf(item["id"])] = stored{textOf(item["n"]), textOf(item["text"]), positionOf(textOf(item["dynamodest_version"]))}
	}
	require.Len(t, got, len(s.want))
	for id, want := range s.want { // one by one: a difference of two maps of this size is unreadable
		if !assert.Equal(t, want, got[id], id) {
			return
		}
	}
}

// textOf returns the text of a string or a number.
func textOf(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	}
	return ""
}
