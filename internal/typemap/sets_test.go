package typemap

import (
	"net/netip"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

type (
	namedSet   map[namedString]nothing
	namedFlags map[int]namedBool
)

func TestSetsFromMaps(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		typ  Type
		v    any
		want types.AttributeValue // nil for fault.Mapping
	}{
		"strings": {StringSet, map[string]struct{}{"b": {}, "a": {}, "": {}}, ss("", "a", "b")}, "flags": {StringSet, map[string]bool{"b": true, "a": false}, ss("b")}, "named": {StringSet, namedSet{"x": {}}, ss("x")}, "pointer": {StringSet, &namedSet{"x": {}}, ss("x")},
		"named flags": {NumberSet, namedFlags{3: true, 1: true, 2: false}, ns("1", "3")}, "floats": {NumberSet, map[float64]struct{}{0.5: {}}, ns("0.5")}, "texts of numbers": {NumberSet, map[string]bool{"1.0": true, "1": true}, ns("1")},
		"arrays of bytes": {BinarySet, map[[2]byte]struct{}{{2, 1}: {}, {1, 2}: {}}, bs([]byte{1, 2}, []byte{2, 1})}, "base64": {BinarySet, map[string]bool{"AQ==": true}, bs([]byte{1})},
		"slice of arrays of bytes": {BinarySet, [][2]byte{{1, 2}, {0, 0}, {1, 2}}, bs([]byte{1, 2}, []byte{0, 0})}, "slice of any arrays": {BinarySet, []any{[1]byte{1}, &namedArray{1, 2}, []byte{3}}, bs([]byte{1}, []byte{1, 2}, []byte{3})},
		"any": {StringSet, map[any]struct{}{1: {}, "1": {}, "x": {}, true: {}}, ss("1", "true", "x")}, "any numbers": {NumberSet, map[any]bool{1: true, 1.0: true, "1": true, uint8(2): true, "x": false}, ns("1", "2")}, "text keys": {StringSet, map[netip.Addr]struct{}{netip.MustParseAddr("::1"): {}}, ss("::1")},
		"Valuers": {NumberSet, map[valuer]struct{}{{int64(5)}: {}, {"5"}: {}}, ns("5")},

		"nil": {StringSet, map[string]struct{}(nil), null()}, "empty": {StringSet, map[string]struct{}{}, null()}, "all false": {StringSet, map[string]bool{"a": false}, null()}, "empty pointer": {NumberSet, &namedFlags{}, null()},
		"words": {NumberSet, map[string]struct{}{"x": {}}, nil}, "nil key": {StringSet, map[any]bool{nil: true}, nil}, "nil pointer key": {StringSet, map[*int]bool{nil: true}, nil}, "struct key": {StringSet, map[struct{ A int }]bool{{1}: true}, nil}, "ints": {BinarySet, map[int]bool{1: true}, nil},
		"map to a value": {StringSet, map[string]int{"a": 1}, nil}, "map to pointers": {StringSet, map[string]*struct{}{"a": {}}, nil}, "map to any": {StringSet, map[string]any{"a": true}, nil}, "map to full structs": {StringSet, map[string]unwritable{"a": {}}, nil}, "empty map to a value": {StringSet, map[string]int{}, nil},
		"container of a Valuer": {StringSet, []any{valuer{[]int{1}}}, nil}, "empty AttributeValue": {StringSet, &types.AttributeValueMemberSS{}, nil}, "empty AttributeValue without a Type": {Auto, &types.AttributeValueMemberNS{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holdsValue(t, forcing(tt.typ), tt.v, tt.want)
		})
	}
}

// Without a forced type a map is what it was: JSON text.
func TestMapsOfFlagsAreNoSetsByThemselves(t *testing.T) {
	t.Parallel()
	got, err := convertValue(t, Mapping{}, map[string]any{"s": map[string]struct{}{"a": {}}, "b": map[bool]bool{true: false}})
	require.Nil(t, err)
	assert.Equal(t, s(`{"b":{"true":false},"s":{"a":{}}}`), got)
	got, err = convertValue(t, forcing(Map), map[string]struct{}{"a": {}})
	require.Nil(t, err)
	assert.Equal(t, object(avMap{"a": object(avMap{})}), got)
}

func TestEmptySetsFollowNull(t *testing.T) {
	t.Parallel()
	for _, typ := range []Type{StringSet, NumberSet, BinarySet} {
		for name, v := range map[string]any{
			"slice": []string{}, "array": [0]int{}, "map": map[string]struct{}{}, "flags": map[any]bool{1: false}, "JSON": " [ ] ", "JSON bytes": []byte("[]"), "pointer": &[]any{}, "Valuer": valuer{"[]"}, "MarshalJSON": marshaler{"[]"},
		} {
			m := forcing(typ)
			got, err := convertValue(t, m, v)
			require.Nil(t, err, name)
			assert.Equal(t, null(), got, name)
			m.Null, m.EmptyString = OmitNull, KeepEmpty
			got, err = convertValue(t, m, v)
			require.Nil(t, err, name)
			assert.Nil(t, got, name)
			m.Null = RefuseNull
			_, err = convertValue(t, m, v)
			require.NotNil(t, err, name)
			assert.Equal(t, fault.Mapping, err.Reason, name)
			require.EqualError(t, err, "the set is empty, and is refused as null is, by Mapping.Null", name)
		}
	}
}

// An empty set for the key of an index keeps the item out of the index, as null does.
func TestEmptySetsAsKeys(t *testing.T) {
	t.Parallel()
	schema := schemaOfKeys(item.S, item.None)
	schema.Sort.Name = ""
	fields := []Field{field("p", Auto), field("g", StringSet)}
	it := mustConvert(t, New(Mapping{Fields: fields}, schema), row{"p": "x", "g": []string{}})
	assert.Nil(t, it.Find("g"))
	fields[0].Type = StringSet
	_, err := New(Mapping{Fields: fields}, schema).Convert(row{"p": map[string]bool{}})
	require.NotNil(t, err)
	assert.Equal(t, fault.Key, err.Reason)
}

func TestSetsFromLargeMapsAreBounded(t *testing.T) {
	t.Parallel()
	large := make(map[int]struct{}, item.MaxSize+1)
	for i := range item.MaxSize + 1 {
		large[i] = struct{}{}
	}
	_, err := convertValue(t, forcing(NumberSet), large)
	require.NotNil(t, err)
	assert.Equal(t, fault.TooLarge, err.Reason)
}
