package dynamodesttest_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// vectorTable returns a CreateTable with one vector index of three dimensions.
func vectorTable(change ...func(*dynamodb.CreateTableInput)) *dynamodb.CreateTableInput {
	in := tableInput("id:S")
	in.TableName = aws.String("documents")
	in.VectorIndexes = []types.VectorIndex{vectorOn("embedding")}
	for _, f := range change {
		f(&in)
	}
	return &in
}

func vectorOn(attribute string) types.VectorIndex {
	return types.VectorIndex{
		IndexName: aws.String("by_" + attribute), VectorAttribute: &types.VectorAttributeDefinition{AttributeName: &attribute},
		Dimensions: aws.Int64(3), DistanceFunction: types.VectorDistanceFunctionCosine,
		Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
	}
}

// withSchema adds a partition key and an inline filter to the index.
func withSchema(in *dynamodb.CreateTableInput) {
	for _, a := range []string{"tenant:S", "year:N"} {
		name, kind, _ := strings.Cut(a, ":")
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeType(kind)})
	}
	in.VectorIndexes[0].SearchSchema = []types.SearchSchemaElement{
		{AttributeName: aws.String("tenant"), SearchSchemaElementType: types.SearchSchemaElementTypeHash},
		{AttributeName: aws.String("year"), SearchSchemaElementType: types.SearchSchemaElementTypeInlineFilter},
	}
}

func vector(numbers ...string) types.AttributeValue {
	list := make([]types.AttributeValue, len(numbers))
	for i := range numbers {
		list[i] = n(numbers[i])
	}
	return &types.AttributeValueMemberL{Value: list}
}

func TestDescribeVectorIndexes(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, _ *dynamodesttest.DB, c client) {
		in := vectorTable(withSchema)
		created, err := c.CreateTable(t.Context(), in)
		require.NoError(t, err)
		out, err := c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: in.TableName})
		require.NoError(t, err)
		want := in.VectorIndexes[0]
		assert.Equal(t, []types.VectorIndexDescription{{
			IndexName: want.IndexName, IndexArn: aws.String(dynamodesttest.ARN("documents") + "/index/by_embedding"),
			IndexStatus: types.IndexStatusActive, VectorAttribute: want.VectorAttribute, Dimensions: aws.Int64(3),
			DistanceFunction: types.VectorDistanceFunctionCosine, SearchSchema: want.SearchSchema, Projection: want.Projection,
			ItemCount: aws.Int64(0), IndexSizeBytes: aws.Int64(0),
		}}, out.Table.VectorIndexes)
		assert.Equal(t, out.Table.VectorIndexes, created.TableDescription.VectorIndexes)
	})
}

