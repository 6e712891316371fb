package dynamodest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/tabletest"
)

// describer is a hand-written Client whose DescribeTable is the func. It
// writes nothing: New and Check must not ask for it.
type describer func(context.Context, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error)

func (f describer) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, _ ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return f(ctx, in)
}

func (describer) BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	panic("a write")
}

func (describer) PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	panic("a write")
}

func describing(described *types.TableDescription) describer {
	return func(context.Context, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
		return &dynamodb.DescribeTableOutput{Table: described}, nil
	}
}

func TestNewLearnsTheTable(t *testing.T) {
	t.Parallel()
	var asked []string
	client := describer(func(_ context.Context, in *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
		asked = append(asked, aws.ToString(in.TableName))
		return &dynamodb.DescribeTableOutput{Table: tabletest.Described()}, nil
	})
	fields := []Field{{Column: "id"}, {Column: "at"}}
	d, err := New(t.Context(), Config{Table: "arn:aws:dynamodb:eu-west-1:123456789012:table/users", Client: client, Mapping: Mapping{Fields: fields}})
	require.NoError(t, err)
	require.NoError(t, d.Check(t.Context()))
	assert.Equal(t, []string{d.table, d.table}, asked)
	assert.Equal(t, "eu-west-1", d.region)
	assert.Equal(t, Overwrite, d.exist)
	assert.Equal(t, 64, d.concurrency)
	assert.Equal(t, 10, d.retry.MaxAttempts)
	assert.Nil(t, d.credentials)
	assert.True(t, d.description.Known)
	assert.Equal(t, "arn:aws:dynamodb:eu-west-1:123456789012:table/users", d.description.ARN)
	assert.Equal(t, "id", d.description.Schema.Partition.Name)

	fields[0].Column = "changed"
	assert.Equal(t, "id", d.mapping.Fields[0].Column)
}

func TestRemediesNameTheDescribedARN(t *testing.T) {
	t.Parallel()
	d, err := New(t.Context(), Config{Region: "eu-west-1", Table: "users", Client: describing(tabletest.Described())})
	require.NoError(t, err)
	stop := d.callError(t.Context(), "PutItem", &fault.Failure{Reason: fault.Access, Err: failed(&smithy.GenericAPIError{Code: "AccessDeniedException"})})
	assert.Contains(t, stop.Error(), "dynamodb:DescribeTable on arn:aws:dynamodb:eu-west-1:123456789012:table/users,")
}

func TestNewWithoutDescription(t *testing.T) {
	t.Parallel()
	for name, out := range map[string]*dynamodb.DescribeTableOutput{"nil": nil, "empty": {}, "empty table": {Table: &types.TableDescription{}}} {
		client := describer(func(context.Context, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
			return out, nil
		})
		d, err := New(t.Context(), Config{Table: "users", Client: client, Mapping: Mapping{Fields: []Field{{Column: "x"}}}})
		require.NoError(t, err, name)
		require.NoError(t, d.Check(t.Context()), name)
		assert.False(t, d.description.Known, name)
	}
}

func TestNewChecksMappingAgainstKeys(t *testing.T) {
	t.Parallel()
	_, err := New(t.Context(), Config{Table: "users", Client: describing(tabletest.Described()), Mapping: Mapping{Fields: []Field{{Column: "id", Type: Number}}}})
	assert.Equal(t, []string{"Mapping.Fields", "Mapping.Fields[0].Type"}, configFields(t, err))
}

func TestTableStatus(t *testing.T) {
	t.Parallel()
	tests := map[types.TableStatus]string{
		"ACTIVE":                              "",
		"UPDATING":                            "",
		"REPLICATION_NOT_AUTHORIZED":          "",
		"CREATING":                            "wait",
		"DELETING":                            "another table",
		"ARCHIVING":                           "restore",
		"ARCHIVED":                            "restore",
		"INACCESSIBLE_ENCRYPTION_CREDENTIALS": "KMS key",
	}
	for status, remedy := range tests {
		table := tabletest.Described()
		d, err := New(t.Context(), Config{Region: "eu-west-1", Table: "users", Client: describing(table)})
		require.NoError(t, err)
		table.TableStatus = status
		_, newErr := New(t.Context(), Config{Region: "eu-west-1", Table: "users", Client: describing(table)})
		for _, err := range []error{newErr, d.Check(t.Context())} {
			if remedy == "" {
				require.NoError(t, err, status)
				continue
			}
			var fault *TableError
			require.ErrorAs(t, err, &fault, status)
			require.ErrorIs(t, err, ErrTableStatus)
			assert.Equal(t, "DescribeTable", fault.Op)
			assert.Contains(t, fault.Remedy(), remedy)
			assert.Contains(t, fault.Error(), string(status))
			assert.Contains(t, fault.Error(), fault.Remedy())
		}
	}
}

