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

// A process that makes its Destinations elsewhere gives them the hooks, and has their figures read while they live.
func ExampleTelemetry_Observer() {
	ctx := context.Background()
	spans := tracetest.NewInMemoryExporter()
	telemetry, err := dynamodestotel.New(dynamodestotel.Options{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)), MeterProvider: sdkmetric.NewMeterProvider(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	retries := 0
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "customer_scores", Client: dynamodesttest.NewTable("customer_scores", "customer:S"),
		Observer: dynamodest.Observers(telemetry.Observer(), dynamodest.Observer{ // with hooks of your own
			Wait: func(_ context.Context, w dynamodest.Wait) {
				if w.For == dynamodest.WaitRetry {
					retries++
				}
			},
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = dest.Write(ctx, []dynamodest.Row{{"customer": "c-1"}})
	fmt.Println(len(spans.GetSpans()), "spans,", retries, "retries,", err)
	// Output: 3 spans, 0 retries, <nil>
}

// Rows by outcome are read from the Destination whenever metrics are collected, until stop is called.
func ExampleTelemetry_Watch() {
	ctx := context.Background()
	reader := sdkmetric.NewManualReader()
	telemetry, err := dynamodestotel.New(dynamodestotel.Options{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})
	if err != nil {
		fmt.Println(err)
		return
	}
	dest, err := dynamodest.New(ctx, dynamodest.Config{
		Table: "customer_scores", Client: dynamodesttest.NewTable("customer_scores", "customer:S"), Observer: telemetry.Observer(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	stop := telemetry.Watch(dest, "customer_scores", "us-east-1")
	defer stop()
	if _, err := dest.Write(ctx, []dynamodest.Row{{"customer": "c-1"}, {"customer": "c-2"}}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(rowsByOutcome(ctx, reader))
	// Output: [written: 2]
}

// A telemetry that comes with the Destination that it watches.
func ExampleTelemetry_NewDestination() {
	ctx := context.Background()
	reader := sdkmetric.NewManualReader()
	telemetry, err := dynamodestotel.New(dynamodestotel.Options{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})
	if err != nil {
		fmt.Println(err)
		return
	}
	dest, stop, err := telemetry.NewDestination(ctx, dynamodest.Config{
		Table: "customer_scores", Client: dynamodesttest.NewTable("customer_scores", "customer:S"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	_, err = dest.Write(ctx, []dynamodest.Row{{"customer": "c-1"}, {"customer": 2}})
	fmt.Println(rowsByOutcome(ctx, reader), err != nil)
	// Output: [not_written: 1 written: 1] true
}

// At the end of the process: the figures are read no longer, and the callback of the meter provider is gone.
func ExampleTelemetry_Close() {
	telemetry, err := dynamodestotel.New(dynamodestotel.Options{MeterProvider: sdkmetric.NewMeterProvider()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { fmt.Println("closed:", telemetry.Close()) }() // before the meter provider is shut down
	fmt.Println("syncs run")
	// Output:
	// syncs run
	// closed: <nil>
}

// rowsByOutcome collects metrics and returns the series of dynamodest.rows that are not 0.
func rowsByOutcome(ctx context.Context, reader sdkmetric.Reader) []string {
	var metrics metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &metrics); err != nil {
		return []string{err.Error()}
	}
	for _, m := range metrics.ScopeMetrics[0].Metrics {
		if rows, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == "dynamodest.rows" {
			return byOutcome(rows)
		}
	}
	return nil
}
