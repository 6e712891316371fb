package dynamodesttest_test

import (
	"errors"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestOperations(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		ctx := t.Context()
		all := user("a", "2.50")
		all["b"], all["null"], all["yes"] = bin("\x00\xff"), null(), &types.AttributeValueMemberBOOL{Value: true}
		all["text"] = s("quotes \" <html> \u2028 \n and \\ é 😀")
		all["list"] = &types.AttributeValueMemberL{Value: []types.AttributeValue{n("1e2"), s(""), &types.AttributeValueMemberM{Value: item{"k": n("-0")}}}}
		all["ss"] = &types.AttributeValueMemberSS{Value: []string{"x", ""}}
		all["ns"] = &types.AttributeValueMemberNS{Value: []string{"1", "2.0"}}
		all["bs"] = &types.AttributeValueMemberBS{Value: [][]byte{{1}, {}}}
		out, err := c.BatchWriteItem(ctx, batch("users", all, user("b", "1"), user("b", "-7")))
		require.NoError(t, err)
		assert.NotNil(t, out.UnprocessedItems)
		assert.Empty(t, out.UnprocessedItems)

		got, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("users"), Key: user("a", "02.5e0")})
		require.NoError(t, err)
		all["at"], all["ns"] = n("2.5"), &types.AttributeValueMemberNS{Value: []string{"1", "2"}}
		all["list"] = &types.AttributeValueMemberL{Value: []types.AttributeValue{n("100"), s(""), &types.AttributeValueMemberM{Value: item{"k": n("0")}}}}
		assert.Equal(t, all, got.Item)
		assert.Equal(t, []item{all, user("b", "-7"), user("b", "1")}, db.Items("users"))
		assert.Equal(t, all, db.Item("users", "a", 2.5))
		assert.Nil(t, db.Item("users", "a", 3))

		_, err = c.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
			dynamodesttest.ARN("users"): {{DeleteRequest: &types.DeleteRequest{Key: user("a", "2.5")}}},
		}})
		require.NoError(t, err)
		assert.Equal(t, 2, db.Len("users"))
		put, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("users"), Item: user("b", "1"), ReturnValues: types.ReturnValueAllOld})
		require.NoError(t, err)
		assert.Equal(t, user("b", "1"), put.Attributes)

		_, err = c.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String("users")})
		require.NoError(t, err)
		_, err = c.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("users")})
		var missing *types.ResourceNotFoundException
		require.ErrorAs(t, err, &missing)
		assert.Equal(t, map[string]int{"BatchWriteItem": 2, "GetItem": 1, "PutItem": 1, "DeleteTable": 1, "DescribeTable": 1}, db.Actions())
	})
}

