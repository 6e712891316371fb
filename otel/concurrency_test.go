package otel_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	dynamodestotel "github.com/dynamodest/dynamodest/otel"
)

// Many goroutines write by Destinations of one Telemetry, while others collect and watch: no row is counted twice, and
// none is missed.
func TestManyGoroutines(t *testing.T) {
	t.Parallel()
	const goroutines, rows = 64, 30
	b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
	shared := b.dest(t, db, dynamodest.Config{})
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() {
			dest := shared
			if i%4 == 0 { // has a Destination of its own, whose figures stay when it is stopped
				own, stop, err := b.telemetry.NewDestination(t.Context(), dynamodest.Config{Table: table, Region: region, Client: db})
				assert.NoError(t, err)
				defer stop()
				dest = own
			}
			batch := make([]dynamodest.Row, rows)
			for j := range batch {
				batch[j] = dynamodest.Row{"id": fmt.Sprint(i, "-", j)}
			}
			batch[0]["id"] = i // a bad key
			_, err := dest.Write(t.Context(), batch)
			assert.ErrorIs(t, err, dynamodest.ErrKey)
			b.collect(t)
		})
	}
	wg.Wait()
	assert.Equal(t, outcomes(users, 0, goroutines, 0, 0, 0, goroutines*(rows-1)), b.series(t, "dynamodest.rows"))
	assert.Equal(t, []string{fmt.Sprint(users, " dynamodest.scope=row error.type=bad_key: ", goroutines)}, b.series(t, "dynamodest.failed_rows"))
	assert.Equal(t, []string{users + ": 0"}, b.series(t, "dynamodest.active_requests"))
	assert.Len(t, b.spansNamed("dynamodest.Write users"), goroutines)
}

// The first 1,000 requests of a call are in its trace. Later ones begin traces of their own, with a link to the call.
func TestLongCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		dest := b.dest(t, db, dynamodest.Config{Mode: dynamodest.Insert, OnExisting: dynamodest.Skip, Concurrency: 1, WriteUnitsPerSecond: 5})
		_, err := dest.Write(t.Context(), numbered(1010))
		require.NoError(t, err)
		call := b.spansNamed("dynamodest.Write users")[0]
		puts := b.spansNamed("PutItem users")
		require.Len(t, puts, 1010)
		for i, put := range puts {
			if i < 1000 {
				require.Equal(t, call.SpanContext.SpanID(), put.Parent.SpanID(), i)
				require.Empty(t, put.Links, i)
				continue
			}
			require.False(t, put.Parent.IsValid(), i)
			require.NotEqual(t, call.SpanContext.TraceID(), put.SpanContext.TraceID(), i)
			require.Len(t, put.Links, 1, i)
			require.Equal(t, call.SpanContext, put.Links[0].SpanContext, i)
		}
		assert.Len(t, call.Events, 128, "the SDK keeps the last 128 events")
		assert.Greater(t, call.DroppedEvents, 800)

		b.spans.Reset()
		_, err = dest.Write(t.Context(), numbered(1))
		require.NoError(t, err)
		assert.Equal(t, b.spansNamed("dynamodest.Write users")[0].SpanContext.SpanID(), b.spansNamed("PutItem users")[0].Parent.SpanID(),
			"another call begins anew")
	})
}

// Other hooks put spans of theirs between the call and its requests: the link of a later request is to the call.
func TestLongCallBesideOtherHooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		own := b.tracer.Tracer("own")
		dest := b.dest(t, db, dynamodest.Config{Mode: dynamodest.Insert, OnExisting: dynamodest.Skip, Observer: dynamodest.Observer{
			CallStart: func(ctx context.Context, _ dynamodest.Call) context.Context {
				ctx, _ = own.Start(ctx, "call of another hook")
				return ctx
			},
			CallDone: func(ctx context.Context, _ dynamodest.CallResult) { trace.SpanFromContext(ctx).End() },
		}})
		_, err := dest.Write(t.Context(), numbered(1001))
		require.NoError(t, err)
		call, linked := b.spansNamed("dynamodest.Write users")[0], 0
		for _, put := range b.spansNamed("PutItem users") {
			for _, link := range put.Links {
				linked++
				assert.Equal(t, call.SpanContext, link.SpanContext)
			}
		}
		assert.Equal(t, 1, linked)
	})
}

// The spans of a call that its sampler only records are not exported, and those of its requests are not either, however
// long the call.
func TestLongCallThatIsRecordedOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		spans := tracetest.NewInMemoryExporter()
		telemetry, err := dynamodestotel.New(dynamodestotel.Options{
			TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans), sdktrace.WithSampler(requestsOnly{})),
			MeterProvider:  metricnoop.NewMeterProvider(),
		})
		require.NoError(t, err)
		db := dynamodesttest.NewTable(table, "id:S")
		dest, stop, err := telemetry.NewDestination(t.Context(), dynamodest.Config{
			Table: table, Client: db, Mode: dynamodest.Insert, OnExisting: dynamodest.Skip,
		})
		require.NoError(t, err)
		defer stop()
		spans.Reset()
		_, err = dest.Write(t.Context(), numbered(1010))
		require.NoError(t, err)
		assert.Empty(t, spans.GetSpans())
	})
}

// requestsOnly samples traces that begin with a request, and records the others.
type requestsOnly struct{}

func (requestsOnly) Description() string { return "requests only" }

func (requestsOnly) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if trace.SpanContextFromContext(p.ParentContext).IsValid() || p.Kind != trace.SpanKindClient {
		return sdktrace.SamplingResult{Decision: sdktrace.RecordOnly}
	}
	return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample}
}
