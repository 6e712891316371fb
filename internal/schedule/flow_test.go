package schedule

import (
	"container/heap"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/testsize"
)

// The tests of this file play whole calls in virtual time, with random delays.

const (
	flowLatency  = 10 * time.Millisecond // of a request
	flowInFlight = 64                    // requests
	flowWindow   = 20_000                // rows unsettled at most
)

// flow is a call whose source always has a row, and a table.
type flow struct {
	rows  int     // that the source gives
	rate  float64 // rows/s that may be sent; 0 = no limit
	stuck map[int]bool
	noise float64          // share of the rows that come back at random
	hot   int              // every so many rows one is of a hot range; 0 = none
	takes float64          // rows/s of that range that the table accepts, one second's worth at once
	block [2]time.Duration // from and until when the table accepts nothing

	s        *Scheduler
	random   *rand.Rand
	began    time.Time
	now      time.Duration
	all      []Row
	unsent   float64 // rows that may be sent
	hotLeft  float64
	inFlight flights
	added    int
	settled  int
	result   flowResult
}

// flowResult is what came of a flow.
type flowResult struct {
	written, givenUp    int
	end                 time.Duration // the last row was settled
	othersEnd           time.Duration // the last row that the table accepts at some time was settled
	requests, hotReturn int
}

// flight is a request and when its response comes.
type flight struct {
	at time.Duration
	b  *Batch
}

type flights []flight

func (f flights) Len() int           { return len(f) }
func (f flights) Less(i, j int) bool { return f[i].at < f[j].at }
func (f flights) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *flights) Push(x any)        { *f = append(*f, x.(flight)) } //nolint:forcetypeassert // only flow calls it
func (f *flights) Pop() any {
	old := *f
	last := old[len(old)-1]
	*f = old[:len(old)-1]
	return last
}

// run plays f with the default Retry of a Config.
func (f flow) run(t *testing.T, seed uint64) flowResult {
	t.Helper()
	f.random = rand.New(rand.NewPCG(seed, 1))
	f.began = time.Unix(1_700_000_000, 0)
	f.all, f.hotLeft = make([]Row, f.rows), f.takes
	f.s = New(Config{
		MaxAttempts: 10, MinDelay: 50 * time.Millisecond, MaxDelay: 5 * time.Second, MaxWait: linger, EnvelopeSize: 100,
		Jitter: func(bound time.Duration) time.Duration { return time.Duration(f.random.Int64N(int64(bound) + 1)) },
	})
	for {
		f.add()
		wake, done := f.send()
		if done {
			break
		}
		require.True(t, wake > f.now || len(f.inFlight) > 0, "it does not end")
		before := f.now
		if f.now = wake; len(f.inFlight) > 0 && (wake <= before || f.inFlight[0].at < wake) {
			f.now = f.inFlight[0].at
		}
		passed := (f.now - before).Seconds()
		f.unsent = min(f.unsent+passed*f.rate, max(25, f.rate/20))
		f.hotLeft = min(f.hotLeft+passed*f.takes, f.takes)
		f.receive()
	}
	require.NoError(t, f.s.Stopped())
	f.result.requests = f.s.Stats().Requests
	return f.result
}

func (f *flow) add() {
	for ; f.added < f.rows && f.added-f.settled < flowWindow; f.added++ {
		f.all[f.added] = Row{Index: f.added, Key: strconv.Itoa(f.added), Units: 1, Size: 100, EncodedSize: 150}
		f.s.Add(&f.all[f.added], f.began.Add(f.now))
	}
	f.s.WindowFull(f.added < f.rows)
	if f.added == f.rows {
		f.s.Close()
	}
}

// send sends what may go. It returns when to ask again at the latest, and whether all is done.
func (f *flow) send() (wake time.Duration, done bool) {
	for len(f.inFlight) < flowInFlight {
		if f.rate > 0 && f.unsent < 25 {
			return f.now + time.Duration((25-f.unsent)/f.rate*1e9) + 1, false
		}
		next := f.s.Next(f.began.Add(f.now), BudgetOf(400))
		if next.Kind != Send {
			return next.Until.Sub(f.began), next.Kind == Done
		}
		f.unsent -= float64(next.Batch.Units)
		heap.Push(&f.inFlight, flight{f.now + flowLatency, next.Batch})
	}
	return 0, false
}

func (f *flow) receive() {
	for len(f.inFlight) > 0 && f.inFlight[0].at <= f.now {
		b := heap.Pop(&f.inFlight).(flight).b //nolint:forcetypeassert // it holds nothing else
		for _, r := range f.s.Settle(f.respond(b)) {
			f.settled++
			f.result.end = f.now
			if !f.stuck[r.Index] {
				f.result.othersEnd = f.now
			}
			if r.Outcome == Written {
				f.result.written++
			} else {
				f.result.givenUp++
			}
		}
	}
}

