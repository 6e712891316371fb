package main

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// sources makes a world of each kind.
var sources = map[string]func(*testing.T) *world{"SQLite": inSQLite, "PostgreSQL": inPostgres}

type fault = dynamodesttest.Fault

var throttled = dynamodesttest.Throttled("ThrottlingException", "")

// schemas counts the schemas that tests have made.
var schemas atomic.Int64

// inPostgres returns a world whose source is a schema of its own.
func inPostgres(t *testing.T) *world {
	t.Helper()
	dsn := os.Getenv("DYNAMODEST_TEST_POSTGRES")
	if dsn == "" {
		if os.Getenv("DYNAMODEST_REQUIRE_POSTGRES") != "" {
			t.Fatal("DYNAMODEST_REQUIRE_POSTGRES is set, and DYNAMODEST_TEST_POSTGRES, the DSN of a PostgreSQL server, is not")
		}
		t.Skip("DYNAMODEST_TEST_POSTGRES, the DSN of a PostgreSQL server, is not set")
	}
	schema := fmt.Sprintf("sqlsync_%d_%d", os.Getpid(), schemas.Add(1))
	app, err := sql.Open("pgx", withSchema(t, dsn, schema))
	require.NoError(t, err)
	_, err = app.ExecContext(t.Context(), "CREATE SCHEMA "+schema)
	require.NoError(t, err)
	t.Cleanup(func() {
		db, err := sql.Open("pgx", dsn)
		require.NoError(t, err)
		_, err = db.Exec("DROP SCHEMA " + schema + " CASCADE")
		assert.NoError(t, err)
		assert.NoError(t, db.Close())
	})
	return newWorld(t, app, "-dsn", withSchema(t, dsn, schema))
}

// withSchema returns a DSN whose sessions are in a schema.
func withSchema(t *testing.T, dsn, schema string) string {
	t.Helper()
	if !strings.Contains(dsn, "://") {
		return dsn + " search_path=" + schema
	}
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String()
}

// settle runs sqlsync until no change is held back by a transaction, and returns the sum of the runs: in PostgreSQL
// transactions of other tests, and the server's own, hold changes back.
func (w *world) settle(t *testing.T, more ...string) ran {
	t.Helper()
	r := w.sync(t, more...)
	for r.figure(t, "held back") > 0 && r.err == "" || r.figure(t, "held back") > 0 && r.code == exitOpen {
		r = r.plus(t, w.sync(t))
	}
	return r
}

// plus returns two runs as one.
func (r ran) plus(t *testing.T, next ran) ran {
	t.Helper()
	var report strings.Builder
	for _, name := range append([]string{"rows"}, outcomeNames...) {
		fmt.Fprintf(&report, "%s %d\n", name, r.figure(t, name)+next.figure(t, name))
	}
	return ran{next.code, report.String() + next.stdout, next.err}
}

// begin begins a transaction of the application.
func (w *world) begin(t *testing.T) *sql.Tx {
	t.Helper()
	tx, err := w.app.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback() }) // does nothing after the commit
	return tx
}

// execIn executes a statement in a transaction.
func execIn(t *testing.T, tx *sql.Tx, statement string, args ...any) {
	t.Helper()
	_, err := tx.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err, statement)
}

const putProduct = `INSERT INTO products (sku, name, price) VALUES ($1, $2, 1) ON CONFLICT (sku) DO UPDATE SET name = excluded.name`

