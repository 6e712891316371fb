package dynamodest

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
var tableNameForm = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)

// A region becomes a part of the endpoint's host name. Local servers take any word.
var (
	regionForm      = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
	localRegionForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// accountForm matches the account in the host of an account's own endpoint.
var accountForm = regexp.MustCompile(`^[0-9]{12}$`)

// knownRegion returns the region that requests are for: Region, that of the table's ARN or that of AWS;
// "" if none of them says it.
func (c Config) knownRegion() string {
	switch region := fault.ARNRegion(c.Table); {
	case c.Region != "":
		return c.Region
	case region != "":
		return region
	case c.AWS != nil:
		return c.AWS.Region
	}
	return ""
}

func (p *problems) region(c Config) {
	region := c.knownRegion()
	switch {
	case c.Region != "":
		p.regionForm("Region", "", region, c)
	case fault.ARNRegion(c.Table) != "":
		p.regionForm("Table", "its region ", region, c)
	case region == "" && c.Client == nil:
		problem := `is required: the code of the table's AWS Region, such as "eu-west-1"`
		if c.AWS != nil {
			problem += "; AWS has none, which AWS_REGION or a profile would give it"
		}
		p.add("Region", "%s", problem)
	case c.AWS != nil:
		p.regionForm("AWS.Region", "", region, c)
	}
}

// regionForm checks the region that a field gives, if any. what comes before the region in the problem.
func (p *problems) regionForm(field, what, region string, c Config) {
	form := regionForm
	if c.Endpoint != "" || c.Client != nil || c.AWS != nil { // AWS may have an endpoint of its own
		form = localRegionForm
	}
	switch {
	case region == "":
	case c.Client == nil && withoutFIPS(region) != region:
		p.add(field, what+"%s not a Region but stands for the FIPS endpoints of %[2]s: set it to %[2]s and, to use FIPS endpoints, the endpoint to one, such as https://dynamodb-fips.us-east-1.amazonaws.com",
			subject(region), quoted(withoutFIPS(region), "a Region"))
	case form.MatchString(region):
	case form == localRegionForm:
		p.add(field, what+`%s malformed: use lower-case letters, digits and hyphens, such as "local"`, subject(region))
	default:
		p.add(field, what+`%s not an AWS Region code: write the code in lower case, such as "eu-west-1" (not a name such as "Ireland", nor a zone such as "eu-west-1a")`, subject(region))
	}
}

// withoutFIPS returns the region that a pseudo region such as "fips-us-east-1" stands for, as the SDK
// derives it; any other region as it is.
func withoutFIPS(region string) string {
	return strings.NewReplacer("-fips-", "-", "fips-", "", "-fips", "").Replace(region)
}

func (p *problems) table(c Config) {
	switch region := fault.ARNRegion(c.Table); {
	case c.Table == "":
		p.add("Table", "is required: the name or the ARN of the table")
	case strings.HasPrefix(c.Table, "arn:"):
		switch {
		case region == "":
			p.add("Table", "is not the ARN of a DynamoDB table: write arn:aws:dynamodb:REGION:ACCOUNT:table/NAME, with nothing after the name")
		case c.Region != "" && c.Region != region:
			p.add("Table", "is the ARN of a table in %[1]s, but the region is %[2]s: set the region to that of the table, or give another table", quoted(region, "one region"), quoted(c.Region, "another"))
		}
	case !tableNameForm.MatchString(c.Table):
		p.add("Table", "is not a table name: use 3 to 255 of a-z, A-Z, 0-9, '_', '-' and '.'")
	}
}

// endpoint checks the endpoint that requests go to, if one is set.
func (p *problems) endpoint(c Config) {
	field, endpoint := "Endpoint", c.Endpoint
	if endpoint == "" && c.AWS != nil && c.AWS.BaseEndpoint != nil {
		field, endpoint = "AWS.BaseEndpoint", aws.ToString(c.AWS.BaseEndpoint)
	} else if endpoint == "" {
		return
	}
	problem := endpointProblem(endpoint)
	if problem == "" && c.Client == nil {
		problem = awsHostProblem(endpoint, c.knownRegion())
	}
	if problem != "" {
		p.add(field, "%s", problem)
	}
}

// endpointProblem returns what is wrong with an endpoint, or "". It quotes nothing of the endpoint,
// which may hold a password.
func endpointProblem(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "is not a URL: write it as https://HOST or http://HOST:PORT"
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return "does not begin with https:// or http://: write it as https://HOST or http://HOST:PORT"
	case u.Hostname() == "" || strings.ContainsAny(u.Host, " \t"):
		return "has no host: write it as https://HOST or http://HOST:PORT"
	case u.User != nil:
		return "has a user name or password before the host: leave it out; requests are signed with the access keys"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "has a query or a fragment: end it after the host and port"
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "has an invalid port: use 1 to 65535"
		}
	}
	return ""
}

