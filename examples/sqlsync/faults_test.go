package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// puts counts the requests that write.
func puts(w *world, hook func(n int) dynamodesttest.Fault) {
	var n atomic.Int64
	w.double.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if c.Op == "DescribeTable" {
			return dynamodesttest.Fault{}
		}
		return hook(int(n.Add(1)))
	})
}

// filled returns a world with rows a0 to a11 that have not been sent.
func filled(t *testing.T) *world {
	t.Helper()
	w := inSQLite(t)
	for i := range 12 {
		w.put(t, fmt.Sprint("a", i), "first")
	}
	return w
}

func TestRowsThatFailArePassedAndSentAgain(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]dynamodesttest.Fault{
		"throttled":     dynamodesttest.Throttled("ThrottlingException", ""),
		"unprocessed":   dynamodesttest.Unprocessed(dynamodesttest.All),
		"lost":          dynamodesttest.Reset(),
		"lost response": dynamodesttest.Reset().AfterWrite(),
		"cut response":  dynamodesttest.Truncated().AfterWrite(),
		"server error":  dynamodesttest.Error(500, "InternalServerError", ""),
		"applied late":  dynamodesttest.Reset().AppliedLate(20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := filled(t)
			puts(w, func(n int) dynamodesttest.Fault {
				if n%3 == 0 {
					return fault
				}
				return dynamodesttest.Fault{}
			})
			r := w.sync(t)
			assert.Equal(t, "rows 12, written 8, to be sent again 4", r.figures(t))
			assert.Equal(t, exitOpen, r.code)
			assert.Len(t, w.texts(t, `SELECT * FROM sqlsync_retries WHERE runs = 1`), 4)
			w.double.FailWrites(fault)
			w.double.SetFault(nil)

			waiting := w.texts(t, `SELECT c.sku FROM sqlsync_changes c JOIN sqlsync_retries r ON r.entry = c.entry ORDER BY r.entry`)
			w.put(t, waiting[0], "newer")
			w.exec(t, `DELETE FROM products WHERE sku = $1`, waiting[1])
			r = w.sync(t) // two retries, of which one fails again, and then two changes
			assert.Equal(t, "rows 4, written 2, marked as deleted 1, to be sent again 1", r.figures(t))
			assert.Len(t, w.texts(t, `SELECT * FROM sqlsync_retries WHERE runs = 2`), 1)

			r = w.sync(t)
			assert.Equal(t, "rows 1, written 1", r.figures(t))
			assert.Equal(t, exitOK, r.code)
			w.double.ApplyLate()
			w.inStep(t)
			w.versionsGrow(t)
		})
	}
}

// syncer returns what a run is made by.
func (w *world) syncer(t *testing.T) *syncer {
	t.Helper()
	s, err := parse(w.args, io.Discard)
	require.NoError(t, err)
	db, err := openSource(t.Context(), s)
	require.NoError(t, err)
	t.Cleanup(db.close)
	table, err := openTable(t.Context(), s)
	require.NoError(t, err)
	t.Cleanup(table.close)
	return &syncer{db: db, dest: table.dest, target: table.id, page: 5, report: &report{}}
}

// A retry that is at fault itself by now becomes a dead letter, and one whose row is gone marks it as deleted.
func TestRetriesAreRowsOfNow(t *testing.T) {
	t.Parallel()
	w := filled(t)
	w.double.FailWrites(dynamodesttest.Throttled("ThrottlingException", ""))
	require.Equal(t, "rows 12, written 11, to be sent again 1", w.sync(t).figures(t))
	w.exec(t, `DROP TRIGGER sqlsync_update`) // so that the row comes as a retry, and not as a change
	w.exec(t, `UPDATE products SET details = $1`, strings.Repeat("x", 410_000))
	y := w.syncer(t)
	require.NoError(t, y.run(t.Context()))
	assert.Equal(t, outcomes{deadLetters: 1}, y.report.outcomes)
	assert.Empty(t, w.texts(t, `SELECT * FROM sqlsync_retries`))
	assert.Len(t, w.texts(t, `SELECT * FROM sqlsync_dead_letters`), 1)
}

