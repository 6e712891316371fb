package main

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// TestMain leaves the tests nothing of what this machine's environment says of AWS.
func TestMain(m *testing.M) {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}
	os.Exit(m.Run())
}

// load loads the configuration of an environment that has keys, a region and what env sets.
func load(t *testing.T, env map[string]string) aws.Config {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAOWN", "AWS_SECRET_ACCESS_KEY": "example", "AWS_REGION": "us-east-1",
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none,
	} {
		t.Setenv(name, value)
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// seen is an HTTP client that keeps the request and sends nothing.
type seen struct{ request *http.Request }

func (s *seen) Do(r *http.Request) (*http.Response, error) {
	s.request = r
	return nil, errors.New("not sent")
}

// What the environment says reaches the requests.
func TestLoadedConfigReachesTheRequests(t *testing.T) {
	for name, tt := range map[string]struct {
		env  map[string]string
		host string
	}{
		"nothing else": {nil, "dynamodb.us-east-1.amazonaws.com"},
		"FIPS":         {map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}, "dynamodb-fips.us-east-1.amazonaws.com"},
		"dual stack":   {map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "dynamodb.us-east-1.api.aws"},
		"endpoint":     {map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": "https://dynamodb.example"}, "dynamodb.example"},
		"any endpoint": {map[string]string{"AWS_ENDPOINT_URL": "https://aws.example"}, "aws.example"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := load(t, tt.env)
			cfg.AppID = "my-engine"
			var client seen
			cfg.HTTPClient = &client
			_, err := dynamodest.New(t.Context(), dynamodest.Config{AWS: &cfg, Table: "users", Retry: dynamodest.Retry{MaxAttempts: 1}})
			if err == nil || client.request == nil {
				t.Fatalf("no request, error %v", err)
			}
			if got := client.request.URL.Host; got != tt.host {
				t.Errorf("sent to %s", got)
			}
			agent := client.request.Header.Get("User-Agent")
			if !strings.Contains(agent, "app/my-engine") || !strings.Contains(agent, "dynamodest/") {
				t.Errorf("User-Agent: %s", agent)
			}
		})
	}
}

func TestEndpointOfTheEnvironmentWithoutAScheme(t *testing.T) {
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"} {
		t.Run(name, func(t *testing.T) {
			cfg := load(t, map[string]string{name: "localhost:8000"})
			if _, err := dynamodest.New(t.Context(), dynamodest.Config{AWS: &cfg, Table: "users"}); !errors.Is(err, dynamodest.ErrConfig) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// The certificates that AWS_CA_BUNDLE names are trusted, and only with them the server here.
func TestCABundleOfTheEnvironment(t *testing.T) {
	server := httptest.NewTLSServer(dynamodesttest.NewTable("users", "id:S"))
	defer server.Close()
	bundle := filepath.Join(t.TempDir(), "bundle.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	write := func(env map[string]string) error {
		cfg := load(t, env)
		dest, err := dynamodest.New(t.Context(), dynamodest.Config{
			AWS: &cfg, Table: "users", Endpoint: server.URL, Retry: dynamodest.Retry{MaxAttempts: 1},
		})
		if err != nil {
			return err
		}
		_, err = dest.Write(t.Context(), []dynamodest.Row{{"id": "1"}})
		return err
	}
	if err := write(nil); !errors.Is(err, dynamodest.ErrUnavailable) {
		t.Errorf("without the bundle: %v", err)
	}
	if err := write(map[string]string{"AWS_CA_BUNDLE": bundle}); err != nil {
		t.Errorf("with the bundle: %v", err)
	}
}
