package dynamodest_test

import (
	"maps"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
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
	form   *versionForm             // of kind versions
	before map[string]registerState // the keys that have an item at the start
	calm   int                      // how many of 100 requests meet no fault
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
	trialPuts     trialKind = "puts"     // overwrite or insert items
	trialDeletes  trialKind = "deletes"  // overwrite or delete items
	trialVersions trialKind = "versions" // overwrite items that are not newer
)

// trialKinds are all kinds.
var trialKinds = []trialKind{trialPuts, trialDeletes, trialVersions}

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
	pauses  int           // the index of a row before which the source waits long, as a worker that sleeps
	retries bool          // rows are those of an earlier call, of which it sends the ones that failed

	sum dynamodest.Summary
	err error
}

// trialRow is one row, which says in its attribute "row" which one of the trial it is.
type trialRow struct {
	id          int
	call        *trialCall
	index       int // in its call
	key         string
	row         dynamodest.Row
	delete      bool
	poison      bool      // DynamoDB refuses it
	version     int       // its place in the order of versions
	unversioned bool      // it lacks a version
	again       *trialRow // the row that it is once more

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
		before: map[string]registerState{}, faults: make([]atomic.Int64, len(trialFaults)), reads: map[string][]trialRead{},
	}
	tr.kind = trialKinds[tr.rnd.IntN(len(trialKinds))]
	tr.keys = 1 + tr.rnd.IntN(40)
	tr.calm = []int{100, 90, 70, 50, 30}[tr.rnd.IntN(5)]
	if tr.kind == trialVersions {
		tr.form = &versionForms[tr.rnd.IntN(len(versionForms))]
	} else {
		tr.db.KeepHistory(0)
	}
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
	dest := newDest(tr.t, tr.config())
	for k := range tr.keys {
		if tr.rnd.IntN(4) > 0 {
			continue
		}
		key, state := "k"+strconv.Itoa(k), registerState{value: initialItem}
		row := dynamodest.Row{"id": key, "row": initialItem}
		if tr.form != nil {
			state.version = tr.rnd.IntN(len(tr.form.values))
			row["v"] = tr.form.spell(tr.rnd, state.version)
		}
		item, err := dest.Item(row)
		require.NoError(tr.t, err)
		if tr.form != nil {
			state.version = tr.spoilVersion(item, state.version)
		}
		_, err = tr.db.PutItem(tr.t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: item})
		require.NoError(tr.t, err)
		tr.before[key] = state
	}
}

// start returns what the register of a key holds at the start.
func (tr *trial) start(key string) registerState {
	if before, there := tr.before[key]; there {
		return before
	}
	return registerState{value: absent, version: noVersion}
}

// config is what the Configs of a trial have in common.
func (tr *trial) config() dynamodest.Config {
	cfg := dynamodest.Config{Table: table, Client: trialClient{tr.db, tr}}
	switch tr.kind {
	case trialDeletes:
		cfg.Delete = "gone"
	case trialVersions:
		cfg.Version, cfg.Mapping.Fields = "v", tr.form.fields
	case trialPuts:
	}
	return cfg
}

// newDestination draws a Destination.
func (tr *trial) newDestination() trialDestination {
	cfg := tr.config()
	cfg.Concurrency = 1 + tr.rnd.IntN(16)
	cfg.MaxWait = time.Duration(1+tr.rnd.IntN(20)) * time.Millisecond
	cfg.ReportAsSettled = tr.rnd.IntN(2) == 0
	cfg.Retry = dynamodest.Retry{MaxAttempts: 1 + tr.rnd.IntN(8), MinDelay: time.Millisecond, MaxDelay: 50 * time.Millisecond}
	if tr.kind == trialPuts && tr.rnd.IntN(3) == 0 {
		cfg.Mode = dynamodest.Insert
		cfg.OnExisting = []dynamodest.OnExisting{dynamodest.Overwrite, dynamodest.Skip, dynamodest.Fail}[tr.rnd.IntN(3)]
	}
	return trialDestination{cfg, newDest(tr.t, cfg)}
}

// newCall draws a call.
func (tr *trial) newCall(number int, by trialDestination) *trialCall {
	c := &trialCall{
		trialDestination: by, number: number, deletes: map[string]*trialRow{},
		stream: tr.rnd.IntN(3) > 0, slow: tr.rnd.IntN(3) == 0, pauses: -1,
		begins: time.Duration(tr.rnd.IntN(40)) * time.Millisecond,
	}
	if tr.rnd.IntN(10) == 0 {
		c.cancel = time.Duration(1+tr.rnd.IntN(100)) * time.Millisecond
	}
	if len(tr.rounds) > 0 && tr.rnd.IntN(4) == 0 {
		earlier := tr.rounds[tr.rnd.IntN(len(tr.rounds))]
		tr.retry(c, earlier[tr.rnd.IntN(len(earlier))])
		return c
	}
	n := 1 + tr.rnd.IntN(2*tr.keys)
	if tr.rnd.IntN(4) == 0 {
		c.pauses = tr.rnd.IntN(n)
	}
	for range n {
		r := &trialRow{key: "k" + strconv.Itoa(tr.rnd.IntN(tr.keys)), poison: tr.rnd.IntN(60) == 0}
		tr.add(c, r)
		r.row = dynamodest.Row{"id": r.key, "row": r.id}
		switch tr.kind {
		case trialDeletes:
			tr.drawDelete(r)
		case trialVersions:
			tr.drawVersion(r)
		case trialPuts:
		}
	}
	return c
}

// add adds a row to a call.
func (tr *trial) add(c *trialCall, r *trialRow) {
	r.id, r.call, r.index = len(tr.rows), c, len(c.rows)
	c.rows, tr.rows = append(c.rows, r), append(tr.rows, r)
}

// retry makes c a retry queue, which sends the rows of an earlier call that failed.
func (tr *trial) retry(c, earlier *trialCall) {
	c.retries = true
	for _, before := range earlier.rows {
		r := &trialRow{key: before.key, poison: before.poison, delete: before.delete, version: before.version, unversioned: before.unversioned, again: before}
		tr.add(c, r)
		r.row = maps.Clone(before.row)
		r.row["row"] = r.id
		if r.delete {
			c.deletes[r.key] = r
		}
	}
}

// drawDelete makes a delete of some rows.
func (tr *trial) drawDelete(r *trialRow) {
	if r.delete = tr.rnd.IntN(3) == 0 && r.call.deletes[r.key] == nil; r.delete {
		r.row["gone"], r.call.deletes[r.key] = true, r
	} else if tr.rnd.IntN(2) == 0 {
		r.row["gone"] = false
	}
}
