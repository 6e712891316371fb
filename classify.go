package dynamodest

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// action is what to do about a request that failed.
type action uint8

const (
	actRetry  action = iota // send it again after a while
	actSplit                // halve the batch; a row alone is at fault itself
	actStop                 // stop the call: every row would meet the same
	actExists               // the condition of a conditional put failed
	actResend               // send it again once, at once, with new credentials and the right time; then stop
)

// verdict is what an error of a client means.
type verdict struct {
	reason   Reason
	action   action
	maybe    bool  // DynamoDB may have applied the request, or a part of it
	throttle bool  // the table or the account is out of capacity
	err      error // the error, in a form that quotes no row and no secret
}

// refusals are the error codes after which no row of the request was applied,
// but for those with maybe, which speak of one row of a batch and leave open
// what became of the others. The codes that throttle are the SDK's to list; any
// other that is not here tells nothing.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
var refusals = map[string]verdict{
	"ValidationException":             {reason: ErrRefused, action: actSplit},
	"SerializationException":          {reason: ErrRefused, action: actSplit},
	"ConditionalCheckFailedException": {reason: ErrExists, action: actExists},

	"ItemCollectionSizeLimitExceededException": {reason: ErrRefused, action: actSplit, maybe: true},
	"ReplicatedWriteConflictException":         {reason: ErrUnavailable, maybe: true},
	"TransactionConflictException":             {reason: ErrUnavailable, maybe: true},
	"TransactionInProgressException":           {reason: ErrUnavailable, maybe: true},

	"ResourceNotFoundException": {reason: ErrNoTable, action: actStop},
	"AccessDeniedException":     {reason: ErrAccess, action: actStop},
	"AccessDenied":              {reason: ErrAccess, action: actStop},

	"UnrecognizedClientException":         {reason: ErrCredentials, action: actStop},
	"InvalidClientTokenId":                {reason: ErrCredentials, action: actStop},
	"InvalidAccessKeyId":                  {reason: ErrCredentials, action: actStop},
	"SignatureDoesNotMatch":               {reason: ErrCredentials, action: actStop},
	"IncompleteSignatureException":        {reason: ErrCredentials, action: actStop},
	"IncompleteSignature":                 {reason: ErrCredentials, action: actStop},
	"MissingAuthenticationTokenException": {reason: ErrCredentials, action: actStop},
	"MissingAuthenticationToken":          {reason: ErrCredentials, action: actStop},
	"AuthFailure":                         {reason: ErrCredentials, action: actStop},
	"OptInRequired":                       {reason: ErrCredentials, action: actStop},

	"ExpiredTokenException":     {reason: ErrCredentials, action: actResend},
	"ExpiredToken":              {reason: ErrCredentials, action: actResend},
	"RequestExpired":            {reason: ErrCredentials, action: actResend},
	"RequestTimeTooSkewed":      {reason: ErrCredentials, action: actResend},
	"InvalidSignatureException": {reason: ErrCredentials, action: actResend},
}

// classify says what err, the error of a request of op that carried rows,
// means. It is pure.
func classify(err error, s sighting, rows int, op string) verdict {
	if s.status == 0 {
		s.status = statusOf(err)
	}
	code := codeOf(err)
	v := judge(err, code, s, rows)
	if max(s.sends, attemptsOf(err)) > 1 {
		v.maybe = true // an earlier sending may have met another fate
	}
	v.err = newServiceError(op, code, v.reason, err, s)
	return v
}

func judge(err error, code string, s sighting, rows int) verdict {
	// First, since the provider of the credentials may have failed with a
	// code of another service.
	if s.wire && s.sends == 0 {
		if v, ok := judgeUnsent(err, s); ok {
			return v
		}
	}
	if v, ok := refusal(code, s.status, rows); ok {
		return v
	}
	unconnected := s.dialing && !s.gotConn
	switch {
	case s.ended != nil:
		return verdict{reason: ErrStopped, action: actStop, maybe: !unconnected}
	case unconnected:
		return verdict{reason: ErrUnavailable}
	}
	return verdict{reason: ErrUnavailable, maybe: true}
}

