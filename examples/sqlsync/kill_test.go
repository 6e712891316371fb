package main

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// A process that is killed before or after any of its statements loses nothing, and does nothing twice that counts.
func TestKilledAtEachStep(t *testing.T) {
	t.Parallel()
	for name, newWorld := range map[string]func(*testing.T) *world{"first run": beforeFirstRun, "later run": beforeLaterRun} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for step, going := 1, true; going; step++ {
				t.Run(strconv.Itoa(step), func(t *testing.T) {
					w := newWorld(t)
					going = killed(t, w.child(t, fmt.Sprintf("%s=%d", stepVariable, step)))
					w.put(t, "a2", "changed after the kill")
					w.exec(t, `DELETE FROM products WHERE sku = 'a3'`)
					w.settle(t)
					w.settle(t) // a fault that was left for it
					w.inStep(t)
					w.versionsGrow(t)
				})
				require.Less(t, step, 200)
			}
		})
	}
}

// beforeFirstRun returns a world in which sqlsync has not run. Its second page has a bad row, its first one a row that
// fails at first.
func beforeFirstRun(t *testing.T) *world {
	t.Helper()
	w := inSQLite(t)
	for i := range 7 {
		w.put(t, fmt.Sprint("a", i), "first")
	}
	w.put(t, "", "has no key")
	w.double.FailWrites(dynamodesttest.Throttled("ThrottlingException", ""))
	return w
}

// beforeLaterRun returns a world in which sqlsync has run, and left a row to send again and a dead letter. Both rows
// have changed since, or not, and so have others.
func beforeLaterRun(t *testing.T) *world {
	t.Helper()
	w := beforeFirstRun(t)
	w.double.FailWrites(dynamodesttest.Reset().AfterWrite())
	require.Equal(t, "rows 8, written 5, dead letters 1, to be sent again 2", w.sync(t).figures(t))
	w.exec(t, `UPDATE products SET sku = 'a7' WHERE sku = ''`)
	w.exec(t, `UPDATE products SET name = 'second' WHERE sku = (
		SELECT min(c.sku) FROM sqlsync_changes c JOIN sqlsync_retries r ON r.entry = c.entry)`)
	w.put(t, "a5", "second")
	w.put(t, strings.Repeat("k", 3000), "has a key that is too long")
	w.double.FailWrites(dynamodesttest.Unprocessed(dynamodesttest.First(1)))
	return w
}

// killed runs a child, and reports whether it was killed. If not, it must have done its work.
func killed(t *testing.T, child *process) bool {
	t.Helper()
	r, killed := child.run(t)
	if !killed {
		require.Contains(t, []int{exitOK, exitOpen}, r.code, r.err)
	}
	return killed
}

// SIGKILL at random requests and statements, again and again, while the table fails at random and the application
// changes the source before, during and after each run.
func TestKilledAtRandom(t *testing.T) {
	t.Parallel()
	for name, newWorld := range sources {
		for seed := range uint64(2) {
			t.Run(fmt.Sprint(name, " seed ", seed), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				a := &application{w: w, random: rand.New(rand.NewPCG(seed, 0))}
				w.settle(t) // the triggers are installed while no transaction is open
				runs, kills := 0, 0
				for ; kills < 25; runs++ {
					require.Less(t, runs, 1000)
					for range 6 {
						a.change(t)
					}
					if a.run(t) {
						kills++
					}
				}
				a.end(t)
				w.double.SetFault(nil)
				assert.Zero(t, w.settle(t).figure(t, "left"))
				w.settle(t) // the rows to send again
				w.double.ApplyLate()
				w.inStep(t)
				w.versionsGrow(t)
				t.Logf("%d of %d runs were killed; %d requests, %d writes", kills, runs, len(w.double.Calls()), len(w.double.Writes()))
			})
		}
	}
}

// application changes products at random, in transactions that may stay open while others are made.
type application struct {
	w      *world
	mu     sync.Mutex // a request may outlive the process that made it
	random *rand.Rand
	open   *sql.Tx // PostgreSQL only: SQLite has one writer
	n      int
}

// change makes a random change.
func (a *application) change(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.changeOne(t)
}

