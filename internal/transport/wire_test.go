package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// meaning is what a failure means for the items of its request.
type meaning struct {
	reason fault.Reason
	action fault.Action
	maybe  bool
}

func meaningOf(f *fault.Failure) meaning { return meaning{f.Reason, f.Action, f.MaybeApplied} }

var (
	inconclusive = meaning{fault.Unavailable, fault.Retry, true}
	throttled    = meaning{fault.Throttled, fault.Retry, false}
)

func TestClassifyOverTheWire(t *testing.T) {
	t.Parallel()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(`{"UnprocessedItems":{}}`))
	require.NoError(t, z.Close())

	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    meaning
	}{
		{"200 empty", respond(200, ``), inconclusive},
		{"200 {}", respond(200, `{}`), inconclusive},
		{"200 without the map", respond(200, `{"ConsumedCapacity":[]}`), inconclusive},
		{"200 with a null map", respond(200, `{"UnprocessedItems":null}`), inconclusive},
		{"200 with a stranger", respond(200, `{"UnprocessedItems":{"users":[{"PutRequest":{"Item":{"id":{"N":"3"}}}}]}}`), inconclusive},
		{"200 with an empty request", respond(200, `{"UnprocessedItems":{"users":[{}]}}`), inconclusive},
		{"200 truncated JSON", respond(200, `{"UnprocessedItems":{"users":[{`), inconclusive},
		{"200 HTML", respond(200, `<html>sign in</html>`, "Content-Type", "text/html"), inconclusive},
		{"200 JSON array", respond(200, `[]`), inconclusive},
		{"200 gzip", respond(200, zipped.String(), "Content-Encoding", "gzip"), inconclusive},
		{"307", respond(307, "", "Location", "http://127.0.0.1:1/"), inconclusive},
		{"302 without location", respond(302, ""), inconclusive},
		{"throughput exceeded", errorResponse(400, "ProvisionedThroughputExceededException"), throttled},
		{"throttling", errorResponse(400, "ThrottlingException"), throttled},
		{"request limit", errorResponse(400, "RequestLimitExceeded"), throttled},
		{"limit", errorResponse(400, "LimitExceededException"), throttled},
		{"throttling by header", respond(400, `{}`, "X-Amzn-Errortype", "ThrottlingException"), throttled},
		{"429 without a body", respond(429, ""), throttled},
		{"500 throttling", errorResponse(500, "ThrottlingException"), meaning{fault.Throttled, fault.Retry, true}},
		{"collection size", errorResponse(400, "ItemCollectionSizeLimitExceededException"), meaning{fault.Refused, fault.Split, true}},
		{"write conflict", errorResponse(400, "ReplicatedWriteConflictException"), inconclusive},
		{"validation", errorResponse(400, "ValidationException"), meaning{fault.Refused, fault.Split, false}},
		{"serialization", respond(400, `{"__type":"com.amazon.coral.service#SerializationException"}`), meaning{fault.Refused, fault.Split, false}},
		{"another service", errorResponse(400, "UnknownOperationException"), meaning{fault.Config, fault.Abort, false}},
		{"another service, 404", errorResponse(404, "UnknownOperationException"), meaning{fault.Config, fault.Abort, false}},
		{"no such action", errorResponse(400, "InvalidAction"), meaning{fault.Config, fault.Abort, false}},
		{"no table", errorResponse(400, "ResourceNotFoundException"), meaning{fault.NoTable, fault.Abort, false}},
		{"access denied", errorResponse(400, "AccessDeniedException"), meaning{fault.Access, fault.Abort, false}},
		{"unrecognized client", errorResponse(400, "UnrecognizedClientException"), meaning{fault.Credentials, fault.Abort, false}},
		{"expired token", errorResponse(400, "ExpiredTokenException"), meaning{fault.Credentials, fault.Reauthorize, false}},
		{"invalid signature", errorResponse(400, "InvalidSignatureException"), meaning{fault.Credentials, fault.Reauthorize, false}},
		{"400 not JSON", respond(400, `<html>`), inconclusive},
		{"400 empty", respond(400, ""), inconclusive},
		{"403 HTML", respond(403, `<html>`), meaning{fault.Access, fault.Abort, true}},
		{"404 XML", respond(404, `<UnknownOperationException/>`), inconclusive},
		{"413 empty", respond(413, ""), meaning{fault.TooLarge, fault.Split, false}},
		{"413 JSON", respond(413, `{"Message":""}`), meaning{fault.TooLarge, fault.Split, false}},
		{"500", errorResponse(500, "InternalServerError"), inconclusive},
		{"500 empty", respond(500, ""), inconclusive},
		{"502 HTML", respond(502, `<html>`), inconclusive},
		{"503", errorResponse(503, "ServiceUnavailable"), inconclusive},
		{"504 empty", respond(504, ""), inconclusive},
		{"closed", rawResponse("", false), inconclusive},
		{"reset", rawResponse("", true), inconclusive},
		{"reset in the body", rawResponse("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Unproc", true), inconclusive},
		{"closed in the body", rawResponse("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Unproc", false), inconclusive},
		{"garbage", rawResponse("SSH-2.0-OpenSSH_9.0\r\n", false), inconclusive},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				tt.handler(w, r)
			}))
			defer server.Close()
			clients := map[string]API{
				"built":   builtClient(server.URL),
				"foreign": foreignClient(server.URL, server.Client()),
			}
			for name, client := range clients {
				if name == "foreign" && tt.name == "307" {
					continue // an http.Client of the caller's own may follow it
				}
				requests.Store(0)
				result, failure := putBatch(t.Context(), client)
				require.NotNil(t, failure, name)
				assert.Equal(t, tt.want, meaningOf(failure), name)
				assert.Equal(t, int32(1), requests.Load(), "%s: the SDK sent it again", name)
				assert.Less(t, len(failure.Err.Error()), maxText)
				assert.Nil(t, result.Unprocessed)
			}
		})
	}
}

