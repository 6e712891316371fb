// Command sqlsync keeps a DynamoDB table in step with a table of a SQL database: SQLite or PostgreSQL.
//
//	go -C examples/sqlsync run .
//
// Without flags it shows itself: it makes the SQLite database sqlsync.db in the current folder with a table of
// products, sends them to a DynamoDB table in its own memory, changes some products, and sends what has changed. No AWS
// account is needed.
//
// With -db or -dsn the source is a database of yours, and with -endpoint or -region the table is on a DynamoDB server
// or on AWS. Each run then sends what has changed since the last one. The credentials are those of the AWS SDK's
// default chain.
//
// The state of the sync is in the source: a log of changes that triggers write, a checkpoint, the rows to send again,
// and the dead letters. The README says how it holds its promises.
package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/dynamodest/dynamodest"
)

// settings are what the flags say. The last ones are for tests.
type settings struct {
	file, dsn               string
	endpoint, region, table string
	demo, full              bool
	page                    int

	lockWait time.Duration // how long to wait for a lock of another sqlsync
	retry    dynamodest.Retry
	wrap     func(driver.Connector) driver.Connector
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	s, err := parse(os.Args[1:], os.Stderr)
	if err == nil {
		err = run(ctx, s, os.Stdout)
	}
	stop()
	code := exitCode(err)
	if code != exitOK && err != errReported { //nolint:errorlint // it is returned as it is
		fmt.Fprintln(os.Stderr, "sqlsync:", err)
	}
	os.Exit(code)
}

// parse reads the command line.
func parse(args []string, stderr io.Writer) (*settings, error) {
	s := &settings{lockWait: 3 * time.Second}
	flags := flag.NewFlagSet("sqlsync", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.file, "db", "sqlsync.db", "`file` of the SQLite database that has the source")
	flags.StringVar(&s.dsn, "dsn", "", "`URL` of the PostgreSQL database that has the source, instead of -db")
	flags.StringVar(&s.endpoint, "endpoint", "", "`URL` of a DynamoDB server; its region is -region or that of the environment")
	flags.StringVar(&s.region, "region", "", "AWS `region`; without -endpoint and -region the table is in memory")
	flags.StringVar(&s.table, "table", "products", "`name` of the DynamoDB table, whose key is sku (S)")
	flags.BoolVar(&s.demo, "demo", false, "make products with rows if they are missing, and change some of them for a second run; the default without -dsn, -endpoint and -region")
	flags.BoolVar(&s.full, "full", false, "send every row again")
	flags.IntVar(&s.page, "page", 500, "`rows` that are read, sent and accounted for at a time")
	if err := flags.Parse(args); err != nil {
		return nil, &exitError{exitUsage, err}
	}
	fileGiven := false
	flags.Visit(func(f *flag.Flag) { fileGiven = fileGiven || f.Name == "db" })
	switch {
	case flags.NArg() > 0:
		return nil, usageError("there are no arguments but flags: see -help")
	case s.page < 1:
		return nil, usageError("-page must be at least 1")
	case fileGiven && s.dsn != "":
		return nil, usageError("give -db or -dsn: the source is one database")
	case s.file == "":
		return nil, usageError("-db names no file")
	}
	return s, nil
}

// tryOut reports whether neither side is anything but a file and a table in memory, as without flags.
func (s *settings) tryOut() bool { return s.dsn == "" && s.inMemory() }

// inMemory reports whether the table is in the memory of the process.
func (s *settings) inMemory() bool { return s.endpoint == "" && s.region == "" }

// lockWaitMillis returns lockWait in milliseconds, which databases take: 1 at least, since 0 is for ever.
func (s *settings) lockWaitMillis() string {
	return strconv.FormatInt(max(1, s.lockWait.Milliseconds()), 10)
}

// wrapped returns the connector as tests want it.
func (s *settings) wrapped(c driver.Connector) driver.Connector {
	if s.wrap == nil {
		return c
	}
	return s.wrap(c)
}

// run syncs, and returns an error for the reader if ctx ends meanwhile.
func run(ctx context.Context, s *settings, out io.Writer) error {
	err := syncAll(ctx, s, out)
	if ctx.Err() != nil && err != nil {
		return &exitError{exitInterrupted, errors.New("interrupted: what was settled stays settled, and the next run goes on")}
	}
	return err
}

// syncAll opens both sides and syncs once, or twice for the demonstration.
func syncAll(ctx context.Context, s *settings, out io.Writer) error {
	db, err := openSource(ctx, s)
	if err != nil {
		return err
	}
	defer db.close()
	demo, err := prepareDemo(ctx, db, s, out)
	if err != nil {
		return err
	}
	if err := db.hasProducts(ctx); err != nil {
		return fmt.Errorf("%w; if it is missing, -demo makes it, with rows", err)
	}
	if err := db.install(ctx, s.full); err != nil {
		return err
	}
	t, err := openTable(ctx, s)
	if err != nil {
		return err
	}
	defer t.close()
	fmt.Fprintf(out, "from products in %s to the table %s in %s\n", s.source(), s.table, t.where)

	y := &syncer{db: db, dest: t.dest, target: t.id, page: s.page}
	err = y.once(ctx, out)
	if !demo || err != nil && err != errReported { //nolint:errorlint // it is returned as it is
		return err
	}
	if err := changeProducts(ctx, db); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nsome products are corrected, updated, renamed, deleted and added")
	return y.once(ctx, out)
}

// openSource opens the database that the flags name.
func openSource(ctx context.Context, s *settings) (*database, error) {
	if s.dsn != "" {
		return openPostgres(ctx, s.dsn, s)
	}
	return openSQLite(ctx, s.file, s)
}

// source returns the name of the source for a reader, without what a DSN keeps secret.
func (s *settings) source() string {
	if s.dsn != "" {
		return postgresDialect.name
	}
	return filepath.Base(s.file)
}

// once makes one run and reports it.
func (s *syncer) once(ctx context.Context, out io.Writer) error {
	s.report = &report{}
	err := s.run(ctx)
	if err == nil || s.report.sum.Rows > 0 {
		fmt.Fprintf(out, "\n%s\n", s.report.title())
		s.report.print(out)
	}
	if err != nil {
		return err
	}
	left, err := s.printOpen(ctx, out)
	if err == nil && left != (open{}) {
		err = errReported
	}
	return err
}

// title says what kind of run it was.
func (r *report) title() string {
	if r.first {
		return "the first run for this table sends every row"
	}
	return "this run sends what has changed since the last one"
}

// errReported is that rows are not in the table, which the report has said.
var errReported = errors.New("some rows are not in the table: see the report")
