package dynamodest

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/typemap"
)

// Mapper turns rows into items without a table and without a network, as a [Destination] with the same Mapping
// does for a table that has the same key and no index. Create one with [NewMapper]: the methods of a nil Mapper and
// of the zero Mapper panic. It is safe for concurrent use.
type Mapper struct {
	converter *typemap.Converter
	keyed     bool // the keys of a table are known
}

// NewMapper returns a Mapper for a table whose primary key has the given attributes, as [Destination.Keys] returns
// them: a partition key, and a sort key if the table has one. Without any, no attribute is a key, and Key fails.
//
// Faults in m, and keys that no table has or that m does not produce, are [*ConfigError] values, all of them
// joined: those of m have the Fields that Config.Validate and New give them, such as "Mapping.Fields[2].Type", and
// those of keys are such as "keys[1].Role".
func NewMapper(m Mapping, keys []KeyAttribute) (*Mapper, error) {
	var p problems
	p.mapping(m)
	schema := p.keys(keys)
	if err := p.err(); err != nil {
		return nil, err
	}
	if err := m.covers(&schema); err != nil {
		return nil, err
	}
	m.Fields = slices.Clone(m.Fields)
	return &Mapper{converter: typemap.New(m.compile(), schema), keyed: len(keys) > 0}, nil
}

// Item returns the item that row becomes, or the [*RowError] that Write would report, with Index 0. It shares
// nothing with row.
func (m *Mapper) Item(row Row) (Item, error) {
	m.mustBeMade()
	return itemOf(m.converter, row)
}

// Key returns the primary key of row, as [Destination.Key] does. A row without a valid key gives the [*RowError]
// that Write would report, with Index 0. If the Mapper has no keys, it is a [*ConfigError].
func (m *Mapper) Key(row Row) (Key, error) {
	m.mustBeMade()
	if !m.keyed {
		return Key{}, &ConfigError{Field: "keys", Problem: "Key needs the attributes of the table's key: give them to NewMapper"}
	}
	return keyOf(m.converter, row)
}

// itemOf returns the item of row, or a *RowError with Index 0.
func itemOf(c *typemap.Converter, row Row) (map[string]types.AttributeValue, error) {
	it, invalid := c.Convert(row)
	if invalid != nil {
		return nil, conversionError(0, invalid)
	}
	return it.SDK(), nil
}

// keys checks the attributes of a primary key, and returns the schema of a table that has it.
func (p *problems) keys(keys []KeyAttribute) table.Schema {
	var partition, sort table.Key
	seen := map[KeyRole]int{}
	for i, key := range keys {
		path := fmt.Sprintf("keys[%d]", i)
		p.keyName(path+".Name", key.Name, keys[:i])
		if first, ok := seen[key.Role]; ok {
			p.add(path+".Role", "is also that of keys[%d]: a key has one partition key, and one sort key at most", first)
		}
		seen[key.Role] = i
		if key.Role != PartitionKey && key.Role != SortKey {
			p.add(path+".Role", "%s unknown: must be %q or %q", subject(key.Role), PartitionKey, SortKey)
		}
		kinds := map[Type]item.Kind{Auto: item.None, String: item.S, Number: item.N, Binary: item.B}
		kind, ok := kinds[key.Type]
		if !ok {
			p.add(path+".Type", "%s no type of a key: must be S, N or B, or empty if it is not known", subject(key.Type))
		}
		if attribute := (table.Key{Name: key.Name, Kind: kind}); key.Role == PartitionKey {
			partition = attribute
		} else {
			sort = attribute
		}
	}
	if _, ok := seen[PartitionKey]; !ok && len(keys) > 0 {
		p.add("keys", "there is no partition key: add one, whose Role is %q", PartitionKey)
	}
	if len(keys) == 0 {
		return table.Schema{}
	}
	return table.NewSchema(partition, sort)
}

// maxKeyName is the most bytes of the name of a key attribute.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxKeyName = 255

// keyName checks the name of a key attribute, which comes after others.
func (p *problems) keyName(path, name string, before []KeyAttribute) {
	first := slices.IndexFunc(before, func(key KeyAttribute) bool { return key.Name == name })
	switch {
	case name == "":
		p.add(path, "is required: the name of an attribute")
	case !utf8.ValidString(name):
		p.add(path, "is not valid UTF-8: write the name in UTF-8")
	case len(name) > maxKeyName:
		p.add(path, "is %d bytes long: the name of a key attribute has at most %d", len(name), maxKeyName)
	case first >= 0:
		p.add(path, "is also that of keys[%d]: name another attribute", first)
	}
}

// mustBeMade panics if m was not made by [NewMapper].
func (m *Mapper) mustBeMade() {
	if m == nil || m.converter == nil {
		panic("dynamodest: the Mapper is nil or its zero value: use the one that NewMapper returns, once its error is nil")
	}
}
