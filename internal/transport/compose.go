package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// Bounds of the errors of a client, which may be fakes or wrappers of any kind.
const (
	maxChain     = 10_000 // errors in the chain of one, over all branches; a longer chain counts as endless
	maxComposed  = 200    // errors that a text is composed of
	maxTypesText = 3      // types that a text names
)

// composer composes a text of the fields of those errors in a chain whose types are known. It copies no
// text of any other error, since that may hold an item's value or a secret, but it notes their types.
type composer struct {
	connecting bool // net/http was looking for a connection, so a bare status text is a proxy's
	foreign    bool // the error is of another service than DynamoDB: its code and status count

	visited int
	viaHTTP bool     // an HTTP client's error was visited
	types   []string // names of the unknown types, the outermost first
	leaf    string   // name of the type at the end of the chain that was visited last
}

// compose returns the text for err, or "" if no type in its chain is known.
func (c *composer) compose(err error) string {
	if c.visited++; c.visited > maxComposed || err == nil || isNilPointer(err) {
		return ""
	}
	c.leaf = fault.TypeName(err)
	if text, inner, known := c.known(err); known {
		if inner == nil {
			return text
		}
		return joinTexts(text, c.compose(inner))
	}
	c.note(err)
	switch err := err.(type) { //nolint:errorlint // the chain is walked here
	case interface{ Unwrap() error }:
		return c.compose(err.Unwrap())
	case interface{ Unwrap() []error }:
		var texts []string
		for _, branch := range err.Unwrap() {
			if text := c.compose(branch); text != "" {
				texts = append(texts, text)
			}
		}
		return strings.Join(texts, "; ")
	}
	return ""
}

// joinTexts joins what is known of an error and of the error inside it.
func joinTexts(outer, inner string) string {
	if outer == "" || inner == "" {
		return outer + inner
	}
	return outer + ": " + inner
}

// note records the type of an error that is not known. Types of packages that only wrap or make texts
// say nothing.
func (c *composer) note(err error) {
	if pkg := packageOf(err); pkg == "fmt" || pkg == "errors" || pkg == "net/http" || pkg == "crypto/tls" {
		return
	}
	if len(c.types) < maxTypesText {
		c.types = append(c.types, c.leaf)
	}
}

// typeNames names the unknown types, or the type at the end of the chain if there are none.
func (c *composer) typeNames() string {
	if len(c.types) == 0 {
		return c.leaf
	}
	return strings.Join(c.types, ", caused by ")
}

// known returns what the fields of err say and the error inside err, if its type is known.
func (c *composer) known(err error) (text string, inner error, ok bool) {
	switch err := err.(type) { //nolint:errorlint // the chain is walked by compose
	case *fault.Error: // of this module
		return err.Error(), nil, true
	case proxyRefusal:
		return err.Error(), nil, true
	case *url.Error: // its URL may hold a secret
		c.viaHTTP = true
		if err.Op == "parse" {
			return "the URL cannot be parsed", err.Err, true
		}
		return "", err.Err, true
	}
	for _, known := range []func(error) (string, error, bool){knownNetError, knownTLSError, c.knownSDKError} {
		if text, inner, ok = known(err); ok {
			return text, inner, true
		}
	}
	text = c.standardText(err)
	return text, nil, text != ""
}

// knownSDKError is known for the errors of the AWS SDK.
func (c *composer) knownSDKError(err error) (text string, inner error, ok bool) {
	switch err := err.(type) { //nolint:errorlint // the chain is walked by compose
	case *smithy.OperationError:
		if err.ServiceID == "DynamoDB" {
			return "", err.Err, true
		}
		return strings.TrimSpace(word(err.ServiceID) + " " + word(err.OperationName)), err.Err, true
	case *awshttp.ResponseError:
		if err.ResponseError == nil {
			return "", nil, true
		}
		return c.knownSDKError(err.ResponseError)
	case *smithyhttp.ResponseError:
		if !c.foreign || err.Response == nil || err.Response.Response == nil {
			return "", err.Err, true
		}
		return fmt.Sprintf("HTTP status %d", err.HTTPStatusCode()), err.Err, true
	case *smithyhttp.RequestSendError:
		c.viaHTTP = true
		return "", err.Err, true
	case *retry.MaxAttemptsError:
		return "", err.Err, true
	case *smithy.CanceledError:
		return "", err.Err, true
	case *aws.RequestCanceledError:
		return "", err.Err, true
	case *smithy.DeserializationError:
		return "", err.Err, true
	case *smithy.SerializationError:
		return "", err.Err, true
	case *v4.SigningError:
		return "", err.Err, true
	case *aws.EndpointNotFoundError:
		return "endpoint not found", err.Err, true
	case *aws.MissingRegionError:
		return "an AWS region is required", nil, true
	case smithy.APIError:
		if !c.foreign {
			return "", nil, true
		}
		return word(err.ErrorCode()), nil, true
	}
	return "", nil, false
}

