package dynamodest_test

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/tabletest"
)

// vectorDB has one table, with the key id (S) and a vector index on embedding, of three dimensions,
// that is partitioned by tenant (S) and filtered by year (N).
func vectorDB(t *testing.T) *dynamodesttest.DB {
	t.Helper()
	like := tabletest.DescribedVectors()
	index := like.VectorIndexes[0]
	db := dynamodesttest.New()
	_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(table), BillingMode: types.BillingModePayPerRequest,
		KeySchema: like.KeySchema, AttributeDefinitions: like.AttributeDefinitions,
		VectorIndexes: []types.VectorIndex{{
			IndexName: index.IndexName, VectorAttribute: index.VectorAttribute, Dimensions: index.Dimensions, SearchSchema: index.SearchSchema,
			DistanceFunction: types.VectorDistanceFunctionCosine, Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}},
	})
	require.NoError(t, err)
	return db
}

// A table that was measured: 0 of 1,000 rows were written, in 1,960 requests.
func TestVectorsAreWritten(t *testing.T) {
	t.Parallel()
	const n = 1000
	random := rand.New(rand.NewPCG(1, 2))
	rows := make([]dynamodest.Row, n)
	for i := range rows {
		embedding := []float32{random.Float32(), float32(random.NormFloat64() * 1e30), -random.Float32() / 1e30}
		rows[i] = dynamodest.Row{"id": strconv.Itoa(i), "embedding": embedding, "tenant": "t", "year": i}
	}
	for name, mapping := range map[string]dynamodest.Mapping{
		"every column": {}, "fields": {Fields: []dynamodest.Field{{Column: "id"}, {Column: "embedding"}, {Column: "tenant"}, {Column: "year", Type: dynamodest.Number}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := vectorDB(t)
			cfg := wireConfig(t, db)
			cfg.Mapping = mapping
			res, err := newDest(t, cfg).Write(t.Context(), rows)
			require.NoError(t, err)
			assert.Equal(t, n, res.Summary.Written)
			assert.Equal(t, n/25, res.Summary.Requests)
			assert.InDelta(t, n*1024, res.Summary.VectorWriteBytes, 0, "at least 1,024 for each item")
			require.Equal(t, n, db.Len(table))
			for i, row := range rows {
				stored, ok := db.Item(table, strconv.Itoa(i))["embedding"].(*types.AttributeValueMemberL)
				require.True(t, ok)
				for j, number := range stored.Value {
					read, err := strconv.ParseFloat(number.(*types.AttributeValueMemberN).Value, 32)
					require.NoError(t, err)
					require.Equal(t, row["embedding"].([]float32)[j], float32(read), "each number reads back as it was")
				}
			}
		})
	}
}

func TestVectorsThatDoNotFit(t *testing.T) {
	t.Parallel()
	const is = "the attribute is the vector of index by_embedding (a list of 3 numbers)"
	rows := []dynamodest.Row{
		{"id": "good", "embedding": [3]float64{1, 2, 3}},
		{"id": "none"},
		{"id": "nil", "embedding": []float32(nil), "tenant": nil, "year": nil},
		{"id": "short", "embedding": []float32{1, 2}},
		{"id": "large", "embedding": []float64{1, math.MaxFloat32 * 2, 3}},
		{"id": "text", "embedding": "secret"},
		{"id": "tenant", "embedding": []float32{1, 2, 3}, "tenant": 5},
	}
	texts := map[int]string{
		3: `column "embedding": the list has 2 members, but ` + is, 4: `column "embedding": the member at index 1 is outside the range of a 32-bit float, but ` + is,
		5: `column "embedding": the value of Go type string is not valid JSON at byte 0; ` + is, 6: `column "tenant": Go type int gives N, which the partition key of vector index by_embedding "tenant" (S) does not take`,
	}
	db := vectorDB(t)
	res, err := newDest(t, wireConfig(t, db)).Write(t.Context(), rows)
	require.ErrorIs(t, err, dynamodest.ErrMapping)
	assert.Equal(t, 3, res.Summary.Written)
	assert.Equal(t, 1, res.Summary.Requests, "the other rows are refused before anything is sent")
	for i, r := range res.Rows {
		if texts[i] == "" {
			require.NoError(t, r.Err)
			continue
		}
		require.ErrorContains(t, r.Err, texts[i])
		assert.Zero(t, r.Attempts)
		assert.NotContains(t, r.Err.Error(), "secret")
	}
	assert.Equal(t, map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "nil"}}, db.Item(table, "nil"), "DynamoDB takes no NULL there")

	cfg := wireConfig(t, db)
	cfg.Mapping.Fields = []dynamodest.Field{{Column: "id"}, {Column: "embedding", Type: dynamodest.JSON}}
	_, err = dynamodest.New(t.Context(), cfg)
	var configErr *dynamodest.ConfigError
	require.ErrorAs(t, err, &configErr)
	assert.Equal(t, "Mapping.Fields[1].Type", configErr.Field)
}

