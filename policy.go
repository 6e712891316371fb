package dynamodest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/transport"
)

// policyVersion is the version of the policy language.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
const policyVersion = "2012-10-17"

// policyDocument is an IAM policy, or the trust policy of a role.
type policyDocument struct {
	Version   string
	Statement []statement
}

// statement is one statement of a policy. Its Sid may have letters and digits only.
type statement struct {
	Sid       string
	Effect    string
	Principal map[string]string               `json:",omitempty"`
	Action    oneOrMore                       `json:",omitempty"`
	Resource  oneOrMore                       `json:",omitempty"`
	Condition map[string]map[string]oneOrMore `json:",omitempty"`
}

// oneOrMore is a list that is written as a text if it has one element, as people write policies.
type oneOrMore []string

// MarshalJSON writes a text for one element, otherwise an array.
func (l oneOrMore) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return json.Marshal(l[0])
	}
	return json.Marshal([]string(l))
}

// policyOf returns the JSON of a policy, on several lines.
func policyOf(statements ...statement) json.RawMessage {
	text, err := json.MarshalIndent(policyDocument{policyVersion, statements}, "", "  ")
	if err != nil {
		panic(err) // the document has nothing but texts
	}
	return text
}

// actions returns the IAM actions that New, Write, the streams, Check and CheckWrites need. If each row
// goes by a conditional PutItem, there are no batches.
func actions(conditional bool) []string {
	names := []string{"dynamodb:" + transport.BatchWriteItem, "dynamodb:" + transport.PutItem, "dynamodb:" + transport.DescribeTable}
	if conditional {
		return names[1:]
	}
	return names
}

// Policy returns the IAM policy that allows what a Destination of c does, and nothing else: the actions
// that the Mode, OnExisting and Version need, on the one table. It is JSON on several lines, to be attached
// to the user or the role whose credentials are used.
//
// The account is the 12 digits of the account that owns the table; it may be "" if c.Table is an ARN. The
// Region is that of c, and decides the partition (aws, aws-cn, aws-us-gov, aws-eusc, aws-iso and others).
// Only the Table, the Region, the Mode and OnExisting are checked, so c needs no credentials yet.
//
// If the table is encrypted with a customer managed KMS key, give the ARN of the key as a kmsKey, and those
// of both keys while the table changes its key. Another statement then allows kms:Decrypt on them for
// requests that come by way of DynamoDB. AWS documents that DynamoDB decrypts the table's key as the
// principal that accesses the table, and that the other permissions on the key are those of the principal
// that chooses the key for the table. Whether Decrypt alone is enough for writes was not tried on AWS:
// CheckWrites shows it. The key's own policy must allow it as well, or leave it to IAM policies.
// Outside the partitions aws and aws-us-gov no record says which host kms:ViaService has, so both the
// partition's own and that of amazonaws.com are named.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-conditions.html#conditions-kms-via-service
//
// Settings of AWS may need more than the policy allows: endpoint discovery, the assumption of a role, the
// permissions of other services. The errors are [*ConfigError] values, joined; their Field is a field of
// c, or the parameter: "account" or "kmsKeys[0]".
func (c Config) Policy(account string, kmsKeys ...string) (json.RawMessage, error) {
	var p problems
	p.table(c)
	p.mode(c)
	table, isARN := fault.ParseTableARN(c.Table)
	if !isARN && strings.HasPrefix(c.Table, "arn:") { // the rest is in the ARN that is malformed
		return nil, p.err()
	}
	resource := c.Table
	switch region := c.region(); {
	case isARN:
		p.regionForm("Table", "its region ", table.Region, Config{})
		if name := fault.PartitionOf(table.Region).Name; table.Partition != name {
			p.add("Table", "is an ARN of %s, but %s is in the partition %q: copy the ARN again", quotedPartition(table.Partition), quoted(table.Region, "its region"), name)
		}
	case region == "":
		p.add("Region", `is required: the code of the table's AWS Region, such as "eu-west-1"`)
	default:
		p.regionForm("Region", "", region, Config{})
		table = fault.TableARN{Partition: fault.PartitionOf(region).Name, Region: region, Account: account}
		resource = fmt.Sprintf("arn:%s:dynamodb:%s:%s:table/%s", table.Partition, region, account, c.Table)
	}
	p.account(account, table, isARN)
	p.kmsKeys(kmsKeys, table)
	if err := p.err(); err != nil {
		return nil, err
	}
	return tablePolicy(c.condition() != transport.Condition{}, resource, table, kmsKeys), nil
}

// account checks the account that a policy is for.
func (p *problems) account(account string, table fault.TableARN, isARN bool) {
	problem := ""
	switch {
	case account == "" && !isARN:
		problem = "is required: the 12 digits of the AWS account that owns the table"
	case account != "" && !accountForm.MatchString(account):
		problem = "is not an AWS account: must be 12 digits, without hyphens"
	case isARN && account != "" && account != table.Account:
		problem = "is not the account in the ARN that Table is: leave it empty, or correct one of the two"
	}
	if problem != "" {
		*p = append(*p, &ConfigError{Field: "account", Problem: problem})
	}
}

// kmsKeyForm matches the ARN of a KMS key. The ARN of an alias gives no access to its key.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN
var kmsKeyForm = regexp.MustCompile(`^arn:(aws[a-z-]*):kms:([a-z0-9-]+):[0-9]{12}:key/[a-zA-Z0-9-]{1,256}$`)

