package realtypes

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/cockroachdb/apd/v3"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/linkedin/goavro/v2"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dynamodest/dynamodest"
)

// rat returns the fraction that s spells.
func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return r
}

// TestFractions holds that *big.Rat, which BigQuery, Spanner and Avro give for decimals, is a number,
// or is refused if no decimal of 38 digits is the same number.
func TestFractions(t *testing.T) {
	t.Parallel()
	decimals := forced{dynamodest.Number: number("9.5"), dynamodest.String: text("9.5")}
	longest := strings.Repeat("9", 37) + ".1"
	runValues(t, []value{
		{name: "*big.Rat", value: rat("19/2"), auto: number("9.5"), forced: decimals},
		{name: "big.Rat", value: *rat("19/2"), auto: number("9.5"), forced: decimals},
		{name: "**big.Rat", value: ptr(rat("19/2")), auto: number("9.5"), forced: decimals},
		{name: "integer", value: rat("-12"), auto: number("-12"), forced: forced{dynamodest.String: text("-12")}},
		{name: "zero", value: new(big.Rat), auto: number("0"), forced: forced{dynamodest.Bool: no}},
		{name: "zero value", value: big.Rat{}, auto: number("0")},
		{name: "one", value: rat("1"), auto: number("1"), forced: forced{dynamodest.Bool: yes}},
		{name: "power of ten", value: rat("1e20"), auto: number("100000000000000000000")},
		{name: "small", value: rat("1/1024"), auto: number("0.0009765625")},
		{name: "NUMERIC of BigQuery", value: rat("99999999999999999999999999999.999999999"), auto: number("99999999999999999999999999999.999999999")},
		{name: "38 digits", value: rat(longest), auto: number(longest)},
		{name: "39 digits", value: rat(longest + "1"), auto: mapping, json: longest + "1"},
		{name: "without a finite decimal", value: rat("1/3"), auto: mapping, forced: forced{dynamodest.Number: mapping, dynamodest.String: mapping}},
		{name: "without a finite decimal, of 7", value: *rat("22/7"), auto: mapping},
		{name: "nil", value: (*big.Rat)(nil), auto: nothing, forced: forced{dynamodest.Number: nothing}},
	}, []write{
		{name: "NS", value: []*big.Rat{rat("19/2"), rat("38/4"), rat("1")}, typ: dynamodest.NumberSet, want: numbers("1", "9.5")},
		{name: "SS", value: []*big.Rat{rat("19/2")}, typ: dynamodest.StringSet, want: texts("9.5")},
		{name: "NS without a finite decimal", value: []*big.Rat{rat("1/3")}, typ: dynamodest.NumberSet, want: mapping},
		{name: "NS with nil", value: []*big.Rat{nil}, typ: dynamodest.NumberSet, want: mapping},
		{name: "NUMERIC array of BigQuery", value: []any{rat("1.5"), nil}, typ: dynamodest.List, want: list(number("1.5"), nothing)},
	}...)
}

// TestAvroDecimals writes what goavro gives for a nullable decimal: a union, as a map of one member.
func TestAvroDecimals(t *testing.T) {
	t.Parallel()
	codec, err := goavro.NewCodec(`{"type":"record","name":"r","fields":[
		{"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}},
		{"name":"discount","type":["null",{"type":"bytes","logicalType":"decimal","precision":10,"scale":2}]},
		{"name":"none","type":["null","string"]}]}`)
	require.NoError(t, err)
	wire, err := codec.BinaryFromNative(nil, map[string]any{
		"price": rat("12.50"), "discount": goavro.Union("bytes.decimal", rat("-0.75")), "none": nil,
	})
	require.NoError(t, err)
	native, _, err := codec.NativeFromBinary(wire)
	require.NoError(t, err)
	record := native.(map[string]any)
	runValues(t, []value{
		{name: "decimal", value: record["price"], auto: number("12.5")},
		{
			name: "union", value: record["discount"], auto: text(`{"bytes.decimal":-0.75}`), member: doc{"bytes.decimal": number("-0.75")}.want(),
			json: `{"bytes.decimal":-0.75}`, forced: forced{dynamodest.Map: doc{"bytes.decimal": number("-0.75")}.want()},
		},
		{name: "null", value: record["none"], auto: nothing},
	})
}

