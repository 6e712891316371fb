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
	const size = 10_000
	text := strings.Repeat("x", size)
	for name, tt := range map[string]struct {
		v     any
		texts int
	}{
		"number": {1, 0}, "text": {text, 1}, "bytes": {[]byte(text), 1}, "JSON": {json.RawMessage(text), 1}, "json.Number": {json.Number(text), 1},
		"list": {[]any{text, text}, 2}, "map": {map[string]any{text: text}, 2}, "deep": {[]any{map[string]any{"a": []any{text}}}, 1}, "other types": {[]string{text}, 0}, "too deep": {wrapped(item.MaxLevels, text), 0},
	} {
		got := Footprint(row{"v": tt.v})
		assert.GreaterOrEqual(t, got, tt.texts*size, name)
		assert.Less(t, got, (tt.texts+1)*size, name)
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
	text := strings.Repeat("x", 5000)
	twice := Mapping{Fields: []Field{field("v", Auto), {Column: "v", Attribute: "w"}}}
	for name, tt := range map[string]struct {
		m     Mapping
		row   row
		least int
	}{
		"attributes":             {Mapping{}, row{"a": 1, "b": 2}, 2 * (item.AttrBytes + entryBytes)},
		"nodes of a document":    {forcing(List), row{"v": numbers}, 1000 * item.AttrBytes},
		"members of a set":       {forcing(NumberSet), row{"v": make([]int, 1000)}, 1000 * item.AttrBytes},
		"JSON that is padded":    {Mapping{}, row{"v": json.RawMessage("{" + strings.Repeat(" ", 5000) + "}")}, 5000},
		"a number that is long":  {Mapping{}, row{"v": json.Number("1." + strings.Repeat("0", 5000))}, 5000},
		"text of a Marshaler":    {forcing(List), row{"v": marshaler{"[" + strings.Repeat(" ", 5000) + "]"}}, 5000},
		"base64":                 {forcing(Binary), row{"v": strings.Repeat("AAAA", 5000/4)}, 5000},
		"equal members of a set": {forcing(StringSet), row{"v": []string{text, text}}, 2 * len(text)},
		"columns not mapped":     {forcing(Auto), row{"v": 1, "other": text}, len(text)},
		"a column mapped twice":  {twice, row{"v": 1, "other": text}, len(text)},
	} {
		it := mustConvert(t, New(tt.m, table.Schema{}), tt.row)
		assert.GreaterOrEqual(t, it.Footprint, tt.least, name)
		assert.Less(t, it.Footprint, 2*tt.least+500, name)
	}
}
