package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// yields is a source that yields each of values, which are rows, errors, and waits.
func yields(values ...any) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		for _, v := range values {
			goOn := true
			switch v := v.(type) {
			case time.Duration:
				time.Sleep(v)
			case error:
				goOn = yield(nil, v)
			case dynamodest.Row:
				goOn = yield(v, nil)
			}
			if !goOn {
				return
			}
		}
	}
}

// A source that says it has no row now gets the results of what it gave, while it goes on saying so:
// the part-filled batch goes at the first pause, and each pause returns at once.
func TestPausingSourceGetsReports(t *testing.T) {
	t.Parallel()
	for _, asSettled := range []bool{false, true} {
		testInBubble(t, fmt.Sprintf("as settled %v", asSettled), func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			db.SetLatency(10*time.Millisecond, 10*time.Millisecond, 1)
			dest := newDest(t, dynamodest.Config{Table: table, Client: db, MaxWait: time.Hour, ReportAsSettled: asSettled})
			var reported []time.Duration
			began := time.Now()
			report := func(dynamodest.Row, dynamodest.RowResult) error {
				reported = append(reported, time.Since(began))
				return nil
			}
			began = time.Now()
			sum, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
				for _, row := range numbered(30) {
					assert.True(t, yield(row, nil))
				}
				for poll := range 100 {
					before := time.Now()
					assert.True(t, yield(nil, fmt.Errorf("poll %d: %w", poll, dynamodest.Pause)))
					assert.Zero(t, time.Since(before), "a pause returns at once")
					time.Sleep(time.Millisecond)
				}
				assert.Len(t, reported, 30, "the source is silent, and has every acknowledgement")
			}, report)
			require.NoError(t, err)
			assert.Equal(t, dynamodest.Summary{Rows: 30, Written: 30, Requests: 2, WriteUnits: 30}, sum)
			for _, at := range reported {
				assert.LessOrEqual(t, at, 70*time.Millisecond)
			}
		})
	}
}

// While a channel of rows is silent, rows are reported as they settle, and a part-filled batch goes
// when its first row has waited for MaxWait.
func TestWriteChanReportsWhileSilent(t *testing.T) {
	t.Parallel()
	for _, asSettled := range []bool{false, true} {
		testInBubble(t, fmt.Sprintf("as settled %v", asSettled), func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			db.SetLatency(10*time.Millisecond, 10*time.Millisecond, 1)
			dest := newDest(t, dynamodest.Config{Table: table, Client: db, MaxWait: 40 * time.Millisecond, ReportAsSettled: asSettled})
			rows := make(chan dynamodest.Row)
			reported := 0
			began := time.Now()
			go func() {
				defer close(rows)
				for _, row := range numbered(5) {
					rows <- row
				}
				time.Sleep(time.Hour)
			}()
			sum, err := dest.WriteChan(t.Context(), rows, func(row dynamodest.Row, r dynamodest.RowResult) error {
				assert.Equal(t, reported, row["row"])
				assert.Equal(t, 50*time.Millisecond, time.Since(began))
				reported++
				return nil
			})
			require.NoError(t, err)
			assert.Equal(t, 5, reported)
			assert.Equal(t, dynamodest.Summary{Rows: 5, Written: 5, Requests: 1, WriteUnits: 5}, sum)
			assert.Equal(t, time.Hour, time.Since(began))
		})
	}
}

// A row with Pause is an error of the source that says so, and no row lost unnoticed.
func TestRowBesidePauseEndsTheStream(t *testing.T) {
	t.Parallel()
	dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S")})
	for _, beside := range []dynamodest.Row{{"id": "secret"}, {}} {
		sum, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
			if yield(dynamodest.Row{"id": "a"}, nil) {
				assert.False(t, yield(beside, dynamodest.Pause))
			}
		}, nil)
		var call *dynamodest.WriteError
		require.ErrorAs(t, err, &call)
		require.ErrorIs(t, call.Stop, dynamodest.Pause)
		assert.ErrorContains(t, err, "yielded a row with Pause")
		assert.NotContains(t, err.Error(), "secret")
		assert.Equal(t, 1, sum.Written, "the row before it is written as usual")
		assert.Equal(t, 1, sum.Rows)
	}
}

// brokenLine is what a source finds wrong with a row.
type brokenLine struct{ text string }

func (e *brokenLine) Error() string { return "broken line: " + e.text }

