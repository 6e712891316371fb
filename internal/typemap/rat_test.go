package typemap

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

func rat(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(text)
	}
	return r
}

// Structs that are a number of math/big, and one that has a text of its own.
type (
	embeddedRat   struct{ *big.Rat }
	embeddedInt   struct{ big.Int }
	embeddedFloat struct{ *big.Float }
	ratio         struct{ *big.Rat }
)

func (ratio) MarshalText() ([]byte, error) { return []byte("ratio"), nil }

func TestFractions(t *testing.T) {
	t.Parallel()
	var none *big.Rat
	half := rat("1/2")
	digits38, digits39 := strings.Repeat("7", 37)+".5", strings.Repeat("7", 38)+".5"
	type m = map[string]types.AttributeValue
	tests := []struct {
		name string
		typ  Type
		v    any
		want types.AttributeValue // nil for fault.Mapping
	}{
		{"pointer", Auto, rat("19/2"), n("9.5")}, {"value", Auto, *rat("-19/2"), n("-9.5")}, {"pointer to a pointer", Auto, &half, n("0.5")},
		{"whole", Auto, rat("-7"), n("-7")}, {"zero", Auto, new(big.Rat), n("0")}, {"zero value", Auto, big.Rat{}, n("0")}, {"twos", Auto, rat("1/1024"), n("0.0009765625")}, {"fives", Auto, rat("3/3125"), n("0.00096")},
		{"nil", Auto, none, null()}, {"nil, forced", Number, none, null()}, {"forced", Number, rat("1/8"), n("0.125")}, {"from a Valuer", Auto, valuer{rat("1/8")}, n("0.125")},
		{"38 digits", Auto, rat(digits38), n(digits38)}, {"39 digits", Auto, rat(digits39), nil}, {"smallest", Auto, rat("1e-130"), n("1E-130")}, {"too small", Auto, rat("1e-131"), nil}, {"too large", Auto, rat("1e126"), nil},
		{"no finite decimal", Auto, rat("1/3"), nil}, {"no finite decimal as N", Number, *rat("22/7"), nil}, {"no finite decimal as S", String, rat("1/3"), nil}, {"no finite decimal as JSON", JSON, rat("1/3"), nil},
		{"S", String, rat("19/2"), s("9.5")}, {"S of 39 digits", String, rat(digits39), s(digits39)}, {"JSON of 39 digits", JSON, rat(digits39), s(digits39)}, {"BOOL", Bool, rat("2/2"), boolean(true)}, {"B", Binary, half, nil},
		{"inside JSON", Auto, []any{half, *half, none}, s("[0.5,0.5,null]")}, {"inside L", List, []*big.Rat{half, none}, list(n("0.5"), null())}, {"inside M", Map, map[string]big.Rat{"a": *half}, object(m{"a": n("0.5")})},
		{"embedded", Auto, embeddedRat{half}, n("0.5")}, {"embedded value", Auto, embeddedInt{*big.NewInt(7)}, n("7")}, {"embedded by pointer", Auto, &embeddedInt{*big.NewInt(7)}, n("7")},
		{"embedded float", Auto, embeddedFloat{big.NewFloat(1e30)}, n("1E30")}, {"embedded nil", Auto, embeddedFloat{}, null()}, {"embedded in JSON", Auto, []embeddedRat{{half}}, s("[0.5]")},
		{"embedded in NS", NumberSet, []embeddedInt{{*big.NewInt(7)}}, ns("7")}, {"embedded, S", String, embeddedRat{half}, s("0.5")}, {"embedded without a decimal", Auto, embeddedRat{rat("1/3")}, nil},
		{"embedded with a text", Auto, ratio{half}, s("ratio")},
		{"in a struct", Map, struct {
			A *big.Rat
			B big.Rat
		}{half, *half}, object(m{"A": n("0.5"), "B": n("0.5")})},
		{"NS", NumberSet, []*big.Rat{half, rat("2/4"), rat("3")}, ns("0.5", "3")}, {"SS", StringSet, []big.Rat{*half}, ss("0.5")}, {"NS of no finite decimal", NumberSet, []*big.Rat{rat("1/3")}, nil}, {"NS of nil", NumberSet, []*big.Rat{none}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			holdsValue(t, forcing(tt.typ), tt.v, tt.want)
		})
	}
}

func TestFractionsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		v      any
		text   string
		remedy string
	}{
		"periodic":  {rat("1/3"), "the value is a fraction that no finite decimal is equal to", roundRemedy},
		"nested":    {[]any{rat("1/3")}, "a nested value is a fraction that no finite decimal is equal to", roundRemedy},
		"39 digits": {rat(strings.Repeat("7", 38) + ".5"), "the value has more than 38 significant digits", `set Field.Type to "S", or to "JSON" for a document, to write every digit as text`},
		"range":     {rat("1e126"), "the value is outside the range of a DynamoDB number, 1E-130 to 9.99...E125 or their negatives", `set Field.Type to "S", or to "JSON" for a document, to write every digit as text`},
	} {
		_, err := convertValue(t, Mapping{}, tt.v)
		require.NotNil(t, err, name)
		assert.Equal(t, tt.text, err.Error(), name)
		assert.Equal(t, tt.remedy, err.Advice().Remedy, name)
	}
	_, err := convertValue(t, forcing(String), rat("1/3"))
	require.NotNil(t, err)
	assert.Equal(t, roundRemedy, err.Advice().Remedy)
}

// A fraction that takes long to write, or that has no end, is refused before it is written.
func TestHugeFractions(t *testing.T) {
	t.Parallel()
	power := func(bits uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), bits) }
	odd := func(bits uint) *big.Int { return new(big.Int).Add(power(bits), big.NewInt(1)) }
	fives := new(big.Int).Exp(big.NewInt(5), big.NewInt(1_700), nil)
	for name, r := range map[string]*big.Rat{
		"numerator": new(big.Rat).SetFrac(odd(5_000_000), big.NewInt(2)), "denominator": new(big.Rat).SetFrac(big.NewInt(1), power(5_000_000)),
		"both": new(big.Rat).SetFrac(odd(5_000_000), power(5_000_000)), "whole": new(big.Rat).SetInt(power(5_000_000)),
		"many places": new(big.Rat).SetFrac(odd(65_000), power(4_000)), "many fives": new(big.Rat).SetFrac(big.NewInt(1), fives), "periodic": new(big.Rat).SetFrac(power(65_000), new(big.Int).Add(fives, big.NewInt(2))),
	} {
		for _, typ := range []Type{Auto, Number, List} {
			_, err := convertValue(t, forcing(typ), r)
			require.NotNil(t, err, name)
			require.Equal(t, fault.Mapping, err.Reason, name)
			require.NotEmpty(t, err.Advice().Remedy, name)
		}
	}
}

// FuzzFractions asserts that a fraction becomes the number that it is, or is refused.
func FuzzFractions(f *testing.F) {
	f.Add(int64(19), int64(2), uint8(0))
	f.Add(int64(-1), int64(1024), uint8(100))
	f.Add(int64(1), int64(3), uint8(1))
	f.Fuzz(func(t *testing.T, numerator, denominator int64, shift uint8) {
		if denominator == 0 {
			return
		}
		r := big.NewRat(numerator, denominator)
		r.Quo(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(5), big.NewInt(int64(shift)), nil)))
		before := r.RatString()
		for _, form := range []item.Form{item.Document, item.JSONText} {
			var b item.Builder
			var a item.Attr
			document := newTree(&b, form, &rules{})
			ok, err := document.setBuiltin(&a, r, 1)
			require.True(t, ok)
			require.Equal(t, before, r.RatString())
			if err == nil {
				require.Equal(t, before, rat(a.Text).RatString())
				continue
			}
			if _, exact := r.FloatPrec(); form == item.JSONText {
				require.False(t, exact)
			}
		}
	})
}

func TestFractionInRawNumber(t *testing.T) {
	t.Parallel()
	_, err := convertValue(t, forcing(Number), json.Number("19/2"))
	require.NotNil(t, err)
	require.EqualError(t, err, "the value of Go type json.Number is not a decimal number")
}
