package dynamodest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// captured is an HTTP client that keeps the request and answers nothing.
type captured struct{ request *http.Request }

func (c *captured) Do(r *http.Request) (*http.Response, error) {
	c.request = r
	return nil, errors.New("captured")
}

func TestBuiltClientSignsAndUsesTLS(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*Config)
		url    string
	}{
		"region":         {func(*Config) {}, "https://dynamodb.eu-west-1.amazonaws.com/"},
		"other region":   {func(c *Config) { c.Region = "cn-north-1" }, "https://dynamodb.cn-north-1.amazonaws.com.cn/"},
		"https endpoint": {func(c *Config) { c.Endpoint = "https://vpce-1.example" }, "https://vpce-1.example/"},
		"http endpoint":  {func(c *Config) { c.Endpoint = "http://localhost:8000" }, "http://localhost:8000/"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := validConfig()
			cfg.Credentials.SessionToken = testToken
			tt.change(&cfg)
			client, _ := newClient(cfg)
			var c captured
			_, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("users")},
				func(o *dynamodb.Options) { o.HTTPClient = &c })
			require.Error(t, err)
			require.NotNil(t, c.request)
			assert.Equal(t, tt.url, c.request.URL.String())
			assert.Regexp(t, `^AWS4-HMAC-SHA256 Credential=`+testKeyID+`/\d{8}/`+cfg.Region+`/dynamodb/aws4_request, `, c.request.Header.Get("Authorization"))
			assert.Equal(t, testToken, c.request.Header.Get("X-Amz-Security-Token"))
			assert.Equal(t, "DynamoDB_20120810.DescribeTable", c.request.Header.Get("X-Amz-Target"))
			assert.Contains(t, c.request.Header.Get("User-Agent"), "dynamodest")
		})
	}
}

func TestHTTPPool(t *testing.T) {
	t.Parallel()
	assert.Same(t, sharedHTTPClient(), sharedHTTPClient())
	var transport http.Transport
	configureTransport(&transport)
	assert.Equal(t, 30*time.Second, transport.IdleConnTimeout)
	assert.GreaterOrEqual(t, transport.MaxIdleConnsPerHost, maxConcurrency)
	assert.Zero(t, transport.MaxIdleConns)
	assert.Zero(t, transport.MaxConnsPerHost)
}

// Two Destinations of one endpoint, each with 64 requests at once, twice over:
// the second time no connection is made.
func TestHTTPPoolIsShared(t *testing.T) {
	t.Parallel()
	var opened, waiting atomic.Int32
	const atOnce = 2 * defaultConcurrency
	var gate atomic.Pointer[chan struct{}]
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		open := *gate.Load()
		if waiting.Add(1) == atOnce {
			close(open)
		}
		<-open
		respond(200, `{"UnprocessedItems":{}}`)(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()

	clients := []*dynamodb.Client{builtClient(server.URL), builtClient(server.URL)}
	for range 2 {
		open := make(chan struct{})
		gate.Store(&open)
		waiting.Store(0)
		var sent sync.WaitGroup
		for i := range atOnce {
			sent.Go(func() {
				_, _, v := sendBatch(t.Context(), clients[i%2])
				assert.NoError(t, v.err)
			})
		}
		sent.Wait()
	}
	assert.Equal(t, int32(atOnce), opened.Load())
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("rows went elsewhere") }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(respond(status, "", "Location", elsewhere.URL))
		_, _, v := sendBatch(t.Context(), builtClient(server.URL))
		server.Close()
		assert.Equal(t, ErrUnavailable, v.reason, status)
		require.Error(t, v.err)
		assert.Contains(t, v.err.Error(), fmt.Sprintf("HTTP status %d", status))
	}
}

func TestCredentialsAreCached(t *testing.T) {
	t.Parallel()
	calls := 0
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		calls++
		return aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret, SessionToken: strings.Repeat("x", calls)}, nil
	})
	cfg := validConfig()
	cfg.CredentialsProvider = provider
	cache := credentialsCache(cfg)
	for range 3 {
		_, err := cache.Retrieve(t.Context())
		require.NoError(t, err)
	}
	assert.Equal(t, 1, calls)
	cache.Invalidate()
	got, err := cache.Retrieve(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "xx", got.SessionToken)

	cfg.CredentialsProvider = cache
	assert.Same(t, cache, credentialsCache(cfg))

	cfg = validConfig()
	got, err = credentialsCache(cfg).Retrieve(t.Context())
	require.NoError(t, err)
	assert.Equal(t, testSecret, got.SecretAccessKey)
}

// Requests that were sent before the credentials were dropped say nothing of the
// credentials asked for since.
func TestCredentialsAreDroppedOnceForRequestsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		creds := &tokens{cache: aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			asked++
			return aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret}, nil
		}))}
		begin := time.Now()
		for _, step := range []struct { // an answer each second, the first at once
			name  string
			sent  time.Duration // since begin
			asked int
		}{
			{"sent before the first answer", -2 * time.Second, 2},
			{"sent before it too", -time.Second, 2},
			{"sent at its time", 0, 2},
			{"sent after it", 1, 3},
			{"sent before the credentials were dropped again", 3*time.Second - 1, 3},
		} {
			_, err := creds.cache.Retrieve(t.Context())
			require.NoError(t, err)
			creds.forget(begin.Add(step.sent))
			_, err = creds.cache.Retrieve(t.Context())
			require.NoError(t, err)
			assert.Equal(t, step.asked, asked, step.name)
			time.Sleep(time.Second)
		}
	})
	assert.NotPanics(t, func() { (*tokens)(nil).forget(time.Now()) }, "with a client of the caller's")
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		own, cancel := withDeadline(t.Context())
		defer cancel()
		<-own.Done()
		assert.Equal(t, 30*time.Second, time.Since(begin))
		var x exchange
		seen := x.seen(t.Context(), own)
		assert.Equal(t, errDeadline, seen.overdue)
		require.NoError(t, seen.ended)

		caller, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		own, cancel = withDeadline(caller)
		defer cancel()
		<-own.Done()
		seen = x.seen(caller, own)
		assert.NoError(t, seen.overdue)
		assert.ErrorIs(t, seen.ended, context.DeadlineExceeded)
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	r := Config{}.withDefaults().Retry
	var bounds []time.Duration
	for n := 1; n <= 9; n++ {
		bounds = append(bounds, r.bound(n))
	}
	ms := time.Millisecond
	assert.Equal(t, []time.Duration{50 * ms, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 5000 * ms, 5000 * ms}, bounds)
	assert.Equal(t, 5*time.Second, r.bound(math.MaxInt))

	low, high := false, false
	for range 200 {
		d := r.delay(3)
		require.GreaterOrEqual(t, d, time.Duration(0))
		require.LessOrEqual(t, d, 200*ms)
		low, high = low || d < 50*ms, high || d > 150*ms
	}
	assert.True(t, low && high, "the delays are spread over the whole of the bound")

	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		require.NoError(t, sleep(t.Context(), time.Hour))
		assert.Equal(t, time.Hour, time.Since(begin))

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, sleep(ctx, time.Hour), context.DeadlineExceeded)
		assert.Equal(t, time.Hour+time.Minute, time.Since(begin))
	})
}
