package main

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// Profile, region and credentials are found as the AWS tools find them. Flags, and keys in the settings, go
// before them.
func TestAWSConfiguration(t *testing.T) { //nolint:paralleltest // it sets the environment
	remote := newRemote(t)
	db := dynamodesttest.New()
	db.SetRegion("eu-west-1")
	db.AddTable("users", "id:S")
	db.Keys("AKIDPROFILE", "secret of the profile", "")
	server := httptest.NewServer(db)
	t.Cleanup(server.Close)
	t.Setenv("AWS_CONFIG_FILE", remote.write(t, "aws-config", fmt.Sprintf("[profile loader]\nregion = eu-west-1\nendpoint_url = %s\n", server.URL)))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", remote.write(t, "aws-credentials", "[loader]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret of the profile\n"))
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"profile":                 {[]string{"-profile", "loader"}, exitOK, "takes writes"},
		"no such profile":         {[]string{"-profile", "nobody"}, exitUsage, "nobody"},
		"no profile":              {nil, exitUsage, "Region"},
		"region before profile's": {[]string{"-profile", "loader", "-region", "us-east-1"}, exitStopped, "bad credentials"},
		"keys of the settings": {[]string{
			"-profile", "loader", "-endpoint", server.URL,
			"-config", remote.write(t, "other.json", `{"table": "users", "credentials": {"access_key_id": "AKIDOTHER", "secret_access_key": "other"}}`),
		}, exitStopped, "bad credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			r := runIn(t, "", append([]string{"check", "-table", "users"}, tt.args...)...)
			assert.Equal(t, tt.code, r.code, r.stderr)
			assert.Contains(t, r.stdout+r.stderr, tt.says)
			assert.NotContains(t, r.stderr, "secret of the profile")
		})
	}
	t.Setenv("AWS_REGION", "EU-WEST-1")
	r := runIn(t, "", "check", "-table", "users")
	assert.Equal(t, exitUsage, r.code)
	assert.Contains(t, r.stderr, "\nAWS_REGION or the region of the profile: \"EU-WEST-1\" is malformed")
	t.Setenv("AWS_REGION", "")
	r = runIn(t, "", "check", "-table", "users", "-region", "eu-west-1")
	assert.Equal(t, exitStopped, r.code)
	assert.Contains(t, r.stderr, "bad credentials")
	assert.Contains(t, r.stderr, "AWS_ACCESS_KEY_ID", "a remedy for users of a command")
	assert.NotContains(t, r.stderr, "errors.As")
	t.Setenv("AWS_PROFILE", "loader")
	r = runIn(t, "", "load", "-table", "users", "-failed", filepath.Join(remote.dir, "f"), remote.write(t, "a.csv", numbered(10)))
	assert.Equal(t, exitFailed, r.code, r.stderr)
	assert.Equal(t, 9, db.Len("users"))
}
