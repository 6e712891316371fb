package realtypes

import (
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	yaml3 "go.yaml.in/yaml/v3"
	yaml2 "gopkg.in/yaml.v2"

	"github.com/dynamodest/dynamodest"
)

type name string

// duckDBMap is the Map of github.com/duckdb/duckdb-go, which needs cgo.
type duckDBMap map[any]any

// TestAnyKeys holds maps whose keys are any: each key is written by its own type.
func TestAnyKeys(t *testing.T) {
	t.Parallel()
	yaml := func(unmarshal func([]byte, any) error) (v any) {
		require.NoError(t, unmarshal([]byte("a: 1\n2: {b: [x]}\ntrue: yes\n1.5: 0\n"), &v))
		return v
	}
	var fromCBOR any
	wire, err := cbor.Marshal(map[any]any{"a": 1, 2: map[any]any{"b": []byte("x")}, uint64(1 << 63): nil})
	require.NoError(t, err)
	require.NoError(t, cbor.Unmarshal(wire, &fromCBOR))
	require.IsType(t, map[any]any{}, fromCBOR)
	isDoc := func(name string, v any, json string, d doc) value {
		return value{name: name, value: v, auto: text(json), member: d.want(), json: json, forced: forced{dynamodest.Map: d.want(), dynamodest.JSON: text(json)}}
	}
	nested := doc{"b": list(text("x"))}.want()
	runValues(t, []value{
		isDoc("yaml.v2", yaml(yaml2.Unmarshal), `{"1.5":0,"2":{"b":["x"]},"a":1,"true":true}`, doc{"a": number("1"), "2": nested, "true": yes, "1.5": number("0")}),
		isDoc("yaml.v3", yaml(yaml3.Unmarshal), `{"1.5":0,"2":{"b":["x"]},"a":1,"true":"yes"}`, doc{"a": number("1"), "2": nested, "true": text("yes"), "1.5": number("0")}),
		isDoc("cbor", fromCBOR, `{"2":{"b":"eA=="},"9223372036854775808":null,"a":1}`,
			doc{"a": number("1"), "2": doc{"b": binary("x")}.want(), "9223372036854775808": nothing}),
		isDoc("duckdb.Map", duckDBMap{int32(1): "x", "k": 2.5}, `{"1":"x","k":2.5}`, doc{"1": text("x"), "k": number("2.5")}),
		isDoc("named text and a uuid", map[any]any{name("n"): 1, uuid.Nil: 2}, `{"00000000-0000-0000-0000-000000000000":2,"n":1}`,
			doc{"n": number("1"), uuid.Nil.String(): number("2")}),
		isDoc("empty", map[any]any{}, "{}", doc{}),
		{name: "nil map", value: map[any]any(nil), auto: nothing},
		{name: "two keys of one text", value: map[any]any{1: "a", "1": "b"}, auto: mapping, forced: forced{dynamodest.Map: mapping}},
		{name: "key that is nil", value: map[any]any{nil: "a"}, auto: mapping, forced: forced{dynamodest.Map: mapping}},
		{name: "key that is a struct", value: map[any]any{struct{ A int }{}: "a"}, auto: mapping},
	})
}

