package dynamodest

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config says where rows go and how. Region, Table and Credentials are
// required; see each field for what stands in for it. The JSON form holds all
// that an engine may store, the secrets among it; the last four fields are for
// Go callers only.
//
// A Config printed by fmt or slog shows no secret; see [Config.Format] and
// [Config.MarshalJSON] for the ways round that.
type Config struct {
	// Region is the AWS region of the table, such as "eu-west-1". Required
	// unless Client is set. With Endpoint or Client it may be any word that a
	// local server takes, such as "local".
	Region string `json:"region,omitempty"`

	// Table is the name or the ARN of the table. Names are case-sensitive. The
	// region in an ARN must be Region. Required.
	Table string `json:"table"`

	// Credentials are the AWS access keys that sign the requests. Required
	// unless CredentialsProvider or Client is set.
	Credentials Credentials `json:"credentials,omitzero"`

	// Endpoint is the http or https URL that requests go to, for local servers
	// and VPC endpoints. The default is AWS's own for the region, over TLS.
	Endpoint string `json:"endpoint,omitempty"`

	// Mode is the sync mode. The default is Upsert.
	Mode Mode `json:"mode,omitempty"`

	// OnExisting says what Insert does about a key that is taken. Only with
	// Insert. The default is Overwrite.
	OnExisting OnExisting `json:"on_existing,omitempty"`

	// Mapping is the field mapping. The zero Mapping writes every column as
	// an attribute of the same name.
	Mapping Mapping `json:"mapping,omitzero"`

	// Concurrency is the most requests in flight at once over all calls to
	// the Destination, 10,000 at most. The default is 64.
	Concurrency int `json:"concurrency,omitempty"`

	// WriteUnitsPerSecond is the most write capacity to use over all calls to
	// the Destination, in write units a second: one unit is an item of up to
	// 1 KB (1,024 bytes). Only the table's own units count, not those of its
	// indexes. The default, 0, sets no limit.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
	WriteUnitsPerSecond float64 `json:"write_units_per_second,omitempty"`

	// Retry says when rows are sent again.
	Retry Retry `json:"retry,omitzero"`

	// MaxWait is how long WriteSeq lets the first row of a batch wait for the
	// batch to fill. Write never waits. The default is 200ms. In JSON it is a
	// number of nanoseconds or a string such as "200ms".
	MaxWait time.Duration `json:"max_wait,omitempty"`

	// Client sends the requests, if not nil, in place of one built from
	// Region, Credentials and Endpoint. It stays the caller's. Its own
	// retries are turned off for the requests of the Destination.
	Client Client `json:"-"`

	// CredentialsProvider, if not nil, signs in place of Credentials. It is
	// wrapped in [aws.NewCredentialsCache] unless it is one.
	CredentialsProvider aws.CredentialsProvider `json:"-"`

	// Limiter, if not nil, is asked before rows are sent, besides
	// WriteUnitsPerSecond. Give one to several Destinations to share a budget.
	Limiter Limiter `json:"-"`

	// Observer is told of each request and each wait.
	Observer Observer `json:"-"`
}

// Credentials are AWS access keys. They print as a placeholder.
type Credentials struct {
	AccessKeyID     string `json:"access_key_id,omitempty"`
	SecretAccessKey string `json:"secret_access_key,omitempty"`
	SessionToken    string `json:"session_token,omitempty"` // optional
}

// Mode is a sync mode. It is a string so that an engine can keep it in its own
// settings.
type Mode string

// The supported modes. The modes "update", "mirror", "audience_add",
// "audience_remove", "audience_mirror" and "audience_upsert" are known and
// refused by [Config.Validate] with the reason; any other is unknown.
const (
	// Upsert puts the whole item, in place of any item with the same key:
	// attributes that the row does not give are gone afterwards. Writing the
	// same row twice leaves the same item.
	Upsert Mode = "upsert"

	// Insert writes new items. What it does about a key that is taken is
	// Config.OnExisting's to say; by default it overwrites, as Upsert does.
	Insert Mode = "insert"
)

// OnExisting is what Insert does about a key that is taken.
type OnExisting string

// The answers to an existing key. Skip and Fail send each row by a conditional
// PutItem of its own, since BatchWriteItem takes no conditions.
const (
	Overwrite OnExisting = "overwrite" // replace the item there: the default
	Skip      OnExisting = "skip"      // leave the item there alone; the row is Skipped
	Fail      OnExisting = "fail"      // leave the item there alone; the row is NotWritten with ErrExists
)

// Mapping is a field mapping: which columns of a row become which attributes
// of an item.
type Mapping struct {
	// Fields lists the columns to write. If empty, every column is written as
	// an attribute of the same name.
	Fields []Field `json:"fields,omitempty"`

	// Null says what a nil value becomes outside keys. The default is
	// WriteNull.
	Null Null `json:"null,omitempty"`

	// EmptyString says what "" becomes outside keys. The default is
	// EmptyAsNull. DynamoDB itself has taken empty strings outside keys since
	// 2020: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
	EmptyString EmptyString `json:"empty_string,omitempty"`
}

