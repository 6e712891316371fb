package transport

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// Endpoints of a Client, an aws.Config or AWS_ENDPOINT_URL are not checked before the first request.
func TestUnusableURLsAreConfig(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{
		"localhost:8000", "127.0.0.1:8000", "dynamodb.eu-west-1.amazonaws.com", "//localhost:8000", "ftp://localhost", "http://", "http:///path", "http:localhost",
	} {
		for name, client := range map[string]API{
			"built": builtClient(endpoint), "foreign": foreignClient(endpoint, http.DefaultClient),
			"wrapper": unheeding{foreignClient(endpoint, http.DefaultClient, func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })},
		} {
			_, failure := putBatch(t.Context(), client)
			require.NotNil(t, failure)
			if name == "wrapper" && failure.Reason == fault.Unavailable {
				continue // the SDK could not resolve it, which nothing shows without a trace
			}
			assert.Equal(t, meaning{fault.Config, fault.Abort, name == "wrapper"}, meaningOf(failure), "%s: %s", name, endpoint)
		}
	}
	_, failure := putBatch(t.Context(), builtClient("localhost:8000"))
	assert.Equal(t, "BatchWriteItem: the endpoint's URL does not begin with https:// or http:// and a host", failure.Err.Error())
	assert.Contains(t, fault.Remedy(failure.Reason, failure.Err), "http://HOST:PORT")
}

// A client of the caller's may follow a response to a URL of another scheme, after DynamoDB or what
// stands in for it had the rows.
func TestRedirectToAnUnusableURL(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(respond(307, "", "Location", "ftp://localhost/"))
	defer server.Close()
	_, failure := putBatch(t.Context(), foreignClient(server.URL, http.DefaultClient))
	require.NotNil(t, failure)
	assert.Equal(t, inconclusive, meaningOf(failure))
}

func TestOtherServicesAreNotRetried(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		errorResponse(400, "UnknownOperationException")(w, r)
	}))
	defer server.Close()
	_, failure := putBatch(t.Context(), builtClient(server.URL))
	require.NotNil(t, failure)
	assert.Equal(t, int32(1), requests.Load())
	assert.Equal(t, "BatchWriteItem: UnknownOperationException, HTTP status 400, request ID REQ1", failure.Err.Error())
	assert.Contains(t, fault.Remedy(failure.Reason, failure.Err), "does not know DynamoDB's operations")
}
