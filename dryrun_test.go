package dynamodest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/tabletest"
)

// indexedDB has one table, of the key id (S) and at (N), with a global index of each projection and a local one.
func indexedDB(t *testing.T) *dynamodesttest.DB {
	t.Helper()
	global := func(name string, hash int, keys []string, p types.Projection) types.GlobalSecondaryIndex {
		return types.GlobalSecondaryIndex{IndexName: &name, KeySchema: tabletest.KeySchema(hash, keys...), Projection: &p}
	}
	db := dynamodesttest.New()
	_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(table), BillingMode: types.BillingModePayPerRequest, KeySchema: tabletest.KeySchema(1, "id", "at"),
		AttributeDefinitions: tabletest.Definitions("id", "S", "at", "N", "group", "S", "score", "N"),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			global("keys", 1, []string{"group", "at"}, types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}),
			global("some", 1, []string{"score"}, types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: []string{"note"}}),
			global("all", 2, []string{"group", "score"}, types.Projection{ProjectionType: types.ProjectionTypeAll}),
		},
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{
			IndexName: aws.String("local"), KeySchema: tabletest.KeySchema(1, "id", "score"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: []string{"pad"}},
		}},
	})
	require.NoError(t, err)
	return db
}

// indexNames are the indexes of indexedDB.
var indexNames = []string{"keys", "some", "all", "local"}

// meters counts the units of each of the indexes.
func meters(db *dynamodesttest.DB, names []string) map[string]*dynamodesttest.Limit {
	limits := map[string]*dynamodesttest.Limit{}
	for _, name := range names {
		limits[name] = db.Limit(table, dynamodesttest.Capacity{UnitsPerSecond: 1e12, Index: name, Full: true})
	}
	return limits
}

// indexedRow is a row for indexedDB of about so many bytes. Some rows are in no index.
func indexedRow(random *rand.Rand, id string, at, bytes int) dynamodest.Row {
	row := dynamodest.Row{"id": id, "at": at}
	if random.IntN(4) > 0 {
		row["group"] = strings.Repeat("g", 1+random.IntN(1500))
	}
	if random.IntN(4) > 0 {
		row["score"] = random.Float64()
	}
	if random.IntN(2) > 0 {
		row["note"] = strings.Repeat("n", random.IntN(bytes/2+2))
	}
	row["pad"] = strings.Repeat("x", bytes/2)
	return row
}

// within asserts that the figures of a run of distinct keys are those of the forecast, to 2 %.
func within(t *testing.T, want float64, got dynamodest.Range, what string) {
	t.Helper()
	assert.Equal(t, got.Least, got.Most, what)
	assert.InDelta(t, want, got.Most, want*0.02, what)
}

func countRange(r dynamodest.CountRange) dynamodest.Range {
	return dynamodest.Range{Least: float64(r.Least), Most: float64(r.Most)}
}

// runRows writes rows by WriteSeq or Write.
func runRows(t *testing.T, d *dynamodest.Destination, rows []dynamodest.Row, stream bool) dynamodest.Summary {
	t.Helper()
	if stream {
		sum, err := d.WriteSeq(t.Context(), seq(rows), nil)
		require.NoError(t, err)
		return sum
	}
	res, err := d.Write(t.Context(), rows)
	require.NoError(t, err)
	return res.Summary
}

