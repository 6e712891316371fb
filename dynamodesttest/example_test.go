package dynamodesttest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// The table returns one item of the first batch as unprocessed. Does the code under test send it
// again?
func Example() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(1)))

	requests := map[string][]types.WriteRequest{"users": puts(item{"id": s("ada")}, item{"id": s("grace")})}
	for len(requests) > 0 { // the code under test
		out, err := db.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{RequestItems: requests})
		if err != nil {
			fmt.Println(err)
			return
		}
		requests = out.UnprocessedItems
	}

	for _, call := range db.Calls() {
		fmt.Println(call.Op, call.Outcome, call.Written, "written", call.Unprocessed, "unprocessed")
	}
	fmt.Println(db.Len("users"), "items")
	// Output:
	// BatchWriteItem ok 1 written 1 unprocessed
	// BatchWriteItem ok 1 written 0 unprocessed
	// 2 items
}

// The write succeeds but its response is lost. Code that reports it as failed is wrong.
func ExampleFault_AfterWrite() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Reset().AfterWrite())

	_, err := db.PutItem(context.Background(), putItem("users", item{"id": s("ada")}))
	fmt.Println("error:", err != nil)
	fmt.Println("written:", db.Item("users", "ada") != nil)
	// Output:
	// error: true
	// written: true
}

// A hook decides call by call. Here the first call for each item fails.
func ExampleDB_SetFault() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.SetFault(func(call dynamodesttest.Call) dynamodesttest.Fault {
		if call.Op == "PutItem" && call.Attempts[0] == 1 {
			return dynamodesttest.Error(500, "InternalServerError", "try again")
		}
		return dynamodesttest.Fault{}
	})
	for range 2 {
		_, err := db.PutItem(context.Background(), putItem("users", item{"id": s("ada")}))
		var internal *types.InternalServerError
		fmt.Println("internal server error:", errors.As(err, &internal))
	}
	// Output:
	// internal server error: true
	// internal server error: false
}

// A limit of ten write units per second. The bucket starts empty.
func ExampleDB_Limit() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.Limit("users", dynamodesttest.Capacity{UnitsPerSecond: 10})

	_, err := db.PutItem(context.Background(), putItem("users", item{"id": s("ada")}))
	var throttled *types.ProvisionedThroughputExceededException
	if errors.As(err, &throttled) {
		fmt.Println(*throttled.ThrottlingReasons[0].Reason)
	}
	// Output: TableWriteProvisionedThroughputExceeded
}

// The SDK's own client sends its requests over the network.
func ExampleDB_ServeHTTP() {
	db := dynamodesttest.NewTable("users", "id:S", "signup:N")
	server := httptest.NewServer(db)
	defer server.Close()
	client := dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "any", SecretAccessKey: "any"}, nil
		}),
	})

	_, err := client.PutItem(context.Background(), putItem("users", item{"id": s("ada"), "signup": s("today")}))
	fmt.Println(err != nil, db.Len("users"))
	_, err = client.PutItem(context.Background(), putItem("users", item{"id": s("ada"), "signup": n("1843.0")}))
	fmt.Println(err != nil, db.Item("users", "ada", 1843)["signup"].(*types.AttributeValueMemberN).Value)
	// Output:
	// true 0
	// false 1843
}
