package dynamodesttest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// writeUsers stands for the code under test in these examples: it writes rows with these ids to the table "users", each of
// them at most once, and prints what became of them.
func writeUsers(ctx context.Context, db *dynamodesttest.DB, ids ...string) {
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "users", Client: db, Retry: dynamodest.Retry{MaxAttempts: 1}})
	if err != nil {
		fmt.Println(err)
		return
	}
	rows := make([]dynamodest.Row, len(ids))
	for i, id := range ids {
		rows[i] = dynamodest.Row{"id": id}
	}
	result, err := dest.Write(ctx, rows)
	if err == nil {
		fmt.Println("all written")
		return
	}
	for i, r := range result.Rows {
		line := ids[i] + ": " + r.Outcome.String()
		if r.Err != nil {
			line += ", " + string(r.Reason())
		}
		fmt.Println(line)
	}
}

// Each fault is that of one call, in this order.
func ExampleDB_FailWrites() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(
		dynamodesttest.Throttled("ThrottlingException", ""),
		dynamodesttest.Fault{}, // none
		dynamodesttest.Error(500, "InternalServerError", ""),
	)
	for range 4 {
		writeUsers(context.Background(), db, "ada")
	}
	// Output:
	// ada: not written, throttled
	// all written
	// ada: unknown, unavailable
	// all written
}

// An error by its HTTP status and DynamoDB's code.
func ExampleError() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Error(400, "ExpiredTokenException", ""))
	writeUsers(context.Background(), db, "ada", "grace")
	// Output: all written
}

// Throttling of one key range, as DynamoDB explains it.
func ExampleThrottled() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Throttled("ThrottlingException", db.ARN("users"), "TableWriteKeyRangeThroughputExceeded"))
	writeUsers(context.Background(), db, "ada", "grace")
	// Output:
	// ada: not written, throttled
	// grace: not written, throttled
}

// A part of a batch that is returned is no error of the call.
func ExampleUnprocessed() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(1)))
	writeUsers(context.Background(), db, "ada", "grace")
	// Output:
	// ada: not written, unprocessed
	// grace: written
}

// Whatever a proxy sends instead of DynamoDB's answer.
func ExampleAnswer() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Answer(502, "text/html", "<h1>Bad Gateway</h1>"))
	writeUsers(context.Background(), db, "ada")
	// Output: ada: unknown, unavailable
}

// The connection breaks before there is a response: nobody knows whether the row was written.
func ExampleReset() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Reset())
	writeUsers(context.Background(), db, "ada")
	fmt.Println(db.Len("users"), "items")
	// Output:
	// ada: unknown, unavailable
	// 0 items
}

// The connection is refused, so it is certain that nothing was written.
func ExampleUnreachable() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Unreachable())
	_, err := db.PutItem(context.Background(), putItem("users", item{"id": s("ada")}))
	var failed *net.OpError
	fmt.Println(errors.As(err, &failed), failed.Op, db.Len("users"))
	// Output: true dial 0
}

// The server closes the connection instead of responding, here after it has written the row.
func ExampleClose() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Close().AfterWrite())
	writeUsers(context.Background(), db, "ada")
	fmt.Println(db.Len("users"), "item")
	// Output:
	// ada: unknown, unavailable
	// 1 item
}

// A response that ends before it is whole: the rows have been written, which the client cannot know.
func ExampleTruncated() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Truncated())
	writeUsers(context.Background(), db, "ada", "grace")
	fmt.Println(db.Len("users"), "items")
	// Output:
	// ada: unknown, unavailable
	// grace: unknown, unavailable
	// 2 items
}

// The server ends the connection in mid-response.
func ExampleCloseInBody() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.CloseInBody())
	writeUsers(context.Background(), db, "ada", "grace")
	// Output:
	// ada: unknown, unavailable
	// grace: unknown, unavailable
}

// The connection breaks in mid-response.
func ExampleResetInBody() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.ResetInBody())
	writeUsers(context.Background(), db, "ada", "grace")
	// Output:
	// ada: unknown, unavailable
	// grace: unknown, unavailable
}

// A request that hangs until the caller has had enough.
func ExampleStall() {
	ctx, cancel := context.WithCancel(context.Background())
	db := dynamodesttest.NewTable("users", "id:S")
	db.SetFault(func(call dynamodesttest.Call) dynamodesttest.Fault {
		if call.Op != "PutItem" {
			return dynamodesttest.Fault{}
		}
		cancel() // at a moment that the test knows
		return dynamodesttest.Stall(nil)
	})
	writeUsers(ctx, db, "ada")
	// Output: ada: unknown, stopped
}

// A response that hangs.
func ExampleStallInBody() {
	ctx, cancel := context.WithCancel(context.Background())
	db := dynamodesttest.NewTable("users", "id:S")
	db.SetFault(func(call dynamodesttest.Call) dynamodesttest.Fault {
		if call.Op != "PutItem" {
			return dynamodesttest.Fault{}
		}
		cancel()
		return dynamodesttest.StallInBody()
	})
	writeUsers(ctx, db, "ada")
	// Output: ada: unknown, stopped
}

// A slow response. In a test under testing/synctest it takes no time.
func ExampleSlow() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Slow(time.Millisecond, 2*time.Millisecond)) // before the write, and after it
	writeUsers(context.Background(), db, "ada")
	for _, call := range db.Calls() {
		if call.Op == "PutItem" {
			fmt.Println("at least 3 ms:", call.Took >= 3*time.Millisecond)
		}
	}
	// Output:
	// all written
	// at least 3 ms: true
}

// A fault that comes late.
func ExampleFault_Delay() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Reset().Delay(time.Millisecond, 0))
	writeUsers(context.Background(), db, "ada")
	// Output: ada: unknown, unavailable
}

// Half of a batch is written, and the response is lost.
func ExampleFault_AfterWriting() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Reset().AfterWriting(dynamodesttest.First(1)))
	writeUsers(context.Background(), db, "ada", "grace")
	fmt.Println(db.Len("users"), "item")
	// Output:
	// ada: unknown, unavailable
	// grace: unknown, unavailable
	// 1 item
}

// A request that was given up is applied after a newer one, and overwrites it.
func ExampleFault_AppliedLate() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Fault{}.AppliedLate(2))
	for _, name := range []string{"Ada", "Ada Lovelace", "Countess of Lovelace"} {
		_, err := db.PutItem(ctx, putItem("users", item{"id": s("ada"), "name": s(name)}))
		fmt.Println("lost:", err != nil)
	}
	for _, write := range db.Writes() {
		fmt.Println(write.Item()["name"].(*types.AttributeValueMemberS).Value, "late:", write.Late)
	}
	// Output:
	// lost: true
	// lost: false
	// lost: false
	// Ada Lovelace late: false
	// Ada late: true
	// Countess of Lovelace late: false
}

// The same after some time, which passes at once under testing/synctest.
func ExampleFault_AppliedLateBy() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Reset().AppliedLateBy(time.Hour))
	writeUsers(context.Background(), db, "ada")
	fmt.Println(db.Len("users"), "items")
	// Output:
	// ada: unknown, unavailable
	// 0 items
}

// What was given up is applied at a moment that the test chooses.
func ExampleDB_ApplyLate() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.FailWrites(dynamodesttest.Fault{}.AppliedLate(1_000_000))
	writeUsers(context.Background(), db, "ada")
	fmt.Println(db.Len("users"), "items")
	db.ApplyLate()
	fmt.Println(db.Len("users"), "item")
	// Output:
	// ada: unknown, unavailable
	// 0 items
	// 1 item
}
