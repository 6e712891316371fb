package realtypes

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

type address struct {
	Street string `dynamodbav:"street,omitempty" json:"s"`
	Zip    int    `dynamodbav:"zip,omitempty"`
	Secret string `dynamodbav:"-"`
}

// Base is embedded: its fields are the outer struct's.
type Base struct {
	Tenant  string `dynamodbav:"tenant"`
	Created time.Time
}

type tagged struct {
	Base
	Name     string            `dynamodbav:"name"`
	Hidden   string            `dynamodbav:"-"`
	Both     int               `dynamodbav:"both" json:"other"`
	Empty    string            `dynamodbav:"empty,omitempty"`
	Null     string            `dynamodbav:"null,nullempty"`
	NullInt  int               `dynamodbav:",nullempty"`
	Elems    []string          `dynamodbav:"elems,omitemptyelem"`
	Members  map[string]int    `dynamodbav:"members,omitemptyelem"`
	Nulls    []string          `dynamodbav:"nulls,nullemptyelem"`
	NullMap  map[string]string `dynamodbav:"null_map,nullemptyelem"`
	Quoted   int64             `dynamodbav:"quoted,string"`
	QuotedF  float32           `dynamodbav:"quoted_f,string"`
	QuotedB  bool              `dynamodbav:"quoted_b,string"`
	Expires  time.Time         `dynamodbav:"expires,unixtime"`
	ExpiresP *time.Time        `dynamodbav:"expires_p,unixtime"`
	Gone     *time.Time        `dynamodbav:"gone,unixtime"`
	At       time.Time         `dynamodbav:"at"`
	Unix     attributevalue.UnixTime
	SS       []string  `dynamodbav:"ss,stringset"`
	NS       []int     `dynamodbav:"ns,numberset"`
	NSFloat  []float64 `dynamodbav:"ns_float,numberset,omitempty"`
	BS       [][]byte  `dynamodbav:"bs,binaryset"`
	BSArray  [][2]byte `dynamodbav:"bs_array,binaryset"`
	NoSet    []string  `dynamodbav:"no_set,stringset"`
	EmptySet []string  `dynamodbav:"empty_set,stringset"`
	Omitted  []string  `dynamodbav:"omitted,stringset,omitempty"`
	Digest   [4]byte   `dynamodbav:"digest"`
	Number   attributevalue.Number
	JSONNum  json.Number    `dynamodbav:"json_number"`
	Home     address        `dynamodbav:"home"`
	Work     *address       `dynamodbav:"work,omitempty"`
	List     []address      `dynamodbav:"list"`
	Map      map[int]string `dynamodbav:"map"`
	Any      any            `dynamodbav:"any"`
	private  string
}

func filled() tagged {
	expires := time.Unix(1_700_000_000, 987_654_321)
	return tagged{
		Base: Base{"t", time.Unix(5, 6).UTC()}, Name: "n", Hidden: "secret", Both: 1, Elems: []string{"a", "", "b"},
		Members: map[string]int{"x": 0, "y": 1}, Nulls: []string{"a", ""}, NullMap: map[string]string{"k": ""}, Quoted: 1 << 60, QuotedF: 0.1, QuotedB: true,
		Expires: expires, ExpiresP: &expires, At: expires.UTC(), Unix: attributevalue.UnixTime(expires), SS: []string{"b", "a"}, NS: []int{2, 1},
		NSFloat: []float64{0.5}, BS: [][]byte{{1}, {2}}, BSArray: [][2]byte{{1, 2}}, EmptySet: []string{}, Digest: [4]byte{1, 2, 3, 4},
		Number: "12.5", JSONNum: "0.25", Home: address{"s", 1, "secret"}, Work: &address{}, List: []address{{}, {Zip: 2}}, Map: map[int]string{1: "one"},
		Any: address{Street: "x"}, private: "p",
	}
}

