package dynamodest

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/schedule"
	"github.com/dynamodest/dynamodest/internal/transport"
)

// Config configures a [Destination]. Table is required, and either AWS or Region and Credentials; each
// field says what can replace it. The JSON form holds everything that an engine may store, the secrets
// included; the last seven fields are for Go callers only.
//
// A Config printed by fmt or slog shows no secret; see [Config.Format], [Config.LogValue] and
// [Config.MarshalJSON] for how a Config inside another value can still show them.
type Config struct {
	// Region is the AWS region of the table, such as "eu-west-1". The default is the region in the ARN
	// that Table is, else that of AWS. Required unless one of them or Client is set. With Endpoint, AWS or
	// Client it may be any word that a local server takes, such as "local". A pseudo region such as
	// "fips-us-east-1" is an error: FIPS endpoints are a setting of AWS (AWS_USE_FIPS_ENDPOINT=true, or
	// config.WithUseFIPSEndpoint), or an Endpoint.
	Region string `json:"region,omitempty"`

	// Table is the name or the ARN of the table. Names are case-sensitive. The region in an ARN must
	// be Region. Required.
	Table string `json:"table"`

	// Credentials are the AWS access keys that sign the requests. Required unless AWS,
	// CredentialsProvider or Client is set. An access key ID that begins with ASIA needs its SessionToken.
	Credentials Credentials `json:"credentials,omitzero"`

	// Endpoint is the http or https URL that requests go to, for local servers and VPC endpoints. The
	// default is AWS's own for the region, over TLS, or what AWS says. A host of AWS's must be DynamoDB's
	// in that region.
	//
	// With http, rows, the access key ID and the session token cross the network in the clear; use it for
	// loopback addresses only. The client that New builds goes through the proxy that the environment
	// names (HTTP_PROXY for http, HTTPS_PROXY for https, and NO_PROXY), but for "localhost" and loopback
	// addresses: with http the proxy reads all of it too, with https only the host and the port. Who
	// chooses the Endpoint chooses where in your network requests go: see SECURITY.md.
	Endpoint string `json:"endpoint,omitempty"`

	// Mode is the sync mode. The default is Upsert.
	Mode Mode `json:"mode,omitempty"`

	// OnExisting says what Insert does if the key already exists. Only with Insert. The default is
	// Overwrite.
	OnExisting OnExisting `json:"on_existing,omitempty"`

	// Version names the attribute that says which of two rows of a key is newer: a row then replaces an item
	// only if the item's version is not greater than its own, over calls, machines and lost responses. The
	// default, "", is none: the row that DynamoDB takes last wins. Only with Upsert.
	//
	// A version is a number or a text, which is compared by its UTF-8 bytes. A time needs a Field of type
	// SORTABLE_TIME, EPOCH_SECONDS, EPOCH_MILLIS or N. Every row needs a version, of the type that its Field
	// forces, if it does; a row without one fails with ErrMapping. New refuses a mapping that does not produce
	// the attribute, and an attribute of the table's key. In the table an item without the
	// attribute is older than any row. An item whose version is null or of another type cannot be compared:
	// the row is NotWritten with ErrExists.
	//
	// Within a call the row with the highest version of a key is written, of equal versions the last one; the
	// others are Superseded by it, which may have a smaller index. A row is Skipped if the table has a newer
	// version. Rows of equal versions are ordered within a call only.
	//
	// Each row goes by a conditional PutItem of its own: the write units are the same, but there are 25 times
	// the requests, so a call takes more CPU and may be slower where latency and Concurrency bound it. A row
	// that finds a newer version costs write units too: DynamoDB does not report them, so the pace, the cap and
	// Summary.WriteUnits count an estimate, by the larger of the two items. Leave Version empty if one call
	// after another writes the table and rows whose Scope is ScopePassing are not sent again later.
	//
	// It does not guard against deletes, since a late row brings the item back, nor across the Regions of a
	// global table with eventual consistency, where conditions are checked in one Region.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
	Version string `json:"version,omitempty"`

	// Delete names the column that says whether a row is a delete: then the item with its key is deleted, by
	// the same BatchWriteItem requests. The default, "", is none. Not with Version, nor with OnExisting Skip or
	// Fail.
	//
	// True, and what a Field of type BOOL takes as true, is a delete; false, null and a missing column
	// are a put; any other value fails the row with ErrMapping. The column itself is written only if a Field
	// maps it. Of a delete only the columns of the key are converted and checked. An item that is not
	// there counts as deleted.
	//
	// A delete costs the write units of the item that is deleted, and counts as one until DynamoDB reports
	// them.
	Delete string `json:"delete,omitempty"`

	// Duplicates says what becomes of rows of one call that have the same key. The default is LastWins. With
	// RefuseDuplicates the columns of the key of each row that Write is given are converted twice. Keys of
	// different calls are not compared.
	Duplicates Duplicates `json:"duplicates,omitempty"`

	// MaxKeys is the maximum number of distinct keys that one WriteSeq, WriteColumns or WriteChan with
	// RefuseDuplicates keeps in memory. A row with one key more stops the call with a *ConfigError, since later rows could not
	// be checked. Each key takes 22 to 38 bytes, by measurement, in addition to WindowBytes, however long it
	// is: 16 bytes of a hash, and their place in a map. It does not concern Write. Only with
	// RefuseDuplicates. The default is 10,000,000, about 300 MB.
	MaxKeys int `json:"max_keys,omitempty"`

	// Mapping is the field mapping. The zero Mapping writes every column as an attribute of the same
	// name.
	Mapping Mapping `json:"mapping,omitzero"`

	// Concurrency is the maximum number of requests in flight at once over all calls to the
	// Destination, at most 10,000. The default is 64.
	Concurrency int `json:"concurrency,omitempty"`

	// WriteUnitsPerSecond is the maximum write capacity to use over all calls to the Destination, in
	// write units a second: one unit is an item of up to 1 KB (1,024 bytes). Only the table's own units
	// count, not those of its indexes. The default, 0, sets no limit.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
	WriteUnitsPerSecond float64 `json:"write_units_per_second,omitempty"`

	// Retry controls how transient failures are retried.
	Retry Retry `json:"retry,omitzero"`

	// MaxWait is how long WriteSeq, WriteColumns and WriteChan let the first row of a batch wait for the
	// batch to fill. Write never waits. The default is 200ms. In JSON it is a number of nanoseconds or a string
	// such as "200ms".
	MaxWait time.Duration `json:"max_wait,omitempty"`

	// WindowBytes is roughly how much memory, in bytes, one call may use for rows: for those that are
	// taken and not settled, their requests in flight included, and for settled ones that wait to be
	// reported in row order. While that much is used the call takes no further row, but one row may
	// always go, whatever its size. In addition a call has at most 32 unsettled rows for each request of
	// Concurrency (2,048 by default, 512 at least), and more only while rows are held back, as rows of a key
	// that DynamoDB throttles are: 16,384 at most. The default is 67,108,864 (64 MiB), the minimum
	// 1,048,576 (1 MiB).
	//
	// The estimate counts texts and bytes in full, some bytes for each column, and while a row is unsettled
	// twice the size of its JSON in a request: the row's bytes, and the copy of them in the request. By default
	// some 50 rows of 400 KB are then unsettled at once. Where requests are built from the SDK's values, the
	// size of the JSON counts four times, since the SDK builds the body in a buffer that doubles as it grows:
	// some 30 of these rows. That is so with a Client, with middleware or interceptors that get the inputs of
	// calls, with Version, and with OnExisting Skip or Fail. A row of few and small columns takes up to 400
	// bytes more than is counted. Allow in addition for garbage that is not collected yet, as much again with
	// the default GOGC, and for each further call at the same time.
	//
	// Small rows take less than the default allows. By measurement a stream of rows of ten columns and 340
	// bytes takes 2.4 MB while 2,048 of them wait for responses, and 0.7 MB when it is idle afterwards. In a
	// process with hundreds of Destinations set WindowBytes to the memory that you have for rows, divided by
	// the number of calls at a time: with 1,048,576 the same stream takes 0.6 MB, and 0.1 MB when idle, and
	// holds 350 of these rows, which fill 14 requests at a time.
	WindowBytes int `json:"window_bytes,omitempty"`

	// AWS, if not nil, is what the client is built from, as dynamodb.NewFromConfig does: credentials
	// (roles, profiles, SSO), region, endpoints (FIPS, dual stack, AWS_ENDPOINT_URL), proxies and CA
	// bundle, application ID, middleware. It is what config.LoadDefaultConfig of
	// github.com/aws/aws-sdk-go-v2/config returns. Region and Endpoint go before those of AWS. It excludes
	// Client, Credentials and CredentialsProvider.
	//
	// Some settings are the Destination's, whatever AWS says: the SDK's retries are off, each request has
	// 30 s, credentials are cached and retrieved again when their token has expired, and of ClientLogMode
	// only LogResponse and LogDeprecatedUsage remain, since the others would log rows and session tokens.
	// A BuildableClient in HTTPClient (or none) lends its proxy, TLS settings, dialer and timeouts; the pool
	// of connections is the Destination's, shared with all Destinations that have the same BuildableClient
	// (or none), and follows no redirects. Any other HTTPClient, such as an *http.Client, is used as it is:
	// it should keep one idle connection per request in flight, as http.Transport.MaxIdleConnsPerHost says
	// (2 by default), and follow no redirects. Middleware and interceptors run on goroutines of the
	// Destination's and see rows and secrets: every write, as any call of the SDK shows it. Endpoint discovery,
	// which is off unless AWS turns it on, needs the action dynamodb:DescribeEndpoints.
	//
	// Writes take the least CPU with none of these, here or in ClientOptions: middleware, interceptors, tracer
	// and meter providers, resolvers and signers of your own, endpoint discovery, gzip, a log of responses, an
	// HTTPClient that is no BuildableClient. Then the library encodes, signs and posts them itself, with what
	// the SDK decides (endpoint, headers, credentials, the correction of the clock). With any of them writes
	// are calls of the SDK, which take two to three times the CPU, and five times if interceptors, a Protocol,
	// or middleware in the Initialize or Serialize step get the inputs of the calls, as to encrypt them. The
	// Observer sees writes in each case.
	//
	// New copies what it needs and changes nothing of AWS.
	AWS *aws.Config `json:"-"`

	// ClientOptions change the options of the client that New builds, with or without AWS: after Region
	// and Endpoint, and before the settings that are the Destination's, which hold for what they set too
	// (Credentials, HTTPClient and so on). New calls each once, on its caller's goroutine, so a panic of
	// one is a panic of New. What they add to the client may cost CPU for each write: see AWS. Not with
	// Client.
	ClientOptions []func(*dynamodb.Options) `json:"-"`

	// Client sends the requests, if not nil, instead of a client built from AWS, or from Region,
	// Credentials and Endpoint. The caller keeps ownership of it. Its own retries are turned off for the
	// requests of the Destination; all its other settings, those of connections too, are its own. It gets
	// the SDK's inputs, which take several times the CPU of the requests that the library encodes itself: if
	// you only want to change settings, use AWS and ClientOptions.
	Client Client `json:"-"`

	// CredentialsProvider, if not nil, signs instead of Credentials. It is wrapped in
	// [aws.NewCredentialsCache] unless it is one.
	CredentialsProvider aws.CredentialsProvider `json:"-"`

	// Limiter, if not nil, is asked before each request, in addition to WriteUnitsPerSecond. A request
	// then carries at most 400 write units. Give one Limiter to several Destinations to share a budget.
	Limiter Limiter `json:"-"`

	// Observer receives an event for each request and each wait.
	Observer Observer `json:"-"`

	// ReportAsSettled has WriteSeq, WriteColumns and WriteChan call report for each row as soon as that row is
	// settled, and not in row order; RowResult.SettledBefore then says up to which index all rows are.
	// It is for sources that acknowledge row by row: no row waits for another, so none can fill the
	// window.
	ReportAsSettled bool `json:"-"`
}

