package dynamodest_test

import (
	"context"
	"strconv"
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

// One partition key that is offered at ten times what its partition accepts leaves the other rows at
// least 95 % of what the table has for them.
func TestHotPartitionKeyLeavesTheOthersTheirRate(t *testing.T) {
	t.Parallel()
	const rate, hotRate, every = 2000, 20, 10
	synctest.Test(t, func(t *testing.T) {
		n := testsize.Pick(30_000, 60_000)
		most := n * (every - 1) / every * 99 / 100 // some of the last ones may have been refused once
		db := dynamodesttest.NewTable(table, "p:S", "s:N")
		db.KeepHistory(0)
		db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
		db.Limit(table, dynamodesttest.Capacity{UnitsPerSecond: rate})
		db.Limit(table, dynamodesttest.Capacity{UnitsPerSecond: hotRate, Keys: func(key []types.AttributeValue) bool {
			return key[0].(*types.AttributeValueMemberS).Value == "hot"
		}})
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, ReportAsSettled: true})
		began, others, last := time.Now(), 0, time.Duration(0)
		source := func(yield func(dynamodest.Row, error) bool) {
			for i := range n {
				p := "hot"
				if i%every > 0 {
					p = strconv.Itoa(i)
				}
				if !yield(dynamodest.Row{"p": p, "s": i}, nil) {
					return
				}
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := dest.WriteSeq(ctx, source, func(_ dynamodest.Row, r dynamodest.RowResult) error {
			if r.Index%every > 0 {
				require.Equal(t, dynamodest.Written, r.Outcome)
				others++
				if others == most {
					last = time.Since(began)
				}
				if others == n*(every-1)/every {
					cancel() // the hot rows would take minutes more
				}
			}
			return nil
		})
		require.ErrorIs(t, err, dynamodest.ErrStopped)
		assert.Equal(t, n*(every-1)/every, others)
		free := float64(most) / (rate - hotRate)
		t.Logf("%d other rows in %v: %.1f %% of the rate that is left for them", most, last, 100*free/last.Seconds())
		assert.Less(t, time.Since(began).Seconds(), free/0.95+10, "the last ones too")
		assert.LessOrEqual(t, last.Seconds(), free/0.95)
	})
}
