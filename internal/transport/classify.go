package transport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// definiteFailures holds the error codes after which no item of the request was applied. A code with
// MaybeApplied is about one item of a batch, and the other items may have been applied. The
// throttling codes come from the SDK's list. After any other code the items may have been applied.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
var definiteFailures = map[string]fault.Failure{
	"ValidationException":             {Reason: fault.Refused, Action: fault.Split},
	"SerializationException":          {Reason: fault.Refused, Action: fault.Split},
	"ConditionalCheckFailedException": {Reason: fault.Exists, Action: fault.KeyExists},

	"ItemCollectionSizeLimitExceededException": {Reason: fault.Refused, Action: fault.Split, MaybeApplied: true},
	"ReplicatedWriteConflictException":         {Reason: fault.Unavailable, MaybeApplied: true},
	"TransactionConflictException":             {Reason: fault.Unavailable, MaybeApplied: true},
	"TransactionInProgressException":           {Reason: fault.Unavailable, MaybeApplied: true},

	"ResourceNotFoundException": {Reason: fault.NoTable, Action: fault.Abort},
	"AccessDeniedException":     {Reason: fault.Access, Action: fault.Abort},
	"AccessDenied":              {Reason: fault.Access, Action: fault.Abort},

	"UnrecognizedClientException":         {Reason: fault.Credentials, Action: fault.Abort},
	"InvalidClientTokenId":                {Reason: fault.Credentials, Action: fault.Abort},
	"InvalidAccessKeyId":                  {Reason: fault.Credentials, Action: fault.Abort},
	"SignatureDoesNotMatch":               {Reason: fault.Credentials, Action: fault.Abort},
	"IncompleteSignatureException":        {Reason: fault.Credentials, Action: fault.Abort},
	"IncompleteSignature":                 {Reason: fault.Credentials, Action: fault.Abort},
	"MissingAuthenticationTokenException": {Reason: fault.Credentials, Action: fault.Abort},
	"MissingAuthenticationToken":          {Reason: fault.Credentials, Action: fault.Abort},
	"AuthFailure":                         {Reason: fault.Credentials, Action: fault.Abort},
	"OptInRequired":                       {Reason: fault.Credentials, Action: fault.Abort},

	"ExpiredTokenException":     {Reason: fault.Credentials, Action: fault.Reauthorize},
	"ExpiredToken":              {Reason: fault.Credentials, Action: fault.Reauthorize},
	"RequestExpired":            {Reason: fault.Credentials, Action: fault.Reauthorize},
	"RequestTimeTooSkewed":      {Reason: fault.Credentials, Action: fault.Reauthorize},
	"InvalidSignatureException": {Reason: fault.Credentials, Action: fault.Reauthorize},

	"UnknownOperationException": {Reason: fault.Config, Action: fault.Abort},
	"InvalidAction":             {Reason: fault.Config, Action: fault.Abort},
}

// classify returns what err, the error of a request of op with so many items, means, given how far
// the request got. It is pure. A method of err that panics makes err a response that says nothing.
func classify(err error, p progress, items int, op string) (f fault.Failure) {
	defer func() {
		if recover() != nil {
			f = classified(panicking(err), p, items, op)
		}
	}()
	return classified(err, p, items, op)
}

func classified(err error, p progress, items int, op string) fault.Failure {
	inside := p.unsent()
	if p.status == 0 && !inside { // otherwise the status, if err has one, is of another service
		p.status = statusOf(err)
	}
	code := codeOf(err)
	f := judge(err, code, p, items)
	if !inside && max(p.sends, attemptsOf(err)) > 1 {
		f.MaybeApplied = true // an earlier send may have had a different result
	}
	f.Unreachable = !p.gotConn && p.status == 0 && isUnreachable(err)
	e := newError(op, code, f.Reason, err, p)
	switch {
	case f.Reason != fault.Config:
	case e.code != "":
		e.remedy = otherServiceRemedy
	case p.unsent():
		e.remedy = noEndpointRemedy
	case unusableURL(err):
		e.text, e.remedy = "the endpoint's URL does not begin with https:// or http:// and a host", unusableURLRemedy
	}
	f.Err = e
	return f
}

// isUnreachable reports whether err says that the host's name is unknown, that the host or a proxy
// refuses connections, or that it cannot show a valid certificate. A timeout says none of that.
func isUnreachable(err error) (unreachable bool) {
	walk(err, func(err error) bool {
		switch err := err.(type) { //nolint:errorlint // the chain is walked here
		case *net.DNSError, *tls.CertificateVerificationError, tls.RecordHeaderError, proxyRefusal:
			unreachable = true
		case *net.OpError:
			_, failed := err.Err.(*os.SyscallError) //nolint:errorlint // only if it is next
			unreachable = unreachable || err.Op == "dial" && failed && !err.Timeout()
		default:
			unreachable = unreachable || err == http.ErrSchemeMismatch //nolint:errorlint // the chain is walked here
		}
		return !unreachable
	})
	return unreachable
}

