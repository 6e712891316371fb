package typemap

import (
	"database/sql"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// textBytes is a mapping that takes bytes for text and forces typ.
func textBytes(typ Type) Mapping { return Mapping{Fields: forcing(typ).Fields, Bytes: TextBytes} }

func TestBytesThatAreText(t *testing.T) {
	t.Parallel()
	type m = map[string]types.AttributeValue
	word, raw := []byte("é"), []byte{0xff, 1}
	tests := []struct {
		name string
		typ  Type
		v    any
		want types.AttributeValue // nil for fault.Mapping
	}{
		{"bytes", Auto, word, s("é")}, {"pointer", Auto, &word, s("é")}, {"named", Auto, namedBytes(word), s("é")}, {"sql.RawBytes", Auto, sql.RawBytes(word), s("é")}, {"pointer to named", Auto, ptr(namedBytes(word)), s("é")},
		{"Valuer", Auto, valuer{word}, s("é")}, {"sql.Null", Auto, sql.Null[[]byte]{V: word, Valid: true}, s("é")}, {"AttributeValue", Auto, bin('x'), bin('x')}, {"raw JSON", Auto, json.RawMessage(`{"a": 1}`), s(`{"a":1}`)},
		{"nil", Auto, nilBytes, null()}, {"empty", Auto, []byte{}, null()}, {"bytes that are not UTF-8", Auto, raw, bin(raw...)}, {"number", Auto, []byte("1.50"), s("1.50")},

		{"S", String, word, s("é")}, {"S of bytes that are not UTF-8", String, raw, nil}, {"N", Number, []byte("1.50"), n("1.5")}, {"N of sql.RawBytes", Number, sql.RawBytes("-7"), n("-7")}, {"N of empty", Number, []byte{}, null()}, {"N of bytes that are not UTF-8", Number, raw, nil},
		{"B", Binary, []byte("AQI="), bin('A', 'Q', 'I', '=')}, {"B of named bytes", Binary, namedBytes("é"), bin(word...)}, {"B of empty", Binary, []byte{}, bin()}, {"B of bytes that are not UTF-8", Binary, raw, bin(raw...)}, {"B of text", Binary, "AQI=", bin(1, 2)},
		{"BOOL", Bool, []byte("t"), boolean(true)}, {"BOOL of a bit", Bool, []byte{1}, boolean(true)}, {"BOOL of empty", Bool, []byte{}, null()}, {"time", EpochSeconds, []byte("1970-01-01T00:00:01Z"), n("1")}, {"time of empty", SortableTime, []byte{}, null()},

		{"JSON", JSON, word, s(`"é"`)}, {"JSON of bytes that are not UTF-8", JSON, raw, s(`"/wE="`)}, {"JSON of empty", JSON, []byte{}, null()}, {"inside JSON", Auto, map[string]any{"a": word, "b": [][]byte{raw, {}, nil}}, s(`{"a":"é","b":["/wE=","",null]}`)},
		{"inside L", List, []any{word, raw, namedBytes("x"), []byte{}, nilBytes}, list(s("é"), bin(raw...), s("x"), s(""), null())}, {"inside L, by reflection", List, [][]byte{word, raw}, list(s("é"), bin(raw...))},
		{"inside M", Map, map[string][]byte{"a": word}, object(m{"a": s("é")})}, {"in a struct", Map, struct{ A sql.RawBytes }{sql.RawBytes("x")}, object(m{"A": s("x")})}, {"AttributeValue inside L", List, []any{bin('x')}, list(bin('x'))},
		{"L of JSON text", List, []byte(`["AQI="]`), list(s("AQI="))}, {"M of JSON text", Map, []byte(`{"a":"é"}`), object(m{"a": s("é")})}, {"L of empty", List, []byte{}, null()},
		{"SS", StringSet, [][]byte{word, word}, ss("é")}, {"SS of bytes that are not UTF-8", StringSet, [][]byte{raw}, nil}, {"NS", NumberSet, [][]byte{[]byte("1"), []byte("1.0")}, ns("1")}, {"BS", BinarySet, [][]byte{[]byte("AQI="), raw}, bs([]byte("AQI="), raw)}, {"BS of text", BinarySet, []any{"AQI=", word}, bs([]byte{1, 2}, word)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			holdsValue(t, textBytes(tt.typ), tt.v, tt.want)
		})
	}
}

