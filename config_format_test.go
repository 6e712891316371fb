package dynamodest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/transport"
	"github.com/dynamodest/dynamodest/internal/typemap"
)

// secretConfigs are Configs with secrets in every place that may hold one.
func secretConfigs() map[string]Config {
	keys := validConfig()
	keys.Credentials.SessionToken = testToken
	provider := validConfig()
	provider.Credentials = Credentials{}
	provider.CredentialsProvider = credentials.NewStaticCredentialsProvider(testKeyID, testSecret, testToken)
	loaded := Config{Table: "users", ClientOptions: []func(*dynamodb.Options){nil}}
	loaded.AWS = &aws.Config{
		Region: "eu-west-1", AppID: testSecret, BaseEndpoint: aws.String("https://me:" + testSecret + "@host"),
		Credentials: credentials.NewStaticCredentialsProvider(testKeyID, testSecret, testToken),
	}
	endpoint := validConfig()
	endpoint.Endpoint = "https://me:" + testSecret + "@host/?token=" + testToken
	return map[string]Config{"keys": keys, "provider": provider, "AWS": loaded, "endpoint": endpoint}
}

func assertNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{testKeyID, testSecret, testToken} {
		assert.NotContains(t, text, secret)
		assert.NotContains(t, text, fmt.Sprintf("%x", secret))
		assert.NotContains(t, text, fmt.Sprintf("%X", secret))
	}
}

func TestPrintingShowsNoSecret(t *testing.T) {
	t.Parallel()
	for name, cfg := range secretConfigs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := []any{
				cfg, &cfg, cfg.Credentials, &cfg.Credentials,
				struct{ Config Config }{cfg}, struct{ Config *Config }{&cfg}, &struct{ C Credentials }{cfg.Credentials},
				[]Config{cfg}, map[string]Config{"a": cfg}, map[string]any{"a": cfg},
			}
			for _, value := range values {
				for _, verb := range fmtVerbs {
					assertNoSecret(t, fmt.Sprintf(verb, value))
				}
			}

			var logged bytes.Buffer
			for _, log := range []*slog.Logger{slog.New(slog.NewJSONHandler(&logged, nil)), slog.New(slog.NewTextHandler(&logged, nil))} {
				log.Info("made", "config", cfg, "pointer", &cfg, "credentials", cfg.Credentials)
			}
			assertNoSecret(t, logged.String())
			assert.Contains(t, logged.String(), "users")
		})
	}
}

// holder is a struct of an engine that has a Config, with a LogValue as the documentation advises.
type holder struct{ config Config }

func (h holder) LogValue() slog.Value { return slog.GroupValue(slog.Any("config", h.config)) }

// slog's handlers resolve the LogValue of an attribute's own value and of a group's members, and print
// what is further inside by encoding/json or fmt. Secrets are hidden and shown as the documentation of
// Config's methods says: where this test fails, that is to be changed too.
func TestLoggingNestedConfigs(t *testing.T) {
	t.Parallel()
	cfg := secretConfigs()["keys"]
	for name, tt := range map[string]struct {
		value          any
		inJSON, inText bool // secrets are shown
	}{
		"config":             {value: cfg},
		"pointer":            {value: &cfg},
		"group":              {value: slog.GroupValue(slog.Any("config", cfg), slog.Any("pointer", &cfg))},
		"embedded":           {value: struct{ Config }{cfg}},
		"LogValue":           {value: holder{cfg}},
		"credentials":        {value: cfg.Credentials},
		"field":              {value: struct{ C Config }{cfg}, inJSON: true},
		"pointer field":      {value: struct{ C *Config }{&cfg}, inJSON: true},
		"field of a pointer": {value: &struct{ C Config }{cfg}, inJSON: true},
		"map":                {value: map[string]Config{"a": cfg}, inJSON: true},
		"map of any":         {value: map[string]any{"a": &cfg}, inJSON: true},
		"slice":              {value: []Config{cfg}, inJSON: true},
		"credentials field":  {value: struct{ C Credentials }{cfg.Credentials}, inJSON: true},
		"field json:\"-\"": {value: struct {
			C Config `json:"-"`
		}{cfg}},
		"unexported":         {value: struct{ c Config }{cfg}, inText: true},
		"unexported any":     {value: struct{ c any }{cfg}, inText: true},
		"unexported map":     {value: struct{ c map[string]Config }{map[string]Config{"a": cfg}}, inText: true},
		"unexported pointer": {value: struct{ c *Config }{&cfg}},
	} {
		for handler, shown := range map[string]bool{"JSON": tt.inJSON, "text": tt.inText} {
			var logged bytes.Buffer
			var to slog.Handler = slog.NewTextHandler(&logged, nil)
			if handler == "JSON" {
				to = slog.NewJSONHandler(&logged, nil)
			}
			slog.New(to).Info("made", "value", tt.value)
			assert.Equal(t, shown, strings.Contains(logged.String(), testSecret), "%s by the %s handler", name, handler)
		}
	}
}

