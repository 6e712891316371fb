package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// Every sample is right, and opens its HTTP server to no other machine, whichever distribution runs it.
func TestSamples(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(samples)
	require.NoError(t, err)
	texts := map[string]string{}
	args := []string{"lint", "--deprecated"}
	for _, file := range files {
		text := sample(t, file.Name())
		texts[file.Name()] = text
		args = append(args, file.Name())
		var pipeline struct {
			HTTP *struct {
				Enabled *bool
				Address string
			}
		}
		require.NoError(t, yaml.Unmarshal([]byte(text), &pipeline), file.Name())
		require.NotNil(t, pipeline.HTTP, file.Name())
		if pipeline.HTTP.Enabled == nil || *pipeline.HTTP.Enabled {
			assert.Regexp(t, `^127\.0\.0\.1:\d+$`, pipeline.HTTP.Address, file.Name())
		}
	}
	require.GreaterOrEqual(t, len(texts), 4)
	assert.Equal(t, ran{}, newPlace(t, texts).run(t, "", args...))
}

// What create prints has only what nobody has filled in yet at fault.
func TestCreate(t *testing.T) {
	t.Parallel()
	p := newPlace(t, nil)
	created := p.run(t, "", "create", "csv//dynamodest")
	require.Zero(t, created.code, created.stderr)
	table := regexp.MustCompile(`(?m)^    table: "".*\n`)
	require.Len(t, table.FindAllString(created.stdout, -1), 1)

	p = newPlace(t, map[string]string{"created.yaml": created.stdout, "filled.yaml": table.ReplaceAllString(created.stdout, "    table: airports\n")})
	line := 1 + strings.Count(created.stdout[:table.FindStringIndex(created.stdout)[0]], "\n")
	assert.Equal(t, ran{code: 1, stderr: "created.yaml(" + strconv.Itoa(line) + ",1) /table: is required: the name or the ARN of the table\n"}, p.run(t, "", "lint", "created.yaml"))
	assert.Equal(t, ran{}, p.run(t, "", "lint", "filled.yaml"))
}

// The linter has everything that is wrong with a pipeline at once, each with its line, and quotes no secret.
func TestLint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"names and types": {`input:
  stdin: {}
output:
  dynamodest:
    table: airports
    region: us-east-1
    mode: upsrt
    concurency: 4
    concurrency: many
    max_wait: 5
    mapping:
      fields:
        - column: iata
        - column: latitude
          type: number
`, `wrong.yaml(7,1) /mode: "upsrt" is unknown: must be "upsert" or "insert"
wrong.yaml(8,1) field concurency not recognised
wrong.yaml(9,1) /concurrency: is a JSON string, but must be a whole number
wrong.yaml(10,1) /max_wait: is not a duration: write a string such as "200ms", or a whole number of nanoseconds
wrong.yaml(12,1) /mapping/fields/1/type: "number" is unknown: must be S, N, B, BOOL, JSON, L, M, SS, NS, BS, EPOCH_SECONDS, EPOCH_MILLIS or SORTABLE_TIME, or empty to go by the value
wrong.yaml(15,1) value number is not a valid option for this field
`},
		"within a fallback": {`output:
  fallback:
    - dynamodest:
        table: airports
        version: updated_at
        credentials:
          access_key_id: AKIDEXAMPLE
        retry:
          max_attempts: -1
        mapping:
          fields:
            - column: iata
    - drop: {}
`, `wrong.yaml(4,1) /version: no field of the mapping produces this attribute: add one, or name the attribute that holds the version
wrong.yaml(7,1) /credentials/secret_access_key: is required
wrong.yaml(9,1) /retry/max_attempts: -1 is out of range: must be 1 or more, or 0 for the default (10)
`},
		"settings that do not go together": {`output:
  dynamodest:
    region: eu-west-1
    on_existing: skip
    endpoint: http://user:secret@10.0.0.1:8000
`, `wrong.yaml(3,1) /on_existing: applies only to the mode "insert": leave it empty, or set the mode to "insert"
wrong.yaml(5,1) /endpoint: has a user name or password before the host: leave it out; requests are signed with the access keys
wrong.yaml(3,1) field table is required
`},
		"batches at a time, without an order": {`output:
  dynamodest:
    table: airports
    max_in_flight: 8
`, `wrong.yaml(3,1) /max_in_flight: must be 1 without a version: batches that are written at the same time are not in order, so an older row could replace a newer one. Set version to an attribute that says which row is newer, or leave max_in_flight at 1
`},
		"no batches at a time": {`output:
  dynamodest:
    table: airports
    max_in_flight: 0
`, `wrong.yaml(4,1) /max_in_flight: must be a whole number, 1 or more
`},
		"batches that wait for ever": {`output:
  dynamodest:
    table: airports
    batching:
      count: 100
`, `wrong.yaml(5,1) /batching/period: is missing, so a batch that is not full waits for ever: give one, such as "1s"
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, map[string]string{"wrong.yaml": c.text})
			assert.Equal(t, ran{code: 1, stderr: c.want}, p.run(t, "", "lint", "wrong.yaml"))
		})
	}
}
