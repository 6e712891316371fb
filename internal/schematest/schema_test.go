package schematest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

// resolved returns the schema, ready for validation.
func resolved(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	var schema jsonschema.Schema
	require.NoError(t, json.Unmarshal(dynamodest.ConfigSchema(), &schema))
	r, err := schema.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	require.NoError(t, err)
	return r
}

// The schema is valid by the meta-schema of draft 2020-12, and has keywords of that draft only.
func TestSchemaIsValid(t *testing.T) {
	t.Parallel()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/google/jsonschema-go").Output()
	require.NoError(t, err)
	load := func(name string) (*jsonschema.Schema, error) {
		var schema jsonschema.Schema
		data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "jsonschema", "meta-schemas", "draft2020-12", name+".json"))
		if err != nil {
			return nil, err
		}
		return &schema, json.Unmarshal(data, &schema)
	}
	meta, err := load("schema")
	require.NoError(t, err)
	checked, err := meta.Resolve(&jsonschema.ResolveOptions{Loader: func(uri *url.URL) (*jsonschema.Schema, error) {
		return load(strings.TrimPrefix(uri.Path, "/draft/2020-12/"))
	}})
	require.NoError(t, err)
	validate := func(data []byte) error {
		var instance any
		require.NoError(t, json.Unmarshal(data, &instance))
		return checked.Validate(instance)
	}
	assert.NoError(t, validate(dynamodest.ConfigSchema()))
	require.Error(t, validate([]byte(`{"properties":{"a":{"type":"text"}}}`)), "the meta-schema looks at nothing")

	var schema jsonschema.Schema
	require.NoError(t, json.Unmarshal(dynamodest.ConfigSchema(), &schema))
	assert.Equal(t, "https://json-schema.org/draft/2020-12/schema", schema.Schema)
	assert.True(t, strings.HasPrefix(schema.ID, "https://github.com/dynamodest/dynamodest/"))
	everySchema(&schema, func(s *jsonschema.Schema) {
		for keyword := range s.Extra {
			assert.Equal(t, "x-order", keyword)
		}
	})
}

// everySchema calls f for s and every schema in it.
func everySchema(s *jsonschema.Schema, f func(*jsonschema.Schema)) {
	if s == nil {
		return
	}
	f(s)
	for _, inner := range s.Properties {
		everySchema(inner, f)
	}
	for _, list := range [][]*jsonschema.Schema{s.AllOf, s.AnyOf, s.OneOf, {s.If, s.Then, s.Else, s.Not, s.Items}} {
		for _, inner := range list {
			everySchema(inner, f)
		}
	}
}

// verdict is what the library says of a document.
type verdict struct {
	faults  []*dynamodest.ConfigError
	decoded bool // they are Validate's
}

func judge(t *testing.T, doc document) (v verdict) {
	t.Helper()
	cfg, err := dynamodest.DecodeConfig([]byte(doc.text))
	if v.decoded = err == nil; v.decoded {
		err = cfg.Validate()
	}
	if err == nil {
		return v
	}
	var joined interface{ Unwrap() []error }
	require.ErrorAs(t, err, &joined)
	for _, e := range joined.Unwrap() {
		var fault *dynamodest.ConfigError
		require.ErrorAs(t, e, &fault)
		v.faults = append(v.faults, fault)
	}
	return v
}

// met counts what the documents of a test had.
type met struct {
	rules    map[string]int // documents that break the rule
	accepted map[string]int // those that the schema accepts, though they break the rule
	valid    int
	refused  int // by the schema
}

// hold compares the schema with the library on one document.
func (m *met) hold(t *testing.T, schema *jsonschema.Resolved, doc document) {
	t.Helper()
	refusal, v := schema.Validate(doc.instance()), judge(t, doc)
	held := 0 // faults of rules that the schema holds
	var only []string
	for _, fault := range v.faults {
		var found *rule
		for i := range rules {
			if rules[i].matches(fault) {
				require.Nil(t, found, "two rules for %v", fault)
				found = &rules[i]
			}
		}
		require.NotNil(t, found, "no rule for %v in %s", fault, doc.text)
		m.rules[found.name]++
		if found.only != nil && found.only(doc, fault) {
			only = append(only, found.name)
		} else {
			held++
		}
	}
	if refusal != nil {
		m.refused++
		require.NotEmpty(t, v.faults, "the schema alone refuses %s: %v", doc.text, refusal)
		// Faults of DecodeConfig hide those of Validate.
		require.False(t, held == 0 && v.decoded, "the schema refuses what it cannot by the list: %s: %v: %v", doc.text, refusal, v.faults)
		return
	}
	require.Zero(t, held, "the schema accepts %s: %v", doc.text, v.faults)
	if len(v.faults) == 0 {
		m.valid++
	}
	for _, name := range only {
		m.accepted[name]++
	}
}

