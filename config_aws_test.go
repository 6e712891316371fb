package dynamodest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/pipes"
)

// awsConfig is an aws.Config as config.LoadDefaultConfig returns it.
func awsConfig() *aws.Config {
	return &aws.Config{Region: "us-east-1", Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(testKeyID, testSecret, ""))}
}

func TestValidateChecksAWS(t *testing.T) {
	t.Parallel()
	set := func(*dynamodb.Options) {}
	for _, tt := range []struct {
		name   string
		change func(*Config)
		want   []string
	}{
		{"alone", func(*Config) {}, nil},
		{"without a region", func(c *Config) { c.AWS.Region = "" }, []string{"Region"}},
		{"Region instead", func(c *Config) { c.AWS.Region, c.Region = "", "eu-west-1" }, nil},
		{"malformed region", func(c *Config) { c.AWS.Region = "Ireland" }, []string{"AWS.Region"}},
		{"malformed region that is not used", func(c *Config) { c.AWS.Region, c.Region = "Ireland", "eu-west-1" }, nil},
		{"local region", func(c *Config) { c.AWS.Region, c.AWS.BaseEndpoint = "local", aws.String("http://localhost:8000") }, nil},
		{"with Client", func(c *Config) { c.Client = taker{} }, []string{"AWS"}},
		{"with Credentials", func(c *Config) { c.Credentials.SessionToken = testToken }, []string{"AWS"}},
		{"with CredentialsProvider", func(c *Config) { c.CredentialsProvider = aws.AnonymousCredentials{} }, []string{"AWS"}},
		{"with all of them", func(c *Config) {
			c.Client, c.CredentialsProvider, c.Credentials = taker{}, aws.AnonymousCredentials{}, Credentials{AccessKeyID: testKeyID}
		}, []string{"AWS"}},
		{"zero", func(c *Config) { c.AWS = &aws.Config{} }, []string{"AWS.Credentials", "Region"}},
		{"options may set credentials", func(c *Config) { c.AWS.Credentials, c.ClientOptions = nil, []func(*dynamodb.Options){set} }, nil},
		{"nil provider", func(c *Config) { c.AWS.Credentials = (*aws.CredentialsCache)(nil) }, []string{"AWS.Credentials"}},
		{"temporary key without token", func(c *Config) {
			c.AWS.Credentials = credentials.NewStaticCredentialsProvider("ASIAIOSFODNN7EXAMPLE", testSecret, "")
		}, []string{"AWS.Credentials"}},
		{"temporary key without token from the environment", func(c *Config) {
			c.AWS.Credentials = aws.NewCredentialsCache(credentials.StaticCredentialsProvider{Value: aws.Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: testSecret}})
		}, []string{"AWS.Credentials"}},
		{"temporary key without token behind two caches", func(c *Config) {
			keys := credentials.NewStaticCredentialsProvider("ASIAIOSFODNN7EXAMPLE", testSecret, "")
			c.AWS.Credentials = aws.NewCredentialsCache(aws.NewCredentialsCache(&keys))
		}, []string{"AWS.Credentials"}},
		{"temporary key with token from the environment", func(c *Config) {
			c.AWS.Credentials = aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("ASIAIOSFODNN7EXAMPLE", testSecret, testToken))
		}, nil},
		{"cache of nothing", func(c *Config) { c.AWS.Credentials = aws.NewCredentialsCache(nil) }, nil},
		{"nil HTTP client", func(c *Config) { c.AWS.HTTPClient = (*http.Client)(nil) }, []string{"AWS.HTTPClient"}},
		{"nil BuildableClient", func(c *Config) { c.AWS.HTTPClient = (*awshttp.BuildableClient)(nil) }, []string{"AWS.HTTPClient"}},
		{"endpoint of its own", func(c *Config) { c.AWS.BaseEndpoint = aws.String("localhost:8000") }, []string{"AWS.BaseEndpoint"}},
		{"empty endpoint of its own", func(c *Config) { c.AWS.BaseEndpoint = aws.String("") }, []string{"AWS.BaseEndpoint"}},
		{"endpoint with a password", func(c *Config) { c.AWS.BaseEndpoint = aws.String("https://me:" + testSecret + "@host") }, []string{"AWS.BaseEndpoint"}},
		{"endpoint that is not used", func(c *Config) {
			c.AWS.BaseEndpoint, c.Endpoint = aws.String("localhost:8000"), "http://localhost:8000"
		}, nil},
		{"options", func(c *Config) { c.ClientOptions = []func(*dynamodb.Options){set, set} }, nil},
		{"nil option", func(c *Config) { c.ClientOptions = []func(*dynamodb.Options){set, nil, nil} }, []string{"ClientOptions[1]", "ClientOptions[2]"}},
		{"options with keys", func(c *Config) { *c = validConfig(); c.ClientOptions = []func(*dynamodb.Options){set} }, nil},
		{"options with Client", func(c *Config) {
			*c = Config{Table: "users", Client: taker{}, ClientOptions: []func(*dynamodb.Options){nil}}
		}, []string{"ClientOptions", "ClientOptions[0]"}},
		{"no options with Client", func(c *Config) {
			*c = Config{Table: "users", Client: taker{}, ClientOptions: []func(*dynamodb.Options){}}
		}, nil},
		{"all at once", func(c *Config) {
			*c = Config{AWS: &aws.Config{HTTPClient: (*http.Client)(nil), BaseEndpoint: aws.String("x")}, Client: taker{}, Concurrency: -1}
		}, []string{"AWS", "AWS.Credentials", "AWS.HTTPClient", "Table", "AWS.BaseEndpoint", "Concurrency"}},
	} {
		cfg := Config{Table: "users", AWS: awsConfig()}
		tt.change(&cfg)
		err := cfg.Validate()
		assert.Equal(t, tt.want, configFields(t, err), tt.name)
		if err != nil {
			assertNoSecret(t, err.Error())
		}
	}
}

