package dynamodest

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
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// builtClient is the client that the library builds for endpoint.
func builtClient(endpoint string) *dynamodb.Client {
	cfg := validConfig()
	cfg.Endpoint = endpoint
	client, _ := newClient(cfg)
	return client
}

// foreignClient is a client of the caller's, with the SDK's own retries and
// the HTTP client given.
func foreignClient(endpoint string, httpClient aws.HTTPClient) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(endpoint),
		HTTPClient:   httpClient,
		Credentials:  credentials.NewStaticCredentialsProvider(testKeyID, testSecret, ""),
	})
}

// sendBatch sends a batch of two rows and classifies its error, if any.
func sendBatch(ctx context.Context, client Client) (*dynamodb.BatchWriteItemOutput, *exchange, verdict) {
	own, cancel := withDeadline(ctx)
	defer cancel()
	put := func(id string) types.WriteRequest {
		return types.WriteRequest{PutRequest: &types.PutRequest{Item: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}}}}
	}
	x := new(exchange)
	out, err := client.BatchWriteItem(own, &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{"users": {put("1"), put("2")}},
	}, x.options)
	if err == nil {
		return out, x, verdict{}
	}
	return out, x, classify(err, x.seen(ctx, own), 2, "BatchWriteItem")
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

// hijacked hands the bare connection of a request to cut.
func hijacked(cut func(*net.TCPConn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		cut(conn.(*net.TCPConn))
		_ = conn.Close()
	}
}

func written(text string, reset bool) http.HandlerFunc {
	return hijacked(func(conn *net.TCPConn) {
		_, _ = conn.Write([]byte(text))
		if reset {
			_ = conn.SetLinger(0)
		}
	})
}

func TestClassifyOverTheWire(t *testing.T) {
	t.Parallel()
	type want struct {
		reason Reason
		action action
		maybe  bool
	}
	unanswered := want{ErrUnavailable, actRetry, true}
	throttled := want{ErrThrottled, actRetry, false}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(`{"UnprocessedItems":{}}`))
	require.NoError(t, z.Close())

	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    want
	}{
		{"200 truncated JSON", respond(200, `{"UnprocessedItems":{"users":[{`), unanswered},
		{"200 HTML", respond(200, `<html>sign in</html>`, "Content-Type", "text/html"), unanswered},
		{"200 JSON array", respond(200, `[]`), unanswered},
		{"200 gzip", respond(200, zipped.String(), "Content-Encoding", "gzip"), unanswered},
		{"307", respond(307, "", "Location", "http://127.0.0.1:1/"), unanswered},
		{"302 without location", respond(302, ""), unanswered},
		{"throughput exceeded", errorAnswer(400, "ProvisionedThroughputExceededException"), throttled},
		{"throttling", errorAnswer(400, "ThrottlingException"), throttled},
		{"request limit", errorAnswer(400, "RequestLimitExceeded"), throttled},
		{"limit", errorAnswer(400, "LimitExceededException"), throttled},
		{"throttling by header", respond(400, `{}`, "X-Amzn-Errortype", "ThrottlingException"), throttled},
		{"429 without a body", respond(429, ""), throttled},
		{"500 throttling", errorAnswer(500, "ThrottlingException"), want{ErrThrottled, actRetry, true}},
		{"collection size", errorAnswer(400, "ItemCollectionSizeLimitExceededException"), want{ErrRefused, actSplit, true}},
		{"write conflict", errorAnswer(400, "ReplicatedWriteConflictException"), unanswered},
		{"validation", errorAnswer(400, "ValidationException"), want{ErrRefused, actSplit, false}},
		{"serialization", respond(400, `{"__type":"com.amazon.coral.service#SerializationException"}`), want{ErrRefused, actSplit, false}},
		{"no table", errorAnswer(400, "ResourceNotFoundException"), want{ErrNoTable, actStop, false}},
		{"access denied", errorAnswer(400, "AccessDeniedException"), want{ErrAccess, actStop, false}},
		{"unrecognized client", errorAnswer(400, "UnrecognizedClientException"), want{ErrCredentials, actStop, false}},
		{"expired token", errorAnswer(400, "ExpiredTokenException"), want{ErrCredentials, actResend, false}},
		{"invalid signature", errorAnswer(400, "InvalidSignatureException"), want{ErrCredentials, actResend, false}},
		{"400 not JSON", respond(400, `<html>`), unanswered},
		{"400 empty", respond(400, ""), unanswered},
		{"403 HTML", respond(403, `<html>`), want{ErrAccess, actStop, true}},
		{"404 XML", respond(404, `<UnknownOperationException/>`), unanswered},
		{"413 empty", respond(413, ""), want{ErrTooLarge, actSplit, false}},
		{"413 JSON", respond(413, `{"Message":""}`), want{ErrTooLarge, actSplit, false}},
		{"500", errorAnswer(500, "InternalServerError"), unanswered},
		{"500 empty", respond(500, ""), unanswered},
		{"502 HTML", respond(502, `<html>`), unanswered},
		{"503", errorAnswer(503, "ServiceUnavailable"), unanswered},
		{"504 empty", respond(504, ""), unanswered},
		{"closed", written("", false), unanswered},
		{"reset", written("", true), unanswered},
		{"reset in the body", written("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Unproc", true), unanswered},
		{"closed in the body", written("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Unproc", false), unanswered},
		{"garbage", written("SSH-2.0-OpenSSH_9.0\r\n", false), unanswered},
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
			clients := map[string]*dynamodb.Client{
				"built":   builtClient(server.URL),
				"foreign": foreignClient(server.URL, server.Client()),
			}
			for name, client := range clients {
				if name == "foreign" && tt.name == "307" {
					continue // an http.Client of the caller's own may follow it
				}
				requests.Store(0)
				_, x, v := sendBatch(t.Context(), client)
				require.Error(t, v.err, name)
				assert.Equal(t, tt.want, want{v.reason, v.action, v.maybe}, name)
				assert.Equal(t, int32(1), requests.Load(), "%s: the SDK sent it again", name)
				assert.Equal(t, int32(1), x.sends.Load())
				assert.Less(t, len(v.err.Error()), maxRowText)
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
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refused := "http://" + listener.Addr().String()
	require.NoError(t, listener.Close())
	noName := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "dynamodb.eu-wst-1.amazonaws.com", IsNotFound: true}
	}}}

	tests := []struct {
		name   string
		client *dynamodb.Client
		text   string
	}{
		{"refused", builtClient(refused), "connection refused"},
		{"no such host", foreignClient("http://dynamodb.eu-wst-1.amazonaws.com", noName), "no such host"},
		{"unknown certificate", builtClient(secure.URL), "certificate"},
		{"https to http", builtClient(strings.Replace(plain.URL, "http:", "https:", 1)), "HTTP response to HTTPS client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, v := sendBatch(t.Context(), tt.client)
			assert.Equal(t, ErrUnavailable, v.reason)
			assert.Equal(t, actRetry, v.action)
			assert.False(t, v.maybe)
			require.Error(t, v.err)
			assert.Contains(t, v.err.Error(), tt.text)
		})
	}
}

