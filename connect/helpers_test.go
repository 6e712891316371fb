package connect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/connect"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

const table = "rows"

// pipeline is a pipeline that writes to a table of its own, and its dead letters to a file.
type pipeline struct {
	t    *testing.T
	db   *dynamodesttest.DB
	env  *service.Environment
	dead string // path of the dead letters

	input    string // in YAML
	settings string // more settings of the output, in YAML
	endpoint string
	name     string // of the output
	table    string

	form            string // the output around that of the test, with %s for it; none if empty
	processors      string // of the pipeline, in YAML
	strict          bool   // messages that fail in a processor are rejected
	withoutFallback bool   // rows that are rejected go back to the input
}

// newPipeline returns a pipeline for a table with the key id:S, without an input.
func newPipeline(t *testing.T) *pipeline {
	t.Helper()
	db := dynamodesttest.NewTable(table, "id:S")
	server := httptest.NewServer(db)
	t.Cleanup(server.Close)
	return &pipeline{
		t: t, db: db, env: service.NewEnvironment(), dead: filepath.Join(t.TempDir(), "dead.ndjson"), endpoint: server.URL,
		name: "dynamodest", table: table,
	}
}

// file makes a file of text the input.
func (p *pipeline) file(scanner, text string) {
	path := filepath.Join(p.t.TempDir(), "rows")
	require.NoError(p.t, os.WriteFile(path, []byte(text), 0o600))
	p.input = fmt.Sprintf("file:\n    paths: [%q]\n    scanner: {%s: {}}", path, scanner)
}

// output returns the output in YAML.
func (p *pipeline) output() string {
	return fmt.Sprintf(`%s:
          table: %s
          region: us-east-1
          endpoint: %s
          credentials: {access_key_id: AKIDEXAMPLE, secret_access_key: secret}
          concurrency: 1
          %s`, p.name, p.table, p.endpoint, p.settings)
}

// build returns the pipeline as a stream.
func (p *pipeline) build() *service.Stream {
	p.t.Helper()
	builder := p.env.NewStreamBuilder()
	output := p.output()
	if p.form != "" {
		output = fmt.Sprintf(p.form, output)
	}
	if !p.withoutFallback {
		output = fmt.Sprintf(`fallback:
    - %s
    - file:
        path: %q
        codec: lines
      processors:
        - mapping: |
            root.error = @fallback_error
            root.row = content().string()`, output, p.dead)
	}
	require.NoError(p.t, builder.SetYAML(fmt.Sprintf("input:\n  %s\npipeline: {threads: 1, processors: [%s]}\noutput:\n  %s\nerror_handling: {strict: %v}\nlogger: {level: none}\n",
		p.input, p.processors, output, p.strict)))
	stream, err := builder.Build()
	require.NoError(p.t, err)
	return stream
}

// run runs the pipeline until its input has ended and all its rows are settled.
func (p *pipeline) run() {
	p.t.Helper()
	require.NoError(p.t, p.build().Run(p.t.Context()))
}

// made returns the output alone.
func (p *pipeline) made() service.BatchOutput {
	p.t.Helper()
	parsed, err := connect.Spec().ParseYAML(strings.TrimPrefix(p.output(), p.name+":"), p.env)
	require.NoError(p.t, err)
	made, policy, inFlight, err := connect.New(parsed, service.MockResources())
	require.NoError(p.t, err)
	require.Equal(p.t, 1000, policy.Count)
	require.Equal(p.t, "200ms", policy.Period)
	require.Equal(p.t, 1, inFlight)
	return made
}

// deadLetter is a line of the file of dead letters.
type deadLetter struct{ Error, Row string }

// deadLetters returns the dead letters.
func (p *pipeline) deadLetters() []deadLetter {
	p.t.Helper()
	content, err := os.ReadFile(p.dead)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(p.t, err)
	var letters []deadLetter
	for line := range bytes.Lines(content) {
		var d deadLetter
		require.NoError(p.t, json.Unmarshal(line, &d))
		letters = append(letters, d)
	}
	return letters
}

// items returns the items of the table as DynamoDB JSON.
func (p *pipeline) items() []string {
	var items []string
	for _, item := range p.db.Items(table) {
		items = append(items, dynamodest.Item(item).String())
	}
	return items
}

// numbers returns the attribute n of each item, by its key.
func (p *pipeline) numbers() map[string]string {
	found := map[string]string{}
	for _, item := range p.db.Items(table) {
		found[item["id"].(*types.AttributeValueMemberS).Value] = item["n"].(*types.AttributeValueMemberN).Value
	}
	return found
}

// wantNumbers is what numbers returns of the rows of numbered(n).
func wantNumbers(n int) map[string]string {
	want := map[string]string{}
	for i := range n {
		want[fmt.Sprintf("r-%03d", i)] = fmt.Sprint(i)
	}
	return want
}

// numbered returns n rows as NDJSON.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{\"id\":\"r-%03d\",\"n\":%d}\n", i, i)
	}
	return b.String()
}

// source is an input of batches that records what becomes of them.
type source struct {
	mu      sync.Mutex
	batches []service.MessageBatch
	acks    []error
	acked   chan struct{} // if not nil, gets a value for each of acks
}

// use makes batches of texts the input of p.
func (s *source) use(p *pipeline, batches ...[]string) {
	p.t.Helper()
	for _, texts := range batches {
		var b service.MessageBatch
		for _, text := range texts {
			b = append(b, service.NewMessage([]byte(text)))
		}
		s.batches = append(s.batches, b)
	}
	p.input = "source: {}"
	require.NoError(p.t, p.env.RegisterBatchInput("source", service.NewConfigSpec(), func(*service.ParsedConfig, *service.Resources) (service.BatchInput, error) {
		return s, nil
	}))
}

func (s *source) Connect(context.Context) error { return nil }
func (s *source) Close(context.Context) error   { return nil }

func (s *source) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.batches) == 0 {
		return nil, nil, service.ErrEndOfInput
	}
	b := s.batches[0]
	s.batches = s.batches[1:]
	return b, func(_ context.Context, err error) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.acks = append(s.acks, err)
		if s.acked != nil {
			s.acked <- struct{}{}
		}
		return nil
	}, nil
}

// acknowledged returns how many batches were acknowledged, and how many rejected.
func (s *source) acknowledged() (taken, rejected int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, err := range s.acks {
		if err == nil {
			taken++
		} else {
			rejected++
		}
	}
	return taken, rejected
}

// lint returns the lints of a configuration, as "line: text".
func lint(t *testing.T, config string) []string {
	t.Helper()
	linter := service.GlobalEnvironment().FullConfigSchema("", "").NewStreamConfigLinter()
	linter.SetEnvVarLookupFunc(func(context.Context, string) (string, bool) { return "", false })
	lints, err := linter.LintYAML([]byte(config))
	require.NoError(t, err)
	var found []string
	for _, l := range lints {
		found = append(found, fmt.Sprintf("%d: %s", l.Line, l.What))
	}
	return found
}
