package dynamodest_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// recorder is a client that keeps the inputs of its writes.
type recorder struct {
	dynamodest.Client

	mu      sync.Mutex
	puts    []*dynamodb.PutItemInput
	batches []*dynamodb.BatchWriteItemInput
}

func (r *recorder) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	r.mu.Lock()
	r.puts = append(r.puts, in)
	r.mu.Unlock()
	return r.Client.PutItem(ctx, in, o...)
}

func (r *recorder) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	r.mu.Lock()
	r.batches = append(r.batches, in)
	r.mu.Unlock()
	return r.Client.BatchWriteItem(ctx, in, o...)
}

func TestCheckWritesWritesNothing(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"id:S", "id:N", "id:B", "id:S,at:N", "id:N,at:B", "id:B,dynamodest-check:S"} {
		for _, existing := range []dynamodest.OnExisting{dynamodest.Overwrite, dynamodest.Skip, dynamodest.Fail} {
			for _, name := range []string{table, dynamodesttest.ARN(table)} {
				t.Run(key+" "+string(existing)+" "+name, func(t *testing.T) {
					t.Parallel()
					db := dynamodesttest.NewTable(table, strings.Split(key, ",")...)
					client := &recorder{Client: db}
					dest := newDest(t, dynamodest.Config{Table: name, Client: client, Mode: dynamodest.Insert, OnExisting: existing})
					seen := map[string]bool{}
					for range 3 {
						require.NoError(t, dest.CheckWrites(t.Context()))
						put := client.puts[len(client.puts)-1]
						assert.Equal(t, name, *put.TableName)
						assert.Len(t, put.Item, 1+strings.Count(key, ","))
						assert.False(t, seen[show(put.Item)], "the key is random")
						seen[show(put.Item)] = true
					}
					if existing == dynamodest.Overwrite {
						assert.Len(t, client.batches, 3)
						assert.Len(t, client.batches[0].RequestItems[name], 1)
					} else {
						assert.Empty(t, client.batches, "Write uses PutItem alone")
					}
					assert.Empty(t, db.Items(table))
					assert.Empty(t, db.Writes())
				})
			}
		}
	}
}

// answering is a client of which two funcs answer the probes.
func answering(put, batch error) fake {
	failed := put
	if failed == nil {
		failed = &types.ConditionalCheckFailedException{}
	}
	return fake{
		describe: described,
		put:      func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) { return nil, failed },
		batch: func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			return nil, batch
		},
	}
}

func apiError(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message}
}

func TestCheckWritesReportsWhatItIsAnswered(t *testing.T) {
	t.Parallel()
	const schema = "The provided key element does not match the schema"
	good := apiError("ValidationException", schema)
	deny := func(action string) error {
		return apiError("AccessDeniedException", "User: arn:aws:iam::123456789012:user/sync is not authorized to perform: dynamodb:"+action)
	}
	for name, tt := range map[string]struct {
		put, batch error
		reason     dynamodest.Reason
		op         string
		text       []string
	}{
		"PutItem denied":         {deny("PutItem"), good, dynamodest.ErrAccess, "PutItem", []string{"perform: dynamodb:PutItem", "denies dynamodb:PutItem", "dynamodb:LeadingKeys", "random key"}},
		"BatchWriteItem denied":  {nil, deny("BatchWriteItem"), dynamodest.ErrAccess, "BatchWriteItem", []string{"perform: dynamodb:BatchWriteItem", "denies dynamodb:BatchWriteItem", "dynamodb:LeadingKeys"}},
		"KMS key denied":         {apiError("AccessDeniedException", "KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException"), good, dynamodest.ErrAccess, "PutItem", []string{"kms:Decrypt"}},
		"no table":               {&types.ResourceNotFoundException{}, good, dynamodest.ErrNoTable, "PutItem", nil},
		"bad credentials":        {apiError("UnrecognizedClientException", ""), good, dynamodest.ErrCredentials, "PutItem", nil},
		"keys have changed":      {apiError("ValidationException", "One or more parameter values were invalid: Missing the key new in the item"), good, dynamodest.ErrConfig, "PutItem", []string{"Missing the key new in the item", "new Destination"}},
		"another validation":     {nil, apiError("ValidationException", "Too many items requested for the BatchWriteItem call"), dynamodest.ErrConfig, "BatchWriteItem", []string{"Too many items"}},
		"throttled for good":     {&types.ThrottlingException{}, good, dynamodest.ErrThrottled, "PutItem", nil},
		"server error":           {nil, apiError("InternalServerError", ""), dynamodest.ErrUnavailable, "BatchWriteItem", nil},
		"condition of a batch":   {nil, &types.ConditionalCheckFailedException{}, dynamodest.ErrUnavailable, "BatchWriteItem", nil},
		"an error of the fake's": {errors.New("boom"), good, dynamodest.ErrUnavailable, "PutItem", nil},
	} {
		testInBubble(t, name, func(t *testing.T) {
			dest := newDest(t, dynamodest.Config{Table: table, Client: answering(tt.put, tt.batch), Retry: dynamodest.Retry{MaxAttempts: 2}})
			err := dest.CheckWrites(t.Context())
			require.ErrorIs(t, err, tt.reason)
			var fault *dynamodest.TableError
			require.ErrorAs(t, err, &fault)
			assert.Equal(t, tt.op, fault.Op)
			assert.LessOrEqual(t, len(err.Error()), 900)
			for _, text := range tt.text {
				assert.Contains(t, err.Error(), text)
			}
		})
	}
	for _, message := range []string{schema, "1 validation error detected: " + schema, "One of the required keys was not given a value"} {
		dest := newDest(t, dynamodest.Config{Table: table, Client: answering(nil, apiError("ValidationException", message))})
		require.NoError(t, dest.CheckWrites(t.Context()), message)
	}
}

