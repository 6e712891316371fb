package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
)

// Way is how writes get to the wire. The meaning of a request and of its response is the same on each.
type Way uint8

// The ways. Build chooses the first that what the caller has put into the client allows.
const (
	_ Way = iota

	// Direct: the library encodes, signs and posts the request, since a call of the SDK takes as much CPU as
	// all else that a write does. What the SDK decides, such as the host and the headers, is learned from a
	// call of the SDK's.
	Direct

	// Call: the library encodes the body, and a call of the SDK sends it, through all that is in the
	// client's stack.
	Call

	// Inputs: a call of the client gets the SDK's input. It is the only way for a client of the caller's, and
	// for one in whose stack something of the caller's may read or change an input: to encrypt it, for example.
	Inputs
)

// ForTests is set by tests and benchmarks, before they build a client, and by nothing else.
var ForTests struct {
	Way          Way               // the first that may be chosen
	RoundTripper http.RoundTripper // instead of connections
}

// Built is a client of the SDK that [Build] has made. A [Client] made of it may take any way.
type Built struct {
	*dynamodb.Client
	Credentials *Credentials // that the client signs with; nil for none

	way    Way
	poster *poster // nil unless the way is Direct
}

// wayOf returns the way for a client, by its options as the SDK had resolved them (initial) and as ServiceOptions and
// the caller's options have left them (final). Ordinary connections are those that the library shares between clients.
func wayOf(initial, final *dynamodb.Options, ordinaryConnections bool) Way {
	way := Direct
	switch {
	case !same(final.Protocol, initial.Protocol) || !noInterceptors(final): // bodies may not be JSON, interceptors get inputs
		way = Inputs
	case !ordinaryConnections || anonymous(final.Credentials) || !ordinary(initial, final):
		way = Call
	}
	return max(way, ForTests.Way)
}

// ordinary reports whether nothing of the caller's would see, change or log a call of the client.
func ordinary(initial, final *dynamodb.Options) bool {
	return len(final.APIOptions) == 0 &&
		final.ClientLogMode&aws.LogResponse == 0 &&
		!final.EnableAcceptEncodingGzip &&
		final.EndpointDiscovery.EnableEndpointDiscovery != aws.EndpointDiscoveryEnabled &&
		final.EndpointResolver == nil && //nolint:staticcheck // callers have one
		final.AuthSchemes == nil &&
		same(final.EndpointResolverV2, initial.EndpointResolverV2) &&
		same(final.AuthSchemeResolver, initial.AuthSchemeResolver) &&
		same(final.HTTPSignerV4, initial.HTTPSignerV4) &&
		same(final.MeterProvider, initial.MeterProvider) &&
		same(final.TracerProvider, initial.TracerProvider)
}

// anonymous reports whether the SDK signs nothing with the credentials of p.
func anonymous(p aws.CredentialsProvider) bool {
	return p == nil || aws.IsCredentialsProvider(p, (*aws.AnonymousCredentials)(nil))
}

// same reports whether two values of an interface are the same one.
func same(a, b any) bool {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	if !va.IsValid() || !vb.IsValid() {
		return va.IsValid() == vb.IsValid()
	}
	return va.Type() == vb.Type() && va.Comparable() && vb.Comparable() && a == b
}

// noInterceptors reports whether o has no interceptor.
func noInterceptors(o *dynamodb.Options) bool {
	registry := reflect.ValueOf(o.Interceptors)
	for i := range registry.NumField() {
		if registry.Field(i).Len() > 0 {
			return false
		}
	}
	return true
}

// inspection is the context of calls that end before they do anything.
var inspection = context.Background() //nolint:forbidigo // nobody waits for them

// errInspected ends a call once its stack is known.
var errInspected = errors.New("the stack is known")

// getsInputs reports whether middleware of the caller's gets the inputs of a client's writes: whether the steps of a
// call that get inputs are other than the SDK's own. It sends nothing.
//
//nolint:contextcheck,nolintlint // no caller waits for it; the second finds the first unused
func getsInputs(client *dynamodb.Client) (gets bool) {
	defer func() {
		if recover() != nil { // in a func of the caller's, as it will in each call
			gets = true
		}
	}()
	var steps []string
	inspect := func(stack *middleware.Stack) error {
		steps = inputSteps(stack)
		return errInspected
	}
	alone := func(o *dynamodb.Options) { o.APIOptions = []func(*middleware.Stack) error{inspect} }
	last := func(o *dynamodb.Options) { o.APIOptions = append(o.APIOptions, inspect) }
	for _, call := range []func(func(*dynamodb.Options)) error{
		func(option func(*dynamodb.Options)) error {
			_, err := client.BatchWriteItem(inspection, nil, option)
			return err
		},
		func(option func(*dynamodb.Options)) error {
			_, err := client.PutItem(inspection, nil, option)
			return err
		},
	} {
		_ = call(alone)
		ordinary := steps
		if err := call(last); err != errInspected || !slices.Equal(steps, ordinary) { //nolint:errorlint // inspect's own, or of a func of the caller's
			return true
		}
	}
	return false
}

// inputSteps names the steps of a stack that get the input, and their types.
func inputSteps(stack *middleware.Stack) []string {
	var steps []string
	for _, id := range stack.Initialize.List() {
		step, _ := stack.Initialize.Get(id)
		steps = append(steps, fmt.Sprintf("%s %T", id, step))
	}
	for _, id := range stack.Serialize.List() {
		step, _ := stack.Serialize.Get(id)
		steps = append(steps, fmt.Sprintf("%s %T", id, step))
	}
	return steps
}
