package dynamodest_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/testsize"
)

// TestPromises is the property test: random rows with many equal keys, modes, sizes, faults, cancels
// and concurrency, in virtual time. Each schedule is checked against every promise by the writes that
// the test double recorded. A failure names its seed; DYNAMODEST_SEED runs that one alone.
func TestPromises(t *testing.T) {
	t.Parallel()
	if seed, err := strconv.ParseUint(os.Getenv("DYNAMODEST_SEED"), 10, 64); err == nil {
		runSchedule(t, seed, new(tally))
		return
	}
	met := runSchedules(t, testsize.Pick(40, 160))
	if !testing.Short() {
		assertAllMet(t, met)
	}
}

// TestHeavyPromises is TestPromises with more seeds.
func TestHeavyPromises(t *testing.T) {
	testsize.Heavy(t)
	t.Parallel()
	assertAllMet(t, runSchedules(t, testsize.Long(600, 20)))
}

// runSchedules runs the schedules of so many seeds, beside each other, and
// returns what they have met.
func runSchedules(t *testing.T, seeds int) *tally {
	t.Helper()
	met := new(tally)
	t.Run("seed", func(t *testing.T) { // which ends when all of its subtests have ended
		for seed := range seeds {
			t.Run(strconv.Itoa(seed), func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("run it alone: DYNAMODEST_SEED=%d go test -run '^TestPromises$' .", seed)
					}
				})
				runSchedule(t, uint64(seed), met)
			})
		}
	})
	return met
}

func runSchedule(t *testing.T, seed uint64, met *tally) {
	synctest.Test(t, func(t *testing.T) {
		s := newSchedule(t, seed, met)
		s.run()
		s.count()
		s.check()
	})
}

// schedule is one random call of Write or WriteSeq and what came of it.
type schedule struct {
	t    *testing.T
	met  *tally
	rnd  *rand.Rand
	db   *dynamodesttest.DB
	cfg  dynamodest.Config
	rows []dynamodest.Row

	given    []dynamodest.Row // rows, as they were
	before   int              // items there at the start
	poison   map[int]bool     // rows that DynamoDB alone finds fault with
	carried  map[int]int      // requests that carried each row
	puzzling map[string]bool  // keys that met a write applied late
	versions map[int]int      // of the rows, with Config.Version
	deletes  map[string]int   // the row that deletes a key, with Config.Delete: at most one, since a request to delete names no row

	results []dynamodest.RowResult
	reports []int        // indexes in the order reported
	seen    map[int]bool // indexes reported
	lowest  int          // the first index not reported
	summary dynamodest.Summary
	err     error

	mu     sync.Mutex
	breaks error // what the source or report ended with

	calls     int        // requests that write
	stop      *stopFault // what is to stop the call, if anything
	stopAfter int        // so many requests
	stopHits  int        // requests that met it
	expired   int        // times that the token was to expire
	hot       hotKeys
	by        string       // which of callKinds
	bad       map[int]bool // rows that the source cannot read
	pauses    map[int]int  // how often the source pauses before a row
	willBreak bool         // the source is to end with an error
	stopped   bool         // the call may stop before its end
	overHTTP  bool         // the table is a server
	ended     bool         // the context may end before the call
}

const table = "rows"

// modes are the modes there are, Upsert first.
var modes = []dynamodest.Config{
	{}, {Mode: dynamodest.Insert, OnExisting: dynamodest.Overwrite},
	{Mode: dynamodest.Insert, OnExisting: dynamodest.Skip}, {Mode: dynamodest.Insert, OnExisting: dynamodest.Fail},
	{Version: "v"}, {Delete: "gone"},
}

// maxVersion is the highest version of a row, and beforeVersion that of the items there at the start.
const maxVersion, beforeVersion = 20, 10

