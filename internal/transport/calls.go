package transport

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/dynamodest/dynamodest/internal/item"
)

// allWritten is the UnprocessedItems of a response that has none. It is shared, and only read.
var allWritten = map[string][]types.WriteRequest{}

// callBatch sends a BatchWriteItem request by the way that c has. If the response says no more than that all
// was written, the capacity that it shows is in r already.
func (c *Client) callBatch(ctx context.Context, t *trace, items []*item.Item, r *Result) (*dynamodb.BatchWriteItemOutput, error) {
	if c.built == nil {
		return c.api.BatchWriteItem(ctx, c.batchInput(items), t.options)
	}
	body := newPayload(c.batchSize(items), func(dst []byte) []byte { return c.appendBatch(dst, items) })
	defer body.free()
	out := new(dynamodb.BatchWriteItemOutput)
	scan := func(body []byte) bool {
		scanned := scanBatch(body, r)
		if scanned {
			out.UnprocessedItems = allWritten
		}
		return scanned
	}
	return callEncoded(ctx, c, t, c.batchWriteItem, body, out, scan, func(options ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
		// The SDK checks the input, and may choose the host by the table.
		shell := &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{c.name: {}}}
		return c.api.BatchWriteItem(ctx, shell, options...)
	})
}

// putExtra is room for what a PutItem request has beside the item and the table's name, in bytes.
const putExtra = 512

// callPut is callBatch for a PutItem request.
func (c *Client) callPut(ctx context.Context, t *trace, it *item.Item, cond Condition, r *Result) (*dynamodb.PutItemOutput, error) {
	if c.built == nil {
		return c.api.PutItem(ctx, c.putInput(it, cond), t.options)
	}
	body := newPayload(it.EncodedSize+len(c.name)+putExtra, func(dst []byte) []byte { return c.appendPut(dst, it, cond) })
	defer body.free()
	scan := func(body []byte) bool { return scanPut(body, r) }
	return callEncoded(ctx, c, t, c.putItem, body, new(dynamodb.PutItemOutput), scan, func(options ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
		shell := &dynamodb.PutItemInput{TableName: aws.String(c.name), Item: map[string]types.AttributeValue{}}
		return c.api.PutItem(ctx, shell, options...)
	})
}

// callEncoded sends body as a request of op. call makes a call of the SDK's. The result is out, if scan or the
// SDK's decoder has set it, or what call returns.
func callEncoded[Out any, P interface {
	*Out
	smithy.Deserializable
}](
	ctx context.Context, c *Client, t *trace, op *operation, body *payload, out P, scan func([]byte) bool, call func(...func(*dynamodb.Options)) (P, error),
) (P, error) {
	if p := c.built.poster; p != nil {
		posted, err := p.post(ctx, t, op, body, answer{out, scan}, func(options ...func(*dynamodb.Options)) error {
			_, err := call(options...)
			return err
		})
		switch {
		case err != nil:
			return nil, err
		case posted:
			return out, nil
		}
	}
	return call(t.options, body.replaceBody)
}

// batchInput returns the SDK's input for a BatchWriteItem request. It is the client's to keep.
func (c *Client) batchInput(items []*item.Item) *dynamodb.BatchWriteItemInput {
	writes := make([]types.WriteRequest, len(items))
	for i, it := range items {
		if it.Delete {
			writes[i].DeleteRequest = &types.DeleteRequest{Key: it.SDK()}
		} else {
			writes[i].PutRequest = &types.PutRequest{Item: it.SDK()}
		}
	}
	return &dynamodb.BatchWriteItemInput{
		RequestItems:           map[string][]types.WriteRequest{c.name: writes},
		ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes,
	}
}

// putInput returns the SDK's input for a PutItem request. It is the client's to keep.
func (c *Client) putInput(it *item.Item, cond Condition) *dynamodb.PutItemInput {
	in := &dynamodb.PutItemInput{
		TableName:              aws.String(c.name),
		Item:                   it.SDK(),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes,
	}
	cond.apply(in, c.description.Schema.Partition.Name)
	return in
}
