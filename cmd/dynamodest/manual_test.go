package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// manual is the path of the manual from this directory.
const manual = "../../docs/command.md"

// example is a command of the manual: how it is run, what it is, and the output that the manual gives.
var example = regexp.MustCompile("(?s)<!-- run(: [^\n]*)? -->\n```sh\n(.*?)```\n(?:\n```text\n(.*?)```\n)?")

// The commands of the manual that are marked do what it says.
func TestManual(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(manual)
	require.NoError(t, err)
	examples := example.FindAllStringSubmatch(string(text), -1)
	require.GreaterOrEqual(t, len(examples), 6)
	airports, err := os.ReadFile("testdata/airports.csv")
	require.NoError(t, err)
	for _, e := range examples {
		how, script, want := strings.TrimPrefix(e[1], ": "), e[2], e[3]
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			remote := newRemote(t)
			remote.db.AddTable("airports", "iata:S")
			remote.write(t, "airports.csv", string(airports))
			remote.write(t, "broken.csv", "id,n\nA,1\nB,2,3\n,4\nC,5\n")
			config, err := os.ReadFile(remote.config)
			require.NoError(t, err)
			remote.write(t, "table.json", strings.Replace(string(config), "users", "airports", 1))

			cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
			cmd.Dir = remote.dir
			if how == "in a clone" {
				cmd.Dir = "../.."
			}
			cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(command(t))+string(os.PathListSeparator)+os.Getenv("PATH"))
			out, err := cmd.Output()
			code := 0
			if number, found := strings.CutPrefix(how, "exit "); found {
				code, err = strconv.Atoi(number)
				require.NoError(t, err)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, code, cmd.ProcessState.ExitCode())
			if want != "" {
				assert.Equal(t, withoutTime(want), withoutTime(string(out)))
			}
		})
	}
}

// withoutTime drops the line of a report that differs from run to run.
func withoutTime(report string) string {
	var kept strings.Builder
	for line := range strings.Lines(report) {
		if !strings.HasPrefix(line, "seconds ") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// The manual has the exit codes of the help, and every flag that it names exists.
func TestManualNamesWhatExists(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(manual)
	require.NoError(t, err)
	text := string(data)
	for line := range strings.Lines(exitCodes) {
		if fields := strings.Fields(line); len(fields) > 2 {
			if _, err := strconv.Atoi(fields[0]); err == nil {
				assert.Contains(t, text, "| "+fields[0])
			}
		}
	}
	help := ""
	for _, command := range []string{"load", "preview", "check", "policy", "schema", "serve"} {
		help += runIn(t, "", command, "-help").stdout
	}
	for _, flag := range regexp.MustCompile("`(-[a-z][a-z-]+)").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(help, flag[1]) {
			t.Errorf("no command has the flag %s", flag[1])
		}
	}
}
