package schedule

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// maxItemSize is the most bytes of a row.
const maxItemSize = 400 << 10

// FuzzScheduler sends requests and settles them by random responses. Whatever comes back, each
// request keeps to its limits and to its budget, no key is twice in flight, every row gets one
// outcome, and the work ends.
func FuzzScheduler(f *testing.F) {
	modes := []OnExisting{Overwrite, Overwrite, Overwrite, Overwrite, Skip, Skip, Fail, Newer, Newer} // every other one with stops
	for seed := range uint64(150) {
		f.Add(seed, uint8(seed), uint32(1)<<(seed%25), uint8(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, rows uint8, encoded uint32, mode uint8) {
		mode %= uint8(len(modes))
		s := &shuffle{
			rnd:   rand.New(rand.NewPCG(seed, 1)),
			total: int(rows), encoded: int(encoded%(16<<20/2)) + 1, stops: mode%2 == 1,
			keys: map[string]bool{}, done: map[int]bool{},
		}
		s.harness = newHarness(t, func(c *Config) {
			c.Jitter = func(bound time.Duration) time.Duration { return time.Duration(s.rnd.Int64N(int64(bound) + 1)) }
			c.OnExisting = modes[mode]
			if s.hot = seed%3 == 0; s.hot {
				c.MaxAttempts = 8
			}
		})
		for step := 0; ; step++ {
			require.Less(t, step, 100_000, "it does not end")
			if s.step() {
				break
			}
		}
		s.check()
	})
}

// shuffle is a Scheduler that is given random rows and responses.
type shuffle struct {
	*harness
	rnd      *rand.Rand
	total    int // rows in all
	encoded  int // most bytes of a row
	stops    bool
	hot      bool // the table takes most rows, but keeps refusing some keys
	describe bool // a description is under way
	batches  []*Batch
	keys     map[string]bool // in flight
	done     map[int]bool    // rows settled
}

// step lets something happen, and reports whether all is done.
func (s *shuffle) step() bool {
	s.now = s.now.Add(time.Duration(s.rnd.IntN(100)) * time.Millisecond)
	if len(s.rows) < s.total && s.rnd.IntN(2) == 0 {
		key := fmt.Sprint(s.rnd.IntN(1 + s.rnd.IntN(100)))
		switch {
		case s.cfg.OnExisting == Newer:
			key += fmt.Sprint("@N", s.rnd.IntN(4))
		case s.cfg.OnExisting == Overwrite && s.rnd.IntN(4) == 0:
			key += "@delete"
		}
		s.add(key)
		r := s.rows[len(s.rows)-1]
		r.EncodedSize, r.Size = 1+s.rnd.IntN(s.encoded), 1+s.rnd.IntN(maxItemSize)
		r.Units = (r.Size + 1023) / 1024
	}
	if len(s.rows) == s.total {
		s.Close()
	}
	s.WindowFull(s.rnd.IntN(4) == 0)
	if s.rnd.IntN(50) == 0 {
		s.OpenRetries()
	}
	budget := Budget{Rows: 1 + s.rnd.IntN(25), Units: 1 + 2000*s.rnd.Float64()}
	asked := s.Next(s.now, Budget{})
	switch next := s.Next(s.now, budget); next.Kind {
	case Send:
		require.Equal(s.t, Send, asked.Kind)
		s.sent(next.Batch, budget)
	case Describe:
		require.Equal(s.t, Describe, asked.Kind)
		require.False(s.t, s.describe, "described twice at once")
		s.describe = true
	case Wait:
		require.NotEqual(s.t, Done, asked.Kind)
		if !next.Until.IsZero() {
			require.True(s.t, next.Until.After(s.now), "a wait until the past")
		}
	case Done:
		require.Equal(s.t, Done, asked.Kind)
		return true
	}
	if s.describe && s.rnd.IntN(3) == 0 {
		s.describe = false
		s.Described(nil)
	}
	if len(s.batches) > 0 && s.rnd.IntN(3) > 0 {
		i := s.rnd.IntN(len(s.batches))
		b := s.batches[i]
		s.batches = append(s.batches[:i], s.batches[i+1:]...)
		s.landed(b)
	}
	return false
}

// sent holds a request against the limits.
func (s *shuffle) sent(b *Batch, budget Budget) {
	require.NotEmpty(s.t, b.Rows)
	body, units, size := s.cfg.EnvelopeSize+len(b.Rows)-1, 0, 0
	for _, r := range b.Rows {
		require.False(s.t, s.keys[r.Key], "a key twice in flight")
		require.False(s.t, s.done[r.Index], "a settled row in flight")
		s.keys[r.Key] = true
		body += r.EncodedSize
		units += r.Units
		size += r.Size
	}
	require.Equal(s.t, units, b.Units)
	require.Equal(s.t, size, b.Bytes)
	if len(b.Rows) > 1 {
		require.Equal(s.t, Overwrite, s.cfg.OnExisting)
		require.LessOrEqual(s.t, len(b.Rows), budget.Rows)
		require.LessOrEqual(s.t, body, 16<<20)
		require.LessOrEqual(s.t, float64(units), budget.Units)
	}
	s.batches = append(s.batches, b)
	require.Equal(s.t, len(s.batches), s.InFlight())
}

// landed settles a request at random.
func (s *shuffle) landed(b *Batch) {
	for _, r := range b.Rows {
		delete(s.keys, r.Key)
	}
	failures := []*fault.Failure{nil, nil, throttled, lost, rejected, keyTaken}
	if s.stops {
		failures = append(failures, expired, denied, cancelled)
	}
	f := failures[s.rnd.IntN(len(failures))]
	if s.hot && s.rnd.IntN(20) > 0 {
		s.landedHot(b)
		return
	}
	if f == keyTaken && s.cfg.OnExisting == Overwrite {
		f = nil
	}
	var back []int
	if f == nil && s.rnd.IntN(2) == 0 {
		for _, r := range b.Rows {
			if s.rnd.IntN(3) == 0 {
				back = append(back, r.Index)
			}
		}
	}
	before := len(s.settled)
	existing := OtherItem
	if f == keyTaken && s.cfg.OnExisting == Newer && s.rnd.IntN(4) > 0 {
		existing = NewerItem
	}
	s.respondWith(Response{Batch: b, Failure: f, Unprocessed: flags(b, back), Existing: existing})
	s.note(s.settled[before:])
}

// landedHot settles a request that a table with hot keys carried out: it takes one row of such a key in
// twenty.
func (s *shuffle) landedHot(b *Batch) {
	var back []int
	for _, r := range b.Rows {
		if len(r.Key) == 1 && s.rnd.IntN(20) > 0 {
			back = append(back, r.Index)
		}
	}
	var f *fault.Failure
	if len(back) == len(b.Rows) {
		f, back = throttled, nil
	}
	before := len(s.settled)
	s.respond(b, f, back...)
	s.note(s.settled[before:])
}

// note checks that no row is settled twice.
func (s *shuffle) note(settled []*Row) {
	for _, r := range settled {
		require.False(s.t, s.done[r.Index], "row %d settled twice", r.Index)
		s.done[r.Index] = true
	}
}

func (s *shuffle) check() {
	before := len(s.settled)
	s.abandon()
	if s.Stopped() == nil {
		require.Len(s.t, s.settled, before, "rows were left")
		require.Len(s.t, s.rows, s.total)
	}
	s.note(s.settled[before:])
	require.Len(s.t, s.settled, len(s.rows))
	require.True(s.t, s.Idle())
	require.Zero(s.t, s.InFlight())
	require.Zero(s.t, s.backoff.inFlight)
	stats := s.Stats()
	require.Zero(s.t, stats.Waiting+stats.Delayed)
}
