package dynamodest_test

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// A table that is deleted during a call, or created again with another key, stops the
// call: every row would meet it.
func TestTableChangesDuringWrite(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		key    string // of the new table; "" if there is none
		reason dynamodest.Reason
		op     string
	}{
		"deleted":    {"", dynamodest.ErrNoTable, "BatchWriteItem"},
		"other key":  {"key:S", dynamodest.ErrConfig, "DescribeTable"},
		"other type": {"id:N", dynamodest.ErrConfig, "DescribeTable"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.NewTable(table, "id:S")
			client := &changing{DB: db, change: func() {
				_, err := db.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String(table)})
				assert.NoError(t, err)
				if tt.key != "" {
					db.AddTable(table, tt.key)
				}
			}}
			dest := newDest(t, dynamodest.Config{Table: table, Client: client, Concurrency: 1})
			res, err := dest.Write(t.Context(), numbered(500))
			var call *dynamodest.WriteError
			require.ErrorAs(t, err, &call)
			var stop *dynamodest.TableError
			require.ErrorAs(t, call.Stop, &stop)
			require.ErrorIs(t, err, tt.reason)
			assert.Equal(t, tt.reason, stop.Reason)
			assert.Equal(t, tt.op, stop.Op)
			assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 100, dynamodest.NotWritten: 400}, outcomes(res.Rows))
			assert.Less(t, res.Summary.Requests, 4+2*25+2) // one batch is taken apart, no more

			err = dest.Check(t.Context())
			require.ErrorIs(t, err, tt.reason)
		})
	}
}

// changing is a client whose table changes before the fifth batch.
type changing struct {
	*dynamodesttest.DB
	batches int
	change  func()
}

func (c *changing) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	if c.batches++; c.batches == 5 {
		c.change()
	}
	return c.DB.BatchWriteItem(ctx, in, o...)
}

// A batch in which DynamoDB refuses every row ends too, and the rows after it
// are written: the table's keys are as they were.
func TestBatchOfBadRows(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	db.SetFault(dynamodesttest.Poison(func(it map[string]types.AttributeValue) bool { return it["bad"] != nil }))
	dest := newDest(t, dynamodest.Config{Table: table, Client: db, Concurrency: 1})
	rows := numbered(50)
	for _, row := range rows[:25] {
		row["bad"] = true
	}
	res, err := dest.Write(t.Context(), rows)
	require.ErrorIs(t, err, dynamodest.ErrRefused)
	var call *dynamodest.WriteError
	require.ErrorAs(t, err, &call)
	require.NoError(t, call.Stop)
	for i, r := range res.Rows {
		if i >= 25 {
			require.Equal(t, dynamodest.Written, r.Outcome)
			continue
		}
		require.Equal(t, dynamodest.NotWritten, r.Outcome)
		require.ErrorIs(t, r.Err, dynamodest.ErrRefused)
	}
	assert.LessOrEqual(t, res.Summary.Requests, 2*25)
	assert.Equal(t, 2, db.Actions()["DescribeTable"])
}

