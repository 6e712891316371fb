package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// said is all that one request has shown.
type said struct {
	result   Result
	failure  fault.Failure // without Err
	text     string
	remedy   string
	api      string // the type of DynamoDB's error
	canceled bool
}

func sayingOf(r Result, failure *fault.Failure) said {
	s := said{result: r}
	if failure == nil {
		return s
	}
	s.failure, s.text, s.remedy = *failure, failure.Err.Error(), fault.Remedy(failure.Reason, failure.Err)
	s.failure.Err = nil
	s.canceled = errors.Is(failure.Err, context.Canceled)
	var api interface{ ErrorCode() string }
	if errors.As(failure.Err, &api) {
		s.api = fmt.Sprintf("%T", api)
	}
	return s
}

// requestsOf are the requests that a Client makes for rows.
var requestsOf = map[string]func(context.Context, *Client) said{
	"batch": func(ctx context.Context, c *Client) said { return sayingOf(c.WriteBatch(ctx, ctx.Err, twoItems())) },
	"put": func(ctx context.Context, c *Client) said {
		return sayingOf(c.Put(ctx, ctx.Err, numbered("1", "a"), Condition{}))
	},
	"put if absent": func(ctx context.Context, c *Client) said {
		return sayingOf(c.Put(ctx, ctx.Err, numbered("1", "a"), IfAbsent))
	},
	"put unless newer": func(ctx context.Context, c *Client) said {
		it := numbered("1", "a")
		it.Rank, _ = item.RankOf(it.SDK()["id"])
		return sayingOf(c.Put(ctx, ctx.Err, it, UnlessNewer("id")))
	},
}

// assertWaysAgree makes the requests by the clients that build returns on each way, and holds what they show
// against the SDK's inputs.
func assertWaysAgree(ctx context.Context, t *testing.T, build func() *Built) {
	t.Helper()
	for name, request := range requestsOf {
		want := request(ctx, New(onWay(t, build(), Inputs), "users").WithDescription(users()))
		for _, way := range []Way{Direct, Call} {
			client := build()
			if client.way > way {
				continue
			}
			got := request(ctx, New(onWay(t, client, way), "users").WithDescription(users()))
			assert.Equal(t, want, got, "%s: %s", wayNames[way], name)
		}
	}
}

