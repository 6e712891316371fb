package otel_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// The duration of requests is a metric of the convention, and a request that fails has its reason and its code.
func TestRequestDuration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(250*time.Millisecond, 250*time.Millisecond, 1)
		dest := b.dest(t, db, dynamodest.Config{})
		db.FailWrites(
			dynamodesttest.Throttled("ThrottlingException", dynamodesttest.ARN(table)),
			dynamodesttest.Reset(),
			dynamodesttest.Unprocessed(dynamodesttest.First(1)),
		)
		_, err := dest.Write(t.Context(), numbered(3))
		require.NoError(t, err)

		const batch = "cloud.region=eu-west-1 db.collection.name=users db.operation.name=BatchWriteItem "
		assert.Equal(t, []string{
			batch + "db.response.status_code=ThrottlingException db.system.name=aws.dynamodb error.type=throttled: 1, 0.25",
			batch + "db.system.name=aws.dynamodb error.type=unavailable: 1, 0.25",
			batch + "db.system.name=aws.dynamodb: 1, 0.25",
			"cloud.region=eu-west-1 db.collection.name=users db.operation.name=DescribeTable db.system.name=aws.dynamodb: 1, 0.25",
			"cloud.region=eu-west-1 db.collection.name=users db.operation.name=PutItem db.system.name=aws.dynamodb: 1, 0.25",
		}, b.series(t, "db.client.operation.duration"))
		assert.Equal(t, []string{"cloud.region=eu-west-1 db.collection.name=users: 1"}, b.series(t, "dynamodest.unprocessed_rows"))
		assert.Equal(t, []string{"cloud.region=eu-west-1 db.collection.name=users: 7"}, b.series(t, "dynamodest.resent_rows"))
	})
}

// Names, kinds and units are those of docs/telemetry.md.
func TestInstruments(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		dest := b.dest(t, db, dynamodest.Config{WriteUnitsPerSecond: 100, Retry: dynamodest.Retry{MaxAttempts: 1}})
		db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			if c.Op == dynamodest.OpBatchWriteItem {
				return dynamodesttest.Unprocessed(dynamodesttest.First(1))
			}
			return dynamodesttest.Fault{}
		})
		_, err := dest.Write(t.Context(), numbered(60))
		require.ErrorIs(t, err, dynamodest.ErrUnprocessed)
		var metrics map[string]metricdata.Metrics
		_, err = dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
			yield(numbered(1)[0], nil)
			time.Sleep(time.Minute) // the row is written, and the call waits for its source
			metrics = b.collect(t)
		}, func(dynamodest.Row, dynamodest.RowResult) error { return nil })
		require.NoError(t, err)

		type kind struct {
			unit, data string
			monotonic  bool
		}
		got := map[string]kind{}
		for name, m := range metrics {
			assert.NotEmpty(t, m.Description, name)
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				got[name] = kind{m.Unit, "sum of int64", data.IsMonotonic}
			case metricdata.Sum[float64]:
				got[name] = kind{m.Unit, "sum of float64", data.IsMonotonic}
			case metricdata.Gauge[float64]:
				got[name] = kind{m.Unit, "gauge", false}
			case metricdata.Histogram[float64]:
				got[name] = kind{m.Unit, "histogram", false}
			}
		}
		assert.Equal(t, map[string]kind{
			"db.client.operation.duration": {"s", "histogram", false},
			"dynamodest.call.duration":     {"s", "histogram", false},
			"dynamodest.rows":              {"{row}", "sum of int64", true},
			"dynamodest.failed_rows":       {"{row}", "sum of int64", true},
			"dynamodest.unprocessed_rows":  {"{row}", "sum of int64", true},
			"dynamodest.resent_rows":       {"{row}", "sum of int64", true},
			"dynamodest.write_units":       {"{write_unit}", "sum of float64", true},
			"dynamodest.unsettled_rows":    {"{row}", "sum of int64", false},
			"dynamodest.active_requests":   {"{request}", "sum of int64", false},
			"dynamodest.active_calls":      {"{call}", "sum of int64", false},
			"dynamodest.held_back":         {"{destination}", "sum of int64", false},
			"dynamodest.waits":             {"{wait}", "sum of int64", true},
			"dynamodest.wait_time":         {"s", "sum of float64", true},
			"dynamodest.pace":              {"{write_unit}/s", "gauge", false},
		}, got)
		requests := metrics["db.client.operation.duration"].Data.(metricdata.Histogram[float64]).DataPoints[0]
		assert.Equal(t, []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10}, requests.Bounds)
	})
}

