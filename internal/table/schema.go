// Package table reads the description of a table that DescribeTable returns: the keys of the table and
// its indexes, the vectors of its vector indexes, what the indexes hold of an item, whether the table takes writes,
// and at what rate.
//
// It imports item and fault, and the SDK's types. It knows neither mappings nor requests.
package table

import (
	"fmt"
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// The longest key values, in bytes, by their role in the table or index.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	MaxPartitionKey = 2048
	MaxSortKey      = 1024
)

// Schema is the keys of a table and of its indexes, and the vectors of its vector indexes.
type Schema struct {
	Partition Key
	Sort      Key     // zero if the table has no sort key
	Indexes   []Index // secondary indexes, and vector indexes that have a partition key
	Filters   []Key   // attributes that vector indexes filter by
	Vectors   []Vector
}

// Key is an attribute whose type the table declares: a key of the table or of an index, or a filter
// of a vector index.
type Key struct {
	Name     string
	Kind     item.Kind // S, N or B; None if a fake does not describe it
	MaxBytes int       // 2,048 for a partition key, 1,024 for a sort key; 0 if no limit is known
	Role     string    // "partition key", "sort key", or with an index: "key of index NAME"
}

// Index is the key of an index. An item that lacks any of the key attributes is not in the index, and
// the limits of the others do not apply to it.
type Index struct {
	Name string
	Keys []Key
}

// NewSchema returns the schema of a table without indexes, whose key has the names and kinds of partition and sort;
// sort is the zero Key if the table has no sort key.
func NewSchema(partition, sort Key) Schema {
	partition.Role, partition.MaxBytes = "partition key", MaxPartitionKey
	if sort.Name != "" {
		sort.Role, sort.MaxBytes = "sort key", MaxSortKey
	}
	return Schema{Partition: partition, Sort: sort}
}

// Keys returns the key attributes of the table itself.
func (s *Schema) Keys() []Key {
	if s.Sort.Name == "" {
		return []Key{s.Partition}
	}
	return []Key{s.Partition, s.Sort}
}

// Typed reports whether the types of the table's keys are known.
func (s *Schema) Typed() bool {
	for _, key := range s.Keys() {
		if key.Kind == item.None {
			return false
		}
	}
	return true
}

// Takes reports whether a value of kind k can be the key. A key whose type is not described takes
// any type that a key can have.
func (key *Key) Takes(k item.Kind) bool {
	if key.Kind == item.None {
		return k == item.S || k == item.N || k == item.B
	}
	return k == key.Kind
}

// Types names the types that the key takes.
func (key *Key) Types() string {
	if key.Kind == item.None {
		return "S, N or B"
	}
	return key.Kind.String()
}

// String describes the key for an error: `partition key "id" (S)`.
func (key *Key) String() string {
	return fmt.Sprintf("%s %q (%s)", key.Role, fault.Clip(key.Name), key.Types())
}

// parseSchema reads the keys of a description. It reports false if the description does not name the
// table's keys. The description of a fake may leave out the keys or their types.
func parseSchema(t *types.TableDescription) (Schema, bool) {
	kinds := make(map[string]item.Kind, len(t.AttributeDefinitions))
	for _, def := range t.AttributeDefinitions {
		kinds[aws.ToString(def.AttributeName)] = scalarKind(def.AttributeType)
	}
	var partition, sort Key
	for _, key := range parseKeys(t.KeySchema, kinds) {
		if key.MaxBytes == MaxPartitionKey {
			partition = key
		} else {
			sort = key
		}
	}
	if partition.Name == "" {
		return Schema{}, false
	}
	s := NewSchema(partition, sort)
	for _, index := range t.GlobalSecondaryIndexes {
		s.addIndex(aws.ToString(index.IndexName), parseKeys(index.KeySchema, kinds))
	}
	for _, index := range t.LocalSecondaryIndexes {
		s.addIndex(aws.ToString(index.IndexName), parseKeys(index.KeySchema, kinds))
	}
	for i := range t.VectorIndexes {
		s.addVectorIndex(&t.VectorIndexes[i], kinds)
	}
	return s, true
}

func scalarKind(t types.ScalarAttributeType) item.Kind {
	switch t {
	case types.ScalarAttributeTypeS:
		return item.S
	case types.ScalarAttributeTypeN:
		return item.N
	case types.ScalarAttributeTypeB:
		return item.B
	}
	return item.None
}

