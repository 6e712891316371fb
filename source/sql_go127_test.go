//go:build go1.27

package source_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/source"
)

// scanningRows are rows of a driver that scans by itself, as drivers may from Go 1.27 on: a value that it cannot
// read is an error of Scan. Before, it ends the query.
type scanningRows struct{ *fakeRows }

func (r scanningRows) NextRow() error { return r.Next(make([]driver.Value, len(r.columns))) }

func (r scanningRows) ScanColumn(ctx driver.ScanContext, i int, dest any) error {
	v := r.values[r.at-1][i]
	if err, ok := v.(error); ok {
		return err
	}
	return sql.ConvertAssign(ctx, dest, v)
}

// A row that cannot be scanned is a BadRow with its number, and the next row follows.
func TestSQLRowsThatCannotBeScanned(t *testing.T) {
	t.Parallel()
	broken := errors.New("secret")
	fake := &fakeRows{columns: []fakeColumn{{"a", "VARCHAR", nil}}, values: [][]driver.Value{{"1"}, {broken}, {"3"}}}
	rows := source.SQLRows(query(t.Context(), t, scanningRows{fake}))
	n := 0
	for row, err := range rows {
		if n++; n != 2 {
			require.NoError(t, err)
			assert.Len(t, row, 1)
			continue
		}
		require.ErrorIs(t, err, broken)
		bad := badLine(err)
		require.NotNil(t, bad)
		assert.Equal(t, "line 2: the row could not be scanned", bad.Error())
	}
	assert.Equal(t, 3, n)
}
