package dynamodesttest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

var _ dynamodest.Client = (*dynamodesttest.DB)(nil)

type item = map[string]types.AttributeValue

func s(v string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: v} }
func n(v string) types.AttributeValue   { return &types.AttributeValueMemberN{Value: v} }
func bin(v string) types.AttributeValue { return &types.AttributeValueMemberB{Value: []byte(v)} }
func null() types.AttributeValue        { return &types.AttributeValueMemberNULL{Value: true} }

// client has the operations that a DB and the SDK's client have in common.
type client interface {
	dynamodest.Client
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	DeleteTable(context.Context, *dynamodb.DeleteTableInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteTableOutput, error)
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
}

// overHTTP returns a real client that sends its requests to db over loopback.
func overHTTP(t testing.TB, db *dynamodesttest.DB) *dynamodb.Client {
	t.Helper()
	server := httptest.NewServer(db)
	t.Cleanup(server.Close)
	return newClient(server.URL)
}

func newClient(endpoint string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		Retryer:      aws.NopRetryer{},
		HTTPClient:   smithyhttp.ClientDoFunc(doPlain),
	})
}

// doPlain sends r without the WriteTo method of its body. The SDK makes that method fail once a
// response has begun; if net/http calls it that late, it closes the connection and the response is
// lost.
func doPlain(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return http.DefaultClient.Do(r)
}

// bothWays runs a test in process and over HTTP.
func bothWays(t *testing.T, test func(t *testing.T, db *dynamodesttest.DB, c client)) {
	t.Helper()
	t.Run("in process", func(t *testing.T) {
		t.Parallel()
		db := dynamodesttest.NewTable("users", "id:S", "at:N")
		test(t, db, db)
	})
	t.Run("over HTTP", func(t *testing.T) {
		t.Parallel()
		db := dynamodesttest.NewTable("users", "id:S", "at:N")
		test(t, db, overHTTP(t, db))
	})
}

// user returns an item for the table of bothWays.
func user(id, at string) item { return item{"id": s(id), "at": n(at)} }

func puts(items ...item) []types.WriteRequest {
	requests := make([]types.WriteRequest, len(items))
	for i := range items {
		requests[i].PutRequest = &types.PutRequest{Item: items[i]}
	}
	return requests
}

func batch(table string, items ...item) *dynamodb.BatchWriteItemInput {
	return &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: puts(items...)}}
}

func putItem(table string, it item) *dynamodb.PutItemInput {
	return &dynamodb.PutItemInput{TableName: &table, Item: it}
}
