package transport

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorder is a server that keeps its requests, and answers that all was written.
type recorder struct {
	*httptest.Server
	mu       sync.Mutex
	requests []recorded
}

type recorded struct {
	*http.Request
	body string
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	s := new(recorder)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		s.mu.Lock()
		s.requests = append(s.requests, recorded{r, string(body)})
		s.mu.Unlock()
		respond(200, `{"UnprocessedItems":{}}`)(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// taken returns the requests since the last call.
func (s *recorder) taken() []recorded {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.requests
	s.requests = nil
	return taken
}

// dialed is an HTTP client, with the settings of the SDK's own, all of whose connections lead to s, for https
// too, without TLS, and past any proxy of the environment.
func (s *recorder) dialed() *awshttp.BuildableClient {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", s.Listener.Addr().String())
	}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy, t.DialContext, t.DialTLSContext = nil, dial, dial })
}

// constant returns the header of a request without what belongs to that request alone, and the names of the
// headers that are signed without the SDK's numbers of its retries.
func (r recorded) constant(t *testing.T) (header http.Header, scope, signed string) {
	t.Helper()
	header = maps.Clone(r.Header)
	authorization := header.Get("Authorization")
	for _, name := range []string{"Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "Authorization", "X-Amz-Date"} {
		header.Del(name)
	}
	credential, rest, ok := strings.Cut(authorization, ", SignedHeaders=")
	require.True(t, ok, authorization)
	names, _, ok := strings.Cut(rest, ", Signature=")
	require.True(t, ok, authorization)
	kept := slices.DeleteFunc(strings.Split(names, ";"), func(name string) bool { return strings.HasPrefix(name, "amz-sdk-") })
	return header, credential, strings.Join(kept, ";")
}

// routeSettings are settings on which the host or the headers of a request depend.
var routeSettings = map[string]func(*aws.Config){
	"nothing": nil,
	"app":     func(c *aws.Config) { c.AppID = "my-engine" },
	"FIPS": func(c *aws.Config) {
		c.Region, c.ConfigSources = "us-east-1", []any{environment{fips: aws.FIPSEndpointStateEnabled}}
	},
	"dual stack": func(c *aws.Config) {
		c.ConfigSources = []any{environment{dualStack: aws.DualStackEndpointStateEnabled}}
	},
	"account": func(c *aws.Config) { c.Credentials = keysOf("AKIDACCOUNT", "123456789012") },
	"no account": func(c *aws.Config) {
		c.Credentials, c.AccountIDEndpointMode = keysOf("AKIDACCOUNT", "123456789012"), aws.AccountIDEndpointModeDisabled
	},
	"China":          func(c *aws.Config) { c.Region = "cn-north-1" },
	"endpoint":       func(c *aws.Config) { c.BaseEndpoint = aws.String("https://vpce-1.example:8443") },
	"plain endpoint": func(c *aws.Config) { c.BaseEndpoint = aws.String("http://vpce-1.example:80") },
	"path":           func(c *aws.Config) { c.BaseEndpoint = aws.String("https://gateway.example/a b/%2F/ü/") },
	"query":          func(c *aws.Config) { c.BaseEndpoint = aws.String("https://gateway.example/?a=b") },
	"retry mode":     func(c *aws.Config) { c.RetryMode = aws.RetryModeAdaptive },
	"key with slash": func(c *aws.Config) { c.Credentials = keysOf("AKID/EX/AMPLE", "") },
}

func keysOf(key, account string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: key, SecretAccessKey: testSecret, SessionToken: testToken, AccountID: account, Source: "own"}, nil
	})
}

