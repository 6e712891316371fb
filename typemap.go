package dynamodest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/typemap"
)

// Mapping is a field mapping: which columns of a row become which attributes of an item.
type Mapping struct {
	// Fields lists the columns to write. If empty, every column is written as an attribute of the
	// same name.
	Fields []Field `json:"fields,omitempty"`

	// Null says what a nil value becomes outside keys. The default is WriteNull.
	Null Null `json:"null,omitempty"`

	// EmptyString says what "" becomes outside keys. The default is EmptyAsNull. DynamoDB itself has
	// taken empty strings outside keys since 2020:
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
	EmptyString EmptyString `json:"empty_string,omitempty"`

	// Missing says what becomes of a row that does not have a column of Fields. The default is
	// MissingNothing. Only with Fields. A row without the column of a key fails with ErrKey in any case.
	Missing Missing `json:"missing,omitempty"`

	// Bytes says what a []byte is. The default is BinaryBytes. Drivers such as those of MySQL and
	// lib/pq scan every text and decimal column into a []byte: see TextBytes.
	Bytes Bytes `json:"bytes,omitempty"`

	// Convert, if not nil, converts values of types that the library does not know: it returns the value
	// to write for v and true, or false to leave v to the order that the package documentation gives.
	// It is for decimals, protobuf messages and other types whose own methods say too little.
	//
	// Convert is asked for values at every depth: a column's own, members of lists and sets, keys and members
	// of maps, fields of structs. It is not asked for nil, an AttributeValue or a built-in type; for a
	// pointer it is asked first with the pointer, then with what that points to, unless a lock inside
	// forbids a copy. What it returns is converted as any other value, without asking Convert once more.
	//
	// Convert is called from many goroutines at once, on goroutines of the library. It must neither keep
	// nor change v, and must not block. An error or a panic of Convert is that row's ErrMapping; the
	// error is not quoted and is reached by errors.As and errors.Is.
	Convert func(column string, v any) (out any, ok bool, err error) `json:"-"`
}

// Field maps one column to one attribute.
type Field struct {
	Column    string `json:"column"`
	Attribute string `json:"attribute,omitempty"` // the default is Column
	Type      Type   `json:"type,omitempty"`      // the default is by the value: see the package documentation

	// Required makes a row without the column fail with ErrMapping, whatever Mapping.Missing says. A
	// column whose value is nil is not missing.
	Required bool `json:"required,omitempty"`
}

// Type is a DynamoDB data type by the letters that DynamoDB uses for it, JSON, or a form of times.
type Type string

// The types that a Field can force. Each lists what it is made from; any other value is that row's
// ErrMapping. An AttributeValue that has the form already is written as it is.
const (
	Auto      Type = ""     // by the Go value: see the package documentation
	String    Type = "S"    // from string, UTF-8 []byte, number, bool, time
	Number    Type = "N"    // from number, decimal text (string or []byte), time (epoch seconds with their fraction)
	Binary    Type = "B"    // from []byte, arrays of bytes, base64 text
	Bool      Type = "BOOL" // from bool, text (string or []byte) that strconv.ParseBool takes, 0 or 1 (a number, its text or a single byte)
	JSON      Type = "JSON" // from anything: an S that holds its compact JSON; text that is JSON already gets quotes: force L or M
	List      Type = "L"    // from slices, arrays and JSON text of an array
	Map       Type = "M"    // from maps, structs and JSON text of an object
	StringSet Type = "SS"   // from slices, arrays, JSON text of an array, and the keys of maps to struct{} or to true; equal members count once
	NumberSet Type = "NS"   // from the same
	BinarySet Type = "BS"   // from the same
)

// The forms of times that a Field can force. Each is made from a time.Time in any zone and from text by
// RFC 3339 (string or []byte), which must not be finer than nanoseconds.
//
// Without a Type a time becomes an S by RFC 3339, in its own zone and with as many decimals as it needs:
// it reads back as it was. But one instant then has many texts, and the texts do not sort as the times
// do ("…:05.5Z" comes before "…:05Z"), so it suits neither keys nor ranges. And Time to Live takes an N
// of whole seconds alone:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
const (
	// EpochSeconds is an N of whole seconds since 1970, rounded down: what Time to Live takes.
	EpochSeconds Type = "EPOCH_SECONDS"

	// EpochMillis is an N of whole milliseconds since 1970, rounded down.
	EpochMillis Type = "EPOCH_MILLIS"

	// SortableTime is an S by RFC 3339 in UTC, always with nine decimals of the second, such as
	// "2026-03-04T05:06:07.000000080Z", for the years 0 to 9999. Its texts sort as the times do, and
	// one instant has one text: what a sort key takes.
	SortableTime Type = "SORTABLE_TIME"
)

// Null is what a nil value becomes.
type Null string

// What a nil value becomes.
const (
	WriteNull  Null = "null"   // an attribute of type NULL: the default
	OmitNull   Null = "omit"   // no attribute
	RefuseNull Null = "refuse" // the row fails with ErrMapping
)

// EmptyString is what an empty string becomes.
type EmptyString string

// What an empty string becomes.
const (
	EmptyAsNull EmptyString = "null" // as a nil value would, by Mapping.Null: the default
	KeepEmpty   EmptyString = "keep" // an empty S
	OmitEmpty   EmptyString = "omit" // no attribute
)

