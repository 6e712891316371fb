package dynamodesttest_test

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestUnprocessedShapes(t *testing.T) {
	t.Parallel()
	all := dynamodesttest.Unprocessed(dynamodesttest.All)
	a, b := user("a", "1"), user("b", "1.5")
	a["set"] = &types.AttributeValueMemberNS{Value: []string{"1", "2"}}
	longA, longB := user("a", "1.0"), user("b", "1.50")
	longA["set"] = &types.AttributeValueMemberNS{Value: []string{"2.0", "1.0"}}
	type requests = map[string][]types.WriteRequest
	for name, test := range map[string]struct {
		fault dynamodesttest.Fault
		want  requests
	}{
		"all":        {all, requests{"users": puts(a, b)}},
		"none":       {dynamodesttest.Unprocessed(dynamodesttest.First(0)), requests{}},
		"last":       {dynamodesttest.Unprocessed(dynamodesttest.Last(1)), requests{"users": puts(b)}},
		"by place":   {dynamodesttest.Unprocessed(dynamodesttest.Index(0)), requests{"users": puts(a)}},
		"by share":   {dynamodesttest.Unprocessed(dynamodesttest.Share(1, 1)), requests{"users": puts(a, b)}},
		"respelled":  {all.Respelled(), requests{"users": puts(longA, longB)}},
		"by ARN":     {all.ByARN(), requests{dynamodesttest.ARN("users"): puts(a, b)}},
		"shuffled":   {all.Shuffled(6), requests{"users": puts(b, a)}},
		"empty":      {all.WithEmptyRequest(), requests{"users": append(puts(a, b), types.WriteRequest{})}},
		"a stranger": {dynamodesttest.Fault{}.WithStranger(), requests{"users": puts(user("not in the request", "-98765432123456789"))}},
		"null":       {dynamodesttest.NullMap(), nil},
		"left out":   {dynamodesttest.NoMap(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
				db.FailWrites(test.fault)
				out, err := c.BatchWriteItem(t.Context(), batch("users", a, b))
				require.NoError(t, err)
				assert.Equal(t, test.want, out.UnprocessedItems)
			})
		})
	}
}

func TestAppliedLate(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		version := func(v string) item {
			it := user("a", "1")
			it["v"] = s(v)
			return it
		}
		db.FailWrites(dynamodesttest.Reset().AppliedLate(2))
		_, err := c.BatchWriteItem(t.Context(), batch("users", version("old")))
		require.Error(t, err)
		assert.Nil(t, db.Item("users", "a", 1))
		_, err = c.BatchWriteItem(t.Context(), batch("users", version("new")))
		require.NoError(t, err)
		assert.Equal(t, version("new"), db.Item("users", "a", 1))
		_, err = c.BatchWriteItem(t.Context(), batch("users", user("b", "1")))
		require.NoError(t, err)
		assert.Equal(t, version("old"), db.Item("users", "a", 1))

		writes := db.Writes()
		require.Len(t, writes, 3)
		var late []bool
		var calls, puts []int
		for i, w := range writes {
			assert.Equal(t, i+1, w.Seq)
			late, calls, puts = append(late, w.Late), append(calls, w.Call), append(puts, w.Puts)
		}
		assert.Equal(t, []bool{false, true, false}, late)
		assert.Equal(t, []int{2, 1, 3}, calls)
		assert.Equal(t, []int{1, 2, 1}, puts)
		assert.Equal(t, version("old"), writes[1].Item())
		assert.Equal(t, dynamodesttest.Key("a", 1.0), writes[1].Key)

		db.FailWrites(dynamodesttest.Close().AppliedLate(100))
		_, err = c.PutItem(t.Context(), putItem("users", user("c", "1")))
		require.Error(t, err)
		db.ApplyLate()
		assert.NotNil(t, db.Item("users", "c", 1))
	})
}

func TestAppliedLateByTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable("users", "id:S", "at:N")
		db.FailWrites(dynamodesttest.Reset().AppliedLateBy(time.Second))
		_, err := db.PutItem(t.Context(), putItem("users", user("a", "1")))
		require.Error(t, err)
		time.Sleep(time.Second - time.Millisecond)
		assert.Equal(t, 0, db.Len("users"))
		time.Sleep(time.Millisecond)
		synctest.Wait()
		assert.Equal(t, 1, db.Len("users"))
	})
}

func TestStall(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault   dynamodesttest.Fault
		written int
	}{
		"before the write": {dynamodesttest.Stall(nil), 0},
		"after the write":  {dynamodesttest.Stall(nil).AfterWrite(), 1},
		"in the body":      {dynamodesttest.StallInBody(), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
				db.FailWrites(test.fault)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ended := make(chan error, 1)
				go func() {
					_, err := c.BatchWriteItem(ctx, batch("users", user("a", "1")))
					ended <- err
				}()
				require.Eventually(t, func() bool {
					return db.MostInFlight() == 1 && db.Len("users") == test.written
				}, time.Minute, time.Millisecond)
				select {
				case err := <-ended:
					require.Fail(t, "the request did not stall", "%v", err)
				case <-time.After(20 * time.Millisecond):
				}
				cancel()
				require.ErrorIs(t, <-ended, context.Canceled)
				assert.Equal(t, test.written, db.Len("users"))
			})
		})
	}
}

func TestGivenUpAndAppliedLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable("users", "id:S", "at:N")
		db.FailWrites(dynamodesttest.Stall(nil).AppliedLateBy(time.Minute))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := db.PutItem(ctx, putItem("users", user("a", "1")))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, "given up", db.Calls()[0].Outcome)
		assert.Equal(t, 0, db.Len("users"))
		time.Sleep(59 * time.Second)
		synctest.Wait()
		assert.True(t, db.Writes()[0].Late)
	})
}

