package dynamodest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"unicode"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// serviceError is an error of the client in a form that may be shown: its text
// has no row's value and no secret, which the texts of DynamoDB, of proxies
// and of fakes may have. Unwrapping leads to the client's own error.
type serviceError struct {
	op        string
	code      string // error code of DynamoDB, or ""
	status    int    // HTTP status, or 0
	requestID string
	text      string // what else may be shown
	mend      string // "" leaves the remedy to others
	cause     error  // nil if it would read as the end of the caller's context
}

func newServiceError(op, code string, reason Reason, err error, s sighting) *serviceError {
	e := &serviceError{op: op, code: code, status: s.status, requestID: requestID(err), cause: err}
	switch {
	case s.wire && s.sends == 0:
		e.code = "" // it is not DynamoDB's
		e.text = unsentText(reason, code, err)
		if reason == ErrCredentials {
			e.mend = "see what the error of the CredentialsProvider says: it may hold a secret and is not shown, but errors.Unwrap leads to it"
		}
	case code != "":
		e.text = messageText(op, code, reason, err)
		e.mend = refusalRemedy(code, reason, e.text == "", err)
	default:
		e.text = transportText(err, s.status)
		e.mend = statusRemedy(s.status)
	}

	ctxEnd := endsContext(err)
	switch {
	case s.ended != nil && !ctxEnd:
		e.cause = errors.Join(s.ended, err)
	case s.ended == nil && ctxEnd:
		e.cause = nil
	}
	if reason == ErrStopped {
		e.text = s.ended.Error()
	} else if s.overdue != nil && code == "" {
		e.text, e.cause = s.overdue.Error(), s.overdue
	}
	return e
}

// Error gives what is known of the answer, in a few hundred bytes at most.
func (e *serviceError) Error() string {
	parts := []string{}
	if e.code != "" {
		parts = append(parts, cut(clean(e.code), 100))
	}
	if e.status != 0 {
		parts = append(parts, fmt.Sprintf("HTTP status %d", e.status))
	}
	if e.requestID != "" {
		parts = append(parts, "request "+cut(clean(e.requestID), 80))
	}
	text := e.op
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if e.text != "" {
		text += ": " + e.text
	}
	return text
}

// endsContext reports whether err reads as the end of a context.
func endsContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// Unwrap returns the client's error.
func (e *serviceError) Unwrap() error { return e.cause }

func (e *serviceError) remedy() string { return e.mend }

func requestID(err error) string {
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) {
		return resp.ServiceRequestID()
	}
	return ""
}

// messageText is the message of an answer of DynamoDB, where such messages
// carry neither rows nor secrets: that of a signature fault quotes the
// request's headers, session token included.
func messageText(op, code string, reason Reason, err error) string {
	message := messageOf(err)
	switch reason {
	case ErrAccess, ErrNoTable, ErrThrottled:
		return cut(clean(message), maxDetailText)
	case ErrRefused:
		if op == opDescribe && code == "ValidationException" || harmlessValidation(message) { // the former carries no row
			return cut(clean(message), maxDetailText)
		}
	}
	return ""
}

// messageOf is the message of DynamoDB in err, or "".
func messageOf(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	return api.ErrorMessage()
}

// statusRemedy is the remedy for an answer without a code of DynamoDB's, or "".
func statusRemedy(status int) string {
	if status == http.StatusRequestEntityTooLarge {
		return "DynamoDB takes requests of 16 MB, so something on the way (a proxy, a gateway) refuses bodies of this size: raise its limit"
	}
	return ""
}

// refusalRemedy is the remedy for a refused row where more is known than its
// reason, or "".
func refusalRemedy(code string, reason Reason, withheld bool, err error) string {
	switch {
	case code == "ItemCollectionSizeLimitExceededException":
		return collectionRemedy
	case reason == ErrRefused && withheld && messageOf(err) != "":
		return ErrRefused.Remedy() + withheldRemedy
	case reason == ErrUnavailable:
		return "DynamoDB answered, and could not do it now: try again; if it goes on, look at the AWS Health Dashboard"
	}
	return ""
}

