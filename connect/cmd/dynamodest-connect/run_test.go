package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// oneByOne is a setting with which the output of a sample has one request in flight.
const oneByOne = "output.fallback.0.dynamodest.concurrency=1"

// A file with bad rows is loaded into a table that leaves items unprocessed, throttles, and denies access in the middle of it:
// the bad rows are dead letters, and nothing else is. All other rows are written, each once.
func TestCSVThroughFaults(t *testing.T) {
	t.Parallel()
	var csv strings.Builder
	csv.WriteString("iata,name,latitude,longitude\n")
	var want []string
	for i := range 300 {
		fmt.Fprintf(&csv, "A%03d,Field %d,%d.50,-0.%03d1\n", i, i, i-150, i)
		want = append(want, fmt.Sprintf(`{"iata":{"S":"A%03d"},"latitude":{"N":"%d.5"},"longitude":{"N":"-0.%03d1"},"name":{"S":"Field %d"}}`, i, i-150, i, i))
		switch i {
		case 0:
			csv.WriteString(",no key,1,2\n")
		case 70:
			csv.WriteString("BAD1,no number,north,2\n")
		case 71:
			csv.WriteString("BAD2,too few,1\n")
		case 299:
			csv.WriteString("BAD3,too many,1,2,3\n")
		}
	}
	p := newPlace(t, map[string]string{"csv.yaml": sample(t, "csv.yaml"), "airports.csv": csv.String()})
	p.db.AddTable("airports", "iata:S")
	p.db.KeepHistory(1000)
	denied := troubled(p.db, "airports")

	r := p.run(t, "", "run", "--set", oneByOne, "csv.yaml")
	assert.Zero(t, r.code, r.stdout+r.stderr)
	assert.Equal(t, []string{
		`{"error":"bad_key: column \"iata\": the value is empty, but is the table's partition key \"iata\" (S); remedy: provide a non-empty value for the key in every row","row":{"iata":"","latitude":"1","longitude":"2","name":"no key"}}`,
		`{"error":"unmappable_value: column \"latitude\": the value of Go type string is not a decimal number; remedy: provide a numeric value such as 12.5, or set Field.Type to \"S\"","row":{"iata":"BAD1","latitude":"north","longitude":"2","name":"no number"}}`,
		`{"error":"unmappable_value: column \"longitude\": the row lacks the column, which the mapping requires; remedy: provide the column in every row, as nil where there is no value, or do not require it (Field.Required, Mapping.Missing)","row":{"iata":"BAD2","latitude":"1","name":"too few"}}`,
		`{"error":"unmappable_value: the message is no row: not a JSON object but an array","row":["BAD3","too many","1","2","3"]}`,
	}, p.lines(t, "dead-letters.ndjson"))
	assert.Equal(t, want, p.items(t, "airports"))
	assert.Len(t, p.db.Writes(), len(want), "no row is written twice")
	assert.Equal(t, 2, denied())
	assert.Contains(t, r.stdout, "rows not written, kept until they can be")
}

// troubled has the table return an item of the first request as unprocessed, throttle the second, and deny the two requests
// after 100 items. The func returns how many it has denied.
func troubled(db *dynamodesttest.DB, table string) (denied func() int) {
	var mu sync.Mutex
	refused := 0
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(1)), dynamodesttest.Throttled("ProvisionedThroughputExceededException", ""))
	db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if len(c.Keys) == 0 || refused == 2 || db.Len(table) < 100 {
			return dynamodesttest.Fault{}
		}
		refused++
		return dynamodesttest.Error(http.StatusBadRequest, "AccessDeniedException", "User is not authorized to perform: dynamodb:BatchWriteItem")
	})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return refused
	}
}

// Lines of NDJSON that are no rows, or bad ones, are dead letters as they were read.
func TestNDJSONThroughFaults(t *testing.T) {
	t.Parallel()
	p := newPlace(t, map[string]string{"ndjson.yaml": sample(t, "ndjson.yaml")})
	p.db.AddTable("users", "id:S")
	p.db.KeepHistory(1000)
	denied := troubled(p.db, "users")
	long := strings.Repeat("x", 420_000)
	var lines strings.Builder
	var want []string
	for i := range 200 {
		want = append(want, fmt.Sprintf(`{"id":{"S":"u%03d"},"n":{"N":"12345678901234567890.%03d1"},"none":{"NULL":true},"ok":{"BOOL":true},"tags":{"S":"[\"a\"]"}}`, i, i))
		fmt.Fprintf(&lines, `{"id":"u%03d","n":12345678901234567890.%03d1,"tags":["a"],"ok":true,"none":null}`+"\n", i, i)
	}
	lines.WriteString("{\"id\":\"\",\"n\":1}\n\n{\"id\":5}\nnot JSON\n[1]\n{\"id\":\"x\",\"a\":1,\"a\":2}\n{\"id\":\"x\",\"a\":\"\xff\"}\n" +
		`{"id":"x","n":1e999}` + "\n" + `{"id":"long","text":"` + long + `"}`)

	r := p.run(t, lines.String(), "run", "--set", oneByOne, "ndjson.yaml")
	assert.Zero(t, r.code, r.stdout+r.stderr)
	assert.Equal(t, []string{
		`{"error":"bad_key: column \"id\": the value is empty, but is the table's partition key \"id\" (S); remedy: provide a non-empty value for the key in every row","line":"{\"id\":\"\",\"n\":1}"}`,
		`{"error":"bad_key: column \"id\": Go type json.Number gives N, which the partition key \"id\" (S) does not take; remedy: provide text, or set Field.Type to \"S\" for the column (a Mapping with Fields writes only the columns that it lists)","line":"{\"id\":5}"}`,
		`{"error":"unmappable_value: the message is no row: not a JSON object","line":"not JSON"}`,
		`{"error":"unmappable_value: the message is no row: not a JSON object","line":"[1]"}`,
		`{"error":"unmappable_value: the message is no row: an object has a name twice, so that one of the values would be lost","line":"{\"id\":\"x\",\"a\":1,\"a\":2}"}`,
		`{"error":"unmappable_value: the message is no row: column 16: not valid UTF-8","line":"{\"id\":\"x\",\"a\":\"\ufffd\"}"}`,
		`{"error":"unmappable_value: column \"n\": the value is outside the range of a DynamoDB number, 1E-130 to 9.99...E125 or their negatives; remedy: set Field.Type to \"S\", or to \"JSON\" for a document, to write every digit as text","line":"{\"id\":\"x\",\"n\":1e999}"}`,
		`{"error":"item_too_large: column \"text\": the item has 420010 bytes, names included, and may have 409600; the largest attribute, \"text\", has 420004; remedy: leave out or shorten the largest attribute, or keep it in Amazon S3 and write a link","line":"{\"id\":\"long\",\"text\":\"` + long + `\"}"}`,
	}, p.lines(t, "dead-letters.ndjson"))
	assert.Equal(t, want, p.items(t, "users"))
	assert.Len(t, p.db.Writes(), 200, "no row is written twice")
	assert.Equal(t, 2, denied())
}

