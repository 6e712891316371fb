package otel_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/dynamodest/dynamodest"
	dynamodestotel "github.com/dynamodest/dynamodest/otel"
)

// BenchmarkWrite compares writes with telemetry to writes without, in turns in the same run: the metric "ratio" is the time
// of the former by that of the latter. The client takes everything at once and costs nothing, so the ratios over a network
// are smaller.
func BenchmarkWrite(b *testing.B) {
	exporter := tracetest.NewNoopExporter()
	providers := map[string]dynamodestotel.Options{
		"noop": {TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider()},
		"metrics": {
			TracerProvider: tracenoop.NewTracerProvider(),
			MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())),
		},
		"metrics and sampled spans": {
			TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithSampler(sdktrace.TraceIDRatioBased(0.01))),
			MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())),
		},
		"metrics and all spans": {
			TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter)),
			MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())),
		},
	}
	rows := make([]dynamodest.Row, 10_000)
	for i := range rows {
		rows[i] = dynamodest.Row{
			"user_id": fmt.Sprint("user-", i), "score": float64(i) / 7, "segment": "returning customer", "visits": i,
			"active": i%2 == 0, "country": "NL", "city": "Utrecht", "updated": "2026-11-27T12:00:00Z", "plan": "yearly", "note": "",
		}
	}
	cfg := dynamodest.Config{Table: "users", Client: taker{}}
	plain, err := dynamodest.New(b.Context(), cfg)
	require.NoError(b, err)
	for name, options := range providers {
		b.Run(name, func(b *testing.B) {
			telemetry, err := dynamodestotel.New(options)
			require.NoError(b, err)
			observed, stop, err := telemetry.NewDestination(b.Context(), cfg)
			require.NoError(b, err)
			defer stop()
			var with, without time.Duration
			for b.Loop() {
				without += writeTime(b, plain, rows)
				with += writeTime(b, observed, rows)
			}
			b.ReportMetric(with.Seconds()/without.Seconds(), "ratio")
		})
	}
	for _, options := range providers {
		if tracers, ok := options.TracerProvider.(*sdktrace.TracerProvider); ok {
			require.NoError(b, tracers.Shutdown(context.WithoutCancel(b.Context())))
		}
	}
}

func writeTime(b *testing.B, dest *dynamodest.Destination, rows []dynamodest.Row) time.Duration {
	b.Helper()
	began := time.Now()
	_, err := dest.Write(b.Context(), rows)
	require.NoError(b, err)
	return time.Since(began)
}

// taker is a client that writes everything.
type taker struct{}

func (taker) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return &dynamodb.DescribeTableOutput{}, nil
}

func (taker) BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	return &dynamodb.BatchWriteItemOutput{}, nil
}

func (taker) PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return &dynamodb.PutItemOutput{}, nil
}
