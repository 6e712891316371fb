package dynamodesttest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Region and Account are the AWS Region and the account in the ARN of every table.
const (
	Region  = "us-east-1"
	Account = "123456789012"
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
	about   types.TableDescription

	// Under DB.mu.
	status   types.TableStatus
	rows     map[string]*stored
	order    []string // sorted keys; nil after a key was added or removed
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

// ARN returns the Amazon Resource Name of a table with that name.
func ARN(table string) string {
	return "arn:aws:dynamodb:" + Region + ":" + Account + ":table/" + table
}

// writable reports whether the table accepts reads and writes in its current status.
func (t *table) writable() bool {
	return t.status == types.TableStatusActive || t.status == types.TableStatusUpdating
}

// NewTable returns a DB with one table, whose key is given as for [DB.AddTable].
func NewTable(name string, key ...string) *DB {
	db := New()
	db.AddTable(name, key...)
	return db
}

// AddTable adds an on-demand table with the given key: a partition key and optionally a sort key,
// each as "name:S", "name:N" or "name:B". It panics if DynamoDB would reject the table. Use
// [DB.CreateTable] for everything else.
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
	if _, err := db.createTable(in); err != nil {
		panic(fmt.Sprintf("dynamodesttest: table %s with key %q: %v", name, key, err))
	}
}

var tableName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)

func (db *DB) createTable(in *dynamodb.CreateTableInput) (*types.TableDescription, *apiError) {
	name := aws.ToString(in.TableName)
	if !tableName.MatchString(name) {
		return nil, invalid("Invalid table name: it must be 3 to 255 of a-z, A-Z, 0-9, _, . and -")
	}
	if onDemand := in.BillingMode == types.BillingModePayPerRequest; onDemand != (in.ProvisionedThroughput == nil) {
		return nil, invalid("ReadCapacityUnits and WriteCapacityUnits must be specified when BillingMode is PROVISIONED, and only then")
	}
	var c constraints
	checkVectorModel(&c, in.VectorIndexes)
	if err := c.err(); err != nil {
		return nil, err
	}
	t := &table{
		name: name, arn: ARN(name), status: types.TableStatusActive,
		rows: map[string]*stored{}, attempts: map[string]int{},
	}
	if err := t.readSchema(in); err != nil {
		return nil, err
	}
	t.describeAs(in)
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.tables[name] != nil {
		return nil, apiErrorf("ResourceInUseException", "Table already exists: %s", name)
	}
	db.tables[name] = t
	return t.describe(), nil
}

