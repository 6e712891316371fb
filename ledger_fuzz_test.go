package dynamodest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzLedger packs rows and settles them by random answers. Whatever comes
// back, each request keeps to DynamoDB's limits and to its allowance, no key is
// twice in flight, every row gets one outcome, and the work ends.
func FuzzLedger(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed, uint8(seed), uint32(1)<<(seed%25), seed%5 == 0)
	}
	f.Fuzz(func(t *testing.T, seed uint64, rows uint8, wire uint32, conditional bool) {
		s := &shuffle{
			bench: newBench(t, func(l *ledger) { l.conditional, l.onExisting = conditional, Skip }),
			rnd:   rand.New(rand.NewPCG(seed, 1)),
			total: int(rows), wire: int(wire%(maxRequestBytes/2)) + 1,
			keys: map[string]bool{},
		}
		for step := 0; len(s.rows) < s.total || !s.idle(); step++ {
			require.Less(t, step, 100_000, "it does not end")
			s.step()
		}
		s.check()
	})
}

// shuffle is a ledger that is given random rows and answers.
type shuffle struct {
	*bench
	rnd    *rand.Rand
	total  int // rows in all
	wire   int // most bytes of a row
	flying []*batch
	keys   map[string]bool // in flight
}

func (s *shuffle) step() {
	s.now = s.now.Add(time.Duration(s.rnd.IntN(100)) * time.Millisecond)
	if len(s.rows) < s.total && s.rnd.IntN(2) == 0 {
		s.rowsOf(fmt.Sprint(s.rnd.IntN(1 + s.rnd.IntN(100))))
		it := s.rows[len(s.rows)-1].item
		it.wire, it.size = 1+s.rnd.IntN(s.wire), 1+s.rnd.IntN(maxItemSize)
	}
	s.closed = len(s.rows) == s.total
	allow := allowance{rows: 1 + s.rnd.IntN(maxBatchItems), units: 1 + 2000*s.rnd.Float64()}
	if b := s.pack(s.now, allow); b != nil {
		s.launched(b, allow)
	}
	if len(s.flying) > 0 && s.rnd.IntN(3) > 0 {
		i := s.rnd.IntN(len(s.flying))
		b := s.flying[i]
		s.flying = append(s.flying[:i], s.flying[i+1:]...)
		s.landed(b)
	}
}

// launched holds a request against the limits.
func (s *shuffle) launched(b *batch, allow allowance) {
	require.NotEmpty(s.t, b.jobs)
	body, units := s.envelope+len(b.jobs)-1, 0
	for _, j := range b.jobs {
		require.False(s.t, s.keys[j.item.key], "a key twice in flight")
		s.keys[j.item.key] = true
		body += j.item.wire
		units += j.item.units()
	}
	require.Equal(s.t, units, b.units)
	if len(b.jobs) > 1 {
		require.False(s.t, s.conditional)
		require.LessOrEqual(s.t, len(b.jobs), allow.rows)
		require.LessOrEqual(s.t, body, maxRequestBytes)
		require.LessOrEqual(s.t, float64(units), allow.units)
	}
	s.flying = append(s.flying, b)
}

// landed answers a request at random.
func (s *shuffle) landed(b *batch) {
	for _, j := range b.jobs {
		delete(s.keys, j.item.key)
	}
	v := []*verdict{nil, nil, throttled, lost, refusedOne, taken}[s.rnd.IntN(6)]
	if v == taken && !s.conditional {
		v = nil
	}
	var back []int
	if v == nil && s.rnd.IntN(2) == 0 {
		for _, j := range b.jobs {
			if s.rnd.IntN(3) == 0 {
				back = append(back, j.result.Index)
			}
		}
	}
	s.answer(b, v, back...)
}

func (s *shuffle) check() {
	require.Len(s.t, s.out, s.total)
	seen := map[int]bool{}
	for _, j := range s.out {
		require.False(s.t, seen[j.result.Index], "row %d settled twice", j.result.Index)
		seen[j.result.Index] = true
	}
	require.Zero(s.t, s.retry.flying)
	require.Zero(s.t, s.waiting())
}
