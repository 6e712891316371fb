package dynamodest_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/internal/testsize"
)

// stubborn is a table that answers each request after 10 ms, and takes every row but those of some keys.
type stubborn struct {
	refused map[string]bool // keys

	mu       sync.Mutex
	taken    int       // rows
	lastTime time.Time // when the last of them was
}

const stubbornLatency = 10 * time.Millisecond

// refusing is a stubborn table that takes no rows of those indexes of numbered rows.
func refusing(rows []dynamodest.Row, indexes ...int) *stubborn {
	s := &stubborn{refused: map[string]bool{}}
	for _, i := range indexes {
		s.refused[rows[i]["id"].(string)] = true
	}
	return s
}

// client returns s as a client.
func (s *stubborn) client() fake {
	return fake{
		describe: described,
		batch: func(ctx context.Context, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			out := &dynamodb.BatchWriteItemOutput{UnprocessedItems: map[string][]types.WriteRequest{}}
			for _, put := range in.RequestItems[table] {
				if s.refuses(put.PutRequest.Item) {
					out.UnprocessedItems[table] = append(out.UnprocessedItems[table], put)
				}
			}
			return out, s.respond(ctx, len(in.RequestItems[table])-len(out.UnprocessedItems[table]))
		},
		put: func(ctx context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
			if s.refuses(in.Item) {
				if err := s.respond(ctx, 0); err != nil {
					return nil, err
				}
				return nil, &types.ProvisionedThroughputExceededException{}
			}
			return &dynamodb.PutItemOutput{}, s.respond(ctx, 1)
		},
	}
}

func (s *stubborn) refuses(item map[string]types.AttributeValue) bool {
	return s.refused[item["id"].(*types.AttributeValueMemberS).Value]
}

