package connect_test

import (
	"strings"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/connect"
)

func TestLint(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		settings []string // from line 5
		want     []string
	}{
		"right": {[]string{"table: users", "region: us-east-1"}, nil},
		"right, advanced": {
			[]string{
				"table: arn:aws:dynamodb:eu-west-1:123456789012:table/users", "credentials: {access_key_id: AKIAX, secret_access_key: y}",
				"concurrency: ${CONCURRENCY:4}", "write_units_per_second: 1.5", "version: v", "max_in_flight: 3", "max_wait: 1s",
				"mapping: {fields: [{column: v, type: N, required: true}, {column: id}]}", "batching: {count: 10, period: 1s}",
			}, nil,
		},
		"settings that concern each other": {
			[]string{"table: users", "region: us-east-1", "mode: insert", "on_existing: fail", "duplicates: last"}, nil,
		},
		"each in its line": {
			[]string{
				"table: users", "region: us-east-1", "mode: replace", "concurrency: many", "max_in_flight: few", "batching: {count: 5}",
				"retry:", "  min_delay: 9s", "  max_delay: 1s",
			},
			[]string{
				`7: /mode: "replace" is unknown: must be "upsert" or "insert"`,
				"8: /concurrency: is a JSON string, but must be a whole number",
				"9: /max_in_flight: must be a whole number, 1 or more",
				`10: /batching/period: is missing, so a batch that is not full waits for ever: give one, such as "1s"`,
				"12: /retry/min_delay: 9s is more than the maximum delay (1s): lower it, or raise that",
			},
		},
		"together, in the line of the output": {
			[]string{"table: users", "region: us-east-1", "on_existing: skip", "max_in_flight: 2"},
			[]string{
				`5: /on_existing: applies only to the mode "insert": leave it empty, or set the mode to "insert"`,
				"5: /max_in_flight: must be 1 without a version: batches that are written at the same time are not in order, so an older row could " +
					"replace a newer one. Set version to an attribute that says which row is newer, or leave max_in_flight at 1",
			},
		},
		"processors of batches": {
			[]string{"table: users", "region: us-east-1", "batching:", "  period: 1s", "  processors:", "    - archive: {format: lines}"},
			[]string{
				"8: /batching/processors: cannot be used: an engine cannot tell which messages were rejected once processors have removed, added or merged some, " +
					"so a row at fault could be lost. Move them to pipeline.processors",
			},
		},
		"unknown": {
			[]string{"table: users", "region: us-east-1", "tabel: users"},
			[]string{"7: field tabel not recognised"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := "input: {stdin: {}}\noutput:\n\n  dynamodest:\n    " + strings.Join(tt.settings, "\n    ") + "\n"
			assert.Equal(t, tt.want, lint(t, config))
		})
	}
}

// TestWrongSettingsMakeNoOutput has settings that the linter refuses too.
func TestWrongSettingsMakeNoOutput(t *testing.T) {
	t.Parallel()
	builder := service.NewStreamBuilder()
	builder.DisableLinting()
	require.NoError(t, builder.SetYAML("input: {generate: {mapping: 'root = {}'}}\noutput: {dynamodest: {table: users, region: us-east-1, max_in_flight: 2, mode: replace, batching: {processors: [{log: {}}]}}}\nlogger: {level: none}\n"))
	stream, err := builder.Build()
	if err == nil {
		err = stream.Run(t.Context())
	}
	assert.ErrorContains(t, err, "/max_in_flight: must be 1 without a version")
	assert.ErrorContains(t, err, `/mode: "replace" is unknown`)
	assert.ErrorContains(t, err, "/batching/processors: cannot be used")
}

func TestSecretsAreSecret(t *testing.T) {
	t.Parallel()
	marshaller := service.GlobalEnvironment().FullConfigSchema("", "").NewStreamConfigMarshaller().SetScrubSecrets(true)
	text, err := marshaller.AnyToYAML(map[string]any{"output": map[string]any{"dynamodest": map[string]any{
		"table": "users", "credentials": map[string]any{"access_key_id": "AKIAhidden", "secret_access_key": "hidden", "session_token": "hidden"},
	}}})
	require.NoError(t, err)
	assert.Contains(t, text, "table: users")
	assert.NotContains(t, text, "hidden")
}

func TestAnotherEnvironment(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	require.NoError(t, p.env.RegisterBatchOutput("table", connect.Spec(), connect.New))
	new(source).use(p, []string{`{"id":"a","n":1}`})
	p.name = "table"
	p.run()
	assert.Equal(t, map[string]string{"a": "1"}, p.numbers())

	empty := service.NewEmptyEnvironment()
	require.NoError(t, empty.RegisterBatchOutput("table", connect.Spec(), connect.New))
	builder := empty.NewStreamBuilder()
	err := builder.AddOutputYAML("table: {table: users, region: us-east-1, mode: replace}")
	assert.ErrorContains(t, err, `/mode: "replace" is unknown`)
	assert.NoError(t, builder.AddOutputYAML("table: {table: users, region: us-east-1}"))
}

func TestConnectionTest(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	results := p.made().(service.ConnectionTestable).ConnectionTest(t.Context())
	require.Len(t, results, 1)
	assert.NoError(t, results[0].Err)

	p.table = "none"
	results = p.made().(service.ConnectionTestable).ConnectionTest(t.Context())
	require.Len(t, results, 1)
	assert.ErrorContains(t, results[0].Err, `table "none" in us-east-1: no such table`)
	assert.Empty(t, p.db.Writes())
}

func TestLintMethodOfBloblang(t *testing.T) {
	t.Parallel()
	mapping, err := bloblang.Parse(`root = this.dynamodest_problems()`)
	require.NoError(t, err)
	found, err := mapping.Query(map[string]any{"table": "rows", "on_existing": "skip"})
	require.NoError(t, err)
	assert.Equal(t, []any{"/on_existing: applies only to the mode \"insert\": leave it empty, or set the mode to \"insert\""}, found)
}
