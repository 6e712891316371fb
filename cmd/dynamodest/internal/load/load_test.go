package load_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/checkpoint"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/deadletter"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/load"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

const table = "users"

// trial is a load that may take several runs.
type trial struct {
	t        *testing.T
	db       *dynamodesttest.DB
	failed   string // path
	saved    checkpoint.State
	savedRow atomic.Int64 // the last NextRow that was saved
	config   dynamodest.Config
	loads    func(*load.Load) // changes a run before it starts
}

func newTrial(t *testing.T) *trial {
	t.Helper()
	db := dynamodesttest.NewTable(table, "id:S")
	return &trial{
		t: t, db: db, failed: filepath.Join(t.TempDir(), "failed.ndjson"),
		config: dynamodest.Config{Table: table, Client: db, Concurrency: 2, Retry: dynamodest.Retry{MaxAttempts: 10, MinDelay: time.Millisecond, MaxDelay: time.Millisecond}},
		loads:  func(*load.Load) {},
	}
}

// run makes one run over rows, from the last checkpoint on.
func (tr *trial) run(ctx context.Context, rows iter.Seq2[dynamodest.Row, error], stop <-chan struct{}) load.Result {
	tr.t.Helper()
	dest, err := dynamodest.New(context.WithoutCancel(ctx), tr.config)
	require.NoError(tr.t, err)
	failed, err := deadletter.Create(tr.failed)
	require.NoError(tr.t, err)
	require.NoError(tr.t, failed.Resume(tr.saved.FailedBytes))
	feed := load.NewFeed(rows)
	job := &load.Load{
		Dest: dest, Feed: feed, Stop: stop, First: tr.saved.NextRow, Past: tr.saved.Totals,
		Failed: failed, Rereadable: true,
		Save: func(s checkpoint.State) error {
			tr.saved = s
			tr.savedRow.Store(int64(s.NextRow))
			return nil
		},
	}
	tr.loads(job)
	result := job.Run(ctx)
	feed.Close(true)
	require.NoError(tr.t, failed.Close())
	tr.consistent(result)
	return result
}

// consistent checks what holds of every result.
func (tr *trial) consistent(r load.Result) {
	tr.t.Helper()
	sum, failures := 0, 0
	for label, n := range r.Totals.Outcomes {
		sum += n
		if label == "not_written" || label == "unknown" {
			failures += n
		}
	}
	assert.Equal(tr.t, r.Totals.Rows, sum)
	assert.Equal(tr.t, failures, r.Totals.Failed())
	assert.Equal(tr.t, r.NextRow+r.Again, r.Totals.Rows)
	assert.Equal(tr.t, r.NextRow, tr.saved.NextRow, "it is where the next run begins")
	assert.Equal(tr.t, r.NextRow, tr.saved.Totals.Rows)
	if r.FileErr == nil {
		assert.Len(tr.t, letters(tr.t, tr.failed), r.Kept)
	}
}

// letters reads a file of failed rows.
func letters(t *testing.T, path string) []deadletter.Letter {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var all []deadletter.Letter
	for line := range bytes.Lines(data) {
		var l deadletter.Letter
		require.NoError(t, json.Unmarshal(line, &l))
		all = append(all, l)
	}
	return all
}

// numbered yields n rows. Each row for which bad is true lacks its key.
func numbered(n int, bad func(int) bool) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		for i := range n {
			row := dynamodest.Row{"id": fmt.Sprint(i), "n": i}
			if bad != nil && bad(i) {
				delete(row, "id")
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func hundredth(i int) bool { return i%100 == 0 }

func inBubble(t *testing.T, name string, f func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// A load writes what it can, keeps what fails, and saves that it is complete.
func TestLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t)
		r := tr.run(t.Context(), numbered(1000, hundredth), nil)
		assert.True(t, r.Done)
		assert.NoError(t, errors.Join(r.Stop, r.SourceErr, r.FileErr))
		assert.Equal(t, map[string]int{"written": 990, "not_written": 10}, r.Totals.Outcomes)
		assert.Equal(t, map[dynamodest.Reason]int{dynamodest.ErrKey: 10}, r.Totals.Reasons)
		assert.Equal(t, r.Summary.Requests, r.Totals.Requests)
		assert.Equal(t, []int{0, 100, 200, 300, 400}, r.Examples[0].Rows)
		assert.Equal(t, 990, tr.db.Len(table))
		assert.True(t, tr.saved.Done)
		kept := letters(t, tr.failed)
		require.Len(t, kept, 10)
		assert.Equal(t, 300, kept[3].Row)
		assert.Contains(t, kept[3].Text, "row 300: bad key")
		assert.Equal(t, "row", kept[3].Scope)
		assert.Equal(t, "id", kept[3].Column)
		assert.NotEmpty(t, kept[3].Remedy)
		assert.Empty(t, kept[3].Values)
	})
}

