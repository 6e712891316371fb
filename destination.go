package dynamodest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/pace"
	"github.com/dynamodest/dynamodest/internal/schedule"
	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/transport"
	"github.com/dynamodest/dynamodest/internal/typemap"
)

// Client is the part of [*dynamodb.Client] that a Destination uses; a fake of three methods will do.
//
// It is called from many goroutines at once. A panic in it ends the process: requests that write run on
// goroutines of the Destination's, where nobody can recover it. Inputs are never reused, so a fake may
// retain and modify them. The zero BatchWriteItemOutput and PutItemOutput say that everything was
// written; a nil output counts as a lost response: its rows are Unknown. A fake may respond to
// DescribeTable with an empty output: keys are then not checked before sending, and equal keys are not
// recognized.
//
// A wrapping client must forward the per-call options: they disable the SDK's retries and record how
// far each request got. Without them outcomes stay true, but more rows are Unknown, and Attempts does
// not count what the SDK sends by itself.
//
// No method will ever be added to Client: an operation that only one mode needs would be requested
// through an interface of its own.
type Client interface {
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
}

var _ Client = (*dynamodb.Client)(nil)

// Row is one row of the source: column name to value. It is an alias, so any []map[string]any can be
// given to Write as it is.
type Row = map[string]any

// Destination writes rows to one DynamoDB table. Create one with [New]: the methods of a nil Destination
// and of the zero Destination panic.
//
// It is safe for concurrent use. Between calls it runs no goroutine of its own, so there is nothing to
// close. The client that New builds keeps idle connections for 30 s, shared with those of other
// Destinations, and net/http keeps goroutines for them.
type Destination struct {
	table  string // as configured: name or ARN
	region string
	exist  OnExisting
	retry  Retry

	scheduling  schedule.Config     // of each call
	condition   transport.Condition // of each row's put
	version     string              // the attribute that holds a row's version, or ""
	concurrency int
	windowBytes int
	cap         float64 // WriteUnitsPerSecond
	limiter     Limiter
	limiterTurn turnstile // for the request that asks the limiter
	observer    Observer

	reportAsSettled  bool
	refuseDuplicates bool
	maxKeys          int // that a stream keeps if duplicates are refused

	mapping     Mapping
	columns     []string // of mapping.Fields, each once
	converter   *typemap.Converter
	encodes     bool              // rows are converted to the bytes that are sent
	description table.Description // the table as New saw it
	transport   *transport.Client
	credentials *transport.Credentials // nil with a client of the caller's
	gate        *pace.Gate
	calls       *calls
}

// New checks cfg, requests the table's description from DynamoDB, and returns a Destination for the
// table. It writes nothing.
//
// Faults in cfg, and key attributes of the table that cfg.Mapping does not produce or produces with
// another type, are [*ConfigError] values, all of them joined. Any other error is a [*TableError] with
// one of the reasons ErrNoTable, ErrTableStatus, ErrAccess, ErrCredentials, ErrConfig, ErrThrottled,
// ErrUnavailable and ErrStopped; the last if ctx ended.
func New(ctx context.Context, cfg Config) (*Destination, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	cfg.Mapping.Fields = slices.Clone(cfg.Mapping.Fields)

	d := &Destination{
		table:       cfg.Table,
		region:      cfg.region(),
		exist:       cfg.OnExisting,
		retry:       cfg.Retry,
		scheduling:  cfg.scheduling(),
		condition:   cfg.condition(),
		version:     cfg.Version,
		concurrency: cfg.Concurrency,
		windowBytes: cfg.WindowBytes,
		cap:         cfg.WriteUnitsPerSecond,
		limiter:     cfg.Limiter,
		limiterTurn: newTurnstile(),
		observer:    cfg.Observer,
		mapping:     cfg.Mapping,
		columns:     cfg.columns(),
		calls:       new(calls),

		reportAsSettled:  cfg.ReportAsSettled,
		refuseDuplicates: cfg.Duplicates == RefuseDuplicates,
		maxKeys:          cfg.MaxKeys,
	}
	var client transport.API = cfg.Client
	if cfg.Client == nil {
		built, err := cfg.build()
		if err != nil {
			return nil, err
		}
		client, d.credentials, d.region = built, built.Credentials, built.Options().Region
	}
	d.transport = transport.New(client, cfg.Table)
	description, err := d.describe(ctx)
	if err == nil {
		err = d.accepts(description)
	}
	if err == nil {
		err = cfg.fitsTable(&description.Schema, description.Known)
	}
	if err != nil {
		return nil, err
	}
	d.description = description
	d.transport = d.transport.WithDescription(description)
	d.converter = typemap.New(cfg.rowMapping(), description.Schema)
	d.encodes = d.transport.Encodes() && !d.conditional()
	d.gate = d.newGate(description.Units, d.cap)
	return d, nil
}

// newGate returns a gate that has learned nothing, for a table that is described to take so many write units a second,
// under a cap on them; 0 is none.
func (d *Destination) newGate(units, limit float64) *pace.Gate {
	return pace.NewGate(pace.Config{MaxInFlight: d.concurrency, Start: units, Cap: limit})
}

// conditional reports whether each row goes by a conditional PutItem.
func (d *Destination) conditional() bool { return d.condition != transport.Condition{} }

// Item returns the item that Write would send for row, or the [*RowError] that Write would report,
// with Index 0. Of a row that is a delete it is the key. It sends nothing, and shares nothing with row.
// [Item] prints it, and marshals it as DynamoDB JSON.
func (d *Destination) Item(row Row) (map[string]types.AttributeValue, error) {
	d.mustBeMade()
	return itemOf(d.converter, row)
}

