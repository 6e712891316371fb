package dynamodest_test

import (
	"context"
	"iter"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// trial is a few calls, some after each other and some at the same time, that write to a few keys of
// one table, and everything that a client of the table sees of it.
type trial struct {
	t    *testing.T
	seed uint64
	rnd  *rand.Rand // of the trial's own goroutine
	db   *dynamodesttest.DB

	kind   trialKind
	keys   int
	before map[string]bool // the keys that have an item at the start
	calm   int             // how many of 100 requests meet no fault
	rows   []*trialRow
	rounds [][]*trialCall // the calls of a round begin after those of the round before have returned

	clock   atomic.Int64  // orders everything that happens
	arrival sync.Mutex    // held by the request that is between the client and its fault
	next    *trialRequest // that request

	faults []atomic.Int64 // how often each of trialFaults was met

	mu    sync.Mutex
	reads map[string][]trialRead
}

// trialKind is what the rows of a trial do.
type trialKind string

const (
	trialPuts    trialKind = "puts"    // overwrite or insert items
	trialDeletes trialKind = "deletes" // overwrite or delete items
)

// trialKinds are all kinds.
var trialKinds = []trialKind{trialPuts, trialDeletes}

// trialDestination is a Destination, which several calls may share.
type trialDestination struct {
	cfg  dynamodest.Config
	dest *dynamodest.Destination
}

// conditional reports whether rows are inserted only where there is no item.
func (d trialDestination) conditional() bool {
	return d.cfg.OnExisting == dynamodest.Skip || d.cfg.OnExisting == dynamodest.Fail
}

// trialCall is one call of Write or WriteSeq.
type trialCall struct {
	trialDestination
	number  int
	rows    []*trialRow
	deletes map[string]*trialRow // by key: at most one, since the request of a delete names no row
	stream  bool
	begins  time.Duration // after the round has begun
	cancel  time.Duration // after the call has begun; 0 = never
	slow    bool          // the source waits between rows
}

// trialRow is one row, which says in its attribute "row" which one of the trial it is.
type trialRow struct {
	id     int
	call   *trialCall
	index  int // in its call
	key    string
	row    dynamodest.Row
	delete bool
	poison bool // DynamoDB refuses it

	given    int64
	reported int64 // 0 = never
	result   dynamodest.RowResult
	requests []*trialRequest // those that carried it
}

// trialRequest is one request, as its client sees it.
type trialRequest struct {
	rows         []*trialRow
	began, ended int64
	arrived      bool // at its fault
	fault        string
	lost         bool // its answer leaves open what became of its rows
}

// trialRead is the value that was read from a register.
type trialRead struct {
	began, ended int64
	value        int
}

func (tr *trial) tick() int64 { return tr.clock.Add(1) }

func newTrial(t *testing.T, seed uint64) *trial {
	tr := &trial{
		t: t, seed: seed, rnd: rand.New(rand.NewPCG(seed, 7)), db: dynamodesttest.NewTable(table, "id:S"),
		before: map[string]bool{}, faults: make([]atomic.Int64, len(trialFaults)), reads: map[string][]trialRead{},
	}
	tr.kind = trialKinds[tr.rnd.IntN(len(trialKinds))]
	tr.keys = 1 + tr.rnd.IntN(40)
	tr.calm = []int{100, 90, 70, 50, 30}[tr.rnd.IntN(5)]
	tr.db.KeepHistory(0)
	tr.db.SetLatency(time.Millisecond, 12*time.Millisecond, seed)
	tr.putBefore()
	tr.db.SetFault(tr.fault)
	dests := []trialDestination{tr.newDestination(), tr.newDestination()}
	for n := 0; n < maxCalls-2; {
		round := make([]*trialCall, 1+tr.rnd.IntN(3))
		for i := range round {
			round[i] = tr.newCall(n, dests[tr.rnd.IntN(len(dests))])
			n++
		}
		tr.rounds = append(tr.rounds, round)
	}
	return tr
}

// putBefore writes the items that are there before the calls.
func (tr *trial) putBefore() {
	if tr.rnd.IntN(2) == 0 {
		return
	}
	for k := range tr.keys {
		if tr.rnd.IntN(4) == 0 {
			key := "k" + strconv.Itoa(k)
			_, err := tr.db.PutItem(tr.t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: map[string]types.AttributeValue{
				"id": &types.AttributeValueMemberS{Value: key}, "row": &types.AttributeValueMemberN{Value: strconv.Itoa(initialItem)},
			}})
			require.NoError(tr.t, err)
			tr.before[key] = true
		}
	}
}

