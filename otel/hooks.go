package otel

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/dynamodest/dynamodest"
)

// maxChildren is how many requests of a call have spans in its trace. The spans of later ones begin traces of their
// own, with a link to the span of the call: a stream may run for days, and backends cannot show a trace of its size.
const maxChildren = 1000

// A context has the span of a call and of a request under keys of the Telemetry's own, since other hooks of an Observer
// may put spans of theirs into it.
type (
	callKey    struct{ *Telemetry }
	requestKey struct{ *Telemetry }
)

// call is the span of a call.
type call struct {
	trace.Span
	requests atomic.Int64 // that have begun
}

// callStart begins the span of a call.
func (t *Telemetry) callStart(ctx context.Context, c dynamodest.Call) context.Context {
	to := t.targets.get(target{c.Table, c.Region})
	attributes := append(to.set.ToSlice(), callOpKey.String(c.Op), callIDKey.Int64(c.ID))
	ctx, span := t.tracer.Start(ctx, "dynamodest."+c.Op+" "+to.name, trace.WithAttributes(attributes...))
	return context.WithValue(ctx, callKey{t}, &call{Span: span})
}

// callDone reports a call that has ended.
func (t *Telemetry) callDone(ctx context.Context, c dynamodest.CallResult) {
	to := t.targets.get(target{c.Call.Table, c.Call.Region})
	attributes := []attribute.KeyValue{callOpKey.String(c.Call.Op)}
	if c.Err != nil {
		attributes = append(attributes, semconv.ErrorTypeKey.String(callErrorType(c.Err)))
	}
	t.metrics.callDuration.Record(ctx, c.Elapsed.Seconds(), metric.WithAttributeSet(to.with(attributes...)))
	t.countFailedRows(ctx, to, c.Err)

	span := t.callOf(ctx)
	if span == nil {
		return
	}
	if span.IsRecording() {
		span.SetAttributes(append(summaryAttributes(&c.Summary), attributes...)...)
		setStatus(span, c.Err)
	}
	span.End()
}

// countFailedRows counts the rows that a call has not written, or may not have, by reason.
func (t *Telemetry) countFailedRows(ctx context.Context, to *targetAttributes, err error) {
	failed := writeError(err)
	if failed == nil {
		return
	}
	for reason, rows := range failed.Reasons {
		row := dynamodest.RowError{Reason: reason, Err: failed.Stop} // whose Scope depends on what stopped the call
		t.metrics.failedRows.Add(ctx, int64(rows), metric.WithAttributeSet(to.with(
			semconv.ErrorTypeKey.String(string(reason)), scopeKey.String(string(row.Scope())))))
	}
}

// requestStart begins the span of a request.
func (t *Telemetry) requestStart(ctx context.Context, r dynamodest.Request) context.Context {
	op := t.targets.get(target{r.Table, r.Region}).op(r.Op)
	options := append(make([]trace.SpanStartOption, 0, 5), trace.WithSpanKind(trace.SpanKindClient), op.spanStart)
	if r.Rows > 1 {
		options = append(options, trace.WithAttributes(semconv.DBOperationBatchSize(r.Rows)))
	}
	if c := t.callOf(ctx); c.isLong() {
		options = append(options, trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: c.SpanContext()}))
	}
	ctx, span := t.tracer.Start(ctx, op.spanName, options...)
	return context.WithValue(ctx, requestKey{t}, span)
}

// callOf returns the call that ctx is of; nil if there is none, as in New.
func (t *Telemetry) callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{t}).(*call)
	return c
}

// isLong counts a request of c, and reports whether c has had too many for one trace. A call that is not sampled never
// has: a new trace could be sampled.
func (c *call) isLong() bool {
	return c != nil && c.requests.Add(1) > maxChildren && c.SpanContext().IsSampled()
}

// requestDone reports a request that has ended.
func (t *Telemetry) requestDone(ctx context.Context, r dynamodest.Response) {
	to := t.targets.get(target{r.Request.Table, r.Request.Region})
	op := to.op(r.Request.Op)
	options := op.success
	var failure []attribute.KeyValue
	if r.Err != nil {
		failure = t.failure(&r)
		options = []metric.RecordOption{metric.WithAttributeSet(with(op.metric, failure...))}
	}
	t.metrics.requestDuration.Record(ctx, r.Elapsed.Seconds(), options...)
	if r.Unprocessed > 0 {
		t.metrics.unprocessedRows.Add(ctx, int64(r.Unprocessed), to.add...)
	}

	span, ok := ctx.Value(requestKey{t}).(trace.Span)
	if !ok {
		return
	}
	if span.IsRecording() {
		span.SetAttributes(append(responseAttributes(&r), failure...)...)
		if !isAnswer(&r) {
			setStatus(span, r.Err)
		}
	}
	span.End()
}

// wait reports a wait that begins.
func (t *Telemetry) wait(ctx context.Context, w dynamodest.Wait) {
	options := t.targets.get(target{w.Table, w.Region}).wait(w.For)
	t.metrics.waits.Add(ctx, 1, options...)
	if w.Delay > 0 {
		t.metrics.waitTime.Add(ctx, w.Delay.Seconds(), options...)
	}
	if c := t.callOf(ctx); c != nil && c.IsRecording() {
		c.AddEvent("dynamodest.wait", trace.WithAttributes(
			waitForKey.String(w.For), waitRowsKey.Int(w.Rows), waitDelayKey.Float64(w.Delay.Seconds())))
	}
}

// setStatus sets the status of a span to that of err, whose text quotes no row value.
func setStatus(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
}
