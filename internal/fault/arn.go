package fault

import (
	"fmt"
	"regexp"
)

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
var tableARNForm = regexp.MustCompile(`^arn:(aws[a-z-]*):dynamodb:([a-z0-9-]+):([0-9]{12}):table/[a-zA-Z0-9_.-]{3,255}$`)

// maxARN is more than the longest ARN of a table has, in bytes.
const maxARN = 350

// TableARN is what the ARN of a table says about where the table is.
type TableARN struct {
	Partition, Region, Account string
}

// ParseTableARN returns the parts of the ARN of a table. It returns false if table is not one.
func ParseTableARN(table string) (TableARN, bool) {
	m := tableARNForm.FindStringSubmatch(table)
	if m == nil {
		return TableARN{}, false
	}
	return TableARN{Partition: m[1], Region: m[2], Account: m[3]}, true
}

// ARNRegion returns the region in the ARN of a table, or "" if table is not an ARN.
func ARNRegion(table string) string {
	arn, _ := ParseTableARN(table)
	return arn.Region
}

// arn returns the ARN of t, with words for the parts that are not known.
func (t Table) arn() string {
	switch {
	case t.ARN != "":
		return Cut(Clean(t.ARN), maxARN)
	case ARNRegion(t.Name) != "":
		return t.Name
	}
	region := t.Region
	if region == "" {
		region = "REGION"
	}
	return fmt.Sprintf("arn:%s:dynamodb:%s:ACCOUNT:table/%s", PartitionOf(region).Name, Cut(region, MaxRegion), Cut(Clean(t.Name), 255))
}
