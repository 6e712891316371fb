package dynamodesttest_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// A Which of a test's own: every other item.
func ExampleWhich() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Unprocessed(func(i, _ int) bool { return i%2 == 1 }))
	writeUsers(context.Background(), db, "ada", "grace", "mary")
	// Output:
	// ada: written
	// grace: not written, unprocessed
	// mary: written
}

// A batch of which nothing is taken, and which is no error all the same.
func ExampleAll() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.All))
	writeUsers(context.Background(), db, "ada", "grace")
	// Output:
	// ada: not written, unprocessed
	// grace: not written, unprocessed
}

func ExampleFirst() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(2)))
	writeUsers(context.Background(), db, "ada", "grace", "mary")
	// Output:
	// ada: not written, unprocessed
	// grace: not written, unprocessed
	// mary: written
}

func ExampleLast() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.Last(1)))
	writeUsers(context.Background(), db, "ada", "grace", "mary")
	// Output:
	// ada: written
	// grace: written
	// mary: not written, unprocessed
}

func ExampleIndex() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.Index(0, 2)))
	writeUsers(context.Background(), db, "ada", "grace", "mary")
	// Output:
	// ada: not written, unprocessed
	// grace: written
	// mary: not written, unprocessed
}

// Some items of every call, the same ones in every run of the test.
func ExampleShare() {
	db := dynamodesttest.NewTable("users", "id:S")
	which := dynamodesttest.Share(0.5, 42)
	db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault { return dynamodesttest.Unprocessed(which) })
	writeUsers(context.Background(), db, "ada", "grace", "mary", "radia")
	// Output:
	// ada: not written, unprocessed
	// grace: written
	// mary: not written, unprocessed
	// radia: not written, unprocessed
}

// An item that DynamoDB refuses takes its whole batch with it. Does the code under test find it?
func ExamplePoison() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.SetFault(dynamodesttest.Poison(func(item map[string]types.AttributeValue) bool {
		return item["id"].(*types.AttributeValueMemberS).Value == "mary"
	}))
	writeUsers(context.Background(), db, "ada", "grace", "mary", "radia")
	// Output:
	// ada: written
	// grace: written
	// mary: not written, refused
	// radia: written
}

// A hook that looks at the items of a call.
func ExampleCall_Item() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.SetFault(func(call dynamodesttest.Call) dynamodesttest.Fault {
		for i := range call.Keys {
			if call.Item(i)["id"].(*types.AttributeValueMemberS).Value == "ada" {
				return dynamodesttest.Reset()
			}
		}
		return dynamodesttest.Fault{}
	})
	writeUsers(context.Background(), db, "ada")
	writeUsers(context.Background(), db, "grace")
	// Output:
	// ada: unknown, unavailable
	// all written
}

// Keys are equal as DynamoDB compares them.
func ExampleKey() {
	fmt.Println(dynamodesttest.Key(1) == dynamodesttest.Key(n("1.0")), dynamodesttest.Key(1) == dynamodesttest.Key("1"))
	// Output: true false
}
