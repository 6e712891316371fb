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

	Capacity          Capacity           // of the table itself, from which local indexes take too
	Projections       []Projection       // of the secondary indexes; nil unless Known
	VectorProjections []VectorProjection // of the vector indexes; nil unless Known
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

	d.Capacity = tableCapacity(t)
	d.Units = d.Capacity.Units
	for i := range t.GlobalSecondaryIndexes {
		if units := indexCapacity(t, &t.GlobalSecondaryIndexes[i]).Units; units > 0 {
			d.Units = min(d.Units, units)
		}
	}
	if d.Known {
		d.Projections, d.VectorProjections = parseProjections(t), parseVectorProjections(t)
	}
	return d
}

// Capacity is the write units a second that a table or a global index takes.
type Capacity struct {
	Units float64 // 0 if not described
	From  From
}

// From is what in a description a Capacity is.
type From uint8

// The kinds of capacity.
const (
	Undescribed From = iota
	Provisioned      // a limit
	MaxOnDemand      // the limit that was set for an on-demand table
	Warm             // what an on-demand table takes at once; it takes more as its traffic grows
)

func isOnDemand(t *types.TableDescription) bool {
	return t.BillingModeSummary != nil && t.BillingModeSummary.BillingMode == types.BillingModePayPerRequest
}

func tableCapacity(t *types.TableDescription) Capacity {
	return capacityOf(isOnDemand(t), t.ProvisionedThroughput, t.OnDemandThroughput, warmTable(t.WarmThroughput))
}

// indexCapacity returns the capacity of a global index of t.
func indexCapacity(t *types.TableDescription, index *types.GlobalSecondaryIndexDescription) Capacity {
	return capacityOf(isOnDemand(t), index.ProvisionedThroughput, index.OnDemandThroughput, warmIndex(index.WarmThroughput))
}

// capacityOf returns the capacity of a table or a global index.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
func capacityOf(onDemand bool, provisioned *types.ProvisionedThroughputDescription, limit *types.OnDemandThroughput, warm int64) Capacity {
	if !onDemand {
		if provisioned == nil || aws.ToInt64(provisioned.WriteCapacityUnits) <= 0 {
			return Capacity{}
		}
		return Capacity{float64(*provisioned.WriteCapacityUnits), Provisioned}
	}
	c := Capacity{newOnDemand, Warm}
	if warm > 0 {
		c.Units = float64(warm)
	}
	if limit != nil {
		if most := float64(aws.ToInt64(limit.MaxWriteRequestUnits)); most > 0 && most < c.Units { // -1 is no maximum
			c = Capacity{most, MaxOnDemand}
		}
	}
	return c
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
