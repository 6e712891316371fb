package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/testsize"
)

// A table that takes nothing at all stops the call in bounded time, however
// many rows there are.
func TestOutageStopsTheCall(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		dynamodesttest.Fault
		reason  dynamodest.Reason
		outcome dynamodest.Outcome
	}{
		"unprocessed": {dynamodesttest.Unprocessed(dynamodesttest.All), dynamodest.ErrThrottled, dynamodest.NotWritten},
		"throttled":   {dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)), dynamodest.ErrThrottled, dynamodest.NotWritten},
		"500":         {dynamodesttest.Error(500, "InternalServerError", ""), dynamodest.ErrUnavailable, dynamodest.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := dynamodesttest.NewTable(table, "id:S")
				db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
					if c.Op == "DescribeTable" {
						return dynamodesttest.Fault{}
					}
					return fault.Fault
				})
				dest := newDest(t, dynamodest.Config{Table: table, Client: db})
				began := time.Now()
				res, err := dest.Write(t.Context(), numbered(5000))
				assert.Less(t, time.Since(began), 3*time.Minute)
				var w *dynamodest.WriteError
				require.ErrorAs(t, err, &w)
				require.ErrorIs(t, w.Stop, fault.reason)
				for _, r := range res.Rows {
					if r.Attempts == 0 {
						require.ErrorIs(t, r.Err, dynamodest.ErrStopped)
						require.Equal(t, dynamodest.NotWritten, r.Outcome)
						continue
					}
					require.Equal(t, fault.outcome, r.Outcome)
					require.NotErrorIs(t, r.Err, dynamodest.ErrConfig)
					require.ErrorIs(t, r.Err, fault.reason)
				}
				assert.Positive(t, res.Rows[0].Attempts)
			})
		})
	}
}

// An outage that passes costs no row more than its attempts.
func TestOutageThatPasses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		over := time.Now().Add(3 * time.Second)
		db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			if c.Op != "DescribeTable" && time.Now().Before(over) {
				return dynamodesttest.Error(503, "ServiceUnavailable", "")
			}
			return dynamodesttest.Fault{}
		})
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Retry: dynamodest.Retry{MaxAttempts: 20}})
		res, err := dest.Write(t.Context(), numbered(5000))
		require.NoError(t, err)
		assert.Equal(t, 5000, res.Summary.Written)
	})
}

// A short outage stops no call, also where each row goes by a request of its
// own and many of them fail in one moment.
func TestShortOutageOfConditionalPuts(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]dynamodesttest.Fault{
		"503":       dynamodesttest.Error(503, "ServiceUnavailable", ""),
		"throttled": dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := dynamodesttest.NewTable(table, "id:S")
				db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
				over := time.Now().Add(time.Second)
				db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
					if c.Op != "DescribeTable" && time.Now().Before(over) {
						return fault
					}
					return dynamodesttest.Fault{}
				})
				dest := newDest(t, dynamodest.Config{Table: table, Client: db, Mode: dynamodest.Insert, OnExisting: dynamodest.Skip})
				res, err := dest.Write(t.Context(), numbered(20))
				require.NoError(t, err)
				assert.Equal(t, 20, res.Summary.Written)
			})
		})
	}
}

// Rows that are refused for ever hold up neither each other nor the window.
func TestDeadRowsDoNotBlockStream(t *testing.T) {
	t.Parallel()
	testDeadRows(t, 20_000) // more than the window holds
}

// TestHeavyDeadRowsDoNotBlockStream is TestDeadRowsDoNotBlockStream with more rows.
func TestHeavyDeadRowsDoNotBlockStream(t *testing.T) {
	testsize.Heavy(t)
	t.Parallel()
	testDeadRows(t, 50_000)
}

