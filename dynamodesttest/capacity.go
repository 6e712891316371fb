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

// Capacity is how many write units a table, an index or a range of keys takes.
// It is a bucket of units, into which UnitsPerSecond flow. An item for which it
// has not enough is handed back as unprocessed; a call in which no item fits
// fails as a whole, as DynamoDB's does.
type Capacity struct {
	// UnitsPerSecond flow into the bucket.
	UnitsPerSecond float64
	// Burst is the time in which an empty bucket fills, default one second.
	// DynamoDB's is at most 300 seconds.
	Burst time.Duration
	// Full starts the bucket full and not empty.
	Full bool
	// Index is the secondary index whose units these are, "" for the table's.
	Index string
	// Keys, if not nil, picks the items that it is for, by the values of the
	// table's key: a hot range of keys. See [PartitionKeys] and [HashRange]. It
	// must not call the DB.
	Keys func(key []types.AttributeValue) bool
	// Code is the error of a call in which no item fits: by default
	// "ProvisionedThroughputExceededException", or "ThrottlingException".
	Code string
}

// PartitionKeys picks the items of these partition keys, each given as for [Key].
func PartitionKeys(values ...any) func([]types.AttributeValue) bool {
	set := map[string]bool{}
	for _, v := range values {
		set[Key(v)] = true
	}
	return func(key []types.AttributeValue) bool { return set[Key(key[0])] }
}

// HashRange picks the items whose partition key's hash is in [from, to), where
// the hashes are spread over [0, 1).
func HashRange(from, to float64) func([]types.AttributeValue) bool {
	return func(key []types.AttributeValue) bool {
		hash := fnv.New64a()
		_, _ = hash.Write([]byte(Key(key[0])))
		// FNV leaves the high bits of short keys alike; the product spreads them.
		at := float64(hash.Sum64()*0x9E3779B97F4A7C15>>11) / (1 << 53)
		return from <= at && at < to
	}
}

// Limit is a [Capacity] in force.
type Limit struct {
	db       *DB
	t        *table
	about    Capacity
	tokens   float64
	at       time.Time
	accepted float64
	refused  float64
}

// Limit puts a capacity in force for a table. There may be several; an item
// must fit in all that are for it. It panics if the table or the index is not
// there, or UnitsPerSecond is not positive.
func (db *DB) Limit(table string, c Capacity) *Limit {
	t := db.mustTable(table)
	if c.Index != "" && !slices.ContainsFunc(t.indexes, func(x index) bool { return x.name == c.Index }) {
		panic("dynamodesttest: no index " + c.Index)
	}
	c.Burst = cmp.Or(c.Burst, time.Second)
	c.Code = cmp.Or(c.Code, codeThroughput)
	l := &Limit{db: db, t: t, about: c, at: time.Now()}
	l.mustBePositive(c.UnitsPerSecond)
	if c.Full {
		l.tokens = l.size()
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	t.limits = append(t.limits, l)
	return l
}

func (l *Limit) mustBePositive(unitsPerSecond float64) {
	if !(unitsPerSecond > 0) {
		panic("dynamodesttest: UnitsPerSecond must be positive")
	}
}

// Set changes the units per second from now on. What the bucket holds stays,
// as far as it still has room.
func (l *Limit) Set(unitsPerSecond float64) {
	l.mustBePositive(unitsPerSecond)
	l.db.mu.Lock()
	defer l.db.mu.Unlock()
	l.refill()
	l.about.UnitsPerSecond = unitsPerSecond
	l.tokens = min(l.tokens, l.size())
}

// Usage returns the units written and the units refused so far.
func (l *Limit) Usage() (written, refused float64) {
	l.db.mu.Lock()
	defer l.db.mu.Unlock()
	return l.accepted, l.refused
}

// size is what the bucket holds.
func (l *Limit) size() float64 { return l.about.UnitsPerSecond * l.about.Burst.Seconds() }

func (l *Limit) refill() {
	now := time.Now()
	l.tokens = math.Min(l.size(), l.tokens+now.Sub(l.at).Seconds()*l.about.UnitsPerSecond)
	l.at = now
}

// fits says whether that many units can be had now. A full bucket gives more
// than it holds, and owes it: else a large item would never fit.
func (l *Limit) fits(units float64) bool { return l.tokens >= units || l.tokens >= l.size() }

// asks is what a put would take from the bucket.
func (l *Limit) asks(p *put, o *outcome, key []types.AttributeValue) float64 {
	if l.about.Keys != nil && !l.about.Keys(key) {
		return 0
	}
	if l.about.Index == "" {
		return o.units
	}
	for i := range o.index {
		if p.t.indexes[i].name == l.about.Index {
			return o.index[i]
		}
	}
	return 0
}

// take takes a put's units from every limit that it falls under, or from none,
// and gives those that have not enough. It is called under DB.mu.
func (p *put) take(o *outcome) (short []*Limit) {
	var key []types.AttributeValue
	asked := make([]float64, len(p.t.limits))
	for i, l := range p.t.limits {
		if l.about.Keys != nil && key == nil {
			for _, v := range splitKey(p.key) {
				key = append(key, v.attributeValue())
			}
		}
		l.refill()
		asked[i] = l.asks(p, o, key)
		if asked[i] > 0 && !l.fits(asked[i]) {
			l.refused += asked[i]
			short = append(short, l)
		}
	}
	if short != nil {
		return short
	}
	for i, l := range p.t.limits {
		l.tokens -= asked[i]
		l.accepted += asked[i]
	}
	return nil
}

// throttled is the error of a call in which no item fitted.
func throttled(outcomes []outcome) *apiError {
	code := codeThroughput
	var reasons []types.ThrottlingReason
	for i := range outcomes {
		for _, l := range outcomes[i].refusals {
			code = l.about.Code
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

// reason is why the limit refused, in DynamoDB's words:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/throttling-diagnosing-workflow.html
func (l *Limit) reason() types.ThrottlingReason {
	what, resource, why := "Table", l.t.arn, "ProvisionedThroughputExceeded"
	if l.about.Index != "" {
		what, resource = "Index", l.t.arn+"/index/"+l.about.Index
	}
	if l.about.Keys != nil {
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