// A row that the source cannot read keeps its place, its own error within reach, and the stream goes
// on. Pause takes no place.
func TestBadRow(t *testing.T) {
	t.Parallel()
	broken := &brokenLine{"secret"}
	source := func(yield func(dynamodest.Row, error) bool) {
		_ = yield(dynamodest.Row{"id": "0"}, nil) &&
			yield(nil, dynamodest.Pause) &&
			yield(nil, dynamodest.BadRow(broken)) &&
			yield(dynamodest.Row{"id": "2"}, fmt.Errorf("line 3: %w", dynamodest.BadRow(fmt.Errorf("wrapped: %w", broken)))) &&
			yield(nil, dynamodest.BadRow(nil)) &&
			yield(dynamodest.Row{"id": "4"}, errors.Join(dynamodest.Pause, dynamodest.BadRow(broken))) &&
			yield(nil, nil) &&
			yield(dynamodest.Row{"id": "6"}, nil)
	}
	for _, asSettled := range []bool{false, true} {
		dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S"), ReportAsSettled: asSettled})
		results, given := make([]dynamodest.RowResult, 7), make([]dynamodest.Row, 7)
		sum, err := dest.WriteSeq(t.Context(), source, func(row dynamodest.Row, r dynamodest.RowResult) error {
			results[r.Index], given[r.Index] = r, row
			return nil
		})
		var call *dynamodest.WriteError
		require.ErrorAs(t, err, &call)
		require.NoError(t, call.Stop)
		assert.Equal(t, 7, sum.Rows)
		assert.Equal(t, 2, sum.Written)
		assert.Equal(t, map[dynamodest.Reason]int{dynamodest.ErrMapping: 5}, call.Reasons)
		assert.Equal(t, []dynamodest.Row{{"id": "0"}, nil, {"id": "2"}, nil, {"id": "4"}, nil, {"id": "6"}}, given)
		for _, i := range []int{1, 2, 3, 4} {
			r := results[i]
			require.Equal(t, dynamodest.NotWritten, r.Outcome)
			require.ErrorIs(t, r.Err, dynamodest.ErrMapping)
			for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				assert.NotContains(t, fmt.Sprintf(format, r.Err), "secret")
				assert.NotContains(t, fmt.Sprintf(format, dynamodest.BadRow(broken)), "secret")
			}
			assert.ErrorContains(t, r.Err, "the source could not read the row")
			var reached *brokenLine
			assert.Equal(t, i != 3, errors.As(r.Err, &reached))
		}
		require.ErrorIs(t, results[2].Err, broken)
		require.ErrorContains(t, results[5].Err, "the row is nil")
	}
}

// lineError is an error that knows its line.
type lineError struct{ line func() int }

func (*lineError) Error() string     { return "secret" }
func (e *lineError) SourceLine() int { return e.line() }

// The text of a RowError and that of an error that ends the stream have the line of the source, if the source
// names one, and nothing else of its error.
func TestSourceLine(t *testing.T) {
	t.Parallel()
	at := func(n int) error { return &lineError{func() int { return n }} }
	for name, test := range map[string]struct {
		err  error
		line string
	}{
		"itself":          {at(17), "17"},
		"wrapped":         {fmt.Errorf("secret: %w", at(17)), "17"},
		"joined":          {errors.Join(errors.New("secret"), at(17)), "17"},
		"zero":            {at(0), ""},
		"negative":        {at(-17), ""},
		"panics":          {&lineError{}, ""},
		"another error":   {errors.New("secret"), ""},
		"largest integer": {at(1<<31 - 1), "2147483647"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S")})
			_, err := dest.WriteSeq(t.Context(), yields(dynamodest.BadRow(test.err), test.err), nil)
			var call *dynamodest.WriteError
			require.ErrorAs(t, err, &call)
			require.Len(t, call.First, 1)
			row, stop := call.First[0].Error(), call.Stop.Error()
			if test.line == "" {
				assert.Contains(t, row, ": the source could not read the row; remedy: ")
				assert.True(t, strings.HasPrefix(stop, "the source of rows returned an error of type "), stop)
			} else {
				assert.Contains(t, row, ": line "+test.line+" of the source could not be read; remedy: ")
				assert.True(t, strings.HasPrefix(stop, "the source of rows, at line "+test.line+", returned an error of type "), stop)
			}
			assert.NotContains(t, fmt.Sprintf("%+v %#v", err, err), "secret")
			require.ErrorIs(t, call.Stop, test.err)
		})
	}
}

