package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What a mapping of Bloblang makes is written as the manual says: numbers with all their digits where Bloblang keeps them,
// bytes as bytes and times as times.
func TestValuesOfMappings(t *testing.T) {
	t.Parallel()
	p := newPlace(t, map[string]string{"pipeline.yaml": `
input:
  stdin: {}
pipeline:
  threads: 1
  processors:
    - mapping: |
        let time = "2026-01-02T04:04:05.678000001+01:00".ts_parse("2006-01-02T15:04:05Z07:00")
        root.id = this.id
        root.long = this.long
        root.document = this.document
        root.plus = this.whole + 1
        root.half = this.whole / 2
        root.times = this.fraction * 3
        root.int64 = "9007199254740993".int64()
        root.uint64 = "18446744073709551615".uint64()
        root.number = "9007199254740993".number()
        root.parsed = content().parse_json().long
        root.exact = content().parse_json(use_number: true).long
        root.bytes = "aGVsbG8=".decode("base64")
        root.text = "aGVsbG8=".decode("base64").string()
        root.time = $time
        root.seconds = $time
        root.inside = {"bytes": "aGVsbG8=".decode("base64"), "time": $time, "long": this.long}
        root.map = {"bytes": "aGVsbG8=".decode("base64")}
        root.null = null
        root.deleted = deleted()
output:
  dynamodest:
    table: values
    mapping:
      fields: [` + fields("id", "long", "document", "plus", "half", "times", "int64", "uint64", "number", "parsed", "exact", "bytes", "text",
		"time", "inside", `"null"`, "deleted") + `, {column: seconds, type: EPOCH_SECONDS}, {column: map, type: M}]
`})
	p.db.AddTable("values", "id:S")
	r := p.run(t, `{"id":"a","long":12345678901234567890.12345678901234567,"whole":9007199254740993,"fraction":1.10,"document":{"n":1.10,"a":[]}}`+"\n", "run", "pipeline.yaml")
	assert.Zero(t, r.code, r.stdout+r.stderr)
	want := []string{
		`{"bytes":{"B":"aGVsbG8="}`,
		`"document":{"S":"{\"a\":[],\"n\":1.10}"}`,
		`"exact":{"N":"12345678901234567890.12345678901234567"}`,
		`"half":{"N":"4503599627370496"}`, // a float64: 4503599627370496.5 is rounded
		`"id":{"S":"a"}`,
		`"inside":{"S":"{\"bytes\":\"aGVsbG8=\",\"long\":12345678901234567890.12345678901234567,\"time\":\"2026-01-02T04:04:05.678000001+01:00\"}"}`,
		`"int64":{"N":"9007199254740993"}`,
		`"long":{"N":"12345678901234567890.12345678901234567"}`,
		`"map":{"M":{"bytes":{"B":"aGVsbG8="}}}`,
		`"null":{"NULL":true}`,
		`"number":{"N":"9007199254740992"}`,
		`"parsed":{"N":"12345678901234567000"}`,
		`"plus":{"N":"9007199254740994"}`,
		`"seconds":{"N":"1767323045"}`,
		`"text":{"S":"hello"}`,
		`"time":{"S":"2026-01-02T04:04:05.678000001+01:00"}`,
		`"times":{"N":"3.3000000000000003"}`,
		`"uint64":{"N":"18446744073709551615"}}`,
	}
	assert.Equal(t, []string{strings.Join(want, ",")}, p.items(t, "values"))
}

// fields returns the fields of a mapping for columns that keep their type.
func fields(columns ...string) string {
	return "{column: " + strings.Join(columns, "}, {column: ") + "}"
}
