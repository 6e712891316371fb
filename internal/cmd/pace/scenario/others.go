package scenario

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// Bursts describes another writer. It sends batches at its times, whatever is refused, and never
// sends a refused item again.
type Bursts struct {
	Table          string
	PerSecond      float64 // items, each of one unit, in a burst
	Quiet, On, Off time.Duration
}

// batch is the number of items in a request of another writer.
const batch = 25

// due returns the number of requests to send until a moment: none while it is Quiet, then PerSecond
// for On and none for Off, again and again.
func (b Bursts) due(elapsed time.Duration) int {
	if elapsed <= b.Quiet {
		return 0
	}
	elapsed -= b.Quiet
	rounds := int64(elapsed / (b.On + b.Off))
	sending := time.Duration(rounds)*b.On + min(elapsed%(b.On+b.Off), b.On)
	return int(sending.Seconds() * b.PerSecond / batch)
}

// free returns the units that a table with an empty bucket leaves free over the given time: its
// capacity less what the writer would get alone.
func (b Bursts) free(unitsPerSecond, seconds float64) float64 {
	const perTick = time.Millisecond
	tokens, sent, alone := 0.0, 0, 0.0
	for at := perTick; at.Seconds() <= seconds; at += perTick {
		tokens = min(unitsPerSecond, tokens+perTick.Seconds()*unitsPerSecond)
		for due := b.due(at); sent < due; sent++ {
			accepted := min(batch, math.Floor(tokens))
			tokens -= accepted
			alone += accepted
		}
	}
	return unitsPerSecond*seconds - alone
}

// Loops describes other writers: so many workers, each of which writes a batch, sends what comes
// back until nothing does, and goes on to the next batch, without a pause.
type Loops struct {
	Table   string
	Workers int
}

// Bursts starts another writer, until the next table is made.
func (c *Control) Bursts(b Bursts, _ *struct{}) error {
	go c.burst(c.otherWriter(b.Table), b)
	return nil
}

// Loops starts other writers, until the next table is made.
func (c *Control) Loops(l Loops, _ *struct{}) error {
	ctx := c.otherWriter(l.Table)
	for range l.Workers {
		go c.loop(ctx, l.Table)
	}
	return nil
}

// Refuse has a share of all items returned as unprocessed, at random and whatever the capacity.
func (c *Control) Refuse(share float64, _ *struct{}) error {
	if share == 0 {
		c.db.SetFault(nil)
		return nil
	}
	fault := dynamodesttest.Unprocessed(dynamodesttest.Share(share, 1))
	c.db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault { return fault })
	return nil
}

// leaveAlone stops other writers and refusals.
func (c *Control) leaveAlone() {
	if c.stop != nil {
		c.stop()
	}
	c.stop, c.others = nil, nil
	c.db.SetFault(nil)
}

// otherPrefix begins the keys of other writers.
const otherPrefix = "other-"

// otherWriter returns the context of another writer of a table. What it writes is counted by a limit
// that is never reached.
func (c *Control) otherWriter(table string) context.Context {
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	c.others = c.db.Limit(table, dynamodesttest.Capacity{UnitsPerSecond: 1e9, Keys: keysWith(otherPrefix)})
	return ctx
}

// keysWith picks the items whose partition key begins with a prefix.
func keysWith(prefix string) func([]types.AttributeValue) bool {
	return func(key []types.AttributeValue) bool {
		id, ok := key[0].(*types.AttributeValueMemberS)
		return ok && strings.HasPrefix(id.Value, prefix)
	}
}

// burst sends requests when they are due, until ctx ends.
func (c *Control) burst(ctx context.Context, b Bursts) {
	requests := make([]*dynamodb.BatchWriteItemInput, 40)
	for i := range requests {
		requests[i] = request(b.Table, i*batch)
	}
	ticker := time.NewTicker(time.Duration(batch / b.PerSecond * float64(time.Second)))
	defer ticker.Stop()
	begin := time.Now()
	for sent := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for due := b.due(time.Since(begin)); sent < due; sent++ {
			in := requests[sent%len(requests)]
			go func() { _, _ = c.db.BatchWriteItem(ctx, in) }()
		}
	}
}

// loop writes one batch after the other, until ctx ends. A request that is throttled as a whole is
// sent again.
func (c *Control) loop(ctx context.Context, table string) {
	for ctx.Err() == nil {
		for in := request(table, 0); len(in.RequestItems) > 0 && ctx.Err() == nil; {
			if out, err := c.db.BatchWriteItem(ctx, in); err == nil {
				in = &dynamodb.BatchWriteItemInput{RequestItems: out.UnprocessedItems}
			}
		}
	}
}

// request returns a request that puts a batch of small items, numbered from first.
func request(table string, first int) *dynamodb.BatchWriteItemInput {
	var puts []types.WriteRequest
	for i := range batch {
		puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: map[string]types.AttributeValue{
			"id": &types.AttributeValueMemberS{Value: fmt.Sprint(otherPrefix, first+i)},
		}}})
	}
	return &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: puts}}
}
