package writers

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
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

// Switch converts a row by a switch over the types that the columns have, which is the fastest that one would write by
// hand with the SDK's types.
func Switch(row Row) (Item, error) {
	item := make(Item, len(row))
	for column, v := range row {
		attribute, err := attribute(v)
		if err != nil {
			return nil, err
		}
		item[column] = attribute
	}
	return item, nil
}

func attribute(v any) (types.AttributeValue, error) {
	switch v := v.(type) {
	case nil:
		return &types.AttributeValueMemberNULL{Value: true}, nil
	case string:
		return &types.AttributeValueMemberS{Value: v}, nil
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}, nil
	case int64:
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(v, 10)}, nil
	case float64:
		return &types.AttributeValueMemberN{Value: strconv.FormatFloat(v, 'g', -1, 64)}, nil
	case time.Time:
		return &types.AttributeValueMemberS{Value: v.Format(time.RFC3339Nano)}, nil
	case []any:
		list := make([]types.AttributeValue, len(v))
		for i, element := range v {
			var err error
			if list[i], err = attribute(element); err != nil {
				return nil, err
			}
		}
		return &types.AttributeValueMemberL{Value: list}, nil
	case map[string]any:
		item, err := Switch(v)
		return &types.AttributeValueMemberM{Value: item}, err
	}
	return nil, fmt.Errorf("a column of type %T", v)
}
