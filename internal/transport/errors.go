package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// Error is the client's error for one request in a form that may be shown. Texts of DynamoDB, of
// proxies and of fakes may hold an item's value or a secret, so its own text quotes none of them
// unless that is known to be safe. Unwrapping leads to the client's own error.
type Error struct {
	Op string // the operation, with which the text begins

	code      string // DynamoDB's error code, or ""
	status    int    // HTTP status, or 0
	requestID string
	text      string // what else may be shown
	remedy    string // "" leaves it to the reason's general advice
	cause     error  // nil if it would read as the end of the caller's context
}

func newError(op, code string, reason fault.Reason, err error, p progress) *Error {
	e := &Error{Op: op, code: code, status: p.status, requestID: requestID(err), cause: err}
	switch {
	case p.unsent():
		e.code = "" // the code is not DynamoDB's
		e.text = unsentText(reason, code, err)
		if reason == fault.Credentials {
			e.remedy = credentialsRemedy
		}
	case code != "":
		e.text = messageText(op, code, reason, err)
		e.remedy = responseRemedy(op, code, reason, e.text == "", err)
	default:
		e.text = networkText(err, p.status)
		e.remedy = statusRemedy(p.status)
	}

	ctxEnd := endsContext(err)
	switch {
	case p.ended != nil && !ctxEnd:
		e.cause = errors.Join(p.ended, err)
	case p.ended == nil && ctxEnd:
		e.cause = nil
	}
	if reason == fault.Stopped {
		e.text = p.ended.Error()
	} else if p.overdue != nil && code == "" {
		e.text, e.cause = p.overdue.Error(), p.overdue
	}
	return e
}

// Error returns what is known about the response, in a few hundred bytes at most.
func (e *Error) Error() string {
	var parts []string
	if e.code != "" {
		parts = append(parts, shownCode(e.code))
	}
	if e.status != 0 {
		parts = append(parts, fmt.Sprintf("HTTP status %d", e.status))
	}
	if e.requestID != "" {
		parts = append(parts, "request ID "+fault.Cut(fault.Clean(e.requestID), 80))
	}
	text := e.Op
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if e.text != "" {
		text += ": " + e.text
	}
	return text
}

// maxCode bounds what a text shows of an error code, in bytes.
const maxCode = 100

// shownCode returns an error code in a form that a text may show.
func shownCode(code string) string { return fault.Cut(fault.Clean(code), maxCode) }

// Unwrap returns the client's error.
func (e *Error) Unwrap() error { return e.cause }

// Advice returns how to fix e, and a hint if a proxy or a firewall may have responded instead of
// DynamoDB. Its cause is not asked.
func (e *Error) Advice() fault.Advice {
	advice := fault.Advice{Remedy: e.remedy}
	if e.code == "" && (e.status == http.StatusForbidden || e.status == http.StatusTooManyRequests) {
		advice.Hint = "; or a proxy or a firewall on the way rejected the request, since DynamoDB responds with status 400 and an error code"
	}
	return advice
}

// Format keeps fmt from walking into the cause.
func (e Error) Format(s fmt.State, verb rune) { fault.Format(s, verb, e.Error()) }

// endsContext reports whether err reads as the end of a context.
func endsContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func requestID(err error) string {
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) {
		return resp.ServiceRequestID()
	}
	return ""
}

// credentialsRemedy is for credentials that the provider did not return.
const credentialsRemedy = "check the error of the CredentialsProvider: its text is hidden because it may contain a secret; use errors.As or errors.Is"

// collectionRemedy is for an item whose partition key has too many bytes of items.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ItemCollections.SizeLimit
const collectionRemedy = "in a table with local secondary indexes the items of one partition key value may take 10 GB at most, and this row's value has no room left: delete items of that value, or spread them over more values"

// statusRemedy returns the remedy for a response without a DynamoDB error code, or "".
func statusRemedy(status int) string {
	if status == http.StatusRequestEntityTooLarge {
		return "DynamoDB takes requests of 16 MB, so something on the way (a proxy, a gateway) rejects bodies of this size: raise its limit"
	}
	return ""
}

