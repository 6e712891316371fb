package dynamodest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func apiError(code, message string) error {
	return &smithy.OperationError{ServiceID: "DynamoDB", OperationName: "X", Err: &smithy.GenericAPIError{Code: code, Message: message}}
}

// answered is a request that was sent and answered with status.
func answered(status int) sighting {
	return sighting{wire: true, asked: true, identity: true, sends: 1, dialing: true, gotConn: true, status: status}
}

func TestClassifyCodes(t *testing.T) {
	t.Parallel()
	type want struct {
		reason   Reason
		action   action
		one, all bool // may have been applied: a single row, a batch
		throttle bool
	}
	throttled := want{reason: ErrThrottled, throttle: true}
	credentials := want{reason: ErrCredentials, action: actStop}
	resend := want{reason: ErrCredentials, action: actResend}
	conflict := want{reason: ErrUnavailable, all: true}
	access := want{reason: ErrAccess, action: actStop}
	nothing := want{reason: ErrUnavailable, one: true, all: true}
	tests := []struct {
		name string
		err  error
		want want
	}{
		{"", &types.ProvisionedThroughputExceededException{}, throttled},
		{"", &types.ThrottlingException{}, throttled},
		{"", &types.RequestLimitExceeded{}, throttled},
		{"", &types.LimitExceededException{}, throttled},
		{"Throttling", nil, throttled},
		{"TooManyRequestsException", nil, throttled},
		{"ValidationException", nil, want{reason: ErrRefused, action: actSplit}},
		{"SerializationException", nil, want{reason: ErrRefused, action: actSplit}},
		{"", &types.ConditionalCheckFailedException{}, want{reason: ErrExists, action: actExists}},
		{"", &types.ItemCollectionSizeLimitExceededException{}, want{reason: ErrRefused, action: actSplit, all: true}},
		{"", &types.ReplicatedWriteConflictException{}, conflict},
		{"", &types.TransactionConflictException{}, conflict},
		{"", &types.TransactionInProgressException{}, conflict},
		{"", &types.ResourceNotFoundException{}, want{reason: ErrNoTable, action: actStop}},
		{"AccessDeniedException", nil, access},
		{"AccessDenied", nil, access},
		{"UnrecognizedClientException", nil, credentials},
		{"IncompleteSignatureException", nil, credentials},
		{"MissingAuthenticationTokenException", nil, credentials},
		{"MissingAuthenticationToken", nil, credentials},
		{"InvalidClientTokenId", nil, credentials},
		{"SignatureDoesNotMatch", nil, credentials},
		{"AuthFailure", nil, credentials},
		{"OptInRequired", nil, credentials},
		{"InvalidSignatureException", nil, resend},
		{"RequestExpired", nil, resend},
		{"RequestTimeTooSkewed", nil, resend},
		{"ExpiredTokenException", nil, resend},
		{"ExpiredToken", nil, resend},
		{"", &types.InternalServerError{}, nothing},
		{"ServiceUnavailable", nil, nothing},
		{"UnknownError", nil, nothing},
		{"SomethingNew", nil, nothing},
	}
	for _, tt := range tests {
		err := tt.err
		if err == nil {
			err = apiError(tt.name, "")
		}
		name := codeOf(err)
		for _, s := range []sighting{{}, answered(400)} {
			for rows, maybe := range map[int]bool{1: tt.want.one, 25: tt.want.all} {
				if tt.want.action == actExists && rows > 1 {
					continue // see TestConditionOfABatch
				}
				v := classify(err, s, rows, "BatchWriteItem")
				assert.Equal(t, tt.want.reason, v.reason, name)
				assert.Equal(t, tt.want.action, v.action, name)
				assert.Equal(t, tt.want.throttle, v.throttle, name)
				assert.Equal(t, maybe, v.maybe, "%s, %d rows", name, rows)
				require.ErrorIs(t, v.err, err)
			}
		}

		// A server error leaves open what was done, whatever its code says.
		v := classify(err, answered(500), 25, "BatchWriteItem")
		assert.True(t, v.maybe, name)
		assert.Equal(t, tt.want.throttle, v.throttle, name)
		assert.Equal(t, actRetry, v.action, name)

		// So does a client that sent the request more than once.
		twice := answered(400)
		twice.sends = 2
		assert.True(t, classify(err, twice, 1, "PutItem").maybe, name)
	}
}