// kmsKeys checks the KMS keys of a table. Nothing is compared with parts of the table that are not known.
func (p *problems) kmsKeys(keys []string, table fault.TableARN) {
	for i, key := range keys {
		problem := ""
		switch m := kmsKeyForm.FindStringSubmatch(key); {
		case m == nil:
			problem = "is not the ARN of a KMS key: write arn:aws:kms:REGION:ACCOUNT:key/ID, and neither an alias nor the ID alone"
		case table.Region == "":
		case m[2] != table.Region:
			problem = fmt.Sprintf("is a key in %s, but the table is in %s: give the key of the table in that Region", quoted(m[2], "one Region"), quoted(table.Region, "another"))
		case m[1] != table.Partition:
			problem = fmt.Sprintf("is a key of %s, but the table is in %s: copy the ARN again", quotedPartition(m[1]), quotedPartition(table.Partition))
		}
		if problem != "" {
			*p = append(*p, &ConfigError{Field: fmt.Sprintf("kmsKeys[%d]", i), Problem: problem})
		}
	}
}

// quotedPartition returns a partition in quotes, or words for what has not the form of one.
func quotedPartition(name string) string {
	if name = quoted(name, ""); name != "" {
		return "the partition " + name
	}
	return "another partition"
}

// tablePolicy returns the policy for the table with the ARN resource, and for its KMS keys. All of it is
// checked.
func tablePolicy(conditional bool, resource string, table fault.TableARN, kmsKeys []string) json.RawMessage {
	statements := []statement{{Sid: "WriteTable", Effect: "Allow", Action: actions(conditional), Resource: oneOrMore{resource}}}
	if len(kmsKeys) > 0 {
		host := "dynamodb." + table.Region + "."
		via := oneOrMore{host + fault.PartitionOf(table.Region).Suffixes[0], host + "amazonaws.com"}
		statements = append(statements, statement{
			Sid: "UseTableKey", Effect: "Allow", Action: oneOrMore{"kms:Decrypt"}, Resource: kmsKeys,
			Condition: map[string]map[string]oneOrMore{"StringEquals": {"kms:ViaService": slices.Compact(via)}},
		})
	}
	return policyOf(statements...)
}

// Policy is [Config.Policy] for the table of d, with the ARN that DescribeTable reported to New. It
// sends nothing. It is a [*ConfigError] if a fake client has described no ARN.
func (d *Destination) Policy(kmsKeys ...string) (json.RawMessage, error) {
	d.mustBeMade()
	table, ok := fault.ParseTableARN(d.description.ARN)
	if !ok {
		return nil, &ConfigError{Field: "Client", Problem: "Policy needs the table's ARN, and DescribeTable has not described it: have the fake client describe it"}
	}
	var p problems
	p.kmsKeys(kmsKeys, table)
	if err := p.err(); err != nil {
		return nil, err
	}
	return tablePolicy(d.conditional(), d.description.ARN, table, kmsKeys), nil
}

var (
	// principalForm matches the ARN of an account's root, a user or a role, and no wildcard.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
	principalForm = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::[0-9]{12}:(root|(user|role)/([\w+=,.@-]+/)*[\w+=,.@-]{1,64})$`)

	// externalIDForm is the pattern that AWS has for external IDs.
	// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
	externalIDForm = regexp.MustCompile(`^[\w+=,.@:/-]*$`)
)

const (
	// The shortest and the longest external ID, in characters.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
	minExternalID = 2
	maxExternalID = 1224

	// maxPrincipal is the longest ARN that AWS takes, in characters.
	// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
	maxPrincipal = 2048
)

// TrustPolicy returns the trust policy of a role that the principal may assume, and only with the
// external ID. It is for an engine that reaches its customers' tables by a role in each customer's account:
// the customer creates the role with this trust policy, and with that of [Config.Policy] as its permissions.
//
// The principal is the engine's: an account, in 12 digits, or the ARN of an account's root, a user or a
// role. "*" is refused. The engine makes up the external ID, one for each customer, which a customer cannot
// choose, and passes it to AssumeRole: without it one customer could have the engine use the role of
// another. It has 2 to 1,224 characters: letters, digits and any of _+=,.@:/-. AWS does not treat it as a
// secret, but the errors do not quote it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
//
// The errors are [*ConfigError] values, joined, with the Field "principal" or "externalID".
func TrustPolicy(principal, externalID string) (json.RawMessage, error) {
	var p problems
	add := func(field, problem string) { p = append(p, &ConfigError{Field: field, Problem: problem}) }
	switch {
	case principal == "":
		add("principal", "is required: the account or the ARN of who assumes the role")
	case !accountForm.MatchString(principal) && !isPrincipal(principal):
		add("principal", "is not an account or an IAM ARN: write 12 digits, arn:aws:iam::ACCOUNT:root, or the ARN of a user or a role, without wildcards")
	}
	switch n := len(externalID); {
	case n == 0:
		add("externalID", "is required: an ID of your choice that is different for each customer")
	case !externalIDForm.MatchString(externalID):
		add("externalID", "has a character that AWS does not take: use letters, digits and _+=,.@:/-")
	case n < minExternalID || n > maxExternalID:
		add("externalID", fmt.Sprintf("is %d characters long: must be %d to %d", n, minExternalID, maxExternalID))
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return policyOf(statement{
		Sid: "AssumeRole", Effect: "Allow", Principal: map[string]string{"AWS": principal}, Action: oneOrMore{"sts:AssumeRole"},
		Condition: map[string]map[string]oneOrMore{"StringEquals": {"sts:ExternalId": {externalID}}},
	}), nil
}

// isPrincipal reports whether arn is one of IAM's that a trust policy can name.
func isPrincipal(arn string) bool {
	m := principalForm.FindStringSubmatch(arn)
	if m == nil || len(arn) > maxPrincipal {
		return false
	}
	return slices.ContainsFunc(fault.Partitions(), func(p fault.Partition) bool { return p.Name == m[1] })
}
