package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/dynamodest/dynamodest"
)

// syncer sends the changes of the source to one DynamoDB table.
type syncer struct {
	db     *database
	dest   *dynamodest.Destination
	target string // which table, for the state
	page   int    // changes that are read and sent at a time
	report *report
}

// checkpoint is how far a table has come.
type checkpoint struct {
	place

	columns string // of products; "" if nothing has been sent
}

// errRestored is that the numbers of transactions have gone back.
var errRestored = errors.New("PostgreSQL: the transactions in the log of changes are newer than those of this server, " +
	"as after a restore into another one, so the order of changes is not known: run with -full, which sends every row again")

// run sends what has changed since the last run: first the rows that failed then, and after that the changes up to
// the horizon. Everything that is settled stays settled, whenever run ends, and how.
func (s *syncer) run(ctx context.Context) error {
	from, err := s.checkpoint(ctx)
	if err != nil {
		return err
	}
	s.report.first = from.columns == ""
	var end place
	var restored bool
	if err := s.db.queryRow(ctx, s.db.horizon).Scan(&end.tx, &end.position, &s.report.heldBack, &restored); err != nil {
		return s.db.failed("reading the horizon", err)
	}
	if restored {
		return errRestored
	}
	if err := s.sendRetries(ctx, from); err != nil {
		return err
	}
	return s.sendChanges(ctx, from, end)
}

// checkpoint returns how far the table has come.
func (s *syncer) checkpoint(ctx context.Context) (from checkpoint, err error) {
	err = s.db.queryRow(ctx, `SELECT tx, position, columns FROM sqlsync_checkpoint WHERE target = $1`, s.target).
		Scan(&from.tx, &from.position, &from.columns)
	if errors.Is(err, sql.ErrNoRows) {
		return checkpoint{}, nil
	}
	return from, s.db.failed("reading the checkpoint", err)
}

// sendRetries sends the rows again that failed in an earlier run, as they are now.
func (s *syncer) sendRetries(ctx context.Context, from checkpoint) error {
	for last := int64(0); ; {
		page, _, err := s.readPage(ctx, retriesQuery, from.tx, from.position, last, s.page)
		if err != nil || len(page) == 0 {
			return err
		}
		last = page[len(page)-1].entry
		if err := s.send(ctx, page, nil); err != nil {
			return err
		}
	}
}

// sendChanges sends the changes after from and before end.
func (s *syncer) sendChanges(ctx context.Context, from checkpoint, end place) error {
	for {
		page, columns, err := s.readPage(ctx, changesQuery, from.tx, from.position, end.tx, end.position, s.page)
		if err != nil || len(page) == 0 {
			return err
		}
		if now := columnsText(columns); now != from.columns {
			s.report.columnsChanged = s.report.columnsChanged || from.columns != ""
			from.columns = now
		}
		if err := s.send(ctx, page, &from); err != nil {
			return err
		}
		from.place = page[len(page)-1].at
	}
}

// send writes the rows of a page and stores what became of them. With a checkpoint, it moves behind them.
func (s *syncer) send(ctx context.Context, page []change, from *checkpoint) error {
	rows := make([]dynamodest.Row, len(page))
	for i := range page {
		rows[i] = page[i].row
	}
	result, err := s.dest.Write(ctx, rows)
	settled := len(page)
	var stop error
	var failed *dynamodest.WriteError
	if errors.As(err, &failed) && failed.Stop != nil {
		// The table, the access, an outage or an interrupt: nothing is known of what the rows that failed would have
		// become. The next run reads them again.
		stop = failed.Stop
		settled = slices.IndexFunc(result.Rows, func(r dynamodest.RowResult) bool { return r.Err != nil })
		if settled < 0 {
			settled = len(page)
		}
	}
	s.report.count(result.Summary, len(page)-settled)
	if settled > 0 {
		var to *checkpoint
		if from != nil {
			to = &checkpoint{page[settled-1].at, from.columns}
		}
		if err := s.settle(ctx, page[:settled], result.Rows, to); err != nil {
			if stop != nil {
				err = fmt.Errorf("%w; and before that: %w", err, stop)
			}
			return err
		}
	}
	return stop
}

// settle stores what became of changes, and the checkpoint behind them, all at once: a process that is killed before
// sends the rows again, and one that is killed after goes on. It is done although ctx has ended.
func (s *syncer) settle(ctx context.Context, changes []change, results []dynamodest.RowResult, to *checkpoint) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
	defer cancel()
	var counts outcomes
	err := s.db.transact(ctx, "storing the state", func(ctx context.Context, tx *sql.Tx) error {
		for i := range changes {
			if err := s.settleOne(ctx, tx, &changes[i], fateOf(&changes[i], results[i]), &counts); err != nil {
				return err
			}
		}
		if to == nil {
			return nil
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sqlsync_checkpoint (target, tx, position, columns) VALUES ($1, $2, $3, $4)
			ON CONFLICT (target) DO UPDATE SET tx = excluded.tx, position = excluded.position, columns = excluded.columns`,
			s.target, to.tx, to.position, to.columns)
		return err
	})
	if err != nil {
		s.report.left += len(changes)
		return err
	}
	s.report.settled(counts)
	return nil
}

// settleOne stores what became of one change. Of most changes there is nothing to store.
func (s *syncer) settleOne(ctx context.Context, tx *sql.Tx, c *change, f fate, counts *outcomes) error {
	exec := func(statement string, args ...any) error {
		_, err := tx.ExecContext(ctx, statement, append([]any{s.target, c.entry}, args...)...)
		return err
	}
	counts.add(f)
	if c.failed && f.kind != retryLater {
		if err := exec(`DELETE FROM sqlsync_retries WHERE target = $1 AND entry = $2`); err != nil {
			return err
		}
	}
	if c.failed && f.kind != deadLetter {
		if err := exec(`DELETE FROM sqlsync_dead_letters WHERE target = $1 AND entry = $2`); err != nil {
			return err
		}
	}
	switch f.kind {
	case retryLater:
		return exec(`INSERT INTO sqlsync_retries (target, entry, reason, runs) VALUES ($1, $2, $3, 1)
			ON CONFLICT (target, entry) DO UPDATE SET reason = excluded.reason, runs = sqlsync_retries.runs + 1`, f.reason)
	case deadLetter:
		return exec(`INSERT INTO sqlsync_dead_letters (target, entry, position, reason, problem, remedy) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (target, entry) DO UPDATE SET position = excluded.position, reason = excluded.reason,
				problem = excluded.problem, remedy = excluded.remedy`, c.at.position, f.reason, f.problem, f.remedy)
	case written, tombstone, nothingToDelete:
	}
	return nil
}
