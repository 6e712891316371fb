package dynamodest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// schemaNode is the part of a schema that the tests of this package look at.
type schemaNode struct {
	Title, Description, Format string
	Type                       json.RawMessage
	Order                      int `json:"x-order"`
	Default                    json.RawMessage
	WriteOnly                  bool
	Required                   []string
	Properties                 json.RawMessage
	AdditionalProperties       *bool
	Items                      *schemaNode
	OneOf                      []struct {
		Const *string
		Title string
	}
}

// properties returns the properties of n in the order of the schema.
func (n schemaNode) properties(t *testing.T) (names []string, nodes map[string]schemaNode) {
	t.Helper()
	require.NoError(t, json.Unmarshal(n.Properties, &nodes))
	decoder := json.NewDecoder(bytes.NewReader(n.Properties))
	_, err := decoder.Token()
	require.NoError(t, err)
	for decoder.More() {
		name, err := decoder.Token()
		require.NoError(t, err)
		names = append(names, name.(string))
		require.NoError(t, decoder.Decode(new(json.RawMessage)))
	}
	return names, nodes
}

// The schema has every field that is in the JSON of a Config and no other, in the order of the Go type, each with
// its title, description, type and default.
func TestConfigSchemaHasEveryField(t *testing.T) {
	t.Parallel()
	var root schemaNode
	require.NoError(t, json.Unmarshal(ConfigSchema(), &root))
	defaults := Config{Duplicates: RefuseDuplicates}.withDefaults() // with that of MaxKeys
	defaults.Duplicates, defaults.Mapping.Bytes = LastWins, BinaryBytes
	secrets := map[string]string{}
	leaves := compareSchema(t, "", root, reflect.ValueOf(defaults), secrets)
	assert.Equal(t, 28, leaves)
	assert.Equal(t, map[string]string{
		"/credentials/access_key_id": "", "/credentials/secret_access_key": "password", "/credentials/session_token": "password",
	}, secrets, "the formats of what is writeOnly")
}

// compareSchema compares the object n, at pointer, with a struct that has the defaults. It returns the number of
// properties below n that are no objects, and adds those that are writeOnly to secrets.
func compareSchema(t *testing.T, pointer string, n schemaNode, defaults reflect.Value, secrets map[string]string) (leaves int) {
	t.Helper()
	names, nodes := n.properties(t)
	var want, required []string
	for i := range defaults.NumField() {
		field := defaults.Type().Field(i)
		name := jsonName(field)
		if name == "" {
			continue
		}
		want = append(want, name)
		if !strings.Contains(field.Tag.Get("json"), ",omit") {
			required = append(required, name)
		}
		at, node := pointer+"/"+name, nodes[name]
		assert.Equal(t, len(want), node.Order, at)
		assert.NotEmpty(t, node.Title, at)
		assert.True(t, strings.HasSuffix(node.Description, "."), at)
		if node.WriteOnly {
			secrets[at] = node.Format
		}
		assert.Equal(t, schemaType(field.Type), string(node.Type), at)
		assert.Equal(t, hasWords(field.Type) || field.Type == reflect.TypeFor[Type](), len(node.OneOf) > 0, at)
		for _, word := range node.OneOf {
			assert.NotEmpty(t, word.Title, at)
			require.NotNil(t, word.Const, at)
		}
		switch {
		case field.Type.Kind() == reflect.Struct:
			leaves += compareSchema(t, at, node, defaults.Field(i), secrets)
			continue
		case field.Type.Kind() == reflect.Slice:
			leaves += compareSchema(t, at+"/0", *node.Items, reflect.Zero(field.Type.Elem()), secrets)
		}
		leaves++
		if isRequired := slices.Contains([]string{"/region", "/table", "/mapping/fields/0/column"}, at); isRequired || node.WriteOnly {
			assert.Empty(t, node.Default, at)
			continue
		}
		assert.JSONEq(t, defaultJSON(t, defaults.Field(i)), string(node.Default), at)
	}
	assert.Equal(t, want, names, "the properties of %q", pointer)
	assert.Equal(t, required, n.Required, pointer)
	require.NotNil(t, n.AdditionalProperties, pointer)
	assert.False(t, *n.AdditionalProperties, pointer)
	return leaves
}

// schemaType returns the type in a schema of what is read into t.
func schemaType(t reflect.Type) string {
	if t == reflect.TypeFor[time.Duration]() {
		return `["string", "integer"]`
	}
	switch t.Kind() {
	case reflect.Struct:
		return `"object"`
	case reflect.Slice:
		return `"array"`
	case reflect.Int:
		return `"integer"`
	case reflect.Float64:
		return `"number"`
	case reflect.Bool:
		return `"boolean"`
	}
	return `"string"`
}

// defaultJSON returns the JSON form of a default.
func defaultJSON(t *testing.T, v reflect.Value) string {
	t.Helper()
	value := v.Interface()
	switch d := value.(type) {
	case time.Duration:
		value = d.String()
	case []Field:
		value = append([]Field{}, d...)
	}
	data, err := json.Marshal(value)
	require.NoError(t, err)
	return string(data)
}

func TestConfigSchemaIsACopy(t *testing.T) {
	t.Parallel()
	schema := ConfigSchema()
	clear(schema)
	assert.True(t, json.Valid(ConfigSchema()))
}

func TestWithoutSecrets(t *testing.T) {
	t.Parallel()
	cfg := secretConfigs()["keys"]
	cfg.Mapping.Fields = []Field{{Column: "id"}}
	cfg.Limiter, cfg.CredentialsProvider = noLimit{}, credentials.NewStaticCredentialsProvider("a", "b", "")
	got := cfg.WithoutSecrets()
	assert.Equal(t, Credentials{}, got.Credentials)
	assert.NotEqual(t, Credentials{}, cfg.Credentials, "the Config itself is as it was")
	data, err := json.Marshal(got)
	require.NoError(t, err)
	assertNoSecret(t, string(data))
	assert.NotContains(t, string(data), "credentials")
	cfg.Credentials = Credentials{}
	assert.Equal(t, cfg, got)

	cfg.Endpoint = "https://user:hunter2@dynamodb.example" // which Validate refuses
	assert.Empty(t, cfg.WithoutSecrets().Endpoint)
	cfg.Endpoint = "http://localhost:8000"
	assert.Equal(t, cfg.Endpoint, cfg.WithoutSecrets().Endpoint)
}