// A server that does what it must refuse is no success.
func TestCheckWritesOfAServerThatRefusesNothing(t *testing.T) {
	t.Parallel()
	var key string
	lax := fake{describe: described, put: func(_ context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
		key = in.Item["id"].(*types.AttributeValueMemberS).Value
		return &dynamodb.PutItemOutput{}, nil
	}}
	err := newDest(t, dynamodest.Config{Table: table, Client: lax}).CheckWrites(t.Context())
	require.ErrorIs(t, err, dynamodest.ErrConfig)
	require.ErrorContains(t, err, "it has written an item with a random key under a condition that cannot hold, so it ignores conditions")
	require.NotEmpty(t, key)
	assert.NotContains(t, err.Error(), key)

	lax = answering(nil, nil)
	lax.batch = nil
	err = newDest(t, dynamodest.Config{Table: table, Client: lax}).CheckWrites(t.Context())
	require.ErrorIs(t, err, dynamodest.ErrConfig)
	require.ErrorContains(t, err, ": bad configuration: BatchWriteItem: the server is not DynamoDB: it has accepted an item without the table's key")

	for _, describe := range []func() (*dynamodb.DescribeTableOutput, error){
		nil,
		func() (*dynamodb.DescribeTableOutput, error) {
			out, err := described()
			out.Table.AttributeDefinitions = nil
			return out, err
		},
	} {
		var fault *dynamodest.ConfigError
		require.ErrorAs(t, newDest(t, dynamodest.Config{Table: table, Client: fake{describe: describe}}).CheckWrites(t.Context()), &fault)
		assert.Equal(t, "Client", fault.Field)
	}
}

func TestCheckWritesTriesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		var requests []dynamodest.Request
		var responses []dynamodest.Response
		var waits []string
		limited := 0
		dest := newDest(t, dynamodest.Config{
			Table: table, Client: db,
			Limiter: gateLimiter(func() error { limited++; return nil }),
			Observer: dynamodest.Observer{
				RequestStart: func(ctx context.Context, r dynamodest.Request) context.Context {
					requests = append(requests, r)
					return ctx
				},
				RequestDone: func(_ context.Context, r dynamodest.Response) { responses = append(responses, r) },
				Wait: func(_ context.Context, w dynamodest.Wait) {
					if w.For != "pace" { // comes only if the random delay of the retry was short
						waits = append(waits, w.For)
					}
				},
			},
		})
		requests, responses = nil, nil
		throttled := dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table))
		db.FailWrites(throttled, dynamodesttest.Fault{}, throttled)
		require.NoError(t, dest.CheckWrites(t.Context()))
		ops := []string{}
		for _, r := range requests {
			ops = append(ops, r.Op)
			assert.Zero(t, r.Rows)
		}
		assert.Equal(t, []string{"PutItem", "PutItem", "BatchWriteItem", "BatchWriteItem"}, ops)
		require.Len(t, responses, 4)
		for i, reason := range []dynamodest.Reason{"throttled", "", "throttled", ""} {
			assert.Equal(t, reason, responses[i].Reason)
		}
		assert.Equal(t, 4, limited)
		assert.Equal(t, []string{"limit", "retry", "limit", "limit", "retry", "limit"}, waits)

		db.FailWrites(dynamodesttest.Error(400, "ExpiredTokenException", ""), throttled, dynamodesttest.Error(400, "ExpiredTokenException", ""))
		require.NoError(t, dest.CheckWrites(t.Context()), "the token worked in between")
	})
}

