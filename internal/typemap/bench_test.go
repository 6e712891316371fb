package typemap

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/item"
)

// benchRow is a row of ten columns as a warehouse gives them.
func benchRow() row {
	return row{
		"user_id": "user-0000000001", "email": "somebody@example.com", "name": "Some Body", "age": int64(42), "score": 0.8731,
		"active": true, "created_at": time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.UTC), "visits": int64(1_234_567),
		"country": "DE", "segment": nil,
	}
}

// benchRows are rows of other shapes, by their names.
func benchRows() map[string]row {
	nested := benchRow()
	nested["segment"] = map[string]any{"tags": []any{"a", "b", "c"}, "weights": []any{0.1, 0.2, 0.3}, "rank": int64(7)}
	rows := map[string]row{
		"3": {"user_id": "user-0000000001", "visits": int64(1_234_567), "created_at": benchRow()["created_at"]}, "10": benchRow(), "nested": nested,
	}
	for _, columns := range []int{50, 300} {
		wide := row{"user_id": "user-0000000001"}
		for i := 1; len(wide) < columns; i++ {
			for name, v := range benchRow() {
				if len(wide) < columns {
					wide[fmt.Sprint(name, i)] = v
				}
			}
		}
		rows[strconv.Itoa(columns)] = wide
	}
	return rows
}

// byHand is what a program without a library does: the SDK's attribute of the kinds that benchRows have.
func byHand(v any) types.AttributeValue {
	switch v := v.(type) {
	case nil:
		return &types.AttributeValueMemberNULL{Value: true}
	case string:
		return &types.AttributeValueMemberS{Value: v}
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}
	case int64:
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(v, 10)}
	case float64:
		return &types.AttributeValueMemberN{Value: strconv.FormatFloat(v, 'g', -1, 64)}
	case time.Time:
		return &types.AttributeValueMemberS{Value: v.Format(time.RFC3339Nano)}
	case []any:
		l := make([]types.AttributeValue, len(v))
		for i, elem := range v {
			l[i] = byHand(elem)
		}
		return &types.AttributeValueMemberL{Value: l}
	case map[string]any:
		return &types.AttributeValueMemberM{Value: mapByHand(v)}
	}
	panic(fmt.Sprintf("a column of type %T", v))
}

func mapByHand(row map[string]any) map[string]types.AttributeValue {
	m := make(map[string]types.AttributeValue, len(row))
	for name, v := range row {
		m[name] = byHand(v)
	}
	return m
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
				mapByHand(r)
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
	row := benchRow()
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = c.Convert(row) }), 3.0)
}
