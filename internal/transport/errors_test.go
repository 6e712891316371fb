package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// maxText bounds the text of an Error, in bytes.
const maxText = 600

// structError is an error that fmt can walk into.
type structError struct{ text string }

func (e structError) Error() string { return e.text }

func TestErrorShowsNoValue(t *testing.T) {
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
		"struct":      structError{value},
		"reading":     &smithy.DeserializationError{Err: errors.New(value), Snapshot: []byte(value)},
		"malformed":   fmt.Errorf("malformed HTTP response %q", value),
		"collection":  &types.ItemCollectionSizeLimitExceededException{Message: aws.String(value)},
	}
	for name, err := range texts {
		for _, p := range []progress{{}, answered(400), answered(200), {sdk: true, credentialsRequested: true}, {sdk: true}} {
			f := classify(err, p, 25, BatchWriteItem)
			var shown *Error
			require.ErrorAs(t, f.Err, &shown)
			for _, text := range []string{
				shown.Error(), shown.Advice().Remedy, shown.Advice().Hint, fault.Remedy(f.Reason, f.Err), fault.Table{}.Remedy(BatchWriteItem, f.Reason, f.Err),
				fmt.Sprintf("%+v", shown), fmt.Sprintf("%#v", shown), fmt.Sprintf("%d", *shown), fmt.Sprintf("%#v", *shown),
			} {
				assert.NotContains(t, text, value, name)
			}
			assert.Less(t, len(f.Err.Error()), maxText)
			assert.ErrorIs(t, f.Err, err)
		}
	}
}

func TestErrorShowsWhatIsHarmless(t *testing.T) {
	t.Parallel()
	denied := "User: arn:aws:iam::123456789012:user/sync is not authorized to perform: dynamodb:PutItem"
	tests := []struct {
		err  error
		p    progress
		want string
	}{
		{apiError("AccessDeniedException", denied), answered(400), "PutItem: AccessDeniedException, HTTP status 400: " + denied},
		{apiError("AccessDeniedException", "a\nb"), progress{}, "PutItem: AccessDeniedException: a b"},
		{&types.ResourceNotFoundException{Message: aws.String("Requested resource not found")}, progress{}, "PutItem: ResourceNotFoundException: Requested resource not found"},
		{&types.ThrottlingException{Message: aws.String("Throughput exceeds")}, answered(400), "PutItem: ThrottlingException, HTTP status 400: Throughput exceeds"},
		{apiError("ValidationException", "The provided key element does not match the schema"), progress{}, "PutItem: ValidationException: The provided key element does not match the schema"},
		{apiError("UnknownError", ""), answered(502), "PutItem: HTTP status 502: the response has no DynamoDB error code, so it may come from a proxy"},
		{errors.New("boom"), progress{}, "PutItem: an error of type *errors.errorString"},
		{&smithy.DeserializationError{Err: errors.New("x")}, answered(200), "PutItem: HTTP status 200: the response could not be read"},
		{&smithy.DeserializationError{Err: errors.New("x")}, answered(429), "PutItem: HTTP status 429: the response has no DynamoDB error code, so it may come from a proxy"},
		{errors.New("boom"), answered(200), "PutItem: HTTP status 200: an error of type *errors.errorString"},
		{errInconclusive("the response is empty"), answered(200), "PutItem: HTTP status 200: the response is empty"},
		{fmt.Errorf("send: %w", io.EOF), answered(0), "PutItem: EOF"},
		{&net.DNSError{Err: "no such host", Name: "dynamodb.eu-wst-1.amazonaws.com"}, answered(0), "PutItem: lookup dynamodb.eu-wst-1.amazonaws.com: no such host"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, classify(tt.err, tt.p, 1, PutItem).Err.Error())
	}
	described := classify(apiError("ValidationException", "Invalid table/index name"), answered(400), 0, DescribeTable).Err
	assert.Equal(t, "DescribeTable: ValidationException, HTTP status 400: Invalid table/index name", described.Error(), "no item is in the request")
	described = classify(apiError("SerializationException", "x"), answered(400), 0, DescribeTable).Err
	assert.Equal(t, "DescribeTable: SerializationException, HTTP status 400", described.Error())
	long := classify(apiError(strings.Repeat("c", 9000), ""), answered(400), 1, PutItem).Err.Error()
	assert.Less(t, len(long), 200)
	long = classify(apiError("AccessDeniedException", strings.Repeat("x", 9000)), answered(400), 1, PutItem).Err.Error()
	assert.Less(t, len(long), 400)
}

