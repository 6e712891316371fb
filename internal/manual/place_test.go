package manual

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"maps"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// external is what a block may need that this repository cannot bring.
type external struct{ env, require string }

// externals are, by the word in a mark, the variable that says where it is, and the one that makes it a failure that it is not there.
var externals = map[string]external{
	"postgres": {"DYNAMODEST_TEST_POSTGRES", "DYNAMODEST_REQUIRE_POSTGRES"},
	"temporal": {"DYNAMODEST_TEMPORAL_SERVER", "DYNAMODEST_REQUIRE_TEMPORAL"},
	"browser":  {"DYNAMODEST_BROWSER", "DYNAMODEST_REQUIRE_BROWSER"},
}

// place is where the commands of a page run, one block after another.
type place struct {
	dir      string // where a block runs that is not in a clone
	clone    string // where the others do
	env      map[string]string
	importer map[string]string // variables of the blocks that are not in a clone, besides env
	replace  []string          // pairs of texts
	running  []*background
}

// newPlace makes the place of a page. What it needs of the clone is copied by the first block that runs there.
func newPlace(t *testing.T, name string, f fixtures) *place {
	t.Helper()
	top := t.TempDir()
	home := filepath.Join(top, "home")
	p := &place{dir: filepath.Join(top, "work"), clone: filepath.Join(scratch, strings.ReplaceAll(name, "/", "_"), "dynamodest")}
	for _, dir := range []string{p.dir, filepath.Join(home, "bin"), filepath.Join(home, "tmp")} {
		require.NoError(t, os.MkdirAll(dir, 0o755))
	}
	require.NoError(t, os.Symlink(p.clone, filepath.Join(top, "dynamodest"))) // as pages have it, beside the reader's folder
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(filepath.Dir(p.clone))) })

	db := dynamodesttest.New()
	for _, table := range f.tables {
		name, key, _ := strings.Cut(table, " ")
		db.AddTable(name, key)
	}
	server := httptest.NewServer(db)
	t.Cleanup(server.Close)
	none := filepath.Join(home, "none")
	p.env = map[string]string{
		"PATH":                        strings.Join([]string{filepath.Join(home, "bin"), bin, os.Getenv("PATH")}, string(os.PathListSeparator)),
		"HOME":                        home,
		"TMPDIR":                      filepath.Join(home, "tmp"),
		"GOBIN":                       filepath.Join(home, "bin"),
		"GOFLAGS":                     "-buildvcs=false",
		"GOENV":                       "off",
		"GIT_CEILING_DIRECTORIES":     scratch,
		"AWS_ENDPOINT_URL_DYNAMODB":   server.URL,
		"AWS_REGION":                  "us-east-1",
		"AWS_ACCESS_KEY_ID":           "any",
		"AWS_SECRET_ACCESS_KEY":       "any",
		"AWS_CONFIG_FILE":             none,
		"AWS_SHARED_CREDENTIALS_FILE": none,
		"AWS_EC2_METADATA_DISABLED":   "true",
	}
	maps.Copy(p.env, goEnv)
	for _, e := range externals {
		if value := os.Getenv(e.env); value != "" {
			p.env[e.env] = value
		}
	}
	for _, text := range f.replace {
		p.replace = append(p.replace, strings.ReplaceAll(text, "{double}", server.Listener.Addr().String()))
	}
	p.write(t, f)
	return p
}

// write writes the files and databases of a page.
func (p *place) write(t *testing.T, f fixtures) {
	t.Helper()
	for name, text := range f.files {
		require.NoError(t, os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600))
	}
	for name, from := range f.copies {
		require.NoError(t, copyFile(filepath.Join(root, from), filepath.Join(p.dir, name)))
	}
	for name, statements := range f.sqlite {
		require.NoError(t, execute(t.Context(), "sqlite", filepath.Join(p.dir, name), statements))
	}
	if dsn := p.env["DYNAMODEST_TEST_POSTGRES"]; f.postgres != "" && dsn != "" {
		p.env["DYNAMODEST_TEST_POSTGRES"] = newSchema(t, dsn, f.postgres)
	}
	if f.module != "" {
		require.NoError(t, os.WriteFile(filepath.Join(p.dir, "go.mod"), []byte("module example.com/importer\n\ngo 1.26.0\n"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(p.dir, "main.go"), []byte(f.module), 0o600))
		proxy, err := releases()
		require.NoError(t, err)
		p.importer = map[string]string{
			"GOFLAGS":    "-buildvcs=false -modcacherw",
			"GOMODCACHE": filepath.Join(p.env["HOME"], "modules"),
			"GOPROXY":    "file://" + proxy + ",file://" + filepath.Join(goEnv["GOMODCACHE"], "cache/download") + "," + goEnv["GOPROXY"],
			"GOSUMDB":    "off", // the checksum database does not know the proxy's modules
		}
	}
}

// newSchema makes a schema in the database of dsn, by statements, and returns the DSN whose tables are those in it.
func newSchema(t *testing.T, dsn, statements string) string {
	t.Helper()
	where, err := url.Parse(dsn)
	require.NoError(t, err, "DYNAMODEST_TEST_POSTGRES is not of the form postgres://")
	schema := fmt.Sprintf("manual_%d", os.Getpid())
	query := where.Query()
	query.Set("search_path", schema)
	where.RawQuery = query.Encode()
	require.NoError(t, execute(t.Context(), "pgx", dsn, "CREATE SCHEMA "+schema))
	t.Cleanup(func() {
		require.NoError(t, execute(context.WithoutCancel(t.Context()), "pgx", dsn, "DROP SCHEMA "+schema+" CASCADE"))
	})
	require.NoError(t, execute(t.Context(), "pgx", where.String(), statements))
	return where.String()
}

// execute executes statements, which are separated by semicolons, in a database.
func execute(ctx context.Context, driver, dsn, statements string) (err error) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := db.Close(); err == nil {
			err = closeErr
		}
	}()
	for statement := range strings.SplitSeq(statements, ";") {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// copyRepository makes the clone of the page: the files of the working tree as they are.
func (p *place) copyRepository() error {
	if _, err := os.Stat(p.clone); err == nil {
		return nil
	}
	return walk(func(path string, d fs.DirEntry) error {
		if !d.Type().IsRegular() {
			return nil
		}
		to := filepath.Join(p.clone, path)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return copyFile(filepath.Join(root, path), to)
	})
}

// copyFile copies a file with its mode and its time, by which the go command knows whether it has changed.
func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, data, info.Mode().Perm()); err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

// environ returns the environment of a block.
func (p *place) environ(b block) []string {
	env := maps.Clone(p.env)
	if !b.clone {
		maps.Copy(env, p.importer)
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}