// start returns the value of a key at the start.
func (tr *trial) start(key string) int {
	if tr.before[key] {
		return initialItem
	}
	return absent
}

// newDestination draws a Destination.
func (tr *trial) newDestination() trialDestination {
	cfg := dynamodest.Config{
		Table: table, Client: trialClient{tr.db, tr},
		Concurrency:     1 + tr.rnd.IntN(16),
		MaxWait:         time.Duration(1+tr.rnd.IntN(20)) * time.Millisecond,
		ReportAsSettled: tr.rnd.IntN(2) == 0,
		Retry: dynamodest.Retry{
			MaxAttempts: 1 + tr.rnd.IntN(8), MinDelay: time.Millisecond, MaxDelay: 50 * time.Millisecond,
		},
	}
	switch {
	case tr.kind == trialDeletes:
		cfg.Delete = "gone"
	case tr.rnd.IntN(3) == 0:
		insert := modes[1+tr.rnd.IntN(len(modes)-1)]
		cfg.Mode, cfg.OnExisting = insert.Mode, insert.OnExisting
	}
	return trialDestination{cfg, newDest(tr.t, cfg)}
}

// newCall draws a call.
func (tr *trial) newCall(number int, by trialDestination) *trialCall {
	c := &trialCall{
		trialDestination: by, number: number, deletes: map[string]*trialRow{}, stream: tr.rnd.IntN(3) > 0, slow: tr.rnd.IntN(3) == 0,
		begins: time.Duration(tr.rnd.IntN(40)) * time.Millisecond,
	}
	if tr.rnd.IntN(10) == 0 {
		c.cancel = time.Duration(1+tr.rnd.IntN(100)) * time.Millisecond
	}
	for i := range 1 + tr.rnd.IntN(2*tr.keys) {
		r := &trialRow{
			id: len(tr.rows), call: c, index: i, key: "k" + strconv.Itoa(tr.rnd.IntN(tr.keys)),
			poison: tr.rnd.IntN(60) == 0,
		}
		r.row = dynamodest.Row{"id": r.key, "row": r.id}
		if tr.kind == trialDeletes {
			tr.drawDelete(r)
		}
		c.rows, tr.rows = append(c.rows, r), append(tr.rows, r)
	}
	return c
}

// drawDelete makes a delete of some rows.
func (tr *trial) drawDelete(r *trialRow) {
	if r.delete = tr.rnd.IntN(3) == 0 && r.call.deletes[r.key] == nil; r.delete {
		r.row["gone"], r.call.deletes[r.key] = true, r
	} else if tr.rnd.IntN(2) == 0 {
		r.row["gone"] = false
	}
}

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
	if c.stream {
		_, _ = c.dest.WriteSeq(ctx, tr.source(c), func(row dynamodest.Row, r dynamodest.RowResult) error {
			tr.report(c.rows[r.Index], r)
			return nil
		})
		return
	}
	given, rows := tr.tick(), make([]dynamodest.Row, len(c.rows))
	for i, r := range c.rows {
		r.given, rows[i] = given, r.row
	}
	res, _ := c.dest.Write(ctx, rows)
	for i, r := range res.Rows {
		tr.report(c.rows[i], r)
	}
}

func (tr *trial) source(c *trialCall) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		for i, r := range c.rows {
			if c.slow && i%5 == 0 {
				time.Sleep(7 * time.Millisecond)
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