// A processor that fails for a row makes it a dead letter by reject_errored, and the others are written with what the
// processors have made of them.
func TestProcessors(t *testing.T) {
	t.Parallel()
	p := newPlace(t, map[string]string{"processors.yaml": sample(t, "processors.yaml"), "sessions.ndjson": `{"id":"s1","user":"u","started":"2026-11-27T13:00:00.5+01:00","more":1}
{"id":"s2","user":"u","started":"yesterday"}
{"id":"","user":"u","started":"2026-11-27T13:00:00Z"}
`})
	p.db.AddTable("sessions", "id:S")
	r := p.run(t, "", "run", "processors.yaml")
	assert.Zero(t, r.code, r.stdout+r.stderr)
	assert.Equal(t, []string{
		`{"expires":{"N":"1798372800"},"id":{"S":"s1"},"started":{"S":"2026-11-27T12:00:00.500000000Z"},"user":{"S":"u"}}`,
	}, p.items(t, "sessions"))
	assert.Equal(t, []string{
		`{"error":"rejecting due to failed processing: failed assignment (line 2): parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\" as \"2006\"","line":"{\"id\":\"s2\",\"user\":\"u\",\"started\":\"yesterday\"}","reason":"failed_processing"}`,
		`{"error":"bad_key: column \"id\": the value is empty, but is the table's partition key \"id\" (S); remedy: provide a non-empty value for the key in every row","line":"{\"expires\":\"2026-12-27T13:00:00Z\",\"id\":\"\",\"started\":\"2026-11-27T13:00:00Z\",\"user\":\"u\"}","reason":"bad_key"}`,
	}, p.lines(t, "dead-letters.ndjson"))
}

// With a version the newest row of each key is left, whichever comes last.
func TestVersion(t *testing.T) {
	t.Parallel()
	p := newPlace(t, map[string]string{"version.yaml": sample(t, "version.yaml")})
	p.db.AddTable("users", "id:S")
	var lines strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&lines, `{"id":"u%d","updated_at":%d}`+"\n", i%8, (i*1009)%4000)
	}
	lines.WriteString(`{"id":"u1"}` + "\n")
	r := p.run(t, lines.String(), "run", "version.yaml")
	assert.Zero(t, r.code, r.stdout+r.stderr)
	var want []string
	for i := range 8 {
		want = append(want, fmt.Sprintf(`{"id":{"S":"u%d"},"updated_at":{"N":"%d"}}`, i, 3992+(i*1009)%8))
	}
	assert.Equal(t, want, p.items(t, "users"))
	assert.Equal(t, []string{
		`{"error":"unmappable_value: column \"updated_at\": the row has no value for the attribute that Config.Version names; remedy: provide a number, a text or a time in every row, from which DynamoDB can see which row is newer; or leave Config.Version empty","line":"{\"id\":\"u1\"}"}`,
	}, p.lines(t, "dead-letters.ndjson"))
}

// Rows that come in batches of the input's own, some of which share a batch of the output, are dead letters one by one too.
func TestBatchesOfTheInput(t *testing.T) {
	t.Parallel()
	var csv strings.Builder
	csv.WriteString("iata,name,latitude,longitude\n")
	var want []string
	for i := range 300 {
		fmt.Fprintf(&csv, "A%03d,Field,1,2\n", i)
		if i%50 == 7 {
			fmt.Fprintf(&csv, ",no key %d,1,2\n", i)
			want = append(want, fmt.Sprintf(`{"error":"bad_key: column \"iata\": the value is empty, but is the table's partition key \"iata\" (S); remedy: provide a non-empty value for the key in every row","row":{"iata":"","latitude":"1","longitude":"2","name":"no key %d"}}`, i))
		}
	}
	p := newPlace(t, map[string]string{"csv.yaml": sample(t, "csv.yaml"), "airports.csv": csv.String()})
	p.db.AddTable("airports", "iata:S")
	r := p.run(t, "", "run", "--set", "input.csv.batch_count=64", "csv.yaml")
	assert.Zero(t, r.code, r.stdout+r.stderr)
	assert.Equal(t, want, p.lines(t, "dead-letters.ndjson"))
	assert.Equal(t, 300, p.db.Len("airports"))
}
