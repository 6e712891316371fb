package dynamodest

import "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

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

// attr is a typed attribute, or a member of a list or set (then name is "").
type attr struct {
	name  string
	kind  kind
	text  string // S: the text; N: the canonical decimal; B: the raw bytes; BOOL: "true" or "false"
	elems []attr // L, M (by name), SS, NS, BS
}

// item is a converted row: what is sent, and what packing and settling need to
// know of it. It is immutable once made.
type item struct {
	attrs []attr
	key   string // identity of the primary key: equal exactly for keys that DynamoDB holds equal
	size  int    // bytes as DynamoDB counts them, by the smaller number rule
	wire  int    // bytes of {"PutRequest":{"Item":{...}}} as the SDK encodes it
}

// units is the write units that putting it costs the table.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (it *item) units() int { return max(1, (it.size+1023)/1024) }

// attributeMap returns the item in the SDK's form. Each call makes a new one,
// which shares no memory with the row or the item.
func (it *item) attributeMap() map[string]types.AttributeValue { panic("to be written") }
