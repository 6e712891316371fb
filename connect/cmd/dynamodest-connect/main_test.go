package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

// binaryDir is where the commands are built, once for all tests.
var binaryDir string

func runTests(m *testing.M) int {
	var err error
	if binaryDir, err = os.MkdirTemp("", "dynamodest-connect"); err != nil {
		panic(err)
	}
	code := m.Run()
	if err := os.RemoveAll(binaryDir); err != nil {
		panic(err)
	}
	return code
}

// binary builds the command of this directory and returns its path.
var binary = sync.OnceValues(func() (string, error) { return build("dynamodest-connect", ".") })

// build builds the command of a directory, and returns its path.
func build(name, dir string) (string, error) {
	path := filepath.Join(binaryDir, name)
	out, err := exec.Command("go", "build", "-C", dir, "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build %s: %w: %s", name, err, out)
	}
	return path, nil
}

// place is a directory in which a test runs the command, and the table double that the environment there points at.
type place struct {
	dir string
	db  *dynamodesttest.DB
	env []string
}

// newPlace returns a place with files, by their names.
func newPlace(t *testing.T, files map[string]string) place {
	t.Helper()
	p := place{dir: t.TempDir(), db: dynamodesttest.New()}
	server := httptest.NewServer(p.db)
	t.Cleanup(server.Close)
	p.env = append(bare(p.dir), "AWS_ENDPOINT_URL_DYNAMODB="+server.URL, "AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret")
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600))
	}
	return p
}

// bare is an environment that says nothing of AWS, of proxies or of telemetry.
func bare(dir string) []string {
	none := filepath.Join(dir, "none")
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir,
		"AWS_CONFIG_FILE=" + none, "AWS_SHARED_CREDENTIALS_FILE=" + none, "AWS_EC2_METADATA_DISABLED=true",
	}
}

// sample returns the text of a sample.
func sample(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(samples, name))
	require.NoError(t, err)
	return string(text)
}

// samples is the path of the samples from this directory.
const samples = "../../samples"

// ran is a command that has run.
type ran struct {
	code           int
	stdout, stderr string
}

// run runs the command to its end.
func (p place) run(t *testing.T, stdin string, args ...string) ran {
	t.Helper()
	cmd := p.command(t, args...)
	cmd.Stdin = strings.NewReader(stdin)
	return finish(t, cmd, make(chan struct{}))
}

// finish starts a command, closes started, and waits for its end.
func finish(t *testing.T, cmd *exec.Cmd, started chan struct{}) ran {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Start())
	close(started)
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return ran{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// command returns the command, which has not been started.
func (p place) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	return cmd
}

// lines returns the lines of a file that a pipeline has written; nil if there is none.
func (p place) lines(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// items returns the items of a table as DynamoDB JSON, sorted.
func (p place) items(t *testing.T, table string) []string {
	t.Helper()
	var items []string
	for _, item := range p.db.Items(table) {
		text, err := json.Marshal(dynamodest.Item(item))
		require.NoError(t, err)
		items = append(items, string(text))
	}
	slices.Sort(items)
	return items
}