// Text that bytes hold follows the policy for empty text, as a string does.
func TestEmptyBytesThatAreText(t *testing.T) {
	t.Parallel()
	for policy, want := range map[EmptyString]types.AttributeValue{EmptyAsNull: null(), KeepEmpty: s(""), OmitEmpty: nil} {
		for _, v := range []any{[]byte{}, namedBytes{}, valuer{[]byte{}}} {
			for _, typ := range []Type{Auto, String} {
				m := textBytes(typ)
				m.EmptyString = policy
				got, err := convertValue(t, m, v)
				require.Nil(t, err)
				assert.Equal(t, want, got)
			}
		}
	}
	got, err := convertValue(t, Mapping{}, []byte{})
	require.Nil(t, err)
	assert.Equal(t, bin(), got, "bytes")
	_, err = convertValue(t, Mapping{Fields: forcing(Number).Fields, Bytes: TextBytes, EmptyString: KeepEmpty}, []byte{})
	require.NotNil(t, err, "as for a string")
}

// A key takes bytes as the table declares it, whatever the mapping says of bytes.
func TestBytesThatAreTextAsKeys(t *testing.T) {
	t.Parallel()
	c := New(Mapping{Bytes: TextBytes}, schemaOfKeys(item.B, item.S))
	it := mustConvert(t, c, row{"p": []byte("id"), "s": []byte("at"), "g": []byte("index"), "v": []byte("text")})
	assert.Equal(t, map[string]types.AttributeValue{"p": bin('i', 'd'), "s": s("at"), "g": s("index"), "v": s("text")}, it.SDK())

	schema := schemaOfKeys(item.S, item.S)
	schema.Indexes = []table.Index{{Name: "b", Keys: []table.Key{{Name: "b", Kind: item.B, MaxBytes: 1024, Role: "key of index b"}}}}
	schema.Filters = []table.Key{{Name: "f", Kind: item.B, Role: "filter of vector index x"}}
	it = mustConvert(t, New(Mapping{Bytes: TextBytes}, schema), row{"p": []byte("p"), "s": []byte("s"), "b": []byte("x"), "f": []byte("y")})
	assert.Equal(t, map[string]types.AttributeValue{"p": s("p"), "s": s("s"), "b": bin('x'), "f": bin('y')}, it.SDK())

	for _, v := range []any{[]byte{}, nilBytes} {
		_, err := New(Mapping{Bytes: TextBytes}, schemaOfKeys(item.S, item.S)).Convert(row{"p": v, "s": "x"})
		require.NotNil(t, err)
		assert.Equal(t, fault.Key, err.Reason)
	}
	_, err := New(Mapping{Bytes: TextBytes}, schemaOfKeys(item.N, item.S)).Convert(row{"p": []byte("7"), "s": "x"})
	require.EqualError(t, err, `Go type []byte gives S, which the partition key "p" (N) does not take`)
	it = mustConvert(t, New(Mapping{Bytes: TextBytes, Fields: []Field{field("p", Number), field("s", Auto)}}, schemaOfKeys(item.N, item.S)), row{"p": []byte("7"), "s": []byte("x")})
	assert.Equal(t, map[string]types.AttributeValue{"p": n("7"), "s": s("x")}, it.SDK())
}

// Arrays of bytes are never text.
func TestArraysOfBytesAsScalars(t *testing.T) {
	t.Parallel()
	type id [2]byte
	for _, m := range []func(Type) Mapping{forcing, textBytes} {
		for v, want := range map[any]types.AttributeValue{[2]byte{'1', '2'}: bin('1', '2'), id{1, 2}: bin(1, 2)} {
			got, err := convertValue(t, m(Binary), v)
			require.Nil(t, err)
			assert.Equal(t, want, got)
			for _, typ := range []Type{String, Number, Bool} {
				_, err := convertValue(t, m(typ), v)
				require.NotNil(t, err, "%T as %s", v, typ)
				assert.Contains(t, err.Error(), "Go type "+fault.TypeName(v))
			}
		}
		got, err := convertValue(t, m(BinarySet), [][2]byte{{1, 2}, {1, 2}})
		require.Nil(t, err)
		assert.Equal(t, bs([]byte{1, 2}), got)
	}
}
