package dynamodest

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The longest key values, in bytes, by their role in the table or index.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxPartitionKey = 2048
	maxSortKey      = 1024
)

// tableSchema is what the table's description says that concerns rows.
type tableSchema struct {
	partition keyAttr
	sort      keyAttr // zero if the table has no sort key

	// index holds the key attributes of secondary indexes, one per attribute,
	// with the smallest max; those of the table itself only if an index takes
	// fewer bytes.
	index []keyAttr
}

// keyAttr is a key attribute of the table or of a secondary index.
type keyAttr struct {
	name string
	kind kind   // kindS, kindN or kindB
	max  int    // bytes: 2,048 for a partition key, 1,024 for a sort key
	role string // "partition key", "sort key", or with an index: "key of index NAME"
}

// keys returns the key attributes of the table itself.
func (s tableSchema) keys() []keyAttr {
	if s.sort.name == "" {
		return []keyAttr{s.partition}
	}
	return []keyAttr{s.partition, s.sort}
}

// typed reports whether the types of the table's keys are known.
func (s tableSchema) typed() bool {
	for _, key := range s.keys() {
		if key.kind == kindNone {
			return false
		}
	}
	return true
}

// takes reports whether a value of the kind can be the key. A fake that does
// not describe the key's type takes any that a key can have.
func (k *keyAttr) takes(value kind) bool {
	if k.kind == kindNone {
		return value == kindS || value == kindN || value == kindB
	}
	return value == k.kind
}

// types names the types that the key takes.
func (k *keyAttr) types() string {
	if k.kind == kindNone {
		return "S, N or B"
	}
	return k.kind.String()
}

// parseSchema reads the keys out of a description. It reports false if that
// does not tell the table's keys, as a fake's may not; their types may be left
// open too.
func parseSchema(t *types.TableDescription) (tableSchema, bool) {
	kinds := make(map[string]kind, len(t.AttributeDefinitions))
	for _, def := range t.AttributeDefinitions {
		kinds[aws.ToString(def.AttributeName)] = scalarKind(def.AttributeType)
	}
	var s tableSchema
	for _, key := range keyAttrs(t.KeySchema, kinds) {
		if key.max == maxPartitionKey {
			key.role = "partition key"
			s.partition = key
		} else {
			key.role = "sort key"
			s.sort = key
		}
	}
	if s.partition.name == "" {
		return tableSchema{}, false
	}
	for _, index := range t.GlobalSecondaryIndexes {
		s.addIndex(aws.ToString(index.IndexName), keyAttrs(index.KeySchema, kinds))
	}
	for _, index := range t.LocalSecondaryIndexes {
		s.addIndex(aws.ToString(index.IndexName), keyAttrs(index.KeySchema, kinds))
	}
	return s, true
}

func scalarKind(t types.ScalarAttributeType) kind {
	switch t {
	case types.ScalarAttributeTypeS:
		return kindS
	case types.ScalarAttributeTypeN:
		return kindN
	case types.ScalarAttributeTypeB:
		return kindB
	}
	return kindNone
}

// keyAttrs reads the schema of one key: up to 1 + 1 attributes for a table or
// a local index, up to 4 + 4 for a global one.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html
func keyAttrs(schema []types.KeySchemaElement, kinds map[string]kind) []keyAttr {
	keys := make([]keyAttr, len(schema))
	for i, element := range schema {
		name := aws.ToString(element.AttributeName)
		keys[i] = keyAttr{name: name, kind: kinds[name], max: maxSortKey}
		if element.KeyType == types.KeyTypeHash {
			keys[i].max = maxPartitionKey
		}
	}
	return keys
}

// addIndex adds the keys of a secondary index.
func (s *tableSchema) addIndex(index string, keys []keyAttr) {
	for _, key := range keys {
		key.role = "key of index " + index
		if table := s.tableKey(key.name); key.kind == kindNone || table != nil && key.max >= table.max {
			continue
		}
		if known := s.indexKey(key.name); known == nil {
			s.index = append(s.index, key)
		} else if key.max < known.max {
			*known = key
		}
	}
}

// tableKey returns the key attribute of the table of that name, or nil.
func (s *tableSchema) tableKey(name string) *keyAttr {
	switch name {
	case s.partition.name:
		return &s.partition
	case s.sort.name:
		return &s.sort
	}
	return nil
}

// indexKey returns the index key attribute of that name, or nil.
func (s *tableSchema) indexKey(name string) *keyAttr {
	for i := range s.index {
		if s.index[i].name == name {
			return &s.index[i]
		}
	}
	return nil
}

// coverage holds a mapping against the keys: every row would fail that lacks a
// key attribute, or has a key of another type. Each fault is a *ConfigError.
func (s tableSchema) coverage(m Mapping) error {
	if len(m.Fields) == 0 || s.partition.name == "" {
		return nil
	}
	var errs []error
	byAttribute := make(map[string]int, len(m.Fields))
	for i, field := range m.Fields {
		byAttribute[field.attribute()] = i
	}
	for _, key := range s.keys() {
		if _, ok := byAttribute[key.name]; !ok {
			errs = append(errs, &ConfigError{Field: "Mapping.Fields", Problem: fmt.Sprintf(
				"no field gives the attribute %s, the table's %s (%s): add one", quote(key.name), key.role, key.types())})
		}
	}
	typed := map[string]bool{}
	for _, key := range append(s.keys(), s.index...) {
		i, ok := byAttribute[key.name]
		if !ok || typed[key.name] {
			continue // of the index keys: items without them are just not in the index
		}
		typed[key.name] = true
		if forced := m.Fields[i].Type; forced != Auto && !key.takes(kindOfType[forced]) {
			errs = append(errs, &ConfigError{Field: fmt.Sprintf("Mapping.Fields[%d].Type", i), Problem: fmt.Sprintf(
				"%s does not fit the attribute %s, the %s (%s): set it to %s, or leave it empty", forced, quote(key.name), key.role, key.types(), key.types())})
		}
	}
	return errors.Join(errs...)
}

// changes says what is different in now that matters to rows converted for s,
// or "".
func (s tableSchema) changes(now tableSchema) string {
	if !s.partition.same(now.partition) || !s.sort.same(now.sort) {
		return "the keys of the table have changed"
	}
	for _, key := range now.index {
		if now.tableKey(key.name) != nil {
			continue // rows that fit the table and not the index are refused alone
		}
		if known := s.indexKey(key.name); known == nil || known.kind != key.kind || known.max > key.max {
			return fmt.Sprintf("the attribute %s has become a %s", quote(key.name), key.role)
		}
	}
	return ""
}

// same reports whether k and other are one key, as far as both are described.
func (k keyAttr) same(other keyAttr) bool {
	return k.name == other.name && (k.kind == other.kind || k.kind == kindNone || other.kind == kindNone)
}
