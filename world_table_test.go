package dynamodest_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest/internal/tabletest"
)

// requestTime is how long a request to a worldTable takes: half of it on the way there.
const requestTime = 10 * time.Millisecond

// bucket is a token bucket: units flow in at a rate, up to what it holds.
type bucket struct {
	rate, holds, level float64
	window             time.Duration // of metering: the units of a window come at its start; 0 = steadily
	at                 time.Duration // of the last refill
}

func (b *bucket) refill(now time.Duration) {
	if b.window > 0 {
		now -= now % b.window
	}
	if now > b.at {
		b.level = min(b.holds, b.level+(now-b.at).Seconds()*b.rate)
		b.at = now
	}
}

// has reports whether n units are there.
func (b *bucket) has(n float64) bool { return b.level >= n-1e-9 }

// noise is refusals at random, which nothing of ours causes.
type noise struct {
	requests, items float64       // share of the requests refused whole, and of the items
	from, to        time.Duration // to 0 = always
}

// second is what happened to the items that arrived in a second.
type second struct{ applied, refused, foreign int }

// peerCount counts the items of one of our processes.
type peerCount struct{ applied, refused, requests int }

// worldTable is a table in virtual time, of which our items and those of others draw in the order in
// which they arrive. Each item costs one unit. It remembers how many items it took, and none of them.
type worldTable struct {
	world *world
	began time.Time

	mu      sync.Mutex
	random  *rand.Rand
	all     bucket
	ranges  []bucket
	steps   []step // still to come
	rivals  []rival
	seconds []second
	peers   []peerCount
}

func newWorldTable(w *world, seed uint64) *worldTable {
	wt := &worldTable{
		world: w, began: time.Now(), random: rand.New(rand.NewPCG(seed, 1)), steps: w.steps, peers: make([]peerCount, max(1, w.peers)),
		all: bucket{rate: w.capacity, holds: w.capacity * w.keeps(), level: w.capacity * w.credit, window: w.window},
	}
	for _, rate := range w.ranges {
		wt.ranges = append(wt.ranges, bucket{rate: rate, holds: rate})
	}
	if w.rivals != nil {
		wt.rivals = w.rivals(seed)
	}
	return wt
}

// advance lets the items of others that arrive before now draw, and then the capacity be what it is now.
func (wt *worldTable) advance(now time.Duration) {
	for {
		var soonest rival
		at, items := now, 0
		for _, r := range wt.rivals {
			if next, n := r.next(); next < at {
				soonest, at, items = r, next, n
			}
		}
		wt.refill(at)
		if soonest == nil {
			return
		}
		taken := 0
		for taken < items && wt.all.has(1) {
			wt.all.level--
			taken++
		}
		if s := wt.second(at); s != nil {
			s.foreign += taken
		}
		soonest.advance()
	}
}

// refill fills the buckets up to now, changing the capacity at its steps.
func (wt *worldTable) refill(now time.Duration) {
	for len(wt.steps) > 0 && wt.steps[0].at <= now {
		wt.all.refill(wt.steps[0].at)
		wt.all.rate = wt.steps[0].capacity
		wt.all.holds = wt.all.rate * wt.world.keeps()
		wt.all.level = min(wt.all.level, wt.all.holds)
		wt.steps = wt.steps[1:]
	}
	wt.all.refill(now)
	for i := range wt.ranges {
		wt.ranges[i].refill(now)
	}
}

// second is the count of the second in which now is; nil after the end of the world.
func (wt *worldTable) second(now time.Duration) *second {
	if wt.world.runs > 0 && now >= wt.world.runs {
		return nil
	}
	for len(wt.seconds) <= int(now/time.Second) {
		wt.seconds = append(wt.seconds, second{})
	}
	return &wt.seconds[now/time.Second]
}

