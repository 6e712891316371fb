package schedule

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// The rows of a key stand in the order of their ranks, and rows of one rank in that of their indexes.
func TestKeyQueueSortsRows(t *testing.T) {
	t.Parallel()
	for _, ranks := range []int{1, 2, 10, 1000} {
		rng := rand.New(rand.NewPCG(uint64(ranks), 0))
		q := &keyQueue{}
		var rows []*Row
		for i := range 500 {
			r := &Row{Index: i, Rank: "N" + strconv.Itoa(rng.IntN(ranks))}
			q.add(r)
			rows = append(rows, r)
		}
		slices.SortStableFunc(rows, func(a, b *Row) int { return cmp.Compare(a.Rank, b.Rank) })
		require.Equal(t, rows, q.rows)
	}
}
