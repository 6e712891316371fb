package dynamodesttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Limits on the indexes of a table:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-secondary-indexes
const (
	maxGlobalIndexes       = 20
	maxLocalIndexes        = 5
	maxProjectedAttributes = 100 // named in projections, over all indexes of a table
)

// maxMultiKey is the largest number of partition attributes, and of sort attributes, in the key of a
// global secondary index:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html
const maxMultiKey = 4

// createTable creates a table. The elsewhere flag is set for a request to another Region.
func (db *DB) createTable(in *dynamodb.CreateTableInput, elsewhere bool) (*types.TableDescription, *apiError) {
	if in.TableName == nil {
		return nil, invalid("The parameter 'TableName' is required but was not present in the request")
	}
	if err := checkTableName(*in.TableName); err != nil {
		return nil, err
	}
	region := db.regionOf()
	name, here := tableNamed(*in.TableName, region)
	if elsewhere || !here {
		return nil, unsupported("a table in another Region or account than those of the DB")
	}
	for _, check := range []func(*dynamodb.CreateTableInput) *apiError{
		checkSupported, checkModel, checkThroughput, checkSettings,
	} {
		if err := check(in); err != nil {
			return nil, err
		}
	}
	t := &table{
		name: name, arn: arn(region, name), status: types.TableStatusActive, tags: in.Tags,
		rows: map[string]*stored{}, deleted: map[string]int{}, attempts: map[string]int{},
	}
	if err := t.readSchema(in); err != nil {
		return nil, err
	}
	t.describeAs(in, region)
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.tables[name] != nil {
		return nil, apiErrorf(codeInUse, "Table already exists: %s", name)
	}
	if db.creationDelay != 0 {
		t.status = types.TableStatusCreating
	}
	if db.creationDelay > 0 {
		t.activeAt = time.Now().Add(db.creationDelay)
	}
	if db.newTables != nil {
		t.limits = append(t.limits, db.newLimit(t, *db.newTables))
	}
	db.tables[name] = t
	return t.describe(), nil
}

// checkSupported rejects the settings that DynamoDB has and the double does not.
func checkSupported(in *dynamodb.CreateTableInput) *apiError {
	switch {
	case in.GlobalTableSettingsReplicationMode != "":
		return unsupported("GlobalTableSettingsReplicationMode")
	case in.GlobalTableSourceArn != nil:
		return unsupported("GlobalTableSourceArn")
	case in.ResourcePolicy != nil:
		return unsupported("ResourcePolicy: nobody is denied access")
	}
	return nil
}

