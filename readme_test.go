package dynamodest_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReadmeCode holds the README's Go blocks against example_test.go, which
// the compiler has checked: each is the text between two comments there.
func TestReadmeCode(t *testing.T) {
	t.Parallel()

	readme := read(t, "README.md")
	source := read(t, "example_test.go")
	blocks := regexp.MustCompile("(?ms)^<!-- example: ([^>]+) -->\n```go\n(.*?)^```$").FindAllStringSubmatch(readme, -1)
	require.Equal(t, strings.Count(readme, "```go\n"), len(blocks), "every Go block of the README names its example")
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		name, want := block[1], block[2]
		_, after, found := strings.Cut(source, "// README: "+name+"\n")
		require.True(t, found, "example_test.go has no %q", name)
		got, _, found := strings.Cut(after, "// README end\n")
		require.True(t, found, "%q in example_test.go has no end", name)
		assert.Equal(t, want, dedent(got), "README.md and example_test.go differ: %s", name)
	}
	assert.Equal(t, len(blocks), strings.Count(source, "// README: "), "every example marked for the README is in it")
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(content)
}

// dedent takes the indentation of the first line off every line, and the
// unfinished last line off the end.
func dedent(code string) string {
	code = code[:strings.LastIndexByte(code, '\n')+1]
	indent := code[:len(code)-len(strings.TrimLeft(code, "\t"))]
	return strings.ReplaceAll("\n"+code, "\n"+indent, "\n")[1:]
}
