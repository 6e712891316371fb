package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// answered is the progress of a request that was sent once and answered with status.
func answered(status int) progress {
	return progress{
		sdk: true, credentialsRequested: true, credentialsResolved: true, endpointResolved: true,
		sends: 1, dialing: true, gotConn: true, status: status,
	}
}

func TestClassifyCodes(t *testing.T) {
	t.Parallel()
	type want struct {
		reason      fault.Reason
		action      fault.Action
		single, all bool // may have been applied: a request of one item, a batch
		throttled   bool
	}
	throttled := want{reason: fault.Throttled, throttled: true}
	credentials := want{reason: fault.Credentials, action: fault.Abort}
	reauthorize := want{reason: fault.Credentials, action: fault.Reauthorize}
	conflict := want{reason: fault.Unavailable, all: true}
	access := want{reason: fault.Access, action: fault.Abort}
	unknown := want{reason: fault.Unavailable, single: true, all: true}
	tests := []struct {
		code string
		err  error
		want want
	}{
		{"", &types.ProvisionedThroughputExceededException{}, throttled},
		{"", &types.ThrottlingException{}, throttled},
		{"", &types.RequestLimitExceeded{}, throttled},
		{"", &types.LimitExceededException{}, throttled},
		{"Throttling", nil, throttled},
		{"TooManyRequestsException", nil, throttled},
		{"ValidationException", nil, want{reason: fault.Refused, action: fault.Split}},
		{"SerializationException", nil, want{reason: fault.Refused, action: fault.Split}},
		{"", &types.ConditionalCheckFailedException{}, want{reason: fault.Exists, action: fault.KeyExists}},
		{"", &types.ItemCollectionSizeLimitExceededException{}, want{reason: fault.Refused, action: fault.Split, all: true}},
		{"", &types.ReplicatedWriteConflictException{}, conflict},
		{"", &types.TransactionConflictException{}, conflict},
		{"", &types.TransactionInProgressException{}, conflict},
		{"", &types.ResourceNotFoundException{}, want{reason: fault.NoTable, action: fault.Abort}},
		{"AccessDeniedException", nil, access},
		{"AccessDenied", nil, access},
		{"UnrecognizedClientException", nil, credentials},
		{"IncompleteSignatureException", nil, credentials},
		{"IncompleteSignature", nil, credentials},
		{"MissingAuthenticationTokenException", nil, credentials},
		{"MissingAuthenticationToken", nil, credentials},
		{"InvalidClientTokenId", nil, credentials},
		{"InvalidAccessKeyId", nil, credentials},
		{"SignatureDoesNotMatch", nil, credentials},
		{"AuthFailure", nil, credentials},
		{"OptInRequired", nil, credentials},
		{"UnknownOperationException", nil, want{reason: fault.Config, action: fault.Abort}},
		{"InvalidAction", nil, want{reason: fault.Config, action: fault.Abort}},
		{"InvalidSignatureException", nil, reauthorize},
		{"RequestExpired", nil, reauthorize},
		{"RequestTimeTooSkewed", nil, reauthorize},
		{"ExpiredTokenException", nil, reauthorize},
		{"ExpiredToken", nil, reauthorize},
		{"", &types.InternalServerError{}, unknown},
		{"ServiceUnavailable", nil, unknown},
		{"UnknownError", nil, unknown},
		{"SomethingNew", nil, unknown},
	}
	for _, tt := range tests {
		err := tt.err
		if err == nil {
			err = apiError(tt.code, "")
		}
		name := codeOf(err)
		for _, p := range []progress{{}, answered(400)} {
			for items, maybe := range map[int]bool{1: tt.want.single, 25: tt.want.all} {
				if tt.want.action == fault.KeyExists && items > 1 {
					continue // see TestConditionOfABatch
				}
				f := classify(err, p, items, BatchWriteItem)
				assert.Equal(t, tt.want.reason, f.Reason, name)
				assert.Equal(t, tt.want.action, f.Action, name)
				assert.Equal(t, tt.want.throttled, f.Throttled, name)
				assert.Equal(t, maybe, f.MaybeApplied, "%s, %d items", name, items)
				require.ErrorIs(t, f.Err, err)
			}
		}

		// A server error leaves open what was done, whatever its code says.
		for _, status := range []int{500, 503} {
			f := classify(err, answered(status), 25, BatchWriteItem)
			assert.True(t, f.MaybeApplied, name)
			assert.Equal(t, tt.want.throttled, f.Throttled, name)
			assert.Equal(t, fault.Retry, f.Action, name)
		}

		// So does a client that sent the request more than once.
		twice := answered(400)
		twice.sends = 2
		assert.True(t, classify(err, twice, 1, PutItem).MaybeApplied, name)
		hidden := &retry.MaxAttemptsError{Attempt: 2, Err: err}
		assert.True(t, classify(hidden, progress{}, 1, PutItem).MaybeApplied, name)
	}
}