func TestConnectionFaultsAreNotWritten(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(respond(200, "{}"))
	defer plain.Close()
	secure := httptest.NewUnstartedServer(respond(200, "{}"))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	noName := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "dynamodb.eu-wst-1.amazonaws.com", IsNotFound: true}
	}}}

	tests := []struct {
		name   string
		client API
		text   string
	}{
		{"refused", builtClient("http://" + refusedPort(t)), "connection refused"},
		{"no such host", foreignClient("http://dynamodb.eu-wst-1.amazonaws.com", noName), "no such host"},
		{"unknown certificate", builtClient(secure.URL), "certificate"},
		{"https to http", builtClient(strings.Replace(plain.URL, "http:", "https:", 1)), "HTTP response to HTTPS client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, failure := putBatch(t.Context(), tt.client)
			require.NotNil(t, failure)
			assert.Equal(t, meaning{fault.Unavailable, fault.Retry, false}, meaningOf(failure))
			assert.Contains(t, failure.Err.Error(), tt.text)
		})
	}
}

func TestErrorShowsTheRequestID(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(errorResponse(400, "AccessDeniedException"))
	defer server.Close()
	_, failure := putBatch(t.Context(), builtClient(server.URL))
	require.NotNil(t, failure)
	assert.Equal(t, "BatchWriteItem: AccessDeniedException, HTTP status 400, request ID REQ1: m", failure.Err.Error())
}

// A proxy responds with a page of its own, which the SDK cannot read.
func TestErrorPagesOfAProxy(t *testing.T) {
	t.Parallel()
	const page = "<html><body>" + testSecret + "</body></html>"
	for status, want := range map[int]meaning{
		403: {fault.Access, fault.Abort, true},
		413: {fault.TooLarge, fault.Split, false},
		429: {fault.Throttled, fault.Retry, false},
		502: {fault.Unavailable, fault.Retry, true},
	} {
		server := httptest.NewServer(respond(status, page, "Content-Type", "text/html"))
		_, failure := putBatch(t.Context(), builtClient(server.URL))
		server.Close()
		require.NotNil(t, failure)
		assert.Equal(t, want, meaningOf(failure), status)
		assert.Equal(t, fmt.Sprintf("BatchWriteItem: HTTP status %d, host %s: the response has no DynamoDB error code, so it may come from a proxy", status, server.Listener.Addr()), failure.Err.Error())
		assert.Contains(t, failure.Err.Error()+fault.Remedy(failure.Reason, failure.Err), "proxy")
	}
}

