package dynamodest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// remedier is a cause that knows what would mend it.
type remedier interface{ remedy() string }

// fault is a cause found by this library, with its remedy. Neither text
// quotes a row's value.
type fault struct{ text, mend string }

func (f *fault) Error() string  { return f.text }
func (f *fault) remedy() string { return f.mend }

// Remedy is the general advice for r, in a sentence or two; "" if r is none of
// the constants.
func (r Reason) Remedy() string {
	switch r {
	case ErrMapping:
		return "change the value at its source, or give its field a Type that takes it"
	case ErrKey:
		return "give every row a key that is not empty and has the type that the table declares; Field.Type converts a column"
	case ErrTooLarge:
		return "an item has at most 400 KB (409,600 bytes), names included: leave out or shorten its largest attribute, or keep that in Amazon S3 and write a link to it"
	case ErrRefused:
		return "hold the row against the keys of the table and of its indexes: a key attribute is missing, empty, too long or of another type, or the row breaks another rule of DynamoDB"
	case ErrExists:
		return `the table has an item with this key already: write with OnExisting "skip" or "overwrite", or give the row another key`
	case ErrUnprocessed:
		return "write the row again later; raise the table's write capacity, make it on-demand, sync less often, or allow more Retry.MaxAttempts"
	case ErrThrottled:
		return "write again later; make the table on-demand or raise its write capacity (WCU), and spread writes over many partition keys, since one takes 1,000 write units a second at most"
	case ErrUnavailable:
		return "write again; if it goes on, check Region, Endpoint, the network path to DynamoDB (DNS, proxy, firewall, TLS certificates) and the AWS Health Dashboard"
	case ErrStopped:
		return "the call was ended early; what it left unwritten can be written again as it is"
	case ErrNoTable:
		return "check the table's name (upper and lower case differ), and that the table is in this region and account"
	case ErrTableStatus:
		return "wait until the table is ACTIVE, then try again"
	case ErrAccess:
		return "allow dynamodb:BatchWriteItem, dynamodb:PutItem and dynamodb:DescribeTable on the ARN of the table, and see that the ARN has the configured region"
	case ErrCredentials:
		return "check the access key id, the secret access key and the session token, that they are active and not expired, that the region is right, and this machine's clock"
	case ErrConfig:
		return "mend the configuration as the cause says, and make the Destination again"
	}
	return ""
}

// collectionRemedy is for a row whose partition key has too many bytes of items.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ItemCollections.SizeLimit
const collectionRemedy = "in a table with local secondary indexes the items of one partition key value have 10 GB at most, and those of this row's have no room left: delete items of it, or spread them over more values"

// withheldRemedy is added where DynamoDB says more than an error may show.
const withheldRemedy = "; DynamoDB's message may quote the row and is not shown: errors.As with a smithy.APIError reads it"

// Remedy says what would mend e: the particulars if they are known, else the
// general advice of the Reason.
func (e *RowError) Remedy() string {
	if e == nil {
		return ""
	}
	return remedyOf(e.Reason, e.Err)
}

// knownRemedy is the remedy that a cause of err knows, or "".
func knownRemedy(err error) string {
	var known remedier
	if errors.As(err, &known) {
		return known.remedy()
	}
	return ""
}

func remedyOf(reason Reason, err error) string {
	if remedy := knownRemedy(err); remedy != "" {
		return remedy
	}
	if remedy := throttleRemedy(throttlingReasons(err)); remedy != "" {
		return remedy
	}
	return reason.Remedy() + foreignHint(err)
}

// foreignHint is added to the remedy where it may not have been DynamoDB that
// refused.
func foreignHint(err error) string {
	var answer *serviceError
	if errors.As(err, &answer) && answer.code == "" && answer.status == http.StatusForbidden {
		return "; or a proxy or a firewall on the way refused it, since DynamoDB would with status 400 and an error code"
	}
	return ""
}

// throttlingReasons are the reasons that DynamoDB gave for a throttled
// request, if it did.
func throttlingReasons(err error) []types.ThrottlingReason {
	var provisioned *types.ProvisionedThroughputExceededException
	var throttling *types.ThrottlingException
	var limit *types.RequestLimitExceeded
	switch {
	case errors.As(err, &provisioned):
		return provisioned.ThrottlingReasons
	case errors.As(err, &throttling):
		return throttling.ThrottlingReasons
	case errors.As(err, &limit) && len(limit.ThrottlingReasons) > 0:
		return limit.ThrottlingReasons
	case limit != nil: // which is of the account, also where no reason is given
		return []types.ThrottlingReason{{Reason: aws.String("AccountLimitExceeded")}}
	}
	return nil
}

