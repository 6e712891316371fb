package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// all calls each method of a Client for api.
func all(ctx context.Context, api API) map[string]*fault.Failure {
	c := New(api, "users")
	_, _, describe := c.Describe(ctx, ctx.Err)
	_, batch := c.WriteBatch(ctx, ctx.Err, twoItems())
	_, put := c.Put(ctx, ctx.Err, numbered("1", "a"), IfAbsent)
	return map[string]*fault.Failure{DescribeTable: describe, BatchWriteItem: batch, PutItem: put}
}

// The shortest fake there is returns empty outputs, and that is a success.
func TestMinimalFake(t *testing.T) {
	t.Parallel()
	for op, failure := range all(t.Context(), fake{}) {
		assert.Nil(t, failure, op)
	}
	d, _, failure := New(fake{}, "users").Describe(t.Context(), t.Context().Err)
	require.Nil(t, failure)
	assert.Equal(t, table.Description{}, d)
}

// A nil output is a lost response, except for DescribeTable, which a fake need not implement.
func TestNilOutputsAreInconclusive(t *testing.T) {
	t.Parallel()
	failures := all(t.Context(), failing(nil))
	assert.Nil(t, failures[DescribeTable])
	for op, text := range map[string]string{
		BatchWriteItem: "BatchWriteItem: the response has no UnprocessedItems",
		PutItem:        "PutItem: the response is empty",
	} {
		require.NotNil(t, failures[op])
		assert.Equal(t, inconclusive, meaningOf(failures[op]))
		assert.Equal(t, text, failures[op].Err.Error())
	}
}

func TestErrorsOfFakes(t *testing.T) {
	t.Parallel()
	for op, failure := range all(t.Context(), failing(&types.ResourceNotFoundException{})) {
		require.NotNil(t, failure, op)
		assert.Equal(t, meaning{fault.NoTable, fault.Abort, false}, meaningOf(failure), op)
		var shown *Error
		require.ErrorAs(t, failure.Err, &shown)
		assert.Equal(t, op, shown.Op)
		assert.Equal(t, op+": ResourceNotFoundException", shown.Error())
	}

	var none *types.ConditionalCheckFailedException
	for _, err := range []error{none, fmt.Errorf("fake: %w", errors.Join(io.EOF, none))} {
		for op, failure := range all(t.Context(), failing(err)) {
			require.NotNil(t, failure, op)
			assert.Equal(t, inconclusive, meaningOf(failure), op)
			assert.Equal(t, op+": the client returned a nil *types.ConditionalCheckFailedException as its error", failure.Err.Error())
		}
	}
}

func TestRequestsAsTheyAreSent(t *testing.T) {
	t.Parallel()
	bodies := map[string]any{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body any
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&body))
		bodies[r.Header.Get("X-Amz-Target")] = body
		respond(200, `{"UnprocessedItems":{}}`)(w, r)
	}))
	defer server.Close()
	c := New(builtClient(server.URL), "users").WithDescription(users())
	_, _, _ = c.Describe(t.Context(), t.Context().Err)
	_, failure := c.WriteBatch(t.Context(), t.Context().Err, twoItems())
	require.Nil(t, failure)
	_, failure = c.Put(t.Context(), t.Context().Err, numbered("1", "a"), IfAbsent)
	require.Nil(t, failure)
	conditional := bodies["DynamoDB_20120810.PutItem"]
	_, failure = c.Put(t.Context(), t.Context().Err, numbered("1", "a"), Condition{})
	require.Nil(t, failure)

	for body, want := range map[string]any{
		`{"TableName":"users"}`: bodies["DynamoDB_20120810.DescribeTable"],
		`{"RequestItems":{"users":[
			{"PutRequest":{"Item":{"id":{"N":"1"},"name":{"S":"a"}}}},
			{"PutRequest":{"Item":{"id":{"N":"2"},"name":{"S":"b"}}}}]},
			"ReturnConsumedCapacity":"INDEXES"}`: bodies["DynamoDB_20120810.BatchWriteItem"],
		`{"TableName":"users","Item":{"id":{"N":"1"},"name":{"S":"a"}},"ReturnConsumedCapacity":"INDEXES"}`: bodies["DynamoDB_20120810.PutItem"],
		`{"TableName":"users","Item":{"id":{"N":"1"},"name":{"S":"a"}},"ReturnConsumedCapacity":"INDEXES",
			"ConditionExpression":"attribute_not_exists(#key)","ExpressionAttributeNames":{"#key":"id"},
			"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`: conditional,
	} {
		sent, err := json.Marshal(want)
		require.NoError(t, err)
		assert.JSONEq(t, body, string(sent))
	}
}

// handsBack is a fake that returns writes as unprocessed.
func handsBack(writes ...types.WriteRequest) fake {
	return fake{batch: func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
		return &dynamodb.BatchWriteItemOutput{
			UnprocessedItems: map[string][]types.WriteRequest{"users": writes},
			ConsumedCapacity: []types.ConsumedCapacity{{CapacityUnits: aws.Float64(2)}},
		}, nil
	}}
}