func TestCheckWritesStops(t *testing.T) {
	t.Parallel()
	errLimit := errors.New("limit")
	dest := newDest(t, dynamodest.Config{Table: table, Client: fake{describe: described}, Limiter: gateLimiter(func() error { return errLimit })})
	err := dest.CheckWrites(t.Context())
	require.ErrorIs(t, err, dynamodest.ErrStopped)
	require.ErrorIs(t, err, errLimit)
	var fault *dynamodest.TableError
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, "PutItem", fault.Op)
	assert.Equal(t, "fix what the Limiter returned, then try again", fault.Remedy())
	assert.Equal(t, errLimit, dynamodest.Cause(err))

	testInBubble(t, "the context ends", func(t *testing.T) {
		hanging := fake{describe: described, put: func(ctx context.Context, _ *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		dest := newDest(t, dynamodest.Config{Table: table, Client: hanging, Concurrency: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range 2 { // the second never gets a slot to itself while the first has it
			go func() { _ = dest.CheckWrites(ctx) }()
		}
		err := dest.CheckWrites(ctx)
		require.ErrorIs(t, err, dynamodest.ErrStopped)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
		err = dest.CheckWrites(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	testInBubble(t, "the hook ends the context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var last dynamodest.Response
		dest := newDest(t, dynamodest.Config{Table: table, Client: fake{describe: described}, Observer: dynamodest.Observer{
			RequestStart: func(ctx context.Context, r dynamodest.Request) context.Context {
				if r.Op == "PutItem" {
					cancel()
				}
				return ctx
			},
			RequestDone: func(_ context.Context, r dynamodest.Response) { last = r },
		}})
		require.ErrorIs(t, dest.CheckWrites(ctx), dynamodest.ErrStopped)
		assert.Equal(t, dynamodest.ErrStopped, last.Reason)
	})
}

// The probes keep to the cap, beside writes, and no more requests are in flight than Concurrency.
func TestCheckWritesKeepsToTheCap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		waits := 0
		dest := newDest(t, dynamodest.Config{Table: table, Client: db, WriteUnitsPerSecond: 2, Concurrency: 1, Observer: dynamodest.Observer{
			Wait: func(_ context.Context, w dynamodest.Wait) {
				if w.For == "pace" {
					waits++
				}
			},
		}})
		begin := time.Now()
		for range 5 {
			require.NoError(t, dest.CheckWrites(t.Context()))
		}
		assert.GreaterOrEqual(t, time.Since(begin), 4*time.Second) // 10 units
		assert.Positive(t, waits)
		_, err := dest.Write(t.Context(), numbered(3))
		require.NoError(t, err, "every slot was given back")
	})
}

// A client that panics in a probe leaves the slot free.
func TestCheckWritesSurvivesPanics(t *testing.T) {
	t.Parallel()
	panics := true
	client := answering(nil, apiError("ValidationException", "The provided key element does not match the schema"))
	put := client.put
	client.put = func(ctx context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
		if panics {
			panic("in the client")
		}
		return put(ctx, in)
	}
	dest := newDest(t, dynamodest.Config{Table: table, Client: client, Concurrency: 1})
	assert.PanicsWithValue(t, "in the client", func() { _ = dest.CheckWrites(t.Context()) })
	panics = false
	assert.NoError(t, dest.CheckWrites(t.Context()))
}

// A wrong host is reported after two requests, however many attempts Retry allows.
func TestCheckReportsAWrongHostSoon(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{
		"name":    &net.DNSError{Err: "no such host", Name: "dynamodb.eu-wst-1.amazonaws.com", IsNotFound: true},
		"refused": &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)},
	} {
		testInBubble(t, name, func(t *testing.T) {
			requests, wrong := 0, false
			client := fake{describe: func() (*dynamodb.DescribeTableOutput, error) {
				if wrong {
					requests++
					return nil, cause
				}
				return described()
			}, put: func(context.Context, *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
				requests++
				return nil, cause
			}}
			cfg := dynamodest.Config{Table: table, Client: client}
			dest := newDest(t, cfg)
			wrong = true
			begin := time.Now()
			for op, check := range map[string]func() error{
				"DescribeTable": func() error { return dest.Check(t.Context()) },
				"New":           func() error { _, err := dynamodest.New(t.Context(), cfg); return err },
				"PutItem":       func() error { return dest.CheckWrites(t.Context()) },
			} {
				requests = 0
				err := check()
				require.ErrorIs(t, err, dynamodest.ErrUnavailable, op)
				require.ErrorIs(t, err, cause)
				assert.Equal(t, 2, requests)
			}
			assert.Less(t, time.Since(begin), time.Second)
		})
	}
	var requests int
	cfg := wireConfig(t, http.NotFoundHandler())
	cfg.Endpoint = "http://127.0.0.1:1"
	cfg.Observer.RequestDone = func(context.Context, dynamodest.Response) { requests++ }
	_, err := dynamodest.New(t.Context(), cfg)
	require.ErrorIs(t, err, dynamodest.ErrUnavailable)
	assert.ErrorContains(t, err, "host 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused")
	assert.Equal(t, 2, requests)
}

// A check that its context ends says what it was waiting for, and what it had met before.
func TestCheckSaysWhatItWaitedFor(t *testing.T) {
	t.Parallel()
	testInBubble(t, "between requests", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := dynamodest.New(ctx, dynamodest.Config{Table: table, Client: fake{describe: func() (*dynamodb.DescribeTableOutput, error) {
			return nil, &types.ThrottlingException{}
		}}, Retry: dynamodest.Retry{MinDelay: time.Hour, MaxDelay: time.Hour}})
		require.ErrorIs(t, err, dynamodest.ErrStopped)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "context deadline exceeded; before that DescribeTable: ThrottlingException")
	})
}