// responseRemedy returns the remedy for a response with an error code if more is known than its
// reason, otherwise "". withheld reports whether DynamoDB's message is not shown.
func responseRemedy(op, code string, reason fault.Reason, withheld bool, err error) string {
	switch {
	case reason == fault.Refused && op == DescribeTable: // the request holds a table's name and no item
		return "check Table and Region, then create a new Destination"
	case code == "ItemCollectionSizeLimitExceededException":
		return collectionRemedy
	case reason == fault.Refused && withheld && messageOf(err) != "":
		return fault.Refused.Remedy() + "; DynamoDB's message is hidden because it may contain row data: errors.As with a smithy.APIError reads it"
	case reason == fault.Unavailable && definiteFailures[code].Reason == fault.Unavailable:
		return "another write or a transaction was changing an item of the request: try again"
	case reason == fault.Unavailable:
		return fmt.Sprintf("DynamoDB responded with %s: try again; if the fault persists, look at the AWS Health Dashboard", shownCode(code))
	case op != DescribeTable: // whose throttling is not the table's
		return fault.ThrottlingRemedy(throttlingReasons(err))
	}
	return ""
}

// throttlingReasons returns the reasons that DynamoDB gave for a throttled request, if any.
func throttlingReasons(err error) []fault.Throttling {
	var provisioned *types.ProvisionedThroughputExceededException
	var throttling *types.ThrottlingException
	var limit *types.RequestLimitExceeded
	var given []types.ThrottlingReason
	switch {
	case errors.As(err, &provisioned):
		given = provisioned.ThrottlingReasons
	case errors.As(err, &throttling):
		given = throttling.ThrottlingReasons
	case errors.As(err, &limit) && len(limit.ThrottlingReasons) > 0:
		given = limit.ThrottlingReasons
	case limit != nil: // the limit is the account's, even if no reason is given
		return []fault.Throttling{{Reason: "AccountLimitExceeded"}}
	}
	reasons := make([]fault.Throttling, len(given))
	for i, r := range given {
		reasons[i] = fault.Throttling{Reason: aws.ToString(r.Reason), Resource: aws.ToString(r.Resource)}
	}
	return reasons
}

// unsentText returns why the SDK failed before it sent the request.
func unsentText(reason fault.Reason, code string, err error) string {
	detail := fmt.Sprintf(" (error of type %s)", innermostType(err))
	if code != "" {
		detail = ": " + shownCode(code)
	}
	switch reason {
	case fault.Credentials:
		return "could not retrieve credentials" + detail
	case fault.Config:
		return "could not resolve the endpoint" + detail
	}
	return "not sent" + detail
}

// networkText returns the text for an error without a DynamoDB error code. It quotes errors of net,
// crypto and similar packages, whose texts hold addresses and certificates but no items, and gives
// only the type of any other error. The status comes before an unreadable body: a proxy's error page
// is not in DynamoDB's format, so the SDK cannot read it.
func networkText(err error, status int) string {
	for _, find := range []func(error) error{
		as[*net.DNSError], as[*net.OpError],
		as[*tls.CertificateVerificationError], as[x509.HostnameError], as[x509.UnknownAuthorityError],
		as[tls.RecordHeaderError], as[tls.AlertError], as[syscall.Errno],
		as[*fault.Error],
		is(http.ErrSchemeMismatch), is(io.ErrUnexpectedEOF), is(io.EOF), is(net.ErrClosed),
	} {
		if found := find(err); found != nil {
			return fault.Cut(fault.Clean(found.Error()), fault.MaxDetail)
		}
	}
	if status >= 300 {
		return "the response has no DynamoDB error code, so it may come from a proxy"
	}
	var unreadable *smithy.DeserializationError
	if errors.As(err, &unreadable) {
		return "the response could not be read"
	}
	return "an error of type " + innermostType(err)
}

func as[E error](err error) error {
	var found E
	if errors.As(err, &found) {
		return found
	}
	return nil
}

func is(target error) func(error) error {
	return func(err error) error {
		if errors.Is(err, target) {
			return target
		}
		return nil
	}
}

// innermostType returns the type of the error that err comes from.
func innermostType(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return fmt.Sprintf("%T", err)
		}
		err = inner
	}
}