func TestDescribeTableReturnsWhatWasCreated(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		in := &dynamodb.CreateTableInput{
			TableName: aws.String("orders"),
			AttributeDefinitions: []types.AttributeDefinition{
				{AttributeName: aws.String("pk"), AttributeType: "S"}, {AttributeName: aws.String("sk"), AttributeType: "B"},
				{AttributeName: aws.String("g1"), AttributeType: "N"}, {AttributeName: aws.String("g2"), AttributeType: "S"},
			},
			KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: "HASH"}, {AttributeName: aws.String("sk"), KeyType: "RANGE"}},
			GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
				IndexName:             aws.String("many"),
				KeySchema:             []types.KeySchemaElement{{AttributeName: aws.String("g1"), KeyType: "HASH"}, {AttributeName: aws.String("g2"), KeyType: "HASH"}, {AttributeName: aws.String("sk"), KeyType: "RANGE"}},
				Projection:            &types.Projection{ProjectionType: "KEYS_ONLY"},
				ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(7)},
			}},
			LocalSecondaryIndexes: []types.LocalSecondaryIndex{{
				IndexName:  aws.String("local"),
				KeySchema:  []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: "HASH"}, {AttributeName: aws.String("g1"), KeyType: "RANGE"}},
				Projection: &types.Projection{ProjectionType: "ALL"},
			}},
			ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(50)},
		}
		_, err := c.CreateTable(t.Context(), in)
		require.NoError(t, err)
		db.SetStatus("orders", types.TableStatusUpdating)
		out, err := c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("orders")})
		require.NoError(t, err)
		about := out.Table
		assert.Equal(t, types.TableStatusUpdating, about.TableStatus)
		assert.Equal(t, in.KeySchema, about.KeySchema)
		assert.Equal(t, in.AttributeDefinitions, about.AttributeDefinitions)
		assert.Equal(t, int64(50), *about.ProvisionedThroughput.WriteCapacityUnits)
		assert.Nil(t, about.BillingModeSummary)
		require.Len(t, about.GlobalSecondaryIndexes, 1)
		assert.Equal(t, in.GlobalSecondaryIndexes[0].KeySchema, about.GlobalSecondaryIndexes[0].KeySchema)
		assert.Equal(t, int64(7), *about.GlobalSecondaryIndexes[0].ProvisionedThroughput.WriteCapacityUnits)
		assert.Equal(t, in.LocalSecondaryIndexes[0].KeySchema, about.LocalSecondaryIndexes[0].KeySchema)
		assert.Equal(t, dynamodesttest.ARN("orders"), *about.TableArn)
		assert.False(t, about.CreationDateTime.IsZero())

		_, err = c.CreateTable(t.Context(), in)
		var inUse *types.ResourceInUseException
		require.ErrorAs(t, err, &inUse)
	})
}

func TestScanPages(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		big := string(make([]byte, 300_000))
		for i := range 10 {
			it := user("a", strconv.Itoa(i))
			it["big"] = bin(big)
			_, err := c.PutItem(t.Context(), putItem("users", it))
			require.NoError(t, err)
		}
		for _, limit := range []*int32{nil, aws.Int32(3)} {
			var got []item
			pages := 0
			for p := dynamodb.NewScanPaginator(c, &dynamodb.ScanInput{TableName: aws.String("users"), Limit: limit}); p.HasMorePages(); pages++ {
				page, err := p.NextPage(t.Context())
				require.NoError(t, err)
				got = append(got, page.Items...)
			}
			assert.Equal(t, db.Items("users"), got)
			assert.Greater(t, pages, 2)
		}
	})
}

