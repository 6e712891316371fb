package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
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
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// minimalFake is the shortest fake there is.
type minimalFake struct{ items int }

func (*minimalFake) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return &dynamodb.DescribeTableOutput{}, nil
}
func (f *minimalFake) BatchWriteItem(_ context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	f.items += len(in.RequestItems["rows"])
	return &dynamodb.BatchWriteItemOutput{}, nil
}
func (f *minimalFake) PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	f.items++
	return &dynamodb.PutItemOutput{}, nil
}

// A fake that describes no table and answers with nothing takes every row. It
// describes no key, so equal ids are rows like any other.
func TestMinimalFake(t *testing.T) {
	t.Parallel()
	rows := append(numbered(60), dynamodest.Row{"id": "r-00000", "row": 60})
	for _, mode := range []dynamodest.Mode{dynamodest.Upsert, dynamodest.Insert} {
		var f minimalFake
		dest := newDest(t, dynamodest.Config{Table: table, Client: &f, Mode: mode, Concurrency: 1})
		res, err := dest.Write(t.Context(), rows)
		require.NoError(t, err)
		assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 61}, outcomes(res.Rows))
		assert.Equal(t, dynamodest.Summary{Rows: 61, Written: 61, Requests: 3}, res.Summary)

		reported := 0
		sum, err := dest.WriteSeq(t.Context(), seq(rows), func(_ dynamodest.Row, r dynamodest.RowResult) error {
			assert.Equal(t, dynamodest.RowResult{Index: reported, Outcome: dynamodest.Written, Attempts: 1}, r)
			reported++
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, 61, sum.Written)
		assert.Equal(t, 61, reported)
		assert.Equal(t, 122, f.items)

		_, err = dest.Write(t.Context(), rows[:1]) // by PutItem
		require.NoError(t, err)
		assert.Equal(t, 123, f.items)
	}
}

// Write reads nothing of rows that it has handed over to be sent: the race detector would see it.
func TestWriteOfManyChunks(t *testing.T) {
	t.Parallel()
	dest := newDest(t, dynamodest.Config{Table: table, Client: new(minimalFake), Concurrency: 1})
	for range 10 {
		res, err := dest.Write(t.Context(), numbered(1000))
		require.NoError(t, err)
		assert.Equal(t, 1000, res.Summary.Written)
	}
}

// Without a key, items handed back are matched by all of their attributes; of
// equal rows it does not matter which one comes back.
func TestFakeWithoutKeyReturnsUnprocessed(t *testing.T) {
	t.Parallel()
	back := fake{batch: func(_ context.Context, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
		puts := in.RequestItems[table]
		return &dynamodb.BatchWriteItemOutput{UnprocessedItems: map[string][]types.WriteRequest{table: {puts[4], puts[2], puts[0]}}}, nil
	}}
	dest := newDest(t, dynamodest.Config{Table: table, Client: back, Retry: dynamodest.Retry{MaxAttempts: 1}})
	res, err := dest.Write(t.Context(), []dynamodest.Row{{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}, {"id": 3}})
	require.ErrorIs(t, err, dynamodest.ErrUnprocessed)
	for i, written := range []bool{false, true, false, true, false} {
		if written {
			require.NoError(t, res.Rows[i].Err)
		} else {
			require.ErrorIs(t, res.Rows[i].Err, dynamodest.ErrUnprocessed)
		}
		assert.Equal(t, written, res.Rows[i].Outcome == dynamodest.Written)
	}
}

// Skip and fail need the key for their condition, and this fake describes none.
func TestConditionsNeedTheKey(t *testing.T) {
	t.Parallel()
	for _, answer := range []dynamodest.OnExisting{dynamodest.Skip, dynamodest.Fail} {
		_, err := dynamodest.New(t.Context(), dynamodest.Config{Table: table, Client: fake{}, Mode: dynamodest.Insert, OnExisting: answer})
		var fault *dynamodest.ConfigError
		require.ErrorAs(t, err, &fault)
		assert.Equal(t, "OnExisting", fault.Field)
		assert.Contains(t, fault.Problem, "DescribeTable")
	}
}

// described is what a fake with a little more to say describes: a table with
// the key id:S.
func described() (*dynamodb.DescribeTableOutput, error) {
	id := "id"
	return &dynamodb.DescribeTableOutput{Table: &types.TableDescription{
		KeySchema:            []types.KeySchemaElement{{AttributeName: &id, KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: &id, AttributeType: types.ScalarAttributeTypeS}},
	}}, nil
}