func TestRequestsThatAreNotSent(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }))
	defer server.Close()
	failing := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, fmt.Errorf("assume role: %w", &smithy.GenericAPIError{Code: "AccessDenied", Message: testSecret})
	})
	with := func(change func(*dynamodb.Options)) *dynamodb.Client {
		options := foreignClient(server.URL, server.Client()).Options()
		change(&options)
		return dynamodb.New(options)
	}
	tests := []struct {
		name   string
		client *dynamodb.Client
		reason Reason
		text   string
	}{
		{"provider fails", with(func(o *dynamodb.Options) { o.Credentials = failing }), ErrCredentials, "no credentials could be got: AccessDenied"},
		{"empty keys", with(func(o *dynamodb.Options) {
			o.Credentials = credentials.NewStaticCredentialsProvider("", "", "")
		}), ErrCredentials, "StaticCredentialsEmptyError"},
		{"no region", with(func(o *dynamodb.Options) { o.Region, o.BaseEndpoint = "", nil }), ErrConfig, "endpoint"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, v := sendBatch(t.Context(), tt.client)
			require.Error(t, v.err)
			assert.Equal(t, tt.reason, v.reason, "%v", errors.Unwrap(v.err))
			assert.Equal(t, actStop, v.action)
			assert.False(t, v.maybe)
			assert.Contains(t, v.err.Error(), tt.text)
			assertNoSecret(t, v.err.Error())
		})
	}

	t.Run("invalid input", func(t *testing.T) {
		var x exchange
		_, err := builtClient(server.URL).PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("users")}, x.options)
		require.Error(t, err)
		v := classify(err, x.seen(t.Context(), t.Context()), 1, "PutItem")
		assert.Equal(t, verdict{reason: ErrRefused, action: actSplit, err: v.err}, v)
	})
	t.Run("ended context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, v := sendBatch(ctx, builtClient(server.URL))
		assert.Equal(t, ErrStopped, v.reason)
		assert.Equal(t, actStop, v.action)
		assert.False(t, v.maybe)
		assert.ErrorIs(t, v.err, context.Canceled)
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

	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, _, v := sendBatch(ctx, builtClient(server.URL))
	assert.Equal(t, verdict{reason: ErrStopped, action: actStop, maybe: true, err: v.err}, v)
	require.ErrorIs(t, v.err, context.Canceled)

	own, stop := context.WithTimeoutCause(t.Context(), time.Millisecond, errDeadline)
	defer stop()
	var x exchange
	_, err := builtClient(server.URL).PutItem(own, &dynamodb.PutItemInput{
		TableName: aws.String("users"), Item: map[string]types.AttributeValue{},
	}, x.options)
	require.Error(t, err)
	v = classify(err, x.seen(t.Context(), own), 1, "PutItem")
	assert.Equal(t, ErrUnavailable, v.reason)
	assert.Equal(t, actRetry, v.action)
	require.ErrorIs(t, v.err, errDeadline)
	assert.NotErrorIs(t, v.err, context.DeadlineExceeded)
}

func TestExchangeTellsAnEmptyAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		nil  bool
	}{
		"":                                  {"", true},
		"{}":                                {"{}", true},
		`{"UnprocessedItems":{}}`:           {`{"UnprocessedItems":{}}`, false},
		`{"UnprocessedItems":null}`:         {`{"UnprocessedItems":null}`, true},
		`{"UnprocessedItems":{"users":[]}}`: {`{"UnprocessedItems":{"users":[]}}`, false},
	}
	for body, tt := range tests {
		server := httptest.NewServer(respond(200, tt.body))
		out, x, v := sendBatch(t.Context(), builtClient(server.URL))
		server.Close()
		require.NoError(t, v.err)
		assert.True(t, x.overWire(out.ResultMetadata))
		assert.True(t, new(exchange).overWire(out.ResultMetadata))
		for _, x := range []*exchange{x, new(exchange)} {
			assert.Equal(t, body == "", x.empty(out.ResultMetadata))
		}
		assert.Equal(t, tt.nil, out.UnprocessedItems == nil, body)
	}
	assert.False(t, new(exchange).overWire(middleware.Metadata{}))
	assert.False(t, new(exchange).empty(middleware.Metadata{}))
}

// net/http reads on past the end of a body that it has sent, to see that there
// is no more, and gives the connection up if that fails. The SDK may have
// closed the body by then, if the answer came at once.
func TestABodyThatIsClosedEarlyEndsWithoutAnError(t *testing.T) {
	t.Parallel()
	sent := 0
	client := foreignClient("http://dynamodb.invalid", smithyhttp.ClientDoFunc(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(io.LimitReader(r.Body, r.ContentLength))
		require.NoError(t, err)
		assert.Len(t, body, int(r.ContentLength))
		require.NoError(t, r.Body.Close())
		_, err = io.Copy(io.Discard, r.Body)
		require.NoError(t, err)
		sent++
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"UnprocessedItems":{}}`))}, nil
	}))
	_, _, v := sendBatch(t.Context(), client)
	require.NoError(t, v.err)
	assert.Equal(t, 1, sent)
}

func TestThrottlingReasonsComeOverTheWire(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(respond(400, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"m",
		"ThrottlingReasons":[{"reason":"TableWriteKeyRangeThroughputExceeded","resource":"arn:aws:dynamodb:eu-west-1:123456789012:table/users"}]}`))
	defer server.Close()
	_, _, v := sendBatch(t.Context(), builtClient(server.URL))
	row := &RowError{Reason: v.reason, Err: v.err}
	assert.Contains(t, row.Remedy(), "arn:aws:dynamodb:eu-west-1:123456789012:table/users is hot")
}

func TestASkewedClockIsSetRightForTheNextRequest(t *testing.T) {
	t.Parallel()
	ahead := time.Now().Add(2 * time.Hour)
	dates := make(chan string, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dates <- r.Header.Get("X-Amz-Date")
		w.Header().Set("Date", ahead.UTC().Format(http.TimeFormat))
		errorAnswer(400, "InvalidSignatureException")(w, r)
	}))
	defer server.Close()
	client := builtClient(server.URL)
	for range 2 {
		_, _, v := sendBatch(t.Context(), client)
		require.Equal(t, actResend, v.action)
	}
	<-dates
	second, err := time.Parse("20060102T150405Z", <-dates)
	require.NoError(t, err)
	assert.WithinDuration(t, ahead, second, 10*time.Minute)
}
