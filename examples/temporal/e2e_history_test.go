//go:build unix

package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// patience is the longest wait for a condition. It is not a limit on the speed of anything.
const patience = 5 * time.Minute

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, patience, 20*time.Millisecond, what)
}

// history returns the events of all runs of a workflow that has ended.
func history(t *testing.T, c client.Client, id string) []*historypb.HistoryEvent {
	t.Helper()
	described, err := c.DescribeWorkflow(t.Context(), id, "")
	require.NoError(t, err)
	var events []*historypb.HistoryEvent
	for run := described.RawResponse.GetWorkflowExecutionInfo().GetFirstRunId(); run != ""; {
		next := ""
		iterator := c.GetWorkflowHistory(t.Context(), id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for iterator.HasNext() {
			event, err := iterator.Next()
			require.NoError(t, err)
			events = append(events, event)
			if continued := event.GetWorkflowExecutionContinuedAsNewEventAttributes(); continued != nil {
				next = continued.GetNewExecutionRunId()
			}
		}
		run = next
	}
	return events
}

// noRows checks that no value of a row and no key is in the history, which has names and counts.
func noRows(t *testing.T, events []*historypb.HistoryEvent) {
	t.Helper()
	named := false
	for _, event := range events {
		bytes, err := proto.Marshal(event)
		require.NoError(t, err)
		text := string(bytes)
		assert.NotContains(t, text, marker, event.GetEventType())
		assert.NotContains(t, text, keyMarker, event.GetEventType())
		named = named || strings.Contains(text, tableName)
	}
	assert.True(t, named, "the payloads can be searched")
}

// checkpointsOf returns the checkpoints that the server has of the shards that a worker is at, by shard.
func checkpointsOf(ctx context.Context, c client.Client, id string, worker *process) (map[int]Checkpoint, error) {
	described, err := c.DescribeWorkflow(ctx, id, "")
	if err != nil {
		return nil, err
	}
	shards, err := shardsByActivity(ctx, c, described.RawResponse)
	if err != nil {
		return nil, err
	}
	checkpoints := make(map[int]Checkpoint)
	for _, pending := range described.RawResponse.GetPendingActivities() {
		shard, ok := shards[pending.GetActivityId()]
		if !ok || !worker.is(pending.GetLastWorkerIdentity()) {
			continue
		}
		var checkpoint Checkpoint
		if details := pending.GetHeartbeatDetails(); details != nil {
			if err := converter.GetDefaultDataConverter().FromPayloads(details, &checkpoint); err != nil {
				return nil, err
			}
		}
		checkpoints[shard] = checkpoint
	}
	return checkpoints, nil
}

// shardsByActivity returns the shards of the activities of a run, by the activities' IDs.
func shardsByActivity(ctx context.Context, c client.Client, run *workflowservice.DescribeWorkflowExecutionResponse) (map[string]int, error) {
	shards := make(map[string]int)
	execution := run.GetWorkflowExecutionInfo().GetExecution()
	iterator := c.GetWorkflowHistory(ctx, execution.GetWorkflowId(), execution.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for iterator.HasNext() {
		event, err := iterator.Next()
		if err != nil {
			return nil, err
		}
		scheduled := event.GetActivityTaskScheduledEventAttributes()
		if scheduled.GetActivityType().GetName() != shardActivity {
			continue
		}
		var task ShardTask
		if err := converter.GetDefaultDataConverter().FromPayloads(scheduled.GetInput(), &task); err != nil {
			return nil, err
		}
		shards[scheduled.GetActivityId()] = task.Shard
	}
	return shards, nil
}

// noLog discards the log of the client.
type noLog struct{}

func (noLog) Debug(string, ...any) {}
func (noLog) Info(string, ...any)  {}
func (noLog) Warn(string, ...any)  {}
func (noLog) Error(string, ...any) {}
