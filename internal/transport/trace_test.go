package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// traced makes a BatchWriteItem request by the SDK alone.
func traced(ctx context.Context, client *dynamodb.Client) (*dynamodb.BatchWriteItemOutput, *trace, error) {
	t := &trace{maxBody: maxBody}
	out, err := client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{"users": {{PutRequest: &types.PutRequest{Item: numbered("1", "a").SDK()}}}},
	}, t.options)
	return out, t, err
}

func TestTraceRecordsTheProgress(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(respond(200, `{"UnprocessedItems":{}}`))
	defer server.Close()
	noConnection := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("refused")
	}}}
	noKeys := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no keys")
	})
	endsEarly := func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
			return s.Initialize.Add(middleware.InitializeMiddlewareFunc("Own", func(context.Context, middleware.InitializeInput, middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				return middleware.InitializeOutput{}, middleware.Metadata{}, errors.New("own")
			}), middleware.After)
		})
	}
	tests := map[string]struct {
		client *dynamodb.Client
		want   progress
	}{
		"answered":       {builtClient(server.URL).Client, answered(200)},
		"foreign client": {foreignClient(server.URL, server.Client()), answered(200)},
		"no connection": {foreignClient(server.URL, noConnection), progress{
			sdk: true, credentialsRequested: true, credentialsResolved: true, endpointResolved: true, sends: 1, dialing: true,
		}},
		"no endpoint": {foreignClient("", server.Client(), func(o *dynamodb.Options) { o.Region, o.BaseEndpoint = "", nil }), progress{
			sdk: true, credentialsRequested: true, credentialsResolved: true,
		}},
		"no credentials":         {foreignClient(server.URL, server.Client(), func(o *dynamodb.Options) { o.Credentials = noKeys }), progress{sdk: true, credentialsRequested: true}},
		"a step of the caller's": {foreignClient(server.URL, server.Client(), endsEarly), progress{sdk: true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, tr, err := traced(t.Context(), tt.client)
			assert.Equal(t, tt.want.status == 0, err != nil)
			assert.Equal(t, tt.want, withoutHost(tr.progress(t.Context(), t.Context().Err)))
		})
	}
	assert.Equal(t, progress{}, new(trace).progress(t.Context(), t.Context().Err), "a fake")
}

// withoutHost returns p without the host that was called, whose port is another each time.
func withoutHost(p progress) progress {
	p.host, p.plain = "", false
	return p
}

// A connection that is kept and used again counts as one that was got.
func TestTraceOfAnIdleConnection(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(respond(200, `{"UnprocessedItems":{}}`))
	defer server.Close()
	client := builtClient(server.URL).Client
	for range 2 {
		_, tr, err := traced(t.Context(), client)
		require.NoError(t, err)
		assert.Equal(t, answered(200), withoutHost(tr.progress(t.Context(), t.Context().Err)))
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		own, cancel := withDeadline(t.Context())
		defer cancel()
		<-own.Done()
		assert.Equal(t, 30*time.Second, time.Since(begin))
		var tr trace
		p := tr.progress(own, t.Context().Err)
		assert.Equal(t, errDeadline, p.overdue)
		require.NoError(t, p.ended)

		caller, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		own, cancel = withDeadline(caller)
		defer cancel()
		<-own.Done()
		p = tr.progress(own, caller.Err)
		require.NoError(t, p.overdue)
		require.ErrorIs(t, p.ended, context.DeadlineExceeded)

		hook, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		own, cancel = withDeadline(hook)
		defer cancel()
		<-own.Done()
		p = tr.progress(own, t.Context().Err)
		assert.Equal(t, errHookEnded, p.overdue)
		assert.NoError(t, p.ended)
	})
}

func TestTraceSeesAnEmptyBody(t *testing.T) {
	t.Parallel()
	for body, unprocessed := range map[string]bool{
		"":                                  false,
		"{}":                                false,
		`{"UnprocessedItems":{}}`:           true,
		`{"UnprocessedItems":null}`:         false,
		`{"UnprocessedItems":{"users":[]}}`: true,
	} {
		server := httptest.NewServer(respond(200, body))
		out, tr, err := traced(t.Context(), builtClient(server.URL).Client)
		server.Close()
		require.NoError(t, err)
		for _, tr := range []*trace{tr, new(trace)} { // the latter as a wrapper leaves it
			assert.True(t, tr.overWire(out.ResultMetadata))
			assert.Equal(t, body == "", tr.emptyBody(out.ResultMetadata))
		}
		assert.Equal(t, unprocessed, out.UnprocessedItems != nil, body)
	}
	assert.False(t, new(trace).overWire(middleware.Metadata{}))
	assert.False(t, new(trace).emptyBody(middleware.Metadata{}))
}

// net/http reads on past the end of a body that it has sent, to see that there is no more, and
// gives the connection up if that fails. The SDK may have closed the body by then, if the response
// came at once.
func TestBodyClosedEarlyEndsWithoutAnError(t *testing.T) {
	t.Parallel()
	sent := 0
	client := foreignClient("http://dynamodb.invalid", smithyhttp.ClientDoFunc(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(io.LimitReader(r.Body, r.ContentLength))
		require.NoError(t, err)
		assert.Len(t, body, int(r.ContentLength))
		require.NoError(t, r.Body.Close())
		_, err = io.Copy(io.Discard, r.Body)
		require.NoError(t, err)
		sent++
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"UnprocessedItems":{}}`))}, nil
	}))
	_, _, err := traced(t.Context(), client)
	require.NoError(t, err)
	assert.Equal(t, 1, sent)
}
