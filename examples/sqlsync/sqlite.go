package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	_ "embed"
	"errors"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed sql/sqlite.sql
var sqliteLog string

var sqliteDialect = dialect{
	name:   "SQLite",
	logSQL: sqliteLog,
	markSQL: `INSERT INTO sqlsync_touch
		SELECT sku FROM products
		UNION ALL
		SELECT c.sku FROM sqlsync_changes c WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.sku = c.sku AND c.sku = p.sku)`,
	installed: `SELECT count(*) = 3 FROM sqlite_master
		WHERE type = 'trigger' AND tbl_name = 'products' AND name IN ('sqlsync_insert', 'sqlsync_update', 'sqlsync_delete')`,
	horizon: `SELECT 0, coalesce(max(position), 0) + 1, 0, false FROM sqlsync_changes`,
	text: func(err error) string {
		var failed *sqlite.Error
		if !errors.As(err, &failed) {
			return hiddenText(err)
		}
		return failed.Error() // names tables and columns; the statements of this program hold no values
	},
	busy: func(err error) bool {
		var failed *sqlite.Error
		return errors.As(err, &failed) && failed.Code()&0xff == sqlite3.SQLITE_BUSY
	},
}

// openSQLite opens the database in a file, which only a demonstration makes. The lock is one on another file beside
// it, which the operating system takes back when the process ends, however it ends.
func openSQLite(ctx context.Context, path string, s *settings) (*database, error) {
	if _, err := os.Stat(path); err != nil && !s.demo && !s.tryOut() {
		return nil, usageError("the file of -db cannot be opened: %w", err)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil { // one lock, whatever the file is called
		path = target
	}
	lock, err := lockFile(ctx, path+"-sqlsync-lock", s)
	if err != nil {
		return nil, err
	}
	connector, err := sqlite.NewConnector(fileURL(path) + "?_txlock=immediate&_pragma=busy_timeout(30000)")
	if err != nil {
		lock()
		return nil, sqliteDialect.failed("opening the file", err)
	}
	return openSession(ctx, sqliteDialect, s.wrapped(connector), lock)
}

// lockFile locks a file, and returns a function that unlocks it.
func lockFile(ctx context.Context, path string, s *settings) (unlock func(), err error) {
	db, err := sql.Open("sqlite", fileURL(path))
	if err != nil {
		return nil, sqliteDialect.failed("opening the lock file", err)
	}
	db.SetMaxOpenConns(1)
	unlock = func() { _ = db.Close() } // nothing was written
	if _, err = db.ExecContext(ctx, "PRAGMA busy_timeout = "+s.lockWaitMillis()); err == nil {
		_, err = db.ExecContext(ctx, "BEGIN EXCLUSIVE")
	}
	switch {
	case err == nil:
		return unlock, nil
	case sqliteDialect.busy(err):
		err = errLocked
	default:
		err = sqliteDialect.failed("locking the database", err)
	}
	unlock()
	return nil, err
}

// fileURL returns path as a URL that SQLite takes, whatever characters it has.
func fileURL(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// openSession opens the one session of a run. unlock is called when it is closed, and if it cannot be opened.
func openSession(ctx context.Context, d dialect, connector driver.Connector, unlock func()) (*database, error) {
	pool := sql.OpenDB(connector)
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	session, err := pool.Conn(ctx)
	if err != nil {
		_ = pool.Close()
		unlock()
		return nil, d.failed("connecting", err)
	}
	return &database{dialect: d, session: session, close: func() {
		_ = session.Close() // what was committed is stored, and the rest is to be forgotten
		_ = pool.Close()
		unlock()
	}}, nil
}
