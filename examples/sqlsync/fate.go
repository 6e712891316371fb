package main

import (
	"errors"

	"github.com/dynamodest/dynamodest"
)

// fateKind is what became of a change, and so what is stored of it.
type fateKind uint8

const (
	written         fateKind = iota // the table has the row
	tombstone                       // the row is gone from products, and the table's item says so
	nothingToDelete                 // the row is gone, and no item can have its key
	deadLetter                      // somebody is needed: it would fail again
	retryLater                      // it is, or may be, not written; the next run sends the row again
)

// fate is what became of a change. Its texts quote no value of a row.
type fate struct {
	kind    fateKind
	reason  string // a stable label
	problem string
	remedy  string
}

// fateOf returns what became of c by the result of its row. The call was not stopped, or it was after that row.
func fateOf(c *change, r dynamodest.RowResult) fate {
	var failed *dynamodest.RowError
	errors.As(r.Err, &failed)
	switch r.Outcome {
	case dynamodest.Written, dynamodest.Superseded, dynamodest.Deleted:
		if c.deleted {
			return fate{kind: tombstone}
		}
		return fate{kind: written}
	case dynamodest.Skipped:
		return fate{deadLetter, "newer_in_table", "the table has an item with a higher " + positionAttribute,
			"if the source was restored from a backup, raise its sqlsync_position above those of the table, and run with -full; " +
				"otherwise find out who else writes to the table"}
	case dynamodest.NotWritten, dynamodest.Unknown:
	}
	switch {
	case failed.Scope() != dynamodest.ScopeRow:
		return fate{kind: retryLater, reason: string(failed.Reason)}
	case c.deleted && (failed.Reason == dynamodest.ErrKey || failed.Column == keyColumn):
		return fate{kind: nothingToDelete}
	}
	return fate{deadLetter, string(failed.Reason), problemOf(failed), failed.Remedy()}
}

// problemOf returns what is wrong with a row.
func problemOf(failed *dynamodest.RowError) string {
	text := failed.Reason.Error()
	if failed.Column != "" {
		text += `: column "` + failed.Column + `"`
	}
	if failed.Err != nil {
		text += ": " + failed.Err.Error()
	}
	return text
}

// outcomes counts fates.
type outcomes struct {
	written, tombstones, nothingToDelete, deadLetters, retries int
}

// add counts f.
func (o *outcomes) add(f fate) {
	switch f.kind {
	case written:
		o.written++
	case tombstone:
		o.tombstones++
	case nothingToDelete:
		o.nothingToDelete++
	case deadLetter:
		o.deadLetters++
	case retryLater:
		o.retries++
	}
}
