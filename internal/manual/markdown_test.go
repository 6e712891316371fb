package manual

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// block is a block of commands in a page.
type block struct {
	page   string // path from the root of the repository
	line   int    // of the fence
	shell  string // that runs it
	script string
	output *string // the block of text right after it, which is its whole standard output; nil if there is none
	mark
}

// mark says how a block is run, or why it is not.
type mark struct {
	notRun     string // the reason, if it is not run
	clone      bool   // in the root of a copy of the repository, else in a folder that has the fixtures of the page
	background bool   // until the page ends
	exit       int    // the wanted code
	needs      []string
}

// shells are the info strings of blocks of commands, and what runs each.
var shells = map[string]string{"sh": "sh", "shell": "sh", "bash": "bash", "console": "sh"}

var (
	fence     = regexp.MustCompile("^([ \t]*)(```+|~~~+)[ \t]*([^ \t`]*)[^`]*$")
	marking   = regexp.MustCompile(`^\s*<!-- (run|not run)(?:: (.+))? -->$`)
	looksLike = regexp.MustCompile(`^\s*<!--+\s*(?i:(not )?run\b)`)
	// command matches a line that is one, in a block that is not marked as a shell's.
	command = regexp.MustCompile(`^\s*(\$ |(go (-C \S+ )?(run|test|build|get|install|mod|vet)|dynamodest|dynamodest-connect|aws|curl|docker|npx|psql|git clone) [^=]|make [a-z]+( [A-Z_]+=\S+)*\s*$)`)
)

// page is a Markdown file.
type page struct {
	blocks   []block
	prose    string   // without what is between fences; each line is where it was
	problems []string // what is wrong with the page itself
}

// parse reads a page.
func parse(name, text string) page {
	p := page{}
	var prose strings.Builder
	lines := strings.Split(text, "\n")
	marked := -1 // line of the last mark
	for i := 0; i < len(lines); i++ {
		open := fence.FindStringSubmatch(lines[i])
		if open == nil {
			prose.WriteString(lines[i] + "\n")
			switch {
			case strings.Contains(lines[i], "```"):
				p.problem(name, i, "the fence is not understood: put it at the beginning of a line")
			case strings.HasPrefix(lines[i], "    ") && command.MatchString(lines[i]):
				p.problem(name, i, "an indented line that is a command: put it into a block that begins with ```sh")
			case looksLike.MatchString(lines[i]):
				if marked = i; i+1 == len(lines) || shells[info(lines[i+1])] == "" {
					p.problem(name, i, "a mark stands directly before a block of commands")
				}
			}
			continue
		}
		body, end := fenced(lines, i, open)
		if shell := shells[open[3]]; shell != "" {
			b := block{page: name, line: i + 1, shell: shell, script: body}
			if marked != i-1 || i == 0 {
				p.problem(name, i, "the commands have no mark: write <!-- run -->, <!-- run: how --> or <!-- not run: reason --> into the line before them (docs/testing.md)")
			} else if m, err := parseMark(lines[marked]); err != nil {
				p.problem(name, marked, err.Error())
			} else {
				b.mark = m
				end = b.readOutput(lines, end, open[3] == "console")
				p.blocks = append(p.blocks, b)
			}
		} else if slices.ContainsFunc(strings.Split(body, "\n"), command.MatchString) {
			p.problem(name, i, "there is a command in the block: begin it with ```sh, with a mark before it")
		}
		prose.WriteString(strings.Repeat("\n", end-i+1))
		i = end
	}
	p.prose = prose.String()
	return p
}

func (p *page) problem(name string, line int, says string) {
	p.problems = append(p.problems, fmt.Sprintf("%s:%d: %s", name, line+1, says))
}

// info returns the info string of a fence, "" if line is none.
func info(line string) string {
	if open := fence.FindStringSubmatch(line); open != nil {
		return open[3]
	}
	return ""
}

// fenced returns what is between the fence at lines[at] and the one that ends it, without the indentation of the first, and
// the index of the last line.
func fenced(lines []string, at int, open []string) (body string, end int) {
	var b strings.Builder
	for end = at + 1; end < len(lines); end++ {
		if line := strings.TrimSpace(lines[end]); strings.HasPrefix(line, open[2]) && strings.Trim(line, open[2][:1]) == "" {
			break
		}
		b.WriteString(strings.TrimPrefix(lines[end], open[1]) + "\n")
	}
	return b.String(), end
}

// readOutput reads the output of a block that ends at lines[end], and returns the index of the last line that belongs to the
// block. In a console the lines without a prompt are the output.
func (b *block) readOutput(lines []string, end int, console bool) int {
	if console {
		var script, output strings.Builder
		for line := range strings.Lines(b.script) {
			if command, found := strings.CutPrefix(line, "$ "); found {
				script.WriteString(command)
			} else {
				output.WriteString(line)
			}
		}
		out := output.String()
		b.script, b.output = script.String(), &out
		return end
	}
	next := end + 1
	for next < len(lines) && strings.TrimSpace(lines[next]) == "" {
		next++
	}
	if next == len(lines) || info(lines[next]) != "text" {
		return end
	}
	body, last := fenced(lines, next, fence.FindStringSubmatch(lines[next]))
	b.output = &body
	return last
}

// parseMark reads the comment before a block.
func parseMark(comment string) (mark, error) {
	parts := marking.FindStringSubmatch(comment)
	switch {
	case parts == nil:
		return mark{}, fmt.Errorf("the mark is not understood: write <!-- run -->, <!-- run: how --> or <!-- not run: reason -->")
	case parts[1] == "not run":
		if reasons[parts[2]] == nil {
			return mark{}, fmt.Errorf("%q is no reason not to run commands: reasons_test.go has all of them", parts[2])
		}
		return mark{notRun: parts[2]}, nil
	case parts[2] == "":
		return mark{}, nil
	}
	var m mark
	for how := range strings.SplitSeq(parts[2], ", ") {
		code, isExit := strings.CutPrefix(how, "exit ")
		switch {
		case how == "in a clone":
			m.clone = true
		case how == "in the background":
			m.background = true
		case externals[how] != (external{}):
			m.needs = append(m.needs, how)
		case isExit:
			var err error
			if m.exit, err = strconv.Atoi(code); err != nil {
				return mark{}, fmt.Errorf("%q is no exit code", code)
			}
		default:
			return mark{}, fmt.Errorf("%q does not say how to run commands: docs/testing.md has the words", how)
		}
	}
	return m, nil
}
