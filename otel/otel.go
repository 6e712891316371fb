// Package otel reports what Destinations do to OpenTelemetry: metrics of requests, rows, waits and the write
// rate, and a span for each call and each request.
//
//	telemetry, err := dynamodestotel.New(dynamodestotel.Options{})
//	…
//	dest, stop, err := telemetry.NewDestination(ctx, cfg)
//	…
//	defer stop()
//
// Requests are reported by the semantic conventions for database clients, version 1.43
// (https://opentelemetry.io/docs/specs/semconv/db/); all else has names that begin with "dynamodest.".
// docs/telemetry.md lists the metrics, the spans and their attributes, and says what to alert on.
//
// No row value and no secret is in any of it: names of tables, Regions and operations, labels, counts, the IDs of
// requests, and, as the description of a failed span, the text of an error of the library, which quotes no row.
//
// Nothing waits for a telemetry backend, provided that the providers do not: those of the OpenTelemetry SDK with a
// batch span processor and a periodic reader.
package otel

import (
	"context"
	"errors"
	"sync"

	global "go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/dynamodest/dynamodest"
)

// scopeName is the name of the instrumentation scope of all signals.
const scopeName = "github.com/dynamodest/dynamodest/otel"

// Options configure a [Telemetry]. The zero Options report to the global providers.
type Options struct {
	// TracerProvider makes the spans. The default is the global one, otel.GetTracerProvider, also if it is set
	// later than New is called.
	TracerProvider trace.TracerProvider

	// MeterProvider makes the instruments. The default is the global one, otel.GetMeterProvider, also if it is
	// set later than New is called.
	MeterProvider metric.MeterProvider
}

// Telemetry reports to OpenTelemetry what Destinations do. A process needs one, for all its Destinations: two on the
// same MeterProvider would report the same series. It is safe for concurrent use. Create it with [New]: the methods of
// a nil or zero Telemetry panic.
type Telemetry struct {
	tracer       trace.Tracer
	metrics      *instruments
	registration metric.Registration
	targets      targets
	codes        statusCodes

	mu      sync.Mutex
	watched map[*watch]struct{}
	ended   map[target]dynamodest.Summary // of Destinations that are watched no longer
}

// New makes the instruments of o.MeterProvider, and registers the callback that reads the figures of watched
// Destinations when metrics are collected.
//
// The error joins those of the MeterProvider. The Telemetry is never nil: with an error it records spans, and no metric.
func New(o Options) (*Telemetry, error) {
	if o.TracerProvider == nil {
		o.TracerProvider = global.GetTracerProvider()
	}
	if o.MeterProvider == nil {
		o.MeterProvider = global.GetMeterProvider()
	}
	t := &Telemetry{
		tracer:  o.TracerProvider.Tracer(scopeName, trace.WithSchemaURL(semconv.SchemaURL)),
		watched: map[*watch]struct{}{},
		ended:   map[target]dynamodest.Summary{},
	}
	meter := o.MeterProvider.Meter(scopeName, metric.WithSchemaURL(semconv.SchemaURL))
	err := t.register(meter)
	if err != nil {
		err = errors.Join(err, t.register(metricnoop.NewMeterProvider().Meter(scopeName)))
	}
	return t, err
}

// register makes the instruments of meter, and registers the callback of those that are observed.
func (t *Telemetry) register(meter metric.Meter) error {
	metrics, err := newInstruments(meter)
	if err != nil {
		return err
	}
	t.metrics = metrics
	t.registration, err = meter.RegisterCallback(t.observe, metrics.observables()...)
	return err
}

// mustBeMade panics if t was not made by [New]: here, where the panic shows who called, and not in a hook on a goroutine
// of a Destination, where it would end the process.
func (t *Telemetry) mustBeMade() {
	if t == nil || t.metrics == nil {
		panic("dynamodest/otel: the Telemetry is nil or its zero value: create it with New")
	}
}

// Observer returns the hooks that report events: requests, calls and waits. It is for Config.Observer, of any number of
// Destinations; [dynamodest.Observers] joins it with hooks of your own.
//
// What [dynamodest.Destination.Stats] says, rows by outcome above all, is reported of Destinations that are watched:
// see [Telemetry.NewDestination] and [Telemetry.Watch].
func (t *Telemetry) Observer() dynamodest.Observer {
	t.mustBeMade()
	return dynamodest.Observer{
		CallStart: t.callStart, CallDone: t.callDone,
		RequestStart: t.requestStart, RequestDone: t.requestDone,
		Wait: t.wait,
	}
}

// NewDestination returns the Destination that [dynamodest.New] makes of cfg, with the hooks of [Telemetry.Observer]
// before those of cfg.Observer, and watches it until stop is called: see [Telemetry.Watch]. An error is that of
// dynamodest.New; then stop is nil.
//
// cfg.Observer must not have the hooks of t: each event would be reported twice.
func (t *Telemetry) NewDestination(ctx context.Context, cfg dynamodest.Config) (dest *dynamodest.Destination, stop func(), err error) {
	var region string
	var once sync.Once
	first := dynamodest.Observer{RequestStart: func(_ context.Context, r dynamodest.Request) context.Context {
		once.Do(func() { region = r.Region }) // in New's DescribeTable, before New returns
		return nil
	}}
	cfg.Observer = dynamodest.Observers(first, t.Observer(), cfg.Observer)
	dest, err = dynamodest.New(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	return dest, t.Watch(dest, cfg.Table, region), nil
}

// Close ends the reading of watched Destinations: their figures are collected no longer. Hooks that are in use go on
// reporting events. Close may be called more than once. The error is that of the MeterProvider.
//
// Close when the process, or its MeterProvider, ends: the counters of another Telemetry on the same MeterProvider begin
// anew, and seem to go back.
func (t *Telemetry) Close() error {
	t.mustBeMade()
	return t.registration.Unregister()
}