func newSchedule(t *testing.T, seed uint64, met *tally) *schedule {
	s := &schedule{
		t: t, met: met, rnd: rand.New(rand.NewPCG(seed, 42)),
		poison: map[int]bool{}, bad: map[int]bool{}, pauses: map[int]int{}, carried: map[int]int{}, seen: map[int]bool{}, puzzling: map[string]bool{},
		versions: map[int]int{-1: beforeVersion}, deletes: map[string]int{},
	}
	s.db = dynamodesttest.NewTable(table, "id:S", "n:N")
	s.cfg = dynamodest.Config{
		Table: table, Client: s.db,
		Concurrency: 1 + s.rnd.IntN(64),
		Retry: dynamodest.Retry{
			MaxAttempts: 1 + s.rnd.IntN(8), MinDelay: time.Millisecond, MaxDelay: 50 * time.Millisecond,
		},
		MaxWait: time.Duration(1+s.rnd.IntN(50)) * time.Millisecond,
	}
	if s.rnd.IntN(2) == 0 {
		mode := modes[1+s.rnd.IntN(len(modes)-1)]
		s.cfg.Mode, s.cfg.OnExisting, s.cfg.Version, s.cfg.Delete = mode.Mode, mode.OnExisting, mode.Version, mode.Delete
	}
	s.cfg.ReportAsSettled = s.rnd.IntN(3) == 0
	if s.rnd.IntN(8) == 0 {
		s.cfg.WriteUnitsPerSecond = float64(1 + s.rnd.IntN(1000))
	}
	s.drawStop(seed)
	s.hot.drawn = seed%4 == 2 // no schedule with a stop
	s.makeRows()
	s.db.SetLatency(time.Millisecond, 12*time.Millisecond, seed)
	if s.rnd.IntN(4) == 0 {
		s.db.Limit(table, dynamodesttest.Capacity{UnitsPerSecond: float64(20 + s.rnd.IntN(2000)), Full: s.rnd.IntN(2) == 0})
	}
	return s
}

// makeRows makes rows whose attribute "row" is their index, so that each recorded write names its row.
func (s *schedule) makeRows() {
	n := s.rnd.IntN(300)
	keys := 1 + s.rnd.IntN(n+1)
	if s.rnd.IntN(10) == 0 {
		keys = 1
	}
	if s.outage() || s.hot.drawn { // which few rows, or rows of few keys, do not outlast
		n, keys = 300, 300
	}
	for i := range n {
		k := s.rnd.IntN(keys)
		row := dynamodest.Row{"id": "k" + strconv.Itoa(k/2), "n": k % 2, "row": i}
		if s.rnd.IntN(3) == 0 { // the same number in another form
			row["n"] = float64(k % 2)
		}
		switch s.rnd.IntN(40) {
		case 0:
			row["big"] = strings.Repeat("x", s.rnd.IntN(30_000))
		case 1:
			delete(row, "n")
		case 2:
			row["nan"] = math.NaN()
		case 3:
			row["big"] = strings.Repeat("x", 409_600)
		case 4:
			row["poison"] = true
			s.poison[i] = true
		}
		s.rows = append(s.rows, row)
	}
	s.drawHotKeys()
	s.drawOperations()
	for _, row := range s.rows {
		s.given = append(s.given, maps.Clone(row))
	}
	if s.conditional() {
		for k := range keys {
			if s.rnd.IntN(4) == 0 {
				s.put(dynamodest.Row{"id": "k" + strconv.Itoa(k/2), "n": k % 2, "row": -1, "v": beforeVersion})
				s.before++
			}
		}
	}
}

// drawOperations gives the rows versions, or makes some of them deletes, if the mode has either.
func (s *schedule) drawOperations() {
	for i, row := range s.rows {
		switch key := s.key(i); {
		case s.cfg.Version != "":
			s.versions[i] = s.rnd.IntN(maxVersion + 1)
			row["v"] = s.versions[i]
		case s.cfg.Delete != "" && key != "" && s.rnd.IntN(3) == 0:
			if _, twice := s.deletes[key]; !twice {
				s.deletes[key] = i
				row["gone"] = true
			}
		}
	}
}

// conditional reports whether each row goes under a condition on the item in the table.
func (s *schedule) conditional() bool { return s.firstWins() || s.cfg.Version != "" }

// firstWins reports whether a row is written only if there is no item.
func (s *schedule) firstWins() bool {
	return s.cfg.OnExisting == dynamodest.Skip || s.cfg.OnExisting == dynamodest.Fail
}

// put writes a row past the code under test.
func (s *schedule) put(row dynamodest.Row) {
	d, err := dynamodest.New(s.t.Context(), dynamodest.Config{Table: table, Client: s.db})
	require.NoError(s.t, err)
	_, err = d.Write(s.t.Context(), []dynamodest.Row{row})
	require.NoError(s.t, err)
}

func rowOf(item map[string]types.AttributeValue) int {
	n, err := strconv.Atoi(item["row"].(*types.AttributeValueMemberN).Value)
	if err != nil {
		panic(err)
	}
	return n
}