// After any stop the next run goes on at the first row that is not settled, and in the end each row is
// written or kept once.
func TestStopsAndResumes(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		fault func(dynamodesttest.Call) dynamodesttest.Fault
		first func(*trial) load.Result
		want  func(*testing.T, load.Result)
	}{
		"outage": {
			func(c dynamodesttest.Call) dynamodesttest.Fault {
				if c.N < 20 {
					return dynamodesttest.Fault{}
				}
				return dynamodesttest.Reset()
			},
			func(tr *trial) load.Result { return tr.run(tr.t.Context(), numbered(1000, hundredth), nil) },
			func(t *testing.T, r load.Result) { assert.ErrorIs(t, r.Stop, dynamodest.ErrUnavailable) },
		},
		"access denied": {
			func(c dynamodesttest.Call) dynamodesttest.Fault {
				if c.N < 20 {
					return dynamodesttest.Fault{}
				}
				return dynamodesttest.Error(400, "AccessDeniedException", "")
			},
			func(tr *trial) load.Result { return tr.run(tr.t.Context(), numbered(1000, hundredth), nil) },
			func(t *testing.T, r load.Result) { assert.ErrorIs(t, r.Stop, dynamodest.ErrAccess) },
		},
		"first signal": {
			nil,
			func(tr *trial) load.Result {
				stop := make(chan struct{})
				return tr.run(tr.t.Context(), at(numbered(1000, hundredth), 333, func() { close(stop) }), stop)
			},
			func(t *testing.T, r load.Result) {
				assert.NoError(t, r.Stop)
				assert.Zero(t, r.Again, "everything that was taken is settled")
			},
		},
		"second signal": {
			func(dynamodesttest.Call) dynamodesttest.Fault { return dynamodesttest.Slow(time.Second, 0) },
			func(tr *trial) load.Result {
				ctx, cancel := context.WithCancel(tr.t.Context())
				return tr.run(ctx, at(numbered(1000, hundredth), 333, cancel), nil)
			},
			func(t *testing.T, r load.Result) { assert.ErrorIs(t, r.Stop, context.Canceled) },
		},
		"source": {
			nil,
			func(tr *trial) load.Result {
				return tr.run(tr.t.Context(), func(yield func(dynamodest.Row, error) bool) {
					for row, err := range numbered(333, hundredth) {
						if !yield(row, err) {
							return
						}
					}
					yield(nil, broken)
				}, nil)
			},
			func(t *testing.T, r load.Result) {
				assert.Equal(t, broken, r.SourceErr)
				assert.Equal(t, 333, r.NextRow, "what was read before is settled")
			},
		},
		"full disk": {
			nil,
			func(tr *trial) load.Result {
				tr.loads = func(l *load.Load) { l.Failed = fullDisk(tr.t) }
				defer func() { tr.loads = func(*load.Load) {} }()
				return tr.run(tr.t.Context(), slowly(numbered(1000, hundredth)), nil)
			},
			func(t *testing.T, r load.Result) {
				assert.ErrorContains(t, r.FileErr, "no space left on device")
				assert.Less(t, r.Totals.Rows, 1000)
			},
		},
		"checkpoint that cannot be saved": {
			nil,
			func(tr *trial) load.Result {
				tr.loads = func(l *load.Load) { l.Save = func(checkpoint.State) error { return broken } }
				defer func() { tr.loads = func(*load.Load) {} }()
				return tr.run(tr.t.Context(), slowly(numbered(1000, hundredth)), nil)
			},
			func(t *testing.T, r load.Result) {
				assert.Equal(t, broken, r.FileErr)
				assert.Less(t, r.Totals.Rows, 1000)
			},
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			tr := newTrial(t)
			if tt.fault != nil {
				tr.db.SetFault(tt.fault)
			}
			r := tt.first(tr)
			tt.want(t, r)
			assert.False(t, r.Done)
			assert.False(t, tr.saved.Done)

			tr.db.SetFault(nil)
			r = tr.run(t.Context(), numbered(1000, hundredth), nil)
			assert.True(t, r.Done)
			assert.Equal(t, map[string]int{"written": 990, "not_written": 10}, r.Totals.Outcomes)
			assert.Equal(t, 990, tr.db.Len(table))
			assert.Len(t, letters(t, tr.failed), 10)
		})
	}
}