// respond counts rows that are taken once the latency is over.
func (s *stubborn) respond(ctx context.Context, rows int) error {
	select {
	case <-time.After(stubbornLatency):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken += rows; rows > 0 {
		s.lastTime = time.Now()
	}
	return nil
}

// stuckRows are n indexes spread over rows.
func stuckRows(n, rows int) (indexes []int) {
	for i := range n {
		indexes = append(indexes, i*rows/n)
	}
	return indexes
}

// A key that the table keeps refusing stalls no other: they are all taken at 80 % at least of the rate
// without such keys, by Write, by WriteSeq in row order while what waits fits the window, and by
// WriteSeq as rows settle, in a small window. The stuck rows' own attempts take half a minute at most.
func TestStuckKeysStallNoOthers(t *testing.T) {
	t.Parallel()
	testStuckKeys(t, testsize.Pick(25_000, 50_000), 0, 1, 40)
}

// TestHeavyStuckKeysStallNoOthers is TestStuckKeysStallNoOthers with more rows.
func TestHeavyStuckKeysStallNoOthers(t *testing.T) {
	testsize.Heavy(t)
	t.Parallel()
	testStuckKeys(t, 200_000, 0, 1, 10, 40)
}

func testStuckKeys(t *testing.T, n int, numbers ...int) {
	t.Helper()
	rows := numbered(n)
	report := func(dynamodest.Row, dynamodest.RowResult) error { return nil }
	bySeq := func(dest *dynamodest.Destination) (dynamodest.Summary, error) {
		return dest.WriteSeq(context.Background(), seq(rows), report)
	}
	for name, tt := range map[string]struct {
		cfg  dynamodest.Config
		call func(*dynamodest.Destination) (dynamodest.Summary, error)
	}{
		"Write": {dynamodest.Config{WindowBytes: 8 << 20}, func(dest *dynamodest.Destination) (dynamodest.Summary, error) {
			res, err := dest.Write(context.Background(), rows)
			return res.Summary, err
		}},
		"WriteSeq without report": {dynamodest.Config{WindowBytes: 8 << 20}, func(dest *dynamodest.Destination) (dynamodest.Summary, error) {
			return dest.WriteSeq(context.Background(), seq(rows), nil)
		}},
		"WriteSeq in row order": {dynamodest.Config{}, bySeq},
		"WriteSeq as settled":   {dynamodest.Config{WindowBytes: 8 << 20, ReportAsSettled: true}, bySeq},
	} {
		testInBubble(t, name, func(t *testing.T) {
			var unhindered time.Duration
			for _, stuck := range numbers {
				table := refusing(rows, stuckRows(stuck, len(rows))...)
				tt.cfg.Table, tt.cfg.Client = "rows", table.client()
				dest := newDest(t, tt.cfg)
				began := time.Now()
				sum, err := tt.call(dest)
				took := table.lastTime.Sub(began)
				assert.Equal(t, stuck == 0, err == nil)
				assert.Equal(t, len(rows)-stuck, table.taken)
				assert.Equal(t, len(rows)-stuck, sum.Written)
				assert.Equal(t, stuck, sum.NotWritten)
				if stuck == 0 {
					unhindered = took
				}
				t.Logf("%2d stuck keys: the others were taken in %v; the call took %v", stuck, took, time.Since(began))
				assert.LessOrEqual(t, took, unhindered*10/8, "%d stuck keys", stuck)
				assert.LessOrEqual(t, time.Since(began), 30*time.Second, "%d stuck keys", stuck)
			}
		})
	}
}

// What waits to be reported behind a stuck row fills the window in the end: then WriteSeq takes no
// further row until the row is settled, and the Observer hears of that wait, once. In a larger window,
// or as rows settle, no row waits for another.
func TestWaitForTheWindow(t *testing.T) {
	t.Parallel()
	rows := numbered(testsize.Pick(20_000, 60_000))
	for name, tt := range map[string]struct {
		cfg   dynamodest.Config
		waits int
	}{
		"small window": {dynamodest.Config{WindowBytes: 2 << 20}, 1},
		"large window": {dynamodest.Config{}, 0},
		"as settled":   {dynamodest.Config{WindowBytes: 2 << 20, ReportAsSettled: true}, 0},
	} {
		testInBubble(t, name, func(t *testing.T) {
			table := refusing(rows, 100)
			taken, reported := 0, 0
			var waits []dynamodest.Wait
			tt.cfg.Table, tt.cfg.Client = "rows", table.client()
			tt.cfg.Observer.Wait = func(_ context.Context, w dynamodest.Wait) {
				if w.For != "window" {
					return
				}
				waits = append(waits, w) // on the caller's goroutine, so without a lock
				assert.Equal(t, 100, reported)
				assert.Less(t, w.Rows, taken-reported)
				assert.Greater(t, w.Rows, (taken-reported)/2)
				assert.Zero(t, w.Delay)
				time.Sleep(time.Second) // the rows in flight settle meanwhile
				table.mu.Lock()
				defer table.mu.Unlock()
				assert.Equal(t, taken-1, table.taken)
			}
			dest := newDest(t, tt.cfg)
			sum, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
				for _, row := range rows {
					taken++
					if !yield(row, nil) {
						return
					}
				}
			}, func(dynamodest.Row, dynamodest.RowResult) error { reported++; return nil })
			require.ErrorIs(t, err, dynamodest.ErrThrottled)
			assert.Equal(t, len(rows)-1, sum.Written)
			assert.Equal(t, len(rows), reported)
			assert.Len(t, waits, tt.waits)
		})
	}
}

// A call holds the rows that its requests need. While rows wait for another row of their key it takes more, so
// that they stop no others.
func TestWindowGrowsByRowsHeldBack(t *testing.T) {
	t.Parallel()
	const unanswered = time.Second
	for name, tt := range map[string]struct {
		concurrency int
		keys        int
		taken       int64 // before the first response
	}{
		"different keys":            {0, 20_000, 2048},
		"different keys, few calls": {1, 20_000, 512},
		"different keys, many":      {1000, 20_000, 16_384},
		"one key":                   {0, 1, 16_384},
		"few keys":                  {0, 100, 16_384},
	} {
		testInBubble(t, name, func(t *testing.T) {
			var taken, first atomic.Int64
			respond := func() {
				time.Sleep(unanswered)
				first.CompareAndSwap(0, taken.Load())
			}
			dest := newDest(t, dynamodest.Config{Table: table, Concurrency: tt.concurrency, MaxWait: time.Millisecond, Client: fake{
				describe: described,
				batch: func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
					respond()
					return &dynamodb.BatchWriteItemOutput{}, nil
				},
				put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
					respond()
					return &dynamodb.PutItemOutput{}, nil
				},
			}})
			_, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
				for i := range 20_000 {
					taken.Add(1)
					if !yield(dynamodest.Row{"id": strconv.Itoa(i % tt.keys)}, nil) {
						return
					}
				}
			}, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.taken, first.Load())
		})
	}
}

