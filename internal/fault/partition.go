package fault

import "strings"

// Partition is a part of AWS that has accounts, ARNs and hosts of its own.
type Partition struct {
	Name     string    // as ARNs have it, such as "aws-cn"
	Suffixes [2]string // the ends of its hosts' names, those of dual-stack endpoints second

	regions string // the beginning of its regions' names
}

// partitions are the parts of AWS. A region whose name begins as none of the others is in the first.
// https://github.com/aws/aws-sdk-go-v2/blob/main/internal/endpoints/awsrulesfn/partitions.json
var partitions = []Partition{
	{"aws", [2]string{"amazonaws.com", "api.aws"}, ""},
	{"aws-cn", [2]string{"amazonaws.com.cn", "api.amazonwebservices.com.cn"}, "cn-"},
	{"aws-us-gov", [2]string{"amazonaws.com", "api.aws"}, "us-gov-"},
	{"aws-eusc", [2]string{"amazonaws.eu", "api.amazonwebservices.eu"}, "eusc-"},
	{"aws-iso", [2]string{"c2s.ic.gov", "api.aws.ic.gov"}, "us-iso-"},
	{"aws-iso-b", [2]string{"sc2s.sgov.gov", "api.aws.scloud"}, "us-isob-"},
	{"aws-iso-e", [2]string{"cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"}, "eu-isoe-"},
	{"aws-iso-f", [2]string{"csp.hci.ic.gov", "api.aws.hci.ic.gov"}, "us-isof-"},
}

// Partitions returns the parts of AWS. The caller must not change them.
func Partitions() []Partition { return partitions }

// PartitionOf returns the part of AWS that a region belongs to; for "" and unknown regions the first.
func PartitionOf(region string) Partition {
	for _, p := range partitions[1:] {
		if strings.HasPrefix(region, p.regions) {
			return p
		}
	}
	return partitions[0]
}
