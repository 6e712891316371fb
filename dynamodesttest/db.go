package dynamodesttest

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// DB is a set of tables in memory that behaves like DynamoDB. It has the methods of
// [*dynamodb.Client] that are listed here, and is an [http.Handler] that a real client can send
// requests to. Both ways go through the SDK's own encoding and decoding, so a test sees the same
// outputs and errors either way.
//
// It is safe for concurrent use. Create one with [New] or [NewTable].
type DB struct {
	client *dynamodb.Client // sends its requests to this DB, in memory

	mu           sync.Mutex
	tables       map[string]*table
	faultHook    func(Call) Fault
	queuedFaults []Fault
	lateWrites   []lateWrite
	history      history
	auth         verifier
	inFlight     int
	maxInFlight  int
	latency      [2]time.Duration
	random       *rand.Rand
	lastCall     int
	lastSeq      int
	lastTick     int

	region        string        // set by SetRegion
	creationDelay time.Duration // negative: until SetStatus
	newTables     *Capacity     // of every table that is created; nil: none
}

// New returns a DB without tables.
func New() *DB {
	db := &DB{tables: map[string]*table{}, history: history{keep: -1, actions: map[string]int{}}}
	db.client = dynamodb.New(dynamodb.Options{
		Region:     Region,
		HTTPClient: transport{db},
		Retryer:    aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDTEST", SecretAccessKey: "test"}, nil
		}),
	})
	return db
}

// CreateTable creates a table, which is ACTIVE at once unless [DB.SetCreationDelay] says otherwise. It
// rejects what DynamoDB rejects, and every setting that the double does not keep.
//
// A vector index rejects items whose vector or search schema is of the wrong form. An item without
// the vector is valid and just does not appear in the index, as recorded of the service by
// https://github.com/paritysuite/dynamodb-conformance. A write that changes an entry costs
// VectorWriteRequestBytes: the name of the vector attribute, four bytes a dimension and the size of
// the other projected attributes, at least 1,024 in all.
func (db *DB) CreateTable(ctx context.Context, in *dynamodb.CreateTableInput, opts ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error) {
	return db.client.CreateTable(ctx, in, opts...)
}

// DescribeTable describes a table.
func (db *DB) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, opts ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return db.client.DescribeTable(ctx, in, opts...)
}

// DeleteTable deletes a table at once, unless the table has deletion protection.
func (db *DB) DeleteTable(ctx context.Context, in *dynamodb.DeleteTableInput, opts ...func(*dynamodb.Options)) (*dynamodb.DeleteTableOutput, error) {
	return db.client.DeleteTable(ctx, in, opts...)
}

// ListTagsOfResource returns the tags of a table.
func (db *DB) ListTagsOfResource(ctx context.Context, in *dynamodb.ListTagsOfResourceInput, opts ...func(*dynamodb.Options)) (*dynamodb.ListTagsOfResourceOutput, error) {
	return db.client.ListTagsOfResource(ctx, in, opts...)
}

// BatchWriteItem puts and deletes items. A delete costs the units of the item that it removes, at least
// one. A delete of an item that is not there succeeds.
func (db *DB) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	return db.client.BatchWriteItem(ctx, in, opts...)
}

// PutItem puts an item. The conditions supported are attribute_exists(name), attribute_not_exists(name) and
// comparisons (=, <>, <, <=, >, >=) of an attribute with a value of type S, N or B, joined by AND and OR,
// with parentheses. As at DynamoDB, a value of another type is neither less nor equal nor greater. A put
// whose condition fails costs the units of the larger of the two items, which [DB.Usage] and [Limit.Usage]
// count and the response does not report.
func (db *DB) PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return db.client.PutItem(ctx, in, opts...)
}

// GetItem reads an item.
func (db *DB) GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return db.client.GetItem(ctx, in, opts...)
}

// Scan reads a page of a table, sorted by key.
func (db *DB) Scan(ctx context.Context, in *dynamodb.ScanInput, opts ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error) {
	return db.client.Scan(ctx, in, opts...)
}

// Items returns a table's items, sorted by key. The caller may keep and change them. It panics if
// the table does not exist.
func (db *DB) Items(table string) []map[string]types.AttributeValue {
	writes := db.Latest(table)
	items := make([]map[string]types.AttributeValue, len(writes))
	for i, w := range writes {
		items[i] = w.Item()
	}
	return items
}

// Item returns the item with the given key, or nil if there is none. The key's values are those
// that [Key] takes. The caller may keep and change the item. It panics if the table does not exist.
func (db *DB) Item(table string, key ...any) map[string]types.AttributeValue {
	t := db.mustTable(table)
	db.mu.Lock()
	row := t.rows[Key(key...)]
	db.mu.Unlock()
	if row == nil {
		return nil
	}
	return attributeMap(parseItem(row.item))
}

// Len returns the number of items in a table. It panics if the table does not exist.
func (db *DB) Len(table string) int {
	t := db.mustTable(table)
	db.mu.Lock()
	defer db.mu.Unlock()
	return len(t.rows)
}

// SetLatency makes every call take a random time between least and most, half of it before the
// write and half after. A call that the client gives up in the first half writes nothing. The
// random numbers come from seed.
func (db *DB) SetLatency(least, most time.Duration, seed uint64) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.latency = [2]time.Duration{least, most}
	db.random = rand.New(rand.NewPCG(seed, seed))
}

// delay returns a random latency for one half of a call.
func (db *DB) delay() time.Duration {
	db.mu.Lock()
	defer db.mu.Unlock()
	least, most := db.latency[0], db.latency[1]
	if most <= least {
		return least / 2
	}
	return (least + time.Duration(db.random.Int64N(int64(most-least)+1))) / 2
}

// wait waits for d, and reports whether ctx is still active.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
