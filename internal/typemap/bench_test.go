package typemap

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

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

func BenchmarkConvert(b *testing.B) {
	schema := partitionKey("user_id", item.S)
	nested := benchRow()
	nested["segment"] = map[string]any{"tags": []any{"a", "b", "c"}, "weights": []float64{0.1, 0.2, 0.3}, "rank": 7}
	rows := map[string]row{"flat": benchRow(), "nested": nested}
	for name, row := range rows {
		b.Run(name, func(b *testing.B) {
			c := New(Mapping{}, schema)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Convert(row); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestConvertAllocatesLittle(t *testing.T) {
	c := New(Mapping{}, partitionKey("user_id", item.S))
	row := benchRow()
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = c.Convert(row) }), 3.0)
}
