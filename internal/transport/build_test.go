package transport

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// awsConfig is an aws.Config with credentials and what change sets.
func awsConfig(change func(*aws.Config)) aws.Config {
	cfg := aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider(testKeyID, testSecret, testToken)}
	if change != nil {
		change(&cfg)
	}
	return cfg
}

// poolOf returns the connections of a client that Build made.
func poolOf(t *testing.T, client *Built) *http.Transport {
	t.Helper()
	return client.Options().HTTPClient.(*http.Client).Transport.(*http.Transport)
}

// environment is a source of settings as config.LoadDefaultConfig gives it.
type environment struct {
	fips      aws.FIPSEndpointState
	dualStack aws.DualStackEndpointState
	endpoint  string
}

func (e environment) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	return e.fips, e.fips != 0, nil
}

func (e environment) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	return e.dualStack, e.dualStack != 0, nil
}

func (e environment) GetServiceBaseEndpoint(context.Context, string) (string, bool, error) {
	return e.endpoint, e.endpoint != "", nil
}

// The host that requests go to follows everything of the aws.Config, Region and Endpoint before it,
// and ClientOptions before those.
func TestBuiltClientFollowsTheAWSConfig(t *testing.T) {
	t.Parallel()
	source := func(e environment) func(*aws.Config) {
		return func(c *aws.Config) { c.ConfigSources = []any{e} }
	}
	account := func(mode aws.AccountIDEndpointMode) func(*aws.Config) {
		return func(c *aws.Config) {
			c.AccountIDEndpointMode = mode
			c.Credentials = credentials.StaticCredentialsProvider{Value: aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret, AccountID: "123456789012"}}
		}
	}
	legacy := func(c *aws.Config) {
		c.EndpointResolverWithOptions = aws.EndpointResolverWithOptionsFunc(func(string, string, ...any) (aws.Endpoint, error) { //nolint:staticcheck // callers have it
			return aws.Endpoint{URL: "https://legacy.example"}, nil //nolint:staticcheck // callers have it
		})
	}
	for name, tt := range map[string]struct {
		aws     func(*aws.Config)
		options Options
		host    string
	}{
		"region":                      {nil, Options{}, "dynamodb.eu-west-1.amazonaws.com"},
		"Region before it":            {nil, Options{Region: "us-east-2"}, "dynamodb.us-east-2.amazonaws.com"},
		"FIPS":                        {source(environment{fips: aws.FIPSEndpointStateEnabled}), Options{Region: "us-east-1"}, "dynamodb-fips.us-east-1.amazonaws.com"},
		"dual stack":                  {source(environment{dualStack: aws.DualStackEndpointStateEnabled}), Options{}, "dynamodb.eu-west-1.api.aws"},
		"account":                     {account(aws.AccountIDEndpointModePreferred), Options{}, "123456789012.ddb.eu-west-1.amazonaws.com"},
		"no account":                  {account(aws.AccountIDEndpointModeDisabled), Options{}, "dynamodb.eu-west-1.amazonaws.com"},
		"endpoint":                    {func(c *aws.Config) { c.BaseEndpoint = aws.String("https://base.example") }, Options{}, "base.example"},
		"Endpoint before it":          {func(c *aws.Config) { c.BaseEndpoint = aws.String("https://base.example") }, Options{Endpoint: "https://own.example"}, "own.example"},
		"AWS_ENDPOINT_URL":            {source(environment{endpoint: "https://env.example"}), Options{}, "env.example"},
		"Endpoint before environment": {source(environment{endpoint: "https://env.example"}), Options{Endpoint: "https://own.example"}, "own.example"},
		"legacy resolver":             {legacy, Options{}, "legacy.example"},
		"Endpoint before legacy":      {legacy, Options{Endpoint: "https://own.example"}, "own.example"},
		"service options": {func(c *aws.Config) {
			c.ServiceOptions = []func(string, any){func(_ string, o any) { o.(*dynamodb.Options).BaseEndpoint = aws.String("https://service.example") }}
		}, Options{}, "service.example"},
		"ClientOptions after Region and Endpoint": {nil, Options{Region: "us-east-2", Endpoint: "https://own.example", Client: []func(*dynamodb.Options){func(o *dynamodb.Options) {
			assert.Equal(t, "us-east-2", o.Region)
			assert.Equal(t, "https://own.example", aws.ToString(o.BaseEndpoint))
			o.Region, o.BaseEndpoint = "eu-west-3", nil
		}}}, "dynamodb.eu-west-3.amazonaws.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.options.AWS = awsConfig(tt.aws)
			client := Build(tt.options)
			var c captured
			_, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("users")},
				func(o *dynamodb.Options) { o.HTTPClient = &c })
			require.Error(t, err)
			require.NotNil(t, c.request)
			assert.Equal(t, tt.host, c.request.URL.Host)
		})
	}
}

