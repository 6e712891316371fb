package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/deadletter"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

// binaryDir is where the command is built, once for all tests that run it as a process.
var binaryDir string

func runTests(m *testing.M) int {
	var err error
	if binaryDir, err = os.MkdirTemp("", "dynamodest"); err != nil {
		panic(err)
	}
	if err = withoutAWS(filepath.Join(binaryDir, "none")); err != nil {
		panic(err)
	}
	if signal.Ignored(syscall.SIGHUP) { // by who runs the tests under nohup; the processes of the tests would inherit it
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	code := m.Run()
	if err := os.RemoveAll(binaryDir); err != nil {
		panic(err)
	}
	return code
}

// withoutAWS leaves the tests, and the processes that they start, nothing of what the machine says of AWS in its
// environment, in files and as an instance. none is the path of no file.
func withoutAWS(none string) error {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	return errors.Join(os.Setenv("AWS_CONFIG_FILE", none), os.Setenv("AWS_SHARED_CREDENTIALS_FILE", none), os.Setenv("AWS_EC2_METADATA_DISABLED", "true"))
}

// binary builds the command and returns its path.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binaryDir, "dynamodest")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// ran is a command that has run.
type ran struct {
	code           int
	stdout, stderr string
}

// runIn runs a command in this process.
func runIn(t *testing.T, stdin string, args ...string) ran {
	t.Helper()
	return runWith(t, &system{stdin: strings.NewReader(stdin)}, args...)
}

func runWith(t *testing.T, sys *system, args ...string) ran {
	t.Helper()
	var stdout bytes.Buffer
	var stderr lockedBuffer
	sys.stdout, sys.stderr = &stdout, &stderr
	code := run(t.Context(), args, sys)
	return ran{code, stdout.String(), stderr.String()}
}

// lockedBuffer is a bytes.Buffer for several goroutines.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// concurrency is that of the settings for a remote.
const concurrency = 4

// remote is a table that is reached over HTTP, with the settings for it in a file.
type remote struct {
	db     *dynamodesttest.DB
	dir    string
	config string // path of the settings
}

func newRemote(t *testing.T) remote {
	t.Helper()
	r := remote{db: dynamodesttest.NewTable("users", "id:S"), dir: t.TempDir()}
	server := httptest.NewServer(r.db)
	t.Cleanup(server.Close)
	r.config = r.write(t, "config.json", fmt.Sprintf(
		`{"table": "users", "region": "us-east-1", "endpoint": %q, "credentials": {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "secret"}, "concurrency": %d}`, server.URL, concurrency))
	return r
}

// write writes a file and returns its path.
func (r remote) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(r.dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// patient writes settings with which a request waits until it is full or the source has ended, however slow the machine
// is, and returns their path.
func (r remote) patient(t *testing.T) string {
	t.Helper()
	settings, err := os.ReadFile(r.config)
	require.NoError(t, err)
	return r.write(t, "patient.json", strings.Replace(string(settings), "{", `{"max_wait": "1h", `, 1))
}

// numbered returns a CSV of n rows. Every hundredth lacks its key.
func numbered(n int) string {
	var b strings.Builder
	b.WriteString("id,name\n")
	for i := range n {
		if i%100 == 0 {
			fmt.Fprintf(&b, ",no key %d\n", i)
			continue
		}
		fmt.Fprintf(&b, "user %d,a name\n", i)
	}
	return b.String()
}

// letters reads a file of failed rows.
func letters(t *testing.T, path string) []deadletter.Letter {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var all []deadletter.Letter
	for decoder := json.NewDecoder(bytes.NewReader(data)); ; {
		var l deadletter.Letter
		if err := decoder.Decode(&l); errors.Is(err, io.EOF) {
			return all
		} else if !assert.NoError(t, err) {
			return all
		}
		all = append(all, l)
	}
}

// figure returns the number that a report gives for name.
func figure(t *testing.T, report, name string) int {
	t.Helper()
	for line := range strings.Lines(report) {
		if rest, found := strings.CutPrefix(strings.TrimSpace(line), name+" "); found {
			var n int
			_, err := fmt.Sscan(strings.ReplaceAll(rest, ",", ""), &n)
			require.NoError(t, err, line)
			return n
		}
	}
	return 0
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"-h"}, {"-help"}, {"--help"}} {
		r := runIn(t, "", args...)
		assert.Equal(t, exitOK, r.code)
		assert.Contains(t, r.stdout, "Exit codes:")
		assert.Contains(t, r.stdout, "load [<source>] [flags]")
		assert.Empty(t, r.stderr)
	}
	r := runIn(t, "", "load", "-help")
	assert.Equal(t, exitOK, r.code)
	assert.Contains(t, r.stdout, "-max-rate=UNITS")
	assert.NotContains(t, r.stdout, "--")
}

