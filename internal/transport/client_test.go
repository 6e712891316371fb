package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/pipes"
)

// captured is an HTTP client that keeps the request and answers nothing.
type captured struct{ request *http.Request }

func (c *captured) Do(r *http.Request) (*http.Response, error) {
	c.request = r
	return nil, errors.New("captured")
}

func TestBuiltClientSignsAndUsesTLS(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ region, endpoint, url string }{
		"region":         {"eu-west-1", "", "https://dynamodb.eu-west-1.amazonaws.com/"},
		"other region":   {"cn-north-1", "", "https://dynamodb.cn-north-1.amazonaws.com.cn/"},
		"https endpoint": {"eu-west-1", "https://vpce-1.example", "https://vpce-1.example/"},
		"http endpoint":  {"eu-west-1", "http://localhost:8000", "http://localhost:8000/"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := Build(Options{Region: tt.region, Endpoint: tt.endpoint, AWS: aws.Config{Credentials: credentials.NewStaticCredentialsProvider(testKeyID, testSecret, testToken)}})
			var c captured
			_, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("users")},
				func(o *dynamodb.Options) { o.HTTPClient = &c })
			require.Error(t, err)
			require.NotNil(t, c.request)
			assert.Equal(t, tt.url, c.request.URL.String())
			assert.Regexp(t, `^AWS4-HMAC-SHA256 Credential=`+testKeyID+`/\d{8}/`+tt.region+`/dynamodb/aws4_request, `, c.request.Header.Get("Authorization"))
			assert.Equal(t, testToken, c.request.Header.Get("X-Amz-Security-Token"))
			assert.Equal(t, "DynamoDB_20120810.DescribeTable", c.request.Header.Get("X-Amz-Target"))
			assert.Regexp(t, `(^| )dynamodest/\S+( |$)`, c.request.Header.Get("User-Agent"))
			assert.Equal(t, aws.NopRetryer{}, client.Options().Retryer)
		})
	}
}

func TestHTTPPool(t *testing.T) {
	t.Parallel()
	var transport http.Transport
	configureTransport(&transport, 0)
	assert.Equal(t, 30*time.Second, transport.IdleConnTimeout)
	assert.GreaterOrEqual(t, transport.MaxIdleConnsPerHost, MaxConcurrency)
	assert.Zero(t, transport.MaxIdleConns)
	assert.Zero(t, transport.MaxConnsPerHost)
}

// Two clients of one endpoint, each with 64 requests at once, twice over: the second time no
// connection is made. The clock is virtual, since net/http gives up a connection whose goroutine that
// writes has not ended in time.
func TestHTTPPoolIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var opened, waiting atomic.Int32
		const atOnce = 2 * 64
		var gate atomic.Pointer[chan struct{}]
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			open := *gate.Load()
			if waiting.Add(1) == atOnce {
				close(open)
			}
			<-open
			respond(200, `{"UnprocessedItems":{}}`)(w, r)
		})
		network := pipes.Serve(t, handler, func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				opened.Add(1)
			}
		})
		build := builtWith("http://dynamodb.test", func(c *awshttp.BuildableClient) *awshttp.BuildableClient {
			return c.WithTransportOptions(network.Connect)
		})
		clients := []*Built{build(), build()}
		for range 2 {
			open := make(chan struct{})
			gate.Store(&open)
			waiting.Store(0)
			var sent sync.WaitGroup
			for i := range atOnce {
				sent.Go(func() {
					_, failure := putBatch(t.Context(), clients[i%2])
					assert.Nil(t, failure)
				})
			}
			sent.Wait()
		}
		assert.Equal(t, int32(atOnce), opened.Load())
	})
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("items went elsewhere") }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(respond(status, "", "Location", elsewhere.URL))
		_, failure := putBatch(t.Context(), builtClient(server.URL))
		server.Close()
		require.NotNil(t, failure)
		assert.Equal(t, fault.Unavailable, failure.Reason, status)
		assert.Contains(t, failure.Err.Error(), fmt.Sprintf("HTTP status %d", status))
	}
}

func TestCredentialsAreCached(t *testing.T) {
	t.Parallel()
	calls := 0
	cache := cached(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		calls++
		return aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret, SessionToken: strings.Repeat("x", calls)}, nil
	}))
	for range 3 {
		_, err := cache.Retrieve(t.Context())
		require.NoError(t, err)
	}
	assert.Equal(t, 1, calls)
	assert.Same(t, cache, cached(cache))

	client := Build(Options{Region: "eu-west-1", AWS: aws.Config{Credentials: cache}})
	client.Credentials.Invalidate(time.Now())
	got, err := client.Options().Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "xx", got.SessionToken)
}

// Requests that were sent before the credentials were dropped say nothing of the credentials
// retrieved since.
func TestCredentialsAreDroppedOnceForRequestsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		retrieved := 0
		creds := &Credentials{cache: aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			retrieved++
			return aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret}, nil
		}))}
		begin := time.Now()
		for _, step := range []struct { // a response each second, the first at once
			name      string
			sent      time.Duration // since begin
			retrieved int
		}{
			{"sent before the first response", -2 * time.Second, 2},
			{"sent before it too", -time.Second, 2},
			{"sent at its time", 0, 2},
			{"sent after it", 1, 3},
			{"sent before the credentials were dropped again", 3*time.Second - 1, 3},
		} {
			_, err := creds.cache.Retrieve(t.Context())
			require.NoError(t, err)
			creds.Invalidate(begin.Add(step.sent))
			_, err = creds.cache.Retrieve(t.Context())
			require.NoError(t, err)
			assert.Equal(t, step.retrieved, retrieved, step.name)
			time.Sleep(time.Second)
		}
	})
	assert.NotPanics(t, func() { (*Credentials)(nil).Invalidate(time.Now()) }, "with a client of the caller's")
}

// The clock of a request is set right by the response that blamed it.
func TestSkewedClockIsCorrected(t *testing.T) {
	t.Parallel()
	ahead := time.Now().Add(2 * time.Hour)
	dates := make(chan string, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dates <- r.Header.Get("X-Amz-Date")
		w.Header().Set("Date", ahead.UTC().Format(http.TimeFormat))
		errorResponse(400, "InvalidSignatureException")(w, r)
	}))
	defer server.Close()
	client := builtClient(server.URL)
	for range 2 {
		_, failure := putBatch(t.Context(), client)
		require.Equal(t, fault.Reauthorize, failure.Action)
	}
	<-dates
	second, err := time.Parse("20060102T150405Z", <-dates)
	require.NoError(t, err)
	assert.WithinDuration(t, ahead, second, 10*time.Minute)
}

// The documentation of Config.Endpoint says which proxy is used: the one of the environment, and none
// for loopback addresses.
func TestBuiltClientUsesTheProxyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	proxy := poolOf(t, builtClient("")).Proxy
	assert.Equal(t, reflect.ValueOf(http.ProxyFromEnvironment).Pointer(), reflect.ValueOf(proxy).Pointer())
}