// A source that pauses when the call has stopped is not asked again.
func TestPauseAfterTheEnd(t *testing.T) {
	t.Parallel()
	t.Run("of ctx", func(t *testing.T) {
		t.Parallel()
		dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S")})
		ctx, cancel := context.WithCancel(t.Context())
		_, err := dest.WriteSeq(ctx, func(yield func(dynamodest.Row, error) bool) {
			cancel()
			assert.False(t, yield(nil, dynamodest.Pause))
		}, nil)
		require.ErrorIs(t, err, context.Canceled)
	})
	testInBubble(t, "of the call", func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		dest := newDest(t, dynamodest.Config{Table: table, Client: db})
		db.FailWrites(dynamodesttest.Error(400, "AccessDeniedException", ""))
		_, err := dest.WriteSeq(t.Context(), yields(dynamodest.Row{"id": "a"}, dynamodest.Pause, time.Second, dynamodest.Pause, errSource), nil)
		require.ErrorIs(t, err, dynamodest.ErrAccess)
		require.NotErrorIs(t, err, errSource)
	})
	testInBubble(t, "by report", func(t *testing.T) {
		dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S")})
		_, err := dest.WriteSeq(t.Context(), yields(dynamodest.Row{"id": "a"}, dynamodest.Pause, time.Second, dynamodest.Pause, errSource),
			func(dynamodest.Row, dynamodest.RowResult) error { return errReport })
		require.ErrorIs(t, err, errReport)
		require.NotErrorIs(t, err, errSource)
	})
}

// WriteChan ends when the channel is closed, also before its first row, and refuses a nil channel.
func TestWriteChanEnds(t *testing.T) {
	t.Parallel()
	dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S")})
	none := make(chan dynamodest.Row)
	close(none)
	sum, err := dest.WriteChan(t.Context(), none, nil)
	require.NoError(t, err)
	assert.Zero(t, sum)

	rows := make(chan dynamodest.Row, 3)
	rows <- dynamodest.Row{"id": "a"}
	rows <- nil
	rows <- dynamodest.Row{"id": "b"}
	close(rows)
	sum, err = dest.WriteChan(t.Context(), rows, nil)
	require.ErrorContains(t, err, "the row is nil")
	assert.Equal(t, 2, sum.Written)
	assert.Equal(t, 3, sum.Rows)

	sum, err = dest.WriteChan(t.Context(), nil, nil)
	var call *dynamodest.WriteError
	require.ErrorAs(t, err, &call)
	require.Error(t, call.Stop)
	assert.ErrorContains(t, err, "the channel of rows is nil")
	assert.Zero(t, sum)
}

// WriteChan stops while its channel is silent: when ctx ends, when report returns an error, and at a
// fault that every row would meet. Rows taken are reported all the same.
func TestWriteChanStops(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault    dynamodesttest.Fault
		report   error
		want     error
		reported int
	}{
		"ctx":    {dynamodesttest.Stall(nil), nil, context.Canceled, 3},
		"report": {dynamodesttest.Fault{}, errReport, errReport, 1},
		"access": {dynamodesttest.Error(400, "AccessDeniedException", ""), nil, dynamodest.ErrAccess, 3},
	} {
		testInBubble(t, name, func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			dest := newDest(t, dynamodest.Config{Table: table, Client: db})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault { return tt.fault })
			rows := make(chan dynamodest.Row)
			go func() {
				for _, row := range numbered(3) {
					rows <- row
				}
			}()
			began, reported := time.Now(), 0
			if name == "ctx" {
				time.AfterFunc(time.Second, cancel)
			}
			sum, err := dest.WriteChan(ctx, rows, func(dynamodest.Row, dynamodest.RowResult) error { reported++; return tt.report })
			require.ErrorIs(t, err, tt.want)
			assert.Equal(t, 3, sum.Rows)
			assert.Equal(t, tt.reported, reported)
			assert.LessOrEqual(t, time.Since(began), time.Second)
		})
	}
}

// A panic in report leaves WriteChan, and a done context takes no row.
func TestWriteChanPanicsAndDoneContext(t *testing.T) {
	t.Parallel()
	dest := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S")})
	rows := make(chan dynamodest.Row, 1)
	rows <- dynamodest.Row{"id": "a"}
	close(rows)
	assert.PanicsWithValue(t, "report", func() {
		_, _ = dest.WriteChan(t.Context(), rows, func(dynamodest.Row, dynamodest.RowResult) error { panic("report") })
	})

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sum, err := dest.WriteChan(ctx, make(chan dynamodest.Row), nil)
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, sum)
}

