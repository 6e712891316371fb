package transport

import (
	"cmp"
	"context"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// The operations, as DynamoDB names them.
const (
	DescribeTable  = "DescribeTable"
	BatchWriteItem = "BatchWriteItem"
	PutItem        = "PutItem"
)

// requestTimeout is how long one request may take, its response included. The SDK itself sets no
// such bound.
const requestTimeout = 30 * time.Second

// API is the part of [*dynamodb.Client] that a [Client] uses. A fake may implement it, and a
// wrapper may drop the options of a call.
type API interface {
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
}

// Client sends requests for one table. It is safe for use by many goroutines at once.
//
// Each of its methods sends one request, once, and gives up when ctx ends or after 30 seconds. ctx
// may be any context that a hook has returned; ended returns the error of the caller's own context.
// The end of the caller's context is a failure of reason Stopped, any other end is one of reason
// Unavailable.
//
// Each returns the ID that DynamoDB gave the request; "" without a response, and with a fake client.
type Client struct {
	api         API
	built       *Built // api, if the library has built it and encodes the bodies of requests; nil otherwise
	name        string // of the table, or its ARN
	maxBody     int64  // bytes of a response's body that are read at most
	description table.Description

	batchWriteItem, putItem *operation // nil unless they are posted
}

// New returns a Client for the table of that name or ARN.
func New(api API, name string) *Client {
	c := &Client{api: api, name: name, maxBody: maxBody}
	if built, ok := api.(*Built); ok && built.way != Inputs {
		c.built = built
		if built.way == Direct {
			c.batchWriteItem, c.putItem = newBatchWriteItem(), newPutItem()
		}
	}
	return c
}

// Encodes reports whether c encodes the bodies of its requests, so that items may hold JSON alone.
func (c *Client) Encodes() bool { return c.built != nil }

// WithDescription returns a copy of c for the table that d describes. Items sent by the copy have
// the Key that d's schema gives them; without a description items are compared whole.
func (c *Client) WithDescription(d table.Description) *Client {
	described := *c
	described.description = d
	return &described
}

// Result is what a response says of the items of a request. A failed request may have one too.
type Result struct {
	Unprocessed []bool  // which of the items came back unprocessed; nil if none did
	TableUnits  float64 // write units charged to the table alone; 0 if not reported; an estimate if a condition failed
	WriteUnits  float64 // write units charged, those of indexes included; 0 if not reported; an estimate if a condition failed
	VectorBytes float64 // bytes charged for writes to vector indexes; 0 if not reported
	Existing    Existing
	RequestID   string // as the methods of a Client without a Result return it
}

// Describe requests the table's description. A fake may return none, but a response over the wire
// that does not describe the table's keys is not DynamoDB's.
func (c *Client) Describe(ctx context.Context, ended func() error) (d table.Description, requestID string, failure *fault.Failure) {
	foreign := false
	requestID, failure = c.send(ctx, ended, DescribeTable, 0, func(ctx context.Context, t *trace) error {
		out, err := c.api.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(c.name)}, t.options)
		if err != nil || out == nil {
			return replaceUnsafe(err)
		}
		d = table.Parse(out.Table)
		foreign = !(d.Known && d.Schema.Typed()) && t.overWire(out.ResultMetadata)
		return nil
	})
	if foreign {
		failure = &fault.Failure{Reason: fault.Unavailable, Err: errInconclusive("the response describes no table with its keys, so it is not DynamoDB's")}
	}
	return d, requestID, failure
}

// WriteBatch puts and deletes items by one BatchWriteItem request. No two may have the same key, if keys are
// known.
func (c *Client) WriteBatch(ctx context.Context, ended func() error, items []*item.Item) (Result, *fault.Failure) {
	var r Result
	id, failure := c.send(ctx, ended, BatchWriteItem, len(items), func(ctx context.Context, t *trace) error {
		return c.batchWrite(ctx, t, items, &r)
	})
	r.RequestID = id
	return r, failure
}

// Put puts it by one PutItem request, if cond holds.
func (c *Client) Put(ctx context.Context, ended func() error, it *item.Item, cond Condition) (Result, *fault.Failure) {
	var r Result
	id, failure := c.send(ctx, ended, PutItem, 1, func(ctx context.Context, t *trace) error {
		return c.put(ctx, t, it, cond, &r)
	})
	r.RequestID = id
	return r, failure
}