// A posted request differs from that of a call of the SDK only in what belongs to one request, and goes to the
// same place.
func TestPostedRequestsAreThoseOfTheSDK(t *testing.T) {
	t.Parallel()
	for name, setting := range routeSettings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newRecorder(t)
			build := func() *Built {
				return Build(Options{AWS: awsConfig(setting), Client: []func(*dynamodb.Options){func(o *dynamodb.Options) { o.HTTPClient = server.dialed() }}})
			}
			for _, table := range []string{"users", "arn:aws:dynamodb:eu-west-1:123456789012:table/users"} {
				for _, request := range requestsOf {
					require.Empty(t, request(t.Context(), New(onWay(t, build(), Call), table).WithDescription(users())).text)
					posts := New(onWay(t, build(), Direct), table).WithDescription(users())
					require.Empty(t, request(t.Context(), posts).text)
					require.Empty(t, request(t.Context(), posts).text)
					requests := server.taken()
					require.Len(t, requests, 3, "nothing else goes out")
					wantHeader, wantScope, wantSigned := requests[0].constant(t)
					for _, got := range requests[1:] {
						assert.Equal(t, requests[0].Method, got.Method)
						assert.Equal(t, requests[0].Host, got.Host)
						assert.Equal(t, requests[0].RequestURI, got.RequestURI)
						assert.Equal(t, requests[0].Proto, got.Proto)
						assert.Equal(t, requests[0].ContentLength, got.ContentLength)
						assert.Equal(t, requests[0].TransferEncoding, got.TransferEncoding)
						assert.Equal(t, requests[0].body, got.body)
						header, scope, signed := got.constant(t)
						assert.Equal(t, wantHeader, header)
						assert.Equal(t, wantScope, scope)
						assert.Equal(t, wantSigned, signed)
						assert.Empty(t, got.Header.Get("Amz-Sdk-Request"), "the library itself has posted it")
					}
				}
			}
		})
	}
}

// The host may depend on the account, and the account changes with the credentials.
func TestRouteFollowsTheCredentials(t *testing.T) {
	t.Parallel()
	server := newRecorder(t)
	now := aws.Credentials{AccessKeyID: "AKID1", SecretAccessKey: "s", AccountID: "111111111111"}
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return now, nil })
	built := Build(Options{
		AWS:    awsConfig(func(c *aws.Config) { c.Credentials = provider }),
		Client: []func(*dynamodb.Options){func(o *dynamodb.Options) { o.HTTPClient = server.dialed() }},
	})
	client := New(onWay(t, built, Direct), "users")
	for _, step := range []struct{ key, token, account, host string }{
		{"AKID1", "", "111111111111", "111111111111.ddb.eu-west-1.amazonaws.com"},
		{"ASIA2", "token", "111111111111", "111111111111.ddb.eu-west-1.amazonaws.com"},
		{"ASIA3", "token", "222222222222", "222222222222.ddb.eu-west-1.amazonaws.com"},
		{"ASIA3", "token", "", "dynamodb.eu-west-1.amazonaws.com"},
		{"ASIA3", "other", "333333333333", "333333333333.ddb.eu-west-1.amazonaws.com"},
		{"AKID1", "", "111111111111", "111111111111.ddb.eu-west-1.amazonaws.com"},
	} {
		now.AccessKeyID, now.SessionToken, now.AccountID = step.key, step.token, step.account
		built.Credentials.cache.Invalidate()
		for range 2 {
			require.Nil(t, batch(client))
		}
		requests := server.taken()
		require.Len(t, requests, 2)
		for _, r := range requests {
			assert.Equal(t, step.host, r.Host)
			assert.Contains(t, r.Header.Get("Authorization"), "Credential="+step.key+"/")
			assert.Equal(t, step.token, r.Header.Get("X-Amz-Security-Token"))
			assert.Empty(t, r.Header.Get("Amz-Sdk-Request"), "posted")
		}
	}
}