func TestHarmlessMessages(t *testing.T) {
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
		assert.True(t, isHarmless(message), message)
	}
	for _, message := range []string{
		"",
		"Input collection [a, a] contains duplicates.",
		"The parameter cannot be converted to a numeric value: abc",
		"The provided key element does not match the schema: {id: 1}",
		"One or more parameter values were invalid: Missing the key a b in the item",
		"One or more parameter values were invalid: Type mismatch for key id expected: S actual: N\nvalue",
	} {
		assert.False(t, isHarmless(message), message)
	}
}

// remedy is what is advised for a request of one item that failed with err.
func remedy(err error, status int) string {
	f := classify(err, answered(status), 1, PutItem)
	return fault.Remedy(f.Reason, f.Err)
}

func TestRemediesOfResponses(t *testing.T) {
	t.Parallel()
	collection := remedy(apiError("ItemCollectionSizeLimitExceededException", "Collection size exceeded."), 400)
	for _, want := range []string{"10 GB", "local secondary indexes", "delete items"} {
		assert.Contains(t, collection, want)
	}
	withheld := remedy(apiError("ValidationException", "The parameter cannot be converted to a numeric value: 12 x"), 400)
	assert.True(t, strings.HasPrefix(withheld, fault.Refused.Remedy()))
	assert.Contains(t, withheld, "errors.As with a smithy.APIError reads it")
	for _, message := range []string{"", "The provided key element does not match the schema"} {
		assert.Equal(t, fault.Refused.Remedy(), remedy(apiError("ValidationException", message), 400))
	}
	assert.Contains(t, remedy(apiError("UnknownError", ""), 413), "16 MB")
	for code, status := range map[string]int{"InternalServerError": 500, "SomethingNew": 400, "ValidationException": 500} {
		assert.Equal(t, "DynamoDB responded with "+code+": try again; if the fault persists, look at the AWS Health Dashboard", remedy(apiError(code, ""), status))
	}
	assert.Less(t, len(remedy(apiError(strings.Repeat("c", 9000), ""), 400)), 300)
	for _, code := range []string{"ReplicatedWriteConflictException", "TransactionConflictException", "TransactionInProgressException"} {
		assert.Equal(t, "another write or a transaction was changing an item of the request: try again", remedy(apiError(code, ""), 400))
	}
	for _, code := range []string{"ValidationException", "SerializationException"} {
		described := classify(apiError(code, "Invalid table/index name"), answered(400), 0, DescribeTable)
		assert.Equal(t, "check Table and Region, then create a new Destination", fault.Remedy("", described.Err))
	}
	assert.Equal(t, fault.Unavailable.Remedy(), remedy(apiError("UnknownError", ""), 502))
}