func TestMissingRegionOfAWS(t *testing.T) {
	t.Parallel()
	cfg := Config{Table: "users", AWS: awsConfig()}
	cfg.AWS.Region = ""
	assert.EqualError(t, cfg.Validate(), `Region: is required: the code of the table's AWS Region, such as "eu-west-1"; AWS has none, which AWS_REGION or a profile would give it`)
}

// What ClientOptions and the environment set is known once the client is built, which sends nothing then.
func TestNewChecksTheBuiltClient(t *testing.T) {
	t.Parallel()
	loaded := awsConfig()
	loaded.ConfigSources = []any{environment("https://dynamodb.eu-west-1.amazonaws.com")}
	options := func(change func(*dynamodb.Options)) Config {
		return Config{AWS: awsConfig(), ClientOptions: []func(*dynamodb.Options){change}}
	}
	endpoint := func(url string) Config { return options(func(o *dynamodb.Options) { o.BaseEndpoint = &url }) }
	otherRegion := endpoint("https://dynamodb.us-east-1.amazonaws.com")
	otherRegion.ClientOptions = append(otherRegion.ClientOptions, func(o *dynamodb.Options) { o.Region = "eu-west-1" })
	withKeys := options(func(o *dynamodb.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider("ASIAIOSFODNN7EXAMPLE", testSecret, "")
	})
	withKeys.AWS, withKeys.Region, withKeys.Credentials = nil, "us-east-1", Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret}
	for name, tt := range map[string]struct {
		cfg         Config
		field, text string
	}{
		"endpoint of the environment in another region": {Config{AWS: loaded}, "AWS", `AWS_ENDPOINT_URL_DYNAMODB or a profile, for one) is DynamoDB's endpoint in "eu-west-1", but the region is "us-east-1"`},
		"endpoint in another region":                    {endpoint("https://dynamodb.eu-west-1.amazonaws.com"), "ClientOptions", `DynamoDB's endpoint in "eu-west-1"`},
		"endpoint of another service":                   {endpoint("https://s3.us-east-1.amazonaws.com"), "ClientOptions", `an endpoint of another service`},
		"region other than the endpoint's":              {otherRegion, "ClientOptions", `but the region is "eu-west-1"`},
		"temporary key without token":                   {withKeys, "ClientOptions", "has no session token"},
		"nil HTTP client":                               {options(func(o *dynamodb.Options) { o.HTTPClient = (*http.Client)(nil) }), "ClientOptions", "a nil *http.Client"},
		"nil BuildableClient":                           {options(func(o *dynamodb.Options) { o.HTTPClient = (*awshttp.BuildableClient)(nil) }), "ClientOptions", "a nil *http.BuildableClient"},
		"nil provider":                                  {options(func(o *dynamodb.Options) { o.Credentials = (*aws.CredentialsCache)(nil) }), "ClientOptions", "a nil *aws.CredentialsCache"},
	} {
		tt.cfg.Table = "users"
		tt.cfg.Observer = Observer{RequestStart: func(ctx context.Context, _ Request) context.Context { t.Error("a request"); return ctx }}
		d, err := New(t.Context(), tt.cfg)
		assert.Nil(t, d, name)
		require.Equal(t, []string{tt.field}, configFields(t, err), name)
		assert.ErrorContains(t, err, tt.text, name)
		assertNoSecret(t, err.Error())
	}
}

