package item

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/itemtest"
)

// canonicalOf returns the canonical form of the item of one attribute, "a", of value v.
func canonicalOf(t *testing.T, v types.AttributeValue) string {
	t.Helper()
	var b Builder
	it := Item{Attrs: []Attr{{Name: "a"}}}
	tree := b.NewTree(Document)
	require.NoError(t, tree.FromSDK(&it.Attrs[0], v, 1))
	return string(it.AppendCanonical(nil, func(string) bool { return false }))
}

func TestCanonicalForm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		v    types.AttributeValue
		want string // after the version, the operation, the count and the name
	}{
		{itemtest.S("x"), "S\x01x"},
		{itemtest.S(""), "S\x00"},
		{itemtest.N("-1.50e1"), "N\x03-15"},
		{itemtest.B(0, 255), "B\x02\x00\xff"},
		{itemtest.Bool(true), "1"},
		{itemtest.Bool(false), "0"},
		{itemtest.Null(), "-"},
		{itemtest.L(), "L\x00"},
		{itemtest.L(itemtest.S("b"), itemtest.S("a")), "L\x02S\x01bS\x01a"},
		{itemtest.M(itemtest.Map{"b": itemtest.N("2"), "a": itemtest.L(itemtest.Null())}), "M\x02\x01aL\x01-\x01bN\x012"},
		{itemtest.SS("b", "", "a"), "s\x03\x00\x01a\x01b"},
		{itemtest.NS("9", "1e1"), "n\x02\x0210\x019"},
		{itemtest.BS([]byte{2}, []byte{1}), "b\x02\x01\x01\x01\x02"},
	} {
		assert.Equal(t, "\x01P\x01\x01a"+tt.want, canonicalOf(t, tt.v))
	}
}

func TestCanonicalFormOfItems(t *testing.T) {
	t.Parallel()
	it := Item{Attrs: []Attr{{Name: "id", Kind: S, Text: "k"}, {Name: "b", Kind: Null}, {Name: "a", Kind: Null}}}
	all := func(string) bool { return false }
	assert.Equal(t, "\x01P\x03\x01a-\x01b-\x02idS\x01k", string(it.AppendCanonical(nil, all)))
	assert.Equal(t, "id", it.Attrs[0].Name, "the item keeps its order")
	assert.Equal(t, "x\x01P\x02\x01a-\x01b-", string(it.AppendCanonical([]byte("x"), func(name string) bool { return name == "id" })))

	it = Item{Attrs: it.Attrs[:1], Delete: true}
	assert.Equal(t, "\x01D\x01\x02idS\x01k", string(it.AppendCanonical(nil, all)))
}

// The members of a set keep their order, which belongs to the item, not to its form.
func TestCanonicalFormLeavesSetsAlone(t *testing.T) {
	t.Parallel()
	a := Attr{Kind: SS, Elems: []Attr{{Kind: S, Text: "b"}, {Kind: S, Text: "a"}}}
	a.appendCanonical(nil)
	assert.Equal(t, "b", a.Elems[0].Text)
}
