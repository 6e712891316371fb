package parquetfile

import (
	"errors"
	"fmt"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// form says what the values of a node are.
type form uint8

const (
	leaf    form = iota
	group        // a map by the names of the children
	list         // the elements of the only child, which is repeated
	mapping      // the keys and values of the only child, which is repeated
)

// node is a column of a file, or a part of one.
type node struct {
	name, path  string
	form        form
	repeated    bool
	definition  int // the level of definition of a value that is there
	repetition  int // the level of repetition of what is repeated last
	first, last int // the leaves of the node have the numbers from first up to last
	children    []*node

	convert func(parquet.Value) (any, error) // of a leaf
	textual bool                             // of a leaf: its values can be the keys of a map
	element *node                            // of a list: what an element is, the repeated child or the child's only child
}

// schemaOf returns the root of the columns of a file. Local timestamps are in zone, if there is one.
func schemaOf(m *format.FileMetaData, zone *time.Location) (*node, error) {
	for _, g := range m.RowGroups {
		for i := range g.Columns {
			if g.Columns[i].FilePath != "" {
				return nil, errors.New("the Parquet file has columns in other files, which are not read")
			}
		}
	}
	s := &schemaReader{elements: m.Schema[1:], zone: zone}
	root := &node{form: group}
	s.readChildren(root, &m.Schema[0])
	if len(s.problems) > 0 {
		return nil, errors.Join(s.problems...)
	}
	return root, nil
}

// schemaReader reads the elements of a schema, which are in the order of a walk through the tree.
type schemaReader struct {
	elements []format.SchemaElement
	leaves   int
	zone     *time.Location
	problems []error
}

// readNode reads the next element, with all below it.
func (s *schemaReader) readNode(parent *node) *node {
	e := &s.elements[0]
	s.elements = s.elements[1:]
	n := &node{name: e.Name, path: e.Name, definition: parent.definition, repetition: parent.repetition, first: s.leaves}
	if parent.path != "" {
		n.path = parent.path + "." + e.Name
	}
	if e.RepetitionType.Valid && e.RepetitionType.V != format.Required {
		n.definition++
	}
	if e.RepetitionType.Valid && e.RepetitionType.V == format.Repeated {
		n.repeated = true
		n.repetition++
	}
	if e.Type.Valid {
		s.leaves++
		n.last = s.leaves
		var err error
		if n.convert, n.textual, err = converterOf(e, s.zone); err != nil {
			s.refuse(n, err.Error())
		}
		return n
	}
	n.form = group
	s.readChildren(n, e)
	s.annotate(n, e)
	return n
}

// readChildren reads what is below n, a group whose element is e.
func (s *schemaReader) readChildren(n *node, e *format.SchemaElement) {
	seen := map[string]bool{}
	for range e.NumChildren.V {
		child := s.readNode(n)
		if seen[child.name] {
			s.refuse(child, "is there twice")
		}
		seen[child.name] = true
		n.children = append(n.children, child)
	}
	if n.last = s.leaves; n.first == n.last {
		s.refuse(n, "is a group without columns")
	}
}

// annotate makes n, a group that has been read, what its element says.
func (s *schemaReader) annotate(n *node, e *format.SchemaElement) {
	switch logicalType(e).(type) {
	case *format.VariantType:
		s.refuse(n, "has the type VARIANT, which is not read")
	case *format.ListType:
		if len(n.children) != 1 || !n.children[0].repeated {
			s.refuse(n, "is a LIST without a repeated field")
			return
		}
		n.form, n.element = list, elementOf(n)
	case *format.MapType:
		pairs := isMap(n)
		if !pairs && e.ConvertedType.Valid && e.ConvertedType.V == deprecated.MapKeyValue {
			return // the repeated group within a MAP, by an old rule
		}
		if !pairs {
			s.refuse(n, "is a MAP without keys and values")
			return
		}
		n.form = mapping
	}
}

// refuse adds a problem of n.
func (s *schemaReader) refuse(n *node, problem string) {
	if n.path == "" {
		s.problems = append(s.problems, errors.New("the Parquet file has no columns"))
		return
	}
	s.problems = append(s.problems, fmt.Errorf("the Parquet file's column %q %s", n.path, problem))
}

// elementOf returns what an element of the list n is, by the rules for the forms that lists have had:
// https://github.com/apache/parquet-format/blob/apache-parquet-format-2.12.0/LogicalTypes.md#backward-compatibility-rules
func elementOf(n *node) *node {
	repeated := n.children[0]
	if repeated.form != group || len(repeated.children) != 1 || repeated.children[0].repeated ||
		repeated.name == "array" || repeated.name == n.name+"_tuple" {
		return repeated
	}
	return repeated.children[0]
}

// isMap reports whether n has the form of a map: repeated pairs of a key and a value, or keys alone.
func isMap(n *node) bool {
	if len(n.children) != 1 {
		return false
	}
	pair := n.children[0]
	return pair.repeated && pair.form == group && len(pair.children) <= 2
}

// logicalType returns the logical type of e: as the file says, or by what its older form says. It is nil if
// there is none.
func logicalType(e *format.SchemaElement) format.LogicalTypeValue {
	if e.LogicalType.Value != nil || !e.ConvertedType.Valid {
		return e.LogicalType.Value
	}
	switch t := e.ConvertedType.V; t {
	case deprecated.UTF8:
		return &format.StringType{}
	case deprecated.Enum:
		return &format.EnumType{}
	case deprecated.Map, deprecated.MapKeyValue:
		return &format.MapType{}
	case deprecated.List:
		return &format.ListType{}
	case deprecated.Decimal:
		return &format.DecimalType{Scale: e.Scale.V, Precision: e.Precision.V}
	case deprecated.Date:
		return &format.DateType{}
	case deprecated.TimeMillis:
		return &format.TimeType{IsAdjustedToUTC: true, Unit: parquet.Millisecond.TimeUnit()}
	case deprecated.TimeMicros:
		return &format.TimeType{IsAdjustedToUTC: true, Unit: parquet.Microsecond.TimeUnit()}
	case deprecated.TimestampMillis:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: parquet.Millisecond.TimeUnit()}
	case deprecated.TimestampMicros:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: parquet.Microsecond.TimeUnit()}
	case deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64:
		return &format.IntType{BitWidth: 8 << (t - deprecated.Uint8)}
	case deprecated.Int8, deprecated.Int16, deprecated.Int32, deprecated.Int64:
		return &format.IntType{BitWidth: 8 << (t - deprecated.Int8), IsSigned: true}
	case deprecated.Json:
		return &format.JsonType{}
	case deprecated.Bson:
		return &format.BsonType{}
	case deprecated.Interval:
	}
	return unknownType{}
}

// unknownType is a converted type that is not read: INTERVAL, and those that nothing here names.
type unknownType struct{}

func (unknownType) FieldID() int16 { return 0 }
func (unknownType) String() string { return "INTERVAL or an unknown one" }