func TestCheckSeesChangedKeys(t *testing.T) {
	t.Parallel()
	table := tabletest.Described()
	d, err := New(t.Context(), Config{Table: "users", Client: describing(table)})
	require.NoError(t, err)
	table.KeySchema = tabletest.KeySchema(1, "email")
	err = d.Check(t.Context())
	var fault *TableError
	require.ErrorAs(t, err, &fault)
	require.ErrorIs(t, err, ErrConfig)
	assert.Contains(t, err.Error(), "the keys of the table have changed")
	assert.Contains(t, fault.Remedy(), "new Destination")
}

func TestDescribeTriesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var requests, failures int
		var waits []Wait
		var responses []Response
		type mark struct{}
		observer := Observer{
			RequestStart: func(ctx context.Context, r Request) context.Context {
				requests++
				assert.Equal(t, Request{Op: "DescribeTable", Table: "users"}, r)
				return context.WithValue(ctx, mark{}, requests)
			},
			RequestDone: func(ctx context.Context, r Response) {
				assert.Equal(t, requests, ctx.Value(mark{}))
				responses = append(responses, r)
			},
			Wait: func(_ context.Context, w Wait) { waits = append(waits, w) },
		}
		client := describer(func(ctx context.Context, _ *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
			assert.Equal(t, requests, ctx.Value(mark{}))
			_, ok := ctx.Deadline()
			assert.True(t, ok)
			time.Sleep(time.Second)
			if failures > 0 {
				failures--
				return nil, &types.ThrottlingException{}
			}
			return &dynamodb.DescribeTableOutput{Table: tabletest.Described()}, nil
		})
		cfg := Config{Table: "users", Client: client, Observer: observer, Retry: Retry{MaxAttempts: 3}}

		failures = 2
		begin := time.Now()
		d, err := New(t.Context(), cfg)
		require.NoError(t, err)
		require.Len(t, waits, 2)
		assert.Equal(t, "retry", waits[0].For)
		assert.Equal(t, 3*time.Second+waits[0].Delay+waits[1].Delay, time.Since(begin))
		require.Len(t, responses, 3)
		var throttled *types.ThrottlingException
		require.ErrorAs(t, responses[0].Err, &throttled)
		assert.Equal(t, time.Second, responses[0].Elapsed)
		require.NoError(t, responses[2].Err)

		failures, requests = 100, 0
		err = d.Check(t.Context())
		require.ErrorIs(t, err, ErrThrottled)
		assert.Equal(t, 3, requests)

		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		err = d.Check(ctx)
		require.ErrorIs(t, err, ErrStopped)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestDescribeErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err    error
		reason Reason
	}{
		"name refused": {&smithy.GenericAPIError{Code: "ValidationException"}, ErrConfig},
		"no table":     {&types.ResourceNotFoundException{}, ErrNoTable},
		"plain":        {errors.New("boom"), ErrUnavailable},
	}
	for name, tt := range tests {
		requests := 0
		client := describer(func(context.Context, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
			requests++
			return nil, tt.err
		})
		_, err := New(t.Context(), Config{Table: "users", Client: client, Retry: Retry{MaxAttempts: 1}})
		require.ErrorIs(t, err, tt.reason, name)
		require.ErrorIs(t, err, tt.err, name)
		assert.Equal(t, 1, requests)
	}
}

// overHTTP makes a Destination with the client that the library builds, and a
// server that answers by handler.
func overHTTP(t *testing.T, handler http.HandlerFunc, change func(*Config)) (*Destination, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	cfg := validConfig()
	cfg.Endpoint = server.URL
	cfg.Retry = Retry{MaxAttempts: 2, MaxDelay: time.Millisecond}
	if change != nil {
		change(&cfg)
	}
	return New(t.Context(), cfg)
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

func errorAnswer(status int, code string) http.HandlerFunc {
	return respond(status, `{"__type":"com.amazonaws.dynamodb.v20120810#`+code+`","message":"m"}`, "X-Amzn-Requestid", "REQ1")
}

// dropped closes the connection of a request without an answer.
func dropped(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_ = conn.Close()
}

const describedJSON = `{"Table":{"TableStatus":"ACTIVE","TableName":"users","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}}`

func TestNewOverHTTP(t *testing.T) {
	t.Parallel()
	d, err := overHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var in map[string]any
		assert.NoError(t, json.Unmarshal(body, &in))
		assert.Equal(t, map[string]any{"TableName": "users"}, in)
		assert.Equal(t, "DynamoDB_20120810.DescribeTable", r.Header.Get("X-Amz-Target"))
		assert.True(t, strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "))
		respond(200, describedJSON)(w, r)
	}, nil)
	require.NoError(t, err)
	require.NoError(t, d.Check(t.Context()))
	assert.Equal(t, table.Key{Name: "id", Kind: item.S, MaxBytes: 2048, Role: "partition key"}, d.description.Schema.Partition)
	assert.NotNil(t, d.credentials)
	assertNoSecret(t, fmt.Sprintf("%v %+v %#v", d, d, d))
}

