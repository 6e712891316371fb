package manual

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// reasons are all reasons not to run commands, each with what is checked instead. That the programs, flags and targets of the
// commands exist is checked in any case.
var reasons = map[string]func(b block) error{
	"needs an AWS account":          needs(regexp.MustCompile(`\baws\b|\bAWS_|-table\b`)),
	"needs another DynamoDB server": needsServer,
	".ci/run runs it":               func(b block) error { return ranByCI(b, nil) },
	".ci/run runs less of it":       func(b block) error { return ranByCI(b, less) },
	"measures for minutes":          func(b block) error { return ranByCI(b, measured) },
	"gets what is not released yet": needsRelease,
}

// less are commands that take long, and those of .ci/run and of the Makefile that run the same code for a shorter time.
var less = map[string]string{
	"go -C internal/benchmarks run .":                                 "go -C internal/benchmarks run . -quick",
	"go -C internal/benchmarks run . -run 'client|loopback' -reps 11": "go -C internal/benchmarks run . -quick",
	"go -C internal/benchmarks run . -quick":                          "go -C internal/benchmarks run . -quick",
	"DYNAMODEST_LONG=1 make heavy":                                    "make heavy",
	"go test . -args -way=1 -http":                                    "go test -shuffle=on . -args -way=$$way -http",
	"go test ./internal/transport -args -way=3":                       "go test -shuffle=on ./internal/transport -args -way=$$way",
	"DYNAMODEST_HEAVY=1 DYNAMODEST_LONG=1 go test -v -timeout 60m -run 'TestHeavyScale$' . | grep _test.go":              "make heavy",
	"DYNAMODEST_HEAVY=1 DYNAMODEST_LONG=1 go test -v -timeout 60m -run 'TestHeavyExploreScheduler$' ./internal/schedule": "make heavy",
}

// measured are commands that measure for minutes, which .ci/run has for long runs.
var measured = map[string]string{
	"go run ./internal/cmd/pace":                     "make pace",
	"go run ./internal/cmd/pace -run 'bursts|spell'": "make pace",
	"go run ./internal/cmd/pace -svg docs/pace":      "make pace",
}

// checkReason checks a block that is not run.
func (b block) checkReason() error {
	if out, err := exec.Command(b.shell, "-nc", b.script).CombinedOutput(); err != nil {
		return fmt.Errorf("the syntax is wrong: %w\n%s", err, out)
	}
	var errs []error
	for _, line := range b.commands() {
		errs = append(errs, checkCommand(b.page, line))
	}
	return errors.Join(append(errs, reasons[b.notRun](b))...)
}

// commands returns the lines of a block, with those that are continued as one, without comments.
func (b block) commands() []string {
	var all []string
	for line := range strings.Lines(strings.ReplaceAll(b.script, "\\\n", " ")) {
		line, _, _ = strings.Cut(line, " #")
		if line = strings.Join(strings.Fields(line), " "); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// needs returns a check that the commands have something that shows the reason.
func needs(shows *regexp.Regexp) func(b block) error {
	return func(b block) error {
		if !shows.MatchString(b.script) {
			return fmt.Errorf("nothing in the commands shows that: %s", shows)
		}
		return nil
	}
}

// needsServer checks that the commands name the variables of the tests that read them, and dynalite the version of .ci.
func needsServer(b block) error {
	var tests strings.Builder
	for _, file := range []string{"integration_test.go", "dynamodesttest/differential_test.go"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			return err
		}
		tests.Write(text)
	}
	names := regexp.MustCompile(`DYNAMODEST_\w+`).FindAllString(b.script, -1)
	if len(names) == 0 {
		return errors.New("no variable says where the server is")
	}
	for _, name := range names {
		if !strings.Contains(tests.String(), `"`+name+`"`) {
			return fmt.Errorf("no integration test reads %s", name)
		}
	}
	lock, err := os.ReadFile(filepath.Join(root, ".ci/dynalite/package.json"))
	if err != nil {
		return err
	}
	if version := regexp.MustCompile(`dynalite@(\S+)`).FindStringSubmatch(b.script); version != nil && !strings.Contains(string(lock), `"`+version[1]+`"`) {
		return fmt.Errorf(".ci/dynalite has another version than %s", version[1])
	}
	return nil
}

// testInFolder matches the tests of a nested module, which .ci runs in each of their folders by one line, with flags of its own.
var (
	testInFolder = regexp.MustCompile(`^go -C (\S+) test( -vet=off)? \./\.\.\.$`)
	testsModules = regexp.MustCompile(`(?m)\bgo test [^\n]*\$[^\n]* \./\.\.\.$`)
)

// ranByCI checks that .ci/run, itself or by the Makefile, runs each line, or the one that instead has for it.
func ranByCI(b block, instead map[string]string) error {
	recipes, err := ofCI()
	if err != nil {
		return err
	}
	for _, line := range b.commands() {
		want := line
		if instead != nil {
			if want = instead[line]; want == "" {
				return fmt.Errorf("reasons_test.go does not say what .ci/run runs instead of: %s", line)
			}
		}
		runs := regexp.MustCompile(`(?m)(^|[\t ;'"])` + regexp.QuoteMeta(want) + `($|[ ;'"])`)
		if folder := testInFolder.FindStringSubmatch(want); folder != nil {
			if _, err := os.Stat(filepath.Join(root, folder[1], "go.mod")); err != nil {
				return err
			}
			runs = testsModules
		}
		if !runs.MatchString(recipes) {
			return fmt.Errorf("neither .ci nor the Makefile has: %s", want)
		}
	}
	return nil
}

// ofCI returns the texts of the files by which CI runs.
func ofCI() (string, error) {
	var all strings.Builder
	for _, pattern := range []string{"Makefile", ".ci/run", ".ci/*.sh", ".ci/steps/*.sh"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return "", err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			all.Write(text)
		}
	}
	return all.String(), nil
}

// needsRelease checks that what the commands get at a version is a package or a module of this repository.
func needsRelease(b block) error {
	named := regexp.MustCompile(`(\S+)@(latest|v\S+)`).FindAllStringSubmatch(b.script, -1)
	if len(named) == 0 {
		return errors.New("the commands name no version")
	}
	for _, n := range named {
		if err := inRepository(n[1]); err != nil {
			return err
		}
	}
	return nil
}

// inRepository checks that an import path of this repository is a folder of it.
func inRepository(path string) error {
	folders, err := modules()
	if err != nil {
		return err
	}
	rest, found := strings.CutPrefix(path+"/", folders["."]+"/")
	if !found {
		return fmt.Errorf("%s is not a package of this repository", path)
	}
	return isFolder(filepath.Join(root, rest))
}

func isFolder(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a folder", path)
	}
	return err
}