// Remedies for an endpoint to which no request can go.
const (
	noEndpointRemedy   = "check what chooses the endpoint: Region, Endpoint, AWS and ClientOptions, and where AWS is loaded from the environment AWS_ENDPOINT_URL, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT and AWS_ACCOUNT_ID_ENDPOINT_MODE; then create a new Destination"
	otherServiceRemedy = "check Endpoint, or what else chooses the endpoint (AWS, ClientOptions, AWS_ENDPOINT_URL): the server that it leads to does not know DynamoDB's operations; then create a new Destination"
	unusableURLRemedy  = "write the endpoint as https://HOST or http://HOST:PORT where it is chosen (the Client, AWS, ClientOptions, AWS_ENDPOINT_URL), then create a new Destination"
)

func judge(err error, code string, p progress, items int) fault.Failure {
	// First, since the provider of the credentials may have failed with a code of another service.
	if p.unsent() {
		if f, ok := unsent(err, p); ok {
			return f
		}
	}
	if f, ok := definiteFailure(code, p.status, items); ok {
		return f
	}
	unconnected := p.dialing && !p.gotConn
	switch {
	case !p.gotConn && p.status == 0 && unusableURL(err):
		return fault.Failure{Reason: fault.Config, Action: fault.Abort, MaybeApplied: !p.sdk} // without a trace a redirect may be at fault
	case p.ended != nil:
		return fault.Failure{Reason: fault.Stopped, Action: fault.Abort, MaybeApplied: !unconnected}
	case unconnected:
		return fault.Failure{Reason: fault.Unavailable}
	}
	return fault.Failure{Reason: fault.Unavailable, MaybeApplied: true}
}

// unusableURL reports whether net/http sent nothing because a URL has no scheme or host to connect to.
// Its errors have no type of their own.
func unusableURL(err error) bool {
	var failed *url.Error
	if !errors.As(err, &failed) || failed.Err == nil {
		return false
	}
	text := failed.Err.Error()
	return strings.HasPrefix(text, "unsupported protocol scheme ") || text == "http: no Host in request URL"
}

// definiteFailure classifies a response that says that the request failed; it reports false for any
// other response. A code that comes with a server error counts only if it is a throttling code, and
// the request may have been applied even so.
func definiteFailure(code string, status, items int) (fault.Failure, bool) {
	f, known := definiteFailures[code]
	if _, throttled := retry.DefaultThrottleErrorCodes[code]; throttled && !known {
		f, known = fault.Failure{Reason: fault.Throttled, Throttled: true}, true
	}
	switch {
	case status >= 500:
		f.MaybeApplied = true
		return f, f.Throttled
	case f.Action == fault.KeyExists && items != 1: // a batch has no condition, so the response is not DynamoDB's
		return fault.Failure{}, false
	case known:
		f.MaybeApplied = f.MaybeApplied && items > 1
		return f, true
	case status == 429:
		return fault.Failure{Reason: fault.Throttled, Throttled: true}, true
	case status == 413:
		return fault.Failure{Reason: fault.TooLarge, Action: fault.Split}, true
	case status == 403: // DynamoDB responds with 400: a proxy or a firewall did, perhaps after DynamoDB
		return fault.Failure{Reason: fault.Access, Action: fault.Abort, MaybeApplied: true}, true
	}
	return fault.Failure{}, false
}

// unsent classifies a request that failed inside the SDK before it reached the HTTP client: it was
// certainly not applied. It reports false if a middleware step of the caller's client may have failed,
// because such a step may stand in for DynamoDB.
func unsent(err error, p progress) (fault.Failure, bool) {
	var params smithy.InvalidParamsError
	var serialization *smithy.SerializationError
	var signing *v4.SigningError
	switch {
	case errors.As(err, &params) || errors.As(err, &serialization):
		return fault.Failure{Reason: fault.Refused, Action: fault.Split}, true
	case p.ended != nil:
		return fault.Failure{Reason: fault.Stopped, Action: fault.Abort}, true
	case p.overdue != nil:
		return fault.Failure{Reason: fault.Unavailable}, true
	case p.credentialsRequested && !p.credentialsResolved, errors.As(err, &signing):
		return fault.Failure{Reason: fault.Credentials, Action: fault.Abort}, true
	case p.credentialsResolved && !p.endpointResolved:
		return fault.Failure{Reason: fault.Config, Action: fault.Abort}, true
	}
	return fault.Failure{}, false
}

// errInconclusive returns the error for a response from which the items' outcome cannot be
// determined. Its arguments must quote no item.
func errInconclusive(format string, args ...any) *fault.Error {
	return fault.New(fault.Unavailable, format, args...)
}

// codeOf returns the DynamoDB error code in err, or "".
func codeOf(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() == "UnknownError" { // the SDK's word for a response without a code
		return ""
	}
	return api.ErrorCode()
}

// statusOf returns the HTTP status of the response in err, or 0.
func statusOf(err error) int {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil {
		return resp.HTTPStatusCode()
	}
	return 0
}

// attemptsOf returns how often err says that the SDK sent the request, or 0. A wrapper of a client
// may drop the options that turn the SDK's retries off and count the sends.
func attemptsOf(err error) (n int) {
	var exhausted *retry.MaxAttemptsError
	var resp *smithyhttp.ResponseError
	switch {
	case errors.As(err, &exhausted):
		return exhausted.Attempt
	case errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil && resp.Response.Request != nil:
		_, _ = fmt.Sscanf(resp.Response.Request.Header.Get("Amz-Sdk-Request"), "attempt=%d", &n) // no match leaves 0
	}
	return n
}