// refusal finds the verdict of an answer that refused the request. A code
// that comes with a server error is believed only where it throttles, and then
// the request may have been applied all the same.
func refusal(code string, status, rows int) (verdict, bool) {
	v, known := refusals[code]
	if _, throttle := retry.DefaultThrottleErrorCodes[code]; throttle && !known {
		v, known = verdict{reason: ErrThrottled, throttle: true}, true
	}
	switch {
	case status >= 500:
		v.maybe = true
		return v, v.throttle
	case v.action == actExists && rows != 1: // a batch has no condition: this is not DynamoDB's
		return verdict{}, false
	case known:
		v.maybe = v.maybe && rows > 1
		return v, true
	case status == 429:
		return verdict{reason: ErrThrottled, throttle: true}, true
	case status == 413:
		return verdict{reason: ErrTooLarge, action: actSplit}, true
	case status == 403: // not DynamoDB's way of saying it: a proxy or a firewall, perhaps after DynamoDB
		return verdict{reason: ErrAccess, action: actStop, maybe: true}, true
	}
	return verdict{}, false
}

// judgeUnsent is for a request that the SDK gave up before the transport had
// it: it was certainly not applied. It reports false if it was not the SDK that
// gave it up but a step that was added to the caller's client, perhaps to
// answer in DynamoDB's place.
func judgeUnsent(err error, s sighting) (verdict, bool) {
	var params smithy.InvalidParamsError
	var serialization *smithy.SerializationError
	var signing *v4.SigningError
	switch {
	case errors.As(err, &params) || errors.As(err, &serialization):
		return verdict{reason: ErrRefused, action: actSplit}, true
	case s.ended != nil:
		return verdict{reason: ErrStopped, action: actStop}, true
	case s.overdue != nil:
		return verdict{reason: ErrUnavailable}, true
	case s.asked && !s.identity, errors.As(err, &signing):
		return verdict{reason: ErrCredentials, action: actStop}, true
	case s.identity && !s.endpoint:
		return verdict{reason: ErrConfig, action: actStop}, true
	}
	return verdict{}, false
}

// present returns err, or another in place of one that is or wraps a nil
// pointer: a slip of a fake's, on which any method would panic.
func present(err error) error {
	if none := nilPointerIn(err); none != nil {
		return errNoAnswer(fmt.Sprintf("the client gave a nil %T as its error", none))
	}
	return err
}

func nilPointerIn(err error) error {
	if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer && v.IsNil() {
		return err
	}
	switch err := any(err).(type) { // its own methods, not those of what it wraps
	case interface{ Unwrap() error }:
		return nilPointerIn(err.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range err.Unwrap() {
			if none := nilPointerIn(inner); none != nil {
				return none
			}
		}
	}
	return nil
}

// codeOf is the error code of DynamoDB in err, or "".
func codeOf(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() == "UnknownError" { // the SDK's word for an answer without a code
		return ""
	}
	return api.ErrorCode()
}

// statusOf is the HTTP status of the response in err, or 0.
func statusOf(err error) int {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil {
		return resp.HTTPStatusCode()
	}
	return 0
}

// attemptsOf is how often the SDK sent the request by itself, as far as err
// tells; 0 if it does not. A wrapper of a client may drop the options that turn
// the SDK's retries off and count what is sent.
func attemptsOf(err error) (n int) {
	var spent *retry.MaxAttemptsError
	var resp *smithyhttp.ResponseError
	switch {
	case errors.As(err, &spent):
		return spent.Attempt
	case errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil && resp.Response.Request != nil:
		_, _ = fmt.Sscanf(resp.Response.Request.Header.Get("Amz-Sdk-Request"), "attempt=%d", &n) // none leaves 0
	}
	return n
}
