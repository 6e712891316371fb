package typemap

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

func TestPlanValuesRefusesEqualNames(t *testing.T) {
	t.Parallel()
	for _, m := range []Mapping{{}, {Fields: []Field{field("a", Auto)}}} {
		plan, err := New(m, table.Schema{}).PlanValues([]string{"b", "a", "c", "a"})
		require.Nil(t, plan)
		require.NotNil(t, err)
		assert.Equal(t, fault.Config, err.Reason)
		assert.Equal(t, `the columns of indexes 1 and 3 have the same name: give one of the two another name in the source, such as by AS in SQL, or leave it out`, err.Text)
		assert.Equal(t, "a", err.Column)
	}
}

func TestRowsOfTheWrongLength(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]Mapping{"plain": {}, "by way of the map": {Version: "a"}} {
		c := New(m, table.Schema{})
		plan, err := c.PlanValues([]string{"a", "b"})
		require.Nil(t, err)
		for _, values := range [][]any{nil, {1}, {1, 2, 3}} {
			var it item.Item
			err := c.EncodeValues(new(Scratch), new(item.Texts), &it, plan, values)
			require.NotNil(t, err, name)
			assert.Equal(t, fault.Mapping, err.Reason)
			assert.Contains(t, err.Text, ", but there are 2 columns")
			assert.Contains(t, err.Advice().Remedy, "one value for each column")
			assert.Equal(t, item.Item{}, it)
		}
	}
}

// A column that the rows lack is what it is in a map without it.
func TestColumnsThatTheValuesLack(t *testing.T) {
	t.Parallel()
	fields := []Field{field("a", Auto), {Column: "b", Attribute: "b", Required: true}, field("c", Auto)}
	for name, m := range map[string]Mapping{
		"required": {Fields: fields}, "left out": {Fields: []Field{fields[0], fields[2]}}, "null": {Fields: []Field{fields[0], fields[2]}, MissingAsNull: true},
		"null is refused": {Fields: []Field{fields[0], fields[2]}, MissingAsNull: true, Null: RefuseNull},
		"twice":           {Fields: []Field{fields[0], {Column: "a", Attribute: "again"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s Scratch
			for _, r := range []row{{"a": 1}, {"a": 1, "unmapped": "x"}, {}} {
				_, err := encodesAsConverted(t, &s, m, table.Schema{}, r)
				assert.Equal(t, len(r) == 0 && name != "null" || name == "required" || name == "null is refused", err != nil)
			}
		})
	}
}

func TestPlanOutlivesItsColumns(t *testing.T) {
	t.Parallel()
	c := New(Mapping{}, table.Schema{})
	columns := []string{"b", "a"}
	plan, err := c.PlanValues(columns)
	require.Nil(t, err)
	columns[0], columns[1] = "x", "y"
	var it item.Item
	require.Nil(t, c.EncodeValues(new(Scratch), new(item.Texts), &it, plan, []any{1, nil}))
	assert.JSONEq(t, `{"a":{"NULL":true},"b":{"N":"1"}}`, string(it.AppendAttributes(nil)))
}

func TestFootprintOfValues(t *testing.T) {
	t.Parallel()
	r := row{"a": "text", "b": []any{"nested", map[string]any{"c": 1}}}
	_, values := byPosition(r)
	assert.InDelta(t, Footprint(r), FootprintOfValues(values), float64(len("a")+len("b")))
}