// wordForm matches the names of services, operations, error codes and system calls.
var wordForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9 ._:#-]{0,63}$`)

// word returns s if it reads as a name, otherwise "".
func word(s string) string {
	if wordForm.MatchString(s) {
		return s
	}
	return ""
}

// packageOf returns the path of the package that defines err's type.
func packageOf(err error) string {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath()
}

func isNilPointer(err error) bool {
	v := reflect.ValueOf(err)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// walk visits err and the errors in its chain, over all branches, the outermost first, until visit
// returns false. It reports false if the chain has more than maxChain errors.
func walk(err error, visit func(error) bool) (bounded bool) {
	left := maxChain
	var step func(error) bool
	step = func(err error) bool {
		if left--; left < 0 {
			return false
		}
		if err == nil || !visit(err) {
			return true
		}
		switch err := err.(type) { //nolint:errorlint // the methods of err itself
		case interface{ Unwrap() error }:
			return step(err.Unwrap())
		case interface{ Unwrap() []error }:
			for _, branch := range err.Unwrap() {
				if !step(branch) {
					return false
				}
			}
		}
		return true
	}
	return step(err)
}

// replaceUnsafe returns err, or a substitute for it where its methods cannot be called: err is or wraps
// a nil pointer, a common mistake in fakes, its chain has no end, or unwrapping it panics.
func replaceUnsafe(err error) (safe error) {
	defer func() {
		if recover() != nil {
			safe = panicking(err)
		}
	}()
	var none error
	bounded := walk(err, func(err error) bool {
		if none == nil && isNilPointer(err) {
			none = err
		}
		return none == nil
	})
	switch {
	case none != nil:
		return errInconclusive("the client returned a nil %T as its error", none)
	case !bounded:
		return errInconclusive("the client returned an error of type %s, and unwrapping it has no end", fault.TypeName(err))
	}
	return err
}

// panicking returns the substitute for an error with a method that panics.
func panicking(err error) *fault.Error {
	return errInconclusive("the client returned an error of type %s, and one of its methods panics", fault.TypeName(err))
}

// proxyRefusal is the status with which a proxy refused to connect to a host.
type proxyRefusal int

// Error names the status.
func (status proxyRefusal) Error() string {
	text := fmt.Sprintf("the proxy answered CONNECT with status %d", int(status))
	if known := http.StatusText(int(status)); known != "" {
		text += " (" + known + ")"
	}
	return text
}

// reportProxyRefusal returns a func for the OnProxyConnectResponse of an http.Transport that calls next, if
// set, and turns a refusal into an error with its status, which net/http itself drops.
func reportProxyRefusal(next connectResponseFunc) connectResponseFunc {
	return func(ctx context.Context, proxy *url.URL, request *http.Request, response *http.Response) error {
		if next != nil {
			if err := next(ctx, proxy, request, response); err != nil {
				return err
			}
		}
		if response.StatusCode != http.StatusOK {
			return proxyRefusal(response.StatusCode)
		}
		return nil
	}
}

type connectResponseFunc = func(context.Context, *url.URL, *http.Request, *http.Response) error

// proxyRefused returns the proxyRefusal in err, or 0.
func proxyRefused(err error) proxyRefusal {
	var refusal proxyRefusal
	_ = errors.As(err, &refusal)
	return refusal
}
