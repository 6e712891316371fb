package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes of the program.
const (
	exitOK          = 0
	exitDead        = 1   // some rows are dead letters
	exitUsage       = 2   // flags or settings are wrong
	exitTable       = 3   // the table, the access or the credentials stopped the load
	exitSource      = 4   // the source or a file of the program's own stopped it
	exitTemporal    = 5   // Temporal cannot be reached or gives the worker up, shards were given up, or rows are missing
	exitInterrupted = 130 // by Ctrl-C
)

// exitError is an error with the exit code that it stands for.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// output is where a command writes to.
type output struct{ stdout, stderr io.Writer }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], output{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run runs a command, and returns the exit code.
func run(ctx context.Context, args []string, out output) int {
	command := demoCommand
	if len(args) > 0 {
		switch args[0] {
		case "worker":
			command, args = workerCommand, args[1:]
		case "load":
			command, args = loadCommand, args[1:]
		case "sample":
			command, args = sampleCommand, args[1:]
		}
	}
	err := command(ctx, args, out)
	var coded *exitError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &coded):
		if coded.err != nil {
			fmt.Fprintln(out.stderr, "temporal:", coded.err)
		}
		return coded.code
	case ctx.Err() != nil:
		fmt.Fprintln(out.stderr, "temporal: interrupted")
		return exitInterrupted
	}
	fmt.Fprintln(out.stderr, "temporal:", err)
	return exitTemporal
}

// parse parses the flags of a command, which takes no other arguments.
func parse(flags *flag.FlagSet, args []string, out output) error {
	flags.SetOutput(out.stderr)
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unknown argument %q: the commands are worker, load and sample, and flags come after them", flags.Arg(0))
	}
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	return &exitError{exitUsage, err}
}

// sampleCommand writes a source of any length.
func sampleCommand(_ context.Context, args []string, out output) error {
	var s sample
	flags := flag.NewFlagSet("temporal sample", flag.ContinueOnError)
	name := flags.String("out", "sample.csv", "`FILE` to write")
	flags.IntVar(&s.rows, "rows", 100_000, "how many rows")
	flags.IntVar(&s.keys, "keys", 60_000, "how many keys")
	if err := parse(flags, args, out); err != nil {
		return err
	}
	if s.rows < 0 || s.keys < 1 {
		return &exitError{exitUsage, errors.New("give -rows 0 or more and -keys 1 or more")}
	}
	if err := s.writeFile(*name); err != nil {
		return &exitError{exitSource, err}
	}
	fmt.Fprintf(out.stdout, "%d rows in %s\n", s.rows, *name)
	return nil
}
