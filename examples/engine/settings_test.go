package main

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

// pointers returns the JSON pointers of the settings that a failure names.
func pointers(f failure) []string {
	list := []string{}
	for _, field := range f.Fields {
		list = append(list, field.Pointer)
	}
	return list
}

// Settings that the form would not have sent are refused with what is wrong, by everything that takes settings, and change
// nothing.
func TestSettingsThatTheFormWouldNotMake(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := s.send(t, "GET", "/api/state", "", "")
	for name, tt := range map[string]struct {
		body     string
		status   int
		pointers []string
	}{
		"wrong types":      {`{"region":1,"table":["a"],"concurrency":"many","mapping":{"fields":{}}}`, 422, []string{"/region", "/table", "/concurrency", "/mapping/fields"}},
		"deep wrong type":  {`{"table":"t12","region":"eu-west-1","mapping":{"fields":[{"column":"a"},{"column":"b","type":5}]}}`, 422, []string{"/mapping/fields/1/type"}},
		"unknown names":    {`{"table":"t12","regoin":"eu-west-1","mapping":{"field":[]}}`, 422, []string{"/regoin", "/mapping/field"}},
		"name twice":       {`{"table":"t12","table":"t13","region":"eu-west-1"}`, 422, []string{"/table"}},
		"null":             {`{"table":null,"region":"eu-west-1"}`, 422, []string{"/table"}},
		"bad values":       {`{"table":"a","region":"eu-west-1","mode":"merge","concurrency":-1}`, 422, []string{"/table", "/mode", "/concurrency"}},
		"unsupported mode": {`{"table":"abc","region":"eu-west-1","mode":"mirror"}`, 422, []string{"/mode"}},
		"bad keys":         {`{"table":"abc","region":"eu-west-1","credentials":{"access_key_id":"AKIA"}}`, 422, []string{"/credentials/secret_access_key"}},
		"all faults":       {`{"table":"a","endpoint":"http://user:hunter2@dynamodb.example"}`, 422, []string{"/table", "/region", "/endpoint", "/endpoint", "/credentials"}},
		"no object":        {`[]`, 422, []string{""}},
		"no JSON":          {`table=abc`, 422, []string{""}},
		"cut JSON":         {`{"table":"abc`, 422, []string{""}},
		"two documents":    {`{"table":"abc","region":"eu-west-1"}{}`, 422, []string{""}},
		"not UTF-8":        {"{\"table\":\"ab\xff\"}", 422, []string{""}},
		"nothing":          {``, 422, []string{""}},
		"deeply nested":    {strings.Repeat(`{"mapping":`, 50_000), 422, []string{""}},
		"huge":             {`{"table":"` + strings.Repeat("x", maxSettings) + `"}`, 413, []string{}},
	} {
		for _, path := range []string{"/api/check", "/api/preview", "/api/runs"} {
			t.Run(name+path, func(t *testing.T) {
				f := refused(t, s.send(t, "POST", path+"?source="+s.sample, "application/json", tt.body), tt.status)
				assert.ElementsMatch(t, tt.pointers, pointers(f))
				for _, field := range f.Fields {
					assert.NotEmpty(t, field.Problem)
					assert.NotContains(t, field.Problem, "hunter2")
				}
			})
		}
	}
	assert.Equal(t, before.text, s.send(t, "GET", "/api/state", "", "").text)
}

func TestRequestsThatThePageWouldNotMake(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good := `{"table":"airports","region":"us-east-1","endpoint":"` + s.memory.url + `"}`
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset"} {
		f := refused(t, s.send(t, "POST", "/api/check", kind, good), http.StatusUnsupportedMediaType)
		assert.Contains(t, f.Text, "application/json")
	}
	for _, request := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/api/check", 405}, {"PUT", "/api/runs", 405}, {"GET", "/api/keys", 405},
		{"GET", "/api/runs/1", 404}, {"GET", "/api/runs/x/letters", 404}, {"GET", "/api/runs/1/letters.ndjson", 404},
		{"GET", "/api/runs/1/events", 404}, {"POST", "/api/runs/1/stop", 404}, {"POST", "/api/runs/-1/resume", 404},
		{"GET", "/api/sources/nothing/mapping", 404}, {"GET", "/api/sources/..%2f..%2fsettings/mapping", 404},
		{"GET", "/assets/..%2fengine.go", 404}, {"GET", "/assets/", 404}, {"GET", "/settings.json", 404}, {"GET", "/api/", 404},
	} {
		assert.Equal(t, request.status, s.send(t, request.method, request.path, "", "").status, "%s %s", request.method, request.path)
	}
	for _, path := range []string{"/api/preview", "/api/runs", "/api/runs?source=..%2fsettings"} {
		f := refused(t, s.send(t, "POST", path, "application/json", good), http.StatusNotFound)
		assert.Contains(t, f.Text, "no such source")
	}
}

// A body that says it is longer than it is does not hold the engine up.
func TestRequestThatIsCut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	reader, writer := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/check", reader)
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	go func() {
		_, _ = io.WriteString(writer, `{"table":`)
		_ = writer.CloseWithError(io.ErrUnexpectedEOF)
	}()
	response, err := s.client.Do(r)
	if err == nil { // the engine's answer may come before the end of the request is noticed
		assert.Equal(t, http.StatusBadRequest, response.StatusCode)
		assert.NoError(t, response.Body.Close())
	}
	assert.Equal(t, http.StatusOK, s.send(t, "GET", "/api/state", "", "").status)
}

