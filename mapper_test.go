package dynamodest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/itemtest"
)

// A Mapper does what a Destination does.
func TestMapperIsTheDestinations(t *testing.T) {
	t.Parallel()
	mappings := map[string]dynamodest.Mapping{
		"every column": {},
		"policies":     {Null: dynamodest.OmitNull, EmptyString: dynamodest.KeepEmpty, Bytes: dynamodest.TextBytes},
		"fields": {Missing: dynamodest.MissingNull, Fields: []dynamodest.Field{
			{Column: "id"}, {Column: "when", Attribute: "at", Type: dynamodest.EpochSeconds}, {Column: "tags", Type: dynamodest.StringSet}, {Column: "name"},
		}},
	}
	rows := []dynamodest.Row{
		{"id": "a", "at": 1, "when": "2026-01-02T03:04:05Z", "name": "", "tags": []string{"x", "y"}, "raw": []byte("text")},
		{"id": "a", "at": 1.0, "when": nil, "name": nil},
		{"id": 5, "at": 1},
		{"at": 1, "name": "no key"},
		{"id": "a", "at": "1"},
		{"id": strings.Repeat("k", 3000), "at": 1},
		{"id": "a", "at": 1, "when": "2026-01-02T03:04:05Z", "name": strings.Repeat("n", 500_000)},
		{},
		nil,
	}
	for name, m := range mappings {
		d := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S", "at:N"), Mapping: m})
		mapper, err := dynamodest.NewMapper(m, d.Keys())
		require.NoError(t, err)
		var calls sync.WaitGroup
		for i, row := range rows {
			calls.Go(func() {
				want, wantErr := d.Item(row)
				got, err := mapper.Item(row)
				assert.Equal(t, wantErr, err, "%s, row %d", name, i)
				assert.Equal(t, dynamodest.Item(want), got)
				wantKey, wantErr := d.Key(row)
				key, err := mapper.Key(row)
				assert.Equal(t, wantErr, err)
				assert.Equal(t, wantKey, key)
			})
		}
		calls.Wait()
	}
}

func TestMapperWithoutKeys(t *testing.T) {
	t.Parallel()
	mapper, err := dynamodest.NewMapper(dynamodest.Mapping{Fields: []dynamodest.Field{{Column: "n", Type: dynamodest.Number}}}, nil)
	require.NoError(t, err)
	it, err := mapper.Item(dynamodest.Row{"n": "1.50"})
	require.NoError(t, err)
	assert.Equal(t, dynamodest.Item{"n": itemtest.N("1.5")}, it)
	_, err = mapper.Key(dynamodest.Row{"n": 1})
	assert.ErrorIs(t, err, dynamodest.ErrConfig)
}

