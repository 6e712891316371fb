package writers

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
	"github.com/dynamodest/dynamodest/internal/itemtest"
)

// Item is an item as the SDK takes it.
type Item = map[string]types.AttributeValue

// Loop is what one would write by hand with the SDK alone: so many workers, each of which converts and sends one
// batch after the other, and sends what comes back until nothing does.
type Loop struct {
	Client  *dynamodb.Client
	Workers int
	Convert func(Row) (Item, error)
}

// Write writes rows.
func (l Loop) Write(ctx context.Context, rows []Row) error {
	return inParallel(ctx, l.Workers, len(rows), func(ctx context.Context, from, to int) error {
		return l.Batch(ctx, rows[from:to])
	})
}

// Batch writes at most 25 rows.
func (l Loop) Batch(ctx context.Context, rows []Row) error {
	puts := make([]types.WriteRequest, 0, len(rows))
	for _, row := range rows {
		item, err := l.Convert(row)
		if err != nil {
			return err
		}
		puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
	}
	for pending := map[string][]types.WriteRequest{wire.Table: puts}; len(pending) > 0; {
		out, err := l.Client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: pending})
		if err != nil {
			return err
		}
		pending = out.UnprocessedItems
	}
	return nil
}

// Put writes one row by PutItem.
func (l Loop) Put(ctx context.Context, row Row) error {
	item, err := l.Convert(row)
	if err != nil {
		return err
	}
	_, err = l.Client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(wire.Table), Item: item})
	return err
}

// Marshal converts a row by the SDK's attributevalue.
func Marshal(row Row) (Item, error) { return attributevalue.MarshalMap(row) }

// Switch converts a row by a switch over the types that the columns have.
func Switch(row Row) (Item, error) { return itemtest.ByHand(row) }
