package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

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
	host      string // that was called, its port included; "" if none was, or if DynamoDB responded
	text      string // what else may be shown
	remedy    string // "" leaves it to the reason's general advice
	hint      string // to be added to the general advice; "" for none
	cause     error  // nil if it would read as the end of the caller's context
}

func newError(op, code string, reason fault.Reason, err error, p progress) *Error {
	e := &Error{Op: op, code: code, status: p.status, requestID: requestID(err), cause: err}
	switch {
	case p.unsent():
		e.code, e.requestID = "", "" // they are not DynamoDB's
		e.text = unsentText(reason, err)
		if reason == fault.Credentials {
			e.remedy = credentialsRemedy
		}
	case code != "":
		e.text = messageText(op, code, reason, err, p.probe)
		e.remedy = responseRemedy(op, code, reason, e.text == "", err, p.probe)
	default:
		e.host = hostName(p.host)
		e.text = networkText(err, p)
		e.remedy = statusRemedy(p.status)
	}
	e.hint = hintOf(op, e.code, reason, err, p)

	ctxEnd := endsContext(err)
	switch {
	case p.ended != nil && !ctxEnd:
		e.cause = errors.Join(p.ended, err)
	case p.ended == nil && ctxEnd:
		e.cause = nil
	}
	if reason == fault.Stopped {
		e.text = p.ended.Error() + p.stageText()
	} else if p.overdue != nil && code == "" {
		e.text, e.cause = p.overdue.Error()+p.stageText(), p.overdue
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
	if e.host != "" {
		parts = append(parts, "host "+e.host)
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

// ErrorCode returns DynamoDB's code, "" without one. The codes of errors that e wraps may be those of other services.
func (e *Error) ErrorCode() string { return e.code }

// Unwrap returns the client's error.
func (e *Error) Unwrap() error { return e.cause }

// Advice returns how to fix e, and what to add to the general advice. Its cause is not asked.
func (e *Error) Advice() fault.Advice { return fault.Advice{Remedy: e.remedy, Hint: e.hint} }

// hintOf returns what to add to the general advice: who may have responded instead of DynamoDB, or why a
// probe may be denied where rows are not.
func hintOf(op, code string, reason fault.Reason, err error, p progress) string {
	switch {
	case code == "" && (p.status == http.StatusForbidden || p.status == http.StatusTooManyRequests):
		return "; or a proxy or a firewall on the way rejected the request, since DynamoDB responds with status 400 and an error code"
	case p.probe && reason == fault.Access:
		return fmt.Sprintf("; if only a condition on dynamodb:LeadingKeys denies dynamodb:%s, it may deny the random key of CheckWrites and allow your rows", op)
	case code == "" && p.status == http.StatusProxyAuthRequired:
		return fmt.Sprintf(proxyPasswordHint, "HTTP_PROXY")
	case proxyRefused(err) == http.StatusProxyAuthRequired:
		return fmt.Sprintf(proxyPasswordHint, "HTTPS_PROXY")
	case proxyRefused(err) != 0:
		return "; the proxy must allow CONNECT to the host, or NO_PROXY must name the host"
	}
	return ""
}

// proxyPasswordHint is for a proxy that requires a password, which the variable named gives.
const proxyPasswordHint = "; the proxy requires a user and a password: %s gives them as http://USER:PASSWORD@HOST:PORT"

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
const credentialsRemedy = "check the error of what provides the credentials (CredentialsProvider, AWS.Credentials, or the Credentials that ClientOptions set): its text is hidden because it may contain a secret; dynamodest.Cause returns the error at its end, and errors.As finds one by its type"

// collectionRemedy is for an item whose partition key has too many bytes of items.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ItemCollections.SizeLimit
const collectionRemedy = "in a table with local secondary indexes the items of one partition key value may take 10 GB at most, and this row's value has no room left: delete items of that value, or spread them over more values"

// kmsRemedy is for a refusal that is about the key of the table and not about the table.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
const kmsRemedy = "the table is encrypted with an AWS KMS key, and the use of that key was refused: allow kms:Decrypt on the key, in the policy of the credentials and in the key's own policy, and check that the key is enabled and not scheduled for deletion"

// kmsMessage matches the messages of refusals that are about a key: those of a policy name an action of
// KMS, the others quote an error of KMS.
var kmsMessage = regexp.MustCompile(`(?i)\bkms:[a-z*]|\bKMS key\b|services\.kms\.|AWSKMS|KMSException`)

// isKMS reports whether a response is about the KMS key of the table.
func isKMS(code string, reason fault.Reason, message string) bool {
	return strings.HasPrefix(code, "KMS") || reason == fault.Access && kmsMessage.MatchString(message)
}

// statusRemedy returns the remedy for a response without a DynamoDB error code, or "".
func statusRemedy(status int) string {
	if status == http.StatusRequestEntityTooLarge {
		return "DynamoDB takes requests of 16 MB, so something on the way (a proxy, a gateway) rejects bodies of this size: raise its limit"
	}
	return ""
}

// responseRemedy returns the remedy for a response with an error code if more is known than its
// reason, otherwise "". withheld reports whether DynamoDB's message is not shown, and probe whether the
// request carried no row.
func responseRemedy(op, code string, reason fault.Reason, withheld bool, err error, probe bool) string {
	switch {
	case isKMS(code, reason, messageOf(err)):
		return kmsRemedy
	case reason == fault.Refused && (op == DescribeTable || probe): // the request holds no row
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

// unsentText returns why the SDK failed before it sent the request. Of an error of what
// provides the credentials it gives the type, and what the types inside say that are known.
func unsentText(reason fault.Reason, err error) string {
	c := composer{foreign: true}
	detail := shown(c.compose(err))
	if detail != "" {
		detail = ": " + detail
	}
	if detail == "" || len(c.types) > 0 {
		detail += fmt.Sprintf(" (error of type %s)", c.typeNames())
	}
	switch reason {
	case fault.Credentials:
		return "could not retrieve credentials" + detail
	case fault.Config:
		return "could not resolve the endpoint" + detail
	}
	return "not sent" + detail
}

// networkText returns the text for an error without a DynamoDB error code. It is composed of the fields
// of errors of net, crypto and similar packages, which hold addresses and certificates but no items, and
// gives only the type of any other error. The status comes before an unreadable body: a proxy's error page
// is not in DynamoDB's format, so the SDK cannot read it.
func networkText(err error, p progress) string {
	c := composer{connecting: !p.gotConn && (p.dialing || !p.sdk)}
	var own *fault.Error
	var unreadable *smithy.DeserializationError
	switch text := c.compose(err); {
	case errors.As(err, &own): // about the response as a whole
		return shown(own.Error())
	case p.status == http.StatusBadRequest && p.plain:
		return "the response has no DynamoDB error code, so it may come from a proxy, or from a port that expects https"
	case p.status >= 300:
		return "the response has no DynamoDB error code, so it may come from a proxy"
	case text != "":
		return shown(text)
	case errors.As(err, &unreadable):
		return "the response could not be read"
	}
	return "an error of type " + c.typeNames()
}

// shown returns a composed text in a form that may be shown.
func shown(text string) string { return fault.Cut(fault.Clean(text), fault.MaxDetail) }
