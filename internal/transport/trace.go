package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// errDeadline reports that requestTimeout has passed. It is no context.DeadlineExceeded, which
// would read as the end of the caller's own context.
var errDeadline = errors.New("no response within " + requestTimeout.String())

// errHookEnded reports that the context of a request ended before the caller's.
var errHookEnded = errors.New("the context that RequestStart returned ended first")

// trace records how far one request got, as the SDK's middleware and net/http report it. Give the
// options of a new trace to the call. A fake client, which ignores options, leaves it empty.
//
// The fields that record are atomic because net/http may call its hooks from goroutines that outlive the call.
type trace struct {
	maxBody   int64      // bytes of a response's body that are read at most
	probe     bool       // the request carries no row
	skew      *clockSkew // observes the response; nil if no clock is corrected
	host      atomic.Pointer[target]
	stages    atomic.Uint32
	sends     atomic.Int32
	status    atomic.Int32
	bodyBytes atomic.Int64
	header    atomic.Pointer[http.Header] // of the last response that began; nil for none

	connection httptrace.ClientTrace // set by network
}

// target is where a request was sent.
type target struct {
	host  string // its port included, if the URL has one
	plain bool   // by http
}

// The stages of a request.
const (
	stageSDK                  = 1 << iota // the middleware of the real SDK ran
	stageCredentialsRequested             // credentials were requested
	stageCredentialsResolved              // credentials were returned
	stageEndpointResolved                 // the endpoint was resolved
	stageDialing                          // net/http looked for a connection
	stageGotConn                          // net/http got a connection
)

// options makes a call of a *dynamodb.Client record itself in t and turns the SDK's retries off for
// the call.
func (t *trace) options(o *dynamodb.Options) {
	o.Retryer = aws.NopRetryer{}
	o.APIOptions = append(o.APIOptions, t.watch)
}

// watch adds t and the bound of the response's body to the middleware stack of a call.
// ResolveAuthScheme, GetIdentity, ResolveEndpointV2 and OperationDeserializer are steps of the SDK.
func (t *trace) watch(stack *middleware.Stack) error {
	if err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("DynamodestWire", t.initialize), middleware.Before); err != nil {
		return err
	}
	requested := t.finalize("DynamodestAsked", stageCredentialsRequested)
	if err := stack.Finalize.Insert(requested, "ResolveAuthScheme", middleware.Before); err != nil {
		return err
	}
	resolved := t.finalize("DynamodestIdentity", stageCredentialsResolved)
	if err := stack.Finalize.Insert(resolved, "GetIdentity", middleware.After); err != nil {
		return err
	}
	endpoint := t.finalize("DynamodestEndpoint", stageEndpointResolved)
	if err := stack.Finalize.Insert(endpoint, "ResolveEndpointV2", middleware.After); err != nil {
		return err
	}
	decompressed := middleware.DeserializeMiddlewareFunc("DynamodestBody", t.boundDecompressed)
	if err := stack.Deserialize.Insert(decompressed, "OperationDeserializer", middleware.After); err != nil {
		return err
	}
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("DynamodestSend", t.send), middleware.After)
}

func (t *trace) initialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	t.stages.Or(stageSDK)
	return next.HandleInitialize(ctx, in)
}

// finalize returns a step that records stage.
func (t *trace) finalize(id string, stage uint32) middleware.FinalizeMiddleware {
	return middleware.FinalizeMiddlewareFunc(id, func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		t.stages.Or(stage)
		return next.HandleFinalize(ctx, in)
	})
}

// send is the last step before the HTTP client.
func (t *trace) send(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	t.sends.Add(1)
	if req, ok := in.Request.(*smithyhttp.Request); ok {
		t.host.Store(&target{host: req.URL.Host, plain: req.URL.Scheme == "http"})
		if body, ok := req.GetStream().(io.ReadSeeker); ok {
			req, err := req.SetStream(plainBody{body})
			if err != nil {
				return middleware.DeserializeOutput{}, middleware.Metadata{}, err
			}
			in.Request = req
		}
	}
	sent := time.Now()
	out, metadata, err := next.HandleDeserialize(t.network(ctx), in)
	if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && resp.Response != nil {
		t.began(resp.Response)
		t.skew.observe(resp.Header, sent, time.Now())
	}
	return out, metadata, err
}

// network returns a context in which net/http records itself in t.
func (t *trace) network(ctx context.Context) context.Context {
	t.connection.GetConn = func(string) { t.stages.Or(stageDialing) }
	t.connection.GotConn = func(httptrace.GotConnInfo) { t.stages.Or(stageGotConn) }
	return httptrace.WithClientTrace(ctx, &t.connection)
}

