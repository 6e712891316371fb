package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// The workflows that run while a new version of the program is started go on by its code, from histories that the old
// one has made. These are of a load of five shards in two runs, and of its budget. A change that this test refuses needs
// workflow.GetVersion, or worker versioning, and then new histories beside the old ones: "temporal workflow show
// --workflow-id ID --output json" prints one.
func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/history-*.json")
	require.NoError(t, err)
	require.Len(t, names, 3)
	for _, name := range names {
		replayer := worker.NewWorkflowReplayer()
		replayer.RegisterWorkflowWithOptions(Load, workflow.RegisterOptions{Name: loadWorkflow})
		replayer.RegisterWorkflowWithOptions(Budget, workflow.RegisterOptions{Name: budgetWorkflow})
		assert.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, name), name)
	}
}
