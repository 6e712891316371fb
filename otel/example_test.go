package otel_test

import (
	"context"
	"fmt"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	dynamodestotel "github.com/dynamodest/dynamodest/otel"
)

// A service has providers that export to a backend. Here a reader and an exporter in memory show what they would get.
func ExampleNew() {
	ctx := context.Background()
	reader, spans := sdkmetric.NewManualReader(), tracetest.NewInMemoryExporter()
	meterProvider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	tracerProvider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	cfg := dynamodest.Config{Region: "eu-west-1", Table: "customer_scores", Client: dynamodesttest.NewTable("customer_scores", "customer:S")}

	err := func() error {
		// README: telemetry
		telemetry, err := dynamodestotel.New(dynamodestotel.Options{ // without them: the global providers
			TracerProvider: tracerProvider, // in production with a batch span processor
			MeterProvider:  meterProvider,  // in production with a periodic reader
		})
		if err != nil {
			return err
		}
		dest, stop, err := telemetry.NewDestination(ctx, cfg) // dynamodest.New, with telemetry
		if err != nil {
			return err
		}
		defer stop() // when the calls have returned
		// README end
		_, err = dest.Write(ctx, []dynamodest.Row{{"customer": "c-1"}, {"customer": "c-2"}, {"customer": 3}})
		fmt.Println(err != nil)
		return nil
	}()
	if err != nil {
		fmt.Println(err)
		return
	}

	var metrics metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &metrics); err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range metrics.ScopeMetrics[0].Metrics {
		if rows, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == "dynamodest.rows" {
			fmt.Println(m.Name, byOutcome(rows))
		}
	}
	for _, span := range spans.GetSpans() {
		fmt.Println(span.Name)
	}

	// Output:
	// true
	// dynamodest.rows [not_written: 1 written: 2]
	// DescribeTable customer_scores
	// BatchWriteItem customer_scores
	// dynamodest.Write customer_scores
}

// byOutcome returns the series that are not 0.
func byOutcome(rows metricdata.Sum[int64]) (lines []string) {
	for _, p := range rows.DataPoints {
		outcome, _ := p.Attributes.Value(attribute.Key("dynamodest.outcome"))
		if p.Value > 0 {
			lines = append(lines, fmt.Sprintf("%s: %d", outcome.AsString(), p.Value))
		}
	}
	slices.Sort(lines)
	return lines
}