// No file of the engine and no answer has a secret, and the keys are gone with the process.
func TestSecretsStayInMemory(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newRemote(t)
	c := r.settings()
	require.Equal(t, http.StatusOK, s.post(t, "/api/check?source="+s.sample, c).status)
	started := decode[view](t, s.post(t, "/api/runs?source="+s.sample, c))
	v := s.follow(t, started.ID)
	assert.Equal(t, done, v.Status)

	said := []string{s.output.String()}
	for _, path := range []string{"/api/state", "/api/runs/1", "/api/runs/1/letters", "/api/runs/1/events", "/"} {
		said = append(said, s.send(t, "GET", path, "", "").text)
	}
	require.NoError(t, filepath.WalkDir(s.folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		said = append(said, string(text))
		info, _ := entry.Info()
		assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), path)
		return err
	}))
	for _, text := range said {
		assert.NotContains(t, text, secretKey)
		assert.NotContains(t, text, keyID)
	}

	// They are used while the process lasts.
	c.Credentials = dynamodest.Credentials{}
	assert.Equal(t, http.StatusOK, s.post(t, "/api/check", c).status)
	assert.Contains(t, decode[state](t, s.send(t, "GET", "/api/state", "", "")).Held, r.url)
	assert.NotContains(t, s.send(t, "DELETE", "/api/keys", "", "").text, r.url)
	assert.Equal(t, []string{"/credentials"}, pointers(refused(t, s.post(t, "/api/check", c), 422)))
}

// Keys are sent to the endpoint that they were entered for, and to no other; those of the environment to AWS and to the
// endpoint of the command line.
func TestKeysAreForTheirEndpoint(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", keyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	mine, other := newRemote(t), newRemote(t)
	s := newSite(t, "-endpoint", mine.url, "-table", tableName)

	c := mine.settings()
	c.Credentials = dynamodest.Credentials{}
	require.Equal(t, http.StatusOK, s.post(t, "/api/check", c).status, "the keys of the environment")

	c.Credentials = dynamodest.Credentials{AccessKeyID: keyID, SecretAccessKey: secretKey}
	require.Equal(t, http.StatusOK, s.post(t, "/api/check", c).status)

	c.Endpoint, c.Credentials = other.url, dynamodest.Credentials{}
	f := refused(t, s.post(t, "/api/check", c), 422)
	assert.Equal(t, []string{"/credentials"}, pointers(f))
	assert.Empty(t, other.db.Calls())
}

// An endpoint that was entered is https, or on this machine; from other machines only that of the command line is taken.
func TestEndpoints(t *testing.T) {
	t.Parallel()
	alone, shared := newSite(t), newSite(t, "-host", "engine.example")
	keys := dynamodest.Credentials{AccessKeyID: keyID, SecretAccessKey: secretKey}
	for _, tt := range []struct {
		endpoint      string
		alone, shared bool
	}{
		{"http://dynamodb.example", false, false},
		{"http://169.254.169.254", false, false},
		{"https://dynamodb.example", true, false},
		{"http://127.0.0.1:1", true, false},
		{"http://[::1]:1", true, false},
		{"http://localhost:1", true, false},
		{"http://LOCALHOST:1", true, false},
		{"", true, true},
	} {
		c := dynamodest.Config{Region: "eu-west-1", Table: tableName, Endpoint: tt.endpoint, Credentials: keys}
		for s, allowed := range map[*site]bool{alone: tt.alone, shared: tt.shared} {
			_, err := s.complete(t.Context(), c)
			if allowed {
				assert.NoError(t, err, tt.endpoint)
				continue
			}
			assert.Equal(t, []string{"/endpoint"}, pointers(*describe(err)), tt.endpoint)
		}
	}
}

// The client connects to no link-local address, whatever name has led there.
func TestLinkLocalAddresses(t *testing.T) {
	t.Parallel()
	for address, refusedToo := range map[string]bool{
		"169.254.169.254:80": true, "169.254.170.2:80": true, "[fe80::1]:80": true, "[fd00:ec2::254]:80": true, "[fd00:ec2::23]:80": true, "[::ffff:169.254.169.254]:80": true,
		"127.0.0.1:8000": false, "10.0.0.1:443": false, "[2600::1]:443": false,
	} {
		assert.Equal(t, refusedToo, refuseLinkLocal("tcp", address, nil) != nil, address)
	}
	s := newSite(t)
	c := dynamodest.Config{
		Region: "eu-west-1", Table: tableName, Endpoint: "https://169.254.169.254", Retry: dynamodest.Retry{MaxAttempts: 1},
		Credentials: dynamodest.Credentials{AccessKeyID: keyID, SecretAccessKey: secretKey},
	}
	f := refused(t, s.post(t, "/api/check", c), http.StatusBadGateway)
	assert.Equal(t, dynamodest.ErrUnavailable, f.Reason)
}

// The settings are there again when the engine is started again, and the keys are not.
func TestSettingsLast(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	dir := filepath.Join(t.TempDir(), "state")
	first, err := open(t.Context(), options{dir: dir, table: tableName, maxUpload: 1}, io.Discard)
	require.NoError(t, err)
	require.NoError(t, first.save(r.settings(), first.settings.Source))

	_, err = open(t.Context(), options{dir: dir, table: tableName, maxUpload: 1}, io.Discard)
	require.ErrorIs(t, err, errInUse, "two engines in one folder")
	first.close(t.Context())

	again, err := open(t.Context(), options{dir: dir, table: tableName, maxUpload: 1}, io.Discard)
	require.NoError(t, err)
	defer again.close(t.Context())
	want := r.settings().WithoutSecrets()
	assert.Equal(t, fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", again.settings.Config))
	assert.Empty(t, again.access.held(r.url))
}
