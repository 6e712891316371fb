// Package table reads the description of a table that DescribeTable returns: the keys of the table and
// its indexes, whether the table takes writes, and at what rate.
//
// It imports item and fault, and the SDK's types. It knows neither mappings nor requests.
package table

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// The longest key values, in bytes, by their role in the table or index.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxPartitionKey = 2048
	maxSortKey      = 1024
)

// Schema is the keys of a table and of its secondary indexes.
type Schema struct {
	Partition Key
	Sort      Key // zero if the table has no sort key

	// Index holds the key attributes of secondary indexes, one entry per attribute, with the
	// smallest MaxBytes; the table's own key attributes only if an index takes fewer bytes.
	Index []Key
}

// Key is a key attribute of the table or of a secondary index.
type Key struct {
	Name     string
	Kind     item.Kind // S, N or B; None if a fake does not describe it
	MaxBytes int       // 2,048 for a partition key, 1,024 for a sort key
	Role     string    // "partition key", "sort key", or with an index: "key of index NAME"
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
	var s Schema
	for _, key := range parseKeys(t.KeySchema, kinds) {
		if key.MaxBytes == maxPartitionKey {
			key.Role = "partition key"
			s.Partition = key
		} else {
			key.Role = "sort key"
			s.Sort = key
		}
	}
	if s.Partition.Name == "" {
		return Schema{}, false
	}
	for _, index := range t.GlobalSecondaryIndexes {
		s.addIndex(aws.ToString(index.IndexName), parseKeys(index.KeySchema, kinds))
	}
	for _, index := range t.LocalSecondaryIndexes {
		s.addIndex(aws.ToString(index.IndexName), parseKeys(index.KeySchema, kinds))
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
		keys[i] = Key{Name: name, Kind: kinds[name], MaxBytes: maxSortKey}
		if element.KeyType == types.KeyTypeHash {
			keys[i].MaxBytes = maxPartitionKey
		}
	}
	return keys
}

// addIndex adds the keys of a secondary index.
func (s *Schema) addIndex(index string, keys []Key) {
	for _, key := range keys {
		key.Role = "key of index " + index
		if own := s.TableKey(key.Name); key.Kind == item.None || own != nil && key.MaxBytes >= own.MaxBytes {
			continue
		}
		if known := s.IndexKey(key.Name); known == nil {
			s.Index = append(s.Index, key)
		} else if key.MaxBytes < known.MaxBytes {
			*known = key
		}
	}
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

// IndexKey returns the index key attribute that has the given name, or nil.
func (s *Schema) IndexKey(name string) *Key {
	for i := range s.Index {
		if s.Index[i].Name == name {
			return &s.Index[i]
		}
	}
	return nil
}

// Changes returns the first difference between s and now that makes rows converted for s fail, or "".
func (s *Schema) Changes(now *Schema) string {
	if !s.Partition.same(now.Partition) || !s.Sort.same(now.Sort) {
		return "the keys of the table have changed"
	}
	for _, key := range now.Index {
		if now.TableKey(key.Name) != nil {
			continue // DynamoDB rejects only the rows that do not fit the index
		}
		if known := s.IndexKey(key.Name); known == nil || known.Kind != key.Kind || known.MaxBytes > key.MaxBytes {
			return fmt.Sprintf("the attribute %s has become a %s", fault.Quote(key.Name), key.Role)
		}
	}
	return ""
}

// same reports whether key and other have the same name and type. A type that is not described equals
// any type.
func (key Key) same(other Key) bool {
	return key.Name == other.Name && (key.Kind == other.Kind || key.Kind == item.None || other.Kind == item.None)
}
