package connect_test

import (
	"context"
	"sync"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// TestAStoppedPipelineSettlesNothing stops a pipeline while rows of its second batch are not taken.
func TestAStoppedPipelineSettlesNothing(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]dynamodesttest.Fault{
		"throttled": dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)),
		"denied":    dynamodesttest.Error(400, "AccessDeniedException", "not authorized to perform this"),
		"stalled":   dynamodesttest.Stall(nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t)
			p.settings = "retry: {max_attempts: 1}\n          batching: {count: 1}"
			writes, stuck := 0, make(chan struct{})
			var mu sync.Mutex
			p.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
				mu.Lock()
				defer mu.Unlock()
				if c.Op == dynamodest.OpDescribeTable {
					return dynamodesttest.Fault{}
				}
				if writes++; writes == 1 {
					return dynamodesttest.Fault{}
				}
				if writes == 2 {
					close(stuck)
				}
				return fault
			})
			rows := &source{acked: make(chan struct{}, 3)}
			rows.use(p, []string{`{"id":"a","n":1}`, `nothing`}, []string{`{"id":"b","n":2}`, `nothing more`}, []string{`{"id":"c","n":3}`})
			stream := p.build()
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- stream.Run(ctx) }()
			<-rows.acked // by the file of dead letters
			<-stuck
			cancel()
			require.ErrorIs(t, <-ended, context.Canceled)
			require.ErrorIs(t, stream.Stop(ctx), context.Canceled) // at once, and not when rows are settled
			require.NoError(t, stream.Stop(t.Context()))

			assert.Equal(t, map[string]string{"a": "1"}, p.numbers())
			assert.Equal(t, []deadLetter{{"unmappable_value: the message is no row: not a JSON object", "nothing"}}, p.deadLetters())
			taken, _ := rows.acknowledged()
			assert.Equal(t, 1, taken, "the batch that is settled")
		})
	}
}

// TestAnEndedWriteClosesTheOutput has a batch that is neither acknowledged nor rejected.
func TestAnEndedWriteClosesTheOutput(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	made := p.made()
	require.NoError(t, made.Connect(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	p.db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault {
		cancel()
		return dynamodesttest.Unprocessed(dynamodesttest.All)
	})
	err := made.WriteBatch(ctx, service.MessageBatch{service.NewMessage([]byte(`nothing`)), service.NewMessage([]byte(`{"id":"a"}`))})
	require.ErrorIs(t, err, service.ErrEndOfInput)
	require.ErrorIs(t, err, context.Canceled)
	var failed *service.BatchError
	assert.NotErrorAs(t, err, &failed)
	assert.NoError(t, made.Close(t.Context()))
}

func TestAWriteBeforeConnectIsNotConnected(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	err := p.made().WriteBatch(t.Context(), service.MessageBatch{service.NewMessage([]byte(`nothing`))})
	assert.Equal(t, service.ErrNotConnected, err)
}