func TestRequestsThatAreNotSent(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }))
	defer server.Close()
	provider := func(p aws.CredentialsProvider) func(*dynamodb.Options) {
		return func(o *dynamodb.Options) { o.Credentials = p }
	}
	denied := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, fmt.Errorf("assume role: %w", &smithy.GenericAPIError{Code: "AccessDenied", Message: testSecret})
	})
	secret := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New(testSecret)
	})
	tests := []struct {
		name   string
		change func(*dynamodb.Options)
		reason fault.Reason
		text   string
	}{
		{"provider is denied", provider(denied), fault.Credentials, "BatchWriteItem: could not retrieve credentials: AccessDenied"},
		{"provider fails", provider(secret), fault.Credentials, "BatchWriteItem: could not retrieve credentials (error of type *errors.errorString)"},
		{"empty keys", provider(credentials.NewStaticCredentialsProvider("", "", "")), fault.Credentials, "BatchWriteItem: could not retrieve credentials (error of type *credentials.StaticCredentialsEmptyError)"},
		{"no region", func(o *dynamodb.Options) { o.Region, o.BaseEndpoint = "", nil }, fault.Config, "BatchWriteItem: could not resolve the endpoint: Invalid Configuration: Missing Region"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, failure := putBatch(t.Context(), foreignClient(server.URL, server.Client(), tt.change))
			require.NotNil(t, failure)
			assert.Equal(t, meaning{tt.reason, fault.Abort, false}, meaningOf(failure), "%v", errors.Unwrap(failure.Err))
			assert.Equal(t, tt.text, failure.Err.Error())
			advice := fault.Remedy(failure.Reason, failure.Err)
			assert.Equal(t, tt.reason == fault.Credentials, strings.Contains(advice, "(CredentialsProvider, AWS.Credentials, or the Credentials that ClientOptions set)"))
			assertNoSecret(t, failure.Err.Error()+advice)
		})
	}

	t.Run("invalid input", func(t *testing.T) {
		var tr trace
		_, err := builtClient(server.URL).PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("users")}, tr.options)
		require.Error(t, err)
		failure := classify(err, tr.progress(t.Context(), t.Context().Err), 1, PutItem)
		assert.Equal(t, meaning{fault.Refused, fault.Split, false}, meaningOf(&failure))
		assert.Equal(t, "PutItem: not sent (error of type smithy.InvalidParamsError)", failure.Err.Error())
	})
	t.Run("ended context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, failure := putBatch(ctx, builtClient(server.URL))
		require.NotNil(t, failure)
		assert.Equal(t, meaning{fault.Stopped, fault.Abort, false}, meaningOf(failure))
		assert.ErrorIs(t, failure.Err, context.Canceled)
	})
	t.Run("ended context of a hook", func(t *testing.T) {
		hook, cancel := context.WithCancel(t.Context())
		cancel()
		_, failure := New(builtClient(server.URL), "users").WriteBatch(hook, t.Context().Err, twoItems())
		require.NotNil(t, failure)
		assert.Equal(t, meaning{fault.Unavailable, fault.Retry, false}, meaningOf(failure))
		require.ErrorIs(t, failure.Err, errHookEnded)
		assert.NotErrorIs(t, failure.Err, context.Canceled)
	})
}

func TestRequestsThatAreGivenUp(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 1)
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	}))
	defer server.Close()
	defer close(release)
	endOnArrival := func() context.Context {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		return ctx
	}

	_, failure := putBatch(endOnArrival(), builtClient(server.URL))
	require.NotNil(t, failure)
	assert.Equal(t, meaning{fault.Stopped, fault.Abort, true}, meaningOf(failure))
	require.ErrorIs(t, failure.Err, context.Canceled)

	_, failure = New(builtClient(server.URL), "users").Put(endOnArrival(), t.Context().Err, numbered("1", "a"), Condition{})
	require.NotNil(t, failure)
	assert.Equal(t, inconclusive, meaningOf(failure))
	require.ErrorIs(t, failure.Err, errHookEnded)
	assert.NotErrorIs(t, failure.Err, context.Canceled)
}