// parseKeys reads the schema of one key: up to 1 + 1 attributes for a table or a local index, up to
// 4 + 4 for a global one.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html
func parseKeys(schema []types.KeySchemaElement, kinds map[string]item.Kind) []Key {
	keys := make([]Key, len(schema))
	for i, element := range schema {
		name := aws.ToString(element.AttributeName)
		keys[i] = Key{Name: name, Kind: kinds[name], MaxBytes: MaxSortKey}
		if element.KeyType == types.KeyTypeHash {
			keys[i].MaxBytes = MaxPartitionKey
		}
	}
	return keys
}

// addIndex adds the keys of a secondary index.
func (s *Schema) addIndex(name string, keys []Key) {
	for i := range keys {
		keys[i].Role = "key of index " + name
	}
	s.Indexes = append(s.Indexes, Index{Name: name, Keys: keys})
}

// TableKey returns the key attribute of the table that has the given name, or nil.
func (s *Schema) TableKey(name string) *Key {
	switch name {
	case s.Partition.Name:
		return &s.Partition
	case s.Sort.Name:
		return &s.Sort
	}
	return nil
}

// IndexKey returns the key attribute of an index that has the given name and a known type; nil if there
// is none. Of several it returns the one that takes the fewest bytes.
func (s *Schema) IndexKey(name string) *Key {
	var found *Key
	for i := range s.Indexes {
		keys := s.Indexes[i].Keys
		for j := range keys {
			if key := &keys[j]; key.Name == name && key.Kind != item.None && (found == nil || key.limit() < found.limit()) {
				found = key
			}
		}
	}
	return found
}

// Filter returns the filter of a vector index that has the given name and a known type, or nil.
func (s *Schema) Filter(name string) *Key {
	for i := range s.Filters {
		if key := &s.Filters[i]; key.Name == name && key.Kind != item.None {
			return key
		}
	}
	return nil
}

// IndexAttributes returns the attributes whose types are declared for an index alone, one entry for each:
// key attributes of indexes and filters, without the table's own key.
func (s *Schema) IndexAttributes() []Key {
	var attributes []Key
	seen := map[string]bool{s.Partition.Name: true, s.Sort.Name: true}
	add := func(keys []Key, find func(name string) *Key) {
		for i := range keys {
			if key := find(keys[i].Name); key != nil && !seen[key.Name] {
				seen[key.Name] = true
				attributes = append(attributes, *key)
			}
		}
	}
	for i := range s.Indexes {
		add(s.Indexes[i].Keys, s.IndexKey)
	}
	add(s.Filters, s.Filter)
	return attributes
}

// Changes returns the first difference between s and now that makes rows converted for s fail, or "".
func (s *Schema) Changes(now *Schema) string {
	if !s.Partition.same(now.Partition) || !s.Sort.same(now.Sort) {
		return "the keys of the table have changed"
	}
	// A key of the table itself is not compared: DynamoDB rejects only the rows that do not fit the index.
	for _, key := range now.IndexAttributes() {
		known := s.IndexKey(key.Name)
		if known == nil {
			known = s.Filter(key.Name)
		}
		if known == nil || known.Kind != key.Kind || known.limit() > key.limit() {
			return fmt.Sprintf("the attribute %s has become a %s", fault.Quote(key.Name), key.Role)
		}
	}
	for i := range now.Vectors {
		v := &now.Vectors[i]
		if known := s.Vector(v.Name); known == nil || known.Dimensions != v.Dimensions {
			return fmt.Sprintf("the attribute %s has become the %s", fault.Quote(v.Name), v)
		}
	}
	return ""
}

// same reports whether key and other have the same name and type. A type that is not described equals
// any type.
func (key Key) same(other Key) bool {
	return key.Name == other.Name && (key.Kind == other.Kind || key.Kind == item.None || other.Kind == item.None)
}

// limit returns the most bytes that a value of the key may have.
func (key *Key) limit() int {
	if key.MaxBytes == 0 {
		return math.MaxInt
	}
	return key.MaxBytes
}

// TooLong reports whether a is too long for the key. The text of a number never is.
func (key *Key) TooLong(a *item.Attr) bool { return a.Kind != item.N && len(a.Text) > key.limit() }

// Exceeded returns the first key attribute of it that is too long for the index; nil if there is none,
// or if it lacks another key attribute and so is not in the index.
func (x *Index) Exceeded(it *item.Item) *Key {
	var exceeded *Key
	for i := range x.Keys {
		key := &x.Keys[i]
		a := it.Find(key.Name)
		if a == nil {
			return nil
		}
		if exceeded == nil && key.TooLong(a) {
			exceeded = key
		}
	}
	return exceeded
}
