package input

import (
	"context"
	"database/sql"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

// sqliteFile returns the DSN of a database that the statements made.
func sqliteFile(t *testing.T, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a 100% odd?name#.db")
	db, err := sql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path))
	require.NoError(t, err)
	for _, s := range statements {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
	require.FileExists(t, path)
	return "sqlite:" + path
}

func TestRowsOfSQLite(t *testing.T) {
	t.Parallel()
	dsn := sqliteFile(t,
		"CREATE TABLE rows (id TEXT, price NUMERIC, n INTEGER, doc JSON, raw BLOB, empty TEXT)",
		`INSERT INTO rows VALUES ('a', 1.5, 9007199254740993, '{"a":1}', x'00ff', NULL), ('b', 2, -1, '[]', x'', NULL)`)
	in := openInput(t, Options{DSN: dsn, Query: "SELECT * FROM rows ORDER BY id"})
	assert.Equal(t, []string{"id", "price", "n", "doc", "raw", "empty"}, in.Columns)
	assert.EqualValues(t, -1, in.Size)
	assert.Zero(t, in.Read())
	assert.Nil(t, in.Identity)
	rows, errs := rowsOf(in)
	require.Empty(t, errs)
	require.Len(t, rows, 2)
	assert.Equal(t, dynamodest.Row{
		"id": "a", "price": 1.5, "n": int64(9007199254740993), "doc": json.RawMessage(`{"a":1}`), "raw": []byte{0, 0xff}, "empty": nil,
	}, rows[0])
}

func TestAQueryOfSQLiteCannotWrite(t *testing.T) {
	t.Parallel()
	dsn := sqliteFile(t, "CREATE TABLE rows (id TEXT)", "INSERT INTO rows VALUES ('a')")
	in, err := Open(t.Context(), Options{DSN: dsn, Query: "DELETE FROM rows RETURNING id"})
	if err == nil {
		_, errs := rowsOf(in)
		require.Len(t, errs, 1)
		err = errs[0]
		require.NoError(t, in.Close())
	}
	assert.ErrorContains(t, err, "SQLite: attempt to write a readonly database")
	rows, errs := rowsOf(openInput(t, Options{DSN: dsn, Query: "SELECT id FROM rows"}))
	require.Empty(t, errs)
	assert.Len(t, rows, 1)
}

func TestErrorsOfSQLite(t *testing.T) {
	t.Parallel()
	dsn := sqliteFile(t, "CREATE TABLE rows (id TEXT, path TEXT)", "INSERT INTO rows VALUES ('a', '$.x'), ('b', 'hunter2')")
	for query, want := range map[string]string{
		"SELECT * FROM rows WHERE":    "SQLite: SQL logic error: incomplete input",
		"SELECT nope FROM rows":       "no such column: nope",
		"SELECT id, 1 AS id FROM r":   "no such table: r",
		"SELECT id, path id FROM row": "no such table: row",
	} {
		_, err := Open(t.Context(), Options{DSN: dsn, Query: query})
		assert.ErrorContains(t, err, want)
	}
	_, err := Open(t.Context(), Options{DSN: "sqlite:" + filepath.Join(t.TempDir(), "none.db"), Query: "SELECT 1"})
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open(t.Context(), Options{DSN: "sqlite:" + write(t, "text.db", strings.Repeat("no database ", 100)), Query: "SELECT * FROM rows"})
	assert.ErrorContains(t, err, "file is not a database")

	// The names of columns are checked by package source, and a message that quotes a value of a row is not shown.
	_, errs := rowsOf(openInput(t, Options{DSN: dsn, Query: "SELECT id, path AS id FROM rows"}))
	require.Len(t, errs, 1)
	assert.ErrorContains(t, errs[0], `both named "id"`)
	rows, errs := rowsOf(openInput(t, Options{DSN: dsn, Query: `SELECT id, json_extract('{"x":1}', path) AS x FROM rows`}))
	assert.Len(t, rows, 1)
	require.Len(t, errs, 1)
	assert.EqualError(t, errs[0], "after row 1 of the query: SQLite reports the error 1, whose message may quote a value and is not shown")
}

