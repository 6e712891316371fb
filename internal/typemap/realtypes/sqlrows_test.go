package realtypes

import (
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/source"
)

// TestSQLRowsOfSQLite holds source.SQLRows against a real database, in which a column of any type may hold a value
// of any type.
func TestSQLRowsOfSQLite(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", ":memory:")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	db.SetMaxOpenConns(1) // a database in memory is that of its connection
	_, err = db.ExecContext(t.Context(), `
		CREATE TABLE t (id TEXT, price DECIMAL(10,2), n INTEGER, doc JSON, raw BLOB, code VARCHAR(5), at DATETIME, "any");
		INSERT INTO t VALUES ('a', '1.50', 9223372036854775807, '{"k": [1, 2.50]}', x'00ff', '02134', '2026-03-04 05:06:07', x'41');
		INSERT INTO t VALUES ('b', 'n/a', NULL, 'no JSON', NULL, '', NULL, 'text');
		INSERT INTO t VALUES ('c', '2.25', '7', '"x"', x'', x'3031', '2026-03-04', 1.5);`)
	require.NoError(t, err)
	rows, err := db.QueryContext(t.Context(), `SELECT id, price, n, doc, raw, code, at, "any", count(*) OVER () AS all_rows, coalesce(raw, 'x') AS expression FROM t ORDER BY id`)
	require.NoError(t, err)
	require.NoError(t, rows.Err())

	table := dynamodesttest.NewTable("rows", "id:S")
	dest, err := dynamodest.New(t.Context(), dynamodest.Config{Table: "rows", Client: table})
	require.NoError(t, err)
	sum, err := dest.WriteSeq(t.Context(), source.SQLRows(rows), nil)
	require.NoError(t, err)
	assert.Equal(t, 3, sum.Written)
	moment := func(hour, minute, second int) want {
		return text(time.Date(2026, 3, 4, hour, minute, second, 0, time.UTC).Format(time.RFC3339))
	}
	for id, columns := range map[string]doc{
		"a": {"price": number("1.5"), "n": number("9223372036854775807"), "doc": text(`{"k":[1,2.50]}`), "raw": binary("\x00\xff"),
			"code": text("02134"), "at": moment(5, 6, 7), "any": binary("A"), "expression": binary("\x00\xff")},
		"b": {"price": text("n/a"), "n": nothing, "doc": text("no JSON"), "raw": nothing, "code": nothing, "at": nothing, "any": text("text"), "expression": text("x")},
		"c": {"price": number("2.25"), "n": number("7"), "doc": text(`"x"`), "raw": binary(""), "code": text("01"), "at": moment(0, 0, 0), "any": number("1.5"), "expression": binary("")},
	} {
		columns["id"], columns["all_rows"] = text(id), number("3")
		assert.Equal(t, show(columns.want().attr), show(&types.AttributeValueMemberM{Value: table.Item("rows", id)}))
	}

	rows, err = db.QueryContext(t.Context(), `SELECT a.id, b.id FROM t a JOIN t b USING (id)`)
	require.NoError(t, err)
	require.NoError(t, rows.Err())
	for row, err := range source.SQLRows(rows) {
		assert.Nil(t, row)
		assert.ErrorContains(t, err, `columns 1 and 2 are both named "id" in the query`)
	}
}