// Whatever a server does, the three ways report the same.
func TestWaysAgreeOnResponses(t *testing.T) {
	t.Parallel()
	const (
		conditionFailed = `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":{"id":{"N":"2"},"name":{"S":"z"}}}`
		unprocessed     = `{"UnprocessedItems":{"users":[{"PutRequest":{"Item":{"id":{"N":"1"},"name":{"S":"a"}}}}]},"ConsumedCapacity":[{"CapacityUnits":1}]}`
		throttled       = `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"m","ThrottlingReasons":[{"reason":"KeyRangeThroughputExceeded","resource":"arn"}]}`
	)
	servers := map[string]http.HandlerFunc{
		"all written":         respond(200, `{"UnprocessedItems":{}}`),
		"units":               respond(200, batchAnswer(`{"CapacityUnits":2.0,"Table":{"CapacityUnits":1.0},"TableName":"users"}`)),
		"units of a put":      respond(200, putAnswer(`{"CapacityUnits":2.0,"Table":{"CapacityUnits":1.0},"TableName":"users"}`)),
		"units with spaces":   respond(200, `{ "UnprocessedItems" : {} , "ConsumedCapacity" : [ { "CapacityUnits" : 3 } ] }`),
		"vectors":             respond(200, batchAnswer(`{"CapacityUnits":2,"VectorIndexes":{"v":{"VectorWriteRequestBytes":4096}}}`)),
		"unprocessed":         respond(200, unprocessed),
		"stranger":            respond(200, strings.Replace(unprocessed, `"N":"1"`, `"N":"9"`, 1)),
		"empty request back":  respond(200, `{"UnprocessedItems":{"users":[{}]}}`),
		"no map":              respond(200, `{}`),
		"null map":            respond(200, `{"UnprocessedItems":null}`),
		"null":                respond(200, `null`),
		"empty 200":           respond(200, ``),
		"empty 201":           respond(201, ``),
		"204":                 respond(204, ``),
		"201 with a map":      respond(201, `{"UnprocessedItems":{}}`),
		"truncated":           respond(200, `{"UnprocessedItems":{`),
		"trailing bytes":      respond(200, `{"UnprocessedItems":{}}x`),
		"HTML":                respond(200, `<html>sign in</html>`),
		"array":               respond(200, `[]`),
		"wrong types":         respond(200, `{"UnprocessedItems":{},"ConsumedCapacity":[{"CapacityUnits":"x"}]}`),
		"units twice":         respond(200, batchAnswer(`{"CapacityUnits":2,"CapacityUnits":3}`)),
		"wrong checksum":      respond(200, `{"UnprocessedItems":{}}`, "X-Amz-Crc32", "5"),
		"no checksum":         respond(200, `{"UnprocessedItems":{}}`, "X-Amz-Crc32", "abc"),
		"gzip":                respond(200, "\x1f\x8b\x08", "Content-Encoding", "gzip"),
		"condition failed":    respond(400, conditionFailed, "X-Amzn-Requestid", "REQ1"),
		"throttled":           respond(400, throttled),
		"other request ID":    respond(400, throttled, "X-Amz-Requestid", "REQ2"),
		"code in the header":  respond(400, ``, "X-Amzn-Errortype", "ThrottlingException:http://internal/"),
		"message quoted":      respond(400, `{"__type":"x#ValidationException","message":"One or more parameter values were invalid: Type mismatch for key id expected: N actual: S"}`),
		"no JSON":             respond(400, `down`),
		"empty 400":           respond(400, ``),
		"error with a type":   respond(400, `{"__type":5}`),
		"redirect":            respond(307, ``, "Location", "http://127.0.0.1:1/"),
		"redirect of a GET":   respond(302, ``, "Location", "http://127.0.0.1:1/"),
		"redirect to nowhere": respond(303, ``),
		"FIN":                 rawResponse("", false),
		"RST":                 rawResponse("", true),
		"SSH":                 rawResponse("SSH-2.0-OpenSSH_9.0\r\n", false),
		"FIN in the body":     rawResponse("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"UnprocessedItems\":{}}", false),
		"FIN in an error":     rawResponse("HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\n{\"__type\":\"x#ValidationException\"}", false),
		"broken chunk":        rawResponse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false),
		"long body":           rawResponse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n{\"UnprocessedItems\":{}}", false),
		"switching protocols": rawResponse("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", false),
		"early hints":         rawResponse("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 23\r\nConnection: close\r\n\r\n{\"UnprocessedItems\":{}}", false),
	}
	for _, status := range []int{400, 403, 404, 407, 413, 429, 500, 502, 503, 504, 507} {
		servers[fmt.Sprint(status, " HTML")] = respond(status, `<html>`, "X-Amzn-Requestid", "REQ1")
		servers[fmt.Sprint(status, " empty")] = respond(status, ``, "Server", "awselb/2.0")
		for _, code := range []string{"InternalServerError", "ThrottlingException", "AccessDeniedException", "ExpiredTokenException", "ResourceNotFoundException", "UnheardOf"} {
			servers[fmt.Sprint(status, " ", code)] = errorResponse(status, code)
		}
	}
	for code := range definiteFailures {
		servers[code] = errorResponse(400, code)
	}
	for name, handler := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // otherwise it is a matter of time what fails first
				handler(w, r)
			}))
			defer server.Close()
			assertWaysAgree(t.Context(), t, func() *Built { return builtClient(server.URL) })
		})
	}
}

