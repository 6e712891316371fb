package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// endlessError unwraps to another of its kind for ever.
type endlessError struct{ text string }

func (e *endlessError) Error() string { return e.text }
func (e *endlessError) Unwrap() error { return &endlessError{e.text} }

// cyclicError unwraps to itself by many branches.
type cyclicError struct{}

func (e *cyclicError) Error() string   { return planted }
func (e *cyclicError) Unwrap() []error { return []error{e, e, e} }

// panickyError panics in the method named.
type panickyError struct{ method string }

func (e panickyError) panicIn(method string) {
	if e.method == method {
		panic(planted)
	}
}
func (e panickyError) Error() string        { e.panicIn("Error"); return planted }
func (e panickyError) Unwrap() error        { e.panicIn("Unwrap"); return nil }
func (e panickyError) Is(error) bool        { e.panicIn("Is"); return false }
func (e panickyError) As(any) bool          { e.panicIn("As"); return false }
func (e panickyError) ErrorCode() string    { e.panicIn("ErrorCode"); return "X" }
func (e panickyError) ErrorMessage() string { e.panicIn("ErrorMessage"); return planted }
func (e panickyError) ErrorFault() smithy.ErrorFault {
	return smithy.FaultUnknown
}

// Errors of a client may be of any type. None of them ends the process, takes long, or shows its text.
func TestHostileErrors(t *testing.T) {
	t.Parallel()
	var none *sealedError
	var unnamed *net.OpError
	hostile := map[string]error{
		"endless": &endlessError{planted}, "cyclic": &cyclicError{}, "typed nil": none, "typed nil of net": unnamed,
		"empty OpError": &net.OpError{}, "empty DNSError": &net.DNSError{}, "empty url.Error": &url.Error{}, "no certificate": x509.HostnameError{Host: planted},
		"no cause": &tls.CertificateVerificationError{}, "typed nil within": &net.OpError{Op: "dial", Err: none},
		"OpError with a foreign cause": &net.OpError{Op: planted, Net: planted, Source: foreignAddr{}, Addr: foreignAddr{}, Err: errors.New(planted)},
		"DNSError with foreign text":   &net.DNSError{Err: planted, Name: planted, Server: planted},
		"SyscallError":                 &os.SyscallError{Syscall: planted, Err: errors.New(planted)},
		"TLS with foreign text":        tls.RecordHeaderError{Msg: planted},
		"verification":                 &tls.CertificateVerificationError{Err: errors.New(planted)},
		"certificate":                  x509.CertificateInvalidError{Reason: x509.Expired, Detail: planted},
		"url":                          &url.Error{Op: planted, URL: planted, Err: errors.New(planted)},
		"SDK":                          &smithy.OperationError{ServiceID: planted, OperationName: planted, Err: &smithyhttp.ResponseError{}},
	}
	for _, method := range []string{"Error", "Unwrap", "Is", "As", "ErrorCode", "ErrorMessage"} {
		hostile["panics in "+method] = panickyError{method}
		hostile["wrapped, panics in "+method] = fmt.Errorf("put: %w", &net.OpError{Op: "read", Err: panickyError{method}})
	}
	for name, err := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := failing(err)
			client := New(api, "users").WithDescription(users())
			_, batch := client.WriteBatch(t.Context(), t.Context().Err, twoItems())
			_, put := client.Put(t.Context(), t.Context().Err, numbered("1", "a"), IfAbsent)
			_, _, described := client.Describe(t.Context(), t.Context().Err)
			for _, f := range []*fault.Failure{batch, put, described} {
				require.NotNil(t, f)
				assert.Equal(t, fault.Unavailable, f.Reason)
				assertHidden(t, f)
			}
		})
	}
}

type foreignAddr struct{}

func (foreignAddr) Network() string { return planted }
func (foreignAddr) String() string  { return planted }
