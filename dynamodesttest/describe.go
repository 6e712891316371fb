package dynamodesttest

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// tablesMade counts the tables created so far; the table IDs come from it.
var tablesMade atomic.Int64

// A new on-demand table starts with this warm throughput:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
const (
	onDemandReads  = 12_000
	onDemandWrites = 4_000
)

// describeAs sets the part of the table's description that does not change.
func (t *table) describeAs(in *dynamodb.CreateTableInput, region string) {
	created := time.Now().UTC().Truncate(time.Millisecond)
	t.about = types.TableDescription{
		TableName: &t.name, TableArn: &t.arn,
		TableId:              aws.String(fmt.Sprintf("00000000-0000-4000-8000-%012x", tablesMade.Add(1))),
		CreationDateTime:     &created,
		AttributeDefinitions: in.AttributeDefinitions, KeySchema: in.KeySchema,
		ProvisionedThroughput:     throughput(in.ProvisionedThroughput),
		OnDemandThroughput:        in.OnDemandThroughput,
		DeletionProtectionEnabled: aws.Bool(aws.ToBool(in.DeletionProtectionEnabled)),
		VectorIndexes:             t.describeVectors(in.VectorIndexes),
	}
	if in.BillingMode == types.BillingModePayPerRequest {
		t.about.BillingModeSummary = &types.BillingModeSummary{BillingMode: in.BillingMode}
		t.about.WarmThroughput = &types.TableWarmThroughputDescription{
			ReadUnitsPerSecond: aws.Int64(onDemandReads), WriteUnitsPerSecond: aws.Int64(onDemandWrites), Status: types.TableStatusActive,
		}
	}
	if w := in.WarmThroughput; w != nil {
		t.about.WarmThroughput = &types.TableWarmThroughputDescription{
			ReadUnitsPerSecond: w.ReadUnitsPerSecond, WriteUnitsPerSecond: w.WriteUnitsPerSecond, Status: types.TableStatusActive,
		}
	}
	t.describeSettings(in, region, created)
	t.describeIndexes(in)
}

func (t *table) describeSettings(in *dynamodb.CreateTableInput, region string, created time.Time) {
	if in.TableClass != "" {
		t.about.TableClassSummary = &types.TableClassSummary{TableClass: in.TableClass}
	}
	if s := in.StreamSpecification; s != nil && *s.StreamEnabled {
		label := created.Format("2006-01-02T15:04:05.000")
		t.about.StreamSpecification, t.about.LatestStreamLabel = s, &label
		t.about.LatestStreamArn = aws.String(t.arn + "/stream/" + label)
	}
	if s := in.SSESpecification; s != nil && aws.ToBool(s.Enabled) {
		t.about.SSEDescription = &types.SSEDescription{
			Status: types.SSEStatusEnabled, SSEType: types.SSETypeKms, KMSMasterKeyArn: keyARN(region, aws.ToString(s.KMSMasterKeyId)),
		}
	}
}

// keyARN returns the ARN of a key that is given by its ID, its alias or its ARN. The default is the
// key that AWS manages for DynamoDB.
func keyARN(region, id string) *string {
	switch {
	case strings.HasPrefix(id, "arn:"):
		return &id
	case id == "":
		id = "key/00000000-0000-4000-8000-000000000000"
	case !strings.HasPrefix(id, "alias/"):
		id = "key/" + id
	}
	return aws.String("arn:" + partition(region) + ":kms:" + region + ":" + Account + ":" + id)
}

func (t *table) describeIndexes(in *dynamodb.CreateTableInput) {
	for _, x := range in.GlobalSecondaryIndexes {
		about := types.GlobalSecondaryIndexDescription{
			IndexName: x.IndexName, IndexArn: t.indexARN(x.IndexName), IndexStatus: types.IndexStatusActive,
			KeySchema: x.KeySchema, Projection: x.Projection,
			ProvisionedThroughput: throughput(x.ProvisionedThroughput), OnDemandThroughput: x.OnDemandThroughput,
		}
		if w := x.WarmThroughput; w != nil {
			about.WarmThroughput = &types.GlobalSecondaryIndexWarmThroughputDescription{
				ReadUnitsPerSecond: w.ReadUnitsPerSecond, WriteUnitsPerSecond: w.WriteUnitsPerSecond, Status: types.IndexStatusActive,
			}
		}
		t.about.GlobalSecondaryIndexes = append(t.about.GlobalSecondaryIndexes, about)
	}
	for _, x := range in.LocalSecondaryIndexes {
		t.about.LocalSecondaryIndexes = append(t.about.LocalSecondaryIndexes, types.LocalSecondaryIndexDescription{
			IndexName: x.IndexName, IndexArn: t.indexARN(x.IndexName), KeySchema: x.KeySchema, Projection: x.Projection,
		})
	}
}

func (t *table) indexARN(name *string) *string {
	return aws.String(t.arn + "/index/" + aws.ToString(name))
}

func throughput(p *types.ProvisionedThroughput) *types.ProvisionedThroughputDescription {
	d := &types.ProvisionedThroughputDescription{
		NumberOfDecreasesToday: aws.Int64(0), ReadCapacityUnits: aws.Int64(0), WriteCapacityUnits: aws.Int64(0),
	}
	if p != nil {
		d.ReadCapacityUnits, d.WriteCapacityUnits = p.ReadCapacityUnits, p.WriteCapacityUnits
	}
	return d
}

// describe returns the table's description. It is called under DB.mu.
func (t *table) describe() *types.TableDescription {
	about := t.about
	about.TableStatus = t.currentStatus()
	about.ItemCount = aws.Int64(int64(len(t.rows)))
	about.TableSizeBytes = aws.Int64(t.size)
	if about.TableStatus == types.TableStatusCreating {
		about.GlobalSecondaryIndexes = slices.Clone(about.GlobalSecondaryIndexes)
		for i := range about.GlobalSecondaryIndexes {
			about.GlobalSecondaryIndexes[i].IndexStatus = types.IndexStatusCreating
		}
		about.VectorIndexes = slices.Clone(about.VectorIndexes)
		for i := range about.VectorIndexes {
			about.VectorIndexes[i].IndexStatus = types.IndexStatusCreating
		}
	}
	return &about
}