// TestSets holds sets: from maps as Go programs keep sets, and empty ones, which follow Mapping.Null.
func TestSets(t *testing.T) {
	t.Parallel()
	const ss, ns, bs = dynamodest.StringSet, dynamodest.NumberSet, dynamodest.BinarySet
	type tags map[string]struct{}
	omit, refuse := &dynamodest.Mapping{Null: dynamodest.OmitNull}, &dynamodest.Mapping{Null: dynamodest.RefuseNull}
	runWrites(t, []write{
		{name: "map[string]struct{}", value: map[string]struct{}{"a": {}, "b": {}}, typ: ss, want: texts("a", "b")},
		{name: "named map", value: tags{"a": {}}, typ: ss, want: texts("a")},
		{name: "pointer", value: &tags{"a": {}}, typ: ss, want: texts("a")},
		{name: "map[string]bool", value: map[string]bool{"a": true, "b": true}, typ: ss, want: texts("a", "b")},
		{name: "map[string]bool with a member that is out", value: map[string]bool{"a": true, "b": false}, typ: ss, want: texts("a")},
		{name: "map[int]struct{}", value: map[int]struct{}{2: {}, 1: {}}, typ: ns, want: numbers("1", "2")},
		{name: "map[float64]bool", value: map[float64]bool{0.5: true}, typ: ns, want: numbers("0.5")},
		{name: "map[int]struct{} as SS", value: map[int]struct{}{1: {}}, typ: ss, want: texts("1")},
		{name: "map[[2]byte]struct{}", value: map[[2]byte]struct{}{{1, 2}: {}}, typ: bs, want: binaries("\x01\x02")},
		{name: "map[uuid.UUID]struct{}", value: map[uuid.UUID]struct{}{uuid.Nil: {}}, typ: ss, want: texts(uuid.Nil.String())},
		{name: "map[uuid.UUID]struct{} as BS", value: map[uuid.UUID]struct{}{uuid.Nil: {}}, typ: bs, want: binaries(string(make([]byte, 16)))},
		{name: "map[any]struct{}", value: map[any]struct{}{"a": {}, name("b"): {}}, typ: ss, want: texts("a", "b")},
		{name: "map of a wrong member", value: map[string]struct{}{"a": {}}, typ: ns, want: mapping},
		{name: "map that is no set", value: map[string]int{"a": 1}, typ: ss, want: mapping},
		{name: "map as a document", value: map[string]struct{}{"a": {}}, want: text(`{"a":{}}`)},
		{name: "map as M", value: map[string]bool{"a": true}, typ: dynamodest.Map, want: doc{"a": yes}.want()},
		{name: "empty slice", value: []string{}, typ: ss, want: nothing},
		{name: "empty map", value: map[string]struct{}{}, typ: ss, want: nothing},
		{name: "map of members that are out", value: map[string]bool{"a": false}, typ: ss, want: nothing},
		{name: "empty JSON", value: "[]", typ: ns, want: nothing},
		{name: "empty slice of bytes", value: [][]byte{}, typ: bs, want: nothing},
		{name: "empty, left out", value: []string{}, typ: ss, mapping: omit, want: leftOut},
		{name: "empty map, left out", value: map[int]bool{}, typ: ns, mapping: omit, want: leftOut},
		{name: "nil, left out", value: []string(nil), typ: ss, mapping: omit, want: leftOut},
		{name: "empty, refused", value: []string{}, typ: ss, mapping: refuse, want: mapping},
		{name: "empty JSON, refused", value: "[]", typ: ss, mapping: refuse, want: mapping},
	}...)
}

// TestBools holds what BOOL takes: what strconv.ParseBool does, and 0 and 1 however they come.
func TestBools(t *testing.T) {
	t.Parallel()
	var writes []write
	add := func(name string, v any, w want) {
		writes = append(writes, write{name: name, value: v, typ: dynamodest.Bool, want: w})
	}
	for _, b := range []struct {
		want  want
		texts []string
	}{
		{yes, []string{"1", "t", "T", "TRUE", "true", "True"}},
		{no, []string{"0", "f", "F", "FALSE", "false", "False"}},
		{mapping, []string{"yes", "2", " true", "tRUE", "on", "\x02", "NULL"}},
	} {
		for _, s := range b.texts {
			add("text "+s, s, b.want)
			add("bytes "+s, []byte(s), b.want)
		}
	}
	add("BIT(1) 1", []byte{1}, yes)
	add("BIT(1) 0", []byte{0}, no)
	add("BIT(8) 2", []byte{2}, mapping)
	add("BIT(16) 1", []byte{0, 1}, mapping)
	add("int 1", 1, yes)
	add("int8 0", int8(0), no)
	add("uint64 1", uint64(1), yes)
	add("float 1", 1.0, yes)
	add("float 0.5", 0.5, mapping)
	add("int 2", 2, mapping)
	add("int -1", -1, mapping)
	add("*big.Rat 1", rat("1"), yes)
	add("named bool", named(true), yes)
	add("pointer", ptr("T"), yes)
	add("time", time.Unix(1, 0), mapping)
	add("slice", []bool{true}, mapping)
	runWrites(t, writes...)
}

type named bool
