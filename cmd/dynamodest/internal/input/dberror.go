package input

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// dbError is an error of a database with a text that quotes neither a value nor the DSN.
type dbError struct {
	text  string
	cause error
}

func (e *dbError) Error() string { return e.text }

// Unwrap returns the cause, whose text may quote what the text of e does not.
func (e *dbError) Unwrap() error { return e.cause }

// databaseError returns err as a *dbError; nil for nil.
func databaseError(err error) error {
	if err == nil {
		return nil
	}
	return &dbError{databaseText(err), err}
}

// databaseText returns a text for err that is safe to show.
func databaseText(err error) string {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	var host *net.DNSError
	var number syscall.Errno
	switch {
	case errors.Is(err, context.Canceled):
		return "the query was cancelled"
	case errors.As(err, &pg):
		return postgresText(pg)
	case errors.As(err, &lite):
		return sqliteText(lite)
	case errors.As(err, &host):
		return "the database could not be reached: its host name was not found"
	case errors.As(err, &number):
		return "the database could not be reached: " + number.Error()
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "the database could not be reached: no response in time"
	case errors.Is(err, driver.ErrBadConn):
		return "the connection to the database broke off"
	}
	return fmt.Sprintf("the database failed with an error of type %T", innermost(err))
}

// innermost returns the innermost cause of err.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// showable are the classes of errors of PostgreSQL whose messages are about the statement and the server, and
// quote no value. Class 22 (data) quotes values, P0 what a function raises, 28 and 3D parts of the DSN.
// https://www.postgresql.org/docs/18/errcodes-appendix.html
var showable = []string{"0A", "25", "42", "53", "54", "55", "57"}

// postgresText returns the text for an error of PostgreSQL.
func postgresText(e *pgconn.PgError) string {
	class := e.Code[:min(2, len(e.Code))]
	switch {
	case slices.Contains(showable, class):
		return fmt.Sprintf("PostgreSQL: %s (%s)", e.Message, e.Code)
	case class == "28":
		return fmt.Sprintf("PostgreSQL refuses the user or the password (%s)", e.Code)
	case class == "3D":
		return fmt.Sprintf("PostgreSQL has no database of this name (%s)", e.Code)
	}
	return fmt.Sprintf("PostgreSQL reports the error %s, whose message may quote a value and is not shown", e.Code)
}

// showableSQLite are messages of SQLite that are about the statement and the file, and quote no value.
var showableSQLite = regexp.MustCompile(`^(SQL logic error: )?(no such (table|column|function): |near ".*": syntax error|` +
	`incomplete input|unrecognized token: |ambiguous column name: |misuse of aggregate|wrong number of arguments to function |` +
	`unable to open database file|file is not a database|database is locked|database disk image is malformed|attempt to write a readonly database)`)

// sqliteText returns the text for an error of SQLite.
func sqliteText(e *sqlite.Error) string {
	if text := e.Error(); showableSQLite.MatchString(text) {
		return "SQLite: " + text
	}
	return fmt.Sprintf("SQLite reports the error %d, whose message may quote a value and is not shown", e.Code())
}