func testDeadRows(t *testing.T, rows int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		const dead = 100
		db := dynamodesttest.NewTable(table, "id:S")
		db.KeepHistory(0)
		db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
		db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			return dynamodesttest.Unprocessed(func(i, _ int) bool {
				row := rowOf(c.Item(i))
				return row < 10*dead && row%10 == 0
			})
		})
		dest := newDest(t, dynamodest.Config{Table: table, Client: db})
		began := time.Now()
		sum, err := dest.WriteSeq(t.Context(), seq(numbered(rows)), nil)
		require.ErrorIs(t, err, dynamodest.ErrUnprocessed)
		assert.Equal(t, rows-dead, sum.Written)
		assert.Less(t, time.Since(began), 5*time.Minute)
	})
}

// Keys that are refused for ever hold up no other row, are given up side by side, and the error says
// that the throttled rows were theirs.
func TestStuckKeysAreReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const rows, stuck = 20_000, 40
		db := dynamodesttest.NewTable(table, "id:S")
		db.KeepHistory(0)
		db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
		db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			return dynamodesttest.Unprocessed(func(i, _ int) bool { return rowOf(c.Item(i))%(rows/stuck) == 0 })
		})
		dest := newDest(t, dynamodest.Config{Table: table, Client: db})
		began := time.Now()
		res, err := dest.Write(t.Context(), numbered(rows))
		assert.Less(t, time.Since(began), 30*time.Second)
		assert.Equal(t, rows-stuck, res.Summary.Written)
		var w *dynamodest.WriteError
		require.ErrorAs(t, err, &w)
		require.NoError(t, w.Stop)
		assert.Equal(t, stuck, w.Throttling.Keys)
		assert.Equal(t, 1.0, w.Throttling.Share)
		assert.GreaterOrEqual(t, w.Throttling.Refusals, 10*stuck)
		assert.Contains(t, err.Error(), "100 % of that on 40 partition keys")
	})
}

// The rows of a small call go again together: one request a round.
func TestSmallCallsRetryInOneRequest(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]dynamodesttest.Fault{
		"503":         dynamodesttest.Error(503, "ServiceUnavailable", ""),
		"throttled":   dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)),
		"unprocessed": dynamodesttest.Unprocessed(dynamodesttest.All),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := dynamodesttest.NewTable(table, "id:S")
				db.FailWrites(fault, fault)
				dest := newDest(t, dynamodest.Config{Table: table, Client: untold{db}})
				res, err := dest.Write(t.Context(), numbered(20))
				require.NoError(t, err)
				assert.Equal(t, 3, res.Summary.Requests)
				assert.Equal(t, 40, res.Summary.Resent)
			})
		})
	}
}

// After an outage the rate is soon what the table takes, also where its
// description does not tell that.
func TestRecoveryIsQuick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(5*time.Millisecond, 12*time.Millisecond, 1)
		db.Limit(table, dynamodesttest.Capacity{UnitsPerSecond: 51})
		over := time.Now().Add(2 * time.Second)
		db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			if c.Op == "DescribeTable" || time.Now().After(over) {
				return dynamodesttest.Fault{}
			}
			return dynamodesttest.Unprocessed(dynamodesttest.All)
		})
		dest := newDest(t, dynamodest.Config{Table: table, Client: untold{db}, Retry: dynamodest.Retry{MaxAttempts: 50}})
		_, err := dest.Write(t.Context(), numbered(1000))
		require.NoError(t, err)
		assert.Less(t, time.Since(over), 30*time.Second) // 1,000 rows at 51 a second take 20
	})
}

// A hot range keeps its own rate and loses no row; the rest of the table goes on
// beside it.
func TestHotRange(t *testing.T) {
	t.Parallel()
	testHotRanges(t, 2)
}

// TestHeavyHotRange is TestHotRange with more rows.
func TestHeavyHotRange(t *testing.T) {
	testsize.Heavy(t)
	t.Parallel()
	testHotRanges(t, 1)
}