// Credentials are AWS access keys. They print as a placeholder.
type Credentials struct {
	AccessKeyID     string `json:"access_key_id,omitempty"`
	SecretAccessKey string `json:"secret_access_key,omitempty"`
	SessionToken    string `json:"session_token,omitempty"` // optional
}

// Mode is a sync mode. It is a string so that an engine can keep it in its own settings.
type Mode string

// The supported modes. The modes "update", "mirror", "audience_add", "audience_remove",
// "audience_mirror" and "audience_upsert" are recognized, and refused by [Config.Validate] with the
// reason; any other is unknown.
const (
	// Upsert puts the whole item, replacing any item with the same key: attributes that the row does
	// not give are gone afterwards. Writing the same row twice leaves the same item.
	Upsert Mode = "upsert"

	// Insert writes new items. Config.OnExisting decides what happens if the key already exists; by
	// default the item is overwritten, as with Upsert.
	Insert Mode = "insert"
)

// OnExisting is what Insert does if the key already exists.
type OnExisting string

// The answers to an existing key. Skip and Fail send each row by a conditional PutItem of its own,
// since BatchWriteItem takes no conditions.
const (
	Overwrite OnExisting = "overwrite" // replace the existing item: the default
	Skip      OnExisting = "skip"      // keep the existing item; the row is Skipped
	Fail      OnExisting = "fail"      // keep the existing item; the row is NotWritten with ErrExists
)

