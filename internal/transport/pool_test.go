package transport

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/pipes"
)

// A BuildableClient keeps its own proxy, TLS and timeouts under the settings of every pool.
func TestBuildableClientsAreDerivedFrom(t *testing.T) {
	t.Parallel()
	roots := x509.NewCertPool()
	proxy := &url.URL{Scheme: "http", Host: "proxy.example:3128"}
	given := awshttp.NewBuildableClient().WithTimeout(7 * time.Second).WithTransportOptions(func(t *http.Transport) {
		t.Proxy = http.ProxyURL(proxy)
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}
		t.MaxConnsPerHost = 3
		t.ResponseHeaderTimeout = time.Second
	})
	for name, o := range map[string]Options{
		"aws.Config":    {AWS: awsConfig(func(c *aws.Config) { c.HTTPClient = given })},
		"in a mode":     {AWS: awsConfig(func(c *aws.Config) { c.HTTPClient, c.DefaultsMode = given, aws.DefaultsModeInRegion })},
		"ClientOptions": {AWS: awsConfig(nil), Client: []func(*dynamodb.Options){func(o *dynamodb.Options) { o.HTTPClient = given }}},
	} {
		client := Build(o)
		pool := poolOf(t, client)
		got, err := pool.Proxy(&http.Request{URL: &url.URL{Scheme: "https", Host: "dynamodb.eu-west-1.amazonaws.com"}})
		require.NoError(t, err)
		assert.Equal(t, proxy, got, name)
		assert.Same(t, roots, pool.TLSClientConfig.RootCAs, name)
		assert.Equal(t, uint16(tls.VersionTLS13), pool.TLSClientConfig.MinVersion, name)
		assert.Equal(t, time.Second, pool.ResponseHeaderTimeout, name)
		assert.Equal(t, 7*time.Second, client.Options().HTTPClient.(*http.Client).Timeout, name)
		assert.Zero(t, pool.MaxConnsPerHost, name)
		assert.Equal(t, MaxConcurrency, pool.MaxIdleConnsPerHost, name)
		assert.Equal(t, idleTimeout, pool.IdleConnTimeout, name)
		if name == "in a mode" {
			assert.Equal(t, 1100*time.Millisecond, pool.TLSHandshakeTimeout)
		}
	}
	assert.Equal(t, 3, given.GetTransport().MaxConnsPerHost, "the caller's own is as it was")
}

func TestPoolsAreSharedByEqualSettings(t *testing.T) {
	t.Parallel()
	one, other := awshttp.NewBuildableClient(), awshttp.NewBuildableClient()
	pool := func(change func(*aws.Config), options ...func(*dynamodb.Options)) *http.Transport {
		client := Build(Options{AWS: awsConfig(change), Client: options})
		return poolOf(t, client)
	}
	with := func(c aws.HTTPClient) func(*aws.Config) { return func(cfg *aws.Config) { cfg.HTTPClient = c } }
	mode := func(m aws.DefaultsMode) func(*aws.Config) { return func(cfg *aws.Config) { cfg.DefaultsMode = m } }
	standard := pool(nil)
	assert.Same(t, standard, pool(nil))
	assert.Same(t, standard, pool(nil, func(o *dynamodb.Options) { o.HTTPClient = nil }))
	assert.Same(t, standard, pool(mode(aws.DefaultsModeLegacy)))
	assert.NotSame(t, standard, pool(mode(aws.DefaultsModeInRegion)))
	inMode, first := pool(mode(aws.DefaultsModeStandard)), pool(with(one))
	assert.Same(t, inMode, pool(mode(aws.DefaultsModeStandard)))
	assert.Same(t, first, pool(with(one)))
	assert.Same(t, first, pool(nil, func(o *dynamodb.Options) { o.HTTPClient = one }))
	assert.NotSame(t, first, pool(with(other)))

	// Any other HTTP client is used as it is.
	own := &http.Client{}
	client := Build(Options{AWS: awsConfig(with(own))})
	assert.Same(t, own, client.Options().HTTPClient)
}

// aLostPool makes a pool from a BuildableClient of its own and loses both.
func aLostPool() (key poolKey) {
	before := poolKeys()
	client := Build(Options{AWS: awsConfig(func(c *aws.Config) { c.HTTPClient = awshttp.NewBuildableClient().WithTimeout(time.Hour) })})
	_ = client
	for _, k := range poolKeys() {
		if !slices.Contains(before, k) {
			return k
		}
	}
	return key
}

func poolKeys() (keys []poolKey) {
	pools.Lock()
	defer pools.Unlock()
	for key := range pools.transports {
		keys = append(keys, key)
	}
	return keys
}

func TestPoolsGoWithTheirClients(t *testing.T) { // alone, since other tests make pools
	key := aLostPool()
	require.NotZero(t, key)
	assert.Eventually(t, func() bool {
		runtime.GC()
		return !slices.Contains(poolKeys(), key)
	}, 10*time.Second, time.Millisecond)

	global := &globalClient // no allocation of its own
	client := Build(Options{AWS: awsConfig(func(c *aws.Config) { c.HTTPClient = global })})
	again := Build(Options{AWS: awsConfig(func(c *aws.Config) { c.HTTPClient = global })})
	assert.Same(t, poolOf(t, client), poolOf(t, again))
}

var globalClient awshttp.BuildableClient

// A connection that says nothing for the ReadTimeout of a BuildableClient fails the request.
func TestReadTimeoutOfABuildableClient(t *testing.T) {
	t.Parallel()
	const silence = 500 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		network := pipes.Serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}), nil)
		given := awshttp.NewBuildableClient().WithTransportOptions(network.Connect).WithReadTimeout(silence)
		client := Build(Options{Endpoint: "http://dynamodb.test", AWS: awsConfig(func(c *aws.Config) { c.HTTPClient = given })})
		began := time.Now()
		_, failure := putBatch(t.Context(), client)
		require.NotNil(t, failure)
		assert.Equal(t, silence, time.Since(began))
		assert.Equal(t, inconclusive, meaningOf(failure))
		var timeout net.Error
		require.ErrorAs(t, failure.Err, &timeout)
		assert.True(t, timeout.Timeout())
	})

	// Without a dial function there is that of net/http.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { assert.NoError(t, listener.Close()) }()
	given := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.DialContext = nil }).WithReadTimeout(time.Millisecond)
	pool := poolOf(t, Build(Options{AWS: awsConfig(func(c *aws.Config) { c.HTTPClient = given })}))
	conn, err := pool.DialContext(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	defer func() { assert.NoError(t, conn.Close()) }()
	_, err = conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// A BuildableClient of the SDK follows a 307 with the rows. Those of a Destination do not.
func TestDerivedClientsDoNotFollowRedirects(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("items went elsewhere") }))
	defer elsewhere.Close()
	server := httptest.NewServer(respond(307, "", "Location", elsewhere.URL))
	defer server.Close()
	client := Build(Options{Endpoint: server.URL, AWS: awsConfig(func(c *aws.Config) { c.HTTPClient = awshttp.NewBuildableClient() })})
	_, failure := putBatch(t.Context(), client)
	require.NotNil(t, failure)
	assert.Equal(t, inconclusive, meaningOf(failure))
}
