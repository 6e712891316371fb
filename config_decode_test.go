package dynamodest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// decodeFaults returns the texts and the pointers of what DecodeConfig says of data.
func decodeFaults(t *testing.T, data string) (texts, pointers []string) {
	t.Helper()
	cfg, err := DecodeConfig([]byte(data))
	require.Error(t, err, data)
	assert.Equal(t, Config{}, cfg)
	configFields(t, err)
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		fault := e.(*ConfigError) //nolint:errorlint // it must be nothing else
		texts, pointers = append(texts, fault.Error()), append(pointers, fault.Pointer)
	}
	return texts, pointers
}

func TestDecodeConfigFindsEachFault(t *testing.T) {
	t.Parallel()
	for data, want := range map[string][2]string{ // the text and the pointer
		`{"table":1}`: {"Table: is a JSON number, but must be a string", "/table"},
		`{"mapping":{"fields":[{"column":"a"},{"type":{}}]}}`: {"Mapping.Fields[1].Type: is a JSON object, but must be a string", "/mapping/fields/1/type"},
		`{"concurrency":1.0}`:                                {"Concurrency: is a JSON number, but must be a whole number", "/concurrency"},
		`{"retry":{"max_attempts":true}}`:                    {"Retry.MaxAttempts: is a JSON bool, but must be a whole number", "/retry/max_attempts"},
		`{"max_wait":"soon"}`:                                {`MaxWait: is not a duration: write a string such as "200ms", or a whole number of nanoseconds`, "/max_wait"},
		`{"retry":{"min_delay":" -1s"}}`:                     {`Retry.MinDelay: is not a duration: write a string such as "200ms", or a whole number of nanoseconds`, "/retry/min_delay"},
		`{"retry":{"min_delay": "-0s"}}`:                     {"Retry.MinDelay: is negative: write a duration without a minus sign", "/retry/min_delay"},
		`{"max_wait":"\u002d0s"}`:                            {"MaxWait: is negative: write a duration without a minus sign", "/max_wait"},
		`{"concurrency":99999999999999999999}`:               {"Concurrency: is a JSON number that is too large or too small", "/concurrency"},
		`{"window_bytes":-9223372036854775809}`:              {"WindowBytes: is a JSON number that is too large or too small", "/window_bytes"},
		`{"max_keys":1e19}`:                                  {"MaxKeys: is a JSON number, but must be a whole number", "/max_keys"},
		`{"write_units_per_second":1e400}`:                   {"WriteUnitsPerSecond: is a JSON number that is too large or too small", "/write_units_per_second"},
		`{"max_wait":99999999999999999999}`:                  {`MaxWait: is not a duration: write a string such as "200ms", or a whole number of nanoseconds`, "/max_wait"},
		`{"region":null}`:                                    {"Region: is null: leave it out, or set it to a string", "/region"},
		`{"max_wait":null}`:                                  {"MaxWait: is null: leave it out, or set it to a duration", "/max_wait"},
		`{"mode":""}`:                                        {"Mode: is empty: leave it out for the default, or choose a word", "/mode"},
		`{"mapping":{"missing": "" }}`:                       {"Mapping.Missing: is empty: leave it out for the default, or choose a word", "/mapping/missing"},
		`{"table":"a","table":"a"}`:                          {"Table: is given twice: keep one of the two", "/table"},
		`{"Table":"users"}`:                                  {`Table: is unknown: did you mean "table"?`, "/Table"},
		`{"tabel":"users"}`:                                  {`tabel: is unknown: did you mean "table"?`, "/tabel"},
		`{"maxWait":"1s"}`:                                   {`maxWait: is unknown: did you mean "max_wait"?`, "/maxWait"},
		`{"write units per second":1}`:                       {`write units per second: is unknown: did you mean "write_units_per_second"?`, "/write units per second"},
		`{"mapping":{"fields":[{"colum":"a"}]}}`:             {`Mapping.Fields[0].colum: is unknown: did you mean "column"?`, "/mapping/fields/0/colum"},
		`{"retry":{"max_atempts":3}}`:                        {`Retry.max_atempts: is unknown: did you mean "max_attempts"?`, "/retry/max_atempts"},
		`{"secret_access_key":"x"}`:                          {"secret_access_key: is unknown here: it belongs to /credentials/secret_access_key", "/secret_access_key"},
		`{"mapping":{"min_delay":1}}`:                        {"Mapping.min_delay: is unknown here: it belongs to /retry/min_delay", "/mapping/min_delay"},
		`{"credentials":{"secret_key":"x"}}`:                 {`Credentials.secret_key: is unknown: did you mean "secret_access_key"?`, "/credentials/secret_key"},
		`{"credentials":{"key":"x"}}`:                        {"Credentials.key: is unknown: remove it", "/credentials/key"},
		`{"credentials":{"key_id":"x"}}`:                     {`Credentials.key_id: is unknown: did you mean "access_key_id"?`, "/credentials/key_id"},
		`{"mapping":{"fields":[],"null_empty":1}}`:           {"Mapping.null_empty: is unknown: remove it", "/mapping/null_empty"},
		`{"table":"a\ud800b"}`:                               {`Table: is not valid Unicode: complete or remove the half of a surrogate pair (\ud800 to \udfff)`, "/table"},
		`{"mapping":{"fields":[{"column":"\udc00\ud800"}]}}`: {`Mapping.Fields[0].Column: is not valid Unicode: complete or remove the half of a surrogate pair (\ud800 to \udfff)`, "/mapping/fields/0/column"},
		`{"mode":"\ud800"}`:                                  {`Mode: is not valid Unicode: complete or remove the half of a surrogate pair (\ud800 to \udfff)`, "/mode"},
		`{"max_wait":"\ud800"}`:                              {`MaxWait: is not a duration: write a string such as "200ms", or a whole number of nanoseconds`, "/max_wait"},
		`{"concurrency":"\ud800"}`:                           {`Concurrency: is a JSON string, but must be a whole number`, "/concurrency"},
		`{"\ud800":1}`:                                       {"Config: member 1 of this object has an unknown name, which is not shown as it may be a secret: remove it", ""},
		`{"client":{}}`:                                      {"client: is unknown: remove it", "/client"},
		`{"aws":null}`:                                       {"aws: is unknown: remove it", "/aws"},
		`{"":1}`:                                             {"Config: member 1 of this object has an unknown name, which is not shown as it may be a secret: remove it", ""},
		`{"a/b~c":1}`:                                        {"a/b~c: is unknown: remove it", "/a~1b~0c"},
		`{"table":"a","` + testSecret + `":1}`:               {"Config: member 2 of this object has an unknown name, which is not shown as it may be a secret: remove it", ""},
		`{"credentials":{"` + testKeyID + `":1}}`:            {"Credentials: member 1 of this object has an unknown name, which is not shown as it may be a secret: remove it", "/credentials"},
		`[]`:   {"Config: is a JSON array, but must be an object", ""},
		`null`: {"Config: is null: leave it out, or set it to an object", ""},
		"":     {"Config: is not valid JSON: look at line 1, column 1, or before it", ""},
		"{\n  \"table\": \"users\",\n  \"mode\": upsert\n}": {"Config: is not valid JSON: look at line 3, column 11, or before it", ""},
		"{\n\"table\": \"us":          {"Config: is not valid JSON: look at line 2, column 12, or before it", ""},
		"{\"table\":\"users\"}\n\n{}": {"Config: has text after the end of the JSON, in line 3, column 1: remove it", ""},
		`{"table":"users"},`:          {"Config: has text after the end of the JSON, in line 1, column 18: remove it", ""},
		"{\"table\":\"\xff\"}":        {"Config: is not valid UTF-8: store the JSON in UTF-8", ""},
		strings.Repeat("[", 20_000):   {"Config: is not valid JSON: look at line 1, column ", ""},
	} {
		texts, pointers := decodeFaults(t, data)
		require.Len(t, texts, 1, data)
		if len(data) > 10_000 { // the depth at which encoding/json ends is its own
			assert.True(t, strings.HasPrefix(texts[0], want[0]), texts[0])
			continue
		}
		assert.Equal(t, want, [2]string{texts[0], pointers[0]}, data)
	}
}

