package transport

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// poster signs and posts requests without a call of the SDK. Its errors are those that a call would
// return, made by the SDK's own decoder, so that they mean the same.
type poster struct {
	do          func(*http.Request) (*http.Response, error)
	credentials aws.CredentialsProvider
	signer      *v4.Signer
	protocol    smithyhttp.ClientProtocol
	skew        *clockSkew // nil if the clock is not to be corrected
	inLambda    bool       // the process runs in AWS Lambda
}

// newPoster returns a poster for a client with the given options.
func newPoster(o *dynamodb.Options, client *http.Client) *poster {
	p := &poster{do: client.Do, credentials: o.Credentials, signer: v4.NewSigner(), protocol: o.Protocol}
	if client.Timeout == 0 { // client.Do would have nothing to add, and copies the header
		p.do = roundTrip(client.Transport) //nolint:bodyclose // read closes it
	}
	if !o.DisableClockSkewCorrection {
		p.skew = new(clockSkew)
	}
	_, p.inLambda = os.LookupEnv("AWS_LAMBDA_FUNCTION_NAME")
	return p
}

// roundTrip returns a function that sends a request by t, and returns the errors that http.Client has.
func roundTrip(t http.RoundTripper) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		resp, err := t.RoundTrip(req)
		if err == nil {
			return resp, nil
		}
		var record tls.RecordHeaderError
		if errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/" {
			err = http.ErrSchemeMismatch
		}
		return nil, &url.Error{Op: "Post", URL: req.URL.String(), Err: err}
	}
}

// post sends the request of k, whose body is given, and reads the response. It returns false for posted, and has sent
// nothing, if only a call of the SDK can send the request.
func (p *poster) post(ctx context.Context, t *trace, k call, body *payload) (posted bool, err error) {
	t.stages.Or(stageSDK | stageCredentialsRequested)
	op := k.operation()
	creds, err := p.credentials.Retrieve(ctx)
	if err != nil {
		return true, operationError(op, fmt.Errorf("get identity: get credentials: %w", err))
	}
	t.stages.Or(stageCredentialsResolved)
	r := routeFor(ctx, k, &creds)
	if r == nil {
		t.stages.And(^uint32(stageCredentialsResolved)) // the call of the SDK retrieves them again
		return false, nil
	}
	t.stages.Or(stageEndpointResolved)
	resp, err := p.send(ctx, t, r, creds, body) //nolint:bodyclose // read closes it
	body.free()                                 // net/http may still read it
	if resp == nil {
		resp = &http.Response{Header: http.Header{}, Body: http.NoBody}
	}
	if err == nil {
		err = p.read(ctx, k, resp)
	}
	if err == nil {
		return true, nil
	}
	return true, operationError(op, &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: resp}, Err: err},
		RequestID:     responseID(resp.Header),
	})
}

// operationError returns err as a call of the SDK returns it.
func operationError(op *operation, err error) error {
	return &smithy.OperationError{ServiceID: dynamodb.ServiceID, OperationName: op.name, Err: err}
}

// responseID returns the ID that DynamoDB gave the request, or "".
func responseID(h http.Header) string {
	if id := h.Get("X-Amzn-Requestid"); id != "" {
		return id
	}
	return h.Get("X-Amz-Requestid")
}

// send signs and posts a request with body.
func (p *poster) send(ctx context.Context, t *trace, r *route, creds aws.Credentials, body *payload) (*http.Response, error) {
	to := r.url
	req := r.request.WithContext(t.network(ctx))
	req.URL, req.Header = &to, r.requestHeader()
	req.Body, req.ContentLength = body, int64(len(body.data))
	p.traceID(ctx, req)
	signedAt := time.Now()
	if err := p.signer.SignHTTP(ctx, creds, req, hashOf(body.data), r.service, r.region, p.skew.correct(signedAt)); err != nil {
		return nil, &v4.SigningError{Err: err}
	}
	t.sends.Add(1)
	t.host.Store(&target{host: to.Host, plain: to.Scheme == "http"})
	resp, err := p.do(req)
	if err != nil {
		if ctx.Err() != nil {
			return resp, &smithy.CanceledError{Err: ctx.Err()}
		}
		return resp, &smithyhttp.RequestSendError{Err: err}
	}
	t.began(resp)
	p.skew.observe(resp.Header, signedAt, time.Now())
	return resp, nil
}

// hashOf returns the hash of a body, as a signature has it.
func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	var text [2 * sha256.Size]byte
	return string(hex.AppendEncode(text[:0], sum[:]))
}

// traceID sets the header by which AWS Lambda recognizes functions that call each other without end, by the SDK's
// own step.
func (p *poster) traceID(ctx context.Context, req *http.Request) {
	if !p.inLambda {
		return
	}
	var done middleware.BuildHandler = middleware.BuildHandlerFunc(func(context.Context, middleware.BuildInput) (out middleware.BuildOutput, md middleware.Metadata, err error) {
		return out, md, nil
	})
	in := middleware.BuildInput{Request: &smithyhttp.Request{Request: req}}
	_, _, _ = new(awsmiddleware.RecursionDetection).HandleBuild(ctx, in, done) // fails only for another type of request
}

// responses holds the memory of responses.
var responses = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooledResponse is the largest memory, in bytes, that is kept for another response.
const maxPooledResponse = 64 << 10

// read reads the response to k.
func (p *poster) read(ctx context.Context, k call, resp *http.Response) error {
	buf := responses.Get().(*bytes.Buffer) //nolint:forcetypeassert // it holds nothing else
	defer func() {
		resp.Body = http.NoBody
		if buf.Cap() <= maxPooledResponse {
			buf.Reset()
			responses.Put(buf)
		}
	}()
	_, err := buf.ReadFrom(resp.Body)
	_ = resp.Body.Close() // what it would report does not change what was read
	switch {
	case err != nil:
		return &smithy.DeserializationError{Err: err}
	case resp.StatusCode == http.StatusOK && k.scan(buf.Bytes()):
		return nil
	}
	resp.Body = io.NopCloser(bytes.NewReader(buf.Bytes()))
	return p.protocol.DeserializeResponse(ctx, k.operation().schema, dynamodb.TypeRegistry, &smithyhttp.Response{Response: resp}, k.output())
}
