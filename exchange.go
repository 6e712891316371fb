package dynamodest

import (
	"context"
	"errors"
	"io"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// exchange records how far one request came, as the SDK's stack and net/http
// tell it. Give a new one's options to the call. A fake client, which ignores
// options, leaves it empty.
//
// Its fields are atomic because net/http may call its hooks from goroutines
// that outlive the call.
type exchange struct {
	marks  atomic.Uint32
	sends  atomic.Int32
	status atomic.Int32
	body   atomic.Int64
}

// The stages of a request.
const (
	markWire     = 1 << iota // the stack of the real SDK ran
	markAsked                // credentials were asked for
	markIdentity             // credentials were got
	markEndpoint             // the endpoint was made out
	markDialing              // a connection was asked for
	markConn                 // a connection was got
)

// options makes a call of a *dynamodb.Client record itself in x and turns the
// SDK's retries off for it.
func (x *exchange) options(o *dynamodb.Options) {
	o.Retryer = aws.NopRetryer{}
	o.APIOptions = append(o.APIOptions, x.watch)
}

// watch adds x to the stack of a call. ResolveAuthScheme, GetIdentity and
// ResolveEndpointV2 are the SDK's own steps.
func (x *exchange) watch(stack *middleware.Stack) error {
	if err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("DynamodestWire", x.wire), middleware.Before); err != nil {
		return err
	}
	asked, got := x.finalize("DynamodestAsked", markAsked), x.finalize("DynamodestIdentity", markIdentity)
	if err := stack.Finalize.Insert(asked, "ResolveAuthScheme", middleware.Before); err != nil {
		return err
	}
	if err := stack.Finalize.Insert(got, "GetIdentity", middleware.After); err != nil {
		return err
	}
	if err := stack.Finalize.Insert(x.finalize("DynamodestEndpoint", markEndpoint), "ResolveEndpointV2", middleware.After); err != nil {
		return err
	}
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("DynamodestSend", x.send), middleware.After)
}

func (x *exchange) wire(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	x.marks.Or(markWire)
	return next.HandleInitialize(ctx, in)
}

// finalize returns a step that records mark.
func (x *exchange) finalize(id string, mark uint32) middleware.FinalizeMiddleware {
	return middleware.FinalizeMiddlewareFunc(id, func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		x.marks.Or(mark)
		return next.HandleFinalize(ctx, in)
	})
}

// send is the last step before the transport.
func (x *exchange) send(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	x.sends.Add(1)
	if req, ok := in.Request.(*smithyhttp.Request); ok {
		if body, ok := req.GetStream().(io.ReadSeeker); ok {
			req, err := req.SetStream(plainBody{body})
			if err != nil {
				return middleware.DeserializeOutput{}, middleware.Metadata{}, err
			}
			in.Request = req
		}
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { x.marks.Or(markDialing) },
		GotConn: func(httptrace.GotConnInfo) { x.marks.Or(markConn) },
	})
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && resp.Response != nil {
		x.status.Store(int32(resp.StatusCode))
		resp.Body = &countedBody{resp.Body, &x.body}
	}
	return out, metadata, err
}

// plainBody hides the WriteTo of a request's body. The SDK closes the body once
// an answer has begun, and its WriteTo then fails where a Read would report
// the end: net/http, if it comes that late to see that nothing is left, would
// break the connection off in the middle of the answer.
type plainBody struct{ io.ReadSeeker }

// countedBody counts what is read of a response's body.
type countedBody struct {
	io.ReadCloser
	n *atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}

// overWire tells an answer that came over the wire from one of a fake, or of a
// step in a client's stack that stands in for DynamoDB. A wrapper of a client
// may have dropped the options, so the answer's metadata counts too.
func (x *exchange) overWire(answer middleware.Metadata) bool {
	return x.sends.Load() > 0 || awsmiddleware.GetRawResponse(answer) != nil
}

// empty reports whether an answer over the wire had no body at all, or may have
// had none.
func (x *exchange) empty(answer middleware.Metadata) bool {
	if x.sends.Load() > 0 {
		return x.body.Load() == 0
	}
	resp, ok := awsmiddleware.GetRawResponse(answer).(*smithyhttp.Response)
	return ok && resp.Response != nil && resp.ContentLength <= 0
}

// sighting is what is known of a request at the end of its call.
type sighting struct {
	wire     bool  // the stack of the real SDK ran
	asked    bool  // credentials were asked for
	identity bool  // credentials were got
	endpoint bool  // the endpoint was made out
	sends    int   // times that it reached the transport: more than 1 if a foreign client sends again by itself
	dialing  bool  // net/http asked for a connection
	gotConn  bool  // net/http got one
	status   int   // HTTP status, 0 if no response began
	ended    error // the error of the caller's context, if it has ended
	overdue  error // why the request's own context has ended and the caller's not: errDeadline, or errHookEnded
}

// seen sums x up at the end of a call: ctx is the caller's context, and own
// the one that [withDeadline] made from it or from what RequestStart made of it.
func (x *exchange) seen(ctx, own context.Context) sighting {
	marks := x.marks.Load()
	var overdue error
	if ctx.Err() == nil && own.Err() != nil {
		overdue = errHookEnded
		if errors.Is(context.Cause(own), errDeadline) {
			overdue = errDeadline
		}
	}
	return sighting{
		wire:     marks&markWire != 0,
		asked:    marks&markAsked != 0,
		identity: marks&markIdentity != 0,
		endpoint: marks&markEndpoint != 0,
		sends:    int(x.sends.Load()),
		dialing:  marks&markDialing != 0,
		gotConn:  marks&markConn != 0,
		status:   int(x.status.Load()),
		ended:    ctx.Err(),
		overdue:  overdue,
	}
}