// Bytes is what a []byte is.
type Bytes string

// What a []byte is, and any value that leads to one, such as sql.RawBytes, at every depth. An array of
// bytes is always binary, a json.RawMessage is JSON, and an AttributeValue is itself.
const (
	// BinaryBytes is bytes: a B, or base64 inside JSON text. It is the default.
	BinaryBytes Bytes = "binary"

	// TextBytes is text if the bytes are UTF-8: an S to which Mapping.EmptyString applies, or a string
	// inside JSON text. Bytes that are not UTF-8 stay binary. The types B and BS, and a key that the
	// table declares as B, take the bytes themselves.
	TextBytes Bytes = "text"
)

// Missing is what becomes of a row that does not have a column of Mapping.Fields.
//
// An upsert replaces the whole item, so an attribute that the row does not give is gone from the table
// afterwards. Summary.MissingColumns names the columns that no row had.
type Missing string

// What becomes of a row that does not have a column.
const (
	MissingNothing  Missing = "nothing"  // no attribute: the default
	MissingNull     Missing = "null"     // as if the column were there with nil: see Mapping.Null
	MissingRequired Missing = "required" // the row fails with ErrMapping, as if every Field were Required
)

// attribute returns the name of the attribute that f produces.
func (f Field) attribute() string {
	if f.Attribute != "" {
		return f.Attribute
	}
	return f.Column
}

// compile returns m, which is valid and has its defaults, in typemap's terms.
func (m Mapping) compile() typemap.Mapping {
	nulls := map[Null]typemap.Null{WriteNull: typemap.WriteNull, OmitNull: typemap.OmitNull, RefuseNull: typemap.RefuseNull}
	empties := map[EmptyString]typemap.EmptyString{EmptyAsNull: typemap.EmptyAsNull, KeepEmpty: typemap.KeepEmpty, OmitEmpty: typemap.OmitEmpty}
	compiled := typemap.Mapping{
		Null: nulls[m.Null], EmptyString: empties[m.EmptyString], MissingAsNull: m.Missing == MissingNull, Convert: m.Convert,
	}
	if m.Bytes == TextBytes {
		compiled.Bytes = typemap.TextBytes
	}
	for _, f := range m.Fields {
		compiled.Fields = append(compiled.Fields, typemap.Field{
			Column: f.Column, Attribute: f.attribute(), Type: typemap.Type(f.Type), Required: f.Required || m.Missing == MissingRequired,
		})
	}
	return compiled
}

// columnOf returns the column from which attribute is made.
func (m Mapping) columnOf(attribute string) string {
	i := slices.IndexFunc(m.Fields, func(f Field) bool { return f.attribute() == attribute })
	if i < 0 {
		return attribute
	}
	return m.Fields[i].Column
}

// rowMapping returns the mapping of c, which is valid and has its defaults, and what else concerns the
// conversion of rows, in typemap's terms.
func (c Config) rowMapping() typemap.Mapping {
	compiled := c.Mapping.compile()
	compiled.Version, compiled.Delete = c.Version, c.Delete
	return compiled
}

// columns returns the columns that the settings name, each once: those of the mapping's fields, and Delete.
func (c Config) columns() []string {
	var columns []string
	for _, f := range c.Mapping.Fields {
		columns = append(columns, f.Column)
	}
	if c.Delete != "" {
		columns = append(columns, c.Delete)
	}
	seen := make(map[string]bool, len(columns))
	return slices.DeleteFunc(columns, func(column string) bool {
		before := seen[column]
		seen[column] = true
		return before
	})
}

// covers compares the mapping with the keys of the table and the attributes of its indexes: every row
// would fail that lacks a key attribute, or has such an attribute of another type. Each fault is a
// *ConfigError.
func (m Mapping) covers(s *table.Schema) error {
	if len(m.Fields) == 0 || s.Partition.Name == "" {
		return nil
	}
	var errs []error
	byAttribute := make(map[string]int, len(m.Fields))
	for i, field := range m.Fields {
		byAttribute[field.attribute()] = i
	}
	for _, key := range s.Keys() {
		if _, ok := byAttribute[key.Name]; !ok {
			errs = append(errs, configError("Mapping.Fields",
				"no field produces the attribute %s, the table's %s (%s): add one", fault.Quote(key.Name), key.Role, key.Types()))
		}
	}
	check := func(name, what, want string, takes func(item.Kind) bool) {
		i, ok := byAttribute[name] // an item without an index key is just not in the index
		if !ok || m.Fields[i].Type == Auto || takes(typemap.Type(m.Fields[i].Type).Kind()) {
			return
		}
		errs = append(errs, configError(fmt.Sprintf("Mapping.Fields[%d].Type", i),
			"%s does not fit the attribute %s, the %s: set it to %s, or leave it empty", m.Fields[i].Type, fault.Quote(name), what, want))
	}
	for _, key := range append(s.Keys(), s.IndexAttributes()...) {
		check(key.Name, fmt.Sprintf("%s (%s)", key.Role, key.Types()), key.Types(), key.Takes)
	}
	for _, vector := range s.Vectors {
		check(vector.Name, vector.String(), item.L.String(), func(k item.Kind) bool { return k == item.L })
	}
	return errors.Join(errs...)
}