// refused returns which items of a request of ours the table refuses, in order.
func (wt *worldTable) refused(peer int, puts []types.WriteRequest) []types.WriteRequest {
	now := time.Since(wt.began)
	wt.mu.Lock()
	defer wt.mu.Unlock()
	wt.advance(now)
	p := wt.world.noise
	if p.to > 0 && (now < p.from || now >= p.to) {
		p = noise{}
	}
	var back []types.WriteRequest
	switch {
	case p.requests > 0 && wt.random.Float64() < p.requests, wt.world.whole && !wt.all.has(float64(len(puts))):
		back = puts
	default:
		for _, put := range puts {
			if p.items > 0 && wt.random.Float64() < p.items || !wt.take(put) {
				back = append(back, put)
			}
		}
	}
	if s := wt.second(now); s != nil {
		s.applied += len(puts) - len(back)
		s.refused += len(back)
		wt.peers[peer].applied += len(puts) - len(back)
		wt.peers[peer].refused += len(back)
		wt.peers[peer].requests++
	}
	return back
}

// take takes the units of an item if they are there.
func (wt *worldTable) take(put types.WriteRequest) bool {
	if !wt.all.has(1) {
		return false
	}
	if wt.world.rangeOf != nil {
		id, _ := put.PutRequest.Item["id"].(*types.AttributeValueMemberS)
		row, _ := strconv.Atoi(id.Value)
		if i := wt.world.rangeOf(row); i >= 0 {
			if !wt.ranges[i].has(1) {
				return false
			}
			wt.ranges[i].level--
		}
	}
	wt.all.level--
	return true
}

// halfway sleeps for half of a request's time.
func (wt *worldTable) halfway() {
	half := requestTime / 2
	if wt.world.jitters {
		wt.mu.Lock()
		half = time.Duration(float64(half) * (0.8 + 0.4*wt.random.Float64()))
		wt.mu.Unlock()
	}
	time.Sleep(half)
}

// worldClient is the client of one of our processes.
type worldClient struct {
	table *worldTable
	peer  int
}

func (c worldClient) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	told := func(units int64) *types.ProvisionedThroughputDescription {
		if units == 0 {
			return nil
		}
		return &types.ProvisionedThroughputDescription{WriteCapacityUnits: aws.Int64(units)}
	}
	w := c.table.world
	d := &types.TableDescription{
		KeySchema: tabletest.KeySchema(1, "id"), AttributeDefinitions: tabletest.Definitions("id", "S"), ProvisionedThroughput: told(w.told),
	}
	if w.toldIndex > 0 {
		d.GlobalSecondaryIndexes = []types.GlobalSecondaryIndexDescription{
			{IndexName: aws.String("by_id"), KeySchema: tabletest.KeySchema(1, "id"), ProvisionedThroughput: told(w.toldIndex)},
		}
	}
	return &dynamodb.DescribeTableOutput{Table: d}, nil
}

func (c worldClient) BatchWriteItem(_ context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	puts := in.RequestItems[table]
	c.table.halfway()
	back := c.table.refused(c.peer, puts)
	c.table.halfway()
	switch len(back) {
	case 0:
		return &dynamodb.BatchWriteItemOutput{}, nil
	case len(puts):
		return nil, &types.ProvisionedThroughputExceededException{}
	}
	return &dynamodb.BatchWriteItemOutput{UnprocessedItems: map[string][]types.WriteRequest{table: back}}, nil
}

func (c worldClient) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	c.table.halfway()
	back := c.table.refused(c.peer, []types.WriteRequest{{PutRequest: &types.PutRequest{Item: in.Item}}})
	c.table.halfway()
	if len(back) > 0 {
		return nil, &types.ProvisionedThroughputExceededException{}
	}
	return &dynamodb.PutItemOutput{}, nil
}

// The others draw at their times, and what they get alone is not free.
func TestWorldTable(t *testing.T) {
	t.Parallel()
	alone := func(w world) (perSecond []int) {
		wt := newWorldTable(&w, 1)
		wt.advance(w.runs)
		for _, s := range wt.seconds {
			perSecond = append(perSecond, s.foreign)
		}
		return perSecond
	}
	burst := world{capacity: 2000, runs: 6 * time.Second, rivals: bursts(3000, time.Second, 2*time.Second)}
	assert.Equal(t, []int{1999, 0, 0, 3000}, alone(burst))
	assert.Equal(t, []int{499, 500, 500}, alone(world{capacity: 2000, runs: 3 * time.Second, rivals: steadily(500)}))
	assert.Equal(t, []int{99, 298}, alone(world{
		capacity: 100, steps: []step{{time.Second, 300}}, runs: 2 * time.Second, rivals: loops(1),
	}))
}