// testHotRanges writes a part of the rows of a heavy run. The bounds leave room for chance: in 320 heavy
// runs the rate was 0.85 to 1.00 of what the hot range allows, and 0.02 to 0.17 units were refused for
// each row.
func testHotRanges(t *testing.T, part int) {
	t.Helper()
	for _, tt := range []struct {
		limit float64 // write units a second of the hot range
		every int     // every so many rows one is of the hot range
		rows  int
	}{{200, 20, 80_000}, {1000, 10, 80_000}, {20, 100, 10_000}} {
		t.Run(fmt.Sprintf("%.0f units for 1 row in %d", tt.limit, tt.every), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { hotRange(t, tt.limit, tt.every, tt.rows/part) })
		})
	}
}

func hotRange(t *testing.T, limit float64, every, rows int) {
	db := dynamodesttest.NewTable(table, "id:S")
	db.KeepHistory(0)
	db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
	hot := db.Limit(table, dynamodesttest.Capacity{UnitsPerSecond: limit, Keys: func(key []types.AttributeValue) bool {
		return strings.HasPrefix(key[0].(*types.AttributeValueMemberS).Value, "hot")
	}})
	dest := newDest(t, dynamodest.Config{Table: table, Client: untold{db}})
	begin, most := time.Now(), 0
	sum, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
		for i := range rows {
			id := "cold"
			if i%every == 0 {
				id = "hot"
			}
			if !yield(dynamodest.Row{"id": fmt.Sprint(id, i)}, nil) {
				return
			}
		}
	}, func(_ dynamodest.Row, r dynamodest.RowResult) error {
		most = max(most, r.Attempts)
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, rows, sum.Written)
	assert.GreaterOrEqual(t, float64(rows)/time.Since(begin).Seconds(), 0.8*limit*float64(every), "rows/s")
	_, refused := hot.Usage()
	assert.Less(t, refused/float64(rows), 0.20, "units refused for each row")
	assert.LessOrEqual(t, most, 15, "requests that carried one row")
}

// untold is a table whose description does not give its capacity.
type untold struct{ *dynamodesttest.DB }

func (u untold) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, opts ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	out, err := u.DB.DescribeTable(ctx, in, opts...)
	if err == nil {
		out.Table.BillingModeSummary, out.Table.ProvisionedThroughput, out.Table.WarmThroughput = nil, nil, nil
	}
	return out, err
}

// gateLimiter calls allow before every request.
type gateLimiter func() error

func (g gateLimiter) WaitN(context.Context, int) error { return g() }

// No request starts after the call has stopped, also if the Limiter lets it.
func TestNoRequestStartsAfterStop(t *testing.T) {
	t.Parallel()
	t.Run("of the context", func(t *testing.T) {
		t.Parallel()
		db := dynamodesttest.NewTable(table, "id:S")
		ctx, cancel := context.WithCancel(t.Context())
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Limiter: gateLimiter(func() error {
			cancel()
			return nil
		})})
		res, err := dest.Write(ctx, numbered(10))
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 10, res.Summary.NotWritten)
		assert.Zero(t, res.Summary.Requests)
		assert.Equal(t, map[string]int{"DescribeTable": 1}, db.Actions())
	})
	t.Run("of report", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			dest := newDest(t, dynamodest.Config{Table: table, Client: db, MaxWait: time.Millisecond, Limiter: slowLimiter(time.Second)})
			failed := errors.New("no more")
			source := func(yield func(dynamodest.Row, error) bool) {
				for _, row := range numbered(500) {
					if !yield(row, nil) {
						return
					}
				}
			}
			requests := 0
			sum, err := dest.WriteSeq(t.Context(), source, func(dynamodest.Row, dynamodest.RowResult) error {
				requests = db.Actions()["BatchWriteItem"]
				return failed
			})
			require.ErrorIs(t, err, failed)
			assert.Equal(t, 500, sum.Rows)
			assert.Equal(t, requests, db.Actions()["BatchWriteItem"], "no request after report's error")
		})
	})
}

// slowLimiter waits as long before each request.
type slowLimiter time.Duration

func (s slowLimiter) WaitN(ctx context.Context, _ int) error {
	select {
	case <-time.After(time.Duration(s)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
