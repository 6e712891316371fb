package transport

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/dynamodest/dynamodest/internal/item"
)

// call is a request of one operation, whose body the library encodes, and the response to it.
type call interface {
	operation() *operation
	size() int                                                     // of the body, in bytes
	encode(dst []byte) []byte                                      // appends the body
	bySDK(ctx context.Context, o ...func(*dynamodb.Options)) error // makes a call of the SDK, which decodes the response
	output() smithy.Deserializable                                 // what the SDK's decoder sets
	scan(body []byte) bool                                         // reads a response that says no more than that all was written, and what it cost
}

// do encodes and sends the request of k: directly if c and the request allow that, else by a call of the SDK.
func (c *Client) do(ctx context.Context, t *trace, k call) error {
	body := newPayload(k)
	defer body.free()
	if p := c.built.poster; p != nil {
		if posted, err := p.post(ctx, t, k, body); posted {
			return err
		}
	}
	return k.bySDK(ctx, t.options, body.replaceBody)
}

// batchCall is a call of BatchWriteItem.
type batchCall struct {
	c     *Client
	items []*item.Item
	r     *Result // what scan sets
	out   dynamodb.BatchWriteItemOutput
}

// callBatch sends a BatchWriteItem request by the way that c has. If scan has read the response, the capacity that it
// shows is in r already, and the output has none.
func (c *Client) callBatch(ctx context.Context, t *trace, items []*item.Item, r *Result) (*dynamodb.BatchWriteItemOutput, error) {
	if c.built == nil {
		return c.api.BatchWriteItem(ctx, c.batchInput(items), t.options)
	}
	k := &batchCall{c: c, items: items, r: r}
	if err := c.do(ctx, t, k); err != nil {
		return nil, err
	}
	return &k.out, nil
}

func (k *batchCall) operation() *operation { return k.c.batchWriteItem }

func (k *batchCall) size() int {
	size := item.EnvelopeSize(k.c.name) + max(0, len(k.items)-1) // commas
	for _, it := range k.items {
		size += it.EncodedSize
	}
	return size
}

func (k *batchCall) encode(dst []byte) []byte {
	dst = append(dst, `{"RequestItems":{`...)
	dst, _ = item.AppendQuoted(dst, k.c.name)
	dst = append(dst, ":["...)
	for i, it := range k.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = it.AppendJSON(dst)
	}
	return append(dst, `]},"ReturnConsumedCapacity":"INDEXES"}`...)
}

func (k *batchCall) bySDK(ctx context.Context, options ...func(*dynamodb.Options)) error {
	// The SDK checks that the input is complete, and may choose the host by the table.
	shell := &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{k.c.name: {}}}
	out, err := k.c.api.BatchWriteItem(ctx, shell, options...)
	if out != nil {
		k.out = *out
	}
	return err
}

func (k *batchCall) output() smithy.Deserializable { return &k.out }

// allWritten is the UnprocessedItems of a response that has none. It is shared, and only read.
var allWritten = map[string][]types.WriteRequest{}

func (k *batchCall) scan(body []byte) bool {
	scanned := scanBatch(body, k.r)
	if scanned {
		k.out.UnprocessedItems = allWritten
	}
	return scanned
}

// putCall is a call of PutItem.
type putCall struct {
	c    *Client
	item *item.Item
	cond Condition
	r    *Result // what scan sets
	out  dynamodb.PutItemOutput
}

// callPut is callBatch for a PutItem request.
func (c *Client) callPut(ctx context.Context, t *trace, it *item.Item, cond Condition, r *Result) (*dynamodb.PutItemOutput, error) {
	if c.built == nil {
		return c.api.PutItem(ctx, c.putInput(it, cond), t.options)
	}
	k := &putCall{c: c, item: it, cond: cond, r: r}
	if err := c.do(ctx, t, k); err != nil {
		return nil, err
	}
	return &k.out, nil
}

func (k *putCall) operation() *operation { return k.c.putItem }

// putExtra is room for what a PutItem request has beside the item and the table's name, in bytes.
const putExtra = 512

func (k *putCall) size() int { return k.item.EncodedSize + len(k.c.name) + putExtra }

func (k *putCall) encode(dst []byte) []byte {
	dst = append(dst, `{"TableName":`...)
	dst, _ = item.AppendQuoted(dst, k.c.name)
	dst = append(dst, `,"Item":`...)
	dst = k.item.AppendAttributes(dst)
	dst = append(dst, `,"ReturnConsumedCapacity":"INDEXES"`...)
	return append(k.cond.appendJSON(dst, k.item, k.c.description.Schema.Partition.Name), '}')
}

func (k *putCall) bySDK(ctx context.Context, options ...func(*dynamodb.Options)) error {
	shell := &dynamodb.PutItemInput{TableName: aws.String(k.c.name), Item: map[string]types.AttributeValue{}}
	out, err := k.c.api.PutItem(ctx, shell, options...)
	if out != nil {
		k.out = *out
	}
	return err
}

func (k *putCall) output() smithy.Deserializable { return &k.out }

func (k *putCall) scan(body []byte) bool { return scanPut(body, k.r) }

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
