package otel_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	dynamodestotel "github.com/dynamodest/dynamodest/otel"
)

const (
	table  = "users"
	region = "eu-west-1"
)

// backend keeps what a Telemetry reports, in memory.
type backend struct {
	telemetry *dynamodestotel.Telemetry
	reader    *sdkmetric.ManualReader
	spans     *tracetest.InMemoryExporter
	tracer    trace.TracerProvider
}

func newBackend(t testing.TB) *backend {
	t.Helper()
	b := &backend{reader: sdkmetric.NewManualReader(), spans: tracetest.NewInMemoryExporter()}
	b.tracer = sdktrace.NewTracerProvider(sdktrace.WithSyncer(b.spans))
	telemetry, err := dynamodestotel.New(dynamodestotel.Options{
		TracerProvider: b.tracer,
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.reader)),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, telemetry.Close()) })
	b.telemetry = telemetry
	return b
}

// dest returns a watched Destination for the table of db.
func (b *backend) dest(t testing.TB, db *dynamodesttest.DB, cfg dynamodest.Config) *dynamodest.Destination {
	t.Helper()
	if cfg.Table == "" {
		cfg.Table, cfg.Region = table, region
	}
	cfg.Client = db
	dest, stop, err := b.telemetry.NewDestination(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(stop)
	return dest
}

// collect returns the metrics, by name.
func (b *backend) collect(t testing.TB) map[string]metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, b.reader.Collect(t.Context(), &all))
	metrics := map[string]metricdata.Metrics{}
	for _, scope := range all.ScopeMetrics {
		assert.Equal(t, "github.com/dynamodest/dynamodest/otel", scope.Scope.Name)
		assert.Equal(t, "https://opentelemetry.io/schemas/1.43.0", scope.Scope.SchemaURL)
		for _, m := range scope.Metrics {
			metrics[m.Name] = m
		}
	}
	return metrics
}

// series returns the series of the metric with that name as lines of text, sorted: all attributes, and the value.
func (b *backend) series(t testing.TB, name string) []string {
	t.Helper()
	m, found := b.collect(t)[name]
	if !found {
		return nil
	}
	return seriesOf(t, m)
}

func seriesOf(t testing.TB, m metricdata.Metrics) []string {
	t.Helper()
	var lines []string
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		lines = points(data.DataPoints)
	case metricdata.Sum[float64]:
		lines = points(data.DataPoints)
	case metricdata.Gauge[float64]:
		lines = points(data.DataPoints)
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			lines = append(lines, fmt.Sprintf("%s: %d, %v", text(p.Attributes.ToSlice()), p.Count, p.Sum))
		}
	default:
		require.Failf(t, "unknown data", "%T", data)
	}
	slices.Sort(lines)
	return lines
}

func points[N int64 | float64](points []metricdata.DataPoint[N]) (lines []string) {
	for _, p := range points {
		lines = append(lines, fmt.Sprintf("%s: %v", text(p.Attributes.ToSlice()), p.Value))
	}
	return lines
}

// text returns attributes as one line, sorted.
func text(attributes []attribute.KeyValue) string {
	parts := make([]string, len(attributes))
	for i, a := range attributes {
		parts[i] = string(a.Key) + "=" + a.Value.String()
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

// span returns the spans with that name, in the order of their ends.
func (b *backend) spansNamed(name string) (found tracetest.SpanStubs) {
	for _, span := range b.spans.GetSpans() {
		if span.Name == name {
			found = append(found, span)
		}
	}
	return found
}

// numbered returns so many rows.
func numbered(n int) []dynamodest.Row {
	rows := make([]dynamodest.Row, n)
	for i := range rows {
		rows[i] = dynamodest.Row{"id": fmt.Sprint("user-", i)}
	}
	return rows
}
