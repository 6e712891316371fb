package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnlyChangesAreSent(t *testing.T) {
	t.Parallel()
	for name, newWorld := range sources {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			assert.Empty(t, w.sync(t).figures(t), "an empty source")
			for i := range 12 {
				w.put(t, fmt.Sprint("a", i), "first")
			}
			assert.Equal(t, "rows 12, written 12", w.settle(t).figures(t))
			assert.Empty(t, w.sync(t).figures(t))

			w.put(t, "a3", "second")
			w.put(t, "new", "first")
			w.exec(t, `DELETE FROM products WHERE sku = 'a5'`)
			w.exec(t, `UPDATE products SET sku = 'renamed' WHERE sku = 'a7'`)
			w.exec(t, `DELETE FROM products WHERE sku = 'a9'`)
			w.put(t, "a9", "is back")
			r := w.settle(t)
			assert.Equal(t, "rows 6, written 4, marked as deleted 2", r.figures(t))
			assert.Equal(t, exitOK, r.code)
			w.inStep(t)

			assert.Equal(t, "rows 14, written 12, marked as deleted 2", w.sync(t, "-full").figures(t))
			w.inStep(t)
			w.versionsGrow(t)
		})
	}
}

func TestRowsWithoutAKey(t *testing.T) {
	t.Parallel()
	for name, newWorld := range sources {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.put(t, "a", "good")
			w.put(t, "", "empty")
			w.put(t, strings.Repeat("k", 2049), "too long")
			w.exec(t, `INSERT INTO products (name, price) VALUES ('null', 1), ('null', 1)`)
			r := w.settle(t)
			assert.Equal(t, "rows 5, written 1, dead letters 4", r.figures(t))
			assert.Equal(t, exitOpen, r.code)
			w.inStep(t)
			assert.Equal(t, []string{"bad_key|4"}, w.texts(t, `SELECT reason, count(*) FROM sqlsync_dead_letters GROUP BY reason`))

			w.exec(t, `UPDATE products SET sku = 'b' WHERE sku = ''`)
			w.exec(t, `DELETE FROM products WHERE sku LIKE 'kkk%'`)
			r = w.settle(t)
			assert.Equal(t, "rows 3, written 1, nothing to delete 2", r.figures(t))
			assert.Equal(t, []string{"bad_key|2"}, w.texts(t, `SELECT reason, count(*) FROM sqlsync_dead_letters GROUP BY reason`))
			assert.Equal(t, exitOpen, r.code)

			w.exec(t, `DELETE FROM products WHERE sku IS NULL`)
			r = w.settle(t, "-full")
			assert.Empty(t, w.texts(t, `SELECT * FROM sqlsync_dead_letters`), "rows without a key are counted anew")
			assert.Equal(t, exitOK, r.code)
			w.inStep(t)
		})
	}
}

// A row that is corrected leaves the dead letters, and one that goes bad keeps its item.
func TestDeadLettersAreOfNow(t *testing.T) {
	t.Parallel()
	w := inSQLite(t)
	w.put(t, "a", "first")
	w.exec(t, `UPDATE products SET details = $1`, strings.Repeat("x", 410_000))
	r := w.sync(t)
	assert.Equal(t, "rows 1, dead letters 1", r.figures(t))
	assert.Contains(t, r.stdout, `  entry 1: item too large: column "details": the item has 410042 bytes`)
	assert.NotContains(t, r.stdout, "xxx")
	w.inStep(t)
	r = w.sync(t)
	assert.Empty(t, r.figures(t))
	assert.Equal(t, exitOpen, r.code, "it is still open")

	w.exec(t, `UPDATE products SET details = 'short'`)
	assert.Equal(t, "rows 1, written 1", w.sync(t).figures(t))
	w.inStep(t)
	w.exec(t, `UPDATE products SET details = $1`, strings.Repeat("x", 410_000))
	assert.Equal(t, "rows 1, dead letters 1", w.sync(t).figures(t))
	assert.Equal(t, "short", text(w.double.Item("products", "a")["details"]))
	w.exec(t, `DELETE FROM products`)
	r = w.sync(t)
	assert.Equal(t, "rows 1, marked as deleted 1", r.figures(t))
	assert.Equal(t, exitOK, r.code)
	w.inStep(t)
}

// Positions order changes, not clocks: any number of rows may have one time, and times may go back.
func TestEqualAndOlderTimes(t *testing.T) {
	t.Parallel()
	w := inSQLite(t)
	w.exec(t, `ALTER TABLE products RENAME COLUMN details TO updated_at`)
	for i := range 13 {
		w.put(t, fmt.Sprint("a", i), "first")
	}
	w.exec(t, `UPDATE products SET updated_at = '2026-01-02'`)
	assert.Equal(t, "rows 13, written 13", w.sync(t).figures(t))
	w.put(t, "b", "of the same time")
	w.exec(t, `UPDATE products SET updated_at = '2026-01-02' WHERE sku = 'b'`)
	w.exec(t, `UPDATE products SET updated_at = '2020-01-01' WHERE sku = 'a4'`)
	assert.Equal(t, "rows 2, written 2", w.sync(t).figures(t))
	assert.Equal(t, "2020-01-01", text(w.double.Item("products", "a4")["updated_at"]))
	assert.Equal(t, 14, w.double.Len("products"))
}