func TestClassifyStages(t *testing.T) {
	t.Parallel()
	plain := errors.New("plain")
	sent := answered(0)
	unconnected := sighting{wire: true, asked: true, identity: true, sends: 1, dialing: true}
	type want struct {
		reason Reason
		action action
		maybe  bool
	}
	tests := []struct {
		name string
		err  error
		s    sighting
		want want
	}{
		{"fake", plain, sighting{}, want{ErrUnavailable, actRetry, true}},
		{"fake of ended context", context.Canceled, sighting{ended: context.Canceled}, want{ErrStopped, actStop, true}},
		{"no answer", io.EOF, sent, want{ErrUnavailable, actRetry, true}},
		{"no connection", plain, unconnected, want{ErrUnavailable, actRetry, false}},
		{"transport without hooks", plain, sighting{wire: true, asked: true, identity: true, sends: 1}, want{ErrUnavailable, actRetry, true}},
		{"429", plain, answered(429), want{ErrThrottled, actRetry, false}},
		{"413", apiError("UnknownError", ""), answered(413), want{ErrTooLarge, actSplit, false}},
		{"403", plain, answered(403), want{ErrAccess, actStop, true}},
		{"403 of a firewall", apiError("WAFBlocked", ""), answered(403), want{ErrAccess, actStop, true}},
		{"502", plain, answered(502), want{ErrUnavailable, actRetry, true}},
		{"200 of no use", plain, answered(200), want{ErrUnavailable, actRetry, true}},
		{"not serialised", &smithy.SerializationError{Err: plain}, sighting{wire: true}, want{ErrRefused, actSplit, false}},
		{"not valid", smithy.InvalidParamsError{}, sighting{wire: true}, want{ErrRefused, actSplit, false}},
		{"stopped by a step of the caller's", plain, sighting{wire: true}, want{ErrUnavailable, actRetry, true}},
		{"no credentials", plain, sighting{wire: true, asked: true}, want{ErrCredentials, actStop, false}},
		{"code of another service", apiError("AccessDenied", ""), sighting{wire: true, asked: true}, want{ErrCredentials, actStop, false}},
		{"no endpoint", plain, sighting{wire: true, asked: true, identity: true}, want{ErrConfig, actStop, false}},
		{"ended before sending", context.Canceled, sighting{wire: true, ended: context.Canceled}, want{ErrStopped, actStop, false}},
		{"ended while dialing", context.Canceled, sighting{wire: true, sends: 1, dialing: true, ended: context.Canceled}, want{ErrStopped, actStop, false}},
		{"ended after sending", context.Canceled, sighting{wire: true, sends: 1, dialing: true, gotConn: true, ended: context.Canceled}, want{ErrStopped, actStop, true}},
		{"overdue without credentials", context.DeadlineExceeded, sighting{wire: true, asked: true, overdue: errDeadline}, want{ErrUnavailable, actRetry, false}},
		{"overdue after sending", context.DeadlineExceeded, sighting{wire: true, sends: 1, dialing: true, gotConn: true, overdue: errDeadline}, want{ErrUnavailable, actRetry, true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := classify(tt.err, tt.s, 25, "BatchWriteItem")
			assert.Equal(t, tt.want, want{v.reason, v.action, v.maybe})
			assert.NotEmpty(t, v.err.Error())
		})
	}
}

func TestClassifyContextErrors(t *testing.T) {
	t.Parallel()
	ended := classify(errors.New("closed"), sighting{ended: context.Canceled}, 1, "PutItem").err
	require.ErrorIs(t, ended, context.Canceled)
	assert.Equal(t, "PutItem: context canceled", ended.Error())

	overdue := classify(fmt.Errorf("canceled, %w", context.DeadlineExceeded), sighting{wire: true, sends: 1, overdue: errDeadline}, 1, "PutItem").err
	require.NotErrorIs(t, overdue, context.DeadlineExceeded)
	require.ErrorIs(t, overdue, errDeadline)
	assert.Equal(t, "PutItem: no answer within 30s", overdue.Error())

	// The time limit of a caller's own http.Client is not the end of a context.
	timeout := classify(fmt.Errorf("awaiting headers: %w", context.DeadlineExceeded), answered(0), 1, "PutItem").err
	assert.NotErrorIs(t, timeout, context.DeadlineExceeded)
}

func TestServiceErrorShowsNoValue(t *testing.T) {
	t.Parallel()
	const value = "person@example.com"
	texts := map[string]error{
		"validation":  apiError("ValidationException", "The parameter cannot be converted to a numeric value: "+value),
		"echo":        apiError("ValidationException", "1 validation error detected: Value '{users=[{id="+value+"}]}' at 'requestItems'"),
		"signature":   apiError("InvalidSignatureException", "The Canonical String should have been 'x-amz-security-token:"+value+"'"),
		"credentials": apiError("UnrecognizedClientException", value),
		"condition":   &types.ConditionalCheckFailedException{Message: aws.String(value), Item: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: value}}},
		"unheard":     apiError("SomethingNew", value),
		"fake":        errors.New(value),
		"reading":     &smithy.DeserializationError{Err: errors.New(value), Snapshot: []byte(value)},
		"malformed":   fmt.Errorf("malformed HTTP response %q", value),
		"collection":  &types.ItemCollectionSizeLimitExceededException{Message: aws.String(value)},
	}
	for name, err := range texts {
		for _, s := range []sighting{{}, answered(400), answered(200), {wire: true, asked: true}, {wire: true}} {
			v := classify(err, s, 25, "BatchWriteItem")
			row := &RowError{Reason: v.reason, Err: v.err}
			table := &TableError{Reason: v.reason, Err: v.err}
			for _, text := range []string{v.err.Error(), row.Error(), row.Remedy(), table.Error(), fmt.Sprintf("%+v", *row), fmt.Sprintf("%#v", row)} {
				assert.NotContains(t, text, value, name)
			}
			assert.Less(t, len(v.err.Error()), maxRowText)
			assert.ErrorIs(t, v.err, err)
		}
	}
}