func TestRegionOfTheBuiltClient(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(dynamodesttest.NewTable("users", "id:N"))
	defer server.Close()
	set := func(o *dynamodb.Options) { o.Region = "eu-west-3" }
	for want, cfg := range map[string]Config{
		"us-east-1": {AWS: awsConfig()},
		"eu-west-2": {AWS: awsConfig(), Region: "eu-west-2"},
		"eu-west-3": {AWS: awsConfig(), Region: "eu-west-2", ClientOptions: []func(*dynamodb.Options){set}},
	} {
		cfg.Table, cfg.Endpoint = "users", server.URL
		d, err := New(t.Context(), cfg)
		require.NoError(t, err)
		assert.Equal(t, want, d.region)
	}
}

func TestPanicOfAClientOption(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "mine", func() {
		_, _ = New(t.Context(), Config{Table: "users", AWS: awsConfig(), ClientOptions: []func(*dynamodb.Options){func(*dynamodb.Options) { panic("mine") }}})
	})
}

// environment is a source of an endpoint, as config.LoadDefaultConfig makes one of AWS_ENDPOINT_URL.
type environment string

func (e environment) GetServiceBaseEndpoint(context.Context, string) (string, bool, error) {
	return string(e), true, nil
}

// An endpoint without a scheme stops New at the first request, and a write at the first too.
func TestEndpointsWithoutASchemeAreNotRetried(t *testing.T) {
	t.Parallel()
	requests := 0
	observer := Observer{RequestDone: func(context.Context, Response) { requests++ }}
	loaded := awsConfig()
	loaded.ConfigSources = []any{environment("localhost:8000")}
	client := dynamodb.NewFromConfig(*awsConfig(), func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("dynamodb.us-east-1.amazonaws.com") })
	for name, cfg := range map[string]Config{
		"AWS_ENDPOINT_URL": {AWS: loaded},
		"ClientOptions":    {AWS: awsConfig(), ClientOptions: []func(*dynamodb.Options){func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("localhost:8000") }}},
		"Client":           {Client: client},
	} {
		requests = 0
		cfg.Table, cfg.Observer = "users", observer
		_, err := New(t.Context(), cfg)
		var stopped *TableError
		require.ErrorAs(t, err, &stopped, name)
		require.ErrorIs(t, err, ErrConfig, name)
		assert.Contains(t, stopped.Remedy(), "https://HOST", name)
		assert.Equal(t, 1, requests, name)
	}
}

