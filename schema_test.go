package dynamodest

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keySchema makes a key schema: the first hash names are its HASH attributes.
func keySchema(hash int, names ...string) []types.KeySchemaElement {
	var schema []types.KeySchemaElement
	for i, name := range names {
		element := types.KeySchemaElement{AttributeName: aws.String(name), KeyType: types.KeyTypeRange}
		if i < hash {
			element.KeyType = types.KeyTypeHash
		}
		schema = append(schema, element)
	}
	return schema
}

// definitions makes attribute definitions out of pairs of name and type.
func definitions(pairs ...string) []types.AttributeDefinition {
	var defs []types.AttributeDefinition
	for i := 0; i < len(pairs); i += 2 {
		defs = append(defs, types.AttributeDefinition{AttributeName: aws.String(pairs[i]), AttributeType: types.ScalarAttributeType(pairs[i+1])})
	}
	return defs
}

// describedTable is the description of an active table with a key of two
// attributes and two indexes.
func describedTable() *types.TableDescription {
	return &types.TableDescription{
		TableArn:             aws.String("arn:aws:dynamodb:eu-west-1:123456789012:table/users"),
		TableStatus:          types.TableStatusActive,
		KeySchema:            keySchema(1, "id", "at"),
		AttributeDefinitions: definitions("id", "S", "at", "N", "email", "S", "blob", "B"),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndexDescription{
			{IndexName: aws.String("by_email"), KeySchema: keySchema(1, "email", "at")},
		},
		LocalSecondaryIndexes: []types.LocalSecondaryIndexDescription{
			{IndexName: aws.String("by_blob"), KeySchema: keySchema(1, "id", "blob")},
		},
	}
}

func TestParseSchema(t *testing.T) {
	t.Parallel()
	s, known := parseSchema(describedTable())
	require.True(t, known)
	assert.Equal(t, tableSchema{
		partition: keyAttr{"id", kindS, 2048, "partition key"},
		sort:      keyAttr{"at", kindN, 1024, "sort key"},
		index: []keyAttr{
			{"email", kindS, 2048, "key of index by_email"},
			{"blob", kindB, 1024, "key of index by_blob"},
		},
	}, s)
}

func TestParseSchemaOfManyAttributesInAnIndex(t *testing.T) {
	t.Parallel()
	table := describedTable()
	table.KeySchema = keySchema(1, "id")
	table.AttributeDefinitions = definitions("id", "S", "a", "S", "b", "N", "c", "B", "d", "S", "e", "S", "f", "S", "g", "S", "h", "S")
	table.LocalSecondaryIndexes = nil
	table.GlobalSecondaryIndexes = []types.GlobalSecondaryIndexDescription{
		{IndexName: aws.String("wide"), KeySchema: keySchema(4, "a", "b", "c", "d", "e", "f", "g", "h")},
		{IndexName: aws.String("turned"), KeySchema: keySchema(2, "e", "id", "a")},
		{IndexName: aws.String("undefined"), KeySchema: keySchema(1, "nowhere")},
	}
	s, known := parseSchema(table)
	require.True(t, known)
	assert.Equal(t, keyAttr{}, s.sort)
	var got []string
	for _, key := range s.index {
		got = append(got, fmt.Sprintf("%s %d %s", key.name, key.max, key.role))
	}
	assert.Equal(t, []string{
		"a 1024 key of index turned", "b 2048 key of index wide", "c 2048 key of index wide", "d 2048 key of index wide",
		"e 1024 key of index wide", "f 1024 key of index wide", "g 1024 key of index wide", "h 1024 key of index wide",
	}, got)
}

func TestParseSchemaOfAnInvertedIndex(t *testing.T) {
	t.Parallel()
	table := describedTable()
	table.KeySchema, table.AttributeDefinitions = keySchema(1, "id", "at"), definitions("id", "S", "at", "S")
	table.LocalSecondaryIndexes = nil
	table.GlobalSecondaryIndexes = nil
	was, _ := parseSchema(table)
	table.GlobalSecondaryIndexes = []types.GlobalSecondaryIndexDescription{{IndexName: aws.String("turned"), KeySchema: keySchema(1, "at", "id")}}
	now, known := parseSchema(table)
	require.True(t, known)
	assert.Equal(t, was.keys(), now.keys())
	assert.Equal(t, []keyAttr{{"id", kindS, 1024, "key of index turned"}}, now.index)
	assert.Empty(t, was.changes(now))
	assert.Empty(t, now.changes(was))

	err := now.coverage(Mapping{Fields: []Field{{Column: "id", Type: Number}, {Column: "at"}}})
	assert.Equal(t, []string{"Mapping.Fields[0].Type"}, configFields(t, err))
}