// What the schema refuses, DecodeConfig or Validate refuses. What they refuse and the schema accepts is of the
// rules that a schema cannot hold. The documents break every rule, and every such rule alone.
func TestSchemaAgreesWithValidate(t *testing.T) {
	t.Parallel()
	schema := resolved(t)
	m := met{rules: map[string]int{}, accepted: map[string]int{}}
	for seed := range uint64(30_000) {
		g := generator{
			Rand:   rand.New(rand.NewPCG(seed, 12)), //nolint:gosec,nolintlint // a test
			faults: []float64{0.02, 0.05, 0.1, 0.3}[seed%4],
			rare:   []float64{0.1, 0.5}[seed/4%2],
		}
		m.hold(t, schema, g.document())
	}
	for _, fraction := range [][2]int{{m.valid, 3_000}, {m.refused, 3_000}} {
		assert.Greater(t, fraction[0], fraction[1], "documents of one kind are too few")
	}
	for _, text := range longNames() {
		m.hold(t, schema, newDocument(text))
	}
	for _, r := range rules {
		assert.GreaterOrEqual(t, m.rules[r.name], 4, "documents that break the rule: %s", r.name)
		if r.only != nil {
			assert.NotEmpty(t, r.why, r.name)
			assert.Positive(t, m.accepted[r.name], "documents that the schema accepts and that break only: %s", r.name)
		} else {
			assert.Zero(t, m.accepted[r.name])
		}
	}
	t.Logf("%d valid, %d refused by the schema; broken rules: %v; accepted by the schema: %v", m.valid, m.refused, m.rules, m.accepted)
}

// longNames are documents with names at the limit and beyond, which are too long to be made at random.
func longNames() []string {
	const valid = `"region":"eu-west-1","table":"users","credentials":{"access_key_id":"local","secret_access_key":"local"}`
	var documents []string
	for _, name := range []string{strings.Repeat("a", 65_536), strings.Repeat("a", 65_535), strings.Repeat("ä", 40_000)} {
		documents = append(documents,
			fmt.Sprintf(`{%s,"version":%q}`, valid, name),
			fmt.Sprintf(`{%s,"mapping":{"fields":[{"column":%q}]}}`, valid, name),
			fmt.Sprintf(`{%s,"mapping":{"fields":[{"column":"a","attribute":%q}]}}`, valid, name),
			fmt.Sprintf(`{%s,"mapping":{"fields":[{"column":%q,"attribute":"a"},{"column":"b","attribute":%[2]q}]}}`, valid, name),
		)
	}
	return documents
}

// Each rule that only the library can hold, by the shortest document that breaks it and nothing else.
func TestRulesThatOnlyValidateHolds(t *testing.T) {
	t.Parallel()
	const keys = `"credentials":{"access_key_id":"local","secret_access_key":"local"}`
	const valid = `"region":"eu-west-1","table":"users",` + keys
	examples := map[string]string{
		"not a whole number":            `{` + valid + `,"concurrency":1e1}`,
		"number beyond Go's":            `{` + valid + `,"retry":{"max_attempts":99999999999999999999}}`,
		"not a duration":                `{` + valid + `,"max_wait":"9999999999h"}`,
		"repeated name":                 `{` + valid + `,"table":"users"}`,
		"region other than the ARN's":   `{"region":"us-east-1","table":"` + arn + `",` + keys + `}`,
		"region of the ARN":             `{"table":"` + strings.Replace(arn, "eu-west-1", "local", 1) + `",` + keys + `}`,
		"credentials missing":           `{"region":"eu-west-1","table":"users"}`,
		"endpoint's form":               `{` + valid + `,"endpoint":"http://a b"}`,
		"endpoint's host":               `{` + valid + `,"endpoint":"http://:8000"}`,
		"endpoint's port":               `{` + valid + `,"endpoint":"http://host:0"}`,
		"endpoint of another service":   `{` + valid + `,"endpoint":"https://s3.amazonaws.com"}`,
		"endpoint in another region":    `{` + valid + `,"endpoint":"https://dynamodb.us-east-1.amazonaws.com"}`,
		"endpoint in another partition": `{` + valid + `,"endpoint":"https://dynamodb.eu-west-1.amazonaws.com.cn"}`,
		"version without a field":       `{` + valid + `,"version":"v","mapping":{"fields":[{"column":"id"}]}}`,
		"type of the version":           `{` + valid + `,"version":"v","mapping":{"fields":[{"column":"v","type":"L"}]}}`,
		"long name":                     `{` + valid + `,"version":"` + strings.Repeat("ä", 40_000) + `"}`,
		"attribute twice":               `{` + valid + `,"mapping":{"fields":[{"column":"a"},{"column":"b","attribute":"a"}]}}`,
		"duration out of range":         `{` + valid + `,"max_wait":"25h"}`,
		"delays the wrong way round":    `{` + valid + `,"retry":{"min_delay":"2s","max_delay":"1s"}}`,
	}
	schema := resolved(t)
	for _, r := range rules {
		example, ok := examples[r.name]
		require.Equal(t, r.only != nil, ok, r.name)
		if !ok {
			continue
		}
		doc := newDocument(example)
		require.NoError(t, schema.Validate(doc.instance()), r.name)
		v := judge(t, doc)
		require.NotEmpty(t, v.faults, r.name)
		for _, fault := range v.faults {
			assert.True(t, r.matches(fault), "%s: %v", r.name, fault)
			assert.True(t, r.only(doc, fault), r.name)
		}
	}
}
