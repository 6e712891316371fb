package table

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// Description holds the parts of a DescribeTable response that concern rows.
type Description struct {
	Known  bool   // the keys are described; only the response of a fake may leave out the keys or their types
	Schema Schema // zero unless Known
	ARN    string
	Status types.TableStatus

	// Units is the write units a second that the table and each global index should take now: the
	// start of the pace, not a cap. It is 0 if the capacity is not described.
	Units float64
}

// newOnDemand is the write units a second that a new on-demand table takes at once.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
const newOnDemand = 4000

// Parse reads a description. A fake may return a nil description, which describes nothing.
func Parse(t *types.TableDescription) Description {
	if t == nil {
		return Description{}
	}
	d := Description{ARN: aws.ToString(t.TableArn), Status: t.TableStatus}
	d.Schema, d.Known = parseSchema(t)

	onDemand := t.BillingModeSummary != nil && t.BillingModeSummary.BillingMode == types.BillingModePayPerRequest
	d.Units = startUnits(onDemand, t.ProvisionedThroughput, t.OnDemandThroughput, warmTable(t.WarmThroughput))
	for _, index := range t.GlobalSecondaryIndexes {
		units := startUnits(onDemand, index.ProvisionedThroughput, index.OnDemandThroughput, warmIndex(index.WarmThroughput))
		if units > 0 {
			d.Units = min(d.Units, units)
		}
	}
	return d
}

// startUnits returns the write units a second of a table or a global index, or 0.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
func startUnits(onDemand bool, provisioned *types.ProvisionedThroughputDescription, limit *types.OnDemandThroughput, warm int64) float64 {
	if !onDemand {
		if provisioned == nil {
			return 0
		}
		return float64(aws.ToInt64(provisioned.WriteCapacityUnits))
	}
	units := int64(newOnDemand)
	if warm > 0 {
		units = warm
	}
	if limit != nil && aws.ToInt64(limit.MaxWriteRequestUnits) > 0 { // -1 is no maximum
		units = min(units, *limit.MaxWriteRequestUnits)
	}
	return float64(units)
}

func warmTable(w *types.TableWarmThroughputDescription) int64 {
	if w == nil {
		return 0
	}
	return aws.ToInt64(w.WriteUnitsPerSecond)
}

func warmIndex(w *types.GlobalSecondaryIndexWarmThroughputDescription) int64 {
	if w == nil {
		return 0
	}
	return aws.ToInt64(w.WriteUnitsPerSecond)
}

// Accepts returns why the table takes no writes; nil if the table takes writes, or if the status does
// not say.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
func (d *Description) Accepts() error {
	remedy := ""
	switch d.Status {
	case types.TableStatusCreating:
		remedy = "wait until it is ACTIVE, then try again"
	case types.TableStatusDeleting:
		remedy = "name another table, or create the table again once it is deleted"
	case types.TableStatusArchiving, types.TableStatusArchived:
		remedy = "restore the table from its backup, or name another table"
	case types.TableStatusInaccessibleEncryptionCredentials:
		remedy = "give DynamoDB access to the table's AWS KMS key again: enable the key or fix its policy"
	default:
		return nil
	}
	return fault.New(fault.TableStatus, "the status of the table is %s", d.Status).WithRemedy(remedy)
}

// Changed returns the first difference between d and now that makes rows converted for d fail; nil if
// there is none, or if d or now does not describe the keys.
func (d *Description) Changed(now *Description) error {
	if !d.Known || !now.Known {
		return nil
	}
	change := d.Schema.Changes(&now.Schema)
	if change == "" {
		return nil
	}
	return fault.New(fault.Config, "%s since this Destination was created", change).WithRemedy("create a new Destination with New")
}
