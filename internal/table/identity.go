package table

import (
	"encoding/binary"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/item"
)

// AppendIdentity appends to dst what distinguishes the key attribute a from all others: its type,
// and its text preceded by its length, so that two attributes in a row never read as another two.
// The text of a number is canonical, so 1, 1.0 and 1e0 are one key.
func AppendIdentity(dst []byte, a *item.Attr) []byte {
	dst = append(dst, byte(a.Kind))
	dst = binary.AppendUvarint(dst, uint64(len(a.Text)))
	return append(dst, a.Text...)
}

// Identity returns the identity, as item.Item's Key has it, of an item that DynamoDB returned. It
// reports false if the item lacks a key or has a bad one.
func (s *Schema) Identity(attributes map[string]types.AttributeValue) (string, bool) {
	var id []byte
	for _, key := range []*Key{&s.Partition, &s.Sort} {
		if key.Name == "" {
			continue
		}
		var b item.Builder
		var a item.Attr
		t := b.NewTree(item.Document)
		if err := t.FromSDK(&a, attributes[key.Name], 1); err != nil || !key.Takes(a.Kind) {
			return "", false
		}
		id = AppendIdentity(id, &a)
	}
	return string(id), len(id) > 0
}
