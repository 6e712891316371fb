package dynamodest

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const opDescribe = "DescribeTable"

// tableInfo is what is learned from a table's description.
type tableInfo struct {
	known  bool        // the description tells the keys; only a fake's may not, or not their types
	schema tableSchema // zero unless known
	arn    string
	status types.TableStatus

	// units is the write units a second that the table and each of its global
	// indexes should take now: where to start, not a cap. 0 if it is not
	// told.
	units float64
}

// newOnDemand is the write units a second that a new on-demand table takes at
// once.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
const newOnDemand = 4000

func parseTable(t *types.TableDescription) tableInfo {
	if t == nil {
		return tableInfo{}
	}
	info := tableInfo{arn: aws.ToString(t.TableArn), status: t.TableStatus}
	info.schema, info.known = parseSchema(t)

	onDemand := t.BillingModeSummary != nil && t.BillingModeSummary.BillingMode == types.BillingModePayPerRequest
	info.units = startUnits(onDemand, t.ProvisionedThroughput, t.OnDemandThroughput, warmTable(t.WarmThroughput))
	for _, index := range t.GlobalSecondaryIndexes {
		units := startUnits(onDemand, index.ProvisionedThroughput, index.OnDemandThroughput, warmIndex(index.WarmThroughput))
		if units > 0 {
			info.units = min(info.units, units)
		}
	}
	return info
}

// startUnits is the write units a second of a table or a global index, or 0.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
func startUnits(onDemand bool, provisioned *types.ProvisionedThroughputDescription, limit *types.OnDemandThroughput, warm int64) float64 {
	if !onDemand {
		if provisioned == nil {
			return 0
		}
		return float64(aws.ToInt64(provisioned.WriteCapacityUnits))
	}
	units := int64(newOnDemand)
	if warm > 0 {
		units = warm
	}
	if limit != nil && aws.ToInt64(limit.MaxWriteRequestUnits) > 0 { // -1 is no maximum
		units = min(units, *limit.MaxWriteRequestUnits)
	}
	return float64(units)
}

func warmTable(w *types.TableWarmThroughputDescription) int64 {
	if w == nil {
		return 0
	}
	return aws.ToInt64(w.WriteUnitsPerSecond)
}

func warmIndex(w *types.GlobalSecondaryIndexWarmThroughputDescription) int64 {
	if w == nil {
		return 0
	}
	return aws.ToInt64(w.WriteUnitsPerSecond)
}

// statusFault says why a table of that status takes no writes; nil if it does,
// or if only a write can tell.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
func statusFault(status types.TableStatus) *fault {
	mend := ""
	switch status {
	case types.TableStatusCreating:
		mend = "wait until it is ACTIVE, then try again"
	case types.TableStatusDeleting:
		mend = "name another table, or make this one again once it is gone"
	case types.TableStatusArchiving, types.TableStatusArchived:
		mend = "restore the table from its backup, since an archived one takes no requests, or name another one"
	case types.TableStatusInaccessibleEncryptionCredentials:
		mend = "give DynamoDB access to the table's AWS KMS key again: enable the key, or mend its policy"
	default:
		return nil
	}
	return &fault{"the status of the table is " + string(status), mend}
}

// describe asks DynamoDB for the table's description, again after passing
// faults, and reads it. The error is a *TableError.
func (d *Destination) describe(ctx context.Context) (tableInfo, error) {
	for refused, resent := 0, false; ; {
		sent := time.Now()
		info, v := d.describeOnce(ctx, func() {})
		if v == nil {
			return info, nil
		}
		if v.action == actResend && !resent {
			resent = true
			d.tokens.forget(sent)
			continue
		}
		refused++
		if v.action != actRetry || refused >= d.retry.MaxAttempts {
			return tableInfo{}, d.describeError(ctx, v)
		}
		delay := d.retry.delay(refused)
		d.observer.wait(ctx, Wait{For: waitRetry, Delay: delay})
		if sleep(ctx, delay) != nil {
			return tableInfo{}, d.tableError(opDescribe, ErrStopped, stopCause(ctx))
		}
	}
}

// describeOnce makes one DescribeTable request, and calls over when it is over.
func (d *Destination) describeOnce(ctx context.Context, over func()) (tableInfo, *verdict) {
	request := Request{Op: opDescribe}
	observed := d.observer.start(ctx, request)
	own, cancel := withDeadline(observed)
	defer cancel()

	var x exchange
	begin := time.Now()
	out, err := d.client.DescribeTable(own, &dynamodb.DescribeTableInput{TableName: aws.String(d.table)}, x.options)
	elapsed := time.Since(begin)

	var v *verdict
	info := tableInfo{}
	switch {
	case err != nil:
		failed := classify(present(err), x.seen(ctx, own), 0, opDescribe)
		v = &failed
	case out != nil:
		info = parseTable(out.Table)
		if !(info.known && info.schema.typed()) && x.overWire(out.ResultMetadata) {
			v = &verdict{reason: ErrUnavailable, err: &fault{text: "the answer describes no table with its keys: it is not DynamoDB's"}}
		}
	}
	response := Response{Request: request, Elapsed: elapsed}
	if v != nil {
		response.Reason, response.Err = v.reason, v.err
	}
	over()
	d.observer.done(observed, response)
	return info, v
}

// describeError is the error for a description that was not got.
func (d *Destination) describeError(ctx context.Context, v *verdict) error {
	switch v.reason {
	case ErrRefused: // there is no row in the request: the table's name is at fault
		return d.tableError(opDescribe, ErrConfig, v.err)
	case ErrStopped:
		return d.tableError(opDescribe, ErrStopped, stopCause(ctx))
	}
	return d.tableError(opDescribe, v.reason, v.err)
}

// tableError returns an error that every row would meet.
func (d *Destination) tableError(op string, reason Reason, err error) *TableError {
	return &TableError{Reason: reason, Op: op, Table: d.table, Region: d.region, Err: err, arn: d.info.arn}
}

// stopError is the error of a call that a fault stops which every row would
// meet.
func (d *Destination) stopError(ctx context.Context, op string, v verdict) error {
	if v.reason == ErrStopped {
		return stopCause(ctx)
	}
	return d.tableError(op, v.reason, v.err)
}

// keysChanged describes the table again and says whether its keys are no
// longer those that New saw. A description that is not got says nothing. When
// the request is over it calls over.
func (d *Destination) keysChanged(ctx context.Context, over func()) error {
	info, v := d.describeOnce(ctx, over)
	if v != nil {
		return nil
	}
	return d.sameKeys(info)
}

// sameKeys compares the keys of info with those that New saw.
func (d *Destination) sameKeys(info tableInfo) error {
	if !d.info.known || !info.known {
		return nil
	}
	if change := d.info.schema.changes(info.schema); change != "" {
		return d.tableError(opDescribe, ErrConfig, &fault{change + " since this Destination was made", "make a new Destination with New"})
	}
	return nil
}

// accepts checks that the table of info takes the rows of d's mapping.
func (d *Destination) accepts(info tableInfo, m Mapping) error {
	if fault := statusFault(info.status); fault != nil {
		return d.tableError(opDescribe, ErrTableStatus, fault)
	}
	if d.conditional() && !info.known {
		return &ConfigError{Field: "OnExisting", Problem: fmt.Sprintf(
			"%q needs the table's key for its condition, and DescribeTable has told none: have the fake client describe it", d.exist)}
	}
	return info.schema.coverage(m)
}