// A fault that every row meets stops the run: what is settled stays settled, and nothing else is recorded.
func TestAccessDeniedMidRun(t *testing.T) {
	t.Parallel()
	w := filled(t)
	w.put(t, "", "has no key")
	puts(w, func(n int) dynamodesttest.Fault {
		if n > 7 {
			return dynamodesttest.Error(400, "AccessDeniedException", "User is not authorized")
		}
		return dynamodesttest.Fault{}
	})
	r := w.sync(t)
	assert.Equal(t, exitTable, r.code)
	assert.Contains(t, r.err, "access denied")
	assert.Contains(t, r.err, "remedy: ")
	assert.Equal(t, 1, r.figure(t, "dead letters"))
	assert.Positive(t, r.figure(t, "left"))
	assert.Empty(t, w.texts(t, `SELECT * FROM sqlsync_retries`))
	settled := 1 + r.figure(t, "written")
	assert.GreaterOrEqual(t, settled, 5, "the first page")
	done := w.texts(t, `SELECT count(*) FROM sqlsync_changes c, sqlsync_checkpoint p WHERE c.position <= p.position`)
	assert.Equal(t, []string{fmt.Sprint(settled)}, done)

	w.double.SetFault(nil)
	next := w.sync(t)
	assert.Equal(t, exitOpen, next.code)
	assert.Equal(t, 13, next.figure(t, "rows")+settled)
	w.inStep(t)
}

func TestNoTable(t *testing.T) {
	t.Parallel()
	w := filled(t)
	r := w.sync(t, "-table", "Products")
	assert.Equal(t, exitTable, r.code)
	assert.Contains(t, r.err, `table "Products" in us-east-1: no such table`)
	assert.Empty(t, r.stdout)

	_, err := w.double.DeleteTable(t.Context(), deleteInput("products"))
	require.NoError(t, err)
	w.double.AddTable("products", "sku:N")
	r = w.sync(t)
	assert.Equal(t, exitOpen, r.code)
	assert.Equal(t, "rows 12, dead letters 12", r.figures(t))
}

// A table that is deleted in mid-run stops it, and one that is made anew gets every row.
func TestTableDeletedMidRun(t *testing.T) {
	t.Parallel()
	w := filled(t)
	puts(w, func(n int) dynamodesttest.Fault {
		if n == 7 {
			w.double.SetStatus("products", types.TableStatusDeleting)
		}
		return dynamodesttest.Fault{}
	})
	r := w.sync(t)
	assert.Equal(t, exitTable, r.code)
	assert.Positive(t, r.figure(t, "left"))
	_, err := w.double.DeleteTable(t.Context(), deleteInput("products"))
	require.NoError(t, err)
	w.double.AddTable("products", "sku:S")
	assert.Equal(t, "rows 12, written 12", w.sync(t).figures(t))
	w.inStep(t)
}

// An interrupt ends the run at once. What is settled stays settled.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	w := filled(t)
	child := w.child(t)
	release := make(chan struct{})
	puts(w, func(n int) dynamodesttest.Fault {
		if n < 8 {
			return dynamodesttest.Fault{}
		}
		if n == 8 {
			child.signal(t, syscall.SIGINT)
		}
		return dynamodesttest.Stall(release)
	})
	r, _ := child.run(t)
	close(release)
	assert.Equal(t, exitInterrupted, r.code)
	assert.Equal(t, "sqlsync: interrupted: what was settled stays settled, and the next run goes on\n", r.err)
	assert.Positive(t, r.figure(t, "left"))
	assert.GreaterOrEqual(t, r.figure(t, "written"), 5, "the first page")

	w.double.SetFault(nil)
	assert.Equal(t, 12, w.sync(t).figure(t, "rows")+r.figure(t, "written"))
	w.inStep(t)
}

// What was settled before an interrupt is stored after it.
func TestSettledIsStoredAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	for name, newWorld := range sources {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.put(t, "a", "first")
			w.settle(t)
			w.put(t, "b", "first")
			w.put(t, "c", "first")
			y := w.syncer(t)
			page := []change{{at: place{7, 8}, entry: 1}, {at: place{7, 9}, entry: 2}}
			failed := dynamodest.RowResult{Err: &dynamodest.RowError{Reason: dynamodest.ErrTooLarge}}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			require.NoError(t, y.settle(ctx, page, []dynamodest.RowResult{{Outcome: dynamodest.Written}, failed}, &checkpoint{page[1].at, "[]"}))
			assert.Equal(t, []string{"7|9"}, w.texts(t, `SELECT tx, position FROM sqlsync_checkpoint`))
			assert.Equal(t, []string{"2|9|item_too_large"}, w.texts(t, `SELECT entry, position, reason FROM sqlsync_dead_letters`))
			assert.Equal(t, outcomes{written: 1, deadLetters: 1}, y.report.outcomes)
		})
	}
}