// The figures agree with a run of the same rows into an empty table.
func TestDryRunAgreesWithARun(t *testing.T) {
	t.Parallel()
	sizes := map[string]func(*rand.Rand) (bytes, rows int){
		"100 B":  func(*rand.Rand) (int, int) { return 100, 1500 },
		"4 KB":   func(*rand.Rand) (int, int) { return 4000, 800 },
		"60 KB":  func(*rand.Rand) (int, int) { return 60_000, 200 },
		"380 KB": func(*rand.Rand) (int, int) { return 380_000, 50 },
		"mixed":  func(random *rand.Rand) (int, int) { return 100 << random.IntN(11), 600 },
	}
	configs := map[string]dynamodest.Config{
		"":          {},
		" capped":   {WriteUnitsPerSecond: 200},
		" limited":  {Limiter: gateLimiter(func() error { return nil })},
		" inserted": {Mode: dynamodest.Insert, OnExisting: dynamodest.Skip},
	}
	for size, next := range sizes {
		for config, cfg := range configs {
			if config != "" && size != "mixed" && size != "100 B" {
				continue
			}
			for _, stream := range []bool{false, true} {
				testInBubble(t, fmt.Sprintf("%s%s stream %t", size, config, stream), func(t *testing.T) {
					random := rand.New(rand.NewPCG(7, 8))
					_, n := next(random)
					rows := make([]dynamodest.Row, n)
					for i := range rows {
						bytes, _ := next(random)
						rows[i] = indexedRow(random, fmt.Sprint("id-", i), i, bytes)
					}
					db := indexedDB(t)
					db.SetLatency(8*time.Millisecond, 12*time.Millisecond, 1)
					db.KeepHistory(0)
					cfg := cfg
					cfg.Table, cfg.Client = table, db
					d := newDest(t, cfg)
					f, err := d.DryRun(t.Context(), seq(rows), nil)
					require.NoError(t, err)
					require.Zero(t, db.Len(table))
					assert.Equal(t, map[string]int{"CreateTable": 1, "DescribeTable": 2}, db.Actions())

					used := meters(db, indexNames)
					sum := runRows(t, d, rows, stream)
					assert.Equal(t, n, f.Valid)
					within(t, sum.WriteUnits, f.WriteUnits.Total, "units")
					units, _ := db.Usage(table)
					within(t, units, f.WriteUnits.Table, "units of the table")
					for _, index := range f.WriteUnits.Indexes {
						units, _ := used[index.Name].Usage()
						within(t, units, index.WriteUnits, index.Name)
						require.Positive(t, units)
					}
					require.Len(t, f.WriteUnits.Indexes, len(indexNames))
					within(t, float64(sum.Requests), countRange(f.Requests), "requests")
				})
			}
		}
	}
}

func TestDryRunAgreesOnVectors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := vectorDB(t)
		random := rand.New(rand.NewPCG(1, 2))
		rows := make([]dynamodest.Row, 1000)
		for i := range rows {
			rows[i] = dynamodest.Row{"id": fmt.Sprint(i), "year": i, "pad": strings.Repeat("p", random.IntN(4000))}
			if i%3 > 0 {
				rows[i]["tenant"] = "t"
			}
			if i%5 > 0 {
				rows[i]["embedding"] = []float64{random.Float64(), random.NormFloat64(), 1}
			}
		}
		d := newDest(t, dynamodest.Config{Table: table, Client: db})
		f, err := d.DryRun(t.Context(), seq(rows), nil)
		require.NoError(t, err)
		sum := runRows(t, d, rows, false)
		within(t, sum.WriteUnits, f.WriteUnits.Total, "units")
		require.Len(t, f.WriteUnits.VectorIndexes, 1)
		within(t, sum.VectorWriteBytes, f.WriteUnits.VectorIndexes[0].Bytes, "bytes")
		assert.Equal(t, "by_embedding", f.WriteUnits.VectorIndexes[0].Name)
		within(t, float64(sum.Requests), countRange(f.Requests), "requests")
	})
}

