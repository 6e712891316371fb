// Package input opens a source of rows: a file, standard input or a SQL query.
package input

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/dynamodest/dynamodest"
)

// Options say what to open: the file of Path, or Query.
type Options struct {
	// Path is the file; "-" is Stdin. A file whose name ends with .gz is uncompressed as it is read.
	Path string

	// Format is csv, tsv, ndjson (also jsonl) or parquet. If it is empty, the extension of Path says which.
	Format string

	Comma rune           // between the fields of a CSV; 0 is a comma, and a tab in a TSV
	Zone  *time.Location // of the timestamps of Parquet that have none; nil leaves them texts without a zone

	// Query is a SQL query that is put to the database of DSN: postgres://… or sqlite:FILE. It cannot change the
	// database.
	Query, DSN string

	Stdin io.Reader
}

// Input is an open source.
type Input struct {
	Rows     iter.Seq2[dynamodest.Row, error] // ranged over once; a row that cannot be read is a BadRow
	Columns  []string                         // in the order of the source; nil if it does not declare them
	Texts    bool                             // every value is a text, as in CSV, so that types have to be proposed
	Size     int64                            // in bytes, as the file has them; -1 if not known
	Read     func() int64                     // bytes of Size read so far; may be called from any goroutine
	Identity *Identity                        // nil if the source cannot be resumed

	closers []func() error // called in the reverse order
}

// Open opens the source that o says. The caller closes it. Open returns when ctx ends, which also ends a query; a
// read of standard input or a pipe that is waiting then goes on waiting in the background.
func Open(ctx context.Context, o Options) (*Input, error) {
	return Await(ctx, func() (*Input, error) {
		in := &Input{Size: -1, Read: func() int64 { return 0 }}
		if err := in.open(ctx, o); err != nil {
			_ = in.Close() // nothing was written
			return nil, err
		}
		return in, nil
	})
}

// Await returns what open returns, or the error of ctx if that ends first: to open a named pipe waits for its other end.
// What is opened after that is closed.
func Await[T io.Closer](ctx context.Context, open func() (T, error)) (T, error) {
	type opened struct {
		it  T
		err error
	}
	done := make(chan opened)
	go func() {
		it, err := open()
		select {
		case done <- opened{it, err}:
		case <-ctx.Done():
			if err == nil {
				_ = it.Close() // nothing was written
			}
		}
	}()
	select {
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	case result := <-done:
		return result.it, result.err
	}
}

// open opens what o says.
func (in *Input) open(ctx context.Context, o Options) error {
	if o.Query != "" || o.DSN != "" {
		return in.openQuery(ctx, o)
	}
	return in.openFile(o)
}

// Close closes the source. It may be called while Rows is ranged over, which then ends.
func (in *Input) Close() error {
	var errs []error
	for i := len(in.closers) - 1; i >= 0; i-- {
		errs = append(errs, in.closers[i]())
	}
	in.closers = nil
	return errors.Join(errs...)
}
