package otel_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	global "go.opentelemetry.io/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	dynamodestotel "github.com/dynamodest/dynamodest/otel"
)

// inChild is the environment variable that says that this process runs TestGlobalProviders alone.
const inChild = "DYNAMODEST_TEST_GLOBAL_PROVIDERS"

// Without providers the global ones are used, also if they are set after New. What was made before follows only the first
// that a process sets, so the test has a process of its own.
func TestGlobalProviders(t *testing.T) {
	t.Parallel()
	if os.Getenv(inChild) == "" {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestGlobalProviders$", "-test.v")
		child.Env = append(os.Environ(), inChild+"=1")
		output, err := child.CombinedOutput()
		require.NoError(t, err, "%s", output)
		require.Contains(t, string(output), "--- PASS: TestGlobalProviders")
		return
	}
	telemetry, err := dynamodestotel.New(dynamodestotel.Options{})
	require.NoError(t, err)
	db := dynamodesttest.NewTable(table, "id:S")
	dest, stop, err := telemetry.NewDestination(t.Context(), dynamodest.Config{Table: table, Region: region, Client: db})
	require.NoError(t, err)
	defer stop()
	_, err = dest.Write(t.Context(), numbered(1))
	require.NoError(t, err)

	b := &backend{reader: sdkmetric.NewManualReader(), spans: tracetest.NewInMemoryExporter()}
	global.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(b.spans)))
	global.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.reader)))
	_, err = dest.Write(t.Context(), numbered(2))
	require.NoError(t, err)
	assert.Equal(t, outcomes(users, 0, 0, 0, 0, 0, 3), b.series(t, "dynamodest.rows"))
	assert.Len(t, b.series(t, "dynamodest.call.duration"), 1)
	require.Len(t, b.spansNamed("dynamodest.Write users"), 1)
	assert.Len(t, b.spansNamed("BatchWriteItem users"), 1)

	other, err := dynamodestotel.New(dynamodestotel.Options{})
	require.NoError(t, err)
	_, stopOther, err := other.NewDestination(t.Context(), dynamodest.Config{Table: table, Region: region, Client: db})
	require.NoError(t, err)
	defer stopOther()
	assert.Len(t, b.spansNamed("DescribeTable users"), 1)
	require.NoError(t, other.Close())
	require.NoError(t, telemetry.Close())
}