// Duplicates is what becomes of rows of one call that have the same key, as DynamoDB compares keys: the
// numbers 1 and 1.0 are equal. With Config.Delete a put and a delete of one key are duplicates too.
type Duplicates string

// The answers to a key that several rows of one call have.
const (
	// LastWins writes the last row of the key, or with Config.Version that of the highest version; the
	// default. With OnExisting Skip or Fail the first row wins. See [Destination.Write] for the others.
	LastWins Duplicates = "last"

	// RefuseDuplicates refuses such rows: they are NotWritten with ErrKey, and their errors name another row
	// of the key by its index, or say that it is an earlier one. Write refuses all rows of the key, before it
	// sends anything, and takes 30 to 60 bytes a row, by measurement, until it begins to send. WriteSeq,
	// WriteColumns and WriteChan refuse all but the first, which may be written by then, and keep the keys in
	// memory: see Config.MaxKeys. A row whose key is valid counts also if the row fails for another reason. Not with
	// Version, nor with OnExisting Skip or Fail; New requires that DescribeTable describes the table's key.
	RefuseDuplicates Duplicates = "fail"
)

// conditional reports whether each row goes by a PutItem whose condition keeps an existing item.
func (e OnExisting) conditional() bool { return e == Skip || e == Fail }

// Retry controls how transient failures are retried: an unprocessed item, throttling, a server error
// or a broken connection. The SDK's own retries are off for these requests, so that attempts are
// counted once.
type Retry struct {
	// MaxAttempts is the maximum number of requests that may carry a row without success, the first one
	// included. Only requests in which no row was accepted count; a row is given up after 10 ×
	// MaxAttempts requests in any case. The default is 10. With 1, a row that is not accepted is reported
	// at once, and no outage stops the call; otherwise the call stops after 3 × MaxAttempts consecutive
	// waits, 30 at least, in which nothing at all was accepted.
	MaxAttempts int `json:"max_attempts,omitempty"`

	// MinDelay and MaxDelay bound the wait before rows are retried: a random part of a bound that doubles
	// from MinDelay to MaxDelay while nothing is accepted. The defaults are 50ms and 5s; if
	// only one is set and it crosses the other's default, the other takes the same value. In JSON they
	// are numbers of nanoseconds or strings such as "50ms".
	MinDelay time.Duration `json:"min_delay,omitempty"`
	MaxDelay time.Duration `json:"max_delay,omitempty"`
}

