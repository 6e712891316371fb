package typemap

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/table"
)

type (
	marshalingNil struct{}
	panickingZero struct{}
)

func (marshalingNil) MarshalJSON() ([]byte, error) { return nil, nil }
func (panickingZero) IsZero() bool                 { panic("secret") }

type cyclicStruct struct{ Next *cyclicStruct }

type cyclicPointer *cyclicPointer

func cyclicValues() map[string]any {
	m := map[string]any{}
	m["self"] = m
	l := []any{nil}
	l[0] = l
	st := &cyclicStruct{}
	st.Next = st
	var p cyclicPointer
	p = &p
	var i any
	i = &i
	return map[string]any{"map": m, "slice": l, "struct": st, "pointer": p, "interface": i}
}

func wrapped(levels int, leaf any) any {
	for range levels {
		leaf = map[string]any{"k": leaf}
	}
	return leaf
}

func TestValuesThatDoNotMap(t *testing.T) {
	t.Parallel()
	type value struct {
		typ Type
		v   any
	}
	tests := map[string]value{
		"chan": {v: make(chan int)}, "func": {v: func() {}}, "complex": {v: complex(1, 2)}, "uintptr": {v: uintptr(1)}, "nil func": {v: (func())(nil)},
		"chan in a document": {v: []any{make(chan int)}}, "map of struct keys": {v: map[struct{}]int{{}: 1}},
		"NaN": {v: math.NaN()}, "Inf": {v: math.Inf(1)}, "big Inf": {v: new(big.Float).SetInf(true)}, "NaN in JSON": {v: []any{math.NaN()}}, "Inf in floats": {v: []float64{math.Inf(-1)}}, "NaN in float32s": {v: []float32{float32(math.NaN())}},
		"NaN in a list": {List, []any{math.NaN()}}, "39 digits": {v: json.Number(strings.Repeat("7", 39))}, "39 digits of big.Int": {v: bigInt(strings.Repeat("7", 39))},
		"1e126": {v: 1e126}, "1e126 in json.Number": {v: json.Number("1e126")}, "1e-131": {v: 1e-131}, "1e126 in a list": {List, `[1e126]`}, "huge big.Int": {v: new(big.Int).Lsh(big.NewInt(1), 1<<20)},
		"huge big.Float": {v: new(big.Float).SetMantExp(big.NewFloat(1), 1<<30)}, "no number": {v: json.Number("secret")}, "no number in JSON": {v: []any{json.Number("secret")}}, "hex in JSON": {v: []any{json.Number("0x1")}},
		"invalid UTF-8": {v: "secret\xff"}, "invalid UTF-8 in JSON": {v: []any{"secret\xff"}}, "invalid UTF-8 in a map key": {v: map[string]any{"secret\xff": 1}}, "invalid UTF-8 in a list": {List, []string{"secret\xff"}},
		"empty name in a map": {Map, map[string]any{"": 1}}, "empty name in typed maps": {List, []map[string]int{{"": 1}}}, "empty name in JSON text": {Map, `{"":1}`}, "empty name in an AttributeValue": {v: object(map[string]types.AttributeValue{"": null()})},
		"65,536 bytes of a name in a map": {Map, map[string]any{strings.Repeat("x", 65_536): 1}}, "empty json.Number": {v: json.Number("")}, "empty json.Number in a list": {List, []json.Number{""}},
		"invalid UTF-8 in a native map key": {Map, map[string]any{"secret\xff": 1}}, "invalid UTF-8 in a set": {StringSet, []string{"secret\xff"}}, "invalid UTF-8 from MarshalText": {v: texter{0xff, 0xfe}},
		"invalid UTF-8 in raw JSON": {v: json.RawMessage("\"secret\xff\"")}, "invalid UTF-8 beside an escape": {v: json.RawMessage("\"secret\\n\xff\"")}, "invalid UTF-8 in S": {v: s("secret\xff")}, "invalid UTF-8 in a struct": {v: struct{ A string }{"secret\xff"}},
		"lone surrogate": {v: json.RawMessage(`"\ud800x"`)}, "lone low surrogate": {v: json.RawMessage(`"\udc00"`)}, "bad escape": {v: json.RawMessage(`"\x"`)}, "bad raw JSON": {v: json.RawMessage(`{"secret"`)}, "trailing raw JSON": {v: json.RawMessage(`1 secret`)},
		"MarshalJSON giving nil": {v: marshalingNil{}}, "chan in a map": {v: map[string]chan int{"secret": nil}}, "chan in a struct": {v: struct{ C chan int }{}}, "IsZero that panics": {v: struct {
			Z panickingZero `json:",omitzero"`
		}{}}, "key that does not marshal": {v: map[failing]int{{}: 1}}, "JSON without a colon": {v: json.RawMessage(`{"a" 1}`)}, "JSON without a comma": {v: json.RawMessage(`[1 2]`)}, "JSON without a value": {v: json.RawMessage(`{"a":}`)}, "JSON without a comma in an object": {v: json.RawMessage(`{"a":1 "b":2}`)}, "JSON without a name": {v: json.RawMessage(`{1:2}`)}, "JSON cut in a string": {v: json.RawMessage(`"a`)},
		"JSON cut in an escape": {v: json.RawMessage(`"a\`)}, "bad escape in a name": {v: json.RawMessage(`{"\q":1}`)}, "1. in JSON": {v: json.RawMessage(`[1.]`)}, "1e in JSON": {v: json.RawMessage(`[1e]`)}, "null member of a set": {StringSet, `[null]`}, "bad JSON of a set": {StringSet, `["secret`},
		"empty raw JSON": {v: json.RawMessage{}}, "control character in raw JSON": {v: json.RawMessage("\"a\n\"")}, "01 in raw JSON": {v: json.RawMessage(`[01]`)}, "MarshalJSON without JSON": {v: marshaler{"secret"}}, "MarshalJSON without text": {v: marshaler{""}},
		"33 levels": {Map, wrapped(32, 1)}, "33 levels in JSON text": {List, strings.Repeat("[", 33) + strings.Repeat("]", 33)}, "1,001 levels of JSON": {v: wrapped(1000, 1)},
		"panic in MarshalText": {v: failing{panics: true}}, "panic in MarshalText in JSON": {v: []any{failing{panics: true}}}, "error from MarshalText": {v: failing{}}, "year 10000": {v: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"nil in an AttributeValue": {v: list(nil)}, "nil pointer in an AttributeValue": {v: list(nilAttr)}, "unknown union member": {v: &types.UnknownUnionMember{Tag: "secret"}}, "NULL false": {v: &types.AttributeValueMemberNULL{}},
		"empty SS": {v: &types.AttributeValueMemberSS{}}, "duplicates in SS": {v: &types.AttributeValueMemberSS{Value: []string{"secret", "secret"}}}, "duplicates in NS": {v: &types.AttributeValueMemberNS{Value: []string{"1", "1.0"}}},
		"duplicates in BS": {v: &types.AttributeValueMemberBS{Value: [][]byte{{1}, {1}}}}, "bad N": {v: n("secret")}, "bad NS": {v: &types.AttributeValueMemberNS{Value: []string{"secret"}}}, "another AttributeValue": {v: struct{ types.AttributeValue }{s("x")}},
		"unknown Type": {Type("X"), 1},
	}
	for name, v := range cyclicValues() {
		tests["cyclic "+name] = value{v: v}
		tests["cyclic "+name+" as M"] = value{Map, v}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := convertValue(t, forcing(tt.typ), tt.v)
			require.NotNil(t, err)
			require.Equal(t, fault.Mapping, err.Reason)
			require.Equal(t, "v", err.Column)
			require.Equal(t, "v", err.Attribute)
			require.NotContains(t, err.Error(), "secret")
			require.Less(t, len(err.Error()), 300)
		})
	}
}

func TestErrorOfMethodIsReachable(t *testing.T) {
	t.Parallel()
	_, err := convertValue(t, Mapping{}, failing{})
	require.NotNil(t, err)
	require.ErrorIs(t, err, errSecret)
	require.Equal(t, "method MarshalText of typemap.failing returned an error of type *errors.errorString", err.Error())
}

func TestErrorsSayWhatIsWrongAndHowToFixIt(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		typ          Type
		v            any
		text, remedy string // "" is any remedy
	}{
		"comma":                 {Number, "12,5", "the value of Go type string is not a decimal number: its text has thousands separators, or a comma for the decimal point", "provide the number alone, with a decimal point and without separators, such as 1234.5"},
		"nested func":           {Auto, map[string]any{"f": func() {}}, "a nested value: Go type func() cannot be stored in DynamoDB", ""},
		"nested NaN":            {List, []float64{math.NaN()}, "a nested value is NaN or infinite", "provide nil or a number instead: DynamoDB and JSON have no NaN and no infinity"},
		"deeply nested NaN":     {Auto, []any{[]any{math.NaN()}}, "a nested value is NaN or infinite", ""},
		"number in JSON text":   {List, "[[1e126]]", "a nested value is outside the range of a DynamoDB number, 1E-130 to 9.99...E125 or their negatives", ""},
		"nested AttributeValue": {Auto, list(list(n("secret"))), "a nested value is not a decimal number", ""},
		"levels of a document":  {Map, wrapped(32, 1), "the value contains itself, or is nested deeper than the 32 levels that DynamoDB takes", ""},
		"member":                {NumberSet, []string{"1", "x"}, "the member at index 1 of Go type string is not a decimal number", `provide a numeric value such as 12.5, or set Field.Type to "S"`},
		"nil member":            {StringSet, []any{"a", nil}, "the member at index 1 is nil", "remove the nil member"},
		"member in JSON text":   {NumberSet, "[1, true]", "the member at index 1 cannot be converted to N, the type of the members of NS", ""},
		"map for S":             {String, map[string]any{}, "Go type map[string]any cannot be converted to S", `set Field.Type to "JSON"`},
		"object for L":          {List, "{}", "the JSON text is an object, but L needs an array", "provide the JSON text of an array, or another Field.Type"},
		"array for M":           {Map, "[]", "the JSON text is an array, but M needs an object", "provide the JSON text of an object, or another Field.Type"},
		"bad JSON":              {Map, "x", "the value of Go type string is not valid JSON at byte 0", "provide valid JSON text"},
		"bytes that are not S":  {String, []byte{0xff}, "the value holds text that is not valid UTF-8", `convert the text to UTF-8, or write binary: provide a []byte, with Field.Type "B" or no Field.Type`},
		"NULL false":            {Auto, &types.AttributeValueMemberNULL{}, "the value is an AttributeValueMemberNULL whose Value is false", "set Value to true"},
		"duplicates":            {Auto, ns("1", "1.0"), "two members of the NS are equal", `remove the duplicate, or provide a slice with Field.Type "NS"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := convertValue(t, forcing(tt.typ), tt.v)
			require.NotNil(t, err)
			require.EqualError(t, err, tt.text)
			if tt.remedy != "" {
				require.Equal(t, tt.remedy, err.Advice().Remedy)
			}
		})
	}
}

func TestRemediesOfNames(t *testing.T) {
	t.Parallel()
	for name, remedy := range map[string]string{
		"":                          "name the column in the source, or list the columns to write in Mapping.Fields, without this one",
		"a\xff":                     "rename the column in the source, or list the columns to write in Mapping.Fields, without this one",
		strings.Repeat("n", 65_536): "rename the column in the source, or map the column to another attribute with a Field",
	} {
		_, err := New(Mapping{}, table.Schema{}).Convert(row{name: 1})
		require.NotNil(t, err)
		require.Equal(t, remedy, err.Advice().Remedy)
	}
}
