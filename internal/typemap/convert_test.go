package typemap

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

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
		{"slice", []int{3, 1, 2}, s(`[3,1,2]`)}, {"array", [2]float64{1e21, 0.5}, s(`[1e+21,0.5]`)}, {"array of bytes", [2]byte{1, 2}, bin(1, 2)},
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
		{"time in JSON", []time.Time{day}, s(`["2026-03-04T05:06:07Z"]`)}, {"pointer to time in JSON", []*time.Time{&zoned}, s(`["1890-01-02T02:46:35.000006Z"]`)},
		{"json.Marshaler", marshaler{`{"x": 1}`}, s(`{"x":1}`)}, {"json.Marshaler in JSON", []any{marshaler{`"y"`}}, s(`["y"]`)},
		{"json.Marshaler that is a slice", marshalingSlice{1}, s(`{"length":1}`)}, {"json.Marshaler that is a string", marshalingText("x"), s("<x>")}, {"the same in JSON", []any{marshalingText("x")}, s(`["<x>"]`)},
		{"Valuer in JSON", map[string]any{"n": sql.NullInt64{Int64: 5, Valid: true}, "z": sql.NullString{}}, s(`{"n":5,"z":null}`)},

		{"time", day, s("2026-03-04T05:06:07Z")}, {"time with nanoseconds", day.Add(120), s("2026-03-04T05:06:07.00000012Z")},
		{"time in a zone", day.In(time.FixedZone("", 3600)), s("2026-03-04T06:06:07+01:00")},
		{"time in a zone with seconds", zoned, s("1890-01-02T02:46:35.000006Z")}, {"time in a zone a day ahead", day.In(time.FixedZone("", 24*3600)), s("2026-03-04T05:06:07Z")}, {"time in a zone a day behind", day.In(time.FixedZone("", -24*3600)), s("2026-03-04T05:06:07Z")},
		{"pointer to time", &day, s("2026-03-04T05:06:07Z")},
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
				require.NoError(t, err)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestKindsOfTypes(t *testing.T) {
	t.Parallel()
	kinds := map[Type]item.Kind{
		Auto: item.None, JSON: item.S, String: item.S, Number: item.N, Binary: item.B, Bool: item.Bool,
		List: item.L, Map: item.M, StringSet: item.SS, NumberSet: item.NS, BinarySet: item.BS, "X": item.None,
	}
	for typ, kind := range kinds {
		assert.Equal(t, kind, typ.Kind(), typ)
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
		{"NULL stays in JSON", Mapping{Fields: forcing(JSON).Fields, Null: OmitNull}, valuer{null()}, null(), false},
		{"nil AttributeValue pointer is null", Mapping{Null: OmitNull}, nilAttr, nil, false},
		{"JSON null is null", Mapping{Fields: forcing(JSON).Fields, Null: OmitNull}, json.RawMessage("null"), nil, false},
		{"empty bytes stay", Mapping{Null: RefuseNull}, []byte{}, bin(), false},
		{"null inside a document stays", Mapping{Fields: forcing(List).Fields, Null: RefuseNull}, []any{nil, ""}, list(null(), s("")), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := convertValue(t, tt.mapping, tt.v)
			if tt.refused {
				require.NotNil(t, err)
				require.Equal(t, fault.Mapping, err.Reason)
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
	it := mustConvert(t, New(Mapping{}, table.Schema{}), row{long: 1})
	assert.Equal(t, 65_535+2, it.Size)
	for name, column := range map[string]string{"empty": "", "too long": long + "n", "invalid UTF-8": "a\xffb"} {
		_, err := New(Mapping{}, table.Schema{}).Convert(row{"a": 1, column: 2})
		require.NotNil(t, err, name)
		assert.Equal(t, fault.Mapping, err.Reason, name)
		assert.Equal(t, column, err.Column, name)
		assert.Less(t, len(err.Error()), 300, name)
		assert.NotContains(t, err.Error(), "\xff", name)
		assert.Contains(t, err.Error(), "name ", name)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	c := New(Mapping{Fields: []Field{{Column: "b", Attribute: "y"}, field("a", Auto), {Column: "b", Attribute: "z", Type: String}, field("none", Auto)}}, table.Schema{})
	it := mustConvert(t, c, row{"a": 1, "b": 2, "c": 3})
	names := make([]string, len(it.Attrs))
	for i := range it.Attrs {
		names[i] = it.Attrs[i].Name
	}
	assert.Equal(t, []string{"y", "a", "z"}, names)
	assert.Equal(t, map[string]types.AttributeValue{"y": n("2"), "a": n("1"), "z": s("2")}, it.SDK())
}

func TestEveryColumnByName(t *testing.T) {
	t.Parallel()
	c := New(Mapping{}, table.Schema{})
	rows := []row{{"b": 1, "a": 2}, {"a": 1, "b": 2}, {"b": 1}, {"c": 1, "a": 2}, {"x": 1, "y": 2, "z": 3}, {"b": nil, "c": "", "a": 0}, {"q": 1}}
	for range 2 {
		for _, row := range rows {
			it := mustConvert(t, c, row)
			require.Len(t, it.Attrs, len(row))
			require.Equal(t, len(row), cap(it.Attrs))
			for i := range it.Attrs {
				require.Contains(t, row, it.Attrs[i].Name)
				require.True(t, i == 0 || it.Attrs[i-1].Name < it.Attrs[i].Name)
			}
		}
	}
}

// The plan keeps columns of earlier rows, but not many more than a row has.
func TestPlanIsBounded(t *testing.T) {
	t.Parallel()
	c := New(Mapping{}, table.Schema{})
	mustConvert(t, c, row{"a": 1, "b": 2})
	mustConvert(t, c, row{"b": 1, "c": 2})
	assert.Len(t, *c.seen.Load(), 3)
	for i := range 100 {
		mustConvert(t, c, row{fmt.Sprint(i): 1})
		assert.LessOrEqual(t, len(*c.seen.Load()), 2)
	}
}

func TestRowThatGivesNoAttribute(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		m   Mapping
		row row
	}{
		"no column": {Mapping{}, row{}}, "no column of a field": {forcing(Auto), row{"x": 1}}, "all left out": {Mapping{Null: OmitNull}, row{"x": nil, "y": ""}},
	} {
		_, err := New(tt.m, table.Schema{}).Convert(tt.row)
		require.NotNil(t, err, name)
		assert.Equal(t, fault.Mapping, err.Reason, name)
		assert.EqualError(t, err, "the row gives no attribute", name)
	}
}

func TestNilRow(t *testing.T) {
	t.Parallel()
	_, err := New(Mapping{}, table.Schema{}).Convert(nil)
	require.NotNil(t, err)
	require.Equal(t, fault.Mapping, err.Reason)
	require.EqualError(t, err, "the row is nil")
	require.Equal(t, "provide a row, or leave the nil row out", err.Advice().Remedy)
}

func TestItemSharesNothingWithRow(t *testing.T) {
	t.Parallel()
	raw, inner, set := []byte("bytes"), []byte("inner"), [][]byte{[]byte("m")}
	doc := json.RawMessage(`{"a":"b"}`)
	av := &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"k": &types.AttributeValueMemberB{Value: []byte("deep")}, "s": &types.AttributeValueMemberBS{Value: [][]byte{[]byte("m")}}}}
	fields := []Field{field("raw", Auto), field("list", List), field("set", BinarySet), field("doc", Auto), field("av", Auto), field("text", String), field("map", Map)}
	it := mustConvert(t, New(Mapping{Fields: fields}, table.Schema{}), row{"raw": raw, "list": []any{inner}, "set": set, "doc": doc, "av": av, "text": raw, "map": doc})
	want := it.SDK()
	got := it.SDK()
	require.Equal(t, want, got)
	for _, p := range [][]byte{raw, inner, set[0], doc, av.Value["k"].(*types.AttributeValueMemberB).Value, av.Value["s"].(*types.AttributeValueMemberBS).Value[0]} {
		clear(p)
	}
	require.Equal(t, want, it.SDK())
	got["raw"].(*types.AttributeValueMemberB).Value[0] = 0
	got["av"].(*types.AttributeValueMemberM).Value["k"] = nil
	require.Equal(t, want, it.SDK())
}