// send makes one request of op with so many items within requestTimeout, and classifies its error. A
// request whose context has ended, or the caller's, is not handed to the client.
func (c *Client) send(ctx context.Context, ended func() error, op string, items int, request func(context.Context, *trace) error) (requestID string, failure *fault.Failure) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	t := trace{maxBody: c.maxBody}
	if c.built != nil && c.built.poster != nil {
		t.skew = c.built.poster.skew
	}
	err, withheld := cmp.Or(ended(), ctx.Err()), true
	if err == nil {
		err, withheld = request(ctx, &t), false
	}
	if err == nil {
		return t.requestID(), nil
	}
	p := t.progress(ctx, ended)
	p.withheld = withheld
	classified := classify(err, p, items, op)
	return t.requestID(), &classified
}

// withDeadline returns the context for one request.
func withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, requestTimeout, errDeadline)
}

func (c *Client) batchWrite(ctx context.Context, t *trace, items []*item.Item, r *Result) error {
	out, err := c.callBatch(ctx, t, items, r)
	switch {
	case err != nil:
		return replaceUnsafe(err)
	case out == nil || out.UnprocessedItems == nil && t.overWire(out.ResultMetadata):
		// DynamoDB always sends the map, so this is no response of DynamoDB's.
		return errInconclusive("the response has no UnprocessedItems")
	}
	for i := range out.ConsumedCapacity {
		r.consume(&out.ConsumedCapacity[i])
	}
	unprocessed, strangers := c.unprocessed(items, out.UnprocessedItems)
	if strangers > 0 {
		// They may stand for any of the items, so none is known to be written.
		return errInconclusive("UnprocessedItems has %d items that are not in the request", strangers)
	}
	r.Unprocessed = unprocessed
	return nil
}

// unprocessed marks the items that came back, and counts the entries that match no item. DynamoDB
// returns items in any order and spells their numbers as it likes.
func (c *Client) unprocessed(items []*item.Item, returned map[string][]types.WriteRequest) (marked []bool, strangers int) {
	n := 0
	for _, writes := range returned {
		n += len(writes)
	}
	if n == 0 {
		return nil, 0
	}
	byKey := make(map[string]int, len(items))
	for i, it := range items {
		byKey[it.Key] = i
	}
	marked = make([]bool, len(items))
	for _, writes := range returned {
		for _, w := range writes {
			if i := c.matchUnprocessed(items, byKey, marked, w); i >= 0 {
				marked[i] = true
			} else {
				strangers++
			}
		}
	}
	return marked, strangers
}

// matchUnprocessed returns the index of the item that w returns, or -1. It compares keys or, where
// the table's keys are not known, whole items, of which it takes one that is not marked yet.
func (c *Client) matchUnprocessed(items []*item.Item, byKey map[string]int, marked []bool, w types.WriteRequest) int {
	var attributes map[string]types.AttributeValue
	switch {
	case (w.PutRequest == nil) == (w.DeleteRequest == nil):
		return -1
	case w.DeleteRequest != nil:
		attributes = w.DeleteRequest.Key
	default:
		attributes = w.PutRequest.Item
	}
	if !c.description.Known {
		for i, it := range items { // equal items may be among them
			if !marked[i] && it.Delete == (w.DeleteRequest != nil) && it.EqualSDK(attributes) {
				return i
			}
		}
		return -1
	}
	key, ok := c.description.Schema.Identity(attributes)
	if !ok {
		return -1
	}
	if i, ok := byKey[key]; ok && items[i].Delete == (w.DeleteRequest != nil) {
		return i
	}
	return -1
}

func (c *Client) put(ctx context.Context, t *trace, it *item.Item, cond Condition, r *Result) error {
	out, err := c.callPut(ctx, t, it, cond, r)
	switch {
	case err != nil:
		err = replaceUnsafe(err)
		r.failedCondition(it, cond, err)
		return err
	case out == nil || out.ConsumedCapacity == nil && t.emptyBody(out.ResultMetadata):
		return errInconclusive("the response is empty")
	}
	r.consume(out.ConsumedCapacity)
	return nil
}

// consume adds the capacity that DynamoDB reports for the request.
func (r *Result) consume(c *types.ConsumedCapacity) {
	if c == nil {
		return
	}
	total := finite(c.CapacityUnits)
	r.WriteUnits += total
	if c.Table != nil {
		total = finite(c.Table.CapacityUnits)
	}
	r.TableUnits += total
	for _, index := range c.VectorIndexes {
		r.VectorBytes += finite(index.VectorWriteRequestBytes)
	}
}

// finite returns the number that a response reports; 0 for none and for NaN and infinities, which a fake
// or a server that is not DynamoDB may report and JSON cannot hold.
func finite(reported *float64) float64 {
	if f := aws.ToFloat64(reported); !math.IsNaN(f) && !math.IsInf(f, 0) {
		return f
	}
	return 0
}