// Where rows have the same key, the ranges hold the run, whichever rows are superseded before they are sent.
func TestDryRunRangesHoldTheRun(t *testing.T) {
	t.Parallel()
	configs := map[string]dynamodest.Config{
		"upsert":  {},
		"deletes": {Delete: "gone"},
		"version": {Version: "version"},
		"skip":    {Mode: dynamodest.Insert, OnExisting: dynamodest.Skip},
	}
	for name, cfg := range configs {
		for seed := range uint64(12) {
			testInBubble(t, fmt.Sprint(name, seed), func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 9))
				n, keys := 1+random.IntN(1500), 1+random.IntN(1<<random.IntN(11))
				rows := make([]dynamodest.Row, n)
				distinct := map[int]bool{}
				duplicates := 0
				for i := range rows {
					key := random.IntN(keys)
					rows[i] = indexedRow(random, fmt.Sprint("id-", key), key, 100<<random.IntN(8))
					rows[i]["version"] = random.IntN(100)
					if random.IntN(5) == 0 {
						rows[i]["gone"] = true
					}
					if distinct[key] {
						duplicates++
					}
					distinct[key] = true
				}
				db := indexedDB(t)
				db.KeepHistory(0)
				latency := time.Duration(random.IntN(3)) * 20 * time.Millisecond
				db.SetLatency(latency/4, latency, seed)
				cfg := cfg
				cfg.Table, cfg.Client = table, db
				d := newDest(t, cfg)
				f, err := d.DryRun(t.Context(), seq(rows), nil)
				require.NoError(t, err)
				assert.Equal(t, duplicates, f.Duplicates)
				assert.Equal(t, n, f.KeysCompared)
				assert.Equal(t, f.Deletes > 0 || name == "version" || name == "skip", f.Estimated)

				used := meters(db, indexNames)
				sum := runRows(t, d, rows, seed%2 == 0)
				holds := func(got float64, r dynamodest.Range, what string) {
					assert.LessOrEqual(t, r.Least, got, what)
					assert.GreaterOrEqual(t, r.Most, got, what)
				}
				holds(sum.WriteUnits, f.WriteUnits.Total, "units")
				units, _ := db.Usage(table)
				holds(units, f.WriteUnits.Table, "units of the table")
				for _, index := range f.WriteUnits.Indexes {
					units, _ := used[index.Name].Usage()
					holds(units, index.WriteUnits, index.Name)
				}
				holds(float64(sum.Requests), countRange(f.Requests), "requests")
			})
		}
	}
}

