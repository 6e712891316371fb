package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	_ "embed"
	"errors"
	"fmt"
	"time"
)

// queryTimeout bounds each statement of a run, so that a server that no longer responds ends it. The installation, which
// goes through all of products, takes as long as it takes.
const queryTimeout = time.Minute

// stateSQL makes the tables that hold the state, next to the source.
//
//go:embed sql/state.sql
var stateSQL string

// dialect is what differs between the two databases.
type dialect struct {
	name string

	logSQL  string // makes the log of changes and the triggers that write it
	markSQL string // logs a change of every row, and of every row that is gone

	// installed reports whether products has all of the triggers.
	installed string

	// horizon returns the first place that is not read yet, how many changes lie at it or beyond, and whether the
	// numbers of transactions have gone back since changes were logged.
	horizon string

	// text returns what may be shown of an error of the database: never a value of a row.
	text func(error) string

	// busy reports whether an error says that somebody else holds a lock.
	busy func(error) bool
}

// database is the source: products, the log of their changes, and the state of the sync. All statements go through
// one session, which holds the lock: a process that has lost the lock cannot store a checkpoint any more.
type database struct {
	dialect
	session *sql.Conn
	close   func()
}

// databaseError is a failure of the database, with a text that quotes no value.
type databaseError struct {
	text  string
	cause error
}

func (e *databaseError) Error() string { return e.text }

// Unwrap returns the cause, whose text may quote a value.
func (e *databaseError) Unwrap() error { return e.cause }

// errLocked is that another sqlsync works on the database.
var errLocked = errors.New("another sqlsync is running on this database: wait for it to end; " +
	"if it was killed, its session ends by itself within moments")

// failed returns err, which the database gave while the program was doing something; nil for nil.
func (d *dialect) failed(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return &databaseError{fmt.Sprintf("%s: %s: no response within %v", d.name, doing, queryTimeout), err}
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone):
		return &databaseError{fmt.Sprintf("%s: %s: the connection broke off", d.name, doing), err}
	}
	return &databaseError{fmt.Sprintf("%s: %s: %s", d.name, doing, d.text(err)), err}
}

// hiddenText stands for the text of an error that is not known to be safe.
func hiddenText(err error) string {
	return fmt.Sprintf("error of type %T (text hidden because it may quote a value)", err)
}

// hasProducts returns why products cannot be read; nil if they can.
func (db *database) hasProducts(ctx context.Context) error {
	return db.failed("looking for the table products", db.queryRow(ctx, `SELECT count(*) FROM products WHERE 1 = 0`).Scan(new(int)))
}

// install makes the log, its triggers and the tables of the state if the triggers are missing, as they are at first and
// after products was made anew. With anew it does so in any case. Then the next run reads every row.
func (db *database) install(ctx context.Context, anew bool) error {
	var installed bool
	if err := db.queryRow(ctx, db.installed).Scan(&installed); err != nil {
		return db.failed("looking for the triggers", err)
	}
	if installed && !anew {
		return nil
	}
	return db.transact(ctx, "installing the triggers", func(ctx context.Context, tx *sql.Tx) error {
		for _, statements := range []string{db.logSQL, stateSQL, db.markSQL} {
			if _, err := tx.ExecContext(ctx, statements); err != nil {
				return err
			}
		}
		if anew { // the numbers of transactions may be those of another server
			_, err := tx.ExecContext(ctx, `DELETE FROM sqlsync_checkpoint`)
			return err
		}
		return nil
	})
}

// queryRow makes a query for one row. Its timeout begins now.
func (db *database) queryRow(ctx context.Context, query string, args ...any) scanner {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	return scanner{db.session.QueryRowContext(ctx, query, args...), cancel}
}

// scanner is a row that is scanned once.
type scanner struct {
	row  *sql.Row
	done context.CancelFunc
}

// Scan copies the row into the values.
func (s scanner) Scan(into ...any) error {
	defer s.done()
	return s.row.Scan(into...)
}

// transact calls do in a transaction, and commits it.
func (db *database) transact(ctx context.Context, doing string, do func(context.Context, *sql.Tx) error) error {
	tx, err := db.session.BeginTx(ctx, nil)
	if err != nil {
		return db.failed(doing, err)
	}
	if err := do(ctx, tx); err != nil {
		_ = tx.Rollback() // the error that counts is err
		return db.failed(doing, err)
	}
	return db.failed(doing, tx.Commit())
}
