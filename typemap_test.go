package dynamodest

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	namedString string
	namedInt    int16
	namedUint   uint8
	namedFloat  float32
	namedBool   bool
	namedBytes  []byte
	namedTime   time.Time

	valuer        struct{ v any }
	pointerValuer struct{ v any }
	texter        struct{ A, B byte }
	marshaler     struct{ raw string }
	both          struct{} // a Valuer and a TextMarshaler
	failing       struct{ panics bool }

	marshalingSlice []int
	marshalingText  string
)

func (m marshalingSlice) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `{"length":%d}`, len(m)), nil
}
func (m marshalingText) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `"<%s>"`, string(m)), nil
}

func (v valuer) Value() (driver.Value, error)         { return v.v, nil }
func (v *pointerValuer) Value() (driver.Value, error) { return v.v, nil }
func (x texter) MarshalText() ([]byte, error)         { return []byte{x.A, '-', x.B}, nil }
func (m marshaler) MarshalJSON() ([]byte, error)      { return []byte(m.raw), nil }
func (both) Value() (driver.Value, error)             { return int64(7), nil }
func (both) MarshalText() ([]byte, error)             { return []byte("text"), nil }

var errSecret = errors.New("secret-in-error")

func (f failing) MarshalText() ([]byte, error) {
	if f.panics {
		panic("secret-in-panic")
	}
	return nil, errSecret
}

func s(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
func n(v string) types.AttributeValue { return &types.AttributeValueMemberN{Value: v} }
func bin(v ...byte) types.AttributeValue {
	return &types.AttributeValueMemberB{Value: append([]byte{}, v...)}
}
func boolean(v bool) types.AttributeValue { return &types.AttributeValueMemberBOOL{Value: v} }
func null() types.AttributeValue          { return &types.AttributeValueMemberNULL{Value: true} }
func list(v ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: append([]types.AttributeValue{}, v...)}
}
func object(m map[string]types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: m}
}

func ptr[T any](v T) *T { return &v }

func bigFloat(text string) *big.Float {
	f, _, err := big.ParseFloat(text, 10, 200, big.ToNearestEven)
	if err != nil {
		panic(err)
	}
	return f
}

func bigInt(text string) *big.Int {
	i, ok := new(big.Int).SetString(text, 10)
	if !ok {
		panic(text)
	}
	return i
}

// convertValue converts the column v of a row to its attribute; nil if it is
// left out.
func convertValue(t testing.TB, m Mapping, v any) (types.AttributeValue, *RowError) {
	t.Helper()
	if len(m.Fields) > 0 {
		m.Fields = append(slices.Clip(m.Fields), Field{Column: "id"})
	}
	it, err := newConverter(m, tableSchema{}).convert(Row{"v": v, "id": 1})
	if err != nil {
		return nil, err
	}
	return it.attributeMap()["v"], nil
}

func forcing(t Type) Mapping { return Mapping{Fields: []Field{{Column: "v", Type: t}}} }

var (
	nilMap   map[string]any
	nilSlice []int
	nilBytes []byte
	nilInt   *int
	nilBig   *big.Int
	nilTime  *time.Time
	nilValue *pointerValuer
	nilAttr  *types.AttributeValueMemberS
)

// zoned is a time in a zone whose offset has seconds.
var zoned = time.Date(1890, 1, 2, 3, 4, 5, 6000, time.FixedZone("LMT", 17*60+30))

