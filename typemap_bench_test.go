package dynamodest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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

func TestManyGoroutines(t *testing.T) {
	t.Parallel()
	c := newConverter(Mapping{}, tableSchema{partition: keyAttr{name: "id", kind: kindN, max: 2048, role: "partition key"}})
	var running sync.WaitGroup
	for g := range 8 {
		running.Go(func() {
			for i := range 200 {
				name := fmt.Sprint("c", (g+i)%5)
				it, err := c.convert(Row{"id": i, name: struct{ A, B int }{i, g}, "z": nil})
				assert.Nil(t, err)
				assert.Len(t, it.attrs, 3)
			}
		})
	}
	running.Wait()
}

func TestConvertAllocatesLittle(t *testing.T) {
	c := newConverter(Mapping{}, tableSchema{partition: keyAttr{name: "user_id", kind: kindS, max: 2048, role: "partition key"}})
	row := benchRow()
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = c.convert(row) }), 5.0)
}
