package transport

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/pipes"
)

// builtWith returns what makes clients for endpoint whose connections change has set.
func builtWith(endpoint string, change func(*awshttp.BuildableClient) *awshttp.BuildableClient) func() *Built {
	connections := change(awshttp.NewBuildableClient())
	return func() *Built {
		return Build(Options{Endpoint: endpoint, AWS: awsConfig(nil), Client: []func(*dynamodb.Options){func(o *dynamodb.Options) { o.HTTPClient = connections }}})
	}
}

// The settings that a caller's connections may have take part in each way.
func TestWaysAgreeOnConnections(t *testing.T) {
	t.Parallel()
	quiet := log.New(io.Discard, "", 0)
	start := func(handler http.HandlerFunc, begin func(*httptest.Server)) *httptest.Server {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // otherwise it is a matter of time what fails first
			handler(w, r)
		}))
		server.Config.ErrorLog, server.EnableHTTP2 = quiet, true
		begin(server)
		t.Cleanup(server.Close)
		return server
	}
	abort := func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}
	written := respond(200, `{"UnprocessedItems":{}}`)
	plain := start(written, (*httptest.Server).Start)
	for name, tt := range map[string]struct {
		server *httptest.Server
		change func(*awshttp.BuildableClient) *awshttp.BuildableClient
	}{
		"timeout that is met": {plain, func(c *awshttp.BuildableClient) *awshttp.BuildableClient { return c.WithTimeout(time.Minute) }},
		"HTTP/2":              {start(written, (*httptest.Server).StartTLS), overTLS},
		"HTTP/2, rejected":    {start(errorResponse(400, "ValidationException"), (*httptest.Server).StartTLS), overTLS},
		"HTTP/2, reset":       {start(abort, (*httptest.Server).StartTLS), overTLS},
		"proxy that refuses": {start(written, (*httptest.Server).StartTLS), func(c *awshttp.BuildableClient) *awshttp.BuildableClient {
			proxy := start(respond(407, "who are you"), (*httptest.Server).Start)
			return overTLS(c).WithTransportOptions(func(t *http.Transport) {
				t.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
			})
		}},
		"proxy that writes": {plain, func(c *awshttp.BuildableClient) *awshttp.BuildableClient {
			proxy := start(respond(502, "<html>"), (*httptest.Server).Start)
			return c.WithTransportOptions(func(t *http.Transport) {
				t.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
			})
		}},
		"proxy that is none": {plain, func(c *awshttp.BuildableClient) *awshttp.BuildableClient {
			return c.WithTransportOptions(func(t *http.Transport) {
				t.Proxy = func(*http.Request) (*url.URL, error) { return nil, assert.AnError }
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertWaysAgree(t.Context(), t, builtWith(tt.server.URL, tt.change))
		})
	}
}

// The times that a caller's connections may take end requests in the same way, however far they have come. The clock
// is virtual: on a busy machine a short time passes before the request is sent.
func TestWaysAgreeOnTimeouts(t *testing.T) {
	t.Parallel()
	const patience = 50 * time.Millisecond
	hang := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	hangInBody := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"Unpro`)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	timeout := func(c *awshttp.BuildableClient) *awshttp.BuildableClient { return c.WithTimeout(patience) }
	silence := func(c *awshttp.BuildableClient) *awshttp.BuildableClient { return c.WithReadTimeout(patience) }
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		change  func(*awshttp.BuildableClient) *awshttp.BuildableClient
	}{
		"timeout":             {hang, timeout},
		"timeout in the body": {hangInBody, timeout},
		"silence":             {hang, silence},
		"silence in the body": {hangInBody, silence},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := pipes.Serve(t, tt.handler, nil)
				build := builtWith("http://dynamodb.test", func(c *awshttp.BuildableClient) *awshttp.BuildableClient {
					return tt.change(c.WithTransportOptions(network.Connect))
				})
				assertWaysAgree(t.Context(), t, build)
				began := time.Now()
				require.NotNil(t, batch(New(build(), "users")))
				assert.Equal(t, patience, time.Since(began))
			})
		})
	}
}

// overTLS trusts every server, and speaks HTTP/2 with one that does.
func overTLS(c *awshttp.BuildableClient) *awshttp.BuildableClient {
	return c.WithTransportOptions(func(t *http.Transport) {
		t.TLSClientConfig, t.ForceAttemptHTTP2 = &tls.Config{InsecureSkipVerify: true}, true //nolint:gosec // the server is the test's
	})
}

func TestHTTP2IsSpoken(t *testing.T) {
	t.Parallel()
	protos := make(chan string, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protos <- r.Proto
		respond(200, `{"UnprocessedItems":{}}`)(w, r)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	for _, way := range []Way{Direct, Call, Inputs} {
		t.Run(wayNames[way], func(t *testing.T) {
			require.Nil(t, batch(New(onWay(t, builtWith(server.URL, overTLS)(), way), "users")))
			assert.Equal(t, "HTTP/2.0", <-protos)
		})
	}
}
