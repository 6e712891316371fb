// Package again starts the running program once more, as a process of its own with other arguments: a server whose CPU
// and memory do not count as the client's.
package again

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
)

// Command returns the command that runs this program with the given arguments, until ctx ends. It shares standard
// error.
func Command(ctx context.Context, arguments ...string) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	process := exec.CommandContext(ctx, program, arguments...)
	process.Stderr = os.Stderr
	return process, nil
}

// Start starts the Command, and returns its standard input and output too.
func Start(ctx context.Context, arguments ...string) (process *exec.Cmd, in io.WriteCloser, out io.ReadCloser, err error) {
	process, err = Command(ctx, arguments...)
	if err != nil {
		return nil, nil, nil, err
	}
	in, err1 := process.StdinPipe()
	out, err2 := process.StdoutPipe()
	return process, in, out, errors.Join(err1, err2, process.Start())
}
