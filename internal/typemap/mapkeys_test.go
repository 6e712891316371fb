package typemap

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

type (
	namedArray [2]byte
	textArray  [2]byte
	valuerInt  int
	failingKey struct{}
	oddBytes   [2]namedUint
)

func (textArray) MarshalText() ([]byte, error)  { return []byte("text"), nil }
func (valuerInt) Value() (driver.Value, error)  { return "value", nil }
func (failingKey) MarshalJSON() ([]byte, error) { panic("secret") }

// Each of these is a key of its own type, in a map of such keys and in a map of interfaces.
func TestMapKeys(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 3, 4, 5, 6, 7, 120, time.FixedZone("", 3600))
	for name, tt := range map[string]struct {
		typed any // a map of one key, or nil
		key   any
		want  string
	}{
		"string": {map[string]int{"a": 1}, "a", "a"}, "named string": {map[namedString]int{"a": 1}, namedString("a"), "a"}, "json.Number": {map[json.Number]int{"1.50": 1}, json.Number("1.50"), "1.50"},
		"string with MarshalJSON": {map[marshalingText]int{"a": 1}, marshalingText("a"), "a"},
		"int":                     {map[int]int{-7: 1}, -7, "-7"}, "named int": {map[namedInt]int{7: 1}, namedInt(7), "7"}, "int with Value": {map[valuerInt]int{7: 1}, valuerInt(7), "7"},
		"uint": {map[uint64]int{math.MaxUint64: 1}, uint64(math.MaxUint64), "18446744073709551615"}, "duration": {map[time.Duration]int{1: 1}, time.Duration(1), "1"},
		"bool": {map[bool]int{true: 1}, true, "true"}, "named bool": {map[namedBool]int{false: 1}, namedBool(false), "false"},
		"float": {map[float64]int{0.1: 1}, 0.1, "0.1"}, "whole float": {map[float64]int{3: 1}, 3.0, "3"}, "large float": {map[float64]int{1e21: 1}, 1e21, "1e+21"}, "float32": {map[float32]int{0.1: 1}, float32(0.1), "0.1"}, "named float": {map[namedFloat]int{0.1: 1}, namedFloat(0.1), "0.1"},
		"time": {map[time.Time]int{moment: 1}, moment, "2026-03-04T05:06:07.00000012+01:00"}, "named time": {map[namedTime]int{namedTime(moment): 1}, namedTime(moment), "2026-03-04T05:06:07.00000012+01:00"},
		"pointer to time": {map[*time.Time]int{&moment: 1}, &moment, "2026-03-04T05:06:07.00000012+01:00"}, "time in a zone with seconds": {map[time.Time]int{zoned: 1}, zoned, "1890-01-02T02:46:35.000006Z"},
		"array of bytes": {map[[2]byte]int{{1, 2}: 1}, [2]byte{1, 2}, "AQI="}, "named array of bytes": {map[namedArray]int{{1, 2}: 1}, namedArray{1, 2}, "AQI="}, "array of named bytes": {map[oddBytes]int{{1, 2}: 1}, oddBytes{1, 2}, "AQI="},
		"array with MarshalText": {map[textArray]int{{}: 1}, textArray{}, "text"},
		"TextMarshaler":          {map[netip.Addr]int{netip.MustParseAddr("::1"): 1}, netip.MustParseAddr("::1"), "::1"}, "Valuer and TextMarshaler": {map[both]int{{}: 1}, both{}, "text"}, "pointer to TextMarshaler": {map[*texter]int{{'a', 'b'}: 1}, &texter{'a', 'b'}, "a-b"},
		"Valuer": {map[valuer]int{{int64(5)}: 1}, valuer{int64(5)}, "5"}, "Valuer giving text": {map[sql.NullString]int{{String: "x", Valid: true}: 1}, sql.NullString{String: "x", Valid: true}, "x"}, "Valuer giving a time": {nil, sql.NullTime{Time: moment, Valid: true}, "2026-03-04T05:06:07.00000012+01:00"},
		"MarshalJSON giving text": {map[marshaler]int{{`"x"`}: 1}, marshaler{`"x"`}, "x"}, "MarshalJSON giving a number": {nil, marshaler{`1.50`}, "1.50"}, "MarshalJSON giving a bool": {nil, marshaler{`true`}, "true"},
		"pointer": {map[*int]int{ptr(5): 1}, ptr(5), "5"}, "pointer to pointer": {map[**string]int{ptr(ptr("x")): 1}, ptr(ptr("x")), "x"}, "pointer to interface": {map[*any]int{ptr(any(1.5)): 1}, ptr(any(1.5)), "1.5"},
		"big.Int": {nil, bigInt("12345678901234567890123"), "12345678901234567890123"}, "AttributeValue": {nil, s("x"), "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			maps := []any{map[any]int{tt.key: 1}}
			if tt.typed != nil {
				maps = append(maps, tt.typed)
			}
			for _, v := range maps {
				got, err := convertValue(t, Mapping{}, v)
				if err != nil {
					require.NoError(t, err)
				}
				require.Equal(t, s(`{"`+tt.want+`":1}`), got)
				got, err = convertValue(t, forcing(Map), v)
				require.Nil(t, err)
				require.Equal(t, object(avMap{tt.want: n("1")}), got)
			}
		})
	}
}