func TestFakeWithKey(t *testing.T) {
	t.Parallel()
	dest := newDest(t, dynamodest.Config{Table: table, Client: fake{describe: described}, Mode: dynamodest.Insert, OnExisting: dynamodest.Fail})
	res, err := dest.Write(t.Context(), append(numbered(3), numbered(3)...))
	require.ErrorIs(t, err, dynamodest.ErrExists)
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 3, dynamodest.NotWritten: 3}, outcomes(res.Rows))
}

// A client may end its goroutine, as a fake that calls FailNow does. The call
// must come back at once, so that the test ends, and tell the truth.
func TestClientCallsGoexit(t *testing.T) {
	t.Parallel()
	ends := fake{
		describe: described,
		batch: func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			runtime.Goexit()
			return nil, nil
		},
		put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
			runtime.Goexit()
			return nil, nil
		},
	}
	dest := newDest(t, dynamodest.Config{Table: table, Client: ends, Retry: dynamodest.Retry{MinDelay: time.Hour, MaxDelay: time.Hour}})
	for _, n := range []int{1, 25} {
		res, err := dest.Write(t.Context(), numbered(n))
		require.ErrorIs(t, err, dynamodest.ErrUnavailable)
		assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Unknown: n}, outcomes(res.Rows))
		assert.Equal(t, 1, res.Rows[0].Attempts)
		assert.ErrorContains(t, res.Rows[0].Err, "goroutine")
	}
}

// leavingError is an error whose method ends the goroutine.
type leavingError struct{}

func (leavingError) Error() string { return "x" }
func (leavingError) Is(error) bool { runtime.Goexit(); return false }

func TestErrorMethodCallsGoexit(t *testing.T) {
	t.Parallel()
	ends := fake{
		describe: described,
		batch: func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			return nil, leavingError{}
		},
	}
	res, err := newDest(t, dynamodest.Config{Table: table, Client: ends}).Write(t.Context(), numbered(25))
	require.ErrorIs(t, err, dynamodest.ErrUnavailable)
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Unknown: 25}, outcomes(res.Rows))
}

// A row that never reached the client is certainly not written, also if it was
// a hook or a Limiter that ended the goroutine.
func TestHookCallsGoexit(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	for name, cfg := range map[string]dynamodest.Config{
		"RequestStart": {Observer: dynamodest.Observer{RequestStart: func(ctx context.Context, _ dynamodest.Request) context.Context {
			if calls.Add(1) > 1 { // the first is New's
				runtime.Goexit()
			}
			return ctx
		}}},
		"Limiter": {Limiter: gateLimiter(func() error { runtime.Goexit(); return nil })},
	} {
		db := dynamodesttest.NewTable(table, "id:S")
		cfg.Table, cfg.Client = table, db
		res, err := newDest(t, cfg).Write(t.Context(), numbered(30))
		require.ErrorIs(t, err, dynamodest.ErrStopped, name)
		assert.ErrorContains(t, err, "goroutine")
		assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.NotWritten: 30}, outcomes(res.Rows), name)
		assert.Zero(t, res.Summary.Requests)
		assert.Empty(t, db.Items(table))
	}
}

// Slips of fakes and hooks: an error that is a nil pointer, and no context.
func TestTypedNilErrorAndNilContext(t *testing.T) {
	t.Parallel()
	var none *types.ConditionalCheckFailedException
	slips := fake{
		describe: described,
		batch: func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			return nil, none
		},
		put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) { return nil, none },
	}
	noContext := dynamodest.Observer{RequestStart: func(context.Context, dynamodest.Request) context.Context { return nil }}
	dest := newDest(t, dynamodest.Config{Table: table, Client: slips, Observer: noContext, Retry: dynamodest.Retry{MaxAttempts: 1}})
	for _, n := range []int{1, 3} {
		res, err := dest.Write(t.Context(), numbered(n))
		require.ErrorIs(t, err, dynamodest.ErrUnavailable)
		assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Unknown: n}, outcomes(res.Rows))
		assert.ErrorContains(t, err, "nil *types.ConditionalCheckFailedException")
	}
	slips.put = func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
		return nil, fmt.Errorf("put: %w", errors.Join(io.EOF, none))
	}
	dest = newDest(t, dynamodest.Config{Table: table, Client: slips, Retry: dynamodest.Retry{MaxAttempts: 1}})
	_, err := dest.Write(t.Context(), numbered(1))
	require.ErrorIs(t, err, dynamodest.ErrUnavailable)
	assert.ErrorContains(t, err, "nil *types.ConditionalCheckFailedException")

	slips.describe = func() (*dynamodb.DescribeTableOutput, error) { return nil, none }
	_, err = dynamodest.New(t.Context(), dynamodest.Config{Table: table, Client: slips, Retry: dynamodest.Retry{MaxAttempts: 1}})
	require.ErrorIs(t, err, dynamodest.ErrUnavailable)
}

