package dynamodest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReadmeCode compares the Go blocks of the README and of three pages of docs with the examples, which
// the compiler has checked: each is the text between two comments there.
func TestReadmeCode(t *testing.T) {
	t.Parallel()

	pages := read(t, "README.md") + read(t, "docs/engine.md") + read(t, "docs/scale.md") + read(t, "docs/telemetry.md")
	files, err := filepath.Glob("example*_test.go")
	require.NoError(t, err)
	source := ""
	for _, file := range append(files, "source/example_test.go", "examples/assumerole/example_test.go", "otel/example_test.go") {
		source += read(t, file)
	}
	blocks := regexp.MustCompile("(?ms)^<!-- example: ([^>]+) -->\n```go\n(.*?)^```$").FindAllStringSubmatch(pages, -1)
	require.Len(t, blocks, strings.Count(pages, "```go\n"), "every Go block names its example")
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		name, want := block[1], block[2]
		_, after, found := strings.Cut(source, "// README: "+name+"\n")
		require.True(t, found, "no example is marked %q", name)
		got, _, found := strings.Cut(after, "// README end\n")
		require.True(t, found, "the example %q has no end", name)
		assert.Equal(t, want, dedent(got), "the page and the example differ: %s", name)
	}
	assert.Equal(t, len(blocks), strings.Count(source, "// README: "), "every example that is marked is on a page")
}

// TestReadmeAndDocsNameWhatExists compares the Markdown files with the repository: the targets of
// relative links exist, headings included, and so does every test that a page names.
func TestReadmeAndDocsNameWhatExists(t *testing.T) {
	t.Parallel()

	var pages []string
	tests := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case filepath.Ext(path) == ".md":
			pages = append(pages, path)
		case strings.HasSuffix(path, "_test.go"):
			for _, match := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`).FindAllStringSubmatch(read(t, path), -1) {
				tests[match[1]] = true
			}
		}
		return nil
	}))
	links, names := 0, 0
	for _, page := range pages {
		text := read(t, page)
		for _, match := range regexp.MustCompile(`\]\(([^):\s]+)\)`).FindAllStringSubmatch(text, -1) {
			links++
			file, heading, _ := strings.Cut(match[1], "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			_, err := os.Stat(target)
			assert.NoError(t, err, "%s links to it", page)
			if err != nil || heading == "" {
				continue
			}
			assert.Contains(t, headings(read(t, target)), heading, "%s links to %s", page, match[1])
		}
		for _, match := range regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w+)`").FindAllStringSubmatch(text, -1) {
			names++
			assert.True(t, tests[match[1]], "%s names %s, and there is no such test", page, match[1])
		}
	}
	assert.Greater(t, links, 20)
	assert.Greater(t, names, 20)
}

// headings returns the anchors of a page's headings.
func headings(page string) []string {
	var anchors []string
	for _, match := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		words := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(match[1]), "")
		anchors = append(anchors, strings.ReplaceAll(words, " ", "-"))
	}
	return anchors
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(content)
}

// dedent takes the indentation of the first line off every line, and the
// unfinished last line, and an empty one before it, off the end.
func dedent(code string) string {
	code = strings.TrimRight(code[:strings.LastIndexByte(code, '\n')], "\n") + "\n"
	indent := code[:len(code)-len(strings.TrimLeft(code, "\t"))]
	return strings.ReplaceAll("\n"+code, "\n"+indent, "\n")[1:]
}
