package item

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A Builder that is reused gives members without a value, and texts that stay as they are.
func TestReuse(t *testing.T) {
	t.Parallel()
	var b Builder
	var kept, want []string
	for row := range 200 {
		b.Reuse()
		require.Zero(t, b.Footprint)
		tree := b.NewTree(Document)
		for _, n := range []int{0, 3, row, minMembers, 2 * row} {
			var list, object Attr
			require.NoError(t, tree.NewContainer(&list, L, n))
			require.Equal(t, make([]Attr, n), append([]Attr{}, list.Elems...))
			for i := range list.Elems {
				list.Elems[i].Set(S, "of this row")
			}
			require.NoError(t, tree.NewContainer(&object, M, n))
			require.Empty(t, object.Elems)
			for range n + 1 { // one more than announced takes no other's place
				object.Elems = append(object.Elems, Attr{Name: "of the object", Kind: Null})
			}
			for i := range list.Elems {
				require.Equal(t, "of this row", list.Elems[i].Text)
			}
		}
		b.Footprint = row
		text := strings.Repeat("x", row)
		kept, want = append(kept, b.Keep([]byte(text))), append(want, text)
		b.Release()
		require.Empty(t, b.members)
		require.LessOrEqual(t, cap(b.members), maxMembers)
		for _, a := range b.members[:cap(b.members)] {
			require.Equal(t, Attr{}, a)
		}
	}
	assert.Equal(t, want, kept)
	b.Keep(make([]byte, 100*reusedTexts))
	b.Reuse()
	assert.LessOrEqual(t, b.arena.Cap(), 2*reusedTexts)
}
