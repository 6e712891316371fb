package decimal

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	nines := strings.Repeat("9", 38)
	tests := map[string]string{
		"0": "0", "-0": "0", "+0": "0", "0.000": "0", "0e126": "0", "0e-131": "0", "-0e99999999999": "0", ".0": "0",
		"1": "1", "+3": "3", "-7": "-7", "01": "1", "1.0": "1", "1e0": "1", "0042.1200": "42.12", ".123": "0.123", "5.": "5",
		"1e+5": "100000", "1.5E2": "150", "120": "120", "1e-3": "0.001", "12.5e-1": "1.25", "-0.0500": "-0.05",
		"1e20": "100000000000000000000", "1e21": "1E21", "1e-21": "0.000000000000000000001", "1e-22": "1E-22",
		"18446744073709551615": "18446744073709551615", "10000000000000000000": "10000000000000000000",
		"1e125": "1E125", "-1.50e-130": "-1.5E-130", nines + "e88": "9." + nines[1:] + "E125", nines: nines,
		"1" + strings.Repeat("0", 125):             "1E125",
		"0." + strings.Repeat("0", 200) + "1e200":  "0.1",
		strings.Repeat("0", 300) + "12e-1":         "1.2",
		"1" + strings.Repeat("0", 1000) + "e-1000": "1",
	}
	for text, want := range tests {
		got, err := Canonical(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
}

func TestCanonicalRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]error{
		"": ErrSyntax, "-": ErrSyntax, ".": ErrSyntax, "e5": ErrSyntax, "1e": ErrSyntax, "1e+": ErrSyntax, "1.2.3": ErrSyntax,
		" 1": ErrSyntax, "1 ": ErrSyntax, "NaN": ErrSyntax, "Infinity": ErrSyntax, "0x10": ErrSyntax, "1_000": ErrSyntax, "--1": ErrSyntax,
		"1e5.5": ErrSyntax, "1,5": ErrSyntax, "٣": ErrSyntax, "1x": ErrSyntax,
		"1e126": ErrRange, "-1e126": ErrRange, "1e-131": ErrRange, "9e999999999999999999": ErrRange, "1e-999999999999999999": ErrRange,
		strings.Repeat("9", 39):             ErrDigits,
		"1" + strings.Repeat("0", 37) + "1": ErrDigits,
		"0." + strings.Repeat("1", 39):      ErrDigits,
		strings.Repeat("9", 39) + "x":       ErrSyntax,
	}
	for text, want := range tests {
		_, err := Canonical(text)
		assert.ErrorIs(t, err, want, text)
	}
}

// alignedSize is Size by the other rule that fits the measurements.
func alignedSize(canonical string) int {
	negative, n, exponent := shape(canonical)
	if n == 0 {
		return 1
	}
	first, last := exponent>>1, (exponent-n+1)>>1 // the pairs of the first and the last digit
	return 1 + first - last + 1 + negative
}

// The figures are those measured on DynamoDB, and the two on which its rule is
// not known.
func TestSize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text           string
		small, aligned int
	}{
		{"0", 1, 1}, {"-0", 1, 1}, {"1", 2, 2}, {"12", 2, 2}, {"15", 2, 2}, {"100", 2, 2}, {"0042", 2, 2}, {"0.15", 2, 2},
		{"0.0000001", 2, 2}, {"1E125", 2, 2}, {"1E-100", 2, 2}, {"1010", 3, 3}, {"123", 3, 3}, {"1234", 3, 3}, {"1.5", 3, 3},
		{"1.2", 3, 3}, {"1.200", 3, 3}, {"-42", 3, 3}, {"1.234", 4, 4}, {"3.14159", 5, 5}, {"123456", 4, 4}, {"100.5", 4, 4},
		{strings.Repeat("9", 38), 20, 20}, {"-1", 3, 3}, {"-123456", 5, 5}, {"1700000000", 2, 2},
		{"120", 2, 3}, {"12000", 2, 3}, {"0.015", 2, 3},
		{"-1." + strings.Repeat("3", 37), 22, 22}, {"1.005", 4, 4},
	}
	for _, tt := range tests {
		text, err := Canonical(tt.text)
		require.NoError(t, err)
		assert.Equal(t, tt.small, Size(text), "Size(%s)", tt.text)
		assert.Equal(t, tt.aligned, alignedSize(text), "alignedSize(%s)", tt.text)
	}
}