func TestInvalidVectorIndexes(t *testing.T) {
	t.Parallel()
	first := func(change func(*types.VectorIndex)) func(*dynamodb.CreateTableInput) {
		return func(in *dynamodb.CreateTableInput) { change(&in.VectorIndexes[0]) }
	}
	second := func(change func(*types.VectorIndex)) func(*dynamodb.CreateTableInput) {
		return func(in *dynamodb.CreateTableInput) {
			x := vectorOn("embedding")
			x.IndexName = aws.String("second")
			change(&x)
			in.VectorIndexes = append(in.VectorIndexes, x)
		}
	}
	for name, test := range map[string]struct {
		change func(*dynamodb.CreateTableInput)
		text   string
	}{
		"empty list": {func(in *dynamodb.CreateTableInput) { in.VectorIndexes = []types.VectorIndex{} }, "List of VectorIndexes is empty"},
		"provisioned": {func(in *dynamodb.CreateTableInput) {
			in.BillingMode, in.ProvisionedThroughput = "", &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(1)}
		}, "only supported for PAY_PER_REQUEST tables"},
		"six": {func(in *dynamodb.CreateTableInput) {
			for i := range 5 {
				x := vectorOn("embedding")
				x.IndexName = aws.String("more" + strconv.Itoa(i))
				in.VectorIndexes = append(in.VectorIndexes, x)
			}
		}, "exceeds the per-table limit of 5"},
		"no dimensions":     {first(func(x *types.VectorIndex) { x.Dimensions = aws.Int64(0) }), "Value '0' at 'vectorIndexes.1.member.dimensions' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		"4097 dimensions":   {first(func(x *types.VectorIndex) { x.Dimensions = aws.Int64(4097) }), "Number of dimensions must be between 1 and 4096 inclusive."},
		"distance function": {first(func(x *types.VectorIndex) { x.DistanceFunction = "cosine" }), "[COSINE, DOT_PRODUCT, EUCLIDEAN]"},
		"short name":        {first(func(x *types.VectorIndex) { x.IndexName = aws.String("vx") }), "Value 'vx' at 'vectorIndexes.1.member.indexName' failed to satisfy constraint: Member must have length greater than or equal to 3"},
		"name":              {first(func(x *types.VectorIndex) { x.IndexName = aws.String("a b c") }), "regular expression pattern"},
		"empty attribute":   {first(func(x *types.VectorIndex) { x.VectorAttribute.AttributeName = aws.String("") }), "vectorAttribute.attributeName"},
		"no attributes":     {first(func(x *types.VectorIndex) { x.Projection.ProjectionType = types.ProjectionTypeInclude }), "but NonKeyAttributes is not specified"},
		"equal names":       {second(func(x *types.VectorIndex) { x.IndexName = aws.String("by_embedding") }), "Duplicate index name: by_embedding"},
		"other dimensions":  {second(func(x *types.VectorIndex) { x.Dimensions = aws.Int64(4) }), "All VectorIndexes on the same vector attribute must use the same dimensions"},
		"vector that is defined": {func(in *dynamodb.CreateTableInput) {
			in.VectorIndexes[0].VectorAttribute.AttributeName = aws.String("id")
		}, "An attribute cannot be defined in AttributeDefinitions when used as a VectorAttribute"},
		"schema not defined": {func(in *dynamodb.CreateTableInput) {
			withSchema(in)
			in.AttributeDefinitions = in.AttributeDefinitions[:2]
		}, "One element in SearchSchema is not defined in attribute definitions"},
		"schema twice": {func(in *dynamodb.CreateTableInput) {
			withSchema(in)
			in.VectorIndexes[0].SearchSchema[1].AttributeName = aws.String("tenant")
		}, "SearchSchema contains a duplicate AttributeName"},
		"two partition keys": {func(in *dynamodb.CreateTableInput) {
			withSchema(in)
			in.VectorIndexes[0].SearchSchema[1].SearchSchemaElementType = "HASH"
		}, "Member must have HASH count less than or equal to 1"},
		"schema type": {func(in *dynamodb.CreateTableInput) {
			withSchema(in)
			in.VectorIndexes[0].SearchSchema[1].SearchSchemaElementType = "RANGE"
		}, "Value 'RANGE' at 'vectorIndexes.1.member.searchSchema.2.member.searchSchemaElementType'"},
		"empty schema": {func(in *dynamodb.CreateTableInput) {
			in.VectorIndexes[0].SearchSchema = []types.SearchSchemaElement{}
		}, "vectorIndexes.1.member.searchSchema"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := dynamodesttest.New().CreateTable(t.Context(), vectorTable(test.change))
			require.ErrorContains(t, err, "ValidationException")
			assert.ErrorContains(t, err, test.text)
		})
	}
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		item item
		text string // of the error, "" for none
	}{
		"vector":                        {item{"embedding": vector("1", "-2.5", "3e38")}, ""},
		"no vector":                     {item{"note": s("later")}, ""},
		"more digits than a float32":    {item{"embedding": vector("3.1415926535897932384626433832795028841", "0", "1e-100")}, ""},
		"largest float32":               {item{"embedding": vector("340282346638528860000000000000000000000", "-3.4028235E38", "0")}, ""},
		"beyond float32":                {item{"embedding": vector("0", "3.5e38", "0")}, "Invalid value for parameter embedding[1], Value: 350000000000000000000000000000000000000 is outside valid range [-3.4028235E38, 3.4028235E38]. IndexName: by_embedding"},
		"far beyond float32":            {item{"embedding": vector("0", "0", "-9e125")}, "Invalid value for parameter embedding[2]"},
		"too short":                     {item{"embedding": vector("1", "2")}, "Invalid size for parameter embedding, Expected: 3, Actual: 2 IndexName: by_embedding"},
		"too long":                      {item{"embedding": vector("1", "2", "3", "4")}, "Expected: 3, Actual: 4"},
		"empty":                         {item{"embedding": vector()}, "Expected: 3, Actual: 0"},
		"text":                          {item{"embedding": s("[1,2,3]")}, "Invalid type for parameter embedding, Expected: 32-bit floating point number list IndexName: by_embedding"},
		"null":                          {item{"embedding": null()}, "32-bit floating point number list"},
		"set of numbers":                {item{"embedding": &types.AttributeValueMemberNS{Value: []string{"1", "2", "3"}}}, "32-bit floating point number list"},
		"element of another type":       {item{"embedding": &types.AttributeValueMemberL{Value: []types.AttributeValue{n("1"), s("2"), n("3")}}}, "Invalid type for parameter embedding[1], Expected: 32-bit floating point number, Actual: S. IndexName: by_embedding"},
		"schema":                        {item{"embedding": vector("1", "2", "3"), "tenant": s("a"), "year": n("2026")}, ""},
		"partition key of another type": {item{"tenant": n("1")}, "Attribute 'tenant' type mismatch. Expected: S, Actual: N. IndexName: by_embedding"},
		"filter of another type":        {item{"embedding": vector("1", "2", "3"), "year": s("2026")}, "Attribute 'year' type mismatch. Expected: N, Actual: S. IndexName: by_embedding"},
		"null filter":                   {item{"year": null()}, "Expected: N, Actual: NULL"},
		"empty partition key":           {item{"tenant": s("")}, "cannot contain an empty string value. IndexName: by_embedding, IndexKey: tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.New()
			_, err := db.CreateTable(t.Context(), vectorTable(withSchema))
			require.NoError(t, err)
			test.item["id"] = s("a")
			_, put := db.PutItem(t.Context(), putItem("documents", test.item))
			_, inBatch := db.BatchWriteItem(t.Context(), batch("documents", item{"id": s("good")}, test.item))
			if test.text == "" {
				require.NoError(t, put)
				require.NoError(t, inBatch)
				return
			}
			for _, err := range []error{put, inBatch} {
				require.ErrorContains(t, err, "ValidationException")
				assert.ErrorContains(t, err, test.text)
			}
			assert.Zero(t, db.Len("documents"))
		})
	}
}