// header adds a header to requests, as a step of a caller's middleware.
func header(name string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Build.Add(middleware.BuildMiddlewareFunc(name, func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
			in.Request.(*smithyhttp.Request).Header.Set(name, "yes")
			return next.HandleBuild(ctx, in)
		}), middleware.After)
	}
}

// interceptor adds a header to requests.
type interceptor struct{}

func (interceptor) AfterSerialization(_ context.Context, in *smithyhttp.InterceptorContext) error {
	in.Request.Header.Set("X-Intercepted", "yes")
	return nil
}

func TestBuiltClientKeepsMiddlewareAndAppID(t *testing.T) {
	t.Parallel()
	steps := make([]func(*middleware.Stack) error, 0, 8)
	client := Build(Options{
		AWS: awsConfig(func(c *aws.Config) {
			c.AppID = "my-engine"
			c.APIOptions = append(steps, header("X-From-Config"))
			c.Interceptors.AfterSerialization = append(c.Interceptors.AfterSerialization, interceptor{})
		}),
		Client: []func(*dynamodb.Options){func(o *dynamodb.Options) { o.APIOptions = append(steps[:0:8], header("X-From-Options")) }},
	})
	var c captured
	_, failure := putBatch(t.Context(), withHTTPClient{client.Client, &c})
	require.NotNil(t, failure)
	require.NotNil(t, c.request)
	assert.Equal(t, "yes", c.request.Header.Get("X-From-Options"))
	assert.Equal(t, "yes", c.request.Header.Get("X-Intercepted"))
	assert.Regexp(t, `(^| )dynamodest/\S+( |$)`, c.request.Header.Get("User-Agent"))
	assert.Contains(t, c.request.Header.Get("User-Agent"), "app/my-engine")
	assert.Nil(t, steps[:2:8][1], "the memory of a caller's slice is the caller's")
}

// withHTTPClient sends the requests of a client by another HTTP client.
type withHTTPClient struct {
	*dynamodb.Client
	http dynamodb.HTTPClient
}

func (w withHTTPClient) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, options ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	return w.Client.BatchWriteItem(ctx, in, append(options, func(o *dynamodb.Options) { o.HTTPClient = w.http })...)
}

func TestRetriesAreOffWhateverIsSet(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		errorResponse(500, "InternalServerError")(w, r)
	}))
	defer server.Close()
	client := Build(Options{
		Endpoint: server.URL,
		AWS: awsConfig(func(c *aws.Config) {
			c.RetryMode, c.RetryMaxAttempts = aws.RetryModeAdaptive, 7
			c.Retryer = func() aws.Retryer { return retry.NewStandard() }
		}),
		Client: []func(*dynamodb.Options){func(o *dynamodb.Options) {
			o.Retryer, o.RetryMaxAttempts, o.RetryMode = retry.NewAdaptiveMode(), 9, aws.RetryModeStandard
		}},
	})
	_, failure := putBatch(t.Context(), client)
	require.NotNil(t, failure)
	assert.Equal(t, int32(1), requests.Load())

	// Outside the calls that turn retries off themselves, too: a discovered endpoint is requested so.
	_, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("users")})
	require.Error(t, err)
	assert.Equal(t, int32(2), requests.Load())
}