func TestServiceErrorShowsWhatIsHarmless(t *testing.T) {
	t.Parallel()
	denied := "User: arn:aws:iam::123456789012:user/sync is not authorized to perform: dynamodb:PutItem"
	tests := []struct {
		err  error
		s    sighting
		want string
	}{
		{apiError("AccessDeniedException", denied), answered(400), "PutItem: AccessDeniedException, HTTP status 400: " + denied},
		{apiError("AccessDeniedException", "a\nb"), sighting{}, "PutItem: AccessDeniedException: a b"},
		{&types.ResourceNotFoundException{Message: aws.String("Requested resource not found")}, sighting{}, "PutItem: ResourceNotFoundException: Requested resource not found"},
		{&types.ThrottlingException{Message: aws.String("Throughput exceeds")}, answered(400), "PutItem: ThrottlingException, HTTP status 400: Throughput exceeds"},
		{apiError("ValidationException", "The provided key element does not match the schema"), sighting{}, "PutItem: ValidationException: The provided key element does not match the schema"},
		{apiError("UnknownError", ""), answered(502), "PutItem: HTTP status 502: the answer has no error code of DynamoDB's"},
		{errors.New("boom"), sighting{}, "PutItem: an error of type *errors.errorString"},
		{&smithy.DeserializationError{Err: errors.New("x")}, answered(200), "PutItem: HTTP status 200: the answer could not be read"},
		{fmt.Errorf("send: %w", io.EOF), answered(0), "PutItem: EOF"},
		{&net.DNSError{Err: "no such host", Name: "dynamodb.eu-wst-1.amazonaws.com"}, answered(0), "PutItem: lookup dynamodb.eu-wst-1.amazonaws.com: no such host"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, classify(tt.err, tt.s, 1, "PutItem").err.Error())
	}
	described := classify(apiError("ValidationException", "Invalid table/index name"), answered(400), 0, opDescribe).err
	assert.Equal(t, "DescribeTable: ValidationException, HTTP status 400: Invalid table/index name", described.Error(), "no row is in the request")
	described = classify(apiError("SerializationException", "x"), answered(400), 0, opDescribe).err
	assert.Equal(t, "DescribeTable: SerializationException, HTTP status 400", described.Error())
	long := classify(apiError("AccessDeniedException", strings.Repeat("x", 9000)), answered(400), 1, "PutItem").err.Error()
	assert.Less(t, len(long), 400)
}

func TestHarmlessValidations(t *testing.T) {
	t.Parallel()
	for _, message := range []string{
		"The provided key element does not match the schema",
		"1 validation error detected: The provided key element does not match the schema",
		"One or more parameter values were invalid: Missing the key user_id in the item",
		"One or more parameter values were invalid: Type mismatch for key id expected: S actual: N",
		"One or more parameter values were invalid: Type mismatch for Index Key gk Expected: S Actual: NULL IndexName: g_s",
		"One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes",
		"One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
		"One or more parameter values were invalid: Size limit exceeded for Index Key c Actual Size: 43398 bytes Max Size: 2048 bytes IndexName: index4",
		"One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
		"One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: gsi1, IndexKey: lsi1sk",
		"Item size has exceeded the maximum allowed size",
		"Provided list of item keys contains duplicates",
		"One or more parameter values were invalid: An string set  may not be empty",
	} {
		assert.True(t, harmlessValidation(message), message)
	}
	for _, message := range []string{
		"",
		"Input collection [a, a] contains duplicates.",
		"The parameter cannot be converted to a numeric value: abc",
		"The provided key element does not match the schema: {id: 1}",
		"One or more parameter values were invalid: Missing the key a b in the item",
		"One or more parameter values were invalid: Type mismatch for key id expected: S actual: N\nvalue",
	} {
		assert.False(t, harmlessValidation(message), message)
	}
}

// A batch has no condition that could fail: such an answer tells nothing.
func TestConditionOfABatch(t *testing.T) {
	t.Parallel()
	v := classify(&types.ConditionalCheckFailedException{}, answered(400), 25, opBatchWriteItem)
	assert.Equal(t, ErrUnavailable, v.reason)
	assert.Equal(t, actRetry, v.action)
	assert.True(t, v.maybe)
}
