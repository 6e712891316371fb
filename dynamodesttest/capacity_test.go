package dynamodesttest_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func numbered(from, n int) []item {
	items := make([]item, n)
	for i := range items {
		items[i] = user("u"+strconv.Itoa(from+i), "1")
	}
	return items
}

func TestCapacityFillsWithTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable("users", "id:S", "at:N")
		limit := db.Limit("users", dynamodesttest.Capacity{UnitsPerSecond: 10})
		send := func(from int) (unprocessed int, err error) {
			out, err := db.BatchWriteItem(t.Context(), batch("users", numbered(from, 25)...))
			if err != nil {
				return 0, err
			}
			return len(out.UnprocessedItems["users"]), nil
		}

		_, err := send(0)
		var throughput *types.ProvisionedThroughputExceededException
		require.ErrorAs(t, err, &throughput, "it starts empty")
		assert.Equal(t, []types.ThrottlingReason{{
			Reason: aws.String("TableWriteProvisionedThroughputExceeded"), Resource: aws.String(dynamodesttest.ARN("users")),
		}}, throughput.ThrottlingReasons)

		time.Sleep(700 * time.Millisecond)
		left, err := send(0)
		require.NoError(t, err)
		assert.Equal(t, 18, left)

		time.Sleep(time.Hour)
		left, err = send(100)
		require.NoError(t, err)
		assert.Equal(t, 15, left, "it holds one second's units")

		limit.Set(20)
		time.Sleep(time.Second)
		left, err = send(200)
		require.NoError(t, err)
		assert.Equal(t, 5, left)

		written, refused := limit.Usage()
		assert.InDelta(t, 7+10+20, written, 0)
		assert.InDelta(t, 25+18+15+5, refused, 0)
		written, refused = db.Usage("users")
		assert.InDelta(t, 37, written, 0)
		assert.InDelta(t, 63, refused, 0)
	})
}

func TestLargeItemFitsAFullBucketAndOwesTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable("users", "id:S", "at:N")
		db.Limit("users", dynamodesttest.Capacity{UnitsPerSecond: 5, Full: true, Code: "ThrottlingException"})
		big := user("big", "1")
		big["p"] = s(strings.Repeat("x", 9*1024))
		_, err := db.PutItem(t.Context(), putItem("users", big))
		require.NoError(t, err)
		_, err = db.PutItem(t.Context(), putItem("users", user("small", "1")))
		var throttling *types.ThrottlingException
		require.ErrorAs(t, err, &throttling)
		time.Sleep(1199 * time.Millisecond)
		_, err = db.PutItem(t.Context(), putItem("users", user("small", "1")))
		require.ErrorAs(t, err, &throttling, "five units are owed and one is asked for")
		time.Sleep(time.Millisecond)
		_, err = db.PutItem(t.Context(), putItem("users", user("small", "1")))
		require.NoError(t, err)
	})
}

func TestCapacityOfIndexAndKeyRange(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.New()
	in := withIndex(tableInput("id:S"), "global", []string{"gk:S"}, nil)
	in.TableName = aws.String("things")
	_, err := db.CreateTable(t.Context(), &in)
	require.NoError(t, err)
	never := 1e-9 // units per second: in practice the bucket stays empty
	db.Limit("things", dynamodesttest.Capacity{UnitsPerSecond: never, Index: "global"})
	db.Limit("things", dynamodesttest.Capacity{UnitsPerSecond: never, Keys: dynamodesttest.PartitionKeys("hot")})

	out, err := db.BatchWriteItem(t.Context(), batch("things",
		item{"id": s("cold")}, item{"id": s("hot")}, item{"id": s("indexed"), "gk": s("g")}))
	require.NoError(t, err)
	assert.Len(t, out.UnprocessedItems["things"], 2)
	assert.Equal(t, []item{{"id": s("cold")}}, db.Items("things"))

	_, err = db.BatchWriteItem(t.Context(), batch("things", item{"id": s("hot"), "gk": s("g")}))
	var throughput *types.ProvisionedThroughputExceededException
	require.ErrorAs(t, err, &throughput)
	arn := dynamodesttest.ARN("things")
	assert.ElementsMatch(t, []types.ThrottlingReason{
		{Reason: aws.String("IndexWriteProvisionedThroughputExceeded"), Resource: aws.String(arn + "/index/global")},
		{Reason: aws.String("TableWriteKeyRangeThroughputExceeded"), Resource: &arn},
	}, throughput.ThrottlingReasons)
}

