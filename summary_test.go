package dynamodest_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
)

// sum returns the sum of summaries.
func sum(summaries ...dynamodest.Summary) dynamodest.Summary {
	var total dynamodest.Summary
	for _, s := range summaries {
		total.Add(s)
	}
	return total
}

// Every number of a Summary is added, also one that comes later.
func TestSummaryAddForgetsNoField(t *testing.T) {
	t.Parallel()
	var a, b dynamodest.Summary
	numbers := func(of *dynamodest.Summary, set func(i int) int) {
		v := reflect.ValueOf(of).Elem()
		for i := range v.NumField() {
			switch f := v.Field(i); f.Kind() {
			case reflect.Int:
				f.SetInt(int64(set(i)))
			case reflect.Float64:
				f.SetFloat(float64(set(i)))
			default:
				require.Equal(t, "MissingColumns", v.Type().Field(i).Name, "how is it added?")
			}
		}
	}
	numbers(&a, func(i int) int { return 1 + i })
	numbers(&b, func(i int) int { return 100 * (1 + i) })
	var want dynamodest.Summary
	numbers(&want, func(i int) int { return 101 * (1 + i) })
	assert.Equal(t, want, sum(a, b))
}

// randomSummary is a Summary as a call returns it.
func randomSummary(random *rand.Rand) dynamodest.Summary {
	s := dynamodest.Summary{Written: random.IntN(3), Unknown: random.IntN(2), WriteUnits: float64(random.IntN(9)) / 2}
	s.Rows = s.Written + s.Unknown
	for _, column := range []string{"a", "b", "c"} {
		if s.Rows > 0 && random.IntN(2) == 0 {
			s.MissingColumns = append(s.MissingColumns, column)
		}
	}
	return s
}

// Neither the order of summaries nor how they are grouped matters, and a call without rows changes no
// more than the requests.
func TestSummaryAddIsASum(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a, b, c := randomSummary(random), randomSummary(random), randomSummary(random)
		require.Equal(t, a, sum(a, dynamodest.Summary{}))
		require.Equal(t, a, sum(dynamodest.Summary{}, a))
		require.Equal(t, sum(a, b), sum(b, a))
		require.Equal(t, sum(sum(a, b), c), sum(a, sum(b, c)))
	}
}

// A column is missing if no row of any call had it. A call without rows had no chance to meet it.
func TestSummaryAddMissingColumns(t *testing.T) {
	t.Parallel()
	missing := func(rows int, columns ...string) dynamodest.Summary {
		return dynamodest.Summary{Rows: rows, MissingColumns: columns}
	}
	assert.Equal(t, []string{"b"}, sum(missing(1, "a", "b"), missing(1, "b", "c")).MissingColumns)
	assert.Nil(t, sum(missing(1, "a"), missing(1, "b")).MissingColumns)
	assert.Nil(t, sum(missing(1, "a"), missing(1)).MissingColumns)
	assert.Equal(t, []string{"a"}, sum(missing(0), missing(1, "a"), missing(0)).MissingColumns)

	// Add keeps to the lists of its own.
	a, b := missing(1, "x", "y", "z"), missing(1, "z")
	first := missing(0)
	first.Add(a)
	first.Add(b)
	first.MissingColumns[0] = "changed"
	assert.Equal(t, []string{"x", "y", "z"}, a.MissingColumns)
	assert.Equal(t, []string{"z"}, b.MissingColumns)
	assert.True(t, slices.Equal(first.MissingColumns, []string{"changed"}))
}
