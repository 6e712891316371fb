package dynamodest

import (
	"context"
	"time"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/pace"
	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/transport"
)

// Check reports whether the table exists, takes writes, and still has the keys that New saw. It is what
// the "test connection" button of an engine should call. It writes nothing, so it does not check the
// permission to write: CheckWrites does.
//
// A host that is unknown, or refuses connections, is tried twice at most; other transient failures as
// Config.Retry says. The error is as New's; if the keys have changed it is a [*TableError] with ErrConfig, and a new
// Destination is needed.
func (d *Destination) Check(ctx context.Context) error {
	d.mustBeMade()
	_, err := d.current(ctx)
	return err
}

// current returns the table's description as it is now, unless rows converted for the one that New saw would
// not fit it. The error is as Check's.
func (d *Destination) current(ctx context.Context) (table.Description, error) {
	now, err := d.describe(ctx)
	if err != nil {
		return now, err
	}
	if err := d.sameKeys(now); err != nil {
		return now, err
	}
	return now, d.accepts(now)
}

// CheckWrites reports whether DynamoDB allows the requests that write rows, as Check cannot: it sends
// requests that DynamoDB must refuse, and writes nothing. It needs no permission that Write does not need.
//
//   - A PutItem of a random key under attribute_exists(#pk) AND attribute_not_exists(#pk), where #pk is the
//     partition key. That the condition failed shows that dynamodb:PutItem and the use of the table's KMS
//     key are allowed. It costs one write unit.
//   - A BatchWriteItem of one put that lacks the table's key. That the key was refused shows that
//     dynamodb:BatchWriteItem is allowed, if DynamoDB judges access before it validates keys: no record
//     says that it does. With OnExisting "skip" and "fail", and with Version, Write needs PutItem alone, and
//     this request is left out.
//
// The requests take their turn beside those of other calls: they count against Concurrency and
// WriteUnitsPerSecond, the Limiter is asked for one unit each, and the Observer sees them, with no rows and
// with no error where DynamoDB refused them as it must. Transient failures are retried as Check does.
//
// The error is a [*TableError], whose Op is the action that failed: with ErrAccess the action is not
// allowed. A policy with a condition on dynamodb:LeadingKeys may deny the random key and still allow your
// rows. A server that writes what it must refuse, as a fake may, is an ErrConfig. It is a [*ConfigError] if
// a fake client has not described the table's keys.
func (d *Destination) CheckWrites(ctx context.Context) error {
	d.mustBeMade()
	if !d.description.Known || !d.description.Schema.Typed() {
		return configError("Client", "CheckWrites needs the table's keys and their types, and DescribeTable has not described them: have the fake client describe them")
	}
	err := d.persist(ctx, transport.PutItem, func() (*fault.Failure, func()) {
		return d.probe(ctx, transport.PutItem, d.transport.ProbePut)
	})
	if err != nil || d.conditional() {
		return err
	}
	return d.persist(ctx, transport.BatchWriteItem, func() (*fault.Failure, func()) {
		return d.probe(ctx, transport.BatchWriteItem, d.transport.ProbeBatch)
	})
}

// probeUnits is the write units that a probe counts for.
const probeUnits = 1

// probe makes one request that carries no row, by send, in a slot of the gate. The caller calls notify,
// which is the RequestDone hook.
func (d *Destination) probe(ctx context.Context, op string, send func(ctx context.Context, ended func() error) (requestID string, failure *fault.Failure)) (failure *fault.Failure, notify func()) {
	sentAt, err := d.waitForSlot(ctx)
	if err != nil {
		return notSent(ctx, err), func() {}
	}
	sample := pace.Sample{Rows: 1, Units: probeUnits, Failed: true}
	defer func() { d.gate.Done(sentAt, time.Now(), sample) }() // also if the client panics

	request := d.request(op, 0)
	observed, began, err := d.beginRequest(ctx, ctx, request, probeUnits)
	switch {
	case err != nil && observed == nil:
		return notSent(ctx, err), func() {}
	case err != nil:
		return notSent(ctx, err), d.observer.done(observed, Response{Request: request}, endedInHook(op, err))
	}
	sentAt = began
	id, failure := send(observed, ctx.Err)
	if failure != nil && failure.Throttled {
		sample.Failed, sample.Rejected = false, probeUnits
	}
	return failure, d.observer.done(observed, Response{Request: request, RequestID: id, Elapsed: time.Since(began)}, failure)
}

// notSent returns the failure of a request that was not sent, because ctx ended or the Limiter returned an
// error.
func notSent(ctx context.Context, err error) *fault.Failure {
	if ctx.Err() == nil {
		err = fault.New(fault.Stopped, "%s", err).WithCause(err).WithRemedy("fix what the Limiter returned, then try again")
	}
	return &fault.Failure{Reason: fault.Stopped, Action: fault.Abort, Err: err}
}

// waitForSlot waits until the gate lets a request of probeUnits go, and returns when that was. The caller
// gives the slot back by the gate's Done.
func (d *Destination) waitForSlot(ctx context.Context) (sentAt time.Time, err error) {
	waiter := pace.NewWaiter()
	defer d.gate.Leave(waiter)
	timer := time.NewTimer(never)
	defer timer.Stop()
	for observed := false; ctx.Err() == nil; {
		now := time.Now()
		grant := d.gate.Start(waiter, now, true)
		if grant.OK {
			d.gate.Sent(waiter, now, probeUnits)
			return now, nil
		}
		wait := never
		if grant.Wait > 0 {
			wait = grant.Wait
			if !observed && d.observer.Wait != nil {
				observed = true
				d.gate.Leave(waiter) // the hook may block, or call the Destination
				d.notifyWait(ctx, 0, Wait{For: WaitPace, Delay: wait})
				continue
			}
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-waiter.Turn():
		case <-timer.C:
		}
	}
	return time.Time{}, fault.Ended(ctx)
}
