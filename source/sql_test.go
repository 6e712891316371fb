package source_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

var (
	scanBytes  = reflect.TypeFor[[]byte]()
	scanRaw    = reflect.TypeFor[sql.RawBytes]()
	scanText   = reflect.TypeFor[string]()
	scanNull   = reflect.TypeFor[sql.NullString]()
	scanFloat  = reflect.TypeFor[float64]()
	scanAny    = reflect.TypeFor[any]()
	scanNoTime = reflect.TypeFor[sql.NullTime]()
)

// The type of the column decides what a []byte or a string is: type names, Go types and values as the drivers
// give them.
func TestSQLRowsByType(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	for _, test := range []struct {
		driver, typ string
		scan        reflect.Type
		value       driver.Value
		want        any
	}{
		// https://github.com/go-sql-driver/mysql/blob/v1.10.1/fields.go; before 1.8 all of these had sql.RawBytes
		{"mysql", "VARCHAR", scanNull, []byte("x"), "x"},
		{"mysql", "VARCHAR", scanRaw, []byte("x"), "x"},
		{"mysql", "CHAR", scanText, []byte(""), ""},
		{"mysql", "LONGTEXT", scanNull, []byte("\xff"), "\xff"}, // the conversion refuses it
		{"mysql", "ENUM", scanText, []byte("a"), "a"},
		{"mysql", "SET", scanRaw, []byte("a,b"), "a,b"},
		{"mysql", "DECIMAL", scanNull, []byte("12345678901234567890.10"), json.Number("12345678901234567890.10")},
		{"mysql", "UNSIGNED BIGINT", reflect.TypeFor[uint64](), []byte("18446744073709551615"), json.Number("18446744073709551615")},
		{"mysql", "JSON", scanNull, []byte(`{"a": 1}`), json.RawMessage(`{"a": 1}`)},
		{"mysql", "JSON", scanNull, nil, nil},
		{"mysql", "BLOB", scanBytes, []byte("x"), []byte("x")},
		{"mysql", "BLOB", scanRaw, []byte{}, []byte{}},
		{"mysql", "VARBINARY", scanBytes, []byte("x"), []byte("x")},
		{"mysql", "BIT", scanBytes, []byte{1}, []byte{1}},
		{"mysql", "GEOMETRY", scanBytes, []byte("x"), []byte("x")},
		{"mysql", "DATETIME", scanNoTime, []byte("2026-03-04 05:06:07"), "2026-03-04 05:06:07"},
		{"mysql", "TIME", scanNull, []byte("05:06:07"), "05:06:07"},
		{"mysql", "DATETIME", scanNoTime, moment, moment},
		{"mysql", "FLOAT", reflect.TypeFor[float32](), float32(0.1), float32(0.1)},
		{"mysql", "TINYINT", reflect.TypeFor[int8](), int64(1), int64(1)},

		// https://github.com/lib/pq/blob/v1.12.3/rows.go
		{"pq", "NUMERIC", scanAny, []byte("0.50"), json.Number("0.50")},
		{"pq", "NUMERIC", scanAny, []byte("NaN"), json.Number("NaN")},
		{"pq", "NUMERIC", scanAny, []byte("-Infinity"), json.Number("-Infinity")},
		{"pq", "MONEY", scanAny, []byte("$1,000.00"), "$1,000.00"},
		{"pq", "UUID", scanAny, []byte("0001feff-1020-3040-5060-708090a0b0c0"), "0001feff-1020-3040-5060-708090a0b0c0"},
		{"pq", "JSONB", scanAny, []byte(`[1]`), json.RawMessage(`[1]`)},
		{"pq", "BYTEA", scanBytes, []byte("x"), []byte("x")},
		{"pq", "BIT", scanText, []byte("0101"), "0101"},
		{"pq", "_TEXT", scanAny, []byte("{a,b}"), "{a,b}"},
		{"pq, an enum", "", scanAny, []byte("happy"), "happy"},
		{"pq, a type of an extension", "", scanAny, []byte("\xff"), []byte("\xff")},
		{"pq", "BPCHAR", scanAny, "x", "x"},

		// https://github.com/jackc/pgx/blob/v5.13.0/stdlib/sql.go
		{"pgx", "NUMERIC", scanFloat, "1.10", json.Number("1.10")},
		{"pgx", "NUMERIC", scanFloat, "NaN", json.Number("NaN")},
		{"pgx", "JSON", scanText, []byte(`"x"`), json.RawMessage(`"x"`)},
		{"pgx", "XML", scanText, []byte("<a/>"), "<a/>"},
		{"pgx", "BYTEA", scanBytes, []byte("x"), []byte("x")},
		{"pgx, an enum", "16432", scanText, "happy", "happy"},

		// https://gitlab.com/cznic/sqlite/-/blob/v1.62.0/rows.go and
		// https://github.com/mattn/go-sqlite3/blob/v1.14.53/sqlite3_type.go: any column may hold any type
		{"sqlite", "DECIMAL(10,2)", scanText, "abc", "abc"},
		{"sqlite", "decimal(10,2)", scanFloat, 1.5, 1.5},
		{"sqlite", "DECIMAL (10,2)", scanText, "00123", "00123"},
		{"sqlite", "BLOB", scanText, []byte("x"), []byte("x")},
		{"sqlite", "BLOB", nil, []byte(nil), []byte{}}, // NULL is a nil
		{"sqlite", "TEXT", nil, []byte(nil), ""},
		{"sqlite, an expression", "", scanBytes, []byte("x"), []byte("x")},
		{"sqlite, an expression whose first row is NULL", "", nil, []byte("x"), []byte("x")},
		{"sqlite, an expression", "", scanText, "x", "x"},
		{"sqlite", "UNSIGNED BIG INT", reflect.TypeFor[int64](), int64(7), int64(7)},

		// https://github.com/microsoft/go-mssqldb/blob/v1.11.2/types.go
		{"mssql", "DECIMAL", scanBytes, []byte("1.10"), json.Number("1.10")},
		{"mssql", "MONEY", scanBytes, []byte("1.1000"), json.Number("1.1000")},
		{"mssql", "UNIQUEIDENTIFIER", scanBytes, []byte("0123456789abcdef"), []byte("0123456789abcdef")},
		{"mssql", "NVARCHAR", scanText, "x", "x"},

		// https://github.com/snowflakedb/gosnowflake/blob/v1.19.1/converter.go
		{"snowflake", "FIXED", scanFloat, "1.10", json.Number("1.10")},
		{"snowflake", "REAL", scanFloat, "1e-7", json.Number("1e-7")},
		{"snowflake", "VARIANT", scanText, `{"a":1}`, json.RawMessage(`{"a":1}`)},
		{"snowflake", "ARRAY", scanText, `[undefined]`, `[undefined]`},
		{"snowflake", "BINARY", scanBytes, []byte("x"), []byte("x")},

		{"oracle", "NUMBER", scanText, ".5", json.Number(".5")},
		{"a driver that says nothing", "", scanAny, "x", "x"},
	} {
		rows := (&fakeRows{columns: []fakeColumn{{"v", test.typ, test.scan}}, values: [][]driver.Value{{test.value}}}).query(t.Context(), t)
		n := 0
		for row, err := range source.SQLRows(rows) {
			require.NoError(t, err)
			assert.Equal(t, dynamodest.Row{"v": test.want}, row, "%s: %s %T", test.driver, test.typ, test.value)
			n++
		}
		assert.Equal(t, 1, n)
	}
}

