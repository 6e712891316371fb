package dynamodest

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Client is the part of [*dynamodb.Client] that a Destination uses; a fake of
// three methods will do.
//
// No method will ever be added to it: an operation that only one mode needs
// would be asked for through an interface of its own.
type Client interface {
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
}

var _ Client = (*dynamodb.Client)(nil)

// Row is one row of the source: column name to value. It is an alias, so any
// []map[string]any can be given to Write as it is.
type Row = map[string]any

// Destination writes rows to one DynamoDB table. Make one with [New].
//
// It is safe for use by many goroutines at once. Between calls it runs no
// goroutine, so there is nothing to close.
type Destination struct {
	client  Client
	table   string // as configured: name or ARN
	region  string
	mode    Mode
	exist   OnExisting
	retry   Retry
	convert *converter
}

// Item returns the item that Write would send for row, or the [*RowError] it
// would report, with Index 0. It sends nothing, and shares nothing with row.
func (d *Destination) Item(row Row) (map[string]types.AttributeValue, error) {
	it, rowErr := d.convert.convert(row)
	if rowErr != nil {
		return nil, rowErr
	}
	return it.attributeMap(), nil
}
