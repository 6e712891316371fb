package manual

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A page whose marks are missing or wrong is a failure that says what to do.
func TestPagesThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ page, want string }{
		"no mark":             {"```sh\ntrue\n```\n", "p.md:1: the commands have no mark"},
		"indented":            {"1. First:\n\n   ```bash\n   true\n   ```\n", "p.md:3: the commands have no mark"},
		"a line between":      {"<!-- run -->\n\n```sh\ntrue\n```\n", "p.md:1: a mark stands directly before"},
		"no block":            {"<!-- run -->\n```json\n{}\n```\n", "p.md:1: a mark stands directly before"},
		"unknown how":         {"<!-- run: on the moon -->\n```sh\ntrue\n```\n", `p.md:1: "on the moon" does not say how`},
		"no code":             {"<!-- run: exit one -->\n```sh\ntrue\n```\n", `p.md:1: "one" is no exit code`},
		"unknown reason":      {"<!-- not run: too dull -->\n```sh\ntrue\n```\n", `p.md:1: "too dull" is no reason`},
		"no reason":           {"<!-- not run -->\n```sh\ntrue\n```\n", `p.md:1: "" is no reason`},
		"malformed":           {"<!-- run : exit 1 -->\n```sh\ntrue\n```\n", "p.md:1: the mark is not understood"},
		"another info string": {"```text\ngo run ./examples/quickstart\n```\n", "p.md:1: there is a command in the block"},
		"no info string":      {"```\n$ ls\n```\n", "p.md:1: there is a command in the block"},
		"no fence":            {"Run:\n\n    make race\n", "p.md:3: an indented line that is a command"},
		"in a quotation":      {"> ```sh\n> true\n> ```\n", "p.md:1: the fence is not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parse("p.md", tt.page)
			require.NotEmpty(t, p.problems)
			assert.Contains(t, p.problems[0], tt.want)
		})
	}
}

// What a block does must be what the page says.
func TestBlocksThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ page, want string }{
		"exit code":          {"<!-- run -->\n```sh\nfalse\ntrue\n```\n", "the exit code is 1, and should be 0"},
		"no failure":         {"<!-- run: exit 5 -->\n```sh\ntrue\n```\n", "the exit code is 0, and should be 5"},
		"output":             {"<!-- run -->\n```sh\necho b\n```\n\n```text\na\n```\n", "another output"},
		"more output":        {"<!-- run -->\n```sh\necho a; echo b\n```\n\n```text\na\n```\n", "another output"},
		"output of console":  {"<!-- run -->\n```console\n$ echo b\na\n```\n", "another output"},
		"no program":         {"<!-- run -->\n```sh\ndynamodest bake\n```\n", "unexpected argument bake"},
		"a server that ends": {"<!-- run: in the background -->\n```sh\necho ready\nexit 3\n```\n\n```text\nready\nsteady\n```\n", "another output"},
		"silent server":      {"<!-- run: in the background -->\n```sh\ntrue\n```\n", "the output by which a reader knows"},
		"syntax":             {"<!-- not run: needs an AWS account -->\n```sh\naws dynamodb 'list\n```\n", "the syntax is wrong"},
		"needs no account":   {"<!-- not run: needs an AWS account -->\n```sh\ngo vet ./...\n```\n", "nothing in the commands shows that"},
		"not in CI":          {"<!-- not run: .ci/run runs it -->\n```sh\ngo test -run Such ./internal/...\n```\n", "neither .ci nor the Makefile has"},
		"no flag":            {"<!-- not run: needs an AWS account -->\n```sh\ngo run ./examples/quickstart -table x -bake\n```\n", "no flag -bake"},
		"no other server":    {"<!-- not run: needs another DynamoDB server -->\n```sh\nDYNAMODEST_SUCH=1 go test ./...\n```\n", "no integration test reads DYNAMODEST_SUCH"},
		"never released":     {"<!-- not run: gets what is not released yet -->\n```sh\ngo install github.com/dynamodest/dynamodest/cmd/such@latest\n```\n", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := parse("p.md", tt.page)
			require.Empty(t, page.problems)
			require.Len(t, page.blocks, 1)
			place := newPlace(t, t.Name(), fixtures{})
			assert.ErrorContains(t, page.blocks[0].check(t.Context(), t, place), tt.want)
			assert.NoError(t, place.stop())
		})
	}
}

