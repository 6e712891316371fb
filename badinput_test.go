package dynamodest_test

import (
	"math"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// cyclic is a value that holds itself.
func cyclic() map[string]any {
	m := map[string]any{}
	m["self"] = []any{m}
	return m
}

// nested is that many levels of lists around a number.
func nested(levels int) any {
	var v any = 1
	for range levels - 1 {
		v = []any{v}
	}
	return v
}

// Every bad row gets a clear error that names what is bad, and costs no other
// row: good rows stand before and after each.
func TestBadRowsCostOnlyThemselves(t *testing.T) {
	t.Parallel()
	const bad = "caf\xe9"
	v := func(value any) dynamodest.Row { return dynamodest.Row{"id": "x", "v": value} }
	tests := []struct {
		name   string
		row    dynamodest.Row
		reason dynamodest.Reason
		column string
		says   string
	}{
		{"nil row", nil, dynamodest.ErrMapping, "", "nil"},
		{"empty row", dynamodest.Row{}, dynamodest.ErrKey, "id", "lacks the column"},
		{"chan", v(make(chan int)), dynamodest.ErrMapping, "v", "chan int"},
		{"func", v(func() {}), dynamodest.ErrMapping, "v", "func()"},
		{"complex", v(complex(1, 2)), dynamodest.ErrMapping, "v", "complex128"},
		{"cyclic value", v(cyclic()), dynamodest.ErrMapping, "v", "itself"},
		{"NaN", v(math.NaN()), dynamodest.ErrMapping, "v", "NaN"},
		{"Inf", v(math.Inf(-1)), dynamodest.ErrMapping, "v", "infinite"},
		{"NaN in a nested value", v(map[string]any{"deep": []any{math.NaN()}}), dynamodest.ErrMapping, "v", "NaN"},
		{"Inf in a nested value", v([]float64{math.Inf(1)}), dynamodest.ErrMapping, "v", "infinite"},
		{"39 digits", dynamodest.Row{"id": "x", "n": strings.Repeat("7", 39)}, dynamodest.ErrMapping, "n", "38"},
		{"1e126", dynamodest.Row{"id": "x", "n": "1e126"}, dynamodest.ErrMapping, "n", "range"},
		{"invalid UTF-8 in a value", v(bad), dynamodest.ErrMapping, "v", "UTF-8"},
		{"invalid UTF-8 in a nested value", v([]string{bad}), dynamodest.ErrMapping, "v", "UTF-8"},
		{"invalid UTF-8 in a nested name", v(map[string]any{bad: 1}), dynamodest.ErrMapping, "v", "UTF-8"},
		{"400 KB and a byte", v(strings.Repeat("x", 409_600-len("id")-len("x")-len("v")+1)), dynamodest.ErrTooLarge, "v", "409601"},
		{"2,049 bytes of partition key", dynamodest.Row{"id": strings.Repeat("k", 2049)}, dynamodest.ErrKey, "id", "2049"},
		{"33 levels of native nesting", dynamodest.Row{"id": "x", "l": nested(33)}, dynamodest.ErrMapping, "l", "32"},
	}
	rows := []dynamodest.Row{{"id": "before"}}
	for i, tt := range tests {
		rows = append(rows, tt.row, dynamodest.Row{"id": "after", "v": i})
	}
	db := dynamodesttest.NewTable(table, "id:S")
	dest := newDest(t, dynamodest.Config{Table: table, Client: db, Mapping: dynamodest.Mapping{Fields: []dynamodest.Field{
		{Column: "id"}, {Column: "v"}, {Column: "n", Type: dynamodest.Number}, {Column: "l", Type: dynamodest.List},
	}}})
	res, err := dest.Write(t.Context(), rows)
	require.Error(t, err)
	assert.Equal(t, len(tests), res.Summary.NotWritten)
	assert.Equal(t, len(rows)-len(tests), res.Summary.Written+res.Summary.Superseded)
	assert.Equal(t, 2, db.Len(table))
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := res.Rows[1+2*i]
			require.Equal(t, dynamodest.NotWritten, r.Outcome)
			require.Zero(t, r.Attempts)
			var rowErr *dynamodest.RowError
			require.ErrorAs(t, r.Err, &rowErr)
			assert.Equal(t, tt.reason, rowErr.Reason)
			assert.Equal(t, tt.column, rowErr.Column)
			assert.Contains(t, rowErr.Error(), tt.says)
			assert.NotEmpty(t, rowErr.Remedy())
			_, err := dest.Item(tt.row)
			require.ErrorIs(t, err, tt.reason)
		})
	}
}

// Without a mapping the columns' names are attributes' names.
func TestBadColumnNames(t *testing.T) {
	t.Parallel()
	db := dynamodesttest.NewTable(table, "id:S")
	dest := newDest(t, dynamodest.Config{Table: table, Client: db})
	res, err := dest.Write(t.Context(), []dynamodest.Row{
		{"id": "0", "": 1},
		{"id": "1", strings.Repeat("n", 65_536): 1},
		{"id": "2", "caf\xe9": 1},
		{"id": "3", strings.Repeat("n", 65_535): 1},
	})
	require.ErrorIs(t, err, dynamodest.ErrMapping)
	assert.Equal(t, map[dynamodest.Outcome]int{dynamodest.NotWritten: 3, dynamodest.Written: 1}, outcomes(res.Rows))
	for i, says := range []string{"empty", "65536", "UTF-8"} {
		require.ErrorIs(t, res.Rows[i].Err, dynamodest.ErrMapping)
		assert.Contains(t, res.Rows[i].Err.Error(), says)
	}
	assert.Equal(t, &types.AttributeValueMemberS{Value: "3"}, db.Items(table)[0]["id"])
}