// The same of requests that do not get as far as a response.
func TestWaysAgreeOnRequestsWithoutAResponse(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(respond(200, `{"UnprocessedItems":{}}`))
	t.Cleanup(server.Close)
	overTLS := httptest.NewUnstartedServer(respond(200, ``))
	overTLS.Config.ErrorLog = log.New(io.Discard, "", 0)
	overTLS.StartTLS()
	t.Cleanup(overTLS.Close)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	contexts := []context.Context{t.Context(), canceled}
	provider := func(retrieve func(context.Context) (aws.Credentials, error)) func(*dynamodb.Options) {
		return func(o *dynamodb.Options) { o.Credentials = aws.CredentialsProviderFunc(retrieve) }
	}
	endpoint := func(url string) func(*dynamodb.Options) {
		return func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(url) }
	}
	noName := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy = nil
		t.DialContext = func(_ context.Context, network, address string) (net.Conn, error) { // what a server of names says depends on the machine
			host, _, _ := net.SplitHostPort(address)
			return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: host, Server: "10.0.0.2:53", IsNotFound: true}}
		}
	})
	for name, change := range map[string]func(*dynamodb.Options){
		"credentials that fail": provider(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, assert.AnError }),
		"credentials with a code": provider(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, apiError("AccessDenied", "m")
		}),
		"credentials without a key": provider(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nil }),
		"anonymous":                 func(o *dynamodb.Options) { o.Credentials = aws.AnonymousCredentials{} },
		"no account":                func(o *dynamodb.Options) { o.AccountIDEndpointMode = aws.AccountIDEndpointModeRequired },
		"unknown account mode":      func(o *dynamodb.Options) { o.AccountIDEndpointMode = "sometimes" },
		"no region":                 func(o *dynamodb.Options) { o.Region, o.BaseEndpoint = "", nil },
		"refused":                   endpoint("http://127.0.0.1:1"),
		"unknown host": func(o *dynamodb.Options) {
			o.BaseEndpoint, o.HTTPClient = aws.String("http://no-such-host.invalid"), noName
		},
		"host that is none":         endpoint("http://a_b c"),
		"no scheme":                 endpoint("localhost:8000"),
		"other scheme":              endpoint("ftp://localhost"),
		"no host":                   endpoint("http://"),
		"https of an http server":   endpoint(strings.Replace(server.URL, "http:", "https:", 1)),
		"unknown certificate":       endpoint(overTLS.URL),
		"http of an https server":   endpoint("http://" + listen(t, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")), // as net/http does, which may reset the connection
		"password in the URL":       endpoint(strings.Replace(server.URL, "http://", "http://user:pass@", 1)),
		"query in the URL":          endpoint(server.URL + "/?a=b"),
		"path":                      endpoint(server.URL + "/a b/%2F/ü"),
		"FIPS of a custom endpoint": func(o *dynamodb.Options) { o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled },
		"invalid header in the app": func(o *dynamodb.Options) { o.AppID = "a\nb" },
		"session token of no header": provider(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "A", SecretAccessKey: "B", SessionToken: "a\nb"}, nil
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			build := func() *Built {
				return Build(Options{Endpoint: server.URL, AWS: awsConfig(nil), Client: []func(*dynamodb.Options){change}})
			}
			for _, ctx := range contexts {
				assertWaysAgree(ctx, t, build)
			}
		})
	}
}

// Credentials that are retrieved for the look at the SDK's request, and not for the request itself.
func TestCredentialsThatFailTheSecondTime(t *testing.T) {
	t.Parallel()
	retrieved := 0
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		if retrieved++; retrieved > 1 {
			return aws.Credentials{}, errors.New("gone")
		}
		return aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret, CanExpire: true}, nil // at once
	})
	client := Build(Options{AWS: awsConfig(func(c *aws.Config) { c.Credentials = provider })})
	_, failure := putBatch(t.Context(), onWay(t, client, Direct))
	require.NotNil(t, failure)
	assert.Equal(t, meaning{fault.Credentials, fault.Abort, false}, meaningOf(failure))
}
