package dynamodesttest_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func deletes(keys ...item) []types.WriteRequest {
	requests := make([]types.WriteRequest, len(keys))
	for i := range keys {
		requests[i].DeleteRequest = &types.DeleteRequest{Key: keys[i]}
	}
	return requests
}

func deleteBatch(table string, keys ...item) *dynamodb.BatchWriteItemInput {
	return &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: deletes(keys...)}}
}

func TestHistoryShowsDeletes(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		a, never := user("a", "1"), user("never", "1")
		for _, in := range []*dynamodb.BatchWriteItemInput{
			batch("users", a), batch("users", a), deleteBatch("users", a, never), batch("users", a), deleteBatch("users", never),
		} {
			_, err := c.BatchWriteItem(t.Context(), in)
			require.NoError(t, err)
		}
		type seen struct {
			call    int
			key     string
			deleted bool
			puts    int
			item    item
		}
		keyA, keyNever := dynamodesttest.Key("a", 1), dynamodesttest.Key("never", 1)
		var got []seen
		for i, w := range db.Writes() {
			assert.Equal(t, i+1, w.Seq)
			assert.Equal(t, "users", w.Table)
			got = append(got, seen{w.Call, w.Key, w.Deleted, w.Puts, w.Item()})
		}
		assert.Equal(t, []seen{
			{1, keyA, false, 1, a}, {2, keyA, false, 2, a}, {3, keyA, true, 3, nil}, {3, keyNever, true, 1, nil},
			{4, keyA, false, 4, a}, {5, keyNever, true, 2, nil},
		}, got)
		latest := db.Latest("users")
		require.Len(t, latest, 1)
		assert.Equal(t, 4, latest[0].Puts)
		assert.Equal(t, 2, db.Calls()[2].Written)
	})
}

// The hook of SetFault sees the key of a delete, as it is stored.
func TestHookSeesDeletes(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		calls := 0
		db.SetFault(func(call dynamodesttest.Call) dynamodesttest.Fault {
			calls++
			assert.Equal(t, []string{dynamodesttest.Key("a", 1), dynamodesttest.Key("b", 2)}, call.Keys)
			assert.Equal(t, []int{calls, calls}, call.Attempts)
			assert.Equal(t, user("b", "2"), call.Item(1))
			return dynamodesttest.Fault{}
		})
		for range 2 {
			_, err := c.BatchWriteItem(t.Context(), deleteBatch("users", user("a", "1.0"), user("b", "2e0")))
			require.NoError(t, err)
		}
		assert.Equal(t, 2, calls)
	})
}

func TestUnprocessedDeletes(t *testing.T) {
	t.Parallel()
	a, b, added := user("a", "1"), user("b", "1.5"), user("c", "3")
	mixed := append(deletes(a, b), puts(added)...)
	all := dynamodesttest.Unprocessed(dynamodesttest.All)
	for name, test := range map[string]struct {
		fault dynamodesttest.Fault
		table string
		want  []types.WriteRequest
	}{
		"all":       {all, "users", mixed},
		"one":       {dynamodesttest.Unprocessed(dynamodesttest.Index(1)), "users", deletes(b)},
		"respelled": {all.Respelled(), "users", append(deletes(user("a", "1.0"), user("b", "1.50")), puts(user("c", "3.0"))...)},
		"by ARN":    {all.ByARN(), dynamodesttest.ARN("users"), mixed},
		"a stranger": {
			dynamodesttest.Fault{}.WithStranger(), "users",
			deletes(user("not in the request", "-98765432123456789")),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
				_, err := c.BatchWriteItem(t.Context(), batch("users", a, b))
				require.NoError(t, err)
				db.FailWrites(test.fault)
				out, err := c.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"users": mixed}})
				require.NoError(t, err)
				assert.Equal(t, map[string][]types.WriteRequest{test.table: test.want}, out.UnprocessedItems)
				out, err = c.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: out.UnprocessedItems})
				require.NoError(t, err)
				assert.Empty(t, out.UnprocessedItems)
				assert.Equal(t, []item{added}, db.Items("users"))
			})
		})
	}
}

