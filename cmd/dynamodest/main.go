// Command dynamodest loads files, streams and SQL queries into an Amazon DynamoDB table, and reports what
// became of every row. docs/command.md is its manual.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

// cli is the command line: one field for each command.
type cli struct {
	Load  loadCmd  `cmd:"" help:"Write the rows of a file, of standard input or of a SQL query to a table."`
	Check checkCmd `cmd:"" help:"Report whether the table can be written with these settings. Writes nothing."`

	Preview previewCmd `cmd:"" help:"Report what loading the rows would do and cost. Writes nothing."`

	Policy policyCmd `cmd:"" help:"Print the IAM policy that these settings need, or the trust policy of a role."`
	Schema schemaCmd `cmd:"" help:"Print the JSON Schema of the settings that -config reads."`

	Serve serveCmd `cmd:"" help:"Serve tables in memory as a local DynamoDB, for programs in any language."`

	Version versionFlag `help:"Print the version of this program."`
}

const description = `Writes rows to an Amazon DynamoDB table and reports what became of every row.

Flags may be written with one dash or two. Credentials, region and profile are found as the AWS command line
finds them, unless a flag or the file of -config says otherwise. With -local everything runs against a table in
the memory of this process, and nothing leaves the machine.` + exitCodes

// system is what a command uses of its process.
type system struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	signals        <-chan os.Signal // interrupts: the first one ends the source, the second one the requests
	width          func() int       // of the terminal that stderr is; nil if it is none
}

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup leaves it
		signal.Notify(signals, syscall.SIGHUP)
	}
	os.Exit(run(context.Background(), os.Args[1:], &system{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, signals: signals, width: terminalWidth(os.Stderr),
	}))
}

// terminalWidth returns a func that returns the width of the terminal f; nil if f is no terminal.
func terminalWidth(f *os.File) func() int {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return nil
	}
	return func() int {
		width, _, err := term.GetSize(fd)
		if err != nil {
			return 80
		}
		return width
	}
}

// run runs the command that args name, and returns the exit code of the process.
func run(ctx context.Context, args []string, sys *system) int {
	out := &output{writer: sys.stdout}
	sys.stdout = out
	return out.code(sys.stderr, exitCode(sys, parseAndRun(ctx, args, sys)))
}

// exitCode reports the error of a command, and returns its exit code.
func exitCode(sys *system, err error) int {
	var coded *exitError
	switch {
	case err == nil || errors.Is(err, errHelp):
		return exitOK
	case errors.As(err, &coded):
		if coded.err != nil {
			fmt.Fprintln(sys.stderr, "dynamodest:", coded.err)
		}
		return coded.code
	}
	fmt.Fprintln(sys.stderr, "dynamodest:", oneDash(err.Error()))
	return exitUsage
}

// parseAndRun parses args and runs the command. An error that is no exitError is one of the command line.
func parseAndRun(ctx context.Context, args []string, sys *system) error {
	parser, err := kong.New(&cli{},
		kong.Name("dynamodest"),
		kong.Description(description),
		kong.Writers(sys.stdout, sys.stderr),
		kong.Help(printHelp),
		kong.ConfigureHelp(kong.HelpOptions{NoAppDescFormat: true, NoExpandSubcommands: true, WrapUpperBound: 110}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(sys),
	)
	if err != nil {
		return err
	}
	args = twoDashes(args)
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return err
	}
	return parsed.Run()
}