// TestDecimals holds that decimals of other libraries, whose methods give text, keep every digit: S by
// default, and N where N is forced.
func TestDecimals(t *testing.T) {
	t.Parallel()
	both := func(s, n string) forced {
		return forced{dynamodest.Number: number(n), dynamodest.String: text(s)}
	}
	scaled := pgtype.Numeric{Int: big.NewInt(1250), Exp: -2, Valid: true}
	scientific, _, err := apd.NewFromString("1.25E+3")
	require.NoError(t, err)
	decimal128, err := bson.ParseDecimal128("12.50")
	require.NoError(t, err)
	const long = "12345678901234567890123456789.123456789"
	runValues(t, []value{
		{name: "decimal.Decimal", value: decimal.RequireFromString("12.50"), auto: text("12.5"), forced: both("12.5", "12.5")},
		{name: "decimal.Decimal of 38 digits", value: decimal.RequireFromString(long), auto: text(long), forced: both(long, long)},
		{name: "decimal.Decimal of 40 digits", value: decimal.RequireFromString(long + "12"), auto: text(long + "12"), forced: forced{dynamodest.Number: mapping}},
		{name: "decimal.NullDecimal", value: decimal.NewNullDecimal(decimal.RequireFromString("12.50")), auto: text("12.5"), forced: both("12.5", "12.5")},
		{name: "decimal.NullDecimal of null", value: decimal.NullDecimal{}, auto: nothing, forced: forced{dynamodest.Number: nothing}},
		{name: "apd.Decimal", value: *apd.New(1250, -2), auto: text("12.50"), forced: both("12.50", "12.5")},
		{name: "*apd.Decimal", value: apd.New(1250, -2), auto: text("12.50"), forced: both("12.50", "12.5")},
		{name: "apd.Decimal with an exponent", value: *scientific, auto: text("1.25E+3"), forced: both("1.25E+3", "1250")},
		{name: "apd.Decimal NaN", value: apd.Decimal{Form: apd.NaN}, auto: text("NaN"), forced: forced{dynamodest.Number: mapping}},
		{name: "apd.NullDecimal of null", value: apd.NullDecimal{}, auto: nothing},
		{name: "pgtype.Numeric", value: scaled, auto: text("12.50"), forced: both("12.50", "12.5")},
		{name: "pgtype.Numeric NaN", value: pgtype.Numeric{NaN: true, Valid: true}, auto: text("NaN"), forced: forced{dynamodest.Number: mapping}},
		{name: "pgtype.Numeric infinity", value: pgtype.Numeric{InfinityModifier: pgtype.Infinity, Valid: true}, auto: text("Infinity"), forced: forced{dynamodest.Number: mapping}},
		{name: "pgtype.Numeric of null", value: pgtype.Numeric{}, auto: nothing, forced: forced{dynamodest.Number: nothing}},
		{name: "bson.Decimal128", value: decimal128, auto: text("12.50"), forced: both("12.50", "12.5")},
	}, []write{
		{name: "NS of decimal.Decimal", value: []decimal.Decimal{decimal.New(125, -1), decimal.New(1250, -2)}, typ: dynamodest.NumberSet, want: numbers("12.5")},
		{name: "NS of pgtype.Numeric", value: []pgtype.Numeric{scaled}, typ: dynamodest.NumberSet, want: numbers("12.5")},
	}...)
}

// TestBinaryFloats writes the *big.Float that gosnowflake gives for a NUMBER with a scale: a quotient
// in binary, of which the shortest decimal is the number in the table.
func TestBinaryFloats(t *testing.T) {
	t.Parallel()
	quotient := new(big.Float).Quo(new(big.Float).SetInt64(1234), new(big.Float).SetInt64(100))
	runValues(t, []value{
		{name: "*big.Float", value: quotient, auto: number("12.34")},
		{name: "*big.Int", value: new(big.Int).Exp(big.NewInt(10), big.NewInt(37), nil), auto: number("1" + strings.Repeat("0", 37))},
		{name: "attributevalue.Number", value: attributevalue.Number("12.50"), auto: number("12.5"), json: "12.50", forced: forced{dynamodest.Number: number("12.5")}},
		{name: "json.Number", value: json.Number("12.50"), auto: number("12.5"), json: "12.50"},
		{name: "uint64", value: uint64(math.MaxUint64), auto: number("18446744073709551615")},
	})
}

func ptr[T any](v T) *T { return &v }