func TestNewMapperRefuses(t *testing.T) {
	t.Parallel()
	id := dynamodest.KeyAttribute{Name: "id", Role: dynamodest.PartitionKey, Type: dynamodest.String}
	at := dynamodest.KeyAttribute{Name: "at", Role: dynamodest.SortKey, Type: dynamodest.Number}
	with := func(key dynamodest.KeyAttribute, change func(*dynamodest.KeyAttribute)) dynamodest.KeyAttribute {
		change(&key)
		return key
	}
	fields := func(fields ...dynamodest.Field) dynamodest.Mapping { return dynamodest.Mapping{Fields: fields} }
	for name, tt := range map[string]struct {
		mapping dynamodest.Mapping
		keys    []dynamodest.KeyAttribute
		want    []string
	}{
		"fine":                  {dynamodest.Mapping{}, []dynamodest.KeyAttribute{at, id}, nil},
		"of a type not known":   {dynamodest.Mapping{}, []dynamodest.KeyAttribute{{Name: "id", Role: dynamodest.PartitionKey}}, nil},
		"mapping":               {dynamodest.Mapping{Null: "x", Fields: []dynamodest.Field{{}, {Column: "id", Type: "Q"}}}, []dynamodest.KeyAttribute{id}, []string{"Mapping.Fields[0].Column", "Mapping.Fields[1].Type", "Mapping.Null"}},
		"no name":               {dynamodest.Mapping{}, []dynamodest.KeyAttribute{with(id, func(k *dynamodest.KeyAttribute) { k.Name = "" })}, []string{"keys[0].Name"}},
		"long name":             {dynamodest.Mapping{}, []dynamodest.KeyAttribute{with(id, func(k *dynamodest.KeyAttribute) { k.Name = strings.Repeat("n", 256) })}, []string{"keys[0].Name"}},
		"no UTF-8":              {dynamodest.Mapping{}, []dynamodest.KeyAttribute{with(id, func(k *dynamodest.KeyAttribute) { k.Name = "\xff" })}, []string{"keys[0].Name"}},
		"same name":             {dynamodest.Mapping{}, []dynamodest.KeyAttribute{id, with(at, func(k *dynamodest.KeyAttribute) { k.Name = "id" })}, []string{"keys[1].Name"}},
		"two partition keys":    {dynamodest.Mapping{}, []dynamodest.KeyAttribute{id, with(at, func(k *dynamodest.KeyAttribute) { k.Role = dynamodest.PartitionKey })}, []string{"keys[1].Role"}},
		"no partition key":      {dynamodest.Mapping{}, []dynamodest.KeyAttribute{at}, []string{"keys"}},
		"unknown role and type": {dynamodest.Mapping{}, []dynamodest.KeyAttribute{id, {Name: "at", Role: "range", Type: "BOOL"}}, []string{"keys[1].Role", "keys[1].Type"}},
		"key not produced":      {fields(dynamodest.Field{Column: "id"}), []dynamodest.KeyAttribute{id, at}, []string{"Mapping.Fields"}},
		"key of another type":   {fields(dynamodest.Field{Column: "id", Type: dynamodest.Number}), []dynamodest.KeyAttribute{id}, []string{"Mapping.Fields[0].Type"}},
	} {
		_, err := dynamodest.NewMapper(tt.mapping, tt.keys)
		var got []string
		if err != nil {
			assert.ErrorIs(t, err, dynamodest.ErrConfig)
			for _, fault := range err.(interface{ Unwrap() []error }).Unwrap() {
				var configErr *dynamodest.ConfigError
				require.ErrorAs(t, fault, &configErr)
				got = append(got, configErr.Field)
			}
		}
		assert.Equal(t, tt.want, got, name)
	}
	for _, m := range []*dynamodest.Mapper{nil, {}} {
		assert.PanicsWithValue(t, "dynamodest: the Mapper is nil or its zero value: use the one that NewMapper returns, once its error is nil", func() { _, _ = m.Item(nil) })
		assert.Panics(t, func() { _, _ = m.Key(nil) })
	}
}

func TestItemAsDynamoDBJSON(t *testing.T) {
	t.Parallel()
	it := dynamodest.Item{
		"s": itemtest.S("<a> & \"b\" \u2028\x7f"), "n": itemtest.N("1.50"), "b": itemtest.B(1, 2), "t": itemtest.Bool(true), "z": itemtest.Null(),
		"l": itemtest.L(itemtest.N("1"), itemtest.L(), itemtest.M(itemtest.Map{})), "m": itemtest.M(itemtest.Map{"y": itemtest.S(""), "x": itemtest.B()}),
		"ss": itemtest.SS("b", "a"), "ns": itemtest.NS("2", "1"), "bs": itemtest.BS([]byte{3}), "nil": &types.AttributeValueMemberL{}, "nilmap": &types.AttributeValueMemberM{},
	}
	want := `{"b":{"B":"AQI="},"bs":{"BS":["Aw=="]},"l":{"L":[{"N":"1"},{"L":[]},{"M":{}}]},"m":{"M":{"x":{"B":""},"y":{"S":""}}},` +
		`"n":{"N":"1.5"},"nil":{"L":[]},"nilmap":{"M":{}},"ns":{"NS":["2","1"]},"s":{"S":"<a> & \"b\" \u2028\u007f"},"ss":{"SS":["b","a"]},"t":{"BOOL":true},"z":{"NULL":true}}`
	assert.Equal(t, want, it.String())
	assert.Equal(t, want, fmt.Sprint(it))

	var read map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(it.String()), &read))
	back := parseMembers(t, read)
	assert.Equal(t, "<a> & \"b\" \u2028\x7f", back["s"].(*types.AttributeValueMemberS).Value)

	indented, err := json.Marshal(map[string]any{"item": it})
	require.NoError(t, err)
	assert.True(t, json.Valid(indented))
	assert.Equal(t, "{}", dynamodest.Item(nil).String())

	deep := itemtest.S("x")
	for range 31 {
		deep = itemtest.L(deep)
	}
	assert.Contains(t, dynamodest.Item{"deep": deep}.String(), `{"S":"x"}`, "32 levels, which DynamoDB takes")

	for name, bad := range map[string]dynamodest.Item{
		"nil":      {"a": nil},
		"no text":  {"a": itemtest.S("secret\xff")},
		"no name":  {"a\xff": itemtest.S("secret")},
		"nested":   {"a": itemtest.L(nil)},
		"a number": {"a": itemtest.N("secret")},
	} {
		_, err := json.Marshal(bad)
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), "secret")
		assert.True(t, strings.HasPrefix(bad.String(), "invalid item: attribute \"a"), bad.String())
	}
}
