package forecast

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/tabletest"
)

func text(name string, bytes int) item.Attr {
	return item.Attr{Name: name, Kind: item.S, Text: strings.Repeat("x", bytes)}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	described := tabletest.Described() // keys id (S), at (N); by_email of email, at; the local by_blob of id, blob
	described.GlobalSecondaryIndexes[0].Projection = &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
	described.LocalSecondaryIndexes[0].Projection = &types.Projection{ProjectionType: types.ProjectionTypeAll}
	d := table.Parse(described)
	m := NewMeter(&d)
	at := item.Attr{Name: "at", Kind: item.N, Text: "1"} // 2 + 2 bytes

	for name, tt := range map[string]struct {
		it   item.Item
		want Cost
	}{
		"in no index":        {item.Item{Attrs: []item.Attr{text("id", 1), at, text("pad", 2000)}}, Cost{2, []int{0, 0}, []int{}}},
		"in one":             {item.Item{Attrs: []item.Attr{text("id", 1), at, text("email", 1012), text("pad", 2000)}}, Cost{3, []int{1, 0}, []int{}}},
		"and a byte more":    {item.Item{Attrs: []item.Attr{text("id", 1), at, text("email", 1013), text("pad", 1000)}}, Cost{2, []int{2, 0}, []int{}}},
		"in both":            {item.Item{Attrs: []item.Attr{text("id", 1), at, text("email", 1), text("blob", 5), text("pad", 1500)}}, Cost{2, []int{1, 2}, []int{}}},
		"exactly a kibibyte": {item.Item{Attrs: []item.Attr{text("id", 1015), at, text("p", 2)}}, Cost{1, []int{0, 0}, []int{}}},
		"and a byte":         {item.Item{Attrs: []item.Attr{text("id", 1016), at, text("p", 2)}}, Cost{2, []int{0, 0}, []int{}}},
		"a delete":           {item.Item{Delete: true, Attrs: []item.Attr{text("id", 2000), at}}, Cost{1, []int{0, 0}, []int{}}},
	} {
		got, _ := m.Measure(&tt.it)
		assert.Equal(t, tt.want, got, name)
	}
	_, largest := m.Measure(&item.Item{Attrs: []item.Attr{text("id", 1), at, text("longname", 3), text("pad", 7)}})
	assert.Equal(t, Attribute{"longname", 11}, largest)
}

func TestMeasureVectors(t *testing.T) {
	t.Parallel()
	d := table.Parse(tabletest.DescribedVectors()) // embedding of 3 dimensions, by tenant and year; keys only
	m := NewMeter(&d)
	number := item.Attr{Kind: item.N, Text: "0.12345678901234567890123456789"}
	vector := func(n int) item.Attr {
		return item.Attr{Name: "embedding", Kind: item.L, Elems: slices.Repeat([]item.Attr{number}, n)}
	}
	for name, tt := range map[string]struct {
		attrs  []item.Attr
		table  int
		vector int
	}{
		"no vector":    {[]item.Attr{text("id", 1), text("tenant", 1)}, 1, 0},
		"no partition": {[]item.Attr{text("id", 1), vector(3)}, 1, 0},
		"small":        {[]item.Attr{text("id", 1), text("tenant", 1), vector(3), text("pad", 5000)}, 5, 1024},
		// 4 bytes a number: id 3, tenant 7, embedding 9 + 4 × 251 = 1,013
		"a kibibyte": {[]item.Attr{text("id", 1), text("tenant", 1), vector(251)}, 1, 1024},
		"more":       {[]item.Attr{text("id", 1), text("tenant", 1), vector(254)}, 2, 3 + 7 + 9 + 4*254},
	} {
		cost, _ := m.Measure(&item.Item{Attrs: tt.attrs})
		assert.Equal(t, tt.table, cost.Table, name)
		assert.Equal(t, []int{tt.vector}, cost.Vectors, name)
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	var none Sizes
	assert.Zero(t, none.Percentile(50))
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 19, 20, 21, 1000} {
		var s Sizes
		sizes := make([]int, n)
		total := 0
		for i := range sizes {
			sizes[i] = random.IntN(item.MaxSize + 1)
			s.Add(sizes[i])
			total += sizes[i]
		}
		slices.Sort(sizes)
		assert.Equal(t, []int{n, total, sizes[0], sizes[n-1]}, []int{s.Count, int(s.Total), s.Min, s.Max})
		assert.Equal(t, sizes[(n+1)/2-1], s.Percentile(50), n)
		assert.Equal(t, sizes[(n*95+99)/100-1], s.Percentile(95), n)
	}
	var edges Sizes
	edges.Add(item.MaxSize)
	edges.Add(0)
	assert.Equal(t, []int{0, item.MaxSize}, []int{edges.Min, edges.Max})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	k := NewKeys(2)
	meet := func(key byte, row int) [2]int {
		slot, first, ok := k.Meet(Hash{key}, row)
		if !ok {
			return [2]int{-1, -1}
		}
		return [2]int{slot, first}
	}
	assert.Equal(t, [2]int{0, 0}, meet('a', 0))
	assert.Equal(t, [2]int{1, 1}, meet('b', 1))
	assert.Equal(t, [2]int{0, 0}, meet('a', 2))
	assert.Equal(t, [2]int{-1, -1}, meet('c', 3), "one too many")
	assert.Equal(t, [2]int{1, 1}, meet('b', 4))
	assert.Equal(t, 2, k.Len())
}