func TestThrottlingReasonsComeOverTheWire(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(respond(400, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"m",
		"ThrottlingReasons":[{"reason":"TableWriteKeyRangeThroughputExceeded","resource":"arn:aws:dynamodb:eu-west-1:123456789012:table/users"}]}`))
	defer server.Close()
	_, failure := putBatch(t.Context(), builtClient(server.URL))
	require.NotNil(t, failure)
	assert.Contains(t, fault.Remedy(failure.Reason, failure.Err), "arn:aws:dynamodb:eu-west-1:123456789012:table/users is hot")
}

// A wrapper that drops the options of a call leaves the SDK's retries on and the trace empty, and
// the failure is still the true one.
func TestWrapperThatDropsTheOptions(t *testing.T) {
	t.Parallel()
	serve := func(t *testing.T, handlers ...http.HandlerFunc) unheeding {
		var next atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handlers[min(int(next.Add(1)), len(handlers))-1](w, r)
		}))
		t.Cleanup(server.Close)
		return unheeding{foreignClient(server.URL, server.Client(), func(o *dynamodb.Options) {
			o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 2, time.Millisecond })
		})}
	}
	throttling, lost := errorResponse(400, "ThrottlingException"), rawResponse("", true)
	endless := func(w http.ResponseWriter, _ *http.Request) { // no Content-Length, and no byte
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
	}
	for name, tt := range map[string]struct {
		handlers []http.HandlerFunc
		batch    bool
		want     meaning
	}{
		"an empty response to a batch":                  {[]http.HandlerFunc{respond(200, "")}, true, inconclusive},
		"{} to a batch":                                 {[]http.HandlerFunc{respond(200, "{}")}, true, inconclusive},
		"an empty response to a put":                    {[]http.HandlerFunc{respond(200, "")}, false, inconclusive},
		"an empty response of no given length to a put": {[]http.HandlerFunc{endless}, false, inconclusive},
		"403 HTML":           {[]http.HandlerFunc{respond(403, "<html>")}, true, meaning{fault.Access, fault.Abort, true}},
		"413":                {[]http.HandlerFunc{respond(413, "")}, true, meaning{fault.TooLarge, fault.Split, false}},
		"refused at once":    {[]http.HandlerFunc{errorResponse(400, "AccessDeniedException")}, true, meaning{fault.Access, fault.Abort, false}},
		"lost, then refused": {[]http.HandlerFunc{lost, errorResponse(400, "AccessDeniedException")}, true, meaning{fault.Access, fault.Abort, true}},
		"throttled until the SDK's own attempts are used": {[]http.HandlerFunc{throttling}, true, meaning{fault.Throttled, fault.Retry, true}},
	} {
		t.Run(name, func(t *testing.T) {
			client := New(serve(t, tt.handlers...), "users")
			var failure *fault.Failure
			if tt.batch {
				_, failure = client.WriteBatch(t.Context(), t.Context().Err, twoItems())
			} else {
				_, failure = client.Put(t.Context(), t.Context().Err, numbered("1", "a"), Condition{})
			}
			require.NotNil(t, failure)
			assert.Equal(t, tt.want, meaningOf(failure))
		})
	}
	for _, handler := range []http.HandlerFunc{
		respond(200, "{}"),
		func(w http.ResponseWriter, r *http.Request) { // no Content-Length, yet a body
			endless(w, r)
			_, _ = w.Write([]byte(`{"ConsumedCapacity":{"CapacityUnits":1}}`))
		},
	} {
		_, failure := New(serve(t, handler), "users").Put(t.Context(), t.Context().Err, numbered("1", "a"), Condition{})
		assert.Nil(t, failure)
	}
	_, _, failure := New(serve(t, respond(200, `{"Table":{}}`)), "users").Describe(t.Context(), t.Context().Err)
	require.NotNil(t, failure)
	assert.Equal(t, fault.Unavailable, failure.Reason)
}

// metadataDropper is a wrapper of the SDK's client that returns outputs of its own making.
type metadataDropper struct{ *dynamodb.Client }

func (m metadataDropper) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, options ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	out, err := m.Client.BatchWriteItem(ctx, in, options...)
	if err != nil {
		return nil, err
	}
	return &dynamodb.BatchWriteItemOutput{UnprocessedItems: out.UnprocessedItems}, nil
}

// The trace shows that a response came over the wire where its metadata no longer does.
func TestWrapperThatDropsTheMetadata(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(respond(200, "{}"))
	defer server.Close()
	_, failure := putBatch(t.Context(), metadataDropper{builtClient(server.URL).Client})
	require.NotNil(t, failure)
	assert.Equal(t, inconclusive, meaningOf(failure))
}

// batchOf sends items for the described users table to a server that returns body.
func batchOf(t *testing.T, body string, items ...*item.Item) (Result, *fault.Failure) {
	t.Helper()
	server := httptest.NewServer(respond(200, body))
	defer server.Close()
	return New(builtClient(server.URL), "users").WithDescription(users()).WriteBatch(t.Context(), t.Context().Err, items)
}

func TestResultOverTheWire(t *testing.T) {
	t.Parallel()
	result, failure := batchOf(t, `{
		"UnprocessedItems":{"users":[{"PutRequest":{"Item":{"id":{"N":"2.0"},"name":{"S":"b"}}}}]},
		"ConsumedCapacity":[{"TableName":"users","CapacityUnits":5,"Table":{"CapacityUnits":2},"GlobalSecondaryIndexes":{"i":{"CapacityUnits":3}}}]}`,
		numbered("1", "a"), numbered("2", "b"), numbered("3", "c"))
	require.Nil(t, failure)
	assert.Equal(t, Result{Unprocessed: []bool{false, true, false}, TableUnits: 2, WriteUnits: 5}, result)

	result, failure = batchOf(t, `{"UnprocessedItems":{}}`, twoItems()...)
	require.Nil(t, failure)
	assert.Equal(t, Result{}, result)
}