func (t *table) readSchema(in *dynamodb.CreateTableInput) (err *apiError) {
	kinds, used := map[string]kind{}, map[string]bool{}
	for _, d := range in.AttributeDefinitions {
		switch d.AttributeType {
		case types.ScalarAttributeTypeS, types.ScalarAttributeTypeN, types.ScalarAttributeTypeB:
		default:
			return invalid("Member must satisfy enum value set: [B, N, S] at 'attributeDefinitions'")
		}
		kinds[aws.ToString(d.AttributeName)] = kind(d.AttributeType)
	}
	if t.key, err = readKey(in.KeySchema, kinds, used, 1); err != nil {
		return err
	}
	for _, x := range in.GlobalSecondaryIndexes {
		if err := t.addIndex(aws.ToString(x.IndexName), true, x.KeySchema, x.Projection, kinds, used); err != nil {
			return err
		}
	}
	for _, x := range in.LocalSecondaryIndexes {
		if err := t.addIndex(aws.ToString(x.IndexName), false, x.KeySchema, x.Projection, kinds, used); err != nil {
			return err
		}
		if last := t.indexes[len(t.indexes)-1]; len(t.key) < 2 || last.key[0].name != t.key[0].name {
			return invalidParameter("A local secondary index needs a table with a sort key, and must have the table's partition key")
		}
	}
	if err := t.addVectorIndexes(in, kinds, used); err != nil {
		return err
	}
	if len(used) != len(kinds) {
		return invalidParameter("Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	return nil
}

// readKey reads a key of at most so many partition and sort attributes.
func readKey(schema []types.KeySchemaElement, kinds map[string]kind, used map[string]bool, most int) ([]keyAttr, *apiError) {
	var key []keyAttr
	count := map[types.KeyType]int{}
	for _, e := range schema {
		name := aws.ToString(e.AttributeName)
		count[e.KeyType]++
		hash := e.KeyType == types.KeyTypeHash
		switch {
		case kinds[name] == "":
			return nil, invalidParameter("Some index key attributes are not defined in AttributeDefinitions. Keys: [%s]", name)
		case slices.ContainsFunc(key, func(k keyAttr) bool { return k.name == name }):
			return nil, invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
		case hash && count[types.KeyTypeRange] > 0, !hash && e.KeyType != types.KeyTypeRange:
			return nil, invalid("Invalid KeySchema: HASH elements come first, then RANGE elements")
		}
		used[name] = true
		key = append(key, keyAttr{name, kinds[name], hash})
	}
	if h, r := count[types.KeyTypeHash], count[types.KeyTypeRange]; h < 1 || h > most || r > most {
		return nil, invalid("Invalid KeySchema: at least 1 and at most %d HASH and at most %d RANGE elements are allowed", most, most)
	}
	return key, nil
}

func (t *table) addIndex(name string, global bool, schema []types.KeySchemaElement, p *types.Projection, kinds map[string]kind, used map[string]bool) *apiError {
	most := 1
	if global {
		most = 4 // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html
	}
	key, err := readKey(schema, kinds, used, most)
	switch {
	case err != nil:
		return err
	case !tableName.MatchString(name):
		return invalid("Invalid index name: it must be 3 to 255 of a-z, A-Z, 0-9, _, . and -")
	case t.hasIndex(name):
		return invalidParameter("Duplicate index name: %s", name)
	case p == nil || p.ProjectionType == "":
		return invalidParameter("Unknown ProjectionType: null")
	}
	t.indexes = append(t.indexes, index{
		name: name, global: global, key: key,
		all: p.ProjectionType == types.ProjectionTypeAll, projects: p.NonKeyAttributes,
	})
	return nil
}

// hasIndex reports whether the table has an index of any sort with that name.
func (t *table) hasIndex(name string) bool {
	return slices.ContainsFunc(t.indexes, func(x index) bool { return x.name == name }) ||
		slices.ContainsFunc(t.vectors, func(x vectorIndex) bool { return x.name == name })
}

// tablesMade counts the tables created so far; the table IDs come from it.
var tablesMade atomic.Int64

// A new on-demand table starts with this warm throughput:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
const (
	onDemandReads  = 12_000
	onDemandWrites = 4_000
)

// describeAs sets the part of the table's description that does not change.
func (t *table) describeAs(in *dynamodb.CreateTableInput) {
	t.about = types.TableDescription{
		TableName: &t.name, TableArn: &t.arn,
		TableId:              aws.String(fmt.Sprintf("00000000-0000-4000-8000-%012x", tablesMade.Add(1))),
		CreationDateTime:     aws.Time(time.Now().UTC().Truncate(time.Millisecond)),
		AttributeDefinitions: in.AttributeDefinitions, KeySchema: in.KeySchema,
		ProvisionedThroughput: throughput(in.ProvisionedThroughput),
		OnDemandThroughput:    in.OnDemandThroughput,
	}
	if in.BillingMode == types.BillingModePayPerRequest {
		t.about.BillingModeSummary = &types.BillingModeSummary{BillingMode: in.BillingMode}
		t.about.WarmThroughput = &types.TableWarmThroughputDescription{
			ReadUnitsPerSecond: aws.Int64(onDemandReads), WriteUnitsPerSecond: aws.Int64(onDemandWrites), Status: types.TableStatusActive,
		}
	}
	if w := in.WarmThroughput; w != nil {
		t.about.WarmThroughput = &types.TableWarmThroughputDescription{
			ReadUnitsPerSecond: w.ReadUnitsPerSecond, WriteUnitsPerSecond: w.WriteUnitsPerSecond, Status: types.TableStatusActive,
		}
	}
	for _, x := range in.GlobalSecondaryIndexes {
		t.about.GlobalSecondaryIndexes = append(t.about.GlobalSecondaryIndexes, types.GlobalSecondaryIndexDescription{
			IndexName: x.IndexName, IndexArn: t.indexARN(x.IndexName), IndexStatus: types.IndexStatusActive,
			KeySchema: x.KeySchema, Projection: x.Projection,
			ProvisionedThroughput: throughput(x.ProvisionedThroughput), OnDemandThroughput: x.OnDemandThroughput,
		})
	}
	t.about.VectorIndexes = t.describeVectors(in.VectorIndexes)
	for _, x := range in.LocalSecondaryIndexes {
		t.about.LocalSecondaryIndexes = append(t.about.LocalSecondaryIndexes, types.LocalSecondaryIndexDescription{
			IndexName: x.IndexName, IndexArn: t.indexARN(x.IndexName),
			KeySchema: x.KeySchema, Projection: x.Projection,
		})
	}
}

func (t *table) indexARN(name *string) *string {
	return aws.String(t.arn + "/index/" + aws.ToString(name))
}

func throughput(p *types.ProvisionedThroughput) *types.ProvisionedThroughputDescription {
	d := &types.ProvisionedThroughputDescription{
		NumberOfDecreasesToday: aws.Int64(0), ReadCapacityUnits: aws.Int64(0), WriteCapacityUnits: aws.Int64(0),
	}
	if p != nil {
		d.ReadCapacityUnits, d.WriteCapacityUnits = p.ReadCapacityUnits, p.WriteCapacityUnits
	}
	return d
}

// describe returns the table's description. It is called under DB.mu.
func (t *table) describe() *types.TableDescription {
	about := t.about
	about.TableStatus = t.status
	about.ItemCount = aws.Int64(int64(len(t.rows)))
	about.TableSizeBytes = aws.Int64(t.size)
	return &about
}

// lookup returns the table with that name or ARN, or nil.
func (db *DB) lookup(nameOrARN string) *table {
	name, isARN := strings.CutPrefix(nameOrARN, ARN(""))
	if !isARN && strings.HasPrefix(nameOrARN, "arn:") {
		return nil
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.tables[name]
}

// SetStatus sets the status of a table. Only ACTIVE and UPDATING tables accept reads and writes. It
// panics if the table does not exist.
func (db *DB) SetStatus(table string, status types.TableStatus) {
	t := db.mustTable(table)
	db.mu.Lock()
	defer db.mu.Unlock()
	t.status = status
}

// Usage returns the write units that writes to the table have consumed so far, without those of its
// indexes, and the write units of the items that a [Limit] refused. It panics if the table does not
// exist.
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