func TestParseSchemaOfAFake(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]*types.TableDescription{
		"empty":            {},
		"no partition key": {KeySchema: keySchema(0, "at"), AttributeDefinitions: definitions("at", "S")},
		"nil names":        {KeySchema: []types.KeySchemaElement{{}}, AttributeDefinitions: []types.AttributeDefinition{{}}},
	} {
		s, known := parseSchema(table)
		assert.False(t, known, name)
		assert.Equal(t, tableSchema{}, s, name)
	}
}

func TestKeysOfUnknownType(t *testing.T) {
	t.Parallel()
	s, known := parseSchema(&types.TableDescription{KeySchema: keySchema(1, "id", "at"), AttributeDefinitions: definitions("at", "N")})
	require.True(t, known)
	require.False(t, s.typed())
	c := newConverter(Mapping{}, s)
	for _, id := range []any{"a", 1, []byte("b")} {
		it, rowErr := c.convert(Row{"id": id, "at": 1.0})
		require.Nil(t, rowErr)
		key, ok := keyIdentity(s, it.attributeMap())
		require.True(t, ok)
		require.Equal(t, it.key, key)
	}
	for _, id := range []any{nil, "", true, []any{1}} {
		_, rowErr := c.convert(Row{"id": id, "at": 1})
		if _, list := id.([]any); list { // its JSON is an S
			require.Nil(t, rowErr)
			continue
		}
		require.NotNil(t, rowErr)
		require.Equal(t, ErrKey, rowErr.Reason)
		require.Contains(t, rowErr.Error(), `"id" (S, N or B)`)
	}
	require.NoError(t, s.coverage(Mapping{Fields: []Field{{Column: "id", Type: Binary}, {Column: "at"}}}))
	require.Error(t, s.coverage(Mapping{Fields: []Field{{Column: "id", Type: List}, {Column: "at"}}}))
	full, _ := parseSchema(&types.TableDescription{KeySchema: keySchema(1, "id", "at"), AttributeDefinitions: definitions("id", "S", "at", "N")})
	require.Empty(t, s.changes(full))
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	s, _ := parseSchema(describedTable())
	fields := func(fields ...Field) Mapping { return Mapping{Fields: fields} }
	id, at := Field{Column: "user", Attribute: "id"}, Field{Column: "at"}
	typed := func(f Field, forced Type) Field { f.Type = forced; return f }
	tests := []struct {
		name    string
		mapping Mapping
		want    []string
	}{
		{"every column", Mapping{}, nil},
		{"both keys", fields(id, at), nil},
		{"right types", fields(typed(id, String), typed(at, Number), Field{Column: "blob", Type: Binary}), nil},
		{"JSON text as S", fields(typed(id, JSON), at), nil},
		{"no sort key", fields(id), []string{`Mapping.Fields: no field gives the attribute "at", the table's sort key (N): add one`}},
		{"column of the key's name elsewhere", fields(Field{Column: "id", Attribute: "x"}, at), []string{`Mapping.Fields: no field gives the attribute "id", the table's partition key (S): add one`}},
		{"neither key", fields(Field{Column: "x"}), []string{
			`Mapping.Fields: no field gives the attribute "id", the table's partition key (S): add one`,
			`Mapping.Fields: no field gives the attribute "at", the table's sort key (N): add one`,
		}},
		{"wrong types", fields(typed(at, String), typed(id, Map), Field{Column: "email", Type: StringSet}), []string{
			`Mapping.Fields[1].Type: M does not fit the attribute "id", the partition key (S): set it to S, or leave it empty`,
			`Mapping.Fields[0].Type: S does not fit the attribute "at", the sort key (N): set it to N, or leave it empty`,
			`Mapping.Fields[2].Type: SS does not fit the attribute "email", the key of index by_email (S): set it to S, or leave it empty`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := s.coverage(tt.mapping)
			configFields(t, err)
			var got []string
			if err != nil {
				for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
					got = append(got, e.Error())
				}
			}
			assert.Equal(t, tt.want, got)
		})
	}
	assert.NoError(t, tableSchema{}.coverage(fields(Field{Column: "x"})), "keys that are not known")
}

