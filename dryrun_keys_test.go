package dynamodest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/dynamodesttest"
	"github.com/dynamodest/dynamodest/internal/forecast"
)

// Beyond the keys that a dry run keeps it says where it stopped to look.
func TestDryRunStopsLookingForDuplicates(t *testing.T) {
	t.Parallel()
	for _, duplicates := range []Duplicates{LastWins, RefuseDuplicates} {
		d, err := New(t.Context(), Config{Table: "users", Client: dynamodesttest.NewTable("users", "id:N"), Duplicates: duplicates})
		require.NoError(t, err)
		r := d.newDryRun(&d.description, nil)
		r.keys = forecast.NewKeys(10)
		for _, key := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 10, 10, 9} {
			require.True(t, r.take(t.Context(), sourceRow{row: Row{"id": key}}, nil))
		}
		f := r.forecast()
		assert.Equal(t, 14, f.Rows)
		assert.Equal(t, 11, f.KeysCompared, "row 11 has one key too many")
		assert.Equal(t, []Duplicate{{Index: 9, Of: 8}}, f.FirstDuplicates)
		valid := 14
		if duplicates == RefuseDuplicates {
			valid--
		}
		assert.Equal(t, valid, f.Valid)
		assert.Equal(t, float64(valid), f.WriteUnits.Table.Most)
		assert.Equal(t, 13.0, f.WriteUnits.Table.Least, "the later rows count as rows of keys of their own")
	}
}