func TestPrintingShowsTheRest(t *testing.T) {
	t.Parallel()
	cfg := validConfig()
	cfg.Mapping.Fields = []Field{{Column: "id", Type: String}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(verb, cfg)
		assert.Contains(t, text, "users")
		assert.Contains(t, text, "eu-west-1")
		assert.Contains(t, text, "id")
		assert.Contains(t, text, "[redacted]")
	}
	assert.Equal(t, "[redacted]", fmt.Sprint(cfg.Credentials))
	assert.Empty(t, fmt.Sprint(Credentials{}))
}

// Every field of a Config is printed, also one that is added later.
func TestPrintingShowsEveryField(t *testing.T) {
	t.Parallel()
	names := func(of reflect.Type) (names []string) {
		for _, field := range reflect.VisibleFields(of) {
			names = append(names, field.Name)
		}
		return names
	}
	assert.Equal(t, names(reflect.TypeFor[Config]()), names(reflect.TypeFor[redacted]()))

	full := Config{
		Region: "eu-west-1", Table: "users", Credentials: Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret}, Endpoint: "http://localhost:8000",
		Mode: Insert, OnExisting: Skip, Version: "v", Delete: "d", Duplicates: RefuseDuplicates, MaxKeys: 1, Mapping: Mapping{Null: OmitNull}, Concurrency: 1, WriteUnitsPerSecond: 1, Retry: Retry{MaxAttempts: 1}, MaxWait: 1, WindowBytes: 1,
		AWS: &aws.Config{}, ClientOptions: make([]func(*dynamodb.Options), 2),
		Client: taker{}, CredentialsProvider: credentials.StaticCredentialsProvider{}, Limiter: noLimit{},
		Observer: Observer{Wait: func(context.Context, Wait) {}}, ReportAsSettled: true,
	}
	config, shown, empty := reflect.ValueOf(full), reflect.ValueOf(full.redacted()), reflect.ValueOf(Config{}.redacted())
	for i := range config.NumField() {
		name := config.Type().Field(i).Name
		require.False(t, config.Field(i).IsZero(), "the test gives no %s", name)
		assert.False(t, shown.Field(i).IsZero(), "%s is not printed", name)
		assert.True(t, empty.Field(i).IsZero(), name)
	}

	assert.Equal(t, "[set]", full.redacted().AWS)
	assert.Equal(t, "[2 set]", full.redacted().ClientOptions)

	assert.Equal(t, names(reflect.TypeFor[Mapping]()), names(reflect.TypeFor[shownMapping]()))
	mapping := Mapping{
		Fields: []Field{{Column: "a"}}, Null: OmitNull, EmptyString: KeepEmpty, Missing: MissingNull, Bytes: TextBytes,
		Convert: func(string, any) (any, bool, error) { return nil, false, nil },
	}
	shown, empty = reflect.ValueOf(mapping.shown()), reflect.ValueOf(Mapping{}.shown())
	for i := range shown.NumField() {
		assert.False(t, shown.Field(i).IsZero(), shown.Type().Field(i).Name)
		assert.True(t, empty.Field(i).IsZero(), shown.Type().Field(i).Name)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		assert.Regexp(t, `OmitNull|omit`, fmt.Sprintf(verb, mapping))
		assert.NotContains(t, fmt.Sprintf(verb, mapping), "0x", "an address says nothing")
	}

	for _, field := range reflect.VisibleFields(reflect.TypeFor[Observer]()) {
		one := new(Observer)
		hook := reflect.MakeFunc(field.Type, func([]reflect.Value) []reflect.Value { return nil })
		reflect.ValueOf(one).Elem().FieldByIndex(field.Index).Set(hook)
		assert.Equal(t, field.Name, one.hooks())
	}
	all := Observer{
		CallStart: func(ctx context.Context, _ Call) context.Context { return ctx }, CallDone: func(context.Context, CallResult) {},
		RequestStart: func(ctx context.Context, _ Request) context.Context { return ctx },
		RequestDone:  func(context.Context, Response) {}, Wait: func(context.Context, Wait) {},
	}
	assert.Contains(t, fmt.Sprint(Config{Observer: all}), "CallStart, CallDone, RequestStart, RequestDone, Wait")
}

