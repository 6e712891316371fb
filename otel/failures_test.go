package otel_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	dynamodestotel "github.com/dynamodest/dynamodest/otel"
)

// A status code is reported if it has the form of AWS's, and if there are not too many: what calls itself DynamoDB cannot
// make series without end.
func TestStatusCodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		dest := b.dest(t, db, dynamodest.Config{Retry: dynamodest.Retry{MaxAttempts: 1}})
		write := func(code string) {
			db.FailWrites(dynamodesttest.Error(500, code, ""))
			_, err := dest.Write(t.Context(), numbered(1))
			require.ErrorIs(t, err, dynamodest.ErrUnavailable)
		}
		for _, odd := range []string{"Two words", "Digits1", "Größe", strings.Repeat("x", 65)} {
			write(odd)
		}
		const unavailable = users + " db.operation.name=PutItem db.system.name=aws.dynamodb error.type=unavailable: %d, 0"
		assert.Contains(t, b.series(t, "db.client.operation.duration"), fmt.Sprintf(unavailable, 4))
		for i := range 70 {
			write("Code" + strings.Repeat("X", i/26) + string(rune('A'+i%26)) + "Exception")
		}
		series := b.series(t, "db.client.operation.duration")
		withCode := 0
		for _, line := range series {
			withCode += strings.Count(line, "db.response.status_code=Code")
		}
		assert.Equal(t, 64, withCode)
		assert.Contains(t, series, fmt.Sprintf(unavailable, 10))
		write("CodeAException")
		assert.Contains(t, b.series(t, "db.client.operation.duration"),
			users+" db.operation.name=PutItem db.response.status_code=CodeAException db.system.name=aws.dynamodb error.type=unavailable: 2, 0")
	})
}

// The code is that of the response, however the request was sent. The page of a proxy has none, and no form of one that
// the SDK makes up.
func TestStatusCodesOverHTTP(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		dest, stop, err := b.telemetry.NewDestination(t.Context(), dynamodest.Config{Table: table, Client: sdkClient(db)})
		require.NoError(t, err)
		defer stop()
		db.FailWrites(dynamodesttest.Error(400, "ThrottlingException", ""), dynamodesttest.Answer(502, "text/html", "<p>bad gateway</p>"))
		_, err = dest.Write(t.Context(), numbered(1))
		require.NoError(t, err)
		const puts = "cloud.region=ap-south-1 db.collection.name=users db.operation.name=PutItem "
		assert.Equal(t, []string{
			puts + "db.response.status_code=ThrottlingException db.system.name=aws.dynamodb error.type=throttled: 1, 0",
			puts + "db.system.name=aws.dynamodb error.type=unavailable: 1, 0",
			puts + "db.system.name=aws.dynamodb: 1, 0",
		}, b.series(t, "db.client.operation.duration")[1:])
	})
}

// codedError is an error of another service, with a code as errors of the AWS SDK have it.
type codedError struct{}

func (codedError) Error() string     { return "the token has expired" }
func (codedError) ErrorCode() string { return "ExpiredToken" }

// The codes of other services, which credentials or whoever ends the context may give, are not DynamoDB's.
func TestCodesOfOtherServices(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		client    func(*dynamodesttest.DB, *failingCredentials) dynamodest.Client
		observer  dynamodest.Observer
		errorType string
	}{
		"cancelled in flight":      {errorType: "stopped"},
		"cancelled before sending": {observer: dynamodest.Observer{RequestStart: after2Seconds}, errorType: "stopped"},
		"credentials": {errorType: "bad_credentials", client: func(db *dynamodesttest.DB, keys *failingCredentials) dynamodest.Client {
			return dynamodb.New(dynamodb.Options{Region: region, HTTPClient: inProcess{db}, Credentials: keys})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
				cfg := dynamodest.Config{Table: table, Region: region, Client: db, Observer: c.observer}
				keys := &failingCredentials{}
				if c.client != nil {
					cfg.Region, cfg.Client = "", c.client(db, keys)
				}
				dest, stop, err := b.telemetry.NewDestination(t.Context(), cfg)
				require.NoError(t, err)
				defer stop()
				keys.err = codedError{}
				db.SetLatency(2*time.Second, 2*time.Second, 1)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(codedError{}) })
				_, err = dest.Write(ctx, numbered(1))
				require.ErrorIs(t, err, codedError{})
				put := b.spansNamed("PutItem users")
				require.NotEmpty(t, put)
				assert.Contains(t, text(put[0].Attributes), " error.type="+c.errorType)
				assert.NotContains(t, text(put[0].Attributes), "db.response.status_code")
			})
		})
	}
}