// changeOne is change while a is locked.
func (a *application) changeOne(t *testing.T) {
	t.Helper()
	var exec interface {
		Exec(query string, args ...any) (sql.Result, error)
	} = a.w.app
	sku := fmt.Sprint("p", a.random.IntN(20))
	if strings.HasPrefix(a.w.args[len(a.w.args)-1], "postgres") {
		switch {
		case a.open == nil && a.random.IntN(4) == 0:
			tx, err := a.w.app.BeginTx(t.Context(), nil)
			assert.NoError(t, err)
			a.open = tx
		case a.open != nil && a.random.IntN(4) == 0:
			a.endOpen(t)
		}
		if a.open != nil && a.random.IntN(2) == 0 {
			exec, sku = a.open, "tx-"+sku // other keys than without it, which would wait for its end
		}
	}
	a.n++
	name := fmt.Sprint("name ", a.n)
	statement, args := `INSERT INTO products (sku, name, price) VALUES ($1, $2, 1)
		ON CONFLICT (sku) DO UPDATE SET name = excluded.name, details = NULL`, []any{sku, name}
	switch n := a.random.IntN(20); {
	case n < 4:
		statement, args = `DELETE FROM products WHERE sku = $1`, []any{sku}
	case n < 6:
		statement, args = `UPDATE products SET sku = $2, name = $3 WHERE sku = $1`, []any{sku, sku + name, name}
	case n < 7:
		statement, args = `UPDATE products SET details = $2 WHERE sku = $1`, []any{sku, strings.Repeat("x", 409_601+a.random.IntN(9))}
	case n < 8:
		args[0] = sku + strings.Repeat("k", 2048)
	}
	_, err := exec.Exec(statement, args...)
	assert.NoError(t, err)
}

// end ends the open transaction.
func (a *application) end(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.endOpen(t)
}

// endOpen is end while a is locked.
func (a *application) endOpen(t *testing.T) {
	t.Helper()
	if a.open == nil {
		return
	}
	if a.random.IntN(3) == 0 {
		assert.NoError(t, a.open.Rollback())
	} else {
		assert.NoError(t, a.open.Commit())
	}
	a.open = nil
}

// run runs sqlsync in a process of its own, which is killed at a random request or statement, if there are so many. It
// reports whether it was killed.
func (a *application) run(t *testing.T) bool {
	t.Helper()
	a.mu.Lock()
	faults := []dynamodesttest.Fault{
		dynamodesttest.Throttled("ThrottlingException", ""),
		dynamodesttest.Reset().AfterWrite(),
		dynamodesttest.Reset().AppliedLate(1 + a.random.IntN(20)),
		dynamodesttest.Error(500, "InternalServerError", ""),
		dynamodesttest.Truncated(),
	}
	faultAt := map[int]dynamodesttest.Fault{}
	for range a.random.IntN(6) {
		faultAt[2+a.random.IntN(20)] = faults[a.random.IntN(len(faults))] // the first two describe the table
	}
	at, changeAt := a.random.IntN(15), a.random.IntN(10)
	var env []string
	if a.random.IntN(2) == 0 {
		env, at = []string{fmt.Sprintf("%s=%d", stepVariable, 1+a.random.IntN(50))}, -1
	}
	a.mu.Unlock()
	child := a.w.child(t, env...)
	var requests atomic.Int64
	over := false
	a.w.double.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault {
		n := int(requests.Add(1)) - 1
		switch n {
		case at:
			child.signal(t, syscall.SIGKILL)
		case changeAt:
			a.mu.Lock()
			defer a.mu.Unlock()
			if !over {
				a.changeOne(t)
			}
		}
		return faultAt[n]
	})
	wasKilled := killed(t, child)
	a.mu.Lock()
	defer a.mu.Unlock()
	over = true
	return wasKilled
}

// A second sqlsync on one database is refused while the first one runs, and not after it was killed.
func TestTwoAtATime(t *testing.T) {
	t.Parallel()
	for name, newWorld := range sources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.put(t, "a", "first")
			child := w.child(t)
			s, err := parse(w.args, t.Output())
			require.NoError(t, err)
			s.lockWait = time.Millisecond
			var second ran
			w.double.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
				if c.Op == "DescribeTable" {
					return dynamodesttest.Fault{}
				}
				w.double.SetFault(nil)
				second = w.runWith(t, s)
				child.signal(t, syscall.SIGKILL)
				return dynamodesttest.Fault{}
			})
			require.True(t, killed(t, child))
			assert.Equal(t, ran{code: exitLocked, err: errLocked.Error()}, second)

			assert.Equal(t, "rows 1, written 1", w.settle(t).figures(t)) // waits for the end of the session
			w.inStep(t)
		})
	}
}

// The lock of SQLite is on a file beside the database, and is not in the way of the application.
func TestLockOfSQLite(t *testing.T) {
	t.Parallel()
	w := inSQLite(t)
	path := w.args[len(w.args)-1]
	w.put(t, "a", "first")
	w.double.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault {
		_, err := w.app.Exec(`UPDATE products SET name = name || '+'`)
		assert.NoError(t, err)
		return dynamodesttest.Fault{}
	})
	assert.Equal(t, exitOK, w.sync(t).code)
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, files, 2)
}
