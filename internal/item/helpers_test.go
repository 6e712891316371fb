package item

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/itemtest"
)

// newItem returns the item of attributes, with the sums of their sizes.
func newItem(t testing.TB, attributes itemtest.Map) *Item {
	t.Helper()
	it := &Item{EncodedSize: EmptyEncodedSize + max(0, len(attributes)-1)} // commas
	var b Builder
	for name, v := range attributes {
		a := Attr{Name: name}
		tree := b.NewTree(Document)
		require.NoError(t, tree.FromSDK(&a, v, 1))
		size, encoded, err := a.Measure()
		require.NoError(t, err)
		encodedName, ok := EncodedText(name)
		require.True(t, ok)
		it.Attrs = append(it.Attrs, a)
		it.Size += len(name) + size
		it.EncodedSize += encodedName + len(":") + encoded
	}
	return it
}