// TestTags holds structs with dynamodbav tags against attributevalue.MarshalMap of the SDK.
func TestTags(t *testing.T) {
	t.Parallel()
	var writes []write
	for i, v := range []any{
		filled(), ptr(filled()), tagged{Number: "0", JSONNum: "0"}, address{}, address{Street: "s", Zip: 9},
		struct {
			A []*string         `dynamodbav:"a,omitemptyelem"`
			B map[string][]int  `dynamodbav:"b,omitemptyelem"`
			C []any             `dynamodbav:"c,nullemptyelem"`
			D []string          `dynamodbav:"d,omitempty"`
			E map[string]string `dynamodbav:"e,omitempty"`
			F bool              `dynamodbav:"f,omitempty"`
			G *int              `dynamodbav:"g,omitempty"`
			H [2]int            `dynamodbav:"h,omitempty"`
			I []byte            `dynamodbav:"i,omitempty"`
		}{A: []*string{nil, ptr("x"), ptr("")}, B: map[string][]int{"x": {0, 1}, "y": nil}, C: []any{"", 0, "x"}, D: []string{}, E: map[string]string{}, G: ptr(0), I: []byte{}},
		struct {
			Kept string `dynamodbav:"kept,omitempty" json:"-"`
		}{"x"},
		struct {
			Unnamed int `dynamodbav:",string"`
			Level   *Base
			*address
		}{Unnamed: 5, address: &address{Zip: 3}},
	} {
		oracle, err := attributevalue.MarshalMap(v)
		require.NoError(t, err)
		m := attr(&types.AttributeValueMemberM{Value: oracle})
		writes = append(writes,
			write{name: fmt.Sprint("M of ", i), value: v, typ: dynamodest.Map, want: m},
			write{name: fmt.Sprint("in L of ", i), value: []any{v}, typ: dynamodest.List, want: list(m)},
			write{name: fmt.Sprint("in M of ", i), value: map[string]any{"m": v}, typ: dynamodest.Map, want: doc{"m": m}.want()},
		)
	}
	runWrites(t, writes...)
}

type hidden struct{ low, high int64 } // as decimal128.Num of Arrow is: no field can be written

type onlyIgnored struct {
	A string `json:"-"`
	B string `dynamodbav:"-" json:"-"`
}

type embedsHidden struct{ hidden }

// composite is the Composite of github.com/duckdb/duckdb-go.
type composite[T any] struct{ t T }

func (c composite[T]) Get() T { return c.t }

// TestStructs holds what becomes of structs without dynamodbav tags, and of the tags in JSON text.
func TestStructs(t *testing.T) {
	t.Parallel()
	type empty struct{}
	type optional struct {
		A string `json:"a,omitempty"`
	}
	jsonTags := struct {
		A int `json:"a"`
		B int
	}{1, 2}
	runValues(t, []value{
		{name: "nothing to write", value: hidden{1, 2}, auto: mapping, forced: forced{dynamodest.Map: mapping, dynamodest.JSON: mapping}},
		{name: "nothing to write behind an embedded struct", value: embedsHidden{hidden{1, 2}}, auto: mapping, forced: forced{dynamodest.Map: mapping}},
		{name: "generic", value: composite[int]{5}, auto: mapping, forced: forced{dynamodest.Map: mapping}},
		{name: "nil pointer to one", value: (*hidden)(nil), auto: nothing},
		{name: "struct{}", value: struct{}{}, auto: text("{}"), member: doc{}.want(), json: "{}", forced: forced{dynamodest.Map: doc{}.want()}},
		{name: "named struct{}", value: empty{}, auto: text("{}"), member: doc{}.want(), json: "{}"},
		{name: "all left out", value: optional{}, auto: text("{}"), member: doc{}.want(), json: "{}"},
		{name: "json tags", value: jsonTags, auto: text(`{"B":2,"a":1}`), member: doc{"a": number("1"), "B": number("2")}.want(), json: `{"B":2,"a":1}`,
			forced: forced{dynamodest.Map: doc{"a": number("1"), "B": number("2")}.want(), dynamodest.JSON: text(`{"B":2,"a":1}`)}},
		{name: "both tags", value: address{"x", 1, "secret"}, auto: text(`{"Zip":1,"s":"x"}`), member: doc{"street": text("x"), "zip": number("1")}.want(), json: `{"Zip":1,"s":"x"}`},
	}, []write{
		{name: "every field ignored", value: onlyIgnored{}, typ: dynamodest.Map, want: mapping},
		{name: "struct as a key", value: jsonTags, key: types.ScalarAttributeTypeS, want: badKey},
		{name: "map as a key", value: map[string]int{"a": 1}, key: types.ScalarAttributeTypeS, want: badKey},
		{name: "list as a key", value: []int{1}, key: types.ScalarAttributeTypeS, want: badKey},
		{name: "struct as a key by JSON", value: jsonTags, typ: dynamodest.JSON, key: types.ScalarAttributeTypeS, want: text(`{"B":2,"a":1}`)},
		{name: "list as a key by JSON", value: []int{1}, typ: dynamodest.JSON, key: types.ScalarAttributeTypeS, want: text(`[1]`)},
	}...)
}