// expiring refuses, from the second request that writes, every one that is
// signed with the key OLD.
func expiring(db *dynamodesttest.DB, refused *atomic.Int32) http.Handler {
	var writes atomic.Int32
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "BatchWriteItem") && writes.Add(1) > 1 &&
			strings.Contains(r.Header.Get("Authorization"), "Credential=OLD/") {
			refused.Add(1)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"The security token included in the request is expired"}`))
			return
		}
		db.ServeHTTP(w, r)
	})
}

func TestCredentialsExpireDuringWrite(t *testing.T) {
	t.Parallel()
	for _, concurrency := range []int{1, 16} {
		for name, renewed := range map[string]bool{"renewed": true, "expired for good": false} {
			t.Run(fmt.Sprint(name, concurrency), func(t *testing.T) {
				t.Parallel()
				db := dynamodesttest.NewTable(table, "id:S")
				var fetched, refused atomic.Int32
				cfg := wireConfig(t, expiring(db, &refused))
				cfg.Concurrency, cfg.Retry.MaxAttempts = concurrency, 1
				cfg.CredentialsProvider = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					keys := aws.Credentials{AccessKeyID: "OLD", SecretAccessKey: "secret"}
					if fetched.Add(1) > 1 && renewed {
						keys.AccessKeyID = "NEW"
					}
					return keys, nil
				})
				res, err := newDest(t, cfg).Write(t.Context(), numbered(2000))
				assertTrue(t, db, res)
				if renewed {
					require.NoError(t, err)
					assert.Equal(t, 2000, db.Len(table))
					assert.LessOrEqual(t, refused.Load(), int32(concurrency))
					return
				}
				require.ErrorIs(t, err, dynamodest.ErrCredentials)
				var stop *dynamodest.TableError
				require.ErrorAs(t, err, &stop)
				assert.Contains(t, stop.Remedy(), "expired")
				got := outcomes(res.Rows)
				assert.Equal(t, 2000, got[dynamodest.Written]+got[dynamodest.NotWritten])
				assert.GreaterOrEqual(t, got[dynamodest.Written], 25)
				assert.LessOrEqual(t, refused.Load(), int32(2*concurrency))
				for _, r := range res.Rows {
					require.LessOrEqual(t, r.Attempts, 2)
				}
				if concurrency == 1 {
					assert.Equal(t, int32(2), refused.Load())
				}
			})
		}
	}
}

// A row that is given up right after the resend of an expired token leaves the
// next row of its key to go on alone.
func TestRowGivenUpAfterResend(t *testing.T) {
	t.Parallel()
	for _, mode := range []dynamodest.Config{{}, {Mode: dynamodest.Insert, OnExisting: dynamodest.Skip}} {
		db := dynamodesttest.NewTable(table, "id:S")
		db.FailWrites(
			dynamodesttest.Error(400, "ExpiredTokenException", ""),
			dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)),
		)
		mode.Table, mode.Client, mode.Retry.MaxAttempts = table, db, 1
		rows := append(numbered(1), numbered(1)...)
		rows[1]["row"] = 1
		res, err := newDest(t, mode).Write(t.Context(), rows)
		require.ErrorIs(t, err, dynamodest.ErrThrottled)
		assert.Equal(t, dynamodest.NotWritten, res.Rows[0].Outcome)
		if mode.OnExisting == dynamodest.Skip {
			assert.Equal(t, dynamodest.Written, res.Rows[1].Outcome)
		}
		assertTrue(t, db, res)
	}
}

// A clock that is an hour behind costs one request.
func TestClockSkewCostsOneRequest(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	ahead := time.Now().Add(time.Hour)
	refused := 0
	cfg := wireConfig(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		assert.NoError(t, err)
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "DescribeTable") {
			db.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Date", ahead.UTC().Format(http.TimeFormat))
		if ahead.Sub(signed) > 15*time.Minute {
			refused++
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Signature expired: 1 is now earlier than 2"}`))
			return
		}
		db.ServeHTTP(w, r)
	}))
	cfg.Retry.MaxAttempts, cfg.Concurrency = 1, 1
	res, err := newDest(t, cfg).Write(t.Context(), numbered(60))
	require.NoError(t, err)
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.Written: 60}, outcomes(res.Rows))
	assert.Equal(t, 1, refused)
	assert.Equal(t, 2, res.Rows[0].Attempts)
	assert.Equal(t, 25, res.Summary.Resent)
}

