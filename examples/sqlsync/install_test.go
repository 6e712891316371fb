package main

import (
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Rows that are committed while the installation waits for a lock are sent, whatever isolation the database has by default.
func TestInstalledBesideAnOpenTransaction(t *testing.T) {
	for name, first := range map[string]bool{"first run": true, "again": false} {
		t.Run(name, func(t *testing.T) {
			w := inPostgres(t)
			w.args[len(w.args)-1] += "&default_transaction_isolation=repeatable%20read"
			if !first {
				w.settle(t)
			}
			tx := w.begin(t)
			execIn(t, tx, putProduct, "a", "first")
			s, err := parse(append(w.args, "-full"), t.Output())
			require.NoError(t, err)
			done := make(chan error, 1)
			go func() { done <- run(t.Context(), s, io.Discard) }()
			for len(done) == 0 && len(w.texts(t, `SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'products'::regclass`)) == 0 {
				runtime.Gosched()
			}
			execIn(t, tx, putProduct, "b", "first") // does not wait for the installation, which waits for it
			require.NoError(t, tx.Commit())
			require.NoError(t, <-done)
			w.settle(t) // what was held back
			assert.Equal(t, 2, w.double.Len("products"))
			w.inStep(t)
		})
	}
}

// A table that had the triggers before another one was in its place has changes that the log does not know.
func TestProductsSwappedBack(t *testing.T) {
	w := inPostgres(t)
	w.put(t, "a", "first")
	w.settle(t)
	w.exec(t, `ALTER TABLE products RENAME TO other`)
	w.exec(t, `CREATE TABLE products (LIKE other INCLUDING ALL)`)
	w.put(t, "b", "first")
	require.Equal(t, "rows 2, written 1, marked as deleted 1", w.settle(t).figures(t))
	w.exec(t, `ALTER TABLE products RENAME TO swapped`)
	w.exec(t, `ALTER TABLE other RENAME TO products`)
	require.Equal(t, "rows 2, written 1, marked as deleted 1", w.settle(t).figures(t))
	w.inStep(t)
}

// All is in the schema of products, also if another one is before it in the search path: the lock too.
func TestSchemaOfProducts(t *testing.T) {
	w := inPostgres(t)
	w.put(t, "a", "first")
	before := w.schema(t) + "_before"
	w.exec(t, "CREATE SCHEMA "+before)
	t.Cleanup(func() {
		_, err := w.app.Exec("DROP SCHEMA " + before)
		assert.NoError(t, err)
	})
	other := *w
	dsn := w.args[len(w.args)-1]
	other.args = append(slices.Clone(w.args[:len(w.args)-1]), withSchema(t, dsn, before+","+w.schema(t)))
	assert.Equal(t, "rows 1, written 1", other.settle(t).figures(t))
	w.inStep(t)

	y := w.syncer(t)
	s, err := parse(other.args, t.Output())
	require.NoError(t, err)
	s.lockWait = time.Millisecond
	assert.Equal(t, exitLocked, other.runWith(t, s).code)
	require.NoError(t, y.run(t.Context()))
}

// Rows that a policy hides are not taken for deleted.
func TestRowLevelSecurity(t *testing.T) {
	w := inPostgres(t)
	w.put(t, "a", "first")
	w.settle(t)
	role := w.role(t)
	w.exec(t, "GRANT ALL ON ALL TABLES IN SCHEMA "+w.schema(t)+" TO "+role)
	w.put(t, "a", "second")
	w.exec(t, "ALTER TABLE products ENABLE ROW LEVEL SECURITY")
	args := w.args
	w.args = append(slices.Clone(args[:len(args)-1]), args[len(args)-1]+"&role="+role)
	r := w.sync(t)
	assert.Equal(t, exitSource, r.code)
	assert.Contains(t, r.err, `PostgreSQL: looking for the table products: query would be affected by row-level security policy for table "products" (42501)`, r.err)
	w.args = args
	assert.Equal(t, "rows 1, written 1", w.settle(t).figures(t))
	w.inStep(t)
}
