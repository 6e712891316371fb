package dynamodest_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"testing"
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

func TestDryRunTime(t *testing.T) {
	t.Parallel()
	create := func(units, index int64) *dynamodesttest.DB {
		db := dynamodesttest.New()
		throughput := func(write int64) *types.ProvisionedThroughput {
			return &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: &write}
		}
		_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
			TableName: aws.String(table), ProvisionedThroughput: throughput(units),
			KeySchema: tabletest.KeySchema(1, "id"), AttributeDefinitions: tabletest.Definitions("id", "S", "row", "N"),
			GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
				IndexName: aws.String("by_row"), KeySchema: tabletest.KeySchema(1, "row"), ProvisionedThroughput: throughput(index),
				Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
			}},
		})
		require.NoError(t, err)
		return db
	}
	for name, tt := range map[string]struct {
		cfg  dynamodest.Config
		want dynamodest.TimeForecast
	}{
		"table":   {dynamodest.Config{Client: create(10, 20)}, dynamodest.TimeForecast{WriteUnitsPerSecond: 10, Bound: dynamodest.BoundProvisioned}},
		"index":   {dynamodest.Config{Client: create(10, 4)}, dynamodest.TimeForecast{WriteUnitsPerSecond: 4, Bound: dynamodest.BoundProvisioned, Index: "by_row"}},
		"cap":     {dynamodest.Config{Client: create(10, 20), WriteUnitsPerSecond: 5}, dynamodest.TimeForecast{WriteUnitsPerSecond: 5, Bound: dynamodest.BoundCap}},
		"unknown": {dynamodest.Config{Client: fake{}}, dynamodest.TimeForecast{}},
	} {
		tt.cfg.Table = table
		f, err := newDest(t, tt.cfg).DryRun(t.Context(), seq(numbered(100)), nil)
		require.NoError(t, err)
		if rate := tt.want.WriteUnitsPerSecond; rate > 0 {
			tt.want.Least = time.Duration(100 / rate * float64(time.Second))
			tt.want.Most = tt.want.Least
		}
		assert.Equal(t, tt.want, f.Time, name)
	}
}

// The description that counts is today's.
func TestDryRunDescribesTheTableOnce(t *testing.T) {
	t.Parallel()
	described := tabletest.Described()
	calls := 0
	client := fake{describe: func() (*dynamodb.DescribeTableOutput, error) {
		calls++
		return &dynamodb.DescribeTableOutput{Table: described}, nil
	}}
	d := newDest(t, dynamodest.Config{Table: table, Client: client})
	row := []dynamodest.Row{{"id": "a", "at": 1, "email": "e"}}
	f, err := d.DryRun(t.Context(), seq(row), nil)
	require.NoError(t, err)
	assert.Equal(t, 2, calls)
	assert.Equal(t, 2.0, f.WriteUnits.Total.Most)

	described.GlobalSecondaryIndexes = nil // which New saw
	f, err = d.DryRun(t.Context(), seq(row), nil)
	require.NoError(t, err)
	assert.Equal(t, 1.0, f.WriteUnits.Total.Most)

	described.KeySchema = tabletest.KeySchema(1, "id")
	read := false
	f, err = d.DryRun(t.Context(), func(func(dynamodest.Row, error) bool) { read = true }, nil)
	assert.Equal(t, d.Check(t.Context()), err)
	assert.ErrorIs(t, err, dynamodest.ErrConfig)
	assert.False(t, read)
	assert.Equal(t, dynamodest.Forecast{}, f)
}

func TestDryRunOfAFakeThatDescribesNothing(t *testing.T) {
	t.Parallel()
	f, err := newDest(t, dynamodest.Config{Table: table, Client: fake{}}).DryRun(t.Context(), seq(append(numbered(30), numbered(30)...)), nil)
	require.NoError(t, err)
	assert.Equal(t, []int{60, 60, 0, 0}, []int{f.Rows, f.Valid, f.Duplicates, f.KeysCompared})
	assert.Equal(t, dynamodest.Range{Least: 60, Most: 60}, f.WriteUnits.Total)
	assert.Equal(t, dynamodest.CountRange{Least: 3, Most: 3}, f.Requests)
	assert.Equal(t, dynamodest.BoundUnknown, f.Time.Bound)
}

