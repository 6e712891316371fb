package transport

import (
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
)

// MaxConcurrency is the most requests in flight that a caller may allow, and the most idle
// connections that are kept for one endpoint. It guards against a typo exhausting the process's
// file descriptors.
const MaxConcurrency = 10_000

// idleTimeout is how long an idle connection is kept.
const idleTimeout = 30 * time.Second

// Options describes the SDK's client that [Build] makes.
type Options struct {
	Region      string
	Endpoint    string                  // "" for AWS's own
	Credentials aws.CredentialsProvider // required
}

// Build returns a client of the SDK for o, and the credentials that the client signs with.
func Build(o Options) (*dynamodb.Client, *Credentials) {
	cache := cached(o.Credentials)
	options := dynamodb.Options{
		Region:      o.Region,
		Credentials: cache,
		Retryer:     aws.NopRetryer{},
		HTTPClient:  sharedHTTPClient(),
		// The SDK only logs a checksum that does not match, and TLS has checked the same bytes.
		DisableValidateResponseChecksum: true,
		APIOptions: []func(*middleware.Stack) error{
			awsmiddleware.AddUserAgentKey("dynamodest"),
		},
	}
	if o.Endpoint != "" {
		options.BaseEndpoint = aws.String(o.Endpoint)
	}
	return dynamodb.New(options), &Credentials{cache: cache}
}

// cached returns a cache of p's credentials: p itself if it is one.
func cached(p aws.CredentialsProvider) *aws.CredentialsCache {
	if cache, ok := p.(*aws.CredentialsCache); ok {
		return cache
	}
	return aws.NewCredentialsCache(p)
}

// Credentials is what a client that [Build] made signs with.
type Credentials struct {
	cache *aws.CredentialsCache

	mu          sync.Mutex
	invalidated time.Time // the last time
}

// Invalidate drops the cached credentials after a response blamed them or the clock. Requests that
// were in flight at the same time invalidate only once: sent is when the request was sent. A nil c,
// with a client of the caller's, does nothing.
func (c *Credentials) Invalidate(sent time.Time) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if sent.After(c.invalidated) {
		c.cache.Invalidate()
		c.invalidated = time.Now() // after it, since a request sent before may have got the old ones
	}
}

// sharedHTTPClient returns the HTTP client of all clients that [Build] makes. Clients of one
// endpoint share its idle connections. It knows no endpoint and no secret, and keeps a connection
// for every request that any number of clients had in flight at once, up to MaxConcurrency an
// endpoint, for idleTimeout.
var sharedHTTPClient = sync.OnceValue(func() *http.Client {
	built := awshttp.NewBuildableClient().WithTransportOptions(configureTransport)
	return &http.Client{Transport: built.GetTransport(), CheckRedirect: noRedirect}
})

func configureTransport(t *http.Transport) {
	t.MaxIdleConns = 0 // no limit over all endpoints
	t.MaxIdleConnsPerHost = MaxConcurrency
	t.MaxConnsPerHost = 0 // no limit: the caller's concurrency is one
	t.IdleConnTimeout = idleTimeout
	t.OnProxyConnectResponse = reportProxyRefusal(t.OnProxyConnectResponse)
}

// noRedirect keeps items from being sent on to wherever a response points. DynamoDB never
// redirects.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// CloseIdleConnections closes the idle connections of all clients that [Build] has made. A test
// that looks for leaked goroutines calls it first.
func CloseIdleConnections() { sharedHTTPClient().CloseIdleConnections() }
