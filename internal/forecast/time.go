package forecast

import (
	"math"
	"time"

	"github.com/dynamodest/dynamodest/internal/table"
)

// Bound is what limits the rate of a run: the table itself, an index, or a cap.
type Bound struct {
	UnitsPerSecond float64 // 0 if nothing is known that limits the rate
	From           table.From
	Cap            bool   // it is the cap
	Index          string // the global index whose capacity it is; "" if it is the table's

	Least, Most time.Duration // that the run takes
}

// Time returns what bounds the rate of a run that costs from least to most on the table that d describes, under a
// cap on the units of the table itself; 0 is none. Writes to local indexes take from the capacity of the table.
func Time(d *table.Description, limit float64, least, most *Sum) Bound {
	var bound Bound
	longest := func(b Bound, least, most int64) {
		if b.UnitsPerSecond <= 0 {
			return
		}
		atMost := duration(most, b.UnitsPerSecond)
		slower := b.UnitsPerSecond < bound.UnitsPerSecond
		if bound.UnitsPerSecond == 0 || atMost > bound.Most || atMost == bound.Most && slower {
			b.Least, b.Most = bound.Least, atMost
			bound = b
		}
		bound.Least = max(bound.Least, duration(least, b.UnitsPerSecond))
	}
	tableLeast, tableMost := least.Table, most.Table
	for i := range d.Projections {
		if d.Projections[i].Local {
			tableLeast, tableMost = tableLeast+least.Indexes[i], tableMost+most.Indexes[i]
		}
	}
	longest(Bound{UnitsPerSecond: d.Capacity.Units, From: d.Capacity.From}, tableLeast, tableMost)
	for i := range d.Projections {
		p := &d.Projections[i]
		longest(Bound{UnitsPerSecond: p.Capacity.Units, From: p.Capacity.From, Index: p.Index}, least.Indexes[i], most.Indexes[i])
	}
	longest(Bound{UnitsPerSecond: limit, Cap: true}, least.Table, most.Table)
	return bound
}

// duration returns how long so many units take.
func duration(units int64, perSecond float64) time.Duration {
	nanoseconds := float64(units) / perSecond * float64(time.Second)
	if nanoseconds >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(nanoseconds)
}