// attributeNameForm is an attribute's or index's name in a message. Names with
// other characters are left out with their message.
const attributeNameForm = `[^\s,:;"'{}\[\]=]{1,255}`

// validations are the messages of validation faults that hold no more than the
// names of attributes and indexes, types and sizes.
var validations = regexp.MustCompile(`^(1 validation error detected: )?(` + strings.ReplaceAll(strings.Join([]string{
	`The provided key element does not match the schema`,
	`One or more parameter values were invalid: Missing the key NAME in the item`,
	`One or more parameter values were invalid: Type mismatch for key NAME expected: [A-Z]+ actual: [A-Z]+`,
	`One or more parameter values were invalid: Type mismatch for Index Key NAME Expected: [A-Z]+ Actual: [A-Z]+ IndexName: NAME`,
	`One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of ?\d+ bytes`,
	`One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of ?\d+ bytes`,
	`One or more parameter values were invalid: Size limit exceeded for Index Key NAME Actual Size: \d+ bytes Max Size: \d+ bytes IndexName: NAME`,
	`One or more parameter values are not valid\. The AttributeValue for a key attribute cannot contain an empty (string|binary) value\. Key: NAME`,
	`One or more parameter values are not valid\. A value specified for a secondary index key is not supported\. The AttributeValue for a key attribute cannot contain an empty (string|binary) value\. IndexName: NAME, IndexKey: NAME`,
	`One or more parameter values were invalid: An (string|number) set  may not be empty`,
	`Binary sets should not be empty`,
	`Item size has exceeded the maximum allowed size`,
	`Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit`,
	`Provided list of item keys contains duplicates`,
	`Input collection contains duplicates\.?`,
	`Number overflow\. Attempting to store a number with magnitude larger than supported range`,
	`Number underflow\. Attempting to store a number with magnitude smaller than supported range`,
	`Attempting to store more than 38 significant digits in a Number`,
	`The parameter cannot be converted to a numeric value`,
	`Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes`,
	`Supplied AttributeValue is empty, must contain exactly one of the supported datatypes`,
	`Too many items requested for the BatchWriteItem call`,
	`Empty attribute name`,
}, "|"), "NAME", attributeNameForm) + `)$`)

func harmlessValidation(message string) bool { return validations.MatchString(message) }

// transportText says what went wrong below DynamoDB's protocol, in the words
// of net, crypto and the like, which know addresses and certificates but no
// rows. Of an error from elsewhere it gives the type alone.
func transportText(err error, status int) string {
	for _, find := range []func(error) error{
		as[*net.DNSError], as[*net.OpError],
		as[*tls.CertificateVerificationError], as[x509.HostnameError], as[x509.UnknownAuthorityError],
		as[tls.RecordHeaderError], as[tls.AlertError], as[syscall.Errno],
		as[errNoAnswer],
		is(http.ErrSchemeMismatch), is(io.ErrUnexpectedEOF), is(io.EOF), is(net.ErrClosed),
	} {
		if found := find(err); found != nil {
			return cut(clean(found.Error()), maxDetailText)
		}
	}
	var unreadable *smithy.DeserializationError
	if errors.As(err, &unreadable) {
		return "the answer could not be read"
	}
	if status != 0 {
		return "the answer has no error code of DynamoDB's"
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

// unsentText says why the SDK gave a request up before sending it.
func unsentText(reason Reason, code string, err error) string {
	what := innermostType(err)
	if code != "" {
		what = cut(clean(code), 100)
	}
	switch reason {
	case ErrCredentials:
		return "no credentials could be got: " + what
	case ErrConfig:
		return "the endpoint could not be made out: " + what
	}
	return "not sent: " + what
}

// innermostType is the type of the error that err comes from.
func innermostType(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return fmt.Sprintf("%T", err)
		}
		err = inner
	}
}

// clean replaces control characters, which could forge lines of a log.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
