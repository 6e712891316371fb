package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// output is standard output. It keeps the first error of writing to it, after which it takes no more, so that a command
// whose result was lost does not end as if all was well.
type output struct {
	writer io.Writer
	err    error
}

func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.writer.Write(p)
	o.err = err
	return n, err
}

// code reports the error of writing, if there is one, on stderr. It returns the exit code of a command that would
// otherwise end with code.
func (o *output) code(stderr io.Writer, code int) int {
	if o.err == nil {
		return code
	}
	fmt.Fprintln(stderr, "dynamodest: standard output could not be written:", o.err)
	if code == exitOK {
		return exitSource
	}
	return code
}

// printLine prints a line of a report: a figure, and what there is to say about it.
func printLine(out io.Writer, name, figure, says string) {
	fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("%-20s %12s  %s", name, figure, says), " "))
}

// writesTo reports whether w, an *output or a file, writes to the regular file at path.
func writesTo(w io.Writer, path string) bool {
	if o, ok := w.(*output); ok {
		w = o.writer
	}
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	written, err := f.Stat()
	if err != nil || !written.Mode().IsRegular() {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(written, there)
}