// awsHostProblem returns why requests for region cannot go to a well-formed endpoint, if its host is
// one of AWS's services, or "".
func awsHostProblem(endpoint, region string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	labels, suffix := awsLabels(u.Hostname())
	if suffix == "" || isCustomers(labels) {
		return ""
	}
	in, ours := awsService(labels)
	switch {
	case !ours:
		return "is an endpoint of another service and not of DynamoDB: use https://dynamodb.REGION." + suffix + ", the endpoint of a VPC, or none, for AWS's own"
	case region == "":
		return ""
	case in != region:
		return "is DynamoDB's endpoint in " + quotedRegion(in) + ", but the region is " + quoted(region, "another") + ": use the endpoint and the region of the table, or no endpoint, for AWS's own"
	}
	if ends := fault.PartitionOf(region).Suffixes; !slices.Contains(ends[:], suffix) {
		return "is not the host of an endpoint in " + quoted(region, "that region") + ": hosts there end in " + ends[0] + "; use no endpoint for AWS's own"
	}
	return ""
}

// awsLabels returns the labels of a host before AWS's domain, and that domain; "" for a host elsewhere.
func awsLabels(host string) (labels []string, suffix string) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, p := range fault.Partitions() {
		for _, s := range p.Suffixes {
			if rest, ok := strings.CutSuffix(host, "."+s); ok && len(s) > len(suffix) {
				labels, suffix = strings.Split(rest, "."), s
			}
		}
	}
	return labels, suffix
}

// isCustomers reports whether a host of AWS's may be of a server of a customer's own: a machine, a load
// balancer, a gateway, or a service over PrivateLink.
func isCustomers(labels []string) bool {
	return slices.ContainsFunc(labels, func(label string) bool {
		switch label {
		case "compute", "compute-1", "elb", "execute-api":
			return true
		}
		return strings.HasPrefix(label, "vpce-svc-")
	})
}

// awsService reports whether a host of AWS's is of DynamoDB, and returns the region that the host names.
// https://docs.aws.amazon.com/general/latest/gr/ddb.html
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-interface-endpoints.html
func awsService(labels []string) (region string, ours bool) {
	before := len(labels)
	if labels[before-1] == "vpce" {
		before--
	}
	// The service is before the region, but has no region in a host such as dynamodb.amazonaws.com.
	if region = "us-east-1"; before > 1 {
		before--
		region = labels[before]
	}
	if before == 0 {
		return "", false
	}
	prefix, service := labels[:before-1], labels[before-1]
	switch service {
	case "dynamodb", "dynamodb-fips":
		return region, len(prefix) == 0 || len(prefix) == 1 && strings.HasPrefix(prefix[0], "vpce-")
	case "ddb", "ddb-fips":
		return region, len(prefix) > 0 && accountForm.MatchString(prefix[0])
	}
	return "", false
}

// quotedRegion returns a region in quotes, or words for what has not the form of one. Hosts are in lower case, so
// that isWord would take parts of a key for words.
func quotedRegion(region string) string {
	if !regionForm.MatchString(region) {
		return "another region"
	}
	return quoted(region, "another region")
}
