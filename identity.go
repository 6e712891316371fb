package dynamodest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/transport"
	"github.com/dynamodest/dynamodest/internal/typemap"
)

// Key is the primary key of a row, as [Destination.Key] returns it. Two keys are equal (==), and so are
// their Bytes, exactly where DynamoDB holds them equal: the numbers 1, 1.0 and 1e0 are one key. A Key can
// be the key of a map.
//
// A Key and its Bytes are values of the row, so they may be personal data. A Key prints as "[redacted]"
// wherever fmt, slog and encoding/json print it, also as the key of a map; in an unexported field of another
// struct, which fmt prints by reflection, it prints as bytes without meaning. Nothing reads the text
// "[redacted]" back: to store or send a key, use its Bytes.
//
// The formulas of Bytes, Hash and Shard stay the same over releases. Test vectors are in docs/identity.md.
type Key struct {
	masked string // its Bytes, masked by keyMask: equal within one process exactly for equal keys
}

// keyMask returns what the bytes of keys are combined with, by exclusive or, where they are kept. fmt does
// not call the methods of a Key in an unexported field, so the Key itself must not show its bytes. It is
// longer than any key of DynamoDB's.
var keyMask = sync.OnceValue(func() *[4096]byte {
	var mask [4096]byte
	_, _ = rand.Read(mask[:]) // which never returns an error
	return &mask
})

// appendMasked appends text to dst, masked or unmasked.
func appendMasked(dst []byte, text string) []byte {
	mask := keyMask()
	for i := range len(text) {
		dst = append(dst, text[i]^mask[i%len(mask)])
	}
	return dst
}

// Key returns the primary key of row, from the key's columns alone: no other column is looked at, and
// Config.Delete does not matter. It sends nothing.
//
// It is for sharding rows over machines, for looking a row up in a table of [Destination.Fingerprint]
// values, and for a queue that drops a failed row once a newer one with its key is written.
//
// A row without a valid key gives the [*RowError] that Write would report, with Index 0. If a fake client
// has not described the table's keys, every row gives a [*TableError] with ErrConfig.
func (d *Destination) Key(row Row) (Key, error) {
	d.mustBeMade()
	if !d.description.Known {
		undescribed := fault.New(fault.Config, "Key needs the table's keys, and DescribeTable has not described them").
			WithRemedy("have the fake client describe the table's keys, as those of package dynamodesttest do")
		return Key{}, d.tableError(transport.DescribeTable, fault.Config, undescribed)
	}
	return keyOf(d.converter, row)
}

// keyOf returns the key of row, or a *RowError with Index 0. The converter must know the table's keys.
func keyOf(c *typemap.Converter, row Row) (Key, error) {
	it, invalid := c.ConvertKey(row)
	if invalid != nil {
		return Key{}, conversionError(0, invalid)
	}
	var buf [64]byte
	return Key{masked: string(appendMasked(buf[:0], it.Key))}, nil
}

// Bytes returns a new copy of the key in its binary form. For each key attribute, the partition key first,
// it is
//
//   - one byte, the letter of the type: 'S', 'N' or 'B';
//   - the length in bytes of what follows, as an unsigned varint of encoding/binary (LEB128);
//   - the UTF-8 text of an S, the canonical decimal of an N, the bytes themselves of a B.
//
// The canonical decimal is the one text that a number has here: docs/identity.md gives its rules. Bytes is
// empty for the zero Key.
func (k Key) Bytes() []byte { return appendMasked(make([]byte, 0, len(k.masked)), k.masked) }

// Hash returns the first 8 bytes, big-endian, of SHA-256 over Bytes.
//
// It is for sharding and sampling, and not for equality: two keys may have one Hash. It is personal data
// as the key is, since a key of few possible values can be guessed from its Hash.
func (k Key) Hash() uint64 {
	var buf [64]byte
	sum := sha256.Sum256(appendMasked(buf[:0], k.masked))
	return binary.BigEndian.Uint64(sum[:])
}

// Shard returns the shard of the key among n: Hash modulo n, from 0 to n-1. All rows of a key have the same
// shard, so that one worker has them all, in order. A change of n moves most keys to another shard.
//
// It panics if n is less than 1.
func (k Key) Shard(n int) int {
	if n < 1 {
		panic(fmt.Sprintf("dynamodest: Key.Shard(%d): there must be at least 1 shard", n))
	}
	return int(k.Hash() % uint64(n)) //nolint:gosec // less than n
}

// placeholder stands for k in printed text.
func (k Key) placeholder() string {
	if k == (Key{}) {
		return ""
	}
	return "[redacted]"
}

// String returns a placeholder, or "" for the zero Key.
func (k Key) String() string { return k.placeholder() }

// GoString returns a placeholder, or "" for the zero Key.
func (k Key) GoString() string { return k.placeholder() }

// Format prints a placeholder for fmt, under every verb.
func (k Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, k.placeholder()) }

// LogValue returns what slog shows of k: a placeholder.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.placeholder()) }

// MarshalDynamoDBAttributeValue returns an error: a Key is no value of a row, and its placeholder would be
// written in its place. Write the key's own columns, or its Bytes.
func (k Key) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return nil, errKeyAsValue
}

// errKeyAsValue is the error of a row that holds a Key.
var errKeyAsValue = fault.NewMapping("a Key is not a value that a row can hold").
	WithRemedy("write the key's own columns, or the result of its method Bytes")

// MarshalText returns a placeholder, which encoding/json shows of k, also as the key of a map. No method
// reads the placeholder back.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.placeholder()), nil }

// KeyRole is the role of a key attribute in the table's primary key.
type KeyRole string

// The roles.
const (
	PartitionKey KeyRole = "partition"
	SortKey      KeyRole = "sort"
)

// KeyAttribute is one attribute of the table's primary key.
type KeyAttribute struct {
	Name string  `json:"name"`
	Role KeyRole `json:"role"`
	Type Type    `json:"type,omitempty"` // String, Number or Binary; Auto if a fake client has not described it
}

// Keys returns the attributes of the table's primary key as New saw them, the partition key first: what a
// page needs on which people map columns to attributes. It is nil if a fake client has not described them.
func (d *Destination) Keys() []KeyAttribute {
	d.mustBeMade()
	if !d.description.Known {
		return nil
	}
	roles := [...]KeyRole{PartitionKey, SortKey}
	keys := d.description.Schema.Keys()
	attributes := make([]KeyAttribute, len(keys))
	for i, key := range keys {
		attributes[i] = KeyAttribute{Name: key.Name, Role: roles[i], Type: declaredType(&key)}
	}
	return attributes
}

// declaredType returns the type that the table declares for key, or Auto if it is not known.
func declaredType(key *table.Key) Type {
	if key.Kind == item.None {
		return Auto
	}
	return Type(key.Kind.String())
}
