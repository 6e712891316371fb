package dynamodesttest

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// randomDecimal returns a random number in one of its many spellings.
func randomDecimal(random *rand.Rand) string {
	digits := func(most int) string {
		b := make([]byte, random.IntN(most+1))
		for i := range b {
			b[i] = '0' + byte(random.IntN(10)*random.IntN(2))
		}
		return string(b)
	}
	s := []string{"", "-", "+"}[random.IntN(3)] + digits(25)
	if random.IntN(2) == 0 {
		s += "." + digits(25)
	}
	if random.IntN(2) == 0 {
		s += []string{"e", "E"}[random.IntN(2)] + []string{"", "-", "+"}[random.IntN(3)] + "1" + digits(2)
	}
	return s
}

func TestStoredNumberAgainstMathBig(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	limit := new(big.Rat).SetFrac(new(big.Int).Exp(big.NewInt(10), big.NewInt(126), nil), big.NewInt(1))
	least := new(big.Rat).Inv(new(big.Rat).SetFrac(new(big.Int).Exp(big.NewInt(10), big.NewInt(130), nil), big.NewInt(1)))
	accepted := 0
	for range 50_000 {
		s := randomDecimal(random)
		// math/big rejects a bare exponent or point, as DynamoDB does.
		want, ok := new(big.Rat).SetString(s)
		got, err := storedNumber(s)
		if !ok {
			require.NotNil(t, err, s)
			continue
		}
		size := new(big.Rat).Abs(want)
		significant := strings.Trim(strings.Replace(strings.TrimLeft(strings.ToLower(s), "+-"), ".", "", 1), "0")
		if i := strings.Index(significant, "e"); i >= 0 {
			significant = strings.Trim(significant[:i], "0")
		}
		switch {
		case want.Sign() == 0:
			if err == nil {
				assert.Equal(t, "0", got, s)
			}
		case size.Cmp(limit) >= 0:
			require.NotNil(t, err, s)
			assert.Equal(t, numberOverflow, err.message, s)
		case size.Cmp(least) < 0:
			require.NotNil(t, err, s)
			assert.Equal(t, numberUnderflow, err.message, s)
		case len(significant) > 38:
			require.NotNil(t, err, s)
			assert.Equal(t, numberPrecision, err.message, s)
		default:
			require.Nil(t, err, s)
			accepted++
			back, ok := new(big.Rat).SetString(got)
			require.True(t, ok, got)
			assert.Zero(t, want.Cmp(back), "%s became %s", s, got)
			again, err := storedNumber(got)
			require.Nil(t, err)
			assert.Equal(t, got, again)
		}
	}
	assert.Greater(t, accepted, 10_000)
}

func TestCompareNumbers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	var numbers []string
	for len(numbers) < 200 {
		if n, err := storedNumber(randomDecimal(random)); err == nil {
			numbers = append(numbers, n)
		}
	}
	sign := func(n int) int { return min(max(n, -1), 1) }
	for _, a := range numbers {
		for _, b := range numbers {
			ra, _ := new(big.Rat).SetString(a)
			rb, _ := new(big.Rat).SetString(b)
			assert.Equal(t, ra.Cmp(rb), sign(compareNumbers(a, b)), "%s and %s", a, b)
		}
	}
}
