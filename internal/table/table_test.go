package table

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/tabletest"
)

func TestParseSchema(t *testing.T) {
	t.Parallel()
	s, known := parseSchema(tabletest.Described())
	require.True(t, known)
	assert.Equal(t, Schema{
		Partition: Key{"id", item.S, 2048, "partition key"},
		Sort:      Key{"at", item.N, 1024, "sort key"},
		Indexes: []Index{
			{"by_email", []Key{{"email", item.S, 2048, "key of index by_email"}, {"at", item.N, 1024, "key of index by_email"}}},
			{"by_blob", []Key{{"id", item.S, 2048, "key of index by_blob"}, {"blob", item.B, 1024, "key of index by_blob"}}},
		},
	}, s)
	assert.Equal(t, []Key{s.Indexes[0].Keys[0], s.Indexes[1].Keys[1]}, s.IndexAttributes())
}

func TestParseSchemaOfManyAttributesInAnIndex(t *testing.T) {
	t.Parallel()
	table := tabletest.Described()
	table.KeySchema = tabletest.KeySchema(1, "id")
	table.AttributeDefinitions = tabletest.Definitions("id", "S", "a", "S", "b", "N", "c", "B", "d", "S", "e", "S", "f", "S", "g", "S", "h", "S")
	table.LocalSecondaryIndexes = nil
	table.GlobalSecondaryIndexes = []types.GlobalSecondaryIndexDescription{
		{IndexName: aws.String("wide"), KeySchema: tabletest.KeySchema(4, "a", "b", "c", "d", "e", "f", "g", "h")},
		{IndexName: aws.String("turned"), KeySchema: tabletest.KeySchema(2, "e", "id", "a")},
		{IndexName: aws.String("undefined"), KeySchema: tabletest.KeySchema(1, "nowhere")},
	}
	s, known := parseSchema(table)
	require.True(t, known)
	assert.Equal(t, Key{}, s.Sort)
	var got []string
	for _, key := range s.IndexAttributes() {
		got = append(got, fmt.Sprintf("%s %d %s", key.Name, key.MaxBytes, key.Role))
	}
	assert.Equal(t, []string{
		"a 1024 key of index turned", "b 2048 key of index wide", "c 2048 key of index wide", "d 2048 key of index wide",
		"e 1024 key of index wide", "f 1024 key of index wide", "g 1024 key of index wide", "h 1024 key of index wide",
	}, got)
}

func TestParseSchemaOfAnInvertedIndex(t *testing.T) {
	t.Parallel()
	table := tabletest.Described()
	table.KeySchema, table.AttributeDefinitions = tabletest.KeySchema(1, "id", "at"), tabletest.Definitions("id", "S", "at", "S")
	table.LocalSecondaryIndexes = nil
	table.GlobalSecondaryIndexes = nil
	was, _ := parseSchema(table)
	table.GlobalSecondaryIndexes = []types.GlobalSecondaryIndexDescription{{IndexName: aws.String("turned"), KeySchema: tabletest.KeySchema(1, "at", "id")}}
	now, known := parseSchema(table)
	require.True(t, known)
	assert.Equal(t, was.Keys(), now.Keys())
	assert.Equal(t, &Key{"id", item.S, 1024, "key of index turned"}, now.IndexKey("id"))
	assert.Empty(t, now.IndexAttributes())
	assert.Empty(t, was.Changes(&now))
	assert.Empty(t, now.Changes(&was))

}

func TestParseSchemaOfAFake(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]*types.TableDescription{
		"empty":            {},
		"no partition key": {KeySchema: tabletest.KeySchema(0, "at"), AttributeDefinitions: tabletest.Definitions("at", "S")},
		"nil names":        {KeySchema: []types.KeySchemaElement{{}}, AttributeDefinitions: []types.AttributeDefinition{{}}},
	} {
		s, known := parseSchema(table)
		assert.False(t, known, name)
		assert.Equal(t, Schema{}, s, name)
	}
}

func TestSchemaChanges(t *testing.T) {
	t.Parallel()
	was, _ := parseSchema(tabletest.Described())
	tests := map[string]struct {
		change func(*types.TableDescription)
		want   string
	}{
		"none":       {func(*types.TableDescription) {}, ""},
		"index gone": {func(d *types.TableDescription) { d.GlobalSecondaryIndexes = nil }, ""},
		"other partition key": {func(d *types.TableDescription) {
			d.KeySchema, d.AttributeDefinitions = tabletest.KeySchema(1, "key", "at"), tabletest.Definitions("key", "S", "at", "N")
		}, "the keys of the table have changed"},
		"other type":  {func(d *types.TableDescription) { d.AttributeDefinitions = tabletest.Definitions("id", "S", "at", "S") }, "the keys of the table have changed"},
		"no sort key": {func(d *types.TableDescription) { d.KeySchema = tabletest.KeySchema(1, "id") }, "the keys of the table have changed"},
		"new index": {func(d *types.TableDescription) {
			d.AttributeDefinitions = append(d.AttributeDefinitions, tabletest.Definitions("age", "N")...)
			d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, types.GlobalSecondaryIndexDescription{IndexName: aws.String("by_age"), KeySchema: tabletest.KeySchema(1, "age")})
		}, `the attribute "age" has become a key of index by_age`},
		"shorter index key": {func(d *types.TableDescription) {
			d.GlobalSecondaryIndexes[0].KeySchema = tabletest.KeySchema(1, "at", "email")
		}, `the attribute "email" has become a key of index by_email`},
	}
	for name, tt := range tests {
		table := tabletest.Described()
		tt.change(table)
		now, known := parseSchema(table)
		require.True(t, known, name)
		assert.Equal(t, tt.want, was.Changes(&now), name)
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
		{"not described", types.TableDescription{}, 0},
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
			assert.Equal(t, tt.want, Parse(&tt.table).Units)
		})
	}
	assert.Equal(t, Description{}, Parse(nil))
}