// A transaction that commits late has older positions, or an older number, than changes that have been committed
// before. Nothing of it is lost, whichever of the two is older.
func TestLateCommit(t *testing.T) {
	for name, first := range map[string]string{
		"it was the first to write":      putProduct,
		"it was the first to get a name": `SELECT pg_current_xact_id(), $1::text, $2::text`,
		"it was the last to begin":       "",
	} {
		t.Run(name, func(t *testing.T) {
			w := inPostgres(t)
			w.put(t, "before", "first")
			w.settle(t)

			late, early := w.begin(t), w.begin(t)
			if first != "" {
				execIn(t, late, first, "late 1", "first")
			}
			execIn(t, early, putProduct, "early 1", "first")
			execIn(t, late, putProduct, "late 2", "first")
			execIn(t, early, putProduct, "early 2", "first")
			require.NoError(t, early.Commit())
			w.put(t, "later", "first")

			r := w.sync(t)
			assert.Equal(t, exitOK, r.code)
			held := 1
			if first != "" {
				held = 3
			}
			assert.GreaterOrEqual(t, r.figure(t, "held back"), held, "changes of transactions that are not older than the open one")
			assert.Contains(t, r.stdout, "a transaction has not ended")
			assert.Equal(t, 3-r.figure(t, "held back"), r.figure(t, "written"))

			execIn(t, late, putProduct, "before", "changed late")
			require.NoError(t, late.Commit())
			w.settle(t)
			w.inStep(t)
			assert.Equal(t, "changed late", text(w.double.Item("products", "before")["name"]))
		})
	}
}

// Two transactions change one row: the second one, which may have the lower number, is what the table has in the end,
// also if the row was to be sent again meanwhile.
func TestLateCommitOfOneRow(t *testing.T) {
	w := inPostgres(t)
	w.put(t, "a", "first")
	w.put(t, "b", "first")
	w.settle(t)
	w.put(t, "a", "second")
	w.double.FailWrites(throttled)
	require.Equal(t, 1, w.settle(t).figure(t, "to be sent again"))

	late := w.begin(t)
	execIn(t, late, putProduct, "b", "second")
	w.put(t, "a", "third")
	r := w.sync(t)
	assert.Empty(t, r.figures(t), "neither as a retry nor as a change")
	assert.Positive(t, r.figure(t, "held back"))
	execIn(t, late, putProduct, "a", "fourth")
	require.NoError(t, late.Commit())
	w.settle(t)
	w.inStep(t)
	w.versionsGrow(t)
	assert.Equal(t, "fourth", text(w.double.Item("products", "a")["name"]))
}

func TestRollbackAndTruncate(t *testing.T) {
	w := inPostgres(t)
	w.put(t, "a", "first")
	w.put(t, "b", "first")
	w.settle(t)
	tx := w.begin(t)
	execIn(t, tx, putProduct, "a", "never")
	execIn(t, tx, putProduct, "c", "never")
	require.NoError(t, tx.Rollback())
	assert.Empty(t, w.settle(t).figures(t))
	w.inStep(t)
	w.exec(t, `TRUNCATE products`)
	w.put(t, "b", "second")
	assert.Equal(t, "rows 2, written 1, marked as deleted 1", w.settle(t).figures(t))
	w.inStep(t)
}