// With ReportAsSettled a stuck row holds up neither reports nor acknowledgements, and SettledBefore is
// exact: the lowest index that has not been reported.
func TestReportAsSettled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rows := numbered(5000)
		stuck := refusing(rows, 7, 1000)
		delete(rows[20], "id")
		dest := newDest(t, dynamodest.Config{Table: table, Client: stuck.client(), ReportAsSettled: true})
		reported := make([]bool, len(rows)+1)
		lowest, late := 0, 0
		_, err := dest.WriteSeq(t.Context(), seq(rows), func(row dynamodest.Row, r dynamodest.RowResult) error {
			assert.Equal(t, r.Index, row["row"])
			assert.False(t, reported[r.Index])
			for reported[r.Index] = true; reported[lowest]; {
				lowest++
			}
			late = r.Index
			assert.Equal(t, lowest, r.SettledBefore)
			return nil
		})
		require.ErrorIs(t, err, dynamodest.ErrThrottled)
		assert.Equal(t, len(rows), lowest)
		assert.Contains(t, []int{7, 1000}, late, "the stuck rows come last")
	})
}

// A thousand goroutines that write one row each share full requests, and each gets its own result.
func TestManyWritersShareRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, ReportAsSettled: true})
		db.SetLatency(stubbornLatency, stubbornLatency, 1)
		stream := startSharedStream(t.Context(), dest)
		rows := numbered(1000)
		delete(rows[500], "id")
		indexes := make([]int, len(rows))
		var writers sync.WaitGroup
		for i, row := range rows {
			writers.Go(func() {
				r, err := stream.write(t.Context(), row)
				indexes[i] = r.Index
				if i == 500 {
					assert.ErrorIs(t, err, dynamodest.ErrKey)
					return
				}
				assert.NoError(t, err)
				assert.Equal(t, dynamodest.Written, r.Outcome)
			})
		}
		writers.Wait()
		require.ErrorIs(t, stream.stop(), dynamodest.ErrKey)
		assert.Equal(t, 999, db.Len(table))
		requests := db.Actions()["BatchWriteItem"] + db.Actions()["PutItem"]
		assert.LessOrEqual(t, requests, 60)
		slices.Sort(indexes)
		for i, index := range indexes {
			require.Equal(t, i, index)
		}
		t.Logf("%d requests", requests)
	})
}

// No writer of a shared stream hangs: each leaves when its own context ends, and when the stream ends,
// by its context, by a fault of the table, or by a stop.
func TestWritersLeave(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault dynamodesttest.Fault
		end   func(stream *sharedStream, cancelStream, cancelWriters func())
		want  error
	}{
		"own context":       {dynamodesttest.Stall(nil), func(_ *sharedStream, _, cancelWriters func()) { cancelWriters() }, context.Canceled},
		"stream's context":  {dynamodesttest.Stall(nil), func(_ *sharedStream, cancelStream, _ func()) { cancelStream() }, context.Canceled},
		"fault of the call": {dynamodesttest.Error(400, "AccessDeniedException", ""), func(*sharedStream, func(), func()) {}, dynamodest.ErrAccess},
		"stop":              {dynamodesttest.Slow(time.Second, time.Second), func(s *sharedStream, _, _ func()) { assert.NoError(t, s.stop()) }, nil},
	} {
		testInBubble(t, name, func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			dest := newDest(t, dynamodest.Config{Table: table, Client: db, ReportAsSettled: true})
			db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault { return tt.fault })
			streamCtx, cancelStream := context.WithCancel(t.Context())
			defer cancelStream()
			ctx, cancelWriters := context.WithCancel(t.Context())
			defer cancelWriters()
			stream := startSharedStream(streamCtx, dest)
			var writers sync.WaitGroup
			for i, row := range numbered(200) {
				writers.Go(func() {
					time.Sleep(time.Duration(i) * time.Millisecond) // some come after the end
					if _, err := stream.write(ctx, row); !errors.Is(err, errStreamEnded) {
						assert.ErrorIs(t, err, tt.want)
					}
				})
			}
			time.Sleep(150 * time.Millisecond)
			tt.end(stream, cancelStream, cancelWriters)
			writers.Wait()
		})
	}
}
