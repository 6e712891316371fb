package dynamodest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/table"
	"github.com/dynamodest/dynamodest/internal/tabletest"
)

func TestJSONPointers(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"Region": "/region", "Table": "/table", "OnExisting": "/on_existing", "Retry": "/retry",
		"Credentials.AccessKeyID": "/credentials/access_key_id", "Retry.MinDelay": "/retry/min_delay",
		"Mapping.Fields": "/mapping/fields", "Mapping.Fields[0]": "/mapping/fields/0", "Mapping.Fields[12].Type": "/mapping/fields/12/type",
		"Config": "", "columns": "", "AWS": "", "AWS.Region": "", "AWS.Credentials": "", "Client": "", "ClientOptions[1]": "", "Mapping.Convert": "",
		"ReportAsSettled": "", "Region.Name": "", "": "",
	} {
		assert.Equal(t, want, jsonPointer(path), path)
	}
	assert.Equal(t, "a~1b~0c~01", escapePointer("a/b~c~1"))
}

// Every fault has both forms of its path, whoever finds it.
func TestConfigErrorsHaveBothPaths(t *testing.T) {
	t.Parallel()
	cfg := validConfig()
	cfg.Mapping.Fields = []Field{{Column: "a"}, {Column: "b", Type: "string"}}
	fromJSON := `{"table":"users","mapping":{"fields":[{"column":"a"},{"column":"b","type":1}]}}`
	schema := table.Parse(tabletest.Described()).Schema
	_, decoded := DecodeConfig([]byte(fromJSON))
	for name, err := range map[string]error{
		"Validate":   cfg.Validate(),
		"Decode":     decoded,
		"Unmarshal":  json.Unmarshal([]byte(fromJSON), new(Config)),
		"New":        second(New(t.Context(), cfg)),
		"the table":  Mapping{Fields: []Field{{Column: "id"}, {Column: "at", Type: List}}}.covers(&schema),
		"in another": fmt.Errorf("settings: %w", cfg.Validate()),
	} {
		var fault *ConfigError
		require.ErrorAs(t, err, &fault, name)
		assert.Equal(t, "Mapping.Fields[1].Type", fault.Field, name)
		assert.Equal(t, "/mapping/fields/1/type", fault.Pointer, name)
		assert.Equal(t, fault.Field+": "+fault.Problem, fault.Error(), name)
	}
	cfg = validConfig()
	cfg.Client = (*dynamodb.Client)(nil)
	var fault *ConfigError
	require.ErrorAs(t, cfg.Validate(), &fault)
	assert.Equal(t, "Client", fault.Field)
	assert.Empty(t, fault.Pointer)
}

func second[T any](_ T, err error) error { return err }

func TestWordsThatMayBeQuoted(t *testing.T) {
	t.Parallel()
	for _, word := range []string{
		"eu-west-1", "EU-WEST-1", "eu-west-1a", "Ireland", "us-gov-west-1", "fips-us-gov-west-1", "us-isob-east-1", "local", "eu west 1",
		"merge", "Upsert", "audience_remove", "EPOCH_SECONDS", "string", "VARCHAR", "max_wait", "maxWait", "accessKeyId", "write_units_per_second",
		"mapping/fields", "a~b", "x", "asia",
	} {
		assert.True(t, isWord(word), word)
	}
	for _, other := range []string{
		"", " ", "-", "a\nb", "\x00", "größe", "a:b", "a,b", "a=b", `"`, strings.Repeat("a-", 20) + "a", strings.Repeat("a", 15),
		testKeyID, "ASIAIOSFODNN7EXAMPLE", "AKIAABCDEFGH", "akiaabcd", "ABIAXYZ", testSecret, testToken, "wJalrXUtnFEMI", "K7MDENG",
		"550e8400-e29b-41d4-a716-446655440000", "ghp-16c7e42f292c6912e7710c838347ae178b4a", "0123456789ab", "123", "hunter2222", "p4ssw0rd",
	} {
		assert.False(t, isWord(other), other)
	}
}

