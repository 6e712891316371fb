package dynamodest

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
)

// secretConfigs are Configs with secrets in every place that may hold one.
func secretConfigs() map[string]Config {
	keys := validConfig()
	keys.Credentials.SessionToken = testToken
	provider := validConfig()
	provider.Credentials = Credentials{}
	provider.CredentialsProvider = credentials.NewStaticCredentialsProvider(testKeyID, testSecret, testToken)
	endpoint := validConfig()
	endpoint.Endpoint = "https://me:" + testSecret + "@host/?token=" + testToken
	return map[string]Config{"keys": keys, "provider": provider, "endpoint": endpoint}
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
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10v", "%t"} {
					assertNoSecret(t, fmt.Sprintf(verb, value))
				}
			}

			var logged bytes.Buffer
			for _, log := range []*slog.Logger{slog.New(slog.NewJSONHandler(&logged, nil)), slog.New(slog.NewTextHandler(&logged, nil))} {
				log.Info("made", "config", cfg, "pointer", &cfg, "credentials", cfg.Credentials)
			}
			assertNoSecret(t, logged.String())
			assert.Contains(t, logged.String(), "eu-west-1")
		})
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

func TestExportedTypesShowNoSecret(t *testing.T) {
	t.Parallel()
	const rowValue = "person@example.com"
	cfg := secretConfigs()["keys"]
	client, creds := newClient(cfg)
	d := &Destination{client: client, tokens: creds, table: cfg.Table, region: cfg.Region, convert: newConverter(cfg.Mapping, tableSchema{})}
	cause := newServiceError("PutItem", "ValidationException", ErrRefused, fmt.Errorf("%s %s", rowValue, testSecret), sighting{})
	rowErr := &RowError{Index: 3, Reason: ErrRefused, Column: "id", Attempts: 1, Err: cause}
	tableErr := &TableError{Reason: ErrAccess, Op: "PutItem", Table: "users", Region: "eu-west-1", Err: cause}
	values := []any{
		d, cfg, cfg.Credentials, cfg.Mapping, Field{}, Upsert, Overwrite, Auto, WriteNull, EmptyAsNull, cfg.Retry, cfg.Observer,
		Request{}, Response{Err: cause}, Wait{},
		ErrMapping, rowErr, *rowErr, tableErr, *tableErr, &ConfigError{Field: "Table"},
		&WriteError{Reasons: map[Reason]int{ErrRefused: 1}, First: []*RowError{rowErr}, Stop: tableErr},
		WriteError{Reasons: map[Reason]int{ErrRefused: 1}, First: []*RowError{rowErr}, Stop: tableErr},
		Result{Rows: []RowResult{{Err: rowErr}}}, RowResult{Err: rowErr}, Written, Summary{},
	}
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v"} {
			text := fmt.Sprintf(verb, value)
			assertNoSecret(t, text)
			assert.NotContains(t, text, rowValue)
		}
	}
	assert.True(t, errors.Is(rowErr, ErrRefused))
}
