package source

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest"
)

// SQLRows returns the rows of a query, and closes rows at the end, also if a loop over them stops early. The
// sequence can be ranged over once; a range over it is what closes rows.
//
// Drivers return text, decimals, JSON and bytes alike as a []byte or a string. The type of the column, as the
// driver names it, decides what a value is:
//
//	CHAR, VARCHAR, TEXT, CLOB, ENUM, UUID, DATE, …        string
//	DECIMAL, NUMERIC, INT, FLOAT, … and the value is a
//	decimal; NaN and Infinity, which fail their row        json.Number, exact
//	JSON, JSONB, VARIANT, OBJECT, ARRAY, … and the value
//	is valid JSON                                          json.RawMessage
//	BLOB, BYTEA, BINARY, VARBINARY, …                      []byte
//	another type that the driver scans into a []byte       []byte
//	another type, such as an enum of PostgreSQL            string if it is UTF-8, otherwise []byte
//
// A value that its column's type does not fit, such as "abc" in a NUMERIC column of SQLite, is a string. Every
// other value, such as an int64, a bool or a time.Time, is as the driver gives it. Bytes are copied.
//
// A map holds one value for a name, so names that are there twice, as in SELECT a.id, b.id, are an error that
// names the columns, as are empty names: the query gives such columns names with AS.
//
// A row that cannot be scanned is a [dynamodest.BadRow] around a [*LineError] with its number, and the next row
// follows. If the query fails half-way, the sequence ends with that error. Of several result sets it reads the
// one that rows is at.
func SQLRows(rows *sql.Rows) iter.Seq2[dynamodest.Row, error] {
	return once(func(yield func(dynamodest.Row, error) bool) {
		if rows == nil {
			yield(nil, errors.New("the *sql.Rows is nil"))
			return
		}
		defer func() { _ = rows.Close() }() // what a query failed with is in rows.Err
		columns, err := columnsOf(rows)
		if err != nil {
			yield(nil, err)
			return
		}
		for number := 1; rows.Next(); number++ {
			row, err := scan(rows, columns)
			if err != nil {
				if rows.Err() != nil { // the query has ended, and the row is not at fault
					break
				}
				err = dynamodest.BadRow(&LineError{Line: number, Problem: "the row could not be scanned", Err: err})
			}
			if !yield(row, err) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, err)
		}
	})
}

// column is a column of a query.
type column struct {
	name string
	kind columnKind
}

// columnKind says what the values of a column are that come as a []byte or a string.
type columnKind uint8

const (
	textOrBytes columnKind = iota // text if it is UTF-8
	textual
	numeric
	document
	binary
)

// kinds has the kinds of types by the names that drivers give them, without lengths and UNSIGNED. A type that
// is missing goes by its Go type.
//
// Names: https://github.com/go-sql-driver/mysql/blob/v1.10.1/fields.go, https://github.com/lib/pq/blob/v1.12.3/oid/types.go,
// https://github.com/jackc/pgx/blob/v5.13.0/pgtype/pgtype_default.go, https://github.com/microsoft/go-mssqldb/blob/v1.11.2/types.go,
// https://github.com/snowflakedb/gosnowflake/blob/v1.19.1/datatype.go, https://www.sqlite.org/datatype3.html
var kinds = byName(map[columnKind][]string{
	textual: {
		"CHAR", "CHARACTER", "BPCHAR", "NCHAR", "VARCHAR", "NVARCHAR", "VARCHAR2", "NVARCHAR2", "NAME", "CITEXT",
		"TEXT", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT", "NTEXT", "STRING", "CLOB", "NCLOB", "XML", "ENUM", "SET", "UUID",
		"DATE", "TIME", "TIMETZ", "DATETIME", "TIMESTAMP", "TIMESTAMPTZ", "INTERVAL", "INET", "CIDR", "MACADDR",
	},
	numeric: {
		"DECIMAL", "DEC", "NUMERIC", "NUMBER", "FIXED", "DECFLOAT", "BIGNUMERIC", "MONEY", "SMALLMONEY",
		"TINYINT", "SMALLINT", "MEDIUMINT", "INT", "INTEGER", "BIGINT", "HUGEINT", "INT2", "INT4", "INT8",
		"REAL", "FLOAT", "DOUBLE", "DOUBLE PRECISION", "FLOAT4", "FLOAT8",
	},
	document: {"JSON", "JSONB", "VARIANT", "OBJECT", "ARRAY", "MAP", "STRUCT"},
	binary: {
		"BLOB", "TINYBLOB", "MEDIUMBLOB", "LONGBLOB", "BYTEA", "BYTES", "BINARY", "VARBINARY", "IMAGE", "RAW", "LONG RAW",
	},
})

// byName returns the kind of each name.
func byName(names map[columnKind][]string) map[string]columnKind {
	all := map[string]columnKind{}
	for kind, list := range names {
		for _, name := range list {
			all[name] = kind
		}
	}
	return all
}

// columnsOf returns the columns of rows, whose names must be there and differ.
func columnsOf(rows *sql.Rows) ([]column, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	columns, names := make([]column, len(types)), make([]string, len(types))
	for i, t := range types {
		names[i] = t.Name()
		columns[i] = column{names[i], kindOf(t.DatabaseTypeName(), t.ScanType())}
	}
	if i := slices.Index(names, ""); i >= 0 {
		return nil, fmt.Errorf("column %d of the query has no name: give it one with AS", i+1)
	}
	if problem := repeatedName(names); problem != "" {
		return nil, fmt.Errorf("%s in the query: give one of them another name with AS", problem)
	}
	return columns, nil
}

// kindOf returns the kind of a column by the name of its type and the Go type into which the driver scans it.
// SQLite names a type as it was declared, with its length, and may know no Go type.
func kindOf(name string, scan reflect.Type) columnKind {
	name, _, _ = strings.Cut(strings.ToUpper(name), "(")
	name = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(name, "UNSIGNED "), " UNSIGNED"))
	kind, ok := kinds[name]
	if !ok && (scan == nil || scan.Kind() == reflect.Slice && scan.Elem().Kind() == reflect.Uint8) {
		kind = binary
	}
	return kind
}

// scan returns the row that rows is at.
func scan(rows *sql.Rows, columns []column) (dynamodest.Row, error) {
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	row := make(dynamodest.Row, len(columns))
	for i, c := range columns {
		row[c.name] = c.kind.value(values[i])
	}
	return row, nil
}

// value returns what v, a value of a column of kind k, is.
func (k columnKind) value(v any) any {
	var text string
	switch v := v.(type) {
	case string:
		text = v
	case []byte:
		if v == nil { // no NULL: a driver of SQLite gives an empty BLOB so
			v = []byte{}
		}
		if k == binary || k == textOrBytes && !utf8.Valid(v) {
			return v
		}
		text = string(v)
	default:
		return v
	}
	switch {
	case k == numeric && (isDecimal(text) || notFinite(text)):
		return json.Number(text)
	case k == document && json.Valid([]byte(text)):
		return json.RawMessage(text)
	}
	return text
}

// notFinite reports whether text is how databases write what is no number in a column of numbers.
func notFinite(text string) bool {
	switch strings.ToLower(strings.TrimLeft(text, "+-")) {
	case "nan", "inf", "infinity":
		return true
	}
	return false
}
