package bento_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "github.com/warpstreamlabs/bento/public/components/io"
	_ "github.com/warpstreamlabs/bento/public/components/pure"
	"github.com/warpstreamlabs/bento/public/service"
	"go.uber.org/goleak"

	"github.com/dynamodest/dynamodest"
	_ "github.com/dynamodest/dynamodest/connect/bento"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// TestMain fails if the tests leave a goroutine behind.
func TestMain(m *testing.M) {
	for _, entry := range os.Environ() { // the settings of the tests are all that counts
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "OTEL_") {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}
	// Bento leaves the input of a stream behind whose output cannot be made.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/warpstreamlabs/bento/internal/impl/pure.(*inprocInput).loop"))
}

// table serves the test double over HTTP on the loopback interface, with the table "users".
func table(t *testing.T) (db *dynamodesttest.DB, url string) {
	t.Helper()
	db = dynamodesttest.NewTable("users", "id:S")
	server := httptest.NewServer(db)
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return db, server.URL
}

// pipeline is a pipeline that writes a file to the table, with a file for dead letters.
type pipeline struct {
	input    string // the scanner of the input "file"
	file     string // its content
	rows     int    // of a batch; 0 leaves that to the output
	mapping  string // of a processor, in Bloblang; none if empty
	settings string // of the output, in addition to those that the tests have in common: lines of YAML
}

// config returns the configuration of the pipeline, for files of these names.
func (p pipeline) config(url, in, dead string) string {
	processors := "[]"
	if p.mapping != "" {
		processors = fmt.Sprintf("[ mapping: %q ]", p.mapping)
	}
	batching := ""
	if p.rows > 0 {
		batching = fmt.Sprintf("batching: { count: %d, period: 1h }", p.rows)
	}
	return fmt.Sprintf(`
input:
  file:
    paths: [ %q ]
    scanner: { %s: {} }
pipeline:
  threads: 1
  processors: %s
output:
  fallback:
    - dynamodest:
        table: users
        region: eu-west-1
        endpoint: %q
        credentials: { access_key_id: AKIAEXAMPLE, secret_access_key: secret }
        %s
%s
    - file: { path: %q, codec: lines }
      processors:
        - mapping: 'root = @fallback_error.split(":").index(0) + "\t" + content()'
`, in, p.input, processors, url, batching, p.settings, dead)
}

// run runs the pipeline until all of the file is settled, and returns the lines of the file for dead letters: the label of
// the reason, and the message. Without a dead letter there is no file.
func (p pipeline) run(t *testing.T, url string) []string {
	t.Helper()
	dir := t.TempDir()
	in, dead := filepath.Join(dir, "in"), filepath.Join(dir, "dead")
	require.NoError(t, os.WriteFile(in, []byte(p.file), 0o600))
	b := service.NewStreamBuilder()
	b.SetLogger(slog.New(slog.DiscardHandler))
	require.NoError(t, b.SetYAML(p.config(url, in, dead)))
	stream, err := b.Build()
	require.NoError(t, err)
	require.NoError(t, stream.Run(t.Context()))
	content, err := os.ReadFile(dead)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	return strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
}

// items returns the items of the table as DynamoDB JSON, sorted by key.
func items(db *dynamodesttest.DB) []string {
	var texts []string
	for _, item := range db.Items("users") {
		texts = append(texts, dynamodest.Item(item).String())
	}
	return texts
}
