package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

// keyColumn is the column of products that is the key of the DynamoDB table.
const keyColumn = "sku"

// The attributes that each item has beside the columns of products.
const (
	positionAttribute = "sync_position" // of the change: Config.Version, so that an older row never replaces a newer one
	deletedAttribute  = "sync_deleted"  // true: the row is gone from products
	expiresAttribute  = "sync_expires"  // with sync_deleted: when Time to Live may remove the item, in epoch seconds
)

// tombstoneAge is how long an item says that its row is gone.
const tombstoneAge = 30 * 24 * time.Hour

// place is where a change stands in the order in which changes are read.
type place struct{ tx, position int64 }

// change is a row to send: products as they are now, of a sku that has changed.
type change struct {
	at      place
	entry   int64 // of sqlsync_changes: stands for the sku
	deleted bool  // the row is gone from products
	failed  bool  // the entry has a retry or a dead letter
	row     dynamodest.Row
}

// changesNames are the columns before those of products.
var changesNames = []string{"sync_tx", "sync_position", "sync_entry", "sync_key", "sync_failed"}

// One statement reads the log and the rows, so that both are of one moment. The columns that begin with sync_ are taken
// off the row again. The second condition of the join is for a products.sku of SQLite that takes a for A: a comparison
// has the collation of its left side.
const (
	changesColumns = `SELECT c.tx AS sync_tx, c.position AS sync_position, c.entry AS sync_entry, c.sku AS sync_key,
		CASE WHEN EXISTS (SELECT 1 FROM sqlsync_retries f WHERE f.target = $1 AND f.entry = c.entry)
		  OR EXISTS (SELECT 1 FROM sqlsync_dead_letters f WHERE f.target = $1 AND f.entry = c.entry) THEN 1 ELSE 0 END AS sync_failed,
		p.*`

	// Changes after a place and before the horizon.
	changesQuery = changesColumns + `
		FROM sqlsync_changes c LEFT JOIN products p ON p.sku = c.sku AND c.sku = p.sku
		WHERE (c.tx, c.position) > ($2, $3) AND (c.tx, c.position) < ($4, $5)
		ORDER BY c.tx, c.position LIMIT $6`

	// Retries after an entry. One whose sku has changed since, beyond the place, comes with the changes.
	retriesQuery = changesColumns + `
		FROM sqlsync_retries r JOIN sqlsync_changes c ON c.entry = r.entry LEFT JOIN products p ON p.sku = c.sku AND c.sku = p.sku
		WHERE r.target = $1 AND (c.tx, c.position) <= ($2, $3) AND r.entry > $4
		ORDER BY r.entry LIMIT $5`
)

// readPage returns the changes that a query finds, and the columns of products. The query has ended when it returns, so
// that nobody waits for it while the rows are sent.
func (s *syncer) readPage(ctx context.Context, query string, args ...any) (page []change, columns []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := s.db.session.QueryContext(ctx, query, append([]any{s.target}, args...)...)
	if err != nil {
		return nil, nil, s.db.failed("reading changes", err)
	}
	defer func() { _ = rows.Close() }() // what the query failed with is in rows.Err
	columns, err = rows.Columns()
	if err != nil {
		return nil, nil, s.db.failed("reading changes", err)
	}
	columns = columns[len(changesNames):]
	if err := checkColumns(columns); err != nil {
		return nil, nil, err
	}
	for row, err := range source.SQLRows(rows) {
		if err != nil {
			return nil, nil, s.db.failed("reading changes", err)
		}
		c := takeChange(row)
		if n := len(page); n > 0 && page[n-1].entry == c.entry {
			return nil, nil, usageError("products has two rows with one sku: it must be unique")
		}
		page = append(page, c)
	}
	return page, columns, nil
}

// checkColumns refuses columns of products that the table could not be kept in step with.
func checkColumns(columns []string) error {
	if !slices.Contains(columns, keyColumn) { // SQLite finds it in any case
		return usageError("products has no column %q in lower case: attributes of DynamoDB tell the case", keyColumn)
	}
	for _, column := range columns {
		if strings.HasPrefix(column, "sync_") {
			return usageError("products has the column %q: names that begin with sync_ are those of this program", column)
		}
	}
	return nil
}

// takeChange returns the change that a row of a query is.
func takeChange(row dynamodest.Row) change {
	own := map[string]any{}
	for _, name := range changesNames {
		own[name] = row[name]
		delete(row, name)
	}
	number := func(name string) int64 { n, _ := own[name].(int64); return n } // as both drivers give integers
	c := change{at: place{number("sync_tx"), number("sync_position")}, entry: number("sync_entry"), failed: number("sync_failed") != 0}
	if key := own["sync_key"]; key != nil {
		if row[keyColumn] == nil {
			c.deleted = true
			row = dynamodest.Row{deletedAttribute: true, expiresAttribute: time.Now().Add(tombstoneAge).Unix()}
		}
		row[keyColumn] = key // also of a row: as read from products it may be padded, and then a delete would not find the item
	}
	for column, value := range row {
		if at, ok := value.(time.Time); ok {
			row[column] = at.UTC() // a driver may give the zone of this machine
		}
	}
	row[positionAttribute] = c.at.position
	c.row = row
	return c
}

// columnsText returns columns as the checkpoint stores them.
func columnsText(columns []string) string {
	text, _ := json.Marshal(columns) // strings always have a form
	return string(text)
}