// throttleRemedy is the remedy for the first of reasons that is known, or "".
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/throttling-diagnosing-workflow.html
func throttleRemedy(reasons []types.ThrottlingReason) string {
	for _, r := range reasons {
		reason := aws.ToString(r.Reason)
		what := "the table"
		if strings.HasPrefix(reason, "Index") {
			what = "an index of the table"
		}
		if resource := aws.ToString(r.Resource); resource != "" {
			what = cut(clean(resource), 200)
		}
		switch {
		case strings.HasSuffix(reason, "KeyRangeThroughputExceeded"):
			return fmt.Sprintf("a range of keys of %s is hot: spread the rows over more partition keys and write them in random order; more capacity does not help, since a partition takes 1,000 write units a second at most", what)
		case strings.HasSuffix(reason, "MaxOnDemandThroughputExceeded"):
			return fmt.Sprintf("raise the maximum on-demand throughput of %s, or lower WriteUnitsPerSecond", what)
		case strings.HasSuffix(reason, "AccountLimitExceeded"):
			return fmt.Sprintf("the account's throughput quota in this region is used up (met at %s): ask AWS for a higher one in Service Quotas, or lower WriteUnitsPerSecond", what)
		case strings.HasSuffix(reason, "ProvisionedThroughputExceeded"):
			return fmt.Sprintf("raise the write capacity (WCU) of %s, make the table on-demand, or lower WriteUnitsPerSecond", what)
		}
	}
	return ""
}

// Remedy says what would mend e, with the actions, the ARN and the region that
// matter.
func (e *TableError) Remedy() string {
	if e == nil {
		return ""
	}
	if remedy := knownRemedy(e.Err); remedy != "" {
		return remedy
	}
	arn, region := e.resource(), cut(e.Region, 64)
	if region == "" {
		region = "the client's region"
	}
	switch e.Reason {
	case ErrThrottled:
		if e.Op == opDescribe {
			return "there were too many DescribeTable requests, which the account as a whole has a limit for: try again later, and make one Destination for a table and share it, rather than one for each call"
		}
	case ErrAccess:
		return fmt.Sprintf("allow dynamodb:BatchWriteItem, dynamodb:PutItem and dynamodb:DescribeTable on %s, and see that the policy's ARN has this region (%s), account and table; a table encrypted with a key of your own needs kms:Decrypt on that key too", arn, region) + foreignHint(e.Err)
	case ErrNoTable:
		return fmt.Sprintf("check the spelling of the table's name (upper and lower case differ), and that the table is in %s and in the account of the credentials: %s", region, arn)
	case ErrCredentials:
		return fmt.Sprintf("check the access key id, the secret access key and the session token, that they are active and not expired, that they are for %s, and this machine's clock", region)
	case ErrStopped:
		return "the context ended before DynamoDB answered: try again, with more time"
	case ErrUnavailable:
		return fmt.Sprintf("check that %s is the table's region, that Endpoint, if set, leads to DynamoDB, and the network path there (DNS, proxy, firewall, TLS certificates); then try again", region)
	}
	return remedyOf(e.Reason, e.Err)
}

// partitions are the parts of AWS by the beginnings of their regions' names.
// https://docs.aws.amazon.com/general/latest/gr/aws-arns-and-namespaces.html
var partitions = []struct{ prefix, name string }{
	{"cn-", "aws-cn"},
	{"us-gov-", "aws-us-gov"},
	{"us-iso-", "aws-iso"},
	{"us-isob-", "aws-iso-b"},
	{"eu-isoe-", "aws-iso-e"},
	{"us-isof-", "aws-iso-f"},
	{"eusc-", "aws-eusc"},
}

// maxARN is more than the longest ARN of a table has, in bytes.
const maxARN = 350

// resource is the ARN of the table, with words for what is not known.
func (e *TableError) resource() string {
	switch {
	case e.arn != "":
		return cut(clean(e.arn), maxARN)
	case arnRegion(e.Table) != "":
		return e.Table
	}
	region, partition := e.Region, "aws"
	if region == "" {
		region = "REGION"
	}
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) {
			partition = p.name
		}
	}
	return fmt.Sprintf("arn:%s:dynamodb:%s:ACCOUNT:table/%s", partition, cut(region, 64), cut(clean(e.Table), 255))
}
