package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func TestShardIsWrittenWithVersions(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "rows.csv", "id,v\na,1\nb,1\na,2\n,x\nshort\nb,2\nc,1\n")
	p.prepare(t)
	result, err := p.attempt(nil, &beats{}, nil)
	require.NoError(t, err)
	assert.EqualValues(t, 7, result.SourceRows)
	assert.EqualValues(t, 7, result.Totals.Rows)
	assert.EqualValues(t, 5, result.Totals.Written+result.Totals.Superseded)
	assert.EqualValues(t, 2, result.Totals.NotWritten)
	assert.Equal(t, map[string]string{"a": "2", "b": "2", "c": "1"}, values(p.db, "v"))
	assert.Equal(t, map[string]string{"a": "7000000000002", "b": "7000000000005", "c": "7000000000006"}, values(p.db, p.spec.VersionAttribute))
	require.Len(t, p.partFiles(t), 1)
	assert.Equal(t, []int64{3, 4}, letters(t, p.partFiles(t)[0]))
}

func TestShardsPartTheRowsByKey(t *testing.T) {
	t.Parallel()
	s := sample{rows: 3000, keys: 500}
	p := newPlace(t, "rows.csv", s.text(t))
	p.spec.Shards = 7
	p.prepare(t)
	var totals Totals
	for shard := range 7 {
		env := newSuite().NewTestActivityEnvironment()
		env.RegisterActivityWithOptions(p.WriteShard, activity.RegisterOptions{Name: shardActivity})
		value, err := env.ExecuteActivity(shardActivity, ShardTask{Spec: p.spec, Plan: p.plan, Shard: shard})
		require.NoError(t, err)
		var result ShardResult
		require.NoError(t, value.Get(&result))
		assert.EqualValues(t, 3000, result.SourceRows)
		assert.Positive(t, result.Totals.Rows)
		totals.add(result.Totals)
	}
	assert.EqualValues(t, 3000, totals.Rows)
	assert.Zero(t, totals.Skipped, "equal keys are in one shard")
	assert.Equal(t, s.last(), values(p.db, "score"))
	parts, err := listParts(p.activities.dir, p.plan.Folder)
	require.NoError(t, err)
	require.NoError(t, (&merger{root: p.activities.dir, folder: p.plan.Folder, want: totals.Dead()}).merge(t.Context(), parts))
	assert.Equal(t, s.bad(), letters(t, filepath.Join(p.dir, p.plan.Folder, mergedName)))
}

// An attempt that meets a passing fault leaves a checkpoint before the row, and the next one goes on from there.
func TestPassingFaultIsResumedFromTheHeartbeat(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "rows.csv", "id,v\na,1\n,x\nb,1\nc,1\n,y\na,2\n")
	p.config.Concurrency = 1
	p.prepare(t)
	refuse := true
	p.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if refuse && slices.Contains(c.Keys, dynamodesttest.Key("c")) {
			return dynamodesttest.Error(500, "InternalServerError", "")
		}
		return dynamodesttest.Fault{}
	})
	b := &beats{}
	_, err := p.attempt(nil, b, nil)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	assert.Equal(t, faultPassing, app.Type())
	assert.False(t, app.NonRetryable())
	assert.Contains(t, app.Message(), "row 3: ")
	last := b.seen[len(b.seen)-1]
	assert.EqualValues(t, 3, last.Next, "a, the bad row and b are settled, c is not")
	assert.EqualValues(t, 1, last.Totals.NotWritten)
	assert.Equal(t, last, lastCheckpoint(err))

	refuse = false
	result, err := p.attempt(&last, &beats{}, nil)
	require.NoError(t, err)
	assert.EqualValues(t, 6, result.Totals.Rows, "each row counts once")
	assert.EqualValues(t, 2, result.Totals.NotWritten)
	assert.Equal(t, map[string]string{"a": "2", "b": "1", "c": "1"}, values(p.db, "v"))
}

