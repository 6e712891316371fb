package schedule

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// keyed returns a row whose partition key is p and whose sort key is i.
func keyed(p string, i int) *Row {
	return &Row{Key: fmt.Sprint(p, i), PartitionLen: len(p)}
}

// A partition key is hot if its rows are refused while those of others are accepted.
func TestHotKeys(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                 string
		every                int // the key has one row of so many
		refused, others      float64
		hot                  bool
		unknownPartitionKeys bool
	}{
		{"refused alone", 10, 0.9, 0, true, false},
		{"refused alone, a third of the rows", 3, 0.9, 0, true, false},
		{"nearly all rows", 1, 0.9, 0, false, false},
		{"refused like the others", 10, 0.9, 0.9, false, false},
		{"not much more than the others", 10, 0.9, 0.3, false, false},
		{"accepted mostly", 10, 0.2, 0, false, false},
		{"not known", 10, 0.9, 0, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var h hotKeys
			refused := func(share float64, i int) bool { return float64(i%100) < 100*share }
			n, others := 0, 0
			for i := range 4000 {
				row, share := keyed(fmt.Sprint("cold", i), i), tt.others
				if i%tt.every == 0 && i%50 < 49 {
					row, share, n = keyed("hot", i), tt.refused, n+1
					if tt.unknownPartitionKeys {
						row.PartitionLen = 0
					}
					h.observe(row, refused(share, n))
					continue
				}
				others++
				h.observe(row, refused(share, others))
			}
			row := keyed("hot", 5000)
			if tt.unknownPartitionKeys {
				row.PartitionLen = 0
			}
			assert.Equal(t, tt.hot, h.has(row))
			assert.False(t, h.has(keyed("cold5", 5)))
			assert.LessOrEqual(t, len(h.keys), maxHotTracked)
		})
	}
}

// A key that is accepted again is hot no longer.
func TestHotKeyCools(t *testing.T) {
	t.Parallel()
	var h hotKeys
	for i := range 2000 {
		h.observe(keyed(fmt.Sprint("cold", i), i), false)
		if i%10 == 0 {
			h.observe(keyed("hot", i), true)
		}
	}
	assert.True(t, h.has(keyed("hot", 1)))
	for i := range 4000 {
		h.observe(keyed(fmt.Sprint("cold", i), i), false)
		if i%10 == 0 {
			h.observe(keyed("hot", i), false)
		}
	}
	assert.False(t, h.has(keyed("hot", 1)))
}

// Rows of hot keys say nothing of the table's capacity, and wait behind the other retries.
func TestHotRowsAreExempt(t *testing.T) {
	t.Parallel()
	h := newClosedHarness(t, nil)
	for i := range 200 {
		h.hot.observe(keyed(fmt.Sprint("cold", i), i), false)
	}
	for i := range 20 {
		h.hot.observe(keyed("hot", i), true)
	}
	add := func(p string) {
		r := keyed(p, len(h.rows))
		r.Index, r.Units = len(h.rows), 1
		h.rows = append(h.rows, r)
		h.Add(r, h.now)
	}
	add("hot")
	add("a")
	add("b")
	b := h.next(0, 1, 2)
	assert.Equal(t, 1, b.RetryUnits)
	r := Response{Batch: b, Unprocessed: []bool{true, true, false}}
	units, exempt := r.Rejected()
	assert.Equal(t, 2, units)
	assert.Equal(t, 1, exempt)
	h.respond(b, nil, 0, 1)
	h.later()
	h.next(1, 0) // the hot row goes last
}