// A context that has ended before the first page sends nothing.
func TestInterruptedBefore(t *testing.T) {
	t.Parallel()
	w := filled(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := parse(w.args, io.Discard)
	require.NoError(t, err)
	err = run(ctx, s, io.Discard)
	assert.Equal(t, exitInterrupted, exitCode(err))
	assert.Zero(t, w.double.Len("products"))
}

// A database that fails in the middle of a run stops it: what is settled stays settled, and no value is shown.
func TestDatabaseFailsMidRun(t *testing.T) {
	t.Parallel()
	w := filled(t)
	w.exec(t, `UPDATE products SET details = 'secret' WHERE sku = 'a7'`)
	puts(w, func(n int) dynamodesttest.Fault {
		if n == 4 { // of the first page
			_, err := w.app.Exec(`ALTER TABLE products RENAME COLUMN sku TO other`)
			assert.NoError(t, err)
		}
		return dynamodesttest.Fault{}
	})
	r := w.sync(t)
	assert.Equal(t, exitSource, r.code)
	assert.Equal(t, "SQLite: reading changes: SQL logic error: no such column: p.sku (1)", r.err)
	assert.Equal(t, "rows 5, written 5", r.figures(t))
	w.double.SetFault(nil)
	w.exec(t, `ALTER TABLE products RENAME COLUMN other TO sku`)
	assert.Equal(t, 7, w.sync(t).figure(t, "rows"))
	w.inStep(t)
}

// State that cannot be stored stops the run, and its rows are sent again.
func TestStateIsNotStored(t *testing.T) {
	t.Parallel()
	w := filled(t)
	puts(w, func(n int) dynamodesttest.Fault {
		if n == 7 { // of the second page
			_, err := w.app.Exec(`CREATE TRIGGER refuse BEFORE UPDATE ON sqlsync_checkpoint BEGIN SELECT RAISE(ABORT, 'refused'); END`)
			assert.NoError(t, err)
		}
		return dynamodesttest.Fault{}
	})
	r := w.sync(t)
	assert.Equal(t, exitSource, r.code)
	assert.Contains(t, r.err, "SQLite: storing the state: ")
	assert.Equal(t, "rows 10, written 5, left 5", r.figures(t))
	w.double.SetFault(nil)
	w.exec(t, `DROP TRIGGER refuse`)
	assert.Equal(t, "rows 7, written 7", w.sync(t).figures(t))
	w.inStep(t)
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-page 0":                   "-page must be at least 1",
		"file.db":                   "there are no arguments but flags: see -help",
		"-db=":                      "-db names no file",
		"-db a -dsn postgres://b/c": "give -db or -dsn: the source is one database",
		"-nonsense":                 "flag provided but not defined: -nonsense",
		"-page much":                `invalid value "much" for flag -page: parse error`,
	} {
		_, err := parse(strings.Fields(args), io.Discard)
		assert.EqualError(t, err, want)
		assert.Equal(t, exitUsage, exitCode(err))
	}
	_, err := parse([]string{"-help"}, io.Discard)
	assert.Equal(t, exitOK, exitCode(err))

	for _, args := range []string{"-dsn postgres://u:secret@host:port/x", "-dsn secret%"} {
		s, err := parse(strings.Fields(args), io.Discard)
		require.NoError(t, err)
		err = run(t.Context(), s, io.Discard)
		assert.Equal(t, exitUsage, exitCode(err))
		assert.NotContains(t, err.Error(), "secret")
	}
	s, err := parse([]string{"-db", t.TempDir() + "/none.db", "-region", "us-east-1"}, io.Discard)
	require.NoError(t, err)
	err = run(t.Context(), s, io.Discard)
	assert.Equal(t, exitUsage, exitCode(err))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