// A request of the SDK's with anything that is not known is never posted: a call of the SDK sends it.
func TestUnusualRequestsAreNotPosted(t *testing.T) {
	t.Parallel()
	server := newRecorder(t)
	built := onWay(t, builtClient(server.URL), Direct)
	built.Client = dynamodb.New(built.Options(), func(o *dynamodb.Options) { o.APIOptions = append(o.APIOptions, header("X-New")) })
	client := New(built, "users")
	for range 3 {
		require.Nil(t, batch(client))
		require.Nil(t, put(client))
	}
	requests := server.taken()
	require.Len(t, requests, 6)
	for _, r := range requests {
		assert.Equal(t, "yes", r.Header.Get("X-New"))
		assert.NotEmpty(t, r.Header.Get("Amz-Sdk-Request"))
	}

	usual := func() *http.Request {
		r := httptest.NewRequest(http.MethodPost, "https://dynamodb.example/", nil)
		r.Header = http.Header{"Authorization": {"AWS4-HMAC-SHA256 Credential=AKID/20261127/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"}, "User-Agent": {"sdk"}}
		return r
	}
	require.True(t, routeOf(usual()).usable)
	for name, change := range map[string]func(*http.Request){
		"other header":    func(r *http.Request) { r.Header["X-Amz-Content-Sha256"] = nil },
		"other method":    func(r *http.Request) { r.Method = http.MethodPut },
		"user in the URL": func(r *http.Request) { r.URL.User = url.User("u") },
		"query":           func(r *http.Request) { r.URL.RawQuery = "a=b" },
		"no signature":    func(r *http.Request) { delete(r.Header, "Authorization") },
		"other signature": func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-ECDSA-P256-SHA256 Credential=A/b/c/d/aws4_request, S")
		},
		"bearer": func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") },
		"short credential": func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/aws4_request, S")
		},
		"no end": func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=A/b/c/d/aws4_request")
		},
	} {
		r := usual()
		change(r)
		assert.False(t, routeOf(r).usable, name)
	}
}

// Requests that begin at once learn at once, and each goes out once.
func TestRouteIsLearnedByManyAtOnce(t *testing.T) {
	t.Parallel()
	server := newRecorder(t)
	for range 10 {
		built := onWay(t, builtClient(server.URL), Direct)
		client := New(built, "users")
		var senders sync.WaitGroup
		for i := range 16 {
			senders.Go(func() {
				if i == 7 {
					built.Credentials.cache.Invalidate()
				}
				assert.Nil(t, batch(client))
				assert.Nil(t, put(client.WithDescription(users())))
			})
		}
		senders.Wait()
		assert.Len(t, server.taken(), 2*16)
		assert.True(t, client.batchWriteItem.route.Load().usable)
	}
}

// The first request is not sent if the SDK would not send it, and the route is learned later.
func TestRouteIsLearnedLater(t *testing.T) {
	t.Parallel()
	server := newRecorder(t)
	ctx, cancel := context.WithCancel(t.Context())
	client := New(onWay(t, builtClient(server.URL), Direct), "users")
	cancel()
	_, failure := client.WriteBatch(ctx, func() error { return nil }, twoItems())
	require.NotNil(t, failure)
	assert.Empty(t, server.taken())
	assert.Nil(t, client.batchWriteItem.route.Load())
	require.Nil(t, batch(client))
	assert.Len(t, server.taken(), 1)
}

// In AWS Lambda each request says which invocation it belongs to, so that functions that call each other without
// end are recognized.
func TestTraceIDOfLambda(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "function")
	server := newRecorder(t)
	built := builtClient(server.URL)
	for _, way := range []Way{Direct, Call} {
		client := New(onWay(t, built, way), "users")
		for _, id := range []string{"Root=1-5759e988-bd862e3fe1be46a994272793", "Root=2;Lineage=é 1"} {
			t.Setenv("_X_AMZN_TRACE_ID", id)
			require.Nil(t, batch(client))
			sent := server.taken()
			require.Len(t, sent, 1)
			want := map[string]string{"Root=1-5759e988-bd862e3fe1be46a994272793": "Root=1-5759e988-bd862e3fe1be46a994272793", "Root=2;Lineage=é 1": "Root=2;Lineage=%C3%A9%201"}[id]
			assert.Equal(t, want, sent[0].Header.Get("X-Amzn-Trace-Id"), wayNames[way])
			assert.Equal(t, way == Direct, sent[0].Header.Get("Amz-Sdk-Request") == "")
		}
	}
}