// The server ends the sessions in the middle of a run, once with an open transaction: the error is clear, what is
// settled stays settled, and the next run goes on.
func TestSessionsAreTerminated(t *testing.T) {
	for request := 1; request <= 12; request += 4 {
		t.Run(fmt.Sprint("request ", request), func(t *testing.T) {
			w := inPostgres(t)
			for i := range 12 {
				w.put(t, fmt.Sprint("a", i), "first")
			}
			w.put(t, "", "has no key")
			w.args[len(w.args)-1] += "&application_name=" + w.schema(t)
			puts(w, func(n int) fault {
				if n == request {
					w.exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = current_schema()`)
				}
				return fault{}
			})
			r := w.sync(t)
			assert.Equal(t, exitSource, r.code)
			assert.Regexp(t, `^PostgreSQL: storing the state: (terminating connection due to administrator command \(57P01\)|the connection broke off)$`, r.err)
			assert.Equal(t, 5, r.figure(t, "left"), "the page")
			next := w.settle(t)
			assert.Equal(t, 13, next.figure(t, "rows")+r.figure(t, "rows")-5)
			assert.Equal(t, exitOpen, next.code)
			w.inStep(t)
		})
	}
}

// A run whose session is lost no longer has the lock, and cannot store a checkpoint beside the one that has it.
func TestLostLock(t *testing.T) {
	w := inPostgres(t)
	for i := range 7 {
		w.put(t, fmt.Sprint("a", i), "first")
	}
	w.args[len(w.args)-1] += "&application_name=" + w.schema(t)
	var other ran
	puts(w, func(n int) fault {
		if n == 3 {
			w.exec(t, `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = current_schema()`)
			w.double.SetFault(nil)
			w.put(t, "a3", "second")
			other = w.settle(t)
		}
		return fault{}
	})
	r := w.sync(t)
	assert.Equal(t, exitSource, r.code)
	assert.Equal(t, "rows 7, written 7", other.figures(t))
	w.inStep(t)
	assert.Empty(t, w.settle(t).figures(t))
}

// Who writes to products needs no rights on the log of changes, and gets none.
func TestRightsOfTheApplication(t *testing.T) {
	w := inPostgres(t)
	w.put(t, "a", "first")
	w.settle(t)
	role := w.role(t)
	w.exec(t, "GRANT SELECT, INSERT, UPDATE, DELETE ON products TO "+role)
	tx := w.begin(t)
	execIn(t, tx, "SET LOCAL ROLE "+role)
	execIn(t, tx, putProduct, "a", "second")
	execIn(t, tx, "CREATE TEMPORARY TABLE sqlsync_changes (sku text, tx bigint, position bigint) ON COMMIT DROP") // is not written to instead
	execIn(t, tx, putProduct, "b", "first")
	require.NoError(t, tx.Commit())
	assert.Equal(t, "rows 2, written 2", w.settle(t).figures(t))
	w.inStep(t)
}

// On a server whose transactions have lower numbers than those in the log, the order is not known.
func TestRestoredOnAnotherServer(t *testing.T) {
	w := inPostgres(t)
	w.put(t, "a", "first")
	w.put(t, "b", "first")
	w.settle(t)
	w.exec(t, `UPDATE sqlsync_changes SET tx = tx + 1000000000`)
	w.exec(t, `UPDATE sqlsync_checkpoint SET tx = tx + 1000000000`)
	w.exec(t, `DELETE FROM products WHERE sku = 'b'`)
	r := w.sync(t)
	assert.Equal(t, ran{exitSource, r.stdout, errRestored.Error()}, r)
	assert.Equal(t, "rows 2, written 1, marked as deleted 1", w.settle(t, "-full").figures(t))
	w.inStep(t)
	w.put(t, "b", "second")
	assert.Equal(t, "rows 1, written 1", w.settle(t).figures(t))
	w.inStep(t)
}

// The types of PostgreSQL arrive as what they mean.
func TestTypesOfPostgres(t *testing.T) {
	w := inPostgres(t)
	w.exec(t, `ALTER TABLE products ADD COLUMN flag boolean, ADD COLUMN at timestamptz, ADD COLUMN tags jsonb, ADD COLUMN id uuid`)
	w.exec(t, `INSERT INTO products VALUES ('a', NULL, 123456789012345678901234567890.12, 'x', true,
		'2026-01-02 03:04:05+02', '{"n": 1.10}', '123e4567-e89b-12d3-a456-426614174000')`)
	w.settle(t)
	item := w.double.Item("products", "a")
	assert.Equal(t, "123456789012345678901234567890.12", text(item["price"]))
	assert.Equal(t, "2026-01-02T01:04:05Z", text(item["at"]))
	assert.Equal(t, `{"n":1.10}`, text(item["tags"]))
	assert.Equal(t, "123e4567-e89b-12d3-a456-426614174000", text(item["id"]))
}

// schema returns the name of the world's schema.
func (w *world) schema(t *testing.T) string {
	t.Helper()
	return w.texts(t, `SELECT current_schema()`)[0]
}

// role makes a role that may use the schema, until the end of the test.
func (w *world) role(t *testing.T) string {
	t.Helper()
	role := w.schema(t) + "_role"
	w.exec(t, "CREATE ROLE "+role)
	t.Cleanup(func() {
		_, err := w.app.Exec("DROP OWNED BY " + role + "; DROP ROLE " + role)
		assert.NoError(t, err)
	})
	w.exec(t, "GRANT USAGE ON SCHEMA "+w.schema(t)+" TO "+role)
	return role
}