// describe requests the table's description, again after transient failures. The error is a
// *TableError.
func (d *Destination) describe(ctx context.Context) (description table.Description, err error) {
	err = d.persist(ctx, transport.DescribeTable, func() (failure *fault.Failure, notify func()) {
		description, failure, notify = d.describeOnce(ctx, 0)
		return failure, notify
	})
	return description, err
}

// maxUnreachable is how many requests at most are made to a host that is not there: a wrong name or port
// does not get better, and a person may wait for the answer.
const maxUnreachable = 2

// persist makes a request of op by once, again after transient failures. The error is a *TableError. It
// calls notify, which is the RequestDone hook, when the request no longer counts as in flight.
func (d *Destination) persist(ctx context.Context, op string, once func() (failure *fault.Failure, notify func())) error {
	for attempts, reauthorized := 0, false; ; {
		sent := time.Now()
		failure, notify := once()
		notify()
		if failure == nil {
			return nil
		}
		if failure.Action == fault.Reauthorize && !reauthorized {
			reauthorized = true
			d.credentials.Invalidate(sent)
			continue
		}
		reauthorized = reauthorized && !failure.Throttled // which shows that the credentials work
		attempts++
		most := d.retry.MaxAttempts
		if failure.Unreachable {
			most = min(most, maxUnreachable)
		}
		if failure.Action != fault.Retry || attempts >= most {
			return d.requestError(ctx, op, failure)
		}
		delay := schedule.Delay(d.retry.MinDelay, d.retry.MaxDelay, attempts)
		d.notifyWait(ctx, 0, Wait{For: WaitRetry, Delay: delay})
		if sleep(ctx, delay) != nil {
			return d.tableError(op, fault.Stopped, endedAfter(ctx, failure))
		}
	}
}

// endedAfter returns why ctx ended, and the failure of the last request before that.
func endedAfter(ctx context.Context, failure *fault.Failure) error {
	ended := fault.Ended(ctx)
	return fault.New(fault.Stopped, "%s; before that %s", ended, failure.Err).WithCause(errors.Join(failure.Err, ended))
}

// sleep waits for d, or until ctx ends; then it returns ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// describeOnce makes one DescribeTable request. The caller calls notify, which is the RequestDone hook,
// when the request no longer counts as in flight. call is the ID of its call, or 0.
func (d *Destination) describeOnce(ctx context.Context, call int64) (now table.Description, failure *fault.Failure, notify func()) {
	request := d.request(transport.DescribeTable, call)
	observed := begin(ctx, request, d.observer.RequestStart)
	began := time.Now()
	now, id, failure := d.transport.Describe(observed, ctx.Err)
	response := Response{Request: request, RequestID: id, Elapsed: time.Since(began)}
	return now, failure, d.observer.done(observed, response, failure)
}

// requestError returns the error for a request that carried no row.
func (d *Destination) requestError(ctx context.Context, op string, failure *fault.Failure) *TableError {
	switch {
	case failure.Reason == fault.Refused: // there is no row in the request: a setting is at fault
		return d.tableError(op, fault.Config, failure.Err)
	case failure.Reason == fault.Stopped && ctx.Err() != nil:
		return d.tableError(op, fault.Stopped, endedDuring(ctx, failure))
	}
	return d.tableError(op, failure.Reason, failure.Err)
}

// endedDuring returns why ctx ended, with what the request waited for then.
func endedDuring(ctx context.Context, failure *fault.Failure) error {
	ended := fault.Ended(ctx)
	request, sent := failure.Err.(*transport.Error) //nolint:errorlint // transport wraps it in nothing
	if !sent {
		return ended
	}
	text := request.Error()
	if ended.Error() != ctx.Err().Error() { // it says more
		text += "; " + ended.Error()
	}
	return fault.New(fault.Stopped, "%s", text).WithCause(errors.Join(request, ended))
}

// callError returns the error of a call that a failure stops.
func (d *Destination) callError(ctx context.Context, op string, failure *fault.Failure) error {
	if failure.Reason == fault.Stopped {
		return fault.Ended(ctx)
	}
	return d.tableError(op, failure.Reason, failure.Err)
}

// stopCause returns why a call's scheduler stopped, as the caller sees it; nil while it goes on. An
// error of the caller's passes as it is: walking its chain could call its methods on the dispatcher's
// goroutine.
func (d *Destination) stopCause(stopped error) error {
	if outage, ok := stopped.(*schedule.Outage); ok { //nolint:errorlint // the scheduler wraps it in nothing
		return d.tableError(opOf(outage.Put), outage.Reason, outage)
	}
	return stopped
}

// keysChanged describes the table once more and returns an error if its keys are no longer those that
// New saw. A description that is not obtained changes nothing. notify is as describeOnce's.
func (d *Destination) keysChanged(ctx context.Context, call int64) (notify func(), changed error) {
	now, failure, notify := d.describeOnce(ctx, call)
	if failure == nil {
		changed = d.sameKeys(now)
	}
	return notify, changed
}

// sameKeys compares the keys of now with those that New saw.
func (d *Destination) sameKeys(now table.Description) error {
	if change := d.description.Changed(&now); change != nil {
		return d.tableError(transport.DescribeTable, fault.Config, change)
	}
	return nil
}

// accepts returns why the described table does not take the rows of d's mapping.
func (d *Destination) accepts(now table.Description) error {
	if status := now.Accepts(); status != nil {
		return d.tableError(transport.DescribeTable, fault.TableStatus, status)
	}
	if d.exist.conditional() && !now.Known {
		return configError("OnExisting", "%q needs the table's key for its condition, and DescribeTable has not described it: have the fake client describe it", d.exist)
	}
	return d.mapping.covers(&now.Schema)
}
