package bento_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/warpstreamlabs/bento/public/service"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestCSV(t *testing.T) {
	t.Parallel()
	db, url := table(t)
	dead := pipeline{
		input: "csv", rows: 5,
		file: "id,age,name\na,41,Ada\n,42,nobody\nc,many,Cyd\nd,44,D\xe9\ne,45,\"Eve, E.\"\n",
		settings: `
        mapping: { fields: [ { column: id }, { column: age, type: N }, { column: name } ] }`,
	}.run(t, url)
	assert.Equal(t, []string{
		`bad_key	{"age":"42","id":"","name":"nobody"}`,
		`unmappable_value	{"age":"many","id":"c","name":"Cyd"}`,
		`unmappable_value	{"age":"44","id":"d","name":"D\ufffd"}`,
	}, dead, "Bento writes the text that is not UTF-8 so to the file; the table must not have it")
	assert.Equal(t, []string{
		`{"age":{"N":"41"},"id":{"S":"a"},"name":{"S":"Ada"}}`,
		`{"age":{"N":"45"},"id":{"S":"e"},"name":{"S":"Eve, E."}}`,
	}, items(db))
}

// If a processor has read a message, Bento has it as text and as values: the text counts, and is read strictly.
func TestNDJSON(t *testing.T) {
	t.Parallel()
	for name, processor := range map[string]string{"as it came": "", "read by a processor": "meta seen = this.id"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, url := table(t)
			dead := pipeline{
				input: "lines", rows: 7, mapping: processor,
				file: `{"id":"a","n":12345678901234567890.5}
{"id":"b","n":1,"n":2}
[1]
{"id":
{"id":"c","text":"` + "\xe9" + `"}
{"n":7}
{"id":"d","list":[1,null,{"x":true}]}
`,
			}.run(t, url)
			assert.Equal(t, []string{
				`unmappable_value	{"id":"b","n":1,"n":2}`,
				`unmappable_value	[1]`,
				`unmappable_value	{"id":`,
				`unmappable_value	{"id":"c","text":"` + "\xe9" + `"}`,
				`bad_key	{"n":7}`,
			}, dead)
			assert.Equal(t, []string{
				`{"id":{"S":"a"},"n":{"N":"12345678901234567890.5"}}`,
				`{"id":{"S":"d"},"list":{"S":"[1,null,{\"x\":true}]"}}`,
			}, items(db))
		})
	}
}

// Messages are gathered to batches also if nothing is set: a message alone would be a PutItem.
func TestBatching(t *testing.T) {
	t.Parallel()
	db, url := table(t)
	var file strings.Builder
	for i := range 1000 { // a full batch, so that nothing waits
		fmt.Fprintf(&file, "{\"id\":\"%d\"}\n", i)
	}
	assert.Empty(t, pipeline{input: "lines", file: file.String()}.run(t, url))
	assert.Equal(t, 1000, db.Len("users"))
	assert.GreaterOrEqual(t, db.Actions()["BatchWriteItem"], 40)
}

// Bytes that a processor has made stay bytes.
func TestValuesOfProcessors(t *testing.T) {
	t.Parallel()
	db, url := table(t)
	dead := pipeline{
		input: "lines", rows: 1, file: `{"id":"a","hex":"ff00"}`,
		mapping: `root = {"id": this.id, "raw": this.hex.decode("hex")}`,
	}.run(t, url)
	assert.Empty(t, dead)
	assert.Equal(t, []string{`{"id":{"S":"a"},"raw":{"B":"/wA="}}`}, items(db))
}

// The table denies writes from the second request on until the output checks it.
func TestAccessDenied(t *testing.T) {
	t.Parallel()
	db, url := table(t)
	var writes, denied, checks atomic.Int32
	db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		switch {
		case c.Op == "DescribeTable":
			checks.Add(1)
		case writes.Add(1) > 1 && checks.Load() == 1:
			denied.Add(1)
			return dynamodesttest.Error(400, "AccessDeniedException", "")
		}
		return dynamodesttest.Fault{}
	})
	var file strings.Builder
	var want []string
	for i := range 60 {
		fmt.Fprintf(&file, "{\"id\":\"%02d\"}\n", i)
		want = append(want, fmt.Sprintf(`{"id":{"S":"%02d"}}`, i))
	}
	dead := pipeline{input: "lines", rows: 60, file: file.String(), settings: `
        concurrency: 1`}.run(t, url)
	assert.Empty(t, dead)
	assert.Equal(t, want, items(db))
	assert.Len(t, db.Writes(), 60, "rows that were taken before are not written again")
	assert.EqualValues(t, 1, denied.Load())
	assert.EqualValues(t, 2, checks.Load(), "the table is described at the start, and when writes were denied")
}

// Lints name the line and the setting of all that is wrong.
func TestLint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings string
		want     []string
	}{
		"right": {"", nil},
		"settings": {`
    mode: update
    batching: { count: 100 }
    concurrency: "64"
    max_in_flight: 0
    concurency: 64
    mapping:
      fields:
        - { attribute: id }`, []string{
			"line 6: /mode", "line 7: /batching/period", "line 8: /concurrency", "line 9: /max_in_flight",
			"line 10: field concurency not recognised",
			"line 13: field column is required", "line 12: /mapping/fields/0/column",
		}},
		"settings that do not go together": {`
    max_in_flight: 4`, []string{"line 4: /max_in_flight"}}, // the first line of the settings
		"settings that go together": {`
    max_in_flight: 4
    version: updated`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			linter := service.GlobalEnvironment().FullConfigSchema("", "").NewStreamConfigLinter()
			lints, err := linter.LintYAML([]byte(`
output:
  dynamodest:
    table: users
    region: eu-west-1` + c.settings))
			require.NoError(t, err)
			var got []string
			for _, lint := range lints {
				what, _, _ := strings.Cut(lint.What, ":")
				got = append(got, fmt.Sprintf("line %d: %s", lint.Line, what))
			}
			assert.ElementsMatch(t, c.want, got)
		})
	}
}

// A wrong setting that nobody has linted is refused when the pipeline starts.
func TestSettingsAreDecoded(t *testing.T) {
	t.Parallel()
	b := service.NewStreamBuilder()
	b.SetLogger(slog.New(slog.DiscardHandler))
	b.DisableLinting()
	_, err := b.AddProducerFunc()
	require.NoError(t, err)
	require.NoError(t, b.AddOutputYAML(`dynamodest: { table: users, region: eu-west-1, max_in_flight: 4 }`))
	stream, err := b.Build()
	require.NoError(t, err)
	err = stream.Run(t.Context())
	assert.ErrorContains(t, err, "/max_in_flight: must be 1 without a version")
}
