package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// caption returns what charts and tables were measured on, and by which command.
func (r *runner) caption() string {
	return fmt.Sprintf("%s, GOMAXPROCS %d, %s/%s, %s, service/dynamodb %s\ngo -C internal/benchmarks run .%s",
		processor(), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version(),
		version("github.com/aws/aws-sdk-go-v2/service/dynamodb"), r.arguments())
}

// arguments returns the flags of this run that decide what is measured.
func (o options) arguments() string {
	var b strings.Builder
	if o.only != "" {
		fmt.Fprintf(&b, " -run '%s'", o.only)
	}
	if o.quick { // which says how many rows and rounds
		return b.String() + " -quick"
	}
	fmt.Fprintf(&b, " -rows %d -reps %d", o.rows, o.reps)
	return b.String()
}

// processor returns the model of the processor, if the system says it.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	_, after, found := strings.Cut(string(info), "model name")
	if !found {
		return "unknown processor"
	}
	line, _, _ := strings.Cut(after, "\n")
	return strings.Trim(line, "\t :")
}

// version returns the version of a module that this program is built with.
func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "of unknown version"
	}
	for _, m := range info.Deps {
		if m.Path == module {
			return m.Version
		}
	}
	return "of unknown version"
}