func TestHashRange(t *testing.T) {
	t.Parallel()
	in := dynamodesttest.HashRange(0.25, 0.5)
	hits := 0
	for i := range 10_000 {
		if in([]types.AttributeValue{s("user-" + strconv.Itoa(i))}) {
			hits++
		}
	}
	assert.InDelta(t, 2_500, hits, 150)
}

func TestConsumedCapacity(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.New()
	in := withIndex(tableInput("id:S"), "all", []string{"g:S"}, nil)
	in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
		IndexName: aws.String("keys"), KeySchema: in.GlobalSecondaryIndexes[0].KeySchema, Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
	})
	in.TableName = aws.String("things")
	_, err := db.CreateTable(t.Context(), &in)
	require.NoError(t, err)
	text := func(n int) types.AttributeValue { return s(strings.Repeat("x", n)) }

	for _, test := range []struct {
		name             string
		item             item
		table, all, keys float64
	}{
		{"new, in no index", item{"id": s("a"), "p": text(3000)}, 3, 0, 0},
		{"smaller than the old image", item{"id": s("a")}, 3, 0, 0},
		{"into the indexes", item{"id": s("a"), "g": s("1"), "p": text(1500)}, 2, 2, 1},
		{"only what one index projects", item{"id": s("a"), "g": s("1"), "p": text(1600)}, 2, 2, 0},
		{"nothing changed", item{"id": s("a"), "g": s("1"), "p": text(1600)}, 2, 0, 0},
		{"another index key", item{"id": s("a"), "g": s("2"), "p": text(100)}, 2, 3, 2},
		{"out of the indexes", item{"id": s("a")}, 1, 1, 1},
	} {
		out, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: in.TableName, Item: test.item, ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes})
		require.NoError(t, err, test.name)
		c := out.ConsumedCapacity
		indexUnits := func(name string) float64 { return aws.ToFloat64(c.GlobalSecondaryIndexes[name].CapacityUnits) }
		assert.InDelta(t, test.table, *c.Table.CapacityUnits, 0, test.name)
		assert.InDelta(t, test.all, indexUnits("all"), 0, test.name)
		assert.InDelta(t, test.keys, indexUnits("keys"), 0, test.name)
		assert.InDelta(t, test.table+test.all+test.keys, *c.CapacityUnits, 0, test.name)
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable("users", "id:S", "at:N")
		db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
		var all time.Duration
		for i := range 1000 {
			began := time.Now()
			_, err := db.PutItem(t.Context(), putItem("users", user(strconv.Itoa(i), "1")))
			require.NoError(t, err)
			took := time.Since(began)
			assert.GreaterOrEqual(t, took, 8*time.Millisecond)
			assert.LessOrEqual(t, took, 12*time.Millisecond)
			all += took
		}
		assert.InDelta(t, 10, float64(all.Milliseconds())/1000, 0.2)

		db.SetLatency(10*time.Second, 10*time.Second, 1)
		for _, test := range []struct {
			patience time.Duration
			written  bool
		}{{4 * time.Second, false}, {6 * time.Second, true}} {
			ctx, cancel := context.WithTimeout(t.Context(), test.patience)
			id := fmt.Sprint(test.patience)
			_, err := db.PutItem(ctx, putItem("users", user(id, "1")))
			cancel()
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, test.written, db.Item("users", id, 1) != nil)
		}
	})
}

func TestNewTablesAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable("before", "id:S", "at:N")
		db.LimitNewTables(dynamodesttest.Capacity{UnitsPerSecond: 10, Full: true})
		db.AddTable("users", "id:S", "at:N")
		send := func(table string) int {
			out, err := db.BatchWriteItem(t.Context(), batch(table, numbered(0, 25)...))
			require.NoError(t, err)
			return len(out.UnprocessedItems[table])
		}
		assert.Zero(t, send("before"))
		assert.Equal(t, 15, send("users"))
		time.Sleep(500 * time.Millisecond)
		assert.Equal(t, 20, send("users"))

		_, err := db.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("users")})
		require.NoError(t, err)
		db.AddTable("users", "id:S", "at:N")
		assert.Equal(t, 15, send("users"), "a new table has a bucket of its own")
	})
	db := dynamodesttest.New()
	assert.Panics(t, func() { db.LimitNewTables(dynamodesttest.Capacity{}) })
	assert.Panics(t, func() { db.LimitNewTables(dynamodesttest.Capacity{UnitsPerSecond: 1, Index: "x"}) })
	assert.Panics(t, func() { db.LimitNewTables(dynamodesttest.Capacity{Provisioned: true}) })
}
