package dynamodesttest

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// maxUnits is the largest number of capacity units that a table may ask for.
const maxUnits = 1_000_000_000_000

// Limits on tags: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html
const (
	maxTags           = 50
	maxTagKeyLength   = 128
	maxTagValueLength = 256
)

// checkThroughput checks the throughput of a table and its indexes against the billing mode.
func checkThroughput(in *dynamodb.CreateTableInput) *apiError {
	onDemand := in.BillingMode == types.BillingModePayPerRequest
	switch p := in.ProvisionedThroughput; {
	case onDemand && p != nil:
		return invalidParameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case !onDemand && p == nil:
		return invalidParameter("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	case p == nil:
	case *p.ReadCapacityUnits > maxUnits:
		return invalid("Given value %d for ReadCapacityUnits is out of bounds", *p.ReadCapacityUnits)
	case *p.WriteCapacityUnits > maxUnits:
		return invalid("Given value %d for WriteCapacityUnits is out of bounds", *p.WriteCapacityUnits)
	}
	if err := checkOnDemandThroughput(in.OnDemandThroughput, onDemand); err != nil {
		return err
	}
	for _, x := range in.GlobalSecondaryIndexes {
		switch p := x.ProvisionedThroughput; {
		case onDemand && p != nil:
			return invalidParameter("ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", *x.IndexName)
		case !onDemand && p == nil:
			return invalidParameter("ProvisionedThroughput must be specified for index: %s", *x.IndexName)
		case p == nil:
		case *p.ReadCapacityUnits > maxUnits:
			return invalid("Given value %d for ReadCapacityUnits is out of bounds for index %s", *p.ReadCapacityUnits, *x.IndexName)
		case *p.WriteCapacityUnits > maxUnits:
			return invalid("Given value %d for WriteCapacityUnits is out of bounds for index %s", *p.WriteCapacityUnits, *x.IndexName)
		}
		if err := checkOnDemandThroughput(x.OnDemandThroughput, onDemand); err != nil {
			return err
		}
	}
	return nil
}

// checkOnDemandThroughput checks the maximum of an on-demand table or index. A maximum of -1 stands
// for none.
func checkOnDemandThroughput(o *types.OnDemandThroughput, onDemand bool) *apiError {
	if o == nil {
		return nil
	}
	valid := func(n *int64) bool { return n == nil || *n == -1 || *n >= 1 }
	switch {
	case !onDemand:
		return invalidParameter("OnDemandThroughput cannot be specified when BillingMode is PROVISIONED")
	case o.MaxReadRequestUnits == nil && o.MaxWriteRequestUnits == nil:
		return invalidParameter("OnDemandThroughput must specify MaxReadRequestUnits, MaxWriteRequestUnits or both")
	case !valid(o.MaxReadRequestUnits) || !valid(o.MaxWriteRequestUnits):
		return invalidParameter("MaxReadRequestUnits and MaxWriteRequestUnits must be -1 or at least 1")
	}
	return nil
}

// checkSettings checks the stream, the encryption and the tags of a table.
func checkSettings(in *dynamodb.CreateTableInput) *apiError {
	if s := in.StreamSpecification; s != nil {
		switch enabled := *s.StreamEnabled; {
		case !enabled && s.StreamViewType != "":
			return invalidParameter("Table is being created with a stream disabled, UpdateViewType should not be specified")
		case enabled && s.StreamViewType == "":
			return invalidParameter("Table is being created with a stream enabled, StreamViewType must be specified")
		}
	}
	if s := in.SSESpecification; s != nil {
		switch enabled := aws.ToBool(s.Enabled); {
		case !enabled && (s.KMSMasterKeyId != nil || s.SSEType != ""):
			return invalidParameter("KMSMasterKeyId and SSEType can be specified only if server-side encryption is enabled")
		case s.SSEType == types.SSETypeAes256:
			return invalidParameter("AES256 is not supported as SSEType: the only supported value is KMS")
		}
	}
	seen := map[string]bool{}
	for _, tag := range in.Tags {
		switch key := *tag.Key; {
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return invalidParameter("Tag keys that begin with aws: are reserved")
		case seen[key]:
			return invalidParameter("Tag keys must be unique")
		default:
			seen[key] = true
		}
	}
	if len(in.Tags) > maxTags {
		return invalidParameter("Too many tags: the limit is %d", maxTags)
	}
	return nil
}
