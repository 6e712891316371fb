package dynamodesttest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Key returns a string that identifies a key: it is equal for keys that DynamoDB considers equal (1
// and 1.0 are), and differs for all others. Each value is a string, a []byte, a Go integer or
// float, or a types.AttributeValue S, N or B; the partition key comes first. It panics on a value
// of another type, and on a number that DynamoDB rejects.
func Key(values ...any) string {
	var b []byte
	for _, v := range values {
		key, err := keyValue(v)
		if err != nil {
			panic("dynamodesttest: " + err.Error())
		}
		b = appendValue(b, &key)
	}
	return string(b)
}

func keyValue(v any) (value, error) {
	key := value{types: 1}
	switch v := v.(type) {
	case string:
		key.kind, key.text = kindS, v
	case []byte:
		key.kind, key.text = kindB, string(v)
	case *types.AttributeValueMemberS:
		key.kind, key.text = kindS, v.Value
	case *types.AttributeValueMemberN:
		key.kind, key.text = kindN, v.Value
	case *types.AttributeValueMemberB:
		key.kind, key.text = kindB, string(v.Value)
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
		key.kind, key.text = kindN, fmt.Sprint(v)
	default:
		return key, fmt.Errorf("a key cannot have Go type %T", v)
	}
	if err := key.check(1); err != nil {
		return key, err
	}
	return key, nil
}

// identity returns the Key of an item, or "" if the item does not have the complete key.
func identity(key []keyAttr, item []attr) string {
	b := make([]byte, 0, 64)
	for _, k := range key {
		v := find(item, k.name)
		if v == nil || v.kind != k.kind {
			return ""
		}
		b = appendValue(b, v)
	}
	return string(b)
}

// splitKey returns the values of a Key.
func splitKey(key string) []value {
	var values []value
	err := readJSON(key, func(r *reader) {
		for r.peek() != 0 {
			values = append(values, r.value())
		}
	})
	if err != nil {
		panic(err)
	}
	return values
}

func compareValues(a, b value) int {
	if a.kind == kindN && b.kind == kindN {
		return compareNumbers(a.text, b.text)
	}
	return strings.Compare(a.text, b.text)
}

// sorted returns the keys of the table's items in order. It is called under DB.mu.
func (t *table) sorted() []string {
	if t.order != nil {
		return t.order
	}
	type split struct {
		key    string
		values []value
	}
	keys := make([]split, 0, len(t.rows))
	for key := range t.rows {
		keys = append(keys, split{key, splitKey(key)})
	}
	slices.SortFunc(keys, func(a, b split) int { return slices.CompareFunc(a.values, b.values, compareValues) })
	t.order = make([]string, len(keys))
	for i := range keys {
		t.order[i] = keys[i].key
	}
	return t.order
}

// checkKey checks the key of an item against the table's schema. As at DynamoDB, only PutItem gets
// a detailed error.
func (t *table) checkKey(item []attr, detailed bool) *apiError {
	for _, k := range t.key {
		v := find(item, k.name)
		switch {
		case v != nil && v.kind == k.kind:
		case !detailed:
			return invalid("The provided key element does not match the schema")
		case v == nil:
			return invalidParameter("Missing the key %s in the item", k.name)
		default:
			return invalidParameter("Type mismatch for key %s expected: %s actual: %s", k.name, k.kind, v.kind)
		}
	}
	for _, k := range t.key {
		switch v := find(item, k.name); {
		case v.text == "" && k.kind == kindB:
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty binary value. Key: %s", k.name)
		case v.text == "":
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", k.name)
		case k.kind == kindN || len(v.text) <= k.maxSize():
		case k.hash:
			return invalidParameter("Size of hashkey has exceeded the maximum size limit of%d bytes", maxHashKeySize)
		default:
			return invalidParameter("Aggregated size of all range keys has exceeded the size limit of %d bytes", maxRangeKeySize)
		}
	}
	return nil
}

// checkIndexKeys checks an item against the keys of the secondary indexes. An item that lacks a key
// attribute is valid; it just does not appear in that index. The length limits then do not apply: no
// record says that DynamoDB refuses such an item, and a legal key of the table would be refused by them
// where it is the sort key of an index.
func (t *table) checkIndexKeys(item []attr) *apiError {
	for _, x := range t.indexes {
		complete := hasKey(item, x.key)
		for _, k := range x.key {
			v := find(item, k.name)
			if v == nil {
				continue
			}
			if v.kind != k.kind {
				return invalidParameter("Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", k.name, k.kind, v.kind, x.name)
			}
			if v.text == "" {
				return emptyIndexKey(k, x.name)
			}
			if complete && k.kind != kindN && len(v.text) > k.maxSize() {
				return invalidParameter("Size limit exceeded for Index Key %s Actual Size: %d bytes Max Size: %d bytes IndexName: %s", k.name, len(v.text), k.maxSize(), x.name)
			}
		}
	}
	return nil
}

// hasKey reports whether an item has every attribute of a key.
func hasKey(item []attr, key []keyAttr) bool {
	return !slices.ContainsFunc(key, func(k keyAttr) bool { return find(item, k.name) == nil })
}

func emptyIndexKey(k keyAttr, index string) *apiError {
	what := "string"
	if k.kind == kindB {
		what = "binary"
	}
	return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s", what, index, k.name)
}

// entrySize returns the size of the item's entry in the index, or 0 if it has none.
func (t *table) entrySize(x *index, item []attr) int {
	if !hasKey(item, x.key) {
		return 0
	}
	size := 0
	for i := range item {
		if t.projected(x, item[i].name) {
			size += len(item[i].name) + item[i].size()
		}
	}
	return size
}

func (t *table) projected(x *index, name string) bool {
	isName := func(k keyAttr) bool { return k.name == name }
	return x.all || slices.Contains(x.projects, name) || slices.ContainsFunc(x.key, isName) || slices.ContainsFunc(t.key, isName)
}

// indexUnits returns the units that replacing old with item costs in the index: none if the entry
// stays the same, one write if it changes, two if its key changes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
func (t *table) indexUnits(x *index, old, item []attr) float64 {
	before, after := t.entrySize(x, old), t.entrySize(x, item)
	switch {
	case before == 0 && after == 0:
		return 0
	case before == 0 || after == 0:
		return units(max(before, after))
	case identity(x.key, old) != identity(x.key, item):
		return units(before) + units(after)
	}
	same := func(a, b []attr) bool {
		return !slices.ContainsFunc(a, func(e attr) bool {
			other := find(b, e.name)
			return t.projected(x, e.name) && (other == nil || string(appendValue(nil, other)) != string(appendValue(nil, &e.value)))
		})
	}
	if same(old, item) && same(item, old) {
		return 0
	}
	return units(max(before, after))
}

// units returns the write units that an item of that size costs.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
func units(size int) float64 { return float64(cmp.Or((size+1023)/1024, 1)) }
