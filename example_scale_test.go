package dynamodest_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// What a load of a billion rows costs and takes, from a dry run of a sample.
func Example_scale() {
	ctx := context.Background()
	db := dynamodesttest.New()
	if err := createOrders(ctx, db); err != nil {
		fmt.Println(err)
		return
	}
	dest, err := dynamodest.New(ctx, dynamodest.Config{Table: "orders", Client: db})
	if err != nil {
		fmt.Println(err)
		return
	}
	// A third of the rows is of a little more than 1 KB.
	var sample iter.Seq2[dynamodest.Row, error] = func(yield func(dynamodest.Row, error) bool) {
		for n := range 3000 {
			note := strings.Repeat("x", 700+n%3*200)
			if !yield(dynamodest.Row{"order": fmt.Sprintf("o-%d", n), "shop": fmt.Sprintf("s-%d", n%100), "note": note}, nil) {
				return
			}
		}
	}

	// README: scale
	const rows = 1_000_000_000
	forecast, err := dest.DryRun(ctx, sample, nil) // some thousand rows, taken at random
	if err != nil {
		fmt.Println(err)
		return
	}
	times := rows / float64(forecast.Valid) // how many times the sample
	units := forecast.WriteUnits
	fmt.Printf("the table: %.0f units\n", units.Table.Most*times)
	for _, index := range units.Indexes {
		fmt.Printf("index %s: %.0f units\n", index.Name, index.WriteUnits.Most*times)
	}
	took := time.Duration(float64(forecast.Time.Most) * times)
	fmt.Printf("%v at %.0f units a second\n", took.Round(time.Minute), forecast.Time.WriteUnitsPerSecond)
	// README end

	// Output:
	// the table: 1333333333 units
	// index by_shop: 1000000000 units
	// 9h16m0s at 40000 units a second
}

// createOrders creates a table at the default quota, with an index that has the keys alone.
func createOrders(ctx context.Context, db *dynamodesttest.DB) error {
	key := func(name string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: &name, KeyType: kind}
	}
	throughput := &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1000), WriteCapacityUnits: aws.Int64(40_000)}
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: types.BillingModeProvisioned, ProvisionedThroughput: throughput,
		KeySchema: []types.KeySchemaElement{key("order", types.KeyTypeHash)},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("order"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("shop"), AttributeType: types.ScalarAttributeTypeS},
		},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("by_shop"), ProvisionedThroughput: throughput,
			KeySchema:  []types.KeySchemaElement{key("shop", types.KeyTypeHash)},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
	})
	return err
}
