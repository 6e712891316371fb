package dynamodesttest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// unprocessed stands for the code under test in some of these examples: it sends two items, with numbers as ids, and returns
// the ids of those that came back.
func unprocessed(db *dynamodesttest.DB) (ids []string, err error) {
	out, err := db.BatchWriteItem(context.Background(), batch("users", item{"id": n("1")}, item{"id": n("2.5")}))
	if err != nil {
		return nil, err
	}
	for _, request := range out.UnprocessedItems["users"] {
		if request.PutRequest == nil {
			ids = append(ids, "none")
			continue
		}
		ids = append(ids, request.PutRequest.Item["id"].(*types.AttributeValueMemberN).Value)
	}
	return ids, nil
}

// DynamoDB may name a table by its ARN where the request gave its name.
func ExampleFault_ByARN() {
	db := dynamodesttest.NewTable("users", "id:N")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.All).ByARN())
	out, err := db.BatchWriteItem(context.Background(), batch("users", item{"id": n("1")}, item{"id": n("2")}))
	if err != nil {
		fmt.Println(err)
		return
	}
	for table, requests := range out.UnprocessedItems {
		fmt.Println(table, len(requests))
	}
	// Output: arn:aws:dynamodb:us-east-1:123456789012:table/users 2
}

// A number may come back in another spelling: whoever compares texts loses the item.
func ExampleFault_Respelled() {
	db := dynamodesttest.NewTable("users", "id:N")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.All).Respelled())
	fmt.Println(unprocessed(db))
	// Output: [1.0 2.50] <nil>
}

// The order of unprocessed items need not be that of the request.
func ExampleFault_Shuffled() {
	db := dynamodesttest.NewTable("users", "id:N")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.All).Shuffled(0))
	fmt.Println(unprocessed(db))
	// Output: [2.5 1] <nil>
}

func ExampleFault_WithEmptyRequest() {
	db := dynamodesttest.NewTable("users", "id:N")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(1)).WithEmptyRequest())
	fmt.Println(unprocessed(db))
	// Output: [1 none] <nil>
}

// An item that was not sent: what can be believed of such an answer?
func ExampleFault_WithStranger() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(1)).WithStranger())
	writeUsers(context.Background(), db, "ada", "grace")
	// Output:
	// ada: unknown, unavailable
	// grace: unknown, unavailable
}

// A success without the map of unprocessed items, which DynamoDB always sends.
func ExampleNoMap() {
	db := dynamodesttest.NewTable("users", "id:N")
	db.FailWrites(dynamodesttest.NoMap())
	fmt.Println(unprocessed(db))
	// Output: [] <nil>
}

func ExampleNullMap() {
	db := dynamodesttest.NewTable("users", "id:N")
	db.FailWrites(dynamodesttest.NullMap())
	fmt.Println(unprocessed(db))
	// Output: [] <nil>
}

// A condition fails, and the answer does not show the item that is there.
func ExampleHideItem() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("users", "id:S")
	condition, input := "attribute_not_exists(id)", putItem("users", item{"id": s("ada")})
	input.ConditionExpression = &condition
	input.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	db.FailWrites(dynamodesttest.Fault{}, dynamodesttest.Fault{}, dynamodesttest.HideItem())
	for range 3 {
		_, err := db.PutItem(ctx, input)
		var failed *types.ConditionalCheckFailedException
		if errors.As(err, &failed) {
			fmt.Println("the key exists, with its item:", failed.Item != nil)
		}
	}
	// Output:
	// the key exists, with its item: true
	// the key exists, with its item: false
}

// DynamoDB may send the code of an error in a header alone.
func ExampleFault_CodeInHeader() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Error(400, "ThrottlingException", "").CodeInHeader())
	writeUsers(context.Background(), db, "ada")
	// Output: ada: not written, throttled
}

func ExampleFault_WithHeader() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Error(503, "ServiceUnavailable", "").WithHeader("X-Amz-Retry-After", "1500"))
	writeUsers(context.Background(), db, "ada")
	// Output: ada: unknown, unavailable
}

// The server drops an idle connection, which the client notices at its next request. Only over HTTP.
func ExampleCloseAfter() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("users", "id:S")
	server := httptest.NewServer(db)
	defer server.Close()
	db.FailWrites(dynamodesttest.CloseAfter())
	// The request has its answer. The next one may still be sent on the connection, and get none.
	_, err := newClient(server.URL).PutItem(ctx, putItem("users", item{"id": s("ada")}))
	fmt.Println(err, db.Len("users"))
	// Output: <nil> 1
}