func TestMapsOfAnyKeysInDocuments(t *testing.T) {
	t.Parallel()
	v := map[any]any{"a": map[any]any{1: []any{map[interface{ MarshalText() ([]byte, error) }]bool{netip.MustParseAddr("::1"): true}}, "1.0": nil}, true: "x"}
	got, err := convertValue(t, Mapping{}, v)
	require.Nil(t, err)
	assert.Equal(t, s(`{"a":{"1":[{"::1":true}],"1.0":null},"true":"x"}`), got)
	got, err = convertValue(t, forcing(Map), v)
	require.Nil(t, err)
	assert.Equal(t, object(avMap{"a": object(avMap{"1": list(object(avMap{"::1": boolean(true)})), "1.0": null()}), "true": s("x")}), got)
}

func TestKeysThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	const key = "a map key of Go type "
	for name, tt := range map[string]struct {
		v    any
		text string
	}{
		"nil": {map[any]int{nil: 1}, key + "any is nil"}, "nil pointer": {map[*int]int{nil: 1}, key + "*int is nil"}, "nil pointer in any": {map[any]int{nilInt: 1}, key + "*int is nil"}, "nil TextMarshaler in any": {map[any]int{(*texter)(nil): 1}, key + "*typemap.texter is nil"},
		"nil of an interface": {map[error]int{nil: 1}, key + "error is nil"}, "null of a Valuer": {map[sql.NullString]int{{}: 1}, key + "sql.NullString is nil"}, "null of MarshalJSON": {map[any]int{marshaler{"null"}: 1}, key + "typemap.marshaler is nil"}, "NULL": {map[any]int{null(): 1}, key + "*types.AttributeValueMemberNULL is nil"},
		"NaN": {map[float64]int{math.NaN(): 1}, key + "float64 is NaN or infinite"}, "Inf": {map[any]int{float32(math.Inf(1)): 1}, key + "float32 is NaN or infinite"},
		"struct": {map[struct{ A int }]int{{1}: 1}, key + "struct { A int } cannot be the name of a member"}, "array": {map[any]int{[1]string{"secret"}: 1}, key + "[1]string cannot be the name of a member"}, "complex": {map[complex128]int{1: 1}, key + "complex128 cannot be the name of a member"}, "chan": {map[chan int]int{make(chan int): 1}, key + "chan int cannot be the name of a member"},
		"object of MarshalJSON": {map[marshaler]int{{`{"secret":1}`}: 1}, key + "typemap.marshaler cannot be the name of a member"}, "bad JSON": {map[any]int{marshaler{"secret"}: 1}, key + "typemap.marshaler is not valid JSON at byte 0"}, "list": {map[any]int{ptr(list()): 1}, key + "*types.AttributeValue cannot be the name of a member"},
		"panic": {map[failingKey]int{{}: 1}, key + "typemap.failingKey: method MarshalJSON of typemap.failingKey panicked"}, "year 10000": {map[time.Time]int{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC): 1}, key + "time.Time is a time whose year is outside 0 to 9999, the range of RFC 3339"},
		"equal texts": {map[any]int{1: 1, "1": 2}, "two keys of the map[any]int have the same text"}, "equal numbers": {map[any]int{1: 1, 1.0: 2}, "two keys of the map[any]int have the same text"}, "equal ints": {map[any]int{int8(1): 1, uint64(1): 2}, "two keys of the map[any]int have the same text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, typ := range []Type{Auto, JSON, Map} {
				_, err := convertValue(t, forcing(typ), tt.v)
				require.NotNil(t, err, typ)
				require.Equal(t, fault.Mapping, err.Reason)
				require.EqualError(t, err, tt.text)
				require.NotContains(t, err.Advice().Remedy, "Field.Type", "which is of no use to a key")
			}
		})
	}
}
