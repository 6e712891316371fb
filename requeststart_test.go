package dynamodest_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// hooked is a Destination whose RequestStart calls start before each request that writes, and whose
// RequestDone keeps the responses to them.
func hooked(t *testing.T, cfg dynamodest.Config, start func(context.Context) context.Context) (*dynamodest.Destination, *[]dynamodest.Response) {
	t.Helper()
	var responses []dynamodest.Response
	cfg.Table = table
	cfg.Observer = dynamodest.Observer{
		RequestStart: func(ctx context.Context, r dynamodest.Request) context.Context {
			if r.Rows == 0 {
				return ctx
			}
			return start(ctx)
		},
		RequestDone: func(_ context.Context, r dynamodest.Response) {
			if r.Request.Rows > 0 {
				responses = append(responses, r)
			}
		},
	}
	return newDest(t, cfg), &responses
}

// A RequestStart that returns after the context has ended lets no request go, and RequestDone is
// called all the same: what one hook began, the other ends.
func TestRequestStartOutlastsTheContext(t *testing.T) {
	t.Parallel()
	given := map[string]func(context.Context) context.Context{
		"derived context":    func(ctx context.Context) context.Context { return ctx },
		"context of its own": func(context.Context) context.Context { return context.Background() },
	}
	for name, own := range given {
		testInBubble(t, name, func(t *testing.T) {
			db := dynamodesttest.NewTable(table, "id:S")
			dest, responses := hooked(t, dynamodest.Config{Client: db, Concurrency: 1}, func(ctx context.Context) context.Context {
				time.Sleep(time.Minute)
				return own(ctx)
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			res, err := dest.Write(ctx, numbered(30))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, map[string]int{"DescribeTable": 1}, db.Actions())
			assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.NotWritten: 30}, outcomes(res.Rows))
			for _, r := range res.Rows {
				require.ErrorIs(t, r.Err, dynamodest.ErrStopped)
				require.Zero(t, r.Attempts)
			}
			assert.Zero(t, res.Summary.Requests)
			require.Len(t, *responses, 1)
			assert.Equal(t, dynamodest.ErrStopped, (*responses)[0].Reason)
			require.ErrorIs(t, (*responses)[0].Err, context.DeadlineExceeded)
			assert.ErrorContains(t, (*responses)[0].Err, "not sent")
			assert.Zero(t, (*responses)[0].Elapsed)
		})
	}
}

// The same if the call was stopped by something else meanwhile.
func TestRequestStartOutlastsTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		var requests atomic.Int32
		dest, responses := hooked(t, dynamodest.Config{Client: db, Concurrency: 2}, func(ctx context.Context) context.Context {
			if requests.Add(1) > 1 {
				time.Sleep(time.Minute)
			}
			return ctx
		})
		db.SetLatency(time.Second, time.Second, 1)
		db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault {
			return dynamodesttest.Error(400, "AccessDeniedException", "")
		})
		res, err := dest.Write(t.Context(), numbered(30))
		require.ErrorIs(t, err, dynamodest.ErrAccess)
		assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.NotWritten: 30}, outcomes(res.Rows))
		assert.Equal(t, map[string]int{"DescribeTable": 1, "BatchWriteItem": 1}, db.Actions())
		require.Len(t, *responses, 2)
		assert.Equal(t, dynamodest.ErrAccess, (*responses)[0].Reason)
		assert.Equal(t, dynamodest.ErrStopped, (*responses)[1].Reason)
	})
}

// A context that RequestStart returns ends that request alone, also if it has ended already: the
// request is not sent, and fails as one whose context ended on the way.
func TestRequestStartReturnsAnEndedContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := dynamodesttest.NewTable(table, "id:S")
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		requests := 0
		dest, responses := hooked(t, dynamodest.Config{Client: db, Concurrency: 1}, func(ctx context.Context) context.Context {
			if requests++; requests == 1 {
				return ended
			}
			return ctx
		})
		res, err := dest.Write(t.Context(), numbered(2))
		require.NoError(t, err)
		assert.Equal(t, 2, res.Rows[0].Attempts)
		assert.Equal(t, 1, db.Actions()["BatchWriteItem"])
		require.NotEmpty(t, *responses)
		assert.Equal(t, dynamodest.ErrUnavailable, (*responses)[0].Reason)
		assert.ErrorContains(t, (*responses)[0].Err, "RequestStart")

		dest, _ = hooked(t, dynamodest.Config{Client: db, Concurrency: 1}, func(context.Context) context.Context { return ended })
		res, err = dest.Write(t.Context(), numbered(2))
		require.ErrorIs(t, err, dynamodest.ErrUnavailable)
		require.NotErrorIs(t, err, context.Canceled)
		assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.NotWritten: 2}, outcomes(res.Rows), "certainly not sent")
		assert.Equal(t, 10, res.Rows[0].Attempts)
	})
}
