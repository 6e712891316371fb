package dynamodest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestBackoffFollowsTheRefusedRows(t *testing.T) {
	t.Parallel()
	retry := Retry{MinDelay: 50 * time.Millisecond, MaxDelay: 5 * time.Second}
	tests := []struct {
		name   string
		before backoff
		got    setback
		vain   int
		most   int
		waits  bool
	}{
		{"first refusal of all rows", backoff{}, setback{}, 1, 1, true},
		{"first refusal of some rows", backoff{}, setback{taken: 20}, 1, 1, true},
		{"refused rows refused again", backoff{vain: 3, most: 8}, setback{again: 8}, 4, 1, true},
		{"some of them taken", backoff{vain: 3, most: 8}, setback{again: 8, taken: 3}, 2, 4, true},
		{"some of them taken after one refusal", backoff{vain: 1, most: 1}, setback{again: 1, taken: 1}, 1, 1, true},
		{"fresh rows all refused", backoff{vain: 3, most: 8}, setback{}, 4, 1, true},
		{"some fresh rows taken", backoff{vain: 3, most: 8}, setback{taken: 20}, 3, 1, true},
		{"no answer", backoff{vain: 3, most: 8}, setback{again: 8, down: true}, 4, maxBatchItems, true},
		{"fresh rows while refused ones ask", backoff{vain: 3, most: 8, flying: 8}, setback{taken: 20}, 3, 8, false},
		{"fresh rows all refused while refused ones ask", backoff{vain: 3, most: 8, flying: 8}, setback{}, 3, 8, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1_700_000_000, 0)
			b := tt.before
			b.Retry = retry
			tt.got.sent, tt.got.now = now.Add(-10*time.Millisecond), now
			b.refused(tt.got)
			assert.Equal(t, tt.vain, b.vain)
			assert.Equal(t, tt.most, b.most)
			assert.Equal(t, tt.waits, !b.until.Before(now))
			assert.LessOrEqual(t, b.until.Sub(now), b.bound(tt.vain))
		})
	}
}

func TestBackoffLetsMoreGoAsRowsAreTaken(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	b := backoff{vain: 2, most: 1, until: now}
	assert.Zero(t, b.room(now.Add(-1)), "shut")
	for _, want := range []int{1, 2, 4, 8} {
		require.Equal(t, want, b.room(now))
		b.started(want)
		require.Zero(t, b.room(now), "all that may are in flight")
		b.ended(want)
		b.taken(want)
	}
	assert.Zero(t, b.vain)
	b.taken(0)
	b.started(1)
	b.ended(1)
	b.taken(1)
	assert.Equal(t, 16, b.room(now), "what is not used is not doubled")
}

func TestOneMomentShutsTheQueueOnce(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	b := backoff{Retry: Retry{MinDelay: time.Second, MaxDelay: 5 * time.Second}, vain: 2, until: now.Add(time.Second)}
	_, began := b.refused(setback{sent: now.Add(-time.Second), now: now, again: 1})
	assert.False(t, began, "the wait is running")
	now = now.Add(2 * time.Second)
	_, began = b.refused(setback{sent: now.Add(-3 * time.Second), now: now, again: 1})
	assert.False(t, began, "sent before the wait was over")
	assert.Equal(t, 2, b.vain)
}

// untold is a table whose description tells nothing of its capacity.
type untold struct{ *dynamodesttest.DB }

func (u untold) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, opts ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	out, err := u.DB.DescribeTable(ctx, in, opts...)
	if err == nil {
		out.Table.BillingModeSummary, out.Table.ProvisionedThroughput, out.Table.WarmThroughput = nil, nil, nil
	}
	return out, err
}

func TestHotRangeLosesNoRowAndDragsNothingDown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit float64 // write units a second of the hot range
		every int     // every so many rows one is of the hot range
		rows  int
	}{{200, 20, 40_000}, {1000, 10, 40_000}, {20, 100, 10_000}} {
		t.Run(fmt.Sprintf("%.0f units for 1 row in %d", tt.limit, tt.every), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { hotRange(t, tt.limit, tt.every, tt.rows) })
		})
	}
}

func hotRange(t *testing.T, limit float64, every, rows int) {
	db := dynamodesttest.NewTable("users", "id:S")
	db.KeepHistory(0)
	db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
	hot := db.Limit("users", dynamodesttest.Capacity{UnitsPerSecond: limit, Keys: func(key []types.AttributeValue) bool {
		return strings.HasPrefix(key[0].(*types.AttributeValueMemberS).Value, "hot")
	}})
	dest, err := New(t.Context(), Config{Region: dynamodesttest.Region, Table: "users", Client: untold{db}})
	require.NoError(t, err)
	begin, most := time.Now(), 0
	sum, err := dest.WriteSeq(t.Context(), func(yield func(Row, error) bool) {
		for i := range rows {
			id := "cold"
			if i%every == 0 {
				id = "hot"
			}
			if !yield(Row{"id": fmt.Sprint(id, i)}, nil) {
				return
			}
		}
	}, func(_ Row, r RowResult) error {
		most = max(most, r.Attempts)
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, rows, sum.Written)
	assert.GreaterOrEqual(t, float64(rows)/time.Since(begin).Seconds(), 0.9*limit*float64(every), "rows/s")
	_, refused := hot.Usage()
	assert.Less(t, refused/float64(rows), 0.15, "units refused for each row")
	assert.LessOrEqual(t, most, 15, "requests that carried one row")
}