func TestAContextEndsAQuery(t *testing.T) {
	t.Parallel()
	dsn := sqliteFile(t, "CREATE TABLE rows (id TEXT)")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, err := Open(ctx, Options{DSN: dsn, Query: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"})
	require.NoError(t, err)
	count := 0
	var last error
	for _, err := range in.Rows {
		if last = err; count == 100 {
			cancel()
		}
		count++
	}
	assert.ErrorIs(t, last, context.Canceled)
	assert.ErrorContains(t, last, "the query was cancelled")
	assert.NoError(t, in.Close())
}

func TestDSNsAreNotShown(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refused := listener.Addr().String()
	require.NoError(t, listener.Close()) // so that nothing listens there
	for dsn, want := range map[string]string{
		"postgres://ann:hunter2@" + refused + "/d?sslmode=disable": "the database could not be reached: connection refused",
		"postgres://ann:hunter2@no-such-host.invalid/d":            "its host name was not found",
		"postgres://ann:hunter2/x@127.0.0.1/d":                     "the DSN is not of the form postgres://",
		"postgres://ann:hunter2@127.0.0.1/d?sslmode=nonsense":      "or a setting in it is wrong",
		"ann:hunter2@tcp(127.0.0.1:3306)/d":                        "the DSN must begin with postgres:// or sqlite:",
		"mysql://ann:hunter2@127.0.0.1/d":                          "the DSN must begin with postgres:// or sqlite:",
	} {
		_, err := Open(t.Context(), Options{DSN: dsn, Query: "SELECT 1"})
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestTextsOfPostgreSQLQuoteNoValue(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"42P01": "PostgreSQL: the message (42P01)",
		"22P02": "PostgreSQL reports the error 22P02, whose message may quote a value and is not shown",
		"P0001": "PostgreSQL reports the error P0001, whose message may quote a value and is not shown",
		"28P01": "PostgreSQL refuses the user or the password (28P01)",
		"3D000": "PostgreSQL has no database of this name (3D000)",
		"":      "PostgreSQL reports the error , whose message may quote a value and is not shown",
	} {
		err := databaseError(&pgconn.PgError{Code: code, Message: "the message", Detail: "the detail"})
		assert.EqualError(t, err, want)
	}
}

// postgres returns the DSN of a PostgreSQL server that a test may query.
func postgres(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("DYNAMODEST_TEST_POSTGRES")
	if dsn == "" {
		require.Empty(t, os.Getenv("DYNAMODEST_REQUIRE_POSTGRES"), "DYNAMODEST_TEST_POSTGRES is not set")
		t.Skip("DYNAMODEST_TEST_POSTGRES, the DSN of a PostgreSQL server, is not set")
	}
	return dsn
}

func TestRowsOfPostgreSQL(t *testing.T) {
	t.Parallel()
	in := openInput(t, Options{DSN: postgres(t), Query: `SELECT 'a'::text AS id, 1234567890123456789.50::numeric AS price, 7::bigint AS n,
		1.5::float8 AS f, true AS yes, '{"a": 1.10}'::jsonb AS doc, '\x00ff'::bytea AS raw, NULL::text AS nothing,
		'2026-01-02 03:04:05+00'::timestamptz AS at, '123e4567-e89b-12d3-a456-426614174000'::uuid AS u`})
	rows, errs := rowsOf(in)
	require.Empty(t, errs)
	require.Len(t, rows, 1)
	at, ok := rows[0]["at"].(time.Time)
	require.True(t, ok)
	assert.True(t, at.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
	delete(rows[0], "at")
	assert.Equal(t, dynamodest.Row{
		"id": "a", "price": json.Number("1234567890123456789.50"), "n": int64(7), "f": 1.5, "yes": true, "doc": json.RawMessage(`{"a": 1.10}`),
		"raw": []byte{0, 0xff}, "nothing": nil, "u": "123e4567-e89b-12d3-a456-426614174000",
	}, rows[0])
	assert.Equal(t, []string{"id", "price", "n", "f", "yes", "doc", "raw", "nothing", "at", "u"}, in.Columns)
}

func TestErrorsOfPostgreSQL(t *testing.T) {
	t.Parallel()
	dsn := postgres(t)
	for query, want := range map[string]string{
		"SELECT * FROM nowhere":       `PostgreSQL: relation "nowhere" does not exist (42P01)`,
		"CREATE TABLE made (id text)": "PostgreSQL: cannot execute CREATE TABLE in a read-only transaction (25006)",
		"SELECT 1; SELECT 2":          "42601",
		"SELECT CAST(v AS int) AS n FROM (VALUES ('1'), ('hunter2')) AS t(v)": "PostgreSQL reports the error 22P02",
	} {
		in, err := Open(t.Context(), Options{DSN: dsn, Query: query})
		if err == nil {
			_, errs := rowsOf(in)
			require.Len(t, errs, 1, query)
			err = errs[0]
			require.NoError(t, in.Close())
		}
		assert.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestAContextEndsAQueryOfPostgreSQL(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, err := Open(ctx, Options{DSN: postgres(t), Query: "SELECT generate_series(1, 1000000000) AS i"})
	require.NoError(t, err)
	var last error
	for row, err := range in.Rows {
		if last = err; row["i"] == int32(1000) || row["i"] == int64(1000) {
			cancel()
		}
	}
	assert.ErrorIs(t, last, context.Canceled)
	assert.NoError(t, in.Close())
}
