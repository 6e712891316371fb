package output

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

// settingsOf returns settings as an engine parses them, with others changed or added; those that are nil are left out.
func settingsOf(others map[string]any) map[string]any {
	s := map[string]any{"region": "us-east-1", "table": "users"}
	for name, v := range others {
		s[name] = v
		if v == nil {
			delete(s, name)
		}
	}
	return s
}

// problemsOf returns all problems that a linter shows, by the setting that it shows them at.
func problemsOf(settings map[string]any) map[string][]any {
	found := map[string][]any{}
	for name, value := range settings {
		if p := Problems(name, value); len(p) > 0 {
			found[name] = p
		}
	}
	if p := Problems("", settings); len(p) > 0 {
		found[""] = p
	}
	return found
}

const (
	notInOrder = "/max_in_flight: must be 1 without a version: batches that are written at the same time are not in order, so an older row could replace a " +
		"newer one. Set version to an attribute that says which row is newer, or leave max_in_flight at 1"
	notWhole     = "/max_in_flight: must be a whole number, 1 or more"
	noPeriod     = `/batching/period: is missing, so a batch that is not full waits for ever: give one, such as "1s"`
	wrongPeriod  = `/batching/period: must be a duration above 0, such as "1s"`
	noProcessors = "/batching/processors: cannot be used: an engine cannot tell which messages were rejected once processors have removed, added or " +
		"merged some, so a row at fault could be lost. Move them to pipeline.processors"
	onlyInsert   = `/on_existing: applies only to the mode "insert": leave it empty, or set the mode to "insert"`
	onlyRefused  = `/max_keys: applies only to "fail" for duplicate keys, since no keys are kept without it: leave it empty, or set that`
	noVersion    = "/version: no field of the mapping produces this attribute: add one, or name the attribute that holds the version"
	anotherTable = `/table: is the ARN of a table in "eu-west-1", but the region is "us-east-1": set the region to that of the table, or give another table`
)

const arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/users"

