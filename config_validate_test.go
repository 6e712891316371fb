package dynamodest

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/transport"
)

const (
	testKeyID  = "AKIAIOSFODNN7EXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	testToken  = "IQoJb3JpZ2luX2VjEXAMPLETOKEN"
)

// validConfig is a Config without a fault, for tests that add one.
func validConfig() Config {
	return Config{
		Region:      "eu-west-1",
		Table:       "users",
		Credentials: Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret},
	}
}

// configFields returns the fields of the ConfigErrors that err joins, in order.
func configFields(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok, "%T joins no errors", err)
	var fields []string
	for _, e := range joined.Unwrap() {
		var fault *ConfigError
		require.ErrorAs(t, e, &fault)
		require.ErrorIs(t, e, ErrConfig)
		require.NotEmpty(t, fault.Problem)
		fields = append(fields, fault.Field)
	}
	return fields
}

type nilLimiter struct{}

func (*nilLimiter) WaitN(context.Context, int) error { return nil }

type nilProvider func()

func (nilProvider) Retrieve(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nil }

func TestValidateFindsEachFault(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", item.MaxAttributeName+1)
	tests := []struct {
		name   string
		change func(*Config)
		want   []string
	}{
		{"valid", func(*Config) {}, nil},
		{"empty", func(c *Config) { *c = Config{} }, []string{"Region", "Table", "Credentials.AccessKeyID", "Credentials.SecretAccessKey"}},
		{"region in capitals", func(c *Config) { c.Region = "EU-WEST-1" }, []string{"Region"}},
		{"region name", func(c *Config) { c.Region = "Ireland" }, []string{"Region"}},
		{"zone", func(c *Config) { c.Region = "eu-west-1a" }, []string{"Region"}},
		{"region with space", func(c *Config) { c.Region = "eu-west-1 " }, []string{"Region"}},
		{"region with a host", func(c *Config) { c.Region = "eu-west-1.evil.example/" }, []string{"Region"}},
		{"government region", func(c *Config) { c.Region = "us-gov-west-1" }, nil},
		{"sovereign region", func(c *Config) { c.Region = "eusc-de-east-1" }, nil},
		{"local region without endpoint", func(c *Config) { c.Region = "local" }, []string{"Region"}},
		{"local region", func(c *Config) { c.Region, c.Endpoint = "local", "http://localhost:8000" }, nil},
		{"no region with client", func(c *Config) { *c = Config{Table: "users", Client: &dynamodb.Client{}} }, nil},
		{"malformed region with client", func(c *Config) { *c = Config{Table: "users", Region: "x y", Client: &dynamodb.Client{}} }, []string{"Region"}},
		{"local region with client", func(c *Config) { *c = Config{Table: "users", Region: "local", Client: &dynamodb.Client{}} }, nil},
		{"table of two letters", func(c *Config) { c.Table = "us" }, []string{"Table"}},
		{"table of three letters", func(c *Config) { c.Table = "a.b" }, nil},
		{"table of 255 letters", func(c *Config) { c.Table = long[:255] }, nil},
		{"table of 256 letters", func(c *Config) { c.Table = long[:256] }, []string{"Table"}},
		{"table with space", func(c *Config) { c.Table = "my users" }, []string{"Table"}},
		{"table ARN", func(c *Config) { c.Table = "arn:aws:dynamodb:eu-west-1:123456789012:table/users" }, nil},
		{"table ARN elsewhere", func(c *Config) { c.Table = "arn:aws:dynamodb:us-east-1:123456789012:table/users" }, []string{"Table"}},
		{"index ARN", func(c *Config) { c.Table = "arn:aws:dynamodb:eu-west-1:123456789012:table/users/index/i" }, []string{"Table"}},
		{"bucket ARN", func(c *Config) { c.Table = "arn:aws:s3:::bucket" }, []string{"Table"}},
		{"key without secret", func(c *Config) { c.Credentials.SecretAccessKey = "" }, []string{"Credentials.SecretAccessKey"}},
		{"secret without key", func(c *Config) { c.Credentials.AccessKeyID = "" }, []string{"Credentials.AccessKeyID"}},
		{"token alone", func(c *Config) { c.Credentials = Credentials{SessionToken: testToken} }, []string{"Credentials.AccessKeyID", "Credentials.SecretAccessKey"}},
		{"secret with newline", func(c *Config) { c.Credentials.SecretAccessKey += "\n" }, []string{"Credentials.SecretAccessKey"}},
		{"key with space", func(c *Config) { c.Credentials.AccessKeyID = " " + testKeyID }, []string{"Credentials.AccessKeyID"}},
		{"token with no-break space", func(c *Config) { c.Credentials.SessionToken = testToken + "\u00a0" }, []string{"Credentials.SessionToken"}},
		{"temporary key without token", func(c *Config) { c.Credentials.AccessKeyID = "ASIAIOSFODNN7EXAMPLE" }, []string{"Credentials.SessionToken"}},
		{"temporary key with token", func(c *Config) {
			c.Credentials.AccessKeyID, c.Credentials.SessionToken = "ASIAIOSFODNN7EXAMPLE", testToken
		}, nil},
		{"provider of a temporary key without token", func(c *Config) {
			c.Credentials, c.CredentialsProvider = Credentials{}, credentials.NewStaticCredentialsProvider("ASIAIOSFODNN7EXAMPLE", testSecret, "")
		}, []string{"CredentialsProvider"}},
		{"provider instead of keys", func(c *Config) { c.Credentials, c.CredentialsProvider = Credentials{}, aws.AnonymousCredentials{} }, nil},
		{"endpoint without scheme", func(c *Config) { c.Endpoint = "localhost:8000" }, []string{"Endpoint"}},
		{"endpoint of another scheme", func(c *Config) { c.Endpoint = "ftp://localhost" }, []string{"Endpoint"}},
		{"endpoint without host", func(c *Config) { c.Endpoint = "http://:8000" }, []string{"Endpoint"}},
		{"endpoint with password", func(c *Config) { c.Endpoint = "http://me:secret@localhost" }, []string{"Endpoint"}},
		{"endpoint with query", func(c *Config) { c.Endpoint = "http://localhost/?a=b" }, []string{"Endpoint"}},
		{"endpoint with bad port", func(c *Config) { c.Endpoint = "http://localhost:99999" }, []string{"Endpoint"}},
		{"endpoint of no URL", func(c *Config) { c.Endpoint = "http://me:sec ret@[::1" }, []string{"Endpoint"}},
		{"endpoint with slash", func(c *Config) { c.Endpoint = "https://vpce-1.dynamodb.eu-west-1.vpce.amazonaws.com/" }, nil},
		{"insert", func(c *Config) { c.Mode, c.OnExisting = Insert, Fail }, nil},
		{"unknown mode", func(c *Config) { c.Mode = "Upsert" }, []string{"Mode"}},
		{"existing with upsert", func(c *Config) { c.OnExisting = Skip }, []string{"OnExisting"}},
		{"overwrite with upsert", func(c *Config) { c.Mode, c.OnExisting = Upsert, Overwrite }, []string{"OnExisting"}},
		{"unknown existing", func(c *Config) { c.Mode, c.OnExisting = Insert, "ignore" }, []string{"OnExisting"}},
		{"version", func(c *Config) { c.Version = "v" }, nil},
		{"version with upsert", func(c *Config) { c.Mode, c.Version = Upsert, "v" }, nil},
		{"version with insert", func(c *Config) { c.Mode, c.Version = Insert, "v" }, []string{"Version"}},
		{"version of no UTF-8", func(c *Config) { c.Version = "\xff" }, []string{"Version"}},
		{"version of 65,536 bytes", func(c *Config) { c.Version = long }, []string{"Version"}},
		{"version with its field", func(c *Config) {
			c.Version, c.Mapping.Fields = "v", []Field{{Column: "id"}, {Column: "updated", Attribute: "v", Type: SortableTime}}
		}, nil},
		{"version that is a column", func(c *Config) {
			c.Version, c.Mapping.Fields = "updated", []Field{{Column: "id"}, {Column: "updated", Attribute: "v"}}
		}, []string{"Version"}},
		{"version of a type without order", func(c *Config) {
			c.Version, c.Mapping.Fields = "v", []Field{{Column: "id"}, {Column: "v", Type: Bool}}
		}, []string{"Mapping.Fields[1].Type"}},
		{"delete", func(c *Config) { c.Delete = "gone" }, nil},
		{"delete with insert", func(c *Config) { c.Mode, c.OnExisting, c.Delete = Insert, Overwrite, "gone" }, nil},
		{"delete with skip", func(c *Config) { c.Mode, c.OnExisting, c.Delete = Insert, Skip, "gone" }, []string{"Delete"}},
		{"delete with fail", func(c *Config) { c.Mode, c.OnExisting, c.Delete = Insert, Fail, "gone" }, []string{"Delete"}},
		{"delete with version", func(c *Config) { c.Version, c.Delete = "v", "gone" }, []string{"Delete"}},
		{"delete of no UTF-8", func(c *Config) { c.Delete = "\xff" }, []string{"Delete"}},
		{"duplicates, the last wins", func(c *Config) { c.Duplicates = LastWins }, nil},
		{"duplicates refused", func(c *Config) { c.Duplicates = RefuseDuplicates }, nil},
		{"duplicates refused up to a number of keys", func(c *Config) { c.Duplicates, c.MaxKeys = RefuseDuplicates, 1 }, nil},
		{"duplicates refused with delete", func(c *Config) { c.Duplicates, c.Delete = RefuseDuplicates, "gone" }, nil},
		{"duplicates refused with overwrite", func(c *Config) { c.Duplicates, c.Mode, c.OnExisting = RefuseDuplicates, Insert, Overwrite }, nil},
		{"duplicates refused with skip", func(c *Config) { c.Duplicates, c.Mode, c.OnExisting = RefuseDuplicates, Insert, Skip }, []string{"Duplicates"}},
		{"duplicates refused with fail", func(c *Config) { c.Duplicates, c.Mode, c.OnExisting = RefuseDuplicates, Insert, Fail }, []string{"Duplicates"}},
		{"duplicates refused with version", func(c *Config) { c.Duplicates, c.Version = RefuseDuplicates, "v" }, []string{"Duplicates"}},
		{"the last wins with skip", func(c *Config) { c.Duplicates, c.Mode, c.OnExisting = LastWins, Insert, Skip }, nil},
		{"the last wins with version", func(c *Config) { c.Duplicates, c.Version = LastWins, "v" }, nil},
		{"unknown duplicates", func(c *Config) { c.Duplicates = "refuse" }, []string{"Duplicates"}},
		{"negative number of keys", func(c *Config) { c.Duplicates, c.MaxKeys = RefuseDuplicates, -1 }, []string{"MaxKeys"}},
		{"negative number of keys that are not kept", func(c *Config) { c.MaxKeys = -1 }, []string{"MaxKeys"}},
		{"number of keys that are not kept", func(c *Config) { c.MaxKeys = 5 }, []string{"MaxKeys"}},
		{"number of keys where the last wins", func(c *Config) { c.Duplicates, c.MaxKeys = LastWins, 5 }, []string{"MaxKeys"}},
		{"no column", func(c *Config) { c.Mapping.Fields = []Field{{Attribute: "a"}} }, []string{"Mapping.Fields[0].Column"}},
		{"column of no UTF-8", func(c *Config) { c.Mapping.Fields = []Field{{Column: "a\xff"}} }, []string{"Mapping.Fields[0].Column"}},
		{"attribute of no UTF-8", func(c *Config) { c.Mapping.Fields = []Field{{Column: "a", Attribute: "\xff"}} }, []string{"Mapping.Fields[0].Attribute"}},
		{"attribute of 65,535 bytes", func(c *Config) { c.Mapping.Fields = []Field{{Column: "a", Attribute: long[1:]}} }, nil},
		{"attribute of 65,536 bytes", func(c *Config) { c.Mapping.Fields = []Field{{Column: "a", Attribute: long}} }, []string{"Mapping.Fields[0].Attribute"}},
		{"column of 65,536 bytes as attribute", func(c *Config) { c.Mapping.Fields = []Field{{Column: long}} }, []string{"Mapping.Fields[0].Column"}},
		{"one attribute twice", func(c *Config) { c.Mapping.Fields = []Field{{Column: "a"}, {Column: "b", Attribute: "a"}} }, []string{"Mapping.Fields[1].Attribute"}},
		{"one column twice", func(c *Config) { c.Mapping.Fields = []Field{{Column: "a"}, {Column: "a", Attribute: "b"}} }, nil},
		{"unknown type", func(c *Config) { c.Mapping.Fields = []Field{{Column: "a"}, {Column: "b", Type: "string"}} }, []string{"Mapping.Fields[1].Type"}},
		{"unknown null", func(c *Config) { c.Mapping.Null = "NULL" }, []string{"Mapping.Null"}},
		{"unknown missing", func(c *Config) { c.Mapping.Missing = "refuse"; c.Mapping.Fields = []Field{{Column: "a"}} }, []string{"Mapping.Missing"}},
		{"missing without fields", func(c *Config) { c.Mapping.Missing = MissingRequired }, []string{"Mapping.Missing"}},
		{"missing by default", func(c *Config) { c.Mapping.Missing = MissingNothing }, nil},
		{"missing null", func(c *Config) { c.Mapping = Mapping{Missing: MissingNull, Fields: []Field{{Column: "a"}}} }, nil},
		{"missing required", func(c *Config) {
			c.Mapping = Mapping{Missing: MissingRequired, Fields: []Field{{Column: "a", Required: true}}}
		}, nil},
		{"unknown empty string", func(c *Config) { c.Mapping.EmptyString = "refuse" }, []string{"Mapping.EmptyString"}},
		{"forms of times", func(c *Config) {
			c.Mapping.Fields = []Field{{Column: "a", Type: EpochSeconds}, {Column: "b", Type: EpochMillis}, {Column: "c", Type: SortableTime}}
		}, nil},
		{"form of times in small letters", func(c *Config) { c.Mapping.Fields = []Field{{Column: "a", Type: "epoch_seconds"}} }, []string{"Mapping.Fields[0].Type"}},
		{"binary bytes", func(c *Config) { c.Mapping.Bytes = BinaryBytes }, nil},
		{"text bytes", func(c *Config) { c.Mapping.Bytes = TextBytes }, nil},
		{"unknown bytes", func(c *Config) { c.Mapping.Bytes = "Text" }, []string{"Mapping.Bytes"}},
		{"negative concurrency", func(c *Config) { c.Concurrency = -1 }, []string{"Concurrency"}},
		{"largest concurrency", func(c *Config) { c.Concurrency = transport.MaxConcurrency }, nil},
		{"too much concurrency", func(c *Config) { c.Concurrency = transport.MaxConcurrency + 1 }, []string{"Concurrency"}},
		{"negative cap", func(c *Config) { c.WriteUnitsPerSecond = -0.5 }, []string{"WriteUnitsPerSecond"}},
		{"cap that is no number", func(c *Config) { c.WriteUnitsPerSecond = math.NaN() }, []string{"WriteUnitsPerSecond"}},
		{"infinite cap", func(c *Config) { c.WriteUnitsPerSecond = math.Inf(1) }, []string{"WriteUnitsPerSecond"}},
		{"negative attempts", func(c *Config) { c.Retry.MaxAttempts = -1 }, []string{"Retry.MaxAttempts"}},
		{"negative delays", func(c *Config) { c.Retry.MinDelay, c.Retry.MaxDelay = -1, -1 }, []string{"Retry.MinDelay", "Retry.MaxDelay"}},
		{"delays the wrong way round", func(c *Config) { c.Retry.MinDelay, c.Retry.MaxDelay = 2, 1 }, []string{"Retry.MinDelay"}},
		{"endless delays", func(c *Config) { c.Retry.MinDelay, c.Retry.MaxDelay = math.MaxInt64, math.MaxInt64 }, []string{"Retry.MinDelay", "Retry.MaxDelay"}},
		{"negative wait", func(c *Config) { c.MaxWait = -time.Second }, []string{"MaxWait"}},
		{"smallest window", func(c *Config) { c.WindowBytes = 1 << 20 }, nil},
		{"window too small", func(c *Config) { c.WindowBytes = 1<<20 - 1 }, []string{"WindowBytes"}},
		{"negative window", func(c *Config) { c.WindowBytes = -1 }, []string{"WindowBytes"}},
		{"nil client in the interface", func(c *Config) { c.Client = (*dynamodb.Client)(nil) }, []string{"Client"}},
		{"nil provider in the interface", func(c *Config) { c.CredentialsProvider = nilProvider(nil) }, []string{"CredentialsProvider"}},
		{"nil limiter in the interface", func(c *Config) { c.Limiter = (*nilLimiter)(nil) }, []string{"Limiter"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := validConfig()
			tt.change(&cfg)
			err := cfg.Validate()
			assert.Equal(t, tt.want, configFields(t, err))
			if err != nil {
				assert.NotContains(t, err.Error(), "secret")
				assert.NotContains(t, err.Error(), testKeyID)
				assert.NotContains(t, err.Error(), testSecret)
				assert.NotContains(t, err.Error(), testToken)
				assert.Less(t, len(err.Error()), 1000)
			}
		})
	}
}

func TestValidateFindsAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	cfg := Config{Table: "!", Endpoint: "x", Mode: "merge", Concurrency: -1, MaxWait: -1, Mapping: Mapping{Fields: []Field{{}}}}
	assert.Equal(t, []string{"Region", "Table", "Credentials.AccessKeyID", "Credentials.SecretAccessKey", "Endpoint", "Mode",
		"Mapping.Fields[0].Column", "Concurrency", "MaxWait"}, configFields(t, cfg.Validate()))
}

func TestRefusedModesSayWhy(t *testing.T) {
	t.Parallel()
	tests := map[Mode]string{
		"update":          "replaces the whole item",
		"mirror":          "an engine that knows can send those as deletes (delete column)",
		"audience_add":    "no lists or audiences",
		"audience_remove": "no lists or audiences",
		"audience_mirror": "no lists or audiences",
		"audience_upsert": "no lists or audiences",
	}
	for mode, why := range tests {
		cfg := validConfig()
		cfg.Mode, cfg.OnExisting = mode, Skip
		var fault *ConfigError
		require.ErrorAs(t, cfg.Validate(), &fault)
		assert.Equal(t, []string{"Mode"}, configFields(t, cfg.Validate()))
		assert.Contains(t, fault.Problem, string(mode))
		assert.Contains(t, fault.Problem, why)
	}
}

