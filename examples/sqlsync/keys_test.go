package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// remade replaces products by an empty table with other columns.
func (w *world) remade(t *testing.T, create string) {
	t.Helper()
	w.exec(t, `DROP TABLE products`)
	w.exec(t, create)
}

// keys returns the keys of the items, apart from those that say that their row is gone.
func (w *world) keys() (present, gone []string) {
	for _, item := range w.double.Items("products") {
		if _, deleted := item[deletedAttribute]; deleted {
			gone = append(gone, text(item[keyColumn]))
		} else {
			present = append(present, text(item[keyColumn]))
		}
	}
	return present, gone
}

// Keys that the database takes for equal are two items: a change from one to the other marks the old one as deleted.
func TestKeysThatDifferInCase(t *testing.T) {
	t.Parallel()
	w := inSQLite(t)
	w.remade(t, `CREATE TABLE products (sku text COLLATE NOCASE UNIQUE, name text)`)
	w.exec(t, `INSERT INTO products VALUES ('ab', 'first')`)
	w.sync(t)
	w.exec(t, `UPDATE products SET sku = 'AB'`)
	assert.Equal(t, "rows 2, written 1, marked as deleted 1", w.sync(t).figures(t))
	present, gone := w.keys()
	assert.Equal(t, []string{"AB"}, present)
	assert.Equal(t, []string{"ab"}, gone)

	w.remade(t, `CREATE TABLE products (sku text COLLATE NOCASE UNIQUE, name text)`)
	w.exec(t, `INSERT INTO products VALUES ('Ab', 'made anew')`)
	assert.Equal(t, "rows 3, written 1, marked as deleted 2", w.sync(t).figures(t))
	present, gone = w.keys()
	assert.Equal(t, []string{"Ab"}, present)
	assert.ElementsMatch(t, []string{"ab", "AB"}, gone)
}

// The key of an item is the key in the log, so that its deletion finds it: char(n) pads what is read, and not the log.
func TestPaddedKeys(t *testing.T) {
	t.Parallel()
	w := inPostgres(t)
	w.remade(t, `CREATE TABLE products (sku char(5) UNIQUE, name text)`)
	w.exec(t, `INSERT INTO products VALUES ('a', 'first')`)
	w.settle(t)
	w.exec(t, `DELETE FROM products`)
	w.settle(t)
	present, gone := w.keys()
	assert.Empty(t, present)
	assert.Equal(t, []string{"a"}, gone)
}

// SQLite takes any value for a key, and SKU for sku. What is no text is a dead letter, and never taken for deleted.
func TestKeysOfSQLiteThatAreNoText(t *testing.T) {
	t.Parallel()
	for _, column := range []string{"sku UNIQUE", "sku INTEGER PRIMARY KEY", "sku BLOB UNIQUE"} {
		t.Run(column, func(t *testing.T) {
			w := inSQLite(t)
			w.remade(t, `CREATE TABLE products (`+column+`, name text)`)
			w.exec(t, `INSERT INTO products VALUES (1, 'first')`)
			assert.Equal(t, "rows 1, dead letters 1", w.sync(t).figures(t))
			w.exec(t, `UPDATE products SET name = 'second'`)
			assert.Equal(t, "rows 1, dead letters 1", w.sync(t).figures(t))
			w.exec(t, `DELETE FROM products`)
			r := w.sync(t)
			assert.Equal(t, "rows 1, nothing to delete 1", r.figures(t))
			assert.Equal(t, exitOK, r.code)
		})
	}
	w := inSQLite(t)
	w.put(t, "a", "text")
	w.exec(t, `INSERT INTO products (sku, name, price) VALUES (x'61', 'bytes', 1)`)
	assert.Equal(t, "rows 2, written 1, dead letters 1", w.sync(t).figures(t), "a and x'61' are two keys")
	w.exec(t, `DELETE FROM products WHERE name = 'bytes'`)
	assert.Equal(t, "rows 1, nothing to delete 1", w.sync(t).figures(t))
	assert.Equal(t, "text", text(w.double.Item("products", "a")["name"]))
}

func TestKeysThatAreNotUTF8(t *testing.T) {
	t.Parallel()
	w := inSQLite(t)
	w.exec(t, `INSERT INTO products (sku, name, price) VALUES (CAST(x'ff61' AS text), 'first', 1)`)
	assert.Equal(t, "rows 1, dead letters 1", w.sync(t).figures(t))
	w.exec(t, `DELETE FROM products`)
	r := w.sync(t)
	assert.Equal(t, "rows 1, nothing to delete 1", r.figures(t))
	assert.Equal(t, exitOK, r.code)
}

// A table that cannot be kept in step is refused before anything of it is sent.
func TestProductsThatAreRefused(t *testing.T) {
	t.Parallel()
	for create, want := range map[string]string{
		`CREATE TABLE products (SKU text UNIQUE, name text)`: `products has no column "sku" in lower case: attributes of DynamoDB tell the case`,
		`CREATE TABLE products (sku text, name text)`:        `products has two rows with one sku: it must be unique`,
	} {
		w := inSQLite(t)
		w.remade(t, create)
		w.exec(t, `INSERT INTO products VALUES ('a', 'first'), ('a ', 'first')`)
		w.exec(t, `UPDATE products SET sku = 'a' WHERE name = 'first' AND NOT EXISTS (SELECT 1 FROM pragma_index_list('products'))`)
		r := w.sync(t)
		assert.Equal(t, exitUsage, r.code)
		assert.Equal(t, want, r.err)
		assert.Zero(t, w.double.Len("products"))
	}
}