func TestCredentialsThatOptionsSetAreCachedAndDropped(t *testing.T) {
	t.Parallel()
	retrieved := 0
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		retrieved++
		return aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret}, nil
	})
	for name, o := range map[string]Options{
		"aws.Config":    {AWS: awsConfig(func(c *aws.Config) { c.Credentials = provider })},
		"ClientOptions": {AWS: awsConfig(nil), Client: []func(*dynamodb.Options){func(o *dynamodb.Options) { o.Credentials = provider }}},
	} {
		retrieved = 0
		client := Build(o)
		for range 3 {
			_, err := client.Options().Credentials.Retrieve(t.Context())
			require.NoError(t, err)
		}
		assert.Equal(t, 1, retrieved, name)
		client.Credentials.Invalidate(time.Now())
		_, err := client.Options().Credentials.Retrieve(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 2, retrieved, name)
	}
	cache := aws.NewCredentialsCache(provider)
	client := Build(Options{AWS: awsConfig(func(c *aws.Config) { c.Credentials = cache })})
	assert.Same(t, cache, client.Options().Credentials)

	client = Build(Options{AWS: aws.Config{Region: "eu-west-1"}}) // unsigned, as the SDK has it
	assert.Nil(t, client.Credentials)
	assert.Nil(t, client.Options().Credentials)
}

// logged collects what a client logs.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Logf(_ logging.Classification, format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(&l.text, format+"\n", v...)
}

// With every bit of ClientLogMode set, from an aws.Config or an option, no secret and no row is logged.
func TestLogsShowNoSecretAndNoRow(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(respond(400, `{"__type":"com.amazonaws.dynamodb.v20120810#ValidationException","message":"quoted-row"}`))
	defer server.Close()
	for name, o := range map[string]Options{
		"aws.Config":    {AWS: awsConfig(func(c *aws.Config) { c.ClientLogMode = ^aws.ClientLogMode(0) })},
		"ClientOptions": {AWS: awsConfig(nil), Client: []func(*dynamodb.Options){func(o *dynamodb.Options) { o.ClientLogMode = ^aws.ClientLogMode(0) }}},
	} {
		var log logged
		o.AWS.Logger, o.Endpoint = &log, server.URL
		client := Build(o)
		_, failure := New(client, "users").WriteBatch(t.Context(), t.Context().Err, twoItems()[:1])
		require.NotNil(t, failure, name)
		text := log.text.String()
		assertNoSecret(t, text)
		assert.NotContains(t, text, "quoted-row")
		assert.NotContains(t, text, "PutRequest")
		assert.NotContains(t, text, "Authorization")
	}
}

func TestOptionsAreNotChanged(t *testing.T) {
	t.Parallel()
	services := make([]func(string, any), 0, 4)
	cfg := awsConfig(func(c *aws.Config) {
		c.ServiceOptions = append(services, func(string, any) {})
		c.ClientLogMode = aws.LogRequestWithBody
	})
	_ = Build(Options{AWS: cfg, Region: "us-east-1", Endpoint: "https://own.example"})
	assert.Equal(t, "eu-west-1", cfg.Region)
	assert.Equal(t, aws.LogRequestWithBody, cfg.ClientLogMode)
	assert.Nil(t, services[:2:4][1])
	assert.Nil(t, cfg.HTTPClient)
	assert.PanicsWithValue(t, "mine", func() {
		_ = Build(Options{AWS: cfg, Client: []func(*dynamodb.Options){func(*dynamodb.Options) { panic("mine") }}})
	})
}

func TestVersion(t *testing.T) {
	t.Parallel()
	module := func(path, version string, replace *debug.Module) *debug.Module {
		return &debug.Module{Path: path, Version: version, Replace: replace}
	}
	for want, program := range map[string]*debug.BuildInfo{
		"v0.3.1":                {Main: *module("example.com/engine", "v1.0.0", nil), Deps: []*debug.Module{module("example.com/x", "v9.9.9", nil), module(modulePath, "v0.3.1", nil)}},
		"v0.0.0-2026.1.2+dirty": {Main: *module(modulePath, "v0.0.0-2026.1.2+dirty", nil)},
		"v0.4.0-fork":           {Deps: []*debug.Module{module(modulePath, "v0.3.1", module("example.com/fork", "v0.4.0-fork", nil))}},
		"devel":                 {Deps: []*debug.Module{module(modulePath, "v0.3.1", module("../dynamodest", "", nil))}},
	} {
		assert.Equal(t, want, versionIn(program))
	}
	assert.Equal(t, "devel", versionIn(nil))
	assert.Equal(t, "devel", versionIn(&debug.BuildInfo{}))
	assert.Equal(t, "devel", versionIn(&debug.BuildInfo{Main: *module(modulePath, "(devel)", nil)}))
}
