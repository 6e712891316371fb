package pace

import "math"

// bucket is a token bucket: it refills at rate units/s up to what it holds. Rate 0 is unlimited.
type bucket struct {
	rate, holds, level, at float64

	// window is the seconds of a metering window, at whose start all its units come; 0 = steadily.
	window float64
}

func (b *bucket) refill(now float64) {
	if b.window > 0 {
		now = math.Floor(now/b.window) * b.window
	}
	if now > b.at {
		b.level = min(b.holds, b.level+(now-b.at)*b.rate)
		b.at = now
	}
}

// fits reports whether so many units may be taken. A full bucket grants more than it holds on credit.
func (b *bucket) fits(units float64) bool {
	return b.rate == 0 || b.level >= min(units, b.holds)-1e-9
}

func (b *bucket) take(units float64) { b.level -= units }

// table is DynamoDB as the simulation knows it: a bucket for all rows, and one for each limited key
// range.
type table struct {
	all    bucket
	ranges []bucket
	whole  bool    // a request that does not fit is rejected whole, not row by row
	ratio  float64 // units consumed per unit requested

	rival rival
	next  int // of the rival's items
}

// rival is a writer that puts rate units/s for on seconds and nothing for off seconds, in items of one
// unit, until end if that is not 0. It repeats nothing.
type rival struct{ rate, on, off, end float64 }

// at is the moment of the rival's i-th item.
func (r rival) at(i int) float64 {
	t := float64(i) / r.rate
	if r.off > 0 {
		t += math.Floor(t/r.on) * r.off
	}
	return t
}

// letRivalWrite draws the rival's items until a moment, and returns the units that it got.
func (t *table) letRivalWrite(until float64) (units float64) {
	if t.rival.end > 0 {
		until = min(until, t.rival.end)
	}
	for ; t.rival.rate > 0 && t.rival.at(t.next) <= until; t.next++ {
		t.all.refill(t.rival.at(t.next))
		if t.all.fits(1) {
			t.all.take(1)
			units++
		}
	}
	return units
}

// apply takes the rows of a request that fit, in order. It returns the others, and the units consumed.
func (t *table) apply(now float64, rows []row) (rejected []row, consumed float64) {
	t.letRivalWrite(now)
	t.all.refill(now)
	for i := range t.ranges {
		t.ranges[i].refill(now)
	}
	sum := 0.0
	for _, r := range rows {
		sum += r.units * t.ratio
	}
	if t.whole && !t.all.fits(sum) {
		return rows, 0
	}
	for _, r := range rows {
		units := r.units * t.ratio
		if !t.all.fits(units) || r.keyRange >= 0 && !t.ranges[r.keyRange].fits(units) {
			rejected = append(rejected, r)
			continue
		}
		t.all.take(units)
		if r.keyRange >= 0 {
			t.ranges[r.keyRange].take(units)
		}
		consumed += units
	}
	return rejected, consumed
}

type row struct {
	index    int
	units    float64
	keyRange int  // of table.ranges; -1 = in none
	retry    bool // was rejected before
}

// oldest is a heap of rows, the first of the input on top.
type oldest []row

func (h oldest) Len() int           { return len(h) }
func (h oldest) Less(i, j int) bool { return h[i].index < h[j].index }
func (h oldest) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *oldest) Push(x any)        { *h = append(*h, x.(row)) }
func (h *oldest) Pop() any {
	all := *h
	x := all[len(all)-1]
	*h = all[:len(all)-1]
	return x
}