func TestTwoDashes(t *testing.T) {
	t.Parallel()
	assert.Equal(t,
		[]string{"load", "--table", "--table=x", "--map", "-", "-h", "-5", "-x y", "--", "-table"},
		twoDashes([]string{"load", "-table", "--table=x", "-map", "-", "-h", "-5", "-x y", "--", "-table"}))
}

func TestWrongCommandLines(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	file := remote.write(t, "a.csv", numbered(10))
	for want, args := range map[string][]string{
		"unexpected argument foo":                           {"foo"},
		"unknown flag -foo":                                 {"check", "-foo"},
		"one of them":                                       {"load", "-local"},
		"-with-rows needs -failed":                          {"load", "-local", "-with-rows", file},
		"-comma":                                            {"load", "-local", "-comma", "::", file},
		"-resume: it needs -failed":                         {"load", "-config", remote.config, "-resume", file},
		"-checkpoint: it needs -failed":                     {"load", "-config", remote.config, "-checkpoint", "c", file},
		"-resume: the table of -local goes with":            {"load", "-local", "-resume", "-failed", "f", file},
		"-resume: this source cannot be read a second time": {"load", "-config", remote.config, "-format", "csv", "-resume", "-failed", "f", "-"},
		"-type x=N: there is no such column":                {"load", "-local", "-type", "x=N", file},
		"-key: write NAME:S":                                {"load", "-local", "-key", "id", file},
		"-key: the type of a key is S, N or B: write":       {"load", "-local", "-key", "id:X", file},
		"-table: is not a table name: use 3 to 255":         {"load", "-local", "-table", "a", file},
		"-table: is an ARN, which the table of -local":      {"check", "-local", "-table", "arn:aws:dynamodb:eu-west-1:123456789012:table/users"},
		"-region: is malformed: use lower-case letters":     {"load", "-local", "-region", "AKIAIOSFODNN7EXAMPLE", file},
		"-endpoint: has a user name or password":            {"load", "-local", "-endpoint", "http://u:p@h", file},
		"-local: the name of an attribute of a key has":     {"load", "-local", remote.write(t, "long.csv", strings.Repeat("x", 256)+"\na\n")},
		"-mode: ": {"load", "-local", "-mode", "mirror", file},
		"-failed: open " + remote.dir + ": is a directory": {"load", "-config", remote.config, "-resume", "-failed", remote.dir, file},
		"no such file":                     {"load", "-local", filepath.Join(remote.dir, "none.csv")},
		"-duplicates fail the rows before": {"load", "-config", remote.config, "-duplicates", "fail", "-resume", "-failed", filepath.Join(remote.dir, "f"), file},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			r := runIn(t, "id\na\n", args...)
			assert.Equal(t, exitUsage, r.code)
			assert.Contains(t, r.stderr, want)
			assert.Empty(t, r.stdout)
			assert.Zero(t, remote.db.Len("users"))
		})
	}
}

// With -local every fault of the settings is said at once, as without it, and nothing of what may be a secret is quoted.
func TestFaultsOfLocalSettings(t *testing.T) {
	t.Parallel()
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	remote := newRemote(t)
	file := remote.write(t, "a.csv", numbered(10))
	config := remote.write(t, "bad.json", `{"table": "`+secret+`", "endpoint": "http://user:`+secret+`@h", "credentials": {"access_key_id": "AKIDEXAMPLE"}}`)
	r := runIn(t, "", "load", "-local", "-config", config, "-region", secret, "-key", secret, "-mode", "mirror", file)
	assert.Equal(t, exitUsage, r.code)
	assert.Empty(t, r.stdout)
	for _, says := range []string{"/table (-table): is not a table name", "/endpoint (-endpoint): is not a URL", "-region: is malformed", "\n-mode: ", "\n-key: write NAME:S"} {
		assert.Contains(t, r.stderr, says)
	}
	assert.NotContains(t, r.stderr, "wJalr")
	assert.NotContains(t, r.stderr, "credentials", "-local brings its own")
	assert.NotContains(t, r.stderr, "CreateTable")

	given := remote.write(t, "given.json", `{"table": "users", "region": "eu-west-1", "endpoint": "https://dynamodb.eu-west-1.amazonaws.com"}`)
	for _, args := range [][]string{{"-config", given}, {"-region", "local"}, {"-endpoint", "https://dynamodb.eu-west-1.amazonaws.com"}} {
		r := runIn(t, "", append([]string{"load", "-local", file}, args...)...)
		assert.Equal(t, exitFailed, r.code, "well-formed settings are not used: %s", r.stderr)
		assert.Equal(t, 9, figure(t, r.stdout, "written"))
	}
}

