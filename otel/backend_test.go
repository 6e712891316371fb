package otel_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	dynamodestotel "github.com/dynamodest/dynamodest/otel"
)

// away is the exporter to a backend that is not there.
type away struct {
	export  func(context.Context) error
	exports atomic.Int32
}

func (a *away) ExportSpans(ctx context.Context, _ []sdktrace.ReadOnlySpan) error {
	a.exports.Add(1)
	return a.export(ctx)
}

func (a *away) Export(ctx context.Context, _ *metricdata.ResourceMetrics) error {
	a.exports.Add(1)
	return a.export(ctx)
}

func (*away) Temporality(sdkmetric.InstrumentKind) metricdata.Temporality {
	return metricdata.CumulativeTemporality
}

func (*away) Aggregation(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(kind)
}

func (*away) ForceFlush(context.Context) error { return nil }
func (*away) Shutdown(context.Context) error   { return nil }

// With a backend that is away all rows are written, in the time that they take without telemetry, and the providers can
// be shut down. More requests are made than the span processor has room for.
func TestBackendThatIsAway(t *testing.T) {
	t.Parallel()
	const rows = 5000
	cases := map[string]struct {
		export   func(context.Context) error
		shutdown time.Duration // what it takes with a deadline of 5 s
	}{
		"fails": {export: func(context.Context) error { return errors.New("connection refused") }},
		"never responds": {shutdown: 5 * time.Second, export: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				spans, metrics := &away{export: c.export}, &away{export: c.export}
				tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans))
				meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics)))
				telemetry, err := dynamodestotel.New(dynamodestotel.Options{TracerProvider: tracers, MeterProvider: meters})
				require.NoError(t, err)
				db := dynamodesttest.NewTable(table, "id:S")
				db.SetLatency(100*time.Millisecond, 100*time.Millisecond, 1)
				dest, stop, err := telemetry.NewDestination(t.Context(), dynamodest.Config{
					Table: table, Region: region, Client: db, Mode: dynamodest.Insert, OnExisting: dynamodest.Skip, Concurrency: 1,
				})
				require.NoError(t, err)

				began := time.Now()
				result, err := dest.Write(t.Context(), numbered(rows))
				require.NoError(t, err)
				assert.Equal(t, rows*100*time.Millisecond, time.Since(began), "one request after the other, and nothing beside")
				assert.Equal(t, rows, result.Summary.Written)
				assert.Equal(t, rows, db.Len(table))
				assert.NotZero(t, spans.exports.Load())
				assert.NotZero(t, metrics.exports.Load())

				stop()
				require.NoError(t, telemetry.Close())
				assert.Equal(t, c.shutdown, shutdown(t, meters))
				assert.Equal(t, c.shutdown, shutdown(t, tracers))
				time.Sleep(10 * time.Minute) // in which the last exports of the span processor reach their own deadlines
			})
		})
	}
}

// shutdown ends a provider by a deadline of 5 s, and returns how long that took. What it could not export is lost.
func shutdown(t testing.TB, provider interface{ Shutdown(context.Context) error }) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	began := time.Now()
	if err := provider.Shutdown(ctx); err != nil {
		t.Log(err)
	}
	return time.Since(began)
}

// Providers that do nothing take nothing from the writes.
func TestNoopProviders(t *testing.T) {
	t.Parallel()
	telemetry, err := dynamodestotel.New(dynamodestotel.Options{
		TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider(),
	})
	require.NoError(t, err)
	writeAndClose(t, telemetry)
}

// writeAndClose writes two rows through a throttled request, and one that is at fault, with telemetry, and closes it.
func writeAndClose(t *testing.T, telemetry *dynamodestotel.Telemetry) {
	t.Helper()
	db := dynamodesttest.NewTable(table, "id:S")
	dest, stop, err := telemetry.NewDestination(t.Context(), dynamodest.Config{Table: table, Client: db})
	require.NoError(t, err)
	defer stop()
	db.FailWrites(dynamodesttest.Error(400, "ThrottlingException", ""))
	_, err = dest.Write(t.Context(), append(numbered(2), dynamodest.Row{"id": 7}))
	require.ErrorIs(t, err, dynamodest.ErrKey)
	assert.Equal(t, 2, db.Len(table))
	require.NoError(t, telemetry.Close())
}

// failingMeters is a MeterProvider that fails to make the instrument, or to register the callback.
type failingMeters struct {
	metricnoop.MeterProvider
	instrument, callback error
}

func (f failingMeters) Meter(string, ...metric.MeterOption) metric.Meter {
	return failingMeter{instrument: f.instrument, callback: f.callback}
}

type failingMeter struct {
	metricnoop.Meter
	instrument, callback error
}

func (f failingMeter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	if f.instrument != nil && name == "dynamodest.waits" {
		return nil, f.instrument
	}
	return metricnoop.Int64Counter{}, nil
}

func (f failingMeter) Float64ObservableGauge(string, ...metric.Float64ObservableGaugeOption) (metric.Float64ObservableGauge, error) {
	if f.instrument != nil {
		return nil, f.instrument
	}
	return metricnoop.Float64ObservableGauge{}, nil
}

func (f failingMeter) RegisterCallback(metric.Callback, ...metric.Observable) (metric.Registration, error) {
	return nil, f.callback
}

// The error of a MeterProvider is that of New, and the Telemetry that New returns with it records spans.
func TestMeterProviderThatFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("too many instruments")
	for name, meters := range map[string]failingMeters{"instruments": {instrument: broken}, "callback": {callback: broken}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spans := tracetest.NewInMemoryExporter()
			telemetry, err := dynamodestotel.New(dynamodestotel.Options{
				TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)), MeterProvider: meters,
			})
			require.ErrorIs(t, err, broken)
			require.NotNil(t, telemetry)
			writeAndClose(t, telemetry)
			assert.Len(t, spans.GetSpans(), 4)
		})
	}
}
