// Command server is a Temporal server for development and tests: one process, which keeps its state in
// memory or in a SQLite file and listens on 127.0.0.1 alone. It is not for production.
//
//	go run . -address 127.0.0.1:7233
//
// It prints "listening on 127.0.0.1:7233" on its standard output once it serves workflows, and stops at
// an interrupt, at SIGTERM, and with -stdin when its standard input ends. The namespace is "default".
//
// It is a module of its own: Temporal's server depends on another version of Temporal's SDK than the
// worker beside it, and on several hundred modules.
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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run serves until ctx is done and returns the exit code of the process: 0 after a clean stop, 1 after an
// error, 2 for wrong flags.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var s settings
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.address, "address", "127.0.0.1:7233", "`host:port` for clients; the host is 127.0.0.1, and port 0 is a free one")
	flags.StringVar(&s.database, "db", "", "SQLite `file` that keeps the state; it is made if it does not exist (default: in memory)")
	flags.StringVar(&s.logLevel, "log", "warn", "lowest `level` that is logged to stderr: debug, info, warn or error")
	parent := flags.Bool("stdin", false, "stop when standard input ends, as it does when the process that started this one is gone")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "server: unexpected argument %q\n", flags.Arg(0))
		return 2
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if *parent {
		go func() { // ends with the process: a read of standard input cannot be interrupted
			_, _ = io.Copy(io.Discard, stdin)
			cancel()
		}()
	}
	if err := serve(ctx, s, stdout); err != nil {
		fmt.Fprintln(stderr, "server:", err)
		return 1
	}
	return 0
}

// serve runs a server until ctx is done. It prints the server's address once the server is ready.
func serve(ctx context.Context, s settings, stdout io.Writer) error {
	started, err := start(s)
	if err != nil {
		return err
	}
	err = started.awaitReady(ctx)
	if err == nil && ctx.Err() == nil {
		_, err = fmt.Fprintf(stdout, "listening on %s\n", started.address)
	}
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, started.stop())
}