func TestWritesToAnotherServiceStopAtOnce(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable("users", "id:N")
	var writes atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeTable") {
			db.ServeHTTP(w, r)
			return
		}
		writes.Add(1)
		errorAnswer(400, "UnknownOperationException")(w, r)
	}))
	defer server.Close()
	d, err := New(t.Context(), Config{Table: "users", AWS: awsConfig(), Endpoint: server.URL})
	require.NoError(t, err)
	result, err := d.Write(t.Context(), []Row{{"id": 1}, {"id": 2}})
	require.ErrorIs(t, err, ErrConfig)
	assert.Equal(t, 2, result.Summary.NotWritten)
	assert.Equal(t, int32(1), writes.Load())
}

// Credentials of AWS, and those that an option sets, are retrieved once, and again after an expired token.
func TestExpiredTokensOfAWS(t *testing.T) {
	t.Parallel()
	fetched := 0
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		fetched++
		return aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret, SessionToken: fmt.Sprint("token-", fetched)}, nil
	})
	db := dynamodesttest.NewTable("users", "id:N")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Security-Token") == "token-1" {
			errorAnswer(400, "ExpiredTokenException")(w, r)
			return
		}
		db.ServeHTTP(w, r)
	}))
	defer server.Close()
	for name, cfg := range map[string]Config{
		"AWS":           {AWS: &aws.Config{Region: "us-east-1", Credentials: provider}},
		"cached in AWS": {AWS: &aws.Config{Region: "us-east-1", Credentials: aws.NewCredentialsCache(provider)}},
		"ClientOptions": {AWS: awsConfig(), ClientOptions: []func(*dynamodb.Options){func(o *dynamodb.Options) { o.Credentials = provider }}},
		"options alone": {Region: "us-east-1", Credentials: validConfig().Credentials, ClientOptions: []func(*dynamodb.Options){func(o *dynamodb.Options) { o.Credentials = provider }}},
	} {
		fetched = 0
		cfg.Table, cfg.Endpoint, cfg.Retry.MaxAttempts = "users", server.URL, 1
		d, err := New(t.Context(), cfg)
		require.NoError(t, err, name)
		result, err := d.Write(t.Context(), []Row{{"id": 1}, {"id": 2}})
		require.NoError(t, err, name)
		assert.Equal(t, 2, result.Summary.Written, name)
		assert.Equal(t, 2, fetched, name)
	}
}

// Destinations with one aws.Config, or with copies of it, share connections: as many are opened as
// requests are in flight at once, and none for the next Destination. The clock is virtual, since net/http
// gives up a connection whose goroutine that writes has not ended in time.
func TestConnectionsAreSharedWithAWS(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const concurrency = 64
		db := dynamodesttest.NewTable("users", "id:N")
		var opened, waiting atomic.Int32
		var gate atomic.Pointer[chan struct{}]
		network := pipes.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".PutItem") {
				open := *gate.Load()
				if waiting.Add(1) == concurrency {
					close(open)
				}
				<-open
			}
			db.ServeHTTP(w, r)
		}), func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				opened.Add(1)
			}
		})

		cfg := awsConfig()
		cfg.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(network.Connect)
		for destination := range 3 {
			copied := cfg.Copy()
			d, err := New(t.Context(), Config{Table: "users", AWS: &copied, Endpoint: "http://dynamodb.test", Concurrency: concurrency, Mode: Insert, OnExisting: Fail})
			require.NoError(t, err)
			open := make(chan struct{})
			gate.Store(&open)
			waiting.Store(0)
			rows := make([]Row, concurrency)
			for i := range rows {
				rows[i] = Row{"id": destination*concurrency + i}
			}
			_, err = d.Write(t.Context(), rows)
			require.NoError(t, err)
		}
		assert.Equal(t, int32(concurrency), opened.Load())
	})
}