func TestFaultsOfDeletes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault   dynamodesttest.Fault
		failing bool
		left    []item
	}{
		"none":                {dynamodesttest.Fault{}, false, nil},
		"reset":               {dynamodesttest.Reset(), true, []item{user("a", "1"), user("b", "1")}},
		"reset after write":   {dynamodesttest.Reset().AfterWrite(), true, nil},
		"reset after some":    {dynamodesttest.Reset().AfterWriting(dynamodesttest.First(1)), true, []item{user("b", "1")}},
		"error after write":   {dynamodesttest.Error(500, "InternalServerError", "").AfterWrite(), true, nil},
		"truncated":           {dynamodesttest.Truncated(), true, nil},
		"late, never applied": {dynamodesttest.Reset().AppliedLate(100), true, []item{user("a", "1"), user("b", "1")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
				_, err := c.BatchWriteItem(t.Context(), batch("users", user("a", "1"), user("b", "1")))
				require.NoError(t, err)
				db.FailWrites(test.fault)
				_, err = c.BatchWriteItem(t.Context(), deleteBatch("users", user("a", "1"), user("b", "1")))
				assert.Equal(t, test.failing, err != nil)
				assert.ElementsMatch(t, test.left, db.Items("users"))
			})
		})
	}
}

// A late delete removes an item that was put in the meantime.
func TestDeleteAppliedLate(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		db.FailWrites(dynamodesttest.Reset().AppliedLate(2))
		_, err := c.BatchWriteItem(t.Context(), deleteBatch("users", user("a", "1")))
		require.Error(t, err)
		_, err = c.BatchWriteItem(t.Context(), batch("users", user("a", "1")))
		require.NoError(t, err)
		assert.Equal(t, 1, db.Len("users"))
		_, err = c.BatchWriteItem(t.Context(), batch("users", user("b", "1")))
		require.NoError(t, err)
		assert.Equal(t, []item{user("b", "1")}, db.Items("users"))
		late := db.Writes()[1]
		assert.True(t, late.Late)
		assert.True(t, late.Deleted)
		assert.Equal(t, 1, late.Call)
		assert.Nil(t, late.Item())
	})
}

func TestUnitsOfDeletes(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.New()
	in := withIndex(tableInput("id:S"), "global", []string{"gk:S"}, nil)
	in.TableName = aws.String("things")
	_, err := db.CreateTable(t.Context(), &in)
	require.NoError(t, err)
	limit := db.Limit("things", dynamodesttest.Capacity{UnitsPerSecond: 1000, Full: true})
	padding := s(strings.Repeat("x", 2500))
	for _, it := range []item{{"id": s("big"), "p": padding}, {"id": s("indexed"), "gk": s("g"), "p": padding}, {"id": s("small")}} {
		_, err := db.PutItem(t.Context(), putItem("things", it))
		require.NoError(t, err)
	}
	var written float64
	for _, test := range []struct {
		id           string
		table, index float64
	}{{"big", 3, 0}, {"indexed", 3, 3}, {"small", 1, 0}, {"big", 1, 0}} {
		before, _ := db.Usage("things")
		del := deleteBatch("things", item{"id": s(test.id)})
		del.ReturnConsumedCapacity = types.ReturnConsumedCapacityIndexes
		out, err := db.BatchWriteItem(t.Context(), del)
		require.NoError(t, err)
		require.Len(t, out.ConsumedCapacity, 1)
		got := out.ConsumedCapacity[0]
		assert.InDelta(t, test.table, *got.Table.CapacityUnits, 0, test.id)
		assert.InDelta(t, test.index, aws.ToFloat64(got.GlobalSecondaryIndexes["global"].CapacityUnits), 0, test.id)
		written, _ = db.Usage("things")
		assert.InDelta(t, test.table, written-before, 0, test.id)
	}
	accepted, _ := limit.Usage()
	assert.InDelta(t, written, accepted, 0)
}

// Deletes that exceed the capacity come back, and a call in which nothing fits is throttled.
func TestDeletesBeyondTheCapacity(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable("users", "id:S", "at:N")
	for _, id := range []string{"a", "b"} {
		_, err := db.PutItem(t.Context(), putItem("users", user(id, "1")))
		require.NoError(t, err)
	}
	db.Limit("users", dynamodesttest.Capacity{UnitsPerSecond: 1e-9, Burst: 1e18, Full: true})
	out, err := db.BatchWriteItem(t.Context(), deleteBatch("users", user("a", "1"), user("b", "1")))
	require.NoError(t, err)
	assert.Equal(t, deletes(user("b", "1")), out.UnprocessedItems["users"])
	_, err = db.BatchWriteItem(t.Context(), deleteBatch("users", user("b", "1")))
	var throughput *types.ProvisionedThroughputExceededException
	require.ErrorAs(t, err, &throughput)
	assert.Equal(t, []item{user("b", "1")}, db.Items("users"))
}
