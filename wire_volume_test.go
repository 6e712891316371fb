package dynamodest_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/testsize"
)

// TestVolumeOnTheWire writes many rows with many equal keys through the client
// that the library builds, over a network full of faults, and holds every
// outcome against what the table holds in the end.
func TestVolumeOnTheWire(t *testing.T) {
	t.Parallel()
	testVolume(t, 2, testsize.Pick(2000, 5000))
}

// TestHeavyVolumeOnTheWire is TestVolumeOnTheWire with more rows.
func TestHeavyVolumeOnTheWire(t *testing.T) {
	testsize.Heavy(t)
	t.Parallel()
	testVolume(t, testsize.Long(2, 6), testsize.Long(15_000, 6))
}

func testVolume(t *testing.T, rounds, size int) {
	t.Helper()
	began, total := time.Now(), dynamodest.Summary{}
	for seed := range rounds {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			v := newVolume(t, uint64(seed), size)
			v.write()
			v.check()
			total.Rows += v.sum.Rows
			total.Written += v.sum.Written
			total.Superseded += v.sum.Superseded
			total.Requests += v.sum.Requests
			total.Resent += v.sum.Resent
			total.Unknown += v.sum.Unknown
			total.NotWritten += v.sum.NotWritten
			if v.roomy && size >= 15_000 { // fewer rows may be written before many requests are in flight
				assert.Greater(t, v.db.MostInFlight(), 10)
			}
		})
	}
	t.Logf("%+v in %v", total, time.Since(began).Round(time.Second))
	assert.Equal(t, rounds*size, total.Rows)
}

// volume is one run. Row i has the key of its number by the seed, and its
// index in the attribute "row".
type volume struct {
	t       *testing.T
	db      *dynamodesttest.DB
	dest    *dynamodest.Destination
	keys    []int // of each row
	results []dynamodest.RowResult
	sum     dynamodest.Summary

	mu    sync.Mutex
	rnd   *rand.Rand
	share int  // of calls that a fault meets, in percent
	roomy bool // nothing is throttled, so that requests in flight come up to Concurrency
}

func newVolume(t *testing.T, seed uint64, size int) *volume {
	v := &volume{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), keys: make([]int, size), results: make([]dynamodest.RowResult, 0, size)}
	distinct := max(1, size/(1+int(seed%4))) // so many keys, and a few that come again and again
	for i := range v.keys {
		v.keys[i] = v.rnd.IntN(distinct)
		if v.rnd.IntN(20) == 0 {
			v.keys[i] = v.rnd.IntN(10)
		}
	}
	v.db = dynamodesttest.NewTable(table, "id:S", "n:N")
	v.db.KeepHistory(1000)
	v.db.SetLatency(5*time.Millisecond, 50*time.Millisecond, seed) // long enough for many requests to be sent meanwhile
	v.db.SetFault(v.fault)
	cfg := wireConfig(t, v.db)
	cfg.Concurrency = 64
	cfg.Retry = dynamodest.Retry{MaxAttempts: 3 + int(seed%3)*10, MinDelay: time.Microsecond, MaxDelay: time.Millisecond}
	v.dest = newDest(t, cfg) // no share of faults yet
	v.share, v.roomy = 5+int(seed%4)*10, seed%2 == 0
	return v
}