func TestVectorWriteBytes(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, _ *dynamodesttest.DB, c client) {
		in := vectorTable()
		keys := vectorOn("embedding")
		keys.IndexName, keys.Projection = aws.String("keys"), &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
		in.VectorIndexes = append(in.VectorIndexes, keys)
		_, err := c.CreateTable(t.Context(), in)
		require.NoError(t, err)
		bytes := func(it item) map[string]float64 {
			put := putItem("documents", it)
			put.ReturnConsumedCapacity = types.ReturnConsumedCapacityIndexes
			out, err := c.PutItem(t.Context(), put)
			require.NoError(t, err)
			got := map[string]float64{}
			for name, v := range out.ConsumedCapacity.VectorIndexes {
				got[name] = *v.VectorWriteRequestBytes
			}
			return got
		}
		long := item{"id": s("a"), "embedding": vector("1", "2", "3"), "text": s(strings.Repeat("x", 1500))}
		size := float64(len("id") + 1 + len("embedding") + 3*4 + len("text") + 1500)
		assert.Equal(t, map[string]float64{"by_embedding": size, "keys": 1024}, bytes(long), "four bytes a dimension, at least 1,024 in all")
		assert.Empty(t, bytes(long), "an equal entry")
		long["text"] = s("y")
		assert.Equal(t, map[string]float64{"by_embedding": size}, bytes(long), "the larger entry, of the index that has the text")
		delete(long, "embedding")
		assert.Equal(t, map[string]float64{"by_embedding": 1024, "keys": 1024}, bytes(long), "the entries removed")
		assert.Empty(t, bytes(long), "in no index")

		b := batch("documents", item{"id": s("b"), "embedding": vector("1", "2", "3")}, item{"id": s("c"), "embedding": vector("1", "2", "3")})
		b.ReturnConsumedCapacity = types.ReturnConsumedCapacityIndexes
		out, err := c.BatchWriteItem(t.Context(), b)
		require.NoError(t, err)
		require.Len(t, out.ConsumedCapacity, 1)
		assert.InDelta(t, 2048, *out.ConsumedCapacity[0].VectorIndexes["keys"].VectorWriteRequestBytes, 0)
		b.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
		b.RequestItems["documents"][0].PutRequest.Item["embedding"] = vector("4", "5", "6")
		out, err = c.BatchWriteItem(t.Context(), b)
		require.NoError(t, err)
		assert.Nil(t, out.ConsumedCapacity[0].VectorIndexes)
	})
}

// A vector counts as four bytes a dimension for the units of a write, and as its numbers for the
// limit on the item's size.
func TestVectorWriteUnits(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.New()
	in := vectorTable()
	_, err := db.CreateTable(t.Context(), in)
	require.NoError(t, err)
	wide := vector(slices.Repeat([]string{strings.Repeat("12345678901234567890", 2)[:38]}, 3)...)
	put := func(fill int) (*dynamodb.PutItemOutput, error) {
		p := putItem("documents", item{"id": s("a"), "embedding": wide, "p": s(strings.Repeat("x", fill))})
		p.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
		return db.PutItem(t.Context(), p)
	}
	rest := len("id") + 1 + len("embedding") + len("p")
	for fill, units := range map[int]float64{1024 - rest - 12: 1, 1025 - rest - 12: 2} {
		_, err := db.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
			"documents": {{DeleteRequest: &types.DeleteRequest{Key: item{"id": s("a")}}}},
		}})
		require.NoError(t, err)
		out, err := put(fill)
		require.NoError(t, err)
		assert.InDelta(t, units, *out.ConsumedCapacity.CapacityUnits, 0)
	}
	stored := 3 + 3*(1+20)
	_, err = put(409_600 - rest - stored)
	require.NoError(t, err)
	_, err = put(409_601 - rest - stored)
	require.ErrorContains(t, err, "Item size has exceeded the maximum allowed size")
}
