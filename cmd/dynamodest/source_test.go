package main

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Rows of every kind of source are written, and none is lost where a source breaks off.
func TestSources(t *testing.T) {
	t.Parallel()
	type row struct {
		ID string `parquet:"id"`
		N  int64  `parquet:"n"`
	}
	var zipped, columnar bytes.Buffer
	zip := gzip.NewWriter(&zipped)
	_, err := zip.Write([]byte("id\tn\na\t1\nb\t2\n"))
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	require.NoError(t, parquet.Write(&columnar, []row{{"a", 1}, {"b", 2}}))
	database := filepath.Join(t.TempDir(), "rows.db")
	db, err := sql.Open("sqlite", database)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "CREATE TABLE rows (id TEXT, n INTEGER); INSERT INTO rows VALUES ('a', 1), ('b', 2)")
	require.NoError(t, err)
	require.NoError(t, db.Close())

	for name, tt := range map[string]struct {
		file, text string
		args       []string
		code       int
		written    int
		says       string
	}{
		"TSV, zipped":         {"a.tsv.gz", zipped.String(), nil, exitOK, 2, "n N"},
		"TSV by another name": {"a.tab", "id\tn\na\t1\nb\t2\n", nil, exitOK, 2, "n N"},
		"CSV in capitals":     {"a.txt", "id,n\na,1\nb,2\n", []string{"-format", "CSV"}, exitOK, 2, "n N"},
		"zipped, cut short":   {"a.tsv.gz", zipped.String()[:zipped.Len()-6], nil, exitSource, 2, "stopped by the source"},
		"Parquet":             {"a.parquet", columnar.String(), nil, exitOK, 2, ""},
		"Parquet, cut short":  {"a.parquet", columnar.String()[:columnar.Len()-6], nil, exitUsage, 0, "a.parquet"},
		"query":               {"", "", []string{"-query", "SELECT id, n FROM rows", "-dsn", "sqlite:" + database}, exitOK, 2, ""},
		"query without a DSN": {"", "", []string{"-query", "SELECT 1"}, exitUsage, 0, "-query needs -dsn"},
		"query, to resume": {"", "", []string{"-query", "SELECT id, n FROM rows", "-dsn", "sqlite:" + database, "-failed", "f", "-resume"}, exitUsage, 0,
			"this source may give other rows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			remote := newRemote(t)
			args := append([]string{"load", "-config", remote.config}, tt.args...)
			if tt.file != "" {
				args = append(args, remote.write(t, tt.file, tt.text))
			}
			r := runIn(t, "", args...)
			assert.Equal(t, tt.code, r.code, r.stderr)
			assert.Equal(t, tt.written, remote.db.Len("users"))
			assert.Contains(t, r.stderr, tt.says)
		})
	}
}
