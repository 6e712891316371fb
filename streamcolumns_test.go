package dynamodest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// columnsTested calls test for a client of the caller's and for the one that the library builds, which have other
// ways to convert rows.
func columnsTested(t *testing.T, key string, change func(*dynamodest.Config), test func(*testing.T, *dynamodest.Destination, *dynamodesttest.DB)) {
	t.Helper()
	for _, way := range []string{"client", "built"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			db := dynamodesttest.NewTable(table, key)
			cfg := dynamodest.Config{Table: table, Client: db}
			if way == "built" {
				cfg = wireConfig(t, db)
			}
			if change != nil {
				change(&cfg)
			}
			test(t, newDest(t, cfg), db)
		})
	}
}

// valuesOf is a sequence of rows as values; an error is yielded as it is.
func valuesOf(rows ...any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, row := range rows {
			values, _ := row.([]any)
			err, _ := row.(error)
			if !yield(values, err) {
				return
			}
		}
	}
}

// reported is what report was given.
type reported struct {
	values []any
	result dynamodest.RowResult
}

// writeColumns writes rows, and returns what was reported too.
func writeColumns(t *testing.T, dest *dynamodest.Destination, columns []string, rows iter.Seq2[[]any, error]) ([]reported, dynamodest.Summary, error) {
	t.Helper()
	var all []reported
	sum, err := dest.WriteColumns(t.Context(), columns, rows, func(values []any, r dynamodest.RowResult) error {
		all = append(all, reported{values, r})
		return nil
	})
	return all, sum, err
}

// Values beside columns leave the items that the same rows as maps leave, in the same number of requests.
func TestWriteColumnsIsWriteSeq(t *testing.T) {
	t.Parallel()
	columns := []string{"name", "id", "score", "gone", "doc"}
	row := func(i int) []any {
		return []any{fmt.Sprint("n", i), fmt.Sprint("k", i%90), float64(i) / 8, nil, map[string]any{"i": i}}
	}
	for name, mapping := range map[string]dynamodest.Mapping{
		"all columns": {},
		"fields": {Null: dynamodest.OmitNull, Fields: []dynamodest.Field{
			{Column: "id"}, {Column: "score", Attribute: "points", Type: dynamodest.String}, {Column: "absent"}, {Column: "gone"},
		}},
		"convert": {Convert: func(column string, v any) (any, bool, error) { return "converted", column == "doc", nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			columnsTested(t, "id:S", func(c *dynamodest.Config) { c.Mapping = mapping }, func(t *testing.T, dest *dynamodest.Destination, db *dynamodesttest.DB) {
				want := dynamodesttest.NewTable(table, "id:S")
				byMap := newDest(t, dynamodest.Config{Table: table, Client: want, Mapping: mapping})
				var values []any
				var rows []dynamodest.Row
				for i := range 100 {
					values = append(values, row(i))
					r := dynamodest.Row{}
					for place, column := range columns {
						r[column] = row(i)[place]
					}
					rows = append(rows, r)
				}
				wantSum, err := byMap.WriteSeq(t.Context(), seq(rows), nil)
				require.NoError(t, err)
				got, sum, err := writeColumns(t, dest, columns, valuesOf(values...))
				require.NoError(t, err)
				assert.Equal(t, wantSum.MissingColumns, sum.MissingColumns)
				assert.Equal(t, wantSum.Rows, sum.Rows)
				assert.Equal(t, show(want.Items(table)), show(db.Items(table)))
				require.Len(t, got, 100)
				for i, r := range got {
					assert.Equal(t, i, r.result.Index)
					assert.Same(t, &values[i].([]any)[0], &r.values[0], "the slice that was yielded")
				}
			})
		})
	}
}