// respond is what the table makes of b.
func (f *flow) respond(b *Batch) Response {
	back, n := make([]bool, len(b.Rows)), 0
	for i, row := range b.Rows {
		hot := f.hot > 0 && row.Index%f.hot == 0
		switch {
		case f.stuck[row.Index], f.now > f.block[0] && f.now < f.block[1], f.random.Float64() < f.noise:
			back[i] = true
		case hot && f.hotLeft < 1:
			back[i] = true
			f.result.hotReturn++
		case hot:
			f.hotLeft--
		}
		if back[i] {
			n++
		}
	}
	r := Response{Batch: b, Sent: true, Done: f.began.Add(f.now)}
	switch {
	case n == len(b.Rows):
		r.Failure = throttled
	case n > 0:
		r.Unprocessed = back
	}
	return r
}

// someOf returns n of so many rows.
func someOf(rows, n int, seed uint64) map[int]bool {
	random, some := rand.New(rand.NewPCG(seed, 2)), make(map[int]bool)
	for len(some) < n {
		some[random.IntN(rows)] = true
	}
	return some
}

// Rows that are never accepted stall no other row, and are given up side by side.
func TestStuckRowsStallNothing(t *testing.T) {
	t.Parallel()
	const rows = 200_000
	unhindered := flow{rows: rows}.run(t, 1)
	require.Equal(t, 1250*time.Millisecond, unhindered.end) // 8,000 requests, 64 at once, 10 ms each
	for _, stuck := range []int{1, 10, 40} {
		t.Run(strconv.Itoa(stuck), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(testsize.Long(2, 20)) {
				r := flow{rows: rows, stuck: someOf(rows, stuck, seed)}.run(t, seed)
				assert.Equal(t, rows-stuck, r.written)
				assert.Equal(t, stuck, r.givenUp)
				assert.LessOrEqual(t, r.othersEnd, unhindered.end+2*flowLatency)
				assert.Less(t, r.end, 25*time.Second)
			}
		})
	}
}

// The same while rows flow at a rate: each stuck row is given up in its own time, and rows that come
// back at random do not wait for it.
func TestStuckRowsInASlowFlow(t *testing.T) {
	t.Parallel()
	const rows, stuck = 40_000, 40
	for seed := range uint64(testsize.Long(1, 20)) {
		r := flow{rows: rows, rate: 2000, stuck: someOf(rows, stuck, seed)}.run(t, seed)
		assert.Equal(t, rows-stuck, r.written)
		assert.Less(t, r.othersEnd, 20500*time.Millisecond)
		assert.Less(t, r.end, 20*time.Second+25*time.Second)
		r = flow{rows: rows, rate: 2000, noise: 0.02, stuck: someOf(rows, stuck, seed)}.run(t, seed)
		assert.Equal(t, rows-stuck, r.written)
		assert.Less(t, r.othersEnd, 35*time.Second)
		assert.Less(t, r.end, 35*time.Second+25*time.Second)
	}
}

// The retry queue is no bottleneck where rows come back at random.
func TestRandomRefusalsDoNotShutTheQueue(t *testing.T) {
	t.Parallel()
	for percent, rate := range map[float64]float64{10: 4400, 20: 3900, 30: 3300} {
		r := flow{rows: 50_000, rate: 5000, noise: percent / 100}.run(t, 1)
		assert.Equal(t, 50_000, r.written)
		assert.Greater(t, 50_000/r.end.Seconds(), rate, percent) // at most 5,000 less the percentage
	}
}

// A hot range of keys gets what it accepts, and none of its rows is given up.
func TestHotRangeGetsWhatItAccepts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		takes  float64
		every  int // which offers twice, five or ten times what it takes
		within float64
	}{{5, 200, 1.3}, {5, 40, 1.3}, {20, 50, 1.3}, {20, 10, 1.1}, {200, 5, 1.1}} {
		for seed := range uint64(testsize.Long(1, 20)) {
			f := flow{rows: 10_000, rate: 2000, hot: tt.every, takes: tt.takes}
			r := f.run(t, seed)
			assert.Equal(t, f.rows, r.written, tt)
			hotRows := float64(f.rows / f.hot)
			assert.Less(t, r.end.Seconds(), tt.within*hotRows/tt.takes, tt)
			assert.Less(t, float64(r.hotReturn), 5*hotRows, tt)
		}
	}
}

// Where others take the whole table, few rows are given up before they leave it again.
func TestBlockedTableCostsFewRows(t *testing.T) {
	t.Parallel()
	for until, most := range map[time.Duration]int{25 * time.Second: 1, 45 * time.Second: 50} { // as with a queue that never widens
		for seed := range uint64(testsize.Long(1, 20)) {
			r := flow{rows: 20_000, rate: 2000, block: [2]time.Duration{5 * time.Second, until}}.run(t, seed)
			assert.LessOrEqual(t, r.givenUp, most)
		}
	}
}