// secretForms are texts such as a person may paste into the wrong place.
func secretForms() []string {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec,nolintlint // texts of a test
	from := func(letters string, n int) string {
		var text strings.Builder
		for range n {
			text.WriteByte(letters[random.IntN(len(letters))])
		}
		return text.String()
	}
	const upper, lower, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"
	secrets := []string{testKeyID, testSecret, testToken, testKeyID + ":" + testSecret, "aws_secret_access_key=" + testSecret, " " + testSecret + "\n", `"` + testSecret + `"`}
	for range 4 {
		raw := []byte(from(upper+lower+digits, 30))
		secrets = append(secrets,
			"AKIA"+from(upper+"234567", 16), "ASIA"+from(upper, 16), "akia"+from(lower+digits, 16),
			from(upper+lower+digits+"+/", 40), from(upper+lower+digits, 40), from(upper+lower+digits+"-_", 43), from(lower, 40), from(upper, 40),
			hex.EncodeToString(raw[:16]), strings.ToUpper(hex.EncodeToString(raw[:20])), base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
			"IQoJb3JpZ2luX2Vj"+from(upper+lower+digits+"+/", 300)+"==", "ghp_"+from(upper+lower+digits, 36), "eyJhbGciOiJIUzI1NiJ9."+from(upper+lower+digits+"-_", 60),
			fmt.Sprintf("%s-%s-%s-%s-%s", from("0123456789abcdef", 8), from("0123456789abcdef", 4), from("0123456789abcdef", 4), from("0123456789abcdef", 4), from("0123456789abcdef", 12)),
		)
	}
	return secrets
}

// A secret in a place where none belongs is in no text that an error gives, in whole or in part, whatever its
// case.
func TestConfigErrorsQuoteNoSecret(t *testing.T) {
	t.Parallel()
	for _, secret := range secretForms() {
		var parts []string
		for _, part := range strings.FieldsFunc(strings.ToLower(strings.TrimSpace(secret)), func(r rune) bool { return strings.ContainsRune(`:="`, r) }) {
			if strings.HasPrefix(part, "aws_") { // the name of a setting, and no secret
				continue
			}
			for start := 0; start+12 <= len(part); start += 4 {
				parts = append(parts, part[start:start+12])
			}
		}
		require.NotEmpty(t, parts)
		for name, err := range faultsWith(t, secret) {
			text := strings.ToLower(textsOf(t, err))
			for _, part := range parts {
				if strings.Contains(text, part) {
					require.Fail(t, "a secret is shown", "%q as %s: %s", secret, name, text)
				}
			}
		}
	}
}

// faultsWith returns what Validate, New and both decoders say of Configs that have a secret in one place.
func faultsWith(t *testing.T, secret string) map[string]error {
	t.Helper()
	faults := make(map[string]error)
	client := describer(func(context.Context, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
		return &dynamodb.DescribeTableOutput{Table: tabletest.Described()}, nil
	})
	add := func(name string, err error) {
		var fault *ConfigError
		if errors.As(err, &fault) { // others are not a Config's
			faults[name] = err
		}
	}
	for path, set := range stringFields(reflect.TypeFor[Config](), "") {
		texts := []string{secret}
		switch path {
		case "Endpoint":
			texts = append(texts, "https://"+secret+".s3.amazonaws.com", "https://dynamodb."+secret+".amazonaws.com", "https://"+secret+"@host")
		case "Table":
			texts = append(texts, "arn:aws:dynamodb:"+secret+":123456789012:table/users")
		case "Region":
			texts = append(texts, "fips-"+secret, secret+"-fips")
		}
		for _, text := range texts {
			cfg := validConfig()
			cfg.Mapping.Fields = []Field{{Column: "id"}, {Column: "twice", Attribute: "same"}}
			set(reflect.ValueOf(&cfg).Elem(), text)
			add("Config."+path, cfg.Validate())
			again := cfg
			again.Mapping.Fields = append(again.Mapping.Fields, again.Mapping.Fields...)
			again.Mode, again.OnExisting, again.Duplicates, again.MaxKeys = Insert, Skip, RefuseDuplicates, -1
			add("Config."+path+" with other faults", again.Validate())
			data, err := json.Marshal(cfg)
			require.NoError(t, err)
			back, err := DecodeConfig(data)
			require.NoError(t, err, "%s", data)
			add("JSON of "+path, back.Validate())
			cfg.Client, cfg.Endpoint = client, ""
			add("New with "+path, second(New(t.Context(), cfg)))
		}
	}
	addParameters(add, secret)
	text, _ := json.Marshal(secret)
	for i, data := range []string{
		`{%s:1}`, `{"table":{%s:1}}`, `{"mapping":{%s:{}}}`, `{"mapping":{"fields":[{%s:"a"}]}}`, `{"credentials":{%s:"a"}}`, `{%[1]s:1,%[1]s:2}`,
		`{"secret_access_key":%s}`, `{"Table":%s}`, `{"max_wait":%s}`, `{"retry":{"min_delay":%s}}`, `{"concurrency":%s}`, `{"mapping":%s}`, `{"mapping":{"fields":%s}}`,
		`%s`, `[%s]`, `{"table":[%s]}`, `{"credentials":%s}`, `{"table":"users"}%s`, `{"table":"users",%s`, `{"table":%s`,
	} {
		data = fmt.Sprintf(data, text)
		name := fmt.Sprintf("JSON %d", i)
		_, err := DecodeConfig([]byte(data))
		require.Error(t, err, data)
		add(name, err)
		faults[name+" broken"] = second(DecodeConfig([]byte(data + secret)))
		if err := json.Unmarshal([]byte(data), new(Config)); err != nil {
			add(name+" unmarshalled", err)
		}
	}
	return faults
}

