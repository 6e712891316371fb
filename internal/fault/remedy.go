package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Advice is what an error of this module knows about how to fix it. No type outside the module can
// offer one, so foreign text never becomes a remedy.
type Advice struct {
	Remedy string // "" leaves it to the general advice of the reason
	Hint   string // to be added to the general advice; "" for none
}

// adviceOf returns the advice of the first error in err's chain that offers one.
func adviceOf(err error) Advice {
	var adviser interface{ Advice() Advice }
	if errors.As(err, &adviser) {
		return adviser.Advice()
	}
	return Advice{}
}

// Remedy returns how to fix a fault of reason r with the cause err: what err knows, otherwise the
// general advice of r and what err adds to it. For Stopped it is the general advice: how to fix what
// stopped the call is the cause's to say.
func Remedy(r Reason, err error) string {
	advice := adviceOf(err)
	switch {
	case r == Stopped:
		return r.Remedy()
	case advice.Remedy != "":
		return advice.Remedy
	}
	return r.Remedy() + advice.Hint
}

// Throttling is a reason that DynamoDB gave for a throttled request.
type Throttling struct {
	Reason   string // such as "TableWriteProvisionedThroughputExceeded"
	Resource string // ARN of the table or index; "" if not given
}

// ThrottlingRemedy returns the remedy for the first of reasons that is known, otherwise "".
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/throttling-diagnosing-workflow.html
func ThrottlingRemedy(reasons []Throttling) string {
	for _, r := range reasons {
		what := "the table"
		if strings.HasPrefix(r.Reason, "Index") {
			what = "an index of the table"
		}
		if r.Resource != "" {
			what = Cut(Clean(r.Resource), 200)
		}
		switch {
		case strings.HasSuffix(r.Reason, "KeyRangeThroughputExceeded"):
			return fmt.Sprintf("a range of keys of %s is hot: spread the rows over more partition keys and write them in random order; more capacity does not help, since a partition takes 1,000 write units a second at most", what)
		case strings.HasSuffix(r.Reason, "MaxOnDemandThroughputExceeded"):
			return fmt.Sprintf("raise the maximum on-demand throughput of %s, or lower WriteUnitsPerSecond", what)
		case strings.HasSuffix(r.Reason, "AccountLimitExceeded"):
			return fmt.Sprintf("request a higher throughput quota for this account and region in AWS Service Quotas (%s has used it up), or lower WriteUnitsPerSecond", what)
		case strings.HasSuffix(r.Reason, "ProvisionedThroughputExceeded"):
			return fmt.Sprintf("raise the write capacity (WCU) of %s, make the table on-demand, or lower WriteUnitsPerSecond", what)
		}
	}
	return ""
}

// Table names the table that a fault of a whole call is about.
type Table struct {
	Name   string // name or ARN, as configured
	Region string // that requests went to; "" if not known
	ARN    string // as DescribeTable reported it; "" if it has not
}

// Remedy returns how to fix a fault of reason r that op met: with the actions, the ARN and the
// region that matter.
func (t Table) Remedy(op string, r Reason, err error) string {
	advice := adviceOf(err)
	if advice.Remedy != "" {
		return advice.Remedy
	}
	region := Cut(t.Region, MaxRegion)
	if region == "" {
		region = "the client's region"
	}
	switch r {
	case Throttled:
		if op == "DescribeTable" {
			return "try again later; create one Destination for each table and share it: the account has a limit for DescribeTable requests" + advice.Hint
		}
	case Access:
		return fmt.Sprintf("allow dynamodb:BatchWriteItem, dynamodb:PutItem and dynamodb:DescribeTable on %s, and check that the policy's ARN matches the configured Region (%s), the account and the table (Config.Policy returns the policy); a table encrypted with a key of your own needs kms:Decrypt on that key too", t.arn(), region) + advice.Hint
	case NoTable:
		return fmt.Sprintf("check the spelling of the table's name (upper and lower case differ), and that the table is in %s and in the account of the credentials: %s", region, t.arn())
	case Credentials:
		return fmt.Sprintf("check that the access key id, the secret access key and the session token are right, active and not expired, that the account has %s enabled, and that this machine's clock is not skewed", region)
	case Stopped:
		return "try again with a context that is not cancelled and has a later deadline"
	case Unavailable:
		return fmt.Sprintf("check that %s is the table's region, that Endpoint, if set, leads to DynamoDB, and the network path there (DNS, proxy, firewall, TLS certificates); then try again", region) + advice.Hint
	}
	return r.Remedy() + advice.Hint
}
