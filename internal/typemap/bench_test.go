package typemap

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/itemtest"
)

// benchRows are rows of other shapes, by their names.
func benchRows() map[string]row {
	nested := itemtest.Row()
	nested["segment"] = map[string]any{"tags": []any{"a", "b", "c"}, "weights": []any{0.1, 0.2, 0.3}, "rank": int64(7)}
	rows := map[string]row{
		"3": {"user_id": "user-0000000001", "visits": int64(1_234_567), "created_at": itemtest.Row()["created_at"]}, "10": itemtest.Row(), "nested": nested,
	}
	for _, columns := range []int{50, 300} {
		wide := row{"user_id": "user-0000000001"}
		for i := 1; len(wide) < columns; i++ {
			for name, v := range itemtest.Row() {
				if len(wide) < columns {
					wide[fmt.Sprint(name, i)] = v
				}
			}
		}
		rows[strconv.Itoa(columns)] = wide
	}
	return rows
}

// slabRows is how many rows share a Texts in the benchmarks.
const slabRows = 16

// byPosition returns the columns of r and a row of its values.
func byPosition(r row) (columns []string, values []any) {
	for name := range r {
		columns = append(columns, name)
	}
	slices.Sort(columns)
	for _, name := range columns {
		values = append(values, r[name])
	}
	return columns, values
}

// BenchmarkRow measures the ways of a row, by the number of its columns.
func BenchmarkRow(b *testing.B) {
	rows := benchRows()
	for _, name := range []string{"3", "10", "50", "300", "nested"} {
		r := rows[name]
		b.Run(name+"/hand", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := itemtest.ByHand(r); err != nil {
					b.Fatal(err)
				}
			}
		})
		c := New(Mapping{}, partitionKey("user_id", item.S))
		b.Run(name+"/flat", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Convert(r); err != nil {
					b.Fatal(err)
				}
			}
		})
		columns, values := byPosition(r)
		plan, err := c.PlanValues(columns)
		require.Nil(b, err)
		b.Run(name+"/values", func(b *testing.B) {
			benchEncode(b, func(s *Scratch, texts *item.Texts, it *item.Item) bool {
				return c.EncodeValues(s, texts, it, plan, values) == nil
			})
		})
		b.Run(name+"/bytes", func(b *testing.B) {
			benchEncode(b, func(s *Scratch, texts *item.Texts, it *item.Item) bool { return c.Encode(s, texts, it, r) == nil })
		})
	}
}

// benchEncode measures encode, with a Texts for every slabRows rows.
func benchEncode(b *testing.B, encode func(*Scratch, *item.Texts, *item.Item) bool) {
	b.Helper()
	var s Scratch
	var items []item.Item
	var texts *item.Texts
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%slabRows == 0 {
			items, texts = make([]item.Item, slabRows), new(item.Texts)
			texts.Expect(slabRows)
		}
		if !encode(&s, texts, &items[i%slabRows]) {
			b.Fatal("not encoded")
		}
	}
}

func TestConvertAllocatesLittle(t *testing.T) {
	c := New(Mapping{}, partitionKey("user_id", item.S))
	row := itemtest.Row()
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = c.Convert(row) }), 3.0)
}