// Decimals become numbers with all their digits, NaN fails its row, and JSON becomes a document.
func TestSQLRowsAreWritten(t *testing.T) {
	t.Parallel()
	fake := &fakeRows{
		columns: []fakeColumn{{"id", "VARCHAR", scanNull}, {"d", "DECIMAL", scanNull}, {"j", "JSON", scanNull}, {"b", "BLOB", scanBytes}},
		values: [][]driver.Value{
			{[]byte("a"), []byte("12345678901234567890.10"), []byte(`{"k": [1, 2]}`), []byte("x")},
			{[]byte("b"), []byte("NaN"), nil, nil},
			{[]byte("c"), []byte(".5"), []byte(`"text"`), []byte{}},
		},
	}
	dest, db := newDest(t, dynamodest.Mapping{})
	sum, err := dest.WriteSeq(t.Context(), source.SQLRows(fake.query(t.Context(), t)), nil)
	var call *dynamodest.WriteError
	require.ErrorAs(t, err, &call)
	require.NoError(t, call.Stop)
	assert.Equal(t, 2, sum.Written)
	require.Len(t, call.First, 1)
	assert.Equal(t, 1, call.First[0].Index)
	assert.Equal(t, "d", call.First[0].Column)
	assert.Equal(t, map[string]types.AttributeValue{
		"id": &types.AttributeValueMemberS{Value: "a"}, "d": &types.AttributeValueMemberN{Value: "12345678901234567890.1"},
		"j": &types.AttributeValueMemberS{Value: `{"k":[1,2]}`}, "b": &types.AttributeValueMemberB{Value: []byte("x")},
	}, db.Item("rows", "a"))
	assert.Equal(t, &types.AttributeValueMemberN{Value: "0.5"}, db.Item("rows", "c")["d"])
	assert.True(t, fake.closed)
}