func TestCondition(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		in := putItem("users", user("a", "1"))
		in.ConditionExpression = aws.String("attribute_not_exists(#k)")
		in.ExpressionAttributeNames = map[string]string{"#k": "id"}
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
		_, err := c.PutItem(t.Context(), in)
		require.NoError(t, err)

		in.Item["new"] = s("x")
		_, err = c.PutItem(t.Context(), in)
		var failed *types.ConditionalCheckFailedException
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, user("a", "1"), failed.Item)
		assert.Equal(t, user("a", "1"), db.Item("users", "a", 1))

		db.FailWrites(dynamodesttest.HideItem())
		_, err = c.PutItem(t.Context(), in)
		failed = nil
		require.ErrorAs(t, err, &failed)
		assert.Nil(t, failed.Item)

		in.ConditionExpression, in.ExpressionAttributeNames = aws.String("attribute_not_exists(absent)"), nil
		_, err = c.PutItem(t.Context(), in)
		require.NoError(t, err)
		in.ConditionExpression = aws.String("size(id) > :n")
		_, err = c.PutItem(t.Context(), in)
		assert.ErrorContains(t, err, "dynamodesttest does not support")
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	throttle := dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN("users"), "TableWriteKeyRangeThroughputExceeded")
	for name, test := range map[string]struct {
		fault   dynamodesttest.Fault
		written int
		want    string // in the error, "" for none
	}{
		"none":                   {dynamodesttest.Fault{}, 3, ""},
		"error":                  {dynamodesttest.Error(500, "InternalServerError", "oh"), 0, "InternalServerError"},
		"error after write":      {dynamodesttest.Error(500, "InternalServerError", "oh").AfterWrite(), 3, "InternalServerError"},
		"error after some":       {dynamodesttest.Error(500, "InternalServerError", "oh").AfterWriting(dynamodesttest.Last(1)), 1, "InternalServerError"},
		"reset":                  {dynamodesttest.Reset(), 0, "connection reset by peer"},
		"reset after write":      {dynamodesttest.Reset().AfterWrite(), 3, "connection reset by peer"},
		"close":                  {dynamodesttest.Close(), 0, "EOF"},
		"truncated":              {dynamodesttest.Truncated(), 3, "deserialization failed"},
		"reset in body":          {dynamodesttest.ResetInBody(), 3, "connection reset by peer"},
		"close in body":          {dynamodesttest.CloseInBody(), 3, "unexpected EOF"},
		"HTML":                   {dynamodesttest.Answer(200, "text/html", "<html></html>"), 0, "deserialization failed"},
		"502":                    {dynamodesttest.Answer(502, "text/html", "<html></html>"), 0, "StatusCode: 502"},
		"413":                    {dynamodesttest.Answer(413, "", ""), 0, "StatusCode: 413"},
		"code in header":         {throttle.CodeInHeader(), 0, "ThrottlingException"},
		"empty body after write": {dynamodesttest.Answer(200, "", "").AfterWrite(), 3, ""},
		"close after":            {dynamodesttest.CloseAfter(), 3, ""},
		"no map":                 {dynamodesttest.NoMap(), 3, ""},
		"unprocessed":            {dynamodesttest.Unprocessed(dynamodesttest.First(2)), 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
				db.FailWrites(test.fault)
				_, err := c.BatchWriteItem(t.Context(), batch("users", user("a", "1"), user("b", "1"), user("c", "1")))
				if test.want == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, test.want)
				}
				assert.Equal(t, test.written, db.Len("users"))
				_, err = c.BatchWriteItem(t.Context(), batch("users", user("a", "1"), user("b", "1"), user("c", "1")))
				if name != "close after" { // the client may meet the closed connection
					require.NoError(t, err)
					assert.Equal(t, 3, db.Len("users"))
				}
			})
		})
	}
}

func TestThrottlingReasons(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		arn := dynamodesttest.ARN("users")
		want := []types.ThrottlingReason{{Reason: aws.String("IndexWriteAccountLimitExceeded"), Resource: &arn}}
		for _, code := range []string{"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"} {
			db.FailWrites(dynamodesttest.Throttled(code, arn, *want[0].Reason))
			_, err := c.PutItem(t.Context(), putItem("users", user("a", "1")))
			var throughput *types.ProvisionedThroughputExceededException
			var throttling *types.ThrottlingException
			var limit *types.RequestLimitExceeded
			switch {
			case errors.As(err, &throughput):
				assert.Equal(t, want, throughput.ThrottlingReasons)
			case errors.As(err, &throttling):
				assert.Equal(t, want, throttling.ThrottlingReasons)
			case errors.As(err, &limit):
				assert.Equal(t, want, limit.ThrottlingReasons)
			default:
				t.Errorf("%s came as %v", code, err)
			}
		}
	})
}

// Each response has an ID of its own, which the history has too.
func TestRequestIDs(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		db.FailWrites(dynamodesttest.Error(400, "ThrottlingException", ""))
		ids := map[string]bool{}
		for range 3 {
			out, err := c.PutItem(t.Context(), putItem("users", user("a", "1")))
			var id string
			if err == nil {
				id, _ = awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
			} else {
				var failed *awshttp.ResponseError
				require.ErrorAs(t, err, &failed)
				id = failed.ServiceRequestID()
			}
			calls := db.Calls()
			assert.Equal(t, calls[len(calls)-1].RequestID, id)
			assert.Len(t, id, 52)
			ids[id] = true
		}
		assert.Len(t, ids, 3)
	})
}