// What a statement says of conflicts does not reach the log of changes.
func TestConflictClausesOfSQLite(t *testing.T) {
	t.Parallel()
	w := inSQLite(t)
	w.put(t, "a", "first")
	w.sync(t)
	for i, statement := range []string{
		`INSERT OR REPLACE INTO products VALUES ('a', 'replaced', 1, NULL)`,
		`REPLACE INTO products VALUES ('a', 'replaced again', 1, NULL)`,
		`UPDATE OR IGNORE products SET name = 'ignored'`,
		`UPDATE OR ROLLBACK products SET name = 'rolled'`,
		`INSERT OR IGNORE INTO products VALUES ('b' || (SELECT count(*) FROM products), 'new', 1, NULL)`,
		`INSERT OR FAIL INTO products VALUES ('c', 'new', 1, NULL)`,
	} {
		w.exec(t, statement)
		assert.Equal(t, "rows 1, written 1", w.sync(t).figures(t), "statement %d", i)
		w.inStep(t)
	}
	w.exec(t, `INSERT OR IGNORE INTO products VALUES ('a', 'not taken', 1, NULL)`)
	assert.Empty(t, w.sync(t).figures(t))
}

func TestColumnsChange(t *testing.T) {
	t.Parallel()
	for name, newWorld := range sources {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.put(t, "a", "first")
			w.put(t, "b", "first")
			w.settle(t)
			w.exec(t, `ALTER TABLE products ADD COLUMN colour text DEFAULT 'red'`)
			assert.NotContains(t, w.sync(t).stdout, "note: ", "no row has been read")
			w.put(t, "a", "second")
			r := w.settle(t)
			assert.Contains(t, r.stdout, "note: products have other columns than before")
			assert.Equal(t, "red", text(w.double.Item("products", "a")["colour"]))
			assert.NotContains(t, w.double.Item("products", "b"), "colour")

			r = w.settle(t, "-full")
			assert.NotContains(t, r.stdout, "note: ")
			assert.Equal(t, "red", text(w.double.Item("products", "b")["colour"]))
		})
	}
}

// Columns may come while a run reads.
func TestColumnsChangeMidRun(t *testing.T) {
	t.Parallel()
	for name, newWorld := range sources {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for i := range 7 {
				w.put(t, fmt.Sprint("a", i), "first")
			}
			puts(w, func(n int) fault {
				if n == 5 {
					w.exec(t, `ALTER TABLE products ADD COLUMN colour text DEFAULT 'red'`)
				}
				return fault{}
			})
			r := w.settle(t)
			assert.Equal(t, "rows 7, written 7", r.figures(t))
			assert.Contains(t, r.stdout, "note: products have other columns than before")
			w.exec(t, `ALTER TABLE products DROP COLUMN colour`)
			w.put(t, "a0", "second")
			w.exec(t, `ALTER TABLE products ADD COLUMN sync_note text`)
			r = w.sync(t)
			assert.Equal(t, exitUsage, r.code)
			assert.Equal(t, `products has the column "sync_note": names that begin with sync_ are those of this program`, r.err)
		})
	}
}

// A table products that is made anew has no triggers: what is in it, and what is not any more, is found all the same.
func TestProductsMadeAnew(t *testing.T) {
	t.Parallel()
	for name, newWorld := range sources {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, sku := range []string{"a", "b", "c"} {
				w.put(t, sku, "first")
			}
			w.settle(t)
			w.exec(t, `CREATE TABLE other (sku text UNIQUE, name text, price numeric(40, 2), details text)`)
			w.exec(t, `INSERT INTO other SELECT sku, 'second', price, details FROM products WHERE sku <> 'b'`)
			w.exec(t, `DROP TABLE products`)
			r := w.sync(t)
			assert.Equal(t, exitSource, r.code)
			assert.Contains(t, r.err, "looking for the table products: ")

			w.exec(t, `ALTER TABLE other RENAME TO products`)
			assert.Equal(t, "rows 3, written 2, marked as deleted 1", w.settle(t).figures(t))
			w.inStep(t)
			w.put(t, "d", "first")
			assert.Equal(t, "rows 1, written 1", w.settle(t).figures(t))
			w.inStep(t)
		})
	}
}

// A DynamoDB table that is made anew gets all rows; the checkpoint of the old one is not its own.
func TestTableMadeAnew(t *testing.T) {
	t.Parallel()
	w := inSQLite(t)
	w.put(t, "a", "first")
	w.put(t, "b", "first")
	require.Equal(t, "rows 2, written 2", w.sync(t).figures(t))
	other := inSQLite(t)
	other.app = w.app
	other.args = append(other.args, w.args[len(w.args)-2:]...)
	assert.Equal(t, "rows 2, written 2", other.sync(t).figures(t))
	other.inStep(t)
	assert.Empty(t, w.sync(t).figures(t))
}

// A table that is newer than the source, as after the source was restored, is reported.
func TestTableIsNewer(t *testing.T) {
	t.Parallel()
	w := inSQLite(t)
	w.put(t, "a", "first")
	w.sync(t)
	w.put(t, "a", "second")
	w.sync(t)
	w.exec(t, `UPDATE sqlsync_position SET position = 0`)
	w.exec(t, `DELETE FROM sqlsync_checkpoint`)
	w.put(t, "a", "third")
	r := w.sync(t)
	assert.Equal(t, "rows 1, dead letters 1", r.figures(t))
	assert.Contains(t, r.stdout, "the table has an item with a higher sync_position")
	assert.Equal(t, "second", text(w.double.Item("products", "a")["name"]))

	w.exec(t, `UPDATE sqlsync_position SET position = 1000`)
	assert.Equal(t, "rows 1, written 1", w.sync(t, "-full").figures(t))
	w.inStep(t)
}
