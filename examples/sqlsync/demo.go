package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
)

// demoRows is how many rows the demonstration begins with.
const demoRows = 1000

// prepareDemo makes the products of the demonstration if they are missing, and reports whether products are to be
// changed for a second run. It leaves products alone that it has not made.
func prepareDemo(ctx context.Context, db *database, s *settings, out io.Writer) (demo bool, err error) {
	if !s.demo && !s.tryOut() {
		return false, nil
	}
	if db.queryRow(ctx, `SELECT count(*) FROM sqlsync_demo`).Scan(new(int)) == nil {
		return true, nil
	}
	if db.hasProducts(ctx) == nil {
		if s.demo {
			return false, usageError("-demo changes rows, and the table products of this database is not its own: take another database")
		}
		return false, nil
	}
	if err := makeProducts(ctx, db); err != nil {
		return false, err
	}
	fmt.Fprintf(out, "made products with %d rows, 2 of them bad on purpose\n", demoRows)
	return true, nil
}

// makeProducts makes the table products with rows. Two of the rows are bad on purpose.
func makeProducts(ctx context.Context, db *database) error {
	return db.transact(ctx, "making products", func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range []string{
			`CREATE TABLE sqlsync_demo (made timestamp)`, // says that products may be changed
			`CREATE TABLE products (
				sku        text UNIQUE,
				name       text NOT NULL,
				price      numeric(10, 2) NOT NULL,
				stock      integer NOT NULL,
				details    json,
				updated_at timestamp NOT NULL
			)`,
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		var err error
		random := rand.New(rand.NewPCG(1, 2))
		for i := 1; i <= demoRows && err == nil; i++ {
			sku, weight := fmt.Sprintf("P-%04d", i), fmt.Sprintf(`{"grams": %d}`, 50+random.IntN(2000))
			switch i {
			case 13:
				weight = `{"description": "` + strings.Repeat("very long ", 50_000) + `"}` // over 400 KB
			case 42:
				sku = "" // no key
			}
			err = insertProduct(ctx, tx, sku, float64(100+random.IntN(9900))/100, random.IntN(500), weight)
		}
		return err
	})
}

// insertProduct inserts a product.
func insertProduct(ctx context.Context, tx *sql.Tx, sku string, price float64, stock int, details string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO products (sku, name, price, stock, details, updated_at)
		VALUES ($1, $2, $3, $4, $5, '2026-11-01 09:00:00')`, sku, "product "+sku, price, stock, details)
	return err
}

// changeProducts changes some rows, as the application that owns them would: it corrects what is bad, and updates,
// renames, deletes and adds.
func changeProducts(ctx context.Context, db *database) error {
	return db.transact(ctx, "changing products", func(ctx context.Context, tx *sql.Tx) error {
		var skus int // that ever were
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlsync_changes`).Scan(&skus); err != nil {
			return err
		}
		unused := func(i int) string { return fmt.Sprintf("P-%04d", skus+i) }
		exec := func(statement string, args ...any) (err error) {
			_, err = tx.ExecContext(ctx, statement, args...)
			return err
		}
		err := errors.Join(
			exec(`UPDATE products SET details = NULL WHERE sku = 'P-0013'`),
			exec(`UPDATE products SET sku = $1 WHERE sku = ''`, unused(1)),
			exec(`UPDATE products SET sku = $1 WHERE sku = (SELECT min(sku) FROM products WHERE sku > 'P-0500')`, unused(2)),
			exec(`UPDATE products SET price = price + 1, updated_at = '2026-11-02 09:00:00'
				WHERE sku IN (SELECT sku FROM products ORDER BY sku LIMIT 20 OFFSET 200)`),
			exec(`DELETE FROM products WHERE sku IN (SELECT sku FROM products ORDER BY sku LIMIT 3 OFFSET 100)`),
		)
		for i := 3; i < 8 && err == nil; i++ {
			err = insertProduct(ctx, tx, unused(i), 9.5, 10, `{"grams": 100}`)
		}
		return err
	})
}