// What ends a dry run early, and what the Forecast is of then.
func TestDryRunEndsEarly(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	after := func(n int, end func(yield func(dynamodest.Row, error) bool)) iter.Seq2[dynamodest.Row, error] {
		return func(yield func(dynamodest.Row, error) bool) {
			for _, row := range numbered(n) {
				if !yield(row, nil) {
					return
				}
			}
			end(yield)
		}
	}
	nothing := func(func(dynamodest.Row, error) bool) {}
	ctx, cancel := context.WithCancel(t.Context())
	for name, tt := range map[string]struct {
		ctx    context.Context
		source iter.Seq2[dynamodest.Row, error]
		each   func(dynamodest.Row, dynamodest.RowForecast) error
		rows   int
		want   error
	}{
		"no rows":      {t.Context(), after(0, nothing), nil, 0, nil},
		"all rows":     {t.Context(), after(40, nothing), nil, 40, nil},
		"source fails": {t.Context(), after(40, func(yield func(dynamodest.Row, error) bool) { yield(dynamodest.Row{"id": "x"}, broken) }), nil, 40, broken},
		"row with Pause": {t.Context(), after(40, func(yield func(dynamodest.Row, error) bool) {
			yield(dynamodest.Row{"id": "x"}, dynamodest.Pause)
		}), nil, 40, dynamodest.Pause},
		"each fails": {t.Context(), after(40, nothing), func(_ dynamodest.Row, r dynamodest.RowForecast) error {
			if r.Index == 10 {
				return broken
			}
			return nil
		}, 11, broken},
		"ctx ends": {ctx, after(40, nothing), func(_ dynamodest.Row, r dynamodest.RowForecast) error {
			if r.Index == 10 {
				cancel()
			}
			return nil
		}, 11, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S")})
			f, err := d.DryRun(tt.ctx, tt.source, tt.each)
			assert.ErrorIs(t, err, tt.want)
			if tt.want == nil {
				assert.NoError(t, err)
			} else {
				assert.NotContains(t, err.Error(), broken.Error(), "it may quote a row")
			}
			assert.Equal(t, tt.rows, f.Rows)
			assert.Equal(t, tt.rows, f.Valid)
			assert.Equal(t, float64(tt.rows), f.WriteUnits.Total.Most)
			assert.Equal(t, (tt.rows+24)/25, f.Requests.Most)
		})
	}
}

func TestDryRunLetsPanicsPass(t *testing.T) {
	t.Parallel()
	d := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S")})
	assert.PanicsWithValue(t, "source", func() {
		_, _ = d.DryRun(t.Context(), func(func(dynamodest.Row, error) bool) { panic("source") }, nil)
	})
	assert.PanicsWithValue(t, "each", func() {
		_, _ = d.DryRun(t.Context(), seq(numbered(1)), func(dynamodest.Row, dynamodest.RowForecast) error { panic("each") })
	})
}

func TestDryRunStopsAtMaxKeys(t *testing.T) {
	t.Parallel()
	d := newDest(t, dynamodest.Config{Table: table, Client: dynamodesttest.NewTable(table, "id:S"), Duplicates: dynamodest.RefuseDuplicates, MaxKeys: 10})
	f, err := d.DryRun(t.Context(), seq(append(numbered(10), numbered(12)...)), nil)
	_, stopped := d.WriteSeq(t.Context(), seq(append(numbered(10), numbered(12)...)), nil)
	var writeErr *dynamodest.WriteError
	require.ErrorAs(t, stopped, &writeErr)
	assert.Equal(t, writeErr.Stop, err)
	assert.Equal(t, []int{20, 10, 10}, []int{f.Rows, f.Valid, f.Duplicates})
	assert.Equal(t, dynamodest.Range{Least: 10, Most: 10}, f.WriteUnits.Table)
}

// A dry run goes through the virtual time of a run, and ends soon also where the run would take centuries.
func TestDryRunUnderATinyCap(t *testing.T) {
	t.Parallel()
	for limit, want := range map[float64]time.Duration{1: 2000 * time.Second, 1e-3: 2e6 * time.Second, 1e-9: math.MaxInt64, 1e-300: math.MaxInt64} {
		db := dynamodesttest.NewTable(table, "id:S")
		d := newDest(t, dynamodest.Config{Table: table, Client: db, WriteUnitsPerSecond: limit})
		f, err := d.DryRun(t.Context(), seq(numbered(2000)), nil)
		require.NoError(t, err)
		assert.Equal(t, dynamodest.CountRange{Least: 2000, Most: 2000}, f.Requests, limit)
		assert.Equal(t, limit, f.Time.WriteUnitsPerSecond)
		assert.Equal(t, want, f.Time.Most, limit)
	}
}
