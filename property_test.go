package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
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
)

// long tells whether the long runs are asked for.
func long() bool { return os.Getenv("DYNAMODEST_LONG") == "1" }

// TestPromises is the one property test that rules them all: random rows with
// many equal keys, modes, sizes, faults, cancels and concurrency, in virtual
// time, each schedule checked against every promise by the ledger of the test
// double. A failure names its seed; DYNAMODEST_SEED runs that one alone.
func TestPromises(t *testing.T) {
	t.Parallel()
	if seed, err := strconv.ParseUint(os.Getenv("DYNAMODEST_SEED"), 10, 64); err == nil {
		runSchedule(t, seed)
		return
	}
	schedules := uint64(300)
	if long() {
		schedules = 12_000
	}
	for seed := range schedules {
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) { runSchedule(t, seed) }) {
			t.Fatalf("run it alone with DYNAMODEST_SEED=%d", seed)
		}
	}
}

func runSchedule(t *testing.T, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		s := newSchedule(t, seed)
		s.run()
		s.check()
	})
}

// schedule is one random call of Write or WriteSeq and what came of it.
type schedule struct {
	t    *testing.T
	rnd  *rand.Rand
	db   *dynamodesttest.DB
	cfg  dynamodest.Config
	rows []dynamodest.Row

	before   int             // items there at the start
	poison   map[int]bool    // rows that DynamoDB alone finds fault with
	carried  map[int]int     // requests that carried each row
	puzzling map[string]bool // keys that met a write applied late

	results []dynamodest.RowResult
	reports []int // indexes in the order reported
	summary dynamodest.Summary
	err     error

	mu      sync.Mutex
	breaks  error // what the source or report ended with
	stopped bool  // the call may stop before its end
}

const table = "rows"