// addParameters adds the faults of Policy, TrustPolicy and NewMapper that have a secret in one place.
func addParameters(add func(string, error), secret string) {
	byName := Config{Region: "eu-west-1", Table: "users"}
	for _, text := range []string{secret, strings.ToLower(secret)} {
		for _, arn := range []string{
			"arn:aws-cn:dynamodb:" + text + ":123456789012:table/users", "arn:aws" + text + ":dynamodb:eu-west-1:123456789012:table/users",
			"arn:aws:dynamodb:eu-west-1:" + text + ":table/users", "arn:aws:dynamodb:eu-west-1:123456789012:index/" + text,
		} {
			add("Policy for "+arn, second(Config{Table: arn}.Policy("", "arn:aws:kms:eu-west-1:123456789012:key/1")))
		}
		for _, key := range []string{
			text, "arn:aws:kms:" + text + ":123456789012:key/1", "arn:aws" + text + ":kms:eu-west-1:123456789012:key/1", "arn:aws:kms:eu-west-1:123456789012:alias/" + text,
		} {
			add("Policy for the key "+key, second(byName.Policy("123456789012", key)))
		}
		add("Policy for an account", second(byName.Policy(text)))
		add("TrustPolicy of a principal", second(TrustPolicy("arn:aws:iam::123456789012:"+text, text+" ")))
		twice := KeyAttribute{Name: text, Role: KeyRole(text), Type: Type(text)}
		add("NewMapper", second(NewMapper(Mapping{Fields: []Field{{Column: text, Type: Type(text)}}}, []KeyAttribute{twice, twice})))
	}
}

// stringFields returns a setter for each string in t, by its Go path.
func stringFields(t reflect.Type, path string) map[string]func(reflect.Value, string) {
	setters := make(map[string]func(reflect.Value, string))
	for i := range t.NumField() {
		field := t.Field(i)
		at := strings.TrimPrefix(path+"."+field.Name, ".")
		nested := func(inner reflect.Type, get func(reflect.Value) reflect.Value) {
			for name, set := range stringFields(inner, at) {
				setters[name] = func(v reflect.Value, text string) { set(get(v.Field(i)), text) }
			}
		}
		switch {
		case jsonName(field) == "":
		case field.Type.Kind() == reflect.String:
			setters[at] = func(v reflect.Value, text string) { v.Field(i).SetString(text) }
		case field.Type.Kind() == reflect.Struct:
			nested(field.Type, func(v reflect.Value) reflect.Value { return v })
		case field.Type.Kind() == reflect.Slice:
			nested(field.Type.Elem(), func(v reflect.Value) reflect.Value { return v.Index(1) })
		}
	}
	return setters
}

// textsOf returns every text that a log or a page may show of err.
func textsOf(t *testing.T, err error) string {
	t.Helper()
	data, marshalErr := json.Marshal(err)
	require.NoError(t, marshalErr)
	texts := []string{err.Error(), string(data)}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("failed", "error", err)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("failed", "error", err)
	var joined interface{ Unwrap() []error }
	each := []error{err}
	if errors.As(err, &joined) {
		each = append(each, joined.Unwrap()...)
	}
	for _, err := range each {
		data, marshalErr := json.Marshal(err)
		require.NoError(t, marshalErr)
		texts = append(texts, string(data), fmt.Sprintf("%v %+v %#v %s %q", err, err, err, err, err))
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("failed", "error", err)
	}
	return strings.Join(append(texts, logged.String()), "\n")
}
