package dynamodest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The operations that write, as DynamoDB names them.
const (
	opBatchWriteItem = "BatchWriteItem"
	opPutItem        = "PutItem"
)

// errGoroutineEnded is the cause for rows whose request's goroutine ended
// without an answer, as when a fake client calls a test's FailNow.
var errGoroutineEnded = errors.New("the goroutine of the request ended without an answer")

// send sends one request with the rows of a and notes in a what came of it. When
// the request is over it calls over, and touches a no more. It is the only place
// that writes to the table. The request is given up when ctx ends, and is not
// begun when start has ended. A hook, the Limiter or the client may end the
// goroutine: what a says holds at any moment, and launch has set its stop for
// that.
func (d *Destination) send(ctx, start context.Context, a *answer, over func()) {
	b := a.batch
	if err := d.limit(start, b); err != nil {
		a.done, a.stop = time.Now(), err
		return
	}
	req := Request{Op: b.op(), Rows: len(b.jobs), Bytes: b.bytes}
	observed := d.observer.start(ctx, req)
	limited, cancel := withDeadline(observed)
	defer cancel()
	began := time.Now()
	a.attempted, a.verdict = true, &verdict{reason: ErrUnavailable, action: actStop, maybe: true, err: errGoroutineEnded}
	var x exchange
	var err error
	if req.Op == opPutItem {
		err = d.put(limited, &x, a)
	} else {
		err = d.batchWrite(limited, &x, a)
	}
	a.done = time.Now()
	resp := Response{Request: req, Elapsed: a.done.Sub(began), Unprocessed: len(a.unprocessed), WriteUnits: a.writeUnits}
	if err != nil {
		v := classify(err, x.seen(ctx, limited), len(b.jobs), req.Op)
		var stop error
		if v.action == actStop || v.action == actResend {
			stop = d.stopError(ctx, req.Op, v)
		}
		a.verdict, a.stop = &v, stop
		resp.Reason, resp.Err = v.reason, v.err
	} else {
		a.verdict, a.stop = nil, nil
	}
	over()
	d.observer.done(observed, resp)
}

// errNoAnswer is an answer that does not tell what became of the rows.
type errNoAnswer string

func (e errNoAnswer) Error() string { return string(e) }

// batchWrite sends the rows by BatchWriteItem.
func (d *Destination) batchWrite(ctx context.Context, x *exchange, a *answer) error {
	puts := make([]types.WriteRequest, len(a.jobs))
	for i, j := range a.jobs {
		puts[i].PutRequest = &types.PutRequest{Item: j.item.attributeMap()}
	}
	out, err := d.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
		RequestItems:           map[string][]types.WriteRequest{d.table: puts},
		ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes,
	}, x.options)
	switch {
	case err != nil:
		return present(err)
	case out == nil || out.UnprocessedItems == nil && x.overWire(out.ResultMetadata):
		// DynamoDB always sends the map: this is no answer of DynamoDB's.
		return errNoAnswer("the answer has no UnprocessedItems")
	}
	for i := range out.ConsumedCapacity {
		a.consumed(&out.ConsumedCapacity[i])
	}
	var strange int
	a.unprocessed, strange = d.unprocessed(a.jobs, out.UnprocessedItems)
	if strange > 0 {
		// Which rows they mean cannot be told, so none is known to be written.
		a.unprocessed = nil
		return errNoAnswer(fmt.Sprintf("UnprocessedItems names %d items that are not of the request", strange))
	}
	return nil
}

// unprocessed matches the items handed back to the rows, by key: DynamoDB
// gives them in any order and spells their numbers as it likes. It also counts
// the entries that match no row.
func (d *Destination) unprocessed(jobs []*job, handed map[string][]types.WriteRequest) (rows map[*job]bool, strange int) {
	n := 0
	for _, list := range handed {
		n += len(list)
	}
	if n == 0 {
		return nil, 0
	}
	byKey := make(map[string]*job, len(jobs))
	for _, j := range jobs {
		byKey[j.item.key] = j
	}
	rows = make(map[*job]bool, n)
	for _, list := range handed {
		for _, w := range list {
			if j := d.matchUnprocessed(jobs, byKey, rows, w); j != nil {
				rows[j] = true
			} else {
				strange++
			}
		}
	}
	return rows, strange
}

// matchUnprocessed returns the row that w hands back, or nil; matched are those
// handed back already.
func (d *Destination) matchUnprocessed(jobs []*job, byKey map[string]*job, matched map[*job]bool, w types.WriteRequest) *job {
	switch {
	case w.PutRequest == nil:
		return nil
	case !d.info.known: // compare whole items; equal ones may be there
		for _, j := range jobs {
			if !matched[j] && j.item.equalTo(w.PutRequest.Item) {
				return j
			}
		}
		return nil
	}
	key, ok := keyIdentity(d.info.schema, w.PutRequest.Item)
	if !ok {
		return nil
	}
	return byKey[key]
}

// put sends one row by PutItem.
func (d *Destination) put(ctx context.Context, x *exchange, a *answer) error {
	j := a.jobs[0]
	in := &dynamodb.PutItemInput{
		TableName:              aws.String(d.table),
		Item:                   j.item.attributeMap(),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes,
	}
	if d.conditional() {
		in.ConditionExpression = aws.String("attribute_not_exists(#key)")
		in.ExpressionAttributeNames = map[string]string{"#key": d.info.schema.partition.name}
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	}
	out, err := d.client.PutItem(ctx, in, x.options)
	switch err = present(err); {
	case err != nil:
		a.same = compareExisting(j.item, err)
		return err
	case out == nil || out.ConsumedCapacity == nil && x.empty(out.ResultMetadata):
		return errNoAnswer("the answer is empty")
	}
	a.consumed(out.ConsumedCapacity)
	return nil
}

// compareExisting says what a failed condition showed of the item in the way.
func compareExisting(it *item, err error) existing {
	var failed *types.ConditionalCheckFailedException
	switch {
	case !errors.As(err, &failed) || len(failed.Item) == 0:
		return notShown
	case it.equalTo(failed.Item):
		return equalItem
	}
	return otherItem
}

// consumed adds the capacity that DynamoDB says the request took.
func (a *answer) consumed(c *types.ConsumedCapacity) {
	if c == nil {
		return
	}
	total := aws.ToFloat64(c.CapacityUnits)
	a.writeUnits += total
	if c.Table != nil {
		total = aws.ToFloat64(c.Table.CapacityUnits)
	}
	a.tableUnits += total
}

// limit asks the caller's Limiter for the rows of b. It returns an error if
// the request is not to be sent.
func (d *Destination) limit(ctx context.Context, b *batch) error {
	if d.limiter != nil {
		d.observer.wait(ctx, Wait{For: waitLimit, Rows: len(b.jobs)})
		for _, j := range b.jobs {
			if err := d.limiter.WaitN(ctx, j.item.units()); err != nil && ctx.Err() == nil {
				return &callbackError{who: "the Limiter", err: err}
			}
		}
		b.sent = time.Now()
	}
	if ctx.Err() != nil {
		return stopCause(ctx)
	}
	return nil
}
