package dynamodest

import (
	"testing"
	"time"
)

// benchRow is a row of ten columns as a warehouse gives them.
func benchRow() Row {
	return Row{
		"user_id": "user-0000000001", "email": "somebody@example.com", "name": "Some Body", "age": int64(42), "score": 0.8731,
		"active": true, "created_at": time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.UTC), "visits": int64(1_234_567),
		"country": "DE", "segment": nil,
	}
}

func BenchmarkConvert(b *testing.B) {
	schema := tableSchema{partition: keyAttr{name: "user_id", kind: kindS, max: 2048, role: "partition key"}}
	nested := benchRow()
	nested["segment"] = map[string]any{"tags": []any{"a", "b", "c"}, "weights": []float64{0.1, 0.2, 0.3}, "rank": 7}
	rows := map[string]Row{"flat": benchRow(), "nested": nested}
	for name, row := range rows {
		b.Run(name, func(b *testing.B) {
			c := newConverter(Mapping{}, schema)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.convert(row); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
