package schedule

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

// countRefusals counts so many refusals of each partition key, in random order.
func countRefusals(keys map[string]int) Throttled {
	var rows []*Row
	for key, n := range keys {
		for i := range n {
			rows = append(rows, &Row{Key: key + "/" + strconv.Itoa(i), PartitionLen: len(key)})
		}
	}
	random := rand.New(rand.NewPCG(1, 1))
	random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	var c refusals
	for _, r := range rows {
		c.add(r)
	}
	return c.throttled()
}

// evenly returns n keys with so many refusals each.
func evenly(n, each int) map[string]int {
	keys := make(map[string]int)
	for i := range n {
		keys["key "+strconv.Itoa(i)] = each
	}
	return keys
}

func TestShareOfRefusalsOnFewKeys(t *testing.T) {
	t.Parallel()
	with := func(keys map[string]int, key string, n int) map[string]int {
		keys[key] = n
		return keys
	}
	for name, tt := range map[string]struct {
		keys map[string]int
		want Throttled
	}{
		"none":                       {nil, Throttled{}},
		"one":                        {evenly(1, 7), Throttled{7, 1, 1}},
		"forty stuck keys":           {evenly(40, 15), Throttled{600, 40, 1}},
		"one key among thousands":    {with(evenly(4000, 1), "hot", 6000), Throttled{10_000, 1, 0.6}},
		"one key with nearly half":   {with(evenly(60, 1), "hot", 40), Throttled{100, 11, 0.5}},
		"as many as can be counted":  {evenly(4096, 2), Throttled{8192, 4096, 1}},
		"two, of which one has less": {with(evenly(1, 4), "other", 2), Throttled{6, 2, 1}},
		"two, of which one has few":  {with(evenly(1, 5), "other", 2), Throttled{7, 1, 5. / 7}},
		"too many to count":          {evenly(20_000, 3), Throttled{60_000, 0, 0}},
	} {
		assert.Equal(t, tt.want, countRefusals(tt.keys), name)
	}
	got := countRefusals(with(evenly(40_000, 1), "hot", 60_000))
	assert.Equal(t, 1, got.Keys)
	assert.LessOrEqual(t, got.Share, 0.6)
	assert.Greater(t, got.Share, 0.6-1./maxCountedKeys)
}

func TestRefusalsAreCountedForEachRequest(t *testing.T) {
	t.Parallel()
	h := newFlow(t)
	for i, key := range []string{"a1", "a2", "b1"} {
		h.rows = append(h.rows, &Row{Index: i, Key: key, PartitionLen: 1, Units: 1})
		h.Add(h.rows[i], h.now)
	}
	h.respond(h.next(0, 1, 2), throttled)
	h.later()
	h.respond(h.next(0), lost)
	h.later()
	h.respond(h.next(0, 1, 2), nil, 0, 1)
	h.later()
	h.respond(h.next(0), nil)
	h.respond(h.next(1), rejected)
	assert.Zero(t, h.Stats().Throttled, "not at the end yet")
	h.abandon()
	assert.Equal(t, Throttled{Refusals: 5, Keys: 1, Share: 0.8}, h.Stats().Throttled)
}

func TestNoRefusalCostsNothing(t *testing.T) {
	t.Parallel()
	h := newFlow(t)
	h.add("a")
	h.respond(h.next(0), nil)
	h.abandon()
	assert.Nil(t, h.refusals.counts)
	assert.Zero(t, h.Stats().Throttled)
}
