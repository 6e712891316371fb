package transport

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

const (
	testKeyID  = "AKIDEXAMPLE"
	testSecret = "wJalrXUtnFEMI"
	testToken  = "FwoGZXIvYXdzEXAMPLE"
)

func assertNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{testKeyID, testSecret, testToken} {
		assert.NotContains(t, text, secret)
		assert.NotContains(t, text, fmt.Sprintf("%x", secret))
	}
}

// staticKeys provides the keys of the tests.
func staticKeys() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(testKeyID, testSecret, "")
}

// builtClient is the client that Build makes for endpoint.
func builtClient(endpoint string) *Built {
	client := Build(Options{Region: "eu-west-1", Endpoint: endpoint, AWS: aws.Config{Credentials: staticKeys()}})
	return client
}

// foreignClient is a client of the caller's, with the SDK's own retries and the HTTP client given.
func foreignClient(endpoint string, httpClient aws.HTTPClient, change ...func(*dynamodb.Options)) *dynamodb.Client {
	options := dynamodb.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(endpoint),
		HTTPClient:   httpClient,
		Credentials:  staticKeys(),
	}
	return dynamodb.New(options, change...)
}

// fake is a client as a unit test would write it by hand: the funcs that are nil return an empty
// output.
type fake struct {
	describe func(context.Context, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error)
	batch    func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error)
	put      func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error)
}

func (f fake) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, _ ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	if f.describe == nil {
		return &dynamodb.DescribeTableOutput{}, nil
	}
	return f.describe(ctx, in)
}

func (f fake) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	if f.batch == nil {
		return &dynamodb.BatchWriteItemOutput{}, nil
	}
	return f.batch(ctx, in)
}

func (f fake) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if f.put == nil {
		return &dynamodb.PutItemOutput{}, nil
	}
	return f.put(ctx, in)
}

// failing is a fake all of whose methods return err.
func failing(err error) fake {
	return fake{
		describe: func(context.Context, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
			return nil, err
		},
		batch: func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			return nil, err
		},
		put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) { return nil, err },
	}
}

// unheeding is a wrapper of the SDK's client that drops the options of a call: no request is traced
// and the SDK's own retries go on.
type unheeding struct{ *dynamodb.Client }

func (u unheeding) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, _ ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return u.Client.DescribeTable(ctx, in)
}

func (u unheeding) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	return u.Client.BatchWriteItem(ctx, in)
}

func (u unheeding) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return u.Client.PutItem(ctx, in)
}

// users describes a table with the key id:N.
func users() table.Description {
	return table.Parse(&types.TableDescription{
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeN}},
	})
}

// numbered is an item of the users table: its id, and a name.
func numbered(id, name string) *item.Item {
	it := &item.Item{Attrs: []item.Attr{{Name: "id", Kind: item.N, Text: id}, {Name: "name", Kind: item.S, Text: name}}}
	it.Key = string(table.AppendIdentity(nil, it.Find("id")))
	return it
}

// twoItems are the items of a batch.
func twoItems() []*item.Item { return []*item.Item{numbered("1", "a"), numbered("2", "b")} }

// putBatch sends two items.
func putBatch(ctx context.Context, api API) (Result, *fault.Failure) {
	return New(api, "users").WriteBatch(ctx, ctx.Err, twoItems())
}

func apiError(code, message string) error {
	return &smithy.OperationError{ServiceID: "DynamoDB", OperationName: "X", Err: &smithy.GenericAPIError{Code: code, Message: message}}
}

func respond(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func errorResponse(status int, code string) http.HandlerFunc {
	return respond(status, `{"__type":"com.amazonaws.dynamodb.v20120810#`+code+`","message":"m"}`, "X-Amzn-Requestid", "REQ1")
}

// rawResponse writes text on the bare connection, and then closes or resets the connection.
func rawResponse(text string, reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		hijacked, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		conn := hijacked.(*net.TCPConn)
		_, _ = conn.Write([]byte(text))
		if reset {
			_ = conn.SetLinger(0)
		}
		_ = conn.Close()
	}
}