// What rows of one key cost: by a plain model of a table with one index, whose key is the item's first byte, and by
// every choice of the rows that are sent.
func TestTallyHoldsEveryChoice(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	type version struct{ units, entry, indexKey int } // entry 0: not in the index
	for range 500 {
		rows := make([]version, 1+random.IntN(5))
		last, first := NewTally(LastWins, 1, 0), NewTally(FirstWins, 1, 0)
		anyone := NewTally(AnyWins, 1, 0)
		for i := range rows {
			rows[i] = version{1 + random.IntN(9), random.IntN(4), random.IntN(2)}
			for _, tally := range []*Tally{last, first, anyone} {
				tally.AddOf(0, Cost{Table: rows[i].units, Indexes: []int{rows[i].entry}})
			}
		}
		for choice := range 1 << len(rows) {
			var sent []version
			for i, row := range rows {
				if choice&(1<<i) != 0 {
					sent = append(sent, row)
				}
			}
			if choice&(1<<(len(rows)-1)) == 0 { // the last one is sent in any case
				continue
			}
			var units, index int
			var before version
			for _, row := range sent {
				units += max(row.units, before.units)
				switch {
				case before.entry > 0 && row.entry > 0 && before.indexKey == row.indexKey:
					index += max(before.entry, row.entry)
				default:
					index += before.entry + row.entry
				}
				before = row
			}
			for name, tally := range map[string]*Tally{"last": last, "any": anyone} {
				assert.LessOrEqual(t, int(tally.Least.Table), units, name)
				assert.GreaterOrEqual(t, int(tally.Most.Table), units, name)
				assert.LessOrEqual(t, int(tally.Least.Indexes[0]), index, name)
				assert.GreaterOrEqual(t, int(tally.Most.Indexes[0]), index, name)
			}
		}
		assert.Equal(t, int64(rows[0].units), first.Least.Table)
		assert.Equal(t, int64(rows[len(rows)-1].units), last.Least.Table)
	}
}

func TestTallyOfDistinctKeys(t *testing.T) {
	t.Parallel()
	a, b := NewTally(LastWins, 2, 1), NewTally(LastWins, 2, 1)
	for i := range 10 {
		c := Cost{Table: i, Indexes: []int{2 * i, 1}, Vectors: []int{1024 + i}}
		a.Add(c)
		b.AddOf(i, c)
	}
	want := Sum{Table: 45, Indexes: []int64{90, 10}, Vectors: []int64{10*1024 + 45}}
	for _, tally := range []*Tally{a, b} {
		assert.Equal(t, want, tally.Least)
		assert.Equal(t, want, tally.Most)
	}
	assert.Equal(t, int64(145), want.Total())
}

func TestTime(t *testing.T) {
	t.Parallel()
	described := tabletest.Described()
	provisioned := func(units int64) *types.ProvisionedThroughputDescription {
		return &types.ProvisionedThroughputDescription{WriteCapacityUnits: aws.Int64(units)}
	}
	described.ProvisionedThroughput, described.GlobalSecondaryIndexes[0].ProvisionedThroughput = provisioned(100), provisioned(10)
	d := table.Parse(described)
	least := Sum{Table: 500, Indexes: []int64{20, 100}}
	most := Sum{Table: 1000, Indexes: []int64{40, 500}} // the second index is local

	assert.Equal(t, Bound{100, table.Provisioned, false, "", 6 * time.Second, 15 * time.Second}, Time(&d, 0, &least, &most))
	assert.Equal(t, Bound{50, 0, true, "", 10 * time.Second, 20 * time.Second}, Time(&d, 50, &least, &most))
	assert.Equal(t, Bound{100, table.Provisioned, false, "", 6 * time.Second, 15 * time.Second}, Time(&d, 1000, &least, &most))
	most.Indexes[0] = 300
	assert.Equal(t, Bound{10, table.Provisioned, false, "by_email", 6 * time.Second, 30 * time.Second}, Time(&d, 0, &least, &most))

	nothing := Sum{Indexes: []int64{0, 0}}
	assert.Equal(t, Bound{10, table.Provisioned, false, "by_email", 0, 0}, Time(&d, 0, &nothing, &nothing), "the slowest")
	unknown := table.Description{}
	assert.Equal(t, Bound{}, Time(&unknown, 0, &most, &most))
	assert.Equal(t, Bound{0.5, 0, true, "", 2000 * time.Second, 2000 * time.Second}, Time(&unknown, 0.5, &most, &most))
	assert.Positive(t, Time(&unknown, 1e-300, &most, &most).Most, "no overflow")
}