func TestSchemaChanges(t *testing.T) {
	t.Parallel()
	was, _ := parseSchema(describedTable())
	tests := map[string]struct {
		change func(*types.TableDescription)
		want   string
	}{
		"none":       {func(*types.TableDescription) {}, ""},
		"index gone": {func(d *types.TableDescription) { d.GlobalSecondaryIndexes = nil }, ""},
		"other partition key": {func(d *types.TableDescription) {
			d.KeySchema, d.AttributeDefinitions = keySchema(1, "key", "at"), definitions("key", "S", "at", "N")
		}, "the keys of the table have changed"},
		"other type":  {func(d *types.TableDescription) { d.AttributeDefinitions = definitions("id", "S", "at", "S") }, "the keys of the table have changed"},
		"no sort key": {func(d *types.TableDescription) { d.KeySchema = keySchema(1, "id") }, "the keys of the table have changed"},
		"new index": {func(d *types.TableDescription) {
			d.AttributeDefinitions = append(d.AttributeDefinitions, definitions("age", "N")...)
			d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, types.GlobalSecondaryIndexDescription{IndexName: aws.String("by_age"), KeySchema: keySchema(1, "age")})
		}, `the attribute "age" has become a key of index by_age`},
		"shorter index key": {func(d *types.TableDescription) {
			d.GlobalSecondaryIndexes[0].KeySchema = keySchema(1, "at", "email")
		}, `the attribute "email" has become a key of index by_email`},
	}
	for name, tt := range tests {
		table := describedTable()
		tt.change(table)
		now, known := parseSchema(table)
		require.True(t, known, name)
		assert.Equal(t, tt.want, was.changes(now), name)
	}
}

func TestStartUnits(t *testing.T) {
	t.Parallel()
	onDemand := &types.BillingModeSummary{BillingMode: types.BillingModePayPerRequest}
	wcu := func(n int64) *types.ProvisionedThroughputDescription {
		return &types.ProvisionedThroughputDescription{WriteCapacityUnits: aws.Int64(n)}
	}
	limit := func(n int64) *types.OnDemandThroughput {
		return &types.OnDemandThroughput{MaxWriteRequestUnits: aws.Int64(n)}
	}
	index := func(i types.GlobalSecondaryIndexDescription) []types.GlobalSecondaryIndexDescription {
		return []types.GlobalSecondaryIndexDescription{{}, i}
	}
	tests := []struct {
		name  string
		table types.TableDescription
		want  float64
	}{
		{"told nothing", types.TableDescription{}, 0},
		{"provisioned", types.TableDescription{ProvisionedThroughput: wcu(500)}, 500},
		{"index below its table", types.TableDescription{ProvisionedThroughput: wcu(500), GlobalSecondaryIndexes: index(types.GlobalSecondaryIndexDescription{ProvisionedThroughput: wcu(50)})}, 50},
		{"index above its table", types.TableDescription{ProvisionedThroughput: wcu(500), GlobalSecondaryIndexes: index(types.GlobalSecondaryIndexDescription{ProvisionedThroughput: wcu(5000)})}, 500},
		{"new on-demand", types.TableDescription{BillingModeSummary: onDemand, ProvisionedThroughput: wcu(0)}, 4000},
		{"warm", types.TableDescription{BillingModeSummary: onDemand, WarmThroughput: &types.TableWarmThroughputDescription{WriteUnitsPerSecond: aws.Int64(40_000)}}, 4000 * 10},
		{"limited", types.TableDescription{BillingModeSummary: onDemand, OnDemandThroughput: limit(100)}, 100},
		{"limit above", types.TableDescription{BillingModeSummary: onDemand, OnDemandThroughput: limit(100_000)}, 4000},
		{"no limit", types.TableDescription{BillingModeSummary: onDemand, OnDemandThroughput: limit(-1)}, 4000},
		{"warm index", types.TableDescription{
			BillingModeSummary:     onDemand,
			WarmThroughput:         &types.TableWarmThroughputDescription{WriteUnitsPerSecond: aws.Int64(40_000)},
			GlobalSecondaryIndexes: []types.GlobalSecondaryIndexDescription{{WarmThroughput: &types.GlobalSecondaryIndexWarmThroughputDescription{WriteUnitsPerSecond: aws.Int64(12_000)}}},
		}, 12_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, parseTable(&tt.table).units)
		})
	}
	assert.Equal(t, tableInfo{}, parseTable(nil))
}