// Each row's error is the one that WriteSeq reports, and the summary counts them.
func TestDryRunFindsTheErrorsOfWrite(t *testing.T) {
	t.Parallel()
	unread := errors.New("line 3 is broken")
	yields := []struct {
		row dynamodest.Row
		err error
	}{
		{row: dynamodest.Row{"id": "a", "n": 1}},
		{row: dynamodest.Row{"id": "", "n": 1}},
		{row: dynamodest.Row{"id": 7}},
		{row: dynamodest.Row{"n": 1}},
		{err: dynamodest.Pause},
		{err: dynamodest.BadRow(unread)},
		{row: dynamodest.Row{"id": "x"}, err: dynamodest.BadRow(unread)},
		{row: nil},
		{row: dynamodest.Row{"id": "b", "n": make(chan int)}},
		{row: dynamodest.Row{"id": "c", "n": strings.Repeat("x", 500_000)}},
		{row: dynamodest.Row{"id": "a", "n": 2}},
		{row: dynamodest.Row{"id": "b", "n": 2}},
		{row: dynamodest.Row{"id": "d", "n": 3, "gone": "perhaps"}},
		{row: dynamodest.Row{"id": "d", "n": 3, "gone": true}},
	}
	source := func(yield func(dynamodest.Row, error) bool) {
		for _, y := range yields {
			if !yield(y.row, y.err) {
				return
			}
		}
	}
	mapping := dynamodest.Mapping{Fields: []dynamodest.Field{{Column: "id"}, {Column: "n"}, {Column: "typo"}}}
	for name, cfg := range map[string]dynamodest.Config{
		"last wins": {Mapping: mapping, Delete: "gone"},
		"refused":   {Mapping: mapping, Delete: "gone", Duplicates: dynamodest.RefuseDuplicates},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.NewTable(table, "id:S")
			cfg.Table, cfg.Client = table, db
			d := newDest(t, cfg)
			var written []error
			var reported []dynamodest.Row
			sum, err := d.WriteSeq(t.Context(), source, func(row dynamodest.Row, r dynamodest.RowResult) error {
				written, reported = append(written, r.Err), append(reported, row)
				return nil
			})
			var writeErr *dynamodest.WriteError
			require.ErrorAs(t, err, &writeErr)

			var seen []dynamodest.RowForecast
			f, err := d.DryRun(t.Context(), source, func(row dynamodest.Row, r dynamodest.RowForecast) error {
				assert.Equal(t, reported[r.Index], row)
				seen = append(seen, r)
				return nil
			})
			require.NoError(t, err, "invalid rows are what it is for")
			require.Len(t, seen, sum.Rows)
			invalid := 0
			for i, r := range seen {
				assert.Equal(t, i, r.Index)
				if written[i] == nil {
					assert.NoError(t, r.Err, i)
					assert.Positive(t, r.Size)
					assert.Equal(t, 1.0, r.WriteUnits)
					continue
				}
				invalid++
				var got, want *dynamodest.RowError
				require.ErrorAs(t, r.Err, &got)
				require.ErrorAs(t, written[i], &want)
				assert.Equal(t, want, got)
				assert.Zero(t, r.Size)
				assert.Zero(t, r.WriteUnits)
			}
			assert.Equal(t, []int{sum.Rows, sum.NotWritten, sum.Rows - sum.NotWritten}, []int{f.Rows, f.Invalid, f.Valid})
			assert.Equal(t, invalid, f.Invalid)
			assert.Equal(t, writeErr.Reasons, f.Reasons)
			assert.Equal(t, writeErr.First, f.First)
			assert.Equal(t, []string{"typo"}, f.MissingColumns)
			assert.ErrorIs(t, seen[5].Err, unread)
			wantDuplicate := []dynamodest.Duplicate{{Index: 9, Of: 0}}
			if name == "refused" { // a key counts also if its row fails for another reason
				wantDuplicate = append(wantDuplicate, dynamodest.Duplicate{Index: 10, Of: 7}, dynamodest.Duplicate{Index: 12, Of: 11})
			} else {
				assert.True(t, seen[12].Delete)
				assert.Equal(t, 1, f.Deletes)
			}
			assert.Equal(t, wantDuplicate, f.FirstDuplicates)
			for _, r := range seen {
				i := slices.IndexFunc(wantDuplicate, func(d dynamodest.Duplicate) bool { return d.Index == r.Index })
				if i < 0 {
					assert.Equal(t, -1, r.DuplicateOf)
				} else {
					assert.Equal(t, wantDuplicate[i].Of, r.DuplicateOf)
				}
			}
		})
	}
}

func TestDryRunSizes(t *testing.T) {
	t.Parallel()
	d := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S")})
	rows := make([]dynamodest.Row, 100)
	for i := range rows {
		rows[i] = dynamodest.Row{"id": "x", "pad": strings.Repeat("p", i+1)} // 2 + 1 + 3 + i + 1 bytes
	}
	f, err := d.DryRun(t.Context(), seq(rows), nil)
	require.NoError(t, err)
	assert.Equal(t, dynamodest.Sizes{
		Min: 7, Median: 56, P95: 101, Max: 106, Total: 100 * (7 + 106) / 2,
		Largest: dynamodest.LargestAttribute{Name: "pad", Size: 103, Row: 99},
	}, f.Sizes)
	assert.Equal(t, 99, f.Duplicates, "all keys are equal")
	assert.Len(t, f.FirstDuplicates, 10)
	assert.Equal(t, dynamodest.Range{Least: 1, Most: 100}, f.WriteUnits.Table)
	assert.Equal(t, 1, f.Requests.Least)
	assert.Equal(t, 100, f.Requests.Most)

	var decoded map[string]any
	require.NoError(t, json.Unmarshal([]byte(show(f)), &decoded))
	assert.Equal(t, map[string]any{"least_seconds": 0.00025, "most_seconds": 0.025, "write_units_per_second": 4000.0, "bound": "warm_throughput"}, decoded["time"])
	assert.Equal(t, map[string]any{"least": 1.0, "most": 100.0}, decoded["requests"])
}