// A block in the background gets a free port, and later blocks the address and the variables that it prints; it ends with the page.
func TestBackground(t *testing.T) {
	t.Parallel()
	page := parse("p.md", "<!-- run: in the background -->\n```sh\ndynamodest serve -addr 127.0.0.1:8000 -table 'users(id:S)'\n```\n\n"+
		"```text\nDynamoDB in memory: export AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:8000 AWS_REGION=us-east-1 …\n```\n\n"+
		"<!-- run -->\n```sh\necho '{\"id\": \"a\"}' | dynamodest load -table users -format ndjson - >report\ndynamodest check -table users\n"+
		"[ \"$AWS_ENDPOINT_URL_DYNAMODB\" = http://127.0.0.1:8000 ]\n```\n\n```text\ntable           users: exists and takes writes\n…\n```\n")
	require.Empty(t, page.problems)
	require.Len(t, page.blocks, 2)
	place := newPlace(t, t.Name(), fixtures{})
	for _, b := range page.blocks {
		require.NoError(t, b.check(t.Context(), t, place))
	}
	require.Len(t, place.running, 1)
	require.NoError(t, place.stop())
	assert.Zero(t, place.running[0].cmd.ProcessState.ExitCode())
}

// A program that does not end as its page says when it is interrupted is found.
func TestBackgroundEndsWrong(t *testing.T) {
	t.Parallel()
	page := parse("p.md", "<!-- run: in the background -->\n```sh\ntrap 'exit 7' INT\necho ready\nwhile :; do sleep 0.01; done\n```\n\n```text\nready\n```\n")
	require.Len(t, page.blocks, 1)
	place := newPlace(t, t.Name(), fixtures{})
	require.NoError(t, page.blocks[0].check(t.Context(), t, place))
	assert.ErrorContains(t, place.stop(), "p.md:2: after Ctrl-C: the exit code is 7, and should be 0")
}

// Prose that names what does not exist is found.
func TestNamesOfNothing(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"make bread":                                              `no target "bread"`,
		"make short && make bread":                                `no target "bread"`,
		"go run ./internal/cmd/bake":                              "no folder ./internal/cmd/bake",
		"go run ./internal/cmd/pace -bake":                        "no flag -bake",
		"go -C cmd/dynamodest run . load -bake":                   "no flag -bake",
		"go bake ./...":                                           "unknown help topic",
		"go test -run TestBread .":                                "selects no test",
		"dynamodest bake":                                         "unexpected argument bake",
		"DYNAMODEST_DSN=x dynamodest load -bake":                  "no flag -bake",
		"dynamodest-connect bake":                                 "no command bake",
		"go install github.com/dynamodest/dynamodest/bake@latest": "no such file",
	} {
		assert.ErrorContains(t, checkCommand("README.md", line), want, line)
	}
	for _, line := range []string{"go doc", "go test ./internal/...", "make release VERSION=v0.1.0", "dynamodest load -help", "go run ./internal/cmd/pace -run 'a|b'"} {
		assert.NoError(t, checkCommand("README.md", line), line)
	}
}

// A block that writes leaves the working tree as it is.
func TestCloneIsACopy(t *testing.T) {
	t.Parallel()
	page := parse("p.md", "<!-- run: in a clone -->\n```sh\necho x >made\ntest -f README.md\ntest ! -e .git\n```\n")
	require.Len(t, page.blocks, 1)
	place := newPlace(t, t.Name(), fixtures{})
	require.NoError(t, page.blocks[0].check(t.Context(), t, place))
	assert.FileExists(t, filepath.Join(place.clone, "made"))
	assert.NoFileExists(t, filepath.Join(root, "made"))
}