func TestProblems(t *testing.T) {
	t.Parallel()
	keys := map[string]any{"access_key_id": "AKIAEXAMPLE", "secret_access_key": "secret"}
	field := func(column string) map[string]any { return map[string]any{"column": column} }
	for name, tt := range map[string]struct {
		settings map[string]any
		want     map[string][]any // nil if they are right
	}{
		"the least":                  {nil, nil},
		"keys":                       {map[string]any{"credentials": keys}, nil},
		"keys, region of the ARN":    {map[string]any{"credentials": keys, "region": nil, "table": arn}, nil},
		"keys, the machine's region": {map[string]any{"credentials": keys, "region": nil}, nil},
		"ARN":                        {map[string]any{"region": nil, "table": arn}, nil},
		"ARN and its region":         {map[string]any{"region": "eu-west-1", "table": arn}, nil},
		"ARN of another region":      {map[string]any{"table": arn}, map[string][]any{"": {anotherTable}}},
		"insert":                     {map[string]any{"mode": "insert", "on_existing": "fail"}, nil},
		"upsert that exists":         {map[string]any{"on_existing": "fail"}, map[string][]any{"": {onlyInsert}}},
		"duplicates":                 {map[string]any{"duplicates": "fail", "max_keys": 5}, nil},
		"keys for no duplicates":     {map[string]any{"max_keys": 5}, map[string][]any{"": {onlyRefused}}},
		"local":                      {map[string]any{"region": "local", "endpoint": "http://localhost:8000"}, nil},
		"local keys":                 {map[string]any{"region": "local", "endpoint": "http://localhost:8000", "credentials": keys}, nil},
		"endpoint of AWS alone":      {map[string]any{"region": nil, "endpoint": "https://dynamodb.eu-west-1.amazonaws.com"}, nil},
		"endpoint and keys":          {map[string]any{"region": nil, "endpoint": "https://dynamodb.eu-west-1.amazonaws.com", "credentials": keys}, nil},
		"endpoint of AWS":            {map[string]any{"region": "eu-west-1", "endpoint": "https://dynamodb.eu-west-1.amazonaws.com"}, nil},
		"version":                    {map[string]any{"version": "v", "max_in_flight": 8}, nil},
		"in flight, no version":      {map[string]any{"max_in_flight": 2}, map[string][]any{"": {notInOrder}}},
		"in flight, no number":       {map[string]any{"max_in_flight": "many"}, map[string][]any{"max_in_flight": {notWhole}}},
		"in flight, 0":               {map[string]any{"max_in_flight": 0}, map[string][]any{"max_in_flight": {notWhole}}},
		"in flight, a fraction":      {map[string]any{"max_in_flight": 1.5}, map[string][]any{"max_in_flight": {notWhole}}},
		"version that no field has":  {map[string]any{"version": "v", "mapping": map[string]any{"fields": []any{field("a")}}}, map[string][]any{"": {noVersion}}},
		"wrong word":                 {map[string]any{"mode": "replace"}, map[string][]any{"mode": {`/mode: "replace" is unknown: must be "upsert" or "insert"`}}},
		"wrong type":                 {map[string]any{"concurrency": "x"}, map[string][]any{"concurrency": {"/concurrency: is a JSON string, but must be a whole number"}}},
		"wrong types and words": {
			map[string]any{"concurrency": "x", "mode": "replace"},
			map[string][]any{"concurrency": {"/concurrency: is a JSON string, but must be a whole number"}, "mode": {`/mode: "replace" is unknown: must be "upsert" or "insert"`}},
		},
		"in a list": {
			map[string]any{"mapping": map[string]any{"fields": []any{field("a"), field("a")}}},
			map[string][]any{"mapping": {"/mapping/fields/1/column: has the same attribute as field number 1 of the mapping: rename one of the two"}},
		},
		"half of the keys": {
			map[string]any{"credentials": map[string]any{"access_key_id": "AKIAEXAMPLE"}},
			map[string][]any{"credentials": {"/credentials/secret_access_key: is required"}},
		},
		"period of a batch":    {map[string]any{"batching": map[string]any{"count": 10, "byte_size": 0, "check": "", "period": "1s"}}, nil},
		"no batches":           {map[string]any{"batching": map[string]any{"count": 1, "byte_size": 0, "check": "", "period": ""}}, nil},
		"no period":            {map[string]any{"batching": map[string]any{"count": 10}}, map[string][]any{"batching": {noPeriod}}},
		"no period for a size": {map[string]any{"batching": map[string]any{"byte_size": 10}}, map[string][]any{"batching": {noPeriod}}},
		"no period, a check":   {map[string]any{"batching": map[string]any{"check": "true", "period": ""}}, map[string][]any{"batching": {noPeriod}}},
		"period of 0":          {map[string]any{"batching": map[string]any{"count": 10, "period": "0s"}}, map[string][]any{"batching": {wrongPeriod}}},
		"period of words":      {map[string]any{"batching": map[string]any{"period": "soon"}}, map[string][]any{"batching": {wrongPeriod}}},
		"no processors":        {map[string]any{"batching": map[string]any{"count": 1, "processors": []any{}}}, nil},
		"processors": {
			map[string]any{"batching": map[string]any{"count": 2, "processors": []any{map[string]any{"mapping": "root = this"}}}},
			map[string][]any{"batching": {noPeriod, noProcessors}},
		},
		"not a number": {
			map[string]any{"write_units_per_second": math.NaN()},
			map[string][]any{"write_units_per_second": {"/write_units_per_second: has a value that JSON has no form for, such as NaN"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settingsOf(tt.settings)
			if tt.want == nil {
				tt.want = map[string][]any{}
			}
			assert.Equal(t, tt.want, problemsOf(settings))
			_, err := Decode(settings)
			for _, texts := range tt.want {
				for _, text := range texts {
					assert.ErrorContains(t, err, text.(string))
				}
			}
			if len(tt.want) == 0 {
				assert.NoError(t, err)
			}
		})
	}
}

// The linter itself says that a required field is missing.
func TestNoTable(t *testing.T) {
	t.Parallel()
	settings := settingsOf(map[string]any{"table": nil})
	assert.Empty(t, problemsOf(settings))
	_, err := Decode(settings)
	assert.EqualError(t, err, "/table: is required: the name or the ARN of the table")
}

func TestDecode(t *testing.T) {
	t.Parallel()
	s, err := Decode(settingsOf(map[string]any{
		"version": "v", "max_in_flight": json.Number("3"), "max_wait": "1s", "concurrency": 7,
		"batching": map[string]any{"count": 5, "period": "1s"},
	}))
	require.NoError(t, err)
	assert.Equal(t, 3, s.MaxInFlight)
	want := dynamodest.Config{Region: "us-east-1", Table: "users", Version: "v", MaxWait: 1e9, Concurrency: 7}
	assert.Equal(t, want, s.Config)

	for name, n := range map[string]any{"int": 1, "int64": int64(1), "float64": 1.0, "absent": nil, "not filled in": ""} {
		s, err := Decode(settingsOf(map[string]any{"max_in_flight": n}))
		require.NoError(t, err, name)
		assert.Equal(t, 1, s.MaxInFlight, name)
	}
	_, err = Decode("users")
	assert.EqualError(t, err, "the settings are no object but a string")
}

// TestSettingsThatAreNotFilledIn has what the command create leaves of settings that are not needed.
func TestSettingsThatAreNotFilledIn(t *testing.T) {
	t.Parallel()
	settings := settingsOf(map[string]any{
		"endpoint": "", "mode": "", "on_existing": "", "version": "", "delete": "", "duplicates": "", "max_in_flight": 1,
		"credentials": map[string]any{"access_key_id": "", "secret_access_key": "", "session_token": ""},
		"mapping":     map[string]any{"fields": []any{}, "null": "", "empty_string": "", "missing": "", "bytes": ""},
		"retry":       map[string]any{"min_delay": "", "max_delay": ""},
	})
	settings["concurrency"], settings["max_keys"], settings["write_units_per_second"] = nil, nil, nil
	assert.Empty(t, problemsOf(settings))
	s, err := Decode(settings)
	require.NoError(t, err)
	assert.Equal(t, dynamodest.Config{Region: "us-east-1", Table: "users"}, s.Config)
	assert.Contains(t, settings, "endpoint", "the engine's settings are not changed")

	settings["mapping"] = map[string]any{"fields": []any{map[string]any{"column": "a", "attribute": "", "type": "", "required": nil}, map[string]any{"column": ""}}}
	assert.Equal(t, map[string][]any{"mapping": {"/mapping/fields/1/column: is required: the name of a column"}}, problemsOf(settings))
}

func TestNoTextHasASecret(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]any{
		"credentials": map[string]any{"access_key_id": "AKIA" + secret, "secret_access_key": secret + "\n", "session_token": []any{secret}},
		"endpoint":    "https://user:" + secret + "@localhost",
		"mode":        secret,
		"region":      secret,
		"table":       secret + "/" + secret,
		"version":     map[string]any{secret: secret},
		"retry":       map[string]any{"min_delay": secret},
		"mapping":     map[string]any{secret: 1, "fields": []any{map[string]any{"column": secret, "type": secret}}},
		MaxInFlight:   secret,
		Batching:      map[string]any{"count": 3, "check": secret},
	} {
		settings := settingsOf(map[string]any{name: wrong})
		found := problemsOf(settings)
		assert.NotEmpty(t, found, name)
		for _, texts := range found {
			for _, text := range texts {
				assert.NotContains(t, text, secret, name)
			}
		}
		if _, err := Decode(settings); err != nil {
			assert.NotContains(t, err.Error(), secret, name)
		}
	}
}