// A request's span is a child of its call's, and has the attributes of the convention and no other.
func TestSpans(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		ctx, caller := b.tracer.Tracer("caller").Start(t.Context(), "sync")
		dest, stop, err := b.telemetry.NewDestination(ctx, dynamodest.Config{Table: table, Region: region, Client: db})
		require.NoError(t, err)
		defer stop()
		db.FailWrites(dynamodesttest.Error(400, "ThrottlingException", "slow down"), dynamodesttest.Unprocessed(dynamodesttest.First(1)))
		_, err = dest.Write(ctx, numbered(2))
		require.NoError(t, err)
		caller.End()

		describe := b.spansNamed("DescribeTable users")
		require.Len(t, describe, 1)
		assert.Equal(t, caller.SpanContext().SpanID(), describe[0].Parent.SpanID())
		const common = "aws.dynamodb.table_names=[\"users\"] aws.request_id="
		const rest = " cloud.region=eu-west-1 db.collection.name=users "
		calls := db.Calls()
		assert.Equal(t, common+calls[0].RequestID+rest+"db.operation.name=DescribeTable db.system.name=aws.dynamodb",
			text(describe[0].Attributes))

		call := b.spansNamed("dynamodest.Write users")
		require.Len(t, call, 1)
		assert.Equal(t, trace.SpanKindInternal, call[0].SpanKind)
		assert.Equal(t, caller.SpanContext().SpanID(), call[0].Parent.SpanID())
		assert.Equal(t, codes.Unset, call[0].Status.Code)
		assert.Equal(t, "cloud.region=eu-west-1 db.collection.name=users dynamodest.call.id=1 dynamodest.call.op=Write "+
			"dynamodest.call.rows=2 dynamodest.requests=3 dynamodest.resent_rows=3 dynamodest.rows.written=2 dynamodest.write_units=2",
			text(call[0].Attributes))
		require.Len(t, call[0].Events, 2)
		for i, rows := range []string{"2", "1"} {
			assert.Equal(t, "dynamodest.wait", call[0].Events[i].Name)
			assert.Regexp(t, `^dynamodest.wait.delay=0\.0\d+ dynamodest.wait.for=retry dynamodest.wait.rows=`+rows+"$", text(call[0].Events[i].Attributes))
		}

		batches, puts := b.spansNamed("BatchWriteItem users"), b.spansNamed("PutItem users")
		require.Len(t, batches, 2)
		require.Len(t, puts, 1)
		for _, span := range append(batches, puts...) {
			assert.Equal(t, trace.SpanKindClient, span.SpanKind)
			assert.Equal(t, call[0].SpanContext.SpanID(), span.Parent.SpanID())
			assert.Empty(t, span.Events)
		}
		assert.Equal(t, common+calls[1].RequestID+rest+"db.operation.batch.size=2 db.operation.name=BatchWriteItem "+
			"db.response.status_code=ThrottlingException db.system.name=aws.dynamodb dynamodest.request.bytes=16 error.type=throttled",
			text(batches[0].Attributes))
		assert.Equal(t, codes.Error, batches[0].Status.Code)
		assert.Contains(t, batches[0].Status.Description, "ThrottlingException")
		assert.Equal(t, common+calls[2].RequestID+rest+"db.operation.batch.size=2 db.operation.name=BatchWriteItem "+
			"db.system.name=aws.dynamodb dynamodest.request.bytes=16 dynamodest.unprocessed_rows=1 dynamodest.write_units=1",
			text(batches[1].Attributes))
		assert.Equal(t, codes.Unset, batches[1].Status.Code)
		assert.Equal(t, common+calls[3].RequestID+rest+"db.operation.name=PutItem db.system.name=aws.dynamodb "+
			"dynamodest.request.bytes=8 dynamodest.write_units=1", text(puts[0].Attributes))
	})
}

// A span ends when its request does, as the metric has it, and other hooks may put spans of theirs into the context.
func TestSpansBesideOtherHooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		db.SetLatency(time.Second, time.Second, 1)
		own := b.tracer.Tracer("own")
		dest := b.dest(t, db, dynamodest.Config{Observer: dynamodest.Observer{
			CallStart: func(ctx context.Context, _ dynamodest.Call) context.Context {
				ctx, _ = own.Start(ctx, "call of another hook")
				return ctx
			},
			CallDone: func(ctx context.Context, _ dynamodest.CallResult) { trace.SpanFromContext(ctx).End() },
			RequestStart: func(ctx context.Context, _ dynamodest.Request) context.Context {
				ctx, _ = own.Start(ctx, "request of another hook")
				return ctx
			},
			RequestDone: func(ctx context.Context, _ dynamodest.Response) { trace.SpanFromContext(ctx).End() },
		}})
		_, err := dest.Write(t.Context(), numbered(1))
		require.NoError(t, err)
		require.Len(t, b.spans.GetSpans(), 6)
		put, other := b.spansNamed("PutItem users")[0], b.spansNamed("call of another hook")[0]
		assert.Equal(t, other.SpanContext.SpanID(), put.Parent.SpanID())
		assert.Equal(t, b.spansNamed("dynamodest.Write users")[0].SpanContext.SpanID(), other.Parent.SpanID())
		assert.Equal(t, time.Second, put.EndTime.Sub(put.StartTime))
		assert.Equal(t, put.SpanContext.SpanID(), b.spansNamed("request of another hook")[1].Parent.SpanID())
	})
}
