package main

import (
	"database/sql"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// world is a source, as the application that owns it sees it, and a DynamoDB table behind HTTP.
type world struct {
	app    *sql.DB
	double *dynamodesttest.DB
	args   []string // of sqlsync
}

// newWorld returns a world with an empty table products. source is the flag of the source.
func newWorld(t *testing.T, app *sql.DB, source ...string) *world {
	t.Helper()
	w := &world{app: app, double: dynamodesttest.NewTable("products", "sku:S")}
	server := httptest.NewServer(w.double)
	t.Cleanup(server.Close)
	t.Cleanup(func() { assert.NoError(t, app.Close()) })
	w.args = append([]string{"-endpoint", server.URL, "-region", "us-east-1", "-page", "5"}, source...)
	w.exec(t, `CREATE TABLE products (sku text UNIQUE, name text, price numeric(40, 2), details text)`)
	return w
}

// inSQLite returns a world whose source is a file.
func inSQLite(t *testing.T) *world {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a file?#%.db")
	app, err := sql.Open("sqlite", fileURL(path)+"?_txlock=immediate&_pragma=busy_timeout(30000)")
	require.NoError(t, err)
	return newWorld(t, app, "-db", path)
}

// exec executes a statement of the application.
func (w *world) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	_, err := w.app.ExecContext(t.Context(), statement, args...)
	assert.NoError(t, err, statement) // not require: hooks of requests call it
}

// put inserts a product, or changes it.
func (w *world) put(t *testing.T, sku, name string) {
	t.Helper()
	w.exec(t, `INSERT INTO products (sku, name, price) VALUES ($1, $2, 1) ON CONFLICT (sku) DO UPDATE SET name = excluded.name`, sku, name)
}

// ran is what a run did.
type ran struct {
	code   int
	stdout string
	err    string
}

// sync runs sqlsync in this process.
func (w *world) sync(t *testing.T, more ...string) ran {
	t.Helper()
	s, err := parse(append(w.args, more...), t.Output())
	require.NoError(t, err)
	s.lockWait, s.retry = time.Minute, dynamodest.Retry{MaxAttempts: 1}
	return w.runWith(t, s)
}

// runWith runs sqlsync with settings. Its totals must add up.
func (w *world) runWith(t *testing.T, s *settings) ran {
	t.Helper()
	var out strings.Builder
	err := run(t.Context(), s, &out)
	r := ran{code: exitCode(err), stdout: out.String()}
	if err != nil {
		r.err = err.Error()
	}
	r.balanced(t)
	return r
}

// outcomeNames are the lines of a report that add up to its rows.
var outcomeNames = []string{"written", "marked as deleted", "nothing to delete", "dead letters", "to be sent again", "left"}

// balanced checks that the outcomes of a report add up to its rows.
func (r ran) balanced(t *testing.T) {
	t.Helper()
	sum := 0
	for _, name := range outcomeNames {
		sum += r.figure(t, name)
	}
	assert.Equal(t, r.figure(t, "rows"), sum, r.stdout)
}

// figure returns a figure of a report; 0 if it is not there.
func (r ran) figure(t *testing.T, name string) int {
	t.Helper()
	found := regexp.MustCompile(`(?m)^ *` + name + ` +(\d+)`).FindStringSubmatch(r.stdout)
	if found == nil {
		return 0
	}
	n, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	return n
}

// figures returns the figures of a report that are not 0, in one line.
func (r ran) figures(t *testing.T) string {
	t.Helper()
	var all []string
	for _, name := range append([]string{"rows"}, outcomeNames...) {
		if n := r.figure(t, name); n > 0 {
			all = append(all, fmt.Sprintf("%s %d", name, n))
		}
	}
	return strings.Join(all, ", ")
}

// texts returns the rows of a query as texts, with | between columns.
func (w *world) texts(t *testing.T, query string) []string {
	t.Helper()
	rows, err := w.app.QueryContext(t.Context(), query)
	require.NoError(t, err, query)
	defer func() { assert.NoError(t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	all := []string{}
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = v.String
		}
		all = append(all, strings.Join(texts, "|"))
	}
	require.NoError(t, rows.Err())
	return all
}

// A row that cannot be written: its key is too long, or it is too large.
const badRow = `(length(p.sku) > 2048 OR p.sku = '' OR p.sku IS NULL OR coalesce(length(p.details), 0) > 409600)`

// inStep checks that the table and the state are what the source says, whole: each item is the row with the position of
// its last change, or says that the row is gone, and each bad row is one dead letter.
func (w *world) inStep(t *testing.T) {
	t.Helper()
	want := w.texts(t, `SELECT c.sku, c.position, p.name, p.details FROM sqlsync_changes c JOIN products p ON p.sku = c.sku
		WHERE NOT `+badRow)
	gone := w.texts(t, `SELECT c.sku, c.position FROM sqlsync_changes c
		WHERE length(c.sku) BETWEEN 1 AND 2048 AND NOT EXISTS (SELECT 1 FROM products p WHERE p.sku = c.sku)`)
	got, marked := []string{}, []string{}
	for _, item := range w.double.Items("products") {
		at := text(item["sku"]) + "|" + text(item[positionAttribute])
		if _, deleted := item[deletedAttribute]; deleted {
			assert.Len(t, item, 4)
			assert.NotEmpty(t, text(item[expiresAttribute]))
			marked = append(marked, at)
			continue
		}
		assert.Len(t, item, 5)
		assert.Equal(t, "1", text(item["price"]))
		got = append(got, at+"|"+text(item["name"])+"|"+text(item["details"]))
	}
	stale := w.texts(t, `SELECT p.sku FROM products p WHERE `+badRow) // whose items are those of before
	got = without(got, stale)
	assert.ElementsMatch(t, want, got)
	assert.ElementsMatch(t, gone, without(marked, stale))
	assert.Empty(t, w.texts(t, `SELECT * FROM sqlsync_retries`))
	assert.ElementsMatch(t,
		w.texts(t, `SELECT c.entry, c.position FROM sqlsync_changes c LEFT JOIN products p ON p.sku = c.sku WHERE c.sku IS NULL OR p.sku IS NOT NULL AND `+badRow),
		w.texts(t, `SELECT entry, position FROM sqlsync_dead_letters`))
}

// without returns the texts that do not begin with one of the keys.
func without(texts, keys []string) []string {
	kept := []string{}
	for _, s := range texts {
		sku, _, _ := strings.Cut(s, "|")
		found := false
		for _, key := range keys {
			found = found || key == sku
		}
		if !found {
			kept = append(kept, s)
		}
	}
	return kept
}

// text returns a scalar attribute as a text; "" for a NULL.
func text(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	}
	return ""
}

// versionsGrow checks that no item was ever replaced by an older one.
func (w *world) versionsGrow(t *testing.T) {
	t.Helper()
	last := map[string]int{}
	for _, write := range w.double.Writes() {
		version, err := strconv.Atoi(text(write.Item()[positionAttribute]))
		require.NoError(t, err)
		assert.GreaterOrEqual(t, version, last[write.Key], "write %d", write.Seq)
		last[write.Key] = version
	}
}