// at yields rows and calls f before the n-th.
func at(rows iter.Seq2[dynamodest.Row, error], n int, f func()) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		i := 0
		for row, err := range rows {
			if i == n {
				f()
			}
			i++
			if !yield(row, err) {
				return
			}
		}
	}
}

// slowly yields a hundred rows a second.
func slowly(rows iter.Seq2[dynamodest.Row, error]) iter.Seq2[dynamodest.Row, error] {
	return func(yield func(dynamodest.Row, error) bool) {
		for row, err := range rows {
			time.Sleep(10 * time.Millisecond)
			if !yield(row, err) {
				return
			}
		}
	}
}

// fullDisk returns a file that nothing can be written to.
func fullDisk(t *testing.T) *deadletter.File {
	t.Helper()
	f, err := deadletter.Create("/dev/full")
	require.NoError(t, err)
	t.Cleanup(func() { assert.Error(t, f.Close()) })
	return f
}

// A row that stays unprocessed while others are written is kept, with the scope that it may be sent again.
func TestRowsThatMaySucceedLaterAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t)
		tr.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			return dynamodesttest.Unprocessed(func(i, _ int) bool { return c.Keys[i] == dynamodesttest.Key("7") })
		})
		tr.config.Retry.MaxAttempts = 1
		r := tr.run(t.Context(), numbered(1000, nil), nil)
		assert.True(t, r.Done)
		kept := letters(t, tr.failed)
		require.Len(t, kept, 1)
		assert.Equal(t, 7, kept[0].Row)
		assert.Equal(t, "passing", kept[0].Scope)
		assert.Equal(t, "unprocessed", kept[0].Reason)
	})
}

// While a source is silent its rows are settled and saved, and a stop ends the load.
func TestSilentSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t)
		stop, over := make(chan struct{}), make(chan struct{})
		rows := func(yield func(dynamodest.Row, error) bool) {
			for row, err := range numbered(10, nil) {
				if !yield(row, err) {
					return
				}
			}
			<-over
		}
		go func() {
			time.Sleep(5 * time.Second)
			assert.EqualValues(t, 10, tr.savedRow.Load())
			close(stop)
			close(over)
		}()
		r := tr.run(t.Context(), rows, stop)
		assert.False(t, r.Done)
		assert.Equal(t, 10, r.Totals.Outcomes["written"])
	})
}

// Rows that cannot be read again are kept whatever the reason.
func TestStandardInput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t)
		tr.loads = func(l *load.Load) { l.Rereadable, l.WithRows = false, true }
		tr.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			if c.Op == "DescribeTable" {
				return dynamodesttest.Fault{}
			}
			return dynamodesttest.Error(400, "AccessDeniedException", "")
		})
		r := tr.run(t.Context(), numbered(100, nil), nil)
		assert.ErrorIs(t, r.Stop, dynamodest.ErrAccess)
		assert.Positive(t, r.Totals.Rows)
		assert.Zero(t, r.Again)
		kept := letters(t, tr.failed)
		require.Len(t, kept, r.Totals.Rows)
		assert.Equal(t, "0", kept[0].Values["id"])
	})
}

// A source that has become shorter than the checkpoint is an error.
func TestShortSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t)
		tr.saved = checkpoint.State{NextRow: 20, Totals: checkpoint.Totals{Rows: 20, Outcomes: map[string]int{"written": 20}}}
		r := tr.run(t.Context(), numbered(10, nil), nil)
		assert.EqualError(t, r.SourceErr, "the source has 10 rows, and the checkpoint is after row 20")
		assert.False(t, r.Done)
	})
}

// The rows that Peek looks at are read again.
func TestPeek(t *testing.T) {
	t.Parallel()
	feed := load.NewFeed(numbered(10, nil))
	defer feed.Close(true)
	assert.Len(t, feed.Peek(4, nil), 4)
	var ids []string
	for row, err := range feed.Rows(2, nil, func() bool { return true }) {
		require.NoError(t, err)
		ids = append(ids, row["id"].(string))
	}
	assert.Equal(t, []string{"2", "3", "4", "5", "6", "7", "8", "9"}, ids)
	assert.Equal(t, 10, feed.Taken())
}