// A command whose output is lost does not end as if all was well.
func TestLostOutput(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	file := remote.write(t, "a.csv", "id,n\na,1\n")
	for _, args := range [][]string{
		{"load", "-config", remote.config, file},
		{"preview", "-local", file},
		{"preview", "-local", "-json", file},
		{"preview", "-local", "-items", "1", file},
		{"check", "-local"},
		{"schema"},
		{"policy", "-table", "users", "-region", "eu-west-1", "-account", "123456789012"},
		{"-help"},
		{"-version"},
	} {
		t.Run(strings.Join(args[:min(len(args), 3)], " "), func(t *testing.T) { //nolint:paralleltest // what was written is looked at after them
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			require.NoError(t, err)
			defer func() { assert.NoError(t, full.Close()) }()
			var stderr lockedBuffer
			assert.Equal(t, exitSource, run(t.Context(), args, &system{stdin: strings.NewReader(""), stdout: full, stderr: &stderr}))
			assert.Contains(t, stderr.String(), "standard output could not be written: write /dev/full: no space left on device")
			assert.NotContains(t, stderr.String(), "settings")
		})
	}
	assert.Equal(t, 1, remote.db.Len("users"))
}

func TestCheck(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	r := runIn(t, "", "check", "-config", remote.config)
	assert.Equal(t, ran{exitOK, "table           users: exists and takes writes\npartition key   id (S)\nwriting         not checked: add -writes\n", ""}, r)
	r = runIn(t, "", "check", "-config", remote.config, "-writes")
	assert.Equal(t, exitOK, r.code)
	assert.Contains(t, r.stdout, "writing         allowed\n")
	r = runIn(t, "", "check", "-config", remote.config, "-table", "others")
	assert.Equal(t, exitStopped, r.code)
	assert.Contains(t, r.stderr, "no such table")
	r = runIn(t, "", "check", "-local", "-writes")
	assert.Equal(t, exitOK, r.code)
	assert.Zero(t, remote.db.Len("users"))
}

// The context of the process ends a command as a second signal does.
func TestContext(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr lockedBuffer
	assert.Equal(t, exitStopped, run(ctx, []string{"check", "-config", remote.config}, &system{stdout: io.Discard, stderr: &stderr}))
	assert.Contains(t, stderr.String(), "context canceled")
	assert.Contains(t, stderr.String(), "remedy: run the command again\n")
}

// The words that the help gives for a flag are those that the flag takes.
func TestHelpNamesTheWordsOfAFlag(t *testing.T) {
	t.Parallel()
	word := regexp.MustCompile(`"([a-z]+)"`)
	for name, refused := range map[string]string{
		"Mode": "-mode", "OnExisting": "-on-existing", "Duplicates": "-duplicates", "Null": "-null", "Empty": "-empty", "Missing": "-missing",
	} {
		t.Run(refused, func(t *testing.T) {
			t.Parallel()
			field, found := reflect.TypeFor[settings]().FieldByName(name)
			require.True(t, found)
			args := []string{"check", "-local", refused, "x"}
			if name == "OnExisting" {
				args = append(args, "-mode", "insert")
			}
			r := runIn(t, "", args...)
			require.Equal(t, exitUsage, r.code)
			_, must, found := strings.Cut(r.stderr, "must be ")
			require.True(t, found, r.stderr)
			for _, w := range word.FindAllStringSubmatch(must, -1) {
				assert.Regexp(t, `\b`+w[1]+`\b`, field.Tag.Get("help"))
			}
		})
	}
}
