// Package item is a converted row: typed attributes with their sizes, as DynamoDB counts them and
// as the AWS SDK encodes them, the bytes that the SDK writes for them, and the way to and from the
// SDK's form.
//
// It imports decimal and fault, and the SDK's types. It knows neither columns nor mappings, which
// are typemap's, nor keys, which are table's, nor how an item is sent.
package item

// Kind is the type of an attribute value, as DynamoDB names types.
type Kind uint8

// The kinds. None is the absence of an attribute.
const (
	None Kind = iota
	S
	N
	B
	Bool
	Null
	L
	M
	SS
	NS
	BS
)

var kindNames = [...]string{"none", "S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"}

// String returns DynamoDB's name of the type, such as "S".
func (k Kind) String() string { return kindNames[k] }

// Attr is a typed attribute, or a member of a list or set, whose name is "".
type Attr struct {
	Name  string
	Kind  Kind
	Text  string // S: the text; N: the canonical decimal; B: the raw bytes; BOOL: "true" or "false"
	Elems []Attr // L, M (sorted by name), SS, NS, BS
}

// Set sets a to the scalar value of kind k that text spells.
func (a *Attr) Set(k Kind, text string) { a.Kind, a.Text = k, text }

// SetBool sets a to the BOOL v.
func (a *Attr) SetBool(v bool) {
	if v {
		a.Set(Bool, "true")
	} else {
		a.Set(Bool, "false")
	}
}

// Empty reports whether a is an S or B of no bytes.
func (a *Attr) Empty() bool { return (a.Kind == S || a.Kind == B) && a.Text == "" }

// Item is a converted row, with the sizes and the key that packing and settling need: its attributes in
// Attrs, or encoded in JSON. A complete Item is immutable.
type Item struct {
	Attrs        []Attr // nil in an item with JSON
	JSON         []byte // what AppendJSON appends, in memory that may serve another row later; nil in an item with Attrs
	Delete       bool   // the item is to be deleted: it is its key alone
	Key          string // identity of the primary key: equal exactly for keys that DynamoDB holds equal
	PartitionLen int    // bytes of Key, the first ones, that identify the partition key
	Rank         string // of its version, in the form that Attr.Rank gives it; "" if it has none
	Size         int    // bytes as DynamoDB counts them, by the smaller of its number-size rules
	EncodedSize  int    // bytes of the write request that AppendJSON appends
	Footprint    int    // roughly the bytes of memory that the item takes, or the row's values for it
}

// Units returns the write units that putting the item costs the table. For a delete, which costs as much as
// the item in the table, it is the least, 1.
func (it *Item) Units() int {
	if it.Delete {
		return 1
	}
	return UnitsOfSize(it.Size)
}

// UnitsOfSize returns the write units of an item, or of its entry in an index, of so many bytes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func UnitsOfSize(size int) int { return max(1, (size+1023)/1024) }

// Find returns the attribute of the given name, or nil.
func (it *Item) Find(name string) *Attr {
	for i := range it.Attrs {
		if it.Attrs[i].Name == name {
			return &it.Attrs[i]
		}
	}
	return nil
}

// AttrBytes is the memory that an Attr takes, in bytes.
const AttrBytes = 64