// An attempt that ends before its first row keeps what the ones before it have counted.
func TestAttemptThatCannotBeginKeepsTheTotals(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "rows.csv", "id,v\na,1\nb,1\n")
	p.prepare(t)
	from := Checkpoint{Next: 1, Totals: Totals{Rows: 1, Written: 1}}
	for name, spoil := range map[string]func(p *place){
		"the table":  func(p *place) { p.config.Client = dynamodesttest.NewTable("other", "id:S") },
		"the source": func(p *place) { p.plan.File.Size++ },
		"the Region": func(p *place) { p.plan.Region = "us-east-1" },
		"the folder": func(p *place) { p.plan.Folder = "dead-letters/none" },
	} {
		broken := *p
		acts := *p.activities
		broken.activities = &acts
		spoil(&broken)
		_, err := broken.attempt(&from, &beats{}, nil)
		require.Error(t, err, name)
		assert.Equal(t, from, lastCheckpoint(err), name)
	}
}

// A table that is slow to answer is no reason to take an attempt for dead.
func TestAttemptHeartbeatsBeforeItsFirstRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, "rows.csv", "id,v\na,1\nb,1\n")
		p.prepare(t)
		p.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			if c.Op == "DescribeTable" {
				return dynamodesttest.Slow(10*time.Second, 0)
			}
			return dynamodesttest.Fault{}
		})
		from := Checkpoint{Next: 1, Totals: Totals{Rows: 1, Written: 1}}
		b := &beats{}
		_, err := p.attempt(&from, b, nil)
		require.NoError(t, err)
		require.Greater(t, len(b.seen), 5)
		for _, c := range b.seen[:5] {
			assert.Equal(t, from, c)
		}
	})
}

// A heartbeat that covers a dead letter follows the dead letter on disk.
func TestDeadLettersAreOnDiskBeforeTheirHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sample{rows: 4_000, keys: 1_000}
		p := newPlace(t, "rows.csv", s.text(t))
		p.config.Concurrency = 16
		p.prepare(t)
		p.db.SetFault(func(dynamodesttest.Call) dynamodesttest.Fault { return dynamodesttest.Slow(50*time.Millisecond, 0) })
		b := &beats{each: func(c Checkpoint) {
			assert.Subset(t, letters(t, p.partFiles(t)[0]), before(s.bad(), c.Next))
			assert.Len(t, before(s.bad(), c.Next), int(c.Totals.Dead()))
		}}
		result, err := p.attempt(nil, b, nil)
		require.NoError(t, err)
		assert.Greater(t, len(b.seen), 5)
		assert.IsIncreasing(t, b.nexts())
		assert.EqualValues(t, 4_000, result.Totals.Rows)
		assert.EqualValues(t, 20, result.Totals.Dead())
		assert.Equal(t, s.last(), values(p.db, "score"))
	})
}

// A worker that stops settles what is in flight, and its next attempt begins there.
func TestStoppedWorkerSettlesItsRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sample{rows: 4_000, keys: 1_000}
		p := newPlace(t, "rows.csv", s.text(t))
		p.config.Concurrency = 4
		p.prepare(t)
		stop := make(chan struct{})
		p.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			if c.N == 500 {
				close(stop)
			}
			return dynamodesttest.Slow(50*time.Millisecond, 0)
		})
		b := &beats{}
		_, err := p.attempt(nil, b, stop)
		var app *temporal.ApplicationError
		require.ErrorAs(t, err, &app)
		assert.Equal(t, "the worker was stopped", app.Message())
		assert.Equal(t, time.Millisecond, app.NextRetryDelay())
		last := b.seen[len(b.seen)-1]
		written := map[string]string{}
		for i := range int(last.Next) {
			if !s.isBad(i) {
				_, written[s.key(i)] = s.columns(i)
			}
		}
		assert.Equal(t, written, values(p.db, "score"), "every row before the checkpoint is written, and none after it")

		result, err := p.attempt(&last, &beats{}, nil)
		require.NoError(t, err)
		assert.EqualValues(t, 4_000, result.Totals.Rows)
		assert.Equal(t, s.last(), values(p.db, "score"))
	})
}

