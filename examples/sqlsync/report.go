package main

import (
	"context"
	"fmt"
	"io"

	"github.com/dynamodest/dynamodest"
)

// report is what a run did. The rows are always the sum of the outcomes and of those that are left.
type report struct {
	outcomes

	first          bool // the table had no checkpoint
	columnsChanged bool // products have other columns than the rows before
	heldBack       int  // changes that wait for a transaction that has not ended
	left           int  // rows that were read and not settled before the run stopped: the next run reads them again

	sum dynamodest.Summary
}

// count counts a call, which left so many of its rows unsettled.
func (r *report) count(s dynamodest.Summary, left int) {
	r.sum.Add(s)
	r.left += left
}

// settled counts rows of which the state is stored.
func (r *report) settled(o outcomes) {
	r.written += o.written
	r.tombstones += o.tombstones
	r.nothingToDelete += o.nothingToDelete
	r.deadLetters += o.deadLetters
	r.retries += o.retries
}

// print prints the report.
func (r *report) print(out io.Writer) {
	line := func(name string, n int, note string) {
		fmt.Fprintf(out, "%-21s %6d%s\n", name, n, note)
	}
	optional := func(name string, n int, note string) {
		if n > 0 {
			line(name, n, note)
		}
	}
	line("rows", r.sum.Rows, "")
	line("  written", r.written, "")
	optional("  marked as deleted", r.tombstones, "")
	optional("  nothing to delete", r.nothingToDelete, "  deleted, and no item can have the key")
	optional("  dead letters", r.deadLetters, "")
	optional("  to be sent again", r.retries, "  by the next run")
	optional("  left", r.left, "  read and not settled: the next run reads them again")
	line("requests", r.sum.Requests, "")
	line("write units", int(r.sum.WriteUnits), "")
	optional("held back", r.heldBack, "  changes beside which an older one may yet appear: a transaction has not ended")
	if r.columnsChanged {
		fmt.Fprintln(out, "note: products have other columns than before; rows that did not change since have their old "+
			"attributes: run with -full to send all again")
	}
}

// open is what is not in the table although it was read: dead letters, and rows that the next run sends again.
type open struct {
	deadLetters, retries int
}

// maxShown is how many dead letters are printed.
const maxShown = 5

// printOpen prints what is open for the table, from this run and from those before.
func (s *syncer) printOpen(ctx context.Context, out io.Writer) (o open, err error) {
	const doing = "reading the dead letters"
	err = s.db.queryRow(ctx, `SELECT (SELECT count(*) FROM sqlsync_dead_letters WHERE target = $1),
		(SELECT count(*) FROM sqlsync_retries WHERE target = $1)`, s.target).Scan(&o.deadLetters, &o.retries)
	if err != nil {
		return o, s.db.failed(doing, err)
	}
	if o.retries > 0 {
		fmt.Fprintf(out, "%d in sqlsync_retries: the next run sends them again\n", o.retries)
	}
	if o.deadLetters == 0 {
		return o, nil
	}
	fmt.Fprintf(out, "%d in sqlsync_dead_letters: correct the rows in products, and the next run sends them\n", o.deadLetters)
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := s.db.session.QueryContext(ctx, `SELECT entry, problem, remedy FROM sqlsync_dead_letters
		WHERE target = $1 ORDER BY position LIMIT $2`, s.target, maxShown)
	if err != nil {
		return o, s.db.failed(doing, err)
	}
	defer func() { _ = rows.Close() }() // what the query failed with is in rows.Err
	for rows.Next() {
		var entry int64
		var problem, remedy string
		if err := rows.Scan(&entry, &problem, &remedy); err != nil {
			return o, s.db.failed(doing, err)
		}
		fmt.Fprintf(out, "  entry %d: %s\n    remedy: %s\n", entry, problem, remedy)
	}
	return o, s.db.failed(doing, rows.Err())
}
