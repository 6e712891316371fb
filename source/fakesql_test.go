package source_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeColumn is a column as a driver describes it.
type fakeColumn struct {
	name, typ string
	scan      reflect.Type // nil: as a driver that does not know it
}

// fakeRows are the rows of a query. They are their own connector, connection and statement.
type fakeRows struct {
	columns []fakeColumn
	values  [][]driver.Value
	err     error // after the values

	at     int
	closed bool
}

// query returns the rows of r as database/sql gives them.
func (r *fakeRows) query(ctx context.Context, t testing.TB) *sql.Rows {
	t.Helper()
	return query(ctx, t, r)
}

// query returns what a driver with these rows gives.
func query(ctx context.Context, t testing.TB, r driver.Rows) *sql.Rows {
	t.Helper()
	db := sql.OpenDB(fakeDriver{r})
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	rows, err := db.QueryContext(ctx, "")
	require.NoError(t, err)
	require.NoError(t, rows.Err())
	return rows
}

func (r *fakeRows) Columns() []string {
	var names []string
	for _, c := range r.columns {
		names = append(names, c.name)
	}
	return names
}

func (r *fakeRows) ColumnTypeDatabaseTypeName(i int) string { return r.columns[i].typ }
func (r *fakeRows) ColumnTypeScanType(i int) reflect.Type   { return r.columns[i].scan }
func (r *fakeRows) Close() error                            { r.closed = true; return nil }
func (r *fakeRows) Next(dest []driver.Value) error {
	if r.at == len(r.values) {
		if r.err != nil {
			return r.err
		}
		return io.EOF
	}
	if r.at > 0 { // as drivers do that use the memory of bytes again
		for _, v := range r.values[r.at-1] {
			if p, ok := v.([]byte); ok {
				clear(p)
			}
		}
	}
	copy(dest, r.values[r.at])
	r.at++
	return nil
}

// fakeDriver is a driver whose every query has the rows.
type fakeDriver struct{ rows driver.Rows }

var errFake = errors.New("not of the fake driver")

func (d fakeDriver) Connect(context.Context) (driver.Conn, error) { return d, nil }
func (d fakeDriver) Driver() driver.Driver                        { return d }
func (d fakeDriver) Open(string) (driver.Conn, error)             { return d, nil }
func (d fakeDriver) Prepare(string) (driver.Stmt, error)          { return nil, errFake }
func (d fakeDriver) Begin() (driver.Tx, error)                    { return nil, errFake }
func (d fakeDriver) Close() error                                 { return nil }
func (d fakeDriver) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return d.rows, nil
}
