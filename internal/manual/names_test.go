package manual

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// span matches code in a paragraph, over lines.
var span = regexp.MustCompile("`([^`]+)`")

// Every command that prose and tables name exists: its program, its targets, tests, folders and flags.
func TestProseNamesWhatExists(t *testing.T) {
	t.Parallel()
	found := 0
	all := markdown(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, paragraph := range regexp.MustCompile(`\n\s*\n|\n\|`).Split(all[name].prose, -1) {
			for _, code := range span.FindAllStringSubmatch(paragraph, -1) {
				line := strings.Join(strings.Fields(code[1]), " ")
				if program(line) != "" {
					found++
				}
				assert.NoError(t, checkCommand(name, line), "%s: `%s`", name, line)
			}
		}
	}
	assert.Greater(t, found, 50)
}

var assignment = regexp.MustCompile(`^[A-Z_]+=`)

// words splits a command at spaces, and drops assignments before it and quotes. It is not a shell: what is in quotes has no
// spaces in the pages, or nothing is looked at in it.
func words(line string) []string {
	fields := strings.Fields(line)
	for len(fields) > 0 && assignment.MatchString(fields[0]) {
		fields = fields[1:]
	}
	for i, f := range fields {
		fields[i] = strings.Trim(f, `'"`)
	}
	return fields
}

// program returns the program of a command, if it is one that checkCommand knows.
func program(line string) string {
	if w := words(line); len(w) > 1 && checks[w[0]] != nil {
		return w[0]
	}
	return ""
}

// checks are, by the program, what is checked of the words that follow it.
var checks = map[string]func(page string, args []string) error{
	"make":               checkMake,
	"go":                 checkGo,
	"dynamodest":         checkDynamodest,
	"dynamodest-connect": checkConnect,
}

// checkCommand checks that what a command of a page names exists. Each command of a list or of a pipeline is checked alone.
func checkCommand(page, line string) error {
	var errs []error
	for _, part := range regexp.MustCompile(` (?:&&|\|\|?|;|>|2>) `).Split(line, -1) {
		if name := program(part); name != "" {
			errs = append(errs, checks[name](page, words(part)[1:]))
		}
	}
	return errors.Join(errs...)
}

func checkMake(_ string, args []string) error {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		return err
	}
	for _, arg := range args {
		if arg == strings.ToUpper(arg) || strings.Contains(arg, "=") { // STEP is any target, VERSION=v0.1.0 a variable
			continue
		}
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(arg) + `:`).Match(makefile) {
			return fmt.Errorf("the Makefile has no target %q", arg)
		}
	}
	return nil
}

// checkGo checks the folders that a go command names, from the root or from the page, the flags of a program that it runs, and
// that there are tests which it selects.
func checkGo(page string, args []string) error {
	dirs := []string{root, filepath.Join(root, filepath.Dir(page))}
	if args[0] == "-C" && len(args) > 2 {
		for i := range dirs {
			dirs[i] = filepath.Join(dirs[i], args[1])
		}
		args = args[2:]
	}
	verb, args := args[0], args[1:]
	if _, err := help("go", "help", verb); err != nil {
		return err
	}
	var folders []string
	for i, arg := range args {
		if versioned, _, found := strings.Cut(arg, "@"); found && strings.HasPrefix(arg, "github.com/dynamodest/") {
			return inRepository(versioned)
		}
		if arg != "." && !strings.HasPrefix(arg, "./") && !strings.HasPrefix(arg, "../") {
			continue
		}
		if i > 0 && args[i-1] == "-o" || verb == "version" || verb == "mod" {
			continue
		}
		j := slices.IndexFunc(dirs, func(dir string) bool { return isFolder(filepath.Join(dir, strings.TrimSuffix(arg, "..."))) == nil })
		if j < 0 {
			return fmt.Errorf("there is no folder %s", arg)
		}
		folders = append(folders, filepath.Join(dirs[j], arg))
		if verb == "run" {
			return checkFlags(folders[0], args[i+1:])
		}
	}
	if len(folders) == 0 {
		folders = dirs[:1]
	}
	if i := slices.Index(args, "-run"); verb == "test" && i >= 0 && i+1 < len(args) && args[i+1] != "^$" {
		return checkSelects(folders, args[i+1])
	}
	return nil
}