func TestTroubleshooting(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler  http.HandlerFunc
		reason   Reason
		requests int
		remedy   []string
	}{
		"access denied": {errorAnswer(400, "AccessDeniedException"), ErrAccess, 1,
			[]string{"dynamodb:BatchWriteItem", "dynamodb:PutItem", "dynamodb:DescribeTable", "arn:aws:dynamodb:eu-west-1:ACCOUNT:table/users"}},
		"403": {respond(403, "<html>"), ErrAccess, 1, []string{"dynamodb:DescribeTable", "arn:aws:dynamodb:eu-west-1:ACCOUNT:table/users", "proxy"}},
		"no table": {errorAnswer(400, "ResourceNotFoundException"), ErrNoTable, 1,
			[]string{"spelling", "upper and lower case", "eu-west-1"}},
		"bad key id":    {errorAnswer(400, "UnrecognizedClientException"), ErrCredentials, 1, []string{"access key id", "eu-west-1"}},
		"bad signature": {errorAnswer(400, "InvalidSignatureException"), ErrCredentials, 2, []string{"secret access key", "clock"}},
		"expired":       {errorAnswer(400, "ExpiredTokenException"), ErrCredentials, 2, []string{"expired"}},
		"throttled":     {errorAnswer(400, "ThrottlingException"), ErrThrottled, 2, []string{"DescribeTable requests", "try again later"}},
		"server error":  {errorAnswer(500, "InternalServerError"), ErrUnavailable, 2, []string{"try again"}},
		"other server":  {respond(200, "{}"), ErrUnavailable, 2, []string{"Endpoint", "region"}},
		"sign-in page":  {respond(200, "<html>"), ErrUnavailable, 2, []string{"Endpoint", "proxy"}},
		"no answer":     {dropped, ErrUnavailable, 2, []string{"Endpoint"}},
		"name refused":  {errorAnswer(400, "ValidationException"), ErrConfig, 1, []string{"check Table and Region", "create a new Destination"}},
		"other service": {errorAnswer(400, "UnknownOperationException"), ErrConfig, 1, []string{"Endpoint", "DynamoDB's operations", "create a new Destination"}},
		"being created": {respond(200, strings.Replace(describedJSON, "ACTIVE", "CREATING", 1)), ErrTableStatus, 1, []string{"wait"}},
		"being deleted": {respond(200, strings.Replace(describedJSON, "ACTIVE", "DELETING", 1)), ErrTableStatus, 1, []string{"another table"}},
		"key out of reach": {respond(200, strings.Replace(describedJSON, "ACTIVE", "INACCESSIBLE_ENCRYPTION_CREDENTIALS", 1)), ErrTableStatus, 1,
			[]string{"KMS"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			_, err := overHTTP(t, func(w http.ResponseWriter, r *http.Request) { requests.Add(1); tt.handler(w, r) }, nil)
			var fault *TableError
			require.ErrorAs(t, err, &fault)
			require.ErrorIs(t, err, tt.reason)
			assert.Equal(t, tt.requests, int(requests.Load()))
			assert.Equal(t, "users", fault.Table)
			assert.Equal(t, "eu-west-1", fault.Region)
			for _, want := range tt.remedy {
				assert.Contains(t, fault.Remedy(), want)
			}
			assert.Contains(t, err.Error(), fault.Remedy())
			assertNoSecret(t, err.Error())
		})
	}
}

func TestDescribeRefreshesExpiredToken(t *testing.T) {
	t.Parallel()
	fetched := 0
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		fetched++
		return aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret, SessionToken: fmt.Sprint("token-", fetched)}, nil
	})
	tokens := make(chan string, 9)
	d, err := overHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("X-Amz-Security-Token")
		tokens <- token
		if token == "token-1" {
			errorAnswer(400, "ExpiredTokenException")(w, r)
			return
		}
		respond(200, describedJSON)(w, r)
	}, func(c *Config) { c.CredentialsProvider, c.Retry.MaxAttempts = provider, 1 })
	require.NoError(t, err)
	require.NoError(t, d.Check(t.Context()))
	require.Len(t, tokens, 3)
	for _, want := range []string{"token-1", "token-2", "token-2"} {
		assert.Equal(t, want, <-tokens)
	}
	assert.Equal(t, 2, fetched)
}

func TestRegionOfAForeignClient(t *testing.T) {
	t.Parallel()
	client := dynamodb.New(dynamodb.Options{Region: "us-east-2"})
	assert.Equal(t, "us-east-2", Config{Client: client}.region())
	assert.Equal(t, "us-east-2", Config{Client: client, Region: "eu-west-1"}.region())
	assert.Equal(t, "eu-west-1", Config{Client: describing(nil), Region: "eu-west-1"}.region())
	assert.Equal(t, "eu-west-3", Config{Client: describing(nil), Table: "arn:aws:dynamodb:eu-west-3:123456789012:table/users"}.region())
}

func TestStaticKeysSign(t *testing.T) {
	t.Parallel()
	cfg := validConfig()
	cfg.Credentials.SessionToken = testToken
	keys, err := cfg.transportOptions().AWS.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{testKeyID, testSecret, testToken}, []string{keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken})
	cfg.CredentialsProvider = aws.AnonymousCredentials{}
	assert.Equal(t, cfg.CredentialsProvider, cfg.transportOptions().AWS.Credentials)
}