func TestClassifyStages(t *testing.T) {
	t.Parallel()
	plain := errors.New("plain")
	unconnected := progress{sdk: true, credentialsRequested: true, credentialsResolved: true, endpointResolved: true, sends: 1, dialing: true}
	type want struct {
		reason fault.Reason
		action fault.Action
		maybe  bool
	}
	tests := []struct {
		name string
		err  error
		p    progress
		want want
	}{
		{"fake", plain, progress{}, want{fault.Unavailable, fault.Retry, true}},
		{"fake of ended context", context.Canceled, progress{ended: context.Canceled}, want{fault.Stopped, fault.Abort, true}},
		{"no response", io.EOF, answered(0), want{fault.Unavailable, fault.Retry, true}},
		{"no connection", plain, unconnected, want{fault.Unavailable, fault.Retry, false}},
		{"HTTP client without hooks", plain, progress{sdk: true, credentialsRequested: true, credentialsResolved: true, sends: 1}, want{fault.Unavailable, fault.Retry, true}},
		{"429", plain, answered(429), want{fault.Throttled, fault.Retry, false}},
		{"413", apiError("UnknownError", ""), answered(413), want{fault.TooLarge, fault.Split, false}},
		{"403", plain, answered(403), want{fault.Access, fault.Abort, true}},
		{"403 of a firewall", apiError("WAFBlocked", ""), answered(403), want{fault.Access, fault.Abort, true}},
		{"499", plain, answered(499), want{fault.Unavailable, fault.Retry, true}},
		{"502", plain, answered(502), want{fault.Unavailable, fault.Retry, true}},
		{"useless 200", plain, answered(200), want{fault.Unavailable, fault.Retry, true}},
		{"not serialized", &smithy.SerializationError{Err: plain}, progress{sdk: true}, want{fault.Refused, fault.Split, false}},
		{"not valid", smithy.InvalidParamsError{}, progress{sdk: true}, want{fault.Refused, fault.Split, false}},
		{"failed in a step of the caller's", plain, progress{sdk: true}, want{fault.Unavailable, fault.Retry, true}},
		{"failed in a late step of the caller's", plain, progress{sdk: true, credentialsRequested: true, credentialsResolved: true, endpointResolved: true}, want{fault.Unavailable, fault.Retry, true}},
		{"no credentials", plain, progress{sdk: true, credentialsRequested: true}, want{fault.Credentials, fault.Abort, false}},
		{"code of another service", apiError("AccessDenied", ""), progress{sdk: true, credentialsRequested: true}, want{fault.Credentials, fault.Abort, false}},
		{"no endpoint", plain, progress{sdk: true, credentialsRequested: true, credentialsResolved: true}, want{fault.Config, fault.Abort, false}},
		{"ended before sending", context.Canceled, progress{sdk: true, ended: context.Canceled}, want{fault.Stopped, fault.Abort, false}},
		{"ended while dialing", context.Canceled, progress{sdk: true, sends: 1, dialing: true, ended: context.Canceled}, want{fault.Stopped, fault.Abort, false}},
		{"ended after sending", context.Canceled, progress{sdk: true, sends: 1, dialing: true, gotConn: true, ended: context.Canceled}, want{fault.Stopped, fault.Abort, true}},
		{"ended, yet answered", apiError("ThrottlingException", ""), progress{sdk: true, sends: 1, dialing: true, gotConn: true, status: 400, ended: context.Canceled}, want{fault.Throttled, fault.Retry, false}},
		{"overdue without credentials", context.DeadlineExceeded, progress{sdk: true, credentialsRequested: true, overdue: errDeadline}, want{fault.Unavailable, fault.Retry, false}},
		{"overdue after sending", context.DeadlineExceeded, progress{sdk: true, sends: 1, dialing: true, gotConn: true, overdue: errDeadline}, want{fault.Unavailable, fault.Retry, true}},
		{"overdue by a hook", context.Canceled, progress{sdk: true, sends: 1, dialing: true, gotConn: true, overdue: errHookEnded}, want{fault.Unavailable, fault.Retry, true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := classify(tt.err, tt.p, 25, BatchWriteItem)
			assert.Equal(t, tt.want, want{f.Reason, f.Action, f.MaybeApplied})
			assert.NotEmpty(t, f.Err.Error())
		})
	}
}

func TestClassifyContextErrors(t *testing.T) {
	t.Parallel()
	ended := classify(errors.New("closed"), progress{ended: context.Canceled}, 1, PutItem).Err
	require.ErrorIs(t, ended, context.Canceled)
	assert.Equal(t, "PutItem: context canceled", ended.Error())

	for _, overdue := range []error{errDeadline, errHookEnded} {
		err := classify(fmt.Errorf("canceled, %w", context.DeadlineExceeded), progress{sdk: true, sends: 1, overdue: overdue}, 1, PutItem).Err
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, overdue)
		assert.Equal(t, "PutItem: "+overdue.Error(), err.Error())
	}
	assert.Equal(t, "no response within 30s", errDeadline.Error())

	// The time limit of a caller's own http.Client is not the end of a context.
	timeout := classify(fmt.Errorf("awaiting headers: %w", context.DeadlineExceeded), answered(0), 1, PutItem).Err
	assert.NotErrorIs(t, timeout, context.DeadlineExceeded)
}

// A batch has no condition that could fail, so such a response leaves everything open.
func TestConditionOfABatch(t *testing.T) {
	t.Parallel()
	f := classify(&types.ConditionalCheckFailedException{}, answered(400), 25, BatchWriteItem)
	assert.Equal(t, fault.Unavailable, f.Reason)
	assert.Equal(t, fault.Retry, f.Action)
	assert.True(t, f.MaybeApplied)
}

func TestTypedNilsAreReplaced(t *testing.T) {
	t.Parallel()
	var none *types.ConditionalCheckFailedException
	for _, err := range []error{none, fmt.Errorf("put: %w", none), errors.Join(io.EOF, none), fmt.Errorf("put: %w", errors.Join(io.EOF, none))} {
		replaced := replaceUnsafe(err)
		var inconclusive *fault.Error
		require.ErrorAs(t, replaced, &inconclusive)
		assert.Equal(t, fault.Unavailable, inconclusive.Reason)
		assert.Equal(t, "the client returned a nil *types.ConditionalCheckFailedException as its error", replaced.Error())
	}
	for _, err := range []error{nil, io.EOF, apiError("X", ""), errors.Join(io.EOF, io.ErrUnexpectedEOF)} {
		assert.Equal(t, err, replaceUnsafe(err))
	}
}
