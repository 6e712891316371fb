package dynamodest

// kind is the type of an attribute value, as DynamoDB names types.
type kind uint8

const (
	kindNone kind = iota // no attribute
	kindS
	kindN
	kindB
	kindBool
	kindNull
	kindL
	kindM
	kindSS
	kindNS
	kindBS
)

var kindNames = [...]string{"none", "S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"}

// String returns DynamoDB's name of the type, such as "S".
func (k kind) String() string { return kindNames[k] }

// attr is a typed attribute, or a member of a list or set (then name is "").
type attr struct {
	name  string
	kind  kind
	text  string // S: the text; N: the canonical decimal; B: the raw bytes; BOOL: "true" or "false"
	elems []attr // L, M (by name), SS, NS, BS
}

// set gives a the scalar value of the kind that text spells.
func (a *attr) set(k kind, text string) { a.kind, a.text = k, text }

// setBool gives a the value v.
func (a *attr) setBool(v bool) {
	if v {
		a.set(kindBool, "true")
	} else {
		a.set(kindBool, "false")
	}
}

// empty is whether a is an S or B of no bytes.
func (a *attr) empty() bool { return (a.kind == kindS || a.kind == kindB) && a.text == "" }

// item is a converted row: what is sent, and what packing and settling need to
// know of it. It is immutable once made.
type item struct {
	attrs []attr
	key   string // identity of the primary key: equal exactly for keys that DynamoDB holds equal
	size  int    // bytes as DynamoDB counts them, by the smaller number rule
	wire  int    // bytes of {"PutRequest":{"Item":{...}}} as the SDK encodes it
	held  int    // bytes of memory, roughly, of it or of what its row gave for it
}

// attrBytes is the size of an attr, and entryBytes roughly that of a column in
// the map of a row.
const (
	attrBytes  = 64
	entryBytes = 48
)

// units is the write units that putting it costs the table.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (it *item) units() int { return max(1, (it.size+1023)/1024) }
