package transport

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// methodsOf are the methods of a Client that send a request: each returns the request's ID.
func methodsOf(t *testing.T, c *Client) map[string]func() (string, *fault.Failure) {
	t.Helper()
	ctx := t.Context()
	return map[string]func() (string, *fault.Failure){
		"Describe": func() (string, *fault.Failure) {
			_, id, failure := c.Describe(ctx, ctx.Err)
			return id, failure
		},
		"WriteBatch": func() (string, *fault.Failure) {
			r, failure := c.WriteBatch(ctx, ctx.Err, twoItems())
			return r.RequestID, failure
		},
		"Put": func() (string, *fault.Failure) {
			r, failure := c.Put(ctx, ctx.Err, numbered("1", "a"), Condition{})
			return r.RequestID, failure
		},
		"ProbePut":   func() (string, *fault.Failure) { return c.ProbePut(ctx, ctx.Err) },
		"ProbeBatch": func() (string, *fault.Failure) { return c.ProbeBatch(ctx, ctx.Err) },
	}
}

// Each request has the ID that its response gives, on each way to the wire, if it succeeds and if it fails.
func TestRequestID(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]http.HandlerFunc{
		"written": respond(200, `{"UnprocessedItems":{}}`, "X-Amzn-Requestid", "REQ1"),
		"denied":  errorResponse(400, "AccessDeniedException"),
		"page":    respond(502, "<html>", "x-amz-requestid", "REQ1"),
	} {
		for way, wayName := range wayNames {
			t.Run(name+" "+wayName, func(t *testing.T) {
				t.Parallel()
				server := httptest.NewServer(server)
				defer server.Close()
				c := New(onWay(t, builtClient(server.URL), way), "users").WithDescription(users())
				for method, request := range methodsOf(t, c) {
					id, failure := request()
					assert.Equal(t, "REQ1", id, method)
					if name != "written" {
						assert.NotNil(t, failure, method)
					}
				}
			})
		}
	}
}

// Without an ID of the form of one there is none: a server that is not DynamoDB may send anything.
func TestNoRequestID(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string][]string{
		"none": nil, "empty": {"X-Amzn-Requestid", ""}, "spaces": {"X-Amzn-Requestid", "Ada Lovelace"},
		"not ASCII": {"X-Amzn-Requestid", "ä"}, "long": {"X-Amzn-Requestid", strings.Repeat("R", maxRequestID+1)},
	} {
		server := httptest.NewServer(respond(200, `{"UnprocessedItems":{}}`, headers...))
		r, failure := putBatch(t.Context(), builtClient(server.URL))
		server.Close()
		require.Nil(t, failure, name)
		assert.Empty(t, r.RequestID, name)
	}
	for method, request := range methodsOf(t, New(fake{}, "users").WithDescription(users())) {
		id, _ := request()
		assert.Empty(t, id, "%s of a fake", method)
	}
	c := New(builtClient("http://"+refusedPort(t)), "users").WithDescription(users())
	for method, request := range methodsOf(t, c) {
		id, failure := request()
		require.NotNil(t, failure, method)
		assert.Empty(t, id, "%s without a response", method)
	}
}
