package output

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

// made is a field of no engine, that keeps what it is told.
type made struct {
	kind, name, description, rule string
	optional, advanced, secret    bool
	titles                        map[string]string
	fallback                      any
	fields                        []made
}

func (m made) Description(text string) made { m.description = text; return m }
func (m made) Optional() made               { m.optional = true; return m }
func (m made) Advanced() made               { m.advanced = true; return m }
func (m made) Secret() made                 { m.secret = true; return m }
func (m made) Default(value any) made       { m.fallback = value; return m }
func (m made) LintRule(rule string) made    { m.rule = rule; return m }

// madeFields returns the fields of all settings of a Config.
func madeFields() []made { return Fields(madeKit()) }

// madeKit makes fields of no engine.
func madeKit() Kit[made] {
	of := func(kind string) func(string) made {
		return func(name string) made { return made{kind: kind, name: name} }
	}
	with := func(kind string) func(string, ...made) made {
		return func(name string, fields ...made) made { return made{kind: kind, name: name, fields: fields} }
	}
	return Kit[made]{
		String: of("string"), Any: of("any"), Object: with("object"), List: with("list"), BatchPolicy: of("batch policy"),
		Choice: func(name string, titles map[string]string) made {
			return made{kind: "choice", name: name, titles: titles}
		},
	}
}

func TestEngineFields(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []made{
		{kind: "any", name: MaxInFlight, description: maxInFlightDescription, rule: `root = this.dynamodest_problems("max_in_flight")`, fallback: 1},
		{kind: "batch policy", name: Batching, description: batchingDescription, rule: `root = this.dynamodest_problems("batching")`},
	}, EngineFields(madeKit()))
}

// named returns the field of a name.
func named(t *testing.T, fields []made, name string) made {
	t.Helper()
	at := slices.IndexFunc(fields, func(m made) bool { return m.name == name })
	require.GreaterOrEqual(t, at, 0, name)
	return fields[at]
}

// property is what a JSON Schema says of a setting.
type property struct {
	Order      int                 `json:"x-order"`
	Type       any                 `json:"type"`
	WriteOnly  bool                `json:"writeOnly"`
	Properties map[string]property `json:"properties"`
	Items      *property           `json:"items"`
	Required   []string            `json:"required"`
	OneOf      []struct{ Const string }
}

func TestEachPropertyIsAField(t *testing.T) {
	t.Parallel()
	var root property
	require.NoError(t, json.Unmarshal(dynamodest.ConfigSchema(), &root))
	compare(t, "", root, madeFields())
}

// compare compares the properties of an object with fields.
func compare(t *testing.T, path string, object property, fields []made) {
	t.Helper()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(object.Properties)), names, path)
	assert.True(t, slices.IsSortedFunc(names, func(a, b string) int { return object.Properties[a].Order - object.Properties[b].Order }), path)
	for _, f := range fields {
		p, at := object.Properties[f.name], path+"/"+f.name
		assert.Equal(t, !slices.Contains(object.Required, f.name), f.optional, at)
		assert.Equal(t, p.WriteOnly, f.secret, at)
		assert.NotEmpty(t, f.description, at)
		if path == "" {
			assert.Equal(t, `root = this.dynamodest_problems("`+f.name+`")`, f.rule, at)
			assert.Equal(t, !slices.Contains(basic, f.name), f.advanced, at)
		} else {
			assert.Empty(t, f.rule, at)
		}
		switch {
		case p.Type == "object":
			assert.Equal(t, "object", f.kind, at)
			compare(t, at, p, f.fields)
		case p.Type == "array":
			assert.Equal(t, "list", f.kind, at)
			compare(t, at, *p.Items, f.fields)
		case len(p.OneOf) > 0:
			assert.Equal(t, "choice", f.kind, at)
			for _, choice := range p.OneOf {
				assert.NotEmpty(t, f.titles[choice.Const], at)
			}
			assert.Contains(t, f.titles, "", "the command create leaves it empty")
		case p.Type == "integer", p.Type == "number", p.Type == "boolean":
			assert.Equal(t, "any", f.kind, at)
		default:
			assert.Equal(t, "string", f.kind, at)
		}
	}
}

func TestDescriptionsSayTypesAndDefaults(t *testing.T) {
	t.Parallel()
	fields := madeFields()
	for name, end := range map[string]string{
		"concurrency":            "A whole number. The default is 64.",
		"write_units_per_second": "A number. The default is 0.",
		"max_keys":               "A whole number. The default is 10000000.",
		"window_bytes":           "A whole number. The default is 67108864.",
		"max_wait":               "The default is 200ms.",
		"mode":                   "The default is upsert.",
	} {
		f := named(t, fields, name)
		assert.True(t, strings.HasSuffix(f.description, end), "%s: %s", name, f.description)
	}
	mapping := named(t, fields, "mapping")
	required := named(t, named(t, mapping.fields, "fields").fields, "required")
	assert.True(t, strings.HasSuffix(required.description, "true or false."), required.description)
	assert.Equal(t, "Keep the item; the row is skipped. Takes one request for each row.",
		strings.TrimPrefix(named(t, fields, "on_existing").titles["skip"], "Skip. "))
}
