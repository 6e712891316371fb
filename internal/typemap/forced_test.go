package typemap

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestForcedTypes(t *testing.T) {
	t.Parallel()
	half := time.Unix(-2, 500_000_000).UTC()
	type m = map[string]types.AttributeValue
	tests := []struct {
		name string
		typ  Type
		v    any
		want types.AttributeValue // nil for fault.Mapping
	}{
		{"from string", String, "x", s("x")}, {"from []byte", String, []byte("é"), s("é")}, {"from bad UTF-8", String, []byte{0xff}, nil},
		{"from int", String, 5, s("5")}, {"from float", String, 0.1, s("0.1")}, {"from 50 digits", String, bigInt(strings.Repeat("7", 50)), s(strings.Repeat("7", 50))},
		{"from 1e400", String, json.Number("1e400"), s("1e400")}, {"from NaN", String, math.NaN(), nil}, {"from huge big.Int", String, new(big.Int).Lsh(big.NewInt(1), 1<<20), nil},
		{"from bool", String, true, s("true")}, {"from time", String, time.Unix(0, 0).UTC(), s("1970-01-01T00:00:00Z")},
		{"from TextMarshaler", String, texter{'a', 'b'}, s("a-b")}, {"from map", String, map[string]any{}, nil}, {"from S", String, s("x"), s("x")}, {"from N", String, n("1"), nil}, {"from NULL", String, null(), null()}, {"from NULL", Number, null(), null()}, {"from NULL", List, null(), null()},
		{"from nil", String, nil, null()}, {"from empty", String, "", null()},

		{"from number", Number, uint8(5), n("5")}, {"from text", Number, " 5", nil}, {"from decimal text", Number, "+01.50", n("1.5")},
		{"from decimal bytes", Number, []byte("1e3"), n("1000")}, {"from words", Number, "five", nil}, {"from 39 digits", Number, strings.Repeat("1", 39), nil},
		{"from 1e126", Number, "1e126", nil}, {"from time", Number, time.Unix(1_700_000_000, 0), n("1700000000")}, {"from time with fraction", Number, half, n("-1.5")}, {"from pointer to time", Number, &half, n("-1.5")},
		{"from bool", Number, true, nil}, {"from slice", Number, []int{1}, nil}, {"from empty", Number, "", null()}, {"from nil", Number, nil, null()}, {"from Valuer", Number, valuer{"7"}, n("7")},

		{"from []byte", Binary, []byte{1}, bin(1)}, {"from base64", Binary, "AQI=", bin(1, 2)}, {"from other text", Binary, "?", nil}, {"from number", Binary, 1, nil},
		{"from bool", Bool, false, boolean(false)}, {"from true", Bool, "true", boolean(true)}, {"from false", Bool, namedString("false"), boolean(false)},
		{"from 1", Bool, 1.0, boolean(true)}, {"from 0", Bool, json.Number("0"), boolean(false)}, {"from 2", Bool, 2, nil}, {"from yes", Bool, "yes", nil}, {"from []byte", Bool, []byte("true"), boolean(true)},

		{"from string", JSON, "a<b", s(`"a<b"`)}, {"from number", JSON, 1.5, s("1.5")}, {"from bytes", JSON, []byte("hi"), s(`"aGk="`)}, {"from map", JSON, map[string]any{"a": 1}, s(`{"a":1}`)},
		{"from nil", JSON, nil, null()}, {"from empty", JSON, "", null()}, {"from time", JSON, time.Unix(0, 0).UTC(), s(`"1970-01-01T00:00:00Z"`)}, {"from Marshaler", JSON, marshaler{`[1 ]`}, s(`[1]`)}, {"from Marshaler that is a string", JSON, marshalingText("x"), s(`"<x>"`)},

		{"from slice", List, []any{1, "", nil, []byte{1}, map[string]any{"k": 1.5}}, list(n("1"), s(""), null(), bin(1), object(m{"k": n("1.5")}))},
		{"from array", List, [2]bool{true, false}, list(boolean(true), boolean(false))}, {"from empty slice", List, []int{}, list()}, {"from nil slice", List, nilSlice, null()},
		{"from JSON", List, `[1.0, "x", {"a": null}]`, list(n("1"), s("x"), object(m{"a": null()}))}, {"from JSON bytes", List, []byte(`[]`), list()}, {"from JSON object", List, `{}`, nil},
		{"from raw JSON", List, json.RawMessage(`[[]]`), list(list())}, {"from bad JSON", List, `[1,]`, nil}, {"from JSON null", List, `null`, null()}, {"from map", List, map[string]any{}, nil}, {"from number", List, 1, nil},
		{"from 39 digits", List, []any{json.Number(strings.Repeat("1", 39))}, nil}, {"from L", List, list(n("1")), list(n("1"))},

		{"from map", Map, map[string]any{"a": []int{1}}, object(m{"a": list(n("1"))})}, {"from struct", Map, struct {
			A int `json:"a,string"`
			B time.Time
		}{B: time.Unix(0, 0).UTC()}, object(m{"a": s("0"), "B": s("1970-01-01T00:00:00Z")})},
		{"from JSON", Map, `{"a":123456789012345678901234567890}`, object(m{"a": n("123456789012345678901234567890")})}, {"from slice", Map, []int{1}, nil}, {"from nil map", Map, nilMap, null()},
		{"from Marshaler", Map, &marshaler{`{"a":1}`}, object(m{"a": n("1")})}, {"from JSON array", Map, `[]`, nil},

		{"from strings", StringSet, []string{"b", "a", "b", ""}, ss("b", "a", "")}, {"from numbers", StringSet, []any{1, "1", true}, ss("1", "true")}, {"from JSON", StringSet, `["x","x"]`, ss("x")},
		{"from numbers in JSON", StringSet, `[1e200, 1.50, true, 1.5]`, ss("1e200", "1.5", "true")}, {"from the same in a slice", StringSet, []any{json.Number("1e200"), json.Number("1.50"), true, 1.5}, ss("1e200", "1.5", "true")},
		{"from 1e126 in JSON", NumberSet, `[1e126]`, nil}, {"from a number in JSON", BinarySet, `[1]`, nil},
		{"from nothing", StringSet, []string{}, null()}, {"from empty JSON", StringSet, `[]`, null()}, {"from nil member", StringSet, []any{"a", nil}, nil}, {"from nested", StringSet, []any{[]any{}}, nil}, {"from nil", StringSet, nilSlice, null()}, {"from JSON null", StringSet, " null", null()}, {"from a JSON object", StringSet, "{}", nil},
		{"from map", StringSet, map[string]any{"a": 1}, nil}, {"from SS", StringSet, ss("a"), ss("a")},
		{"from ints", NumberSet, []int{1, 2, 1}, ns("1", "2")}, {"from equal numbers", NumberSet, []any{1, "1.0", 1.0, json.Number("1e0"), "2"}, ns("1", "2")}, {"from JSON", NumberSet, `[1.50, "1.5"]`, ns("1.5")},
		{"from words", NumberSet, []string{"a"}, nil}, {"from bad JSON member", NumberSet, `[true]`, nil},
		{"from bytes", BinarySet, [][]byte{{1}, {2}, {1}}, bs([]byte{1}, []byte{2})}, {"from base64", BinarySet, []string{"AQ==", "AQ=="}, bs([]byte{1})}, {"from JSON", BinarySet, `["AQ=="]`, bs([]byte{1})}, {"from ints", BinarySet, []int{1}, nil},
	}
	for _, tt := range tests {
		t.Run(string(tt.typ)+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			holdsValue(t, forcing(tt.typ), tt.v, tt.want)
		})
	}
}