// checkFlags checks that a source file of a program's folder declares each flag.
func checkFlags(folder string, args []string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return err
	}
	var source strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		source.Write(text)
	}
	if filepath.Base(folder) == "dynamodest" && strings.Contains(source.String(), "kong") {
		return checkDynamodest("", args)
	}
	if !strings.Contains(source.String(), "func main()") {
		return fmt.Errorf("%s has no program", folder)
	}
	for _, arg := range args {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !isFlag(arg) {
			continue
		}
		if !regexp.MustCompile(`\.\w*(Var|Bool|Duration|Float64|Func|Int|Int64|String|Uint|Uint64)\([^"\n]*"` + regexp.QuoteMeta(name) + `"`).MatchString(source.String()) {
			return fmt.Errorf("the program in %s has no flag -%s", folder, name)
		}
	}
	return nil
}

func isFlag(arg string) bool { return regexp.MustCompile(`^--?[a-z]`).MatchString(arg) }

// checkSelects checks that the pattern of go test -run matches a test in one of the folders.
func checkSelects(folders []string, pattern string) error {
	pattern, _, _ = strings.Cut(pattern, "/")
	selects, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(strings.TrimSuffix(folder, "..."), "*_test.go"))
		if err != nil {
			return err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			for _, name := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w*)\(`).FindAllSubmatch(text, -1) {
				if selects.Match(name[1]) {
					return nil
				}
			}
		}
	}
	return fmt.Errorf("-run %s selects no test in %s", pattern, path.Join(folders...))
}

// helps are what programs say of themselves, by their command lines.
var helps sync.Map

// help returns what a program says of itself.
func help(args ...string) (string, error) {
	line := strings.Join(args, " ")
	if text, found := helps.Load(line); found {
		return text.(string), nil
	}
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", line, err, out)
	}
	helps.Store(line, string(out))
	return string(out), nil
}

// checkDynamodest checks the verb and the flags of the command by its help.
func checkDynamodest(_ string, args []string) error {
	line := []string{filepath.Join(bin, "dynamodest"), "-help"}
	if !isFlag(args[0]) {
		line = slices.Insert(line, 1, args[0])
	}
	text, err := help(line...)
	if err != nil {
		return err
	}
	for _, arg := range args {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if isFlag(arg) && !hasFlag(text, name) {
			return fmt.Errorf("dynamodest %s has no flag -%s", args[0], name)
		}
	}
	return nil
}

func hasFlag(help, name string) bool {
	return regexp.MustCompile(`(?m)^\s+(-h, )?-` + regexp.QuoteMeta(name) + `\b`).MatchString(help)
}

// checkConnect checks the verb of the command by its help.
func checkConnect(_ string, args []string) error {
	text, err := help(filepath.Join(bin, "dynamodest-connect"), "--help")
	if err != nil {
		return err
	}
	if isFlag(args[0]) {
		if !strings.Contains(text, args[0]) {
			return fmt.Errorf("dynamodest-connect has no flag %s", args[0])
		}
		return nil
	}
	if !regexp.MustCompile(`(?m)^   ` + regexp.QuoteMeta(args[0]) + `\b`).MatchString(text) {
		return fmt.Errorf("dynamodest-connect has no command %s", args[0])
	}
	return nil
}

// The page of the command has the exit codes of the help, and every flag that it names alone exists.
func TestCommandPage(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(root, "docs/command.md"))
	require.NoError(t, err)
	text := string(data)
	ofCommand := func(args ...string) string {
		text, err := help(append([]string{filepath.Join(bin, "dynamodest")}, args...)...)
		require.NoError(t, err)
		return text
	}
	_, codes, found := strings.Cut(ofCommand("-help"), "Exit codes:\n")
	require.True(t, found)
	codes, _, _ = strings.Cut(codes, "\n\n")
	compared := 0
	for line := range strings.Lines(codes) {
		if code := strings.Fields(line)[0]; code != "A" {
			_, err := strconv.Atoi(code)
			require.NoError(t, err)
			compared++
			assert.Contains(t, text, "| "+code)
		}
	}
	assert.Equal(t, 7, compared)
	helps := ""
	for _, command := range []string{"load", "preview", "check", "policy", "schema", "serve"} {
		helps += ofCommand(command, "-help")
	}
	for _, flag := range regexp.MustCompile("`-([a-z][a-z-]+)").FindAllStringSubmatch(text, -1) {
		assert.True(t, hasFlag(helps, flag[1]), "no command has the flag -%s", flag[1])
	}
}
