package typemap

import "github.com/dynamodest/dynamodest/internal/item"

// Type is what a Field forces: a DynamoDB type by DynamoDB's own abbreviation, JSON, or a form of times.
type Type string

// The types, with the values that can be converted to each. Any other value fails.
const (
	Auto      Type = ""     // by the Go value
	String    Type = "S"    // from string, UTF-8 []byte, number, bool, time
	Number    Type = "N"    // from number, decimal text (string or []byte), time (epoch seconds, with their fraction)
	Binary    Type = "B"    // from []byte, base64 text
	Bool      Type = "BOOL" // from bool, text (string or []byte) that strconv.ParseBool takes, 0 or 1: a number, its text or a single byte
	JSON      Type = "JSON" // from anything: an S that holds the value as compact JSON
	List      Type = "L"    // from slices, arrays and JSON text of an array
	Map       Type = "M"    // from maps, structs and JSON text of an object
	StringSet Type = "SS"   // from slices, arrays, JSON text of an array, and the keys of maps to struct{} or to true; equal members count once
	NumberSet Type = "NS"   // as StringSet
	BinarySet Type = "BS"   // as StringSet

	// The forms of times, from time and text by RFC 3339 (string or []byte).
	EpochSeconds Type = "EPOCH_SECONDS" // an N: whole seconds since 1970, rounded down
	EpochMillis  Type = "EPOCH_MILLIS"  // an N: whole milliseconds since 1970, rounded down
	SortableTime Type = "SORTABLE_TIME" // an S: RFC 3339 in UTC with nine decimals
)

// Kind returns the kind of the attributes of type t; item.None for Auto and for an unknown type.
func (t Type) Kind() item.Kind {
	switch t {
	case Auto:
	case String, JSON, SortableTime:
		return item.S
	case Number, EpochSeconds, EpochMillis:
		return item.N
	case Binary:
		return item.B
	case Bool:
		return item.Bool
	case List:
		return item.L
	case Map:
		return item.M
	case StringSet:
		return item.SS
	case NumberSet:
		return item.NS
	case BinarySet:
		return item.BS
	}
	return item.None
}

// isTime reports whether t is a form of times.
func (t Type) isTime() bool { return t == EpochSeconds || t == EpochMillis || t == SortableTime }

// Null is the policy for nil values.
type Null uint8

// What a nil value becomes.
const (
	WriteNull  Null = iota // an attribute of type NULL
	OmitNull               // no attribute
	RefuseNull             // a failure of the row
)

// EmptyString is the policy for empty strings.
type EmptyString uint8

// What an empty string becomes.
const (
	EmptyAsNull EmptyString = iota // the same as a nil value
	KeepEmpty                      // an empty S
	OmitEmpty                      // no attribute
)

// Bytes is what a []byte means.
type Bytes uint8

// What a []byte means.
const (
	BinaryBytes Bytes = iota // bytes
	TextBytes                // text if it is UTF-8, otherwise bytes
)

// Mapping says which columns of a row become which attributes. Null and EmptyString do not
// apply to keys, nor inside documents.
type Mapping struct {
	Fields      []Field // if empty, every column becomes the attribute of the same name
	Null        Null
	EmptyString EmptyString
	Bytes       Bytes       // at every depth; the value of a key of type B is bytes
	Convert     ConvertFunc // at every depth; nil: none

	MissingAsNull bool // a column of Fields that a row does not have counts as nil

	Version string // the attribute that each row needs as its version; "" if none
	Delete  string // the column that says whether a row is a delete; "" if none
}

// Field maps one column to one attribute. An empty Attribute makes every row that has the column
// fail, and Required every row that does not have the column.
type Field struct {
	Column    string
	Attribute string
	Type      Type
	Required  bool
}