// A row larger than the window goes alone, by each kind of call.
func TestRowLargerThanTheWindow(t *testing.T) {
	t.Parallel()
	rows := numbered(20)
	for _, row := range rows {
		row["text"] = strings.Repeat("x", 350_000)
	}
	for _, asSettled := range []bool{false, true} {
		testInBubble(t, fmt.Sprint(asSettled), func(t *testing.T) {
			table := refusing(rows)
			dest := newDest(t, dynamodest.Config{Table: "rows", Client: table.client(), WindowBytes: 1 << 20, ReportAsSettled: asSettled})
			res, err := dest.Write(t.Context(), rows)
			require.NoError(t, err)
			assert.Equal(t, 20, res.Summary.Requests)
			reported := 0
			sum, err := dest.WriteSeq(t.Context(), seq(rows), func(dynamodest.Row, dynamodest.RowResult) error { reported++; return nil })
			require.NoError(t, err)
			assert.Equal(t, 20, sum.Requests)
			assert.Equal(t, 20, reported)
		})
	}
}

// The ten failed rows that a WriteError names first are those with the lowest indexes, in row order,
// also if rows with higher indexes fail before them.
func TestFirstFailedRowsWhateverTheOrder(t *testing.T) {
	t.Parallel()
	rows := numbered(2000)
	for i := range 12 { // these fail at once, and the stuck rows only after all their attempts
		delete(rows[1000+10*i], "id")
	}
	stuck := []int{3, 5, 40, 999, 1001}
	want := []int{3, 5, 40, 999, 1000, 1001, 1010, 1020, 1030, 1040}
	testInBubble(t, "in virtual time", func(t *testing.T) {
		for _, asSettled := range []bool{false, true} {
			table := refusing(rows, stuck...)
			dest := newDest(t, dynamodest.Config{Table: "rows", Client: table.client(), ReportAsSettled: asSettled})
			_, byWrite := dest.Write(t.Context(), rows)
			_, bySeq := dest.WriteSeq(t.Context(), seq(rows), func(dynamodest.Row, dynamodest.RowResult) error { return nil })
			for _, err := range []error{byWrite, bySeq} {
				var call *dynamodest.WriteError
				require.ErrorAs(t, err, &call)
				var first []int
				for _, row := range call.First {
					first = append(first, row.Index)
				}
				assert.Equal(t, want, first)
				assert.Equal(t, 12, call.Reasons[dynamodest.ErrKey])
				assert.Equal(t, 12+len(stuck), call.Summary.NotWritten)
			}
		}
	})
}

// A cancelled call that waits for the window, or for an unsettled row, reports every row it took.
func TestCancelWhileTheWindowIsFull(t *testing.T) {
	t.Parallel()
	rows := numbered(30_000)
	synctest.Test(t, func(t *testing.T) {
		table := refusing(rows, 0)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		dest := newDest(t, dynamodest.Config{
			Table: "rows", Client: table.client(), WindowBytes: 2 << 20,
			Observer: dynamodest.Observer{Wait: func(_ context.Context, w dynamodest.Wait) {
				if w.For == "window" {
					cancel()
				}
			}},
		})
		next := 0
		began := time.Now()
		sum, err := dest.WriteSeq(ctx, seq(rows), func(_ dynamodest.Row, r dynamodest.RowResult) error {
			assert.Equal(t, next, r.Index)
			next++
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, sum.Rows, next)
		assert.Less(t, next, len(rows))
		assert.Less(t, time.Since(began), time.Second)
	})
}
