package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/itemtest"
)

// versioned returns an item with a version.
func versioned(version item.Attr) *item.Item {
	version.Name = "v"
	it := numbered("1", "a")
	it.Attrs = append(it.Attrs, version)
	rank, _ := version.AppendRank(nil)
	it.Rank = string(rank)
	return it
}

// deleteOf returns the delete of an item by its number.
func deleteOf(id string) *item.Item {
	it := numbered(id, "")
	it.Attrs, it.Delete = it.Attrs[:1], true
	return it
}

func TestConditionsAndDeletesAsTheyAreSent(t *testing.T) {
	t.Parallel()
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body json.RawMessage
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&body))
		bodies = append(bodies, string(body))
		respond(200, `{"UnprocessedItems":{}}`)(w, r)
	}))
	defer server.Close()
	c := New(builtClient(server.URL), "users").WithDescription(users())
	_, failure := c.Put(t.Context(), t.Context().Err, versioned(item.Attr{Kind: item.N, Text: "7"}), UnlessNewer("v"))
	require.Nil(t, failure)
	_, failure = c.WriteBatch(t.Context(), t.Context().Err, []*item.Item{deleteOf("2")})
	require.Nil(t, failure)
	_, failure = c.WriteBatch(t.Context(), t.Context().Err, []*item.Item{deleteOf("2"), numbered("1", "a")})
	require.Nil(t, failure)

	require.Len(t, bodies, 3)
	assert.JSONEq(t, `{"TableName":"users","Item":{"id":{"N":"1"},"name":{"S":"a"},"v":{"N":"7"}},"ReturnConsumedCapacity":"INDEXES",
		"ConditionExpression":"attribute_not_exists(#version) OR #version <= :version",
		"ExpressionAttributeNames":{"#version":"v"},"ExpressionAttributeValues":{":version":{"N":"7"}},
		"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`, bodies[0])
	assert.JSONEq(t, `{"RequestItems":{"users":[{"DeleteRequest":{"Key":{"id":{"N":"2"}}}}]},"ReturnConsumedCapacity":"INDEXES"}`, bodies[1])
	assert.JSONEq(t, `{"RequestItems":{"users":[{"DeleteRequest":{"Key":{"id":{"N":"2"}}}},
		{"PutRequest":{"Item":{"id":{"N":"1"},"name":{"S":"a"}}}}]},"ReturnConsumedCapacity":"INDEXES"}`, bodies[2])
}

func TestVersionsAreCompared(t *testing.T) {
	t.Parallel()
	n := func(text string) item.Attr { return item.Attr{Kind: item.N, Text: text} }
	s := func(text string) item.Attr { return item.Attr{Kind: item.S, Text: text} }
	for name, tt := range map[string]struct {
		ours  item.Attr
		shown types.AttributeValue
		want  Existing
	}{
		"greater number":            {n("9"), itemtest.N("10"), NewerItem},
		"greater by the last digit": {n("12345678901234567890123456789012345678"), itemtest.N("12345678901234567890123456789012345679"), NewerItem},
		"greater, negative":         {n("-2"), itemtest.N("-1.5"), NewerItem},
		"greater than a fraction":   {n("0.1"), itemtest.N("1e-1001"), OtherItem}, // no number of DynamoDB's
		"equal number, so spelled":  {n("1"), itemtest.N("1.0"), NotShown},
		"smaller number":            {n("2"), itemtest.N("1"), NotShown},
		"greater text":              {s("9"), itemtest.S("91"), NewerItem},
		"greater by bytes":          {s("z"), itemtest.S("é"), NewerItem},
		"greater by UTF-8":          {s("\uffff"), itemtest.S("\U00010000"), NewerItem}, // UTF-16 would say less
		"smaller text":              {s("10"), itemtest.S("1"), NotShown},
		"number for a text":         {s("1"), itemtest.N("2"), OtherItem},
		"text for a number":         {n("1"), itemtest.S("2"), OtherItem},
		"null":                      {n("1"), itemtest.Null(), OtherItem},
		"binary":                    {n("1"), itemtest.B('9'), OtherItem},
		"no attribute":              {n("1"), nil, NotShown},
	} {
		shown := numbered("1", "b").SDK()
		if tt.shown != nil {
			shown["v"] = tt.shown
		}
		err := fmt.Errorf("put: %w", &types.ConditionalCheckFailedException{Item: shown})
		result, failure := New(failing(err), "users").WithDescription(users()).Put(t.Context(), t.Context().Err, versioned(tt.ours), UnlessNewer("v"))
		require.NotNil(t, failure, name)
		assert.Equal(t, fault.KeyExists, failure.Action, name)
		assert.Equal(t, tt.want, result.Existing, name)
	}
}