// What Duplicates "fail" cannot be combined with is refused with the reason.
func TestRefusedCombinationsOfDuplicatesSayWhy(t *testing.T) {
	t.Parallel()
	for why, change := range map[string]func(*Config){
		`Duplicates: "fail" cannot be combined with "skip" for existing items, which already keeps the first row of a key`: func(c *Config) { c.Mode, c.OnExisting = Insert, Skip },
		`Duplicates: "fail" cannot be combined with "fail" for existing items, which already keeps the first row of a key`: func(c *Config) { c.Mode, c.OnExisting = Insert, Fail },
		`Duplicates: "fail" cannot be combined with a version attribute, which allows for several rows of a key`:           func(c *Config) { c.Version = "v" },
		`MaxKeys: applies only to "fail" for duplicate keys, since no keys are kept without it`:                            func(c *Config) { c.Duplicates, c.MaxKeys = LastWins, 9 },
	} {
		cfg := validConfig()
		cfg.Duplicates = RefuseDuplicates
		change(&cfg)
		assert.ErrorContains(t, cfg.Validate(), why)
	}
}

func TestNewReturnsTheFaultsOfItsConfig(t *testing.T) {
	t.Parallel()
	d, err := New(t.Context(), Config{})
	require.Nil(t, d)
	assert.Equal(t, []string{"Region", "Table", "Credentials.AccessKeyID", "Credentials.SecretAccessKey"}, configFields(t, err))
	assert.ErrorIs(t, err, ErrConfig)
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	got := Config{}.withDefaults()
	assert.Equal(t, Config{
		Mode: Upsert, OnExisting: Overwrite, Duplicates: LastWins,
		Mapping:     Mapping{Null: WriteNull, EmptyString: EmptyAsNull, Missing: MissingNothing},
		Concurrency: 64,
		Retry:       Retry{MaxAttempts: 10, MinDelay: 50 * time.Millisecond, MaxDelay: 5 * time.Second},
		MaxWait:     200 * time.Millisecond,
		WindowBytes: 64 << 20,
	}, got)

	assert.Equal(t, 10_000_000, Config{Duplicates: RefuseDuplicates}.withDefaults().MaxKeys)
	assert.Equal(t, 5, Config{Duplicates: RefuseDuplicates, MaxKeys: 5}.withDefaults().MaxKeys)
	assert.Equal(t, Retry{MaxAttempts: 10, MinDelay: time.Minute, MaxDelay: time.Minute}, Config{Retry: Retry{MinDelay: time.Minute}}.withDefaults().Retry)
	assert.Equal(t, Retry{MaxAttempts: 1, MinDelay: time.Millisecond, MaxDelay: time.Millisecond}, Config{Retry: Retry{MaxAttempts: 1, MaxDelay: time.Millisecond}}.withDefaults().Retry)
}
