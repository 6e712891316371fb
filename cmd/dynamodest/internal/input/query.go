package input

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

// openQuery puts the query of o to its database.
func (in *Input) openQuery(ctx context.Context, o Options) error {
	switch {
	case o.Query == "":
		return errors.New("-dsn needs -query, which says which rows to read")
	case o.DSN == "":
		return errors.New("-query needs -dsn, which says where the database is: postgres://… or sqlite:FILE")
	}
	ctx, cancel := context.WithCancel(ctx)
	in.closers = append(in.closers, func() error { cancel(); return nil }) // of errors
	rows, err := in.query(ctx, o)
	if err != nil {
		return err
	}
	if in.Columns, err = rows.Columns(); err != nil {
		return databaseError(err)
	}
	in.Rows = queryRows(rows)
	in.closers = append(in.closers, func() error {
		cancel() // so that Close does not wait for the next row
		return ignore(rows.Close())
	})
	return nil
}

// query returns the rows of the query, in a transaction that can only read.
func (in *Input) query(ctx context.Context, o Options) (*sql.Rows, error) {
	scheme, rest, _ := strings.Cut(o.DSN, ":")
	switch strings.ToLower(scheme) {
	case "postgres", "postgresql":
		config, err := pgx.ParseConfig(o.DSN)
		if err != nil {
			return nil, errors.New("the DSN is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE, or a setting in it is wrong (it is not shown, since it may hold a password)")
		}
		db := stdlib.OpenDB(*config)
		in.closers = append(in.closers, db.Close)
		tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return nil, databaseError(err)
		}
		in.closers = append(in.closers, func() error { return ignore(tx.Rollback()) })
		rows, err := tx.QueryContext(ctx, o.Query)
		return rows, databaseError(err)
	case "sqlite":
		if _, err := os.Stat(rest); err != nil {
			return nil, err
		}
		db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: rest}).EscapedPath()+"?mode=ro")
		if err != nil {
			return nil, databaseError(err)
		}
		in.closers = append(in.closers, db.Close)
		rows, err := db.QueryContext(ctx, o.Query)
		return rows, databaseError(err)
	}
	return nil, errors.New("the DSN must begin with postgres:// or sqlite:, since other databases are not supported")
}

// ignore returns nil: of a query that was given up the error does not matter.
func ignore(error) error { return nil }

// queryRows returns the rows of a query. What a driver reports it says by [databaseError].
func queryRows(rows *sql.Rows) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		number := 0
		for row, err := range source.SQLRows(rows) {
			if err != nil && errors.Is(err, rows.Err()) {
				err = fmt.Errorf("after row %d of the query: %w", number, databaseError(err))
			}
			number++
			if !yield(row, err) {
				return
			}
		}
	}
}
