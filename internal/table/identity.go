package table

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/item"
)

// AppendIdentity appends to dst the letter of the type, the length and the text of the key attribute a. The
// length makes the identity of two attributes in a row differ from that of any other two.
// The text of a number is canonical, so 1, 1.0 and 1e0 are one key.
//
// The bytes are public, as those of dynamodest.Key, and stay the same over releases.
func AppendIdentity(dst []byte, a *item.Attr) []byte {
	return item.AppendText(append(dst, a.Kind.String()...), a.Text)
}

// Identity returns the identity of an item that DynamoDB returned, in the form of item.Item.Key. It
// reports false if a key attribute is missing or invalid.
func (s *Schema) Identity(attributes map[string]types.AttributeValue) (string, bool) {
	var id []byte
	for _, key := range []*Key{&s.Partition, &s.Sort} {
		if key.Name == "" {
			continue
		}
		a, err := item.FromSDK(attributes[key.Name])
		if err != nil || !key.Takes(a.Kind) {
			return "", false
		}
		id = AppendIdentity(id, &a)
	}
	return string(id), len(id) > 0
}
