package otel_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

const users = "cloud.region=eu-west-1 db.collection.name=users"

// outcomes are the series of dynamodest.rows for a table.
func outcomes(table string, deleted, notWritten, skipped, superseded, unknown, written int) []string {
	return []string{
		fmt.Sprintf("%s dynamodest.outcome=deleted: %d", table, deleted),
		fmt.Sprintf("%s dynamodest.outcome=not_written: %d", table, notWritten),
		fmt.Sprintf("%s dynamodest.outcome=skipped: %d", table, skipped),
		fmt.Sprintf("%s dynamodest.outcome=superseded: %d", table, superseded),
		fmt.Sprintf("%s dynamodest.outcome=unknown: %d", table, unknown),
		fmt.Sprintf("%s dynamodest.outcome=written: %d", table, written),
	}
}

// Rows are counted by outcome, and those that failed by reason.
func TestRowsByOutcomeAndReason(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		dest := b.dest(t, db, dynamodest.Config{Delete: "gone", Retry: dynamodest.Retry{MaxAttempts: 1}})
		assert.Equal(t, outcomes(users, 0, 0, 0, 0, 0, 0), b.series(t, "dynamodest.rows"), "series begin with 0")

		db.SetFault(dynamodesttest.Poison(func(item map[string]types.AttributeValue) bool { return item["poison"] != nil }))
		result, err := dest.Write(t.Context(), []dynamodest.Row{
			{"id": "a"},
			{"id": "b"}, {"id": "b"}, // the first of which is superseded
			{"id": "c", "gone": true},
			{"id": 7},
			{"id": "d", "x": make(chan int)},
			{"id": "e", "x": make(chan int)},
			{"id": "f", "x": strings.Repeat("x", 410_000)},
			{"id": "g", "poison": true},
		})
		require.Error(t, err)
		assert.Equal(t, 5, result.Summary.NotWritten)
		assert.Equal(t, outcomes(users, 1, 5, 0, 1, 0, 2), b.series(t, "dynamodest.rows"))
		assert.Equal(t, []string{
			users + " dynamodest.scope=row error.type=bad_key: 1",
			users + " dynamodest.scope=row error.type=item_too_large: 1",
			users + " dynamodest.scope=row error.type=refused: 1",
			users + " dynamodest.scope=row error.type=unmappable_value: 2",
		}, b.series(t, "dynamodest.failed_rows"))
		assert.Equal(t, []string{users + ": 3"}, b.series(t, "dynamodest.write_units"))
		assert.Equal(t, []string{users + " dynamodest.call.op=Write error.type=rows_failed: 1, 0"}, b.series(t, "dynamodest.call.duration"))

		call := b.spansNamed("dynamodest.Write users")[0]
		assert.Equal(t, codes.Error, call.Status.Code)
		assert.Equal(t, err.Error(), call.Status.Description)

		db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault { return dynamodesttest.Reset() })
		_, err = dest.Write(t.Context(), numbered(2))
		require.ErrorIs(t, err, dynamodest.ErrUnavailable)
		assert.Equal(t, outcomes(users, 1, 5, 0, 1, 2, 2), b.series(t, "dynamodest.rows"))
		assert.Contains(t, b.series(t, "dynamodest.failed_rows"), users+" dynamodest.scope=passing error.type=unavailable: 2")
	})
}

// What stopped a call is its error.type, and says whose the rows' fault is.
func TestCallsThatStop(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		fault     dynamodesttest.Fault
		source    error
		errorType string
		failed    []string
	}{
		"access": {
			fault:     dynamodesttest.Error(400, "AccessDeniedException", "not you"),
			errorType: "access_denied",
			failed:    []string{"dynamodest.scope=call error.type=access_denied: 2"},
		},
		"no table": {
			fault:     dynamodesttest.Error(400, "ResourceNotFoundException", "no table"),
			errorType: "no_table",
			failed:    []string{"dynamodest.scope=call error.type=no_table: 2"},
		},
		"source": {
			source:    errors.New("connection lost"),
			errorType: "stopped",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
				dest := b.dest(t, db, dynamodest.Config{})
				db.FailWrites(c.fault)
				_, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
					for _, row := range numbered(2) {
						if !yield(row, nil) {
							return
						}
					}
					time.Sleep(time.Second)
					if c.source != nil {
						yield(nil, c.source)
					}
				}, func(dynamodest.Row, dynamodest.RowResult) error { return nil })
				require.Error(t, err)
				var want []string
				for _, line := range c.failed {
					want = append(want, users+" "+line)
				}
				assert.Equal(t, want, b.series(t, "dynamodest.failed_rows"))
				assert.Equal(t, []string{users + " dynamodest.call.op=WriteSeq error.type=" + c.errorType + ": 1, 1"},
					b.series(t, "dynamodest.call.duration"))
				call := b.spansNamed("dynamodest.WriteSeq users")[0]
				assert.Contains(t, text(call.Attributes), " error.type="+c.errorType)
				assert.Equal(t, codes.Error, call.Status.Code)
			})
		})
	}
}