// Limiter limits the rate of writes. A *rate.Limiter of golang.org/x/time/rate with a burst of at least
// 400 is a Limiter: whatever the Concurrency, the write units of all requests in any span of time are
// then at most its burst and what its rate adds in that time.
//
// A panic in WaitN ends the process: it is called on a goroutine of the Destination's, where nobody can
// recover it.
type Limiter interface {
	// WaitN blocks until n write units may be used, or ctx ends. It is called once before each request,
	// retries included, with the units of the request's rows, 1 <= n <= 400, and the request is sent as
	// soon as it returns nil. One request of a Destination asks at a time, in turn; several Destinations
	// that share a Limiter call it from several goroutines at once. It must return when ctx ends, and
	// must not call the Destination. Any error other than ctx.Err() stops the call.
	WaitN(ctx context.Context, n int) error
}

// condition returns the condition of each row's put.
func (c Config) condition() transport.Condition {
	switch {
	case c.Version != "":
		return transport.UnlessNewer(c.Version)
	case c.OnExisting.conditional():
		return transport.IfAbsent
	}
	return transport.Condition{}
}

// scheduling returns how the calls of a Destination schedule their rows. c must have its defaults.
func (c Config) scheduling() schedule.Config {
	existing := map[OnExisting]schedule.OnExisting{Overwrite: schedule.Overwrite, Skip: schedule.Skip, Fail: schedule.Fail}[c.OnExisting]
	if c.Version != "" {
		existing = schedule.Newer
	}
	return schedule.Config{
		OnExisting:   existing,
		MaxAttempts:  c.Retry.MaxAttempts,
		MinDelay:     c.Retry.MinDelay,
		MaxDelay:     c.Retry.MaxDelay,
		MaxWait:      c.MaxWait,
		EnvelopeSize: item.EnvelopeSize(c.Table),
	}
}