// A vector index that is new, or has other dimensions, is found by Check and after a batch of rows was
// rejected, as a new index key is.
func TestVectorIndexChanges(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	described := tabletest.DescribedVectors()
	rejected := &smithy.GenericAPIError{Code: "ValidationException"}
	client := fake{
		describe: func() (*dynamodb.DescribeTableOutput, error) {
			mu.Lock()
			defer mu.Unlock()
			return &dynamodb.DescribeTableOutput{Table: described}, nil
		},
		batch: func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			return nil, rejected
		},
		put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) { return nil, rejected },
	}
	dest := newDest(t, dynamodest.Config{Table: table, Client: client})
	require.NoError(t, dest.Check(t.Context()))
	mu.Lock()
	described = tabletest.DescribedVectors()
	described.VectorIndexes[0].Dimensions = aws.Int64(4)
	mu.Unlock()
	const want = `the attribute "embedding" has become the vector of index by_embedding (a list of 4 numbers) since this Destination was created`
	require.ErrorContains(t, dest.Check(t.Context()), want)
	rows := numbered(4)
	for _, row := range rows {
		row["embedding"] = []float32{1, 2, 3}
	}
	_, err := dest.Write(t.Context(), rows)
	require.ErrorIs(t, err, dynamodest.ErrConfig)
	require.ErrorContains(t, err, want)
}

// VectorWriteBytes sums what all responses report, for batches and single rows.
func TestVectorWriteBytes(t *testing.T) {
	t.Parallel()
	used := func(bytes float64) types.ConsumedCapacity {
		return types.ConsumedCapacity{CapacityUnits: aws.Float64(1), VectorIndexes: map[string]types.VectorCapacity{
			"a": {VectorWriteRequestBytes: aws.Float64(bytes)}, "b": {VectorWriteRequestBytes: aws.Float64(0.5)}, "c": {},
		}}
	}
	client := fake{
		describe: func() (*dynamodb.DescribeTableOutput, error) {
			return &dynamodb.DescribeTableOutput{Table: tabletest.DescribedVectors()}, nil
		},
		batch: func(_ context.Context, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			assert.Equal(t, types.ReturnConsumedCapacityIndexes, in.ReturnConsumedCapacity, "the level that reports each index")
			return &dynamodb.BatchWriteItemOutput{ConsumedCapacity: []types.ConsumedCapacity{used(1000)}}, nil
		},
		put: func(_ context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
			assert.Equal(t, types.ReturnConsumedCapacityIndexes, in.ReturnConsumedCapacity)
			capacity := used(10)
			return &dynamodb.PutItemOutput{ConsumedCapacity: &capacity}, nil
		},
	}
	dest := newDest(t, dynamodest.Config{Table: table, Client: client})
	res, err := dest.Write(t.Context(), numbered(51)) // 25, 25 and 1
	require.NoError(t, err)
	assert.Equal(t, 3, res.Summary.Requests)
	assert.InDelta(t, 2*1000.5+10.5, res.Summary.VectorWriteBytes, 0)
	sum, err := dest.WriteSeq(t.Context(), seq(numbered(2)), nil)
	require.NoError(t, err)
	assert.InDelta(t, 1000.5, sum.VectorWriteBytes, 0)
}

// A table key that is longer than a sort key may be is the sort key of an index as well: the limit of
// the index applies only to rows that are in the index.
func TestLengthOfAnIndexKey(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.New()
	_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(table), BillingMode: types.BillingModePayPerRequest,
		KeySchema: tabletest.KeySchema(1, "id"), AttributeDefinitions: tabletest.Definitions("id", "S", "group", "S"),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("by_group"), KeySchema: tabletest.KeySchema(1, "group", "id"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}},
	})
	require.NoError(t, err)
	dest := newDest(t, wireConfig(t, db))
	long := strings.Repeat("x", 1499)
	res, err := dest.Write(t.Context(), []dynamodest.Row{{"id": long + "1", "group": nil}, {"id": long + "2", "group": ""}, {"id": long + "3"}, {"id": long + "4", "group": "g"}})
	require.ErrorIs(t, err, dynamodest.ErrKey)
	require.ErrorContains(t, res.Rows[3].Err, `column "id": the value has 1500 bytes, but the key of index by_group "id" (S) takes 1 to 1024`)
	assert.Equal(t, 3, res.Summary.Written)
	for _, i := range []string{"1", "2", "3"} {
		assert.NotNil(t, db.Item(table, long+i))
	}
	assert.Equal(t, map[string]int{"CreateTable": 1, "DescribeTable": 1, "BatchWriteItem": 1}, db.Actions())
}
