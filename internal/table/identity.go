package table

import (
	"encoding/binary"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/item"
)

// AppendIdentity appends to dst the letter of the type, the length and the text of the key attribute a. The
// length makes the identity of two attributes in a row differ from that of any other two.
// The text of a number is canonical, so 1, 1.0 and 1e0 are one key.
//
// The bytes are public, as those of dynamodest.Key, and stay the same over releases.
func AppendIdentity(dst []byte, a *item.Attr) []byte {
	dst = append(dst, a.Kind.String()...)
	dst = binary.AppendUvarint(dst, uint64(len(a.Text)))
	return append(dst, a.Text...)
}

// Identity returns the identity of an item that DynamoDB returned, in the form of item.Item.Key. It
// reports false if a key attribute is missing or invalid.
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