// All faults are found at once, in the order of the document.
func TestDecodeConfigFindsAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	texts, pointers := decodeFaults(t, `{"table":7,"regoin":"eu-west-1","retry":{"min_delay":"x","max_attempts":"y","max_attempts":3},
		"mapping":{"fields":[{"type":1},null,"a"],"null":""}} {}`)
	assert.Equal(t, []string{"", "/table", "/regoin", "/retry/min_delay", "/retry/max_attempts", "/retry/max_attempts",
		"/mapping/fields/0/type", "/mapping/fields/1", "/mapping/fields/2", "/mapping/null"}, pointers)
	assert.Equal(t, `regoin: is unknown: did you mean "region"?`, texts[2])
}

// DecodeConfig reads what MarshalJSON writes, and does not check what Validate checks.
func TestDecodeConfigRoundTrip(t *testing.T) {
	t.Parallel()
	full := Config{
		Region: "eu-west-1", Table: "users", Credentials: Credentials{testKeyID, testSecret, testToken},
		Endpoint: "http://localhost:8000", Mode: Insert, OnExisting: Skip, Version: "v", Delete: "d", Duplicates: RefuseDuplicates, MaxKeys: 3,
		Mapping: Mapping{
			Fields: []Field{{Column: "id"}, {Column: "n", Attribute: "count", Type: Number, Required: true}},
			Null:   OmitNull, EmptyString: KeepEmpty, Missing: MissingNull, Bytes: TextBytes,
		},
		Concurrency: 8, WriteUnitsPerSecond: 12.5, Retry: Retry{MaxAttempts: 3, MinDelay: 20 * time.Millisecond, MaxDelay: 90 * time.Second},
		MaxWait: 1500 * time.Microsecond, WindowBytes: 1 << 28,
	}
	for _, cfg := range []Config{{}, full, {Table: "!", MaxWait: -1}} {
		data, err := json.Marshal(cfg)
		require.NoError(t, err)
		if cfg.MaxWait < 0 {
			_, pointers := decodeFaults(t, string(data))
			assert.Equal(t, []string{"/max_wait"}, pointers)
			continue
		}
		back, err := DecodeConfig(data)
		require.NoError(t, err)
		assert.Equal(t, cfg, back)
	}
	back, err := DecodeConfig([]byte(`{"table":"\ud83d\ude00\\ud800\ufffd�"}`))
	require.NoError(t, err)
	assert.Equal(t, Config{Table: `😀\ud800��`}, back)
	back, err = DecodeConfig([]byte(" {\"table\":\"\",\"max_wait\":5000000,\"mapping\":{\"fields\":[{\"column\":\"a\",\"type\":\"\"}]}}\n\t"))
	require.NoError(t, err)
	assert.Equal(t, Config{MaxWait: 5 * time.Millisecond, Mapping: Mapping{Fields: []Field{{Column: "a"}}}}, back)
}

func FuzzDecodeConfig(f *testing.F) {
	for _, data := range []string{`{"table":"users"}`, `{"retry":{"min_delay":"1s"}}`, `{"mapping":{"fields":[{"column":"a","type":"N"}]}}`, `{"a":`, "{}{}", "\xff"} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := DecodeConfig(data)
		if err != nil {
			assert.NotEmpty(t, configFields(t, err))
			return
		}
		var lenient Config
		require.NoError(t, json.Unmarshal(data, &lenient))
		assert.Equal(t, cfg, lenient)
		again, err := json.Marshal(cfg)
		require.NoError(t, err)
		back, err := DecodeConfig(again)
		if cfg.MaxWait >= 0 && cfg.Retry.MinDelay >= 0 && cfg.Retry.MaxDelay >= 0 {
			require.NoError(t, err)
			assert.Equal(t, cfg.Table, back.Table)
		}
	})
}
