package dynamodesttest

import (
	"cmp"
	"hash/fnv"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Capacity is the write capacity of a table, an index or a range of keys. It is a token bucket that
// refills at UnitsPerSecond. An item that exceeds it is returned as unprocessed; a call in which no
// item fits fails as a whole, as at DynamoDB.
type Capacity struct {
	// UnitsPerSecond is the rate at which the bucket refills, in write units.
	UnitsPerSecond float64
	// Provisioned sets UnitsPerSecond to the write capacity units that [DB.CreateTable] provisioned
	// for the table or the index.
	Provisioned bool
	// Burst is the time in which an empty bucket fills. The default is one second. DynamoDB's is at
	// most 300 seconds.
	Burst time.Duration
	// Full starts with a full bucket. The default is an empty one.
	Full bool
	// Index is the name of the secondary index that the capacity is for. The default is the table
	// itself.
	Index string
	// Keys, if not nil, picks the items that the capacity is for, by the values of the table's key:
	// a hot range of keys. See [PartitionKeys] and [HashRange]. It must not call the DB.
	Keys func(key []types.AttributeValue) bool
	// Code is the error code of a call in which no item fits:
	// "ProvisionedThroughputExceededException", which is the default, or "ThrottlingException".
	Code string
}

// PartitionKeys picks the items with one of these partition keys, each a value that [Key] takes.
func PartitionKeys(values ...any) func([]types.AttributeValue) bool {
	set := map[string]bool{}
	for _, v := range values {
		set[Key(v)] = true
	}
	return func(key []types.AttributeValue) bool { return set[Key(key[0])] }
}

// HashRange picks the items whose partition key has a hash in [from, to). Hashes are spread evenly
// over [0, 1).
func HashRange(from, to float64) func([]types.AttributeValue) bool {
	return func(key []types.AttributeValue) bool {
		hash := fnv.New64a()
		_, _ = hash.Write([]byte(Key(key[0])))
		// FNV hashes of short keys share their high bits; the multiplication spreads them.
		at := float64(hash.Sum64()*0x9E3779B97F4A7C15>>11) / (1 << 53)
		return from <= at && at < to
	}
}

// Limit is a [Capacity] in force.
type Limit struct {
	db       *DB
	t        *table
	capacity Capacity
	tokens   float64
	at       time.Time
	accepted float64
	refused  float64
}

// Limit adds a limit on the write capacity of a table. A table may have several limits; an item
// must fit into all limits that apply to it. It panics if the table or the index does not exist, if
// UnitsPerSecond is not positive, or if Provisioned is set for a table that is on-demand.
func (db *DB) Limit(table string, c Capacity) *Limit {
	t := db.mustTable(table)
	if c.Index != "" && !slices.ContainsFunc(t.indexes, func(x index) bool { return x.name == c.Index }) {
		panic("dynamodesttest: no index " + c.Index)
	}
	if c.Provisioned {
		c.UnitsPerSecond = t.provisioned(c.Index)
	}
	l := db.newLimit(t, c)
	db.mu.Lock()
	defer db.mu.Unlock()
	t.limits = append(t.limits, l)
	return l
}

// LimitNewTables limits the write capacity of every table that is created from now on, as [DB.Limit] does for
// one. Another call replaces the capacity. It panics if c is for an index, if Provisioned is set, or if
// UnitsPerSecond is not positive.
func (db *DB) LimitNewTables(c Capacity) {
	if c.Index != "" || c.Provisioned {
		panic("dynamodesttest: LimitNewTables takes no Index and no Provisioned")
	}
	mustBePositive(c.UnitsPerSecond)
	db.mu.Lock()
	defer db.mu.Unlock()
	db.newTables = &c
}

// newLimit returns c, which is for t, in force from now on.
func (db *DB) newLimit(t *table, c Capacity) *Limit {
	mustBePositive(c.UnitsPerSecond)
	c.Burst = cmp.Or(c.Burst, time.Second)
	c.Code = cmp.Or(c.Code, codeThroughput)
	l := &Limit{db: db, t: t, capacity: c, at: time.Now()}
	if c.Full {
		l.tokens = l.size()
	}
	return l
}

// provisioned returns the write capacity units of the table, or of a global secondary index. A local
// secondary index has those of its table.
func (t *table) provisioned(index string) float64 {
	p := t.about.ProvisionedThroughput
	for _, x := range t.about.GlobalSecondaryIndexes {
		if *x.IndexName == index {
			p = x.ProvisionedThroughput
		}
	}
	if t.about.BillingModeSummary != nil {
		panic("dynamodesttest: table " + t.name + " is on-demand: nothing is provisioned")
	}
	return float64(*p.WriteCapacityUnits)
}

func mustBePositive(unitsPerSecond float64) {
	if !(unitsPerSecond > 0) {
		panic("dynamodesttest: UnitsPerSecond must be positive")
	}
}

// Set changes the units per second from now on. The bucket keeps its units, up to its new size.
func (l *Limit) Set(unitsPerSecond float64) {
	mustBePositive(unitsPerSecond)
	l.db.mu.Lock()
	defer l.db.mu.Unlock()
	l.refill()
	l.capacity.UnitsPerSecond = unitsPerSecond
	l.tokens = min(l.tokens, l.size())
}

// Usage returns the write units that were written and refused under this limit so far. A put whose
// condition failed counts as written.
func (l *Limit) Usage() (written, refused float64) {
	l.db.mu.Lock()
	defer l.db.mu.Unlock()
	return l.accepted, l.refused
}

// size returns the number of units that the full bucket holds.
func (l *Limit) size() float64 { return l.capacity.UnitsPerSecond * l.capacity.Burst.Seconds() }

func (l *Limit) refill() {
	now := time.Now()
	l.tokens = math.Min(l.size(), l.tokens+now.Sub(l.at).Seconds()*l.capacity.UnitsPerSecond)
	l.at = now
}

// fits reports whether the bucket can serve that many units now. A full bucket serves any number
// and goes into debt; otherwise a large item would never fit.
func (l *Limit) fits(units float64) bool { return l.tokens >= units || l.tokens >= l.size() }

// unitsFor returns the units that a put takes from the bucket.
func (l *Limit) unitsFor(p *put, res *putResult, key []types.AttributeValue) float64 {
	if l.capacity.Keys != nil && !l.capacity.Keys(key) {
		return 0
	}
	if l.capacity.Index == "" {
		return res.units
	}
	for i := range res.index {
		if p.t.indexes[i].name == l.capacity.Index {
			return res.index[i]
		}
	}
	return 0
}

// take takes a put's units from every limit that applies to it. If some of these limits do not have
// enough units, it takes nothing and returns those limits. It is called under DB.mu.
func (p *put) take(res *putResult) (exceeded []*Limit) {
	var key []types.AttributeValue
	wanted := make([]float64, len(p.t.limits))
	for i, l := range p.t.limits {
		if l.capacity.Keys != nil && key == nil {
			for _, v := range splitKey(p.key) {
				key = append(key, v.attributeValue())
			}
		}
		l.refill()
		wanted[i] = l.unitsFor(p, res, key)
		if wanted[i] > 0 && !l.fits(wanted[i]) {
			l.refused += wanted[i]
			exceeded = append(exceeded, l)
		}
	}
	if exceeded != nil {
		return exceeded
	}
	for i, l := range p.t.limits {
		l.tokens -= wanted[i]
		l.accepted += wanted[i]
	}
	return nil
}

// throttled returns the error of a call in which no item fitted.
func throttled(results []putResult) *apiError {
	code := codeThroughput
	var reasons []types.ThrottlingReason
	for i := range results {
		for _, l := range results[i].exceeded {
			code = l.capacity.Code
			reason := l.reason()
			if !slices.ContainsFunc(reasons, func(r types.ThrottlingReason) bool {
				return *r.Reason == *reason.Reason && *r.Resource == *reason.Resource
			}) {
				reasons = append(reasons, reason)
			}
		}
	}
	return throttlingError(code, reasons)
}

// reason returns the reason for throttling as DynamoDB states it:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/throttling-diagnosing-workflow.html
func (l *Limit) reason() types.ThrottlingReason {
	what, resource, why := "Table", l.t.arn, "ProvisionedThroughputExceeded"
	if l.capacity.Index != "" {
		what, resource = "Index", l.t.arn+"/index/"+l.capacity.Index
	}
	if l.capacity.Keys != nil {
		why = "KeyRangeThroughputExceeded"
	}
	return types.ThrottlingReason{Reason: aws.String(what + "Write" + why), Resource: &resource}
}

func throttlingError(code string, reasons []types.ThrottlingReason) *apiError {
	err := &apiError{status: http.StatusBadRequest, code: code, message: "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API."}
	if code != codeThroughput {
		err.message = "Throughput exceeds the current capacity of your table or index"
	}
	if len(reasons) == 0 {
		return err
	}
	member := "ThrottlingReasons"
	if code == codeThrottling {
		member = "throttlingReasons"
	}
	b := append([]byte(`,"`+member+`":`), '[')
	for i, r := range reasons {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"reason":`...), *r.Reason)
		b = append(appendString(append(b, `,"resource":`...), *r.Resource), '}')
	}
	err.members = string(append(b, ']'))
	return err
}