// rowOf returns the row that puts or deletes an item with the key; of a delete the item has no more
// than the key.
func (s *schedule) rowOf(key string, item map[string]types.AttributeValue) int {
	if _, put := item["row"]; put {
		return rowOf(item)
	}
	return s.deletes[key]
}

// callKinds are the ways to write rows.
var callKinds = []string{"Write", "WriteSeq", "WriteChan"}

// run makes the call.
func (s *schedule) run() {
	dest, err := dynamodest.New(s.t.Context(), s.cfg)
	require.NoError(s.t, err)
	s.db.SetFault(s.fault)
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	if s.rnd.IntN(6) == 0 {
		s.stopped, s.ended = true, true
		stop := time.AfterFunc(time.Duration(s.rnd.IntN(300))*time.Millisecond, cancel)
		defer stop.Stop()
	}
	s.by = callKinds[s.rnd.IntN(len(callKinds))]
	if s.by == "Write" {
		var res dynamodest.Result
		res, s.err = dest.Write(ctx, s.rows)
		s.results, s.summary = res.Rows, res.Summary
		for i := range s.results {
			s.reports = append(s.reports, i)
		}
		return
	}
	s.results = make([]dynamodest.RowResult, len(s.rows))
	if s.by == "WriteSeq" {
		source, report := s.source(), s.report()
		s.summary, s.err = dest.WriteSeq(ctx, source, report)
		return
	}
	report, ended, rows := s.report(), make(chan struct{}), make(chan dynamodest.Row, s.rnd.IntN(3))
	wait := time.Duration(s.rnd.IntN(3)) * 7 * time.Millisecond
	var sender sync.WaitGroup
	sender.Go(func() { s.send(rows, wait, ended) })
	s.summary, s.err = dest.WriteChan(ctx, rows, report)
	close(ended)
	sender.Wait()
}

var errSource, errReport = errors.New("the source broke"), errors.New("the report broke")

// errUnreadable is what the source says of a bad row.
var errUnreadable = errors.New("the row is broken")

func (s *schedule) source() iter.Seq2[dynamodest.Row, error] {
	end := len(s.rows)
	if s.rnd.IntN(6) == 0 {
		end = s.rnd.IntN(len(s.rows) + 1)
		s.willBreak, s.stopped = true, true
	}
	s.drawInterruptions()
	slow := s.rnd.IntN(3) == 0
	return func(yield func(dynamodest.Row, error) bool) {
		for i, row := range s.rows[:end] {
			if slow && i%10 == 0 {
				time.Sleep(7 * time.Millisecond)
			}
			for range s.pauses[i] {
				s.met.add("source", "pause")
				if !yield(nil, dynamodest.Pause) {
					return
				}
				time.Sleep(time.Millisecond)
			}
			var err error
			if s.bad[i] {
				s.met.add("source", "bad row")
				err = dynamodest.BadRow(errUnreadable)
			}
			if !yield(row, err) {
				return
			}
		}
		if s.willBreak {
			s.breaks = errSource
			yield(nil, errSource)
		}
	}
}

// drawInterruptions picks the rows that the source cannot read, and those before which it pauses.
func (s *schedule) drawInterruptions() {
	pauses, bad := s.rnd.IntN(2) == 0, s.rnd.IntN(2) == 0
	for i := range s.rows {
		if pauses && s.rnd.IntN(20) == 0 {
			s.pauses[i] = 1 + s.rnd.IntN(20)
		}
		s.bad[i] = bad && s.rnd.IntN(20) == 0
	}
}

// send sends the rows, ten at a time, until the call has ended.
func (s *schedule) send(rows chan<- dynamodest.Row, wait time.Duration, ended <-chan struct{}) {
	defer close(rows)
	for i, row := range s.rows {
		if i%10 == 0 {
			time.Sleep(wait)
		}
		select {
		case rows <- row:
		case <-ended:
			return
		}
	}
}

func (s *schedule) report() func(dynamodest.Row, dynamodest.RowResult) error {
	failAt := -1
	if !s.willBreak && s.rnd.IntN(8) == 0 {
		failAt = s.rnd.IntN(len(s.rows) + 1)
		s.stopped = true
	}
	return func(row dynamodest.Row, r dynamodest.RowResult) error {
		assert.Equal(s.t, s.rows[r.Index]["row"], row["row"])
		s.results[r.Index] = r
		s.reports = append(s.reports, r.Index)
		s.checkSettledBefore(r)
		if r.Index == failAt {
			s.breaks = errReport
			return errReport
		}
		return nil
	}
}
