package dynamodest

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest/internal/pace"
)

// Client is the part of [*dynamodb.Client] that a Destination uses; a fake of
// three methods will do.
//
// It is called from many goroutines at once. What it is given is not used
// again, so a fake may keep and change it. The zero BatchWriteItemOutput and
// PutItemOutput say that all was written; a nil output is no answer, and its
// rows are Unknown. A fake may answer DescribeTable with an empty output: keys
// are then not checked before sending, and equal keys are not told apart.
//
// A wrapper of a client must pass the options of a call on: they turn the SDK's
// own retries off and tell how far a request came. Without them outcomes stay
// true, but more rows are Unknown, and Attempts does not count what the SDK
// sends by itself.
//
// No method will ever be added to it: an operation that only one mode needs
// would be asked for through an interface of its own.
type Client interface {
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
}

var _ Client = (*dynamodb.Client)(nil)

// Row is one row of the source: column name to value. It is an alias, so any
// []map[string]any can be given to Write as it is.
type Row = map[string]any

// Destination writes rows to one DynamoDB table. Make one with [New].
//
// It is safe for use by many goroutines at once. Between calls it runs no
// goroutine of its own, so there is nothing to close. The client that New
// builds keeps idle connections for 30 s, shared with those of other
// Destinations, and net/http keeps goroutines for them.
type Destination struct {
	client  Client
	table   string // as configured: name or ARN
	region  string
	exist   OnExisting
	retry   Retry
	convert *converter

	maxWait     time.Duration
	concurrency int
	limiter     Limiter
	observer    Observer
	tokens      *tokens   // nil with a client of the caller's
	info        tableInfo // as New saw the table
	gate        *gate
}

// New checks cfg, asks DynamoDB for the table's description, and returns a
// Destination for the table. It writes nothing.
//
// Faults in cfg, and key attributes of the table that cfg.Mapping does not
// give or gives with another type, are [*ConfigError] values, all of them
// joined. Else the error is a [*TableError] with one of the reasons
// ErrNoTable, ErrTableStatus, ErrAccess, ErrCredentials, ErrConfig,
// ErrThrottled, ErrUnavailable and ErrStopped; the last if ctx ended.
func New(ctx context.Context, cfg Config) (*Destination, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	cfg.Mapping.Fields = slices.Clone(cfg.Mapping.Fields)

	d := &Destination{
		client:      cfg.Client,
		table:       cfg.Table,
		region:      cfg.region(),
		exist:       cfg.OnExisting,
		retry:       cfg.Retry,
		maxWait:     cfg.MaxWait,
		concurrency: cfg.Concurrency,
		limiter:     cfg.Limiter,
		observer:    cfg.Observer,
	}
	if d.client == nil {
		d.client, d.tokens = newClient(cfg)
	}
	info, err := d.describe(ctx)
	if err == nil {
		err = d.accepts(info, cfg.Mapping)
	}
	if err != nil {
		return nil, err
	}
	d.info = info
	d.convert = newConverter(cfg.Mapping, info.schema)
	d.gate = newGate(pace.Config{MaxInFlight: cfg.Concurrency, Start: info.units, Cap: cfg.WriteUnitsPerSecond})
	return d, nil
}

// region is the region that requests go to, as far as it is known.
func (c Config) region() string {
	if client, ok := c.Client.(*dynamodb.Client); ok {
		return client.Options().Region
	}
	if c.Region != "" {
		return c.Region
	}
	return arnRegion(c.Table)
}

// conditional reports whether each row goes by a conditional PutItem.
func (d *Destination) conditional() bool { return d.exist == Skip || d.exist == Fail }

// Check asks DynamoDB whether the table is there, takes writes, and still has
// the keys that New saw. It writes nothing. It is what the "test connection"
// button of an engine should call.
//
// The error is as New's; if the keys have changed it is a [*TableError] with
// ErrConfig, and a new Destination is needed.
func (d *Destination) Check(ctx context.Context) error {
	info, err := d.describe(ctx)
	if err != nil {
		return err
	}
	if err := d.sameKeys(info); err != nil {
		return err
	}
	return d.accepts(info, d.convert.mapping)
}

// Item returns the item that Write would send for row, or the [*RowError] it
// would report, with Index 0. It sends nothing, and shares nothing with row.
func (d *Destination) Item(row Row) (map[string]types.AttributeValue, error) {
	it, rowErr := d.convert.convert(row)
	if rowErr != nil {
		return nil, rowErr
	}
	return it.attributeMap(), nil
}
