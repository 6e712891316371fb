package otel

import (
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"
)

// Bounds of the histograms' buckets, in seconds.
var (
	// Those that the convention asks for:
	// https://opentelemetry.io/docs/specs/semconv/db/database-metrics/#metric-dbclientoperationduration
	requestBuckets = []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10}

	// Calls take from one request to days.
	callBuckets = []float64{0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 900, 3600, 14400, 86400}
)

// instruments are the metrics.
type instruments struct {
	// Recorded by the hooks.
	requestDuration metric.Float64Histogram
	callDuration    metric.Float64Histogram
	failedRows      metric.Int64Counter
	unprocessedRows metric.Int64Counter
	waits           metric.Int64Counter
	waitTime        metric.Float64Counter

	// Observed in the figures of watched Destinations.
	rows          metric.Int64ObservableCounter
	resentRows    metric.Int64ObservableCounter
	writeUnits    metric.Float64ObservableCounter
	vectorBytes   metric.Float64ObservableCounter
	unsettledRows metric.Int64ObservableUpDownCounter
	inFlight      metric.Int64ObservableUpDownCounter
	calls         metric.Int64ObservableUpDownCounter
	heldBack      metric.Int64ObservableUpDownCounter
	pace          metric.Float64ObservableGauge
}

// newInstruments makes the instruments of meter.
func newInstruments(meter metric.Meter) (*instruments, error) {
	m := &instruments{}
	return m, errors.Join(m.makeRecorded(meter), m.makeObserved(meter))
}

func (m *instruments) makeRecorded(meter metric.Meter) error {
	var errs [6]error
	duration, err := dbconv.NewClientOperationDuration(meter, metric.WithExplicitBucketBoundaries(requestBuckets...))
	m.requestDuration, errs[0] = duration.Inst(), err
	m.callDuration, errs[1] = meter.Float64Histogram("dynamodest.call.duration", metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(callBuckets...),
		metric.WithDescription("Duration of calls: Write, WriteSeq, WriteChan and WriteColumns."))
	m.failedRows, errs[2] = meter.Int64Counter("dynamodest.failed_rows", metric.WithUnit("{row}"),
		metric.WithDescription("Rows that are not written, or that may not be, by reason; counted when their call returns."))
	m.unprocessedRows, errs[3] = meter.Int64Counter("dynamodest.unprocessed_rows", metric.WithUnit("{row}"),
		metric.WithDescription("Rows that DynamoDB returned as unprocessed, once for each time."))
	m.waits, errs[4] = meter.Int64Counter("dynamodest.waits", metric.WithUnit("{wait}"),
		metric.WithDescription("Waits that have begun, by what for."))
	m.waitTime, errs[5] = meter.Float64Counter("dynamodest.wait_time", metric.WithUnit("s"),
		metric.WithDescription("Time that calls were to wait, of waits whose length is known when they begin."))
	return errors.Join(errs[:]...)
}

func (m *instruments) makeObserved(meter metric.Meter) error {
	var errs [9]error
	m.rows, errs[0] = meter.Int64ObservableCounter("dynamodest.rows", metric.WithUnit("{row}"),
		metric.WithDescription("Rows whose outcome is final, by outcome."))
	m.resentRows, errs[1] = meter.Int64ObservableCounter("dynamodest.resent_rows", metric.WithUnit("{row}"),
		metric.WithDescription("Rows sent again, once for each time."))
	m.writeUnits, errs[2] = meter.Float64ObservableCounter("dynamodest.write_units", metric.WithUnit("{write_unit}"),
		metric.WithDescription("Write units that DynamoDB reports it charged, those of indexes included."))
	m.vectorBytes, errs[3] = meter.Float64ObservableCounter("dynamodest.vector_write_bytes", metric.WithUnit("By"),
		metric.WithDescription("Bytes that DynamoDB reports it charged for writes to vector indexes."))
	m.unsettledRows, errs[4] = meter.Int64ObservableUpDownCounter("dynamodest.unsettled_rows", metric.WithUnit("{row}"),
		metric.WithDescription("Rows that calls have taken and whose outcome is not final."))
	m.inFlight, errs[5] = meter.Int64ObservableUpDownCounter("dynamodest.active_requests", metric.WithUnit("{request}"),
		metric.WithDescription("Requests in flight, those that wait for a Limiter included."))
	m.calls, errs[6] = meter.Int64ObservableUpDownCounter("dynamodest.active_calls", metric.WithUnit("{call}"),
		metric.WithDescription("Calls in progress."))
	m.heldBack, errs[7] = meter.Int64ObservableUpDownCounter("dynamodest.held_back", metric.WithUnit("{destination}"),
		metric.WithDescription("Destinations whose calls something holds back now, by what."))
	m.pace, errs[8] = meter.Float64ObservableGauge("dynamodest.pace", metric.WithUnit("{write_unit}/s"),
		metric.WithDescription("Rate by which requests are spaced; none while nothing limits it."))
	return errors.Join(errs[:]...)
}

// observables returns the instruments that observe reports to.
func (m *instruments) observables() []metric.Observable {
	return []metric.Observable{
		m.rows, m.resentRows, m.writeUnits, m.vectorBytes, m.unsettledRows, m.inFlight, m.calls, m.heldBack, m.pace,
	}
}

// observe reports f, of the table with these attributes.
func (m *instruments) observe(o metric.Observer, f *figures, table attribute.Set) {
	sum, ofTable := f.Summary, metric.WithAttributeSet(table)
	for outcome, rows := range byOutcome(&sum) {
		o.ObserveInt64(m.rows, int64(rows), ofTable, outcomeOptions[outcome])
	}
	o.ObserveInt64(m.resentRows, int64(sum.Resent), ofTable)
	o.ObserveFloat64(m.writeUnits, sum.WriteUnits, ofTable)
	if sum.VectorWriteBytes > 0 {
		o.ObserveFloat64(m.vectorBytes, sum.VectorWriteBytes, ofTable)
	}
	o.ObserveInt64(m.unsettledRows, int64(f.Taken-sum.Rows), ofTable)
	o.ObserveInt64(m.inFlight, int64(f.InFlight), ofTable)
	o.ObserveInt64(m.calls, int64(f.Calls), ofTable)
	for waitFor, destinations := range f.heldBack {
		o.ObserveInt64(m.heldBack, int64(destinations), ofTable, metric.WithAttributes(waitForKey.String(waitFor)))
	}
	if f.Pace > 0 {
		o.ObserveFloat64(m.pace, f.Pace, ofTable)
	}
}