func after2Seconds(ctx context.Context, _ dynamodest.Request) context.Context {
	time.Sleep(2 * time.Second)
	return ctx
}

// failingCredentials are keys until err is set.
type failingCredentials struct{ err error }

func (f *failingCredentials) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, f.err
}

// A condition that fails is no failure of the request: an item has the key, which is what was asked.
func TestConditionThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg     dynamodest.Config
		failure error
	}{
		"skip":    {cfg: dynamodest.Config{Mode: dynamodest.Insert, OnExisting: dynamodest.Skip}},
		"fail":    {cfg: dynamodest.Config{Mode: dynamodest.Insert, OnExisting: dynamodest.Fail}, failure: dynamodest.ErrExists},
		"version": {cfg: dynamodest.Config{Version: "version"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
				dest := b.dest(t, db, c.cfg)
				_, err := dest.Write(t.Context(), []dynamodest.Row{{"id": "a", "version": 2}})
				require.NoError(t, err)
				_, err = dest.Write(t.Context(), []dynamodest.Row{{"id": "a", "version": 1}})
				require.ErrorIs(t, err, c.failure)
				puts := b.spansNamed("PutItem users")
				require.Len(t, puts, 2)
				assert.Equal(t, codes.Unset, puts[1].Status.Code)
				assert.Contains(t, text(puts[1].Attributes), " db.response.status_code=ConditionalCheckFailedException ")
				for _, line := range b.series(t, "db.client.operation.duration") {
					assert.NotContains(t, line, "error.type")
				}
				if c.failure != nil {
					assert.Equal(t, []string{users + " dynamodest.scope=row error.type=item_exists: 1"}, b.series(t, "dynamodest.failed_rows"))
				} else {
					assert.Equal(t, outcomes(users, 0, 0, 1, 0, 0, 1), b.series(t, "dynamodest.rows"))
				}
			})
		})
	}
}

// The span of a request that is not sent after its RequestStart ends too.
func TestRequestThatIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		var described atomic.Bool
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		dest := b.dest(t, db, dynamodest.Config{Retry: dynamodest.Retry{MaxAttempts: 1}, Observer: dynamodest.Observer{
			RequestStart: func(ctx context.Context, _ dynamodest.Request) context.Context {
				if described.Swap(true) {
					return joined{ctx, ended}
				}
				return ctx
			},
		}})
		_, err := dest.Write(t.Context(), numbered(1))
		require.ErrorIs(t, err, dynamodest.ErrUnavailable)
		assert.Len(t, db.Calls(), 1, "nothing but DescribeTable was sent")
		put := b.spansNamed("PutItem users")
		require.Len(t, put, 1)
		assert.Equal(t, codes.Error, put[0].Status.Code)
		assert.Equal(t, b.spansNamed("dynamodest.Write users")[0].SpanContext.SpanID(), put[0].Parent.SpanID())
		assert.Contains(t, b.series(t, "db.client.operation.duration"),
			users+" db.operation.name=PutItem db.system.name=aws.dynamodb error.type=unavailable: 1, 0")
	})
}

// joined has the values of its Context, and the end of another.
type joined struct {
	context.Context
	ended context.Context
}

func (j joined) Done() <-chan struct{} { return j.ended.Done() }
func (j joined) Err() error            { return j.ended.Err() }