func TestAutoTypes(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	tests := []struct {
		name string
		v    any
		want types.AttributeValue
	}{
		{"string", "héllo", s("héllo")},
		{"named string", namedString("x"), s("x")},
		{"empty string", "", null()},
		{"empty named string", namedString(""), null()},

		{"int", -7, n("-7")}, {"int8", int8(math.MinInt8), n("-128")}, {"int16", int16(300), n("300")}, {"int32", int32(-70000), n("-70000")},
		{"int64", int64(math.MinInt64), n("-9223372036854775808")},
		{"uint", uint(7), n("7")}, {"uint8", uint8(255), n("255")}, {"uint16", uint16(65535), n("65535")}, {"uint32", uint32(math.MaxUint32), n("4294967295")},
		{"uint64", uint64(math.MaxUint64), n("18446744073709551615")},
		{"named int", namedInt(-300), n("-300")}, {"named uint", namedUint(200), n("200")}, {"named float", namedFloat(0.1), n("0.1")},
		{"duration", 3 * time.Second, n("3000000000")},
		{"float64", 0.1, n("0.1")}, {"float32", float32(0.1), n("0.1")}, {"negative zero", math.Copysign(0, -1), n("0")},
		{"float that is whole", 3.0, n("3")}, {"large float", 1e100, n("1E100")}, {"small float", 1e-100, n("1E-100")},
		{"json.Number", json.Number("-0012.500e1"), n("-125")}, {"json.Number zero with exponent", json.Number("0e126"), n("0")},
		{"json.Number of 38 digits", json.Number("1." + strings.Repeat("3", 37)), n("1." + strings.Repeat("3", 37))},
		{"*big.Int", bigInt("123456789012345678901234567890"), n("123456789012345678901234567890")}, {"big.Int", *bigInt("-5"), n("-5")},
		{"big.Int with many zeros", new(big.Int).Exp(big.NewInt(10), big.NewInt(125), nil), n("1E125")},
		{"*big.Float at its precision", big.NewFloat(0.1), n("0.1")},
		{"*big.Float", big.NewFloat(-2.5), n("-2.5")}, {"big.Float", *big.NewFloat(1e20), n("100000000000000000000")},
		{"*big.Float of small value", bigFloat("0.0000000000000000000000000000000078125"), n("7.8125E-33")},
		{"*big.Float zero", new(big.Float), n("0")}, {"nil *big.Float", (*big.Float)(nil), null()},

		{"bool", true, boolean(true)}, {"false", false, boolean(false)}, {"named bool", namedBool(true), boolean(true)},

		{"nil", nil, null()}, {"nil pointer", nilInt, null()}, {"nil map", nilMap, null()}, {"nil slice", nilSlice, null()}, {"nil []byte", nilBytes, null()},
		{"nil *big.Int", nilBig, null()}, {"nil *time.Time", nilTime, null()}, {"nil AttributeValue pointer", nilAttr, null()},
		{"nil json.RawMessage", json.RawMessage(nil), null()}, {"nil pointer with methods", nilValue, null()}, {"pointer to nil pointer", &nilInt, null()},
		{"Valuer giving nil", valuer{nil}, null()}, {"sql.NullString null", sql.NullString{}, null()}, {"JSON null", json.RawMessage(" null "), null()},

		{"map", map[string]any{"b": 1, "a": []any{nil, true, "<&>\u2028"}}, s(`{"a":[null,true,"<&>\u2028"],"b":1}`)},
		{"map of named key and value", map[namedString]namedInt{"b": 2, "a": 1}, s(`{"a":1,"b":2}`)},
		{"map of int keys", map[int]string{10: "x", 9: ""}, s(`{"10":"x","9":""}`)},
		{"map of text keys", map[netip.Addr]bool{netip.MustParseAddr("::1"): true}, s(`{"::1":true}`)},
		{"empty map", map[string]int{}, s(`{}`)}, {"empty slice", []string{}, s(`[]`)},
		{"slice", []int{3, 1, 2}, s(`[3,1,2]`)}, {"array", [2]float64{1e21, 0.5}, s(`[1e+21,0.5]`)}, {"array of bytes", [2]byte{1, 2}, s(`[1,2]`)},
		{"struct", struct {
			Z int    `json:"z"`
			A string `json:"a,omitempty"`
			h int
		}{1, "", 2}, s(`{"z":1}`)},
		{"pointer to struct", &struct{ A []byte }{[]byte("hi")}, s(`{"A":"aGk="}`)},
		{"json.RawMessage", json.RawMessage(` {"b" : 1.0e2, "a":"\u00e9\/<" , "a":[ ] } `), s(`{"a":[],"b":1.0e2}`)},
		{"json.RawMessage of a scalar", json.RawMessage(` 5 `), s(`5`)},
		{"exact numbers in JSON", []any{json.Number("1e400"), uint64(math.MaxUint64), bigInt(strings.Repeat("7", 50)), big.NewFloat(0.5), float32(0.1)},
			s(`[1e400,18446744073709551615,` + strings.Repeat("7", 50) + `,0.5,0.1]`)},
		{"empty json.Number in JSON", []json.Number{""}, s(`[0]`)}, {"empty name in JSON", map[string]int{"": 1}, s(`{"":1}`)},
		{"time in JSON", []time.Time{day}, s(`["2026-03-04T05:06:07Z"]`)},
		{"json.Marshaler", marshaler{`{"x": 1}`}, s(`{"x":1}`)}, {"json.Marshaler in JSON", []any{marshaler{`"y"`}}, s(`["y"]`)},
		{"json.Marshaler that is a slice", marshalingSlice{1}, s(`{"length":1}`)}, {"json.Marshaler that is a string", marshalingText("x"), s("x")}, {"the same in JSON", []any{marshalingText("x")}, s(`["<x>"]`)},
		{"Valuer in JSON", map[string]any{"n": sql.NullInt64{Int64: 5, Valid: true}, "z": sql.NullString{}}, s(`{"n":5,"z":null}`)},

		{"time", day, s("2026-03-04T05:06:07Z")}, {"time with nanoseconds", day.Add(120), s("2026-03-04T05:06:07.00000012Z")},
		{"time in a zone", day.In(time.FixedZone("", 3600)), s("2026-03-04T06:06:07+01:00")},
		{"time in a zone with seconds", zoned, s("1890-01-02T02:46:35.000006Z")}, {"pointer to time", &day, s("2026-03-04T05:06:07Z")},
		{"named time", namedTime(day), s("2026-03-04T05:06:07Z")},
		{"[]byte", []byte{0, 255}, bin(0, 255)}, {"named []byte", namedBytes("x"), bin('x')}, {"empty []byte", []byte{}, bin()},

		{"Valuer", valuer{int64(5)}, n("5")}, {"Valuer giving a Valuer", valuer{valuer{"x"}}, s("x")}, {"sql.NullTime", sql.NullTime{Time: day, Valid: true}, s("2026-03-04T05:06:07Z")},
		{"sql.Null", sql.Null[float64]{V: 1.5, Valid: true}, n("1.5")}, {"Valuer before TextMarshaler", both{}, n("7")},
		{"Valuer by pointer", &pointerValuer{true}, boolean(true)}, {"Valuer of the pointer, by value", pointerValuer{"x"}, s("x")},
		{"Valuer giving a document", valuer{[]byte{1}}, bin(1)}, {"Valuer giving empty text", valuer{""}, null()},
		{"TextMarshaler", texter{'a', 'b'}, s("a-b")}, {"pointer to TextMarshaler", &texter{'a', 'b'}, s("a-b")}, {"netip", netip.MustParseAddr("10.0.0.1"), s("10.0.0.1")},
		{"pointer", ptr(5), n("5")}, {"pointer to pointer", ptr(ptr("x")), s("x")}, {"pointer to interface", ptr(any(1.5)), n("1.5")}, {"pointer to json.Number", ptr(json.Number("1.0")), n("1")},
		{"pointer to json.RawMessage", ptr(json.RawMessage(`[1, 2]`)), s(`[1,2]`)},

		{"AttributeValue S", s(""), s("")}, {"AttributeValue N", n("1.0"), n("1")}, {"AttributeValue NULL", null(), null()},
		{"pointer to AttributeValue", ptr(s("x")), s("x")}, {"AttributeValue M", object(map[string]types.AttributeValue{"a": list(bin(1))}), object(map[string]types.AttributeValue{"a": list(bin(1))})},
		{"AttributeValue NS", &types.AttributeValueMemberNS{Value: []string{"1.0", "2"}}, &types.AttributeValueMemberNS{Value: []string{"1", "2"}}},
		{"AttributeValue nil B", &types.AttributeValueMemberB{}, bin()},
		{"AttributeValue in JSON", []any{n("1.50"), &types.AttributeValueMemberSS{Value: []string{"a"}}}, s(`[1.5,["a"]]`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := convertValue(t, Mapping{}, tt.v)
			if err != nil {
				require.NoError(t, err.Err)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestNullAndEmptyString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		mapping Mapping
		v       any
		want    types.AttributeValue // nil if left out
		refused bool
	}{
		{"write null", Mapping{Null: WriteNull}, nil, null(), false},
		{"omit null", Mapping{Null: OmitNull}, nilInt, nil, false},
		{"refuse null", Mapping{Null: RefuseNull}, valuer{nil}, nil, true},
		{"empty as null", Mapping{EmptyString: EmptyAsNull}, "", null(), false},
		{"empty as omitted null", Mapping{Null: OmitNull}, "", nil, false},
		{"empty as refused null", Mapping{Null: RefuseNull}, "", nil, true},
		{"empty kept", Mapping{Null: RefuseNull, EmptyString: KeepEmpty}, "", s(""), false},
		{"empty omitted", Mapping{EmptyString: OmitEmpty}, "", nil, false},
		{"empty kept is no number", Mapping{Fields: forcing(Number).Fields, EmptyString: KeepEmpty}, "", nil, true},
		{"empty omitted is no number either", Mapping{Fields: forcing(Number).Fields, EmptyString: OmitEmpty}, "", nil, false},
		{"NULL stays", Mapping{Null: OmitNull}, null(), null(), false},
		{"empty S stays", Mapping{EmptyString: OmitEmpty}, s(""), s(""), false},
		{"empty bytes stay", Mapping{Null: RefuseNull}, []byte{}, bin(), false},
		{"null inside a document stays", Mapping{Fields: forcing(List).Fields, Null: RefuseNull}, []any{nil, ""}, list(null(), s("")), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := convertValue(t, tt.mapping, tt.v)
			if tt.refused {
				require.NotNil(t, err)
				require.Equal(t, ErrMapping, err.Reason)
				return
			}
			require.Nil(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 65_535)
	it := mustConvert(t, newConverter(Mapping{}, tableSchema{}), Row{long: 1})
	assert.Equal(t, 65_535+2, it.size)
	for name, column := range map[string]string{"empty": "", "too long": long + "n", "invalid UTF-8": "a\xffb"} {
		_, err := newConverter(Mapping{}, tableSchema{}).convert(Row{"a": 1, column: 2})
		require.NotNil(t, err, name)
		assert.Equal(t, ErrMapping, err.Reason, name)
		assert.Equal(t, column, err.Column, name)
		assert.Less(t, len(err.Err.Error()), 300, name)
		assert.NotContains(t, err.Err.Error(), "\xff", name)
		assert.Contains(t, err.Err.Error(), "name ", name)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	c := newConverter(Mapping{Fields: []Field{{Column: "b", Attribute: "y"}, {Column: "a"}, {Column: "b", Attribute: "z", Type: String}, {Column: "none"}}}, tableSchema{})
	it := mustConvert(t, c, Row{"a": 1, "b": 2, "c": 3})
	names := make([]string, len(it.attrs))
	for i := range it.attrs {
		names[i] = it.attrs[i].name
	}
	assert.Equal(t, []string{"y", "a", "z"}, names)
	assert.Equal(t, map[string]types.AttributeValue{"y": n("2"), "a": n("1"), "z": s("2")}, it.attributeMap())
}

func TestEveryColumnByName(t *testing.T) {
	t.Parallel()
	c := newConverter(Mapping{}, tableSchema{})
	rows := []Row{{"b": 1, "a": 2}, {"a": 1, "b": 2}, {"b": 1}, {"c": 1, "a": 2}, {"x": 1, "y": 2, "z": 3}, {"b": nil, "c": "", "a": 0}, {"q": 1}}
	for range 2 {
		for _, row := range rows {
			it := mustConvert(t, c, row)
			require.Len(t, it.attrs, len(row))
			for i := range it.attrs {
				require.Contains(t, row, it.attrs[i].name)
				require.True(t, i == 0 || it.attrs[i-1].name < it.attrs[i].name)
			}
		}
	}
}

func TestRowThatGivesNoAttribute(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		m   Mapping
		row Row
	}{
		"no column": {Mapping{}, Row{}}, "no column of a field": {forcing(Auto), Row{"x": 1}}, "all left out": {Mapping{Null: OmitNull}, Row{"x": nil, "y": ""}},
	} {
		_, err := newConverter(tt.m, tableSchema{}).convert(tt.row)
		require.NotNil(t, err, name)
		assert.Equal(t, ErrMapping, err.Reason, name)
		assert.EqualError(t, err.Err, "the row gives no attribute", name)
	}
}

func TestNilRow(t *testing.T) {
	t.Parallel()
	_, err := newConverter(Mapping{}, tableSchema{}).convert(nil)
	require.NotNil(t, err)
	require.Equal(t, ErrMapping, err.Reason)
	require.EqualError(t, err.Err, "the row is nil")
	require.Equal(t, "give a row, or leave it out", err.Remedy())
}

func TestItemSharesNothingWithRow(t *testing.T) {
	t.Parallel()
	raw, inner, set := []byte("bytes"), []byte("inner"), [][]byte{[]byte("m")}
	doc := json.RawMessage(`{"a":"b"}`)
	av := &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"k": &types.AttributeValueMemberB{Value: []byte("deep")}, "s": &types.AttributeValueMemberBS{Value: [][]byte{[]byte("m")}}}}
	fields := []Field{{Column: "raw"}, {Column: "list", Type: List}, {Column: "set", Type: BinarySet}, {Column: "doc"}, {Column: "av"}, {Column: "text", Type: String}, {Column: "map", Type: Map}}
	it := mustConvert(t, newConverter(Mapping{Fields: fields}, tableSchema{}), Row{"raw": raw, "list": []any{inner}, "set": set, "doc": doc, "av": av, "text": raw, "map": doc})
	want := it.attributeMap()
	got := it.attributeMap()
	require.Equal(t, want, got)
	for _, p := range [][]byte{raw, inner, set[0], doc, av.Value["k"].(*types.AttributeValueMemberB).Value, av.Value["s"].(*types.AttributeValueMemberBS).Value[0]} {
		clear(p)
	}
	require.Equal(t, want, it.attributeMap())
	got["raw"].(*types.AttributeValueMemberB).Value[0] = 0
	got["av"].(*types.AttributeValueMemberM).Value["k"] = nil
	require.Equal(t, want, it.attributeMap())
}