// unset clears what the environment says of AWS.
func unset(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_CA_BUNDLE",
		"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	} {
		t.Setenv(name, "")
	}
	nothing := t.TempDir() + "/none"
	t.Setenv("AWS_CONFIG_FILE", nothing)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", nothing)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func TestComplete(t *testing.T) {
	unset(t)
	t.Setenv("AWS_REGION", "eu-central-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAMACHINE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	keys := dynamodest.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret"}
	for name, tt := range map[string]struct {
		given  dynamodest.Config
		region string // of the Config
		aws    string // region of its AWS; "" if it has none
	}{
		"nothing":          {dynamodest.Config{Table: table}, "", "eu-central-1"},
		"a region":         {dynamodest.Config{Table: table, Region: "eu-west-1"}, "eu-west-1", "eu-central-1"},
		"keys":             {dynamodest.Config{Table: table, Credentials: keys}, "eu-central-1", ""},
		"keys, a region":   {dynamodest.Config{Table: table, Region: "eu-west-1", Credentials: keys}, "eu-west-1", ""},
		"keys, the ARN's":  {dynamodest.Config{Table: arn, Credentials: keys}, "", ""},
		"the ARN's region": {dynamodest.Config{Table: arn}, "", "eu-central-1"},
	} {
		c, err := complete(t.Context(), tt.given)
		require.NoError(t, err, name)
		assert.Equal(t, tt.region, c.Region, name)
		assert.Equal(t, tt.given.Credentials, c.Credentials, name)
		require.NoError(t, c.Validate(), name)
		if tt.aws == "" {
			assert.Nil(t, c.AWS, name)
			continue
		}
		require.NotNil(t, c.AWS, name)
		assert.Equal(t, tt.aws, c.AWS.Region, name)
		machine, err := c.AWS.Credentials.Retrieve(t.Context())
		require.NoError(t, err, name)
		assert.Equal(t, "AKIAMACHINE", machine.AccessKeyID, name)
	}

	t.Setenv("AWS_PROFILE", "none")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	_, err := complete(t.Context(), dynamodest.Config{Table: table})
	assert.ErrorContains(t, err, "AWS configuration: ")
}
