package dynamodesttest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// A table that rejects what DynamoDB rejects.
func ExampleNewTable() {
	db := dynamodesttest.NewTable("orders", "customer:S", "placed:N")
	_, err := db.PutItem(context.Background(), putItem("orders", item{"customer": s("c-1"), "placed": s("today")}))
	fmt.Println(err != nil, db.Len("orders"))
	// Output: true 0
}

func ExampleNew() {
	db := dynamodesttest.New()
	_, err := db.PutItem(context.Background(), putItem("users", item{"id": s("ada")}))
	var missing *types.ResourceNotFoundException
	fmt.Println("no such table:", errors.As(err, &missing))
	// Output: no such table: true
}

func ExampleDB_AddTable() {
	db := dynamodesttest.New()
	db.AddTable("users", "id:S")
	db.AddTable("orders", "customer:S", "placed:N")
	fmt.Println(db.Len("users"), db.Len("orders"))
	// Output: 0 0
}

// A table with an index, whose key an item must fit as well.
func ExampleDB_CreateTable() {
	ctx := context.Background()
	db := dynamodesttest.New()
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("users"), BillingMode: types.BillingModePayPerRequest,
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("email"), AttributeType: types.ScalarAttributeTypeS},
		},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("by-email"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
			KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("email"), KeyType: types.KeyTypeHash}},
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = db.PutItem(ctx, putItem("users", item{"id": s("ada"), "email": n("1")}))
	fmt.Println("a number as the index's key is rejected:", err != nil)
	// Output: a number as the index's key is rejected: true
}

func ExampleDB_Item() {
	db := dynamodesttest.NewTable("users", "id:S")
	writeUsers(context.Background(), db, "ada")
	fmt.Println(db.Item("users", "ada") != nil, db.Item("users", "grace") != nil)
	// Output:
	// all written
	// true false
}

func ExampleDB_Items() {
	db := dynamodesttest.NewTable("users", "id:S")
	writeUsers(context.Background(), db, "grace", "ada")
	for _, it := range db.Items("users") {
		fmt.Println(it["id"].(*types.AttributeValueMemberS).Value)
	}
	// Output:
	// all written
	// ada
	// grace
}

func ExampleDB_Len() {
	db := dynamodesttest.NewTable("users", "id:S")
	writeUsers(context.Background(), db, "ada", "ada", "grace")
	fmt.Println(db.Len("users"), "items")
	// Output:
	// all written
	// 2 items
}

// What the code under test sent.
func ExampleDB_Calls() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(1)))
	writeUsers(context.Background(), db, "ada", "grace")
	for _, call := range db.Calls() {
		fmt.Println(call.Op, len(call.Keys), call.Outcome, call.Written, call.Unprocessed)
	}
	// Output:
	// ada: not written, unprocessed
	// grace: written
	// DescribeTable 0 ok 0 0
	// BatchWriteItem 2 ok 1 1
}

// The IAM actions that the code under test needs.
func ExampleDB_Actions() {
	db := dynamodesttest.NewTable("users", "id:S")
	writeUsers(context.Background(), db, "ada", "grace")
	writeUsers(context.Background(), db, "mary")
	fmt.Println(db.Actions())
	// Output:
	// all written
	// all written
	// map[BatchWriteItem:1 DescribeTable:2 PutItem:1]
}

// Every write in the order in which the table took it, to compare with what the code under test reports.
func ExampleDB_Writes() {
	db := dynamodesttest.NewTable("users", "id:S")
	writeUsers(context.Background(), db, "ada")
	writeUsers(context.Background(), db, "ada")
	for _, write := range db.Writes() {
		fmt.Println(write.Seq, write.Key == dynamodesttest.Key("ada"), write.Puts)
	}
	// Output:
	// all written
	// all written
	// 1 true 1
	// 2 true 2
}

func ExampleWrite_Item() {
	db := dynamodesttest.NewTable("users", "id:S")
	writeUsers(context.Background(), db, "ada")
	for _, write := range db.Writes() {
		fmt.Println(write.Item()["id"].(*types.AttributeValueMemberS).Value)
	}
	// Output:
	// all written
	// ada
}

// A test of many rows keeps the last write of each key instead of the whole history.
func ExampleDB_KeepHistory() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.KeepHistory(1)
	writeUsers(context.Background(), db, "ada", "grace")
	fmt.Println(len(db.Writes()), "in the history,", len(db.Latest("users")), "latest")
	// Output:
	// all written
	// 1 in the history, 2 latest
}

// The last write of each key: which call made it, and how often the key was written.
func ExampleDB_Latest() {
	db := dynamodesttest.NewTable("users", "id:S")
	writeUsers(context.Background(), db, "ada", "grace")
	writeUsers(context.Background(), db, "grace")
	for _, write := range db.Latest("users") {
		fmt.Println(write.Item()["id"].(*types.AttributeValueMemberS).Value, write.Puts)
	}
	// Output:
	// all written
	// all written
	// ada 1
	// grace 2
}

func ExampleDB_MostInFlight() {
	db := dynamodesttest.NewTable("users", "id:S")
	writeUsers(context.Background(), db, "ada", "grace")
	fmt.Println(db.MostInFlight())
	// Output:
	// all written
	// 1
}

// A table that is not ready to be written.
func ExampleDB_SetStatus() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.SetStatus("users", types.TableStatusDeleting)
	_, err := db.PutItem(context.Background(), putItem("users", item{"id": s("ada")}))
	fmt.Println(err != nil)
	// Output: true
}

// A table that is CREATING until the test says otherwise, as after CreateTable at DynamoDB.
func ExampleDB_SetCreationDelay() {
	ctx := context.Background()
	db := dynamodesttest.New()
	db.SetCreationDelay(-1)
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("users"), BillingMode: types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = db.PutItem(ctx, putItem("users", item{"id": s("ada")}))
	fmt.Println("creating:", err != nil)
	db.SetStatus("users", types.TableStatusActive)
	_, err = db.PutItem(ctx, putItem("users", item{"id": s("ada")}))
	fmt.Println("active:", err)
	// Output:
	// creating: true
	// active: <nil>
}

// Time that every call takes: under testing/synctest in virtual time.
func ExampleDB_SetLatency() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.SetLatency(time.Millisecond, 2*time.Millisecond, 1)
	writeUsers(context.Background(), db, "ada")
	for _, call := range db.Calls() {
		fmt.Println(call.Op, call.Took >= time.Millisecond)
	}
	// Output:
	// all written
	// DescribeTable true
	// PutItem true
}

func ExampleARN() {
	fmt.Println(dynamodesttest.ARN("users"))
	// Output: arn:aws:dynamodb:us-east-1:123456789012:table/users
}

func ExampleDB_ARN() {
	db := dynamodesttest.New()
	db.SetRegion("eu-west-1")
	fmt.Println(db.ARN("users"))
	// Output: arn:aws:dynamodb:eu-west-1:123456789012:table/users
}
