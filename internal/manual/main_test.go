package manual

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// root is the root of the repository.
var root string

// scratch is a folder of the repository that git ignores, for the copies of the repository. Their paths are the same in each run,
// so that the packages in them are built once.
var scratch string

// bin has the commands that are in the PATH of every block.
var bin string

// goEnv is what the go command of the blocks has in common with the one that runs the test.
var goEnv map[string]string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	unlock, err := prepare()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if signal.Ignored(syscall.SIGINT) { // by who runs the tests in the background of a script; the commands would inherit it
		signal.Notify(make(chan os.Signal, 1), syscall.SIGINT)
	}
	code := m.Run()
	if err := errors.Join(os.RemoveAll(bin), os.RemoveAll(filepath.Join(scratch, "proxy")), unlock()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// prepare builds the commands. Until unlock, other runs of the test in the same working tree wait.
func prepare() (unlock func() error, err error) {
	if root, err = filepath.Abs("../.."); err != nil {
		return nil, err
	}
	scratch = filepath.Join(root, ".scratch", "manual")
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return nil, err
	}
	lock, err := os.Open(scratch)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	out, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GONOPROXY", "GONOSUMDB", "GOTOOLCHAIN").Output()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(out, &goEnv); err != nil {
		return nil, err
	}
	if bin, err = os.MkdirTemp("", "manual"); err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{"go", "-C", filepath.Join(root, "cmd/dynamodest"), "build", "-o", bin, "."},
		{"go", "-C", filepath.Join(root, "connect"), "build", "-o", bin, "./cmd/dynamodest-connect"},
		{"go", "-C", filepath.Join(root, "otel"), "mod", "download"}, // for the proxy of the page about telemetry
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return lock.Close, nil
}

// walk calls f for each file of the repository, by its path from the root, without what git and tools keep there.
func walk(f func(path string, d fs.DirEntry) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return f(rel, d)
		case slices.Contains([]string{".git", ".scratch", "node_modules"}, d.Name()):
			return filepath.SkipDir
		}
		return nil
	})
}
