package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Without flags the program shows two runs, again and again on one file.
func TestDemo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sqlsync.db")
	show := func() string {
		s, err := parse([]string{"-db", path}, t.Output())
		require.NoError(t, err)
		var out strings.Builder
		require.NoError(t, run(t.Context(), s, &out))
		return out.String()
	}
	first := show()
	assert.Contains(t, first, "made products with 1000 rows, 2 of them bad on purpose\n")
	assert.Contains(t, first, "rows                    1000\n  written                998\n  dead letters             2\n")
	assert.Contains(t, first, "rows                      33\n  written                 28\n  marked as deleted        4\n  nothing to delete        1")
	again := show()
	assert.Contains(t, again, "the first run for this table sends every row\nrows                    1007\n")
	assert.Contains(t, again, "rows                      31\n")
	assert.NotContains(t, again, "bad on purpose")
}

// The demonstration changes only what it has made.
func TestDemoLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	w := inSQLite(t)
	for i := range 300 {
		w.put(t, fmt.Sprint("a", i), "first")
	}
	before := w.texts(t, `SELECT * FROM products`)
	file := w.args[len(w.args)-2:]
	s, err := parse(file, t.Output())
	require.NoError(t, err)
	r := w.runWith(t, s)
	assert.Equal(t, exitOK, r.code)
	assert.Equal(t, "rows 300, written 300", r.figures(t))
	assert.Equal(t, 1, strings.Count(r.stdout, "\nrows "))
	s, err = parse(append(file, "-demo"), t.Output())
	require.NoError(t, err)
	r = w.runWith(t, s)
	assert.Equal(t, exitUsage, r.code)
	assert.Contains(t, r.err, "the table products of this database is not its own")
	assert.Equal(t, before, w.texts(t, `SELECT * FROM products`))
}

func deleteInput(table string) *dynamodb.DeleteTableInput {
	return &dynamodb.DeleteTableInput{TableName: &table}
}