// The caller's rows are as they were, to the bottom, and what is changed
// afterwards changes nothing that was written.
func TestRowsAreNotChanged(t *testing.T) {
	t.Parallel()
	fresh := func() []dynamodest.Row {
		rows := numbered(30)
		for _, row := range rows {
			maps.Copy(row, dynamodest.Row{
				"empty": "", "null": nil, "raw": []byte{3, 1, 2}, "list": []any{3, "", nil, map[string]any{"b": 1, "a": 2}},
				"map": map[string]any{"z": "", "a": []int{2, 1}}, "big": big.NewInt(7), "at": time.Unix(5, 6).UTC(),
				"set": []string{"b", "a", "b"}, "av": &types.AttributeValueMemberNS{Value: []string{"2.0", "1"}},
				"ptr": &struct{ A string }{"x"},
			})
		}
		delete(rows[3], "id")
		return rows
	}
	db := dynamodesttest.NewTable(table, "id:S")
	db.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.All), dynamodesttest.Error(400, "ValidationException", ""))
	for _, mapping := range []dynamodest.Mapping{{}, {Null: dynamodest.OmitNull, EmptyString: dynamodest.OmitEmpty, Fields: []dynamodest.Field{
		{Column: "id"}, {Column: "row"}, {Column: "list", Type: dynamodest.List}, {Column: "map", Type: dynamodest.Map},
		{Column: "set", Type: dynamodest.StringSet}, {Column: "av"}, {Column: "raw"}, {Column: "empty"}, {Column: "null"},
	}}} {
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, Mapping: mapping, Retry: dynamodest.Retry{MinDelay: 1, MaxDelay: 1}})
		rows := fresh()
		_, err := dest.Write(t.Context(), rows)
		require.ErrorIs(t, err, dynamodest.ErrKey)
		_, _ = dest.WriteSeq(t.Context(), seq(rows), nil)
		require.True(t, reflect.DeepEqual(fresh(), rows))
	}
	require.Positive(t, db.Len(table))
}

// A cancelled Write gives every row that it never began its result, however many there are.
func TestCancelledWriteOfManyRows(t *testing.T) {
	t.Parallel()
	const n = 100_003
	rows := numbered(n)
	for name, cancelAfter := range map[string]int32{"before the first row": 0, "under way": 100} {
		testInBubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if cancelAfter == 0 {
				cancel()
			}
			var requests atomic.Int32
			dest := newDest(t, dynamodest.Config{Table: table, Client: fake{
				describe: described,
				batch: func(ctx context.Context, _ *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
					if requests.Add(1) > cancelAfter {
						cancel()
						<-ctx.Done()
						return nil, ctx.Err()
					}
					time.Sleep(10 * time.Millisecond)
					return &dynamodb.BatchWriteItemOutput{}, nil
				},
			}})
			res, err := dest.Write(ctx, rows)
			require.ErrorIs(t, err, context.Canceled)
			var call *dynamodest.WriteError
			require.ErrorAs(t, err, &call)
			got := outcomes(res.Rows)
			assert.Equal(t, n, res.Summary.Rows)
			assert.Equal(t, got[dynamodest.Written], res.Summary.Written)
			assert.Equal(t, got[dynamodest.Unknown], res.Summary.Unknown)
			assert.Equal(t, got[dynamodest.NotWritten], res.Summary.NotWritten)
			assert.Equal(t, cancelAfter > 0, got[dynamodest.Written] > 0)
			assert.Greater(t, got[dynamodest.NotWritten], n/2)
			assert.Equal(t, got[dynamodest.NotWritten]+got[dynamodest.Unknown], call.Reasons[dynamodest.ErrStopped])

			var first []*dynamodest.RowError
			for i, r := range res.Rows {
				require.Equal(t, i, r.Index)
				if r.Outcome == dynamodest.Written {
					require.NoError(t, r.Err)
					continue
				}
				var rowErr *dynamodest.RowError
				require.ErrorAs(t, r.Err, &rowErr)
				require.Equal(t, i, rowErr.Index)
				require.Equal(t, dynamodest.ErrStopped, rowErr.Reason)
				if len(first) < 10 {
					first = append(first, rowErr)
				}
			}
			assert.Equal(t, first, call.First)
		})
	}
}
