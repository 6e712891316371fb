package manual

import (
	"fmt"
	"regexp"
	"strings"
)

// compare compares the output of a command with that of a page, but for the lines of a report that differ from run to run.
// In the page's, … is any text, and as a line of its own any number of lines. With learn an address may have another
// port: compare returns the pairs of the page's address and the one that was printed.
func compare(want, have string, learn bool) (learned []string, err error) {
	want, have = withoutTime(want), withoutTime(have)
	var pattern strings.Builder
	var addresses []string
	for line := range strings.Lines(want) {
		if strings.TrimSpace(line) == "…" {
			pattern.WriteString(`(?:.*\n)*?`)
			continue
		}
		line = strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*")
		if learn {
			for _, known := range address.FindAllString(strings.ReplaceAll(line, `\.`, "."), -1) {
				host, _, _ := strings.Cut(known, ":")
				line = strings.Replace(line, regexp.QuoteMeta(known), "("+regexp.QuoteMeta(host)+`:\d+)`, 1)
				addresses = append(addresses, known)
			}
		}
		pattern.WriteString(line)
	}
	match := regexp.MustCompile("^" + pattern.String() + "$").FindStringSubmatch(have)
	if match == nil {
		return nil, fmt.Errorf("the page has another output:\n%sthan the command:\n%s", want, have)
	}
	for i, known := range addresses {
		learned = append(learned, known, match[i+1])
	}
	return learned, nil
}

// withoutTime drops the line of a report that says how long it took.
func withoutTime(report string) string {
	var kept strings.Builder
	for line := range strings.Lines(report) {
		if !strings.HasPrefix(line, "seconds ") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
