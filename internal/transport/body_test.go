package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

const mebibyte = 1 << 20

// streamed responds with a chunked body that begins with text and has n MiB of spaces after it. It
// adds the bytes that the client's side took to sent.
func streamed(status int, text string, n int, sent *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		spaces := bytes.Repeat([]byte(" "), mebibyte)
		_, _ = io.WriteString(w, text)
		for range n {
			written, err := w.Write(spaces)
			sent.Add(int64(written))
			if err != nil {
				return
			}
		}
	}
}

// bounded is a Client that reads 1 MiB of a response's body at most.
func bounded(api API) *Client {
	c := New(api, "users")
	c.maxBody = mebibyte
	return c
}

// A body that does not end is given up at the limit, whatever the operation, the status and the
// client: a response that is not read to its end acknowledges nothing.
func TestResponseBodyIsBounded(t *testing.T) {
	t.Parallel()
	foreign := func(url string) API { return foreignClient(url, http.DefaultClient) }
	logging := func(url string) API { // the SDK reads the body for its log first
		return foreignClient(url, http.DefaultClient, func(o *dynamodb.Options) { o.ClientLogMode = aws.LogResponseWithBody })
	}
	built := func(url string) API { return builtClient(url) }
	const empty = `{"UnprocessedItems":{}}`
	tests := []struct {
		name   string
		status int
		text   string
		client func(url string) API
		send   func(*Client) *fault.Failure
	}{
		{"description", 200, empty, built, describe},
		{"batch", 200, empty, built, batch},
		{"batch of a foreign client", 200, empty, foreign, batch},
		{"batch of a foreign client with a log", 200, empty, logging, batch},
		{"put", 200, empty, built, put},
		{"put that is rejected", 400, `{"__type":"ValidationException"}`, foreign, put},
		{"batch with a server error", 500, "down", built, batch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var sent atomic.Int64
			server := httptest.NewServer(streamed(tt.status, tt.text, 400, &sent))
			failure := tt.send(bounded(tt.client(server.URL)))
			server.Close() // waits for the handler
			assertBodyTooLong(t, failure)
			assert.Less(t, sent.Load(), int64(400*mebibyte), "bytes that the server could send: 1 MiB, and what the buffers of the sockets hold")
		})
	}
}

// describe, batch and put make one request each.
func describe(c *Client) *fault.Failure {
	_, _, failure := c.Describe(context.Background(), context.Background().Err)
	return failure
}

func batch(c *Client) *fault.Failure {
	_, failure := c.WriteBatch(context.Background(), context.Background().Err, twoItems())
	return failure
}

func put(c *Client) *fault.Failure {
	_, failure := c.Put(context.Background(), context.Background().Err, numbered("1", "a"), Condition{})
	return failure
}

func assertBodyTooLong(t *testing.T, failure *fault.Failure) {
	t.Helper()
	require.NotNil(t, failure)
	assert.Equal(t, inconclusive, meaningOf(failure))
	assert.ErrorContains(t, failure.Err, "the response's body is longer than 32 MiB")
}

// A client of the caller's may have the SDK decompress responses: what counts is what comes out.
func TestDecompressedResponseBodyIsBounded(t *testing.T) {
	t.Parallel()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write(append([]byte(`{"UnprocessedItems":{}}`), bytes.Repeat([]byte(" "), mebibyte)...))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.Less(t, zipped.Len(), mebibyte/8)
	server := httptest.NewServer(respond(200, zipped.String(), "Content-Encoding", "gzip"))
	defer server.Close()
	client := foreignClient(server.URL, server.Client(), func(o *dynamodb.Options) { o.EnableAcceptEncodingGzip = true })
	assertBodyTooLong(t, batch(bounded(client)))
}

func TestBoundedBody(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]error{0: nil, 5: nil, 6: errBodyTooLong, 100: errBodyTooLong} {
		body := &boundedBody{ReadCloser: io.NopCloser(strings.NewReader(strings.Repeat("x", int(size)))), left: 5}
		read, err := io.ReadAll(body)
		assert.Equal(t, min(5, size), int64(len(read)))
		assert.Equal(t, want, err)
		_, again := body.Read(make([]byte, 9))
		if want == nil {
			want = io.EOF
		}
		assert.Equal(t, want, again, "and so does every further read")
	}
}