// The error.type of a call is of its own table and settings: not of another Destination that its report writes to.
func TestErrorTypeOfCalls(t *testing.T) {
	t.Parallel()
	rows := func(n int) func(func(dynamodest.Row, error) bool) {
		return func(yield func(dynamodest.Row, error) bool) {
			for _, row := range numbered(n) {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
	fine := func(dynamodest.Row, dynamodest.RowResult) error { return nil }
	for name, c := range map[string]struct {
		cfg  dynamodest.Config
		call func(ctx context.Context, dest *dynamodest.Destination) error
		want string
	}{
		"report": {want: "WriteSeq error.type=stopped", call: func(ctx context.Context, dest *dynamodest.Destination) error {
			deadLetters := dynamodesttest.NewTable("dead_letters", "id:S")
			other, err := dynamodest.New(ctx, dynamodest.Config{Table: "dead_letters", Client: deadLetters})
			if err != nil {
				return err
			}
			deadLetters.FailWrites(dynamodesttest.Error(400, "AccessDeniedException", "not you"))
			_, err = dest.WriteSeq(ctx, rows(1), func(row dynamodest.Row, _ dynamodest.RowResult) error {
				_, err := other.Write(ctx, []dynamodest.Row{row})
				return err
			})
			return err
		}},
		"columns": {want: "WriteColumns error.type=bad_configuration", call: func(ctx context.Context, dest *dynamodest.Destination) error {
			_, err := dest.WriteColumns(ctx, []string{"id", "id"}, func(func([]any, error) bool) {}, func([]any, dynamodest.RowResult) error { return nil })
			return err
		}},
		"MaxKeys": {
			want: "WriteSeq error.type=bad_configuration", cfg: dynamodest.Config{Duplicates: dynamodest.RefuseDuplicates, MaxKeys: 1},
			call: func(ctx context.Context, dest *dynamodest.Destination) error {
				_, err := dest.WriteSeq(ctx, rows(3), fine)
				return err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
				require.Error(t, c.call(t.Context(), b.dest(t, db, c.cfg)))
				assert.Equal(t, []string{users + " dynamodest.call.op=" + c.want + ": 1, 0"}, b.series(t, "dynamodest.call.duration"))
			})
		})
	}
}

// The span of a call names columns that no row had, ten at most.
func TestMissingColumns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		fields := []dynamodest.Field{{Column: "id"}}
		for i := range 12 {
			fields = append(fields, dynamodest.Field{Column: fmt.Sprint("c", i)})
		}
		dest := b.dest(t, db, dynamodest.Config{Mapping: dynamodest.Mapping{Fields: fields}})
		_, err := dest.Write(t.Context(), []dynamodest.Row{{"id": "a", "c3": 1}})
		require.NoError(t, err)
		assert.Contains(t, text(b.spansNamed("dynamodest.Write users")[0].Attributes),
			` dynamodest.missing_columns=["c0","c1","c2","c4","c5","c6","c7","c8","c9","c10"] `)
	})
}

// Rows that a call had not sent when it stopped have the scope of what stopped it.
func TestScopeOfStoppedRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		dest := b.dest(t, db, dynamodest.Config{Concurrency: 1})
		db.FailWrites(dynamodesttest.Error(400, "AccessDeniedException", "not you"))
		result, err := dest.Write(t.Context(), numbered(60))
		require.ErrorIs(t, err, dynamodest.ErrAccess)
		denied := 0
		for _, row := range result.Rows {
			if row.Reason() == dynamodest.ErrAccess {
				denied++
			}
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = dest.Write(ended, numbered(7))
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, []string{
			fmt.Sprintf("%s dynamodest.scope=call error.type=access_denied: %d", users, denied),
			fmt.Sprintf("%s dynamodest.scope=call error.type=stopped: %d", users, 60-denied),
			users + " dynamodest.scope=passing error.type=stopped: 7",
		}, b.series(t, "dynamodest.failed_rows"))
	})
}