// A query that fails half-way ends the sequence with its error, after the rows before it.
func TestSQLRowsThatFail(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	fake := &fakeRows{columns: []fakeColumn{{"a", "INT", nil}}, values: [][]driver.Value{{int64(1)}, {int64(2)}}, err: broken}
	assert.Equal(t, []string{`map["a":'\x01']`, `map["a":'\x02']`, "end: connection reset"}, got(source.SQLRows(fake.query(t.Context(), t))))
	assert.True(t, fake.closed)

	fake = &fakeRows{columns: []fakeColumn{{"a", "INT", nil}}, err: broken}
	assert.Equal(t, []string{"end: connection reset"}, got(source.SQLRows(fake.query(t.Context(), t))))
	fake = &fakeRows{columns: []fakeColumn{{"a", "INT", nil}}}
	assert.Empty(t, got(source.SQLRows(fake.query(t.Context(), t))))
	assert.Equal(t, []string{"end: the *sql.Rows is nil"}, got(source.SQLRows(nil)))

	closed := (&fakeRows{columns: []fakeColumn{{"a", "INT", nil}}}).query(t.Context(), t)
	require.NoError(t, closed.Close())
	assert.Equal(t, []string{"end: sql: Rows are closed"}, got(source.SQLRows(closed)))
}

// The end of the query's context ends the sequence, and is no fault of the row that it meets.
func TestSQLRowsWhoseContextEnds(t *testing.T) {
	t.Parallel()
	fakeValue := []driver.Value{int64(1)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	fake := &fakeRows{columns: []fakeColumn{{"a", "INT", nil}}, values: make([][]driver.Value, 1<<20)}
	for i := range fake.values {
		fake.values[i] = fakeValue
	}
	ended := false
	for row, err := range source.SQLRows(fake.query(ctx, t)) {
		require.False(t, ended)
		if err != nil {
			require.Nil(t, row)
			require.Nil(t, badLine(err))
			require.ErrorIs(t, err, context.Canceled)
			ended = true
		}
		cancel()
	}
	assert.True(t, ended)
}

// Rows are closed when a loop over them stops early, and cannot be ranged over again.
func TestSQLRowsThatAreLeft(t *testing.T) {
	t.Parallel()
	fake := &fakeRows{columns: []fakeColumn{{"a", "INT", nil}}, values: [][]driver.Value{{int64(1)}, {int64(2)}}}
	rows := source.SQLRows(fake.query(t.Context(), t))
	for row, err := range rows {
		require.NoError(t, err)
		assert.Equal(t, dynamodest.Row{"a": int64(1)}, row)
		break
	}
	assert.True(t, fake.closed)
	assert.Equal(t, []string{"end: the rows have been read: a sequence of package source can be ranged over once"}, got(rows))
}

// Columns that a map would lose are an error that names them.
func TestSQLRowsOfBadColumns(t *testing.T) {
	t.Parallel()
	for want, names := range map[string][]string{
		`end: columns 1 and 3 are both named "id" in the query: give one of them another name with AS`: {"id", "x", "id"},
		"end: column 2 of the query has no name: give it one with AS":                                  {"id", "", ""},
	} {
		fake := &fakeRows{values: [][]driver.Value{{int64(1), int64(2), int64(3)}}}
		for _, name := range names {
			fake.columns = append(fake.columns, fakeColumn{name, "INT", nil})
		}
		assert.Equal(t, []string{want}, got(source.SQLRows(fake.query(t.Context(), t))))
		assert.True(t, fake.closed)
	}
}

// Bytes are the row's own, although a driver uses its memory again.
func TestSQLRowsCopyBytes(t *testing.T) {
	t.Parallel()
	fake := &fakeRows{columns: []fakeColumn{{"b", "BLOB", scanBytes}, {"j", "JSON", scanText}}, values: [][]driver.Value{
		{[]byte("first"), []byte("1")}, {[]byte("second"), []byte("2")},
	}}
	var all []dynamodest.Row
	for row, err := range source.SQLRows(fake.query(t.Context(), t)) {
		require.NoError(t, err)
		all = append(all, row)
	}
	assert.Equal(t, []dynamodest.Row{
		{"b": []byte("first"), "j": json.RawMessage("1")}, {"b": []byte("second"), "j": json.RawMessage("2")},
	}, all)
}
