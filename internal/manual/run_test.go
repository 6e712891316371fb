package manual

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// markdown returns the pages of the repository by their paths.
func markdown(t *testing.T) map[string]page {
	t.Helper()
	all := map[string]page{}
	require.NoError(t, walk(func(path string, _ fs.DirEntry) error {
		if filepath.Ext(path) != ".md" || path == "CHANGELOG.md" || strings.Contains(path, "testdata/") {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		all[path] = parse(path, string(text))
		return err
	}))
	for name := range pages {
		require.Contains(t, all, name, "pages_test.go names a page that does not exist")
	}
	return all
}

// Every block of commands does what its page says: the blocks of a page one after another in the same folders, the pages at the
// same time.
func TestManual(t *testing.T) {
	t.Parallel()
	ran := 0
	for name, page := range markdown(t) {
		for _, problem := range page.problems {
			t.Error(problem)
		}
		if ran += len(page.blocks); len(page.blocks) == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := newPlace(t, name, pages[name])
			ctx, cancel := beforeDeadline(t)
			defer cancel()
			for _, b := range page.blocks {
				t.Run(fmt.Sprintf("%s:%d", filepath.Base(name), b.line), func(t *testing.T) {
					require.NoError(t, b.check(ctx, t, place), "%s:%d\n%s", b.page, b.line, b.script)
				})
			}
			assert.NoError(t, place.stop())
		})
	}
	assert.Greater(t, ran, 40, "blocks of commands")
}

// beforeDeadline returns a context that ends what still runs before go test gives up, so that the failure is reported and no
// process stays.
func beforeDeadline(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	if deadline, is := t.Deadline(); is {
		return context.WithDeadline(t.Context(), deadline.Add(-15*time.Second))
	}
	return context.WithCancel(t.Context())
}

// check runs the block, or checks the reason why it is not run. ctx is the page's.
func (b block) check(ctx context.Context, t *testing.T, p *place) error {
	t.Helper()
	if b.notRun != "" {
		return b.checkReason()
	}
	for _, need := range b.needs {
		if e := externals[need]; p.env[e.env] == "" {
			require.NotEqual(t, "1", os.Getenv(e.require), "%s is not set", e.env)
			t.Skipf("%s is not set", e.env)
		}
	}
	if b.clone || strings.Contains(b.script, "../dynamodest") {
		if err := p.copyRepository(); err != nil {
			return err
		}
	}
	if b.background {
		return p.start(ctx, b)
	}
	return p.run(ctx, b)
}

// command returns the command that runs a block, in a process group of its own, which ends with the command.
func (p *place) command(ctx context.Context, b block, script string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	cmd = exec.CommandContext(ctx, b.shell, "-ec", script)
	cmd.Dir, cmd.Env = p.dir, p.environ(b)
	if b.clone {
		cmd.Dir = p.clone
	}
	stderr = new(bytes.Buffer)
	cmd.Stderr = stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second // for output of processes that outlive the command
	return cmd, stderr
}

// run runs a block to its end.
func (p *place) run(ctx context.Context, b block) error {
	texts := strings.NewReplacer(p.replace...)
	cmd, stderr := p.command(ctx, b, texts.Replace(b.script))
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	err := exitedWith(cmd.Run(), cmd, b.exit)
	if b.output != nil {
		if _, wrong := compare(texts.Replace(*b.output), stdout.String(), false); wrong != nil {
			err = errors.Join(err, wrong)
		}
	}
	if err != nil {
		return fmt.Errorf("%w\nstandard output:\n%s\nstandard error:\n%s", err, stdout.String(), stderr)
	}
	return nil
}

// exitedWith returns an error unless a command ended with a code; err is what it returned.
func exitedWith(err error, cmd *exec.Cmd, code int) error {
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || !exit.Exited()) {
		return err
	}
	if have := cmd.ProcessState.ExitCode(); have != code {
		return fmt.Errorf("the exit code is %d, and should be %d", have, code)
	}
	return nil
}

// address matches an address at which a command of a page listens.
var address = regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+`)

// exports matches the line of output by which a command says what to export.
var exports = regexp.MustCompile(`\bexport((?: \w+=\S+)+)$`)

// background is a block that runs until the page ends.
type background struct {
	block
	cmd    *exec.Cmd
	stderr *bytes.Buffer
	rest   chan error // of reading what it prints after the output of the page
}

// start starts a block, and waits until it has printed the output of the page. Where the page has an address on the loopback
// interface, the command gets a free port, and later blocks the address that it then prints. What the output says to
// export is in the environment of later blocks.
func (p *place) start(ctx context.Context, b block) error {
	if b.output == nil {
		return errors.New("the output by which a reader knows that the command is ready is missing: put it into a ```text block after the commands")
	}
	texts := strings.NewReplacer(p.replace...)
	script := address.ReplaceAllString(texts.Replace(b.script), "$1:0")
	cmd, stderr := p.command(ctx, b, "trap : INT\n"+script) // the shell stays, for the exit code, when it is interrupted
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	bg := &background{block: b, cmd: cmd, stderr: stderr, rest: make(chan error, 1)}
	p.running = append(p.running, bg)
	lines := bufio.NewReader(stdout)
	var have strings.Builder
	for range strings.Count(*b.output, "\n") {
		line, err := lines.ReadString('\n')
		have.WriteString(line)
		if err != nil {
			break
		}
	}
	go func() {
		_, err := io.Copy(io.Discard, lines)
		bg.rest <- err
	}()
	learned, err := compare(texts.Replace(*b.output), have.String(), true)
	if err != nil {
		return errors.Join(err, bg.stop(), fmt.Errorf("standard error:\n%s", stderr))
	}
	p.replace = append(p.replace, learned...)
	for line := range strings.Lines(have.String()) {
		if settings := exports.FindStringSubmatch(strings.TrimSuffix(line, "\n")); settings != nil {
			for setting := range strings.FieldsSeq(settings[1]) {
				name, value, _ := strings.Cut(setting, "=")
				p.env[name] = value
			}
		}
	}
	return nil
}

// stop interrupts, as Ctrl-C does, and waits for what runs in the background.
func (p *place) stop() error {
	var all error
	for _, bg := range p.running {
		if bg.cmd.ProcessState == nil {
			if err := bg.stop(); err != nil {
				all = errors.Join(all, fmt.Errorf("%s:%d: %w", bg.page, bg.line, err))
			}
		}
	}
	return all
}

// goRun matches the command that has the exit code 1 after an interrupt, whatever its program has.
var goRun = regexp.MustCompile(`(?m)^go (-C \S+ )?run `)

func (bg *background) stop() error {
	code := bg.exit
	if goRun.MatchString(bg.script) {
		code = 1
	}
	err := syscall.Kill(-bg.cmd.Process.Pid, syscall.SIGINT)
	err = errors.Join(err, <-bg.rest, exitedWith(bg.cmd.Wait(), bg.cmd, code))
	if err != nil {
		return fmt.Errorf("after Ctrl-C: %w\nstandard error:\n%s", err, bg.stderr)
	}
	return nil
}
