package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A setting that is wrong is named as it was given: by its flag, or by its place in the file.
func TestWhereASettingIsWrong(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	config := remote.write(t, "bad.json", `{"table": "users", "region": "us-east-1", "mode": "insrt", "concurrency": -1, "version": "v", "on_existing": "x", "mapping": {"fields": [{"column": "a", "type": "X"}]}}`)
	r := runIn(t, "", "check", "-local", "-config", config, "-concurrency=-2", "-on-existing", "y", "-max-rate=-3", "-version-attribute", "w", "-mode", "insert")
	assert.Equal(t, exitUsage, r.code)
	for _, fault := range []string{"-concurrency: -2", "-on-existing: \"y\"", "-max-rate: -3", "-version-attribute: applies", "/mapping/fields/0/type: \"X\""} {
		assert.Contains(t, r.stderr, "\n"+fault)
	}
	r = runIn(t, "", "check", "-local", "-config", config)
	assert.Equal(t, exitUsage, r.code)
	for _, fault := range []string{"/concurrency (-concurrency): -1", "/mode (-mode): \"insrt\""} {
		assert.Contains(t, r.stderr, "\n"+fault)
	}
}

// A file of settings that is wrong is an error before anything is requested, and quotes no secret.
func TestBadSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, says string }{
		"no JSON":          {`{"table": `, "\n-config: is not valid JSON"},
		"unknown setting":  {`{"tabel": "users"}`, "\n/tabel: is unknown: did you mean \"table\"?"},
		"in another case":  {`{"Table": "users", "mapping": {"Null": "omit"}}`, "\n/Table: is unknown: did you mean \"table\"?\n/mapping/Null: is unknown: did you mean \"null\"?"},
		"wrong type":       {`{"table": "users", "concurrency": "4"}`, "\n/concurrency (-concurrency): "},
		"secret elsewhere": {`{"table": "users", "region": "us-east-1", "credentials": "wJalrXUtnFEMI"}`, "\n/credentials: "},
		"no table":         {`{"region": "us-east-1", "credentials": {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI"}}`, "\n/table (-table): "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			remote := newRemote(t)
			r := runIn(t, "", "check", "-config", remote.write(t, "bad.json", tt.text))
			assert.Equal(t, exitUsage, r.code)
			assert.Contains(t, r.stderr, tt.says)
			assert.NotContains(t, r.stderr, "wJalrXUtnFEMI")
			assert.Empty(t, remote.db.Calls())
		})
	}
}