type noLimit struct{}

func (noLimit) WaitN(context.Context, int) error { return nil }

// errorValue and clientValue are kept as values, so that fmt would walk
// into them.
type errorValue struct{ secret string }

func (errorValue) Error() string { return "refused" }

type clientValue struct {
	Client
	secret string
}

var fmtVerbs = strings.Fields("%v %+v %#v %s %q %x %X %d %10v %t %f %e %b %c %U %z")

func TestExportedTypesShowNoSecret(t *testing.T) {
	t.Parallel()
	const rowValue = "person@example.com"
	cfg := secretConfigs()["keys"]
	client := transport.Build(cfg.transportOptions())
	d := &Destination{transport: transport.New(client, cfg.Table), credentials: client.Credentials, table: cfg.Table, region: cfg.Region, converter: typemap.New(typemap.Mapping{}, table.Schema{})}
	foreign := *d
	foreign.transport = transport.New(clientValue{client, testSecret}, cfg.Table)
	cause := failed(errorValue{rowValue + testSecret})
	rowErr := &RowError{Index: 3, Reason: ErrRefused, Column: "id", Attempts: 1, Err: cause}
	tableErr := &TableError{Reason: ErrAccess, Op: "PutItem", Table: "users", Region: "eu-west-1", Err: cause}
	key := Key{rowValue}
	called := fault.Hide("report", errorValue{rowValue + testSecret})
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errorValue{rowValue + testSecret})
	values := []any{
		d, *d, struct{ D *Destination }{d}, &foreign, foreign, cfg, cfg.Credentials, cfg.Mapping, Field{}, Upsert, Overwrite, Auto, WriteNull, EmptyAsNull, cfg.Retry, cfg.Observer,
		Request{}, Response{Err: cause}, Wait{}, Call{}, CallResult{Err: rowErr}, Stats{},
		ErrMapping, rowErr, *rowErr, tableErr, *tableErr, &ConfigError{Field: "Table"},
		&WriteError{Reasons: map[Reason]int{ErrRefused: 1}, First: []*RowError{rowErr}, Stop: tableErr},
		WriteError{Reasons: map[Reason]int{ErrRefused: 1}, First: []*RowError{rowErr}, Stop: tableErr},
		Result{Rows: []RowResult{{Err: rowErr}}}, RowResult{Err: rowErr}, Written, Summary{},
		&RowError{Err: fault.NewMapping("no").WithCause(errorValue{rowValue})}, Response{Err: fault.NewMapping("no").WithCause(errorValue{rowValue})},
		key, &key, struct{ K Key }{key}, []Key{key}, map[Key]int{key: 1}, KeyAttribute{Name: "id"}, PartitionKey,
		called, *called, &RowError{Reason: ErrStopped, Err: called}, &WriteError{Stop: called}, fault.Ended(ended),
	}
	for _, value := range values {
		for _, verb := range fmtVerbs {
			text := fmt.Sprintf(verb, value)
			assertNoSecret(t, text)
			assert.NotContains(t, text, rowValue)
		}
	}
	assert.Equal(t, `Destination{Table: "users", Region: "eu-west-1"}`, fmt.Sprint(d))
	assert.Equal(t, fmt.Sprintf("%q", rowErr.Error()), fmt.Sprintf("%q", *rowErr))
	assert.Equal(t, "<nil>", fmt.Sprint((*RowError)(nil)))
	assert.ErrorIs(t, rowErr, ErrRefused)
}
