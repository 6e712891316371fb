package schedule

import (
	"cmp"
	"hash/maphash"
	"maps"
	"slices"
)

// maxCountedKeys is the most partition keys whose refusals are counted.
const maxCountedKeys = 4096

// Throttled says how the refusals for want of capacity fell on partition keys: whether few hot keys had
// most of them.
type Throttled struct {
	Refusals int     // rows throttled or returned as unprocessed, once for each request
	Keys     int     // the fewest partition keys with at least half of Refusals, and others with nearly as many
	Share    float64 // part of Refusals that fell on Keys, 0 to 1; at least so much if there were more than 4,096 keys
}

// refusals counts refusals by partition key. It keeps hashes only, in bounded memory: when all counters
// are taken, a refusal of another key takes one off each (Misra and Gries, "Finding repeated elements",
// https://doi.org/10.1016/0167-6423(82)90012-0). So it never counts too many for a key, and too few by
// one in maxCountedKeys of the total at most.
type refusals struct {
	total  int
	counts map[uint64]int
}

// partitionSeed is random, so that nobody can choose keys whose hashes are equal.
var partitionSeed = maphash.MakeSeed()

// partitionHash returns a hash of r's partition key, which is all that is kept of it.
func partitionHash(r *Row) uint64 { return maphash.String(partitionSeed, r.Key[:r.PartitionLen]) }

// add counts a refusal of r, if its partition key is known.
func (c *refusals) add(r *Row) {
	if r.PartitionLen == 0 {
		return
	}
	if c.counts == nil {
		c.counts = make(map[uint64]int)
	}
	c.total++
	hash := partitionHash(r)
	if n := c.counts[hash]; n > 0 || len(c.counts) < maxCountedKeys {
		c.counts[hash] = n + 1
		return
	}
	for other, n := range c.counts {
		if n == 1 {
			delete(c.counts, other)
		} else {
			c.counts[other] = n - 1
		}
	}
}

// throttled returns on how many keys which share of the refusals fell. Keys and Share are 0 if no counted
// keys have half of them.
func (c *refusals) throttled() Throttled {
	counts := slices.SortedFunc(maps.Values(c.counts), func(a, b int) int { return cmp.Compare(b, a) })
	t := Throttled{Refusals: c.total}
	keys, sum := 0, 0
	for _, n := range counts {
		half := 2*sum >= c.total
		if half && 2*n*keys < sum { // less than half of the average so far
			break
		}
		keys++
		sum += n
	}
	if c.total > 0 && 2*sum >= c.total {
		t.Keys, t.Share = keys, float64(sum)/float64(c.total)
	}
	return t
}