// An attempt that was taken for dead and wakes overwrites nothing that the next one has written.
func TestWokenAttemptOverwritesNothing(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "rows.csv", "id,v\na,1\nb,1\na,2\n")
	p.prepare(t)
	_, err := p.attempt(nil, &beats{}, nil)
	require.NoError(t, err)
	want := values(p.db, "v")

	old := newPlace(t, "rows.csv", "id,v\na,1\nb,1\n") // how far the one that slept has read
	old.config.Client, old.db = p.db, p.db
	old.prepare(t)
	result, err := old.attempt(nil, &beats{}, nil)
	require.NoError(t, err)
	assert.EqualValues(t, 1, result.Totals.Skipped)
	assert.EqualValues(t, 1, result.Totals.Written, "b again, with the same version")
	assert.Equal(t, want, values(p.db, "v"))

	older := newPlace(t, "rows.csv", "id,v\na,old\nb,old\nc,old\n") // an earlier load that is resumed late
	older.config.Client, older.db = p.db, p.db
	older.prepare(t)
	older.plan.Generation = 6
	result, err = older.attempt(nil, &beats{}, nil)
	require.NoError(t, err)
	assert.EqualValues(t, 2, result.Totals.Skipped)
	assert.Equal(t, map[string]string{"a": "2", "b": "1", "c": "old"}, values(p.db, "v"))
}

func TestFaultOfTheTableIsNotRetried(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "rows.csv", "id,v\na,1\nb,1\nc,1\nd,1\n")
	p.config.Concurrency = 1
	p.prepare(t)
	p.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
		if slices.Contains(c.Keys, dynamodesttest.Key("c")) {
			return dynamodesttest.Error(400, "AccessDeniedException", "User: arn:aws:iam::123456789012:user/loader is not authorized")
		}
		return dynamodesttest.Fault{}
	})
	_, err := p.attempt(nil, &beats{}, nil)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	assert.Equal(t, faultTable, app.Type())
	assert.True(t, app.NonRetryable())
	assert.Contains(t, app.Message(), "access denied")
	assert.Contains(t, app.Message(), dynamodest.ErrAccess.Remedy()[:20])
	assert.EqualValues(t, 2, lastCheckpoint(err).Totals.Rows)
	assert.Empty(t, letters(t, p.partFiles(t)[0]), "its rows are no dead letters")
}

func TestChangedSourceIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, file string){
		"longer": func(t *testing.T, file string) {
			t.Helper()
			require.NoError(t, os.WriteFile(file, []byte("id,v\na,1\nb,2\nc,3\n"), 0o600))
		},
		"other content, and the same time": func(t *testing.T, file string) {
			t.Helper()
			info, err := os.Stat(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(file, []byte("id,v\na,1\nb,3\n"), 0o600))
			require.NoError(t, os.Chtimes(file, time.Time{}, info.ModTime()))
		},
		"other time": func(t *testing.T, file string) {
			t.Helper()
			require.NoError(t, os.Chtimes(file, time.Time{}, time.Unix(1, 0)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, "rows.csv", "id,v\na,1\nb,2\n")
			p.prepare(t)
			change(t, filepath.Join(p.dir, "rows.csv"))
			_, err := p.attempt(nil, &beats{}, nil)
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			assert.Equal(t, faultSource, app.Type())
			assert.True(t, app.NonRetryable())
			assert.Contains(t, app.Message(), "the source file has changed since the load began")
			assert.Empty(t, p.db.Items("users"))
		})
	}
	t.Run("while it is read", func(t *testing.T) {
		t.Parallel()
		p := newPlace(t, "rows.csv", "id,v\na,1\nb,2\n")
		p.prepare(t)
		p.db.SetFault(func(c dynamodesttest.Call) dynamodesttest.Fault {
			if c.Op != dynamodest.OpPutItem {
				return dynamodesttest.Fault{}
			}
			assert.NoError(t, os.Chtimes(filepath.Join(p.dir, "rows.csv"), time.Time{}, time.Unix(1, 0)))
			return dynamodesttest.Fault{}
		})
		_, err := p.attempt(nil, &beats{}, nil)
		assert.ErrorContains(t, err, "the source file has changed since the load began")
	})
}