// The span of a call that a panic ends does end, and says so.
func TestCallThatPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		dest := b.dest(t, db, dynamodest.Config{})
		assert.PanicsWithValue(t, "marker of the source", func() {
			_, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
				yield(numbered(1)[0], nil)
				time.Sleep(time.Second)
				panic("marker of the source")
			}, func(dynamodest.Row, dynamodest.RowResult) error { return nil })
			assert.NoError(t, err)
		})
		assert.Equal(t, []string{users + " dynamodest.call.op=WriteSeq error.type=_OTHER: 1, 1"}, b.series(t, "dynamodest.call.duration"))
		assert.Equal(t, outcomes(users, 0, 0, 0, 0, 0, 1), b.series(t, "dynamodest.rows"))
		call := b.spansNamed("dynamodest.WriteSeq users")
		require.Len(t, call, 1)
		assert.Equal(t, codes.Error, call[0].Status.Code)
		assert.NotContains(t, call[0].Status.Description, "marker")
	})
}

// A call is seen while it goes on: what it has written, what it waits for, what is in flight.
func TestLiveFigures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(time.Second, time.Second, 1)
		dest := b.dest(t, db, dynamodest.Config{WriteUnitsPerSecond: 50})
		_, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
			yield(numbered(1)[0], nil)
			time.Sleep(500 * time.Millisecond)
			assert.Equal(t, []string{users + ": 1"}, b.series(t, "dynamodest.active_calls"))
			assert.Equal(t, []string{users + ": 1"}, b.series(t, "dynamodest.active_requests"))
			assert.Equal(t, []string{users + ": 1"}, b.series(t, "dynamodest.unsettled_rows"))
			assert.Equal(t, []string{users + ": 50"}, b.series(t, "dynamodest.pace"))
			assert.Equal(t, heldBack(""), b.series(t, "dynamodest.held_back"))
			assert.Equal(t, outcomes(users, 0, 0, 0, 0, 0, 0), b.series(t, "dynamodest.rows"))
			time.Sleep(time.Minute)
			assert.Equal(t, []string{users + ": 0"}, b.series(t, "dynamodest.active_requests"))
			assert.Equal(t, []string{users + ": 0"}, b.series(t, "dynamodest.unsettled_rows"))
			assert.Equal(t, heldBack("source"), b.series(t, "dynamodest.held_back"))
			assert.Equal(t, outcomes(users, 0, 0, 0, 0, 0, 1), b.series(t, "dynamodest.rows"))
		}, func(dynamodest.Row, dynamodest.RowResult) error { return nil })
		require.NoError(t, err)
		assert.Equal(t, []string{users + ": 0"}, b.series(t, "dynamodest.active_calls"))
		assert.Equal(t, heldBack(""), b.series(t, "dynamodest.held_back"))
	})
}

// heldBack are the series of dynamodest.held_back for the table, with one Destination held back by that; "" for none. A
// series that ended with what it counts would keep its last value for minutes in most backends.
func heldBack(by string) (lines []string) {
	for _, word := range []string{"limit", "pace", "retry", "source", "window"} {
		destinations := 0
		if word == by {
			destinations = 1
		}
		lines = append(lines, fmt.Sprintf("%s dynamodest.wait.for=%s: %d", users, word, destinations))
	}
	return lines
}

// Waits are counted by what for, with the time that they were to take.
func TestWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		var mu sync.Mutex
		waits, seconds := map[string]int{}, map[string]float64{}
		dest := b.dest(t, db, dynamodest.Config{WriteUnitsPerSecond: 50, Limiter: always{}, Observer: dynamodest.Observer{
			Wait: func(_ context.Context, w dynamodest.Wait) {
				mu.Lock()
				defer mu.Unlock()
				waits[w.For]++
				seconds[w.For] += w.Delay.Seconds()
			},
		}})
		db.FailWrites(dynamodesttest.Error(400, "ThrottlingException", ""))
		_, err := dest.Write(t.Context(), numbered(60))
		require.NoError(t, err)
		var counts, times []string
		for _, word := range []string{"limit", "pace", "retry"} {
			require.NotZero(t, waits[word], word)
			counts = append(counts, fmt.Sprintf("%s dynamodest.wait.for=%s: %d", users, word, waits[word]))
			if seconds[word] > 0 {
				times = append(times, fmt.Sprintf("%s dynamodest.wait.for=%s: %v", users, word, seconds[word]))
			}
		}
		assert.Equal(t, counts, b.series(t, "dynamodest.waits"))
		assert.Len(t, times, 2, "how long a Limiter takes is not known before")
		assert.Equal(t, times, b.series(t, "dynamodest.wait_time"))
		assert.Len(t, b.spansNamed("dynamodest.Write users")[0].Events, waits["limit"]+waits["pace"]+waits["retry"])
	})
}

// always is a Limiter that takes everything.
type always struct{}

func (always) WaitN(context.Context, int) error { return nil }