func newSchedule(t *testing.T, seed uint64) *schedule {
	s := &schedule{
		t: t, rnd: rand.New(rand.NewPCG(seed, 42)),
		poison: map[int]bool{}, carried: map[int]int{}, puzzling: map[string]bool{},
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
	if s.rnd.IntN(3) == 0 {
		s.cfg.Mode = dynamodest.Insert
		s.cfg.OnExisting = []dynamodest.OnExisting{dynamodest.Overwrite, dynamodest.Skip, dynamodest.Fail}[s.rnd.IntN(3)]
	}
	if s.rnd.IntN(8) == 0 {
		s.cfg.WriteUnitsPerSecond = float64(1 + s.rnd.IntN(1000))
	}
	s.makeRows()
	s.db.SetLatency(time.Millisecond, 12*time.Millisecond, seed)
	if s.rnd.IntN(4) == 0 {
		s.db.Limit(table, dynamodesttest.Capacity{UnitsPerSecond: float64(20 + s.rnd.IntN(2000)), Full: s.rnd.IntN(2) == 0})
	}
	return s
}

// makeRows makes rows whose attribute "row" is their index, so that each write
// in the ledger tells which row it was.
func (s *schedule) makeRows() {
	n := s.rnd.IntN(300)
	keys := 1 + s.rnd.IntN(n+1)
	if s.rnd.IntN(10) == 0 {
		keys = 1
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
	if s.cfg.OnExisting == dynamodest.Skip || s.cfg.OnExisting == dynamodest.Fail {
		for k := range keys {
			if s.rnd.IntN(4) == 0 {
				s.put(dynamodest.Row{"id": "k" + strconv.Itoa(k/2), "n": k % 2, "row": -1})
				s.before++
			}
		}
	}
}

// put writes a row past the code under test.
func (s *schedule) put(row dynamodest.Row) {
	d, err := dynamodest.New(s.t.Context(), dynamodest.Config{Table: table, Client: s.db})
	require.NoError(s.t, err)
	_, err = d.Write(s.t.Context(), []dynamodest.Row{row})
	require.NoError(s.t, err)
}

// fault is what goes wrong with a call: often nothing.
func (s *schedule) fault(c dynamodesttest.Call) dynamodesttest.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Op != "BatchWriteItem" && c.Op != "PutItem" {
		return dynamodesttest.Fault{}
	}
	poisoned := false
	for i := range c.Keys {
		row := rowOf(c.Item(i))
		s.carried[row]++
		poisoned = poisoned || s.poison[row]
	}
	if poisoned {
		return dynamodesttest.Error(400, "ValidationException", "One or more parameter values were invalid")
	}
	late := func(f dynamodesttest.Fault) dynamodesttest.Fault {
		for _, k := range c.Keys {
			s.puzzling[k] = true
		}
		return f
	}
	any := func(faults ...func() dynamodesttest.Fault) dynamodesttest.Fault {
		return faults[s.rnd.IntN(len(faults))]()
	}
	some := dynamodesttest.Share(s.rnd.Float64(), s.rnd.Uint64())
	if s.rnd.IntN(100) < 60 {
		return dynamodesttest.Fault{}
	}
	return any(
		func() dynamodesttest.Fault {
			return dynamodesttest.Unprocessed(some).Shuffled(s.rnd.Uint64()).Respelled()
		},
		func() dynamodesttest.Fault { return dynamodesttest.Unprocessed(dynamodesttest.All) },
		func() dynamodesttest.Fault { return dynamodesttest.Unprocessed(some).WithStranger() },
		func() dynamodesttest.Fault { return dynamodesttest.Unprocessed(some).WithEmptyRequest() },
		func() dynamodesttest.Fault { return dynamodesttest.NoMap() },
		func() dynamodesttest.Fault {
			return dynamodesttest.Throttled("ProvisionedThroughputExceededException", dynamodesttest.ARN(table), "TableWriteProvisionedThroughputExceeded")
		},
		func() dynamodesttest.Fault { return dynamodesttest.Answer(429, "", "") },
		func() dynamodesttest.Fault { return dynamodesttest.Error(500, "InternalServerError", "") },
		func() dynamodesttest.Fault {
			return dynamodesttest.Error(500, "InternalServerError", "").AfterWriting(some)
		},
		func() dynamodesttest.Fault {
			conflict := dynamodesttest.Error(400, "ReplicatedWriteConflictException", "")
			if len(c.Keys) > 1 { // it speaks of one row, and leaves open what became of the others
				conflict = conflict.AfterWriting(some)
			}
			return conflict
		},
		func() dynamodesttest.Fault {
			return dynamodesttest.Answer(502, "text/html", "<html>bad gateway</html>").AfterWrite()
		},
		func() dynamodesttest.Fault { return dynamodesttest.Answer(200, "text/html", "<html>log in</html>") },
		func() dynamodesttest.Fault { return dynamodesttest.Answer(200, "", "") },
		func() dynamodesttest.Fault { return dynamodesttest.Reset() },
		func() dynamodesttest.Fault { return dynamodesttest.Close().AfterWrite() },
		func() dynamodesttest.Fault { return dynamodesttest.Truncated() },
		func() dynamodesttest.Fault { return dynamodesttest.ResetInBody() },
		func() dynamodesttest.Fault { return dynamodesttest.HideItem() },
		func() dynamodesttest.Fault { return dynamodesttest.Stall(nil) },
		func() dynamodesttest.Fault { return dynamodesttest.Slow(time.Second, time.Second) },
		func() dynamodesttest.Fault { return late(dynamodesttest.Reset().AppliedLate(1 + s.rnd.IntN(20))) },
		func() dynamodesttest.Fault { return dynamodesttest.Error(413, "", "") },
	)
}

func rowOf(item map[string]types.AttributeValue) int {
	n, err := strconv.Atoi(item["row"].(*types.AttributeValueMemberN).Value)
	if err != nil {
		panic(err)
	}
	return n
}

// run makes the call.
func (s *schedule) run() {
	dest, err := dynamodest.New(s.t.Context(), s.cfg)
	require.NoError(s.t, err)
	s.db.SetFault(s.fault)
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	if s.rnd.IntN(6) == 0 {
		s.stopped = true
		stop := time.AfterFunc(time.Duration(s.rnd.IntN(300))*time.Millisecond, cancel)
		defer stop.Stop()
	}
	if s.rnd.IntN(2) == 0 {
		var res dynamodest.Result
		res, s.err = dest.Write(ctx, s.rows)
		s.results, s.summary = res.Rows, res.Summary
		for i := range s.results {
			s.reports = append(s.reports, i)
		}
		return
	}
	s.results = make([]dynamodest.RowResult, len(s.rows))
	source, report := s.source(), s.report()
	s.summary, s.err = dest.WriteSeq(ctx, source, report)
}

var errSource, errReport = errors.New("the source broke"), errors.New("the report broke")

func (s *schedule) source() iter.Seq2[dynamodest.Row, error] {
	end := len(s.rows)
	if s.rnd.IntN(6) == 0 {
		end = s.rnd.IntN(len(s.rows) + 1)
		s.breaks, s.stopped = errSource, true
	}
	slow := s.rnd.IntN(3) == 0
	return func(yield func(dynamodest.Row, error) bool) {
		for i, row := range s.rows[:end] {
			if slow && i%10 == 0 {
				time.Sleep(7 * time.Millisecond)
			}
			if !yield(row, nil) {
				return
			}
		}
		if errors.Is(s.breaks, errSource) {
			yield(nil, errSource)
		}
	}
}

func (s *schedule) report() func(dynamodest.Row, dynamodest.RowResult) error {
	failAt := -1
	if s.breaks == nil && s.rnd.IntN(8) == 0 {
		failAt = s.rnd.IntN(len(s.rows) + 1)
		s.stopped = true
	}
	return func(row dynamodest.Row, r dynamodest.RowResult) error {
		assert.Equal(s.t, s.rows[r.Index]["row"], row["row"])
		s.results[r.Index] = r
		s.reports = append(s.reports, r.Index)
		if r.Index == failAt {
			s.breaks = errReport
			return errReport
		}
		return nil
	}
}

// check holds the outcome against every promise.
func (s *schedule) check() {
	s.db.ApplyLate()
	s.checkDense()
	s.checkError()
	s.checkTruth()
	s.checkOrder()
	s.checkRequests()
	s.checkInput()
}

// Promise 1: one outcome a row, in order, and sums that hold.
func (s *schedule) checkDense() {
	var want dynamodest.Summary
	for place, i := range s.reports {
		require.Equal(s.t, place, i, "reported in row order")
		r := s.results[i]
		require.Equal(s.t, i, r.Index)
		want.Rows++
		switch r.Outcome {
		case dynamodest.Written:
			want.Written++
		case dynamodest.Skipped:
			want.Skipped++
		case dynamodest.Superseded:
			want.Superseded++
		case dynamodest.NotWritten:
			want.NotWritten++
		case dynamodest.Unknown:
			want.Unknown++
		}
		good := r.Outcome == dynamodest.Written || r.Outcome == dynamodest.Skipped || r.Outcome == dynamodest.Superseded
		require.Equal(s.t, good, r.Err == nil, "row %d: %v, %v", i, r.Outcome, r.Err)
		if !good {
			var rowErr *dynamodest.RowError
			require.ErrorAs(s.t, r.Err, &rowErr)
			require.Equal(s.t, i, rowErr.Index)
			require.Equal(s.t, r.Attempts, rowErr.Attempts)
		}
		if r.Outcome != dynamodest.Superseded {
			require.Zero(s.t, r.By)
		}
	}
	if !errors.Is(s.err, errReport) { // after that rows are counted, but not reported
		want.Requests, want.Resent, want.WriteUnits = s.summary.Requests, s.summary.Resent, s.summary.WriteUnits
		require.Equal(s.t, want, s.summary)
	}
	sum := s.summary
	require.Equal(s.t, sum.Rows, sum.Written+sum.Skipped+sum.Superseded+sum.NotWritten+sum.Unknown)
	if !s.stopped {
		require.Equal(s.t, len(s.rows), sum.Rows)
	}
}

// The call's error: there if a row was lost or the call stopped early.
func (s *schedule) checkError() {
	lost := s.summary.NotWritten + s.summary.Unknown
	if lost > 0 || s.breaks != nil {
		var w *dynamodest.WriteError
		require.ErrorAs(s.t, s.err, &w)
		require.Equal(s.t, s.summary, w.Summary)
		n := 0
		for reason, count := range w.Reasons {
			require.ErrorIs(s.t, s.err, reason)
			n += count
		}
		require.Equal(s.t, lost, n)
		require.Len(s.t, w.First, min(lost, 10))
		if s.breaks != nil {
			require.ErrorIs(s.t, s.err, s.breaks)
		}
		return
	}
	if s.err != nil { // a source that was cut off
		require.True(s.t, s.stopped)
		require.ErrorIs(s.t, s.err, context.Canceled)
	}
}

// Promise 2: the outcome is true.
func (s *schedule) checkTruth() {
	applied := map[int]bool{}
	for _, w := range s.db.Writes() {
		applied[rowOf(w.Item())] = true
	}
	for _, i := range s.reports {
		r := s.results[i]
		switch r.Outcome {
		case dynamodest.Written:
			require.True(s.t, applied[i], "row %d is told Written", i)
		case dynamodest.NotWritten, dynamodest.Skipped:
			require.False(s.t, applied[i], "row %d is told %v: %v", i, r.Outcome, r.Err)
		case dynamodest.Superseded:
			require.Greater(s.t, r.By, i)
			require.Equal(s.t, s.key(i), s.key(r.By))
			require.True(s.t, applied[r.By], "row %d is told Superseded by %d", i, r.By)
			if r.By < len(s.reports) { // else report failed before its turn
				require.Equal(s.t, dynamodest.Written, s.results[r.By].Outcome)
			}
		case dynamodest.Unknown:
			require.Positive(s.t, r.Attempts, "row %d was never sent", i)
		}
		if s.poison[i] {
			require.NotEqual(s.t, dynamodest.Written, r.Outcome)
		}
	}
}

func (s *schedule) key(i int) string {
	n, ok := s.rows[i]["n"]
	if !ok {
		return ""
	}
	return dynamodesttest.Key(s.rows[i]["id"], n)
}

// Promise 4: what a key's writes and the table's content say of the order.
func (s *schedule) checkOrder() {
	oneOnly := s.cfg.OnExisting == dynamodest.Skip || s.cfg.OnExisting == dynamodest.Fail
	last := map[string]int{}
	for _, w := range s.db.Writes() {
		row := rowOf(w.Item())
		if prev, ok := last[w.Key]; ok && !s.puzzling[w.Key] {
			require.GreaterOrEqual(s.t, row, prev, "an older row was written over a newer one")
			require.False(s.t, oneOnly && row != prev, "an item was overwritten")
		}
		last[w.Key] = row
	}
	for _, i := range s.reports {
		key := s.key(i)
		if r := s.results[i]; r.Outcome == dynamodest.Written && !s.puzzling[key] {
			require.GreaterOrEqual(s.t, last[key], i, "row %d is Written, and an older one is there", i)
		}
	}
	for _, item := range s.db.Items(table) {
		key := dynamodesttest.Key(item["id"], item["n"])
		require.Equal(s.t, last[key], rowOf(item))
	}
}

// Requests: counted truly, within bounds, and no key in two at once.
func (s *schedule) checkRequests() {
	require.LessOrEqual(s.t, s.db.MostInFlight(), s.cfg.Concurrency)
	writes := 0
	type span struct{ began, ended int }
	flights := map[string][]span{}
	for _, c := range s.db.Calls() {
		if c.Op == "DescribeTable" {
			continue
		}
		writes++
		require.LessOrEqual(s.t, len(c.Keys), 25)
		for _, k := range c.Keys {
			flights[k] = append(flights[k], span{c.Began, c.Ended})
		}
	}
	require.Equal(s.t, writes-s.before, s.summary.Requests)
	for _, spans := range flights {
		slices.SortFunc(spans, func(a, b span) int { return a.began - b.began })
		for i := 1; i < len(spans); i++ {
			require.Less(s.t, spans[i-1].ended, spans[i].began, "a key twice in flight")
		}
	}
	resent := 0
	for _, i := range s.reports {
		require.Equal(s.t, s.carried[i], s.results[i].Attempts, "row %d: %+v", i, s.results[i])
		resent += max(0, s.carried[i]-1)
	}
	if !errors.Is(s.err, errReport) {
		require.Equal(s.t, resent, s.summary.Resent)
	}
}

// Promise 8: the caller's rows are as they were.
func (s *schedule) checkInput() {
	for i, row := range s.rows {
		require.Equal(s.t, i, row["row"])
		for _, column := range slices.Collect(maps.Keys(row)) {
			require.Contains(s.t, []string{"id", "n", "row", "big", "nan", "poison"}, column)
		}
	}
}
