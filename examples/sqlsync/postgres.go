package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

//go:embed sql/postgres.sql
var postgresLog string

var postgresDialect = dialect{
	name:   "PostgreSQL",
	logSQL: postgresLog,
	markSQL: `INSERT INTO sqlsync_changes (sku, tx, position) SELECT sku, 0, 0 FROM products ON CONFLICT (sku) DO NOTHING;
		UPDATE sqlsync_changes SET tx = pg_current_xact_id()::text::bigint, position = nextval('sqlsync_position')`,
	installed: `SELECT count(*) = 2 FROM pg_trigger
		WHERE tgrelid = to_regclass('products') AND tgname IN ('sqlsync_row', 'sqlsync_truncate') AND tgenabled IN ('O', 'A')`,
	horizon: `SELECT oldest, 0, (SELECT count(*) FROM sqlsync_changes WHERE tx >= oldest),
			coalesce(greatest((SELECT max(tx) FROM sqlsync_changes), (SELECT max(tx) FROM sqlsync_checkpoint)) >= next, false)
		FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest,
			pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next) AS snapshot`,
	text: postgresText,
	busy: func(err error) bool { return postgresCode(err) == "55P03" }, // lock_not_available
}

// openPostgres opens the database that a URL names. The lock is one of its session's, for the schema: the server takes
// it back when the session ends, however it ends.
func openPostgres(ctx context.Context, dsn string, s *settings) (*database, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil { // whose text may quote the password
		return nil, usageError("-dsn is not the URL of a PostgreSQL database, such as postgres://user:password@host:5432/name")
	}
	// Statements are described each time, so that they go on after a change of the schema.
	config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	// Each statement sees what was committed before it: the installation waits for transactions, and then reads their rows.
	config.RuntimeParams["default_transaction_isolation"] = "read committed"
	// A row that a policy hides is an error: it would be taken for deleted.
	config.RuntimeParams["row_security"] = "off"
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "sqlsync"
	}
	db, err := openSession(ctx, postgresDialect, s.wrapped(stdlib.GetConnector(*config)), func() {})
	if err != nil {
		return nil, err
	}
	end := db.close
	if err := db.lock(ctx, s); err != nil {
		end()
		return nil, err
	}
	db.close = func() { // the server may notice the end of the session only after the next run has begun
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
		defer cancel()
		_, _ = db.session.ExecContext(ctx, "SELECT pg_advisory_unlock_all()")
		end()
	}
	return db, nil
}

// productsSchema puts the schema of products first in the search path, for the state and the lock. Before there are
// products, it is the one that is first.
const productsSchema = `SELECT set_config('search_path', coalesce(
	(SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('products')),
	quote_ident(current_schema())) || ', ' || current_setting('search_path'), false)`

// lock takes the lock. The session of a process that was killed may hold it for a moment yet.
func (db *database) lock(ctx context.Context, s *settings) error {
	for _, statement := range []string{
		productsSchema,
		"SET lock_timeout = " + s.lockWaitMillis(),
		"SELECT pg_advisory_lock(hashtextextended('sqlsync ' || current_schema(), 0))",
		"SET lock_timeout = 0",
	} {
		_, err := db.session.ExecContext(ctx, statement)
		if db.busy(err) {
			return errLocked
		}
		if err != nil {
			return db.failed("locking the database", err)
		}
	}
	return nil
}

// postgresCode returns the SQLSTATE of an error of the server; "" if it is none.
func postgresCode(err error) string {
	var failed *pgconn.PgError
	if !errors.As(err, &failed) {
		return ""
	}
	return failed.Code
}

// shown are the classes of errors whose messages are about the statement or the server and quote no value: resources,
// the state of objects, the operator's doing, syntax and access, locks.
// https://www.postgresql.org/docs/18/errcodes-appendix.html
var shown = []string{"08", "25", "28", "3D", "40", "42", "53", "55", "57", "58"}

// postgresText returns what may be shown of an error.
func postgresText(err error) string {
	var failed *pgconn.PgError
	var connecting *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.As(err, &failed) && slices.Contains(shown, failed.Code[:min(2, len(failed.Code))]):
		return fmt.Sprintf("%s (%s)", failed.Message, failed.Code)
	case failed != nil:
		return fmt.Sprintf("error %s (text hidden because it may quote a value)", failed.Code)
	case errors.As(err, &connecting):
		return "the server could not be reached: check host, port and TLS settings of -dsn"
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "the connection broke off"
	}
	return hiddenText(err)
}