// A refusal that is about the table's key advises on the key, for a row as for a table.
func TestRemedyOfKMSRefusals(t *testing.T) {
	t.Parallel()
	const user = "User: arn:aws:iam::123456789012:user/kms is not authorized to perform: "
	for message, kms := range map[string]bool{
		"KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException: The ciphertext refers to a customer master key that does not exist": true,
		user + "kms:Decrypt on resource: arn:aws:kms:eu-west-1:123456789012:key/1":                                                                          true,
		user + "dynamodb:PutItem on resource: arn:aws:dynamodb:eu-west-1:123456789012:table/kms":                                                            false,
		"": false,
	} {
		f := classify(apiError("AccessDeniedException", message), answered(400), 1, PutItem)
		for _, remedy := range []string{fault.Remedy(f.Reason, f.Err), fault.Table{}.Remedy(PutItem, f.Reason, f.Err)} {
			assert.Equal(t, kms, remedy == kmsRemedy, message)
		}
	}
	for _, code := range []string{"KMSDisabledException", "KMSInvalidStateException", "KMSAccessDeniedException"} {
		assert.Equal(t, kmsRemedy, remedy(apiError(code, "m"), 400))
	}
}

// A response with an error code is DynamoDB's; one without may be a proxy's.
func TestHintAtAProxy(t *testing.T) {
	t.Parallel()
	for status, hinted := range map[int]bool{403: true, 429: true, 400: false, 502: false} {
		f := classify(apiError("UnknownError", ""), answered(status), 1, PutItem)
		assert.Equal(t, hinted, strings.Contains(fault.Remedy("", f.Err), "proxy"), status)
	}
	assert.Empty(t, fault.Remedy("", classify(apiError("AccessDeniedException", ""), answered(403), 1, PutItem).Err))
	assert.Empty(t, fault.Remedy("", classify(&types.ThrottlingException{}, answered(429), 1, PutItem).Err))
	for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests} {
		assert.True(t, strings.HasSuffix(remedy(apiError("UnknownError", ""), status), "status 400 and an error code"))
	}
	described := classify(apiError("UnknownError", ""), answered(429), 0, DescribeTable)
	assert.Contains(t, fault.Table{}.Remedy(DescribeTable, described.Reason, described.Err), "a proxy or a firewall")
}

func TestThrottlingReasonsReachTheRemedy(t *testing.T) {
	t.Parallel()
	arn := "arn:aws:dynamodb:eu-west-1:123456789012:table/users"
	reason := func(name, resource string) []types.ThrottlingReason {
		return []types.ThrottlingReason{{Reason: aws.String("Unheard"), Resource: nil}, {Reason: aws.String(name), Resource: aws.String(resource)}}
	}
	tests := []struct {
		err  error
		want []string
	}{
		{&types.ProvisionedThroughputExceededException{ThrottlingReasons: reason("TableWriteKeyRangeThroughputExceeded", arn)}, []string{"hot", arn, "more partition keys"}},
		{&types.ThrottlingException{ThrottlingReasons: reason("IndexWriteKeyRangeThroughputExceeded", "")}, []string{"hot", "an index of the table"}},
		{&types.ProvisionedThroughputExceededException{ThrottlingReasons: reason("TableWriteProvisionedThroughputExceeded", arn)}, []string{"WCU", "on-demand", arn}},
		{&types.ProvisionedThroughputExceededException{ThrottlingReasons: reason("IndexWriteProvisionedThroughputExceeded", arn+"/index/i")}, []string{"WCU", "/index/i"}},
		{&types.RequestLimitExceeded{ThrottlingReasons: reason("TableWriteAccountLimitExceeded", arn)}, []string{"quota", arn}},
		{&types.RequestLimitExceeded{}, []string{"quota", "the table"}},
		{&types.ThrottlingException{ThrottlingReasons: reason("TableWriteMaxOnDemandThroughputExceeded", "")}, []string{"maximum on-demand throughput", "the table"}},
		{&types.ThrottlingException{}, []string{fault.Throttled.Remedy()}},
	}
	for _, tt := range tests {
		for _, want := range tt.want {
			assert.Contains(t, remedy(tt.err, 400), want)
		}
		// DescribeTable has a limit of its own, which is not the table's.
		described := classify(tt.err, answered(400), 0, DescribeTable)
		assert.Contains(t, fault.Table{}.Remedy(DescribeTable, described.Reason, described.Err), "a limit for DescribeTable requests")
	}
}
