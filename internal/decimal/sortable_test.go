package decimal

import (
	"bytes"
	"cmp"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sortable returns the bytes by which the number that text spells is sorted.
func sortable(t *testing.T, text string) []byte {
	t.Helper()
	d, err := Parse(text)
	require.NoError(t, err, text)
	return d.AppendSortable(nil)
}

func TestSortable(t *testing.T) {
	t.Parallel()
	ascending := []string{
		"-9.99E125", "-1E125", "-124", "-123.5", "-123", "-12", "-2", "-1.01", "-1", "-0.5", "-1.1E-130", "-1E-130",
		"0", "1E-130", "1.1E-130", "0.5", "1", "1.01", "2", "9", "10", "12", "123", "123.5", "124", "1E38", "1E125", "9.99E125",
	}
	for i, text := range ascending {
		for j, other := range ascending {
			assert.Equal(t, cmp.Compare(i, j), bytes.Compare(sortable(t, text), sortable(t, other)), "%s and %s", text, other)
		}
	}
	for _, same := range [][2]string{{"1", "1.0"}, {"100", "1e2"}, {"-0.5", "-5E-1"}, {"0", "-0e9"}} {
		assert.Equal(t, sortable(t, same[0]), sortable(t, same[1]))
	}
	seen := map[string]bool{}
	for exponent := MinExponent; exponent <= MaxExponent; exponent++ {
		seen[string(sortable(t, fmt.Sprint("1E", exponent)))] = true
	}
	assert.Len(t, seen, MaxExponent-MinExponent+1, "each exponent has a byte of its own")
}

func TestSortableOrdersAsNumbersDo(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 1))
	text := func() string {
		return fmt.Sprintf("%d.%dE%d", rnd.IntN(2000)-1000, rnd.IntN(1000), rnd.IntN(12)-6)
	}
	for range 20_000 {
		a, b := text(), text()
		x, _, err := big.ParseFloat(a, 10, 200, big.ToNearestEven)
		require.NoError(t, err)
		y, _, err := big.ParseFloat(b, 10, 200, big.ToNearestEven)
		require.NoError(t, err)
		require.Equal(t, x.Cmp(y), bytes.Compare(sortable(t, a), sortable(t, b)), "%s and %s", a, b)
	}
}