// Requests outside a call, as those of New, are children of the caller's span, which gets no event of their waits.
func TestRequestsOutsideCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, db := newBackend(t), dynamodesttest.NewTable(table, "id:S")
		db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			if c.N == 1 {
				return dynamodesttest.Error(400, "ThrottlingException", "")
			}
			return dynamodesttest.Fault{}
		})
		ctx, caller := b.tracer.Tracer("caller").Start(t.Context(), "connect")
		dest, stop, err := b.telemetry.NewDestination(ctx, dynamodest.Config{Table: table, Region: region, Client: db})
		require.NoError(t, err)
		defer stop()
		require.NoError(t, dest.CheckWrites(ctx))
		caller.End()
		var names []string
		for _, span := range b.spans.GetSpans() {
			names = append(names, span.Name)
			if span.Name != "connect" {
				assert.Equal(t, caller.SpanContext().SpanID(), span.Parent.SpanID())
			}
		}
		assert.Equal(t, []string{"DescribeTable users", "DescribeTable users", "PutItem users", "BatchWriteItem users", "connect"}, names)
		assert.Empty(t, b.spansNamed("connect")[0].Events)
		assert.Equal(t, []string{users + " dynamodest.wait.for=retry: 1"}, b.series(t, "dynamodest.waits"))
		assert.Equal(t, outcomes(users, 0, 0, 0, 0, 0, 0), b.series(t, "dynamodest.rows"))
	})
}

// What its caller does not sample has no spans, however long the call, and all metrics.
func TestNotSampled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backend{reader: sdkmetric.NewManualReader(), spans: tracetest.NewInMemoryExporter()}
		var err error
		b.telemetry, err = dynamodestotel.New(dynamodestotel.Options{
			TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(b.spans), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample()))),
			MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.reader)),
		})
		require.NoError(t, err)
		db := dynamodesttest.NewTable(table, "id:S")
		dest := b.dest(t, db, dynamodest.Config{Mode: dynamodest.Insert, OnExisting: dynamodest.Fail})
		b.spans.Reset()
		caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}) // not sampled
		_, err = dest.Write(trace.ContextWithSpanContext(t.Context(), caller), append(numbered(1200), numbered(1)...))
		require.ErrorIs(t, err, dynamodest.ErrExists)
		assert.Empty(t, b.spans.GetSpans())
		assert.Equal(t, outcomes(users, 0, 1, 0, 0, 0, 1200), b.series(t, "dynamodest.rows"))
		assert.Equal(t, []string{users + " dynamodest.scope=row error.type=item_exists: 1"}, b.series(t, "dynamodest.failed_rows"))
		assert.Len(t, b.series(t, "dynamodest.call.duration"), 1)
	})
}

// Two Telemetries may observe one Destination: each has spans of its own, and ends them.
func TestTwoTelemetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second, db := newBackend(t), newBackend(t), dynamodesttest.NewTable(table, "id:S")
		dest := first.dest(t, db, dynamodest.Config{Observer: second.telemetry.Observer()})
		_, err := dest.WriteSeq(t.Context(), func(yield func(dynamodest.Row, error) bool) {
			yield(numbered(1)[0], nil)
			yield(nil, errors.New("cut"))
		}, func(dynamodest.Row, dynamodest.RowResult) error { return nil })
		require.Error(t, err)
		for _, b := range []*backend{first, second} {
			require.Len(t, b.spansNamed("dynamodest.WriteSeq users"), 1)
			require.Len(t, b.spansNamed("PutItem users"), 1)
			assert.Equal(t, []string{users + " dynamodest.call.op=WriteSeq error.type=stopped: 1, 0"}, b.series(t, "dynamodest.call.duration"))
		}
		assert.NotEmpty(t, first.series(t, "dynamodest.rows"))
		assert.Empty(t, second.series(t, "dynamodest.rows"), "second does not watch")
	})
}

// A Telemetry that New has not made says so where it is used first, also as a deferred Close.
func TestTelemetryThatIsNotMade(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	dest, err := dynamodest.New(t.Context(), dynamodest.Config{Table: table, Client: db})
	require.NoError(t, err)
	const want = "dynamodest/otel: the Telemetry is nil or its zero value: create it with New"
	for name, telemetry := range map[string]*dynamodestotel.Telemetry{"nil": nil, "zero": {}} {
		assert.PanicsWithValue(t, want, func() { telemetry.Observer() }, name)
		assert.PanicsWithValue(t, want, func() { telemetry.Watch(dest, table, region) }, name)
		assert.PanicsWithValue(t, want, func() {
			_, _, err := telemetry.NewDestination(t.Context(), dynamodest.Config{Table: table, Client: db})
			assert.NoError(t, err)
		}, name)
		assert.PanicsWithValue(t, want, func() { assert.NoError(t, telemetry.Close()) }, name)
	}
	assert.Len(t, db.Calls(), 1, "no request was sent for them")
}
