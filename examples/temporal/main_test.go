package main

import (
	"log/slog"
	"testing"
	"time"

	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Temporal's environment leaves an activity behind that waits for its next attempt when the workflow ends.
	const environment = "go.temporal.io/sdk/internal.(*testWorkflowEnvironmentImpl)."
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction(environment+"executeActivityWithRetryForTest"),
		goleak.IgnoreAnyFunction(environment+"ExecuteActivity.func2"))
}

// newSuite returns a suite of Temporal's test environments that log nothing.
func newSuite() *testsuite.WorkflowTestSuite {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(discard())
	return &suite
}

// discard returns a logger that logs nothing.
func discard() log.Logger { return log.NewStructuredLogger(slog.New(slog.DiscardHandler)) }

// newEnvironment returns an environment in which time is virtual, with the workflows and the activities of a.
func newEnvironment(t *testing.T, a *activities) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	env := newSuite().NewTestWorkflowEnvironment()
	env.SetTestTimeout(patienceOfTests)
	register(env, a)
	return env
}

// patienceOfTests is how long an environment waits for an activity before it ends the test: its own 3 s are too short
// for a machine that is busy.
const patienceOfTests = 5 * time.Minute
