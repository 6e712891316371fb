package dynamodest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
)

// requestTimeout is how long one request may take, its answer included. The
// SDK itself sets no such bound.
const requestTimeout = 30 * time.Second

// idleTimeout is how long an idle connection is kept.
const idleTimeout = 30 * time.Second

// errDeadline says that requestTimeout has passed. It is no
// context.DeadlineExceeded, which would read as the end of the caller's own
// context.
var errDeadline = errors.New("no answer within " + requestTimeout.String())

// errHookEnded says that the context of RequestStart has ended.
var errHookEnded = errors.New("the context that RequestStart returned ended first")

// withDeadline returns the context for one request.
func withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, requestTimeout, errDeadline)
}

// newClient returns the client that cfg describes, and what it signs with.
func newClient(cfg Config) (*dynamodb.Client, *tokens) {
	creds := credentialsCache(cfg)
	options := dynamodb.Options{
		Region:      cfg.Region,
		Credentials: creds,
		Retryer:     aws.NopRetryer{},
		HTTPClient:  sharedHTTPClient(),
		// The SDK only logs a checksum that does not match, and TLS has
		// checked the same bytes.
		DisableValidateResponseChecksum: true,
		APIOptions: []func(*middleware.Stack) error{
			awsmiddleware.AddUserAgentKey("dynamodest"),
		},
	}
	if cfg.Endpoint != "" {
		options.BaseEndpoint = aws.String(cfg.Endpoint)
	}
	return dynamodb.New(options), &tokens{cache: creds}
}

// tokens is what a client that this package built signs with.
type tokens struct {
	cache *aws.CredentialsCache

	mu        sync.Mutex
	forgotten time.Time // the last time
}

// forget drops the credentials that are kept, after an answer to a request sent
// at that time said that they or the clock were off: once for all the requests
// then in flight. A nil t, with a client of the caller's, does nothing.
func (t *tokens) forget(sent time.Time) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if sent.After(t.forgotten) {
		t.forgotten = time.Now()
		t.cache.Invalidate()
	}
}

// credentialsCache returns the cache that signs for cfg.
func credentialsCache(cfg Config) *aws.CredentialsCache {
	switch p := cfg.CredentialsProvider.(type) {
	case nil:
		keys := cfg.Credentials
		return aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken))
	case *aws.CredentialsCache:
		return p
	default:
		return aws.NewCredentialsCache(p)
	}
}

// sharedHTTPClient returns the HTTP client of all clients that this package
// builds. Sharing it is what lets Destinations of one endpoint share its idle
// connections. It knows no endpoint and no secret, and keeps a connection for
// every request that any number of Destinations had in flight at once, up to
// maxConcurrency an endpoint, for idleTimeout.
var sharedHTTPClient = sync.OnceValue(func() *http.Client {
	built := awshttp.NewBuildableClient().WithTransportOptions(configureTransport)
	return &http.Client{Transport: built.GetTransport(), CheckRedirect: noRedirect}
})

func configureTransport(t *http.Transport) {
	t.MaxIdleConns = 0 // no limit over all endpoints
	t.MaxIdleConnsPerHost = maxConcurrency
	t.MaxConnsPerHost = 0 // no limit: Concurrency is one
	t.IdleConnTimeout = idleTimeout
}

// noRedirect keeps rows from being sent on to wherever an answer points.
// DynamoDB never redirects.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
