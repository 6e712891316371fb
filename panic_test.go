package dynamodest_test

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// panicking are Configs whose Write panics in code of the caller's that a request's goroutine runs.
var panicking = map[string]dynamodest.Config{
	"Client": {Client: fake{
		describe: described,
		batch: func(context.Context, *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
			panic("boom")
		},
	}},
	"Limiter": {Limiter: waitFunc(func(context.Context, int) error { panic("boom") })},
	"RequestDone": {Observer: dynamodest.Observer{RequestDone: func(_ context.Context, r dynamodest.Response) {
		if r.Request.Rows > 0 {
			panic("boom")
		}
	}}},
}

// panicVariable names the case of panicking that the test process writes with.
const panicVariable = "DYNAMODEST_TEST_PANIC"

// writePanicking recovers from a panic of Write, if it gets one.
func writePanicking(t *testing.T, cfg dynamodest.Config) {
	defer func() { _ = recover() }()
	cfg.Table = table
	if cfg.Client == nil {
		cfg.Client = dynamodesttest.NewTable(table, "id:S")
	}
	_, _ = newDest(t, cfg).Write(t.Context(), numbered(25))
}

// A panic of a Client, a Limiter or an Observer's func ends the process, as documented, although the
// caller of Write would recover. The test runs itself for each.
func TestPanicEndsTheProcess(t *testing.T) {
	t.Parallel()
	if cfg, ok := panicking[os.Getenv(panicVariable)]; ok {
		writePanicking(t, cfg)
		return
	}
	for name := range panicking {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPanicEndsTheProcess$")
			cmd.Env = append(os.Environ(), panicVariable+"="+name)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, 2, exit.ExitCode(), "of a Go program that panics")
			assert.Contains(t, string(out), "panic: boom")
			assert.NotContains(t, string(out), "r-00007", "the key of a row")
		})
	}
}
