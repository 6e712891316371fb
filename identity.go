package dynamodest

import (
	"encoding/binary"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// appendIdentity appends to dst what tells the key attribute a from all others:
// its type, and its text with the length before it, so that two of them one
// after the other never read as another two. The text of a number is canonical,
// so 1, 1.0 and 1e0 are one key.
func appendIdentity(dst []byte, a *attr) []byte {
	dst = append(dst, byte(a.kind))
	dst = binary.AppendUvarint(dst, uint64(len(a.text)))
	return append(dst, a.text...)
}

// keyIdentity returns the identity, as item.key, of an item that DynamoDB
// handed back. It reports false if the item lacks a key or has a bad one.
func keyIdentity(schema tableSchema, attributes map[string]types.AttributeValue) (string, bool) {
	var id []byte
	for _, key := range []keyAttr{schema.partition, schema.sort} {
		if key.name == "" {
			continue
		}
		var b builder
		var a attr
		if err := b.attributeValue(&a, attributes[key.name], 1); err != nil || !key.takes(a.kind) {
			return "", false
		}
		id = appendIdentity(id, &a)
	}
	return string(id), len(id) > 0
}
