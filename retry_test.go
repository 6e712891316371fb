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
	const refused, fresh = true, false
	tests := []struct {
		name     string
		start    int  // vain before
		flying   int  // requests with refused rows that are still in flight
		carried  bool // the request that is refused carried such rows
		progress bool
		want     int // vain after
		waits    bool
	}{
		{"first refusal of all rows", 0, 0, fresh, false, 1, true},
		{"first refusal of some rows", 0, 0, fresh, true, 1, true},
		{"refused rows refused again", 3, 0, refused, false, 4, true},
		{"some of them taken", 3, 0, refused, true, 2, true},
		{"some of them taken after one refusal", 1, 0, refused, true, 1, true},
		{"fresh rows all refused", 3, 0, fresh, false, 4, true},
		{"some fresh rows taken", 3, 0, fresh, true, 3, true},
		{"fresh rows while refused ones ask", 3, 1, fresh, true, 3, false},
		{"fresh rows all refused while refused ones ask", 3, 1, fresh, false, 3, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1_700_000_000, 0)
			b := backoff{Retry: Retry{MinDelay: 50 * time.Millisecond, MaxDelay: 5 * time.Second}, vain: tt.start, flying: tt.flying}
			b.refused(now.Add(-10*time.Millisecond), now, tt.carried, tt.progress)
			assert.Equal(t, tt.want, b.vain)
			assert.Equal(t, tt.waits, b.until.Equal(now) || b.until.After(now))
			assert.LessOrEqual(t, b.until.Sub(now), b.bound(tt.want))
			assert.True(t, b.probing)
		})
	}
}

func TestOneMomentShutsTheQueueOnce(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	b := backoff{Retry: Retry{MinDelay: time.Second, MaxDelay: 5 * time.Second}, vain: 2, until: now.Add(time.Second)}
	assert.Zero(t, b.refused(now.Add(-time.Second), now, true, false), "the wait is running")
	now = now.Add(2 * time.Second)
	assert.Zero(t, b.refused(now.Add(-3*time.Second), now, true, false), "sent before the wait was over")
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
	synctest.Test(t, func(t *testing.T) {
		const limit, every, rows = 200, 20, 40_000
		db := dynamodesttest.NewTable("users", "id:S")
		db.KeepHistory(0)
		db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
		hot := db.Limit("users", dynamodesttest.Capacity{UnitsPerSecond: limit, Keys: func(key []types.AttributeValue) bool {
			return strings.HasPrefix(key[0].(*types.AttributeValueMemberS).Value, "hot")
		}})
		dest, err := New(t.Context(), Config{Region: dynamodesttest.Region, Table: "users", Client: untold{db}})
		require.NoError(t, err)
		begin := time.Now()
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
		}, nil)
		require.NoError(t, err)
		assert.Equal(t, rows, sum.Written)
		perSecond := rows / time.Since(begin).Seconds()
		assert.GreaterOrEqual(t, perSecond, 0.9*limit*every)
		_, refused := hot.Usage()
		assert.Less(t, refused, 0.25*rows, "units refused")
	})
}