func TestAppendFloat(t *testing.T) {
	t.Parallel()
	tests := []struct {
		f    float64
		bits int
		want string
	}{
		{0, 64, "0"}, {math.Copysign(0, -1), 64, "0"}, {0.1, 64, "0.1"}, {float64(float32(0.1)), 32, "0.1"}, {1e21, 64, "1E21"},
		{1e20, 64, "100000000000000000000"}, {float64(float32(1e21)), 32, "1E21"}, {1e-22, 64, "1E-22"}, {-2.5, 64, "-2.5"},
		{123456789.125, 64, "123456789.125"}, {1e125, 64, "1E125"}, {1e-130, 64, "1E-130"},
		{math.MaxInt64, 64, "9223372036854776000"}, {math.MaxFloat32, 32, "3.4028235E38"},
	}
	for _, tt := range tests {
		got, err := AppendFloat([]byte("x"), tt.f, tt.bits)
		require.NoError(t, err)
		assert.Equal(t, "x"+tt.want, string(got))
	}
	for f, want := range map[float64]error{
		math.Inf(1): ErrNotFinite, math.Inf(-1): ErrNotFinite, math.MaxFloat64: ErrRange, math.SmallestNonzeroFloat64: ErrRange, 1e126: ErrRange,
	} {
		_, err := AppendFloat(nil, f, 64)
		assert.ErrorIs(t, err, want)
	}
	_, err := AppendFloat(nil, math.NaN(), 64)
	assert.ErrorIs(t, err, ErrNotFinite)
}

func TestCanonicalTextIsNotCopied(t *testing.T) {
	text := "1234567.89"
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = Canonical(text) }))
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "-0.0", "1e125", "1.5", "0042.1200", "9e-130", "1e126", "abc", ".", "1e", strings.Repeat("9", 39), "0e500"} {
		f.Add(s, 1.5)
	}
	f.Add("1", math.SmallestNonzeroFloat64)
	f.Fuzz(func(t *testing.T, text string, x float64) {
		checkText(t, text)
		checkFloat(t, x, 64)
		checkFloat(t, float64(float32(x)), 32)
	})
}

// checkText holds Canonical against math/big.
func checkText(t *testing.T, text string) {
	got, err := Canonical(text)
	if len(text) > 60 || len(text)-strings.IndexAny(text+"e", "eE") > 5 {
		return // the exponent may be more than math/big should be asked to write out
	}
	want, ok := new(big.Rat).SetString(text)
	if strings.ContainsAny(text, "_xXpPbBoO/") {
		ok = false
	}
	if !ok {
		require.ErrorIs(t, err, ErrSyntax, "%q", text)
		return
	}
	if err != nil {
		require.NotErrorIs(t, err, ErrSyntax, "%q", text)
		require.False(t, fits(want), "%q is in range: %v", text, err)
		return
	}
	require.True(t, fits(want), "%q is out of range", text)
	read, ok := new(big.Rat).SetString(got)
	require.True(t, ok)
	require.Zero(t, want.Cmp(read), "%q became %q", text, got)
	again, err := Canonical(got)
	require.NoError(t, err)
	require.Equal(t, got, again)
	require.LessOrEqual(t, len(got), maxText)
	require.LessOrEqual(t, Size(got), alignedSize(got))
	require.LessOrEqual(t, alignedSize(got), 22)
}

// fits is whether r is a DynamoDB number, found with math/big alone.
func fits(r *big.Rat) bool {
	if r.Sign() == 0 {
		return true
	}
	abs := new(big.Rat).Abs(r)
	ten := func(e int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(e), nil) }
	if abs.Cmp(new(big.Rat).SetInt(ten(126))) >= 0 || abs.Cmp(new(big.Rat).SetFrac(big.NewInt(1), ten(130))) < 0 {
		return false
	}
	scaled := new(big.Rat).Mul(abs, new(big.Rat).SetInt(ten(20_000)))
	if !scaled.IsInt() {
		return false
	}
	return len(strings.TrimRight(scaled.Num().String(), "0")) <= MaxDigits
}

func checkFloat(t *testing.T, x float64, bits int) {
	got, err := AppendFloat(nil, x, bits)
	if err != nil {
		a := math.Abs(x)
		require.True(t, math.IsNaN(x) || math.IsInf(x, 0) || a < 1e-130 || a >= 1e126, "%v: %v", x, err)
		return
	}
	back, err := strconv.ParseFloat(string(got), bits)
	require.NoError(t, err)
	require.Equal(t, x+0, back+0)
	again, err := Canonical(string(got))
	require.NoError(t, err)
	require.Equal(t, string(got), again)
}

func BenchmarkCanonical(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Canonical("1234567.89")
	}
}