func putOf(it *item.Item) types.WriteRequest {
	return types.WriteRequest{PutRequest: &types.PutRequest{Item: it.SDK()}}
}

func TestUnprocessedItemsAreMatched(t *testing.T) {
	t.Parallel()
	items := []*item.Item{numbered("1", "a"), numbered("2", "b"), numbered("3", "c")}
	keyOnly := types.WriteRequest{PutRequest: &types.PutRequest{Item: map[string]types.AttributeValue{"id": &types.AttributeValueMemberN{Value: "3e0"}}}}
	twins := []*item.Item{numbered("1", "a"), numbered("2", "b"), numbered("1", "a"), numbered("1", "a")}
	for name, tt := range map[string]struct {
		known     bool
		items     []*item.Item
		returned  []types.WriteRequest
		want      []bool
		strangers int
	}{
		"none, by key":                  {true, items, nil, nil, 0},
		"none, whole":                   {false, items, nil, nil, 0},
		"by key":                        {true, items, []types.WriteRequest{keyOnly, putOf(items[0])}, []bool{true, false, true}, 0},
		"by key, named twice":           {true, items, []types.WriteRequest{keyOnly, keyOnly}, []bool{false, false, true}, 0},
		"whole":                         {false, items, []types.WriteRequest{putOf(items[2]), putOf(items[0])}, []bool{true, false, true}, 0},
		"whole, of equal ones":          {false, twins, []types.WriteRequest{putOf(twins[0]), putOf(twins[0])}, []bool{true, false, true, false}, 0},
		"whole, one more than was sent": {false, items, []types.WriteRequest{putOf(items[0]), putOf(items[0])}, nil, 1},
		"whole, the key alone":          {false, items, []types.WriteRequest{keyOnly, putOf(items[0])}, nil, 1},
		"a stranger's key":              {true, items, []types.WriteRequest{putOf(items[0]), putOf(numbered("4", "a"))}, nil, 1},
		"no key":                        {true, items, []types.WriteRequest{{PutRequest: &types.PutRequest{}}}, nil, 1},
		"no put":                        {true, items, []types.WriteRequest{putOf(items[0]), {}, {DeleteRequest: &types.DeleteRequest{}}}, nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := New(handsBack(tt.returned...), "users")
			if tt.known {
				c = c.WithDescription(users())
			}
			result, failure := c.WriteBatch(t.Context(), t.Context().Err, tt.items)
			assert.Equal(t, Result{Unprocessed: tt.want, TableUnits: 2, WriteUnits: 2}, result)
			if tt.strangers == 0 {
				require.Nil(t, failure)
				return
			}
			require.NotNil(t, failure)
			assert.Equal(t, inconclusive, meaningOf(failure))
			assert.Equal(t, fmt.Sprintf("BatchWriteItem: UnprocessedItems has %d items that are not in the request", tt.strangers), failure.Err.Error())
		})
	}
}

func TestExistingItemsAreCompared(t *testing.T) {
	t.Parallel()
	it := numbered("1", "a")
	other := numbered("1", "b").SDK()
	equal := map[string]types.AttributeValue{"id": &types.AttributeValueMemberN{Value: "1.00"}, "name": &types.AttributeValueMemberS{Value: "a"}}
	for name, tt := range map[string]struct {
		err  error
		want Existing
	}{
		"equal":       {&types.ConditionalCheckFailedException{Item: equal}, EqualItem},
		"other":       {&types.ConditionalCheckFailedException{Item: other}, OtherItem},
		"not shown":   {&types.ConditionalCheckFailedException{}, NotShown},
		"other error": {&types.ThrottlingException{}, NotShown},
		"wrapped":     {fmt.Errorf("put: %w", &types.ConditionalCheckFailedException{Item: other}), OtherItem},
	} {
		result, failure := New(failing(tt.err), "users").WithDescription(users()).Put(t.Context(), t.Context().Err, it, IfAbsent)
		require.NotNil(t, failure, name)
		want := Result{Existing: tt.want}
		if name != "other error" {
			want.TableUnits, want.WriteUnits = 1, 1 // estimated
		}
		assert.Equal(t, want, result, name)
		assert.Equal(t, name != "other error", failure.Action == fault.KeyExists, name)
	}
}

func TestConsumedCapacity(t *testing.T) {
	t.Parallel()
	units := func(total float64, table *types.Capacity) *types.ConsumedCapacity {
		return &types.ConsumedCapacity{CapacityUnits: aws.Float64(total), Table: table}
	}
	for name, tt := range map[string]struct {
		consumed *types.ConsumedCapacity
		want     Result
	}{
		"none":         {nil, Result{}},
		"empty":        {&types.ConsumedCapacity{}, Result{}},
		"total":        {units(3, nil), Result{TableUnits: 3, WriteUnits: 3}},
		"with indexes": {units(3, &types.Capacity{CapacityUnits: aws.Float64(1)}), Result{TableUnits: 1, WriteUnits: 3}},
		"no number":    {units(math.NaN(), &types.Capacity{CapacityUnits: aws.Float64(math.Inf(1))}), Result{}},
	} {
		f := fake{put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
			return &dynamodb.PutItemOutput{ConsumedCapacity: tt.consumed}, nil
		}}
		result, failure := New(f, "users").Put(t.Context(), t.Context().Err, numbered("1", "a"), Condition{})
		require.Nil(t, failure)
		assert.Equal(t, tt.want, result, name)
	}
}

