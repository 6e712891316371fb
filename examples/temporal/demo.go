package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// demoTable is the name of the table in memory.
const demoTable = "users"

// demoCommand runs everything in one place: a Temporal server, a table in memory, a worker and a load.
func demoCommand(ctx context.Context, args []string, out output) (err error) {
	var s service
	var w workerFlags
	spec := defaultSpec()
	spec.Units = 5000
	flags := flag.NewFlagSet("temporal", flag.ContinueOnError)
	s.flags(flags, "")
	w.flags(flags)
	spec.flags(flags)
	server := flags.String("server", os.Getenv("DYNAMODEST_TEMPORAL_SERVER"), "`PATH` of the development server; by default it is built from ./server")
	if err := parse(flags, args, out); err != nil {
		return err
	}
	sampled := spec.Source == ""
	if sampled {
		dir, err := os.MkdirTemp("", "dynamodest-temporal-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		w.dir, spec.Source = dir, "sample.csv"
		if err := (sample{rows: 10_000, keys: 6_000}).writeFile(filepath.Join(dir, spec.Source)); err != nil {
			return err
		}
	}
	cfg, db, closeTable, err := w.demoTable(ctx)
	if err != nil {
		return err
	}
	defer closeTable()
	spec.Table = w.table
	if err := spec.validate(); err != nil {
		return &exitError{exitUsage, err}
	}
	if s.address == "" {
		child, err := startServer(ctx, *server, out)
		if err != nil {
			return err
		}
		defer func() { child.stop() }()
		s.address = child.address
	}
	c, err := s.dial(ctx, out.stderr)
	if err != nil {
		return err
	}
	defer c.Close()
	stop, err := startWorker(c, w, cfg, make(chan error, 1)) // the load below meets the same fault
	if err != nil {
		return err
	}
	defer stop()
	result, err := load(ctx, c, spec, spec.id(), out)
	err = report(result, err, out)
	if db != nil {
		fmt.Fprintf(out.stdout, "the table has %d items\n", db.Len(w.table))
	}
	if sampled {
		err = showDead(filepath.Join(w.dir, result.DeadLetters), out, err)
	}
	return err
}

// demoTable returns the settings of the table, and the table itself if it is in memory.
func (w *workerFlags) demoTable(ctx context.Context) (cfg dynamodest.Config, db *dynamodesttest.DB, end func(), err error) {
	if w.endpoint != "" || w.region != "" {
		cfg, err = w.config(ctx)
		return cfg, nil, func() {}, err
	}
	w.table = demoTable
	db = dynamodesttest.NewTable(w.table, "id:S")
	server := httptest.NewServer(db)
	cfg = dynamodest.Config{
		AWS:      &aws.Config{Region: dynamodesttest.Region, Credentials: credentials.NewStaticCredentialsProvider("example", "example", "")},
		Region:   dynamodesttest.Region,
		Endpoint: server.URL,
		Table:    w.table,
	}
	return cfg, db, server.Close, nil
}

// showDead prints the first dead letters of the sample, which are on purpose: they are not the error of the program.
func showDead(name string, out output, err error) error {
	var coded *exitError
	if !errors.As(err, &coded) || coded.code != exitDead {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for i := 0; i < 2 && lines.Scan(); i++ {
		fmt.Fprintln(out.stdout, "dead letter:", lines.Text())
	}
	return lines.Err()
}