// What a client is given is its own: fakes keep their inputs, and may change
// them.
func TestInputsAreNotReused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var kept []map[string]types.AttributeValue // as given
		var seen []string                          // as they looked then
		keep := func(it map[string]types.AttributeValue) {
			kept, seen = append(kept, it), append(seen, show(it))
		}
		refused := map[string]bool{}
		recorder := fake{
			describe: described,
			batch: func(_ context.Context, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
				mu.Lock()
				defer mu.Unlock()
				out := &dynamodb.BatchWriteItemOutput{UnprocessedItems: map[string][]types.WriteRequest{}}
				for _, w := range in.RequestItems[table] {
					it := w.PutRequest.Item
					keep(it)
					if id := show(it["id"]); !refused[id] {
						refused[id] = true
						out.UnprocessedItems[table] = append(out.UnprocessedItems[table], w)
					}
				}
				return out, nil
			},
			put: func(_ context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
				mu.Lock()
				defer mu.Unlock()
				keep(in.Item)
				return &dynamodb.PutItemOutput{}, nil
			},
		}
		dest := newDest(t, dynamodest.Config{Table: table, Client: recorder, Retry: dynamodest.Retry{MinDelay: 1, MaxDelay: 1}, Mapping: dynamodest.Mapping{
			Fields: []dynamodest.Field{{Column: "id"}, {Column: "row"}, {Column: "raw"}, {Column: "list", Type: dynamodest.List}, {Column: "av"}},
		}})
		raw, list, own := []byte("bytes"), []any{[]byte("inner"), "x"}, &types.AttributeValueMemberB{Value: []byte("own")}
		rows := numbered(100)
		for _, row := range rows {
			row["raw"], row["list"], row["av"] = raw, list, own
		}
		res, err := dest.Write(t.Context(), rows)
		require.NoError(t, err)
		require.NotEmpty(t, refused)
		assert.Equal(t, len(refused), res.Summary.Resent)
		require.Len(t, kept, 100+len(refused))

		copy(raw, "*****") // the caller's again
		copy(list[0].([]byte), "*****")
		copy(own.Value, "***")
		items := map[string]bool{}
		for i, it := range kept {
			require.Equal(t, seen[i], show(it), "an input was changed after the request")
			items[fmt.Sprintf("%p", it)] = true
		}
		assert.Len(t, items, len(kept), "an input was used for two requests")
	})
}

// A client that spoils what it was given spoils neither the rows nor what is
// sent the next time.
func TestClientMayModifyInput(t *testing.T) {
	t.Parallel()
	requests, got := 0, ""
	spoiler := fake{describe: described, put: func(_ context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
		requests++
		if requests > 1 {
			got = show(in.Item)
			return &dynamodb.PutItemOutput{}, nil
		}
		copy(in.Item["raw"].(*types.AttributeValueMemberB).Value, "*****")
		clear(in.Item)
		return nil, &types.ProvisionedThroughputExceededException{}
	}}
	dest := newDest(t, dynamodest.Config{Table: table, Client: spoiler, Retry: dynamodest.Retry{MinDelay: 1, MaxDelay: 1}})
	row := dynamodest.Row{"id": "a", "raw": []byte("bytes")}
	res, err := dest.Write(t.Context(), []dynamodest.Row{row})
	require.NoError(t, err)
	assert.Equal(t, 2, res.Rows[0].Attempts)
	assert.Equal(t, dynamodest.Row{"id": "a", "raw": []byte("bytes")}, row)
	want, err := dest.Item(row)
	require.NoError(t, err)
	assert.Equal(t, show(want), got)
}
