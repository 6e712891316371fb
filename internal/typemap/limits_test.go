package typemap

import (
	"encoding/json"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

func TestLargestItem(t *testing.T) {
	t.Parallel()
	c := New(Mapping{Fields: []Field{field("a", Auto), {Column: "col", Attribute: "long"}}}, table.Schema{})
	r := row{"a": 120, "col": strings.Repeat("x", item.MaxSize-len("a")-2-len("long"))}
	it := mustConvert(t, c, r)
	assert.Equal(t, 409_600, it.Size)
	assert.Equal(t, 400, it.Units())
	r["col"] = r["col"].(string) + "x"
	_, err := c.Convert(r)
	require.NotNil(t, err)
	assert.Equal(t, fault.TooLarge, err.Reason)
	assert.Equal(t, "col", err.Column)
	assert.Equal(t, "long", err.Attribute)
	assert.EqualError(t, err, `the item has 409601 bytes, names included, and may have 409600; the largest attribute, "long", has 409598`)
	assert.Equal(t, "leave out or shorten the largest attribute, or keep it in Amazon S3 and write a link", err.Advice().Remedy)
}

func TestLargeNumbersInDocuments(t *testing.T) {
	t.Parallel()
	numbers := make([]any, 100_000) // 300 KB as DynamoDB counts them, over 2 MB as text
	for i := range numbers {
		numbers[i] = uint64(10_000_000_000_000_000_000)
	}
	for _, v := range []any{numbers, "[" + strings.Repeat("10000000000000000000,", len(numbers)-1) + "1]"} {
		it := mustConvert(t, New(forcing(List), table.Schema{}), row{"v": v})
		assert.Equal(t, 1+3+3*len(numbers), it.Size)
	}
	it := mustConvert(t, New(forcing(NumberSet), table.Schema{}), row{"v": numbers})
	assert.Equal(t, 1+2, it.Size)
	it = mustConvert(t, New(forcing(StringSet), table.Schema{}), row{"v": "[" + strings.Repeat(`"same",`, len(numbers)-1) + `"same"]`})
	assert.Equal(t, 1+4, it.Size)
}

func TestManyBooleansInDocuments(t *testing.T) {
	t.Parallel()
	bools := make([]bool, 204_000) // 408,000 bytes as DynamoDB counts them, over 1 MB as text
	values := make([]types.AttributeValue, len(bools))
	for i := range values {
		values[i] = boolean(false)
	}
	for _, v := range []any{bools, list(values...), "[" + strings.Repeat("false,", len(bools)-1) + "false]"} {
		it := mustConvert(t, New(forcing(List), table.Schema{}), row{"v": v})
		assert.Equal(t, 1+3+2*len(bools), it.Size)
	}
}

func TestDeepestDocuments(t *testing.T) {
	t.Parallel()
	_, err := convertValue(t, forcing(Map), wrapped(31, 1))
	require.Nil(t, err)
	_, err = convertValue(t, forcing(List), strings.Repeat("[", 32)+strings.Repeat("]", 32))
	require.Nil(t, err)
	_, err = convertValue(t, Mapping{}, wrapped(999, 1))
	require.Nil(t, err)
}

func TestSharedPartsDoNotFillTheMemory(t *testing.T) {
	t.Parallel()
	var v any = "x"
	for range 30 {
		v = []any{v, v}
	}
	av := s("x")
	for range 30 {
		av = list(av, av)
	}
	for name, m := range map[string]Mapping{"JSON": {}, "L": forcing(List)} {
		for _, v := range []any{v, av} {
			_, err := convertValue(t, m, v)
			require.NotNil(t, err, name)
			require.Equal(t, fault.TooLarge, err.Reason, name)
		}
	}
}

// A value whose length alone says that it is too large is rejected before any of it is converted.
func TestLongValuesAreNotConverted(t *testing.T) {
	t.Parallel()
	long := make([]struct{}, math.MaxInt/2) // which takes no memory
	lists := make([]types.AttributeValue, item.MaxSize+1)
	tests := map[string]struct {
		typ Type
		v   any
	}{
		"JSON": {v: long}, "L": {List, long}, "SS": {StringSet, long}, "a list in JSON": {v: []any{long}}, "bools": {v: make([]bool, item.MaxSize+1)},
		"AttributeValues": {v: list(lists...)}, "an SS": {v: &types.AttributeValueMemberSS{Value: make([]string, item.MaxSize+1)}},
		"any": {List, make([]any, item.MaxSize+1)}, "JSON text of a set": {NumberSet, "[" + strings.Repeat("1,", maxSetText/2) + "1]"},
	}
	for name, tt := range tests {
		_, err := convertValue(t, forcing(tt.typ), tt.v)
		require.NotNil(t, err, name)
		assert.Equal(t, fault.TooLarge, err.Reason, name)
		assert.Equal(t, "v", err.Column, name)
	}
}

// Text counts as soon as it is converted, so that a value is rejected before all of it is.
func TestTextCountsAtOnce(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", item.MaxSize/2)
	for name, v := range map[string]any{
		"[]any": []any{long, long, long}, "[]string": []string{long, long, long}, "AttributeValues": list(s(long), s(long), s(long)),
		"JSON text": json.RawMessage(`["` + long + `","` + long + `","` + long + `"]`),
	} {
		for _, m := range []Mapping{{}, forcing(List)} {
			_, err := convertValue(t, m, v)
			require.NotNil(t, err, name)
			assert.ErrorContains(t, err, "the value has more than 409600 bytes", name)
		}
	}
}

// A long slice that contains itself is rejected before many of its levels are converted. The test
// is not parallel, so that what it allocates is its own.
func TestLongCycleIsNotConverted(t *testing.T) {
	cycle := make([]any, 30_000)
	cycle[0] = cycle
	for _, m := range []Mapping{{}, forcing(List)} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := convertValue(t, m, cycle)
		runtime.ReadMemStats(&after)
		require.NotNil(t, err)
		assert.ErrorContains(t, err, "contains itself")
		assert.Less(t, (after.TotalAlloc-before.TotalAlloc)>>20, uint64(2*item.MaxSize*item.AttrBytes>>20), "MiB")
	}
}

// An item can have as many nodes as bytes.
func TestNodeLimit(t *testing.T) {
	t.Parallel()
	const most = item.MaxSize - len("v") - 3 - len("id") - 2
	_, err := convertValue(t, forcing(List), make([]string, most))
	require.Nil(t, err)
	_, err = convertValue(t, forcing(List), make([]string, most+1))
	require.NotNil(t, err)
	require.Equal(t, fault.TooLarge, err.Reason)
}

// The memory of equal members, of equal names and of fields that are left out is not kept.
func TestUnusedMembersAreNotKept(t *testing.T) {
	t.Parallel()
	type wide struct {
		A, B, C, D, E, F, G, H, I, J string `json:",omitempty"`
	}
	for name, tt := range map[string]struct {
		typ Type
		v   any
	}{
		"members": {StringSet, `["a"` + strings.Repeat(`,"a"`, 100_000) + "]"},
		"names":   {Map, `{"a":1` + strings.Repeat(`,"a":1`, 10_000) + "}"},
		"fields":  {Map, wide{A: "x"}},
	} {
		it := mustConvert(t, New(forcing(tt.typ), table.Schema{}), row{"v": tt.v})
		assert.Len(t, it.Attrs[0].Elems, 1, name)
		assert.LessOrEqual(t, cap(it.Attrs[0].Elems), 4, name)
	}
}
