package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What Benthos' CSV input makes of broken lines is what the manual says: with the mapping of the sample each is a dead letter,
// but a quote that is never closed takes the rest of the file with it.
func TestBrokenCSV(t *testing.T) {
	t.Parallel()
	p := newPlace(t, map[string]string{"csv.yaml": sample(t, "csv.yaml"), "airports.csv": `iata,name,latitude,longitude
A,good,1,2
B,stray " quote,1,2
C,good,1,2
D,"never closed,1,2
E,good,1,2
`})
	p.db.AddTable("airports", "iata:S")
	r := p.run(t, "", "run", "csv.yaml")
	assert.Zero(t, r.code, r.stdout+r.stderr)
	assert.Equal(t, []string{
		`{"iata":{"S":"A"},"latitude":{"N":"1"},"longitude":{"N":"2"},"name":{"S":"good"}}`,
		`{"iata":{"S":"C"},"latitude":{"N":"1"},"longitude":{"N":"2"},"name":{"S":"good"}}`,
	}, p.items(t, "airports"))
	assert.Equal(t, []string{
		`{"error":"unmappable_value: column \"name\": the row lacks the column, which the mapping requires; remedy: provide the column in every row, as nil where there is no value, or do not require it (Field.Required, Mapping.Missing)","row":{"iata":"B"}}`,
		`{"error":"unmappable_value: column \"name\": the row lacks the column, which the mapping requires; remedy: provide the column in every row, as nil where there is no value, or do not require it (Field.Required, Mapping.Missing)","row":{"iata":"D"}}`,
	}, p.lines(t, "dead-letters.ndjson"))
	assert.NotContains(t, r.stdout, "parse error", "nothing tells of the last line")
}

// A line that is longer than the scanner of the sample takes ends the file, with a line in the log: the manual says so.
func TestLongLine(t *testing.T) {
	t.Parallel()
	p := newPlace(t, map[string]string{
		"pipeline.yaml": strings.Replace(sample(t, "ndjson.yaml"), "  stdin:\n", "  file:\n    paths: [rows]\n", 1),
		"rows":          `{"id":"a"}` + "\n" + `{"id":"` + strings.Repeat("x", 4<<20) + `"}` + "\n" + `{"id":"b"}` + "\n",
	})
	p.db.AddTable("users", "id:S")
	r := p.run(t, "", "run", "pipeline.yaml")
	assert.Zero(t, r.code, r.stdout+r.stderr)
	assert.Equal(t, []string{`{"id":{"S":"a"}}`}, p.items(t, "users"))
	assert.Equal(t, 1, strings.Count(r.stdout, "bufio.Scanner: token too long"), r.stdout)
}

// The input "file" ends although a row was rejected, and does not read it again: the manual says so.
func TestRejectedRowAtTheEndOfAFile(t *testing.T) {
	t.Parallel()
	p := newPlace(t, map[string]string{
		"pipeline.yaml": "input: {file: {paths: [rows]}}\noutput: {dynamodest: {table: users}}\n",
		"rows":          `{"id":"a"}` + "\n" + `{"id":""}` + "\n",
	})
	p.db.AddTable("users", "id:S")
	r := p.run(t, "", "run", "pipeline.yaml")
	assert.Zero(t, r.code, r.stdout+r.stderr)
	assert.Equal(t, []string{`{"id":{"S":"a"}}`}, p.items(t, "users"))
	assert.Regexp(t, "Failed to send message to dynamodest: (1 of 2 rows at fault, the first: )?bad_key", r.stdout, "in one batch or in two")
}

// With the output "retry" of the sample a dead letter waits until its file can be written.
func TestDeadLettersWaitForTheirFile(t *testing.T) {
	t.Parallel()
	p := newPlace(t, map[string]string{
		"processors.yaml": strings.Replace(sample(t, "processors.yaml"), "path: dead-letters.ndjson", "path: folder/dead-letters.ndjson", 1),
		"sessions.ndjson": `{"id":"","user":"u","started":"2026-11-27T13:00:00Z"}` + "\n",
		"folder":          "in the way",
	})
	p.db.AddTable("sessions", "id:S")
	cmd := p.command(t, "run", "processors.yaml")
	log, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	failed := false
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if !failed && strings.Contains(lines.Text(), "Failed to send message to file") {
			failed = true
			assert.NoError(t, os.Remove(filepath.Join(p.dir, "folder")))
		}
	}
	require.NoError(t, cmd.Wait())
	assert.True(t, failed)
	letters := p.lines(t, "folder/dead-letters.ndjson")
	require.Len(t, letters, 1)
	assert.Contains(t, letters[0], `"reason":"bad_key"`)
}