// began records that resp has begun, and bounds its body.
func (t *trace) began(resp *http.Response) {
	t.status.Store(int32(resp.StatusCode))
	t.header.Store(&resp.Header)
	resp.Body = &boundedBody{&countedBody{resp.Body, &t.bodyBytes}, t.maxBody}
}

// maxRequestID is the most bytes of a request's ID. DynamoDB's have 52.
const maxRequestID = 128

// requestID returns the ID that the last response gave the request. It is "" without a response, and if what the
// response has there is not of the form of an ID: a server that is not DynamoDB may send anything.
func (t *trace) requestID() string {
	header := t.header.Load()
	if header == nil {
		return ""
	}
	id := responseID(*header)
	outside := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(id) > maxRequestID || strings.ContainsFunc(id, outside) {
		return ""
	}
	return id
}

// plainBody hides the WriteTo method of a request's body. The SDK closes the body once a response
// has begun, and WriteTo then fails where Read would report the end of the body. If net/http came
// that late to see that nothing is left, it would break the connection off in the middle of the
// response: "use of closed network connection". Large or quick responses over loopback show it,
// with service/dynamodb v1.74.0 and smithy-go v1.28.9 too.
// https://github.com/aws/aws-sdk-go-v2/issues/2737
type plainBody struct{ io.ReadSeeker }

// overWire reports whether a response came over the wire, rather than from a fake or from a step in
// a client's middleware that stands in for DynamoDB. A wrapper of a client may have dropped the
// options of the call, so the response's metadata counts too.
func (t *trace) overWire(response middleware.Metadata) bool {
	return t.sends.Load() > 0 || awsmiddleware.GetRawResponse(response) != nil
}

// emptyBody reports whether a response over the wire had no body at all, or may have had none.
func (t *trace) emptyBody(response middleware.Metadata) bool {
	if t.sends.Load() > 0 {
		return t.bodyBytes.Load() == 0
	}
	resp, ok := awsmiddleware.GetRawResponse(response).(*smithyhttp.Response)
	return ok && resp.Response != nil && resp.ContentLength <= 0
}

// progress summarizes how far a request got.
type progress struct {
	withheld             bool   // the request was not handed to the client
	probe                bool   // the request carries no row
	sdk                  bool   // the middleware of the real SDK ran
	credentialsRequested bool   // credentials were requested
	credentialsResolved  bool   // credentials were returned
	endpointResolved     bool   // the endpoint was resolved
	sends                int    // times that the request reached the HTTP client: more than 1 if a foreign client retries
	dialing              bool   // net/http looked for a connection
	gotConn              bool   // net/http got a connection
	status               int    // HTTP status, 0 if no response began
	host                 string // that was called, its port included if the URL has one; "" if not known
	plain                bool   // it was called by http
	ended                error  // the error of the caller's context, if that has ended
	overdue              error  // why the request's own context has ended and the caller's has not: errDeadline or errHookEnded
}

// unsent reports whether the request certainly did not reach the HTTP client.
func (p *progress) unsent() bool { return p.withheld || p.sdk && p.sends == 0 }

// stageText returns what the request waited for when it was given up, or "" if that is not known.
func (p *progress) stageText() string {
	switch {
	case p.credentialsRequested && !p.credentialsResolved:
		return " while credentials were retrieved"
	case p.dialing && !p.gotConn:
		return " while connecting"
	case p.gotConn && p.status == 0:
		return " while the response was awaited"
	}
	return ""
}

// progress summarizes t at the end of a call. ctx is the request's own context, made by
// [withDeadline], and ended returns the error of the caller's.
func (t *trace) progress(ctx context.Context, ended func() error) progress {
	stages := t.stages.Load()
	p := progress{
		sdk:                  stages&stageSDK != 0,
		credentialsRequested: stages&stageCredentialsRequested != 0,
		credentialsResolved:  stages&stageCredentialsResolved != 0,
		endpointResolved:     stages&stageEndpointResolved != 0,
		sends:                int(t.sends.Load()),
		dialing:              stages&stageDialing != 0,
		gotConn:              stages&stageGotConn != 0,
		status:               int(t.status.Load()),
		probe:                t.probe,
	}
	if called := t.host.Load(); called != nil {
		p.host, p.plain = called.host, called.plain
	}
	own := ctx.Err() // first, since it ends with the caller's
	p.ended = ended()
	if own != nil && p.ended == nil {
		p.overdue = errHookEnded
		if errors.Is(context.Cause(ctx), errDeadline) {
			p.overdue = errDeadline
		}
	}
	return p
}
