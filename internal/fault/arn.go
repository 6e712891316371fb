package fault

import (
	"fmt"
	"regexp"
	"strings"
)

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
var tableARNForm = regexp.MustCompile(`^arn:aws[a-z-]*:dynamodb:([a-z0-9-]+):[0-9]{12}:table/[a-zA-Z0-9_.-]{3,255}$`)

// maxARN is more than the longest ARN of a table has, in bytes.
const maxARN = 350

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

// ARNRegion returns the region in the ARN of a table, or "" if table is not an ARN.
func ARNRegion(table string) string {
	if m := tableARNForm.FindStringSubmatch(table); m != nil {
		return m[1]
	}
	return ""
}

// arn returns the ARN of t, with words for the parts that are not known.
func (t Table) arn() string {
	switch {
	case t.ARN != "":
		return Cut(Clean(t.ARN), maxARN)
	case ARNRegion(t.Name) != "":
		return t.Name
	}
	region, partition := t.Region, "aws"
	if region == "" {
		region = "REGION"
	}
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) {
			partition = p.name
		}
	}
	return fmt.Sprintf("arn:%s:dynamodb:%s:ACCOUNT:table/%s", partition, Cut(region, MaxRegion), Cut(Clean(t.Name), 255))
}
