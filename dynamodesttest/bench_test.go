package dynamodesttest_test

import (
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// BenchmarkBatchWriteItem writes rows of ten columns, 25 in each call. Most of the time is the
// SDK's own.
func BenchmarkBatchWriteItem(b *testing.B) {
	run := func(b *testing.B, connect func(*dynamodesttest.DB) client) {
		db := dynamodesttest.NewTable("users", "id:S", "at:N")
		c := connect(db)
		in := &dynamodb.BatchWriteItemInput{ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes}
		next := 0
		for b.Loop() {
			items := numbered(next, 25)
			for _, it := range items {
				for j := range 8 {
					it["attribute"+strconv.Itoa(j)] = s("some text of a row")
				}
			}
			next += 25
			in.RequestItems = map[string][]types.WriteRequest{"users": puts(items...)}
			_, err := c.BatchWriteItem(b.Context(), in)
			require.NoError(b, err)
		}
		b.ReportMetric(float64(25*b.N)/b.Elapsed().Seconds(), "rows/s")
	}
	b.Run("in process", func(b *testing.B) { run(b, func(db *dynamodesttest.DB) client { return db }) })
	b.Run("over HTTP", func(b *testing.B) { run(b, func(db *dynamodesttest.DB) client { return overHTTP(b, db) }) })
}
