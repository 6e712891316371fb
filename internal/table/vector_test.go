package table

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/tabletest"
)

func TestParseVectorIndexes(t *testing.T) {
	t.Parallel()
	s, known := parseSchema(tabletest.DescribedVectors())
	require.True(t, known)
	assert.Equal(t, []Vector{{"embedding", 3, "by_embedding"}}, s.Vectors)
	assert.Equal(t, []Index{{"by_embedding", []Key{{"tenant", item.S, 0, "partition key of vector index by_embedding"}}}}, s.Indexes)
	assert.Equal(t, []Key{{"year", item.N, 0, "filter of vector index by_embedding"}}, s.Filters)
	assert.Equal(t, []Key{s.Indexes[0].Keys[0], s.Filters[0]}, s.IndexAttributes())
	assert.Equal(t, "vector of index by_embedding (a list of 3 numbers)", s.Vector("embedding").String())
	assert.Nil(t, s.Vector("id"))
	assert.False(t, s.Indexes[0].Keys[0].TooLong(&item.Attr{Kind: item.S, Text: string(make([]byte, 5000))}), "no limit is recorded")

	fake := tabletest.DescribedVectors()
	fake.AttributeDefinitions = tabletest.Definitions("id", "S")
	fake.VectorIndexes = append(fake.VectorIndexes, types.VectorIndexDescription{}, types.VectorIndexDescription{
		VectorAttribute: &types.VectorAttributeDefinition{AttributeName: aws.String("other")},
	})
	s, known = parseSchema(fake)
	require.True(t, known)
	assert.Len(t, s.Vectors, 2)
	assert.Equal(t, "vector of index  (a list of numbers)", s.Vectors[1].String())
	assert.Empty(t, s.IndexAttributes(), "types that are not described are not checked")
}

func TestVectorIndexChanges(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(was, now *types.TableDescription)
		want   string
	}{
		"none":      {func(_, _ *types.TableDescription) {}, ""},
		"index new": {func(was, _ *types.TableDescription) { was.VectorIndexes = nil }, `the attribute "tenant" has become a partition key of vector index by_embedding`},
		"vector new": {func(was, now *types.TableDescription) {
			was.VectorIndexes, now.VectorIndexes[0].SearchSchema = nil, nil
		},
			`the attribute "embedding" has become the vector of index by_embedding (a list of 3 numbers)`},
		"index gone": {func(_, now *types.TableDescription) { now.VectorIndexes = nil }, ""},
		"other dimensions": {func(_, now *types.TableDescription) { now.VectorIndexes[0].Dimensions = aws.Int64(4) },
			`the attribute "embedding" has become the vector of index by_embedding (a list of 4 numbers)`},
		"filter new": {func(was, _ *types.TableDescription) {
			was.VectorIndexes[0].SearchSchema = was.VectorIndexes[0].SearchSchema[:1]
		}, `the attribute "year" has become a filter of vector index by_embedding`},
		"filter of another type": {func(_, now *types.TableDescription) {
			now.AttributeDefinitions = tabletest.Definitions("id", "S", "tenant", "S", "year", "S")
		}, `the attribute "year" has become a filter of vector index by_embedding`},
		"filter is a key now": {func(_, now *types.TableDescription) {
			now.GlobalSecondaryIndexes = []types.GlobalSecondaryIndexDescription{{IndexName: aws.String("by_year"), KeySchema: tabletest.KeySchema(1, "year")}}
		}, `the attribute "year" has become a key of index by_year`},
	}
	for name, tt := range tests {
		before, after := tabletest.DescribedVectors(), tabletest.DescribedVectors()
		tt.change(before, after)
		was, _ := parseSchema(before)
		now, _ := parseSchema(after)
		assert.Equal(t, tt.want, was.Changes(&now), name)
	}
}

func TestIndexLimits(t *testing.T) {
	t.Parallel()
	long, short := item.Attr{Kind: item.S, Text: string(make([]byte, 1500))}, item.Attr{Kind: item.S, Text: "x"}
	named := func(name string, a item.Attr) item.Attr { a.Name = name; return a }
	x := Index{Name: "x", Keys: []Key{{Name: "g", Kind: item.S, MaxBytes: 2048}, {Name: "a", Kind: item.S, MaxBytes: 1024}, {Name: "b", Kind: item.S, MaxBytes: 1024}}}
	for what, tt := range map[string]struct {
		attrs []item.Attr
		want  string // the name of the key that is too long, or ""
	}{
		"all fit":        {[]item.Attr{named("g", long), named("a", short), named("b", short)}, ""}, // 2,048 for g
		"one is missing": {[]item.Attr{named("a", long), named("b", long)}, ""},
		"the last one":   {[]item.Attr{named("g", short), named("a", long)}, ""},
		"two too long":   {[]item.Attr{named("b", long), named("a", long), named("g", short)}, "a"},
		"a number":       {[]item.Attr{named("g", short), named("a", short), {Name: "b", Kind: item.N, Text: long.Text}}, ""},
	} {
		var name string
		if key := x.Exceeded(&item.Item{Attrs: tt.attrs}); key != nil {
			name = key.Name
		}
		assert.Equal(t, tt.want, name, what)
	}
}