func TestStallUntilReleased(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable("users", "id:S", "at:N")
		release := make(chan struct{})
		db.FailWrites(dynamodesttest.Stall(release))
		done := make(chan error)
		go func() {
			_, err := db.PutItem(t.Context(), putItem("users", user("a", "1")))
			done <- err
		}()
		synctest.Wait()
		assert.Equal(t, 0, db.Len("users"))
		assert.Empty(t, db.Calls()[0].Outcome)
		close(release)
		require.NoError(t, <-done)
		assert.Equal(t, 1, db.Len("users"))
	})
}

func TestHookSeesTheCall(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		var seen []dynamodesttest.Call
		db.SetFault(func(call dynamodesttest.Call) dynamodesttest.Fault {
			seen = append(seen, call)
			assert.Equal(t, user("a", "1"), call.Item(0))
			assert.Empty(t, db.Items("users"), "the hook may use the DB")
			return dynamodesttest.Error(http.StatusServiceUnavailable, "ServiceUnavailable", "")
		})
		for range 2 {
			_, err := c.BatchWriteItem(t.Context(), batch(dynamodesttest.ARN("users"), user("a", "1.0"), user("b", "2"), item{"id": s("no sort key")}))
			require.ErrorContains(t, err, "ServiceUnavailable")
		}
		require.Len(t, seen, 2)
		assert.Equal(t, "BatchWriteItem", seen[1].Op)
		assert.Equal(t, dynamodesttest.ARN("users"), seen[1].Table)
		assert.Equal(t, []string{dynamodesttest.Key("a", 1), dynamodesttest.Key("b", 2), ""}, seen[1].Keys)
		assert.Equal(t, []int{2, 2, 0}, seen[1].Attempts)

		calls := db.Calls()
		require.Len(t, calls, 2)
		assert.Equal(t, "ServiceUnavailable", calls[0].Outcome)
		assert.Equal(t, []int{1, 2, 3, 4}, []int{calls[0].Began, calls[0].Ended, calls[1].Began, calls[1].Ended})
		assert.Positive(t, calls[0].Bytes)
	})
}

func TestPoison(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		db.SetFault(dynamodesttest.Poison(func(it item) bool { return it["bad"] != nil }))
		bad := user("b", "1")
		bad["bad"] = null()
		_, err := c.BatchWriteItem(t.Context(), batch("users", user("a", "1"), bad))
		require.ErrorContains(t, err, "ValidationException")
		_, err = c.BatchWriteItem(t.Context(), batch("users", user("a", "1")))
		require.NoError(t, err)
		db.SetFault(nil)
		_, err = c.PutItem(t.Context(), putItem("users", bad))
		require.NoError(t, err)
	})
}

func TestTableStatusGatesWrites(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		for _, status := range types.TableStatus("").Values() {
			db.SetStatus("users", status)
			_, err := c.PutItem(t.Context(), putItem("users", user("a", "1")))
			if status == types.TableStatusActive || status == types.TableStatusUpdating {
				require.NoError(t, err, status)
				continue
			}
			var missing *types.ResourceNotFoundException
			require.ErrorAs(t, err, &missing, status)
		}
	})
}

func TestNilValueIsRejected(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, db *dynamodesttest.DB, c client) {
		for name, v := range map[string]types.AttributeValue{"nil": nil, "unknown": &types.UnknownUnionMember{Tag: "X"}} {
			it := user("a", "1")
			it["v"] = v
			_, err := c.BatchWriteItem(t.Context(), batch("users", it))
			require.Error(t, err, name)
			assert.Empty(t, db.Items("users"))
		}
	})
}

func TestInProcessCallReportsItsConnection(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable("users", "id:S", "at:N")
	db.FailWrites(dynamodesttest.Reset(), dynamodesttest.Unreachable())
	got := 0
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { got++ }})
	_, err := db.PutItem(ctx, putItem("users", user("a", "1")))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	assert.Equal(t, 1, got)
	_, err = db.PutItem(ctx, putItem("users", user("a", "1")))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	assert.Equal(t, 1, got)
	assert.Empty(t, db.Items("users"))
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable("users", "id:S", "at:N")
	db.KeepHistory(3)
	for range 20 {
		_, err := db.BatchWriteItem(t.Context(), batch("users", user("a", "1"), user("b", "1")))
		require.NoError(t, err)
	}
	calls, writes := db.Calls(), db.Writes()
	require.Len(t, calls, 3)
	assert.Equal(t, 20, calls[2].N)
	require.Len(t, writes, 3)
	assert.Equal(t, 40, writes[2].Seq)
	latest := db.Latest("users")
	require.Len(t, latest, 2)
	assert.Equal(t, []int{20, 20}, []int{latest[0].Puts, latest[1].Puts})
	assert.Equal(t, map[string]int{"BatchWriteItem": 20}, db.Actions())
	assert.Equal(t, 1, db.MostInFlight())
	db.KeepHistory(0)
	assert.Empty(t, db.Calls())
}

func TestUnsignedRequestIsRejected(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                      "MissingAuthenticationTokenException",
		"AWS4-HMAC-SHA256 nope": "IncompleteSignatureException",
	} {
		db := dynamodesttest.NewTable("users", "id:S", "at:N")
		c := overHTTP(t, db)
		_, err := c.PutItem(t.Context(), putItem("users", user("a", "1")), func(o *dynamodb.Options) {
			o.HTTPClient = replaceHeader{"Authorization", header}
		})
		require.ErrorContains(t, err, want)
	}
}

// replaceHeader sends requests with another value for one header.
type replaceHeader struct{ name, value string }

func (h replaceHeader) Do(r *http.Request) (*http.Response, error) {
	r.Header.Set(h.name, h.value)
	return http.DefaultClient.Do(r)
}
