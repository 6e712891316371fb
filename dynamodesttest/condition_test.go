package dynamodesttest_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// notNewer is the condition on a version.
const notNewer = "attribute_not_exists(#version) OR #version <= :version"

func TestConditions(t *testing.T) {
	t.Parallel()
	const fails, holds, invalid = "ConditionalCheckFailedException", "", "ValidationException"
	type names = map[string]string
	v := names{"#version": "v"}
	null := &types.AttributeValueMemberNULL{Value: true}
	version := func(av types.AttributeValue) item { return item{":version": av} }
	for name, tt := range map[string]struct {
		there      item // nil: no item
		expression string
		names      names
		values     item
		want       string
	}{
		"no item":                  {nil, notNewer, v, version(n("1")), holds},
		"no version":               {item{}, notNewer, v, version(n("1")), holds},
		"older":                    {item{"v": n("1")}, notNewer, v, version(n("2")), holds},
		"equal":                    {item{"v": n("2.0")}, notNewer, v, version(n("20e-1")), holds},
		"newer":                    {item{"v": n("10")}, notNewer, v, version(n("9")), fails},
		"newer, negative":          {item{"v": n("-1")}, notNewer, v, version(n("-2")), fails},
		"newer, large":             {item{"v": n("12345678901234567890123456789012345679")}, notNewer, v, version(n("12345678901234567890123456789012345678")), fails},
		"older text":               {item{"v": s("9")}, notNewer, v, version(s("91")), holds},
		"newer text":               {item{"v": s("é")}, notNewer, v, version(s("z")), fails},
		"another type":             {item{"v": s("1")}, notNewer, v, version(n("2")), fails},
		"null":                     {item{"v": null}, notNewer, v, version(n("2")), fails},
		"and before or":            {item{"v": n("1")}, "v = :version OR v = :version AND attribute_exists(w)", nil, version(n("1")), holds},
		"parentheses":              {item{"v": n("1")}, "(v = :version OR v = :version) AND attribute_exists(w)", nil, version(n("1")), fails},
		"small letters":            {item{"v": n("1")}, "attribute_exists(w) or v = :version and v <> :other", nil, item{":version": n("1"), ":other": n("2")}, holds},
		"greater":                  {item{"v": n("1")}, "v > :version", nil, version(n("0.5")), holds},
		"at least":                 {item{"v": n("1")}, ":version >= v", nil, version(n("1")), holds},
		"less":                     {item{"v": n("1")}, "v<:version", nil, version(n("1")), fails},
		"other than what is not":   {nil, "v <> :version", nil, version(n("1")), holds},
		"undefined name":           {nil, notNewer, nil, version(n("1")), invalid},
		"undefined value":          {nil, notNewer, v, nil, invalid},
		"unused name":              {nil, notNewer, names{"#version": "v", "#more": "w"}, version(n("1")), invalid},
		"unused value":             {nil, notNewer, v, item{":version": n("1"), ":more": n("1")}, invalid},
		"empty values":             {nil, "attribute_not_exists(v)", nil, item{}, invalid},
		"values without condition": {nil, "", nil, version(n("1")), invalid},
		"no number":                {nil, notNewer, v, version(n("x")), invalid},
		"value without colon":      {nil, notNewer, v, item{":version": n("1"), "more": n("1")}, invalid},
		"set as value":             {nil, notNewer, v, version(&types.AttributeValueMemberSS{Value: []string{"a"}}), invalid},
		"cut off":                  {nil, "attribute_not_exists(#version) OR", v, nil, invalid},
		"open parenthesis":         {nil, "(attribute_not_exists(#version)", v, nil, invalid},
		"two in a row":             {nil, "attribute_not_exists(#version) attribute_exists(#version)", v, nil, invalid},
		"unknown function":         {nil, "size(v) > :version", nil, version(n("1")), invalid},
		"no operator":              {nil, "v :version", nil, version(n("1")), invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
				if tt.there != nil {
					there := user("a", "1")
					for k, av := range tt.there {
						there[k] = av
					}
					_, err := c.PutItem(t.Context(), putItem("users", there))
					require.NoError(t, err)
				}
				in := putItem("users", user("a", "1"))
				in.Item["new"] = s("x")
				if tt.expression != "" {
					in.ConditionExpression = aws.String(tt.expression)
				}
				in.ExpressionAttributeNames, in.ExpressionAttributeValues = tt.names, tt.values
				_, err := c.PutItem(t.Context(), in)
				_, written := db.Item("users", "a", 1)["new"]
				assert.Equal(t, tt.want == holds, written)
				if tt.want == holds {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, tt.want)
				}
			})
		})
	}
}

