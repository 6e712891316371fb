package dynamodesttest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// A table that has saved some capacity, with an index that is short of it.
func ExampleCapacity() {
	ctx := context.Background()
	db := dynamodesttest.New()
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("users"),
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("email"), AttributeType: types.ScalarAttributeTypeS},
		},
		ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(10)},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("by-email"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
			KeySchema:             []types.KeySchemaElement{{AttributeName: aws.String("email"), KeyType: types.KeyTypeHash}},
			ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(1)},
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	db.Limit("users", dynamodesttest.Capacity{Provisioned: true, Full: true, Burst: 300 * time.Second})
	db.Limit("users", dynamodesttest.Capacity{Provisioned: true, Index: "by-email", Code: "ThrottlingException"})

	_, err = db.PutItem(ctx, putItem("users", item{"id": s("ada")})) // not in the index
	fmt.Println(err)
	_, err = db.PutItem(ctx, putItem("users", item{"id": s("ada"), "email": s("ada@example.com")}))
	var throttled *types.ThrottlingException
	if errors.As(err, &throttled) {
		fmt.Println(*throttled.ThrottlingReasons[0].Reason)
	}
	// Output:
	// <nil>
	// IndexWriteProvisionedThroughputExceeded
}

// One hot key, beside others that are not limited.
func ExamplePartitionKeys() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.Limit("users", dynamodesttest.Capacity{UnitsPerSecond: 1, Keys: dynamodesttest.PartitionKeys("ada")})
	writeUsers(context.Background(), db, "ada", "grace", "mary")
	// Output:
	// ada: not written, unprocessed
	// grace: written
	// mary: written
}

// A hot range of keys: a tenth of all.
func ExampleHashRange() {
	db := dynamodesttest.NewTable("users", "id:N")
	limit := db.Limit("users", dynamodesttest.Capacity{UnitsPerSecond: 1, Keys: dynamodesttest.HashRange(0, 0.1)})
	for id := range 1000 {
		if _, err := db.PutItem(context.Background(), putItem("users", item{"id": n(fmt.Sprint(id))})); err != nil {
			continue // throttled
		}
	}
	_, refused := limit.Usage()
	fmt.Println("between 50 and 150 of 1000 are in the range:", refused > 50 && refused < 150)
	// Output: between 50 and 150 of 1000 are in the range: true
}

// Capacity that somebody raises in the middle of a load.
func ExampleLimit_Set() {
	ctx := context.Background()
	db := dynamodesttest.NewTable("users", "id:S")
	limit := db.Limit("users", dynamodesttest.Capacity{UnitsPerSecond: 1e-9})
	_, err := db.PutItem(ctx, putItem("users", item{"id": s("ada")}))
	fmt.Println("throttled:", err != nil)
	limit.Set(1e12) // a unit in no time
	_, err = db.PutItem(ctx, putItem("users", item{"id": s("ada")}))
	fmt.Println("throttled:", err != nil)
	// Output:
	// throttled: true
	// throttled: false
}

// What a load used of the capacity, and how much of it was refused.
func ExampleLimit_Usage() {
	db := dynamodesttest.NewTable("users", "id:S")
	limit := db.Limit("users", dynamodesttest.Capacity{UnitsPerSecond: 2, Full: true})
	writeUsers(context.Background(), db, "ada", "grace", "mary")
	fmt.Println(limit.Usage())
	// Output:
	// ada: written
	// grace: written
	// mary: not written, unprocessed
	// 2 1
}

func ExampleDB_LimitNewTables() {
	db := dynamodesttest.New()
	db.LimitNewTables(dynamodesttest.Capacity{UnitsPerSecond: 1})
	db.AddTable("users", "id:S")
	writeUsers(context.Background(), db, "ada")
	// Output: ada: not written, throttled
}

// The write units of a table, to compare with what the code under test reports.
func ExampleDB_Usage() {
	db := dynamodesttest.NewTable("users", "id:S")
	writeUsers(context.Background(), db, "ada", "grace")
	fmt.Println(db.Usage("users"))
	// Output:
	// all written
	// 2 0
}

// A code of an error response over HTTP.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

// Tables of one Region are not there for requests to another.
func ExampleDB_SetRegion() {
	db := dynamodesttest.New()
	db.SetRegion("eu-west-1")
	db.AddTable("users", "id:S")
	server := httptest.NewServer(db)
	defer server.Close()
	client := newClient(server.URL) // for us-east-1
	_, err := client.PutItem(context.Background(), putItem("users", item{"id": s("ada")}))
	fmt.Println(code(err))
	// Output: ResourceNotFoundException
}

// Signatures are verified once there are keys.
func ExampleDB_Keys() {
	db := dynamodesttest.NewTable("users", "id:S")
	server := httptest.NewServer(db)
	defer server.Close()
	client := newClient(server.URL) // with the key AKIDEXAMPLE
	put := func() {
		_, err := client.PutItem(context.Background(), putItem("users", item{"id": s("ada")}))
		fmt.Println(code(err))
	}
	db.Keys("AKIDEXAMPLE", "another secret", "")
	put()
	db.Keys("AKIDEXAMPLE", "secret", "")
	put()
	// Output:
	// InvalidSignatureException
	// <nil>
}

// Keys that expire in the middle of a load.
func ExampleDB_ExpireKeys() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.Keys("AKIDEXAMPLE", "secret", "")
	server := httptest.NewServer(db)
	defer server.Close()
	client := newClient(server.URL)
	for range 2 {
		_, err := client.PutItem(context.Background(), putItem("users", item{"id": s("ada")}))
		fmt.Println(code(err))
		db.ExpireKeys("AKIDEXAMPLE")
	}
	// Output:
	// <nil>
	// ExpiredTokenException
}

// A machine whose clock is an hour behind that of AWS.
func ExampleDB_SetClock() {
	db := dynamodesttest.NewTable("users", "id:S")
	db.SetClock(func() time.Time { return time.Now().Add(time.Hour) })
	server := httptest.NewServer(db)
	defer server.Close()
	_, err := newClient(server.URL).PutItem(context.Background(), putItem("users", item{"id": s("ada")}))
	fmt.Println(code(err))
	// Output: InvalidSignatureException
}