// A failed condition carries no consumed capacity: it is estimated by the larger of the two items.
func TestFailedConditionsCostUnits(t *testing.T) {
	t.Parallel()
	big := numbered("1", strings.Repeat("x", 3000)) // 3 units
	for name, tt := range map[string]struct {
		put   *item.Item
		shown map[string]types.AttributeValue
		want  float64
	}{
		"not shown":      {versioned(item.Attr{Kind: item.N, Text: "1"}), nil, 1},
		"the item there": {versioned(item.Attr{Kind: item.N, Text: "1"}), big.SDK(), 3},
		"the row":        {big, numbered("1", "a").SDK(), 3},
	} {
		tt.put.Size = 0
		for i := range tt.put.Attrs {
			size, _, err := tt.put.Attrs[i].Measure()
			require.NoError(t, err)
			tt.put.Size += len(tt.put.Attrs[i].Name) + size
		}
		for _, cond := range []Condition{IfAbsent, UnlessNewer("v")} {
			err := &types.ConditionalCheckFailedException{Item: tt.shown}
			result, _ := New(failing(err), "users").WithDescription(users()).Put(t.Context(), t.Context().Err, tt.put, cond)
			assert.InDelta(t, tt.want, result.TableUnits, 0, name)
			assert.InDelta(t, tt.want, result.WriteUnits, 0, name)
		}
	}
	result, _ := New(failing(&types.ThrottlingException{}), "users").WithDescription(users()).
		Put(context.Background(), t.Context().Err, big, IfAbsent)
	assert.Zero(t, result.TableUnits)
}

func TestUnprocessedDeletesAreMatched(t *testing.T) {
	t.Parallel()
	items := []*item.Item{deleteOf("1"), numbered("2", "b"), deleteOf("3")}
	del := func(id string) types.WriteRequest {
		return types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: map[string]types.AttributeValue{"id": itemtest.N(id)}}}
	}
	for name, tt := range map[string]struct {
		returned  []types.WriteRequest
		want      []bool
		strangers bool
	}{
		"by key":               {[]types.WriteRequest{del("3.0"), putOf(items[1])}, []bool{false, true, true}, false},
		"a put for a delete":   {[]types.WriteRequest{putOf(numbered("1", "a"))}, nil, true},
		"a delete for a put":   {[]types.WriteRequest{del("2")}, nil, true},
		"both in one entry":    {[]types.WriteRequest{{PutRequest: putOf(items[1]).PutRequest, DeleteRequest: del("1").DeleteRequest}}, nil, true},
		"a delete not in it":   {[]types.WriteRequest{del("4")}, nil, true},
		"a delete without key": {[]types.WriteRequest{{DeleteRequest: &types.DeleteRequest{}}}, nil, true},
	} {
		result, failure := New(handsBack(tt.returned...), "users").WithDescription(users()).WriteBatch(t.Context(), t.Context().Err, items)
		assert.Equal(t, tt.want, result.Unprocessed, name)
		assert.Equal(t, tt.strangers, failure != nil, name)
	}
}