// Rows that cannot be converted cost themselves alone, with the errors that WriteSeq has for them.
func TestWriteColumnsOfBadRows(t *testing.T) {
	t.Parallel()
	columnsTested(t, "id:S", nil, func(t *testing.T, dest *dynamodest.Destination, db *dynamodesttest.DB) {
		broken := errors.New("line 4")
		got, sum, err := writeColumns(t, dest, []string{"id", "v"}, valuesOf(
			[]any{"a", 1}, []any{"b"}, []any{"c", 1, 2}, dynamodest.BadRow(broken), []any{nil, 1}, []any{"d", make(chan int)},
			dynamodest.Pause, []any{"e", nil},
		))
		var failed *dynamodest.WriteError
		require.ErrorAs(t, err, &failed)
		require.NoError(t, failed.Stop)
		assert.Equal(t, 2, sum.Written)
		assert.Equal(t, 5, sum.NotWritten)
		assert.Len(t, db.Items(table), 2)
		require.Len(t, got, 7)
		for i, want := range map[int]string{
			1: "the number of values is 1, but there are 2 columns", 2: "the number of values is 3, but there are 2 columns",
			3: "the source could not read the row", 4: `"id": the value is null, but is the table's partition key`, 5: `"v": Go type chan int`,
		} {
			require.Error(t, got[i].result.Err, i)
			assert.Contains(t, got[i].result.Err.Error(), want)
		}
		require.ErrorIs(t, got[3].result.Err, broken)
		assert.ErrorIs(t, got[4].result.Err, dynamodest.ErrKey)
	})
}

// Columns of the same name stop the call before a row is taken, and the error says what to do.
func TestWriteColumnsThatAreNotUnique(t *testing.T) {
	t.Parallel()
	columnsTested(t, "id:S", nil, func(t *testing.T, dest *dynamodest.Destination, db *dynamodesttest.DB) {
		got, sum, err := writeColumns(t, dest, []string{"id", "v", "v"}, valuesOf([]any{"a", 1, 2}))
		var failed *dynamodest.WriteError
		require.ErrorAs(t, err, &failed)
		require.ErrorContains(t, failed.Stop, `columns: the columns of indexes 1 and 2 have the same name: give one of the two another name`)
		var setting *dynamodest.ConfigError
		require.ErrorAs(t, failed.Stop, &setting, "a caller that sends the rest later would stop here again")
		assert.Equal(t, "columns", setting.Field)
		assert.Equal(t, dynamodest.Summary{}, sum)
		assert.Empty(t, got)
		assert.Empty(t, db.Items(table))
	})
}

// The settings that look at other columns hold for values too.
func TestWriteColumnsWithTheSettingsOfRows(t *testing.T) {
	t.Parallel()
	columns := []string{"gone", "id", "v"}
	rows := []any{
		[]any{false, "a", 1}, []any{false, "b", 1}, []any{true, "b", nil}, []any{false, "c", 2}, []any{false, "c", 1},
	}
	for name, tt := range map[string]struct {
		change func(*dynamodest.Config)
		want   dynamodest.Summary
	}{
		"delete": {func(c *dynamodest.Config) { c.Delete = "gone" }, dynamodest.Summary{Written: 2, Deleted: 1, Superseded: 2}},
		"version": {func(c *dynamodest.Config) {
			c.Version, c.Mapping = "v", dynamodest.Mapping{Fields: []dynamodest.Field{{Column: "id"}, {Column: "v"}}}
		}, dynamodest.Summary{Written: 3, Superseded: 1, NotWritten: 1}},
		"duplicates": {func(c *dynamodest.Config) { c.Duplicates = dynamodest.RefuseDuplicates }, dynamodest.Summary{Written: 3, NotWritten: 2}},
		"skip": {func(c *dynamodest.Config) {
			c.Mode, c.OnExisting = dynamodest.Insert, dynamodest.Skip
		}, dynamodest.Summary{Written: 3, Skipped: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			columnsTested(t, "id:S", tt.change, func(t *testing.T, dest *dynamodest.Destination, db *dynamodesttest.DB) {
				_, sum, _ := writeColumns(t, dest, columns, valuesOf(rows...))
				assert.Equal(t, 5, sum.Rows)
				assert.Equal(t, tt.want, dynamodest.Summary{
					Written: sum.Written, Deleted: sum.Deleted, Superseded: sum.Superseded, NotWritten: sum.NotWritten, Skipped: sum.Skipped,
				})
				assert.Len(t, db.Items(table), sum.Written)
			})
		})
	}
}

// A caller that changes its list of columns meanwhile changes nothing.
func TestWriteColumnsKeepsItsColumns(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	columns := []string{"id", "v"}
	dest := newDest(t, wireConfig(t, db))
	_, err := dest.WriteColumns(context.Background(), columns, func(yield func([]any, error) bool) {
		_ = yield([]any{"a", 1}, nil)
		slices.Reverse(columns)
		_ = yield([]any{"b", 2}, nil)
	}, nil)
	require.NoError(t, err)
	assert.JSONEq(t, `[{"id":{"Value":"a"},"v":{"Value":"1"}},{"id":{"Value":"b"},"v":{"Value":"2"}}]`, show(db.Items(table)))
}