func TestDescriptions(t *testing.T) {
	t.Parallel()
	const described = `{"Table":{"TableStatus":"ACTIVE","TableArn":"arn","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}}`
	for body, whose := range map[string]string{
		described: "DynamoDB",
		`{"Table":{"TableStatus":"ACTIVE","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}}`: "another", // without the key's type
		`{"Table":{"TableStatus":"ACTIVE"}}`: "another",
		`{}`:                                 "another",
		``:                                   "another",
	} {
		server := httptest.NewServer(respond(200, body))
		d, _, failure := New(builtClient(server.URL), "users").Describe(t.Context(), t.Context().Err)
		server.Close()
		if whose == "DynamoDB" {
			require.Nil(t, failure)
			assert.Equal(t, "arn", d.ARN)
			assert.Equal(t, "id", d.Schema.Partition.Name)
			continue
		}
		require.NotNil(t, failure, body)
		assert.Equal(t, meaning{fault.Unavailable, fault.Retry, false}, meaningOf(failure))
		assert.Equal(t, "the response describes no table with its keys, so it is not DynamoDB's", failure.Err.Error())
	}

	partial := fake{describe: func(context.Context, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
		return &dynamodb.DescribeTableOutput{Table: &types.TableDescription{KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}}}}, nil
	}}
	d, _, failure := New(partial, "users").Describe(t.Context(), t.Context().Err)
	require.Nil(t, failure)
	assert.True(t, d.Known, "a fake may leave the key's type out")
}

// A request without a response ends after 30 seconds, which is Unavailable, or with the caller's
// context, which is Stopped.
func TestRequestsEndInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stalls := fake{
			describe: func(ctx context.Context, _ *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
			batch: func(ctx context.Context, _ *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
			put: func(ctx context.Context, _ *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
		}
		begin := time.Now()
		for op, failure := range all(t.Context(), stalls) {
			require.NotNil(t, failure)
			assert.Equal(t, inconclusive, meaningOf(failure))
			assert.Equal(t, op+": no response within 30s", failure.Err.Error())
			require.ErrorIs(t, failure.Err, errDeadline)
			require.NotErrorIs(t, failure.Err, context.DeadlineExceeded)
		}
		assert.Equal(t, 90*time.Second, time.Since(begin))

		caller, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, failure := putBatch(caller, stalls)
		require.NotNil(t, failure)
		assert.Equal(t, meaning{fault.Stopped, fault.Abort, true}, meaningOf(failure))
		require.ErrorIs(t, failure.Err, context.DeadlineExceeded)
		assert.Equal(t, 91*time.Second, time.Since(begin))
	})
}

// A request whose context has ended, or the caller's, never reaches the client, so it certainly
// applied nothing.
func TestRequestAfterTheEndOfItsContext(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	called := fake{
		describe: func(context.Context, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
			t.Error("the client was called")
			return nil, errors.New("no")
		},
		batch: func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			t.Error("the client was called")
			return nil, errors.New("no")
		},
		put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
			t.Error("the client was called")
			return nil, errors.New("no")
		},
	}
	for op, failure := range all(ended, called) {
		require.NotNil(t, failure)
		assert.Equal(t, meaning{fault.Stopped, fault.Abort, false}, meaningOf(failure))
		assert.Equal(t, op+": context canceled", failure.Err.Error())
		require.ErrorIs(t, failure.Err, context.Canceled)
	}

	// The context of the hook is not derived from the caller's.
	_, failure := New(called, "users").WriteBatch(t.Context(), ended.Err, twoItems())
	require.NotNil(t, failure)
	assert.Equal(t, meaning{fault.Stopped, fault.Abort, false}, meaningOf(failure))

	// The context of the hook has ended, and the caller's has not.
	_, failure = New(called, "users").WriteBatch(ended, t.Context().Err, twoItems())
	require.NotNil(t, failure)
	assert.Equal(t, meaning{fault.Unavailable, fault.Retry, false}, meaningOf(failure))
	assert.Equal(t, "BatchWriteItem: the context that RequestStart returned ended first", failure.Err.Error())
	require.NotErrorIs(t, failure.Err, context.Canceled)
}

// A client may spoil what it was given: each request has an input of its own.
func TestInputsAreTheClientsOwn(t *testing.T) {
	t.Parallel()
	it := numbered("1", "a")
	want := it.SDK()
	c := New(fake{put: func(_ context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
		assert.Equal(t, want, in.Item)
		clear(in.Item)
		return &dynamodb.PutItemOutput{}, nil
	}}, "users")
	for range 2 {
		_, failure := c.Put(t.Context(), t.Context().Err, it, Condition{})
		require.Nil(t, failure)
	}
}