func TestKeysOfUnknownType(t *testing.T) {
	t.Parallel()
	s, known := parseSchema(&types.TableDescription{KeySchema: tabletest.KeySchema(1, "id", "at"), AttributeDefinitions: tabletest.Definitions("at", "N")})
	require.True(t, known)
	assert.False(t, s.Typed())
	assert.Equal(t, `partition key "id" (S, N or B)`, s.Partition.String())
	for kind, takes := range map[item.Kind]bool{item.S: true, item.N: true, item.B: true, item.Bool: false, item.Null: false, item.L: false} {
		assert.Equal(t, takes, s.Partition.Takes(kind), kind)
		assert.Equal(t, kind == item.N, s.Sort.Takes(kind), kind)
	}
	full, _ := parseSchema(&types.TableDescription{KeySchema: tabletest.KeySchema(1, "id", "at"), AttributeDefinitions: tabletest.Definitions("id", "S", "at", "N")})
	assert.True(t, full.Typed())
	assert.Empty(t, s.Changes(&full))
}

func TestIdentityIsInjective(t *testing.T) {
	t.Parallel()
	s, _ := parseSchema(&types.TableDescription{KeySchema: tabletest.KeySchema(1, "a", "b"), AttributeDefinitions: tabletest.Definitions("a", "S", "b", "S")})
	text := func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	identity := func(a, b string) string {
		id, ok := s.Identity(map[string]types.AttributeValue{"a": text(a), "b": text(b), "other": text("x")})
		require.True(t, ok)
		return id
	}
	seen := map[string]string{}
	for _, pair := range [][2]string{{"a", "b"}, {"ab", "c"}, {"a", "bc"}, {"a\x01", "b"}, {"a", "\x01b"}, {"S1a", "b"}} {
		id := identity(pair[0], pair[1])
		assert.Empty(t, seen[id], "%q", pair)
		seen[id] = fmt.Sprintf("%q", pair)
	}
	number, _ := parseSchema(&types.TableDescription{KeySchema: tabletest.KeySchema(1, "a"), AttributeDefinitions: tabletest.Definitions("a", "N")})
	ids := map[string]bool{}
	for _, spelling := range []string{"1", "1.0", "1e0", "+1", "0.1E1"} {
		id, ok := number.Identity(map[string]types.AttributeValue{"a": &types.AttributeValueMemberN{Value: spelling}})
		require.True(t, ok)
		ids[id] = true
	}
	assert.Len(t, ids, 1)
	for _, bad := range []types.AttributeValue{nil, text("1"), &types.AttributeValueMemberN{Value: "x"}} {
		_, ok := number.Identity(map[string]types.AttributeValue{"a": bad})
		assert.False(t, ok)
	}
}

func TestAcceptsByStatus(t *testing.T) {
	t.Parallel()
	for status, remedy := range map[types.TableStatus]string{
		"ACTIVE": "", "UPDATING": "", "REPLICATION_NOT_AUTHORIZED": "", "": "",
		"CREATING": "wait", "DELETING": "another table", "ARCHIVING": "restore", "ARCHIVED": "restore",
		"INACCESSIBLE_ENCRYPTION_CREDENTIALS": "KMS key",
	} {
		d := Description{Status: status}
		err := d.Accepts()
		if remedy == "" {
			assert.NoError(t, err, status)
			continue
		}
		assert.ErrorContains(t, err, string(status))
		assert.Contains(t, fault.Remedy("", err), remedy)
	}
}

func TestChangedOnlyWhereBothAreDescribed(t *testing.T) {
	t.Parallel()
	was, other, unknown := Parse(tabletest.Described()), tabletest.Described(), Description{}
	require.NoError(t, was.Changed(&was))
	other.KeySchema = tabletest.KeySchema(1, "email")
	now := Parse(other)
	err := was.Changed(&now)
	require.ErrorContains(t, err, "the keys of the table have changed since this Destination was created")
	assert.Contains(t, fault.Remedy("", err), "new Destination")
	assert.NoError(t, was.Changed(&unknown))
	assert.NoError(t, unknown.Changed(&now))
}