func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, text string
		change     func(p *place)
		typed      string
		want       string
	}{
		"no file":        {"rows.csv", "", func(p *place) { p.spec.Source = "other.csv" }, faultSource, "other.csv: no such file"},
		"a path outside": {"rows.csv", "", func(p *place) { p.spec.Source = "../rows.csv" }, faultSource, "path escapes"},
		"a folder":       {"rows.csv", "", func(p *place) { p.spec.Source = "." }, faultSource, "the source . is not a regular file"},
		"a link outside": {"rows.csv", "", func(p *place) {
			p.spec.Source = "link.csv"
			_ = os.Symlink(os.DevNull, filepath.Join(p.dir, "link.csv"))
		}, faultSource, "path escapes"},
		"no header":         {"rows.csv", "", nil, faultSource, "it has no header"},
		"unknown form":      {"rows.xlsx", "x", nil, faultSource, "must end in .csv, .tsv, .ndjson or .jsonl"},
		"gzip":              {"rows.ndjson", "\x1f\x8b", nil, faultSource, "compressed by gzip"},
		"column of version": {"rows.csv", "id,dynamodest_version\na,1\n", nil, faultSource, "-version-attribute"},
		"another table":     {"rows.csv", "id\n", func(p *place) { p.spec.Table = "other" }, faultSpec, "a worker with -table users was asked to load other"},
		"no table":          {"rows.csv", "id\n", func(p *place) { p.spec.Table, p.config.Table = "none", "none" }, faultTable, "no such table"},
		"bad mapping": {"rows.csv", "id\n", func(p *place) {
			p.spec.Mapping.Fields = []dynamodest.Field{{Column: "id", Type: dynamodest.Number}}
		}, faultSpec, "Mapping.Fields[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, c.file, c.text)
			if c.change != nil {
				c.change(p)
			}
			err := p.tryPrepare()
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			assert.Equal(t, c.typed, app.Type())
			assert.Contains(t, app.Message(), c.want)
			assert.True(t, app.NonRetryable())
		})
	}
}

func TestSourcesWithoutRows(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"rows.csv": "id,v\n", "rows.ndjson": "", "rows.jsonl": "\n", "rows.tsv": "id\tv\n"} {
		p := newPlace(t, name, text)
		p.prepare(t)
		result, err := p.attempt(nil, &beats{}, nil)
		require.NoError(t, err, name)
		assert.Zero(t, result.Totals, name)
	}
}

func TestMappingGetsTheVersion(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "rows.ndjson", `{"user":1,"score":"7","other":true}`+"\n"+`{"user":2,"score":"x"}`+"\n")
	p.spec.Mapping.Fields = []dynamodest.Field{{Column: "user", Attribute: "id", Type: dynamodest.String}, {Column: "score", Type: dynamodest.Number}}
	p.prepare(t)
	result, err := p.attempt(nil, &beats{}, nil)
	require.NoError(t, err)
	assert.Equal(t, Totals{Rows: 2, Written: 1, NotWritten: 1}, result.Totals)
	assert.Equal(t, []map[string]types.AttributeValue{{
		"id":                    &types.AttributeValueMemberS{Value: "1"},
		"score":                 &types.AttributeValueMemberN{Value: "7"},
		p.spec.VersionAttribute: &types.AttributeValueMemberN{Value: "7000000000000"},
	}}, p.db.Items("users"))
}

// The budget of a load reaches the Destination.
func TestShardKeepsToItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sample{rows: 2_000, keys: 2_000}
		p := newPlace(t, "rows.csv", s.text(t))
		p.spec.Units, p.spec.Lease = 100, 10*time.Second
		store := newLocalLeases(p.spec)
		p.activities.leases = store
		p.prepare(t)
		start := time.Now()
		result, err := p.attempt(nil, &beats{}, nil)
		require.NoError(t, err)
		assert.EqualValues(t, 2_000, result.Totals.Rows)
		units, _ := p.db.Usage("users")
		assert.InDelta(t, units/100, time.Since(start).Seconds(), 1)
		assert.Equal(t, LeaseRequest{Holder: "dead-letters/run/0", Attempt: store.asked[0].Attempt, Holding: store.state.LastID, Release: true, Units: 100, Lease: 10 * time.Second},
			store.asked[len(store.asked)-1], "it gives its lease back")
		assert.Empty(t, store.state.Shares)
		assert.NotEqual(t, int64(1), store.asked[0].Attempt, "numbers of attempts begin again when a workflow is reset")
	})
}