// The condition of a late put is judged when the put is applied.
func TestConditionOfALatePut(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		put := func(version string) error {
			in := putItem("users", user("a", "1"))
			in.Item["v"] = n(version)
			in.ConditionExpression, in.ExpressionAttributeNames = aws.String(notNewer), map[string]string{"#version": "v"}
			in.ExpressionAttributeValues = item{":version": n(version)}
			_, err := c.PutItem(t.Context(), in)
			return err
		}
		db.FailWrites(dynamodesttest.Reset().AppliedLate(100))
		require.Error(t, put("1"))
		require.NoError(t, put("2"))
		db.ApplyLate()
		assert.Equal(t, n("2"), db.Item("users", "a", 1)["v"])
		db.FailWrites(dynamodesttest.Reset().AppliedLate(100))
		require.Error(t, put("3"))
		db.ApplyLate()
		assert.Equal(t, n("3"), db.Item("users", "a", 1)["v"])
	})
}

// A failed condition costs the units of the larger item, which the response does not say.
func TestFailedConditionTakesCapacity(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		big := user("a", "1")
		big["text"] = s(string(make([]byte, 3000)))
		_, err := c.PutItem(t.Context(), putItem("users", big))
		require.NoError(t, err)
		limit := db.Limit("users", dynamodesttest.Capacity{UnitsPerSecond: 1000, Full: true})
		for _, it := range []item{user("a", "1"), big} {
			in := putItem("users", it)
			in.ConditionExpression = aws.String("attribute_not_exists(id)")
			in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
			_, err = c.PutItem(t.Context(), in)
			var failed *types.ConditionalCheckFailedException
			require.ErrorAs(t, err, &failed)
		}
		written, _ := limit.Usage()
		assert.InDelta(t, 6, written, 0)
		_, err = c.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
			"users": {{DeleteRequest: &types.DeleteRequest{Key: user("a", "1")}}},
		}})
		require.NoError(t, err)
		written, _ = limit.Usage()
		assert.InDelta(t, 9, written, 0, "a delete costs the units of the item")
	})
}

func TestUnitsOfAFailedCondition(t *testing.T) {
	t.Parallel()
	sizedUser := func(kilobytes int) item {
		it := user("a", "1")
		it["text"] = s(strings.Repeat("x", kilobytes*1024))
		return it
	}
	for name, test := range map[string]struct {
		there item // nil: no item
		sent  item
		units float64
	}{
		"the item there is larger": {sizedUser(3), user("a", "1"), 4},
		"the new item is larger":   {user("a", "1"), sizedUser(5), 6},
		"both are small":           {user("a", "1"), user("a", "1"), 1},
		"no item is there":         {nil, sizedUser(2), 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
				if test.there != nil {
					_, err := c.PutItem(t.Context(), putItem("users", test.there))
					require.NoError(t, err)
				}
				limit := db.Limit("users", dynamodesttest.Capacity{UnitsPerSecond: 1000, Full: true})
				before, _ := db.Usage("users")
				in := putItem("users", test.sent)
				in.ConditionExpression = aws.String("attribute_exists(nothing)")
				for _, show := range []types.ReturnValuesOnConditionCheckFailure{"", "NONE", "ALL_OLD"} {
					in.ReturnValuesOnConditionCheckFailure = show
					_, err := c.PutItem(t.Context(), in)
					var failed *types.ConditionalCheckFailedException
					require.ErrorAs(t, err, &failed)
					want := test.there
					if show != "ALL_OLD" {
						want = nil
					}
					assert.Equal(t, want, failed.Item, show)
				}
				written, _ := db.Usage("users")
				assert.InDelta(t, 3*test.units, written-before, 0)
				written, _ = limit.Usage()
				assert.InDelta(t, 3*test.units, written, 0)
				assert.LessOrEqual(t, len(db.Writes()), 1)
			})
		})
	}
}
