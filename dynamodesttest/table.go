package dynamodesttest

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Limits on keys:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxHashKeySize  = 2048
	maxRangeKeySize = 1024
)

// keyAttr is an attribute of a table's or an index's key.
type keyAttr struct {
	name string
	kind kind
	hash bool
}

func (k keyAttr) maxSize() int {
	if k.hash {
		return maxHashKeySize
	}
	return maxRangeKeySize
}

// index is a secondary index.
type index struct {
	name     string
	global   bool
	key      []keyAttr
	all      bool     // projects every attribute
	projects []string // otherwise these, in addition to the keys of the table and the index
}

// table is a table and its contents. The fields before the comment "Under DB.mu" do not change.
type table struct {
	name    string
	arn     string
	key     []keyAttr
	indexes []index
	vectors []vectorIndex
	tags    []types.Tag
	about   types.TableDescription

	// Under DB.mu.
	status   types.TableStatus
	activeAt time.Time // when a CREATING table becomes ACTIVE; zero: only by SetStatus
	rows     map[string]*stored
	deleted  map[string]int // number of writes of each key that was deleted and not put again
	order    []string       // sorted keys; nil after a key was added or removed
	size     int64
	limits   []*Limit
	written  float64        // write units
	refused  float64        // by a Limit of the table, an index or a range of keys
	attempts map[string]int // number of calls that carried a key, counted while there is a fault hook
}

// stored is an item in a table, and the write that put it there. It is immutable: a put replaces
// it.
type stored struct {
	key  string
	item string // the JSON that DynamoDB would return: smaller than a map, and nobody can modify it
	size int

	writeSize int // what a write of the item is charged for
	seq       int
	call      int
	puts      int
	late      bool
}

// writable reports whether the table accepts reads and writes in its current status. It is called
// under DB.mu.
func (t *table) writable() bool {
	status := t.currentStatus()
	return status == types.TableStatusActive || status == types.TableStatusUpdating
}

// currentStatus returns the status, which changes by itself when the creation delay is over. It is
// called under DB.mu.
func (t *table) currentStatus() types.TableStatus {
	if t.status == types.TableStatusCreating && !t.activeAt.IsZero() && !time.Now().Before(t.activeAt) {
		t.status = types.TableStatusActive
	}
	return t.status
}

// NewTable returns a DB with one table, whose key is given as for [DB.AddTable].
func NewTable(name string, key ...string) *DB {
	db := New()
	db.AddTable(name, key...)
	return db
}

// AddTable adds an on-demand table with the given key: a partition key and optionally a sort key,
// each as "name:S", "name:N" or "name:B". The table is ACTIVE at once. It panics if DynamoDB would
// reject the table. Use [DB.CreateTable] for everything else.
func (db *DB) AddTable(name string, key ...string) {
	in := &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest}
	for i, k := range key {
		attribute, kind, _ := strings.Cut(k, ":")
		role := types.KeyTypeHash
		if i > 0 {
			role = types.KeyTypeRange
		}
		in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: &attribute, KeyType: role})
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{
			AttributeName: &attribute, AttributeType: types.ScalarAttributeType(kind),
		})
	}
	if _, err := db.createTable(in, false); err != nil {
		panic(fmt.Sprintf("dynamodesttest: table %s with key %q: %v", name, key, err))
	}
	db.SetStatus(name, types.TableStatusActive)
}

// SetStatus sets the status of a table. Only ACTIVE and UPDATING tables accept reads and writes. It
// panics if the table does not exist.
func (db *DB) SetStatus(table string, status types.TableStatus) {
	t := db.mustTable(table)
	db.mu.Lock()
	defer db.mu.Unlock()
	t.status, t.activeAt = status, time.Time{}
}

// SetCreationDelay makes tables that [DB.CreateTable] creates from now on CREATING for that time,
// as at DynamoDB: they are described, but not yet read or written. A negative delay lasts until
// [DB.SetStatus] sets the table's status. The default is 0: tables are ACTIVE at once. Under
// testing/synctest the delay is in virtual time.
func (db *DB) SetCreationDelay(d time.Duration) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.creationDelay = d
}

// Usage returns the write units that writes to the table have consumed so far, without those of its
// indexes, and the write units of the items that a [Limit] refused. A put whose condition failed counts
// as a write. It panics if the table does not exist.
func (db *DB) Usage(table string) (written, refused float64) {
	t := db.mustTable(table)
	db.mu.Lock()
	defer db.mu.Unlock()
	return t.written, t.refused
}

// mustTable returns the table with that name or ARN. It panics if the table does not exist, which
// is a mistake in the test.
func (db *DB) mustTable(name string) *table {
	t := db.lookup(name)
	if t == nil {
		panic("dynamodesttest: no table " + name)
	}
	return t
}
