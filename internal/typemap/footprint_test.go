package typemap

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

func TestFootprint(t *testing.T) {
	t.Parallel()
	const kilo = 1000
	text := strings.Repeat("x", kilo)
	for name, tt := range map[string]struct {
		v    any
		kilo int
	}{
		"number": {1, 0}, "text": {text, 1}, "bytes": {[]byte(text), 1}, "JSON": {json.RawMessage(text), 1}, "json.Number": {json.Number(text), 1},
		"list": {[]any{text, text}, 2}, "map": {map[string]any{text: text}, 2}, "deep": {[]any{map[string]any{"a": []any{text}}}, 1}, "other types": {[]string{text}, 0},
	} {
		got := Footprint(row{"v": tt.v})
		assert.GreaterOrEqual(t, got, tt.kilo*kilo, name)
		assert.Less(t, got, tt.kilo*kilo+kilo, name)
	}
}

// A value that is large, or contains itself, takes no more time than maxWeighed nodes do.
func TestFootprintIsBounded(t *testing.T) {
	t.Parallel()
	for name, v := range cyclicValues() {
		assert.Positive(t, Footprint(row{"v": v}), name)
	}
	wide := []any{}
	wide = append(wide, wide, wide, wide)
	for range 20 {
		wide = []any{wide, wide, wide}
	}
	assert.Less(t, Footprint(row{"v": wide}), 100*entryBytes*maxWeighed)
}

// An item counts for as much as its row keeps alive until the row is written.
func TestFootprintOfItems(t *testing.T) {
	t.Parallel()
	numbers := "[" + strings.Repeat("1,", 999) + "1]"
	for name, tt := range map[string]struct {
		m     Mapping
		row   row
		least int
	}{
		"attributes":            {Mapping{}, row{"a": 1, "b": 2}, 2 * (item.AttrBytes + entryBytes)},
		"nodes of a document":   {forcing(List), row{"v": numbers}, 1000 * item.AttrBytes},
		"members of a set":      {forcing(NumberSet), row{"v": make([]int, 1000)}, 1000 * item.AttrBytes},
		"JSON that is padded":   {Mapping{}, row{"v": json.RawMessage("{" + strings.Repeat(" ", 5000) + "}")}, 5000},
		"a number that is long": {Mapping{}, row{"v": json.Number("1." + strings.Repeat("0", 5000))}, 5000},
		"columns not mapped":    {forcing(Auto), row{"v": 1, "other": strings.Repeat("x", 5000)}, 5000},
	} {
		it := mustConvert(t, New(tt.m, table.Schema{}), tt.row)
		assert.GreaterOrEqual(t, it.Footprint, tt.least, name)
		assert.Less(t, it.Footprint, 2*tt.least+500, name)
	}
}
