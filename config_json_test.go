package dynamodest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConfigJSONRoundTrip(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cfg  Config
		want string
	}{
		"bytes and times": {
			Config{Table: "users", Mapping: Mapping{Fields: []Field{{Column: "at", Type: SortableTime}}, Bytes: TextBytes}},
			`{"table":"users","mapping":{"fields":[{"column":"at","type":"SORTABLE_TIME"}],"bytes":"text"}}`,
		},
		"duplicates": {
			Config{Table: "users", Duplicates: RefuseDuplicates, MaxKeys: 1000},
			`{"table":"users","duplicates":"fail","max_keys":1000}`,
		},
		"least": {Config{Table: "users"}, `{"table":"users"}`},
		"all": {
			Config{
				Region: "eu-west-1", Table: "users",
				Credentials: Credentials{testKeyID, testSecret, testToken},
				Endpoint:    "http://localhost:8000", Mode: Insert, OnExisting: Skip,
				Mapping: Mapping{
					Fields: []Field{{Column: "id"}, {Column: "n", Attribute: "count", Type: Number, Required: true}},
					Null:   OmitNull, EmptyString: KeepEmpty, Missing: MissingNull,
				},
				Concurrency: 8, WriteUnitsPerSecond: 12.5,
				Retry:   Retry{MaxAttempts: 3, MinDelay: 20 * time.Millisecond, MaxDelay: 90 * time.Second},
				MaxWait: 1500 * time.Microsecond, WindowBytes: 1 << 28,
			},
			`{"region":"eu-west-1","table":"users",
			"credentials":{"access_key_id":"` + testKeyID + `","secret_access_key":"` + testSecret + `","session_token":"` + testToken + `"},
			"endpoint":"http://localhost:8000","mode":"insert","on_existing":"skip",
			"mapping":{"fields":[{"column":"id"},{"column":"n","attribute":"count","type":"N","required":true}],"null":"omit","empty_string":"keep","missing":"null"},
			"concurrency":8,"write_units_per_second":12.5,
			"retry":{"max_attempts":3,"min_delay":"20ms","max_delay":"1m30s"},"max_wait":"1.5ms","window_bytes":268435456}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := json.Marshal(tt.cfg)
			require.NoError(t, err)
			assert.JSONEq(t, tt.want, string(data))

			var back Config
			require.NoError(t, json.Unmarshal(data, &back))
			assert.Equal(t, tt.cfg, back)

			inside, err := json.Marshal(struct{ C *Config }{&tt.cfg})
			require.NoError(t, err)
			assert.JSONEq(t, `{"C":`+tt.want+`}`, string(inside))
		})
	}
}

func TestConfigJSONDurations(t *testing.T) {
	t.Parallel()
	read := func(data string) (Config, error) {
		cfg := Config{Table: "kept", Concurrency: 7, MaxWait: time.Hour, Retry: Retry{MaxAttempts: 4, MaxDelay: time.Minute}}
		return cfg, json.Unmarshal([]byte(data), &cfg)
	}

	kept, _ := read(`{}`)
	cfg, err := read(`{"max_wait":null,"unknown":1}`)
	require.NoError(t, err)
	assert.Equal(t, kept, cfg)

	for data, want := range map[string]time.Duration{`"200ms"`: 200 * time.Millisecond, `200000000`: 200 * time.Millisecond, `"0"`: 0, `0`: 0} {
		cfg = Config{}
		require.NoError(t, json.Unmarshal([]byte(`{"max_wait":`+data+`,"retry":{"min_delay":`+data+`,"max_delay":`+data+`}}`), &cfg), data)
		assert.Equal(t, Config{MaxWait: want, Retry: Retry{MinDelay: want, MaxDelay: want}}, cfg, data)
	}

	for data, field := range map[string]string{
		`{"max_wait":"200"}`:               "MaxWait",
		`{"max_wait":1.5}`:                 "MaxWait",
		`{"max_wait":[1]}`:                 "MaxWait",
		`{"max_wait":"fast"}`:              "MaxWait",
		`{"max_wait":1e30}`:                "MaxWait",
		`{"retry":{"min_delay":true}}`:     "Retry.MinDelay",
		`{"retry":{"max_delay":"1 hour"}}`: "Retry.MaxDelay",
	} {
		_, err := read(data)
		var fault *ConfigError
		require.ErrorAs(t, err, &fault, data)
		assert.Equal(t, field, fault.Field)
		assert.Equal(t, map[string]string{"MaxWait": "/max_wait", "Retry.MinDelay": "/retry/min_delay", "Retry.MaxDelay": "/retry/max_delay"}[field], fault.Pointer)
	}

	for data, want := range map[string]string{
		`{"concurrency":"many"}`:                   "Concurrency: is a JSON string, but must be a whole number",
		`{"credentials":{"access_key_id":424242}}`: "Credentials.AccessKeyID: is a JSON number, but must be a string",
		`{"mapping":{"fields":[{"type":[1]}]}}`:    "Mapping.Fields[0].Type: is a JSON array, but must be a string",
		`{"Mapping":{"FIELDS":[{},{"Type":0}]}}`:   "Mapping.Fields[1].Type: is a JSON number, but must be a string",
		`{"mapping":{"fields":[null,{},[]]}}`:      "Mapping.Fields[2]: is a JSON array, but must be an object",
		`{"mapping":{"fields":[{"required":1}]}}`:  "Mapping.Fields[0].Required: is a JSON number, but must be a bool",
		`{"mapping":{"missing":[]}}`:               "Mapping.Missing: is a JSON array, but must be a string",
		`{"duplicates":true}`:                      "Duplicates: is a JSON bool, but must be a string",
		`{"max_keys":1e9}`:                         "MaxKeys: is a JSON number, but must be a whole number",
		`{"mapping":{"null":true}}`:                "Mapping.Null: is a JSON bool, but must be a string",
		// The first fault counts, wherever it is.
		`{"table":1,"retry":{"max_attempts":"a"}}`: "Table: is a JSON number, but must be a string",
		`{"retry":{"max_attempts":"a"},"table":1}`: "Retry.MaxAttempts: is a JSON string, but must be a whole number",
		`{"table":1,"retry":{"min_delay":"slow"}}`: "Table: is a JSON number, but must be a string",
		`{"region":"\"","region":[],"table":1}`:    "Region: is a JSON array, but must be a string",
		`{"concurrency":1e30}`:                     "Concurrency: is a JSON number, but must be a whole number",
		`"x"`:                                      "Config: is a JSON string, but must be an object",
		`{"retry":[]}`:                             "Retry: is a JSON array, but must be an object",
		`{"mapping":[]}`:                           "Mapping: is a JSON array, but must be an object",
		`{"mapping":{"fields":{}}}`:                "Mapping.Fields: is a JSON object, but must be an array",
		`{"write_units_per_second":"1"}`:           "WriteUnitsPerSecond: is a JSON string, but must be a number",
		`{"retry":{"max_attempts":1.5}}`:           "Retry.MaxAttempts: is a JSON number, but must be a whole number",
	} {
		_, err = read(data)
		require.EqualError(t, err, want)
		require.ErrorIs(t, err, ErrConfig)
	}

	var retry Retry
	require.EqualError(t, json.Unmarshal([]byte(`{"max_attempts":[]}`), &retry), "Retry.MaxAttempts: is a JSON array, but must be a whole number")
	require.EqualError(t, json.Unmarshal([]byte(`[]`), &retry), "Retry: is a JSON array, but must be an object")
	var syntax *json.SyntaxError
	require.ErrorAs(t, new(Config).UnmarshalJSON([]byte(`{"table"`)), &syntax)
	require.ErrorAs(t, new(Config).UnmarshalJSON(nil), &syntax)
}
