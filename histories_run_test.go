package dynamodest_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// run makes the calls and then reads every key.
func (tr *trial) run() {
	for _, round := range tr.rounds {
		var calls sync.WaitGroup
		for _, c := range round {
			calls.Go(func() {
				time.Sleep(c.begins)
				tr.write(c)
			})
		}
		calls.Wait()
	}
	tr.db.ApplyLate()
	for k := range tr.keys {
		tr.read("k" + strconv.Itoa(k))
	}
}

// write makes a call.
func (tr *trial) write(c *trialCall) {
	ctx, cancel := context.WithCancel(context.WithValue(tr.t.Context(), trialCallKey{}, c))
	defer cancel()
	if c.cancel > 0 {
		defer time.AfterFunc(c.cancel, cancel).Stop()
	}
	if c.retries {
		c.keepFailed()
	}
	if c.stream {
		c.sum, c.err = c.dest.WriteSeq(ctx, tr.source(c), func(row dynamodest.Row, r dynamodest.RowResult) error {
			tr.report(c.rows[r.Index], r)
			return nil
		})
		return
	}
	given, rows := tr.tick(), make([]dynamodest.Row, len(c.rows))
	for i, r := range c.rows {
		r.given, rows[i] = given, r.row
	}
	res, err := c.dest.Write(ctx, rows)
	c.sum, c.err = res.Summary, err
	for i, r := range res.Rows {
		tr.report(c.rows[i], r)
	}
}

// keepFailed leaves the rows that the earlier call has not settled for good.
func (c *trialCall) keepFailed() {
	c.rows = slices.DeleteFunc(c.rows, func(r *trialRow) bool {
		before := r.again
		failed := before.result.Outcome == dynamodest.NotWritten || before.result.Outcome == dynamodest.Unknown
		return before.reported == 0 || !failed || errors.Is(before.result.Err, dynamodest.ErrExists)
	})
	for i, r := range c.rows {
		r.index = i
	}
}

func (tr *trial) source(c *trialCall) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		for i, r := range c.rows {
			if c.slow && i%5 == 0 {
				time.Sleep(7 * time.Millisecond)
			}
			if i == c.pauses {
				time.Sleep(time.Minute)
			}
			if r.given = tr.tick(); !yield(r.row, nil) {
				return
			}
		}
	}
}

// report keeps a result, and may read what the table holds for the row's key right then.
func (tr *trial) report(r *trialRow, result dynamodest.RowResult) {
	r.result, r.reported = result, tr.tick()
	if result.Outcome != dynamodest.NotWritten && r.id%2 == 0 {
		tr.read(r.key)
	}
}

// read reads a key.
func (tr *trial) read(key string) {
	r := trialRead{began: tr.tick(), value: absent}
	if item := tr.db.Item(table, key); item != nil {
		r.value = rowOf(item)
	}
	r.ended = tr.tick()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.reads[key] = append(tr.reads[key], r)
}

// trialCallKey is the key of the call in the context of its requests.
type trialCallKey struct{}

// trialClient is a client of the table that records its requests.
type trialClient struct {
	*dynamodesttest.DB
	tr *trial
}

// BatchWriteItem records the request.
func (c trialClient) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	var rows []*trialRow
	for _, w := range in.RequestItems[table] {
		if w.DeleteRequest != nil {
			key := w.DeleteRequest.Key["id"].(*types.AttributeValueMemberS).Value
			rows = append(rows, ctx.Value(trialCallKey{}).(*trialCall).deletes[key])
		} else {
			rows = append(rows, c.tr.rows[rowOf(w.PutRequest.Item)])
		}
	}
	var out *dynamodb.BatchWriteItemOutput
	err := c.tr.send(ctx, rows, func() (err error) {
		out, err = c.DB.BatchWriteItem(ctx, in, opts...)
		return err
	})
	return out, err
}

// PutItem records the request.
func (c trialClient) PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	var out *dynamodb.PutItemOutput
	err := c.tr.send(ctx, []*trialRow{c.tr.rows[rowOf(in.Item)]}, func() (err error) {
		out, err = c.DB.PutItem(ctx, in, opts...)
		return err
	})
	return out, err
}

// send sends a request and records how it went. Requests come to their faults one after another, so
// that each fault knows its request; from there on they overlap.
func (tr *trial) send(ctx context.Context, rows []*trialRow, request func() error) error {
	r := &trialRequest{rows: rows}
	for _, row := range rows {
		row.requests = append(row.requests, r)
	}
	tr.arrival.Lock()
	tr.next = r
	r.began = tr.tick()
	err := request()
	if r.ended = tr.tick(); !r.arrived {
		tr.arrival.Unlock()
	}
	if err != nil && ctx.Err() != nil {
		r.lost = true
	}
	return err
}