// Field maps one column to one attribute.
type Field struct {
	Column    string `json:"column"`
	Attribute string `json:"attribute,omitempty"` // the default is Column
	Type      Type   `json:"type,omitempty"`      // the default is by the value: see the package documentation
}

// Type is a DynamoDB data type by the letters that DynamoDB uses for it, or
// JSON.
type Type string

// The types that a Field can force. Each says what it is made from; any other
// value is that row's ErrMapping.
const (
	Auto      Type = ""     // by the Go value: see the package documentation
	String    Type = "S"    // from string, UTF-8 []byte, number, bool, time
	Number    Type = "N"    // from number, decimal text (string or []byte), time (epoch seconds)
	Binary    Type = "B"    // from []byte, base64 text
	Bool      Type = "BOOL" // from bool, "true" or "false", 0 or 1
	JSON      Type = "JSON" // from anything: an S that holds its compact JSON
	List      Type = "L"    // from slices, arrays and JSON text of an array
	Map       Type = "M"    // from maps, structs and JSON text of an object
	StringSet Type = "SS"   // from slices, arrays and JSON text of an array; equal members are kept once
	NumberSet Type = "NS"   // likewise
	BinarySet Type = "BS"   // likewise
)

// Null is what a nil value becomes.
type Null string

// What a nil value becomes.
const (
	WriteNull  Null = "null"   // an attribute of type NULL: the default
	OmitNull   Null = "omit"   // no attribute
	RefuseNull Null = "refuse" // the row fails with ErrMapping
)

// EmptyString is what an empty string becomes.
type EmptyString string

// What an empty string becomes.
const (
	EmptyAsNull EmptyString = "null" // as a nil value would, by Mapping.Null: the default
	KeepEmpty   EmptyString = "keep" // an empty S
	OmitEmpty   EmptyString = "omit" // no attribute
)

// Retry says when a row is sent again after a passing fault: an unprocessed
// item, throttling, a server error or a broken connection. The SDK's own
// retries are off for these requests, so that attempts are counted once.
type Retry struct {
	// MaxAttempts is the most requests that may carry a row in vain, the
	// first one included: a request in which DynamoDB took some other row is
	// not counted, but ten times MaxAttempts requests are the most in any
	// case. The default is 10. With 1, unprocessed and refused rows are
	// reported at once, and no outage stops the call; else it stops after
	// three times MaxAttempts waits in a row, 30 at least, in which DynamoDB
	// took nothing at all.
	MaxAttempts int `json:"max_attempts,omitempty"`

	// MinDelay and MaxDelay bound the wait before refused rows are sent
	// again: a random part of a bound that doubles from MinDelay to MaxDelay
	// while nothing is taken. The defaults are 50ms and 5s; if one of them is
	// given beyond the default of the other, the other is the same. In JSON
	// they are numbers of nanoseconds or strings such as "50ms".
	MinDelay time.Duration `json:"min_delay,omitempty"`
	MaxDelay time.Duration `json:"max_delay,omitempty"`
}

// Limiter paces writes. A *rate.Limiter of golang.org/x/time/rate with a burst
// of at least 400 is one.
type Limiter interface {
	// WaitN blocks until n write units may be used, or ctx ends. It is called
	// once for each row before each request that carries it, with
	// 1 <= n <= 400, from many goroutines at once. An error that is not ctx's
	// stops the call.
	WaitN(ctx context.Context, n int) error
}

// Observer is told what a Destination does. Any func may be nil. They are
// called from many goroutines at once, which are the Destination's own (of New
// and Check it is the caller's): they hold up their own call until they return,
// and a panic in one ends the program. RequestStart, and Wait before a question
// to the Limiter, belong to a request and count as one in flight; the others
// may take their time and may call the Destination.
type Observer struct {
	// RequestStart is called before each request. The context it returns is
	// used for that request and given to RequestDone: it must be derived from
	// the one given, or the request no longer ends with the call. Nil keeps
	// the one given.
	RequestStart func(context.Context, Request) context.Context

	// RequestDone is called after each request, before the call returns. Of
	// one call at most 2 × Config.Concurrency requests are under way, those
	// whose RequestDone has not returned included.
	RequestDone func(context.Context, Response)

	// Wait is called before each wait for a retry or for the pace, and before
	// each question to a Limiter, which may answer at once.
	Wait func(context.Context, Wait)
}

// Request is a request about to be sent.
type Request struct {
	Op    string // "BatchWriteItem", "PutItem" or "DescribeTable"
	Rows  int    // rows it carries
	Bytes int    // size of their items as DynamoDB counts it, in bytes
}

// Response is a request answered.
type Response struct {
	Request     Request
	Elapsed     time.Duration // from the sending to the answer, or to its being given up
	Unprocessed int           // rows that DynamoDB handed back
	WriteUnits  float64       // write units charged, those of indexes included; 0 if not told
	Reason      Reason        // the kind of Err, for metrics; "" without one
	Err         error         // nil, or an error that quotes no row value
}

// Wait is a wait about to begin.
type Wait struct {
	For   string        // "retry", "pace" or "limit"
	Rows  int           // rows that wait to be sent; of equal keys one
	Delay time.Duration // 0 if not known
}