// checkModel checks the members of a CreateTable one by one.
func checkModel(in *dynamodb.CreateTableInput) *apiError {
	var c constraints
	c.present("attributeDefinitions", in.AttributeDefinitions != nil)
	for i, d := range in.AttributeDefinitions {
		path := member("attributeDefinitions", i)
		c.length(path+".attributeName", d.AttributeName, 1, maxKeyNameSize)
		c.enum(path+".attributeType", string(d.AttributeType), true, "B", "N", "S")
	}
	c.keySchema("keySchema", in.KeySchema, 2)
	for i, x := range in.GlobalSecondaryIndexes {
		path := member("globalSecondaryIndexes", i)
		c.name(path+".indexName", x.IndexName)
		c.keySchema(path+".keySchema", x.KeySchema, 2*maxMultiKey)
		c.projection(path+".projection", x.Projection)
		c.throughput(path+".provisionedThroughput", x.ProvisionedThroughput)
		c.warmThroughput(path+".warmThroughput", x.WarmThroughput)
	}
	for i, x := range in.LocalSecondaryIndexes {
		path := member("localSecondaryIndexes", i)
		c.name(path+".indexName", x.IndexName)
		c.keySchema(path+".keySchema", x.KeySchema, 2)
		c.projection(path+".projection", x.Projection)
	}
	c.enum("billingMode", string(in.BillingMode), false, "PROVISIONED", "PAY_PER_REQUEST")
	c.throughput("provisionedThroughput", in.ProvisionedThroughput)
	c.warmThroughput("warmThroughput", in.WarmThroughput)
	if s := in.StreamSpecification; s != nil {
		c.present("streamSpecification.streamEnabled", s.StreamEnabled != nil)
		c.enum("streamSpecification.streamViewType", string(s.StreamViewType), false, "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
	}
	if s := in.SSESpecification; s != nil {
		c.enum("sSESpecification.sSEType", string(s.SSEType), false, "AES256", "KMS")
	}
	c.enum("tableClass", string(in.TableClass), false, "STANDARD", "STANDARD_INFREQUENT_ACCESS")
	for i, tag := range in.Tags {
		c.length(member("tags", i)+".key", tag.Key, 1, maxTagKeyLength)
		c.length(member("tags", i)+".value", tag.Value, 0, maxTagValueLength)
	}
	checkVectorModel(&c, in.VectorIndexes)
	return c.err()
}

// keySchema checks the required key of a table or an index.
func (c *constraints) keySchema(path string, schema []types.KeySchemaElement, most int) {
	if !c.present(path, schema != nil) {
		return
	}
	c.nonEmpty(path, true, len(schema))
	if len(schema) > most {
		elements := make([]string, len(schema))
		for i, e := range schema {
			elements[i] = fmt.Sprintf("KeySchemaElement(attributeName=%s, keyType=%s)", aws.ToString(e.AttributeName), e.KeyType)
		}
		c.add("'["+strings.Join(elements, ", ")+"]'", path, "Member must have length less than or equal to %d", most)
	}
	for i, e := range schema {
		c.length(member(path, i)+".attributeName", e.AttributeName, 1, maxKeyNameSize)
		c.enum(member(path, i)+".keyType", string(e.KeyType), true, "HASH", "RANGE")
	}
}

func (c *constraints) throughput(path string, p *types.ProvisionedThroughput) {
	if p != nil {
		c.positive(path+".writeCapacityUnits", p.WriteCapacityUnits)
		c.positive(path+".readCapacityUnits", p.ReadCapacityUnits)
	}
}

func (c *constraints) warmThroughput(path string, w *types.WarmThroughput) {
	if w == nil {
		return
	}
	for name, n := range map[string]*int64{".readUnitsPerSecond": w.ReadUnitsPerSecond, ".writeUnitsPerSecond": w.WriteUnitsPerSecond} {
		if n != nil {
			c.positive(path+name, n)
		}
	}
}

// readSchema sets the keys and the indexes of a table.
func (t *table) readSchema(in *dynamodb.CreateTableInput) (err *apiError) {
	kinds, used := map[string]kind{}, map[string]bool{}
	for _, d := range in.AttributeDefinitions {
		name := *d.AttributeName
		if kinds[name] != "" {
			return invalidParameter("Duplicate AttributeName in AttributeDefinitions: %s", name)
		}
		kinds[name] = kind(d.AttributeType)
	}
	if t.key, err = readKey(in.KeySchema, kinds, used, 1); err != nil {
		return err
	}
	if err := t.addLocalIndexes(in, kinds, used); err != nil {
		return err
	}
	if err := t.addGlobalIndexes(in, kinds, used); err != nil {
		return err
	}
	if err := t.addVectorIndexes(in, kinds, used); err != nil {
		return err
	}
	switch projected := t.projectedAttributes(); {
	case projected > maxProjectedAttributes:
		return invalidParameter("Number of attributes projected into indexes, %d, exceeds the per-table limit of %d", projected, maxProjectedAttributes)
	case len(used) == len(kinds):
		return nil
	case len(t.indexes)+len(t.vectors) == 0:
		return invalidParameter("Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	default:
		return invalidParameter("Some AttributeDefinitions are not used. AttributeDefinitions: %s, keys used: %s", names(kinds), names(used))
	}
}

func names[V any](m map[string]V) string {
	return "[" + strings.Join(slices.Sorted(maps.Keys(m)), ", ") + "]"
}

// projectedAttributes returns the number of attributes that the projections name. In a vector index
// the vector and the inline filters count too.
func (t *table) projectedAttributes() int {
	n := 0
	for _, x := range t.indexes {
		n += len(x.projects)
	}
	for _, x := range t.vectors {
		n += len(x.projects) + 1
		for _, k := range x.key {
			if !k.hash {
				n++
			}
		}
	}
	return n
}

// readKey reads a key of at most so many partition attributes, and as many sort attributes.
func readKey(schema []types.KeySchemaElement, kinds map[string]kind, used map[string]bool, most int) ([]keyAttr, *apiError) {
	if len(schema) > len(kinds) {
		return nil, invalid("Invalid KeySchema: Some index key attribute have no definition")
	}
	var key []keyAttr
	count := map[types.KeyType]int{}
	for i, e := range schema {
		name, hash := *e.AttributeName, e.KeyType == types.KeyTypeHash
		count[e.KeyType]++
		switch {
		case kinds[name] == "":
			return nil, invalidParameter("Some index key attributes are not defined in AttributeDefinitions. Keys: [%s], AttributeDefinitions: %s", name, names(kinds))
		case slices.ContainsFunc(key, func(k keyAttr) bool { return k.name == name }):
			return nil, invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
		case i == 0 && !hash:
			return nil, invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
		case hash && count[types.KeyTypeHash] > most && most == 1:
			return nil, invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
		case hash && count[types.KeyTypeRange] > 0:
			return nil, invalid("Invalid KeySchema: HASH elements come first, then RANGE elements")
		case count[e.KeyType] > most:
			return nil, invalid("Invalid KeySchema: at most %d HASH and at most %d RANGE elements are allowed", most, most)
		}
		used[name] = true
		key = append(key, keyAttr{name, kinds[name], hash})
	}
	return key, nil
}

func (t *table) addLocalIndexes(in *dynamodb.CreateTableInput, kinds map[string]kind, used map[string]bool) *apiError {
	switch n := len(in.LocalSecondaryIndexes); {
	case in.LocalSecondaryIndexes == nil:
		return nil
	case n == 0:
		return invalidParameter("List of LocalSecondaryIndexes is empty")
	case n > maxLocalIndexes:
		return invalidParameter("Number of LocalSecondaryIndexes exceeds per-table limit of %d", maxLocalIndexes)
	case len(t.key) < 2:
		return invalidParameter("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	}
	for _, x := range in.LocalSecondaryIndexes {
		key, err := readKey(x.KeySchema, kinds, used, 1)
		switch {
		case err != nil:
			return err
		case len(key) < 2:
			return invalidParameter("Index KeySchema does not have a range key for index: %s", *x.IndexName)
		case key[0].name != t.key[0].name:
			return invalidParameter("Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. index hash key: %s, table hash key: %s", *x.IndexName, key[0].name, t.key[0].name)
		}
		if err := t.addIndex(index{name: *x.IndexName, key: key}, x.Projection); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) addGlobalIndexes(in *dynamodb.CreateTableInput, kinds map[string]kind, used map[string]bool) *apiError {
	switch n := len(in.GlobalSecondaryIndexes); {
	case in.GlobalSecondaryIndexes == nil:
		return nil
	case n == 0:
		return invalidParameter("List of GlobalSecondaryIndexes is empty")
	case n > maxGlobalIndexes:
		return invalidParameter("GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobalIndexes)
	}
	for _, x := range in.GlobalSecondaryIndexes {
		key, err := readKey(x.KeySchema, kinds, used, maxMultiKey)
		if err != nil {
			return err
		}
		if err := t.addIndex(index{name: *x.IndexName, global: true, key: key}, x.Projection); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) addIndex(x index, p *types.Projection) *apiError {
	if err := checkProjection(p); err != nil {
		return err
	}
	if t.hasIndex(x.name) {
		return invalidParameter("Duplicate index name: %s", x.name)
	}
	x.all, x.projects = p.ProjectionType == types.ProjectionTypeAll, p.NonKeyAttributes
	t.indexes = append(t.indexes, x)
	return nil
}

// hasIndex reports whether the table has an index of any sort with that name.
func (t *table) hasIndex(name string) bool {
	return slices.ContainsFunc(t.indexes, func(x index) bool { return x.name == name }) ||
		slices.ContainsFunc(t.vectors, func(x vectorIndex) bool { return x.name == name })
}
