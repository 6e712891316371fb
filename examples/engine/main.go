// Command engine is a small sync engine with a page: it loads CSV and NDJSON files into a DynamoDB table.
//
//	go -C examples/engine run .
//
// It prints the address of the page. Without flags the table is in the memory of the program, a sample is
// loaded and the settings of the page fit it, so that everything can be tried without an AWS account. The
// [README] has the flags, the exit codes and how the engine keeps its promises.
//
// [README]: https://github.com/dynamodest/dynamodest/blob/main/examples/engine/README.md
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/dynamodest/dynamodest"
)

// Exit codes.
const (
	exitOK          = 0
	exitError       = 1 // the engine could not start, or could not go on
	exitUsage       = 2 // the command line is wrong
	exitInterrupted = 3 // the engine was ended during a run, which is to be resumed
)

// Limits of the server.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 60 * time.Second
	maxHeader     = 16 << 10
	patience      = 10 * time.Second // with runs, at the end
	drain         = 2 * time.Second  // of responses, after that
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	signal.Ignore(syscall.SIGPIPE) // a run goes on when nobody reads what the engine says
	os.Exit(command(context.Background(), os.Args[1:], os.Stdout, os.Stderr, signals))
}

// options are the flags.
type options struct {
	listen, host, dir string
	endpoint, region  string
	table             string
	maxUpload         int64
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("engine", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8680", "`HOST:PORT` of the page; the port 0 is any that is free")
	flags.StringVar(&o.host, "host", "", "`name` by which browsers reach the page through a proxy; needed to listen beyond loopback, and the proxy must ask for a login, since the page has none")
	flags.StringVar(&o.dir, "dir", "", "`folder` of the engine's state (default: a new temporary one)")
	flags.StringVar(&o.endpoint, "endpoint", "", "`URL` of a DynamoDB server that the settings begin with, and that gets the credentials of the environment")
	flags.StringVar(&o.region, "region", "", "AWS `region` that the settings begin with; without it and -endpoint the table is in memory")
	flags.StringVar(&o.table, "table", "", "`name` of the table that the settings begin with (default \"airports\")")
	flags.Int64Var(&o.maxUpload, "max-upload", 64, "size of the largest file that the page takes, in `MiB`")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	fail := func(text string) (options, error) {
		fmt.Fprintln(stderr, "engine:", text)
		return o, errors.New(text)
	}
	if flags.NArg() > 0 {
		return fail("no arguments are taken but flags")
	}
	if o.maxUpload < 1 || o.maxUpload > 1<<20 {
		return fail("-max-upload: give a number of MiB from 1 to 1048576")
	}
	first := dynamodest.Config{Region: cmp.Or(o.region, "us-east-1"), Endpoint: o.endpoint, Table: cmp.Or(o.table, "airports")}
	for _, problem := range configErrors(first.Validate()) { // which quote no password
		switch problem.Pointer {
		case "/region", "/endpoint", "/table":
			return fail("-" + problem.Pointer[1:] + ": " + problem.Problem)
		}
	}
	if !onLoopback(o.listen) && o.host == "" {
		return fail("-listen: the page has no login, so it listens on loopback alone (127.0.0.1:PORT), unless -host gives the name of a proxy that asks for one")
	}
	return o, nil
}

// onLoopback reports whether HOST:PORT is an address of this machine alone.
func onLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	return isLoopback(host)
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}

// command runs the engine until a signal, and returns the exit code.
func command(ctx context.Context, args []string, stdout, stderr io.Writer, signals <-chan os.Signal) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	e, err := open(ctx, o, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "engine:", err)
		return exitError
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.listen)
	if err != nil {
		fmt.Fprintf(stderr, "engine: %v: give another address by -listen 127.0.0.1:PORT\n", err)
		e.close(ctx)
		return exitError
	}
	fmt.Fprintf(stdout, "Table: %s\nState: %s\nOpen http://%s/\n", e.where(), e.folder, listener.Addr())
	return serve(ctx, e, o, listener, stdout, stderr, signals)
}

// serve serves the page until a signal. A second signal gives up the requests in flight.
func serve(ctx context.Context, e *engine, o options, listener net.Listener, stdout, stderr io.Writer, signals <-chan os.Signal) int {
	base, endStreams := context.WithCancel(ctx)
	defer endStreams()
	server := newServer(base, e, listener, o.host)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	var failed error
	select {
	case failed = <-served:
	case <-signals:
		fmt.Fprintln(stdout, "Stopping: runs read no more rows, and settle those that they have read. A second signal abandons them.")
	}
	ending, hurry := context.WithTimeout(ctx, patience)
	defer hurry()
	go func() {
		select {
		case <-signals:
			hurry()
		case <-ending.Done():
		}
	}()
	unfinished := e.close(ending)
	endStreams()
	shutdown(ctx, server)
	if failed != nil {
		fmt.Fprintln(stderr, "engine:", failed)
		return exitError
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(stderr, "engine:", err)
		return exitError
	}
	if unfinished {
		fmt.Fprintf(stdout, "A run is not complete: start the engine with -dir %s, and resume it in the page\n", e.folder)
		return exitInterrupted
	}
	return exitOK
}

// newServer returns the server of the page at a listener.
func newServer(base context.Context, e *engine, listener net.Listener, host string) *http.Server {
	return &http.Server{
		Handler:           guard(e.routes(), listener.Addr().String(), host),
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
	}
}

// shutdown ends the server, once the responses in progress are written or the time for them is over. A browser may
// have connections open without a request.
func shutdown(ctx context.Context, server *http.Server) {
	ctx, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close() // of connections that nobody waits for any more
	}
}