func (v *volume) fault(dynamodesttest.Call) dynamodesttest.Fault {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.rnd.IntN(100) >= v.share {
		return dynamodesttest.Fault{}
	}
	some := dynamodesttest.Share(v.rnd.Float64(), v.rnd.Uint64())
	faults := []dynamodesttest.Fault{
		dynamodesttest.Unprocessed(some).Shuffled(v.rnd.Uint64()).Respelled(), // the first four throttle
		dynamodesttest.Unprocessed(some).ByARN(),
		dynamodesttest.Throttled("ProvisionedThroughputExceededException", dynamodesttest.ARN(table)),
		dynamodesttest.Answer(429, "", ""),
		dynamodesttest.Error(500, "InternalServerError", ""),
		dynamodesttest.Error(500, "InternalServerError", "").AfterWriting(some),
		dynamodesttest.Error(503, "ServiceUnavailable", "").AfterWrite(),
		dynamodesttest.Answer(502, "text/html", "<html>").AfterWrite(),
		dynamodesttest.Answer(200, "text/html", "<html>"),
		dynamodesttest.Answer(200, "", ""),
		dynamodesttest.Reset(),
		dynamodesttest.Reset().AfterWrite(),
		dynamodesttest.Close(),
		dynamodesttest.Close().AfterWriting(some),
		dynamodesttest.ResetInBody(),
		dynamodesttest.CloseInBody(),
		dynamodesttest.Truncated(),
		dynamodesttest.CloseAfter(),
		dynamodesttest.Slow(time.Millisecond, time.Millisecond),
		dynamodesttest.Error(400, "ReplicatedWriteConflictException", "").AfterWriting(dynamodesttest.First(0)),
		dynamodesttest.Answer(413, "", ""),
	}
	if v.roomy {
		faults = faults[4:]
	}
	return faults[v.rnd.IntN(len(faults))]
}

func (v *volume) source() iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		for i, key := range v.keys {
			row := dynamodest.Row{"id": fmt.Sprint("k", key/3), "n": key % 3, "row": i, "text": "some text of the row"}
			if i%2 == 0 { // the same number in another form
				row["n"] = float64(key % 3)
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (v *volume) write() {
	sum, err := v.dest.WriteSeq(v.t.Context(), v.source(), func(row dynamodest.Row, r dynamodest.RowResult) error {
		assert.Equal(v.t, r.Index, row["row"])
		v.results = append(v.results, r)
		return nil
	})
	v.sum = sum
	if sum.Unknown+sum.NotWritten == 0 {
		require.NoError(v.t, err)
	} else {
		var w *dynamodest.WriteError
		require.ErrorAs(v.t, err, &w)
		require.NoError(v.t, w.Stop)
	}
}

// check finds no row lost, none out of order and none misreported. What the
// table holds of a key must be its last row that is reported Written, or a later
// one that is in doubt.
func (v *volume) check() {
	require.Len(v.t, v.results, len(v.keys))
	holds := map[string]int{}
	for _, w := range v.db.Latest(table) {
		holds[w.Key] = rowOf(w.Item())
	}
	last := map[string]int{} // the last row of each key that is reported Written
	seen := dynamodest.Summary{Requests: v.sum.Requests, Resent: v.sum.Resent, WriteUnits: v.sum.WriteUnits}
	for i, r := range v.results {
		require.Equal(v.t, i, r.Index)
		key := v.key(i)
		seen.Rows++
		switch r.Outcome {
		case dynamodest.Written:
			seen.Written++
			last[key] = i
		case dynamodest.Superseded:
			seen.Superseded++
			require.Greater(v.t, r.By, i)
			require.Equal(v.t, key, v.key(r.By))
			require.Equal(v.t, dynamodest.Written, v.results[r.By].Outcome)
		case dynamodest.Unknown:
			seen.Unknown++
		case dynamodest.Skipped, dynamodest.Deleted:
			require.Fail(v.t, "a row was skipped or deleted")
		case dynamodest.NotWritten:
			seen.NotWritten++
			require.NotEqual(v.t, i, holds[key], "row %d is reported NotWritten: %v", i, r.Err)
		}
	}
	require.Equal(v.t, seen, v.sum)
	for key, row := range last {
		held, ok := holds[key]
		require.True(v.t, ok, "row %d is reported Written and is lost", row)
		require.GreaterOrEqual(v.t, held, row, "an older row lies over row %d", row)
		if held > row {
			require.Equal(v.t, dynamodest.Unknown, v.results[held].Outcome, "row %d is in the table", held)
		}
	}
	for key, held := range holds {
		require.Equal(v.t, key, v.key(held))
		require.NotEqual(v.t, dynamodest.NotWritten, v.results[held].Outcome, "row %d is in the table", held)
	}
}

func (v *volume) key(i int) string {
	return dynamodesttest.Key(fmt.Sprint("k", v.keys[i]/3), v.keys[i]%3)
}
